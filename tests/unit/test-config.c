/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test-config-support.h"

#include "config/sluice-config-schema.h"

static const char *
get_default (const SluiceConfigModel *model, const char *name)
{
  for (guint i = 0; i < model->defaults->len; i++)
    {
      const SluiceConfigDefault *value = &g_array_index (model->defaults, SluiceConfigDefault, i);

      if (g_str_equal (value->name, name))
        return value->json;
    }
  return NULL;
}

static void
test_model_values (Fixture *f, gconstpointer data)
{
  const SluiceConfigModel *model;

  g_hash_table_insert (f->environment, (gpointer) "KEY", (gpointer) "sk-secret-value");
  g_hash_table_insert (f->environment, (gpointer) "TIMEOUT", (gpointer) "2.5");
  g_assert_nonnull (load (f, "# models\n"
                             "model_list:\n"
                             "  - model_name: chat\n"
                             "    litellm_params:\n"
                             "      model: openai/gpt-4o\n"
                             "      custom_llm_provider: openai\n"
                             "      api_base: https://api.example.com/v1//\n"
                             "      api_key: os.environ/KEY\n"
                             "      organization: org-1\n"
                             "      input_cost_per_token: 1.5e-07\n"
                             "      output_cost_per_token: 0.0000006\n"
                             "      timeout: os.environ/TIMEOUT\n"
                             "      request_timeout: 9\n"
                             "      stream_timeout: 20\n"
                             "      temperature: 0.70\n"
                             "      stop: [\"\\n\", END]\n"
                             "      seed: 7\n"
                             "      logit_bias: {\"50256\": -100}\n"
                             "      keep_alive: -1\n"
                             "      top_p: 1e-1\n"
                             "      max_tokens:\n"
                             "    model_info:\n"
                             "      id: 42\n"
                             "      local: no\n"
                             "      max_tokens: 4096\n"
                             "      input_cost_per_token: 0.001\n"));
  g_assert_cmpuint (f->findings->len, ==, 0);
  g_assert_cmpuint (sluice_config_get_n_models (f->config), ==, 1);
  model = sluice_config_get_model (f->config, 0);
  g_assert_cmpstr (model->id, ==, "42");
  g_assert_cmpstr (model->group, ==, "chat");
  g_assert_cmpstr (model->model, ==, "openai/gpt-4o");
  g_assert_cmpstr (model->provider, ==, "openai");
  g_assert_cmpstr (model->api_base, ==, "https://api.example.com/v1");
  g_assert_cmpstr (model->api_key, ==, "sk-secret-value");
  g_assert_cmpstr (model->organization, ==, "org-1");
  g_assert_cmpstr (model->mock_response, ==, NULL);
  g_assert_cmpint (model->local, ==, 0);
  g_assert_cmpint (model->input_femto, ==, 150000000);
  g_assert_cmpint (model->output_femto, ==, 600000000);
  g_assert_cmpint (model->timeout_ms, ==, 2500);
  g_assert_cmpint (model->stream_timeout_ms, ==, 20000);
  g_assert_cmpint (model->max_output_tokens, ==, 4096);
  g_assert_cmpuint (model->line, ==, 3);
  g_assert_cmpuint (model->defaults->len, ==, 6);
  g_assert_cmpstr (get_default (model, "temperature"), ==, "0.70");
  g_assert_cmpstr (get_default (model, "stop"), ==, "[\"\\n\",\"END\"]");
  g_assert_cmpstr (get_default (model, "seed"), ==, "7");
  g_assert_cmpstr (get_default (model, "logit_bias"), ==, "{\"50256\":-100}");
  g_assert_cmpstr (get_default (model, "keep_alive"), ==, "-1");
  g_assert_cmpstr (get_default (model, "top_p"), ==, "1e-1");
}

static void
test_model_not_said (Fixture *f, gconstpointer data)
{
  const SluiceConfigModel *model;

  g_assert_nonnull (load (f, ITEM "      api_base: ''\n      base_url: http://[::1]:8000/\n      request_timeout: 3\n"
                                  "      mock_response: {a: [1]}\n      timeout: 0\n"
                                  "    model_info: {output_cost_per_token: '0', max_output_tokens: '12'}\n"));
  model = sluice_config_get_model (f->config, 0);
  g_assert_cmpuint (strlen (model->id), ==, 16);
  g_assert_null (model->provider);
  g_assert_null (model->api_key);
  g_assert_null (model->organization);
  g_assert_cmpstr (model->api_base, ==, "http://[::1]:8000");
  g_assert_cmpstr (model->mock_response, ==, "{\"a\":[1]}");
  g_assert_cmpint (model->local, ==, -1);
  g_assert_cmpint (model->input_femto, ==, -1);
  g_assert_cmpint (model->output_femto, ==, 0);
  g_assert_cmpint (model->timeout_ms, ==, 3000);
  g_assert_cmpint (model->stream_timeout_ms, ==, -1);
  g_assert_cmpint (model->max_output_tokens, ==, 12);
  g_assert_cmpuint (model->defaults->len, ==, 0);
}

