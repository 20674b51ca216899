/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * OpenAI's parameters in Ollama's places. Rows not in the table (tool_choice, n, logit_bias, user, store ...) are what
 * Ollama does not know: they are left out.
 */
#include "dialect/sluice-dialect-ollama-private.h"

#include "shared/sluice-error.h"

#include <string.h>

#define CHAT (1u << SLUICE_OPERATION_CHAT)
#define COMPLETION (1u << SLUICE_OPERATION_COMPLETION)
#define EMBEDDING (1u << SLUICE_OPERATION_EMBEDDING)
#define TEXT (CHAT | COMPLETION)
#define ALL (CHAT | COMPLETION | EMBEDDING)

typedef struct _Encoder Encoder;

/* Writes @value in Ollama's form. */
typedef gboolean (*WriteFunc) (Encoder *self, SluiceJsonValue value, GError **error);

typedef struct {
  const char *name;
  const char *ollama; /* the member, or the option, it becomes */
  guint operations;
  gboolean option;
  WriteFunc write; /* (nullable): %NULL for the value as it is */
} Row;

struct _Encoder {
  const SluiceDialectRequest *request;
  GString *body;    /* (owned) */
  GString *options; /* (owned): without the closing brace */
  GHashTable *done; /* (owned) (element-type utf8): members and options of Ollama's that are written; borrowed names */
};

static gboolean write_effort (Encoder *self, SluiceJsonValue value, GError **error);
static gboolean write_format (Encoder *self, SluiceJsonValue value, GError **error);
static gboolean write_functions (Encoder *self, SluiceJsonValue value, GError **error);
static gboolean write_input (Encoder *self, SluiceJsonValue value, GError **error);
static gboolean write_messages (Encoder *self, SluiceJsonValue value, GError **error);
static gboolean write_prompt (Encoder *self, SluiceJsonValue value, GError **error);
static gboolean write_stop (Encoder *self, SluiceJsonValue value, GError **error);

/* Of several rows for one member of Ollama's, the first with a value wins. */
static const Row rows[] = {
  { "messages", "messages", CHAT, FALSE, write_messages },
  { "prompt", "prompt", COMPLETION, FALSE, write_prompt },
  { "input", "input", EMBEDDING, FALSE, write_input },
  { "tools", "tools", CHAT, FALSE, NULL },
  { "functions", "tools", CHAT, FALSE, write_functions },
  { "think", "think", TEXT, FALSE, NULL },
  { "reasoning_effort", "think", TEXT, FALSE, write_effort },
  { "response_format", "format", TEXT, FALSE, write_format },
  { "format", "format", TEXT, FALSE, NULL },
  /* those of text completions are a number and come back in a shape that has no counterpart */
  { "logprobs", "logprobs", CHAT, FALSE, NULL },
  { "top_logprobs", "top_logprobs", CHAT, FALSE, NULL },
  { "suffix", "suffix", COMPLETION, FALSE, NULL },
  { "system", "system", COMPLETION, FALSE, NULL },
  { "template", "template", COMPLETION, FALSE, NULL },
  { "raw", "raw", COMPLETION, FALSE, NULL },
  { "shift", "shift", TEXT, FALSE, NULL },
  { "truncate", "truncate", ALL, FALSE, NULL },
  { "dimensions", "dimensions", EMBEDDING, FALSE, NULL },
  { "keep_alive", "keep_alive", ALL, FALSE, NULL },
  { "max_completion_tokens", "num_predict", TEXT, TRUE, NULL },
  { "max_tokens", "num_predict", TEXT, TRUE, NULL },
  { "num_predict", "num_predict", TEXT, TRUE, NULL },
  { "stop", "stop", TEXT, TRUE, write_stop },
  { "temperature", "temperature", TEXT, TRUE, NULL },
  { "top_p", "top_p", TEXT, TRUE, NULL },
  { "top_k", "top_k", TEXT, TRUE, NULL },
  { "min_p", "min_p", TEXT, TRUE, NULL },
  { "seed", "seed", TEXT, TRUE, NULL },
  { "presence_penalty", "presence_penalty", TEXT, TRUE, NULL },
  { "frequency_penalty", "frequency_penalty", TEXT, TRUE, NULL },
  { "typical_p", "typical_p", TEXT, TRUE, NULL },
  { "repeat_last_n", "repeat_last_n", TEXT, TRUE, NULL },
  { "repeat_penalty", "repeat_penalty", TEXT, TRUE, NULL },
  { "mirostat", "mirostat", TEXT, TRUE, NULL },
  { "mirostat_eta", "mirostat_eta", TEXT, TRUE, NULL },
  { "mirostat_tau", "mirostat_tau", TEXT, TRUE, NULL },
  { "draft_num_predict", "draft_num_predict", TEXT, TRUE, NULL },
  { "num_keep", "num_keep", TEXT, TRUE, NULL },
  { "num_ctx", "num_ctx", ALL, TRUE, NULL },
  { "num_batch", "num_batch", ALL, TRUE, NULL },
  { "num_gpu", "num_gpu", ALL, TRUE, NULL },
  { "num_thread", "num_thread", ALL, TRUE, NULL },
  { "main_gpu", "main_gpu", ALL, TRUE, NULL },
  { "use_mmap", "use_mmap", ALL, TRUE, NULL },
};

