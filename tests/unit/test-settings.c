/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/sluice-settings.h"

#include "shared/sluice-error.h"

#include <string.h>

/* Every field has a row: their sizes add up to the whole, and no two overlap. */
static void
test_table_is_whole (void)
{
  static const gsize widths[] = {
    [SLUICE_SETTING_INT] = sizeof (gint64),   [SLUICE_SETTING_BOOL] = sizeof (gboolean),
    [SLUICE_SETTING_STRING] = sizeof (char *), [SLUICE_SETTING_LIST] = sizeof (char **),
    [SLUICE_SETTING_CHOICE] = sizeof (int),
  };
  g_autofree guint8 *covered = g_new0 (guint8, sizeof (SluiceSettings));
  guint n_infos;
  const SluiceSettingInfo *infos = sluice_settings_table (&n_infos);

  for (guint i = 0; i < n_infos; i++)
    {
      for (gsize j = 0; j < widths[infos[i].type]; j++)
        g_assert_cmpuint (covered[infos[i].offset + j]++, ==, 0);
      g_assert_true (sluice_settings_find (infos[i].name) == &infos[i]);
      g_assert_false (g_str_has_suffix (infos[i].description, "."));
      g_assert_cmpint (infos[i].minimum, <=, infos[i].maximum);
    }
  for (gsize i = 0; i < sizeof (SluiceSettings); i++)
    g_assert_cmpuint (covered[i], ==, 1);
}

static void
test_defaults (void)
{
  g_autoptr (SluiceSettings) settings = sluice_settings_new ();
  guint n_infos;
  const SluiceSettingInfo *infos = sluice_settings_table (&n_infos);

  g_assert_null (settings->host);
  g_assert_cmpint (settings->port, ==, 4000);
  g_assert_cmpint (settings->max_connections, ==, 4096);
  g_assert_cmpint (settings->max_body_bytes, ==, 32 * 1024 * 1024);
  g_assert_cmpint (settings->body_budget_bytes, ==, 64 * 1024 * 1024);
  g_assert_cmpint (settings->total_timeout_ms, ==, 3600000);
  g_assert_cmpint (settings->max_stream_event_bytes, ==, 4 * 1024 * 1024);
  g_assert_false (settings->power_loss_durability);
  g_assert_cmpint (settings->cloud_policy, ==, 2);
  g_assert_true (settings->keyless_access);
  g_assert_cmpuint (g_strv_length (settings->allowed_hosts), ==, 0);
  for (guint i = 0; i < n_infos; i++)
    {
      g_autofree char *text = sluice_settings_get (settings, infos[i].name);

      g_assert_cmpstr (text, ==, infos[i].default_text);
    }
}

static void
test_set (void)
{
  static const char *const rows[][3] = {
    { "port", "0", "0" },
    { "port", "65535", "65535" },
    { "max_connections", "16", "16" },
    { "keyless_access", "No", "false" },
    { "keyless_access", "1", "true" },
    { "durability", "power-loss", "power-loss" },
    { "durability", "process", "process" },
    { "host", "127.0.0.1", "127.0.0.1" },
    { "host", "", NULL },
    { "host", "::", "::" },
    { "cors_origins", " https://a.example , tauri://localhost,,", "https://a.example,tauri://localhost" },
    { "allowed_hosts", " a , b,,", "a,b" },
    { "allowed_hosts", "", "" },
  };
  g_autoptr (SluiceSettings) settings = sluice_settings_new ();

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *text = NULL;

      sluice_settings_set (settings, rows[i][0], rows[i][1], &error);
      g_assert_no_error (error);
      text = sluice_settings_get (settings, rows[i][0]);
      g_assert_cmpstr (text, ==, rows[i][2]);
    }
}

static void
test_refused (void)
{
  static const char *const rows[][3] = {
    { "max_connections", "many", "'max_connections' takes a whole number from 16 to 65536, not 'many'" },
    { "max_connections", "15", "'max_connections' takes a whole number from 16 to 65536, not '15'" },
    { "max_connections", "65537", "'max_connections' takes a whole number from 16 to 65536, not '65537'" },
    { "max_connections", "99999999999999999999", "'max_connections' takes a whole number from 16 to 65536, not "
                                                 "'99999999999999999999'" },
    { "port", "", "'port' takes a whole number from 0 to 65535, not ''" },
    { "port", "4000 ", "'port' takes a whole number from 0 to 65535, not '4000 '" },
    { "keyless_access", "maybe", "'keyless_access' takes true or false, not 'maybe'" },
    { "durability", "both", "'durability' takes 'process' or 'power-loss', not 'both'" },
    { "host", "localhost", "'host' takes an IP address, not a name: leave it out, then 127.0.0.1 and ::1 are listened "
                           "on" },
    { "cors_origins", "https://a.example, *",
      "'cors_origins' takes whole origins, no '*': with it any page in a browser could use this gateway, so each is "
      "named" },
    { "max_conections", "20", "unknown setting 'max_conections', did you mean 'max_connections'?" },
    { "zzzzzzzzz", "20", "unknown setting 'zzzzzzzzz'" },
  };
  g_autoptr (SluiceSettings) settings = sluice_settings_new ();
  g_autoptr (SluiceSettings) fresh = sluice_settings_new ();
  const char *const parts[] = { "a", NULL };
  const char *const hosts[] = { "a", "*.b", NULL };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (sluice_settings_set (settings, rows[i][0], rows[i][1], &error));
      g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG);
      g_assert_cmpstr (error->message, ==, rows[i][2]);
    }
  g_assert_false (sluice_settings_set_list (settings, "port", parts, NULL));
  g_assert_false (sluice_settings_set_list (settings, "allowed_hosts", hosts, NULL));
  g_assert_null (settings->host);
  g_assert_cmpuint (g_strv_length (settings->allowed_hosts), ==, 0);
  g_assert_cmpuint (g_strv_length (settings->cors_origins), ==, 0);
  g_assert_cmpint (settings->port, ==, fresh->port);
  g_assert_cmpint (settings->max_connections, ==, fresh->max_connections);
}

static void
test_copy (void)
{
  const char *const parts[] = { "a,b", "c", NULL }; /* only the file has lists, and there a topic is what it is */
  g_autoptr (SluiceSettings) settings = sluice_settings_new ();
  g_autoptr (SluiceSettings) copy = NULL;

  sluice_settings_set (settings, "host", "::1", NULL);
  g_assert_true (sluice_settings_set_list (settings, "debug", parts, NULL));
  copy = sluice_settings_copy (settings);
  sluice_settings_set (settings, "host", "127.0.0.1", NULL);
  g_assert_true (sluice_settings_set_list (settings, "debug", NULL, NULL));
  g_assert_cmpstr (copy->host, ==, "::1");
  g_assert_cmpstr (copy->debug[0], ==, "a,b");
  g_assert_cmpuint (g_strv_length (settings->debug), ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/settings/table-is-whole", test_table_is_whole);
  g_test_add_func ("/settings/defaults", test_defaults);
  g_test_add_func ("/settings/set", test_set);
  g_test_add_func ("/settings/refused", test_refused);
  g_test_add_func ("/settings/copy", test_copy);
  return g_test_run ();
}
