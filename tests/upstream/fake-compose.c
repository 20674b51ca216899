/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fake-compose.h"

#include <gio/gio.h>
#include <string.h>

#define TYPE_JSON "application/json"
#define RESET_WAIT 20 /* ms, so that what was sent before has been read */

static void
push (FakeConnection *self, FakeStepKind kind)
{
  fake_connection_push (self, (FakeStep){ .kind = kind });
}

static void
push_reset (FakeConnection *self)
{
  fake_connection_push (self, (FakeStep){ .kind = FAKE_STEP_WAIT, .ms = RESET_WAIT });
  push (self, FAKE_STEP_RESET);
}

static gboolean
streams (FakeConnection *self)
{
  return self->answer.stream && self->fixed_body == NULL;
}

static const char *
type_of (FakeConnection *self)
{
  if (self->fixed_type != NULL && self->fixed_body != NULL)
    return self->fixed_type;
  return streams (self) ? fake_answer_stream_type (self->answer.wire) : TYPE_JSON;
}

/* How many vectors the input asks for: lists of numbers are one input. */
static guint
count_inputs (FakeSlice input)
{
  FakeSlice rest = fake_scan_enter (input);
  FakeSlice key, element;
  guint count = 0;

  while (fake_scan_next (&rest, &key, &element))
    {
      if (element.data[0] != '"' && element.data[0] != '[')
        return 1;
      count++;
    }
  return MAX (count, 1);
}

/* Vectors are slow to write: the last answer is kept. Returns: (unowned). */
static const GString *
embeddings (FakeConnection *self, const FakeParams *params)
{
  FakeServer *server = self->server;
  guint count = params->n > 0 ? MIN (params->n, 4096) : count_inputs (self->request.input);
  guint floats = params->floats > 0 ? MIN (params->floats, 65536) : 8;
  gboolean base64 = fake_slice_equal (self->request.format, "base64");
  g_autofree char *key
      = g_strdup_printf ("%d %u %u %d %u %" G_GUINT64_FORMAT " %.*s", (int) self->answer.wire, floats, count, base64,
                         self->answer.style, self->answer.prompt_tokens, (int) self->answer.model.length,
                         self->answer.model.length > 0 ? self->answer.model.data : "");

  if (g_strcmp0 (key, server->embeddings_key) == 0)
    return server->embeddings_body;
  g_free (server->embeddings_key);
  server->embeddings_key = g_steal_pointer (&key);
  g_string_truncate (server->embeddings_body, 0);
  fake_answer_append_embeddings (&self->answer, server->embeddings_body, floats, count, base64);
  return server->embeddings_body;
}

/* The whole body of an answer that is not framed in chunks, a stream's too. Returns: (unowned): holds until the next
 * call. */
static const GString *
whole_body (FakeConnection *self, const FakeParams *params)
{
  GString *scratch = self->server->scratch;
  FakeSlice text = self->answer.text;
  FakeSlice word;

  g_string_truncate (scratch, 0);
  if (self->fixed_body != NULL)
    return g_string_append (scratch, self->fixed_body);
  if (fake_wire_is_embedding (self->answer.wire))
    return embeddings (self, params);
  if (!self->answer.stream)
    {
      fake_answer_append_whole (&self->answer, scratch);
      return scratch;
    }
  fake_answer_append_first (&self->answer, scratch);
  while (fake_next_word (&text, &word))
    fake_answer_append_delta (&self->answer, scratch, word);
  fake_answer_append_last (&self->answer, scratch);
  return scratch;
}

static void
send_body (FakeConnection *self, guint status, const char *type, const GString *body, const char *extra)
{
  fake_connection_begin (self, status, type, body->len, extra);
  if (!fake_slice_equal (self->request.method, "HEAD"))
    g_string_append_len (self->out, body->str, body->len);
}

/* Head and first event of a stream, with @count events to come. 0: the words of the text. */
static void
begin_stream (FakeConnection *self, guint64 count, const FakeParams *params)
{
  GString *scratch = self->server->scratch;

  g_string_truncate (scratch, 0);
  fake_connection_begin (self, 200, type_of (self), -1, NULL);
  fake_answer_append_first (&self->answer, scratch);
  fake_connection_add_chunk (self, scratch->str, scratch->len);
  self->stamped = count > 0;
  self->words = self->answer.text;
  if ((self->answer.style & FAKE_STYLE_TOOL) != 0)
    return;
  fake_connection_push (self, (FakeStep){ .kind = FAKE_STEP_EVENTS,
                                          .count = count > 0 ? count : G_MAXUINT64,
                                          .ms = params->ms,
                                          .size = MIN (params->size, 1024 * 1024) });
}

