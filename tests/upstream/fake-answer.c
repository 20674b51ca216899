/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fake-answer.h"

#include <string.h>

#define SLICE(s) (int) (s).length, (s).length > 0 ? (s).data : ""
#define U64 "%" G_GUINT64_FORMAT
#define OLLAMA_DATE "2024-01-01T00:00:00.000000Z"

gboolean
fake_wire_is_ollama (FakeWire wire)
{
  return wire >= FAKE_WIRE_OLLAMA_CHAT;
}

gboolean
fake_wire_is_embedding (FakeWire wire)
{
  return wire == FAKE_WIRE_OPENAI_EMBED || wire == FAKE_WIRE_OLLAMA_EMBED || wire == FAKE_WIRE_OLLAMA_EMBED_OLD;
}

const char *
fake_answer_stream_type (FakeWire wire)
{
  return fake_wire_is_ollama (wire) ? "application/x-ndjson" : "text/event-stream";
}

/* Returns: the length of the white space at @p, 0 if there is none. */
static gsize
space_at (const char *p, const char *end)
{
  if (*p == ' ')
    return 1;
  if (*p == '\\' && end - p >= 2 && (p[1] == 'n' || p[1] == 't' || p[1] == 'r'))
    return 2;
  return 0;
}

gboolean
fake_next_word (FakeSlice *rest, FakeSlice *word)
{
  const char *p = rest->data;
  const char *end = p + rest->length;
  gsize space;

  if (rest->length == 0)
    return FALSE;
  while (p < end && (space = space_at (p, end)) > 0)
    p += space;
  while (p < end && space_at (p, end) == 0)
    p += *p == '\\' && end - p >= 2 ? 2 : 1;
  while (p < end && (space = space_at (p, end)) > 0)
    p += space;
  *word = (FakeSlice){ rest->data, p - rest->data };
  *rest = (FakeSlice){ p, end - p };
  return TRUE;
}

guint64
fake_count_words (FakeSlice text)
{
  guint64 words = 0;
  FakeSlice word;

  while (fake_next_word (&text, &word))
    words++;
  return words;
}

static const char *
id_prefix (const FakeAnswer *self)
{
  return self->wire == FAKE_WIRE_OPENAI_TEXT ? "cmpl-fake-" : "chatcmpl-fake-";
}

static void
append_usage (const FakeAnswer *self, GString *out)
{
  g_string_append_printf (out, "\"usage\":{\"prompt_tokens\":" U64 ",\"completion_tokens\":" U64
                               ",\"total_tokens\":" U64 "}",
                          self->prompt_tokens, self->completion_tokens,
                          self->prompt_tokens + self->completion_tokens);
}

/* The last members of an Ollama answer or of its last line. */
static void
append_ollama_end (const FakeAnswer *self, GString *out)
{
  g_string_append_printf (out, ",\"done\":true,\"done_reason\":\"%s\"", self->finish);
  if ((self->style & FAKE_STYLE_NO_USAGE) == 0)
    g_string_append_printf (out,
                            ",\"total_duration\":5000000,\"load_duration\":1000000,\"prompt_eval_count\":" U64
                            ",\"prompt_eval_duration\":1000000,\"eval_count\":" U64 ",\"eval_duration\":3000000",
                            self->prompt_tokens, self->completion_tokens);
  g_string_append (out, "}\n");
}

static void
append_ollama (const FakeAnswer *self, GString *out, FakeSlice text)
{
  g_string_append_printf (out, "{\"model\":\"%.*s\",\"created_at\":\"" OLLAMA_DATE "\",\"fake_id\":" U64 ",",
                          SLICE (self->model), self->id);
  if (self->wire == FAKE_WIRE_OLLAMA_GENERATE)
    g_string_append_printf (out, "\"response\":\"%.*s\"", SLICE (text));
  else
    g_string_append_printf (out, "\"message\":{\"role\":\"assistant\",\"content\":\"%.*s\"", SLICE (text));
}

static void
close_ollama_message (const FakeAnswer *self, GString *out)
{
  if (self->wire != FAKE_WIRE_OLLAMA_GENERATE)
    g_string_append_c (out, '}');
}

static void
append_ollama_tool (const FakeAnswer *self, GString *out)
{
  g_string_append_printf (out, ",\"tool_calls\":[{\"function\":{\"index\":0,\"name\":\"%.*s\",\"arguments\":"
                               "{\"city\":\"Paris\"}}}]",
                          SLICE (self->tool));
}

