/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/sluice-ledger-database-private.h"

#include <sys/stat.h>
#include <unistd.h>

#include "ledger/sluice-ledger-migrate-private.h"
#include "ledger/sluice-ledger-writer-private.h"
#include "shared/sluice-error.h"
#include "test-ledger-support.h"

#define N_ROWS 300
#define N_CUTS 20
#define N_FLIPS 40

typedef TestPlace Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  test_place_init (f, SLUICE_DATABASE_FILE);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  test_place_clear (f);
}

static sqlite3 *
open_db (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  int code;
  sqlite3 *db = sluice_ledger_database_open (f->path, FALSE, f->clock, &code, &error);

  g_assert_no_error (error);
  g_assert_cmpint (code, ==, SQLITE_OK);
  return db;
}

static void
test_pragmas (Fixture *f, gconstpointer data)
{
  sqlite3 *db = open_db (f);
  g_autoptr (GError) error = NULL;
  struct stat buffer;
  int code;

  test_assert_db (db, "PRAGMA journal_mode", "wal");
  test_assert_db (db, "PRAGMA application_id", "1397506885");
  test_assert_db (db, "PRAGMA user_version", "2");
  test_assert_db (db, "PRAGMA auto_vacuum", "2");
  test_assert_db (db, "PRAGMA synchronous", "1");
  test_assert_db (db, "PRAGMA trusted_schema", "0");
  test_assert_db (db, "PRAGMA cell_size_check", "1");
  test_assert_db (db, "PRAGMA wal_autocheckpoint", "0");
  test_assert_db (db, "PRAGMA mmap_size", "0");
  test_assert_db (db, "PRAGMA locking_mode", "normal");
  test_assert_db (db, "PRAGMA integrity_check", "ok");
  g_assert_no_errno (stat (f->path, &buffer));
  g_assert_cmpuint (buffer.st_mode & 0777, ==, 0600);
  sluice_ledger_database_close (db, TRUE);

  db = sluice_ledger_database_open (f->path, TRUE, f->clock, &code, &error);
  test_assert_db (db, "PRAGMA synchronous", "2");
  sluice_ledger_database_close (db, TRUE);
}

/* Every table is STRICT, and every name of the design is there. */
static void
test_schema (Fixture *f, gconstpointer data)
{
  sqlite3 *db = open_db (f);

  test_assert_db (db,
                  "SELECT group_concat (name)"
                  " FROM (SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name)",
                  "application,attempt,audit,budget,budget_spend,deployment,exchange,exchange_tag,group,key,"
                  "recovery,setting,subject,sum");
  test_assert_db (db, "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND NOT strict AND name NOT LIKE"
                      " 'sqlite_%'", "0");
  sluice_ledger_database_close (db, TRUE);
}

static void
test_other_program (Fixture *f, gconstpointer data)
{
  static const char *const scripts[] = { "CREATE TABLE t (a)", "PRAGMA application_id = 7" };

  for (guint i = 0; i < G_N_ELEMENTS (scripts); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *before = NULL;
      g_autofree char *after = NULL;
      gsize before_length;
      gsize after_length;
      sqlite3 *db = NULL;

      g_unlink (f->path);
      g_assert_cmpint (sqlite3_open (f->path, &db), ==, SQLITE_OK);
      g_assert_cmpint (sluice_ledger_migrate_run (db, scripts[i]), ==, SQLITE_OK);
      sqlite3_close (db);
      g_assert_true (g_file_get_contents (f->path, &before, &before_length, NULL));

      g_assert_null (sluice_ledger_writer_open (f->path, FALSE, f->clock, FALSE, &error));
      g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_STORAGE);
      g_assert_nonnull (strstr (error->message, "another program"));
      g_assert_true (g_file_get_contents (f->path, &after, &after_length, NULL));
      g_assert_cmpmem (before, before_length, after, after_length);
      g_assert_cmpuint (test_count_files (f->directory, "damaged"), ==, 0);
    }
}

