/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "http/sluice-exchange-private.h"
#include "shared/sluice-error.h"

/* What an answer is reserved at when nobody says how long it may get. */
#define DEFAULT_OUTPUT_TOKENS 4096

static void next_attempt (SluiceExchange *self);

/* Members with which a request would choose where our keys go (reliability-and-security.md 1.6). */
static const char *const refused_members[] = { "api_key", "api_base", "base_url", "organization", "custom_llm_provider",
                                               "extra_headers" };

static gboolean
read_envelope (SluiceExchange *self, GError **error)
{
  SluiceJsonValue model = sluice_json_object_get (&self->request, "model");
  SluiceJsonValue options = sluice_json_object_get (&self->request, "stream_options");

  for (guint i = 0; i < G_N_ELEMENTS (refused_members); i++)
    {
      SluiceJsonType type = sluice_json_object_get (&self->request, refused_members[i]).type;

      if (type == SLUICE_JSON_NONE || type == SLUICE_JSON_NULL)
        continue;
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_INVALID_REQUEST,
                   "a request may not set '%s', it belongs into the configuration", refused_members[i]);
      return FALSE;
    }

  if (self->guard.path_model != NULL)
    self->model = g_strdup (self->guard.path_model);
  else if (model.type == SLUICE_JSON_STRING)
    self->model = sluice_json_dup_string (model);
  if (self->model == NULL || *self->model == '\0')
    {
      g_set_error_literal (error, SLUICE_ERROR, SLUICE_ERROR_MODEL_MISSING,
                           "the request names no model, set 'model' to one of /v1/models");
      return FALSE;
    }
  if (self->guard.route->operation != SLUICE_OPERATION_EMBEDDING)
    sluice_json_read_boolean (sluice_json_object_get (&self->request, "stream"), &self->stream);
  sluice_json_read_boolean (sluice_json_get (options, "include_usage"), &self->wants_usage);
  if (!sluice_json_read_int64 (sluice_json_object_get (&self->request, "max_completion_tokens"), &self->max_tokens))
    sluice_json_read_int64 (sluice_json_object_get (&self->request, "max_tokens"), &self->max_tokens);
  return TRUE;
}

/* Leaves the candidates that the account may use. */
static gboolean
keep_allowed (SluiceExchange *self, GError **error)
{
  for (guint i = self->plan->len; self->guard.identity.local_only && i > 0; i--)
    {
      if (!((SluiceDeployment *) g_ptr_array_index (self->plan, i - 1))->local)
        g_ptr_array_remove_index (self->plan, i - 1);
    }
  if (self->plan->len > 0)
    return TRUE;

  g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_FORBIDDEN,
               "'%.200s' can cost money, and without a key only local models may be used: set master_key and send it, "
               "or sluice_settings.keyless_cloud_access",
               self->model);
  return FALSE;
}

static void
open_record (SluiceExchange *self)
{
  SluiceExchangeRecord *record = sluice_exchange_record_new ();
  SluiceJsonValue user = sluice_json_object_get (&self->request, "user");

  self->record = record;
  record->id = sluice_ledger_next_id (self->worker->shared.ledger);
  record->request_id = g_strdup (self->request_id);
  record->call_id = g_strdup (self->guard.call_id);
  record->account_kind = SLUICE_SUBJECT_APPLICATION;
  record->account = g_strdup (self->guard.identity.account);
  record->customer = self->guard.customer != NULL ? g_strdup (self->guard.customer)
                     : user.length <= 130         ? sluice_json_dup_string (user)
                                                  : NULL;
  record->group = g_strdup (((SluiceDeployment *) g_ptr_array_index (self->plan, 0))->group);
  record->operation = g_strdup (sluice_operation_name (self->guard.route->operation));
  record->stream = self->stream;
  record->request_bytes = self->body->len;
  record->received_us = sluice_clock_real (self->worker->shared.clock) - (sluice_exchange_now (self) - self->t_begin);
}