static void
append_openai_message (const FakeAnswer *self, GString *out)
{
  if ((self->style & FAKE_STYLE_TOOL) != 0)
    {
      g_string_append_printf (out,
                              "\"message\":{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":"
                              "\"call_fake_" U64 "\",\"type\":\"function\",\"function\":{\"name\":\"%.*s\","
                              "\"arguments\":\"{\\\"city\\\":\\\"Paris\\\"}\"}}]},\"finish_reason\":\"tool_calls\"",
                              self->id, SLICE (self->tool));
      return;
    }
  g_string_append_printf (out, "\"message\":{\"role\":\"assistant\",%s\"content\":\"",
                          (self->style & FAKE_STYLE_REASONING) != 0 ? "\"reasoning_content\":\"thinking hard\"," : "");
  g_string_append_len (out, self->text.data, self->text.length);
  g_string_append_printf (out, "\"},\"finish_reason\":\"%s\"", self->finish);
}

void
fake_answer_append_whole (const FakeAnswer *self, GString *out)
{
  if (fake_wire_is_ollama (self->wire))
    {
      gboolean tool = (self->style & FAKE_STYLE_TOOL) != 0;

      append_ollama (self, out, tool ? (FakeSlice){ NULL, 0 } : self->text);
      if (tool)
        append_ollama_tool (self, out);
      if ((self->style & FAKE_STYLE_REASONING) != 0)
        g_string_append (out, ",\"thinking\":\"thinking hard\"");
      close_ollama_message (self, out);
      append_ollama_end (self, out);
      return;
    }

  g_string_append_printf (out, "{\"id\":\"%s" U64 "\",\"object\":\"%s\",\"created\":%" G_GINT64_FORMAT
                               ",\"model\":\"%.*s\",\"choices\":[{\"index\":0,\"logprobs\":null,",
                          id_prefix (self), self->id,
                          self->wire == FAKE_WIRE_OPENAI_TEXT ? "text_completion" : "chat.completion", self->created,
                          SLICE (self->model));
  if (self->wire == FAKE_WIRE_OPENAI_TEXT)
    {
      g_string_append (out, "\"text\":\"");
      g_string_append_len (out, self->text.data, self->text.length);
      g_string_append_printf (out, "\",\"finish_reason\":\"%s\"", self->finish);
    }
  else
    append_openai_message (self, out);
  g_string_append (out, "}]");
  if ((self->style & FAKE_STYLE_NO_USAGE) == 0)
    {
      g_string_append_c (out, ',');
      append_usage (self, out);
    }
  g_string_append_c (out, '}');
}

static const char *
line_end (const FakeAnswer *self)
{
  if ((self->style & FAKE_STYLE_CRLF) != 0)
    return "\r\n";
  return (self->style & FAKE_STYLE_CR) != 0 ? "\r" : "\n";
}

static void
begin_event (const FakeAnswer *self, GString *out)
{
  if ((self->style & FAKE_STYLE_COMMENTS) != 0)
    g_string_append_printf (out, ": FAKE PROCESSING%s%s", line_end (self), line_end (self));
  g_string_append (out, (self->style & FAKE_STYLE_NO_SPACE) != 0 ? "data:" : "data: ");
}

static void
end_event (const FakeAnswer *self, GString *out)
{
  g_string_append (out, line_end (self));
  g_string_append (out, line_end (self));
}

static void
begin_chunk (const FakeAnswer *self, GString *out)
{
  begin_event (self, out);
  g_string_append_printf (out, "{\"id\":\"%s" U64 "\",\"object\":\"%s\",\"created\":%" G_GINT64_FORMAT
                               ",\"model\":\"%.*s\",",
                          id_prefix (self), self->id,
                          self->wire == FAKE_WIRE_OPENAI_TEXT ? "text_completion" : "chat.completion.chunk",
                          self->created, SLICE (self->model));
  if ((self->style & FAKE_STYLE_SPLIT_DATA) != 0)
    g_string_append_printf (out, "%sdata: ", line_end (self));
}

/* One chunk with one choice. @delta: an object; for text completions the text member. */
static void
append_choice (const FakeAnswer *self, GString *out, const char *delta, gsize length, const char *finish)
{
  begin_chunk (self, out);
  g_string_append (out, "\"choices\":[{\"index\":0,");
  g_string_append_len (out, delta, length);
  if (finish != NULL)
    g_string_append_printf (out, ",\"finish_reason\":\"%s\"}]", finish);
  else
    g_string_append (out, ",\"finish_reason\":null}]");
  if (self->include_usage && (finish == NULL || (self->style & FAKE_STYLE_USAGE_IN_CHOICE) == 0))
    g_string_append (out, ",\"usage\":null");
  if (finish != NULL && (self->style & FAKE_STYLE_USAGE_IN_CHOICE) != 0)
    {
      g_string_append_c (out, ',');
      append_usage (self, out);
    }
  g_string_append_c (out, '}');
  end_event (self, out);
}

