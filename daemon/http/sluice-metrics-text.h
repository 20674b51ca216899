/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Figures as Prometheus reads them: the text format of version 0.0.4. Families that mean what LiteLLM's do have its
 * names (config-and-router.md 6.5), our own begin with "sluice_". No floating point: seconds and dollars are printed
 * from integers.
 */
#pragma once

#include "http/sluice-metrics-table.h"
#include "router/sluice-cloud-policy.h"

G_BEGIN_DECLS

#define SLUICE_METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* How things stand at the moment. Instants are wall clock microseconds. */
typedef struct {
  const char *version;
  gint64 started_us;
  gint64 now_us;
  guint workers;
  guint connections;
  guint in_flight; /* requests that ask a model */
  gsize body_budget;
  gsize body_budget_held;
  guint body_budget_waiting; /* requests in line */
  gboolean ledger_ok;
  guint ledger_pending; /* rows kept in memory */
  gboolean config_usable;
  guint config_errors; /* findings of the last reading */
  guint config_warnings;
  guint readings_used;
  guint readings_refused;
  guint models; /* public names */
  SluiceCloudPolicy cloud_policy;
} SluiceMetricsGauges;

/* Returns: (transfer full): the whole page. */
GString *sluice_metrics_format (SluiceMetricsTable *table, const SluiceMetricsGauges *gauges);

G_END_DECLS
