/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test-config-support.h"

static void
test_master_key (Fixture *f, gconstpointer data)
{
  g_autoptr (SluiceConfig) empty = NULL;

  g_assert_null (sluice_config_get_master_key (load (f, ITEM)));
  g_hash_table_insert (f->environment, (gpointer) "LITELLM_MASTER_KEY", (gpointer) "sk-from-environment");
  g_assert_cmpstr (sluice_config_get_master_key (load (f, ITEM)), ==, "sk-from-environment");
  g_assert_cmpstr (sluice_config_get_master_key (load (f, "")), ==, "sk-from-environment");
  load (f, "general_settings: {master_key: sk-from-file}\n");
  g_assert_cmpstr (sluice_config_get_master_key (f->config), ==, "sk-from-file");
  load (f, "general_settings: {master_key: os.environ/NOT_SET}\n");
  g_assert_cmpstr (sluice_config_get_master_key (f->config), ==, "sk-from-environment");
  load (f, "general_settings:\nenvironment_variables: {LITELLM_MASTER_KEY: sk-overlay}\n");
  g_assert_cmpstr (sluice_config_get_master_key (f->config), ==, "sk-overlay");
  empty = sluice_config_new_empty (f->environment);
  g_assert_cmpstr (sluice_config_get_master_key (empty), ==, "sk-from-environment");

  g_hash_table_insert (f->environment, (gpointer) "LITELLM_MASTER_KEY", (gpointer) "pass word");
  g_assert_null (load (f, ITEM));
  g_assert_nonnull (strstr (finding (f, 0)->message, "LITELLM_MASTER_KEY"));
  g_assert_true (sluice_config_is_example_key ("sk-1234"));
  g_assert_false (sluice_config_is_example_key ("sk-9f86d081884c7d65"));
}

static void
test_empty_master_key (Fixture *f, gconstpointer data)
{
  static const char text[] = "general_settings:\n  master_key: # sk-1\n";

  load (f, text);
  g_assert_cmpuint (f->findings->len, ==, 1);
  g_assert_cmpint (finding (f, 0)->level, ==, SLUICE_FINDING_WARNING);
  g_assert_cmpstr (finding (f, 0)->path, ==, "general_settings.master_key");
  g_assert_nonnull (strstr (finding (f, 0)->message, "set a value or remove the line"));
  load (f, "general_settings:\n  master_key: os.environ/NOT_SET\n");
  g_assert_cmpuint (f->findings->len, ==, 1);
  g_assert_nonnull (strstr (finding (f, 0)->message, "'NOT_SET' is not set"));
  g_hash_table_insert (f->environment, (gpointer) "LITELLM_MASTER_KEY", (gpointer) "sk-from-environment");
  load (f, text);
  g_assert_cmpuint (f->findings->len, ==, 0);
}

static void
test_blank (Fixture *f, gconstpointer data)
{
  static const char *const blank[] = { "", "\n", "# x\n\n", "---\n", "--- {}\n", "{}\n", "\xef\xbb\xbf# x\n", "~\n" };
  g_autoptr (SluiceConfig) empty = sluice_config_new_empty (f->environment);

  for (guint i = 0; i < G_N_ELEMENTS (blank); i++)
    {
      g_assert_true (sluice_config_is_blank (load (f, blank[i])));
      g_assert_nonnull (strstr (finding (f, 0)->message, "empty"));
    }
  g_assert_false (sluice_config_is_blank (load (f, ITEM)));
  g_assert_false (sluice_config_is_blank (load (f, "model_list:\n")));
  g_assert_false (sluice_config_is_blank (empty));
}

static void
test_metrics_need_key (Fixture *f, gconstpointer data)
{
  g_assert_false (sluice_config_get_metrics_need_key (load (f, ITEM)));
  load (f, "litellm_settings: {require_auth_for_metrics_endpoint: true}\n");
  g_assert_true (sluice_config_get_metrics_need_key (f->config));
  load (f, "litellm_settings: {require_auth_for_metrics_endpoint: 'False'}\n");
  g_assert_false (sluice_config_get_metrics_need_key (f->config));
  g_assert_null (load (f, "litellm_settings: {require_auth_for_metrics_endpoint: perhaps}\n"));
  g_assert_null (load (f, "litellm_settings: {require_auth_for_metrics_endpoint: {a: 1}}\n"));
}

