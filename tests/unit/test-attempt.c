/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "upstream/sluice-attempt.h"

#include <string.h>

#include "attempt-record.h"
#include "upstream-server.h"

#define TYPE_JSON "Content-Type: application/json\r\n"
#define TYPE_SSE "Content-Type: text/event-stream; charset=utf-8\r\n"
#define OK_JSON "HTTP/1.1 200 OK\r\n" TYPE_JSON
/* its end is the end of the connection */
#define OK_SSE "HTTP/1.1 200 OK\r\n" TYPE_SSE "\r\n"
#define BODY "{\"model\":\"m\"}"

typedef struct {
  Record record;
  Server *server;
} Fixture;

static void
set_up (Fixture *f, gconstpointer answer)
{
  record_init (&f->record);
  f->server = server_new (answer);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  record_clear (&f->record);
  server_free (f->server);
}

static SluiceDeployment *
deployment_at (const char *base)
{
  return sluice_deployment_new_found ("m", sluice_provider_find ("ollama"), "m", base);
}

static void
start (Fixture *f, gboolean stream)
{
  record_start (&f->record, deployment_at (f->server->base), SLUICE_OPERATION_CHAT, BODY, stream);
}

static void
run (Fixture *f, gboolean stream)
{
  start (f, stream);
  RUN_UNTIL (record_is_over (&f->record));
}

/* Ends with that error, and with the connection. */
static void
assert_failed (Fixture *f, int code, const char *word)
{
  g_assert_cmpuint (f->record.n_ends, ==, 1);
  g_assert_error (f->record.error, SLUICE_ERROR, code);
  g_assert_nonnull (strstr (f->record.error->message, word));
  g_assert_cmpint (f->record.deployment->in_flight, ==, 0);
  g_assert_false (sluice_upstream_is_busy (f->record.upstream));
  RUN_UNTIL (f->server->n_open == 0);
}

static void
note_header (const char *name, const char *value, gpointer user_data)
{
  if (g_ascii_strcasecmp (name, "x-request-id") == 0)
    g_string_append (user_data, value);
}

static void
test_whole (Fixture *f, gconstpointer data)
{
  g_autoptr (GString) id = g_string_new (NULL);

  run (f, FALSE);
  g_assert_cmpuint (f->record.n_answers, ==, 1);
  g_assert_cmpuint (sluice_attempt_get_status (f->record.attempt), ==, 200);
  g_assert_cmpint (sluice_attempt_get_first_byte (f->record.attempt), ==, START_REAL_US);
  g_assert_cmpuint (sluice_attempt_get_resends (f->record.attempt), ==, 0);
  g_assert_cmpstr (record_text (&f->record), ==, "{\"a\":1}");
  sluice_attempt_foreach_header (f->record.attempt, note_header, id);
  g_assert_cmpstr (id->str, ==, "r-1");
  g_assert_cmpint (f->record.deployment->in_flight, ==, 0);
  g_assert_false (sluice_upstream_is_busy (f->record.upstream));
}

static void
test_request (Fixture *f, gconstpointer data)
{
  SluiceDeployment *deployment = deployment_at (f->server->base);
  const char *request;

  deployment->api_key = g_strdup ("k-1");
  deployment->organization = g_strdup ("org-1");
  record_start (&f->record, deployment, SLUICE_OPERATION_CHAT, BODY, FALSE);
  RUN_UNTIL (record_is_over (&f->record));
  request = f->server->request->str;
  g_assert_true (g_str_has_prefix (request, "POST /v1/x HTTP/1.1\r\n"));
  g_assert_true (g_str_has_suffix (request, "\r\n\r\n" BODY));
  g_assert_nonnull (strstr (request, "\r\nAuthorization: Bearer k-1\r\n"));
  g_assert_nonnull (strstr (request, "\r\nOpenAI-Organization: org-1\r\n"));
  g_assert_nonnull (strstr (request, "\r\nAccept-Encoding: identity\r\n"));
  g_assert_nonnull (strstr (request, "\r\nContent-Type: application/json\r\n"));
  g_assert_nonnull (strstr (request, "\r\nUser-Agent: sluice/"));
  g_assert_null (strstr (request, "Cookie"));

  /* and without a key there is none */
  run (f, FALSE);
  g_assert_null (strstr (f->server->request->str, "Authorization"));
  g_assert_null (strstr (f->server->request->str, "OpenAI-Organization"));
}

