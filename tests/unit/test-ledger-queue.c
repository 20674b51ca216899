/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/sluice-ledger-job-private.h"

#include "test-ledger-support.h"

#define N_THREADS 4
#define N_EACH 500

static SluiceLedgerJob *
make_job (gint64 id)
{
  g_autoptr (SluiceExchangeRecord) record = test_record (id, FALSE);

  return sluice_ledger_job_new (SLUICE_LEDGER_JOB_FINISH, record, NULL, NULL, NULL);
}

static void
test_order (void)
{
  SluiceLedgerQueue *queue = sluice_ledger_queue_new ();
  SluiceLedgerTaken taken;
  SluiceLedgerJob *job;

  for (gint64 id = 1; id <= 3; id++)
    g_assert_true (sluice_ledger_queue_put (queue, make_job (id)));
  g_assert_false (sluice_ledger_queue_is_empty (queue));
  taken = sluice_ledger_queue_take (queue, 0);
  g_assert_true (sluice_ledger_queue_is_empty (queue));
  for (gint64 id = 1; id <= 3; id++)
    {
      job = sluice_ledger_jobs_take_first (&taken.jobs);
      g_assert_cmpint (job->record->id, ==, id);
      sluice_ledger_job_free (job);
    }
  g_assert_null (sluice_ledger_jobs_take_first (&taken.jobs));
  g_assert_false (taken.stopped);
  sluice_ledger_queue_free (queue);
}

static void
test_nothing_comes (void)
{
  SluiceLedgerQueue *queue = sluice_ledger_queue_new ();
  SluiceLedgerTaken taken = sluice_ledger_queue_take (queue, g_get_monotonic_time () + 1000);

  g_assert_null (taken.jobs.first);
  g_assert_false (taken.poked);

  sluice_ledger_queue_poke (queue);
  taken = sluice_ledger_queue_take (queue, G_MAXINT64);
  g_assert_true (taken.poked);
  g_assert_false (taken.pinged);
  sluice_ledger_queue_ping (queue);
  taken = sluice_ledger_queue_take (queue, G_MAXINT64);
  g_assert_true (taken.pinged);
  g_assert_false (taken.poked);
  taken = sluice_ledger_queue_take (queue, 0);
  g_assert_false (taken.poked);
  sluice_ledger_queue_free (queue);
}

static void
test_stop (void)
{
  SluiceLedgerQueue *queue = sluice_ledger_queue_new ();
  SluiceLedgerJob *late = make_job (2);
  SluiceLedgerTaken taken;

  sluice_ledger_queue_put (queue, make_job (1));
  sluice_ledger_queue_stop (queue);
  g_assert_false (sluice_ledger_queue_put (queue, late));
  sluice_ledger_job_free (late);

  /* what came before is still given out */
  taken = sluice_ledger_queue_take (queue, G_MAXINT64);
  g_assert_true (taken.stopped);
  sluice_ledger_job_free (sluice_ledger_jobs_take_first (&taken.jobs));
  sluice_ledger_queue_free (queue);
}

static gpointer
put_many (gpointer data)
{
  for (gint64 id = 1; id <= N_EACH; id++)
    sluice_ledger_queue_put (data, make_job (id));
  return NULL;
}

static void
test_threads (void)
{
  SluiceLedgerQueue *queue = sluice_ledger_queue_new ();
  GThread *threads[N_THREADS];
  guint n = 0;

  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("putter", put_many, queue);
  while (n < N_THREADS * N_EACH)
    {
      SluiceLedgerTaken taken = sluice_ledger_queue_take (queue, G_MAXINT64);
      SluiceLedgerJob *job;

      while ((job = sluice_ledger_jobs_take_first (&taken.jobs)) != NULL)
        {
          sluice_ledger_job_free (job);
          n++;
        }
    }
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  sluice_ledger_queue_free (queue);
}

int
main (int argc, char *argv[])
{
  test_ledger_init (&argc, &argv);
  g_test_add_func ("/ledger-queue/order", test_order);
  g_test_add_func ("/ledger-queue/nothing-comes", test_nothing_comes);
  g_test_add_func ("/ledger-queue/stop", test_stop);
  g_test_add_func ("/ledger-queue/threads", test_threads);
  return g_test_run ();
}
