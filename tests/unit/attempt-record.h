/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the tests of upstream/ have in common: an upstream with a clock that stands still, and a record of what an
 * attempt reported.
 */
#pragma once

#include "shared/sluice-error.h"
#include "upstream/sluice-attempt.h"

#define START_REAL_US G_GINT64_CONSTANT (1700000000000000)

#define CONNECT_MS 1000
#define FIRST_BYTE_MS 2000
#define IDLE_MS 3000
#define TOTAL_MS 60000
#define MAX_ANSWER 1000

typedef struct {
  SluiceClock *clock;
  SluicePoller *poller;
  SluiceUpstream *upstream;
  SluiceAttempt *attempt;       /* (nullable): the last one that was started */
  SluiceDeployment *deployment; /* (nullable): of it */
  gboolean starting;            /* nothing may be reported yet */
  gboolean pause_at_data;
  gboolean cancel_at_data;
  gboolean no_room;  /* is said to those who ask */
  gsize max_answer;  /* 0: MAX_ANSWER */
  guint n_rooms;
  gsize room;        /* the last that was asked for */
  guint n_answers;
  GBytes *body;
  GString *data;
  guint n_data;
  guint n_ends;
  GError *error;
} Record;

static void
record_answer (SluiceAttempt *attempt, GBytes *body, gpointer user_data)
{
  Record *record = user_data;

  g_assert_false (record->starting);
  g_assert_cmpuint (record->n_answers + record->n_ends + record->n_data, ==, 0);
  record->n_answers++;
  record->body = g_bytes_ref (body);
}

static void
record_data (SluiceAttempt *attempt, const char *bytes, gsize length, gpointer user_data)
{
  Record *record = user_data;

  g_assert_false (record->starting);
  g_assert_cmpuint (record->n_answers + record->n_ends, ==, 0);
  record->n_data++;
  g_string_append_len (record->data, bytes, (gssize) length);
  if (record->pause_at_data)
    sluice_attempt_pause (attempt);
  if (record->cancel_at_data)
    sluice_attempt_cancel (attempt);
}

static void
record_end (SluiceAttempt *attempt, const GError *error, gpointer user_data)
{
  Record *record = user_data;

  g_assert_false (record->starting);
  g_assert_cmpuint (record->n_answers + record->n_ends, ==, 0);
  record->n_ends++;
  record->error = error != NULL ? g_error_copy (error) : NULL;
}

static gboolean
record_room (SluiceAttempt *attempt, gsize bytes, gpointer user_data)
{
  Record *record = user_data;

  g_assert_cmpuint (bytes, >, record->room);
  record->n_rooms++;
  record->room = bytes;
  return !record->no_room;
}

static const SluiceAttemptFuncs record_funcs = { record_answer, record_data, record_end, record_room };

static inline void
record_init (Record *record)
{
  memset (record, 0, sizeof *record);
  record->clock = sluice_clock_new_manual (START_REAL_US, 5);
  record->poller = sluice_poller_new (NULL, NULL);
  g_assert_nonnull (record->poller);
  record->upstream = sluice_upstream_new (record->clock, record->poller);
  record->data = g_string_new (NULL);
}

/* Before the next attempt. */
static inline void
record_reset (Record *record)
{
  if (record->attempt != NULL)
    {
      sluice_attempt_cancel (record->attempt);
      g_assert_cmpint (g_atomic_int_get (&record->deployment->in_flight), ==, 0);
    }
  g_clear_pointer (&record->attempt, sluice_attempt_unref);
  g_clear_pointer (&record->deployment, sluice_deployment_unref);
  g_clear_pointer (&record->body, g_bytes_unref);
  g_clear_error (&record->error);
  g_string_truncate (record->data, 0);
  record->n_answers = record->n_data = record->n_ends = record->n_rooms = 0;
  record->room = 0;
}

static inline void
record_clear (Record *record)
{
  record_reset (record);
  sluice_upstream_free (record->upstream);
  sluice_poller_free (record->poller);
  g_object_unref (record->clock);
  g_string_free (record->data, TRUE);
}

/* Takes the reference on @deployment. */
static inline void
record_start (Record *record,
              SluiceDeployment *deployment,
              SluiceOperation operation,
              const char *body,
              gboolean stream)
{
  SluiceAttemptRequest request = {
    .deployment = sluice_deployment_ref (deployment),
    .operation = operation,
    .path = "/v1/x",
    .body = g_bytes_new (body, strlen (body)),
    .stream = stream,
    .connect_ms = CONNECT_MS,
    .first_byte_ms = FIRST_BYTE_MS,
    .idle_ms = IDLE_MS,
    .total_ms = TOTAL_MS,
    .max_answer_bytes = record->max_answer > 0 ? record->max_answer : MAX_ANSWER,
  };

  record_reset (record);
  record->deployment = deployment;
  record->starting = TRUE;
  record->attempt = sluice_attempt_start (record->upstream, &request, &record_funcs, record);
  record->starting = FALSE;
  g_assert_null (request.deployment);
  g_assert_null (request.body);
  g_assert_cmpint (g_atomic_int_get (&deployment->in_flight), ==, 1);
  g_assert_true (sluice_upstream_is_busy (record->upstream));
}

static inline gboolean
record_is_over (const Record *record)
{
  return record->n_answers + record->n_ends > 0;
}

static inline const char *
record_text (Record *record)
{
  gsize length;
  const char *text = g_bytes_get_data (record->body, &length);

  g_string_truncate (record->data, 0);
  g_string_append_len (record->data, text, (gssize) length);
  return record->data->str;
}

/* Lets @ms pass and looks at the deadlines. */
static inline void
record_pass (Record *record, gint64 ms)
{
  sluice_clock_advance (record->clock, ms * 1000);
  sluice_upstream_tick (record->upstream);
}