static void
test_keep_alive (Fixture *f, gconstpointer data)
{
  for (guint i = 1; i <= 3; i++)
    {
      run (f, FALSE);
      g_assert_cmpuint (f->record.n_answers, ==, 1);
      RUN_UNTIL (f->server->n_requests >= i);
      g_assert_cmpuint (f->server->n_requests, ==, i);
    }
  g_assert_cmpuint (f->server->n_connections, ==, 1);
}

/* An error's answer is whole, even where a stream was wanted. */
static void
test_error_status (Fixture *f, gconstpointer data)
{
  run (f, TRUE);
  g_assert_cmpuint (f->record.n_answers, ==, 1);
  g_assert_cmpuint (sluice_attempt_get_status (f->record.attempt), ==, 429);
  g_assert_cmpstr (record_text (&f->record), ==, "slow down");
}

static void
test_stream (Fixture *f, gconstpointer data)
{
  ServerLine *line;

  start (f, TRUE);
  RUN_UNTIL (f->server->n_requests == 1);
  line = g_ptr_array_index (f->server->lines, 0);
  server_say (line, "data: 1\n\n", 9);
  RUN_UNTIL (f->record.data->len == 9);
  g_assert_false (record_is_over (&f->record));
  server_say (line, "data: 2\n\n", 9);
  RUN_UNTIL (f->record.data->len == 18);
  server_end (line);
  RUN_UNTIL (record_is_over (&f->record));
  g_assert_cmpuint (f->record.n_ends, ==, 1);
  g_assert_no_error (f->record.error);
  g_assert_cmpstr (f->record.data->str, ==, "data: 1\n\ndata: 2\n\n");
  g_assert_nonnull (strstr (f->server->request->str, "\r\nAccept: text/event-stream"));
}

/* Much at once: nothing is lost or said twice. */
static void
test_stream_large (Fixture *f, gconstpointer data)
{
  gsize length = 3 * 1024 * 1024;
  g_autofree char *bytes = g_malloc (length);
  ServerLine *line;

  for (gsize i = 0; i < length; i++)
    bytes[i] = (char) ('a' + i % 23);
  start (f, TRUE);
  RUN_UNTIL (f->server->n_requests == 1);
  line = g_ptr_array_index (f->server->lines, 0);
  server_say (line, bytes, length);
  RUN_UNTIL (f->server->n_writing == 0);
  server_end (line);
  RUN_UNTIL (record_is_over (&f->record));
  g_assert_no_error (f->record.error);
  g_assert_cmpmem (f->record.data->str, f->record.data->len, bytes, length);
}

static void
test_stream_wanted_json_came (Fixture *f, gconstpointer data)
{
  run (f, TRUE);
  g_assert_cmpuint (f->record.n_answers, ==, 1);
  g_assert_cmpstr (record_text (&f->record), ==, "{\"a\":1}");
}

static void
test_stream_came_unwanted (Fixture *f, gconstpointer data)
{
  f->server->close = TRUE;
  run (f, FALSE);
  g_assert_cmpuint (f->record.n_answers, ==, 1);
  g_assert_cmpstr (record_text (&f->record), ==, "data: 1\n\n");
}