static const struct {
  const char *effort;
  const char *think;
} efforts[] = {
  { "none", "false" },        { "minimal", "\"low\"" }, { "low", "\"low\"" }, { "medium", "\"medium\"" },
  { "high", "\"high\"" },     { "xhigh", "\"max\"" },   { "max", "\"max\"" },
};

/* What a request of each operation is about. */
static const char *const subjects[] = {
  [SLUICE_OPERATION_CHAT] = "messages",
  [SLUICE_OPERATION_COMPLETION] = "prompt",
  [SLUICE_OPERATION_EMBEDDING] = "input",
};

G_STATIC_ASSERT (G_N_ELEMENTS (subjects) == SLUICE_N_OPERATIONS);

static gboolean
refuse (GError **error, const char *message)
{
  g_set_error_literal (error, SLUICE_ERROR, SLUICE_ERROR_INVALID_REQUEST, message);
  return FALSE;
}

/* Begins a member of the body or of the options. */
static GString *
begin (Encoder *self, const Row *row)
{
  GString *into = row->option ? self->options : self->body;

  if (into->len > 1)
    g_string_append_c (into, ',');
  g_string_append_printf (into, "\"%s\":", row->ollama);
  return into;
}

static gboolean
write_messages (Encoder *self, SluiceJsonValue value, GError **error)
{
  return sluice_ollama_append_messages (self->body, value, error);
}

static gboolean
write_prompt (Encoder *self, SluiceJsonValue value, GError **error)
{
  SluiceJsonIter iter;
  SluiceJsonValue first = value;
  SluiceJsonValue second;

  if (value.type == SLUICE_JSON_ARRAY)
    {
      sluice_json_iter_init (&iter, value);
      if (!sluice_json_iter_next (&iter, NULL, &first) || sluice_json_iter_next (&iter, NULL, &second))
        return refuse (error, "prompt must be one text with Ollama, not a list of several");
    }
  if (first.type != SLUICE_JSON_STRING)
    return refuse (error, "prompt must be a text with Ollama, lists of token ids cannot be sent");

  sluice_json_append_value (self->body, first);
  return TRUE;
}

static gboolean
write_input (Encoder *self, SluiceJsonValue value, GError **error)
{
  SluiceJsonIter iter;
  SluiceJsonValue item;

  if (value.type != SLUICE_JSON_STRING && value.type != SLUICE_JSON_ARRAY)
    return refuse (error, "input must be a text or a list of texts");

  sluice_json_iter_init (&iter, value);
  while (value.type == SLUICE_JSON_ARRAY && sluice_json_iter_next (&iter, NULL, &item))
    if (item.type != SLUICE_JSON_STRING)
      return refuse (error, "input must be a text or a list of texts with Ollama, lists of token ids cannot be sent");

  sluice_json_append_value (self->body, value);
  return TRUE;
}

static gboolean
write_functions (Encoder *self, SluiceJsonValue value, GError **error)
{
  SluiceJsonIter iter;
  SluiceJsonValue function;
  gboolean first = TRUE;

  if (value.type != SLUICE_JSON_ARRAY)
    return refuse (error, "functions must be a list");

  g_string_append_c (self->body, '[');
  sluice_json_iter_init (&iter, value);
  for (; sluice_json_iter_next (&iter, NULL, &function); first = FALSE)
    {
      g_string_append (self->body, first ? "{" : ",{");
      g_string_append (self->body, "\"type\":\"function\",\"function\":");
      sluice_json_append_value (self->body, function);
      g_string_append_c (self->body, '}');
    }
  g_string_append_c (self->body, ']');
  return TRUE;
}

static gboolean
write_effort (Encoder *self, SluiceJsonValue value, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (efforts); i++)
    if (sluice_json_equals (value, efforts[i].effort))
      {
        g_string_append (self->body, efforts[i].think);
        return TRUE;
      }
  return refuse (error, "reasoning_effort must be one of none, minimal, low, medium, high, xhigh and max");
}

static gboolean
write_format (Encoder *self, SluiceJsonValue value, GError **error)
{
  SluiceJsonValue schema = sluice_json_get (sluice_json_get (value, "json_schema"), "schema");

  if (sluice_json_equals (sluice_json_get (value, "type"), "json_object"))
    {
      g_string_append (self->body, "\"json\"");
      return TRUE;
    }
  if (schema.type != SLUICE_JSON_OBJECT)
    return refuse (error, "response_format must be of type text, json_object or json_schema with a json_schema.schema");

  sluice_json_append_value (self->body, schema);
  return TRUE;
}

static gboolean
write_stop (Encoder *self, SluiceJsonValue value, GError **error)
{
  if (value.type == SLUICE_JSON_STRING)
    g_string_append_c (self->options, '[');
  else if (value.type != SLUICE_JSON_ARRAY)
    return refuse (error, "stop must be a text or a list of texts");

  sluice_json_append_value (self->options, value);
  if (value.type == SLUICE_JSON_STRING)
    g_string_append_c (self->options, ']');
  return TRUE;
}

