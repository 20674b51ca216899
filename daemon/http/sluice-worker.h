/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A thread that serves connections from accept to finish: its own main context, SoupServer, poller and upstream
 * sessions.
 */
#pragma once

#include <stdatomic.h>

#include "http/sluice-body-budget.h"
#include "http/sluice-connection.h"
#include "http/sluice-metrics.h"
#include "http/sluice-snapshot.h"
#include "ledger/sluice-ledger.h"

G_BEGIN_DECLS

typedef struct _SluiceWorker SluiceWorker;

/* What is done, once for any number of requests, when one asks for a model of which the lists say too little. */
typedef struct {
  SluiceInbox *inbox; /* (nullable): nothing is done */
  SluiceInboxFunc func;
  gpointer data;
  gint asked;             /* atomic: the call is on its way */
  atomic_llong stale_us;  /* monotonic: from then on what the lists say is old */
} SluiceUnlistedCall;

typedef struct {
  SluiceClock *clock;
  SluiceLedger *ledger;
  SluiceBodyBudget *budget;
  SluiceBodyBudget *answers; /* the same for answers that are not streamed */
  gint *cloud_policy; /* atomic: a SluiceCloudPolicy */
  SluiceUnlistedCall *unlisted;
  SluiceMetrics *metrics;
} SluiceWorkerShared;

/* Starts the thread and returns when it can take connections. @shared is copied; what it names outlives the worker. */
SluiceWorker *sluice_worker_new (guint index,
                                 SluiceSnapshot *snapshot,
                                 const SluiceWorkerShared *shared,
                                 GError **error);

/* Hands over an accepted connection (transfer full). Any thread. */
void sluice_worker_take (SluiceWorker *self, SluiceConnection *connection);

/* Connections held, those on their way included. One atomic read; any thread. */
guint sluice_worker_get_n_connections (SluiceWorker *self);

/* From the next request on. Any thread. */
void sluice_worker_set_snapshot (SluiceWorker *self, SluiceSnapshot *snapshot);

/* Closes the idle connections to cloud upstreams; any thread. */
void sluice_worker_leave_cloud (SluiceWorker *self);

/* Closes idle connections, and others as soon as their request is done; any thread. */
void sluice_worker_drain (SluiceWorker *self);

/* Requests under way. One atomic read; any thread. */
guint sluice_worker_get_n_exchanges (SluiceWorker *self);

/* What keeps the daemon from being idle. Health probes are no work. */
typedef struct {
  guint n_working;     /* requests under way */
  guint n_new;         /* connections, accepted, that have not said yet what they want */
  gint64 last_work_us; /* when a request last began or ended, monotonic; 0: never */
} SluiceWork;

/* Adds up: counts are added to @work, the later time is kept. Three atomic reads; any thread. */
void sluice_worker_add_work (SluiceWorker *self, SluiceWork *work);

/* Ends what is under way with an error, and the thread. Not from the worker's thread. */
void sluice_worker_stop (SluiceWorker *self);

G_END_DECLS
