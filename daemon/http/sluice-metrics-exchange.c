/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "http/sluice-metrics-exchange.h"

#include <string.h>

#include "http/sluice-metrics-text.h"
#include "shared/sluice-log.h"

/* Names that clients made up are one: they would be series without end. */
#define UNKNOWN "unknown"

/* That a deployment fails is said once in so long, by each worker. */
#define SAY_FAILING_US (60 * G_USEC_PER_SEC)

/* A status as text, on the stack. */
typedef struct {
  char text[12];
} Digits;

static const char *
to_digits (guint number, Digits *digits)
{
  g_snprintf (digits->text, sizeof digits->text, "%u", number);
  return digits->text;
}

static const char *
route_label (SluiceExchange *self)
{
  return self->guard.route != NULL ? self->guard.route->pattern : UNKNOWN;
}

static const char *
account_label (SluiceExchange *self)
{
  return self->guard.identity.account != NULL ? self->guard.identity.account : "";
}

/* The first candidate came of a wildcard: its group is the pattern, its model what the client made of it. */
static gboolean
met_wildcard (SluiceExchange *self)
{
  return ((const SluiceDeployment *) g_ptr_array_index (self->plan, 0))->pattern != NULL;
}

/* The name that the row's figures are counted under. */
static const char *
group_label (SluiceExchange *self)
{
  const char *group = self->record->group;

  return met_wildcard (self) || sluice_router_has_group (self->snapshot->router, group) ? group : UNKNOWN;
}

static void
log_request (SluiceExchange *self, guint status, const char *word)
{
  const SluiceExchangeRecord *record = self->record;
  const SluiceLogValue values[] = {
    SLUICE_LOG_TEXT (REQUEST_ID, self->request_id),
    SLUICE_LOG_TEXT (OPERATION, route_label (self)),
    SLUICE_LOG_TEXT (ACCOUNT, self->guard.identity.account),
    SLUICE_LOG_TEXT (MODEL_GROUP, record != NULL ? record->group : NULL),
    SLUICE_LOG_NUMBER (STATUS, status),
    SLUICE_LOG_TEXT (ERROR, word),
    SLUICE_LOG_NUMBER (ATTEMPTS, record != NULL ? record->attempts->len : 0),
    SLUICE_LOG_NUMBER (REQUEST_BYTES, record != NULL ? record->request_bytes : MAX (self->guard.length, 0)),
    SLUICE_LOG_NUMBER (DURATION, sluice_exchange_now (self) - self->t_begin),
  };

  sluice_log_debug (SLUICE_LOG_HTTP, values, G_N_ELEMENTS (values), "%s", self->stream ? "streamed" : "answered");
}

static void
log_attempt (SluiceExchange *self, const SluiceAttemptRecord *attempt)
{
  gint64 first_byte = attempt->first_byte_us > 0 ? attempt->first_byte_us - attempt->started_us : 0;
  const SluiceLogValue values[] = {
    SLUICE_LOG_TEXT (REQUEST_ID, self->request_id),
    SLUICE_LOG_TEXT (DEPLOYMENT, attempt->deployment),
    SLUICE_LOG_TEXT (PROVIDER, attempt->provider),
    SLUICE_LOG_TEXT (MODEL, attempt->model),
    SLUICE_LOG_NUMBER (STATUS, attempt->status),
    SLUICE_LOG_TEXT (ERROR, attempt->error),
    SLUICE_LOG_NUMBER (PROMPT_TOKENS, attempt->prompt_tokens),
    SLUICE_LOG_NUMBER (COMPLETION_TOKENS, attempt->completion_tokens),
    SLUICE_LOG_NUMBER (FIRST_BYTE, first_byte),
    SLUICE_LOG_NUMBER (DURATION, MAX (attempt->finished_us - attempt->started_us, 0)),
  };

  sluice_log_debug (SLUICE_LOG_UPSTREAM, values, G_N_ELEMENTS (values), "an attempt");
}

static void
count_request (SluiceExchange *self, const char *group, guint status, const char *word)
{
  Digits digits;
  SluiceMetricsLabels labels = { {
      [SLUICE_METRICS_GROUP] = group,
      [SLUICE_METRICS_ACCOUNT] = account_label (self),
      [SLUICE_METRICS_ROUTE] = route_label (self),
      [SLUICE_METRICS_STATUS] = to_digits (status, &digits),
      [SLUICE_METRICS_ERROR] = word,
  } };
  SluiceMetricsRow *row = sluice_metrics_table_get (self->worker->metrics, SLUICE_METRICS_REQUESTS, &labels);

  row->counts[SLUICE_METRICS_COUNT]++;
  row->counts[SLUICE_METRICS_FAILED] += status >= 400 ? 1 : 0;
}

