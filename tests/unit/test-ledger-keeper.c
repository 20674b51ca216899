/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/sluice-ledger-keeper-private.h"

#include <sys/resource.h>

#include "test-ledger-support.h"

typedef struct {
  char *directory;
  SluiceClock *clock;
  SluiceLedgerKeeper *keeper;
} Fixture;

static void
open_keeper (Fixture *f, guint retention_days)
{
  g_autoptr (GError) error = NULL;
  const SluiceLedgerOptions options = { .directory = f->directory, .retention_days = retention_days };

  f->keeper = sluice_ledger_keeper_new (&options, f->clock, &error);
  g_assert_no_error (error);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->directory = test_directory ();
  f->clock = sluice_clock_new_manual (TEST_NOW, 0);
  open_keeper (f, 0);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_clear_pointer (&f->keeper, sluice_ledger_keeper_free);
  g_clear_object (&f->clock);
  test_remove_directory (f->directory);
  g_free (f->directory);
}

static gint64
cpu_us (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * G_USEC_PER_SEC + usage.ru_utime.tv_usec +
         usage.ru_stime.tv_usec;
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
            cpu -= cpu_us ();
            sluice_ledger_keeper_handle (f->keeper, jobs);
            cpu += cpu_us ();
            tick -= cpu_us ();
            sluice_ledger_keeper_breathe (f->keeper, TRUE);
            tick += cpu_us ();
            if (kind == SLUICE_LEDGER_JOB_FINISH)
              id += batch;
          }
      if (g_test_perf ())
        g_test_message ("%s, batches of %u: %.2f us each, checkpoints %.2f us each", paid ? "reserve and finish" : "finish",
                        batch, (double) cpu / n, (double) tick / n);
    }
}

int
main (int argc, char *argv[])
{
  test_ledger_init (&argc, &argv);
  g_test_add ("/ledger-keeper/cost/free", Fixture, GINT_TO_POINTER (FALSE), set_up, test_cost, tear_down);
  g_test_add ("/ledger-keeper/cost/paid", Fixture, GINT_TO_POINTER (TRUE), set_up, test_cost, tear_down);
  return g_test_run ();
}
