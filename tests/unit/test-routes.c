/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "http/sluice-routes.h"

#include <string.h>

#define NONE -1
#define INFERENCE SLUICE_ROUTE_INFERENCE
#define CHAT SLUICE_OPERATION_CHAT
#define COMPLETION SLUICE_OPERATION_COMPLETION
#define EMBEDDING SLUICE_OPERATION_EMBEDDING

typedef struct {
  const char *path;
  int kind; /* NONE: there is no route */
  SluiceOperation operation;
  const char *model;
} Case;

static const Case cases[] = {
  { "/v1/chat/completions", INFERENCE, CHAT, NULL },
  { "/chat/completions", INFERENCE, CHAT, NULL },
  { "/openai/v1/chat/completions", INFERENCE, CHAT, NULL },
  { "/v1/chat/completions/", INFERENCE, CHAT, NULL },
  { "/v1/chat/completions///", INFERENCE, CHAT, NULL },
  { "/v1/completions", INFERENCE, COMPLETION, NULL },
  { "/completions", INFERENCE, COMPLETION, NULL },
  { "/v1/embeddings", INFERENCE, EMBEDDING, NULL },
  { "/openai/v1/embeddings", INFERENCE, EMBEDDING, NULL },

  { "/engines/m/chat/completions", INFERENCE, CHAT, "m" },
  { "/v1/engines/m/chat/completions", INFERENCE, CHAT, "m" },
  { "/engines/m/completions", INFERENCE, COMPLETION, "m" },
  { "/engines/m/embeddings", INFERENCE, EMBEDDING, "m" },
  { "/openai/deployments/m/chat/completions", INFERENCE, CHAT, "m" },
  { "/openai/deployments/m/completions", INFERENCE, COMPLETION, "m" },
  { "/openai/deployments/m/embeddings/", INFERENCE, EMBEDDING, "m" },
  { "/openai/deployments/a/b/chat/completions", INFERENCE, CHAT, "a/b" },
  { "/openai/deployments/a%2Fb%20c/chat/completions", INFERENCE, CHAT, "a/b c" },
  { "/openai/deployments/chat/chat/completions", INFERENCE, CHAT, "chat" },
  { "/openai/deployments/chat/completions", INFERENCE, COMPLETION, "chat" },

  { "/v1/models", SLUICE_ROUTE_MODELS, 0, NULL },
  { "/models", SLUICE_ROUTE_MODELS, 0, NULL },
  { "/models/", SLUICE_ROUTE_MODELS, 0, NULL },
  { "/v1/models/m", SLUICE_ROUTE_MODEL, 0, "m" },
  { "/v1/models/ollama/llama3:8b", SLUICE_ROUTE_MODEL, 0, "ollama/llama3:8b" },
  { "/v1/models/%C3%A4", SLUICE_ROUTE_MODEL, 0, "\xc3\xa4" },
  { "/v1/models/a%25b", SLUICE_ROUTE_MODEL, 0, "a%b" },
  { "/v1/models/..", SLUICE_ROUTE_MODEL, 0, ".." },

  { "/health/liveliness", SLUICE_ROUTE_LIVE, 0, NULL },
  { "/health/liveness", SLUICE_ROUTE_LIVE, 0, NULL },
  { "/health/readiness", SLUICE_ROUTE_READY, 0, NULL },
  { "/metrics", SLUICE_ROUTE_METRICS, 0, NULL },
  { "/metrics/", SLUICE_ROUTE_METRICS, 0, NULL },
  { "/", SLUICE_ROUTE_ROOT, 0, NULL },

  { "", NONE, 0, NULL },
  { "x", NONE, 0, NULL },
  { "/v1", NONE, 0, NULL },
  { "/v1x/models", NONE, 0, NULL },
  { "/v2/models", NONE, 0, NULL },
  { "/modelsx", NONE, 0, NULL },
  { "/V1/models", NONE, 0, NULL },
  { "//v1/models", NONE, 0, NULL },
  { "/v1//models", NONE, 0, NULL },
  { "/v1/chat", NONE, 0, NULL },
  { "/v1/chat/completions/x", NONE, 0, NULL },
  { "/v1/chat%2Fcompletions", NONE, 0, NULL },
  { "/v1/models%00", NONE, 0, NULL },
  { "/v1/models/a%00b", NONE, 0, NULL },
  { "/v1/models/%ff", NONE, 0, NULL },
  { "/v1/models/%zz", NONE, 0, NULL },
  { "/v1/models/%2", NONE, 0, NULL },
  { "/engines//completions", NONE, 0, NULL },
  { "/engines/completions", NONE, 0, NULL },
  { "/engines/m", NONE, 0, NULL },
  { "/openai/deployments/m", NONE, 0, NULL },
  { "/health", NONE, 0, NULL },
  { "/health/../v1/models", NONE, 0, NULL },
};

static void
test_case (gconstpointer data)
{
  const Case *c = data;
  g_autofree char *model = NULL;
  const SluiceRoute *route = sluice_route_find (c->path, &model);

  if (c->kind == NONE)
    {
      g_assert_null (route);
      g_assert_null (model);
      return;
    }
  g_assert_nonnull (route);
  g_assert_cmpint (route->kind, ==, c->kind);
  if (route->kind == SLUICE_ROUTE_INFERENCE)
    g_assert_cmpint (route->operation, ==, c->operation);
  g_assert_cmpstr (model, ==, c->model);
}

/* What needs no key is in the table by intention; inference is POST and has a key. */
static void
test_table (void)
{
  guint n_routes;
  const SluiceRoute *routes = sluice_routes (&n_routes);

  g_assert_cmpuint (n_routes, >, 0);
  for (guint i = 0; i < n_routes; i++)
    {
      const SluiceRoute *route = &routes[i];
      gboolean open = route->kind == SLUICE_ROUTE_LIVE || route->kind == SLUICE_ROUTE_READY
                      || route->kind == SLUICE_ROUTE_ROOT;

      g_assert_true (g_str_has_prefix (route->pattern, "/"));
      g_assert_cmpint (route->post, ==, route->kind == SLUICE_ROUTE_INFERENCE);
      g_assert_cmpint (route->open, ==, open);
    }
}

/* Each row of the table can be reached. */
static void
test_no_row_is_hidden (void)
{
  guint n_routes;
  const SluiceRoute *routes = sluice_routes (&n_routes);

  for (guint i = 0; i < n_routes; i++)
    {
      g_autoptr (GString) path = g_string_new (routes[i].pattern);
      g_autofree char *model = NULL;

      g_string_replace (path, "{model}", "m", 0);
      g_assert_true (sluice_route_find (path->str, &model) == &routes[i]);
      g_assert_cmpstr (model, ==, strstr (routes[i].pattern, "{model}") != NULL ? "m" : NULL);
    }
}

static void
test_probes (void)
{
  guint n;
  const SluiceRoute *routes = sluice_routes (&n);

  for (guint i = 0; i < n; i++)
    {
      gboolean expected = g_str_has_prefix (routes[i].pattern, "/health/") || g_str_equal (routes[i].pattern, "/")
                          || g_str_equal (routes[i].pattern, "/metrics");

      g_assert_cmpint (sluice_route_is_probe (&routes[i]), ==, expected);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/routes/find/%u", i);

      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/routes/table", test_table);
  g_test_add_func ("/routes/no-row-is-hidden", test_no_row_is_hidden);
  g_test_add_func ("/routes/probes", test_probes);
  return g_test_run ();
}
