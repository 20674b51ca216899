/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/sluice-ledger-settings-private.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "ledger/sluice-ledger-keeper-private.h"
#include "test-ledger-support.h"

#define NAME "cloud_policy"

typedef struct {
  char *directory;
  SluiceClock *clock;
  SluiceInbox *inbox;
  SluiceLedgerKeeper *keeper;
  guint n_results[3]; /* by SluiceLedgerResult */
  guint n_changes;    /* of the state */
} Fixture;

static void
open_keeper (Fixture *f)
{
  const SluiceLedgerOptions options = { .directory = f->directory };
  g_autoptr (GError) error = NULL;

  f->keeper = sluice_ledger_keeper_new (&options, f->clock, &error);
  g_assert_no_error (error);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->directory = test_directory ();
  f->clock = sluice_clock_new_manual (TEST_NOW, 0);
  f->inbox = sluice_inbox_new (NULL);
  open_keeper (f);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_clear_pointer (&f->keeper, sluice_ledger_keeper_free);
  g_clear_object (&f->clock);
  g_clear_pointer (&f->inbox, sluice_inbox_unref);
  test_remove_directory (f->directory);
  g_free (f->directory);
}

static void
note (SluiceLedgerResult result, gpointer data)
{
  Fixture *f = data;

  f->n_results[result]++;
}

static void
note_change (gpointer data)
{
  Fixture *f = data;

  f->n_changes++;
}

static guint
n_of (const Fixture *f, SluiceLedgerResult result)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
  return f->n_results[result];
}

static void
set (Fixture *f, const char *value)
{
  SluiceLedgerJobs jobs = { NULL, NULL };

  sluice_ledger_jobs_append (&jobs, sluice_ledger_job_new_setting (NAME, value, NULL, f->inbox, note, f));
  sluice_ledger_keeper_handle (f->keeper, jobs);
}

static const char *
kept (Fixture *f)
{
  return g_hash_table_lookup (sluice_ledger_keeper_get_settings (f->keeper), NAME);
}

static sqlite3 *
get_db (Fixture *f)
{
  return sluice_ledger_writer_get_db (sluice_ledger_keeper_get_writer (f->keeper));
}

static void
test_survives (Fixture *f, gconstpointer data)
{
  g_assert_null (kept (f));
  set (f, "\"off\"");
  g_assert_cmpstr (kept (f), ==, "\"off\"");
  sluice_clock_advance (f->clock, 5);
  set (f, "\"explicit\"");
  g_assert_cmpuint (n_of (f, SLUICE_LEDGER_COMMITTED), ==, 2);
  test_assert_db (get_db (f), "SELECT count(*) FROM setting", "1");
  test_assert_db (get_db (f), "SELECT changed_us FROM setting", G_STRINGIFY (1768480496000005));

  g_clear_pointer (&f->keeper, sluice_ledger_keeper_free);
  open_keeper (f);
  g_assert_cmpstr (kept (f), ==, "\"explicit\"");

  set (f, NULL);
  g_assert_null (kept (f));
  test_assert_db (get_db (f), "SELECT count(*) FROM setting", "0");
}

/* Refused when nothing can be written, and what was committed before stays, in memory and on disk. */
static void
test_degraded (Fixture *f, gconstpointer data)
{
  g_autofree char *large = g_strnfill (200000, 'x');

  sluice_ledger_keeper_watch (f->keeper, f->inbox, note_change, f);
  set (f, "\"off\"");
  g_assert_cmpint (sqlite3_exec (get_db (f), "PRAGMA max_page_count = 1", NULL, NULL, NULL), ==, SQLITE_OK);
  set (f, large);
  g_assert_cmpint (sluice_ledger_keeper_get_state (f->keeper), ==, SLUICE_LEDGER_DEGRADED);
  set (f, "\"fallback\"");
  g_assert_cmpuint (n_of (f, SLUICE_LEDGER_REFUSED), ==, 2);
  g_assert_cmpuint (f->n_changes, ==, 1);
  g_assert_cmpstr (kept (f), ==, "\"off\"");

  g_assert_cmpint (sqlite3_exec (get_db (f), "PRAGMA max_page_count = 1000000", NULL, NULL, NULL), ==, SQLITE_OK);
  sluice_ledger_keeper_tick (f->keeper);
  g_assert_cmpint (sluice_ledger_keeper_get_state (f->keeper), ==, SLUICE_LEDGER_OK);
  test_assert_db (get_db (f), "SELECT value FROM setting", "\"off\"");
  set (f, "\"fallback\"");
  g_assert_cmpuint (n_of (f, SLUICE_LEDGER_COMMITTED), ==, 2);
  g_assert_cmpuint (f->n_changes, ==, 2);
}

