/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "http/sluice-connection.h"
#include "http/sluice-framing.h"

G_BEGIN_DECLS

#define SLUICE_RECEIVE_BYTES 8192

/* Milliseconds. Copied: a connection outlives the configuration it came under. */
typedef struct {
  gint64 slow_client;
  gint64 body_idle;
  gint64 body;
  gint64 header;
  gint64 keepalive;
} SluiceConnectionLimits;

struct _SluiceConnection {
  GIOStream parent_instance;

  int fd; /* -1: closed */
  SluicePeer peer;
  GInputStream *input;   /* (owned) */
  GOutputStream *output; /* (owned) */

  SluicePoller *poller;
  SluicePolled polled;
  SluiceClock *clock; /* (owned) */
  SluiceConnectionLimits limits;
  void (*closed) (SluiceConnection *connection, gpointer user_data);
  gpointer closed_data;

  /* reading */
  SluiceFraming framing;
  GError *framing_error; /* (owned) (nullable): what to refuse with when libsoup comes to it */
  char *buffer;          /* (owned) (nullable): received and passed by the guard */
  gsize begin;
  gsize end;
  gboolean readable;    /* the socket may have more */
  gboolean end_seen;    /* recv returned 0 or failed */
  gboolean input_over;  /* libsoup gets no more bytes */
  gboolean marker_sent; /* the byte that makes libsoup let go */
  GSource *read_source; /* (owned) (nullable): what libsoup waits on */

  /* writing */
  GByteArray *queue; /* (owned) (nullable) */
  gsize queue_begin;
  gboolean above; /* the queue passed the high mark and has not been below the low one since */

  /* the request under way */
  const SluiceConnectionFuncs *funcs; /* (nullable) */
  gpointer user_data;
  gboolean busy;
  gboolean hung_up; /* the client closed its side; the event comes once, perhaps before the request is looked at */
  gboolean gone;
  gboolean reading_body;

  gboolean closing;   /* libsoup let go: what is queued is still sent */
  gboolean lingering; /* our side is shut; waiting for the client to read and close */
  gsize lingered;

  /* monotonic, 0 for none */
  gint64 head_since;
  gint64 idle_since;
  gint64 body_spent; /* microseconds of reading so far */
  gint64 body_since;
  gint64 last_byte;
  gint64 write_progress;
  gint64 linger_since;
};

#define SLUICE_TYPE_CONNECTION_INPUT (sluice_connection_input_get_type ())
G_DECLARE_FINAL_TYPE (SluiceConnectionInput, sluice_connection_input, SLUICE, CONNECTION_INPUT, GInputStream)
#define SLUICE_TYPE_CONNECTION_OUTPUT (sluice_connection_output_get_type ())
G_DECLARE_FINAL_TYPE (SluiceConnectionOutput, sluice_connection_output, SLUICE, CONNECTION_OUTPUT, GOutputStream)

/* The two halves; the connection is borrowed, it owns them. */
GInputStream *sluice_connection_input_new (SluiceConnection *connection);
GOutputStream *sluice_connection_output_new (SluiceConnection *connection);

/* -receive.c: bytes for libsoup; -1 with G_IO_ERROR_WOULD_BLOCK. */
gssize sluice_connection_take (SluiceConnection *self, char *buffer, gsize count, GError **error);
gboolean sluice_connection_can_take (SluiceConnection *self);

/* -send.c: the socket takes more of the queue. */
void sluice_connection_send_queued (SluiceConnection *self);

/* The queue is empty: what waited for that may happen. */
void sluice_connection_flushed (SluiceConnection *self);

/* Refuses the request: by the exchange if one is under way, so that it knows, else with a canned answer. */
void sluice_connection_refuse_with (SluiceConnection *self, const GError *error);

/* The life. */
gint64 sluice_connection_now (SluiceConnection *self);

/* libsoup is to try and read again. */
void sluice_connection_wake_reader (SluiceConnection *self);

/* The client left, or is to be treated so: nothing more is read or sent. Reports it once. */
void sluice_connection_set_gone (SluiceConnection *self);

/* Shuts our side and leaves the client time to read what was sent. */
void sluice_connection_start_linger (SluiceConnection *self);

/* The descriptor's end. libsoup may hold the object longer. */
void sluice_connection_close_now (SluiceConnection *self);

G_END_DECLS
