/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "router/sluice-router.h"

#include <string.h>

#include "shared/sluice-error.h"

#define N_SHUFFLES 400

static const char configuration[]
    = "model_list:\n"
      "  - model_name: chat\n"
      "    litellm_params: {model: ollama/a, api_base: 'http://127.0.0.1:1'}\n"
      "    model_info: {id: id-a}\n"
      "  - model_name: other\n"
      "    litellm_params: {model: hosted_vllm/b, api_base: 'http://127.0.0.1:2/v1'}\n"
      "    model_info: {id: id-b}\n"
      "  - model_name: chat\n"
      "    litellm_params: {model: ollama/c, api_base: 'http://127.0.0.1:3'}\n"
      "    model_info: {id: id-c}\n"
      "  - model_name: third\n"
      "    litellm_params: {model: hosted_vllm/b, api_base: 'http://127.0.0.1:4/v1'}\n"
      "    model_info: {id: id-d}\n"
      "  - model_name: id-a\n"
      "    litellm_params: {model: mock/echo}\n"
      "    model_info: {id: id-e}\n";

typedef struct {
  SluiceConfig *config;
  SluiceRouter *router;
  GPtrArray *findings;
} Fixture;

static void
load (Fixture *f, const char *text)
{
  g_autoptr (GHashTable) environment = g_hash_table_new (g_str_hash, g_str_equal);

  f->findings = g_ptr_array_new_with_free_func ((GDestroyNotify) sluice_finding_free);
  f->config = sluice_config_parse ("config.yaml", text, strlen (text), environment, f->findings);
  g_assert_nonnull (f->config);
  g_ptr_array_set_size (f->findings, 0);
  f->router = sluice_router_new (f->config, f->findings);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  load (f, data != NULL ? data : configuration);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  sluice_router_unref (f->router);
  sluice_config_unref (f->config);
  g_ptr_array_unref (f->findings);
}

static const SluiceDeployment *
deployment_at (GPtrArray *plan, guint index)
{
  g_assert_cmpuint (index, <, plan->len);
  return g_ptr_array_index (plan, index);
}

/* The ids of the plan for @model, in the order of the alphabet. */
static char *
plan_ids (SluiceRouter *router, const char *model)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) plan = sluice_router_plan (router, model, NULL, &error);
  g_autoptr (GString) ids = g_string_new (NULL);

  g_assert_no_error (error);
  g_assert_nonnull (plan);
  g_assert_cmpuint (plan->len, >, 0);
  for (char letter = 'a'; letter <= 'z'; letter++)
    {
      for (guint i = 0; i < plan->len; i++)
        {
          const char *id = deployment_at (plan, i)->id;

          if (id[strlen (id) - 1] == letter)
            g_string_append_c (ids, letter);
        }
    }
  g_assert_cmpuint (ids->len, ==, plan->len);
  return g_string_free (g_steal_pointer (&ids), FALSE);
}

static void
test_precedence (Fixture *f, gconstpointer data)
{
  static const char *const expected[][2] = {
    { "chat", "ac" },          /* a group */
    { "other", "b" },
    { "id-b", "b" },           /* an id */
    { "hosted_vllm/b", "bd" }, /* as written, whatever the group */
    { "ollama/c", "c" },
    { "id-a", "e" },           /* a group of that name goes before the id */
  };

  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      g_autofree char *ids = plan_ids (f->router, expected[i][0]);

      g_assert_cmpstr (ids, ==, expected[i][1]);
    }
}

static void
test_unknown (Fixture *f, gconstpointer data)
{
  /* without a configuration there are mocks, with one there are not */
  static const char *const names[] = { "", "Chat", "chat ", "b", "ollama/", "ollama/b", "mock/lorem", "id-z" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (sluice_router_plan (f->router, names[i], NULL, &error));
      g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_MODEL_UNKNOWN);
      g_assert_nonnull (strstr (error->message, names[i]));
      g_assert_false (sluice_router_knows (f->router, names[i]));
      g_assert_false (sluice_router_has_group (f->router, names[i]));
    }
}