static void
test_no_plain_file (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_no_errno (symlink ("elsewhere", f->path));
  g_assert_null (sluice_ledger_writer_open (f->path, FALSE, f->clock, FALSE, &error));
  g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_STORAGE);
  g_clear_error (&error);
  g_unlink (f->path);

  g_assert_no_errno (mkfifo (f->path, 0600));
  g_assert_null (sluice_ledger_writer_open (f->path, FALSE, f->clock, FALSE, &error));
  g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_STORAGE);
  g_clear_error (&error);
  g_unlink (f->path);

  g_assert_no_errno (g_mkdir (f->path, 0700));
  g_assert_null (sluice_ledger_writer_open (f->path, FALSE, f->clock, FALSE, &error));
  g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_STORAGE);
  g_rmdir (f->path);
}

static void
test_moved (Fixture *f, gconstpointer data)
{
  sqlite3 *db = open_db (f);
  g_autofree char *other = g_strconcat (f->path, ".other", NULL);

  g_assert_false (sluice_ledger_database_has_moved (db));
  g_assert_no_errno (g_rename (f->path, other));
  g_assert_true (sluice_ledger_database_has_moved (db));
  g_assert_true (g_file_set_contents (f->path, "x", 1, NULL));
  g_assert_true (sluice_ledger_database_has_moved (db));
  sluice_ledger_database_close (db, FALSE);
}

static void
test_names_aside (Fixture *f, gconstpointer data)
{
  g_autofree char *first = sluice_ledger_database_name_aside (f->path, "damaged", f->clock);
  g_autofree char *second = NULL;

  g_assert_true (g_str_has_suffix (first, "/sluice.db.damaged-20260115T123456Z"));
  g_assert_true (g_file_set_contents (first, "", 0, NULL));
  second = sluice_ledger_database_name_aside (f->path, "damaged", f->clock);
  g_assert_true (g_str_has_suffix (second, "/sluice.db.damaged-20260115T123456Z-2"));
}

/* A sound file with rows; its bytes. (transfer full) */
static char *
make_sample (Fixture *f, gsize *length)
{
  SluiceLedgerWriter *writer = sluice_ledger_writer_open (f->path, FALSE, f->clock, FALSE, NULL);
  char *bytes = NULL;

  g_assert_nonnull (writer);
  g_assert_cmpint (sluice_ledger_writer_begin (writer), ==, SQLITE_OK);
  for (gint64 id = 1; id <= N_ROWS; id++)
    {
      g_autoptr (SluiceExchangeRecord) record = id % 50 == 0 ? test_open_record (id) : test_record (id, id % 3 == 0);

      if (id % 50 == 0)
        g_assert_cmpint (sluice_ledger_writer_reserve (writer, record), ==, SQLITE_OK);
      else
        g_assert_cmpint (sluice_ledger_writer_finish (writer, record), ==, SQLITE_OK);
    }
  g_assert_cmpint (sluice_ledger_writer_commit (writer), ==, SQLITE_OK);
  sluice_ledger_writer_close (writer, TRUE);
  g_assert_true (g_file_get_contents (f->path, &bytes, length, NULL));
  return bytes;
}

static void
note (SluiceLedgerResult result, gpointer data)
{
  *(SluiceLedgerResult *) data = result;
}

/* Whatever stands in the file: the ledger begins, and records. */
static void
assert_serves (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  SluiceLedgerOptions options = { .directory = f->directory };
  g_autoptr (SluiceLedger) ledger = sluice_ledger_new (&options, f->clock, &error);
  g_autoptr (SluiceExchangeRecord) record = NULL;

  g_assert_no_error (error);
  record = test_record (sluice_ledger_next_id (ledger), TRUE);
  g_free (record->request_id);
  record->request_id = g_strdup ("after the damage");
  sluice_ledger_finish (ledger, record, NULL, NULL, NULL);
  sluice_ledger_stop (ledger);
  test_assert_ask (f->directory, "SELECT count(*) FROM exchange WHERE request_id = 'after the damage'", "1");
}

