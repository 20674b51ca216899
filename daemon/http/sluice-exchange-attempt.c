/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Door 6 (DESIGN 3): what comes of an attempt, and how it ends early.
 */
#include <string.h>

#include "http/sluice-exchange-private.h"
#include "secrets/sluice-secret.h"
#include "shared/sluice-error.h"

static const char *
fault_word (const SluiceFault *fault)
{
  return fault->status == 504 ? "upstream-timeout" : fault->status >= 500 ? "upstream-failed" : "upstream-refused";
}

static void
on_answer (SluiceAttempt *attempt, GBytes *body, gpointer data)
{
  SluiceExchange *self = data;
  g_autoptr (SluiceFault) fault = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) answer = NULL;
  guint status = sluice_attempt_get_status (attempt);
  gsize length;
  const char *bytes = g_bytes_get_data (body, &length);

  self->t_first = sluice_exchange_now (self);
  if (status >= 300 && status < 400)
    {
      g_set_error (&error, SLUICE_ERROR, SLUICE_ERROR_UPSTREAM_ANSWER,
                   "%s redirects to another address, which is never followed: correct api_base",
                   self->deployment->api_base);
      fault = sluice_fault_new_from_error (error);
    }
  else if (status < 200 || status >= 300)
    fault = sluice_fault_new_from_answer (status, bytes, length);
  else if (self->stream)
    {
      g_set_error_literal (&error, SLUICE_ERROR, SLUICE_ERROR_UPSTREAM_ANSWER,
                           "the upstream did not answer with a stream");
      fault = bytes != NULL && length > 0 && memmem (bytes, length, "\"error\"", 7) != NULL
                  ? sluice_fault_new_from_answer (502, bytes, length)
                  : sluice_fault_new_from_error (error);
    }
  else
    {
      answer = self->dialect->decode_answer (&self->answer, body, &self->usage, &fault, &error);
      if (answer == NULL && fault == NULL)
        fault = sluice_fault_new_from_error (error);
    }

  if (fault != NULL)
    {
      /* a 200 that makes no sense may have cost money, a refusal has not */
      gboolean billed = fault->billed || (status >= 200 && status < 300);
      const char *word = fault_word (fault);

      sluice_exchange_attempt_failed (self, g_steal_pointer (&fault),
                                      billed ? SLUICE_ATTEMPT_SETTLED : SLUICE_ATTEMPT_RELEASED, word);
      return;
    }
  sluice_exchange_settle_attempt (self, SLUICE_ATTEMPT_SETTLED, NULL);
  sluice_exchange_answer (self, 200, g_steal_pointer (&answer), NULL);
}

static void
on_data (SluiceAttempt *attempt, const char *bytes, gsize length, gpointer data)
{
  sluice_exchange_relay (data, bytes, length);
}

static void
on_end (SluiceAttempt *attempt, const GError *error, gpointer data)
{
  SluiceExchange *self = data;
  g_autoptr (SluiceFault) fault = NULL;
  gboolean sent;

  if (error == NULL || self->decoder != NULL)
    {
      sluice_exchange_relay_end (self, error);
      return;
    }
  fault = sluice_fault_new_from_error (error);
  /* what never reached the provider cannot have cost anything */
  sent = !g_error_matches (error, SLUICE_ERROR, SLUICE_ERROR_UPSTREAM_UNREACHABLE);
  sluice_exchange_attempt_failed (self, g_steal_pointer (&fault),
                                  sent ? SLUICE_ATTEMPT_SETTLED : SLUICE_ATTEMPT_RELEASED,
                                  sent ? "upstream-failed" : "upstream-unreachable");
}

static gboolean
on_room (SluiceAttempt *attempt, gsize bytes, gpointer data)
{
  return sluice_exchange_take_room (data, bytes);
}

static const SluiceAttemptFuncs attempt_funcs = { on_answer, on_data, on_end, on_room };

void
sluice_exchange_start_attempt (SluiceExchange *self)
{
  const SluiceSettings *settings = self->snapshot->settings;
  const SluiceDeployment *deployment = self->deployment;
  gboolean own_limit = self->stream && deployment->stream_timeout_ms > 0;
  gint64 total = own_limit ? deployment->stream_timeout_ms : deployment->timeout_ms;
  SluiceAttemptRequest request = {
    .deployment = sluice_deployment_ref (self->deployment),
    .operation = self->guard.route->operation,
    .path = self->dialect->paths[self->guard.route->operation],
    .body = g_steal_pointer (&self->encoded),
    .stream = self->stream,
    .connect_ms = settings->connect_timeout_ms,
    .first_byte_ms = settings->first_byte_timeout_ms,
    .idle_ms = settings->stream_idle_timeout_ms,
    .total_ms = total > 0 ? total : settings->total_timeout_ms,
    .max_answer_bytes = (gsize) settings->max_answer_bytes,
  };

  self->t_sent = sluice_exchange_now (self);
  self->attempt = sluice_attempt_start (self->worker->upstream, &request, &attempt_funcs, self);
}

