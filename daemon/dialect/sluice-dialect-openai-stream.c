/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The stream of the OpenAI wire: events in, the same events out with the client's name of the model. No copy is made of
 * an event that needs no change. The usage comes where OpenAI has it, in one chunk of its own in front of the end:
 * upstreams have it in the last chunk with choices, or in each, or in several, or not at all.
 */
#include "dialect/sluice-dialect-openai-private.h"

#include "shared/sluice-error.h"
#include "shared/sluice-sse-reader.h"

#include <string.h>

typedef struct {
  SluiceStreamDecoder parent;
  SluiceDialectAnswer answer; /* its strings are borrowed */
  SluiceSseReader *reader;    /* (owned) */
  GString *model;             /* (owned): the client's name of the model, as JSON */
  GString *event;             /* (owned): the event being rewritten, kept for its memory */
  GString *head;              /* (owned): id, object and time of the chunks, empty before the first one */
  GString *report;            /* (owned): the usage chunk as the upstream reported it, empty if it did not */
  gint64 reported_prompt;     /* what @report says */
  gint64 reported_completion;
} OpenaiStream;

/* What a callback of the reader needs. */
typedef struct {
  OpenaiStream *self;
  SluiceStreamFunc func;
  gpointer user_data;
} Push;

/* The members of an event that are looked at. */
typedef struct {
  SluiceJsonValue choices;
  SluiceJsonValue error;
  SluiceJsonValue model;
  SluiceJsonValue usage;
  SluiceJsonValue groq;
} Event;

/* Names that mean something, at whatever depth. */
typedef enum {
  NAME_OTHER,
  NAME_CHOICES,
  NAME_MODEL,
  NAME_USAGE,
  NAME_ERROR,
  NAME_X_GROQ,
  NAME_DELTA,
  NAME_TEXT,      /* generated text, in a delta or (text completions) in the choice itself */
  NAME_REASONING, /* under two names, from some servers under both with the same text */
  NAME_TOOL_CALLS,
  NAME_FUNCTION_CALL,
} Name;

#define ROW(text, meaning) { text, sizeof text - 1, meaning }

static const struct {
  const char *text;
  gsize length;
  Name meaning;
} names[] = {
  ROW ("choices", NAME_CHOICES),
  ROW ("model", NAME_MODEL),
  ROW ("usage", NAME_USAGE),
  ROW ("delta", NAME_DELTA),
  ROW ("content", NAME_TEXT),
  ROW ("reasoning_content", NAME_REASONING),
  ROW ("reasoning", NAME_REASONING),
  ROW ("tool_calls", NAME_TOOL_CALLS),
  ROW ("text", NAME_TEXT),
  ROW ("refusal", NAME_TEXT),
  ROW ("error", NAME_ERROR),
  ROW ("x_groq", NAME_X_GROQ),
  ROW ("function_call", NAME_FUNCTION_CALL),
};

/* Bytes of the shortest name if one of its letters is written as \\u0074. */
#define MIN_ESCAPED 9

/* The hot path of the relay: names are compared as they stand, and decoded only if one is written with escapes. */
static Name
find_name (SluiceJsonValue name)
{
  gsize length = name.length - 2;
  const char *text = name.text + 1;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (names[i].length == length && names[i].text[0] == text[0] && memcmp (names[i].text, text, length) == 0)
      return names[i].meaning;

  if (length >= MIN_ESCAPED && memchr (text, '\\', length) != NULL)
    for (guint i = 0; i < G_N_ELEMENTS (names); i++)
      if (sluice_json_equals (name, names[i].text))
        return names[i].meaning;
  return NAME_OTHER;
}

SluiceStreamDecoder *
sluice_openai_stream_new (const SluiceDialectAnswer *answer)
{
  OpenaiStream *self;

  g_return_val_if_fail (answer != NULL, NULL);

  self = g_new0 (OpenaiStream, 1);
  self->parent.dialect = &sluice_dialect_openai;
  self->answer = *answer;
  self->reader = sluice_sse_reader_new (answer->max_line, answer->max_event);
  self->model = g_string_new (NULL);
  sluice_json_append_string (self->model, answer->public_model, -1);
  self->event = g_string_new (NULL);
  self->head = g_string_new (NULL);
  self->report = g_string_new (NULL);
  return &self->parent;
}