/* What somebody chose is not lost with the file it was in. */
static void
test_file_removed (Fixture *f, gconstpointer data)
{
  g_autofree char *path = g_build_filename (f->directory, SLUICE_DATABASE_FILE, NULL);

  set (f, "\"off\"");
  g_assert_no_errno (g_unlink (path));
  sluice_clock_advance (f->clock, SLUICE_LEDGER_RETRY_US);
  set (f, "\"fallback\"");
  g_assert_cmpuint (n_of (f, SLUICE_LEDGER_REFUSED), ==, 1);

  sluice_ledger_keeper_tick (f->keeper);
  g_assert_cmpint (sluice_ledger_keeper_get_state (f->keeper), ==, SLUICE_LEDGER_OK);
  test_assert_db (get_db (f), "SELECT value FROM setting", "\"off\"");
  g_assert_cmpstr (kept (f), ==, "\"off\"");
}

/* A refused value that is on disk all the same, because only its commit's answer was bad, does not come back. */
static void
test_refused_on_disk (Fixture *f, gconstpointer data)
{
  g_autofree char *path = g_build_filename (f->directory, SLUICE_DATABASE_FILE, NULL);
  g_autofree char *aside = g_build_filename (f->directory, "aside", NULL);
  sqlite3 *db = NULL;

  set (f, "\"off\"");
  g_assert_cmpint (sqlite3_wal_checkpoint_v2 (get_db (f), NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL), ==, SQLITE_OK);
  g_assert_no_errno (g_rename (path, aside));
  sluice_clock_advance (f->clock, SLUICE_LEDGER_RETRY_US);
  sluice_ledger_keeper_tick (f->keeper);
  g_assert_cmpint (sluice_ledger_keeper_get_state (f->keeper), ==, SLUICE_LEDGER_DEGRADED);

  g_assert_no_errno (g_rename (aside, path));
  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (db, "UPDATE setting SET value = '\"fallback\"';"
                                     "INSERT INTO setting (name, value, changed_us) VALUES ('other', '1', 1)",
                                 NULL, NULL, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_close (db), ==, SQLITE_OK);
  sluice_ledger_keeper_tick (f->keeper);
  g_assert_cmpint (sluice_ledger_keeper_get_state (f->keeper), ==, SLUICE_LEDGER_OK);
  test_assert_db (get_db (f), "SELECT group_concat (name || value) FROM setting", NAME "\"off\"");
}

static void
wait_for (Fixture *f, guint n)
{
  while (f->n_results[0] + f->n_results[1] + f->n_results[2] < n)
    g_main_context_iteration (NULL, TRUE);
}

/* Through the ledger's thread, in order; after the end it is refused. */
static void
test_ledger (Fixture *f, gconstpointer data)
{
  const SluiceLedgerOptions options = { .directory = f->directory };
  g_autoptr (SluiceLedger) ledger = NULL;

  g_clear_pointer (&f->keeper, sluice_ledger_keeper_free);
  ledger = sluice_ledger_new (&options, f->clock, NULL);
  g_assert_cmpuint (g_hash_table_size (sluice_ledger_get_settings (ledger)), ==, 0);
  for (guint i = 0; i < 100; i++)
    sluice_ledger_set_setting (ledger, NAME, i % 2 == 0 ? "\"explicit\"" : "\"off\"", NULL, f->inbox, note, f);
  sluice_ledger_set_setting (ledger, "quiet", "true", NULL, NULL, NULL, NULL);
  wait_for (f, 100);
  g_assert_cmpuint (f->n_results[SLUICE_LEDGER_COMMITTED], ==, 100);
  sluice_ledger_stop (ledger);
  sluice_ledger_set_setting (ledger, NAME, "\"fallback\"", NULL, f->inbox, note, f);
  wait_for (f, 101);
  g_assert_cmpuint (f->n_results[SLUICE_LEDGER_REFUSED], ==, 1);

  g_clear_object (&ledger);
  ledger = sluice_ledger_new (&options, f->clock, NULL);
  g_assert_cmpuint (g_hash_table_size (sluice_ledger_get_settings (ledger)), ==, 2);
  g_assert_cmpstr (g_hash_table_lookup (sluice_ledger_get_settings (ledger), NAME), ==, "\"off\"");
}

/* Who changes what, from what to what; what the ledger restores by itself is no change by anybody. */
static void
test_audit (Fixture *f, gconstpointer data)
{
  SluiceLedgerJobs jobs = { NULL, NULL };

  sluice_ledger_jobs_append (&jobs, sluice_ledger_job_new_setting (NAME, "\"off\"", ":1.7", f->inbox, note, f));
  sluice_ledger_jobs_append (&jobs, sluice_ledger_job_new_setting ("quiet", "true", NULL, f->inbox, note, f));
  sluice_ledger_jobs_append (&jobs, sluice_ledger_job_new_setting (NAME, "\"explicit\"", "http", f->inbox, note, f));
  sluice_ledger_jobs_append (&jobs, sluice_ledger_job_new_setting (NAME, NULL, "panel", f->inbox, note, f));
  sluice_ledger_keeper_handle (f->keeper, jobs);
  g_assert_cmpuint (n_of (f, SLUICE_LEDGER_COMMITTED), ==, 4);
  test_assert_ask (f->directory,
                   "SELECT group_concat (actor || ' ' || action || ' ' || object || ' ' || detail, ';') FROM audit",
                   ":1.7 setting-changed setting cloud_policy {\"before\":null,\"after\":\"off\"};"
                   "http setting-changed setting cloud_policy {\"before\":\"off\",\"after\":\"explicit\"};"
                   "panel setting-changed setting cloud_policy {\"before\":\"explicit\",\"after\":null}");
  test_assert_ask (f->directory, "SELECT min (at_us) || '' FROM audit", "1768480496000000");
}

