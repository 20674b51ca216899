/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fake-compose.h"

#include <gio/gio.h>
#include <string.h>

/* The ways to answer with one body, not in time but in kind. */

#define TYPE_JSON "application/json"

static const struct
{
  guint status;
  const char *type;
} error_types[] = {
  { 400, "invalid_request_error" }, { 401, "authentication_error" }, { 403, "permission_error" },
  { 404, "not_found_error" },       { 413, "request_too_large" },    { 422, "invalid_request_error" },
  { 429, "rate_limit_error" },      { 529, "overloaded_error" },
};

static const char *
error_type (guint status)
{
  for (guint i = 0; i < G_N_ELEMENTS (error_types); i++)
    if (error_types[i].status == status)
      return error_types[i].type;
  return status < 500 ? "invalid_request_error" : "server_error";
}

static void
send_text (FakeConnection *self, guint status, const char *type, const char *text, gsize length, const char *extra)
{
  fake_connection_begin (self, status, type, length, extra);
  if (length > 0)
    g_string_append_len (self->out, text, length);
}

/* Returns: (nullable) (transfer full): a header line. */
static char *
retry_line (FakeSlice retry)
{
  if (retry.length == 0)
    return NULL;
  if (fake_slice_equal (retry, "date"))
    {
      g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
      g_autoptr (GDateTime) then = g_date_time_add_seconds (now, 5);
      /* day and month names must be English whatever the locale */
      const char *days[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
      const char *months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
      g_autofree char *time = g_date_time_format (then, "%H:%M:%S");

      return g_strdup_printf ("Retry-After: %s, %02d %s %d %s GMT\r\n", days[g_date_time_get_day_of_week (then) - 1],
                              g_date_time_get_day_of_month (then), months[g_date_time_get_month (then) - 1],
                              g_date_time_get_year (then), time);
    }
  return g_strdup_printf ("Retry-After: %.*s\r\n", (int) retry.length, retry.data);
}

static void
send_error (FakeConnection *self, guint status, FakeSlice retry)
{
  GString *scratch = self->server->scratch;
  g_autofree char *message = g_strdup_printf ("the fake provider was asked for status %u", status);
  g_autofree char *extra = retry_line (retry);

  g_string_truncate (scratch, 0);
  fake_answer_append_error (self->answer.wire, scratch, message, error_type (status), status);
  send_text (self, status, TYPE_JSON, scratch->str, scratch->len, extra);
}

void
fake_compose_status (FakeConnection *self, const FakeMode *mode, const FakeParams *params)
{
  send_error (self, CLAMP (params->status, 200, 999), params->retry);
}

void
fake_compose_error_200 (FakeConnection *self, const FakeMode *mode, const FakeParams *params)
{
  GString *scratch = self->server->scratch;

  g_string_truncate (scratch, 0);
  fake_answer_append_error (self->answer.wire, scratch, "the fake provider failed behind a 200", "server_error", 500);
  send_text (self, 200, TYPE_JSON, scratch->str, scratch->len, NULL);
}

/* The key alone, which is the last word of "Bearer KEY". */
static const char *
key_of (const char *authorization)
{
  const char *blank = strrchr (authorization, ' ');

  return blank != NULL ? blank + 1 : authorization;
}

static char *
echo_lines (const char *authorization)
{
  const char *key = key_of (authorization);
  g_autofree char *upper = g_ascii_strup (key, -1);

  return g_strdup_printf ("X-Received: %s\r\nX-Ratelimit-Limit-Key: %s\r\nRetry-After: %s\r\n"
                          "X-Key-%s: 1\r\nX-Ratelimit-Key-%s: 1\r\n",
                          authorization, key, key, upper, key);
}

void
fake_compose_echo_key (FakeConnection *self, const FakeMode *mode, const FakeParams *params)
{
  guint status = params->status != 0 ? params->status : 200;
  g_autofree char *authorization = fake_request_dup_header (&self->request, "authorization");
  g_autofree char *extra = echo_lines (authorization);
  const char *key = key_of (authorization);
  GString *body = self->server->scratch;

  g_string_printf (body, fake_wire_is_ollama (self->answer.wire)
                             ? "{\"error\":\"wrong: %s, once more: %s%s%s%s%s\"}"
                             : "{\"error\":{\"message\":\"wrong: %s, once more: %s%s\",\"type\":\"wrong_%s\","
                               "\"param\":\"%s\",\"code\":\"%s\"}}",
                   authorization, key, key, key, key, key);
  send_text (self, status, TYPE_JSON, body->str, body->len, extra);
}

void
fake_compose_echo_key_text (FakeConnection *self, const FakeMode *mode, const FakeParams *params)
{
  g_autofree char *authorization = fake_request_dup_header (&self->request, "authorization");
  g_autofree char *extra = echo_lines (authorization);
  g_autofree char *filling = g_strnfill (MIN (params->bytes, 100000), '.');
  g_autofree char *text = g_strconcat (filling, authorization, " is wrong\n", NULL);

  send_text (self, params->status, "text/plain", text, strlen (text), extra);
}

void
fake_compose_redirect (FakeConnection *self, const FakeMode *mode, const FakeParams *params)
{
  g_autofree char *to = params->to.length > 0 ? g_strndup (params->to.data, params->to.length)
                                              : g_strdup (self->server->redirect_to);
  g_autofree char *extra = g_strdup_printf ("Location: %s\r\n", to != NULL ? to : "/v1/elsewhere");

  send_text (self, params->status, "text/plain", "moved\n", 6, extra);
}

void
fake_compose_html (FakeConnection *self, const FakeMode *mode, const FakeParams *params)
{
  static const char page[] = "<html>\n<head><title>502 Bad Gateway</title></head>\n"
                             "<body><center><h1>502 Bad Gateway</h1></center></body>\n</html>\n";

  send_text (self, params->status, "text/html", page, strlen (page), NULL);
}

void
fake_compose_not_json (FakeConnection *self, const FakeMode *mode, const FakeParams *params)
{
  static const char text[] = "upstream connect error or disconnect/reset before headers";

  send_text (self, 200, TYPE_JSON, text, strlen (text), NULL);
}

void
fake_compose_empty (FakeConnection *self, const FakeMode *mode, const FakeParams *params)
{
  send_text (self, 200, TYPE_JSON, NULL, 0, NULL);
}

/* Composes a plain answer and takes its body out again. @type: (out): its content type. Returns: (transfer full). */
static GString *
plain_body (FakeConnection *self, const FakeMode *mode, const FakeParams *params, const char **type)
{
  gsize before = self->out->len;
  GString *body;
  const char *start;

  *type = self->answer.stream ? fake_answer_stream_type (self->answer.wire) : TYPE_JSON;
  if (self->answer.stream)
    {
      FakeSlice text = self->answer.text;
      FakeSlice word;

      body = g_string_new (NULL);
      fake_answer_append_first (&self->answer, body);
      while (fake_next_word (&text, &word))
        fake_answer_append_delta (&self->answer, body, word);
      fake_answer_append_last (&self->answer, body);
      return body;
    }
  fake_compose_plain (self, mode, params);
  start = strstr (self->out->str + before, "\r\n\r\n") + 4;
  body = g_string_new_len (start, self->out->str + self->out->len - start);
  g_string_truncate (self->out, before);
  return body;
}

void
fake_compose_half_json (FakeConnection *self, const FakeMode *mode, const FakeParams *params)
{
  const char *type;
  GString *body = plain_body (self, mode, params, &type);

  send_text (self, 200, type, body->str, body->len / 2, NULL);
  g_string_free (body, TRUE);
}

/* Returns: (transfer full). */
static GByteArray *
compress (const char *data, gsize length)
{
  g_autoptr (GZlibCompressor) compressor = g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP, 6);
  GByteArray *out = g_byte_array_new ();
  guchar buffer[16384];
  GConverterResult result = G_CONVERTER_CONVERTED;

  while (result == G_CONVERTER_CONVERTED)
    {
      gsize taken = 0, given = 0;

      result = g_converter_convert (G_CONVERTER (compressor), data, length, buffer, sizeof buffer,
                                    G_CONVERTER_INPUT_AT_END, &taken, &given, NULL);
      data += taken;
      length -= taken;
      g_byte_array_append (out, buffer, given);
    }
  return out;
}

