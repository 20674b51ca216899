/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an exchange tells those who watch: the counters of its worker, and the debug lines. Private to http; the
 * worker's thread.
 */
#pragma once

#include "http/sluice-exchange-private.h"

G_BEGIN_DECLS

/* The row is in the ledger's hands and has come back; called once, before the last bytes go. @status is what the client
 * gets. */
void sluice_metrics_note_row (SluiceExchange *self, guint status);

/* An answer that has no row: a list, a refusal. @word (nullable): the error, one of our own words. */
void sluice_metrics_note_answer (SluiceExchange *self, guint status, const char *word);

/* The candidates are known. */
void sluice_metrics_note_plan (SluiceExchange *self);

/* The route /metrics: gathers from all workers, then answers. */
void sluice_metrics_answer (SluiceExchange *self);

/* What @worker (a SluiceWorker) has counted; for sluice_metrics_join(). */
void sluice_metrics_fill_share (SluiceMetricsShare *share, gpointer worker);

G_END_DECLS
