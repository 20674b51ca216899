/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One client's connection: the GIOStream that libsoup's server reads from and writes to, with what libsoup lacks
 * (DESIGN 6): the byte guard, deadlines, one send for a whole batch, a bounded queue, notice of a client that leaves,
 * lingering close, and the peer's identity. Belongs to one worker's thread once attached.
 */
#pragma once

#include <gio/gio.h>

#include "config/sluice-settings.h"
#include "http/sluice-peer.h"
#include "shared/sluice-poller.h"
#include "shared/sluice-clock.h"

G_BEGIN_DECLS

#define SLUICE_TYPE_CONNECTION (sluice_connection_get_type ())
G_DECLARE_FINAL_TYPE (SluiceConnection, sluice_connection, SLUICE, CONNECTION, GIOStream)

/* Reading the upstream stops above the first and goes on below the second. */
#define SLUICE_CONNECTION_HIGH_WATER (64 * 1024)
#define SLUICE_CONNECTION_LOW_WATER (32 * 1024)

typedef struct {
  void (*gone) (gpointer user_data);    /* the client closed or broke the connection; once */
  void (*drained) (gpointer user_data); /* the queue fell below the low mark; each time */
  /* what comes of the request is not well-formed, or comes too late: answer with sluice_connection_refuse() */
  void (*refused) (const GError *error, gpointer user_data);
} SluiceConnectionFuncs;

/* Takes over @fd (non-blocking). Any thread. */
SluiceConnection *sluice_connection_new (int fd, SluicePeer peer);

/* Starts watching; from now on everything happens in the caller's thread. @closed is called once, when the descriptor
 * is
 * closed. Returns whether that went well. */
gboolean sluice_connection_attach (SluiceConnection *self,
                                   SluicePoller *poller,
                                   SluiceClock *clock,
                                   const SluiceSettings *settings,
                                   void (*closed) (SluiceConnection *connection, gpointer user_data),
                                   gpointer user_data);

const SluicePeer *sluice_connection_get_peer (SluiceConnection *self);

/* The address objects given to libsoup: the remote one leads back to the connection. */
GSocketAddress *sluice_connection_dup_address (SluiceConnection *self);
SluiceConnection *sluice_connection_from_address (GSocketAddress *address);

/* From the head of a request to its last byte. Meanwhile what libsoup writes is swallowed, and @funcs report. */
void sluice_connection_begin (SluiceConnection *self, const SluiceConnectionFuncs *funcs, gpointer user_data);
void sluice_connection_end (SluiceConnection *self);

/* Reports a client that had closed its side before sluice_connection_begin(): its request and the end came together. */
void sluice_connection_check_hung_up (SluiceConnection *self);

/* The body is being read from the client (deadlines run), or not (they stand still). */
void sluice_connection_set_reading_body (SluiceConnection *self, gboolean reading);

/* Sends what fits at once and queues the rest; returns the bytes that are queued. Ignored once the client is gone. */
gsize sluice_connection_send (SluiceConnection *self, const char *bytes, gsize length);
gsize sluice_connection_send2 (SluiceConnection *self,
                               const char *head,
                               gsize head_length,
                               const char *body,
                               gsize length);
gsize sluice_connection_get_queued (SluiceConnection *self);

/* Sends @answer, reads no more requests, and closes when the client has had time to read it. */
void sluice_connection_refuse (SluiceConnection *self, const char *answer, gsize length);

/* Ends connections that are past a deadline. Call it for each connection a few times a second. */
void sluice_connection_tick (SluiceConnection *self, gint64 now);

/* For the drain: closes at once if it is idle. */
void sluice_connection_close_if_idle (SluiceConnection *self);

/* Closes now, whatever is under way. */
void sluice_connection_abort (SluiceConnection *self);

G_END_DECLS
