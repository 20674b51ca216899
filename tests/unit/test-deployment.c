/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "router/sluice-deployment.h"

#include <string.h>

#include "secrets/sluice-credential-store.h"
#include "secrets/sluice-secrets.h"
#include "shared/sluice-error.h"
#include "test-credential-support.h"

#define NEVER_SENT "sk-" "test-not-a-key-1"

/* One item of model_list, as litellm_params and model_info; what comes of it. */
typedef struct {
  const char *name;
  const char *params;
  const char *info;
  const char *variables[4]; /* name, value, name, value */
  const char *api_base;     /* %NULL: SLUICE_ERROR_CONFIG */
  const char *provider;
  const char *model;
  const char *api_key;
  gboolean local;
} Case;

static const Case cases[] = {
  { "default-address", "model: ollama/llama3:8b", NULL, { NULL }, "http://localhost:11434", "ollama", "llama3:8b", NULL,
    TRUE },
  { "own-address", "model: ollama/a, api_base: 'http://10.0.0.1:1/'", NULL, { NULL }, "http://10.0.0.1:1", "ollama",
    "a", NULL, TRUE },
  { "slashes-of-address", "model: ollama/a, api_base: 'http://10.0.0.1:1/v1///'", NULL, { NULL },
    "http://10.0.0.1:1/v1", "ollama", "a", NULL, TRUE },
  { "address-of-variable", "model: ollama/a", NULL, { "OLLAMA_API_BASE", "http://127.0.0.1:7" }, "http://127.0.0.1:7",
    "ollama", "a", NULL, TRUE },
  { "item-before-variable", "model: ollama/a, api_base: 'http://127.0.0.1:1', api_key: own", NULL,
    { "OLLAMA_API_BASE", "http://127.0.0.1:7", "OLLAMA_API_KEY", "theirs" }, "http://127.0.0.1:1", "ollama", "a", "own",
    TRUE },
  { "key-of-variable", "model: openai/gpt-4o", NULL, { "OPENAI_API_KEY", NEVER_SENT }, "https://api.openai.com/v1",
    "openai", "gpt-4o", NEVER_SENT, FALSE },
  { "empty-variables", "model: openai/gpt-4o", NULL, { "OPENAI_API_KEY", "", "OPENAI_BASE_URL", "" },
    "https://api.openai.com/v1", "openai", "gpt-4o", NULL, FALSE },
  { "first-variable-wins", "model: openai/a", NULL,
    { "OPENAI_API_BASE", "http://127.0.0.1:2", "OPENAI_BASE_URL", "http://127.0.0.1:1" }, "http://127.0.0.1:1",
    "openai", "a", NULL, FALSE },
  { "model-with-slashes", "model: openrouter/meta/llama-3", NULL, { NULL }, "https://openrouter.ai/api/v1",
    "openrouter", "meta/llama-3", NULL, FALSE },
  { "alias", "model: vllm/org/m", NULL, { NULL }, "http://localhost:8000/v1", "hosted_vllm", "org/m", NULL, TRUE },
  { "provider-said", "model: org/m, custom_llm_provider: hosted_vllm", NULL, { NULL }, "http://localhost:8000/v1",
    "hosted_vllm", "org/m", NULL, TRUE },
  { "provider-said-and-prefix", "model: hosted_vllm/m, custom_llm_provider: hosted_vllm", NULL, { NULL },
    "http://localhost:8000/v1", "hosted_vllm", "m", NULL, TRUE },
  { "provider-said-other-prefix", "model: openai/m, custom_llm_provider: openrouter", NULL, { NULL },
    "https://openrouter.ai/api/v1", "openrouter", "openai/m", NULL, FALSE },

  /* local: runs models itself, and has a private address; or as the file says */
  { "public-address", "model: ollama/a, api_base: 'https://models.example.com'", NULL, { NULL },
    "https://models.example.com", "ollama", "a", NULL, FALSE },
  { "private-cloud-provider", "model: openai/a, api_base: 'http://127.0.0.1:1'", NULL, { NULL }, "http://127.0.0.1:1",
    "openai", "a", NULL, FALSE },
  { "relay-is-not-local", "model: litellm_proxy/a, api_base: 'http://127.0.0.1:1'", NULL, { NULL },
    "http://127.0.0.1:1", "litellm_proxy", "a", NULL, FALSE },
  { "said-local", "model: openai/a, api_base: 'http://127.0.0.1:1'", "local: true", { NULL }, "http://127.0.0.1:1",
    "openai", "a", NULL, TRUE },
  { "said-not-local", "model: ollama/a", "local: false", { NULL }, "http://localhost:11434", "ollama", "a", NULL,
    FALSE },
  { "ipv6", "model: ollama/a, api_base: 'http://[::1]:1'", NULL, { NULL }, "http://[::1]:1", "ollama", "a", NULL,
    TRUE },

  { "mock", "model: mock/echo", NULL, { NULL }, "", "mock", "echo", NULL, TRUE },
  { "mock-response", "model: openai_like/a, mock_response: hello", NULL, { NULL }, "", "openai_like", "a", NULL, TRUE },
  { "mock-not-local", "model: mock/echo", "local: false", { NULL }, "", "mock", "echo", NULL, FALSE },

  /* nothing says the provider: the name does, and an address that is somebody's own before it */
  { "bare-name", "model: gpt-4o", NULL, { "OPENAI_API_KEY", NEVER_SENT }, "https://api.openai.com/v1", "openai",
    "gpt-4o", NEVER_SENT, FALSE },
  { "bare-name-elsewhere", "model: gpt-4o, api_base: 'http://127.0.0.1:1/v1', api_key: own", NULL, { NULL },
    "http://127.0.0.1:1/v1", "openai", "gpt-4o", "own", FALSE },
  { "bare-name-said-local", "model: gpt-4o, api_base: 'http://127.0.0.1:1/v1'", "local: true", { NULL },
    "http://127.0.0.1:1/v1", "openai", "gpt-4o", NULL, TRUE },
  { "bare-name-provider-said", "model: gpt-4o, custom_llm_provider: openrouter", NULL, { NULL },
    "https://openrouter.ai/api/v1", "openrouter", "gpt-4o", NULL, FALSE },
  { "bare-name-at-another", "model: gpt-4o, api_base: 'https://api.groq.com/openai/v1'", NULL,
    { "OPENAI_API_KEY", NEVER_SENT, "GROQ_API_KEY", "of-groq" }, "https://api.groq.com/openai/v1", "groq", "gpt-4o",
    "of-groq", FALSE },
  { "bare-name-metadata-address", "model: gpt-4o", NULL, { "OPENAI_BASE_URL", "http://169.254.169.254" }, NULL, NULL,
    NULL, NULL, FALSE },

  { "no-provider", "model: llama3", NULL, { NULL }, NULL, NULL, NULL, NULL, FALSE },
  { "unknown-provider", "model: nobody/a, api_base: 'http://127.0.0.1:1'", NULL, { NULL }, NULL, NULL, NULL, NULL,
    FALSE },
  { "unknown-provider-said", "model: openai/a, custom_llm_provider: nobody", NULL, { NULL }, NULL, NULL, NULL, NULL,
    FALSE },
  { "no-address", "model: openai_like/a", NULL, { NULL }, NULL, NULL, NULL, NULL, FALSE },
  { "metadata-address", "model: ollama/a", NULL, { "OLLAMA_API_BASE", "http://169.254.169.254" }, NULL, NULL, NULL,
    NULL, FALSE },
  { "any-address", "model: ollama/a", NULL, { "OLLAMA_API_BASE", "http://0.0.0.0:11434" }, NULL, NULL, NULL, NULL,
    FALSE },
  { "link-local-ipv6", "model: ollama/a", NULL, { "OLLAMA_API_BASE", "http://[fe80::1]:1" }, NULL, NULL, NULL, NULL,
    FALSE },
  { "address-without-scheme", "model: ollama/a", NULL, { "OLLAMA_API_BASE", "127.0.0.1:1" }, NULL, NULL, NULL, NULL,
    FALSE },
  { "address-of-a-file", "model: ollama/a", NULL, { "OLLAMA_API_BASE", "file:///etc/passwd" }, NULL, NULL, NULL, NULL,
    FALSE },
  { "address-with-a-password", "model: ollama/a", NULL, { "OLLAMA_API_BASE", "http://u:p@127.0.0.1:1" }, NULL, NULL,
    NULL, NULL, FALSE },
  { "address-without-host", "model: ollama/a", NULL, { "OLLAMA_API_BASE", "http://" }, NULL, NULL, NULL, NULL, FALSE },
};