void
fake_compose_plain (FakeConnection *self, const FakeMode *mode, const FakeParams *params)
{
  if (!streams (self))
    {
      send_body (self, 200, type_of (self), whole_body (self, params), NULL);
      return;
    }
  if (params->events_given)
    self->answer.completion_tokens = params->events;
  begin_stream (self, params->events, params);
  push (self, FAKE_STEP_LAST);
}

void
fake_compose_length (FakeConnection *self, const FakeMode *mode, const FakeParams *params)
{
  self->answer.finish = "length";
  fake_compose_plain (self, mode, params);
}

void
fake_compose_big (FakeConnection *self, const FakeMode *mode, const FakeParams *params)
{
  gsize length = MIN (params->bytes, 64 * 1024 * 1024);

  self->text = g_malloc (length + 1);
  memset (self->text, 'x', length);
  for (gsize i = 9; i + 1 < length; i += 10)
    self->text[i] = ' ';
  self->text[length] = '\0';
  self->answer.text = (FakeSlice){ self->text, length };
  self->answer.completion_tokens = fake_count_words (self->answer.text);
  fake_compose_plain (self, mode, params);
}

void
fake_compose_huge_line (FakeConnection *self, const FakeMode *mode, const FakeParams *params)
{
  gsize length = MIN (params->bytes, 64 * 1024 * 1024);

  self->text = g_malloc (length + 1);
  memset (self->text, 'x', length);
  self->text[length] = '\0';
  self->answer.text = (FakeSlice){ self->text, length };
  self->answer.completion_tokens = 1;
  fake_compose_plain (self, mode, params);
}

void
fake_compose_drip (FakeConnection *self, const FakeMode *mode, const FakeParams *params)
{
  FakeParams inner = *params;

  /* ms is the time between writes here */
  inner.ms = 0;
  self->drip_bytes = MAX (MIN (params->bytes, G_MAXINT32), 1);
  self->drip_ms = params->ms;
  fake_compose_plain (self, mode, &inner);
}

void
fake_compose_stall (FakeConnection *self, const FakeMode *mode, const FakeParams *params)
{
  push (self, FAKE_STEP_STALL);
}

/* Headers as for a whole answer. */
static void
begin_only (FakeConnection *self, const FakeParams *params)
{
  const GString *body = streams (self) ? NULL : whole_body (self, params);

  fake_connection_begin (self, 200, type_of (self), body != NULL ? (gssize) body->len : -1, NULL);
}

void
fake_compose_stall_head (FakeConnection *self, const FakeMode *mode, const FakeParams *params)
{
  begin_only (self, params);
  push (self, FAKE_STEP_STALL);
}

/* n events, or half a body. */
static void
begin_half (FakeConnection *self, const FakeParams *params)
{
  const GString *body;

  if (streams (self))
    {
      begin_stream (self, MAX (params->n, 1), params);
      return;
    }
  body = whole_body (self, params);
  fake_connection_begin (self, 200, type_of (self), body->len, NULL);
  g_string_append_len (self->out, body->str, body->len / 2);
}

void
fake_compose_stall_mid (FakeConnection *self, const FakeMode *mode, const FakeParams *params)
{
  begin_half (self, params);
  push (self, FAKE_STEP_STALL);
}

void
fake_compose_reset_before (FakeConnection *self, const FakeMode *mode, const FakeParams *params)
{
  push (self, FAKE_STEP_RESET);
}

void
fake_compose_reset_head (FakeConnection *self, const FakeMode *mode, const FakeParams *params)
{
  begin_only (self, params);
  push_reset (self);
}

void
fake_compose_reset_mid (FakeConnection *self, const FakeMode *mode, const FakeParams *params)
{
  begin_half (self, params);
  push_reset (self);
}

void
fake_compose_close_before (FakeConnection *self, const FakeMode *mode, const FakeParams *params)
{
  push (self, FAKE_STEP_CLOSE);
}