/* An id can be asked for and is no public name. */
static void
test_has_group (Fixture *f, gconstpointer data)
{
  GPtrArray *groups = sluice_router_get_groups (f->router);

  g_assert_cmpuint (groups->len, >, 0);
  for (guint i = 0; i < groups->len; i++)
    g_assert_true (sluice_router_has_group (f->router, g_ptr_array_index (groups, i)));
  g_assert_true (sluice_router_knows (f->router, "id-b"));
  g_assert_false (sluice_router_has_group (f->router, "id-b"));
}

/* The text of the error stays short, however long the name. */
static void
test_unknown_long (Fixture *f, gconstpointer data)
{
  g_autofree char *name = g_strnfill (100000, 'x');
  g_autoptr (GError) error = NULL;

  g_assert_null (sluice_router_plan (f->router, name, NULL, &error));
  g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_MODEL_UNKNOWN);
  g_assert_cmpuint (strlen (error->message), <, 400);
}

static void
test_groups (Fixture *f, gconstpointer data)
{
  static const char *const expected[] = { "chat", "other", "third", "id-a" };
  GPtrArray *groups = sluice_router_get_groups (f->router);

  g_assert_cmpuint (groups->len, ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < groups->len; i++)
    {
      g_assert_cmpstr (g_ptr_array_index (groups, i), ==, expected[i]);
      g_assert_true (sluice_router_knows (f->router, expected[i]));
    }
  g_assert_true (sluice_router_knows (f->router, "id-b"));
}

/* Each member comes first about as often: 400 throws of a coin stay within 100 and 300. */
static void
test_shuffle (Fixture *f, gconstpointer data)
{
  guint n_first = 0;

  for (guint i = 0; i < N_SHUFFLES; i++)
    {
      g_autoptr (GPtrArray) plan = sluice_router_plan (f->router, "chat", NULL, NULL);

      g_assert_cmpuint (plan->len, ==, 2);
      g_assert_true (deployment_at (plan, 0) != deployment_at (plan, 1));
      n_first += g_str_equal (deployment_at (plan, 0)->id, "id-a") ? 1 : 0;
    }
  g_assert_cmpuint (n_first, >, N_SHUFFLES / 4);
  g_assert_cmpuint (n_first, <, N_SHUFFLES * 3 / 4);
}

/* A plan is the caller's, and outlives the router. */
static void
test_plan_outlives (void)
{
  Fixture f;
  g_autoptr (GPtrArray) plan = NULL;
  SluiceRouter *second;

  load (&f, configuration);
  second = sluice_router_ref (f.router);
  plan = sluice_router_plan (second, "other", NULL, NULL);
  tear_down (&f, NULL);
  g_assert_true (sluice_router_knows (second, "other"));
  sluice_router_unref (second);
  g_assert_cmpstr (deployment_at (plan, 0)->group, ==, "other");
  g_assert_cmpstr (deployment_at (plan, 0)->api_base, ==, "http://127.0.0.1:2/v1");
}

static const char unusable[]
    = "model_list:\n"
      "  - model_name: bad\n"
      "    litellm_params: {model: nobody/a}\n"
      "  - model_name: half\n"
      "    litellm_params: {model: openai_like/b}\n"
      "  - model_name: half\n"
      "    litellm_params: {model: ollama/c}\n";