static SluiceConfig *
load (const char *params, const char *info, const char *const *variables)
{
  g_autoptr (GHashTable) environment = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) findings = g_ptr_array_new_with_free_func ((GDestroyNotify) sluice_finding_free);
  g_autofree char *text = g_strdup_printf ("model_list:\n  - model_name: group\n    litellm_params: {%s}\n"
                                           "    model_info: {%s%sid: the-id}\n",
                                           params, info != NULL ? info : "", info != NULL ? ", " : "");
  SluiceConfig *config;

  for (guint i = 0; variables != NULL && i < 4 && variables[i] != NULL; i += 2)
    g_hash_table_insert (environment, (gpointer) variables[i], (gpointer) variables[i + 1]);
  config = sluice_config_parse ("config.yaml", text, strlen (text), environment, findings);
  for (guint i = 0; i < findings->len; i++)
    {
      g_autofree char *line = sluice_finding_to_string (g_ptr_array_index (findings, i));

      g_test_message ("%s", line);
    }
  g_assert_nonnull (config);
  g_assert_cmpuint (sluice_config_get_n_models (config), ==, 1);
  return config;
}

static void
test_case (gconstpointer data)
{
  const Case *c = data;
  g_autoptr (SluiceConfig) config = load (c->params, c->info, c->variables);
  g_autoptr (GError) error = NULL;
  g_autoptr (SluiceDeployment) deployment = sluice_deployment_new (config, sluice_config_get_model (config, 0), &error);

  if (c->api_base == NULL)
    {
      g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG);
      g_assert_null (deployment);
      /* the text goes to logs: what stands in an address before the @ is a secret */
      g_assert_null (strstr (error->message, "u:p"));
      return;
    }
  g_assert_no_error (error);
  g_assert_nonnull (deployment);
  g_assert_cmpstr (deployment->id, ==, "the-id");
  g_assert_cmpstr (deployment->group, ==, "group");
  g_assert_cmpstr (deployment->api_base, ==, c->api_base);
  g_assert_cmpstr (deployment->provider->id, ==, c->provider);
  g_assert_cmpstr (deployment->model, ==, c->model);
  g_assert_cmpstr (deployment->api_key, ==, c->api_key);
  g_assert_cmpint (deployment->local, ==, c->local);
  g_assert_cmpint (sluice_deployment_is_mock (deployment), ==, *c->api_base == '\0');
}