/* A chunked answer, cut after n events or after half of the body. */
static void
begin_half_chunked (FakeConnection *self, const FakeParams *params)
{
  const GString *body;

  if (streams (self))
    {
      begin_stream (self, MAX (params->n, 1), params);
      return;
    }
  body = whole_body (self, params);
  fake_connection_begin (self, 200, type_of (self), -1, NULL);
  fake_connection_add_chunk (self, body->str, body->len / 2);
}

static void
push_text (FakeConnection *self, const char *text)
{
  fake_connection_push (
      self, (FakeStep){ .kind = FAKE_STEP_BYTES, .count = 1, .bytes = g_bytes_new_static (text, strlen (text)) });
}

void
fake_compose_cut_border (FakeConnection *self, const FakeMode *mode, const FakeParams *params)
{
  begin_half_chunked (self, params);
  push (self, FAKE_STEP_CLOSE);
}

void
fake_compose_cut_end (FakeConnection *self, const FakeMode *mode, const FakeParams *params)
{
  const GString *body = whole_body (self, params);

  fake_connection_begin (self, 200, type_of (self), -1, NULL);
  fake_connection_add_chunk (self, body->str, body->len);
  push (self, FAKE_STEP_CLOSE);
}

void
fake_compose_cut_inside (FakeConnection *self, const FakeMode *mode, const FakeParams *params)
{
  begin_half_chunked (self, params);
  push_text (self, streams (self) ? "40\r\ndata: {\"id\":\"chat" : "40\r\n\",\"x");
  push (self, FAKE_STEP_CLOSE);
}

void
fake_compose_bad_chunk (FakeConnection *self, const FakeMode *mode, const FakeParams *params)
{
  begin_half_chunked (self, params);
  push_text (self, "zz\r\nnot a chunk\r\n0\r\n\r\n");
}

void
fake_compose_length_long (FakeConnection *self, const FakeMode *mode, const FakeParams *params)
{
  const GString *body = whole_body (self, params);

  fake_connection_begin (self, 200, type_of (self), body->len + 10, NULL);
  g_string_append_len (self->out, body->str, body->len);
  push (self, FAKE_STEP_CLOSE);
}

void
fake_compose_length_short (FakeConnection *self, const FakeMode *mode, const FakeParams *params)
{
  const GString *body = whole_body (self, params);

  fake_connection_begin (self, 200, type_of (self), (gssize) body->len - MIN (body->len, 10), NULL);
  g_string_append_len (self->out, body->str, body->len);
}

void
fake_compose_garbage (FakeConnection *self, const FakeMode *mode, const FakeParams *params)
{
  static const char garbage[] = "\x16\x03\x01\x02 this is not HTTP\r\n\xff\xfe\r\n\r\n";

  g_string_append_len (self->out, garbage, sizeof garbage - 1);
  push (self, FAKE_STEP_CLOSE);
}

void
fake_compose_continue_flood (FakeConnection *self, const FakeMode *mode, const FakeParams *params)
{
  static const char interim[] = "HTTP/1.1 100 Continue\r\n\r\n";
  gsize before = self->out->len;

  fake_compose_plain (self, mode, params);
  fake_connection_push_before (self, before, g_bytes_new_static (interim, strlen (interim)), params->n);
}

void
fake_compose_huge_headers (FakeConnection *self, const FakeMode *mode, const FakeParams *params)
{
  gsize before = self->out->len;
  g_autofree char *padding = g_strnfill (1000, 'h');
  char *line = g_strdup_printf ("x-fake-padding: %s\r\n", padding);
  const char *status_end;

  fake_compose_plain (self, mode, params);
  status_end = strchr (self->out->str + before, '\n');
  fake_connection_push_before (self, status_end + 1 - self->out->str, g_bytes_new_take (line, strlen (line)),
                               params->n);
}

/* Events, then an error, in a stream that then ends as if all were well. */
static void
fail_in_stream (FakeConnection *self, const FakeParams *params, const char *message)
{
  GString *scratch = self->server->scratch;
  GString *text;

  begin_stream (self, MAX (params->n, 1), params);
  g_string_truncate (scratch, 0);
  fake_answer_append_stream_error (&self->answer, scratch, message);
  text = g_string_new (NULL);
  g_string_append_printf (text, "%" G_GSIZE_MODIFIER "x\r\n%s\r\n0\r\n\r\n", scratch->len, scratch->str);
  fake_connection_push (
      self, (FakeStep){ .kind = FAKE_STEP_BYTES, .count = 1, .bytes = g_string_free_to_bytes (text) });
}

