/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "secrets/sluice-secrets.h"

#include "secrets/sluice-credential-store.h"
#include "secrets/sluice-secret.h"
#include "test-credential-support.h"

static const char *const variables[] = { "OPENAI_API_KEY", "OPENAI_OTHER_KEY", NULL };

static void
store (TestPlace *place, SluiceCredentialKind kind, const char *name, const char *host, const char *secret)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SluiceCredentialStore) s = sluice_credential_store_open (place->directory, TRUE, &error);

  g_assert_no_error (error);
  g_assert_true (sluice_credential_store_set (s, kind, name, host, secret, &error));
}

static SluiceSecrets *
load (TestPlace *place, TestPlace *files)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) warnings = g_ptr_array_new_with_free_func (g_free);
  SluiceSecrets *secrets
      = sluice_secrets_new (place->directory, files != NULL ? files->directory : NULL, warnings, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (warnings->len, ==, 0);
  return secrets;
}

static void
assert_found (SluiceSecrets *secrets,
              const char *deployment,
              const char *address,
              const char *key,
              SluiceSecretSource expected)
{
  const SluiceSecretQuery query = { deployment, "openai", variables, G_N_ELEMENTS (variables), address };
  SluiceSecretSource source;
  sluice_autosecret char *found = sluice_secrets_lookup (secrets, &query, &source);

  g_assert_cmpstr (found, ==, key);
  g_assert_cmpint (source, ==, expected);
}

static void
test_nothing (void)
{
  g_auto (TestPlace) place = { 0 };
  g_autoptr (SluiceSecrets) secrets = NULL;
  g_autoptr (GPtrArray) texts = NULL;

  test_place_init (&place);
  secrets = load (&place, NULL);
  g_assert_false (g_file_test (place.path, G_FILE_TEST_EXISTS));
  assert_found (secrets, "id", TEST_HOST "/v1", NULL, SLUICE_SECRET_NONE);
  texts = sluice_secrets_dup_mismatches (secrets);
  g_assert_cmpuint (texts->len, ==, 0);
}

/* Each source is taken away after it was the first one. */
static void
test_order (void)
{
  g_auto (TestPlace) place = { 0 };
  g_auto (TestPlace) files = { 0 };
  g_autoptr (SluiceSecrets) all = NULL;
  g_autoptr (SluiceSecrets) only_files = NULL;
  g_autofree char *by_name = NULL;

  test_place_init (&place);
  test_place_init (&files);
  store (&place, SLUICE_CREDENTIAL_DEPLOYMENT, "id", TEST_HOST, "of-the-deployment");
  store (&place, SLUICE_CREDENTIAL_PROVIDER, "openai", TEST_HOST, "of-the-provider");
  test_write (files.directory, "openai", "of-the-file", -1, 0400);
  test_write (files.directory, "OPENAI_API_KEY", "of-the-variable", -1, 0400);

  all = load (&place, &files);
  assert_found (all, "id", TEST_HOST "/v1", "of-the-deployment", SLUICE_SECRET_STORED_DEPLOYMENT);
  assert_found (all, "other-id", TEST_HOST "/v1", "of-the-provider", SLUICE_SECRET_STORED_PROVIDER);
  assert_found (all, NULL, TEST_HOST, "of-the-provider", SLUICE_SECRET_STORED_PROVIDER);

  g_assert_no_errno (g_unlink (place.path));
  only_files = load (&place, &files);
  assert_found (only_files, "id", TEST_HOST, "of-the-file", SLUICE_SECRET_CREDENTIALS_DIRECTORY);
  sluice_secrets_unref (only_files);
  by_name = g_build_filename (files.directory, "openai", NULL);
  g_assert_no_errno (g_unlink (by_name));
  only_files = load (&place, &files);
  assert_found (only_files, "id", TEST_HOST, "of-the-variable", SLUICE_SECRET_CREDENTIALS_DIRECTORY);
  /* what was read stays as it was read */
  assert_found (all, "id", TEST_HOST, "of-the-deployment", SLUICE_SECRET_STORED_DEPLOYMENT);
}

static void
test_hosts (void)
{
  const char *const others[] = {
    "http://api.openai.com/v1", "https://api.openai.com:8443/v1", "https://openai.com/v1",
    "https://api.openai.com.example/v1", "https://api.openai.com@evil.example/v1", "not an address", "",
  };
  g_auto (TestPlace) place = { 0 };
  g_autoptr (SluiceSecrets) secrets = NULL;

  test_place_init (&place);
  store (&place, SLUICE_CREDENTIAL_PROVIDER, "openai", TEST_HOST, TEST_KEY);
  store (&place, SLUICE_CREDENTIAL_PROVIDER, "openai", "http://127.0.0.1:8080", TEST_OTHER_KEY);
  store (&place, SLUICE_CREDENTIAL_PROVIDER, "groq", "https://openai.com", "of-another");
  secrets = load (&place, NULL);
  assert_found (secrets, "id", "HTTPS://API.openai.com:443/v1/chat", TEST_KEY, SLUICE_SECRET_STORED_PROVIDER);
  assert_found (secrets, "id", "http://127.0.0.1:8080/v1", TEST_OTHER_KEY, SLUICE_SECRET_STORED_PROVIDER);
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    assert_found (secrets, "id", others[i], NULL, SLUICE_SECRET_NONE);
}