static void
test_ids (Fixture *f, gconstpointer data)
{
  static const char *const with_key =
    ITEM "      api_key: sk-one\n"
         "  - {model_name: m, litellm_params: {model: ollama/x, api_key: sk-two}}\n"
         "  - {model_name: m, litellm_params: {model: ollama/x, api_base: http://h}}\n";
  static const char *const rotated =
    ITEM "      api_key: sk-three\n      temperature: 1\n"
         "  - {model_name: m, litellm_params: {model: ollama/x}, model_info: {id: own}}\n"
         "  - {model_name: m, litellm_params: {model: ollama/x, api_base: http://h/}}\n"
         "  - {model_name: m, litellm_params: {model: ollama/x}}\n"
         "  - {model_name: m, litellm_params: {model: ollama/x, api_version: '1'}}\n"
         "  - {model_name: m, litellm_params: {model: ollama/x, region_name: '1'}}\n"
         "  - {model_name: m, litellm_params: {model: ollama/x, vertex_location: '2'}}\n";
  g_autoptr (SluiceConfig) before = sluice_config_ref (load (f, with_key));
  SluiceConfig *after = load (f, rotated);

  g_assert_cmpuint (sluice_config_get_n_models (after), ==, 7);
  for (guint i = 0; i < 7; i++)
    for (guint j = 0; j < i; j++)
      g_assert_cmpstr (sluice_config_get_model (after, i)->id, !=, sluice_config_get_model (after, j)->id);
  g_assert_cmpstr (sluice_config_get_model (before, 0)->id, ==, sluice_config_get_model (after, 0)->id);
  g_assert_cmpstr (sluice_config_get_model (before, 2)->id, ==, sluice_config_get_model (after, 2)->id);
  g_assert_cmpstr (sluice_config_get_model (after, 1)->id, ==, "own");
  /* fixed for ever: the ledger knows deployments by it */
  g_assert_cmpstr (sluice_config_get_model (after, 0)->id, ==, "759ee6981874c8ba");
}

static void
test_duplicate_ids (Fixture *f, gconstpointer data)
{
  g_assert_null (load (f, ITEM "    model_info: {id: a}\n"
                               "  - {model_name: n, litellm_params: {model: x}, model_info: {id: a}}\n"));
  g_assert_cmpuint (finding (f, 0)->line, ==, 6);
  g_assert_nonnull (strstr (finding (f, 0)->message, "on line 2"));
}

static void
test_organizations (Fixture *f, gconstpointer data)
{
  g_assert_nonnull (load (f, ITEM "      organization: [a, b]\n      seed: 1\n    model_info: {id: x}\n"
                               "  - {model_name: n, litellm_params: {model: x, organization: [c, d]}}\n"));
  g_assert_cmpuint (sluice_config_get_n_models (f->config), ==, 4);
  g_assert_cmpstr (sluice_config_get_model (f->config, 0)->organization, ==, "a");
  g_assert_cmpstr (sluice_config_get_model (f->config, 0)->id, ==, "x");
  g_assert_cmpstr (sluice_config_get_model (f->config, 1)->organization, ==, "b");
  g_assert_cmpstr (sluice_config_get_model (f->config, 1)->id, ==, "x-2");
  g_assert_cmpstr (get_default (sluice_config_get_model (f->config, 1), "seed"), ==, "1");
  g_assert_cmpstr (sluice_config_get_model (f->config, 3)->organization, ==, "d");
}

static void
test_credentials (Fixture *f, gconstpointer data)
{
  const SluiceConfigModel *model;

  g_hash_table_insert (f->environment, (gpointer) "KEY", (gpointer) "sk-shared");
  g_assert_nonnull (load (f, ITEM "      litellm_credential_name: one\n"
                               "  - model_name: n\n"
                               "    litellm_params: {model: ollama/x, litellm_credential_name: one, api_key: sk-own,\n"
                               "                     base_url: 'http://own', organization: o}\n"
                               "  - {model_name: o, litellm_params: {model: ollama/x, litellm_credential_name: many}}\n"
                               "credential_list:\n"
                               "  - credential_name: one\n"
                               "    credential_values: {api_key: os.environ/KEY, api_base: 'http://shared/'}\n"
                               "    credential_info: {description: any}\n"
                               "  - {credential_name: many, credential_values: {organization: [a, b]}}\n"));
  g_assert_cmpuint (f->findings->len, ==, 0);
  g_assert_cmpuint (sluice_config_get_n_models (f->config), ==, 4);
  model = sluice_config_get_model (f->config, 0);
  g_assert_cmpstr (model->credential, ==, "one");
  g_assert_cmpstr (model->api_key, ==, "sk-shared");
  g_assert_cmpstr (model->api_base, ==, "http://shared");
  model = sluice_config_get_model (f->config, 1);
  g_assert_cmpstr (model->api_key, ==, "sk-own");
  g_assert_cmpstr (model->api_base, ==, "http://own");
  g_assert_cmpstr (model->organization, ==, "o");
  g_assert_cmpstr (sluice_config_get_model (f->config, 3)->organization, ==, "b");
}