/* A port that is bound and does not listen refuses, and nobody else can take it meanwhile. */
static void
test_refused (Fixture *f, gconstpointer data)
{
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocket) socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
  g_autoptr (GSocketAddress) bound = NULL;
  g_autofree char *base = NULL;

  g_assert_true (g_socket_bind (socket, address, FALSE, NULL));
  bound = g_socket_get_local_address (socket, NULL);
  base = g_strdup_printf ("http://127.0.0.1:%u", g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound)));
  record_start (&f->record, deployment_at (base), SLUICE_OPERATION_CHAT, BODY, FALSE);
  RUN_UNTIL (record_is_over (&f->record));
  assert_failed (f, SLUICE_ERROR_UPSTREAM_UNREACHABLE, "nothing listens there");
  g_assert_nonnull (strstr (f->record.error->message, base));
  g_assert_cmpuint (sluice_attempt_get_status (f->record.attempt), ==, 0);
  g_assert_cmpint (sluice_attempt_get_first_byte (f->record.attempt), ==, 0);
}

static void
test_bad_address (Fixture *f, gconstpointer data)
{
  record_start (&f->record, deployment_at ("http://[oops"), SLUICE_OPERATION_CHAT, BODY, FALSE);
  RUN_UNTIL (record_is_over (&f->record));
  assert_failed (f, SLUICE_ERROR_UPSTREAM_UNREACHABLE, "cannot be asked");
}

/* The deadlines, each to the millisecond. */
static void
test_connect_deadline (Fixture *f, gconstpointer data)
{
  start (f, FALSE);
  record_pass (&f->record, CONNECT_MS - 1);
  g_assert_false (record_is_over (&f->record));
  record_pass (&f->record, 1);
  assert_failed (f, SLUICE_ERROR_UPSTREAM_UNREACHABLE, "connecting");
}

static void
test_first_byte_deadline (Fixture *f, gconstpointer data)
{
  start (f, FALSE);
  RUN_UNTIL (f->server->n_requests == 1);
  record_pass (&f->record, FIRST_BYTE_MS - 1);
  g_assert_false (record_is_over (&f->record));
  g_assert_cmpuint (f->server->n_open, ==, 1);
  record_pass (&f->record, 1);
  assert_failed (f, SLUICE_ERROR_UPSTREAM_TIMEOUT, "first byte");
  /* later ticks have nothing to add */
  record_pass (&f->record, TOTAL_MS);
  g_assert_cmpuint (f->record.n_ends, ==, 1);
}

/* The headers alone are no byte of the answer: the model thinks after them. */
static void
test_first_byte_after_head (Fixture *f, gconstpointer data)
{
  start (f, TRUE);
  RUN_UNTIL (sluice_attempt_get_status (f->record.attempt) == 200);
  g_assert_cmpint (sluice_attempt_get_first_byte (f->record.attempt), ==, 0);
  record_pass (&f->record, FIRST_BYTE_MS);
  assert_failed (f, SLUICE_ERROR_UPSTREAM_TIMEOUT, "first byte");
}

static void
test_idle_deadline (Fixture *f, gconstpointer data)
{
  start (f, TRUE);
  RUN_UNTIL (f->server->n_requests == 1);
  for (guint i = 1; i <= 3; i++)
    {
      server_say (g_ptr_array_index (f->server->lines, 0), "data: 1\n\n", 9);
      RUN_UNTIL (f->record.data->len == 9 * i);
      record_pass (&f->record, IDLE_MS - 1);
      g_assert_false (record_is_over (&f->record));
    }
  record_pass (&f->record, 1);
  assert_failed (f, SLUICE_ERROR_UPSTREAM_TIMEOUT, "next byte");
}

static void
test_idle_deadline_of_a_whole_answer (Fixture *f, gconstpointer data)
{
  start (f, FALSE);
  RUN_UNTIL (sluice_attempt_get_first_byte (f->record.attempt) != 0);
  record_pass (&f->record, IDLE_MS);
  assert_failed (f, SLUICE_ERROR_UPSTREAM_TIMEOUT, "next byte");
}

/* Byte after byte in good time, and yet too long. */
static void
test_total_deadline (Fixture *f, gconstpointer data)
{
  gint64 passed = 0;

  start (f, TRUE);
  RUN_UNTIL (f->server->n_requests == 1);
  for (gsize n = 1; passed + IDLE_MS / 2 < TOTAL_MS; n++, passed += IDLE_MS / 2)
    {
      server_say (g_ptr_array_index (f->server->lines, 0), "x", 1);
      RUN_UNTIL (f->record.data->len == n);
      record_pass (&f->record, IDLE_MS / 2);
      g_assert_false (record_is_over (&f->record));
    }
  record_pass (&f->record, TOTAL_MS - passed);
  assert_failed (f, SLUICE_ERROR_UPSTREAM_TIMEOUT, "answering");
}