static void
append_choice_text (const FakeAnswer *self, GString *out, const char *delta)
{
  append_choice (self, out, delta, strlen (delta), NULL);
}

static void
append_tool_chunks (const FakeAnswer *self, GString *out)
{
  g_autofree char *begin
      = g_strdup_printf ("\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"call_fake_" U64 "\",\"type\":\"function\","
                         "\"function\":{\"name\":\"%.*s\",\"arguments\":\"\"}}]}",
                         self->id, SLICE (self->tool));

  append_choice_text (self, out, begin);
  append_choice_text (self, out,
                      "\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\\\"city\\\":\"}}]}");
  append_choice_text (self, out,
                      "\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"\\\"Paris\\\"}\"}}]}");
}

void
fake_answer_append_first (const FakeAnswer *self, GString *out)
{
  if ((self->style & FAKE_STYLE_BOM) != 0)
    g_string_append (out, "\xef\xbb\xbf");
  if (fake_wire_is_ollama (self->wire))
    {
      if ((self->style & (FAKE_STYLE_TOOL | FAKE_STYLE_REASONING)) == 0)
        return;
      append_ollama (self, out, (FakeSlice){ NULL, 0 });
      if ((self->style & FAKE_STYLE_TOOL) != 0)
        append_ollama_tool (self, out);
      else
        g_string_append (out, ",\"thinking\":\"thinking hard\"");
      close_ollama_message (self, out);
      g_string_append (out, ",\"done\":false}\n");
      return;
    }
  if (self->wire == FAKE_WIRE_OPENAI_TEXT)
    return;
  append_choice_text (self, out, "\"delta\":{\"role\":\"assistant\",\"content\":\"\"}");
  if ((self->style & FAKE_STYLE_REASONING) != 0)
    {
      append_choice_text (self, out, "\"delta\":{\"reasoning_content\":\"thinking \"}");
      append_choice_text (self, out, "\"delta\":{\"reasoning_content\":\"hard\"}");
    }
  if ((self->style & FAKE_STYLE_TOOL) != 0)
    append_tool_chunks (self, out);
}

void
fake_answer_append_delta (const FakeAnswer *self, GString *out, FakeSlice piece)
{
  if (fake_wire_is_ollama (self->wire))
    {
      append_ollama (self, out, piece);
      close_ollama_message (self, out);
      g_string_append (out, ",\"done\":false}\n");
      return;
    }
  begin_chunk (self, out);
  g_string_append (out, "\"choices\":[{\"index\":0,");
  g_string_append (out, self->wire == FAKE_WIRE_OPENAI_TEXT ? "\"text\":\"" : "\"delta\":{\"content\":\"");
  g_string_append_len (out, piece.data, piece.length);
  g_string_append (out, self->wire == FAKE_WIRE_OPENAI_TEXT ? "\"" : "\"}");
  g_string_append (out, ",\"finish_reason\":null}]");
  g_string_append (out, self->include_usage ? ",\"usage\":null}" : "}");
  end_event (self, out);
}

void
fake_answer_append_last (const FakeAnswer *self, GString *out)
{
  const char *delta = self->wire == FAKE_WIRE_OPENAI_TEXT ? "\"text\":\"\"" : "\"delta\":{}";
  gboolean usage_asked = self->include_usage || (self->style & FAKE_STYLE_ALWAYS_USAGE) != 0;

  if (fake_wire_is_ollama (self->wire))
    {
      if ((self->style & FAKE_STYLE_NO_DONE) != 0)
        return;
      append_ollama (self, out, (FakeSlice){ NULL, 0 });
      close_ollama_message (self, out);
      append_ollama_end (self, out);
      return;
    }
  append_choice (self, out, delta, strlen (delta),
                 (self->style & FAKE_STYLE_TOOL) != 0 ? "tool_calls" : self->finish);
  if (usage_asked && (self->style & (FAKE_STYLE_NO_USAGE | FAKE_STYLE_USAGE_IN_CHOICE)) == 0)
    {
      begin_chunk (self, out);
      g_string_append (out, "\"choices\":[],");
      append_usage (self, out);
      g_string_append_c (out, '}');
      end_event (self, out);
    }
  if ((self->style & FAKE_STYLE_NO_DONE) == 0)
    {
      begin_event (self, out);
      g_string_append (out, "[DONE]");
      end_event (self, out);
    }
}