static void
remove_files (Fixture *f)
{
  test_remove_directory (f->directory);
  g_assert_no_errno (g_mkdir_with_parents (f->directory, 0700));
}

static void
test_garbage (Fixture *f, gconstpointer data)
{
  g_autofree char *garbage = g_strnfill (10000, 'g');
  guint before = n_warnings;

  g_assert_true (g_file_set_contents (f->path, garbage, 10000, NULL));
  assert_serves (f);
  g_assert_cmpuint (n_warnings - before, ==, 1);
  g_assert_cmpuint (test_count_files (f->directory, "sluice.db.damaged-20260115T123456Z"), ==, 1);
}

static void
test_truncated (Fixture *f, gconstpointer data)
{
  gsize length;
  g_autofree char *bytes = make_sample (f, &length);

  for (guint i = 0; i < N_CUTS; i++)
    {
      gssize cut = i == 0 ? 0 : (gssize) g_test_rand_int_range (1, (gint32) length);

      remove_files (f);
      g_test_message ("cut at %" G_GSSIZE_FORMAT, cut);
      g_assert_true (g_file_set_contents (f->path, bytes, cut, NULL));
      assert_serves (f);
    }
}

/*
 * A flipped bit may lie where nothing looks at it (it serves), where it is seen (moved aside), or in the version or the
 * application id (refused). What must not happen is a crash, or rows that are promised and not there.
 */
static void
open_and_record (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  SluiceLedgerOptions options = { .directory = f->directory };
  g_autoptr (SluiceLedger) ledger = sluice_ledger_new (&options, f->clock, &error);
  SluiceLedgerResult result = SLUICE_LEDGER_REFUSED;
  g_autoptr (SluiceInbox) inbox = sluice_inbox_new (NULL);
  g_autoptr (SluiceExchangeRecord) record = NULL;

  if (ledger == NULL)
    {
      g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_STORAGE);
      return;
    }
  record = test_record (sluice_ledger_next_id (ledger), TRUE);
  g_free (record->request_id);
  record->request_id = g_strdup ("after the damage");
  sluice_ledger_finish (ledger, record, inbox, note, &result);
  sluice_ledger_stop (ledger);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  if (result == SLUICE_LEDGER_COMMITTED)
    test_assert_ask (f->directory,
                     "SELECT count(*) FROM exchange NOT INDEXED WHERE request_id = 'after the damage'",
                     "1");
}

static void
test_flipped (Fixture *f, gconstpointer data)
{
  gsize length;
  g_autofree char *bytes = make_sample (f, &length);

  for (guint i = 0; i < N_FLIPS; i++)
    {
      /* half of them where the schema is */
      gint32 end = i % 2 == 0 ? MIN (8192, (gint32) length) : (gint32) length;
      g_autofree char *copy = g_memdup2 (bytes, length);

      remove_files (f);
      for (guint j = 0; j < 1 + i % 5; j++)
        {
          gint32 at = g_test_rand_int_range (0, end);

          copy[at] ^= (char) g_test_rand_int_range (1, 256);
        }
      g_assert_true (g_file_set_contents (f->path, copy, (gssize) length, NULL));
      open_and_record (f);
    }
}

int
main (int argc, char *argv[])
{
  test_ledger_init (&argc, &argv);
#define ADD(name, func) g_test_add ("/ledger-database/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("pragmas", test_pragmas);
  ADD ("schema", test_schema);
  ADD ("other-program", test_other_program);
  ADD ("no-plain-file", test_no_plain_file);
  ADD ("moved", test_moved);
  ADD ("names-aside", test_names_aside);
  ADD ("garbage", test_garbage);
  ADD ("truncated", test_truncated);
  ADD ("flipped", test_flipped);
#undef ADD
  return g_test_run ();
}
