/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "http/sluice-worker.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <malloc.h>
#include <stdatomic.h>

#include "http/sluice-metrics-exchange.h"
#include "http/sluice-worker-private.h"
#include "shared/sluice-error.h"

#define TICK_BUSY_US (100 * 1000)

/* What the last answers may take at the end. */
#define STOP_US (2 * G_USEC_PER_SEC)

#define TICK_IDLE_US G_USEC_PER_SEC

/* After so many closed connections, and when nothing is under way, the heap's holes are given back. */
#define TRIM_AFTER 200

const char *
sluice_worker_get_date (SluiceWorker *self)
{
  gint64 second = sluice_clock_real (self->shared.clock) / G_USEC_PER_SEC;
  g_autoptr (GDateTime) now = NULL;
  g_autofree char *text = NULL;

  if (second == self->date_second)
    return self->date;

  now = g_date_time_new_from_unix_utc (second);
  text = soup_date_time_to_string (now, SOUP_DATE_HTTP);
  g_strlcpy (self->date, text, sizeof self->date);
  self->date_second = second;
  return self->date;
}

static void
arm_tick (SluiceWorker *self)
{
  gboolean busy = self->exchanges.length > 0 || sluice_upstream_is_busy (self->upstream) || self->stop_deadline != 0;
  gint64 wait = busy ? TICK_BUSY_US : TICK_IDLE_US;
  gint64 due = g_get_monotonic_time () + wait;
  gint64 armed = g_source_get_ready_time (self->tick);

  if (!busy && g_hash_table_size (self->connections) == 0 && self->closed_since_trim < TRIM_AFTER)
    g_source_set_ready_time (self->tick, -1);
  else if (armed < 0 || armed > due)
    g_source_set_ready_time (self->tick, due);
}

/* The last answers are out and the ledger has called back for each row, or that takes too long. */
static gboolean
may_quit (SluiceWorker *self, gint64 now)
{
  if (now >= self->stop_deadline)
    sluice_exchanges_abort (&self->exchanges);
  return self->n_in_ledger == 0 && (self->exchanges.length == 0 || now >= self->stop_deadline);
}

static gboolean
on_tick (gpointer data)
{
  SluiceWorker *self = data;
  gint64 now = sluice_clock_monotonic (self->shared.clock);
  g_autoptr (GPtrArray) connections = g_ptr_array_new_with_free_func (g_object_unref);
  GHashTableIter iter;
  gpointer key;

  g_source_set_ready_time (self->tick, -1);
  /* a copy: some close meanwhile */
  g_hash_table_iter_init (&iter, self->connections);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    g_ptr_array_add (connections, g_object_ref (key));
  for (guint i = 0; i < connections->len; i++)
    {
      sluice_connection_tick (g_ptr_array_index (connections, i), now);
      if (self->draining)
        sluice_connection_close_if_idle (g_ptr_array_index (connections, i));
    }
  if (self->closed_since_trim >= TRIM_AFTER && self->exchanges.length == 0)
    {
      self->closed_since_trim = 0;
      malloc_trim (0);
    }
  if (self->stop_deadline != 0 && may_quit (self, now))
    {
      g_main_loop_quit (self->loop);
      return G_SOURCE_CONTINUE;
    }
  sluice_upstream_tick (self->upstream);
  sluice_exchanges_tick (&self->exchanges, now);
  arm_tick (self);
  return G_SOURCE_CONTINUE;
}

static gboolean
tick_dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  return callback (data);
}

static GSourceFuncs tick_funcs = { .dispatch = tick_dispatch };

/* It has said what it wants, or is gone. */
static void
forget_new (SluiceWorker *self, SluiceConnection *connection)
{
  if (g_hash_table_remove (self->new_connections, connection))
    g_atomic_int_dec_and_test (&self->n_new);
}

void
sluice_worker_begin_work (SluiceWorker *self)
{
  g_atomic_int_inc (&self->n_working);
  atomic_store (&self->last_work_us, sluice_clock_monotonic (self->shared.clock));
}

void
sluice_worker_end_work (SluiceWorker *self)
{
  /* in this order: who sees none under way sees when the last one ended */
  atomic_store (&self->last_work_us, sluice_clock_monotonic (self->shared.clock));
  g_atomic_int_dec_and_test (&self->n_working);
}

static void
on_closed (SluiceConnection *connection, gpointer data)
{
  SluiceWorker *self = data;

  g_hash_table_remove (self->connections, connection);
  forget_new (self, connection);
  self->closed_since_trim++;
  g_atomic_int_dec_and_test (&self->n_connections);
}