void
fake_answer_append_stream_error (const FakeAnswer *self, GString *out, const char *message)
{
  if (fake_wire_is_ollama (self->wire))
    {
      fake_answer_append_error (self->wire, out, message, "server_error", 500);
      g_string_append_c (out, '\n');
      return;
    }
  begin_event (self, out);
  fake_answer_append_error (self->wire, out, message, "server_error", 500);
  end_event (self, out);
}

void
fake_answer_append_error (FakeWire wire, GString *out, const char *message, const char *type, guint status)
{
  g_string_append (out, fake_wire_is_ollama (wire) ? "{\"error\":" : "{\"error\":{\"message\":");
  fake_json_append_string (out, (FakeSlice){ message, strlen (message) });
  if (fake_wire_is_ollama (wire))
    g_string_append_c (out, '}');
  else
    g_string_append_printf (out, ",\"type\":\"%s\",\"param\":null,\"code\":\"fake_%u\"}}", type, status);
}

/* The next number of a fixed series, as 15 decimal digits behind "0.0". */
static guint64
next_digits (guint64 *state)
{
  *state = *state * G_GUINT64_CONSTANT (6364136223846793005) + G_GUINT64_CONSTANT (1442695040888963407);
  return (*state >> 8) % G_GUINT64_CONSTANT (1000000000000000);
}

static void
append_vector (GString *out, guint floats, guint ordinal, gboolean base64)
{
  g_autofree guint32 *packed = base64 ? g_new (guint32, MAX (floats, 1)) : NULL;
  guint64 state = ordinal + 1;

  for (guint i = 0; i < floats; i++)
    {
      guint64 digits = next_digits (&state);
      gboolean negative = (digits & 1) != 0;

      if (packed != NULL)
        {
          float value = (float) ((negative ? -1.0 : 1.0) * (double) digits / 1e16);
          guint32 bits;

          memcpy (&bits, &value, sizeof bits);
          packed[i] = GUINT32_TO_LE (bits);
        }
      else
        g_string_append_printf (out, "%s%s0.0%015" G_GUINT64_FORMAT, i > 0 ? "," : "", negative ? "-" : "", digits);
    }
  if (packed != NULL)
    {
      g_autofree char *text = g_base64_encode ((const guchar *) packed, floats * sizeof *packed);

      g_string_append (out, text);
    }
}

void
fake_answer_append_embeddings (const FakeAnswer *self, GString *out, guint floats, guint count, gboolean base64)
{
  gboolean openai = self->wire == FAKE_WIRE_OPENAI_EMBED;
  const char *left = openai && base64 ? "\"" : "[";
  const char *right = openai && base64 ? "\"" : "]";

  if (openai)
    g_string_append_printf (out, "{\"object\":\"list\",\"model\":\"%.*s\",\"data\":[", SLICE (self->model));
  else if (self->wire == FAKE_WIRE_OLLAMA_EMBED)
    g_string_append_printf (out, "{\"model\":\"%.*s\",\"embeddings\":[", SLICE (self->model));
  else
    g_string_append (out, "{\"embedding\":");

  for (guint i = 0; i < (self->wire == FAKE_WIRE_OLLAMA_EMBED_OLD ? 1 : count); i++)
    {
      g_string_append (out, i > 0 ? "," : "");
      if (openai)
        g_string_append_printf (out, "{\"object\":\"embedding\",\"index\":%u,\"embedding\":", i);
      g_string_append (out, left);
      append_vector (out, floats, i, openai && base64);
      g_string_append (out, right);
      g_string_append (out, openai ? "}" : "");
    }

  if (openai)
    {
      g_string_append_c (out, ']');
      if ((self->style & FAKE_STYLE_NO_USAGE) == 0)
        g_string_append_printf (out, ",\"usage\":{\"prompt_tokens\":" U64 ",\"total_tokens\":" U64 "}",
                                self->prompt_tokens, self->prompt_tokens);
      g_string_append_c (out, '}');
    }
  else if (self->wire == FAKE_WIRE_OLLAMA_EMBED)
    g_string_append_printf (out,
                            "],\"total_duration\":5000000,\"load_duration\":1000000,\"prompt_eval_count\":" U64 "}",
                            self->prompt_tokens);
  else
    g_string_append_c (out, '}');
}