static void
test_cancel_at_once (Fixture *f, gconstpointer data)
{
  start (f, FALSE);
  sluice_attempt_cancel (f->record.attempt);
  sluice_attempt_cancel (f->record.attempt);
  g_assert_cmpint (f->record.deployment->in_flight, ==, 0);
  run_idle ();
  g_assert_false (record_is_over (&f->record));
  g_assert_false (sluice_upstream_is_busy (f->record.upstream));
}

static void
test_cancel_while_waiting (Fixture *f, gconstpointer data)
{
  start (f, FALSE);
  RUN_UNTIL (f->server->n_requests == 1);
  sluice_attempt_cancel (f->record.attempt);
  RUN_UNTIL (f->server->n_open == 0);
  g_assert_false (record_is_over (&f->record));
}

static void
test_cancel_stream (Fixture *f, gconstpointer data)
{
  start (f, TRUE);
  RUN_UNTIL (f->server->n_requests == 1);
  server_say (g_ptr_array_index (f->server->lines, 0), "data: 1\n\n", 9);
  RUN_UNTIL (f->record.n_data > 0);
  sluice_attempt_cancel (f->record.attempt);
  RUN_UNTIL (f->server->n_open == 0);
  g_assert_false (record_is_over (&f->record));
  g_assert_cmpuint (f->record.n_data, ==, 1);
}

static void
test_cancel_from_within (Fixture *f, gconstpointer data)
{
  f->record.cancel_at_data = TRUE;
  start (f, TRUE);
  RUN_UNTIL (f->server->n_requests == 1);
  server_say (g_ptr_array_index (f->server->lines, 0), "data: 1\n\n", 9);
  RUN_UNTIL (f->record.n_data > 0);
  RUN_UNTIL (f->server->n_open == 0);
  g_assert_false (record_is_over (&f->record));
  g_assert_cmpuint (f->record.n_data, ==, 1);
}

static void
test_cancel_paused (Fixture *f, gconstpointer data)
{
  f->record.pause_at_data = TRUE;
  start (f, TRUE);
  RUN_UNTIL (f->server->n_requests == 1);
  server_say (g_ptr_array_index (f->server->lines, 0), "data: 1\n\n", 9);
  RUN_UNTIL (f->record.n_data > 0);
  sluice_attempt_cancel (f->record.attempt);
  sluice_attempt_resume (f->record.attempt);
  RUN_UNTIL (f->server->n_open == 0);
  g_assert_false (record_is_over (&f->record));
}

/* A slow client's fault is not the upstream's: only the total counts meanwhile. */
static void
test_pause_and_resume (Fixture *f, gconstpointer data)
{
  ServerLine *line;

  f->record.pause_at_data = TRUE;
  start (f, TRUE);
  RUN_UNTIL (f->server->n_requests == 1);
  line = g_ptr_array_index (f->server->lines, 0);
  server_say (line, "data: 1\n\n", 9);
  RUN_UNTIL (f->record.n_data == 1);
  server_say (line, "data: 2\n\n", 9);
  RUN_UNTIL (f->server->n_writing == 0);
  run_idle ();
  g_assert_cmpuint (f->record.n_data, ==, 1);
  record_pass (&f->record, 2 * IDLE_MS);
  g_assert_false (record_is_over (&f->record));

  sluice_attempt_resume (f->record.attempt);
  RUN_UNTIL (f->record.n_data == 2);
  server_end (line);
  run_idle ();
  g_assert_false (record_is_over (&f->record));
  f->record.pause_at_data = FALSE;
  sluice_attempt_resume (f->record.attempt);
  sluice_attempt_resume (f->record.attempt);
  RUN_UNTIL (record_is_over (&f->record));
  g_assert_no_error (f->record.error);
  g_assert_cmpstr (f->record.data->str, ==, "data: 1\n\ndata: 2\n\n");
}

