/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/sluice-ledger-migrate-private.h"

#include "ledger/sluice-ledger-writer-private.h"
#include "shared/sluice-error.h"
#include "test-ledger-support.h"

static const char *const steps[] = {
  "CREATE TABLE t (a INTEGER) STRICT; INSERT INTO t VALUES (1); -- a comment at the end",
  "ALTER TABLE t ADD COLUMN b INTEGER; UPDATE t SET b = a + 1;",
  "CREATE TABLE u (c INTEGER) STRICT;",
};

typedef struct {
  char *directory;
  char *path;
  SluiceClock *clock;
  sqlite3 *db;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->directory = test_directory ();
  f->path = g_build_filename (f->directory, SLUICE_DATABASE_FILE, NULL);
  f->clock = sluice_clock_new_manual (TEST_NOW, 0);
  g_assert_cmpint (sqlite3_open (f->path, &f->db), ==, SQLITE_OK);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_assert_cmpint (sqlite3_close (f->db), ==, SQLITE_OK);
  g_object_unref (f->clock);
  test_remove_directory (f->directory);
  g_free (f->directory);
  g_free (f->path);
}

static void
migrate (Fixture *f, guint n_steps)
{
  g_autoptr (GError) error = NULL;
  int code;

  g_assert_true (sluice_ledger_migrate_with (f->db, f->path, f->clock, steps, n_steps, &code, &error));
  g_assert_no_error (error);
  g_assert_cmpint (code, ==, SQLITE_OK);
}

static void
test_new (Fixture *f, gconstpointer data)
{
  migrate (f, 2);
  test_assert_db (f->db, "PRAGMA user_version", "2");
  test_assert_db (f->db, "SELECT b FROM t", "2");
  /* nothing was there to copy */
  g_assert_cmpuint (test_count_files (f->directory, "version-"), ==, 0);
  migrate (f, 2);
  g_assert_cmpuint (test_count_files (f->directory, "version-"), ==, 0);
}

static void
test_old_is_copied (Fixture *f, gconstpointer data)
{
  g_autofree char *copy = g_strconcat (f->path, ".version-1-20260115T123456Z", NULL);
  sqlite3 *db = NULL;
  GStatBuf buffer;

  migrate (f, 1);
  migrate (f, 3);
  test_assert_db (f->db, "PRAGMA user_version", "3");
  test_assert_db (f->db, "SELECT b FROM t", "2");

  g_assert_no_errno (g_stat (copy, &buffer));
  g_assert_cmpuint (buffer.st_mode & 0777, ==, 0600);
  g_assert_cmpint (sqlite3_open_v2 (copy, &db, SQLITE_OPEN_READONLY, NULL), ==, SQLITE_OK);
  test_assert_db (db, "PRAGMA user_version", "1");
  test_assert_db (db, "SELECT a FROM t", "1");
  sqlite3_close (db);
}

static void
test_newer_is_refused (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  int code;

  migrate (f, 3);
  g_assert_false (sluice_ledger_migrate_with (f->db, f->path, f->clock, steps, 2, &code, &error));
  g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_STORAGE);
  g_assert_nonnull (strstr (error->message, "has version 3"));
  test_assert_db (f->db, "PRAGMA user_version", "3");
}

/* A step is whole or not at all. */
static void
test_failing_step (Fixture *f, gconstpointer data)
{
  static const char *const failing[] = { "CREATE TABLE t (a INTEGER);", "DROP TABLE t; CREATE TABLE nonsense (" };
  g_autoptr (GError) error = NULL;
  int code;

  g_assert_false (sluice_ledger_migrate_with (f->db, f->path, f->clock, failing, 2, &code, &error));
  g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_STORAGE);
  test_assert_db (f->db, "PRAGMA user_version", "1");
  test_assert_db (f->db, "SELECT count(*) FROM t", "0");
  g_assert_true (sqlite3_get_autocommit (f->db));
}

/* A ledger of a newer sluiced: refused, and not a byte of it changed. */
static void
test_newer_ledger (Fixture *f, gconstpointer data)
{
  SluiceLedgerOptions options = { .directory = f->directory };
  g_autoptr (SluiceLedger) ledger = sluice_ledger_new (&options, f->clock, NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  gsize before_length;
  gsize after_length;
  sqlite3 *db = NULL;

  g_assert_nonnull (ledger);
  g_clear_object (&ledger);
  g_assert_cmpint (sqlite3_open (f->path, &db), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (db, "PRAGMA user_version = 99", NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (db);
  g_assert_true (g_file_get_contents (f->path, &before, &before_length, NULL));

  g_assert_null (sluice_ledger_new (&options, f->clock, &error));
  g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_STORAGE);
  g_assert_nonnull (strstr (error->message, "version 99"));
  g_assert_true (g_file_get_contents (f->path, &after, &after_length, NULL));
  g_assert_cmpmem (before, before_length, after, after_length);
}

/* The stored databases of every version there was: each is opened and keeps its rows. */
static void
test_stored (Fixture *f, gconstpointer data)
{
  const char *name = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  g_autofree char *script = NULL;
  SluiceLedgerOptions options = { .directory = f->directory };
  g_autoptr (SluiceLedger) ledger = NULL;

  if (g_getenv ("G_TEST_SRCDIR") == NULL)
    {
      g_test_skip ("G_TEST_SRCDIR is not set");
      return;
    }
  path = g_test_build_filename (G_TEST_DIST, "..", "store", name, NULL);
  g_assert_true (g_file_get_contents (path, &script, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpint (sluice_ledger_migrate_run (f->db, script), ==, SQLITE_OK);

  ledger = sluice_ledger_new (&options, f->clock, &error);
  g_assert_no_error (error);
  g_assert_cmpint (sluice_ledger_next_id (ledger), ==, 5);
  g_clear_object (&ledger);
  g_assert_cmpuint (test_count_files (f->directory, "damaged"), ==, 0);
  test_assert_ask (f->directory, "SELECT count(*) FROM exchange WHERE finished_us NOT NULL", "4");
  test_assert_ask (f->directory, "SELECT sum (exchanges) || '|' || sum (cost_nano_usd) FROM sum", "4|8000");
  test_assert_ask (f->directory,
                   "SELECT count(*) FROM sqlite_schema WHERE name IN ('exchange_received', 'exchange_open')",
                   "0");
  test_assert_ask (f->directory, "PRAGMA integrity_check", "ok");
}

int
main (int argc, char *argv[])
{
  test_ledger_init (&argc, &argv);
#define ADD_WITH(name, func, data) g_test_add ("/ledger-migrate/" name, Fixture, data, set_up, func, tear_down)
#define ADD(name, func) ADD_WITH (name, func, NULL)
  ADD ("new", test_new);
  ADD ("old-is-copied", test_old_is_copied);
  ADD ("newer-is-refused", test_newer_is_refused);
  ADD ("failing-step", test_failing_step);
  ADD ("newer-ledger", test_newer_ledger);
  ADD_WITH ("stored/version-1", test_stored, "version-1.sql");
  ADD_WITH ("stored/version-2", test_stored, "version-2.sql");
#undef ADD
#undef ADD_WITH
  return g_test_run ();
}
