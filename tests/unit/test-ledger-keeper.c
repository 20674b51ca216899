/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/sluice-ledger-keeper-private.h"

#include "test-ledger-support.h"
#include "time-factor.h"

#define TEST_WAL_BYTES (512 * 1024)

typedef struct {
  char *directory;
  SluiceClock *clock;
  SluiceInbox *inbox;
  SluiceLedgerKeeper *keeper;
  guint n_results[3]; /* by SluiceLedgerResult */
  gint64 next_id;
} Fixture;

static void
open_keeper (Fixture *f, guint retention_days)
{
  g_autoptr (GError) error = NULL;
  const SluiceLedgerOptions options = {
    .directory = f->directory,
    .retention_days = retention_days,
    .max_wal_bytes = g_test_perf () ? 0 : TEST_WAL_BYTES,
  };

  f->keeper = sluice_ledger_keeper_new (&options, f->clock, &error);
  g_assert_no_error (error);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->directory = test_directory ();
  f->clock = sluice_clock_new_manual (TEST_NOW, 0);
  f->inbox = sluice_inbox_new (NULL);
  open_keeper (f, 0);
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

/* Answers come through the default context. */
static guint
n_of (const Fixture *f, SluiceLedgerResult result)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
  return f->n_results[result];
}

static void
note (SluiceLedgerResult result, gpointer data)
{
  Fixture *f = data;

  f->n_results[result]++;
}

static void
append (Fixture *f, SluiceLedgerJobs *jobs, SluiceLedgerJobKind kind, SluiceExchangeRecord *record)
{
  sluice_ledger_jobs_append (jobs, sluice_ledger_job_new (kind, record, f->inbox, note, f));
  sluice_exchange_record_free (record);
}

static void
handle_one (Fixture *f, SluiceLedgerJobKind kind, SluiceExchangeRecord *record)
{
  SluiceLedgerJobs jobs = { NULL, NULL };

  append (f, &jobs, kind, record);
  sluice_ledger_keeper_handle (f->keeper, jobs);
}

static sqlite3 *
get_db (Fixture *f)
{
  return sluice_ledger_writer_get_db (sluice_ledger_keeper_get_writer (f->keeper));
}

/* No page more than there are: SQLITE_FULL at the next one, until the connection is told otherwise. */
static void
fill_disk (Fixture *f)
{
  g_assert_cmpint (sqlite3_exec (get_db (f), "PRAGMA max_page_count = 1", NULL, NULL, NULL), ==, SQLITE_OK);
}

static void
empty_disk (Fixture *f)
{
  g_assert_cmpint (sqlite3_exec (get_db (f), "PRAGMA max_page_count = 1000000", NULL, NULL, NULL), ==, SQLITE_OK);
}

/* Fills what is left in the pages there are. */
static void
until_degraded (Fixture *f)
{
  gint64 id = 1;

  fill_disk (f);
  while (sluice_ledger_keeper_get_state (f->keeper) == SLUICE_LEDGER_OK)
    {
      g_assert_cmpint (id, <, 1000);
      handle_one (f, SLUICE_LEDGER_JOB_FINISH, test_record (id++, FALSE));
    }
  g_assert_cmpuint (n_of (f, SLUICE_LEDGER_PENDING), ==, 1);
  f->next_id = id;
}

static void
test_one_transaction (Fixture *f, gconstpointer data)
{
  SluiceLedgerJobs jobs = { NULL, NULL };

  for (gint64 id = 1; id <= 20; id++)
    append (f, &jobs, SLUICE_LEDGER_JOB_FINISH, test_record (id, FALSE));
  append (f, &jobs, SLUICE_LEDGER_JOB_RESERVE, test_open_record (21));
  sluice_ledger_keeper_handle (f->keeper, jobs);
  g_assert_cmpuint (sluice_ledger_keeper_get_n_commits (f->keeper), ==, 1);
  g_assert_cmpuint (n_of (f, SLUICE_LEDGER_COMMITTED), ==, 21);
}