/* The provider's key stays where it is; the deployment's does not survive its move. */
static void
test_mismatches (void)
{
  g_auto (TestPlace) place = { 0 };
  g_autoptr (SluiceSecrets) secrets = NULL;
  g_autoptr (SluiceSecrets) again = NULL;
  g_autoptr (GPtrArray) texts = NULL;
  g_autoptr (GPtrArray) none = NULL;

  test_place_init (&place);
  store (&place, SLUICE_CREDENTIAL_DEPLOYMENT, "id", TEST_HOST, TEST_KEY);
  store (&place, SLUICE_CREDENTIAL_DEPLOYMENT, "stays", TEST_HOST, "of-another");
  store (&place, SLUICE_CREDENTIAL_PROVIDER, "openai", TEST_HOST, TEST_OTHER_KEY);
  secrets = load (&place, NULL);
  assert_found (secrets, "id", "https://new.example/v1", NULL, SLUICE_SECRET_NONE);
  assert_found (secrets, "id", "https://new.example/v1", NULL, SLUICE_SECRET_NONE);

  texts = sluice_secrets_dup_mismatches (secrets);
  g_assert_cmpuint (texts->len, ==, 2);
  g_assert_nonnull (strstr (g_ptr_array_index (texts, 0), "deployment id is for https://api.openai.com and the dep"));
  g_assert_nonnull (strstr (g_ptr_array_index (texts, 1), "--set-credential 'openai@https://new.example'"));
  g_assert_null (strstr (g_ptr_array_index (texts, 0), "sk-test"));
  /* said is not done */
  g_assert_true (test_file_holds (place.path, TEST_KEY));
  sluice_secrets_drop_mismatches (secrets);
  for (guint i = 0; i < 1000 && test_file_holds (place.path, TEST_KEY); i++)
    g_usleep (10000);
  none = sluice_secrets_dup_mismatches (secrets);
  g_assert_cmpuint (none->len, ==, 0);

  again = load (&place, NULL);
  assert_found (again, "id", TEST_HOST, TEST_OTHER_KEY, SLUICE_SECRET_STORED_PROVIDER);
  assert_found (again, "stays", TEST_HOST, "of-another", SLUICE_SECRET_STORED_DEPLOYMENT);
  g_assert_false (test_file_holds (place.path, TEST_KEY));
}

/* A key of the deployment that may not be sent does not hide the next source. */
static void
test_next_after_mismatch (void)
{
  g_auto (TestPlace) place = { 0 };
  g_auto (TestPlace) files = { 0 };
  g_autoptr (SluiceSecrets) secrets = NULL;

  test_place_init (&place);
  test_place_init (&files);
  store (&place, SLUICE_CREDENTIAL_DEPLOYMENT, "id", "https://old.example", TEST_KEY);
  test_write (files.directory, "openai", "of-the-file", -1, 0400);
  secrets = load (&place, &files);
  assert_found (secrets, "id", TEST_HOST, "of-the-file", SLUICE_SECRET_CREDENTIALS_DIRECTORY);
}

static void
test_faulty (void)
{
  g_auto (TestPlace) place = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) warnings = g_ptr_array_new_with_free_func (g_free);

  test_place_init (&place);
  store (&place, SLUICE_CREDENTIAL_PROVIDER, "openai", TEST_HOST, TEST_KEY);
  g_assert_no_errno (g_chmod (place.path, 0644));
  g_assert_null (sluice_secrets_new (place.directory, NULL, warnings, &error));
  test_assert_says (&error, SLUICE_ERROR_CONFIG, "chmod 600");
}

static gpointer
ask_often (gpointer data)
{
  for (guint i = 0; i < 2000; i++)
    {
      assert_found (data, "id", TEST_HOST, TEST_KEY, SLUICE_SECRET_STORED_PROVIDER);
      assert_found (data, "id", "https://new.example", NULL, SLUICE_SECRET_NONE);
    }
  sluice_secrets_unref (data);
  return NULL;
}

static void
test_threads (void)
{
  g_auto (TestPlace) place = { 0 };
  g_autoptr (SluiceSecrets) secrets = NULL;
  g_autoptr (GPtrArray) texts = NULL;
  GThread *threads[4];

  test_place_init (&place);
  store (&place, SLUICE_CREDENTIAL_PROVIDER, "openai", TEST_HOST, TEST_KEY);
  secrets = load (&place, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("ask", ask_often, sluice_secrets_ref (secrets));
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  texts = sluice_secrets_dup_mismatches (secrets);
  g_assert_cmpuint (texts->len, ==, 1);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/secrets/nothing", test_nothing);
  g_test_add_func ("/secrets/order", test_order);
  g_test_add_func ("/secrets/hosts", test_hosts);
  g_test_add_func ("/secrets/mismatches", test_mismatches);
  g_test_add_func ("/secrets/next-after-mismatch", test_next_after_mismatch);
  g_test_add_func ("/secrets/faulty", test_faulty);
  g_test_add_func ("/secrets/threads", test_threads);
  return g_test_run ();
}
