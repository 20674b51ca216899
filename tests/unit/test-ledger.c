/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/sluice-ledger.h"

#include <unistd.h>

#include "shared/sluice-error.h"
#include "test-ledger-support.h"
#include "time-factor.h"

#define N_MANY 2000

typedef struct {
  char *directory;
  SluiceClock *clock;
  SluiceInbox *inbox;
  SluiceLedger *ledger;
  guint n_results[3]; /* by SluiceLedgerResult */
} Fixture;

static SluiceLedger *
open_ledger (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  SluiceLedgerOptions options = { .directory = f->directory };
  SluiceLedger *ledger = sluice_ledger_new (&options, f->clock, &error);

  g_assert_no_error (error);
  return ledger;
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->directory = test_directory ();
  f->clock = sluice_clock_new ();
  f->inbox = sluice_inbox_new (NULL);
  f->ledger = open_ledger (f);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_clear_object (&f->ledger);
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

static guint
n_answers (const Fixture *f)
{
  return f->n_results[0] + f->n_results[1] + f->n_results[2];
}

static void
wait_for (Fixture *f, guint n)
{
  while (n_answers (f) < n)
    g_main_context_iteration (NULL, TRUE);
}

static void
finish (Fixture *f, gint64 id)
{
  g_autoptr (SluiceExchangeRecord) record = test_record (id, FALSE);

  sluice_ledger_finish (f->ledger, record, f->inbox, note, f);
}

static void
reserve (Fixture *f, gint64 id)
{
  g_autoptr (SluiceExchangeRecord) record = test_open_record (id);

  sluice_ledger_reserve (f->ledger, record, f->inbox, note, f);
}

static void
test_finish (Fixture *f, gconstpointer data)
{
  gint64 id = sluice_ledger_next_id (f->ledger);

  g_assert_cmpint (id, ==, 1);
  finish (f, id);
  g_assert_cmpuint (n_answers (f), ==, 0);
  wait_for (f, 1);
  g_assert_cmpuint (f->n_results[SLUICE_LEDGER_COMMITTED], ==, 1);
  test_assert_ask (f->directory, "SELECT count(*) FROM exchange WHERE finished_us NOT NULL", "1");
  test_assert_ask (f->directory, "SELECT count(*) FROM attempt WHERE state = 1", "1");

  g_clear_object (&f->ledger);
  f->ledger = open_ledger (f);
  g_assert_cmpint (sluice_ledger_next_id (f->ledger), ==, 2);
}

/* A reservation is on disk before its answer comes, and the same request's end replaces it. */
static void
test_reserve (Fixture *f, gconstpointer data)
{
  reserve (f, 7);
  wait_for (f, 1);
  g_assert_cmpuint (f->n_results[SLUICE_LEDGER_COMMITTED], ==, 1);
  test_assert_ask (f->directory, "SELECT count(*) FROM exchange WHERE id = 7 AND finished_us IS NULL", "1");
  test_assert_ask (f->directory, "SELECT estimate_nano_usd FROM attempt WHERE exchange_id = 7 AND state = 0", "5000");
  test_assert_ask (f->directory, "SELECT count(*) FROM \"sum\"", "0");
}

static void
test_groups (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < N_MANY; i++)
    finish (f, sluice_ledger_next_id (f->ledger));
  wait_for (f, N_MANY);
  g_assert_cmpuint (f->n_results[SLUICE_LEDGER_COMMITTED], ==, N_MANY);
  g_assert_cmpuint (sluice_ledger_get_n_commits (f->ledger), <, N_MANY / 2);
  test_assert_ask (f->directory, "SELECT sum (exchanges) FROM \"sum\"", G_STRINGIFY (N_MANY));
}