void
sluice_openai_stream_free (SluiceStreamDecoder *decoder)
{
  OpenaiStream *self = (OpenaiStream *) decoder;

  if (self == NULL)
    return;

  sluice_sse_reader_free (self->reader);
  g_string_free (self->model, TRUE);
  g_string_free (self->event, TRUE);
  g_string_free (self->head, TRUE);
  g_string_free (self->report, TRUE);
  g_clear_pointer (&self->parent.fault, sluice_fault_free);
  g_free (self);
}

/* [{"index":0,"function":{"name":"f","arguments":"..."}}] */
static gsize
count_tool_calls (SluiceJsonValue calls)
{
  SluiceJsonIter iter;
  SluiceJsonValue call;
  gsize bytes = 0;

  sluice_json_iter_init (&iter, calls);
  while (sluice_json_iter_next (&iter, NULL, &call))
    {
      SluiceJsonValue function = sluice_json_get (call, "function");

      bytes += sluice_dialect_text_bytes (sluice_json_get (function, "name"));
      bytes += sluice_dialect_text_bytes (sluice_json_get (function, "arguments"));
    }
  return bytes;
}

/* Text is a string, or (Mistral) a list of parts. */
static gsize
text_bytes (SluiceJsonValue value)
{
  return value.type == SLUICE_JSON_ARRAY ? value.length : sluice_dialect_text_bytes (value);
}

gsize
sluice_openai_count_text (SluiceJsonValue container, SluiceJsonValue *error)
{
  SluiceJsonIter iter;
  SluiceJsonValue name;
  SluiceJsonValue value;
  gsize reasoning = 0;
  gsize bytes = 0;

  sluice_json_iter_init (&iter, container);
  while (container.type == SLUICE_JSON_OBJECT && sluice_json_iter_next (&iter, &name, &value))
    {
      if (value.type == SLUICE_JSON_NULL)
        continue;

      switch (find_name (name))
        {
        case NAME_DELTA:
          bytes += sluice_openai_count_text (value, NULL);
          break;
        case NAME_ERROR:
          if (error != NULL)
            *error = value;
          break;
        case NAME_TEXT:
          bytes += text_bytes (value);
          break;
        case NAME_REASONING:
          reasoning = MAX (reasoning, sluice_dialect_text_bytes (value));
          break;
        case NAME_TOOL_CALLS:
          bytes += count_tool_calls (value);
          break;
        case NAME_FUNCTION_CALL:
          bytes += sluice_dialect_text_bytes (sluice_json_get (value, "arguments"));
          break;
        default:
          break;
        }
    }
  return bytes + reasoning;
}

static void
read_event (Event *event, const SluiceJsonObject *object)
{
  *event = (Event){ 0 };
  for (guint i = 0; i < object->n_members; i++)
    {
      SluiceJsonValue value = object->members[i].value;

      switch (find_name (object->members[i].name))
        {
        case NAME_CHOICES:
          event->choices = value;
          break;
        case NAME_MODEL:
          event->model = value;
          break;
        case NAME_USAGE:
          event->usage = value;
          break;
        case NAME_ERROR:
          event->error = value;
          break;
        case NAME_X_GROQ:
          event->groq = value;
          break;
        default:
          break;
        }
    }
}

static void
emit (Push *push, SluiceStreamEvent event, const char *payload, gsize length)
{
  push->func (event, payload, length, push->user_data);
}

static void
emit_fault (Push *push, const char *data, gsize length)
{
  push->self->parent.fault = sluice_fault_new_from_answer (200, data, length);
  emit (push, SLUICE_STREAM_FAULT, "", 0);
}

/* A value of an event that becomes another one. */
typedef struct {
  SluiceJsonValue value;
  const char *json;
  gsize length;
} Change;

typedef struct {
  Change items[3];
  guint n_items;
} Changes;

/* Keeps them in the order of the text. What is not there cannot change. */
static void
add_change (Changes *changes, SluiceJsonValue value, const char *json, gsize length)
{
  guint at = changes->n_items;

  if (value.type == SLUICE_JSON_NONE)
    return;

  g_assert (at < G_N_ELEMENTS (changes->items));
  for (; at > 0 && changes->items[at - 1].value.text > value.text; at--)
    changes->items[at] = changes->items[at - 1];
  changes->items[at] = (Change){ value, json, length };
  changes->n_items++;
}

