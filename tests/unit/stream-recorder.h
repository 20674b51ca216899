/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs a stream decoder over recorded bytes and writes down what it reports, one line an event, so that a table can say
 * what must come out and every way to cut the bytes can be compared.
 */
#pragma once

#include "dialect/sluice-dialect.h"
#include "shared/sluice-error.h"
#include "tests/cutter.h"

#include <string.h>

static inline void
recorder_note (SluiceStreamEvent event, const char *payload, gsize length, gpointer user_data)
{
  static const char *const names[] = { "CHUNK", "USAGE", "FAULT", "DONE" };
  GString *into = user_data;
  g_autoptr (GError) error = NULL;

  if (event == SLUICE_STREAM_CHUNK || event == SLUICE_STREAM_USAGE)
    {
      sluice_json_check (payload, length, SLUICE_JSON_FLAGS_NONE, NULL, &error);
      g_assert_no_error (error);
      g_assert_null (memchr (payload, '\n', length));
      g_assert_null (memchr (payload, '\r', length));
    }
  else
    g_assert_cmpuint (length, ==, 0);

  g_string_append_printf (into, "%s %.*s\n", names[event], (int) length, payload);
}

static inline void
recorder_finish (const SluiceDialect *dialect, SluiceStreamDecoder *decoder, GString *into, gboolean good)
{
  g_autoptr (GError) error = NULL;

  if (good && !dialect->stream_end (decoder, recorder_note, into, &error))
    {
      g_assert_true (g_error_matches (error, SLUICE_ERROR, SLUICE_ERROR_UPSTREAM_ANSWER));
      g_string_append_printf (into, "CUT %s\n", error->message);
    }
  if (decoder->fault != NULL)
    g_string_append_printf (into, "fault %u %s %s: %s\n", decoder->fault->status, decoder->fault->type,
                            decoder->fault->code != NULL ? decoder->fault->code : "-", decoder->fault->message);
  if (decoder->usage.present || decoder->usage.estimated)
    g_string_append_printf (into,
                            "%s %" G_GINT64_FORMAT "+%" G_GINT64_FORMAT " cached %" G_GINT64_FORMAT
                            " reasoning %" G_GINT64_FORMAT "\n",
                            decoder->usage.estimated ? "estimate" : "usage", decoder->usage.prompt_tokens,
                            decoder->usage.completion_tokens, decoder->usage.cached_tokens,
                            decoder->usage.reasoning_tokens);
  g_string_append_printf (into, "text %" G_GINT64_FORMAT "%s\n", decoder->text_bytes, decoder->done ? " done" : "");
}

static inline char *
recorder_run (const SluiceDialect *dialect, const SluiceDialectAnswer *answer, Cutter cut)
{
  g_auto (Cutter) cutter = cut;
  GString *into = g_string_new (NULL);
  SluiceStreamDecoder *decoder = dialect->stream_new (answer);
  gboolean good = TRUE;

  g_assert_true (decoder->dialect == dialect);
  while (good && cutter_next (&cutter))
    {
      g_autoptr (GError) error = NULL;

      good = dialect->stream_push (decoder, cutter.piece, cutter.size, recorder_note, into, &error);
      g_assert_true (good == (error == NULL));
      if (!good)
        g_string_append_printf (into, "BROKEN %s\n", error->message);
    }
  recorder_finish (dialect, decoder, into, good);
  dialect->stream_free (decoder);
  return g_string_free (into, FALSE);
}

/* Whole, byte by byte, and cut in two at every offset: @expected each time. */
static inline void
recorder_check (const SluiceDialect *dialect,
                const SluiceDialectAnswer *answer,
                const char *name,
                const char *bytes,
                const char *expected)
{
  gsize length = strlen (bytes);
  g_autofree char *single = recorder_run (dialect, answer, cutter_by_step (bytes, length, 1));

  g_test_message ("stream %s", name);
  g_assert_cmpstr (single, ==, expected);
  for (gsize at = 0; at < length; at++)
    {
      g_autofree char *cut = recorder_run (dialect, answer, cutter_at (bytes, length, &at, at > 0 ? 1 : 0));

      g_assert_cmpstr (cut, ==, expected);
    }
}

/* What @dialect makes of a request: the body, or "error: ..." */
static inline char *
recorder_encode (const SluiceDialect *dialect,
                 SluiceOperation operation,
                 const char *body,
                 gboolean stream,
                 const SluiceDialectDefault *defaults,
                 guint n_defaults)
{
  g_autoptr (GBytes) result = NULL;
  g_autoptr (GError) error = NULL;
  SluiceJsonObject object;
  SluiceDialectRequest request = { operation, &object, "upstream-model", stream, defaults, n_defaults };
  const char *text;
  gsize length;

  sluice_json_object_init (&object, body, strlen (body), SLUICE_JSON_FLAGS_NONE, &error);
  g_assert_no_error (error);
  result = dialect->encode_request (&request, &error);
  sluice_json_object_clear (&object);
  g_assert_true ((result == NULL) == (error != NULL));
  if (result == NULL)
    {
      g_assert_true (g_error_matches (error, SLUICE_ERROR, SLUICE_ERROR_INVALID_REQUEST));
      return g_strdup_printf ("error: %s", error->message);
    }

  text = g_bytes_get_data (result, &length);
  sluice_json_check (text, length, SLUICE_JSON_FLAGS_NONE, NULL, &error);
  g_assert_no_error (error);
  return g_strndup (text, length);
}

/* What @dialect makes of an answer: the body, "error: ..." or "fault: ..."; @usage (nullable). */
static inline char *
recorder_decode (const SluiceDialect *dialect, const SluiceDialectAnswer *answer, const char *body, SluiceUsage *usage)
{
  g_autoptr (GBytes) bytes = g_bytes_new (body, strlen (body));
  g_autoptr (GBytes) result = NULL;
  g_autoptr (SluiceFault) fault = NULL;
  g_autoptr (GError) error = NULL;
  SluiceUsage read = { 0 };
  const char *text;
  gsize length;

  result = dialect->decode_answer (answer, bytes, &read, &fault, &error);
  g_assert_cmpint ((result != NULL) + (fault != NULL) + (error != NULL), ==, 1);
  if (usage != NULL)
    *usage = read;
  if (error != NULL)
    {
      g_assert_true (g_error_matches (error, SLUICE_ERROR, SLUICE_ERROR_UPSTREAM_ANSWER));
      return g_strdup_printf ("error: %s", error->message);
    }
  if (fault != NULL)
    return g_strdup_printf ("fault: %u %s %s", fault->status, fault->type, fault->message);

  text = g_bytes_get_data (result, &length);
  sluice_json_check (text, length, SLUICE_JSON_FLAGS_NONE, NULL, &error);
  g_assert_no_error (error);
  return g_strndup (text, length);
}