static void
test_stop (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < 10; i++)
    finish (f, sluice_ledger_next_id (f->ledger));
  sluice_ledger_stop (f->ledger);
  wait_for (f, 10);
  g_assert_cmpuint (f->n_results[SLUICE_LEDGER_COMMITTED], ==, 10);
  g_assert_cmpuint (test_count_files (f->directory, "-wal"), ==, 0);

  /* answered, not forgotten */
  finish (f, 100);
  reserve (f, 101);
  wait_for (f, 12);
  g_assert_cmpuint (f->n_results[SLUICE_LEDGER_REFUSED], ==, 2);
  sluice_ledger_stop (f->ledger);
  g_assert_cmpint (sluice_ledger_get_state (f->ledger), ==, SLUICE_LEDGER_OK);
  g_assert_null (sluice_ledger_dup_reason (f->ledger));
}

static void
test_nobody_to_tell (Fixture *f, gconstpointer data)
{
  g_autoptr (SluiceExchangeRecord) record = test_record (1, FALSE);

  sluice_ledger_finish (f->ledger, record, NULL, NULL, NULL);
  finish (f, 2);
  sluice_inbox_close (f->inbox);
  sluice_ledger_stop (f->ledger);
  g_assert_cmpuint (n_answers (f), ==, 0);
  test_assert_ask (f->directory, "SELECT count(*) FROM exchange", "2");
}

/* The caller may go on changing its record at once. */
static void
test_takes_a_copy (Fixture *f, gconstpointer data)
{
  g_autoptr (SluiceExchangeRecord) record = test_record (1, FALSE);

  sluice_ledger_finish (f->ledger, record, f->inbox, note, f);
  memset (record->account, 'x', strlen (record->account));
  record->status = 500;
  wait_for (f, 1);
  test_assert_ask (f->directory, "SELECT status || name FROM exchange JOIN subject ON subject.id = account_id",
                   "200this-computer");
}

static gpointer
take_ids (gpointer data)
{
  GArray *ids = g_array_new (FALSE, FALSE, sizeof (gint64));

  for (guint i = 0; i < N_MANY; i++)
    {
      gint64 id = sluice_ledger_next_id (data);

      g_array_append_val (ids, id);
    }
  return ids;
}

static void
test_ids (Fixture *f, gconstpointer data)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
  GThread *threads[4];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("ids", take_ids, f->ledger);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      g_autoptr (GArray) ids = g_thread_join (threads[i]);

      for (guint j = 0; j < ids->len; j++)
        g_assert_true (g_hash_table_add (seen, GSIZE_TO_POINTER ((gsize) g_array_index (ids, gint64, j))));
    }
}

/* Idle, the log is emptied into the database, without anybody asking. */
static void
test_ping (Fixture *f, gconstpointer data)
{
  g_assert_true (sluice_ledger_ping (f->ledger));
  for (guint i = 0; i < 100; i++)
    {
      gint64 until = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;

      while (!sluice_ledger_ping (f->ledger))
        {
          g_assert_cmpint (g_get_monotonic_time (), <, until);
          g_usleep (100);
        }
    }

  sluice_ledger_stop (f->ledger);
  sluice_ledger_ping (f->ledger);
  g_assert_false (sluice_ledger_ping (f->ledger));
}

static void
test_poke_checkpoints (Fixture *f, gconstpointer data)
{
  g_autofree char *log = g_build_filename (f->directory, SLUICE_DATABASE_FILE "-wal", NULL);
  GStatBuf buffer;

  finish (f, 1);
  wait_for (f, 1);
  g_assert_no_errno (g_stat (log, &buffer));
  g_assert_cmpint (buffer.st_size, >, 0);
  /* the first moves it, the second cuts it */
  while (g_stat (log, &buffer) == 0 && buffer.st_size > 0)
    {
      sluice_ledger_poke (f->ledger);
      g_thread_yield ();
    }
}

static void
test_unusable (Fixture *f, gconstpointer data)
{
  SluiceLedgerOptions options = { .directory = "/proc/none" };
  g_autoptr (GError) error = NULL;

  g_assert_null (sluice_ledger_new (&options, f->clock, &error));
  g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_STORAGE);
  g_clear_error (&error);

  options.directory = f->directory;
  g_assert_null (sluice_ledger_new (&options, f->clock, &error));
  g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_LOCKED);
}