/* The labels of @attempt; the names of a model that no configuration has are the client's. */
static SluiceMetricsLabels
attempt_labels (SluiceExchange *self, const char *group, const SluiceAttemptRecord *attempt)
{
  gboolean known = !g_str_equal (group, UNKNOWN);
  SluiceMetricsLabels labels = { {
      [SLUICE_METRICS_GROUP] = group,
      [SLUICE_METRICS_ACCOUNT] = account_label (self),
      [SLUICE_METRICS_DEPLOYMENT] = known ? attempt->deployment : UNKNOWN,
      [SLUICE_METRICS_PROVIDER] = attempt->provider,
      [SLUICE_METRICS_MODEL] = !known ? UNKNOWN : met_wildcard (self) ? group : attempt->model,
  } };

  return labels;
}

static void
count_attempt (SluiceExchange *self, const char *group, const SluiceAttemptRecord *attempt)
{
  SluiceMetricsLabels labels = attempt_labels (self, group, attempt);
  SluiceMetricsRow *row;
  Digits digits;

  if (attempt->error != NULL)
    {
      labels.values[SLUICE_METRICS_STATUS] = to_digits (attempt->status, &digits);
      labels.values[SLUICE_METRICS_ERROR] = attempt->error;
    }
  row = sluice_metrics_table_get (self->worker->metrics, SLUICE_METRICS_ATTEMPTS, &labels);
  row->counts[SLUICE_METRICS_COUNT]++;
  row->counts[SLUICE_METRICS_FAILED] += attempt->error != NULL ? 1 : 0;
  row->counts[SLUICE_METRICS_NANO_USD] += attempt->cost_nano_usd;
  row->counts[SLUICE_METRICS_PROMPT_TOKENS] += attempt->prompt_tokens;
  row->counts[SLUICE_METRICS_COMPLETION_TOKENS] += attempt->completion_tokens;
}

/* The last attempt gave the answer; those before it are known from their rows. */
static void
count_times (SluiceExchange *self, const char *group)
{
  GPtrArray *attempts = self->record->attempts;
  SluiceMetricsLabels labels = attempt_labels (self, group, g_ptr_array_index (attempts, attempts->len - 1));
  SluiceMetricsRow *row = sluice_metrics_table_get (self->worker->metrics, SLUICE_METRICS_LATENCIES, &labels);
  gint64 total = sluice_exchange_now (self) - self->t_begin;
  gint64 api = self->t_settle - self->t_sent;
  gint64 overhead = total - api;

  for (guint i = 0; i + 1 < attempts->len; i++)
    {
      const SluiceAttemptRecord *attempt = g_ptr_array_index (attempts, i);

      overhead -= MAX (attempt->finished_us - attempt->started_us, 0);
    }
  sluice_metrics_row_add_time (row, SLUICE_METRICS_TOTAL, total);
  sluice_metrics_row_add_time (row, SLUICE_METRICS_API, api);
  sluice_metrics_row_add_time (row, SLUICE_METRICS_OVERHEAD, overhead);
  if (self->stream && self->t_first > 0)
    sluice_metrics_row_add_time (row, SLUICE_METRICS_FIRST_TOKEN, self->t_first - self->t_sent);
}

/* That a deployment has gone bad is worth a line to everybody, but not for each request that finds it so. */
static void
watch_health (SluiceExchange *self, const SluiceAttemptRecord *attempt)
{
  SluiceMetricsLabels labels = { { [SLUICE_METRICS_DEPLOYMENT] = attempt->deployment } };
  SluiceLogValue values[] = {
    SLUICE_LOG_TEXT (REQUEST_ID, self->request_id),
    SLUICE_LOG_TEXT (MODEL_GROUP, self->record->group),
    SLUICE_LOG_TEXT (DEPLOYMENT, attempt->deployment),
    SLUICE_LOG_TEXT (PROVIDER, attempt->provider),
    SLUICE_LOG_NUMBER (STATUS, attempt->status),
    SLUICE_LOG_TEXT (ERROR, attempt->error),
  };
  gint64 now = sluice_exchange_now (self);
  SluiceMetricsRow *row;

  if (attempt->error == NULL || !g_str_has_prefix (attempt->error, "upstream-")
      || g_str_equal (attempt->error, "upstream-refused"))
    return;
  row = sluice_metrics_table_get (self->worker->metrics, SLUICE_METRICS_HEALTH, &labels);
  if (row->counts[SLUICE_METRICS_COUNT] != 0 && now < row->counts[SLUICE_METRICS_COUNT] + SAY_FAILING_US)
    return;
  row->counts[SLUICE_METRICS_COUNT] = now;
  sluice_log_event (SLUICE_EVENT_UPSTREAM_FAILED, values, G_N_ELEMENTS (values),
                    "the deployment '%s' of '%s' failed: %s", attempt->deployment, self->record->group, attempt->error);
}

