/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "http/sluice-metrics-text.h"

#include <string.h>

#include "shared/sluice-money.h"

typedef enum {
  PLAIN,
  MONEY, /* nano-dollars, printed as dollars */
} Unit;

/* A label's name, and whose value it has. */
typedef struct {
  const char *name;
  SluiceMetricsLabel label;
} Label;

#define MAX_LABELS 7

/* What is added up for one line. */
typedef enum {
  COUNT = 1 << SLUICE_METRICS_COUNT,
  FAILED = 1 << SLUICE_METRICS_FAILED,
  NANO_USD = 1 << SLUICE_METRICS_NANO_USD,
  PROMPT_TOKENS = 1 << SLUICE_METRICS_PROMPT_TOKENS,
  COMPLETION_TOKENS = 1 << SLUICE_METRICS_COMPLETION_TOKENS,
  GOOD = 1 << SLUICE_N_METRICS_COUNTS, /* COUNT less FAILED */
} Summand;

typedef struct {
  const char *name;
  const char *help;
  SluiceMetricsSet set;
  guint summands;
  gboolean without_zero; /* a row that has none is left out */
  Unit unit;
  Label labels[MAX_LABELS]; /* ends with a name that is %NULL */
} Counter;

#define REQUESTED { "requested_model", SLUICE_METRICS_GROUP }
#define ALIAS { "api_key_alias", SLUICE_METRICS_ACCOUNT }
#define ROUTE { "route", SLUICE_METRICS_ROUTE }
#define MODEL { "model", SLUICE_METRICS_MODEL }
#define MODEL_NAME { "litellm_model_name", SLUICE_METRICS_MODEL }
#define MODEL_ID { "model_id", SLUICE_METRICS_DEPLOYMENT }
#define PROVIDER { "api_provider", SLUICE_METRICS_PROVIDER }
#define EXCEPTION { "exception_status", SLUICE_METRICS_STATUS }, { "exception_class", SLUICE_METRICS_ERROR }

static const Counter counters[] = {
  { "litellm_proxy_total_requests_metric_total", "Requests of clients that were answered.", SLUICE_METRICS_REQUESTS,
    COUNT, FALSE, PLAIN, { REQUESTED, ALIAS, ROUTE, { "status_code", SLUICE_METRICS_STATUS } } },
  { "litellm_proxy_failed_requests_metric_total", "Requests of clients that ended with an error.",
    SLUICE_METRICS_REQUESTS, FAILED, TRUE, PLAIN, { REQUESTED, ALIAS, ROUTE, EXCEPTION } },
  { "litellm_spend_metric_total", "Dollars spent.", SLUICE_METRICS_ATTEMPTS, NANO_USD, FALSE, MONEY,
    { MODEL, MODEL_ID, PROVIDER, REQUESTED, ALIAS } },
  { "litellm_total_tokens_metric_total", "Tokens of prompts and answers.", SLUICE_METRICS_ATTEMPTS,
    PROMPT_TOKENS | COMPLETION_TOKENS, FALSE, PLAIN, { MODEL, MODEL_ID, PROVIDER, REQUESTED, ALIAS } },
  { "litellm_input_tokens_metric_total", "Tokens of prompts.", SLUICE_METRICS_ATTEMPTS, PROMPT_TOKENS, FALSE, PLAIN,
    { MODEL, MODEL_ID, PROVIDER, REQUESTED, ALIAS } },
  { "litellm_output_tokens_metric_total", "Tokens of answers.", SLUICE_METRICS_ATTEMPTS, COMPLETION_TOKENS, FALSE,
    PLAIN, { MODEL, MODEL_ID, PROVIDER, REQUESTED, ALIAS } },
  { "litellm_deployment_total_requests_total", "Calls of a deployment.", SLUICE_METRICS_ATTEMPTS, COUNT, FALSE, PLAIN,
    { REQUESTED, MODEL_NAME, MODEL_ID, PROVIDER, ALIAS } },
  { "litellm_deployment_success_responses_total", "Calls of a deployment that went well.", SLUICE_METRICS_ATTEMPTS,
    GOOD, TRUE, PLAIN, { REQUESTED, MODEL_NAME, MODEL_ID, PROVIDER, ALIAS } },
  { "litellm_deployment_failure_responses_total", "Calls of a deployment that did not go well.",
    SLUICE_METRICS_ATTEMPTS, FAILED, TRUE, PLAIN, { REQUESTED, MODEL_NAME, MODEL_ID, PROVIDER, ALIAS, EXCEPTION } },
};

