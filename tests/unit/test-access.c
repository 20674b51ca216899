/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "accounts/sluice-access.h"

#include "shared/sluice-error.h"

typedef struct {
  const char *name;
  const char *master;
  SluicePresented presented;
  int error; /* -1: served */
  const char *account;
} Case;

#define KEY "sk-test-not-a-key-1"

static const Case cases[] = {
  { "same-user", NULL, { .same_user = TRUE }, -1, "this-computer" },
  { "junk-key-counts-as-none", NULL, { .keys = { "ollama" }, .same_user = TRUE }, -1, "this-computer" },
  { "unknown-key", NULL, { .keys = { KEY }, .same_user = TRUE }, SLUICE_ERROR_KEY_UNKNOWN, NULL },
  { "other-user", NULL, { .loopback = TRUE }, SLUICE_ERROR_KEY_MISSING, NULL },
  { "relayed", NULL, { .same_user = TRUE, .relayed = TRUE }, SLUICE_ERROR_KEY_MISSING, NULL },
  { "master", KEY, { .keys = { NULL, KEY } }, -1, "master" },
  { "master-missing", KEY, { .same_user = TRUE }, SLUICE_ERROR_KEY_MISSING, NULL },
  { "master-empty", KEY, { .keys = { "" } }, SLUICE_ERROR_KEY_MISSING, NULL },
  { "master-wrong", KEY, { .keys = { KEY "2" } }, SLUICE_ERROR_KEY_UNKNOWN, NULL },
  { "master-prefix", KEY, { .keys = { "sk-test" } }, SLUICE_ERROR_KEY_UNKNOWN, NULL },
  { "two-same", KEY, { .keys = { KEY, NULL, KEY } }, -1, "master" },
  { "two-different", KEY, { .keys = { KEY, "sk-other" } }, SLUICE_ERROR_KEY_CONFLICT, NULL },
  { "example-here", "sk-1234", { .keys = { "sk-1234" }, .loopback = TRUE }, -1, "master" },
  { "example-elsewhere", "sk-1234", { .keys = { "sk-1234" } }, SLUICE_ERROR_KEY_UNKNOWN, NULL },
  { "litellm-decides", KEY, { .litellm_key = KEY, .keys = { "sk-other" } }, -1, "master" },
};

static void
test_case (gconstpointer data)
{
  const Case *c = data;
  g_autoptr (GHashTable) environment = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (SluiceConfig) config = NULL;
  g_autoptr (SluiceAccess) access = NULL;
  g_autoptr (GError) error = NULL;
  SluiceIdentity identity = { NULL, FALSE, FALSE };
  gboolean served;

  if (c->master != NULL)
    g_hash_table_insert (environment, (gpointer) "LITELLM_MASTER_KEY", (gpointer) c->master);
  config = sluice_config_new_empty (environment);
  access = sluice_access_new (config);
  served = sluice_access_check (access, &c->presented, &identity, &error);
  if (c->error < 0)
    {
      g_assert_no_error (error);
      g_assert_true (served);
      g_assert_cmpstr (identity.account, ==, c->account);
      g_assert_true (identity.admin == !identity.local_only);
    }
  else
    {
      g_assert_error (error, SLUICE_ERROR, c->error);
      g_assert_false (served);
      g_assert_null (strstr (error->message, KEY));
    }
}

static void
test_secret_equals (void)
{
  g_assert_true (sluice_secret_equals ("", ""));
  g_assert_true (sluice_secret_equals ("abc", "abc"));
  g_assert_false (sluice_secret_equals ("abc", "abd"));
  g_assert_false (sluice_secret_equals ("abcabc", "abc"));
  g_assert_false (sluice_secret_equals ("", "abc"));
  g_assert_false (sluice_secret_equals ("abc", ""));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/access/", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/access/secret-equals", test_secret_equals);
  return g_test_run ();
}