static void
test_environment (Fixture *f, gconstpointer data)
{
  const SluiceConfigModel *model;

  g_hash_table_insert (f->environment, (gpointer) "A", (gpointer) "outer");
  g_hash_table_insert (f->environment, (gpointer) "B", (gpointer) "os.environ/A");
  g_hash_table_insert (f->environment, (gpointer) "BAD", (gpointer) "\xff");
  g_assert_nonnull (load (f, "model_list:\n  - model_name: &n os.environ/B\n    litellm_params:\n      model: *n\n"
                             "      api_key: os.environ/C\n      organization: os.environ/BAD\n"
                             "      stop: [os.environ/A, {x: os.environ/D}]\n"
                             "environment_variables:\n  A: inner\n  C: os.environ/A\n  D: 5\n  E: true\n  F:\n"));
  model = sluice_config_get_model (f->config, 0);
  /* a value is not looked at again, also when an alias shares it */
  g_assert_cmpstr (model->group, ==, "os.environ/A");
  g_assert_cmpstr (model->model, ==, "os.environ/A");
  g_assert_cmpstr (model->api_key, ==, "inner");
  g_assert_null (model->organization);
  g_assert_cmpstr (get_default (model, "stop"), ==, "[\"inner\",{\"x\":\"5\"}]");
  g_assert_cmpstr (sluice_config_get_variable (f->config, "A"), ==, "inner");
  g_assert_cmpstr (sluice_config_get_variable (f->config, "B"), ==, "os.environ/A");
  g_assert_cmpstr (sluice_config_get_variable (f->config, "E"), ==, "true");
  g_assert_cmpstr (sluice_config_get_variable (f->config, "F"), ==, NULL);
  g_assert_null (g_getenv ("C"));
  g_assert_cmpuint (f->findings->len, ==, 1);
  g_assert_nonnull (strstr (finding (f, 0)->message, "not UTF-8"));
}

static void
test_files (Fixture *f, gconstpointer data)
{
  g_autofree char *path = g_build_filename (g_get_user_config_dir (), "config.yaml", NULL);
  g_autofree char *missing = g_build_filename (g_get_user_config_dir (), "none.yaml", NULL);

  g_mkdir_with_parents (g_get_user_config_dir (), 0700);
  g_assert_true (g_file_set_contents (path, ITEM, -1, NULL));
  f->config = sluice_config_load (path, f->environment, f->findings);
  g_assert_nonnull (f->config);
  g_assert_cmpuint (f->findings->len, ==, 0);
  g_assert_cmpuint (sluice_config_get_n_models (f->config), ==, 1);

  g_assert_null (sluice_config_load (missing, f->environment, f->findings));
  g_assert_cmpstr (finding (f, 0)->file, ==, missing);
  g_assert_cmpint (finding (f, 0)->level, ==, SLUICE_FINDING_ERROR);
  g_assert_null (sluice_config_load (g_get_user_config_dir (), f->environment, f->findings));
  g_assert_null (sluice_config_load ("/dev/zero", f->environment, f->findings));
  g_assert_cmpuint (f->findings->len, ==, 3);
  g_assert_nonnull (strstr (finding (f, 2)->message, "bytes"));
}

static void
test_schema (Fixture *f, gconstpointer data)
{
  guint n_infos;
  guint n_settings;
  const SluiceSettingInfo *infos = sluice_settings_table (&n_infos);
  const SluiceKey *settings = sluice_schema_table (SLUICE_SECTION_SLUICE_SETTINGS, &n_settings);

  g_assert_cmpuint (n_settings, ==, n_infos);
  for (guint i = 0; i < n_infos; i++)
    g_assert_cmpstr (settings[i].name, ==, infos[i].name);

  for (guint section = 0; section < SLUICE_N_SECTIONS; section++)
    {
      guint n_keys;
      const SluiceKey *keys = sluice_schema_table (section, &n_keys);

      for (guint i = 0; i < n_keys; i++)
        {
          g_assert_true (sluice_schema_find (section, keys[i].name) == &keys[i]);
          g_assert_true (sluice_schema_nearest (section, keys[i].name) == &keys[i]);
        }
    }
}

int
main (int argc, char *argv[])
{
  static const ConfigTest tests[] = {
    { "/config/model", test_model_values },
    { "/config/model-not-said", test_model_not_said },
    { "/config/ids", test_ids },
    { "/config/duplicate-ids", test_duplicate_ids },
    { "/config/organizations", test_organizations },
    { "/config/credentials", test_credentials },
    { "/config/environment", test_environment },
    { "/config/files", test_files },
    { "/config/schema", test_schema },
  };

  return run_config_tests (&argc, &argv, tests, G_N_ELEMENTS (tests));
}
