/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "http/sluice-exchange.h"

#include <string.h>

#include "http/sluice-exchange-private.h"
#include "ledger/sluice-request-id.h"
#include "shared/sluice-error.h"

/* What a chunked body takes of the budget at a time. */
#define CHUNKED_STEP (256 * 1024)

/* Bodies up to this size take nothing of the budget: large ones that wait are not to hold up every small question. */
#define SMALL_BODY (16 * 1024)

/* What libsoup hands out of a body at a time. */
#define BODY_PIECE (8 * 1024)

static void on_client_gone (gpointer data);
static void on_drained (gpointer data);
static void on_refused (const GError *error, gpointer data);

static const SluiceConnectionFuncs connection_funcs = { on_client_gone, on_drained, on_refused };

SluiceExchange *
sluice_exchange_ref (SluiceExchange *self)
{
  self->refs++;
  return self;
}

gint64
sluice_exchange_now (SluiceExchange *self)
{
  return sluice_clock_monotonic (self->worker->shared.clock);
}

void
sluice_exchange_move_to (SluiceExchange *self, SluiceStage stage)
{
  g_assert (sluice_stage_allows (self->stage, stage));
  self->stage = stage;
}

void
sluice_exchange_drop_text (SluiceExchange *self)
{
  if (self->request_indexed)
    sluice_json_object_clear (&self->request);
  self->request_indexed = FALSE;
  g_clear_pointer (&self->body, g_byte_array_unref);
}

void
sluice_exchange_drop_attempt (SluiceExchange *self)
{
  if (self->attempt == NULL)
    return;

  sluice_attempt_cancel (self->attempt);
  g_clear_pointer (&self->attempt, sluice_attempt_unref);
}

void
sluice_exchange_drop_body (SluiceExchange *self)
{
  sluice_exchange_drop_text (self);
  if (self->budget_held > 0)
    sluice_body_budget_give (self->worker->shared.budget, self->budget_held);
  self->budget_held = 0;
}

void
sluice_exchange_unref (SluiceExchange *self)
{
  if (--self->refs > 0)
    return;

  g_assert (self->attempt == NULL && self->room_asked == 0);
  sluice_exchange_drop_room (self);
  sluice_exchange_drop_body (self);
  sluice_guard_result_clear (&self->guard);
  if (self->decoder != NULL)
    self->decoder->dialect->stream_free (self->decoder);
  g_clear_pointer (&self->stream_fault, sluice_fault_free);
  g_clear_pointer (&self->plan, g_ptr_array_unref);
  g_clear_pointer (&self->encoded, g_bytes_unref);
  g_clear_pointer (&self->answer_body, g_bytes_unref);
  g_clear_pointer (&self->batch, g_byte_array_unref);
  g_clear_pointer (&self->record, sluice_exchange_record_free);
  g_free (self->model);
  g_free (self->request_id);
  g_object_unref (self->message);
  g_object_unref (self->connection);
  sluice_snapshot_unref (self->snapshot);
  g_free (self);
}

static void
pause_message (SluiceExchange *self)
{
  if (!self->message_paused)
    soup_server_message_pause (self->message);
  self->message_paused = TRUE;
}

static void
unpause_message (SluiceExchange *self)
{
  if (self->message_paused)
    soup_server_message_unpause (self->message);
  self->message_paused = FALSE;
}

/*
 * A message paused from within libsoup's own reading, as ours are, keeps a source that the loop asks in each
 * turn whether the pause is over: with a thousand streams that is most of what an event costs. Paused again
 * from outside there is none.
 */
void
sluice_exchange_pause_for_long (SluiceExchange *self)
{
  if (!self->message_paused)
    return;
  soup_server_message_unpause (self->message);
  soup_server_message_pause (self->message);
}

static void
on_budget_given (gpointer data)
{
  SluiceExchange *self = data;

  self->budget_held += self->budget_asked;
  self->budget_asked = 0;
  if (self->stage == SLUICE_STAGE_READING)
    {
      sluice_connection_set_reading_body (self->connection, TRUE);
      unpause_message (self);
    }
  sluice_exchange_unref (self);
}

