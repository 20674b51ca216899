/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Doors 3 to 5 and the way into 6 (DESIGN 3): what the body says, who may ask whom, the candidates in order, and the
 * reservation of the next one.
 */
#include <string.h>

#include "http/sluice-exchange-private.h"
#include "http/sluice-metrics-exchange.h"
#include "router/sluice-cloud-policy.h"
#include "shared/sluice-error.h"

/* What an answer is reserved at when nobody says how long it may get. */
#define DEFAULT_OUTPUT_TOKENS 4096

/* Members with which a request would choose where our keys go (reliability-and-security.md 1.6). */
static const char *const refused_members[] = { "api_key", "api_base", "base_url", "organization", "custom_llm_provider",
                                               "extra_headers" };

static gboolean
read_envelope (SluiceExchange *self, GError **error)
{
  SluiceJsonValue model = sluice_json_object_get (&self->request, "model");
  SluiceJsonValue stream = sluice_json_object_get (&self->request, "stream");
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
  /* an upstream may take 1 or "true" for true: then the answer would not be what it is read as */
  if (stream.type != SLUICE_JSON_NONE && stream.type != SLUICE_JSON_NULL
      && !sluice_json_read_boolean (stream, &self->stream))
    {
      g_set_error_literal (error, SLUICE_ERROR, SLUICE_ERROR_INVALID_REQUEST, "'stream' takes true or false");
      return FALSE;
    }
  if (self->guard.route->operation == SLUICE_OPERATION_EMBEDDING)
    self->stream = FALSE;
  sluice_json_read_boolean (sluice_json_get (options, "include_usage"), &self->wants_usage);
  if (!sluice_json_read_int64 (sluice_json_object_get (&self->request, "max_completion_tokens"), &self->max_tokens))
    sluice_json_read_int64 (sluice_json_object_get (&self->request, "max_tokens"), &self->max_tokens);
  /* the estimate is made from it: more than anything can answer is no estimate */
  self->max_tokens = MIN (self->max_tokens, SLUICE_USAGE_MAX);
  return TRUE;
}

/* The wire for @deployment; %NULL if there is none yet for what is asked. */
static const SluiceDialect *
find_dialect (SluiceExchange *self, const SluiceDeployment *deployment, GError **error)
{
  SluiceOperation operation = self->guard.route->operation;
  /* the mock provider speaks OpenAI's form itself */
  const char *wire = sluice_deployment_is_mock (deployment) ? "openai" : deployment->provider->dialect;
  const SluiceDialect *dialect = sluice_dialect_find (wire);

  if (dialect != NULL && dialect->paths[operation] != NULL)
    return dialect;

  g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_NOT_IMPLEMENTED, "the provider '%s' cannot be asked for %s yet",
               deployment->provider->id, sluice_operation_name (operation));
  return NULL;
}

static void
ask_for_lists (SluiceUnlistedCall *call)
{
  if (call->inbox != NULL && g_atomic_int_compare_and_exchange (&call->asked, FALSE, TRUE))
    sluice_inbox_push (call->inbox, call->func, call->data, NULL);
}

/* A model may move from here to there while we run: what a list said is believed for some seconds. */
static void
ask_if_stale (SluiceExchange *self)
{
  SluiceUnlistedCall *call = self->worker->shared.unlisted;

  if (sluice_exchange_now (self) >= atomic_load_explicit (&call->stale_us, memory_order_relaxed))
    ask_for_lists (call);
}

/*
 * Whether @deployment may be asked at this moment: the one place that everything passes that leaves this machine. Each
 * refusal is an error that the client can act on.
 */
static gboolean
may_ask (SluiceExchange *self, const SluiceDeployment *deployment, GError **error)
{
  SluiceCloudPolicy policy = (SluiceCloudPolicy) g_atomic_int_get (self->worker->shared.cloud_policy);
  const char *budget = sluice_config_get_unenforced_budget (self->snapshot->config);
  g_autoptr (GError) reason = NULL;

  if (policy == SLUICE_CLOUD_OFF && deployment->listed)
    ask_if_stale (self);
  if (deployment->local && !deployment->unlisted)
    return TRUE;
  if (!deployment->local && self->guard.identity.local_only)
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_FORBIDDEN,
                   "'%.200s' can cost money, and without a key only local models may be used: set master_key and send "
                   "it, or sluice_settings.keyless_cloud_access",
                   self->model);
      return FALSE;
    }
  if (!deployment->local && budget != NULL)
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_BUDGET_UNENFORCED,
                   "'%.200s' can cost money, and the budget %s is not enforced yet: remove it from the configuration "
                   "to use paid models without a limit",
                   self->model, budget);
      return FALSE;
    }
  if (sluice_cloud_policy_allows (policy, deployment, self->cloud_chosen, &reason))
    return TRUE;
  if (g_error_matches (reason, SLUICE_ERROR, SLUICE_ERROR_UNLISTED))
    ask_for_lists (self->worker->shared.unlisted);
  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}

