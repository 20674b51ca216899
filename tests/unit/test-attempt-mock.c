/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "upstream/sluice-attempt.h"

#include <string.h>

#include "attempt-record.h"
#include "shared/sluice-json.h"
#include "upstream-server.h"

#define CHAT SLUICE_OPERATION_CHAT
#define COMPLETION SLUICE_OPERATION_COMPLETION
#define EMBEDDING SLUICE_OPERATION_EMBEDDING

#define HELLO "{\"messages\":[{\"role\":\"user\",\"content\":\"hello \\\"you\\\"\"}]}"

static SluiceDeployment *
mock (const char *model)
{
  return sluice_deployment_new_found ("m", sluice_provider_find ("mock"), model, "");
}

static void
run (Record *record, const char *model, SluiceOperation operation, const char *body, gboolean stream)
{
  record_start (record, mock (model), operation, body, stream);
  RUN_UNTIL (record_is_over (record));
  g_assert_no_error (record->error);
}

/* The member @names of the answer as text, "a.0.b" style with numbers for places in arrays. */
static char *
member (const char *json, const char *names)
{
  g_auto (GStrv) parts = g_strsplit (names, ".", -1);
  SluiceJsonObject object;
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  SluiceJsonValue value;

  sluice_json_object_init (&object, json, strlen (json), SLUICE_JSON_FLAGS_NONE, &error);
  g_assert_no_error (error);
  value = sluice_json_object_get (&object, parts[0]);
  for (guint i = 1; parts[i] != NULL; i++)
    {
      SluiceJsonIter iter;

      if (!g_ascii_isdigit (*parts[i]))
        {
          value = sluice_json_get (value, parts[i]);
          continue;
        }
      sluice_json_iter_init (&iter, value);
      for (gint64 n = g_ascii_strtoll (parts[i], NULL, 10); n >= 0; n--)
        g_assert_true (sluice_json_iter_next (&iter, NULL, &value));
    }
  if (!sluice_json_read_string (value, text))
    g_string_append (text, "?");
  sluice_json_object_clear (&object);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

typedef struct {
  const char *name;
  const char *model;
  SluiceOperation operation;
  const char *body;
  const char *where;
  const char *text;
} Case;

static const Case cases[] = {
  { "echo", "echo", CHAT, HELLO, "choices.0.message.content", "hello \"you\"" },
  { "echo-object", "echo", CHAT, HELLO, "object", "chat.completion" },
  { "echo-last-user", "echo", CHAT,
    "{\"messages\":[{\"role\":\"user\",\"content\":\"1\"},{\"role\":\"user\",\"content\":\"2\"},"
    "{\"role\":\"assistant\",\"content\":\"3\"}]}", "choices.0.message.content", "2" },
  { "echo-parts", "echo", CHAT,
    "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"image_url\"},"
    "{\"type\":\"text\",\"text\":\"b\"}]}]}", "choices.0.message.content", "ab" },
  { "echo-nothing", "echo", CHAT, "{}", "choices.0.message.content", "" },
  { "echo-prompt", "echo", COMPLETION, "{\"prompt\":\"go on\"}", "choices.0.text", "go on" },
  { "echo-prompt-object", "echo", COMPLETION, "{\"prompt\":\"go on\"}", "object", "text_completion" },
  { "echo-finish", "echo", COMPLETION, "{\"prompt\":\"go on\"}", "choices.0.finish_reason", "stop" },
  { "embedding", "echo", EMBEDDING, "{\"input\":\"x\"}", "data.0.object", "embedding" },
  { "embeddings", "echo", EMBEDDING, "{\"input\":[\"x\",\"y\"]}", "data.1.object", "embedding" },
  { "embeddings-of-tokens", "echo", EMBEDDING, "{\"input\":[[1],[2],[3]]}", "data.2.object", "embedding" },
  { "slow-0", "slow-0", CHAT, HELLO, "choices.0.message.content", "hello \"you\"" },
};

static void
test_case (gconstpointer data)
{
  const Case *c = data;
  Record record;
  g_autofree char *text = NULL;

  record_init (&record);
  run (&record, c->model, c->operation, c->body, FALSE);
  g_assert_cmpuint (record.n_answers, ==, 1);
  g_assert_cmpuint (sluice_attempt_get_status (record.attempt), ==, 200);
  g_assert_cmpint (sluice_attempt_get_first_byte (record.attempt), ==, START_REAL_US);
  text = member (record_text (&record), c->where);
  g_assert_cmpstr (text, ==, c->text);
  g_assert_nonnull (strstr (record.data->str, "\"usage\":{\"prompt_tokens\":"));
  g_assert_false (sluice_upstream_is_busy (record.upstream));
  record_clear (&record);
}

static void
test_lorem (void)
{
  Record record;
  g_autofree char *text = NULL;

  record_init (&record);
  run (&record, "lorem", CHAT, HELLO, FALSE);
  text = member (record_text (&record), "choices.0.message.content");
  g_assert_true (g_str_has_prefix (text, "Lorem ipsum "));
  record_clear (&record);
}

static void
test_error_503 (void)
{
  static const gboolean streams[] = { FALSE, TRUE };
  Record record;

  record_init (&record);
  for (guint i = 0; i < G_N_ELEMENTS (streams); i++)
    {
      g_autofree char *code = NULL;

      run (&record, "error-503", CHAT, HELLO, streams[i]);
      g_assert_cmpuint (record.n_answers, ==, 1);
      g_assert_cmpuint (sluice_attempt_get_status (record.attempt), ==, 503);
      code = member (record_text (&record), "error.code");
      g_assert_cmpstr (code, ==, "503");
    }
  record_clear (&record);
}

/* What there is not is said to be so, with what there is. */
static void
test_unknown (void)
{
  static const char *const models[] = { "",          "nope",    "echo/x", "error-200", "error-600", "error-",
                                        "error-404x", "error-x", "slow-",  "slow--5",   "slow-1e3",  "slow-600001",
                                        "error-99999999999999999999" };
  Record record;

  record_init (&record);
  for (guint i = 0; i < G_N_ELEMENTS (models) * 2; i++)
    {
      g_autofree char *message = NULL;

      run (&record, models[i / 2], CHAT, HELLO, i % 2 == 1);
      g_assert_cmpuint (record.n_answers, ==, 1);
      g_assert_cmpuint (sluice_attempt_get_status (record.attempt), ==, 400);
      message = member (record_text (&record), "error.message");
      g_assert_nonnull (strstr (message, "mock/error-<400 to 599>"));
    }
  record_clear (&record);
}

/* The content of all events in a row; each must be whole, and the last is the mark. */
static char *
join_stream (const char *stream, const char *where)
{
  g_auto (GStrv) events = g_strsplit (stream, "\n\n", -1);
  g_autoptr (GString) all = g_string_new (NULL);
  guint n = g_strv_length (events);

  g_assert_cmpuint (n, >=, 4);
  g_assert_cmpstr (events[n - 1], ==, "");
  g_assert_cmpstr (events[n - 2], ==, "data: [DONE]");
  g_assert_nonnull (strstr (events[n - 3], "\"choices\":[],\"usage\":{"));
  g_assert_nonnull (strstr (events[n - 4], "\"finish_reason\":\"stop\""));
  for (guint i = 0; i + 4 < n; i++)
    {
      g_autofree char *text = NULL;

      g_assert_true (g_str_has_prefix (events[i], "data: "));
      text = member (events[i] + strlen ("data: "), where);
      g_string_append (all, text);
    }
  return g_string_free (g_steal_pointer (&all), FALSE);
}

static void
test_stream (void)
{
  Record record;
  g_autofree char *chat = NULL;
  g_autofree char *completion = NULL;

  record_init (&record);
  run (&record, "echo", CHAT, HELLO, TRUE);
  g_assert_cmpuint (record.n_ends, ==, 1);
  g_assert_cmpuint (record.n_data, >=, 1);
  chat = join_stream (record.data->str, "choices.0.delta.content");
  g_assert_cmpstr (chat, ==, "hello \"you\"");

  run (&record, "echo", COMPLETION, "{\"prompt\":\"one two  three \"}", TRUE);
  completion = join_stream (record.data->str, "choices.0.text");
  g_assert_cmpstr (completion, ==, "one two  three ");
  record_clear (&record);
}

static void
on_long_data (Record *record, guint *n_paused)
{
  if (record->n_data % 3 != 0)
    return;
  /* a reader that is slow stops it; then it goes on where it was */
  sluice_attempt_pause (record->attempt);
  run_idle ();
  g_assert_false (record_is_over (record));
  sluice_attempt_resume (record->attempt);
  ++*n_paused;
}

/* Long words are cut between characters, and the whole comes in turns. */
static void
test_long_stream (void)
{
  Record record;
  guint n_paused = 0;
  guint n_seen = 0;
  g_autoptr (GString) word = g_string_new (NULL);
  g_autofree char *body = NULL;
  g_autofree char *text = NULL;

  while (word->len < 100000)
    g_string_append (word, "\xc3\xa4\xe2\x82\xac");
  body = g_strdup_printf ("{\"prompt\":\"%s\"}", word->str);
  record_init (&record);
  record_start (&record, mock ("echo"), COMPLETION, body, TRUE);
  while (!record_is_over (&record))
    {
      g_main_context_iteration (NULL, TRUE);
      g_assert_cmpuint (record.n_data, <=, n_seen + 1);
      if (record.n_data > n_seen && !record_is_over (&record))
        on_long_data (&record, &n_paused);
      n_seen = record.n_data;
    }
  g_assert_no_error (record.error);
  g_assert_cmpuint (record.n_data, >, 4);
  text = join_stream (record.data->str, "choices.0.text");
  g_assert_cmpstr (text, ==, word->str);
  record_clear (&record);
}

static void
test_slow_20 (void)
{
  Record record;
  gint64 start = g_get_monotonic_time ();

  record_init (&record);
  run (&record, "slow-20", CHAT, HELLO, FALSE);
  g_assert_cmpint (g_get_monotonic_time () - start, >=, 19000);
  g_assert_cmpuint (record.n_answers, ==, 1);
  g_assert_cmpuint (sluice_attempt_get_status (record.attempt), ==, 200);
  record_clear (&record);
}

static void
test_slow_cancelled (void)
{
  Record record;

  record_init (&record);
  record_start (&record, mock ("slow-600000"), CHAT, HELLO, FALSE);
  run_idle ();
  sluice_attempt_cancel (record.attempt);
  g_assert_cmpint (record.deployment->in_flight, ==, 0);
  g_assert_false (sluice_upstream_is_busy (record.upstream));
  run_idle ();
  g_assert_false (record_is_over (&record));
  g_assert_cmpuint (sluice_attempt_get_status (record.attempt), ==, 0);
  record_clear (&record);
}

static void
test_slow_times_out (void)
{
  Record record;

  record_init (&record);
  record_start (&record, mock ("slow-600000"), CHAT, HELLO, FALSE);
  record_pass (&record, TOTAL_MS);
  g_assert_cmpuint (record.n_ends, ==, 1);
  g_assert_error (record.error, SLUICE_ERROR, SLUICE_ERROR_UPSTREAM_TIMEOUT);
  record_clear (&record);
}

/* Any deployment may have a mock_response: nobody is called. */
static void
test_mock_response (void)
{
  SluiceDeployment *deployment
      = sluice_deployment_new_found ("m", sluice_provider_find ("ollama"), "m", "http://127.0.0.1:1");
  Record record;
  g_autofree char *text = NULL;

  record_init (&record);
  deployment->mock_response = g_strdup ("canned");
  record_start (&record, deployment, CHAT, HELLO, FALSE);
  RUN_UNTIL (record_is_over (&record));
  text = member (record_text (&record), "choices.0.message.content");
  g_assert_cmpstr (text, ==, "canned");
  record_clear (&record);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/attempt-mock/", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/attempt-mock/lorem", test_lorem);
  g_test_add_func ("/attempt-mock/error-503", test_error_503);
  g_test_add_func ("/attempt-mock/unknown", test_unknown);
  g_test_add_func ("/attempt-mock/stream", test_stream);
  g_test_add_func ("/attempt-mock/long-stream", test_long_stream);
  g_test_add_func ("/attempt-mock/slow-20", test_slow_20);
  g_test_add_func ("/attempt-mock/slow-cancelled", test_slow_cancelled);
  g_test_add_func ("/attempt-mock/slow-times-out", test_slow_times_out);
  g_test_add_func ("/attempt-mock/mock-response", test_mock_response);
  return g_test_run ();
}
