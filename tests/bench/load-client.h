/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "load-samples.h"

/* What all clients of a run share. */
typedef struct {
  int epoll_fd;
  int port;
  GString *request; /* head and body, sent again and again */
  gboolean stream;  /* count events and their delays */
  gboolean keep_alive;
  guint64 to_start; /* requests still to begin */
  gint64 stop_at;   /* monotonic us; nothing begins after that */

  guint64 requests; /* answered whole with a 2xx */
  guint64 non_2xx;
  guint64 errors;     /* connection failed or broke, bad framing */
  guint64 incomplete; /* streams without their end mark */
  guint64 reconnects; /* a kept connection that had gone before it was used */
  guint64 events;
  guint64 bytes;
  guint connected;
  guint last_bad_status;
  char last_error[96];
  LoadSamples *latency;
  LoadSamples *delay; /* from the write upstream to us */
} LoadRun;

/* One connection that asks, waits for the whole answer and asks again. */
typedef struct _LoadClient LoadClient;

LoadClient *load_client_new (LoadRun *run);
void load_client_free (LoadClient *self);

/* Begins the next request if there is one to begin. */
void load_client_start (LoadClient *self);

/* What epoll reports. @buffer: to read into. */
void load_client_ready (LoadClient *self, guint32 events, char *buffer, gsize size);

/* Does it wait for an answer? */
gboolean load_client_is_busy (LoadClient *self);

/* Counts what is still open as an error: the run is over. */
void load_client_give_up (LoadClient *self);