typedef struct {
  Fixture *f;
  guint n_left;
  guint n_outstanding;
  guint batch;
  gboolean paid;
} Load;

static void load_next (Load *load);

static void
on_load_finished (SluiceLedgerResult result, gpointer data)
{
  Load *load = data;

  g_assert_cmpint (result, ==, SLUICE_LEDGER_COMMITTED);
  load->n_outstanding--;
  load_next (load);
}

typedef struct {
  Load *load;
  SluiceExchangeRecord *record;
} Reserved;

static void
on_load_reserved (SluiceLedgerResult result, gpointer data)
{
  Reserved *reserved = data;
  SluiceAttemptRecord *attempt = g_ptr_array_index (reserved->record->attempts, 0);

  g_assert_cmpint (result, ==, SLUICE_LEDGER_COMMITTED);
  attempt->state = SLUICE_ATTEMPT_SETTLED;
  attempt->cost_nano_usd = 1000;
  reserved->record->status = 200;
  reserved->record->finished_us = TEST_NOW + 1000;
  sluice_ledger_finish (reserved->load->f->ledger, reserved->record, reserved->load->f->inbox, on_load_finished,
                        reserved->load);
  sluice_exchange_record_free (reserved->record);
  g_free (reserved);
}

static void
load_next (Load *load)
{
  Fixture *f = load->f;

  while (load->n_left > 0 && load->n_outstanding < load->batch)
    {
      gint64 id = sluice_ledger_next_id (f->ledger);

      load->n_left--;
      load->n_outstanding++;
      if (load->paid)
        {
          Reserved *reserved = g_new (Reserved, 1);

          *reserved = (Reserved){ load, test_open_record (id) };
          sluice_ledger_reserve (f->ledger, reserved->record, f->inbox, on_load_reserved, reserved);
        }
      else
        {
          g_autoptr (SluiceExchangeRecord) record = test_record (id, FALSE);

          sluice_ledger_finish (f->ledger, record, f->inbox, on_load_finished, load);
        }
    }
}

/* With -m perf: CPU of both threads for each exchange, records made and inbox included. */
static void
test_cost (Fixture *f, gconstpointer data)
{
  gboolean paid = GPOINTER_TO_INT (data);
  guint n = g_test_perf () ? 50000 : 200;

  for (guint batch = 1; batch <= 32; batch *= 2)
    {
      Load load = { f, n, 0, batch, paid };
      gint64 cpu = processor_us ();
      gint64 begin = g_get_monotonic_time ();
      guint commits = sluice_ledger_get_n_commits (f->ledger);

      load_next (&load);
      while (load.n_outstanding > 0)
        g_main_context_iteration (NULL, TRUE);
      cpu = processor_us () - cpu;
      if (g_test_perf ())
        g_test_message ("%s, %u at once: CPU %.2f us, wall %.2f us, %.1f in a commit", paid ? "paid" : "free", batch,
                        (double) cpu / n, (double) (g_get_monotonic_time () - begin) / n,
                        (double) n * (paid ? 2 : 1) / (sluice_ledger_get_n_commits (f->ledger) - commits));
    }
}

int
main (int argc, char *argv[])
{
  test_ledger_init (&argc, &argv);
#define ADD(name, func, data) g_test_add ("/ledger/" name, Fixture, data, set_up, func, tear_down)
  ADD ("finish", test_finish, NULL);
  ADD ("reserve", test_reserve, NULL);
  ADD ("groups", test_groups, NULL);
  ADD ("stop", test_stop, NULL);
  ADD ("nobody-to-tell", test_nobody_to_tell, NULL);
  ADD ("takes-a-copy", test_takes_a_copy, NULL);
  ADD ("ids", test_ids, NULL);
  ADD ("ping", test_ping, NULL);
  ADD ("poke-checkpoints", test_poke_checkpoints, NULL);
  ADD ("unusable", test_unusable, NULL);
  ADD ("cost/free", test_cost, GINT_TO_POINTER (FALSE));
  ADD ("cost/paid", test_cost, GINT_TO_POINTER (TRUE));
#undef ADD
  return g_test_run ();
}
