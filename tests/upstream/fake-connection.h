/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "fake-answer.h"
#include "fake-log.h"
#include "fake-request.h"
#include "fake-timers.h"

/* What one process holds. One thread. */
typedef struct {
  int epoll_fd;
  FakeTimers *timers;
  FakeLog *log;
  GString *scratch;       /* for a body whose length must be known first */
  char *redirect_to;      /* (nullable): where redirects go if the request does not say */
  GHashTable *connections; /* a set of FakeConnection, unowned: what is left at the end is freed then */
  GHashTable *seen;       /* model name -> requests with it, for the modes that count */
  char *embeddings_key;   /* (nullable): what embeddings_body answers */
  GString *embeddings_body;
  guint64 next_id;
  guint64 next_connection;
  gint64 created; /* seconds; the same in all answers */
} FakeServer;

/* An answer is what is in `out` when it begins, and then steps. */
typedef enum {
  FAKE_STEP_EVENTS, /* count: how many; ms: between them; size: bytes of each stamped one */
  FAKE_STEP_LAST,   /* finish reason, usage, end mark; then the last chunk */
  FAKE_STEP_BYTES,  /* bytes, count times */
  FAKE_STEP_WAIT,   /* ms */
  /* the rest wait until everything before has gone out */
  FAKE_STEP_RESET,
  FAKE_STEP_CLOSE,
  FAKE_STEP_STALL, /* until the client leaves */
} FakeStepKind;

typedef struct {
  FakeStepKind kind;
  guint64 count;
  guint ms;
  gsize size;
  GBytes *bytes; /* (owned) (nullable) */
} FakeStep;

#define FAKE_STEPS 8

typedef struct _FakeConnection FakeConnection;

struct _FakeConnection {
  FakeServer *server;
  FakeTimer timer; /* its owner is the connection */
  int fd;
  guint32 mask; /* of epoll */
  guint64 number;

  char *in; /* (owned) */
  gsize in_length;
  gsize in_size;
  gsize head_length; /* 0: not whole yet */
  gsize raw;         /* chunked: how far it is read, and */
  gsize decoded;     /* where its decoded body ends; both from the start of `in` */

  GString *out; /* (owned) */
  gsize out_done;
  guint drip_bytes; /* of each write; 0: as much as goes */
  guint drip_ms;

  gboolean active; /* a request is being answered; nothing is read meanwhile */
  gboolean delayed; /* its answer begins when the timer fires */
  gboolean close_after;
  FakeRequest request;
  FakeAnswer answer;
  char *text;             /* (owned) (nullable): what answer.text points to */
  const char *fixed_body; /* (unowned) (nullable): instead of an answer */
  const char *fixed_type;
  guint64 log_number;
  guint status;
  gboolean unlogged; /* a request about the provider itself */

  FakeStep steps[FAKE_STEPS];
  guint n_steps;
  guint step;
  FakeSlice words; /* still to be said; empty: events are stamped */
  gboolean stamped;
  gint64 due; /* of the next event; 0: none yet */
};

FakeConnection *fake_connection_new (FakeServer *server, int fd);
void fake_connection_free (FakeConnection *self);

/* What epoll reports. May free @self. */
void fake_connection_ready (FakeConnection *self, guint32 events);

/* What its timer brings. May free @self. */
void fake_connection_timer (FakeConnection *self);

/* For those who compose answers: */

/* Writes status line and headers. @length: -1 for chunked. @extra: (nullable): whole header lines. */
void fake_connection_begin (FakeConnection *self, guint status, const char *type, gssize length, const char *extra);
void fake_connection_add_chunk (FakeConnection *self, const char *data, gsize length);
void fake_connection_push (FakeConnection *self, FakeStep step);

/* Puts @bytes, @count times, in front of everything composed so far, of which @keep bytes stay in front of them.
 * @bytes: (transfer full). */
void fake_connection_push_before (FakeConnection *self, gsize keep, GBytes *bytes, guint64 count);