/* Everything in one write: @params->n events, then @bad, an end mark, the last chunk. */
static void
send_at_once (FakeConnection *self, const FakeParams *params, const char *bad)
{
  gboolean ollama = fake_wire_is_ollama (self->answer.wire);
  GString *scratch = self->server->scratch;
  FakeSlice text = self->answer.text;
  FakeSlice word;

  g_string_truncate (scratch, 0);
  if (params->n > 0)
    fake_answer_append_first (&self->answer, scratch);
  for (guint64 i = 0; i < params->n && fake_next_word (&text, &word); i++)
    fake_answer_append_delta (&self->answer, scratch, word);
  if (ollama)
    g_string_append_printf (scratch, "%s\n", bad);
  else
    g_string_append_printf (scratch, "data: %s\n\ndata: [DONE]\n\n", bad);
  fake_connection_begin (self, 200, type_of (self), -1, NULL);
  fake_connection_add_chunk (self, scratch->str, scratch->len);
  g_string_append (self->out, "0\r\n\r\n");
}

void
fake_compose_error_at_once (FakeConnection *self, const FakeMode *mode, const FakeParams *params)
{
  g_autofree char *error = NULL;

  if (!streams (self))
    {
      fake_compose_error_200 (self, mode, params);
      return;
    }
  if (fake_wire_is_ollama (self->answer.wire))
    error = g_strdup ("{\"error\":\"the fake provider failed at once\"}");
  else
    error = g_strdup_printf ("{\"error\":{\"message\":\"the fake provider failed at once\","
                             "\"type\":\"fake_error\",\"param\":null,\"code\":%u}}",
                             params->status);
  send_at_once (self, params, error);
}

void
fake_compose_junk_at_once (FakeConnection *self, const FakeMode *mode, const FakeParams *params)
{
  if (streams (self))
    send_at_once (self, params, "{\"choices\":[{\"index\":");
  else
    fake_compose_not_json (self, mode, params);
}

/* Never comes to an end, for as long as it is read: something that should be small. */
static void
send_flood (FakeConnection *self, const char *before, const char *text)
{
  g_autoptr (GString) block = g_string_new (NULL);

  g_string_append (self->out, before);
  while (block->len < 16 * 1024)
    g_string_append (block, text);
  fake_connection_push (self, (FakeStep){ .kind = FAKE_STEP_BYTES,
                                          .count = G_MAXUINT64,
                                          .bytes = g_string_free_to_bytes (g_steal_pointer (&block)) });
}

#define CHUNKED_HEAD "HTTP/1.1 200 Fine\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"

void
fake_compose_continue_endless (FakeConnection *self, const FakeMode *mode, const FakeParams *params)
{
  send_flood (self, "", "HTTP/1.1 100 Continue\r\n\r\n");
}

void
fake_compose_headers_endless (FakeConnection *self, const FakeMode *mode, const FakeParams *params)
{
  send_flood (self, "HTTP/1.1 200 Fine\r\n", "x-fake-padding: hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh\r\n");
}

void
fake_compose_extension_endless (FakeConnection *self, const FakeMode *mode, const FakeParams *params)
{
  send_flood (self, CHUNKED_HEAD "5", ";fake=extension");
}

void
fake_compose_trailers_endless (FakeConnection *self, const FakeMode *mode, const FakeParams *params)
{
  send_flood (self, CHUNKED_HEAD "2\r\n{}\r\n0\r\n", "x-fake-trailer: tttttttttttttttttttttttttttttttttt\r\n");
}

void
fake_compose_error_mid (FakeConnection *self, const FakeMode *mode, const FakeParams *params)
{
  if (streams (self))
    fail_in_stream (self, params, "the fake provider failed in mid-stream");
  else
    fake_compose_error_200 (self, mode, params);
}

void
fake_compose_echo_key_mid (FakeConnection *self, const FakeMode *mode, const FakeParams *params)
{
  g_autofree char *key = fake_request_dup_header (&self->request, "authorization");
  g_autofree char *message = g_strdup_printf ("the fake provider does not like '%s' any more", key);

  if (streams (self))
    fail_in_stream (self, params, message);
  else
    fake_compose_echo_key (self, mode, params);
}