/* Makes room for @bytes of body in all; pauses reading until there is. */
static void
ensure_budget (SluiceExchange *self, gsize bytes)
{
  gsize more;

  if (bytes <= self->budget_held || self->budget_asked > 0)
    return;

  more = bytes - self->budget_held;
  self->budget_asked = more;
  sluice_exchange_ref (self);
  if (sluice_body_budget_take (self->worker->shared.budget, more, self->worker->inbox, on_budget_given, self))
    {
      self->budget_held += more;
      self->budget_asked = 0;
      sluice_exchange_unref (self);
      return;
    }
  self->budget_deadline = sluice_exchange_now (self) + self->snapshot->settings->body_budget_wait_ms * 1000;
  sluice_connection_set_reading_body (self->connection, FALSE);
  pause_message (self);
}

static void
leave_budget_line (SluiceExchange *self)
{
  if (self->budget_asked == 0 || !sluice_body_budget_leave (self->worker->shared.budget, self))
    return; /* not waiting, or the call is on its way and will give back */
  self->budget_asked = 0;
  sluice_exchange_unref (self);
}

static void
on_got_chunk (SoupServerMessage *message, GBytes *chunk, gpointer data)
{
  SluiceExchange *self = data;
  gsize length;
  const guint8 *bytes = g_bytes_get_data (chunk, &length);
  gsize total = (self->body != NULL ? self->body->len : 0) + length;

  if (self->stage != SLUICE_STAGE_READING)
    return;
  if (total > (gsize) self->snapshot->settings->max_body_bytes)
    {
      g_autoptr (GError) error = g_error_new (SLUICE_ERROR, SLUICE_ERROR_BODY_TOO_LARGE,
                                              "the body has more than %" G_GINT64_FORMAT
                                              " bytes (sluice_settings.max_body_bytes)",
                                              self->snapshot->settings->max_body_bytes);

      sluice_exchange_refuse (self, error);
      return;
    }
  if (self->body == NULL)
    self->body = g_byte_array_sized_new ((guint) (self->guard.length > 0 ? self->guard.length : (gint64) length));
  g_byte_array_append (self->body, bytes, (guint) length);
  if (self->guard.length < 0 && total + BODY_PIECE > self->budget_held)
    ensure_budget (self, self->budget_held + CHUNKED_STEP);
}

static void
on_got_body (SoupServerMessage *message, gpointer data)
{
  SluiceExchange *self = data;

  sluice_connection_set_reading_body (self->connection, FALSE);
  if (self->stage != SLUICE_STAGE_READING)
    return;

  sluice_exchange_move_to (self, SLUICE_STAGE_PLANNING);
  self->t_read = sluice_exchange_now (self);
  leave_budget_line (self);
  pause_message (self);
  if (self->guard.preflight || self->guard.route->kind != SLUICE_ROUTE_INFERENCE)
    sluice_exchange_inform (self);
  else
    sluice_exchange_admit (self);
}

static void
on_finished (SoupServerMessage *message, gpointer data)
{
  SluiceExchange *self = data;

  g_signal_handlers_disconnect_by_data (message, self);
  self->message_paused = FALSE;
  if (self->stage < SLUICE_STAGE_ANSWERED)
    sluice_exchange_abandon (self, 499, "client-gone");
  if (self->stage < SLUICE_STAGE_RELEASED)
    sluice_exchange_move_to (self, SLUICE_STAGE_RELEASED);
  leave_budget_line (self);
  sluice_exchange_drop_room (self);
  sluice_exchange_drop_body (self);
  sluice_connection_end (self->connection);
  g_queue_unlink (&self->worker->exchanges, &self->link);
  g_atomic_int_dec_and_test (&self->worker->n_exchanges);
  if (self->is_work)
    sluice_worker_end_work (self->worker);
  sluice_exchange_unref (self);
}

static void
on_client_gone (gpointer data)
{
  SluiceExchange *self = data;

  sluice_exchange_ref (self);
  if (self->stage < SLUICE_STAGE_ANSWERED)
    sluice_exchange_abandon (self, 499, "client-gone");
  leave_budget_line (self);
  sluice_exchange_release (self);
  sluice_exchange_unref (self);
}

static void
on_drained (gpointer data)
{
  SluiceExchange *self = data;

  sluice_exchange_ref (self);
  sluice_exchange_drained (self);
  if (self->stage >= SLUICE_STAGE_ANSWERED && sluice_connection_get_queued (self->connection) == 0)
    sluice_exchange_release (self);
  sluice_exchange_unref (self);
}