/* Writes @text over what is at @offset of the database. */
static void
damage (Fixture *f, gint64 offset, const char *text)
{
  g_autofree char *path = g_build_filename (f->directory, SLUICE_DATABASE_FILE, NULL);
  int fd = g_open (path, O_RDWR | O_CLOEXEC, 0);

  g_assert_cmpint (fd, >=, 0);
  for (guint i = 0; i < 64; i++)
    g_assert_cmpint (pwrite (fd, text, strlen (text), offset + (gint64) (i * strlen (text))), ==, strlen (text));
  close (fd);
}

static void
set_off_and_close (Fixture *f)
{
  SluiceLedgerJobs jobs = { NULL, NULL };

  sluice_ledger_jobs_append (&jobs, sluice_ledger_job_new_setting (NAME, "\"off\"", NULL, f->inbox, note, f));
  sluice_ledger_keeper_handle (f->keeper, jobs);
  g_clear_pointer (&f->keeper, sluice_ledger_keeper_free);
}

/* The damage is elsewhere: what people chose goes over into the new file. */
static void
test_salvaged (Fixture *f, gconstpointer data)
{
  g_autofree char *page = NULL;

  set_off_and_close (f);
  page = test_ask (f->directory, "SELECT (rootpage - 1) * 4096 FROM sqlite_schema WHERE name = 'audit_at'");
  damage (f, g_ascii_strtoll (page, NULL, 10), "nonsense");
  open_keeper (f);
  g_assert_cmpuint (test_count_files (f->directory, "damaged"), >=, 1);
  g_assert_false (sluice_ledger_keeper_has_lost_settings (f->keeper));
  g_assert_cmpstr (g_hash_table_lookup (sluice_ledger_keeper_get_settings (f->keeper), NAME), ==, "\"off\"");
  test_assert_ask (f->directory, "SELECT value FROM setting", "\"off\"");

  g_clear_pointer (&f->keeper, sluice_ledger_keeper_free);
  open_keeper (f);
  g_assert_cmpstr (g_hash_table_lookup (sluice_ledger_keeper_get_settings (f->keeper), NAME), ==, "\"off\"");
}

static void
test_lost (Fixture *f, gconstpointer data)
{
  set_off_and_close (f);
  damage (f, 0, "nonsense");
  open_keeper (f);
  g_assert_true (sluice_ledger_keeper_has_lost_settings (f->keeper));
  g_assert_cmpuint (g_hash_table_size (sluice_ledger_keeper_get_settings (f->keeper)), ==, 0);

  g_clear_pointer (&f->keeper, sluice_ledger_keeper_free);
  open_keeper (f);
  g_assert_false (sluice_ledger_keeper_has_lost_settings (f->keeper));
}

/* Shorter than any database: not one that was never there. */
static void
test_emptied (Fixture *f, gconstpointer data)
{
  g_autofree char *path = g_build_filename (f->directory, SLUICE_DATABASE_FILE, NULL);

  set_off_and_close (f);
  g_assert_true (g_file_set_contents (path, "x", GPOINTER_TO_INT (data), NULL));
  open_keeper (f);
  g_assert_true (sluice_ledger_keeper_has_lost_settings (f->keeper));
  g_assert_cmpuint (test_count_files (f->directory, "damaged"), >=, 1);

  /* a new one is not that */
  g_clear_pointer (&f->keeper, sluice_ledger_keeper_free);
  g_assert_no_errno (g_unlink (path));
  open_keeper (f);
  g_assert_false (sluice_ledger_keeper_has_lost_settings (f->keeper));
}

int
main (int argc, char *argv[])
{
  test_ledger_init (&argc, &argv);
#define ADD(name, func) g_test_add ("/ledger-settings/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("survives", test_survives);
  ADD ("degraded", test_degraded);
  ADD ("file-removed", test_file_removed);
  ADD ("refused-on-disk", test_refused_on_disk);
  ADD ("ledger", test_ledger);
  ADD ("audit", test_audit);
  ADD ("salvaged", test_salvaged);
  ADD ("lost", test_lost);
  g_test_add ("/ledger-settings/emptied/0", Fixture, GINT_TO_POINTER (0), set_up, test_emptied, tear_down);
  g_test_add ("/ledger-settings/emptied/1", Fixture, GINT_TO_POINTER (1), set_up, test_emptied, tear_down);
#undef ADD
  return g_test_run ();
}