static void
test_idle_counts_from_resume (Fixture *f, gconstpointer data)
{
  f->record.pause_at_data = TRUE;
  start (f, TRUE);
  RUN_UNTIL (f->server->n_requests == 1);
  server_say (g_ptr_array_index (f->server->lines, 0), "x", 1);
  RUN_UNTIL (f->record.n_data == 1);
  record_pass (&f->record, 2 * IDLE_MS);
  sluice_attempt_resume (f->record.attempt);
  record_pass (&f->record, IDLE_MS - 1);
  g_assert_false (record_is_over (&f->record));
  record_pass (&f->record, 1);
  assert_failed (f, SLUICE_ERROR_UPSTREAM_TIMEOUT, "next byte");
}

static void
test_total_while_paused (Fixture *f, gconstpointer data)
{
  f->record.pause_at_data = TRUE;
  start (f, TRUE);
  RUN_UNTIL (f->server->n_requests == 1);
  server_say (g_ptr_array_index (f->server->lines, 0), "x", 1);
  RUN_UNTIL (f->record.n_data == 1);
  record_pass (&f->record, TOTAL_MS);
  assert_failed (f, SLUICE_ERROR_UPSTREAM_TIMEOUT, "answering");
}

/* A slow client slows the upstream: what is not read stays there. */
static void
test_pause_holds_the_upstream (Fixture *f, gconstpointer data)
{
  gsize length = 32 * 1024 * 1024;
  g_autofree char *bytes = g_malloc0 (length);
  ServerLine *line;
  gsize held;

  f->record.pause_at_data = TRUE;
  start (f, TRUE);
  RUN_UNTIL (f->server->n_requests == 1);
  line = g_ptr_array_index (f->server->lines, 0);
  server_say (line, bytes, length);
  RUN_UNTIL (f->record.n_data == 1);
  run_idle ();
  held = f->record.data->len;
  g_assert_cmpuint (held, <=, 64 * 1024);
  g_assert_cmpuint (f->server->n_writing, ==, 1);
  f->record.pause_at_data = FALSE;
  sluice_attempt_resume (f->record.attempt);
  RUN_UNTIL (f->record.data->len == length);
  sluice_attempt_cancel (f->record.attempt);
  RUN_UNTIL (f->server->n_open == 0);
}

/* With a length, without one, and in chunks: up to the limit it is an answer. */
static void
check_limit (Fixture *f, const char *head, gsize length, gboolean chunked)
{
  g_autofree char *body = g_strnfill (length, 'x');

  g_string_assign (f->server->answer, head);
  if (chunked)
    g_string_append_printf (f->server->answer, "Transfer-Encoding: chunked\r\n\r\n%" G_GSIZE_MODIFIER "x\r\n%s"
                                               "\r\n0\r\n\r\n", length, body);
  else
    g_string_append_printf (f->server->answer, "Content-Length: %" G_GSIZE_FORMAT "\r\n\r\n%s", length, body);
  run (f, FALSE);
  if (length <= MAX_ANSWER)
    {
      g_assert_cmpuint (f->record.n_answers, ==, 1);
      g_assert_cmpuint (g_bytes_get_size (f->record.body), ==, length);
    }
  else
    assert_failed (f, SLUICE_ERROR_UPSTREAM_ANSWER, "max_answer_bytes");
}

static void
test_max_answer (Fixture *f, gconstpointer data)
{
  static const gsize lengths[] = { 0, MAX_ANSWER, MAX_ANSWER + 1, 200000 };

  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      if (lengths[i] > 0)
        check_limit (f, OK_JSON, lengths[i], TRUE);
      check_limit (f, OK_JSON, lengths[i], FALSE);
      check_limit (f, "HTTP/1.1 500 No\r\n", lengths[i], FALSE);
    }
}

#define LARGE_ANSWER 3000000