/* The event for the client: with @changes and its name of the model. */
static void
rewrite (OpenaiStream *self, GString *out, SluiceJsonValue root, const Event *event, Changes *changes)
{
  const char *from = root.text;
  const char *end = root.text + root.length - 1;

  add_change (changes, event->model, self->model->str, self->model->len);
  g_string_truncate (out, 0);
  for (guint i = 0; i < changes->n_items; i++)
    {
      const Change *change = &changes->items[i];

      g_string_append_len (out, from, change->value.text - from);
      g_string_append_len (out, change->json, (gssize) change->length);
      from = change->value.text + change->value.length;
    }
  g_string_append_len (out, from, end - from);
  if (event->model.type == SLUICE_JSON_NONE)
    g_string_append_printf (out, ",\"model\":%s", self->model->str);
  if (event->choices.type == SLUICE_JSON_NONE)
    g_string_append (out, ",\"choices\":[]");
  g_string_append_c (out, '}');
  /* data of several lines was joined with line feeds, which must not get into the lines of our own events */
  sluice_dialect_flatten (out->str, out->len);
}

static void
emit_chunk (Push *push, SluiceJsonValue root, const Event *event)
{
  OpenaiStream *self = push->self;
  const GString *model = self->model;
  gboolean has_usage = event->usage.type == SLUICE_JSON_OBJECT;
  Changes changes = { .n_items = 0 };

  if (!has_usage && event->model.length == model->len && memcmp (event->model.text, model->str, model->len) == 0
      && memchr (root.text, '\n', root.length) == NULL)
    {
      emit (push, SLUICE_STREAM_CHUNK, root.text, root.length);
      return;
    }
  if (has_usage)
    add_change (&changes, event->usage, "null", strlen ("null"));
  rewrite (self, self->event, root, event, &changes);
  emit (push, SLUICE_STREAM_CHUNK, self->event->str, self->event->len);
}

/* Keeps an event whose usage says all that is known: as the usage chunk it has details that our own would not have. */
static void
take_usage (OpenaiStream *self, SluiceJsonValue root, const Event *event)
{
  SluiceUsage *usage = &self->parent.usage;
  Changes changes = { .n_items = 0 };

  if (event->usage.type != SLUICE_JSON_OBJECT)
    {
      sluice_usage_read_openai (usage, sluice_json_get (event->groq, "usage"), self->parent.text_bytes);
      return;
    }
  if (!sluice_usage_read_openai (usage, event->usage, self->parent.text_bytes)
      || !sluice_usage_is_said_by (usage, TRUE, event->usage))
    return;

  add_change (&changes, event->choices, "[]", strlen ("[]"));
  rewrite (self, self->report, root, event, &changes);
  self->reported_prompt = usage->prompt_tokens;
  self->reported_completion = usage->completion_tokens;
}

/* All chunks of an answer have these in common (http-surface.md 3.1). */
static void
take_head (OpenaiStream *self, const SluiceJsonObject *object)
{
  gboolean chat = self->answer.operation == SLUICE_OPERATION_CHAT;
  SluiceJsonValue id = { 0 };
  SluiceJsonValue created = { 0 };

  if (object != NULL)
    {
      id = sluice_json_object_get (object, "id");
      created = sluice_json_object_get (object, "created");
    }
  g_string_assign (self->head, "{\"id\":");
  if (sluice_dialect_text_bytes (id) > 0)
    sluice_json_append_value (self->head, id);
  else
    sluice_json_append_string (self->head, self->answer.answer_id, -1);
  g_string_append_printf (self->head, ",\"object\":\"%s\",\"created\":",
                          chat ? "chat.completion.chunk" : "text_completion");
  if (created.type == SLUICE_JSON_NUMBER)
    sluice_json_append_value (self->head, created);
  else
    g_string_append_printf (self->head, "%" G_GINT64_FORMAT, self->answer.created);
}

/* The usage chunk: the upstream's own if it says what we know, which is what the row will say. */
static void
emit_usage (Push *push)
{
  OpenaiStream *self = push->self;
  SluiceUsage *usage = &self->parent.usage;
  GString *out = self->report;

  sluice_usage_estimate (usage, self->answer.request_bytes, (gsize) self->parent.text_bytes);
  if (out->len == 0 || self->reported_prompt != usage->prompt_tokens
      || self->reported_completion != usage->completion_tokens)
    {
      if (self->head->len == 0)
        take_head (self, NULL);
      g_string_printf (out, "%s,\"model\":%s,\"choices\":[],", self->head->str, self->model->str);
      sluice_usage_append_openai (usage, TRUE, out);
      g_string_append_c (out, '}');
    }
  emit (push, SLUICE_STREAM_USAGE, out->str, out->len);
}

