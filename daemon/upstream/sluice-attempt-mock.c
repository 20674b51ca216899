/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The mock provider: answers in the OpenAI form without an upstream. Models: echo, lorem, error-<status>, slow-<ms>,
 * and the mock_response of any deployment.
 */
#include <string.h>

#include "upstream/sluice-upstream-private.h"

#define MAX_SLOW_MS 600000

/* Bytes of the text in one event of a stream, and of the events handed out in one turn of the loop. */
#define MAX_WORD 1000
#define MAX_TURN (16 * 1024)

typedef enum {
  MOCK_ECHO,
  MOCK_LOREM,
  MOCK_ERROR, /* the number is the status */
  MOCK_SLOW,  /* the number is milliseconds */
  MOCK_UNKNOWN,
} MockKind;

/* A name, or a name in front of a number. */
static const struct {
  const char *name;
  MockKind kind;
  guint min;
  guint max; /* 0: no number */
} mock_models[] = {
  { "echo", MOCK_ECHO, 0, 0 },
  { "lorem", MOCK_LOREM, 0, 0 },
  { "error-", MOCK_ERROR, 400, 599 },
  { "slow-", MOCK_SLOW, 0, MAX_SLOW_MS },
};

static const char lorem[]
    = "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut "
      "labore et dolore magna aliqua.";