/* Nothing is read of a large answer until there is room for it; of one whose length is known that is asked once. */
static void
test_room (Fixture *f, gconstpointer data)
{
  g_autofree char *bytes = g_strnfill (LARGE_ANSWER, 'x');

  f->record.max_answer = LARGE_ANSWER;
  f->server->close = TRUE;
  for (guint chunked = 0; chunked < 2; chunked++)
    {
      if (chunked)
        g_string_printf (f->server->answer, OK_JSON "Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n",
                         LARGE_ANSWER, bytes);
      else
        g_string_printf (f->server->answer, OK_JSON "Content-Length: %d\r\n\r\n%s", LARGE_ANSWER, bytes);
      f->record.no_room = TRUE;
      start (f, FALSE);
      RUN_UNTIL (f->record.n_rooms == 1);
      run_idle ();
      g_assert_false (record_is_over (&f->record));
      /* the time in line is no time of the upstream */
      record_pass (&f->record, IDLE_MS + 1);
      g_assert_false (record_is_over (&f->record));
      f->record.no_room = FALSE;
      sluice_attempt_resume (f->record.attempt);
      RUN_UNTIL (record_is_over (&f->record));
      g_assert_no_error (f->record.error);
      g_assert_cmpuint (g_bytes_get_size (f->record.body), ==, LARGE_ANSWER);
      g_assert_cmpuint (f->record.room, ==, LARGE_ANSWER);
      if (chunked)
        g_assert_cmpuint (f->record.n_rooms, <, 8);
      else
        g_assert_cmpuint (f->record.n_rooms, ==, 1);
    }

  g_string_printf (f->server->answer, OK_JSON "Content-Length: 50000\r\n\r\n%.50000s", bytes);
  run (f, FALSE);
  g_assert_cmpuint (f->record.n_rooms, ==, 0);
}

/* A stream has no such limit. */
static void
test_max_answer_not_for_streams (Fixture *f, gconstpointer data)
{
  g_autofree char *bytes = g_strnfill (3 * MAX_ANSWER, 'x');

  start (f, TRUE);
  RUN_UNTIL (f->server->n_requests == 1);
  server_say (g_ptr_array_index (f->server->lines, 0), bytes, 3 * MAX_ANSWER);
  RUN_UNTIL (f->record.data->len == 3 * MAX_ANSWER);
  g_assert_false (record_is_over (&f->record));
}

static void
test_redirect (Fixture *f, gconstpointer data)
{
  static const guint statuses[] = { 301, 302, 303, 307, 308 };

  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
    {
      g_string_printf (f->server->answer, "HTTP/1.1 %u Moved\r\nLocation: %s/elsewhere\r\nContent-Length: 2\r\n\r\nno",
                       statuses[i], f->server->base);
      run (f, FALSE);
      g_assert_cmpuint (f->record.n_answers, ==, 1);
      g_assert_cmpuint (sluice_attempt_get_status (f->record.attempt), ==, statuses[i]);
      g_assert_cmpstr (record_text (&f->record), ==, "no");
      RUN_UNTIL (f->server->n_requests > i);
      run_idle ();
      g_assert_cmpuint (f->server->n_requests, ==, i + 1);
    }
}

/* Neither passwords nor cookies: a 401 is an answer like others, and nothing is kept for the next request. */
static void
test_no_memory (Fixture *f, gconstpointer data)
{
  run (f, FALSE);
  g_assert_cmpuint (sluice_attempt_get_status (f->record.attempt), ==, 401);
  run (f, FALSE);
  RUN_UNTIL (f->server->n_requests == 2);
  g_assert_null (strstr (f->server->request->str, "ookie"));
  g_assert_null (strstr (f->server->request->str, "Authorization"));
}

/* Cut in the body, in the head, before the first byte, or no HTTP: the request may have arrived, so it is an answer's
 * fault, not an address that cannot be reached. */