void
sluice_exchange_settle_attempt (SluiceExchange *self, SluiceAttemptState state, const char *word)
{
  SluiceAttemptRecord *record = self->attempt_record;
  SluiceUsage *usage = &self->usage;
  gint64 generated = self->decoder != NULL ? self->decoder->text_bytes : usage->text_bytes;

  if (record == NULL || record->state != SLUICE_ATTEMPT_OPEN)
    return;
  if (self->decoder != NULL)
    *usage = self->decoder->usage;
  if (state == SLUICE_ATTEMPT_SETTLED)
    sluice_usage_estimate (usage, self->answer.request_bytes, (gsize) generated);
  record->state = state;
  record->error = g_strdup (word);
  record->finished_us = sluice_clock_real (self->worker->shared.clock);
  if (self->attempt != NULL)
    {
      record->status = sluice_attempt_get_status (self->attempt);
      record->resends = sluice_attempt_get_resends (self->attempt);
      record->first_byte_us = sluice_attempt_get_first_byte (self->attempt);
      self->record->first_byte_us = record->first_byte_us;
    }
  if (state == SLUICE_ATTEMPT_SETTLED)
    {
      record->estimated = usage->estimated;
      record->prompt_tokens = usage->prompt_tokens;
      record->completion_tokens = usage->completion_tokens;
      record->cached_tokens = usage->cached_tokens;
      record->cache_write_tokens = usage->cache_write_tokens;
      record->reasoning_tokens = usage->reasoning_tokens;
      record->audio_tokens = usage->audio_tokens;
      record->cost_nano_usd = sluice_deployment_cost (self->deployment, usage->prompt_tokens, usage->completion_tokens);
      self->cost_nano += record->cost_nano_usd;
    }
}

void
sluice_exchange_hide_key (SluiceExchange *self, SluiceFault *fault)
{
  const char *key = self->deployment != NULL ? self->deployment->api_key : NULL;

  sluice_secret_hide_in (&fault->message, key);
  sluice_secret_hide_in (&fault->type, key);
  sluice_secret_hide_in (&fault->code, key);
  sluice_secret_hide_in (&fault->param, key);
}

void
sluice_exchange_attempt_failed (SluiceExchange *self,
                                SluiceFault *fault,
                                SluiceAttemptState state,
                                const char *word)
{
  g_autoptr (SluiceFault) owned = fault;

  sluice_exchange_hide_key (self, owned);
  sluice_exchange_settle_attempt (self, state, word);
  if (self->decoder != NULL)
    {
      self->decoder->dialect->stream_free (self->decoder);
      self->decoder = NULL;
    }
  memset (&self->usage, 0, sizeof self->usage);
  /* what else comes of it belongs to no answer */
  if (self->attempt != NULL)
    sluice_attempt_cancel (self->attempt);
  sluice_exchange_drop_room (self);
  if (owned->retriable && sluice_exchange_try_next (self, NULL))
    return;
  sluice_exchange_fail_with (self, owned);
}

static gboolean
is_reserving (SluiceExchange *self)
{
  return self->attempt == NULL && self->attempt_record != NULL && self->attempt_record->billable
         && !self->attempt_record->reserved;
}

void
sluice_exchange_cut (SluiceExchange *self, const GError *error)
{
  if (self->stage >= SLUICE_STAGE_SETTLING)
    return;

  self->close_after = TRUE;
  if (self->record == NULL)
    {
      sluice_exchange_refuse (self, error);
      return;
    }
  if (is_reserving (self))
    {
      sluice_exchange_abandon (self, 503, "shutting-down");
      sluice_connection_abort (self->connection);
      return;
    }
  sluice_exchange_settle_attempt (self, SLUICE_ATTEMPT_SETTLED, "shutting-down");
  if (self->attempt != NULL)
    sluice_attempt_cancel (self->attempt);
  if (self->stage != SLUICE_STAGE_RELAYING)
    {
      sluice_exchange_fail (self, error);
      return;
    }
  self->stream_fault = sluice_fault_new_from_error (error);
  sluice_exchange_settle (self, 503, "shutting-down");
}

void
sluice_exchange_abandon (SluiceExchange *self, guint status, const char *word)
{
  gboolean reserving = is_reserving (self);

  if (self->stage >= SLUICE_STAGE_ANSWERED)
    return;

  self->gone = TRUE;
  self->answer_status = status;
  if (self->record == NULL || self->stage == SLUICE_STAGE_SETTLING || reserving)
    {
      /* no row, a row on its way, or one that on_reserved() will finish */
    }
  else
    {
      /* what never left cannot have cost anything */
      gboolean sent = self->attempt != NULL && sluice_attempt_is_sent (self->attempt);

      sluice_exchange_settle_attempt (self, sent ? SLUICE_ATTEMPT_SETTLED : SLUICE_ATTEMPT_RELEASED, word);
      sluice_exchange_settle (self, status, word);
    }
  sluice_exchange_move_to (self, SLUICE_STAGE_ANSWERED);
  sluice_exchange_drop_attempt (self);
}
