/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ollama's own wire: better than its OpenAI layer, since only here options, thinking and the time a model stays can be
 * said. This file: whole answers.
 */
#include "dialect/sluice-dialect-ollama-private.h"

#include "shared/sluice-error.h"

void
sluice_ollama_read_usage (SluiceUsage *usage,
                          const SluiceJsonObject *object,
                          SluiceOperation operation,
                          gsize request_bytes,
                          gsize text_bytes)
{
  SluiceJsonValue prompt = sluice_json_object_get (object, "prompt_eval_count");
  SluiceJsonValue completion = sluice_json_object_get (object, "eval_count");

  g_return_if_fail (usage != NULL);

  *usage = (SluiceUsage){ .text_bytes = (gint64) text_bytes, .counted_bytes = (gint64) text_bytes };
  usage->prompt_missing = !sluice_usage_read_count (usage, prompt, &usage->prompt_tokens);
  usage->completion_missing = !sluice_usage_read_count (usage, completion, &usage->completion_tokens);
  usage->present = !usage->prompt_missing || !usage->completion_missing;
  if (operation == SLUICE_OPERATION_EMBEDDING)
    usage->completion_missing = FALSE;
  sluice_usage_estimate (usage, request_bytes, text_bytes);
}

const char *
sluice_ollama_finish_reason (SluiceJsonValue done_reason, gboolean tool_calls)
{
  if (sluice_json_equals (done_reason, "length"))
    return "length";

  /* "load" and "unload" too: an answer without a text */
  return tool_calls ? "tool_calls" : "stop";
}

void
sluice_ollama_append_head (GString *into, const SluiceDialectAnswer *answer, const char *object)
{
  g_string_append (into, "{\"id\":");
  sluice_json_append_string (into, answer->answer_id, -1);
  g_string_append_printf (into, ",\"object\":\"%s\",\"created\":%" G_GINT64_FORMAT ",\"model\":", object,
                          answer->created);
  sluice_json_append_string (into, answer->public_model, -1);
}

void
sluice_ollama_append_tool_call (GString *into,
                                SluiceJsonValue call,
                                const char *answer_id,
                                guint index,
                                gboolean in_stream)
{
  SluiceJsonValue id = sluice_json_get (call, "id");
  SluiceJsonValue function = sluice_json_get (call, "function");
  SluiceJsonValue name = sluice_json_get (function, "name");
  SluiceJsonValue arguments = sluice_json_get (function, "arguments");
  g_autofree char *made = NULL;

  g_string_append_c (into, '{');
  if (in_stream)
    g_string_append_printf (into, "\"index\":%u,", index);
  g_string_append (into, "\"id\":");
  if (sluice_dialect_text_bytes (id) > 0)
    sluice_json_append_value (into, id);
  else
    {
      made = g_strdup_printf ("call_%s_%u", answer_id, index);
      sluice_json_append_string (into, made, -1);
    }

  g_string_append (into, ",\"type\":\"function\",\"function\":{\"name\":");
  if (name.type == SLUICE_JSON_STRING)
    sluice_json_append_value (into, name);
  else
    g_string_append (into, "\"\"");
  g_string_append (into, ",\"arguments\":");
  if (arguments.type == SLUICE_JSON_STRING)
    sluice_json_append_value (into, arguments);
  else if (arguments.type == SLUICE_JSON_OBJECT)
    sluice_json_append_string (into, arguments.text, (gssize) arguments.length);
  else
    g_string_append (into, "\"{}\"");
  g_string_append (into, "}}");
}

static void
append_tool_calls (GString *into, SluiceJsonValue calls, const char *answer_id)
{
  SluiceJsonIter iter;
  SluiceJsonValue call;

  g_string_append (into, ",\"tool_calls\":[");
  sluice_json_iter_init (&iter, calls);
  for (guint i = 0; sluice_json_iter_next (&iter, NULL, &call); i++)
    {
      if (i > 0)
        g_string_append_c (into, ',');
      sluice_ollama_append_tool_call (into, call, answer_id, i, FALSE);
    }
  g_string_append_c (into, ']');
}