/* Values that say what Ollama does without them. */
static gboolean
is_nothing (const Encoder *self, const Row *row, SluiceJsonValue value)
{
  if (!sluice_dialect_has (value))
    return TRUE;
  if (row->write == write_format)
    return sluice_json_equals (sluice_json_get (value, "type"), "text");

  /* tool_choice itself cannot be said, but "none" can: without tools there are no calls */
  return strcmp (row->ollama, "tools") == 0
         && sluice_json_equals (sluice_json_object_get (self->request->request, "tool_choice"), "none");
}

static gboolean
apply_row (Encoder *self, const Row *row, SluiceJsonValue value, GError **error)
{
  GString *into;

  if ((row->operations & (1u << self->request->operation)) == 0 || is_nothing (self, row, value)
      || !g_hash_table_add (self->done, (gpointer) row->ollama))
    return TRUE;

  into = begin (self, row);
  if (row->write != NULL)
    return row->write (self, value, error);

  sluice_json_append_value (into, value);
  return TRUE;
}

/* Ollama's own "options": what no parameter of its own has said goes on as it is. */
static void
apply_options (Encoder *self, SluiceJsonValue options)
{
  SluiceJsonIter iter;
  SluiceJsonValue name;
  SluiceJsonValue value;

  sluice_json_iter_init (&iter, options);
  while (options.type == SLUICE_JSON_OBJECT && sluice_json_iter_next (&iter, &name, &value))
    {
      g_autofree char *key = sluice_json_dup_string (name);
      const char *interned = NULL;

      if (key == NULL || !sluice_dialect_has (value))
        continue;
      for (guint i = 0; i < G_N_ELEMENTS (rows) && interned == NULL; i++)
        if (rows[i].option && strcmp (rows[i].ollama, key) == 0)
          interned = rows[i].ollama;
      if (interned != NULL && !g_hash_table_add (self->done, (gpointer) interned))
        continue;

      if (self->options->len > 1)
        g_string_append_c (self->options, ',');
      sluice_json_append_value (self->options, name);
      g_string_append_c (self->options, ':');
      sluice_json_append_value (self->options, value);
    }
}

static gboolean
apply_client (Encoder *self, GError **error)
{
  const SluiceJsonObject *object = self->request->request;

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (!apply_row (self, &rows[i], sluice_json_object_get (object, rows[i].name), error))
      return FALSE;

  apply_options (self, sluice_json_object_get (object, "options"));
  return TRUE;
}

static gboolean
apply_default (Encoder *self, const SluiceDialectDefault *def, GError **error)
{
  g_autoptr (GError) reason = NULL;
  SluiceJsonValue value;

  if (!sluice_json_check (def->json, strlen (def->json), SLUICE_JSON_FLAGS_NONE, &value, &reason))
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_INVALID_REQUEST,
                   "the deployment's default of %s cannot be used: %s", def->name, reason->message);
      return FALSE;
    }

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (strcmp (rows[i].name, def->name) == 0 && !apply_row (self, &rows[i], value, error))
      return FALSE;
  if (strcmp (def->name, "options") == 0)
    apply_options (self, value);
  return TRUE;
}

static gboolean
check_subject (Encoder *self, GError **error)
{
  const char *subject = subjects[self->request->operation];

  if (g_hash_table_contains (self->done, subject))
    return TRUE;

  g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_INVALID_REQUEST, "%s is missing", subject);
  return FALSE;
}

static gboolean
encode (Encoder *self, GError **error)
{
  const SluiceDialectRequest *request = self->request;

  g_string_append (self->body, "{\"model\":");
  sluice_json_append_string (self->body, request->model, -1);
  if (!apply_client (self, error) || !check_subject (self, error))
    return FALSE;
  for (guint i = 0; i < request->n_defaults; i++)
    if (!apply_default (self, &request->defaults[i], error))
      return FALSE;

  /* said always: Ollama streams unless told not to */
  if (request->operation != SLUICE_OPERATION_EMBEDDING)
    g_string_append (self->body, request->stream ? ",\"stream\":true" : ",\"stream\":false");
  if (self->options->len > 1)
    g_string_append_printf (self->body, ",\"options\":%s}", self->options->str);
  g_string_append_c (self->body, '}');
  return TRUE;
}

GBytes *
sluice_ollama_encode_request (const SluiceDialectRequest *request, GError **error)
{
  Encoder self = { .request = request };
  GBytes *result = NULL;

  g_return_val_if_fail (request != NULL, NULL);

  self.body = g_string_sized_new (request->request->root.length + 256);
  self.options = g_string_new ("{");
  self.done = g_hash_table_new (g_str_hash, g_str_equal);
  if (encode (&self, error))
    result = g_string_free_to_bytes (g_steal_pointer (&self.body));

  if (self.body != NULL)
    g_string_free (self.body, TRUE);
  g_string_free (self.options, TRUE);
  g_hash_table_unref (self.done);
  return result;
}