static void
on_got_headers (SoupServerMessage *message, gpointer data)
{
  SluiceWorker *self = data;
  SluiceConnection *connection = sluice_connection_from_address (soup_server_message_get_remote_address (message));

  sluice_exchange_begin (self, connection, message);
  /* after it, so that at each moment one of the two counts */
  forget_new (self, connection);
  arm_tick (self);
}

static void
on_request_started (SoupServer *server, SoupServerMessage *message, gpointer data)
{
  soup_message_body_set_accumulate (soup_server_message_get_request_body (message), FALSE);
  g_signal_connect (message, "got-headers", G_CALLBACK (on_got_headers), data);
}

typedef struct {
  SluiceWorker *worker;
  SluiceConnection *connection; /* (owned) */
} Handover;

static void
handover_free (gpointer data)
{
  Handover *handover = data;

  g_clear_object (&handover->connection);
  g_free (handover);
}

static void
take_in_thread (gpointer data)
{
  Handover *handover = data;
  SluiceWorker *self = handover->worker;
  SluiceConnection *connection = handover->connection;
  g_autoptr (GSocketAddress) remote = sluice_connection_dup_address (connection);
  g_autoptr (GSocketAddress) local = sluice_connection_dup_address (connection);

  if (self->draining
      || !sluice_connection_attach (connection, self->poller, self->shared.clock, self->snapshot->settings, on_closed,
                                    self))
    {
      g_atomic_int_dec_and_test (&self->n_connections);
      g_atomic_int_dec_and_test (&self->n_new);
    }
  else
    {
      g_hash_table_add (self->connections, connection);
      g_hash_table_add (self->new_connections, connection);
      arm_tick (self);
      soup_server_accept_iostream (self->server, G_IO_STREAM (connection), local, remote, NULL);
    }
  handover_free (handover);
}

void
sluice_worker_take (SluiceWorker *self, SluiceConnection *connection)
{
  Handover *handover = g_new (Handover, 1);

  *handover = (Handover){ self, connection };
  g_atomic_int_inc (&self->n_connections);
  g_atomic_int_inc (&self->n_new);
  sluice_inbox_push (self->inbox, take_in_thread, handover, handover_free);
}

/* libsoup keeps connections alive only if the server has a listener of its own (DESIGN 6): one that nobody can reach.
 * */
static gboolean
add_dummy_listener (SoupServer *server, GError **error)
{
  g_autofree char *directory = g_dir_make_tmp ("sluice-XXXXXX", error);
  g_autofree char *path = NULL;
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GSocket) socket = NULL;
  gboolean fine;

  if (directory == NULL)
    return FALSE;
  path = g_build_filename (directory, "dummy", NULL);
  address = g_unix_socket_address_new (path);
  socket = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, error);
  fine = socket != NULL && g_socket_bind (socket, address, FALSE, error) && g_socket_listen (socket, error)
         && soup_server_listen_socket (server, socket, 0, error);
  g_unlink (path);
  g_rmdir (directory);
  return fine;
}

static gboolean
worker_set_up (SluiceWorker *self, GError **error)
{
  self->poller = sluice_poller_new (self->context, error);
  if (self->poller == NULL)
    return FALSE;

  self->server = soup_server_new ("raw-paths", TRUE, NULL);
  if (!add_dummy_listener (self->server, error))
    return FALSE;
  g_signal_connect (self->server, "request-started", G_CALLBACK (on_request_started), self);
  self->upstream = sluice_upstream_new (self->shared.clock, self->poller);
  self->tick = g_source_new (&tick_funcs, sizeof (GSource));
  g_source_set_callback (self->tick, on_tick, self, NULL);
  g_source_attach (self->tick, self->context);
  return TRUE;
}

static void
worker_tear_down (SluiceWorker *self)
{
  if (self->tick != NULL)
    {
      g_source_destroy (self->tick);
      g_clear_pointer (&self->tick, g_source_unref);
    }
  sluice_inbox_close (self->inbox);
  if (self->server != NULL)
    soup_server_disconnect (self->server);
  g_clear_object (&self->server);
  while (g_main_context_iteration (self->context, FALSE))
    ;
  g_clear_pointer (&self->upstream, sluice_upstream_free);
  while (g_main_context_iteration (self->context, FALSE))
    ;
  g_clear_pointer (&self->poller, sluice_poller_free);
}

static gpointer
worker_main (gpointer data)
{
  SluiceWorker *self = data;
  gboolean fine;

  g_main_context_push_thread_default (self->context);
  fine = worker_set_up (self, &self->start_error);
  g_mutex_lock (&self->start_lock);
  self->started = TRUE;
  g_cond_signal (&self->start_cond);
  g_mutex_unlock (&self->start_lock);
  if (fine)
    g_main_loop_run (self->loop);
  worker_tear_down (self);
  g_main_context_pop_thread_default (self->context);
  return NULL;
}