/* "logprobs" of Ollama has the items of OpenAI's "content". */
static void
append_logprobs (GString *into, const SluiceJsonObject *object)
{
  SluiceJsonValue logprobs = sluice_json_object_get (object, "logprobs");

  if (logprobs.type != SLUICE_JSON_ARRAY)
    {
      g_string_append (into, ",\"logprobs\":null");
      return;
    }
  g_string_append (into, ",\"logprobs\":{\"content\":");
  sluice_json_append_value (into, logprobs);
  g_string_append_c (into, '}');
}

static gboolean
is_empty_array (SluiceJsonValue value)
{
  SluiceJsonIter iter;

  sluice_json_iter_init (&iter, value);
  return value.type != SLUICE_JSON_ARRAY || !sluice_json_iter_next (&iter, NULL, NULL);
}

static gboolean
decode_chat (GString *into, const SluiceDialectAnswer *answer, const SluiceJsonObject *object)
{
  SluiceJsonValue message = sluice_json_object_get (object, "message");
  SluiceJsonValue content = sluice_json_get (message, "content");
  SluiceJsonValue thinking = sluice_json_get (message, "thinking");
  SluiceJsonValue calls = sluice_json_get (message, "tool_calls");
  gboolean called = !is_empty_array (calls);

  if (message.type != SLUICE_JSON_OBJECT)
    return FALSE;

  sluice_ollama_append_head (into, answer, "chat.completion");
  g_string_append (into, ",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":");
  if (sluice_dialect_text_bytes (content) > 0)
    sluice_json_append_value (into, content);
  else
    g_string_append (into, called ? "null" : "\"\"");
  if (sluice_dialect_text_bytes (thinking) > 0)
    {
      g_string_append (into, ",\"reasoning_content\":");
      sluice_json_append_value (into, thinking);
    }
  if (called)
    append_tool_calls (into, calls, answer->answer_id);
  g_string_append_c (into, '}');
  append_logprobs (into, object);
  g_string_append_printf (into, ",\"finish_reason\":\"%s\"}]",
                          sluice_ollama_finish_reason (sluice_json_object_get (object, "done_reason"), called));
  return TRUE;
}

static gboolean
decode_completion (GString *into, const SluiceDialectAnswer *answer, const SluiceJsonObject *object)
{
  SluiceJsonValue text = sluice_json_object_get (object, "response");

  if (text.type != SLUICE_JSON_STRING)
    return FALSE;

  sluice_ollama_append_head (into, answer, "text_completion");
  g_string_append (into, ",\"choices\":[{\"index\":0,\"text\":");
  sluice_json_append_value (into, text);
  g_string_append_printf (into, ",\"logprobs\":null,\"finish_reason\":\"%s\"}]",
                          sluice_ollama_finish_reason (sluice_json_object_get (object, "done_reason"), FALSE));
  return TRUE;
}

static gboolean
decode_embedding (GString *into, const SluiceDialectAnswer *answer, const SluiceJsonObject *object)
{
  SluiceJsonValue vectors = sluice_json_object_get (object, "embeddings");
  SluiceJsonIter iter;
  SluiceJsonValue vector;

  if (vectors.type != SLUICE_JSON_ARRAY)
    return FALSE;

  g_string_append (into, "{\"object\":\"list\",\"data\":[");
  sluice_json_iter_init (&iter, vectors);
  for (guint i = 0; sluice_json_iter_next (&iter, NULL, &vector); i++)
    {
      if (vector.type != SLUICE_JSON_ARRAY)
        return FALSE;
      g_string_append_printf (into, "%s{\"object\":\"embedding\",\"index\":%u,\"embedding\":", i > 0 ? "," : "", i);
      if (!answer->base64)
        sluice_json_append_value (into, vector);
      else if (!sluice_dialect_append_base64 (into, vector))
        return FALSE;
      g_string_append_c (into, '}');
    }
  g_string_append (into, "],\"model\":");
  sluice_json_append_string (into, answer->public_model, -1);
  return TRUE;
}

static void
append_answer_usage (GString *into, const SluiceDialectAnswer *answer, const SluiceUsage *usage)
{
  g_string_append_c (into, ',');
  sluice_usage_append_openai (usage, answer->operation != SLUICE_OPERATION_EMBEDDING, into);
  g_string_append_c (into, '}');
}

/* The generated text, whether it has a place in our form of the answer or not. */
static gsize
count_text (const SluiceJsonObject *object)
{
  SluiceJsonValue message = sluice_json_object_get (object, "message");
  SluiceJsonValue calls = sluice_json_get (message, "tool_calls");

  return sluice_dialect_text_bytes (sluice_json_get (message, "content"))
         + sluice_dialect_text_bytes (sluice_json_get (message, "thinking"))
         + (is_empty_array (calls) ? 0 : calls.length)
         + sluice_dialect_text_bytes (sluice_json_object_get (object, "response"))
         + sluice_dialect_text_bytes (sluice_json_object_get (object, "thinking"));
}

static GBytes *
decode_object (const SluiceDialectAnswer *answer, const SluiceJsonObject *object, SluiceUsage *usage, GError **error)
{
  g_autoptr (GString) into = g_string_sized_new (object->root.length + 256);
  gboolean good;

  if (answer->operation == SLUICE_OPERATION_CHAT)
    good = decode_chat (into, answer, object);
  else if (answer->operation == SLUICE_OPERATION_COMPLETION)
    good = decode_completion (into, answer, object);
  else
    good = decode_embedding (into, answer, object);
  if (!good)
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_UPSTREAM_ANSWER,
                   "the upstream's answer is not one of Ollama to a request of this kind (%s)",
                   sluice_operation_name (answer->operation));
      return NULL;
    }

  sluice_ollama_read_usage (usage, object, answer->operation, answer->request_bytes, count_text (object));
  if (answer->operation != SLUICE_OPERATION_EMBEDDING
      && sluice_json_object_get (object, "done").type == SLUICE_JSON_FALSE)
    {
      g_set_error_literal (error, SLUICE_ERROR, SLUICE_ERROR_UPSTREAM_ANSWER,
                           "the upstream's answer was cut: it says that it is not done");
      return NULL;
    }
  append_answer_usage (into, answer, usage);
  return g_string_free_to_bytes (g_steal_pointer (&into));
}

