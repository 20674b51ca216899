/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fake-routes.h"
#include "fake-mode.h"

#include <string.h>

#define ECHO_MAX 4096 /* bytes */
#define TYPE_JSON "application/json"
#define OLLAMA_MODEL                                                                                                \
  "{\"name\":\"fake:latest\",\"model\":\"fake:latest\",\"modified_at\":\"2024-01-01T00:00:00Z\",\"size\":4096,"      \
  "\"digest\":\"0000000000000000000000000000000000000000000000000000000000000000\",\"details\":{\"format\":\"gguf\"," \
  "\"family\":\"fake\",\"families\":[\"fake\"],\"parameter_size\":\"1M\",\"quantization_level\":\"Q4_0\"}}"

static const char greeting[] = "Hello from the fake provider.";
static const char long_message[] = "A long message was received.";

typedef struct {
  const char *method;
  const char *path;
  FakeWire wire;
  gboolean stream_default;
  const char *body; /* of a fixed answer */
  const char *type;
} Route;

static const Route routes[] = {
  { "POST", "/v1/chat/completions", FAKE_WIRE_OPENAI_CHAT, FALSE, NULL, NULL },
  { "POST", "/v1/completions", FAKE_WIRE_OPENAI_TEXT, FALSE, NULL, NULL },
  { "POST", "/v1/embeddings", FAKE_WIRE_OPENAI_EMBED, FALSE, NULL, NULL },
  { "POST", "/api/chat", FAKE_WIRE_OLLAMA_CHAT, TRUE, NULL, NULL },
  { "POST", "/api/generate", FAKE_WIRE_OLLAMA_GENERATE, TRUE, NULL, NULL },
  { "POST", "/api/embed", FAKE_WIRE_OLLAMA_EMBED, FALSE, NULL, NULL },
  { "POST", "/api/embeddings", FAKE_WIRE_OLLAMA_EMBED_OLD, FALSE, NULL, NULL },
  { "GET", "/v1/models", FAKE_WIRE_NONE, FALSE,
    "{\"object\":\"list\",\"data\":[{\"id\":\"fake\",\"object\":\"model\",\"created\":1700000000,"
    "\"owned_by\":\"fake\"}]}",
    TYPE_JSON },
  { "GET", "/v1/models/fake", FAKE_WIRE_NONE, FALSE,
    "{\"id\":\"fake\",\"object\":\"model\",\"created\":1700000000,\"owned_by\":\"fake\"}", TYPE_JSON },
  { "GET", "/api/tags", FAKE_WIRE_NONE, FALSE, "{\"models\":[" OLLAMA_MODEL "]}", TYPE_JSON },
  { "GET", "/api/ps", FAKE_WIRE_NONE, FALSE, "{\"models\":[]}", TYPE_JSON },
  { "GET", "/api/version", FAKE_WIRE_NONE, FALSE, "{\"version\":\"0.9.0\"}", TYPE_JSON },
  { "POST", "/api/show", FAKE_WIRE_NONE, FALSE,
    "{\"modelfile\":\"\",\"parameters\":\"\",\"template\":\"\",\"details\":{\"format\":\"gguf\",\"family\":\"fake\"},"
    "\"model_info\":{\"general.architecture\":\"fake\",\"fake.context_length\":8192,\"fake.embedding_length\":8},"
    "\"capabilities\":[\"completion\",\"tools\"]}",
    TYPE_JSON },
  { "GET", "/", FAKE_WIRE_NONE, FALSE, "Ollama is running", "text/plain; charset=utf-8" },
  { "HEAD", "/", FAKE_WIRE_NONE, FALSE, "Ollama is running", "text/plain; charset=utf-8" },
};

static FakeSlice
without_query (FakeSlice path)
{
  const char *mark = path.length > 0 ? memchr (path.data, '?', path.length) : NULL;

  return mark != NULL ? (FakeSlice){ path.data, mark - path.data } : path;
}

static const Route *
find_route (const FakeRequest *request)
{
  FakeSlice path = without_query (request->path);

  for (guint i = 0; i < G_N_ELEMENTS (routes); i++)
    if (fake_slice_equal (path, routes[i].path) && fake_slice_equal (request->method, routes[i].method))
      return &routes[i];
  return NULL;
}

static void
send_body (FakeConnection *self, guint status, const char *type, const GString *body)
{
  fake_connection_begin (self, status, type, body->len, NULL);
  g_string_append_len (self->out, body->str, body->len);
}

static void
send_error (FakeConnection *self, guint status, const char *message)
{
  GString *scratch = self->server->scratch;

  g_string_truncate (scratch, 0);
  fake_answer_append_error (self->answer.wire, scratch, message,
                            status == 404 ? "not_found_error" : "invalid_request_error", status);
  send_body (self, status, TYPE_JSON, scratch);
}

