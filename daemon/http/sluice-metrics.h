/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where the figures of all workers come together. Each worker counts alone, without locks; whoever wants the sum asks
 * each through its inbox and gets the answer through its own, so that nobody waits for anybody.
 */
#pragma once

#include "http/sluice-metrics-table.h"
#include "shared/sluice-clock.h"
#include "shared/sluice-inbox.h"

G_BEGIN_DECLS

typedef struct _SluiceMetrics SluiceMetrics;

/* What one worker has, or several together. */
typedef struct {
  SluiceMetricsTable *table;
  guint connections;
  guint in_flight;
} SluiceMetricsShare;

/* What the last reading of the configuration was. */
typedef struct {
  guint errors;
  guint warnings;
  guint n_used;    /* readings since the start */
  guint n_refused;
} SluiceMetricsReadings;

/* Adds what @worker has to @share; called in the worker's thread. */
typedef void (*SluiceMetricsFillFunc) (SluiceMetricsShare *share, gpointer worker);

/* @share is the callee's for the call. */
typedef void (*SluiceMetricsDoneFunc) (SluiceMetricsShare *share, gpointer user_data);

SluiceMetrics *sluice_metrics_new (SluiceClock *clock);

/* After all workers have ended. */
void sluice_metrics_free (SluiceMetrics *self);

/* @worker can be asked through @inbox until that is closed. Any thread. */
void sluice_metrics_join (SluiceMetrics *self, SluiceInbox *inbox, SluiceMetricsFillFunc fill, gpointer worker);

/*
 * Asks all workers; @done is called through @origin, once, with the sum. Workers whose inbox is closed count as
 * nothing. If @origin is closed before, @done is never called. @origin's thread.
 */
void sluice_metrics_gather (SluiceMetrics *self, SluiceInbox *origin, SluiceMetricsDoneFunc done, gpointer user_data);

/* The configuration was read, and is served or not. Any thread. */
void sluice_metrics_note_reading (SluiceMetrics *self, gboolean used, guint errors, guint warnings);

/* Any thread. */
SluiceMetricsReadings sluice_metrics_get_readings (SluiceMetrics *self);
guint sluice_metrics_get_n_workers (SluiceMetrics *self);
gint64 sluice_metrics_get_started (SluiceMetrics *self); /* wall clock */

G_END_DECLS