void
sluice_exchange_admit (SluiceExchange *self)
{
  const char *text = self->body != NULL ? (const char *) self->body->data : "";
  gsize length = self->body != NULL ? self->body->len : 0;
  g_autoptr (GError) error = NULL;

  self->request_indexed = sluice_json_object_init (&self->request, text, length, SLUICE_JSON_FLAGS_NONE, &error);
  if (!self->request_indexed || !read_envelope (self, &error))
    {
      sluice_exchange_fail (self, error);
      return;
    }
  self->plan = sluice_router_plan (self->snapshot->router, self->model, &error);
  if (self->plan == NULL)
    {
      sluice_exchange_fail (self, error);
      return;
    }
  if (!keep_allowed (self, &error))
    {
      sluice_exchange_fail (self, error);
      return;
    }
  open_record (self);
  sluice_exchange_move_to (self, SLUICE_STAGE_ATTEMPTING);
  next_attempt (self);
}

static SluiceAttemptRecord *
open_attempt_record (SluiceExchange *self)
{
  const SluiceDeployment *deployment = self->deployment;
  SluiceAttemptRecord *record = sluice_attempt_record_new ();
  gint64 output = self->max_tokens >= 0                 ? self->max_tokens
                  : deployment->max_output_tokens >= 0 ? deployment->max_output_tokens
                                                       : DEFAULT_OUTPUT_TOKENS;

  if (self->guard.route->operation == SLUICE_OPERATION_EMBEDDING)
    output = 0;
  record->deployment = g_strdup (deployment->id);
  record->provider = g_strdup (deployment->provider->id);
  record->model = g_strdup (deployment->model);
  record->billable = !deployment->local;
  record->started_us = sluice_clock_real (self->worker->shared.clock);
  record->price_source = sluice_deployment_has_price (deployment) ? g_strdup ("config") : NULL;
  record->estimate_nano_usd
      = record->billable ? sluice_deployment_cost (deployment, (self->encoded_bytes + 2) / 3, output) : 0;
  g_ptr_array_add (self->record->attempts, record);
  return record;
}

static void
prepare_answer (SluiceExchange *self)
{
  const SluiceSettings *settings = self->snapshot->settings;

  self->answer.operation = self->guard.route->operation;
  self->answer.public_model = self->model;
  self->answer.answer_id = self->request_id;
  self->answer.created = sluice_clock_real (self->worker->shared.clock) / G_USEC_PER_SEC;
  self->answer.base64 = sluice_json_equals (sluice_json_object_get (&self->request, "encoding_format"), "base64");
  self->answer.max_line = (gsize) settings->max_stream_line_bytes;
  self->answer.max_event = (gsize) settings->max_stream_event_bytes;
}

/* Chooses the wire and writes the upstream's request. */
static GBytes *
encode (SluiceExchange *self, GError **error)
{
  const SluiceDeployment *deployment = self->deployment;
  /* the mock provider speaks OpenAI's form itself */
  const char *wire = sluice_deployment_is_mock (deployment) ? "openai" : deployment->provider->dialect;
  g_autofree SluiceDialectDefault *defaults = g_new (SluiceDialectDefault, deployment->n_defaults);
  SluiceDialectRequest request = {
    .operation = self->guard.route->operation,
    .request = &self->request,
    .model = deployment->model,
    .stream = self->stream,
    .defaults = defaults,
    .n_defaults = deployment->n_defaults,
  };

  self->dialect = sluice_dialect_find (wire);
  if (self->dialect == NULL || self->dialect->paths[request.operation] == NULL)
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_NOT_IMPLEMENTED, "the provider '%s' cannot be asked for %s yet",
                   deployment->provider->id, sluice_operation_name (request.operation));
      return NULL;
    }
  for (guint i = 0; i < deployment->n_defaults; i++)
    defaults[i] = (SluiceDialectDefault){ deployment->defaults[i].name, deployment->defaults[i].json };
  return self->dialect->encode_request (&request, error);
}

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

static const SluiceAttemptFuncs attempt_funcs = { on_answer, on_data, on_end };

static void
start_attempt (SluiceExchange *self)
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