/* Whether what was asked for is already the cloud (DESIGN 7): nothing local is among it, or the client chose. */
static gboolean
chooses_cloud (SluiceExchange *self, gboolean names_group)
{
  for (guint i = 0; names_group && i < self->plan->len; i++)
    {
      if (((SluiceDeployment *) g_ptr_array_index (self->plan, i))->local)
        return FALSE;
    }
  return TRUE;
}

/* Leaves the candidates that may be asked and whose wire is there. The last reason against one that was left out is the
 * error, but that a wire is missing only if there is no other reason. */
static gboolean
keep_allowed (SluiceExchange *self, gboolean names_group, GError **error)
{
  g_autoptr (GError) reason = NULL;

  self->cloud_chosen = chooses_cloud (self, names_group);
  for (guint i = self->plan->len; i > 0; i--)
    {
      const SluiceDeployment *deployment = g_ptr_array_index (self->plan, i - 1);
      g_autoptr (GError) against = NULL;

      if (may_ask (self, deployment, &against) && find_dialect (self, deployment, &against) != NULL)
        continue;
      g_ptr_array_remove_index (self->plan, i - 1);
      if (reason != NULL && against->code == SLUICE_ERROR_NOT_IMPLEMENTED)
        continue;
      g_clear_error (&reason);
      reason = g_steal_pointer (&against);
    }
  if (self->plan->len > 0)
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&reason));
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
  if (record->billable)
    record->estimate_nano_usd = sluice_deployment_cost (
        deployment, sluice_usage_estimate_tokens (self->answer.request_bytes), output);
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
  self->answer.no_output = self->max_tokens == 0;
  self->answer.max_line = (gsize) settings->max_stream_line_bytes;
  self->answer.max_event = (gsize) settings->max_stream_event_bytes;
}

/* Writes the upstream's request in the wire of the deployment. */
static GBytes *
encode (SluiceExchange *self, GError **error)
{
  const SluiceDeployment *deployment = self->deployment;
  g_autofree SluiceDialectDefault *defaults = g_new (SluiceDialectDefault, deployment->n_defaults);
  SluiceDialectRequest request = {
    .operation = self->guard.route->operation,
    .request = &self->request,
    .model = deployment->model,
    .stream = self->stream,
    .defaults = defaults,
    .n_defaults = deployment->n_defaults,
  };

  for (guint i = 0; i < deployment->n_defaults; i++)
    defaults[i] = (SluiceDialectDefault){ deployment->defaults[i].name, deployment->defaults[i].json };
  return self->dialect->encode_request (&request, error);
}

/* No candidate is left, and none that was sent says why: without a row if the ledger cannot keep it. */
static void
give_up (SluiceExchange *self, const GError *error)
{
  if (self->record->attempts->len == 0 && g_error_matches (error, SLUICE_ERROR, SLUICE_ERROR_LEDGER_UNAVAILABLE))
    g_clear_pointer (&self->record, sluice_exchange_record_free);
  sluice_exchange_fail (self, error);
}

/* What was allowed when it was reserved is not any more, and nothing has been sent. */
static void
release_reserved (SluiceExchange *self, const GError *error)
{
  g_autoptr (SluiceFault) fault = sluice_fault_new_from_error (error);

  g_clear_pointer (&self->encoded, g_bytes_unref);
  fault->retriable = TRUE;
  sluice_exchange_attempt_failed (self, g_steal_pointer (&fault), SLUICE_ATTEMPT_RELEASED, "not-allowed");
}