typedef struct {
  const char *name;
  const char *help;
  SluiceMetricsTime time;
  Label labels[MAX_LABELS];
} Histogram;

static const Histogram histograms[] = {
  { "litellm_request_total_latency_metric", "Seconds from a request's first header to the end of its answer.",
    SLUICE_METRICS_TOTAL, { REQUESTED, MODEL, MODEL_ID, ALIAS } },
  { "litellm_llm_api_latency_metric", "Seconds from sending to the end of the upstream's answer.", SLUICE_METRICS_API,
    { MODEL, MODEL_ID, REQUESTED, ALIAS } },
  { "litellm_llm_api_time_to_first_token_metric", "Seconds from sending to the first bytes of a stream.",
    SLUICE_METRICS_FIRST_TOKEN, { MODEL, MODEL_ID, REQUESTED, ALIAS } },
  { "litellm_overhead_latency_metric", "Seconds that a request took beside its upstream calls.",
    SLUICE_METRICS_OVERHEAD,
    { { "model_group", SLUICE_METRICS_GROUP }, PROVIDER, MODEL_NAME, MODEL_ID, ALIAS } },
};

static void
append_family (GString *out, const char *name, const char *type, const char *help)
{
  g_string_append_printf (out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* A label's value may hold anything but a quote, a backslash and a line feed; other control bytes are no text either,
 * and what is not UTF-8 would spoil the page. */
static void
append_label_value (GString *out, const char *value)
{
  g_autofree char *valid = g_utf8_make_valid (value, -1);

  for (const char *p = valid; *p != '\0'; p++)
    {
      if (*p == '\n')
        g_string_append (out, "\\n");
      else if (*p == '"' || *p == '\\')
        g_string_append_printf (out, "\\%c", *p);
      else
        g_string_append_c (out, g_ascii_iscntrl (*p) ? '?' : *p);
    }
}

/* `a="x",b="y"`, without braces. */
static char *
format_labels (const SluiceMetricsRow *row, const Label *labels)
{
  GString *out = g_string_new (NULL);

  for (guint i = 0; i < MAX_LABELS && labels[i].name != NULL; i++)
    {
      g_string_append_printf (out, "%s%s=\"", i > 0 ? "," : "", labels[i].name);
      append_label_value (out, row->values[labels[i].label]);
      g_string_append_c (out, '"');
    }
  return g_string_free (out, FALSE);
}

static void
append_micro (GString *out, gint64 us)
{
  int digits = 6;
  gint64 rest = us % G_USEC_PER_SEC;

  for (; digits > 1 && rest % 10 == 0; digits--)
    rest /= 10;
  g_string_append_printf (out, "%" G_GINT64_FORMAT ".%0*" G_GINT64_FORMAT, us / G_USEC_PER_SEC, digits, rest);
}

static gint64
sum_up (const SluiceMetricsRow *row, guint summands)
{
  gint64 sum = summands & GOOD ? row->counts[SLUICE_METRICS_COUNT] - row->counts[SLUICE_METRICS_FAILED] : 0;

  for (guint i = 0; i < SLUICE_N_METRICS_COUNTS; i++)
    sum += summands & (1u << i) ? row->counts[i] : 0;
  return sum;
}

/* The keys in order, so that two pages can be compared. (transfer container) */
static GList *
sorted_keys (GHashTable *table)
{
  return g_list_sort (g_hash_table_get_keys (table), (GCompareFunc) strcmp);
}

/* Rows that differ only in labels that the family has not are one line. */
static void
append_counter (GString *out, SluiceMetricsTable *table, const Counter *counter)
{
  g_autoptr (GHashTable) lines = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  GPtrArray *rows = sluice_metrics_table_rows (table, counter->set);
  g_autoptr (GList) keys = NULL;

  for (guint i = 0; i < rows->len; i++)
    {
      const SluiceMetricsRow *row = g_ptr_array_index (rows, i);
      gint64 sum = sum_up (row, counter->summands);
      g_autofree char *labels = NULL;
      gint64 *line;

      if (sum == 0 && counter->without_zero)
        continue;
      labels = format_labels (row, counter->labels);
      line = g_hash_table_lookup (lines, labels);
      if (line == NULL)
        {
          line = g_new0 (gint64, 1);
          g_hash_table_insert (lines, g_steal_pointer (&labels), line);
        }
      *line += sum;
    }

  append_family (out, counter->name, "counter", counter->help);
  keys = sorted_keys (lines);
  for (GList *link = keys; link != NULL; link = link->next)
    {
      gint64 sum = *(gint64 *) g_hash_table_lookup (lines, link->data);
      g_autofree char *text = counter->unit == MONEY ? sluice_money_format_usd (sum)
                                                     : g_strdup_printf ("%" G_GINT64_FORMAT, sum);

      g_string_append_printf (out, "%s{%s} %s\n", counter->name, (const char *) link->data, text);
    }
}

static void
append_histogram_lines (GString *out, const char *name, const char *labels, const SluiceMetricsHistogram *values)
{
  gint64 sum = 0;

  for (guint i = 0; i < SLUICE_METRICS_N_BUCKETS; i++)
    {
      sum += values->buckets[i];
      g_string_append_printf (out, "%s_bucket{%s,le=\"", name, labels);
      if (sluice_metrics_bounds[i] == G_MAXINT64)
        g_string_append (out, "+Inf");
      else
        append_micro (out, sluice_metrics_bounds[i]);
      g_string_append_printf (out, "\"} %" G_GINT64_FORMAT "\n", sum);
    }
  g_string_append_printf (out, "%s_count{%s} %" G_GINT64_FORMAT "\n%s_sum{%s} ", name, labels, sum, name, labels);
  append_micro (out, values->sum_us);
  g_string_append_c (out, '\n');
}

static gboolean
is_empty (const SluiceMetricsHistogram *values)
{
  for (guint i = 0; i < SLUICE_METRICS_N_BUCKETS; i++)
    {
      if (values->buckets[i] != 0)
        return FALSE;
    }
  return TRUE;
}

static void
append_histogram (GString *out, SluiceMetricsTable *table, const Histogram *histogram)
{
  g_autoptr (GHashTable) lines = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  GPtrArray *rows = sluice_metrics_table_rows (table, SLUICE_METRICS_LATENCIES);
  g_autoptr (GList) keys = NULL;

  for (guint i = 0; i < rows->len; i++)
    {
      const SluiceMetricsRow *row = g_ptr_array_index (rows, i);
      g_autofree char *labels = NULL;
      const SluiceMetricsHistogram *values;
      SluiceMetricsHistogram *line;

      if (row->times == NULL || is_empty (&row->times[histogram->time]))
        continue;
      values = &row->times[histogram->time];
      labels = format_labels (row, histogram->labels);
      line = g_hash_table_lookup (lines, labels);
      if (line == NULL)
        {
          line = g_new0 (SluiceMetricsHistogram, 1);
          g_hash_table_insert (lines, g_steal_pointer (&labels), line);
        }
      sluice_metrics_histogram_add (line, values);
    }

  append_family (out, histogram->name, "histogram", histogram->help);
  keys = sorted_keys (lines);
  for (GList *link = keys; link != NULL; link = link->next)
    append_histogram_lines (out, histogram->name, link->data, g_hash_table_lookup (lines, link->data));
}

static void
append_number (GString *out, const char *name, const char *help, guint64 value)
{
  append_family (out, name, "gauge", help);
  g_string_append_printf (out, "%s %" G_GUINT64_FORMAT "\n", name, value);
}

static void
append_seconds (GString *out, const char *name, const char *help, gint64 us)
{
  append_family (out, name, "gauge", help);
  g_string_append_printf (out, "%s ", name);
  append_micro (out, us);
  g_string_append_c (out, '\n');
}

static void
append_config (GString *out, const SluiceMetricsGauges *gauges)
{
  append_number (out, "sluice_config_usable", "1 while a configuration is served, 0 while none could be used.",
                 gauges->config_usable ? 1 : 0);
  append_family (out, "sluice_config_findings", "gauge", "What the last reading of the configuration found.");
  g_string_append_printf (out,
                          "sluice_config_findings{level=\"error\"} %u\nsluice_config_findings{level=\"warning\"} %u\n",
                          gauges->config_errors, gauges->config_warnings);
  append_family (out, "sluice_config_readings_total", "counter", "Readings of the configuration.");
  g_string_append_printf (out,
                          "sluice_config_readings_total{result=\"refused\"} %u\n"
                          "sluice_config_readings_total{result=\"used\"} %u\n",
                          gauges->readings_refused, gauges->readings_used);
  append_number (out, "sluice_models", "Public names of models.", gauges->models);
}

static void
append_policy (GString *out, SluiceCloudPolicy policy)
{
  append_family (out, "sluice_cloud_policy", "gauge", "1 for the policy that holds, 0 for the others.");
  for (guint i = SLUICE_CLOUD_OFF; i <= SLUICE_CLOUD_FALLBACK; i++)
    g_string_append_printf (out, "sluice_cloud_policy{policy=\"%s\"} %d\n",
                            sluice_cloud_policy_to_string ((SluiceCloudPolicy) i), i == policy);
}

static void
append_gauges (GString *out, const SluiceMetricsGauges *gauges)
{
  append_family (out, "sluice_build_info", "gauge", "1, with the version as a label.");
  g_string_append_printf (out, "sluice_build_info{version=\"%s\"} 1\n", gauges->version);
  append_seconds (out, "sluice_start_time_seconds", "When the gateway started, in seconds since 1970.",
                  gauges->started_us);
  append_seconds (out, "sluice_uptime_seconds", "Seconds since the start.", gauges->now_us - gauges->started_us);
  append_number (out, "sluice_workers", "Threads that serve.", gauges->workers);
  append_number (out, "sluice_connections", "Connections of clients.", gauges->connections);
  append_number (out, "litellm_in_flight_requests", "Requests for a model under way.", gauges->in_flight);
  append_number (out, "sluice_body_budget_bytes", "Bytes that request bodies may hold together.", gauges->body_budget);
  append_number (out, "sluice_body_budget_used_bytes", "Bytes that request bodies hold.", gauges->body_budget_held);
  append_number (out, "sluice_body_budget_waiting", "Requests that wait for room for their bodies.",
                 gauges->body_budget_waiting);
  append_number (out, "sluice_ledger_ok", "1 while the database can be written, 0 while it is degraded.",
                 gauges->ledger_ok ? 1 : 0);
  append_number (out, "sluice_ledger_pending_rows", "Rows kept in memory until the database can be written.",
                 gauges->ledger_pending);
  append_config (out, gauges);
  append_policy (out, gauges->cloud_policy);
}

GString *
sluice_metrics_format (SluiceMetricsTable *table, const SluiceMetricsGauges *gauges)
{
  GString *out = g_string_sized_new (16 * 1024);

  append_gauges (out, gauges);
  for (guint i = 0; i < G_N_ELEMENTS (counters); i++)
    append_counter (out, table, &counters[i]);
  for (guint i = 0; i < G_N_ELEMENTS (histograms); i++)
    append_histogram (out, table, &histograms[i]);
  return out;
}