static void
send_compressed (FakeConnection *self, const FakeMode *mode, const FakeParams *params, gboolean damaged)
{
  const char *type;
  GString *body = plain_body (self, mode, params, &type);
  GByteArray *packed = compress (body->str, body->len);

  /* behind the header of 10 bytes, in the middle of the data */
  for (guint i = packed->len / 2; damaged && i < packed->len / 2 + 8 && i < packed->len; i++)
    packed->data[i] ^= 0xff;
  send_text (self, 200, type, (const char *) packed->data, packed->len, "Content-Encoding: gzip\r\n");
  g_byte_array_unref (packed);
  g_string_free (body, TRUE);
}

void
fake_compose_gzip (FakeConnection *self, const FakeMode *mode, const FakeParams *params)
{
  send_compressed (self, mode, params, FALSE);
}

void
fake_compose_gzip_bad (FakeConnection *self, const FakeMode *mode, const FakeParams *params)
{
  send_compressed (self, mode, params, TRUE);
}

void
fake_compose_gzip_bomb (FakeConnection *self, const FakeMode *mode, const FakeParams *params)
{
  g_autofree char *blanks = g_strnfill (1024 * 1024, ' ');
  guint count = CLAMP (params->mb, 1, 4096);
  GBytes *member = g_byte_array_free_to_bytes (compress (blanks, 1024 * 1024));

  /* members of a gzip file may follow each other: one is compressed and sent again and again */
  fake_connection_begin (self, 200, TYPE_JSON, (gssize) g_bytes_get_size (member) * count,
                         "Content-Encoding: gzip\r\n");
  fake_connection_push (self, (FakeStep){ .kind = FAKE_STEP_BYTES, .count = count, .bytes = member });
}

/* Returns: how many requests with this model name came before. */
static guint
seen_before (FakeConnection *self)
{
  GHashTable *seen = self->server->seen;
  char *name = self->request.json_model.length > 0
                   ? g_strndup (self->request.json_model.data, self->request.json_model.length)
                   : g_strndup (self->request.forced_mode.data, self->request.forced_mode.length);
  guint count = GPOINTER_TO_UINT (g_hash_table_lookup (seen, name));

  g_hash_table_insert (seen, name, GUINT_TO_POINTER (count + 1));
  return count;
}

void
fake_compose_flaky (FakeConnection *self, const FakeMode *mode, const FakeParams *params)
{
  if ((seen_before (self) + 1) % MAX (params->n, 1) == 0)
    fake_compose_plain (self, mode, params);
  else
    fake_compose_status (self, mode, params);
}

void
fake_compose_first (FakeConnection *self, const FakeMode *mode, const FakeParams *params)
{
  if (seen_before (self) >= params->n)
    fake_compose_plain (self, mode, params);
  else
    fake_compose_status (self, mode, params);
}
