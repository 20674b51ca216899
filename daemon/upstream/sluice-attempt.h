/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One attempt at one deployment: builds the upstream's request, sends it, and hands out the answer, whole or as it
 * comes. The only place from which anything is sent to a provider. One thread: the worker's.
 *
 * The end of a stream as reported here is the end of the connection's body; whether the answer was whole is for the
 * dialect to say (DESIGN 3).
 */
#pragma once

#include "dialect/sluice-dialect.h"
#include "router/sluice-deployment.h"
#include "upstream/sluice-upstream.h"

G_BEGIN_DECLS

typedef struct _SluiceAttempt SluiceAttempt;

typedef struct {
  SluiceDeployment *deployment; /* (owned) */
  SluiceOperation operation;
  const char *path; /* below the base address; static */
  GBytes *body;     /* (owned) */
  gboolean stream;  /* the client wants a stream */
  /* Limits in milliseconds. */
  gint64 connect_ms;
  gint64 first_byte_ms;
  gint64 idle_ms;
  gint64 total_ms;
  gsize max_answer_bytes; /* of a whole answer, decoded */
} SluiceAttemptRequest;

typedef struct {
  /* The whole answer of any status, unless it is a stream. Nothing follows. */
  void (*answer) (SluiceAttempt *attempt, GBytes *body, gpointer user_data);
  /* Bytes of a 2xx stream. */
  void (*data) (SluiceAttempt *attempt, const char *bytes, gsize length, gpointer user_data);
  /* The stream's connection ended (@error %NULL), or the attempt failed (SLUICE_ERROR_UPSTREAM_*). Nothing follows. */
  void (*end) (SluiceAttempt *attempt, const GError *error, gpointer user_data);
  /* (nullable): an answer that is collected is going to have @bytes, more than the 64 kB that each may have. Returns
   * whether there is room; if not, nothing is read until sluice_attempt_resume(). Not to end the attempt from here. */
  gboolean (*room) (SluiceAttempt *attempt, gsize bytes, gpointer user_data);
} SluiceAttemptFuncs;

/* Takes the contents of @request over. @funcs must live for ever. The calls never come from within this function. */
SluiceAttempt *sluice_attempt_start (SluiceUpstream *upstream,
                                     SluiceAttemptRequest *request,
                                     const SluiceAttemptFuncs *funcs,
                                     gpointer user_data);

/* Closes the upstream's connection at once, if the attempt has not ended; no call comes after this. */
void sluice_attempt_cancel (SluiceAttempt *self);

SluiceAttempt *sluice_attempt_ref (SluiceAttempt *self);
void sluice_attempt_unref (SluiceAttempt *self);

/* Stops and resumes reading a stream: a slow client slows the upstream. */
void sluice_attempt_pause (SluiceAttempt *self);
void sluice_attempt_resume (SluiceAttempt *self);

/* The upstream's status; 0 before one came. */
guint sluice_attempt_get_status (const SluiceAttempt *self);

/* Whether any byte of the request may have reached the upstream. */
gboolean sluice_attempt_is_sent (const SluiceAttempt *self);

/* Wall clock of the answer's first byte; 0 before it came. */
gint64 sluice_attempt_get_first_byte (const SluiceAttempt *self);

/* How often the request was sent again because an idle connection had been closed under it. */
guint sluice_attempt_get_resends (const SluiceAttempt *self);

typedef void (*SluiceHeaderFunc) (const char *name, const char *value, gpointer user_data);

/* The upstream's response headers; none before they came, and none for mock answers. */
void sluice_attempt_foreach_header (const SluiceAttempt *self, SluiceHeaderFunc func, gpointer user_data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SluiceAttempt, sluice_attempt_unref)

G_END_DECLS