static void
test_settings (Fixture *f, gconstpointer data)
{
  const SluiceSettings *settings;

  g_hash_table_insert (f->environment, (gpointer) "PORT", (gpointer) "4001");
  load (f, "sluice_settings:\n  port: os.environ/PORT\n  max_body_bytes: 1_000_000\n  keyless_access: off\n"
           "  durability: power-loss\n  allowed_hosts: [a.example, b.example]\n  cors_origins: 'https://a, https://b'\n"
           "  host: 127.0.0.2\n  workers:\n");
  g_assert_nonnull (f->config);
  g_assert_cmpuint (f->findings->len, ==, 0);
  settings = sluice_config_get_settings (f->config);
  g_assert_cmpint (settings->port, ==, 4001);
  g_assert_cmpint (settings->max_body_bytes, ==, 1000000);
  g_assert_false (settings->keyless_access);
  g_assert_true (settings->power_loss_durability);
  g_assert_cmpuint (g_strv_length (settings->allowed_hosts), ==, 2);
  g_assert_cmpstr (settings->cors_origins[1], ==, "https://b");
  g_assert_cmpstr (settings->host, ==, "127.0.0.2");
  g_assert_cmpint (settings->workers, ==, 0);
}

static void
test_empty_snapshot (Fixture *f, gconstpointer data)
{
  g_autoptr (SluiceConfig) config = sluice_config_new_empty (NULL);

  g_assert_cmpuint (sluice_config_get_n_models (config), ==, 0);
  g_assert_cmpint (sluice_config_get_settings (config)->port, ==, 4000);
  g_assert_cmpstr (sluice_config_get_variable (config, "PATH"), ==, g_getenv ("PATH"));
}

