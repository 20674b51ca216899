/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What one worker has counted: rows of counters and histograms, found by their labels. One thread; no locks. A number
 * of rows that cannot grow without limit: past it everything new goes into one row whose labels are all "other", so
 * that no counter ever goes back.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Rows of a set in one table; histograms are many lines each. */
#define SLUICE_METRICS_MAX_ROWS 2000
#define SLUICE_METRICS_MAX_LATENCY_ROWS 128

typedef enum {
  SLUICE_METRICS_REQUESTS,  /* one for each client request */
  SLUICE_METRICS_ATTEMPTS,  /* one for each call of an upstream */
  SLUICE_METRICS_LATENCIES, /* of requests that went well */
  SLUICE_METRICS_HEALTH,    /* of a deployment, for the log only: not merged */
  SLUICE_N_METRICS_SETS,
} SluiceMetricsSet;

typedef enum {
  SLUICE_METRICS_GROUP,
  SLUICE_METRICS_ACCOUNT,
  SLUICE_METRICS_ROUTE,
  SLUICE_METRICS_DEPLOYMENT,
  SLUICE_METRICS_PROVIDER,
  SLUICE_METRICS_MODEL,
  SLUICE_METRICS_STATUS,
  SLUICE_METRICS_ERROR,
  SLUICE_N_METRICS_LABELS,
} SluiceMetricsLabel;

/* The values of a row's labels; "" or %NULL for one that it has not. */
typedef struct {
  const char *values[SLUICE_N_METRICS_LABELS];
} SluiceMetricsLabels;

typedef enum {
  SLUICE_METRICS_COUNT,
  SLUICE_METRICS_FAILED,
  SLUICE_METRICS_NANO_USD,
  SLUICE_METRICS_PROMPT_TOKENS,
  SLUICE_METRICS_COMPLETION_TOKENS,
  SLUICE_N_METRICS_COUNTS,
} SluiceMetricsCount;

typedef enum {
  SLUICE_METRICS_TOTAL,       /* from the first header to the last byte's release */
  SLUICE_METRICS_API,         /* from sending to the answer's end */
  SLUICE_METRICS_FIRST_TOKEN, /* from sending to the first byte of a stream */
  SLUICE_METRICS_OVERHEAD,    /* total without all attempts */
  SLUICE_N_METRICS_TIMES,
} SluiceMetricsTime;

#define SLUICE_METRICS_N_BUCKETS 36

/* Upper bounds in microseconds, rising; the last bucket is the one without (G_MAXINT64). */
extern const gint64 sluice_metrics_bounds[SLUICE_METRICS_N_BUCKETS];

typedef struct {
  gint64 buckets[SLUICE_METRICS_N_BUCKETS]; /* each by itself, not cumulative */
  gint64 sum_us;
} SluiceMetricsHistogram;

void sluice_metrics_histogram_add (SluiceMetricsHistogram *into, const SluiceMetricsHistogram *from);

typedef struct {
  char *values[SLUICE_N_METRICS_LABELS]; /* (owned): GRefString */
  gint64 counts[SLUICE_N_METRICS_COUNTS];
  SluiceMetricsHistogram *times; /* (owned) (nullable): SLUICE_N_METRICS_TIMES of them */
} SluiceMetricsRow;

typedef struct _SluiceMetricsTable SluiceMetricsTable;

/* @bounded: as a worker's table is; a sum of several takes what comes. */
SluiceMetricsTable *sluice_metrics_table_new (gboolean bounded);
void sluice_metrics_table_free (SluiceMetricsTable *self);

/* The row with @labels, made if it is not there; the one for "other" when @set is full. Stays where it is. Allocates
 * for a new row only. */
SluiceMetricsRow *
sluice_metrics_table_get (SluiceMetricsTable *self, SluiceMetricsSet set, const SluiceMetricsLabels *labels);

/* The rows of @set. (element-type SluiceMetricsRow) (transfer none) */
GPtrArray *sluice_metrics_table_rows (SluiceMetricsTable *self, SluiceMetricsSet set);

/* Adds a duration; one below zero counts as none. */
void sluice_metrics_row_add_time (SluiceMetricsRow *row, SluiceMetricsTime time, gint64 us);

/* Adds what @from holds. */
void sluice_metrics_table_merge (SluiceMetricsTable *self, SluiceMetricsTable *from);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SluiceMetricsTable, sluice_metrics_table_free)

G_END_DECLS
