/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "http/sluice-exchange.h"
#include "http/sluice-guard.h"
#include "http/sluice-stage.h"
#include "http/sluice-worker-private.h"
#include "upstream/sluice-attempt.h"

G_BEGIN_DECLS

typedef struct _SluiceExchange SluiceExchange;

struct _SluiceExchange {
  guint refs; /* one thread */
  GList link; /* in worker->exchanges */
  SluiceWorker *worker;
  SoupServerMessage *message;   /* (owned) */
  SluiceConnection *connection; /* (owned) */
  SluiceSnapshot *snapshot;     /* (owned) */
  SluiceGuardResult guard;
  char *request_id; /* (owned): ours */

  SluiceStage stage; /* changed by sluice_exchange_move_to() only */
  gboolean gone;     /* abandoned: the client left, or the exchange was shut down */
  gboolean message_paused;
  gboolean is_work;   /* no health probe: counted as such by the worker */
  gboolean close_after;
  gboolean http10;

  /* the body */
  GByteArray *body; /* (owned) (nullable) */
  gsize budget_held;
  gsize budget_asked; /* 0: not waiting in line */
  gint64 budget_deadline;

  /* what the body says */
  SluiceJsonObject request;
  gboolean request_indexed;
  char *model; /* (owned) (nullable): as asked for */
  gboolean stream;
  gboolean wants_usage;
  gint64 max_tokens; /* -1: not said */

  /* the plan and the attempt under way */
  GPtrArray *plan; /* (owned) (nullable) (element-type SluiceDeployment) */
  guint next;
  gboolean cloud_chosen; /* by what the client asked for */
  SluiceDeployment *deployment;  /* (nullable): borrowed from the plan */
  const SluiceDialect *dialect;  /* (nullable) */
  SluiceDialectAnswer answer;    /* for the decoder */
  SluiceAttempt *attempt;        /* (owned) (nullable) */
  GBytes *encoded;               /* (owned) (nullable): between reserve and send */
  SluiceAttemptRecord *attempt_record; /* (nullable): borrowed from the record */

  /* the answer */
  SluiceExchangeRecord *record; /* (owned) (nullable): from admission on */
  gboolean pending;             /* the ledger keeps the row in memory */
  gboolean told_pending;        /* the head says so */
  SluiceUsage usage;
  gsize room_held;      /* of the budget for answers */
  gsize room_asked;     /* 0: not waiting in line */
  gint64 room_deadline; /* monotonic microseconds */
  GBytes *answer_body;  /* (owned) (nullable): waits for the ledger; a stream has none, its tail waits */
  guint answer_status;
  const char *answer_type; /* (nullable): static; %NULL for JSON */
  gint64 cost_nano;
  SluiceStreamDecoder *decoder; /* (owned) (nullable) */
  GByteArray *batch;            /* (owned) (nullable): frames not sent yet */
  SluiceFault *stream_fault; /* (owned) (nullable): why a stream that began did not end well */

  /* monotonic microseconds */
  gint64 t_begin;
  gint64 t_read;
  gint64 t_reserve;
  gint64 t_sent;
  gint64 t_first;
  gint64 t_settle;
};

SluiceExchange *sluice_exchange_ref (SluiceExchange *self);
void sluice_exchange_unref (SluiceExchange *self);
gint64 sluice_exchange_now (SluiceExchange *self);

/* The only way from one stage to the next; a step that sluice-stage.c does not know is a bug of ours. */
void sluice_exchange_move_to (SluiceExchange *self, SluiceStage stage);

/* Frees the body; no further attempt can be made. Its share of the budget stays: the upstream's copy is as large. */
void sluice_exchange_drop_text (SluiceExchange *self);

/* The same, and the upstream has taken its copy: the share is given back. */
void sluice_exchange_drop_body (SluiceExchange *self);

/* Ends the attempt that is under way, if there is one; it says nothing more. */
void sluice_exchange_drop_attempt (SluiceExchange *self);

/* A stream has begun: while it goes on the paused message costs the loop nothing. Not from within libsoup's
 * signals. */
void
sluice_exchange_pause_for_long (SluiceExchange *self);

/* -plan.c: the body is there. */
void sluice_exchange_admit (SluiceExchange *self);

/* Begins the attempt at the next candidate that may be asked. Returns whether there was one; @error otherwise says why
 * the first of the rest was left out, and stays %NULL if none was left. */
gboolean sluice_exchange_try_next (SluiceExchange *self, GError **error);

/* -attempt.c: sends the encoded request to the deployment taken. */
void sluice_exchange_start_attempt (SluiceExchange *self);

/* The client left or we are shutting down: stops the attempt and writes the row. */
void sluice_exchange_abandon (SluiceExchange *self, guint status, const char *word);

/* Ends what is under way with @error: as the answer, or as the last event of a stream that has begun. */
void sluice_exchange_cut (SluiceExchange *self, const GError *error);

/* Fills the attempt's row from what is known. @usage (nullable): reported; else estimated from what was generated. */
void sluice_exchange_settle_attempt (SluiceExchange *self, SluiceAttemptState state, const char *word);

/* An upstream may quote the key that it was sent; our client may not see it. */
void sluice_exchange_hide_key (SluiceExchange *self, SluiceFault *fault);

/* The attempt failed before anything was sent: another candidate, or the fault as the answer. Takes @fault over. */
void sluice_exchange_attempt_failed (SluiceExchange *self,
                                     SluiceFault *fault,
                                     SluiceAttemptState state,
                                     const char *word);

/* -relay.c: bytes of a stream, and its end. */
void sluice_exchange_relay (SluiceExchange *self, const char *bytes, gsize length);
void sluice_exchange_relay_end (SluiceExchange *self, const GError *error);
void sluice_exchange_drained (SluiceExchange *self);

/* -room.c */

/* Room for @bytes of an answer in all. FALSE: the attempt is resumed when there is. */
gboolean sluice_exchange_take_room (SluiceExchange *self, gsize bytes);

/* Gives everything back and leaves the line. */
void sluice_exchange_drop_room (SluiceExchange *self);

/* Gives up if it has waited too long. */
void sluice_exchange_check_room (SluiceExchange *self, gint64 now);

/* -answer.c */

/* Refuses before the body was read: the answer, and the connection closes. */
void sluice_exchange_refuse (SluiceExchange *self, const GError *error);

/* Answers with JSON. @body is what goes out when the row is committed, or at once if there is no row. (transfer full)
 * */
void sluice_exchange_answer (SluiceExchange *self, guint status, GBytes *body, const char *word);
void sluice_exchange_fail (SluiceExchange *self, const GError *error);
void sluice_exchange_fail_with (SluiceExchange *self, SluiceFault *fault);

/* Hands the row to the ledger; the answer goes on when it is there. @word (nullable): the error. */
void sluice_exchange_settle (SluiceExchange *self, guint status, const char *word);

/* The row of an abandoned exchange, which was reserved only after that: nobody waits for it. */
void sluice_exchange_settle_late (SluiceExchange *self, guint status, const char *word);

/* Status line and headers; @length -1 for a stream. */
void sluice_exchange_append_head (SluiceExchange *self, GString *out, guint status, const char *type, gssize length);

/* All bytes are sent or queued: when the queue is empty libsoup may finish. */
void sluice_exchange_complete (SluiceExchange *self);

/* Lets libsoup finish the message. */
void sluice_exchange_release (SluiceExchange *self);

/* -info.c: lists, health, the root; answers without a body to read. */
void sluice_exchange_inform (SluiceExchange *self);

G_END_DECLS