static void
test_answer_that_breaks (Fixture *f, gconstpointer data)
{
  static const char *const answers[] = {
    OK_JSON "Content-Length: 100\r\n\r\n{\"a\":",
    OK_JSON "Transfer-Encoding: chunked\r\n\r\n5\r\nab",
    "220 mail.example.com ESMTP\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Le",
    "",
  };

  f->server->close = TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_test_message ("answer %u", i);
      g_string_assign (f->server->answer, answers[i]);
      run (f, FALSE);
      assert_failed (f, SLUICE_ERROR_UPSTREAM_ANSWER, "did not answer well");
      g_assert_nonnull (strstr (f->record.error->message, f->server->base));
    }
}

/* A few interim answers are in order; a flood of them would keep libsoup, and with it the thread, busy for ever. */
static void
test_interims (Fixture *f, gconstpointer data)
{
  static const guint counts[] = { 99, 5000 };

  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    {
      g_string_truncate (f->server->answer, 0);
      for (guint n = 0; n < counts[i]; n++)
        g_string_append (f->server->answer, "HTTP/1.1 102 Processing\r\n\r\n");
      g_string_append (f->server->answer, OK_JSON "Content-Length: 2\r\n\r\n{}");
      run (f, FALSE);
      if (counts[i] < 100)
        g_assert_cmpuint (f->record.n_answers, ==, 1);
      else
        assert_failed (f, SLUICE_ERROR_UPSTREAM_ANSWER, "interim answer (status 102)");
    }
}

#define ADD(name, answer, func) g_test_add ("/attempt/" name, Fixture, answer, set_up, func, tear_down)

#define WHOLE OK_JSON "X-Request-Id: r-1\r\nContent-Length: 7\r\n\r\n{\"a\":1}"

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  ADD ("whole", WHOLE, test_whole);
  ADD ("request", WHOLE, test_request);
  ADD ("keep-alive", WHOLE, test_keep_alive);
  ADD ("error-status", "HTTP/1.1 429 No\r\n" TYPE_SSE "Content-Length: 9\r\n\r\nslow down", test_error_status);
  ADD ("stream", OK_SSE, test_stream);
  ADD ("stream-large", OK_SSE, test_stream_large);
  ADD ("stream-wanted-json-came", WHOLE, test_stream_wanted_json_came);
  ADD ("stream-came-unwanted", OK_SSE "data: 1\n\n", test_stream_came_unwanted);
  ADD ("refused", "", test_refused);
  ADD ("bad-address", "", test_bad_address);
  ADD ("deadline/connect", "", test_connect_deadline);
  ADD ("deadline/first-byte", "", test_first_byte_deadline);
  ADD ("deadline/first-byte-after-head", OK_SSE, test_first_byte_after_head);
  ADD ("deadline/idle", OK_SSE, test_idle_deadline);
  ADD ("deadline/idle-whole", OK_JSON "Content-Length: 9\r\n\r\n{", test_idle_deadline_of_a_whole_answer);
  ADD ("deadline/total", OK_SSE, test_total_deadline);
  ADD ("cancel/at-once", WHOLE, test_cancel_at_once);
  ADD ("cancel/while-waiting", "", test_cancel_while_waiting);
  ADD ("cancel/stream", OK_SSE, test_cancel_stream);
  ADD ("cancel/from-within", OK_SSE, test_cancel_from_within);
  ADD ("cancel/paused", OK_SSE, test_cancel_paused);
  ADD ("pause/resume", OK_SSE, test_pause_and_resume);
  ADD ("pause/idle-counts-from-resume", OK_SSE, test_idle_counts_from_resume);
  ADD ("pause/total", OK_SSE, test_total_while_paused);
  ADD ("pause/holds-the-upstream", OK_SSE, test_pause_holds_the_upstream);
  ADD ("max-answer", "", test_max_answer);
  ADD ("room", "", test_room);
  ADD ("max-answer-not-for-streams", OK_SSE, test_max_answer_not_for_streams);
  ADD ("redirect", "", test_redirect);
  ADD ("no-memory",
       "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=x\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n",
       test_no_memory);
  ADD ("answer-that-breaks", "", test_answer_that_breaks);
  ADD ("interims", "", test_interims);
  return g_test_run ();
}
