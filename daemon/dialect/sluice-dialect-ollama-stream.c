/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ollama's stream of JSON lines as chunks of the hub's form: role, then text, thinking and tool calls as they come, the
 * reason, the usage, the end.
 */
#include "dialect/sluice-dialect-ollama-private.h"

#include "shared/sluice-error.h"
#include "shared/sluice-ndjson-reader.h"

typedef struct {
  SluiceStreamDecoder parent;
  SluiceNdjsonReader *reader; /* (owned) */
  SluiceOperation operation;
  gsize request_bytes;
  const char *answer_id; /* borrowed from the answer's description */
  GString *head;         /* (owned): a chunk up to its delta or text */
  GString *out;          /* (owned): the chunk being written, kept for its memory */
  guint n_calls;
  gboolean begun;
} OllamaStream;

/* What a callback of the reader needs. */
typedef struct {
  OllamaStream *self;
  SluiceStreamFunc func;
  gpointer user_data;
} Push;

SluiceStreamDecoder *
sluice_ollama_stream_new (const SluiceDialectAnswer *answer)
{
  OllamaStream *self;
  gboolean chat;

  g_return_val_if_fail (answer != NULL, NULL);

  chat = answer->operation == SLUICE_OPERATION_CHAT;
  self = g_new0 (OllamaStream, 1);
  self->parent.dialect = &sluice_dialect_ollama;
  self->reader = sluice_ndjson_reader_new (answer->max_line);
  self->operation = answer->operation;
  self->answer_id = answer->answer_id;
  self->request_bytes = answer->request_bytes;
  self->head = g_string_new (NULL);
  sluice_ollama_append_head (self->head, answer, chat ? "chat.completion.chunk" : "text_completion");
  g_string_append (self->head, ",\"choices\":[");
  self->out = g_string_new (NULL);
  return &self->parent;
}

void
sluice_ollama_stream_free (SluiceStreamDecoder *decoder)
{
  OllamaStream *self = (OllamaStream *) decoder;

  if (self == NULL)
    return;

  sluice_ndjson_reader_free (self->reader);
  g_string_free (self->head, TRUE);
  g_string_free (self->out, TRUE);
  g_clear_pointer (&self->parent.fault, sluice_fault_free);
  g_free (self);
}

static GString *
begin_chunk (Push *push, const char *rest)
{
  GString *out = push->self->out;

  g_string_truncate (out, 0);
  g_string_append_len (out, push->self->head->str, (gssize) push->self->head->len);
  g_string_append (out, rest);
  return out;
}

static void
end_chunk (Push *push, SluiceStreamEvent event, const char *rest)
{
  GString *out = push->self->out;

  g_string_append (out, rest);
  sluice_dialect_flatten (out->str, out->len);
  push->func (event, out->str, out->len, push->user_data);
}

static void
emit_role (Push *push)
{
  push->self->begun = TRUE;
  if (push->self->operation != SLUICE_OPERATION_CHAT)
    return;

  begin_chunk (push, "{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}");
  end_chunk (push, SLUICE_STREAM_CHUNK, ",\"finish_reason\":null}]}");
}

/* One member of the delta. @logprobs (may be nothing) belong to the text. */
static void
emit_text (Push *push, const char *name, SluiceJsonValue text, SluiceJsonValue logprobs)
{
  gsize bytes = sluice_dialect_text_bytes (text);
  GString *out;

  if (bytes == 0)
    return;

  push->self->parent.text_bytes += (gint64) bytes;
  out = begin_chunk (push, "{\"index\":0,\"delta\":{\"");
  g_string_append (out, name);
  g_string_append (out, "\":");
  sluice_json_append_value (out, text);
  g_string_append_c (out, '}');
  if (logprobs.type == SLUICE_JSON_ARRAY)
    {
      g_string_append (out, ",\"logprobs\":{\"content\":");
      sluice_json_append_value (out, logprobs);
      g_string_append_c (out, '}');
    }
  end_chunk (push, SLUICE_STREAM_CHUNK, ",\"finish_reason\":null}]}");
}

/* A call comes whole, so its chunk carries it whole. */
static void
emit_tool_calls (Push *push, SluiceJsonValue calls)
{
  OllamaStream *self = push->self;
  SluiceJsonIter iter;
  SluiceJsonValue call;
  GString *out;

  sluice_json_iter_init (&iter, calls);
  while (calls.type == SLUICE_JSON_ARRAY && sluice_json_iter_next (&iter, NULL, &call))
    {
      out = begin_chunk (push, "{\"index\":0,\"delta\":{\"tool_calls\":[");
      sluice_ollama_append_tool_call (out, call, self->answer_id, self->n_calls++, TRUE);
      self->parent.text_bytes += (gint64) call.length;
      end_chunk (push, SLUICE_STREAM_CHUNK, "]},\"finish_reason\":null}]}");
    }
}

