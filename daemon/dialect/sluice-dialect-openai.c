/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The hub's own form as a wire: bytes pass through but for the top-level members that must change.
 */
#include "dialect/sluice-dialect-openai-private.h"

#include "shared/sluice-error.h"
#include "shared/sluice-json-splice.h"

#include <stdlib.h>
#include <string.h>

/*
 * Members that speak to a gateway and not to a model (LiteLLM's names), and those that would choose or open another
 * upstream, which the front refuses unless its owner allows them. Sorted (ASCII). "metadata" has its own rule below.
 */
static const char *const control_members[] = {
  "additional_drop_params",
  "allowed_openai_params",
  "api_base",
  "api_key",
  "api_version",
  "aws_access_key_id",
  "aws_region_name",
  "aws_secret_access_key",
  "aws_session_token",
  "azure_ad_token",
  "base_url",
  "cache",
  "caching",
  "context_window_fallback_dict",
  "custom_llm_provider",
  "disable_fallbacks",
  "drop_params",
  "enforced_params",
  "fallbacks",
  "guardrails",
  "keepalive_seconds",
  "litellm_call_id",
  "litellm_metadata",
  "litellm_session_id",
  "litellm_trace_id",
  "max_retries",
  "mock_response",
  "mock_testing_fallbacks",
  "mock_timeout",
  "no-log",
  "num_retries",
  "organization",
  "policies",
  "prompt_id",
  "prompt_label",
  "prompt_variables",
  "prompt_version",
  "proxy_server_request",
  "request_timeout",
  "stream_timeout",
  "tags",
  "timeout",
  "ttl",
  "user_config",
  "vertex_credentials",
  "vertex_location",
  "vertex_project",
};

/* Decided by the request itself: a default cannot change them. */
static const char *const fixed_members[] = { "model", "stream", "stream_options", "metadata" };

/* Keys of metadata that tell a gateway something. */
static const char *const control_prefixes[] = { "user_api_key", "litellm_", "requester_", "spend_logs_" };

static gboolean
is_fixed (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (fixed_members); i++)
    if (strcmp (fixed_members[i], name) == 0)
      return TRUE;
  return FALSE;
}

static int
compare_names (gconstpointer name, gconstpointer row)
{
  return strcmp (name, *(const char *const *) row);
}

static gboolean
is_control (const char *name)
{
  gsize n_rows = G_N_ELEMENTS (control_members);

  return bsearch (name, control_members, n_rows, sizeof *control_members, compare_names) != NULL;
}

static void
delete_controls (SluiceJsonSplice *splice, const SluiceJsonObject *object)
{
  for (guint i = 0; i < object->n_members; i++)
    {
      g_autofree char *name = sluice_json_dup_string (object->members[i].name);

      if (name != NULL && is_control (name))
        sluice_json_splice_delete (splice, name);
    }
}

static gboolean
is_plain_pair (SluiceJsonValue name, SluiceJsonValue value)
{
  g_autofree char *key = sluice_json_dup_string (name);

  if (key == NULL || value.type != SLUICE_JSON_STRING)
    return FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (control_prefixes); i++)
    if (g_str_has_prefix (key, control_prefixes[i]))
      return FALSE;
  return TRUE;
}

/*
 * "metadata" is the gateway's first (tags, session, user) and OpenAI's second, where it labels answers that are stored
 * and is refused without "store": true. So it goes on with that only, and only its pairs of strings that are not ours.
 */
static void
filter_metadata (SluiceJsonSplice *splice, const SluiceJsonObject *object)
{
  SluiceJsonValue metadata = sluice_json_object_get (object, "metadata");
  g_autoptr (GString) kept = NULL;
  SluiceJsonIter iter;
  SluiceJsonValue name;
  SluiceJsonValue value;
  gboolean all = TRUE;

  if (metadata.type == SLUICE_JSON_NONE)
    return;
  if (metadata.type != SLUICE_JSON_OBJECT || sluice_json_object_get (object, "store").type != SLUICE_JSON_TRUE)
    {
      sluice_json_splice_delete (splice, "metadata");
      return;
    }

  kept = g_string_new ("{");
  sluice_json_iter_init (&iter, metadata);
  while (sluice_json_iter_next (&iter, &name, &value))
    {
      if (!is_plain_pair (name, value))
        {
          all = FALSE;
          continue;
        }
      if (kept->len > 1)
        g_string_append_c (kept, ',');
      sluice_json_append_value (kept, name);
      g_string_append_c (kept, ':');
      sluice_json_append_value (kept, value);
    }
  g_string_append_c (kept, '}');

  if (kept->len == 2)
    sluice_json_splice_delete (splice, "metadata");
  else if (!all)
    sluice_json_splice_set (splice, "metadata", kept->str, (gssize) kept->len);
}

