/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <libsoup/soup.h>

#include "upstream/sluice-attempt.h"
#include "upstream/sluice-stream-watch.h"
#include "upstream/sluice-upstream.h"

G_BEGIN_DECLS

/* How many requests one session has in flight before the next session is used. */
#define SLUICE_SESSION_MAX_IN_FLIGHT 16

/* What one read of a stream takes at most. */
#define SLUICE_READ_BYTES (64 * 1024)

typedef struct {
  SoupSession *session; /* (owned) */
  gboolean direct;      /* without a proxy: for local deployments */
  guint in_flight;
} SluiceSessionSlot;

struct _SluiceUpstream {
  SluiceClock *clock; /* (owned) */
  SluicePoller *poller;
  GPtrArray *slots; /* (owned) (element-type SluiceSessionSlot) */
  GQueue attempts;  /* (element-type SluiceAttempt): unowned, linked by their own link */
  char *scratch;    /* (owned): SLUICE_READ_BYTES, shared by all reads of the thread */
};

SluiceSessionSlot *sluice_upstream_take_slot (SluiceUpstream *self, gboolean direct);
void sluice_upstream_give_slot (SluiceUpstream *self, SluiceSessionSlot *slot);

typedef enum {
  SLUICE_PHASE_CONNECT,
  SLUICE_PHASE_FIRST_BYTE,
  SLUICE_PHASE_BODY,
  SLUICE_PHASE_ENDED,
} SluiceAttemptPhase;

struct _SluiceAttempt {
  gatomicrefcount refs;
  SluiceUpstream *upstream; /* outlives its attempts */
  GList link;               /* in upstream->attempts until the end */
  SluiceAttemptRequest request;
  const SluiceAttemptFuncs *funcs;
  gpointer user_data;

  SluiceSessionSlot *slot;   /* (nullable) */
  SoupMessage *message;      /* (owned) (nullable) */
  GCancellable *cancellable; /* (owned) */
  GInputStream *stream;      /* (owned) (nullable) */
  GSource *mock_source;      /* (owned) (nullable) */
  char *mock_text;           /* (owned) (nullable): of a mock stream */
  const char *mock_rest;     /* (nullable): what of it has not been said */
  SluiceStreamWatch *watch;  /* (owned) (nullable): waits for bytes of the stream */
  GByteArray *whole;         /* (owned) (nullable): an answer that is collected */
  gsize room;                /* bytes that it may have before more room is asked for */
  GError *failure;           /* (owned) (nullable): why we cancelled it ourselves */

  SluiceAttemptPhase phase;
  gboolean sent;      /* the connection was there, and the request may be on its way */
  gboolean streaming; /* the answer is handed out as it comes */
  gboolean paused;
  guint status;
  guint resends;
  guint interims; /* answers of status 1xx before the real one */
  gint64 first_byte_us;
  gint64 phase_deadline; /* monotonic; G_MAXINT64 for none */
  gint64 total_deadline;
};

/* Ends the attempt and reports @error (transfer full, nullable for a good end of a stream). */
void sluice_attempt_finish (SluiceAttempt *self, GError *error);
/* Ends the attempt with a whole answer. */
void sluice_attempt_finish_answer (SluiceAttempt *self, GBytes *body);
void sluice_attempt_start_mock (SluiceAttempt *self);
/* Goes on with a mock stream, from the loop. */
void sluice_attempt_resume_mock (SluiceAttempt *self);
void sluice_attempt_check_deadlines (SluiceAttempt *self, gint64 now);

G_END_DECLS
