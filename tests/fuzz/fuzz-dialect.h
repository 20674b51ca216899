/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the targets of the dialects share: whatever the bytes are, what comes out is JSON or one clear error, and how a
 * stream is cut makes no difference.
 */
#pragma once

#include "fuzz-target.h"

#include "dialect/sluice-dialect.h"
#include "tests/cutter.h"

#include <string.h>

/* Wrapping adds levels, and members to one object: the only faults that well-formed input can lead to. */
static inline void
fuzz_check_json (const char *text, gsize length)
{
  g_autoptr (GError) error = NULL;

  if (!sluice_json_check (text, length, SLUICE_JSON_SKIM_NUMBERS, NULL, &error))
    g_assert_true (strstr (error->message, "nested") != NULL || strstr (error->message, "members") != NULL);
}

static inline void
fuzz_note_event (SluiceStreamEvent event, const char *payload, gsize length, gpointer user_data)
{
  g_assert_cmpint (length > 0, ==, event == SLUICE_STREAM_CHUNK || event == SLUICE_STREAM_USAGE);
  if (length > 0)
    fuzz_check_json (payload, length);
  g_assert_null (memchr (payload, '\n', length));
  g_assert_null (memchr (payload, '\r', length));
  g_string_append_printf (user_data, "%d|", (int) event);
  g_string_append_len (user_data, payload, (gssize) length);
}

static inline GString *
fuzz_run_stream (const SluiceDialect *dialect, const SluiceDialectAnswer *answer, Cutter cut)
{
  g_auto (Cutter) cutter = cut;
  SluiceStreamDecoder *decoder = dialect->stream_new (answer);
  g_autoptr (GError) error = NULL;
  GString *seen = g_string_new (NULL);
  gboolean good = TRUE;

  while (good && cutter_next (&cutter))
    {
      good = dialect->stream_push (decoder, cutter.piece, cutter.size, fuzz_note_event, seen, &error);
      g_assert_cmpint (good, ==, error == NULL);
    }
  if (good)
    {
      good = dialect->stream_end (decoder, fuzz_note_event, seen, &error);
      g_assert_cmpint (good, ==, error == NULL);
      g_assert_cmpint (good, ==, decoder->done || decoder->fault != NULL);
    }
  g_assert_cmpint (decoder->usage.prompt_tokens, <=, SLUICE_USAGE_MAX);
  g_assert_cmpint (decoder->usage.completion_tokens, >=, 0);
  g_string_append_printf (seen, "%d %" G_GINT64_FORMAT, good, decoder->text_bytes);
  dialect->stream_free (decoder);
  return seen;
}

static inline void
fuzz_cut_stream (const SluiceDialect *dialect, const SluiceDialectAnswer *answer, const char *bytes, gsize size)
{
  static const gsize steps[] = { 1, 3, 17 };
  g_autoptr (GString) whole = fuzz_run_stream (dialect, answer, cutter_by_step (bytes, size, 0));

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      g_autoptr (GString) cut = fuzz_run_stream (dialect, answer, cutter_by_step (bytes, size, steps[i]));

      g_assert_true (g_string_equal (whole, cut));
    }
}

static inline void
fuzz_decode (const SluiceDialect *dialect, const SluiceDialectAnswer *answer, const char *bytes, gsize size)
{
  g_autoptr (GBytes) body = g_bytes_new (bytes, size);
  g_autoptr (GBytes) result = NULL;
  g_autoptr (SluiceFault) fault = NULL;
  g_autoptr (GError) error = NULL;
  SluiceUsage usage = { 0 };
  const char *text;
  gsize length;

  result = dialect->decode_answer (answer, body, &usage, &fault, &error);
  g_assert_cmpint ((result != NULL) + (fault != NULL) + (error != NULL), ==, 1);
  if (result == NULL)
    return;

  text = g_bytes_get_data (result, &length);
  fuzz_check_json (text, length);
}

static inline void
fuzz_encode (const SluiceDialect *dialect, SluiceOperation operation, const char *bytes, gsize size)
{
  static const SluiceDialectDefault defaults[] = { { "max_tokens", "9" }, { "stop", "\"x\"" }, { "seed", "1" } };
  g_autoptr (GBytes) result = NULL;
  g_autoptr (GError) error = NULL;
  SluiceJsonObject object;
  SluiceDialectRequest request = { operation, &object, "model", size % 2 == 0, defaults, G_N_ELEMENTS (defaults) };
  const char *text;
  gsize length;

  if (!sluice_json_object_init (&object, bytes, size, SLUICE_JSON_FLAGS_NONE, NULL))
    return;

  result = dialect->encode_request (&request, &error);
  g_assert_cmpint (result != NULL, ==, error == NULL);
  if (result != NULL)
    {
      text = g_bytes_get_data (result, &length);
      fuzz_check_json (text, length);
    }
  sluice_json_object_clear (&object);
}

static inline void
fuzz_dialect (const char *name, const char *bytes, gsize size)
{
  const SluiceDialect *dialect = sluice_dialect_find (name);

  for (guint i = 0; i < SLUICE_N_OPERATIONS; i++)
    {
      const SluiceDialectAnswer answer = {
        .operation = (SluiceOperation) i,
        .public_model = "public \"name\"",
        .answer_id = "id",
        .base64 = size % 2 == 0,
        .max_line = 512,
        .max_event = 600,
      };

      fuzz_encode (dialect, answer.operation, bytes, size);
      fuzz_decode (dialect, &answer, bytes, size);
      if (i != SLUICE_OPERATION_EMBEDDING)
        fuzz_cut_stream (dialect, &answer, bytes, size);
    }
}