/* LITELLM_MASTER_KEY where there is no file. */
static void
test_key_variable (Fixture *f, gconstpointer data)
{
  static const struct {
    const char *key;
    const char *words; /* (nullable) */
  } rows[] = {
    { "sk-1234", "the variable LITELLM_MASTER_KEY is a key from a tutorial" },
    { "SECRET", "the variable LITELLM_MASTER_KEY must begin with 'sk-'" },
    { "sk-", "must begin with 'sk-'" },
    { "sk-SECRET key", "holds a blank" },
    { "sk-SECRET-of-mine", NULL },
    { "", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (SluiceConfig) config = NULL;

      g_ptr_array_set_size (f->findings, 0);
      g_hash_table_insert (f->environment, (gpointer) "LITELLM_MASTER_KEY", (gpointer) rows[i].key);
      config = sluice_config_new_empty_full (f->environment, f->findings);
      g_assert_cmpstr (sluice_config_get_master_key (config), ==, *rows[i].key != '\0' ? rows[i].key : NULL);
      g_assert_cmpuint (f->findings->len, ==, rows[i].words != NULL ? 1 : 0);
      if (rows[i].words == NULL)
        continue;
      g_assert_cmpint (finding (f, 0)->level, ==, SLUICE_FINDING_WARNING);
      g_assert_nonnull (strstr (finding (f, 0)->message, rows[i].words));
      g_assert_null (strstr (finding (f, 0)->message, "SECRET"));
    }
}

static void
test_override (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  load (f, "sluice_settings: {port: 4001}\n");
  g_assert_true (sluice_config_override (f->config, "port", "4002", &error));
  g_assert_no_error (error);
  g_assert_cmpint (sluice_config_get_settings (f->config)->port, ==, 4002);
  g_assert_false (sluice_config_override (f->config, "port", "x", &error));
  g_assert_nonnull (error);
}

static void
assert_setting (Fixture *f, const char *name, const char *value, SluiceOrigin origin)
{
  g_autofree char *text = sluice_settings_get (sluice_config_get_settings (f->config), name);

  g_assert_cmpstr (text, ==, value);
  g_assert_cmpstr (sluice_origin_to_string (sluice_config_get_origin (f->config, name)), ==,
                   sluice_origin_to_string (origin));
}

static void
test_origins (Fixture *f, gconstpointer data)
{
  g_autoptr (GHashTable) stored = g_hash_table_new (g_str_hash, g_str_equal);

  g_hash_table_insert (f->environment, (gpointer) "SLUICE_PORT", (gpointer) "4001");
  g_hash_table_insert (f->environment, (gpointer) "SLUICE_WORKERS", (gpointer) "3");
  g_hash_table_insert (f->environment, (gpointer) "SLUICE_CLOUD_POLICY", (gpointer) "explicit");
  g_hash_table_insert (f->environment, (gpointer) "LITELLM_CORS_ORIGINS", (gpointer) "https://a.example");
  g_assert_nonnull (load (f, "sluice_settings: {port: 4002, host: 127.0.0.1, debug: [http, router], "
                             "exit_on_idle_minutes: 5, cloud_policy: off}\n"));
  g_assert_cmpuint (f->findings->len, ==, 0);
  g_assert_true (sluice_config_override (f->config, "host", "127.0.0.2", NULL));
  g_hash_table_insert (stored, (gpointer) "port", (gpointer) "1");
  g_hash_table_insert (stored, (gpointer) "workers", (gpointer) "1");
  g_hash_table_insert (stored, (gpointer) "retention_days", (gpointer) "7");
  g_hash_table_insert (stored, (gpointer) "max_connections", (gpointer) "many");
  g_hash_table_insert (stored, (gpointer) "of_old", (gpointer) "1");
  g_assert_cmpuint (sluice_config_apply_database (f->config, stored), ==, 2);

  assert_setting (f, "host", "127.0.0.2", SLUICE_ORIGIN_COMMAND_LINE);
  assert_setting (f, "port", "4002", SLUICE_ORIGIN_FILE);
  assert_setting (f, "debug", "http,router", SLUICE_ORIGIN_FILE);
  assert_setting (f, "exit_on_idle_minutes", "5", SLUICE_ORIGIN_FILE);
  assert_setting (f, "cloud_policy", "off", SLUICE_ORIGIN_FILE);
  assert_setting (f, "workers", "3", SLUICE_ORIGIN_ENVIRONMENT);
  assert_setting (f, "cors_origins", "https://a.example", SLUICE_ORIGIN_ENVIRONMENT);
  assert_setting (f, "retention_days", "7", SLUICE_ORIGIN_DATABASE);
  assert_setting (f, "max_connections", "4096", SLUICE_ORIGIN_DEFAULT);
}

static void
test_setting_variables (Fixture *f, gconstpointer data)
{
  g_autoptr (SluiceConfig) empty = NULL;

  g_hash_table_insert (f->environment, (gpointer) "SLUICE_PROT", (gpointer) "4001");
  g_hash_table_insert (f->environment, (gpointer) "SLUICE_SOMETHING_ELSE_ALTOGETHER", (gpointer) "x");
  g_assert_nonnull (load (f, ITEM));
  g_assert_cmpuint (f->findings->len, ==, 1);
  g_assert_nonnull (strstr (finding (f, 0)->message, "did you mean SLUICE_PORT?"));

  g_hash_table_insert (f->environment, (gpointer) "SLUICE_CLOUD_POLCY", (gpointer) "off");
  g_assert_null (load (f, ITEM));
  g_hash_table_remove (f->environment, "SLUICE_CLOUD_POLCY");

  g_hash_table_insert (f->environment, (gpointer) "SLUICE_PORT", (gpointer) "SECRET");
  g_assert_null (load (f, ITEM));
  g_assert_nonnull (strstr (finding (f, 0)->message, "SLUICE_PORT takes a whole number from 0 to 65535"));
  g_hash_table_insert (f->environment, (gpointer) "LITELLM_CORS_ORIGINS", (gpointer) "https://SECRET.example");
  g_hash_table_insert (f->environment, (gpointer) "SLUICE_PORT", (gpointer) "4001");
  g_assert_nonnull (load (f, ITEM));
  g_assert_cmpstr (finding (f, 0)->message, ==,
                   "the variable LITELLM_CORS_ORIGINS takes an origin in lower case, as a browser sends it");
  g_hash_table_remove (f->environment, "LITELLM_CORS_ORIGINS");
  g_hash_table_insert (f->environment, (gpointer) "SLUICE_PORT", (gpointer) "SECRET");

  /* what stands in the file is not looked for elsewhere */
  g_assert_nonnull (load (f, ITEM "sluice_settings: {port: 4001}\n"));

  g_ptr_array_set_size (f->findings, 0);
  empty = sluice_config_new_empty_full (f->environment, f->findings);
  g_assert_cmpint (sluice_config_get_settings (empty)->port, ==, 4000);
  g_assert_true (sluice_findings_have_error (f->findings));
}

int
main (int argc, char *argv[])
{
  static const ConfigTest tests[] = {
    { "/config/master-key", test_master_key },
    { "/config/empty-master-key", test_empty_master_key },
    { "/config/blank", test_blank },
    { "/config/metrics-need-key", test_metrics_need_key },
    { "/config/settings", test_settings },
    { "/config/empty-snapshot", test_empty_snapshot },
    { "/config/key-variable", test_key_variable },
    { "/config/override", test_override },
    { "/config/origins", test_origins },
    { "/config/setting-variables", test_setting_variables },
  };

  return run_config_tests (&argc, &argv, tests, G_N_ELEMENTS (tests));
}