/* What cannot be used is left out and told; the rest is served. */
static void
test_unusable (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) plan = NULL;

  g_assert_cmpuint (f->findings->len, ==, 2);
  for (guint i = 0; i < f->findings->len; i++)
    {
      const SluiceFinding *finding = g_ptr_array_index (f->findings, i);

      g_assert_cmpint (finding->level, ==, SLUICE_FINDING_WARNING);
      g_assert_cmpuint (finding->line, ==, 3 + 2 * i);
      g_assert_cmpuint (finding->column, ==, 29);
      g_assert_cmpstr (finding->path, ==, i == 0 ? "model_list[0].litellm_params.model"
                                                 : "model_list[1].litellm_params.model");
    }
  g_assert_false (sluice_router_knows (f->router, "bad"));
  plan = sluice_router_plan (f->router, "half", NULL, NULL);
  g_assert_cmpuint (plan->len, ==, 1);
  g_assert_cmpstr (deployment_at (plan, 0)->model, ==, "c");
}

static void
test_no_findings_wanted (Fixture *f, gconstpointer data)
{
  g_autoptr (SluiceRouter) router = sluice_router_new (f->config, NULL);

  g_assert_cmpuint (sluice_router_get_groups (router)->len, ==, 1);
}

#define PARAMS(text) "model_list:\n  - model_name: m\n    litellm_params: {" text "}\n"

