/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "http/sluice-metrics.h"

#define N_WORKERS 3

/* A thread with a loop and an inbox, as a worker is. */
typedef struct {
  GMainContext *context;
  GMainLoop *loop;
  SluiceInbox *inbox;
  GThread *thread;
  GThread *filled_in; /* where it was asked */
} Worker;

static gpointer
run (gpointer data)
{
  Worker *worker = data;

  g_main_context_push_thread_default (worker->context);
  g_main_loop_run (worker->loop);
  sluice_inbox_close (worker->inbox);
  g_main_context_pop_thread_default (worker->context);
  return NULL;
}

static void
fill (SluiceMetricsShare *share, gpointer data)
{
  Worker *worker = data;
  SluiceMetricsLabels labels = { { [SLUICE_METRICS_GROUP] = "m" } };

  worker->filled_in = g_thread_self ();
  share->connections += 2;
  share->in_flight += 1;
  sluice_metrics_table_get (share->table, SLUICE_METRICS_REQUESTS, &labels)->counts[SLUICE_METRICS_COUNT] += 5;
}

static void
worker_start (Worker *worker)
{
  worker->context = g_main_context_new ();
  worker->loop = g_main_loop_new (worker->context, FALSE);
  worker->inbox = sluice_inbox_new (worker->context);
  worker->thread = g_thread_new ("worker", run, worker);
}

static void
quit (gpointer data)
{
  g_main_loop_quit (data);
}

static void
worker_stop (Worker *worker)
{
  sluice_inbox_push (worker->inbox, quit, worker->loop, NULL);
  g_thread_join (worker->thread);
}

static void
worker_clear (Worker *worker)
{
  sluice_inbox_unref (worker->inbox);
  g_main_loop_unref (worker->loop);
  g_main_context_unref (worker->context);
}

typedef struct {
  GThread *thread;
  guint n_calls;
  guint connections;
  guint in_flight;
  gint64 requests;
} Result;

static void
on_done (SluiceMetricsShare *share, gpointer data)
{
  Result *result = data;
  GPtrArray *rows = sluice_metrics_table_rows (share->table, SLUICE_METRICS_REQUESTS);

  result->thread = g_thread_self ();
  result->n_calls++;
  result->connections = share->connections;
  result->in_flight = share->in_flight;
  result->requests = 0;
  for (guint i = 0; i < rows->len; i++)
    result->requests += ((SluiceMetricsRow *) g_ptr_array_index (rows, i))->counts[SLUICE_METRICS_COUNT];
}

static void
gather (SluiceMetrics *metrics, SluiceInbox *inbox, Result *result)
{
  guint before = result->n_calls;

  sluice_metrics_gather (metrics, inbox, on_done, result);
  g_assert_cmpuint (result->n_calls, ==, before);
  while (result->n_calls == before)
    g_main_context_iteration (NULL, TRUE);
}

static void
test_gather (void)
{
  g_autoptr (SluiceClock) clock = sluice_clock_new_manual (77, 0);
  SluiceMetrics *metrics = sluice_metrics_new (clock);
  g_autoptr (SluiceInbox) inbox = sluice_inbox_new (NULL);
  Worker workers[N_WORKERS] = { { NULL } };
  Result result = { NULL };

  for (guint i = 0; i < N_WORKERS; i++)
    {
      worker_start (&workers[i]);
      sluice_metrics_join (metrics, workers[i].inbox, fill, &workers[i]);
    }
  g_assert_cmpuint (sluice_metrics_get_n_workers (metrics), ==, N_WORKERS);
  g_assert_cmpint (sluice_metrics_get_started (metrics), ==, 77);

  for (guint round = 0; round < 50; round++)
    gather (metrics, inbox, &result);
  g_assert_true (result.thread == g_thread_self ());
  g_assert_cmpuint (result.connections, ==, 2 * N_WORKERS);
  g_assert_cmpuint (result.in_flight, ==, N_WORKERS);
  g_assert_cmpint (result.requests, ==, 5 * N_WORKERS);
  for (guint i = 0; i < N_WORKERS; i++)
    g_assert_true (workers[i].filled_in == workers[i].thread);

  /* one has ended: the others still answer */
  worker_stop (&workers[0]);
  gather (metrics, inbox, &result);
  g_assert_cmpint (result.requests, ==, 5 * (N_WORKERS - 1));
  for (guint i = 1; i < N_WORKERS; i++)
    worker_stop (&workers[i]);
  gather (metrics, inbox, &result);
  g_assert_cmpint (result.requests, ==, 0);

  /* whoever asked is gone */
  sluice_metrics_gather (metrics, inbox, on_done, &result);
  sluice_inbox_close (inbox);
  g_assert_cmpuint (result.n_calls, ==, 52);
  for (guint i = 0; i < N_WORKERS; i++)
    worker_clear (&workers[i]);
  sluice_metrics_free (metrics);
}

static void
test_readings (void)
{
  g_autoptr (SluiceClock) clock = sluice_clock_new ();
  SluiceMetrics *metrics = sluice_metrics_new (clock);
  SluiceMetricsReadings readings;

  sluice_metrics_note_reading (metrics, TRUE, 0, 3);
  sluice_metrics_note_reading (metrics, FALSE, 2, 1);
  readings = sluice_metrics_get_readings (metrics);
  g_assert_cmpuint (readings.errors, ==, 2);
  g_assert_cmpuint (readings.warnings, ==, 1);
  g_assert_cmpuint (readings.n_used, ==, 1);
  g_assert_cmpuint (readings.n_refused, ==, 1);
  sluice_metrics_free (metrics);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/metrics/gather", test_gather);
  g_test_add_func ("/metrics/readings", test_readings);
  return g_test_run ();
}