static void
worker_free (SluiceWorker *self)
{
  g_clear_pointer (&self->inbox, sluice_inbox_unref);
  g_clear_pointer (&self->loop, g_main_loop_unref);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_pointer (&self->connections, g_hash_table_unref);
  g_clear_pointer (&self->new_connections, g_hash_table_unref);
  g_clear_pointer (&self->snapshot, sluice_snapshot_unref);
  g_clear_pointer (&self->metrics, sluice_metrics_table_free);
  g_mutex_clear (&self->start_lock);
  g_cond_clear (&self->start_cond);
  g_free (self);
}

SluiceWorker *
sluice_worker_new (guint index, SluiceSnapshot *snapshot, const SluiceWorkerShared *shared, GError **error)
{
  SluiceWorker *self = g_new0 (SluiceWorker, 1);
  g_autofree char *name = g_strdup_printf ("worker-%u", index);

  self->shared = *shared;
  self->snapshot = sluice_snapshot_ref (snapshot);
  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  self->inbox = sluice_inbox_new (self->context);
  self->connections = g_hash_table_new (NULL, NULL);
  self->new_connections = g_hash_table_new (NULL, NULL);
  self->metrics = sluice_metrics_table_new (TRUE);
  g_queue_init (&self->exchanges);
  g_mutex_init (&self->start_lock);
  g_cond_init (&self->start_cond);
  self->thread = g_thread_new (name, worker_main, self);

  g_mutex_lock (&self->start_lock);
  while (!self->started)
    g_cond_wait (&self->start_cond, &self->start_lock);
  g_mutex_unlock (&self->start_lock);
  if (self->start_error != NULL)
    {
      g_propagate_prefixed_error (error, self->start_error, "starting a worker: ");
      g_thread_join (self->thread);
      worker_free (self);
      return NULL;
    }
  sluice_metrics_join (shared->metrics, self->inbox, sluice_metrics_fill_share, self);
  return self;
}

guint
sluice_worker_get_n_connections (SluiceWorker *self)
{
  return (guint) g_atomic_int_get (&self->n_connections);
}

guint
sluice_worker_get_n_exchanges (SluiceWorker *self)
{
  return (guint) g_atomic_int_get (&self->n_exchanges);
}

void
sluice_worker_add_work (SluiceWorker *self, SluiceWork *work)
{
  /* new ones first: one that turns into a request meanwhile is seen at least once */
  work->n_new += (guint) g_atomic_int_get (&self->n_new);
  work->n_working += (guint) g_atomic_int_get (&self->n_working);
  work->last_work_us = MAX (work->last_work_us, atomic_load (&self->last_work_us));
}

typedef struct {
  SluiceWorker *worker;
  SluiceSnapshot *snapshot; /* (owned) */
} Swap;

static void
swap_free (gpointer data)
{
  Swap *swap = data;

  sluice_snapshot_unref (swap->snapshot);
  g_free (swap);
}

static void
swap_in_thread (gpointer data)
{
  Swap *swap = data;
  SluiceSnapshot *old = swap->worker->snapshot;

  swap->worker->snapshot = swap->snapshot;
  swap->snapshot = old;
  swap_free (swap);
}

void
sluice_worker_set_snapshot (SluiceWorker *self, SluiceSnapshot *snapshot)
{
  Swap *swap = g_new (Swap, 1);

  *swap = (Swap){ self, sluice_snapshot_ref (snapshot) };
  sluice_inbox_push (self->inbox, swap_in_thread, swap, swap_free);
}

static void
drain_in_thread (gpointer data)
{
  SluiceWorker *self = data;

  self->draining = TRUE;
  on_tick (self);
}

void
sluice_worker_drain (SluiceWorker *self)
{
  sluice_inbox_push (self->inbox, drain_in_thread, self, NULL);
}

static void
leave_cloud_in_thread (gpointer data)
{
  SluiceWorker *self = data;

  sluice_upstream_leave_cloud (self->upstream);
}

void
sluice_worker_leave_cloud (SluiceWorker *self)
{
  sluice_inbox_push (self->inbox, leave_cloud_in_thread, self, NULL);
}

static void
stop_in_thread (gpointer data)
{
  SluiceWorker *self = data;

  self->stop_deadline = sluice_clock_monotonic (self->shared.clock) + STOP_US;
  sluice_exchanges_shut_down (&self->exchanges);
  on_tick (self);
}

void
sluice_worker_stop (SluiceWorker *self)
{
  sluice_inbox_push (self->inbox, stop_in_thread, self, NULL);
  g_thread_join (self->thread);
  worker_free (self);
}