static void
add_defaults (SluiceJsonSplice *splice, const SluiceDialectRequest *request)
{
  for (guint i = 0; i < request->n_defaults; i++)
    {
      const SluiceDialectDefault *def = &request->defaults[i];
      const char *other = sluice_dialect_other_name (def->name);

      if (is_fixed (def->name) || is_control (def->name))
        continue;
      if (other != NULL && sluice_json_object_get (request->request, other).type != SLUICE_JSON_NONE)
        continue;

      sluice_json_splice_set_default (splice, def->name, def->json, -1);
    }
}

/* The client's options with include_usage true, or that alone. */
static void
ask_for_usage (SluiceJsonSplice *splice, SluiceJsonValue options)
{
  g_autoptr (GString) json = NULL;
  SluiceJsonIter iter;
  SluiceJsonValue name;
  SluiceJsonValue value;

  if (sluice_json_get (options, "include_usage").type == SLUICE_JSON_TRUE)
    return;

  json = g_string_new ("{");
  sluice_json_iter_init (&iter, options);
  while (options.type == SLUICE_JSON_OBJECT && sluice_json_iter_next (&iter, &name, &value))
    {
      if (sluice_json_equals (name, "include_usage"))
        continue;
      sluice_json_append_value (json, name);
      g_string_append_c (json, ':');
      sluice_json_append_value (json, value);
      g_string_append_c (json, ',');
    }
  g_string_append (json, "\"include_usage\":true}");
  sluice_json_splice_set (splice, "stream_options", json->str, (gssize) json->len);
}

static void
set_stream (SluiceJsonSplice *splice, const SluiceDialectRequest *request)
{
  SluiceJsonValue stream = sluice_json_object_get (request->request, "stream");

  if (request->operation == SLUICE_OPERATION_EMBEDDING)
    {
      sluice_json_splice_delete (splice, "stream");
      sluice_json_splice_delete (splice, "stream_options");
      return;
    }

  /* "stream": 1 or "true" mean something to some servers: they get to see what we do */
  if (request->stream)
    {
      if (stream.type != SLUICE_JSON_TRUE)
        sluice_json_splice_set (splice, "stream", "true", -1);
      ask_for_usage (splice, sluice_json_object_get (request->request, "stream_options"));
      return;
    }

  if (stream.type == SLUICE_JSON_NULL)
    sluice_json_splice_delete (splice, "stream");
  else if (stream.type != SLUICE_JSON_NONE && stream.type != SLUICE_JSON_FALSE)
    sluice_json_splice_set (splice, "stream", "false", -1);
  sluice_json_splice_delete (splice, "stream_options");
}

static GBytes *
encode_request (const SluiceDialectRequest *request, GError **error)
{
  g_autoptr (SluiceJsonSplice) splice = NULL;

  g_return_val_if_fail (request != NULL, NULL);

  splice = sluice_json_splice_new (request->request);
  sluice_json_splice_set_string (splice, "model", request->model);
  delete_controls (splice, request->request);
  filter_metadata (splice, request->request);
  set_stream (splice, request);
  add_defaults (splice, request);
  return sluice_json_splice_end (splice);
}

/* A 200 that is an error: at the top, or (OpenRouter) in the first choice. */
static gboolean
is_fault (const SluiceJsonObject *object, SluiceJsonValue choices, SluiceJsonValue data)
{
  SluiceJsonIter iter;
  SluiceJsonValue first;

  if (!sluice_dialect_has (choices) && !sluice_dialect_has (data))
    return sluice_dialect_is_error (sluice_json_object_get (object, "error"));

  sluice_json_iter_init (&iter, choices);
  return choices.type == SLUICE_JSON_ARRAY && sluice_json_iter_next (&iter, NULL, &first)
         && sluice_json_get (first, "error").type == SLUICE_JSON_OBJECT;
}

static SluiceFault *
make_fault (const SluiceJsonObject *object, SluiceJsonValue choices)
{
  SluiceJsonIter iter;
  SluiceJsonValue source = object->root;

  if (sluice_dialect_has (choices))
    {
      sluice_json_iter_init (&iter, choices);
      sluice_json_iter_next (&iter, NULL, &source);
    }
  return sluice_fault_new_from_answer (200, source.text, source.length);
}