static void
on_reserved (SluiceLedgerResult result, gpointer data)
{
  SluiceExchange *self = data;
  g_autoptr (GError) error = NULL;

  self->worker->n_in_ledger--;
  if (result == SLUICE_LEDGER_COMMITTED)
    self->attempt_record->reserved = TRUE;
  if (self->gone)
    {
      /* the row waits for this: nothing was sent */
      self->attempt_record->state = SLUICE_ATTEMPT_RELEASED;
      sluice_exchange_settle_late (self, self->answer_status, "client-gone");
    }
  else if (result == SLUICE_LEDGER_COMMITTED && !may_ask (self, self->deployment, &error))
    release_reserved (self, error);
  else if (result == SLUICE_LEDGER_COMMITTED)
    {
      if (self->stream)
        sluice_exchange_pause_for_long (self);
      sluice_exchange_start_attempt (self);
    }
  else
    {
      /* free candidates may still answer */
      g_ptr_array_set_size (self->record->attempts, (int) self->record->attempts->len - 1);
      self->attempt_record = NULL;
      g_clear_pointer (&self->encoded, g_bytes_unref);
      g_set_error_literal (
          &error, SLUICE_ERROR, SLUICE_ERROR_LEDGER_UNAVAILABLE,
          "a request that can cost money is not sent while the database cannot be written; local models still answer");
      if (!sluice_exchange_try_next (self, NULL))
        give_up (self, error);
    }
  sluice_exchange_unref (self);
}

/* Takes the candidate, unless it may not be asked any more, or cannot. */
static gboolean
take_candidate (SluiceExchange *self, SluiceDeployment *deployment, GError **error)
{
  const SluiceDialect *dialect;

  if (!may_ask (self, deployment, error))
    return FALSE;
  if (deployment->local && !sluice_ledger_accepts_free (self->worker->shared.ledger))
    {
      g_set_error_literal (error, SLUICE_ERROR, SLUICE_ERROR_LEDGER_UNAVAILABLE,
                           "the database cannot be written, and too many answers wait for it already");
      return FALSE;
    }
  dialect = find_dialect (self, deployment, error);
  if (dialect == NULL)
    return FALSE;

  self->deployment = deployment;
  self->dialect = dialect;
  prepare_answer (self);
  self->encoded = encode (self, error);
  return self->encoded != NULL;
}

gboolean
sluice_exchange_try_next (SluiceExchange *self, GError **error)
{
  g_autoptr (GError) reason = NULL;

  while (self->next < self->plan->len && self->request_indexed && self->encoded == NULL)
    {
      g_autoptr (GError) against = NULL;

      if (!take_candidate (self, g_ptr_array_index (self->plan, self->next++), &against) && reason == NULL)
        reason = g_steal_pointer (&against);
    }
  if (self->encoded == NULL)
    {
      if (reason != NULL)
        g_propagate_error (error, g_steal_pointer (&reason));
      return FALSE;
    }

  g_clear_pointer (&self->attempt, sluice_attempt_unref);
  self->answer.request_bytes = g_bytes_get_size (self->encoded);
  self->attempt_record = open_attempt_record (self);
  /* the original is needed again only for another candidate */
  if (self->next >= self->plan->len)
    sluice_exchange_drop_text (self);
  if (self->deployment->local)
    {
      sluice_exchange_start_attempt (self);
      return TRUE;
    }
  self->t_reserve = sluice_exchange_now (self);
  self->worker->n_in_ledger++;
  sluice_ledger_reserve (self->worker->shared.ledger, self->record, self->worker->inbox, on_reserved,
                         sluice_exchange_ref (self));
  return TRUE;
}

void
sluice_exchange_admit (SluiceExchange *self)
{
  const char *text = self->body != NULL ? (const char *) self->body->data : "";
  gsize length = self->body != NULL ? self->body->len : 0;
  gboolean names_group = FALSE;
  g_autoptr (GError) error = NULL;

  self->request_indexed = sluice_json_object_init (&self->request, text, length, SLUICE_JSON_FLAGS_NONE, &error);
  if (!self->request_indexed || !read_envelope (self, &error))
    {
      sluice_exchange_fail (self, error);
      return;
    }
  self->plan = sluice_router_plan (self->snapshot->router, self->model, &names_group, &error);
  if (self->plan == NULL)
    {
      sluice_exchange_fail (self, error);
      return;
    }
  if (!keep_allowed (self, names_group, &error))
    {
      sluice_exchange_fail (self, error);
      return;
    }
  sluice_metrics_note_plan (self);
  open_record (self);
  sluice_exchange_move_to (self, SLUICE_STAGE_ATTEMPTING);
  if (!sluice_exchange_try_next (self, &error))
    give_up (self, error);
}
