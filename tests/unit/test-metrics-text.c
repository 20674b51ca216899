/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "http/sluice-metrics-text.h"

#include <string.h>

static SluiceMetricsRow *
get (SluiceMetricsTable *table, SluiceMetricsSet set, const char *group, const char *status, const char *error)
{
  SluiceMetricsLabels labels = { {
      [SLUICE_METRICS_GROUP] = group,
      [SLUICE_METRICS_STATUS] = status,
      [SLUICE_METRICS_ERROR] = error,
  } };

  return sluice_metrics_table_get (table, set, &labels);
}

static char *
format (SluiceMetricsTable *table)
{
  const SluiceMetricsGauges gauges = {
    .version = "1.2",
    .started_us = G_GINT64_CONSTANT (1700000000250000),
    .now_us = G_GINT64_CONSTANT (1700000003000000),
    .connections = 3,
    .ledger_ok = TRUE,
    .config_warnings = 2,
    .cloud_policy = SLUICE_CLOUD_EXPLICIT,
  };

  return g_string_free (sluice_metrics_format (table, &gauges), FALSE);
}

static void
assert_line (const char *text, const char *line)
{
  g_autofree char *whole = g_strconcat ("\n", line, "\n", NULL);

  if (strstr (text, whole) == NULL)
    g_error ("'%s' is not in:\n%s", line, text);
}

static void
test_empty (void)
{
  g_autoptr (SluiceMetricsTable) table = sluice_metrics_table_new (FALSE);
  g_autofree char *text = format (table);

  assert_line (text, "sluice_build_info{version=\"1.2\"} 1");
  assert_line (text, "sluice_start_time_seconds 1700000000.25");
  assert_line (text, "sluice_uptime_seconds 2.75");
  assert_line (text, "sluice_connections 3");
  assert_line (text, "sluice_ledger_ok 1");
  assert_line (text, "sluice_config_usable 0");
  assert_line (text, "sluice_config_findings{level=\"warning\"} 2");
  assert_line (text, "sluice_cloud_policy{policy=\"explicit\"} 1");
  assert_line (text, "sluice_cloud_policy{policy=\"off\"} 0");
  assert_line (text, "# TYPE litellm_spend_metric_total counter");
  g_assert_null (strstr (text, "litellm_spend_metric_total{"));
  g_assert_true (g_str_has_suffix (text, "\n"));
}

static void
test_money (void)
{
  g_autoptr (SluiceMetricsTable) table = sluice_metrics_table_new (FALSE);
  g_autofree char *text = NULL;

  /* the two are one line: status is no label of spend. In binary 0.1 + 0.2 is not 0.3 */
  get (table, SLUICE_METRICS_ATTEMPTS, "m", NULL, NULL)->counts[SLUICE_METRICS_NANO_USD] = 100000000;
  get (table, SLUICE_METRICS_ATTEMPTS, "m", "500", "x")->counts[SLUICE_METRICS_NANO_USD] = 200000000;
  get (table, SLUICE_METRICS_ATTEMPTS, "n", NULL, NULL)->counts[SLUICE_METRICS_NANO_USD] = 9007199254740993;
  text = format (table);
  assert_line (text, "litellm_spend_metric_total{model=\"\",model_id=\"\",api_provider=\"\",requested_model=\"m\","
                     "api_key_alias=\"\"} 0.3");
  assert_line (text, "litellm_spend_metric_total{model=\"\",model_id=\"\",api_provider=\"\",requested_model=\"n\","
                     "api_key_alias=\"\"} 9007199.254740993");
}

static void
test_failures (void)
{
  g_autoptr (SluiceMetricsTable) table = sluice_metrics_table_new (FALSE);
  SluiceMetricsRow *row = get (table, SLUICE_METRICS_ATTEMPTS, "m", "503", "upstream-failed");
  g_autofree char *text = NULL;

  row->counts[SLUICE_METRICS_COUNT] = row->counts[SLUICE_METRICS_FAILED] = 2;
  get (table, SLUICE_METRICS_ATTEMPTS, "m", NULL, NULL)->counts[SLUICE_METRICS_COUNT] = 5;
  text = format (table);
#define LABELS "requested_model=\"m\",litellm_model_name=\"\",model_id=\"\",api_provider=\"\",api_key_alias=\"\""
  assert_line (text, "litellm_deployment_total_requests_total{" LABELS "} 7");
  assert_line (text, "litellm_deployment_success_responses_total{" LABELS "} 5");
  assert_line (text, "litellm_deployment_failure_responses_total{" LABELS
                     ",exception_status=\"503\",exception_class=\"upstream-failed\"} 2");
}

static void
test_hostile_labels (void)
{
  g_autoptr (SluiceMetricsTable) table = sluice_metrics_table_new (FALSE);
  g_autofree char *text = NULL;

  get (table, SLUICE_METRICS_REQUESTS, "a\"b\\c\nd\re\x1b\xff}", "200", NULL)->counts[SLUICE_METRICS_COUNT] = 1;
  text = format (table);
  assert_line (text, "litellm_proxy_total_requests_metric_total{requested_model=\"a\\\"b\\\\c\\nd?e?\xef\xbf\xbd}\","
                     "api_key_alias=\"\",route=\"\",status_code=\"200\"} 1");
}

static void
test_histogram (void)
{
  g_autoptr (SluiceMetricsTable) table = sluice_metrics_table_new (FALSE);
  SluiceMetricsRow *row = get (table, SLUICE_METRICS_LATENCIES, "m", NULL, NULL);
  g_autofree char *text = NULL;

  sluice_metrics_row_add_time (row, SLUICE_METRICS_TOTAL, 1000);
  sluice_metrics_row_add_time (row, SLUICE_METRICS_TOTAL, 6000);
  sluice_metrics_row_add_time (row, SLUICE_METRICS_TOTAL, G_USEC_PER_SEC * G_GINT64_CONSTANT (1000));
  text = format (table);
#undef LABELS
#define NAME "litellm_request_total_latency_metric"
#define LABELS "requested_model=\"m\",model=\"\",model_id=\"\",api_key_alias=\"\""
  assert_line (text, "# TYPE " NAME " histogram");
  assert_line (text, NAME "_bucket{" LABELS ",le=\"0.005\"} 1");
  assert_line (text, NAME "_bucket{" LABELS ",le=\"0.00625\"} 2");
  assert_line (text, NAME "_bucket{" LABELS ",le=\"1.0\"} 2");
  assert_line (text, NAME "_bucket{" LABELS ",le=\"300.0\"} 2");
  assert_line (text, NAME "_bucket{" LABELS ",le=\"+Inf\"} 3");
  assert_line (text, NAME "_count{" LABELS "} 3");
  assert_line (text, NAME "_sum{" LABELS "} 1000.007");
  /* no stream, no first token */
  g_assert_null (strstr (text, "time_to_first_token_metric_count"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/metrics-text/empty", test_empty);
  g_test_add_func ("/metrics-text/money", test_money);
  g_test_add_func ("/metrics-text/failures", test_failures);
  g_test_add_func ("/metrics-text/hostile-labels", test_hostile_labels);
  g_test_add_func ("/metrics-text/histogram", test_histogram);
  return g_test_run ();
}