static void
set_usage (SluiceJsonSplice *splice, const SluiceUsage *usage, SluiceOperation operation)
{
  g_autoptr (GString) json = g_string_new (NULL);

  sluice_usage_append_counts (usage, operation != SLUICE_OPERATION_EMBEDDING, json);
  sluice_json_splice_set (splice, "usage", json->str, (gssize) json->len);
}

/* The client's name of the model, the usage as the row will have it, and vectors as the client wants them. */
static GBytes *
adapt_answer (const SluiceJsonObject *object,
              GBytes *body,
              const SluiceDialectAnswer *answer,
              const SluiceUsage *usage,
              GError **error)
{
  SluiceJsonValue data = sluice_json_object_get (object, "data");
  gboolean pack = answer->base64 && sluice_dialect_has_vectors (data);
  gboolean said = sluice_usage_is_said_by (usage, answer->operation != SLUICE_OPERATION_EMBEDDING,
                                           sluice_json_object_get (object, "usage"));
  g_autoptr (SluiceJsonSplice) splice = NULL;

  if (!pack && said
      && sluice_json_equals (sluice_json_object_get (object, "model"), answer->public_model))
    return g_bytes_ref (body);

  splice = sluice_json_splice_new (object);
  sluice_json_splice_set_string (splice, "model", answer->public_model);
  if (!said)
    set_usage (splice, usage, answer->operation);
  if (pack && !sluice_dialect_pack_vectors (splice, data))
    {
      g_set_error_literal (error, SLUICE_ERROR, SLUICE_ERROR_UPSTREAM_ANSWER,
                           "a vector of the upstream's answer holds something that is no number of 32 bits");
      return NULL;
    }
  return sluice_json_splice_end (splice);
}

static gint64
count_choices (SluiceJsonValue choices)
{
  SluiceJsonIter iter;
  SluiceJsonValue choice;
  gint64 bytes = 0;

  sluice_json_iter_init (&iter, choices);
  while (choices.type == SLUICE_JSON_ARRAY && sluice_json_iter_next (&iter, NULL, &choice))
    bytes += (gint64) (sluice_openai_count_text (choice, NULL)
                       + sluice_openai_count_text (sluice_json_get (choice, "message"), NULL));
  return bytes;
}

static void
read_usage (SluiceUsage *usage, const SluiceJsonObject *object, const SluiceDialectAnswer *answer)
{
  sluice_usage_read_openai (usage, sluice_json_object_get (object, "usage"), 0);
  if (answer->operation == SLUICE_OPERATION_EMBEDDING)
    sluice_usage_set_no_completion (usage);
  else if (usage->completion_tokens == 0 && !answer->no_output)
    usage->text_bytes = usage->counted_bytes = count_choices (sluice_json_object_get (object, "choices"));
  sluice_usage_estimate (usage, answer->request_bytes, (gsize) usage->text_bytes);
}

static GBytes *
decode_answer (const SluiceDialectAnswer *answer,
               GBytes *body,
               SluiceUsage *usage,
               SluiceFault **fault,
               GError **error)
{
  SluiceJsonObject object;
  SluiceJsonValue choices;
  SluiceJsonValue data;
  GBytes *result = NULL;
  const char *text;
  gsize length;

  g_return_val_if_fail (answer != NULL && body != NULL && usage != NULL && fault != NULL, NULL);

  text = g_bytes_get_data (body, &length);
  if (!sluice_dialect_index (&object, text, length, "answer", error))
    return NULL;

  choices = sluice_json_object_get (&object, "choices");
  data = sluice_json_object_get (&object, "data");
  if (is_fault (&object, choices, data))
    *fault = make_fault (&object, choices);
  else if (choices.type == SLUICE_JSON_ARRAY || data.type == SLUICE_JSON_ARRAY)
    {
      read_usage (usage, &object, answer);
      result = adapt_answer (&object, body, answer, usage, error);
    }
  else
    g_set_error_literal (error, SLUICE_ERROR, SLUICE_ERROR_UPSTREAM_ANSWER,
                         "the upstream's answer is not an OpenAI one: it has neither choices nor data");
  sluice_json_object_clear (&object);
  return result;
}

const SluiceDialect sluice_dialect_openai = {
  .name = "openai",
  .paths = {
    [SLUICE_OPERATION_CHAT] = "/chat/completions",
    [SLUICE_OPERATION_COMPLETION] = "/completions",
    [SLUICE_OPERATION_EMBEDDING] = "/embeddings",
  },
  .encode_request = encode_request,
  .decode_answer = decode_answer,
  .stream_new = sluice_openai_stream_new,
  .stream_push = sluice_openai_stream_push,
  .stream_end = sluice_openai_stream_end,
  .stream_free = sluice_openai_stream_free,
};