static void
on_reserved (SluiceLedgerResult result, gpointer data)
{
  SluiceExchange *self = data;

  self->worker->n_in_ledger--;
  if (result == SLUICE_LEDGER_COMMITTED)
    self->attempt_record->reserved = TRUE;
  if (self->gone)
    {
      /* the row waits for this: nothing was sent */
      self->attempt_record->state = SLUICE_ATTEMPT_RELEASED;
      sluice_exchange_settle_late (self, self->answer_status, "client-gone");
    }
  else if (result == SLUICE_LEDGER_COMMITTED)
    {
      if (self->stream)
        sluice_exchange_pause_for_long (self);
      start_attempt (self);
    }
  else
    {
      g_autoptr (GError) error = g_error_new_literal (
          SLUICE_ERROR, SLUICE_ERROR_LEDGER_UNAVAILABLE,
          "a request that can cost money is not sent while the database cannot be written; local models still answer");
      g_autoptr (SluiceFault) fault = sluice_fault_new_from_error (error);

      g_ptr_array_set_size (self->record->attempts, (int) self->record->attempts->len - 1);
      self->attempt_record = NULL;
      g_clear_pointer (&self->record, sluice_exchange_record_free);
      sluice_exchange_fail_with (self, fault);
    }
  sluice_exchange_unref (self);
}

static void
next_attempt (SluiceExchange *self)
{
  g_autoptr (GError) error = NULL;

  self->deployment = g_ptr_array_index (self->plan, self->next++);
  g_clear_pointer (&self->attempt, sluice_attempt_unref);
  prepare_answer (self);
  if (self->deployment->local && !sluice_ledger_accepts_free (self->worker->shared.ledger))
    {
      g_set_error_literal (&error, SLUICE_ERROR, SLUICE_ERROR_LEDGER_UNAVAILABLE,
                           "the database cannot be written, and too many answers wait for it already");
      g_clear_pointer (&self->record, sluice_exchange_record_free);
      sluice_exchange_fail (self, error);
      return;
    }
  self->encoded = encode (self, &error);
  if (self->encoded == NULL)
    {
      sluice_exchange_fail (self, error);
      return;
    }
  self->encoded_bytes = (gint64) g_bytes_get_size (self->encoded);
  self->attempt_record = open_attempt_record (self);
  /* the original is needed again only for another candidate */
  if (self->next >= self->plan->len)
    sluice_exchange_drop_text (self);
  if (self->deployment->local)
    {
      start_attempt (self);
      return;
    }
  self->t_reserve = sluice_exchange_now (self);
  self->worker->n_in_ledger++;
  sluice_ledger_reserve (self->worker->shared.ledger, self->record, self->worker->inbox, on_reserved,
                         sluice_exchange_ref (self));
}

void
sluice_exchange_settle_attempt (SluiceExchange *self, SluiceAttemptState state, const char *word)
{
  SluiceAttemptRecord *record = self->attempt_record;
  SluiceUsage *usage = &self->usage;
  gint64 generated = self->decoder != NULL ? self->decoder->text_bytes : 0;

  if (record == NULL || record->state != SLUICE_ATTEMPT_OPEN)
    return;
  if (self->decoder != NULL && self->decoder->usage.present)
    *usage = self->decoder->usage;
  if (!usage->present && state == SLUICE_ATTEMPT_SETTLED)
    {
      usage->prompt_tokens = sluice_usage_estimate_tokens ((gsize) self->encoded_bytes);
      usage->completion_tokens = sluice_usage_estimate_tokens ((gsize) generated);
      usage->estimated = TRUE;
    }
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
sluice_exchange_attempt_failed (SluiceExchange *self,
                                SluiceFault *fault,
                                SluiceAttemptState state,
                                const char *word)
{
  g_autoptr (SluiceFault) owned = fault;

  sluice_exchange_settle_attempt (self, state, word);
  if (self->decoder != NULL)
    {
      self->decoder->dialect->stream_free (self->decoder);
      self->decoder = NULL;
    }
  memset (&self->usage, 0, sizeof self->usage);
  if (owned->retriable && self->next < self->plan->len && self->body != NULL)
    {
      if (self->attempt != NULL)
        sluice_attempt_cancel (self->attempt);
      next_attempt (self);
      return;
    }
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
      gboolean sent = self->attempt != NULL;

      sluice_exchange_settle_attempt (self, sent ? SLUICE_ATTEMPT_SETTLED : SLUICE_ATTEMPT_RELEASED, word);
      sluice_exchange_settle (self, status, word);
    }
  sluice_exchange_move_to (self, SLUICE_STAGE_ANSWERED);
  if (self->attempt != NULL)
    {
      sluice_attempt_cancel (self->attempt);
      g_clear_pointer (&self->attempt, sluice_attempt_unref);
    }
}