static GBytes *
decode_answer (const SluiceDialectAnswer *answer,
               GBytes *body,
               SluiceUsage *usage,
               SluiceFault **fault,
               GError **error)
{
  SluiceJsonObject object;
  GBytes *result = NULL;
  const char *text;
  gsize length;

  g_return_val_if_fail (answer != NULL && body != NULL && usage != NULL && fault != NULL, NULL);

  text = g_bytes_get_data (body, &length);
  if (!sluice_dialect_index (&object, text, length, "answer", error))
    return NULL;

  if (sluice_dialect_is_error (sluice_json_object_get (&object, "error")))
    *fault = sluice_fault_new_from_answer (200, text, length);
  else
    result = decode_object (answer, &object, usage, error);
  sluice_json_object_clear (&object);
  return result;
}

const SluiceDialect sluice_dialect_ollama = {
  .name = "ollama",
  .paths = {
    [SLUICE_OPERATION_CHAT] = "/api/chat",
    [SLUICE_OPERATION_COMPLETION] = "/api/generate",
    [SLUICE_OPERATION_EMBEDDING] = "/api/embed",
  },
  .encode_request = sluice_ollama_encode_request,
  .decode_answer = decode_answer,
  .stream_new = sluice_ollama_stream_new,
  .stream_push = sluice_ollama_stream_push,
  .stream_end = sluice_ollama_stream_end,
  .stream_free = sluice_ollama_stream_free,
};