/* The text of the last user message, or of the prompt or input. */
static char *
last_words (const SluiceJsonObject *request)
{
  g_autoptr (GString) text = g_string_new (NULL);
  SluiceJsonValue messages = sluice_json_object_get (request, "messages");
  SluiceJsonValue message;
  SluiceJsonIter iter;

  if (!sluice_json_read_string (sluice_json_object_get (request, "prompt"), text))
    sluice_json_read_string (sluice_json_object_get (request, "input"), text);
  sluice_json_iter_init (&iter, messages);
  while (sluice_json_iter_next (&iter, NULL, &message))
    {
      SluiceJsonValue content = sluice_json_get (message, "content");
      SluiceJsonValue part;
      SluiceJsonIter parts;

      if (!sluice_json_equals (sluice_json_get (message, "role"), "user"))
        continue;
      g_string_truncate (text, 0);
      sluice_json_read_string (content, text);
      sluice_json_iter_init (&parts, content);
      while (content.type == SLUICE_JSON_ARRAY && sluice_json_iter_next (&parts, NULL, &part))
        sluice_json_read_string (sluice_json_get (part, "text"), text);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static MockKind
find_kind (const SluiceDeployment *deployment, guint *number)
{
  const char *model = deployment->model;

  *number = 0;
  /* any deployment may have a canned answer */
  if (!g_str_equal (deployment->provider->dialect, "mock"))
    return MOCK_ECHO;

  for (guint i = 0; i < G_N_ELEMENTS (mock_models); i++)
    {
      guint64 value;

      if (mock_models[i].max == 0 && g_str_equal (model, mock_models[i].name))
        return mock_models[i].kind;
      if (mock_models[i].max == 0 || !g_str_has_prefix (model, mock_models[i].name))
        continue;
      if (!g_ascii_string_to_unsigned (model + strlen (mock_models[i].name), 10, mock_models[i].min, mock_models[i].max,
                                       &value, NULL))
        break;
      *number = (guint) value;
      return mock_models[i].kind;
    }
  return deployment->mock_response != NULL ? MOCK_ECHO : MOCK_UNKNOWN;
}

static void
append_error (GString *out, guint number)
{
  g_autofree char *message = g_strdup_printf ("the mock provider answers %u as it was asked", number);
  g_autoptr (SluiceFault) fault = sluice_fault_new (number, "mock_error", message);

  sluice_fault_append_json (fault, out);
}

static void
append_unknown (GString *out, const char *model)
{
  g_autofree char *message = g_strdup_printf (
      "the mock provider does not have '%.100s': ask for mock/echo, mock/lorem, mock/error-<400 to 599> or "
      "mock/slow-<0 to %d milliseconds>",
      model, MAX_SLOW_MS);
  g_autoptr (SluiceFault) fault = sluice_fault_new (400, "invalid_request_error", message);

  fault->param = g_strdup ("model");
  sluice_fault_append_json (fault, out);
}

static void
append_usage (GString *out, SluiceAttempt *self, const char *text)
{
  const SluiceUsage usage = {
    .prompt_tokens = sluice_usage_estimate_tokens (g_bytes_get_size (self->request.body)),
    .completion_tokens = sluice_usage_estimate_tokens (strlen (text)),
  };

  sluice_usage_append_openai (&usage, self->request.operation != SLUICE_OPERATION_EMBEDDING, out);
}

/* One vector for each input: a list of numbers (tokens) is one, a list of anything else as many as it has items. */
static void
append_vectors (GString *out, const SluiceJsonObject *request)
{
  SluiceJsonValue input = sluice_json_object_get (request, "input");
  SluiceJsonIter iter;
  SluiceJsonValue item;
  guint count = 0;

  sluice_json_iter_init (&iter, input);
  while (input.type == SLUICE_JSON_ARRAY && sluice_json_iter_next (&iter, NULL, &item)
         && item.type != SLUICE_JSON_NUMBER)
    count++;
  g_string_append (out, "{\"object\":\"list\",\"data\":[");
  for (guint i = 0; i < MAX (count, 1); i++)
    g_string_append_printf (out, "%s{\"object\":\"embedding\",\"index\":%u,\"embedding\":[0.25,-0.5,0.75]}",
                            i > 0 ? "," : "", i);
  g_string_append (out, "],\"model\":\"mock\",");
}

static void
append_head (GString *out, SluiceAttempt *self, const char *object)
{
  gint64 now = self->first_byte_us;

  g_string_append_printf (out, "{\"id\":\"mock-%" G_GINT64_FORMAT "\",\"object\":\"%s\",\"created\":%" G_GINT64_FORMAT
                               ",\"model\":\"mock\",", now, object, now / G_USEC_PER_SEC);
}

static void
append_whole (GString *out, SluiceAttempt *self, const SluiceJsonObject *request, const char *text)
{
  switch (self->request.operation)
    {
    case SLUICE_OPERATION_EMBEDDING:
      append_vectors (out, request);
      break;
    case SLUICE_OPERATION_COMPLETION:
      append_head (out, self, "text_completion");
      g_string_append (out, "\"choices\":[{\"index\":0,\"logprobs\":null,\"finish_reason\":\"stop\",\"text\":");
      sluice_json_append_string (out, text, -1);
      g_string_append (out, "}],");
      break;
    default:
      append_head (out, self, "chat.completion");
      g_string_append (out, "\"choices\":[{\"index\":0,\"finish_reason\":\"stop\","
                            "\"message\":{\"role\":\"assistant\",\"content\":");
      sluice_json_append_string (out, text, -1);
      g_string_append (out, "}}],");
      break;
    }
  append_usage (out, self, text);
  g_string_append_c (out, '}');
}

/* One event: @text (nullable) is the delta, @finish whether it is the last with a choice. */
static void
append_event (GString *out, SluiceAttempt *self, const char *text, gssize length, gboolean finish)
{
  gboolean chat = self->request.operation == SLUICE_OPERATION_CHAT;

  g_string_append (out, "data: ");
  append_head (out, self, chat ? "chat.completion.chunk" : "text_completion");
  g_string_append (out, chat ? "\"choices\":[{\"index\":0,\"delta\":{" : "\"choices\":[{\"index\":0,\"text\":");
  if (chat && !finish)
    g_string_append (out, "\"role\":\"assistant\",\"content\":");
  if (!chat || !finish)
    sluice_json_append_string (out, text != NULL ? text : "", text != NULL ? length : 0);
  g_string_append (out, chat ? "}" : "");
  g_string_append (out, finish ? ",\"finish_reason\":\"stop\"}]}\n\n" : ",\"finish_reason\":null}]}\n\n");
}

/* What goes into one event: a word with the blank after it, or as much of a long one as is whole characters. */
static gsize
measure_word (const char *text)
{
  gsize length = strcspn (text, " ");

  if (text[length] == ' ')
    length++;
  if (length <= MAX_WORD)
    return length;

  return (gsize) (g_utf8_find_prev_char (text, text + MAX_WORD + 1) - text);
}

static void
append_end (GString *out, SluiceAttempt *self)
{
  append_event (out, self, NULL, 0, TRUE);
  g_string_append (out, "data: ");
  append_head (out, self,
               self->request.operation == SLUICE_OPERATION_CHAT ? "chat.completion.chunk" : "text_completion");
  g_string_append (out, "\"choices\":[],");
  append_usage (out, self, self->mock_text);
  g_string_append (out, "}\n\ndata: [DONE]\n\n");
}

static char *
choose_text (SluiceAttempt *self, MockKind kind, const SluiceJsonObject *request)
{
  const SluiceDeployment *deployment = self->request.deployment;

  if (deployment->mock_response != NULL)
    return g_strdup (deployment->mock_response);
  if (kind == MOCK_LOREM)
    return g_strdup (lorem);
  return last_words (request);
}

/* A turn's worth of the stream; the rest in the next turn, or when the client has read. */
static gboolean
say_more (gpointer data)
{
  g_autoptr (SluiceAttempt) self = sluice_attempt_ref (data);
  g_autoptr (GString) out = g_string_sized_new (MAX_TURN);
  gboolean last;

  g_clear_pointer (&self->mock_source, g_source_unref);
  if (self->paused)
    return G_SOURCE_REMOVE;
  while (*self->mock_rest != '\0' && out->len < MAX_TURN)
    {
      gsize length = measure_word (self->mock_rest);

      append_event (out, self, self->mock_rest, (gssize) length, FALSE);
      self->mock_rest += length;
    }
  last = *self->mock_rest == '\0';
  if (last)
    append_end (out, self);

  self->funcs->data (self, out->str, out->len, self->user_data);
  if (last)
    sluice_attempt_finish (self, NULL);
  else if (self->phase != SLUICE_PHASE_ENDED && !self->paused)
    sluice_attempt_resume_mock (self);
  return G_SOURCE_REMOVE;
}

static void
attach (SluiceAttempt *self, GSource *source, GSourceFunc func)
{
  self->mock_source = source;
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, func, self, NULL);
  g_source_attach (source, g_main_context_get_thread_default ());
}

void
sluice_attempt_resume_mock (SluiceAttempt *self)
{
  if (self->mock_source == NULL)
    attach (self, g_idle_source_new (), say_more);
}

/* Returns whether the answer is whole; a stream goes on from the loop. */
static gboolean
compose (SluiceAttempt *self, GString *out)
{
  guint number;
  MockKind kind = find_kind (self->request.deployment, &number);
  SluiceJsonObject request;
  gsize length;
  const char *body = g_bytes_get_data (self->request.body, &length);

  self->status = kind == MOCK_ERROR ? number : kind == MOCK_UNKNOWN ? 400 : 200;
  if (kind == MOCK_ERROR)
    append_error (out, number);
  else if (kind == MOCK_UNKNOWN)
    append_unknown (out, self->request.deployment->model);
  else if (sluice_json_object_init (&request, body, length, SLUICE_JSON_FLAGS_NONE, NULL))
    {
      g_autofree char *text = choose_text (self, kind, &request);

      if (self->request.stream)
        self->mock_rest = self->mock_text = g_steal_pointer (&text);
      else
        append_whole (out, self, &request, text);
      sluice_json_object_clear (&request);
    }
  return self->mock_text == NULL;
}

static gboolean
on_mock_due (gpointer data)
{
  g_autoptr (SluiceAttempt) self = sluice_attempt_ref (data);
  g_autoptr (GString) out = g_string_new (NULL);
  g_autoptr (GBytes) body = NULL;

  self->first_byte_us = sluice_clock_real (self->upstream->clock);
  if (!compose (self, out))
    return say_more (self);

  g_clear_pointer (&self->mock_source, g_source_unref);
  body = g_bytes_new (out->str, out->len);
  sluice_attempt_finish_answer (self, body);
  return G_SOURCE_REMOVE;
}

void
sluice_attempt_start_mock (SluiceAttempt *self)
{
  guint number;
  gboolean slow = find_kind (self->request.deployment, &number) == MOCK_SLOW && number > 0;

  /* slow as asked: only the limit of the whole call counts */
  self->phase = SLUICE_PHASE_FIRST_BYTE;
  self->phase_deadline = G_MAXINT64;
  attach (self, slow ? g_timeout_source_new (number) : g_idle_source_new (), on_mock_due);
}
