/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The mock provider: answers in the OpenAI form without an upstream. Models: echo, lorem, error-<status>, slow-<ms>,
 * and the mock_response of any deployment.
 */
#include <stdlib.h>
#include <string.h>

#include "upstream/sluice-upstream-private.h"

#define MAX_SLOW_MS 600000

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

static void
append_usage (GString *out, SluiceAttempt *self, const char *text)
{
  gint64 prompt = sluice_usage_estimate_tokens (g_bytes_get_size (self->request.body));
  gint64 completion = self->request.operation == SLUICE_OPERATION_EMBEDDING
                          ? 0
                          : sluice_usage_estimate_tokens (strlen (text));

  g_string_append_printf (out,
                          "{\"prompt_tokens\":%" G_GINT64_FORMAT ",\"completion_tokens\":%" G_GINT64_FORMAT
                          ",\"total_tokens\":%" G_GINT64_FORMAT "}",
                          prompt, completion, prompt + completion);
}

static void
append_head (GString *out, SluiceAttempt *self, const char *object)
{
  gint64 now = sluice_clock_real (self->upstream->clock);

  g_string_append_printf (out, "{\"id\":\"mock-%" G_GINT64_FORMAT "\",\"object\":\"%s\",\"created\":%" G_GINT64_FORMAT
                               ",\"model\":\"mock\",", now, object, now / G_USEC_PER_SEC);
}

static void
append_whole (GString *out, SluiceAttempt *self, const char *text)
{
  switch (self->request.operation)
    {
    case SLUICE_OPERATION_EMBEDDING:
      g_string_append (out, "{\"object\":\"list\",\"data\":[{\"object\":\"embedding\",\"index\":0,"
                            "\"embedding\":[0.25,-0.5,0.75]}],\"model\":\"mock\",\"usage\":");
      break;
    case SLUICE_OPERATION_COMPLETION:
      append_head (out, self, "text_completion");
      g_string_append (out, "\"choices\":[{\"index\":0,\"logprobs\":null,\"finish_reason\":\"stop\",\"text\":");
      sluice_json_append_string (out, text, -1);
      g_string_append (out, "}],\"usage\":");
      break;
    default:
      append_head (out, self, "chat.completion");
      g_string_append (out, "\"choices\":[{\"index\":0,\"finish_reason\":\"stop\","
                            "\"message\":{\"role\":\"assistant\",\"content\":");
      sluice_json_append_string (out, text, -1);
      g_string_append (out, "}}],\"usage\":");
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

/* Word by word, each with the blank after it. */
static void
append_stream (GString *out, SluiceAttempt *self, const char *text)
{
  for (const char *word = text; *word != '\0';)
    {
      const char *blank = strchr (word, ' ');
      gsize length = blank != NULL ? (gsize) (blank - word) + 1 : strlen (word);

      append_event (out, self, word, (gssize) length, FALSE);
      word += length;
    }
  append_event (out, self, NULL, 0, TRUE);
  g_string_append (out, "data: ");
  append_head (out, self,
               self->request.operation == SLUICE_OPERATION_CHAT ? "chat.completion.chunk" : "text_completion");
  g_string_append (out, "\"choices\":[],\"usage\":");
  append_usage (out, self, text);
  g_string_append (out, "}\n\ndata: [DONE]\n\n");
}

static char *
choose_text (SluiceAttempt *self, const SluiceJsonObject *request)
{
  const SluiceDeployment *deployment = self->request.deployment;

  if (deployment->mock_response != NULL)
    return g_strdup (deployment->mock_response);
  if (g_str_equal (deployment->model, "lorem"))
    return g_strdup (lorem);
  return last_words (request);
}

static guint
number_after (const char *model, const char *prefix)
{
  return g_str_has_prefix (model, prefix) ? (guint) strtoul (model + strlen (prefix), NULL, 10) : 0;
}

static void
deliver (SluiceAttempt *self, GString *out)
{
  g_autoptr (GBytes) body = NULL;

  if (self->request.stream && self->status == 200)
    {
      self->funcs->data (self, out->str, out->len, self->user_data);
      sluice_attempt_finish (self, NULL);
      return;
    }
  body = g_bytes_new (out->str, out->len);
  sluice_attempt_finish_answer (self, body);
}

static gboolean
on_mock_due (gpointer data)
{
  g_autoptr (SluiceAttempt) self = sluice_attempt_ref (data);
  g_autoptr (GString) out = g_string_new (NULL);
  guint status = number_after (self->request.deployment->model, "error-");
  SluiceJsonObject request;
  g_autofree char *text = NULL;
  gsize length;
  const char *body = g_bytes_get_data (self->request.body, &length);

  g_clear_pointer (&self->mock_source, g_source_unref);
  self->first_byte_us = sluice_clock_real (self->upstream->clock);
  self->status = status >= 400 && status <= 599 ? status : 200;
  if (self->status != 200)
    g_string_append_printf (out, "{\"error\":{\"message\":\"the mock provider answers %u as it was asked\","
                                 "\"type\":\"mock_error\",\"param\":null,\"code\":\"%u\"}}", status, status);
  else if (sluice_json_object_init (&request, body, length, SLUICE_JSON_FLAGS_NONE, NULL))
    {
      text = choose_text (self, &request);
      sluice_json_object_clear (&request);
      if (self->request.stream)
        append_stream (out, self, text);
      else
        append_whole (out, self, text);
    }
  deliver (self, out);
  return G_SOURCE_REMOVE;
}

void
sluice_attempt_start_mock (SluiceAttempt *self)
{
  guint delay = MIN (number_after (self->request.deployment->model, "slow-"), MAX_SLOW_MS);

  /* slow as asked: only the limit of the whole call counts */
  self->phase = SLUICE_PHASE_FIRST_BYTE;
  self->phase_deadline = G_MAXINT64;
  self->mock_source = delay > 0 ? g_timeout_source_new (delay) : g_idle_source_new ();
  g_source_set_priority (self->mock_source, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->mock_source, on_mock_due, self, NULL);
  g_source_attach (self->mock_source, g_main_context_get_thread_default ());
}