/* The rest of the item comes along; the deployment keeps what it points to. */
static void
test_fields (void)
{
  SluiceConfig *config = load ("model: ollama/a, timeout: 5, stream_timeout: 7, organization: org, temperature: 0.5, "
                               "input_cost_per_token: 0.000001, output_cost_per_token: 0.000002",
                               "max_output_tokens: 100", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (SluiceDeployment) deployment = sluice_deployment_new (config, sluice_config_get_model (config, 0), &error);

  g_assert_no_error (error);
  sluice_config_unref (config);
  g_assert_cmpint (deployment->timeout_ms, ==, 5000);
  g_assert_cmpint (deployment->stream_timeout_ms, ==, 7000);
  g_assert_cmpint (deployment->max_output_tokens, ==, 100);
  g_assert_cmpstr (deployment->organization, ==, "org");
  g_assert_cmpuint (deployment->n_defaults, ==, 1);
  g_assert_cmpstr (deployment->defaults[0].name, ==, "temperature");
  g_assert_cmpstr (deployment->defaults[0].json, ==, "0.5");
  g_assert_cmpint (deployment->in_flight, ==, 0);
  g_assert_true (sluice_deployment_has_price (deployment));
  /* 1,000 tokens at a micro-dollar and 500 at two, in nano-dollars */
  g_assert_cmpint (sluice_deployment_cost (deployment, 1000, 500), ==, 2000000);
  g_assert_cmpint (sluice_deployment_cost (deployment, 0, 0), ==, 0);
}

static void
test_no_price (void)
{
  g_autoptr (SluiceConfig) config = load ("model: ollama/a", NULL, NULL);
  g_autoptr (SluiceDeployment) deployment = sluice_deployment_new (config, sluice_config_get_model (config, 0), NULL);

  g_assert_false (sluice_deployment_has_price (deployment));
  g_assert_cmpint (sluice_deployment_cost (deployment, 1000, 1000), ==, 0);
  g_assert_cmpint (deployment->timeout_ms, ==, -1);
  g_assert_cmpint (deployment->stream_timeout_ms, ==, -1);
  g_assert_cmpint (deployment->max_output_tokens, ==, -1);
  g_assert_cmpuint (deployment->n_defaults, ==, 0);
}

static void
test_half_a_price (void)
{
  g_autoptr (SluiceConfig) config = load ("model: ollama/a, output_cost_per_token: 0.000001", NULL, NULL);
  g_autoptr (SluiceDeployment) deployment = sluice_deployment_new (config, sluice_config_get_model (config, 0), NULL);

  g_assert_true (sluice_deployment_has_price (deployment));
  g_assert_cmpint (sluice_deployment_cost (deployment, 1000, 1), ==, 1000);
}

static void
test_found (void)
{
  const SluiceProvider *ollama = sluice_provider_find ("ollama");
  g_autoptr (SluiceDeployment) one = sluice_deployment_new_found ("a", ollama, "a:latest", "http://127.0.0.1:1/");
  g_autoptr (SluiceDeployment) same = sluice_deployment_new_found ("a", ollama, "a:latest", "http://127.0.0.1:1/");
  g_autoptr (SluiceDeployment) other = sluice_deployment_new_found ("a", ollama, "a:latest", "http://127.0.0.1:2/");
  g_autoptr (SluiceDeployment) again = sluice_deployment_ref (one);

  g_assert_cmpstr (one->group, ==, "a");
  g_assert_cmpstr (one->model, ==, "a:latest");
  g_assert_cmpstr (one->api_base, ==, "http://127.0.0.1:1");
  g_assert_null (one->api_key);
  g_assert_true (one->local);
  g_assert_false (sluice_deployment_is_mock (one));
  g_assert_true (sluice_deployment_has_price (one));
  g_assert_cmpint (sluice_deployment_cost (one, 1000, 1000), ==, 0);
  g_assert_cmpuint (strlen (one->id), ==, 16);
  g_assert_cmpstr (one->id, ==, same->id);
  g_assert_cmpstr (one->id, !=, other->id);
  g_assert_true (again == one);
}

/* From which source the key of an item comes: @files holds "openai", the environment OPENAI_API_KEY. */
static void
assert_key (const TestPlace *stored, const TestPlace *files, const char *params, const char *key)
{
  const char *const variables[4] = { "OPENAI_API_KEY", "of-the-variable" };
  g_autoptr (SluiceConfig) config = load (params, NULL, variables);
  g_autoptr (GPtrArray) warnings = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;
  g_autoptr (SluiceDeployment) deployment = NULL;
  SluiceSecrets *secrets = sluice_secrets_new (stored->directory, files->directory, warnings, &error);

  g_assert_no_error (error);
  sluice_config_set_secrets (config, secrets, sluice_secrets_unref);
  deployment = sluice_deployment_new (config, sluice_config_get_model (config, 0), &error);
  g_assert_no_error (error);
  g_assert_cmpstr (deployment->api_key, ==, key);
}

static void
test_key_sources (void)
{
  g_auto (TestPlace) place = { 0 };
  g_auto (TestPlace) files = { 0 };
  g_auto (TestPlace) nothing = { 0 };
  g_autoptr (SluiceCredentialStore) store = NULL;

  test_place_init (&place);
  test_place_init (&files);
  test_place_init (&nothing);
  store = sluice_credential_store_open (place.directory, TRUE, NULL);
  g_assert_true (
      sluice_credential_store_set (store, SLUICE_CREDENTIAL_PROVIDER, "openai", TEST_HOST, "of-the-provider", NULL));
  test_write (files.directory, "openai", "of-the-file", -1, 0400);

  assert_key (&place, &files, "model: openai/a, api_key: own", "own");
  assert_key (&place, &files, "model: openai/a", "of-the-provider");
  assert_key (&place, &files, "model: openai/a, api_base: 'https://api.openai.com:443/other'", "of-the-provider");
  assert_key (&place, &files, "model: openai/a, api_base: 'https://proxy.example/v1'", "of-the-file");
  assert_key (&place, &nothing, "model: openai/a, api_base: 'https://proxy.example/v1'", "of-the-variable");
  assert_key (&nothing, &files, "model: openai/a", "of-the-file");
  assert_key (&nothing, &nothing, "model: openai/a", "of-the-variable");
  assert_key (&place, &files, "model: mock/echo", NULL);
  assert_key (&place, &files, "model: ollama/a", NULL);

  g_assert_true (
      sluice_credential_store_set (store, SLUICE_CREDENTIAL_DEPLOYMENT, "the-id", TEST_HOST, "of-the-id", NULL));
  assert_key (&place, &files, "model: openai/a", "of-the-id");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/deployment/", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/deployment/fields", test_fields);
  g_test_add_func ("/deployment/no-price", test_no_price);
  g_test_add_func ("/deployment/half-a-price", test_half_a_price);
  g_test_add_func ("/deployment/found", test_found);
  g_test_add_func ("/deployment/key-sources", test_key_sources);
  return g_test_run ();
}
