/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <libsoup/soup.h>

#include "http/sluice-worker.h"
#include "upstream/sluice-upstream.h"

G_BEGIN_DECLS

struct _SluiceWorker {
  SluiceWorkerShared shared;
  GThread *thread;
  GMainContext *context; /* (owned) */
  GMainLoop *loop;       /* (owned) */
  SluiceInbox *inbox;    /* (owned) */
  SluicePoller *poller;  /* (owned) */
  SoupServer *server;    /* (owned) */
  SluiceUpstream *upstream; /* (owned) */
  SluiceSnapshot *snapshot; /* (owned) */
  GSource *tick;            /* (owned): runs only while there is something to watch */
  GHashTable *connections;  /* (owned) (element-type SluiceConnection): unowned, until they close */
  GHashTable *new_connections; /* (owned): those of them without a request so far */
  SluiceMetricsTable *metrics; /* (owned) */
  GQueue exchanges;         /* (element-type SluiceExchange): linked by their own link */
  guint n_in_ledger;        /* rows handed over, and sums asked for, whose call has not come back */
  guint closed_since_trim;  /* connections */
  gint64 stop_deadline;     /* monotonic; 0: not stopping */
  gboolean draining;
  guint n_connections; /* atomic */
  guint n_exchanges;   /* atomic */
  guint n_working;     /* atomic: exchanges that are no health probes */
  guint n_new;         /* atomic: connections without a request so far */
  _Atomic gint64 last_work_us; /* monotonic: when one that is no probe began or ended; 0: never */
  char date[40];       /* of date_second */
  gint64 date_second;

  GMutex start_lock; /* guards the two below */
  GCond start_cond;
  gboolean started;
  GError *start_error;
};

/* An exchange that is work begins or ends: idleness is counted from there. */
void sluice_worker_begin_work (SluiceWorker *self);
void sluice_worker_end_work (SluiceWorker *self);

/* The value of a Date header for now. */
const char *sluice_worker_get_date (SluiceWorker *self);

G_END_DECLS
