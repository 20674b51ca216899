/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "http/sluice-metrics-table.h"

#include <string.h>

#define MS(n) ((n) * G_GINT64_CONSTANT (1000))
#define S(n) MS ((n) * 1000)

/* LiteLLM's (config-and-router.md 6.5), so that its dashboards read them. */
const gint64 sluice_metrics_bounds[SLUICE_METRICS_N_BUCKETS]
    = { MS (5), 6250, 12500, MS (25), MS (50), MS (100), MS (500), S (1), MS (1500), S (2), MS (2500), S (3),
        MS (3500), S (4), MS (4500), S (5), MS (5500), S (6), MS (6500), S (7), MS (7500), S (8), MS (8500), S (9),
        MS (9500), S (10), S (15), S (20), S (25), S (30), S (60), S (120), S (180), S (240), S (300), G_MAXINT64 };

typedef struct {
  GPtrArray *rows;   /* (owned) (element-type SluiceMetricsRow): owns them */
  GHashTable *index; /* (owned): a row is its own key */
  SluiceMetricsRow *other; /* (nullable): one of the rows */
  guint max;
} Set;

struct _SluiceMetricsTable {
  Set sets[SLUICE_N_METRICS_SETS];
};

static guint
row_hash (gconstpointer key)
{
  const SluiceMetricsRow *row = key;
  guint hash = 5381;

  for (guint i = 0; i < SLUICE_N_METRICS_LABELS; i++)
    {
      for (const char *p = row->values[i]; *p != '\0'; p++)
        hash = hash * 33 + (guchar) *p;
      hash = hash * 33 + i;
    }
  return hash;
}

static gboolean
row_equal (gconstpointer a, gconstpointer b)
{
  const SluiceMetricsRow *one = a;
  const SluiceMetricsRow *two = b;

  for (guint i = 0; i < SLUICE_N_METRICS_LABELS; i++)
    {
      if (one->values[i] != two->values[i] && strcmp (one->values[i], two->values[i]) != 0)
        return FALSE;
    }
  return TRUE;
}

static void
row_free (gpointer data)
{
  SluiceMetricsRow *row = data;

  for (guint i = 0; i < SLUICE_N_METRICS_LABELS; i++)
    g_ref_string_release (row->values[i]);
  g_free (row->times);
  g_free (row);
}

SluiceMetricsTable *
sluice_metrics_table_new (gboolean bounded)
{
  SluiceMetricsTable *self = g_new0 (SluiceMetricsTable, 1);

  for (guint i = 0; i < SLUICE_N_METRICS_SETS; i++)
    {
      self->sets[i].rows = g_ptr_array_new_with_free_func (row_free);
      self->sets[i].index = g_hash_table_new (row_hash, row_equal);
      self->sets[i].max = !bounded                        ? G_MAXUINT
                          : i == SLUICE_METRICS_LATENCIES ? SLUICE_METRICS_MAX_LATENCY_ROWS
                                                          : SLUICE_METRICS_MAX_ROWS;
    }
  return self;
}

void
sluice_metrics_table_free (SluiceMetricsTable *self)
{
  for (guint i = 0; i < SLUICE_N_METRICS_SETS; i++)
    {
      g_hash_table_unref (self->sets[i].index);
      g_ptr_array_unref (self->sets[i].rows);
    }
  g_free (self);
}

static SluiceMetricsRow *
add_row (Set *set, const SluiceMetricsRow *labels)
{
  SluiceMetricsRow *row = g_new0 (SluiceMetricsRow, 1);

  for (guint i = 0; i < SLUICE_N_METRICS_LABELS; i++)
    row->values[i] = g_ref_string_new_intern (labels->values[i]);
  g_ptr_array_add (set->rows, row);
  g_hash_table_add (set->index, row);
  return row;
}

static SluiceMetricsRow *
get_other (Set *set)
{
  SluiceMetricsRow labels = { { NULL } };

  for (guint i = 0; i < SLUICE_N_METRICS_LABELS; i++)
    labels.values[i] = (char *) "other";
  if (set->other == NULL)
    set->other = g_hash_table_lookup (set->index, &labels);
  if (set->other == NULL)
    set->other = add_row (set, &labels);
  return set->other;
}

SluiceMetricsRow *
sluice_metrics_table_get (SluiceMetricsTable *self, SluiceMetricsSet set, const SluiceMetricsLabels *labels)
{
  Set *rows = &self->sets[set];
  SluiceMetricsRow key = { { NULL } };
  SluiceMetricsRow *row;

  for (guint i = 0; i < SLUICE_N_METRICS_LABELS; i++)
    key.values[i] = labels->values[i] != NULL ? (char *) labels->values[i] : (char *) "";
  row = g_hash_table_lookup (rows->index, &key);
  if (row != NULL)
    return row;
  return rows->rows->len < rows->max ? add_row (rows, &key) : get_other (rows);
}

GPtrArray *
sluice_metrics_table_rows (SluiceMetricsTable *self, SluiceMetricsSet set)
{
  return self->sets[set].rows;
}

static void
ensure_times (SluiceMetricsRow *row)
{
  if (row->times == NULL)
    row->times = g_new0 (SluiceMetricsHistogram, SLUICE_N_METRICS_TIMES);
}

void
sluice_metrics_row_add_time (SluiceMetricsRow *row, SluiceMetricsTime time, gint64 us)
{
  guint bucket = 0;

  ensure_times (row);
  us = MAX (us, 0);
  while (us > sluice_metrics_bounds[bucket])
    bucket++;
  row->times[time].buckets[bucket]++;
  row->times[time].sum_us += us;
}

void
sluice_metrics_histogram_add (SluiceMetricsHistogram *into, const SluiceMetricsHistogram *from)
{
  for (guint i = 0; i < SLUICE_METRICS_N_BUCKETS; i++)
    into->buckets[i] += from->buckets[i];
  into->sum_us += from->sum_us;
}

static void
row_merge (SluiceMetricsRow *row, const SluiceMetricsRow *from)
{
  for (guint i = 0; i < SLUICE_N_METRICS_COUNTS; i++)
    row->counts[i] += from->counts[i];
  if (from->times == NULL)
    return;

  ensure_times (row);
  for (guint time = 0; time < SLUICE_N_METRICS_TIMES; time++)
    sluice_metrics_histogram_add (&row->times[time], &from->times[time]);
}

void
sluice_metrics_table_merge (SluiceMetricsTable *self, SluiceMetricsTable *from)
{
  for (guint set = 0; set < SLUICE_METRICS_HEALTH; set++)
    {
      GPtrArray *rows = from->sets[set].rows;

      for (guint i = 0; i < rows->len; i++)
        {
          const SluiceMetricsRow *row = g_ptr_array_index (rows, i);
          SluiceMetricsLabels labels;

          for (guint j = 0; j < SLUICE_N_METRICS_LABELS; j++)
            labels.values[j] = row->values[j];
          row_merge (sluice_metrics_table_get (self, (SluiceMetricsSet) set, &labels), row);
        }
    }
}