static void
on_refused (const GError *error, gpointer data)
{
  SluiceExchange *self = data;

  sluice_exchange_ref (self);
  leave_budget_line (self);
  sluice_exchange_refuse (self, error);
  sluice_exchange_unref (self);
}

/* Whether the connection ends with this request. libsoup is told the same. */
static gboolean
decide_close (SluiceExchange *self)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (self->message);

  self->http10 = soup_server_message_get_http_version (self->message) == SOUP_HTTP_1_0;
  return self->http10 || self->worker->draining || soup_message_headers_get_encoding (headers) == SOUP_ENCODING_CHUNKED
         || soup_message_headers_header_contains (headers, "Connection", "close")
         || soup_message_headers_get_one (headers, "Upgrade") != NULL;
}

void
sluice_exchange_begin (SluiceWorker *worker, SluiceConnection *connection, SoupServerMessage *message)
{
  SluiceExchange *self = g_new0 (SluiceExchange, 1);
  g_autoptr (GError) error = NULL;

  self->refs = 1;
  self->link.data = self;
  self->worker = worker;
  self->message = g_object_ref (message);
  self->connection = g_object_ref (connection);
  self->snapshot = sluice_snapshot_ref (worker->snapshot);
  self->max_tokens = -1;
  self->t_begin = sluice_exchange_now (self);
  self->request_id = sluice_request_id_new (sluice_clock_real (worker->shared.clock));
  self->close_after = decide_close (self);
  g_queue_push_tail_link (&worker->exchanges, &self->link);
  g_atomic_int_inc (&worker->n_exchanges);
  g_signal_connect (message, "got-chunk", G_CALLBACK (on_got_chunk), self);
  g_signal_connect (message, "got-body", G_CALLBACK (on_got_body), self);
  g_signal_connect (message, "finished", G_CALLBACK (on_finished), self);
  sluice_connection_begin (connection, &connection_funcs, self);

  if (!sluice_guard_check (message, sluice_connection_get_peer (connection), self->snapshot, &self->guard, &error))
    {
      sluice_exchange_refuse (self, error);
      return;
    }
  if (self->guard.preflight || !sluice_route_is_probe (self->guard.route))
    {
      self->is_work = TRUE;
      sluice_worker_begin_work (worker);
    }
  soup_message_headers_remove (soup_server_message_get_request_headers (message), "Range");
  if (self->guard.length != 0)
    {
      sluice_connection_set_reading_body (connection, TRUE);
      if (self->guard.length > SMALL_BODY || self->guard.length < 0)
        ensure_budget (self, self->guard.length > 0 ? (gsize) self->guard.length : CHUNKED_STEP);
    }
  sluice_connection_check_hung_up (connection);
}

void
sluice_exchanges_tick (GQueue *exchanges, gint64 now)
{
  GList *next;

  for (GList *link = exchanges->head; link != NULL; link = next)
    {
      SluiceExchange *self = link->data;
      g_autoptr (GError) error = NULL;

      next = link->next;
      sluice_exchange_check_room (self, now);
      if (self->budget_asked == 0 || now < self->budget_deadline || self->stage != SLUICE_STAGE_READING)
        continue;
      g_set_error (&error, SLUICE_ERROR, SLUICE_ERROR_OVERLOADED,
                   "too many large requests are under way (sluice_settings.body_budget_bytes)");
      leave_budget_line (self);
      sluice_exchange_refuse (self, error);
    }
}

void
sluice_exchanges_shut_down (GQueue *exchanges)
{
  g_autoptr (GError) error = g_error_new_literal (SLUICE_ERROR, SLUICE_ERROR_SHUTTING_DOWN,
                                                  "the gateway is shutting down, try again in a moment");
  GList *next;

  for (GList *link = exchanges->head; link != NULL; link = next)
    {
      SluiceExchange *self = link->data;

      next = link->next;
      sluice_exchange_ref (self);
      leave_budget_line (self);
      sluice_exchange_cut (self, error);
      sluice_exchange_unref (self);
    }
}

void
sluice_exchanges_abort (GQueue *exchanges)
{
  GList *next;

  for (GList *link = exchanges->head; link != NULL; link = next)
    {
      SluiceExchange *self = link->data;

      next = link->next;
      sluice_connection_abort (self->connection);
    }
}