static void
test_degraded (Fixture *f, gconstpointer data)
{
  g_autofree char *reason = NULL;
  guint before = n_warnings;
  guint committed;

  until_degraded (f);
  committed = n_of (f, SLUICE_LEDGER_COMMITTED);
  reason = sluice_ledger_keeper_dup_reason (f->keeper);
  g_assert_cmpstr (reason, ==, "cannot write sluice.db: database or disk is full");
  g_assert_true (sluice_ledger_keeper_accepts_free (f->keeper));

  handle_one (f, SLUICE_LEDGER_JOB_RESERVE, test_open_record (f->next_id));
  g_assert_cmpuint (n_of (f, SLUICE_LEDGER_REFUSED), ==, 1);
  handle_one (f, SLUICE_LEDGER_JOB_FINISH, test_record (f->next_id + 1, TRUE));
  g_assert_cmpuint (n_of (f, SLUICE_LEDGER_PENDING), ==, 2);
  sluice_ledger_keeper_tick (f->keeper);
  sluice_ledger_keeper_tick (f->keeper);
  g_assert_cmpint (sluice_ledger_keeper_get_state (f->keeper), ==, SLUICE_LEDGER_DEGRADED);
  g_assert_cmpint (sluice_ledger_keeper_get_wait (f->keeper), ==, G_USEC_PER_SEC);
  g_assert_cmpuint (n_warnings - before, ==, 1);

  empty_disk (f);
  sluice_ledger_keeper_tick (f->keeper);
  g_assert_cmpint (sluice_ledger_keeper_get_state (f->keeper), ==, SLUICE_LEDGER_OK);
  g_clear_pointer (&reason, g_free);
  reason = sluice_ledger_keeper_dup_reason (f->keeper);
  g_assert_null (reason);
  {
    g_autofree char *wanted = g_strdup_printf ("%u", committed + 2);

    test_assert_db (get_db (f), "SELECT count(*) FROM exchange", wanted);
    test_assert_db (get_db (f), "SELECT sum (exchanges) FROM sum", wanted);
  }
  handle_one (f, SLUICE_LEDGER_JOB_RESERVE, test_open_record (f->next_id));
  g_assert_cmpuint (n_of (f, SLUICE_LEDGER_COMMITTED), ==, committed + 1);
}

/* Without anything pending a few pages are written to see whether it goes again. */
static void
test_probe (Fixture *f, gconstpointer data)
{
  fill_disk (f);
  for (gint64 id = 1; sluice_ledger_keeper_get_state (f->keeper) == SLUICE_LEDGER_OK; id++)
    {
      SluiceLedgerJobs jobs = { NULL, NULL };

      append (f, &jobs, SLUICE_LEDGER_JOB_RESERVE, test_open_record (id));
      sluice_ledger_keeper_handle (f->keeper, jobs);
    }
  g_assert_cmpuint (n_of (f, SLUICE_LEDGER_REFUSED), ==, 1);
  g_assert_cmpuint (n_of (f, SLUICE_LEDGER_PENDING), ==, 0);
  empty_disk (f);
  /* the first tick writes the release of the reservation that failed */
  sluice_ledger_keeper_tick (f->keeper);
  g_assert_cmpint (sluice_ledger_keeper_get_state (f->keeper), ==, SLUICE_LEDGER_OK);
  test_assert_db (get_db (f), "SELECT count(*) FROM audit", "0");
}

static void
test_bound (Fixture *f, gconstpointer data)
{
  until_degraded (f);
  for (guint i = 1; i < SLUICE_LEDGER_MAX_PENDING; i++)
    {
      g_assert_true (sluice_ledger_keeper_accepts_free (f->keeper));
      handle_one (f, SLUICE_LEDGER_JOB_FINISH, test_record (f->next_id++, FALSE));
    }
  g_assert_cmpuint (n_of (f, SLUICE_LEDGER_PENDING), ==, SLUICE_LEDGER_MAX_PENDING);
  g_assert_false (sluice_ledger_keeper_accepts_free (f->keeper));

  handle_one (f, SLUICE_LEDGER_JOB_FINISH, test_record (f->next_id++, FALSE));
  g_assert_cmpuint (n_of (f, SLUICE_LEDGER_REFUSED), ==, 1);
  handle_one (f, SLUICE_LEDGER_JOB_FINISH, test_record (f->next_id++, TRUE));
  g_assert_cmpuint (n_of (f, SLUICE_LEDGER_PENDING), ==, SLUICE_LEDGER_MAX_PENDING + 1);
  g_assert_cmpuint (sluice_ledger_keeper_get_n_pending (f->keeper), ==, SLUICE_LEDGER_MAX_PENDING + 1);

  empty_disk (f);
  sluice_ledger_keeper_tick (f->keeper);
  g_assert_cmpint (sluice_ledger_keeper_get_state (f->keeper), ==, SLUICE_LEDGER_OK);
  g_assert_cmpuint (sluice_ledger_keeper_get_n_pending (f->keeper), ==, 0);
  g_assert_true (sluice_ledger_keeper_accepts_free (f->keeper));
  {
    g_autofree char *wanted = g_strdup_printf ("%u", n_of (f, SLUICE_LEDGER_COMMITTED) + SLUICE_LEDGER_MAX_PENDING + 1);

    test_assert_db (get_db (f), "SELECT count(*) FROM exchange", wanted);
    test_assert_db (get_db (f), "SELECT sum (exchanges) FROM sum", wanted);
  }
}