void
sluice_metrics_note_row (SluiceExchange *self, guint status)
{
  const SluiceExchangeRecord *record = self->record;
  const char *group = group_label (self);

  count_request (self, group, status, record->error);
  for (guint i = 0; i < record->attempts->len; i++)
    {
      const SluiceAttemptRecord *attempt = g_ptr_array_index (record->attempts, i);

      count_attempt (self, group, attempt);
      watch_health (self, attempt);
      if (sluice_log_is_debugging ())
        log_attempt (self, attempt);
    }
  if (status < 400 && record->attempts->len > 0 && self->t_sent > 0)
    count_times (self, group);
  if (sluice_log_is_debugging ())
    log_request (self, status, record->error);
}

void
sluice_metrics_note_answer (SluiceExchange *self, guint status, const char *word)
{
  const char *group = self->guard.route == NULL || self->guard.route->kind == SLUICE_ROUTE_INFERENCE ? UNKNOWN : "";

  if (self->model != NULL && sluice_router_has_group (self->snapshot->router, self->model))
    group = self->model;
  count_request (self, group, status, word);
  if (sluice_log_is_debugging ())
    log_request (self, status, word);
}

void
sluice_metrics_note_plan (SluiceExchange *self)
{
  const SluiceDeployment *first;
  SluiceLogValue values[4];

  if (!sluice_log_is_debugging ())
    return;
  first = g_ptr_array_index (self->plan, 0);
  values[0] = SLUICE_LOG_TEXT (REQUEST_ID, self->request_id);
  values[1] = SLUICE_LOG_TEXT (MODEL_GROUP, first->group);
  values[2] = SLUICE_LOG_NUMBER (CANDIDATES, self->plan->len);
  values[3] = SLUICE_LOG_TEXT (DEPLOYMENT, first->id);
  sluice_log_debug (SLUICE_LOG_ROUTER, values, G_N_ELEMENTS (values), "planned");
}

void
sluice_metrics_fill_share (SluiceMetricsShare *share, gpointer data)
{
  SluiceWorker *worker = data;

  sluice_metrics_table_merge (share->table, worker->metrics);
  share->connections += sluice_worker_get_n_connections (worker);
  for (GList *link = worker->exchanges.head; link != NULL; link = link->next)
    {
      const SluiceExchange *exchange = link->data;

      share->in_flight += exchange->stage < SLUICE_STAGE_ANSWERED && exchange->guard.route != NULL
                          && exchange->guard.route->kind == SLUICE_ROUTE_INFERENCE;
    }
}

static SluiceMetricsGauges
read_gauges (SluiceExchange *self, const SluiceMetricsShare *share)
{
  const SluiceWorkerShared *shared = &self->worker->shared;
  SluiceMetricsReadings readings = sluice_metrics_get_readings (shared->metrics);
  SluiceBodyBudgetUse use = sluice_body_budget_get_use (shared->budget);
  SluiceMetricsGauges gauges = {
    .version = PACKAGE_VERSION,
    .started_us = sluice_metrics_get_started (shared->metrics),
    .now_us = sluice_clock_real (shared->clock),
    .workers = sluice_metrics_get_n_workers (shared->metrics),
    .connections = share->connections,
    .in_flight = share->in_flight,
    .body_budget = use.total,
    .body_budget_held = use.held,
    .body_budget_waiting = use.n_waiting,
    .ledger_ok = sluice_ledger_get_state (shared->ledger) == SLUICE_LEDGER_OK,
    .ledger_pending = sluice_ledger_get_n_pending (shared->ledger),
    .config_usable = self->snapshot->config_error == NULL,
    .config_errors = readings.errors,
    .config_warnings = readings.warnings,
    .readings_used = readings.n_used,
    .readings_refused = readings.n_refused,
    .models = sluice_router_get_groups (self->snapshot->router)->len,
    .cloud_policy = (SluiceCloudPolicy) g_atomic_int_get (shared->cloud_policy),
  };

  return gauges;
}

static void
on_gathered (SluiceMetricsShare *share, gpointer data)
{
  SluiceExchange *self = data;
  SluiceMetricsGauges gauges = read_gauges (self, share);

  /* the worker's thread stays for as long as one is under way */
  self->worker->n_in_ledger--;
  if (self->stage == SLUICE_STAGE_PLANNING)
    {
      self->answer_type = SLUICE_METRICS_TYPE;
      sluice_exchange_answer (self, 200, g_string_free_to_bytes (sluice_metrics_format (share->table, &gauges)), NULL);
    }
  sluice_exchange_unref (self);
}

void
sluice_metrics_answer (SluiceExchange *self)
{
  self->worker->n_in_ledger++;
  sluice_metrics_gather (self->worker->shared.metrics, self->worker->inbox, on_gathered, sluice_exchange_ref (self));
}