static void
emit_message (Push *push, const SluiceJsonObject *object)
{
  SluiceJsonValue none = { SLUICE_JSON_NONE, NULL, 0 };
  SluiceJsonValue message = sluice_json_object_get (object, "message");

  emit_text (push, "reasoning_content", sluice_json_get (message, "thinking"), none);
  emit_text (push, "content", sluice_json_get (message, "content"), sluice_json_object_get (object, "logprobs"));
  emit_tool_calls (push, sluice_json_get (message, "tool_calls"));
}

/* Thinking has no place in a text completion, but it was generated. */
static void
emit_response (Push *push, const SluiceJsonObject *object)
{
  SluiceJsonValue text = sluice_json_object_get (object, "response");
  gsize bytes = sluice_dialect_text_bytes (text);
  GString *out;

  push->self->parent.text_bytes += (gint64) sluice_dialect_text_bytes (sluice_json_object_get (object, "thinking"));
  if (bytes == 0)
    return;

  push->self->parent.text_bytes += (gint64) bytes;
  out = begin_chunk (push, "{\"index\":0,\"text\":");
  sluice_json_append_value (out, text);
  end_chunk (push, SLUICE_STREAM_CHUNK, ",\"logprobs\":null,\"finish_reason\":null}]}");
}

static void
emit_end (Push *push, const SluiceJsonObject *object)
{
  OllamaStream *self = push->self;
  SluiceStreamDecoder *decoder = &self->parent;
  const char *reason = sluice_ollama_finish_reason (sluice_json_object_get (object, "done_reason"), self->n_calls > 0);
  gboolean chat = self->operation == SLUICE_OPERATION_CHAT;
  GString *out;

  out = begin_chunk (push, chat ? "{\"index\":0,\"delta\":{}" : "{\"index\":0,\"text\":\"\",\"logprobs\":null");
  g_string_append_printf (out, ",\"finish_reason\":\"%s\"}]}", reason);
  end_chunk (push, SLUICE_STREAM_CHUNK, "");

  sluice_ollama_read_usage (&decoder->usage, object, self->operation, self->request_bytes, (gsize) decoder->text_bytes);
  out = begin_chunk (push, "],");
  sluice_usage_append_openai (&decoder->usage, TRUE, out);
  end_chunk (push, SLUICE_STREAM_USAGE, "}");
  decoder->done = TRUE;
  push->func (SLUICE_STREAM_DONE, "", 0, push->user_data);
}

static void
take_line (Push *push, const SluiceJsonObject *object)
{
  SluiceStreamDecoder *decoder = &push->self->parent;

  if (sluice_dialect_is_error (sluice_json_object_get (object, "error")))
    {
      decoder->fault = sluice_fault_new_from_answer (200, object->root.text, object->root.length);
      push->func (SLUICE_STREAM_FAULT, "", 0, push->user_data);
      return;
    }

  if (!push->self->begun)
    emit_role (push);
  if (push->self->operation == SLUICE_OPERATION_CHAT)
    emit_message (push, object);
  else
    emit_response (push, object);
  if (sluice_json_object_get (object, "done").type == SLUICE_JSON_TRUE)
    emit_end (push, object);
}

static gboolean
handle_line (const char *line, gsize length, gpointer user_data, GError **error)
{
  Push *push = user_data;
  SluiceStreamDecoder *decoder = &push->self->parent;
  SluiceJsonObject object;

  /* nothing counts behind the end or behind an error */
  if (decoder->done || decoder->fault != NULL)
    return TRUE;
  if (!sluice_dialect_index (&object, line, length, "line", error))
    return FALSE;

  take_line (push, &object);
  sluice_json_object_clear (&object);
  return TRUE;
}

gboolean
sluice_ollama_stream_push (SluiceStreamDecoder *decoder,
                           const char *bytes,
                           gsize length,
                           SluiceStreamFunc func,
                           gpointer user_data,
                           GError **error)
{
  OllamaStream *self = (OllamaStream *) decoder;
  Push push = { self, func, user_data };

  g_return_val_if_fail (self != NULL && func != NULL, FALSE);

  return sluice_ndjson_reader_push (self->reader, bytes, length, handle_line, &push, error);
}

gboolean
sluice_ollama_stream_end (SluiceStreamDecoder *decoder, SluiceStreamFunc func, gpointer user_data, GError **error)
{
  OllamaStream *self = (OllamaStream *) decoder;
  Push push = { self, func, user_data };

  g_return_val_if_fail (self != NULL && func != NULL, FALSE);

  /* a last line without its end counts if it is whole */
  if (!decoder->done && decoder->fault == NULL)
    sluice_ndjson_reader_end (self->reader, handle_line, &push, NULL);
  if (decoder->done || decoder->fault != NULL)
    return TRUE;

  g_set_error_literal (error, SLUICE_ERROR, SLUICE_ERROR_UPSTREAM_ANSWER,
                       "the upstream's stream ended before its last line");
  return FALSE;
}