/* What is pending at the end is tried once more, and its loss is said. */
static void
test_close_degraded (Fixture *f, gconstpointer data)
{
  guint before;

  until_degraded (f);
  before = n_warnings;
  g_clear_pointer (&f->keeper, sluice_ledger_keeper_free);
  g_assert_cmpuint (n_warnings - before, ==, 1);

  open_keeper (f, 0);
  f->n_results[SLUICE_LEDGER_PENDING] = 0;
  until_degraded (f);
  empty_disk (f);
  before = n_warnings;
  g_clear_pointer (&f->keeper, sluice_ledger_keeper_free);
  g_assert_cmpuint (n_warnings - before, ==, 0);
}

static void
test_bad_record_in_batch (Fixture *f, gconstpointer data)
{
  SluiceLedgerJobs jobs = { NULL, NULL };
  guint before = n_warnings;

  for (gint64 id = 1; id <= 5; id++)
    {
      SluiceExchangeRecord *record = test_record (id, FALSE);

      if (id == 3)
        record->account_kind = 77;
      append (f, &jobs, SLUICE_LEDGER_JOB_FINISH, record);
    }
  sluice_ledger_keeper_handle (f->keeper, jobs);
  g_assert_cmpuint (n_of (f, SLUICE_LEDGER_COMMITTED), ==, 4);
  g_assert_cmpuint (n_of (f, SLUICE_LEDGER_REFUSED), ==, 1);
  g_assert_cmpint (sluice_ledger_keeper_get_state (f->keeper), ==, SLUICE_LEDGER_OK);
  g_assert_cmpuint (n_warnings - before, ==, 1);
  test_assert_db (get_db (f), "SELECT group_concat (id) FROM exchange", "1,2,4,5");
}

/* The same among pending ones: only it is lost. */
static void
test_bad_record_pending (Fixture *f, gconstpointer data)
{
  SluiceExchangeRecord *bad = test_record (2000, FALSE);

  until_degraded (f);
  bad->account_kind = 77;
  handle_one (f, SLUICE_LEDGER_JOB_FINISH, bad);
  handle_one (f, SLUICE_LEDGER_JOB_FINISH, test_record (2001, FALSE));
  empty_disk (f);
  sluice_ledger_keeper_tick (f->keeper);
  g_assert_cmpint (sluice_ledger_keeper_get_state (f->keeper), ==, SLUICE_LEDGER_OK);
  test_assert_db (get_db (f), "SELECT count(*) FROM exchange WHERE id = 2001", "1");
  test_assert_db (get_db (f), "SELECT count(*) FROM exchange WHERE id = 2000", "0");
}

static void
test_file_removed (Fixture *f, gconstpointer data)
{
  g_autofree char *path = g_build_filename (f->directory, SLUICE_DATABASE_FILE, NULL);
  g_autofree char *reason = NULL;

  handle_one (f, SLUICE_LEDGER_JOB_FINISH, test_record (1, FALSE));
  g_assert_no_errno (g_unlink (path));
  /* looked at once a second */
  handle_one (f, SLUICE_LEDGER_JOB_FINISH, test_record (2, FALSE));
  g_assert_cmpint (sluice_ledger_keeper_get_state (f->keeper), ==, SLUICE_LEDGER_OK);
  sluice_clock_advance (f->clock, G_USEC_PER_SEC);
  handle_one (f, SLUICE_LEDGER_JOB_RESERVE, test_open_record (3));
  g_assert_cmpuint (n_of (f, SLUICE_LEDGER_REFUSED), ==, 1);
  handle_one (f, SLUICE_LEDGER_JOB_FINISH, test_record (4, FALSE));
  g_assert_cmpuint (n_of (f, SLUICE_LEDGER_PENDING), ==, 1);
  reason = sluice_ledger_keeper_dup_reason (f->keeper);
  g_assert_cmpstr (reason, ==, "cannot write sluice.db: the file was removed or exchanged");

  sluice_ledger_keeper_tick (f->keeper);
  g_assert_cmpint (sluice_ledger_keeper_get_state (f->keeper), ==, SLUICE_LEDGER_OK);
  test_assert_db (get_db (f), "SELECT group_concat (id) FROM exchange", "4");
  g_assert_true (g_file_test (path, G_FILE_TEST_IS_REGULAR));
}