/* Counts the text of the choices. @failed becomes the one (OpenRouter) that is an error, if there is any. */
static guint
take_choices (OpenaiStream *self, SluiceJsonValue choices, SluiceJsonValue *failed)
{
  SluiceJsonIter iter;
  SluiceJsonValue choice;
  guint n_choices = 0;

  sluice_json_iter_init (&iter, choices);
  for (; choices.type == SLUICE_JSON_ARRAY && sluice_json_iter_next (&iter, NULL, &choice); n_choices++)
    {
      SluiceJsonValue error = { 0 };
      gsize bytes = sluice_openai_count_text (choice, &error);

      if (!self->answer.no_output)
        self->parent.text_bytes += (gint64) bytes;
      if (sluice_dialect_is_error (error))
        *failed = choice;
    }
  return n_choices;
}

static void
take_event (Push *push, const SluiceJsonObject *object)
{
  OpenaiStream *self = push->self;
  SluiceJsonValue failed = { 0 };
  Event event;
  guint n_choices;

  read_event (&event, object);
  if (sluice_dialect_is_error (event.error))
    {
      emit_fault (push, object->root.text, object->root.length);
      return;
    }

  n_choices = take_choices (self, event.choices, &failed);
  if (event.usage.type == SLUICE_JSON_OBJECT || event.groq.type == SLUICE_JSON_OBJECT)
    take_usage (self, object->root, &event);
  if (failed.type == SLUICE_JSON_OBJECT)
    {
      emit_fault (push, failed.text, failed.length);
      return;
    }
  if (n_choices > 0 && self->head->len == 0)
    take_head (self, object);

  /* anything else (usage alone, pings, statistics) is no part of the answer */
  if (n_choices > 0 || (event.choices.type == SLUICE_JSON_ARRAY && event.usage.type != SLUICE_JSON_OBJECT))
    emit_chunk (push, object->root, &event);
}

/* "[DONE]", also with space around it. */
static gboolean
is_end_marker (const char *data, gsize length)
{
  const char *end = data + length;

  while (data < end && *data == ' ')
    data++;
  while (end > data && (end[-1] == ' ' || end[-1] == '\t'))
    end--;
  return end - data == 6 && memcmp (data, "[DONE]", 6) == 0;
}

static gboolean
handle_event (const char *event, const char *data, gsize length, gpointer user_data, GError **error)
{
  Push *push = user_data;
  SluiceStreamDecoder *decoder = &push->self->parent;
  SluiceJsonObject object;

  /* nothing counts behind the end or behind an error; some send both */
  if (decoder->done || decoder->fault != NULL || length == 0)
    return TRUE;

  if (is_end_marker (data, length))
    {
      emit_usage (push);
      decoder->done = TRUE;
      emit (push, SLUICE_STREAM_DONE, "", 0);
      return TRUE;
    }
  if (g_strcmp0 (event, "error") == 0)
    {
      emit_fault (push, data, length);
      return TRUE;
    }
  if (!sluice_dialect_index (&object, data, length, "event", error))
    return FALSE;

  take_event (push, &object);
  sluice_json_object_clear (&object);
  return TRUE;
}

gboolean
sluice_openai_stream_push (SluiceStreamDecoder *decoder,
                           const char *bytes,
                           gsize length,
                           SluiceStreamFunc func,
                           gpointer user_data,
                           GError **error)
{
  OpenaiStream *self = (OpenaiStream *) decoder;
  Push push = { self, func, user_data };

  g_return_val_if_fail (self != NULL && func != NULL, FALSE);

  return sluice_sse_reader_push (self->reader, bytes, length, handle_event, &push, error);
}

gboolean
sluice_openai_stream_end (SluiceStreamDecoder *decoder, SluiceStreamFunc func, gpointer user_data, GError **error)
{
  OpenaiStream *self = (OpenaiStream *) decoder;
  Push push = { self, func, user_data };

  g_return_val_if_fail (self != NULL && func != NULL, FALSE);

  /* some servers leave out the empty line behind the end marker */
  if (!decoder->done && sluice_sse_reader_has_partial (self->reader))
    sluice_sse_reader_push (self->reader, "\n\n", 2, handle_event, &push, NULL);
  if (decoder->done || decoder->fault != NULL)
    return TRUE;

  g_set_error_literal (error, SLUICE_ERROR, SLUICE_ERROR_UPSTREAM_ANSWER,
                       "the upstream's stream ended before its end marker");
  return FALSE;
}
