/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The fast relay (DESIGN 6): what one read of the upstream yields is decoded, framed into one batch and sent with one
 * call.
 */
#include <string.h>

#include "http/sluice-exchange-private.h"
#include "shared/sluice-error.h"

/* Room at the front of a batch for the size line of its chunk: 8 digits, CR, LF. */
#define SIZE_LINE 10

static void
on_event (SluiceStreamEvent event, const char *payload, gsize length, gpointer data)
{
  SluiceExchange *self = data;

  switch (event)
    {
    case SLUICE_STREAM_USAGE:
      if (!self->wants_usage)
        return;
      G_GNUC_FALLTHROUGH;
    case SLUICE_STREAM_CHUNK:
      g_byte_array_append (self->batch, (const guint8 *) "data: ", 6);
      g_byte_array_append (self->batch, (const guint8 *) payload, (guint) length);
      g_byte_array_append (self->batch, (const guint8 *) "\n\n", 2);
      return;
    case SLUICE_STREAM_DONE:
    case SLUICE_STREAM_FAULT:
      return; /* the decoder keeps both */
    default:
      g_assert_not_reached ();
    }
}

static void
begin_batch (SluiceExchange *self)
{
  if (self->batch == NULL)
    self->batch = g_byte_array_sized_new (1024);
  g_byte_array_set_size (self->batch, self->http10 ? 0 : SIZE_LINE);
}

/* Sends the head, with the first @length bytes of the stream in the same packet; no other attempt can follow. */
static void
send_head (SluiceExchange *self, const char *bytes, gsize length)
{
  g_autoptr (GString) head = g_string_sized_new (1024);

  /* as far as it can be known now */
  self->pending = sluice_ledger_get_state (self->worker->shared.ledger) != SLUICE_LEDGER_OK;
  sluice_exchange_append_head (self, head, 200, "text/event-stream; charset=utf-8", -1);
  g_string_append (head, "\r\n");
  sluice_exchange_move_to (self, SLUICE_STAGE_RELAYING);
  sluice_exchange_drop_body (self);
  sluice_exchange_pause_for_long (self);
  sluice_connection_send2 (self->connection, head->str, head->len, bytes, length);
}

/* Sends the batch, with the head in front of the first one. */
static void
send_batch (SluiceExchange *self)
{
  gsize offset = self->http10 ? 0 : SIZE_LINE;
  gsize length = self->batch->len - offset;

  if (length == 0)
    return;
  if (!self->http10)
    {
      char size[SIZE_LINE + 1];

      /* leading zeros are legal and keep the room fixed */
      g_snprintf (size, sizeof size, "%08x\r\n", (guint) length);
      memcpy (self->batch->data, size, SIZE_LINE);
      g_byte_array_append (self->batch, (const guint8 *) "\r\n", 2);
    }
  self->record->response_bytes += (gint64) length;
  if (self->stage == SLUICE_STAGE_RELAYING)
    sluice_connection_send (self->connection, (const char *) self->batch->data, self->batch->len);
  else
    send_head (self, (const char *) self->batch->data, self->batch->len);
}

/* The stream is at its end, good or bad: the row first, then the tail. Takes @fault over. */
static void
end_stream (SluiceExchange *self, SluiceFault *fault)
{
  g_autoptr (SluiceFault) owned = fault;
  const char *word = fault == NULL ? NULL : "upstream-failed";

  if (owned != NULL)
    sluice_exchange_hide_key (self, owned);
  if (owned != NULL && self->stage != SLUICE_STAGE_RELAYING)
    {
      /* nothing has been sent: an error like any other, and another candidate may do better */
      gboolean generated = self->decoder->text_bytes > 0 || self->decoder->usage.present;

      sluice_exchange_attempt_failed (self, g_steal_pointer (&owned),
                                      generated || self->deployment->local == FALSE ? SLUICE_ATTEMPT_SETTLED
                                                                                    : SLUICE_ATTEMPT_RELEASED,
                                      word);
      return;
    }
  if (self->stage != SLUICE_STAGE_RELAYING)
    send_head (self, NULL, 0); /* an empty but whole stream */
  if (self->stage != SLUICE_STAGE_RELAYING)
    return; /* the client was gone, and the row with it */
  sluice_exchange_settle_attempt (self, SLUICE_ATTEMPT_SETTLED, word);
  self->stream_fault = g_steal_pointer (&owned);
  sluice_exchange_settle (self, self->stream_fault != NULL ? self->stream_fault->status : 200, word);
}

static SluiceFault *
take_fault (SluiceExchange *self, const GError *error)
{
  if (self->decoder->fault != NULL)
    return g_steal_pointer (&self->decoder->fault);
  return error != NULL ? sluice_fault_new_from_error (error) : NULL;
}

void
sluice_exchange_relay (SluiceExchange *self, const char *bytes, gsize length)
{
  g_autoptr (GError) error = NULL;
  gboolean fine;

  if (self->stage >= SLUICE_STAGE_SETTLING)
    return;

  sluice_exchange_ref (self);
  if (self->decoder == NULL)
    {
      self->t_first = sluice_exchange_now (self);
      self->decoder = self->dialect->stream_new (&self->answer);
    }
  begin_batch (self);
  fine = self->dialect->stream_push (self->decoder, bytes, length, on_event, self, &error);
  if (self->decoder->fault == NULL || self->stage == SLUICE_STAGE_RELAYING)
    send_batch (self);
  /* sending may have shown that the client is gone */
  if (self->stage < SLUICE_STAGE_SETTLING)
    {
      if (!fine || self->decoder->done || self->decoder->fault != NULL)
        end_stream (self, take_fault (self, error));
      else if (sluice_connection_get_queued (self->connection) > SLUICE_CONNECTION_HIGH_WATER && self->attempt != NULL)
        sluice_attempt_pause (self->attempt);
    }
  sluice_exchange_unref (self);
}

void
sluice_exchange_relay_end (SluiceExchange *self, const GError *error)
{
  g_autoptr (GError) cut = NULL;

  if (self->stage >= SLUICE_STAGE_SETTLING)
    return;

  sluice_exchange_ref (self);
  if (self->decoder == NULL)
    self->decoder = self->dialect->stream_new (&self->answer);
  begin_batch (self);
  if (error == NULL && !self->dialect->stream_end (self->decoder, on_event, self, &cut))
    error = cut;
  send_batch (self);
  if (self->stage < SLUICE_STAGE_SETTLING)
    end_stream (self, take_fault (self, error));
  sluice_exchange_unref (self);
}

void
sluice_exchange_drained (SluiceExchange *self)
{
  if (self->attempt != NULL && sluice_connection_get_queued (self->connection) < SLUICE_CONNECTION_LOW_WATER)
    sluice_attempt_resume (self->attempt);
}