/* Damage while it runs: noticed at a write, moved aside, and what was pending is in the new one. */
static void
test_damage (Fixture *f, gconstpointer data)
{
  g_autofree char *path = g_build_filename (f->directory, SLUICE_DATABASE_FILE, NULL);
  g_autofree char *junk = g_strnfill (4096, 'x');
  FILE *file;

  for (gint64 id = 1; id <= 200; id++)
    handle_one (f, SLUICE_LEDGER_JOB_FINISH, test_record (id, FALSE));
  /* all is in the database, and nothing in the cache */
  sluice_ledger_keeper_tick (f->keeper);
  sluice_ledger_keeper_tick (f->keeper);
  g_assert_cmpint (sqlite3_db_release_memory (get_db (f)), ==, SQLITE_OK);

  file = g_fopen (path, "r+");
  g_assert_nonnull (file);
  for (guint page = 1; page < 25; page++)
    {
      g_assert_no_errno (fseek (file, page * 4096, SEEK_SET));
      g_assert_cmpuint (fwrite (junk, 1, 4096, file), ==, 4096);
    }
  /* not closed yet: that would drop the locks of this process */
  fflush (file);

  handle_one (f, SLUICE_LEDGER_JOB_FINISH, test_record (201, FALSE));
  g_assert_cmpint (sluice_ledger_keeper_get_state (f->keeper), ==, SLUICE_LEDGER_DEGRADED);
  g_assert_cmpuint (n_of (f, SLUICE_LEDGER_PENDING), ==, 1);
  sluice_ledger_keeper_tick (f->keeper);
  g_assert_cmpint (sluice_ledger_keeper_get_state (f->keeper), ==, SLUICE_LEDGER_OK);
  test_assert_db (get_db (f), "SELECT group_concat (id) FROM exchange", "201");
  g_assert_cmpuint (test_count_files (f->directory, "damaged"), >=, 1);
  fclose (file);
}