/* What is said of an item, and where. */
static void
test_places (void)
{
  static const struct {
    const char *text;
    const char *place;
    const char *words;
  } rows[] = {
    { PARAMS ("model: olama/x"), "config.yaml:3:29: error: model_list[0].litellm_params.model: ",
      "unknown provider 'olama', did you mean 'ollama'?" },
    { PARAMS ("model: Ollama/x"), "config.yaml:3:29: error: model_list[0].litellm_params.model: ",
      "unknown provider, did you mean 'ollama'?" },
    { PARAMS ("model: hosted-vllm/x"), "config.yaml:3:29: error: model_list[0].litellm_params.model: ",
      "did you mean 'hosted_vllm'?" },
    { PARAMS ("model: antropic/x"), "config.yaml:3:29: error: model_list[0].litellm_params.model: ",
      "did you mean 'anthropic'?" },
    { PARAMS ("model: 'olama/*'"), "config.yaml:3:29: warning: model_list[0].litellm_params.model: ", "has a '*'" },
    { PARAMS ("model: together/x"), "config.yaml:3:29: warning: model_list[0].litellm_params.model: ",
      "unknown provider 'together'" },
    { PARAMS ("model: yai/x"), "config.yaml:3:29: warning: model_list[0].litellm_params.model: ",
      "unknown provider 'yai', did you mean 'xai'?" },
    { PARAMS ("model: opnai/gpt-4o"), "config.yaml:3:29: error: model_list[0].litellm_params.model: ",
      "unknown provider 'opnai', did you mean 'openai'?" },
    { PARAMS ("model: opnai/gpt-4o, api_base: 'https://api.openai.com/v1'"),
      "config.yaml:3:29: error: model_list[0].litellm_params.model: ",
      "unknown provider 'opnai', did you mean 'openai'?" },
    { PARAMS ("model: meta-llama/Llama-3.1-8B-Instruct, api_base: 'http://127.0.0.1:8000/v1'"),
      "config.yaml:3:29: warning: model_list[0].litellm_params.model: ",
      "unknown provider 'meta-llama' before the '/'" },
    { PARAMS ("model: llama3"), "config.yaml:3:29: warning: model_list[0].litellm_params.model: ",
      "names no provider" },
    { PARAMS ("model: 'gpt-oss:20b'"), "config.yaml:3:29: warning: model_list[0].litellm_params.model: ",
      "names no provider" },
    { PARAMS ("model: gpt-4o, custom_llm_provider: nobody"),
      "config.yaml:3:58: warning: model_list[0].litellm_params.custom_llm_provider: ", "unknown provider 'nobody'" },
    { PARAMS ("model: huggingface/org/zephyr"), "config.yaml:3:29: warning: model_list[0].litellm_params.model: ",
      "status 501" },
    { PARAMS ("model: claude-3-opus"), "config.yaml:3:29: warning: model_list[0].litellm_params.model: ",
      "status 501" },
    { PARAMS ("model: x, custom_llm_provider: opnai"),
      "config.yaml:3:53: error: model_list[0].litellm_params.custom_llm_provider: ",
      "unknown provider 'opnai', did you mean 'openai'?" },
    { PARAMS ("model: x, custom_llm_provider: sk-secret"),
      "config.yaml:3:53: warning: model_list[0].litellm_params.custom_llm_provider: ", "unknown provider, write" },
    { PARAMS ("model: x, custom_llm_provider: 0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f"),
      "config.yaml:3:53: warning: model_list[0].litellm_params.custom_llm_provider: ", "unknown provider, write" },
    { PARAMS ("model: sk-secret/x"), "config.yaml:3:29: warning: model_list[0].litellm_params.model: ",
      "unknown provider before the '/'" },
    { PARAMS ("model: sk-secret"), "config.yaml:3:29: warning: model_list[0].litellm_params.model: ",
      "the model names no provider" },
    { PARAMS ("model: azure/x"), "config.yaml:3:29: warning: model_list[0].litellm_params.model: ", "status 501" },
    { PARAMS ("model: x, custom_llm_provider: azure"),
      "config.yaml:3:53: warning: model_list[0].litellm_params.custom_llm_provider: ", "status 501" },
    { PARAMS ("model: ollama/x, api_base: 'http://169.254.169.254'"),
      "config.yaml:3:49: warning: model_list[0].litellm_params.api_base: ", "nothing may be sent" },
    { PARAMS ("model: ollama/x, base_url: 'http://169.254.169.254'"),
      "config.yaml:3:49: warning: model_list[0].litellm_params.base_url: ", "nothing may be sent" },
    { PARAMS ("model: ollama/x, litellm_credential_name: c") "credential_list:\n  - credential_name: c\n"
      "    credential_values: {api_base: 'http://169.254.169.254'}\n",
      "config.yaml:6:35: warning: credential_list[0].credential_values.api_base: ", "nothing may be sent" },
    { PARAMS ("model: olama/x, organization: [a, b, c]"),
      "config.yaml:3:29: error: model_list[0].litellm_params.model: ", "did you mean 'ollama'?" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      Fixture f;
      g_autofree char *said = NULL;

      load (&f, rows[i].text);
      g_assert_cmpuint (f.findings->len, ==, 1);
      said = sluice_finding_to_string (g_ptr_array_index (f.findings, 0));
      g_test_message ("%s", said);
      g_assert_true (g_str_has_prefix (said, rows[i].place));
      g_assert_nonnull (strstr (said, rows[i].words));
      g_assert_null (strstr (said, "sk-secret"));
      g_assert_null (strstr (said, "0c1d2e"));
      tear_down (&f, NULL);
    }
}

/* The findings of both stages stand in the order of the file, and a hostile file has a hundred of each level. */
static void
test_findings_order (void)
{
  static const char text[] = "model_list:\n"
                             "  - model_name: a\n"
                             "    litellm_params: {model: nobody/a}\n"
                             "    rpm: 5\n"
                             "  - model_name: b\n"
                             "    litellm_params: {model: olama/b}\n"
                             "router_settings: {timeot: 5}\n";
  static const guint lines[] = { 3, 4, 6, 7 };
  g_autoptr (GHashTable) environment = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) findings = g_ptr_array_new_with_free_func ((GDestroyNotify) sluice_finding_free);
  g_autoptr (GString) many = g_string_new ("model_list:\n");
  g_autoptr (SluiceConfig) config = sluice_config_parse ("config.yaml", text, strlen (text), environment, findings);
  g_autoptr (SluiceRouter) router = sluice_router_new (config, findings);
  Fixture f;

  g_assert_cmpuint (findings->len, ==, G_N_ELEMENTS (lines));
  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    g_assert_cmpuint (((SluiceFinding *) g_ptr_array_index (findings, i))->line, ==, lines[i]);

  for (guint i = 0; i < 5000; i++)
    g_string_append_printf (many, "  - {model_name: m, litellm_params: {model: olama%s/x}}\n",
                            i % 2 == 0 ? "" : "zzzzzz");
  load (&f, many->str);
  g_assert_cmpuint (sluice_findings_count (f.findings, SLUICE_FINDING_ERROR), ==, 101);
  g_assert_cmpuint (sluice_findings_count (f.findings, SLUICE_FINDING_WARNING), ==, 101);
  tear_down (&f, NULL);
}