/* Returns: (nullable) (transfer full): the value of @name in the query, as it is written. */
static char *
query_value (FakeSlice path, const char *name)
{
  const char *mark = memchr (path.data, '?', path.length);
  g_autofree char *query = mark != NULL ? g_strndup (mark + 1, path.data + path.length - mark - 1) : g_strdup ("");
  g_auto (GStrv) parts = g_strsplit (query, "&", 32);

  for (guint i = 0; parts[i] != NULL; i++)
    if (g_str_has_prefix (parts[i], name) && parts[i][strlen (name)] == '=')
      return g_strdup (parts[i] + strlen (name) + 1);
  return NULL;
}

/* Requests about the provider itself. They are neither counted nor logged. */
static void
answer_own (FakeConnection *self)
{
  FakeSlice path = without_query (self->request.path);
  GString *scratch = self->server->scratch;
  FakeLog *log = self->server->log;

  self->unlogged = TRUE;
  g_string_truncate (scratch, 0);
  if (fake_slice_equal (path, "/_fake/log"))
    {
      g_autofree char *since = query_value (self->request.path, "since");
      g_autofree char *tag = query_value (self->request.path, "tag");

      fake_log_print (log, scratch, since != NULL ? g_ascii_strtoull (since, NULL, 10) : 0, tag);
      send_body (self, 200, "application/x-ndjson", scratch);
    }
  else if (fake_slice_equal (path, "/_fake/stats"))
    {
      fake_log_print_stats (log, scratch, fake_mode_name);
      send_body (self, 200, TYPE_JSON, scratch);
    }
  else if (fake_slice_equal (path, "/_fake/modes"))
    {
      fake_mode_print_list (scratch);
      send_body (self, 200, "text/plain", scratch);
    }
  else if (fake_slice_equal (path, "/_fake/reset") && fake_slice_equal (self->request.method, "POST"))
    {
      fake_log_reset (log);
      g_hash_table_remove_all (self->server->seen);
      send_body (self, 200, TYPE_JSON, g_string_append (scratch, "{}"));
    }
  else
    send_error (self, 404, "no such page of the fake provider");
}

static void
fill_answer (FakeConnection *self, const FakeMode *mode)
{
  const FakeRequest *request = &self->request;
  FakeAnswer *answer = &self->answer;

  answer->style = mode->style;
  answer->model = request->json_model;
  answer->tool = request->tool_name.length > 0 ? request->tool_name : (FakeSlice){ "get_weather", 11 };
  answer->stream = request->stream;
  answer->include_usage = request->include_usage;
  answer->prompt_tokens = request->body.length / 4;
  if (request->user_text.length == 0)
    answer->text = (FakeSlice){ greeting, strlen (greeting) };
  else if (request->user_text.length > ECHO_MAX)
    answer->text = (FakeSlice){ long_message, strlen (long_message) };
  else
    answer->text = request->user_text;
  answer->completion_tokens = fake_count_words (answer->text);
}

static FakeSlice
mode_text (const FakeRequest *request)
{
  return request->forced_mode.length > 0 ? request->forced_mode : request->json_model;
}

void
fake_routes_compose (FakeConnection *self)
{
  FakeParams params;
  const FakeMode *mode = fake_mode_find (mode_text (&self->request), &params);

  mode->compose (self, mode, &params);
}

static void
log_request (FakeConnection *self, const FakeMode *mode)
{
  FakeStats *stats = fake_log_stats (self->server->log);

  stats->requests++;
  stats->requests_open++;
  if (mode != NULL)
    stats->by_mode[fake_mode_index (mode)]++;
  self->log_number = fake_log_add (self->server->log, &self->request, self->number, self->answer.id,
                                   mode != NULL ? mode->name : "none");
}

void
fake_routes_answer (FakeConnection *self)
{
  FakeRequest *request = &self->request;
  const Route *route;
  gboolean readable = TRUE;
  const FakeMode *mode;
  FakeParams params;

  if (request->path.length > 7 && memcmp (request->path.data, "/_fake/", 7) == 0)
    {
      answer_own (self);
      return;
    }

  route = find_route (request);
  self->answer.id = self->server->next_id++;
  self->answer.created = self->server->created;
  if (route != NULL)
    {
      self->answer.wire = route->wire;
      self->fixed_body = route->body;
      self->fixed_type = route->type;
    }
  if (route != NULL && route->wire != FAKE_WIRE_NONE)
    readable = fake_request_parse_body (request, route->stream_default);
  mode = fake_mode_find (mode_text (request), &params);
  if (mode == NULL)
    request->stream = FALSE;
  log_request (self, mode);

  if (route == NULL)
    send_error (self, 404, "no such path");
  else if (!readable)
    send_error (self, 400, "the body is no JSON object");
  else if (route->wire != FAKE_WIRE_NONE && request->json_model.length == 0)
    send_error (self, 400, "you must provide a model");
  else if (mode == NULL)
    send_error (self, 400, "no such mode, or no such parameter of it");
  else
    {
      fill_answer (self, mode);
      self->delayed = params.first > 0;
      if (self->delayed)
        fake_timers_set (self->server->timers, &self->timer, g_get_monotonic_time () + (gint64) params.first * 1000);
      else
        mode->compose (self, mode, &params);
    }
}