static void
test_busy (Fixture *f, gconstpointer data)
{
  g_autofree char *path = g_build_filename (f->directory, SLUICE_DATABASE_FILE, NULL);
  sqlite3 *other = NULL;

  g_assert_cmpint (sqlite3_open_v2 (path, &other, SQLITE_OPEN_READWRITE, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (other, "BEGIN IMMEDIATE", NULL, NULL, NULL), ==, SQLITE_OK);
  handle_one (f, SLUICE_LEDGER_JOB_FINISH, test_record (1, FALSE));
  g_assert_cmpuint (n_of (f, SLUICE_LEDGER_PENDING), ==, 1);
  g_assert_cmpint (sqlite3_exec (other, "ROLLBACK", NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (other);
  sluice_ledger_keeper_tick (f->keeper);
  test_assert_db (get_db (f), "SELECT count(*) FROM exchange", "1");
}

static gsize
log_size (Fixture *f)
{
  g_autofree char *path = g_build_filename (f->directory, SLUICE_DATABASE_FILE "-wal", NULL);
  GStatBuf buffer;

  return g_stat (path, &buffer) == 0 ? (gsize) buffer.st_size : 0;
}

static void
test_checkpoint (Fixture *f, gconstpointer data)
{
  gsize most = 0;

  for (gint64 id = 1; id <= 1000; id++)
    {
      handle_one (f, SLUICE_LEDGER_JOB_FINISH, test_record (id, FALSE));
      sluice_ledger_keeper_breathe (f->keeper, TRUE);
      most = MAX (most, log_size (f));
    }
  g_assert_cmpuint (most, <, 2 * TEST_WAL_BYTES);
  g_assert_cmpint (sluice_ledger_keeper_get_wait (f->keeper), ==, SLUICE_LEDGER_IDLE_US);
  sluice_ledger_keeper_tick (f->keeper);
  g_assert_cmpuint (log_size (f), >, 0);
  g_assert_cmpint (sluice_ledger_keeper_get_wait (f->keeper), ==, SLUICE_LEDGER_CUT_US);
  sluice_ledger_keeper_tick (f->keeper);
  g_assert_cmpuint (log_size (f), ==, 0);
  g_assert_cmpint (sluice_ledger_keeper_get_wait (f->keeper), ==, SLUICE_LEDGER_QUIET_US);
  test_assert_ask (f->directory, "SELECT count(*) FROM exchange", "1000");
}

static void
test_retention (Fixture *f, gconstpointer data)
{
  SluiceLedgerJobs jobs = { NULL, NULL };

  g_clear_pointer (&f->keeper, sluice_ledger_keeper_free);
  open_keeper (f, 1);
  for (gint64 id = 1; id <= 600; id++)
    append (f, &jobs, SLUICE_LEDGER_JOB_FINISH, test_record (id, FALSE));
  sluice_ledger_keeper_handle (f->keeper, jobs);
  sluice_ledger_keeper_tick (f->keeper);
  test_assert_db (get_db (f), "SELECT count(*) FROM exchange", "600");

  sluice_clock_advance (f->clock, G_GINT64_CONSTANT (90000000000));
  sluice_ledger_keeper_tick (f->keeper);
  sluice_ledger_keeper_tick (f->keeper);
  test_assert_db (get_db (f), "SELECT count(*) FROM exchange", "350");
  sluice_clock_advance (f->clock, G_USEC_PER_SEC);
  sluice_ledger_keeper_breathe (f->keeper, FALSE);
  test_assert_db (get_db (f), "SELECT count(*) FROM exchange", "350");
  sluice_ledger_keeper_breathe (f->keeper, TRUE);
  test_assert_db (get_db (f), "SELECT count(*) FROM exchange", "100");
  sluice_clock_advance (f->clock, G_USEC_PER_SEC);
  sluice_ledger_keeper_tick (f->keeper);
  test_assert_db (get_db (f), "SELECT count(*) FROM exchange", "1");
  test_assert_db (get_db (f), "SELECT sum (exchanges) FROM sum", "600");
}

/* With -m perf: the CPU of an exchange in the ledger's thread, in batches of a given size. */
static void
test_cost (Fixture *f, gconstpointer data)
{
  gboolean paid = GPOINTER_TO_INT (data);
  guint n = g_test_perf () ? 64000 : 64;
  gint64 id = 0;

  for (guint batch = 1; batch <= 32; batch *= 2)
    {
      gint64 cpu = 0;
      gint64 tick = 0;

      for (guint i = 0; i < n; i += batch)
        for (guint kind = paid ? SLUICE_LEDGER_JOB_RESERVE : SLUICE_LEDGER_JOB_FINISH; kind <= SLUICE_LEDGER_JOB_FINISH;
             kind++)
          {
            SluiceLedgerJobs jobs = { NULL, NULL };

            for (guint j = 0; j < batch; j++)
              {
                g_autoptr (SluiceExchangeRecord) record =
                  kind == SLUICE_LEDGER_JOB_FINISH ? test_record (id + j + 1, paid) : test_open_record (id + j + 1);

                sluice_ledger_jobs_append (&jobs, sluice_ledger_job_new (kind, record, NULL, NULL, NULL));
              }
            cpu -= processor_us ();
            sluice_ledger_keeper_handle (f->keeper, jobs);
            cpu += processor_us ();
            tick -= processor_us ();
            sluice_ledger_keeper_breathe (f->keeper, TRUE);
            tick += processor_us ();
            if (kind == SLUICE_LEDGER_JOB_FINISH)
              id += batch;
          }
      if (g_test_perf ())
        g_test_message ("%s, batches of %u: %.2f us each, checkpoints %.2f us each",
                        paid ? "reserve and finish" : "finish", batch, (double) cpu / n, (double) tick / n);
    }
}

int
main (int argc, char *argv[])
{
  test_ledger_init (&argc, &argv);
#define ADD(name, func, data) g_test_add ("/ledger-keeper/" name, Fixture, data, set_up, func, tear_down)
  ADD ("one-transaction", test_one_transaction, NULL);
  ADD ("degraded", test_degraded, NULL);
  ADD ("probe", test_probe, NULL);
  ADD ("bound", test_bound, NULL);
  ADD ("close-degraded", test_close_degraded, NULL);
  ADD ("bad-record/in-batch", test_bad_record_in_batch, NULL);
  ADD ("bad-record/pending", test_bad_record_pending, NULL);
  ADD ("file-removed", test_file_removed, NULL);
  ADD ("damage", test_damage, NULL);
  ADD ("busy", test_busy, NULL);
  ADD ("checkpoint", test_checkpoint, NULL);
  ADD ("retention", test_retention, NULL);
  ADD ("cost/free", test_cost, GINT_TO_POINTER (FALSE));
  ADD ("cost/paid", test_cost, GINT_TO_POINTER (TRUE));
#undef ADD
  return g_test_run ();
}