static const char wildcards[]
    = "model_list:\n"
      "  - {model_name: '*', litellm_params: {model: '*'}, model_info: {id: id-a, local: true}}\n"
      "  - {model_name: 'openai/*', litellm_params: {model: 'openai/*', api_key: sk-test-1}, model_info: {id: id-b}}\n"
      "  - {model_name: 'openai/o1-*', litellm_params: {model: 'openai/best-*'}, model_info: {id: id-c}}\n"
      "  - {model_name: 'openai/*', litellm_params: {model: 'openrouter/openai/*'}, model_info: {id: id-d}}\n"
      "  - {model_name: 'openai/o1-exact', litellm_params: {model: mock/echo}, model_info: {id: id-e}}\n"
      "  - {model_name: 'many-*', litellm_params: {model: mock/echo}, model_info: {id: id-f}}\n"
      "  - {model_name: 'two-*-*', litellm_params: {model: 'openai/*', api_key: sk-test-1}, model_info: {id: id-g}}\n"
      "  - {model_name: 'll-*', litellm_params: {model: 'ollama/*'}, model_info: {id: id-h, local: true}}\n"
      "  - {model_name: 'bad-*', litellm_params: {model: 'openai/*-*'}}\n"
      "  - {model_name: 'worse', litellm_params: {model: 'openai/*'}}\n"
      "  - {model_name: 'key-*-keys', litellm_params: {model: '*', api_key: sk-test-1}, model_info: {id: id-i}}\n"
      "router_settings:\n"
      "  model_group_alias: {nick: openai/o1-exact, ghost: {model: openai/o1-exact, hidden: true}, wild: openai/x,\n"
      "                      openai/o1-exact: many-a}\n";

typedef struct {
  const char *name;
  const char *ids;   /* %NULL: there is none */
  const char *model; /* of the first */
  const char *provider;
  gboolean local;
} WildcardRow;

static const WildcardRow wildcard_rows[] = {
  { "openai/o1-exact", "e", "echo", "mock", TRUE }, /* exact first, also before an alias */
  { "openai/o1-mini", "c", "best-mini", "openai", FALSE },
  { "openai/gpt-4o", "bd", NULL, NULL, FALSE },
  { "groq/llama", "a", "llama", "groq", FALSE }, /* the client's provider is not made local */
  { "ollama/llama3", "a", "llama3", "ollama", TRUE },
  { "many-things", "f", "echo", "mock", TRUE },
  { "id-f", "f", "echo", "mock", TRUE },
  { "id-b", NULL, NULL, NULL, FALSE }, /* no model can be asked for by it */
  { "two-a-b", "g", "two-a-b", "openai", FALSE },
  { "ll-llama3:8b", "h", "llama3:8b", "ollama", TRUE },
  { "ll-gpt-oss:120b-cloud", "h", "gpt-oss:120b-cloud", "ollama", FALSE },
  { "ll-gpt-oss:120b-CLOUD", "h", "gpt-oss:120b-CLOUD", "ollama", FALSE },
  { "nobody/x", NULL, NULL, NULL, FALSE },
  { "bad-a", NULL, NULL, NULL, FALSE },
  { "worse", NULL, NULL, NULL, FALSE },
  { "nick", "e", "echo", "mock", TRUE },
  { "ghost", "e", "echo", "mock", TRUE },
  { "wild", "bd", NULL, NULL, FALSE },
};

