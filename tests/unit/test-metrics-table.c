/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "http/sluice-metrics-table.h"

static SluiceMetricsRow *
get (SluiceMetricsTable *table, SluiceMetricsSet set, const char *group, const char *model)
{
  SluiceMetricsLabels labels = { { [SLUICE_METRICS_GROUP] = group, [SLUICE_METRICS_MODEL] = model } };

  return sluice_metrics_table_get (table, set, &labels);
}

static void
test_same_row (void)
{
  g_autoptr (SluiceMetricsTable) table = sluice_metrics_table_new (TRUE);
  g_autofree char *copy = g_strdup ("a");
  SluiceMetricsRow *row = get (table, SLUICE_METRICS_REQUESTS, "a", "b");

  g_assert_true (get (table, SLUICE_METRICS_REQUESTS, copy, "b") == row);
  g_assert_false (get (table, SLUICE_METRICS_ATTEMPTS, "a", "b") == row);
  /* labels do not run into one another */
  g_assert_false (get (table, SLUICE_METRICS_REQUESTS, "ab", NULL) == row);
  g_assert_false (get (table, SLUICE_METRICS_REQUESTS, NULL, "ab") == row);
  g_assert_true (get (table, SLUICE_METRICS_REQUESTS, "", "ab") == get (table, SLUICE_METRICS_REQUESTS, NULL, "ab"));
  g_assert_cmpuint (sluice_metrics_table_rows (table, SLUICE_METRICS_REQUESTS)->len, ==, 3);
}

static void
check_bound (SluiceMetricsSet set, guint max)
{
  g_autoptr (SluiceMetricsTable) table = sluice_metrics_table_new (TRUE);
  SluiceMetricsRow *first = get (table, set, "0", NULL);
  SluiceMetricsRow *other;

  for (guint i = 0; i < 3 * max; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u", i);

      get (table, set, name, NULL)->counts[SLUICE_METRICS_COUNT]++;
    }
  g_assert_cmpuint (sluice_metrics_table_rows (table, set)->len, ==, max + 1);
  g_assert_true (get (table, set, "0", NULL) == first);
  other = get (table, set, "never seen", NULL);
  g_assert_cmpstr (other->values[SLUICE_METRICS_GROUP], ==, "other");
  g_assert_cmpstr (other->values[SLUICE_METRICS_MODEL], ==, "other");
  g_assert_cmpint (other->counts[SLUICE_METRICS_COUNT], ==, 2 * max);
}

static void
test_bound (void)
{
  check_bound (SLUICE_METRICS_REQUESTS, SLUICE_METRICS_MAX_ROWS);
  check_bound (SLUICE_METRICS_LATENCIES, SLUICE_METRICS_MAX_LATENCY_ROWS);
}

static void
test_times (void)
{
  g_autoptr (SluiceMetricsTable) table = sluice_metrics_table_new (TRUE);
  SluiceMetricsRow *row = get (table, SLUICE_METRICS_LATENCIES, "a", NULL);
  const gint64 *buckets;

  /* a bound belongs to its bucket */
  sluice_metrics_row_add_time (row, SLUICE_METRICS_API, 0);
  sluice_metrics_row_add_time (row, SLUICE_METRICS_API, -5);
  sluice_metrics_row_add_time (row, SLUICE_METRICS_API, 5000);
  sluice_metrics_row_add_time (row, SLUICE_METRICS_API, 5001);
  sluice_metrics_row_add_time (row, SLUICE_METRICS_API, G_USEC_PER_SEC * G_GINT64_CONSTANT (300));
  sluice_metrics_row_add_time (row, SLUICE_METRICS_API, G_USEC_PER_SEC * G_GINT64_CONSTANT (300) + 1);
  buckets = row->times[SLUICE_METRICS_API].buckets;
  g_assert_cmpint (buckets[0], ==, 3);
  g_assert_cmpint (buckets[1], ==, 1);
  g_assert_cmpint (buckets[SLUICE_METRICS_N_BUCKETS - 2], ==, 1);
  g_assert_cmpint (buckets[SLUICE_METRICS_N_BUCKETS - 1], ==, 1);
  g_assert_cmpint (row->times[SLUICE_METRICS_API].sum_us, ==, 5000 + 5001 + 600000001);
  for (guint i = 1; i < SLUICE_METRICS_N_BUCKETS; i++)
    g_assert_cmpint (sluice_metrics_bounds[i - 1], <, sluice_metrics_bounds[i]);
}

static void
test_merge (void)
{
  g_autoptr (SluiceMetricsTable) sum = sluice_metrics_table_new (FALSE);

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (SluiceMetricsTable) table = sluice_metrics_table_new (TRUE);

      get (table, SLUICE_METRICS_ATTEMPTS, "a", NULL)->counts[SLUICE_METRICS_NANO_USD] = 7;
      get (table, SLUICE_METRICS_ATTEMPTS, i == 0 ? "b" : "c", NULL)->counts[SLUICE_METRICS_COUNT] = 1;
      get (table, SLUICE_METRICS_HEALTH, "a", NULL)->counts[SLUICE_METRICS_COUNT] = 1;
      sluice_metrics_row_add_time (get (table, SLUICE_METRICS_LATENCIES, "a", NULL), SLUICE_METRICS_TOTAL, 10);
      sluice_metrics_table_merge (sum, table);
    }
  g_assert_cmpuint (sluice_metrics_table_rows (sum, SLUICE_METRICS_ATTEMPTS)->len, ==, 3);
  g_assert_cmpuint (sluice_metrics_table_rows (sum, SLUICE_METRICS_HEALTH)->len, ==, 0);
  g_assert_cmpint (get (sum, SLUICE_METRICS_ATTEMPTS, "a", NULL)->counts[SLUICE_METRICS_NANO_USD], ==, 14);
  g_assert_cmpint (get (sum, SLUICE_METRICS_LATENCIES, "a", NULL)->times[SLUICE_METRICS_TOTAL].sum_us, ==, 20);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/metrics-table/same-row", test_same_row);
  g_test_add_func ("/metrics-table/bound", test_bound);
  g_test_add_func ("/metrics-table/times", test_times);
  g_test_add_func ("/metrics-table/merge", test_merge);
  return g_test_run ();
}