static void
test_wildcards (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (wildcard_rows); i++)
    {
      const WildcardRow *row = &wildcard_rows[i];
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) plan = sluice_router_plan (f->router, row->name, NULL, &error);
      g_autofree char *ids = plan != NULL ? plan_ids (f->router, row->name) : NULL;

      g_test_message ("%s", row->name);
      g_assert_cmpstr (ids, ==, row->ids);
      g_assert_true (sluice_router_knows (f->router, row->name) == (plan != NULL));
      if (plan == NULL)
        g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_MODEL_UNKNOWN);
      if (row->model == NULL)
        continue;
      g_assert_cmpstr (deployment_at (plan, 0)->model, ==, row->model);
      g_assert_cmpstr (deployment_at (plan, 0)->provider->id, ==, row->provider);
      g_assert_true (deployment_at (plan, 0)->local == row->local);
    }
  /* two left out, one whose key a client can send where it likes */
  g_assert_cmpuint (f->findings->len, ==, 3);
}

static gboolean
names_group (SluiceRouter *router, const char *model)
{
  gboolean result = TRUE;
  g_autoptr (GPtrArray) plan = sluice_router_plan (router, model, &result, NULL);

  return result;
}

static void
test_wildcard_lists (Fixture *f, gconstpointer data)
{
  GPtrArray *groups = sluice_router_get_groups (f->router);

  g_assert_cmpuint (groups->len, ==, 2);
  g_assert_cmpstr (g_ptr_array_index (groups, 0), ==, "openai/o1-exact");
  g_assert_cmpstr (g_ptr_array_index (groups, 1), ==, "nick");
  g_assert_true (names_group (f->router, "nick"));
  g_assert_true (names_group (f->router, "openai/x"));
  g_assert_false (names_group (f->router, "id-e"));
  g_assert_false (names_group (f->router, "mock/echo"));
  g_assert_false (names_group (f->router, "nobody/x"));
}

static const char bare_wildcards[]
    = "model_list:\n"
      "  - {model_name: '*', litellm_params: {model: '*'}, model_info: {id: id-a, local: true}}\n"
      "  - {model_name: 'fast-*', litellm_params: {model: gpt-4o}, model_info: {id: id-b}}\n"
      "  - {model_name: 'gpt-*', litellm_params: {model: 'gpt-*', api_base: 'http://127.0.0.1:1'},\n"
      "     model_info: {id: id-c}}\n";

/* Names without a provider, the client's and the file's: none of them makes a cloud local. */
static void
test_bare_wildcards (Fixture *f, gconstpointer data)
{
  static const WildcardRow rows[] = {
    { "o3-mini", "a", "o3-mini", "openai", FALSE },
    { "claude-3-opus", "a", "claude-3-opus", "anthropic", FALSE },
    { "fast-one", "b", "gpt-4o", "openai", FALSE },
    { "gpt-4o", "c", "gpt-4o", "openai", FALSE },
    { "gpt-oss:20b", NULL, NULL, NULL, FALSE },
    { "opnai/gpt-4o", NULL, NULL, NULL, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GPtrArray) plan = sluice_router_plan (f->router, rows[i].name, NULL, NULL);
      g_autofree char *ids = plan != NULL ? plan_ids (f->router, rows[i].name) : NULL;

      g_test_message ("%s", rows[i].name);
      g_assert_cmpstr (ids, ==, rows[i].ids);
      if (plan == NULL)
        continue;
      g_assert_cmpstr (deployment_at (plan, 0)->model, ==, rows[i].model);
      g_assert_cmpstr (deployment_at (plan, 0)->provider->id, ==, rows[i].provider);
      g_assert_true (deployment_at (plan, 0)->local == rows[i].local);
    }
  g_assert_cmpuint (f->findings->len, ==, 0);
}

/* However many names there are, what is made for one is gone with its plan, and the counters are the wildcard's. */
static void
test_wildcard_counters (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) first = sluice_router_plan (f->router, "many-1", NULL, NULL);
  g_autoptr (GPtrArray) second = sluice_router_plan (f->router, "many-2", NULL, NULL);
  g_autoptr (GPtrArray) by_id = sluice_router_plan (f->router, "id-f", NULL, NULL);

  sluice_deployment_enter (g_ptr_array_index (first, 0));
  sluice_deployment_enter (g_ptr_array_index (second, 0));
  g_assert_cmpuint (sluice_deployment_get_in_flight (g_ptr_array_index (second, 0)), ==, 2);
  g_assert_cmpuint (sluice_deployment_get_in_flight (g_ptr_array_index (by_id, 0)), ==, 2);
  sluice_deployment_leave (g_ptr_array_index (first, 0));
  g_assert_cmpuint (sluice_deployment_get_in_flight (g_ptr_array_index (second, 0)), ==, 1);
  sluice_deployment_leave (g_ptr_array_index (second, 0));
  g_assert_cmpstr (deployment_at (first, 0)->group, ==, "many-*");
  g_assert_cmpstr (deployment_at (first, 0)->id, ==, deployment_at (second, 0)->id);
}

static void
test_unconfigured (void)
{
  g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func ((GDestroyNotify) sluice_deployment_unref);
  g_autoptr (SluiceRouter) router = NULL;
  g_autoptr (GPtrArray) plan = NULL;
  g_autoptr (GPtrArray) mock = NULL;
  g_autoptr (GError) error = NULL;

  g_ptr_array_add (found, sluice_deployment_new_found ("llama3:8b", sluice_provider_find ("ollama"), "llama3:8b",
                                                       "http://127.0.0.1:1"));
  router = sluice_router_new_unconfigured (found);
  g_assert_cmpuint (sluice_router_get_groups (router)->len, ==, 3);
  g_assert_true (sluice_router_knows (router, "llama3:8b"));
  g_assert_true (sluice_router_knows (router, "mock/echo"));
  g_assert_true (sluice_router_knows (router, "mock/lorem"));

  plan = sluice_router_plan (router, "llama3:8b", NULL, &error);
  g_assert_no_error (error);
  g_assert_true (deployment_at (plan, 0) == g_ptr_array_index (found, 0));
  mock = sluice_router_plan (router, "mock/error-503", NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (deployment_at (mock, 0)->group, ==, "mock/error-503");
  g_assert_cmpstr (deployment_at (mock, 0)->model, ==, "error-503");
  g_assert_true (sluice_deployment_is_mock (deployment_at (mock, 0)));
  g_assert_null (sluice_router_plan (router, "gpt-4o", NULL, &error));
  g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_MODEL_UNKNOWN);
}

#define ADD(name, text, func) g_test_add ("/router/" name, Fixture, text, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  ADD ("precedence", NULL, test_precedence);
  ADD ("unknown", NULL, test_unknown);
  ADD ("unknown-long", NULL, test_unknown_long);
  ADD ("groups", NULL, test_groups);
  ADD ("has-group", NULL, test_has_group);
  ADD ("shuffle", NULL, test_shuffle);
  ADD ("unusable", unusable, test_unusable);
  ADD ("wildcards", wildcards, test_wildcards);
  ADD ("wildcard-lists", wildcards, test_wildcard_lists);
  ADD ("wildcard-counters", wildcards, test_wildcard_counters);
  ADD ("bare-wildcards", bare_wildcards, test_bare_wildcards);
  ADD ("no-findings-wanted", unusable, test_no_findings_wanted);
  g_test_add_func ("/router/places", test_places);
  g_test_add_func ("/router/findings-order", test_findings_order);
  g_test_add_func ("/router/plan-outlives", test_plan_outlives);
  g_test_add_func ("/router/unconfigured", test_unconfigured);
  return g_test_run ();
}
