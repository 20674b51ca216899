/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "secrets/sluice-credential-command.h"

#include <stdlib.h>

#include "secrets/sluice-credential-store.h"
#include "secrets/sluice-secret.h"
#include "test-credential-support.h"

static char *
set (TestPlace *place, const char *target, const char *bytes, gsize length, GError **error)
{
  int fd = test_pipe (bytes, length);
  char *said = sluice_credential_command_set (place->directory, target, fd, error);

  close (fd);
  return said;
}

/* The only credential there is. */
static void
assert_stored (TestPlace *place, const char *name, const char *host, const char *secret)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SluiceCredentialStore) store = sluice_credential_store_open (place->directory, FALSE, &error);
  g_autoptr (GPtrArray) list = NULL;
  const SluiceCredential *credential;

  g_assert_no_error (error);
  list = sluice_credential_store_load (store, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (list->len, ==, 1);
  credential = g_ptr_array_index (list, 0);
  g_assert_cmpint (credential->kind, ==, SLUICE_CREDENTIAL_PROVIDER);
  g_assert_cmpstr (credential->name, ==, name);
  g_assert_cmpstr (credential->host, ==, host);
  g_assert_cmpstr (credential->secret, ==, secret);
}

static void
test_set (void)
{
  const struct { const char *target, *name, *host; } targets[] = {
    { "openai", "openai", "https://api.openai.com" },
    { "openai@127.0.0.1:9", "openai", "https://127.0.0.1:9" },
    { "openai@http://127.0.0.1:9/v1", "openai", "http://127.0.0.1:9" },
    { "vllm", "hosted_vllm", "http://localhost:8000" },
    { "hosted_vllm@gpu.example:8000", "hosted_vllm", "http://gpu.example:8000" },
    { "openai_like@models.example", "openai_like", "https://models.example" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (targets); i++)
    {
      g_auto (TestPlace) place = { 0 };
      g_autoptr (GError) error = NULL;
      g_autofree char *said = NULL;
      g_autofree char *expected = g_strdup_printf ("stored a key for %s at %s, ending in ...cdef", targets[i].name,
                                                   targets[i].host);

      test_place_init (&place);
      said = set (&place, targets[i].target, TEST_KEY "\n", strlen (TEST_KEY) + 1, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (said, ==, expected);
      assert_stored (&place, targets[i].name, targets[i].host, TEST_KEY);
    }
}

static void
test_set_again (void)
{
  g_auto (TestPlace) place = { 0 };
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;

  test_place_init (&place);
  g_assert_no_errno (g_rmdir (place.directory));
  first = set (&place, "openai", TEST_KEY, strlen (TEST_KEY), NULL);
  second = set (&place, "openai", "short", 5, NULL);
  g_assert_cmpstr (second, ==, "stored a short key for openai at https://api.openai.com");
  assert_stored (&place, "openai", TEST_HOST, "short");
  g_assert_false (test_file_holds (place.path, TEST_KEY));
  g_assert_cmpuint (test_mode (place.directory), ==, 0700);
}

static void
test_refused (void)
{
  g_autofree char *big = g_strnfill (SLUICE_SECRET_MAX * 3, 'k');
  const struct { const char *target, *bytes; gsize length; const char *says; } refused[] = {
    { "opnai", TEST_KEY, 0, "did you mean 'openai'" },
    { "", TEST_KEY, 0, "no provider ''" },
    { "no such\n", TEST_KEY, 0, "no provider 'no such\\n'" },
    { TEST_KEY, TEST_KEY, 0, "can be seen by others" },
    { "mock", TEST_KEY, 0, "takes no key" },
    { "openai_like", TEST_KEY, 0, "openai_like@HOST" },
    { "openai@", TEST_KEY, 0, "for whom the key is" },
    { "openai@ftp://host", TEST_KEY, 0, "http" },
    { "openai@a@b", TEST_KEY, 0, "user name" },
    { "openai", "\n", 0, "is empty" },
    { "openai", "sk-test 1", 0, "byte 8" },
    { "openai", "sk-test\0001", 9, "byte 8" },
    { "openai", big, 0, "longer than 65536" },
  };
  g_auto (TestPlace) place = { 0 };

  test_place_init (&place);
  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      gsize length = refused[i].length > 0 ? refused[i].length : strlen (refused[i].bytes);
      g_autoptr (GError) error = NULL;

      g_assert_null (set (&place, refused[i].target, refused[i].bytes, length, &error));
      test_assert_says (&error, SLUICE_ERROR_CONFIG, refused[i].says);
    }
  g_assert_false (g_file_test (place.path, G_FILE_TEST_EXISTS));
}

static void
test_input (void)
{
  g_auto (TestPlace) place = { 0 };
  g_autoptr (GError) error = NULL;
  int terminal = posix_openpt (O_RDWR | O_NOCTTY);
  int closed;

  test_place_init (&place);
  if (terminal >= 0)
    {
      g_assert_null (sluice_credential_command_set (place.directory, "openai", terminal, &error));
      test_assert_says (&error, SLUICE_ERROR_CONFIG, "sluiced --set-credential openai < FILE");
      close (terminal);
    }
  closed = test_pipe ("", 0);
  close (closed);
  g_assert_null (sluice_credential_command_set (place.directory, "openai", closed, &error));
  test_assert_says (&error, SLUICE_ERROR_CONFIG, "the key on standard input cannot be read");
  g_assert_false (g_file_test (place.path, G_FILE_TEST_EXISTS));
}

static void
test_clear (void)
{
  g_auto (TestPlace) place = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *one = NULL;
  g_autofree char *all = NULL;

  test_place_init (&place);
  g_assert_null (sluice_credential_command_clear (place.directory, "openai", &error));
  test_assert_says (&error, SLUICE_ERROR_CONFIG, "no key is stored for openai");
  g_assert_null (sluice_credential_command_clear (place.directory, "opnai", &error));
  test_assert_says (&error, SLUICE_ERROR_CONFIG, "did you mean 'openai'");
  g_assert_false (g_file_test (place.path, G_FILE_TEST_EXISTS));

  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *target = g_strdup_printf ("openai@host-%u.example", i);
      g_autofree char *said = set (&place, target, TEST_KEY, strlen (TEST_KEY), &error);

      g_assert_nonnull (said);
    }
  g_assert_true (test_file_holds (place.path, TEST_KEY));
  one = sluice_credential_command_clear (place.directory, "openai@host-1.example", &error);
  g_assert_cmpstr (one, ==, "cleared the key stored for openai at https://host-1.example");
  g_assert_null (sluice_credential_command_clear (place.directory, "openai@host-1.example", &error));
  test_assert_says (&error, SLUICE_ERROR_CONFIG, "no key is stored for openai at https://host-1.example");
  all = sluice_credential_command_clear (place.directory, "openai", &error);
  g_assert_cmpstr (all, ==, "cleared all keys stored for openai");
  g_assert_false (test_file_holds (place.path, TEST_KEY));
}

/* A name that the catalogue does not know any more. */
static void
test_clear_unknown (void)
{
  g_auto (TestPlace) place = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (SluiceCredentialStore) store = NULL;
  g_autofree char *said = NULL;

  test_place_init (&place);
  store = sluice_credential_store_open (place.directory, TRUE, &error);
  g_assert_no_error (error);
  g_assert_true (sluice_credential_store_set (store, SLUICE_CREDENTIAL_PROVIDER, "gone", TEST_HOST, TEST_KEY, &error));
  said = sluice_credential_command_clear (place.directory, "gone", &error);
  g_assert_cmpstr (said, ==, "cleared the key stored for gone");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/credential-command/set", test_set);
  g_test_add_func ("/credential-command/set-again", test_set_again);
  g_test_add_func ("/credential-command/refused", test_refused);
  g_test_add_func ("/credential-command/input", test_input);
  g_test_add_func ("/credential-command/clear", test_clear);
  g_test_add_func ("/credential-command/clear-unknown", test_clear_unknown);
  return g_test_run ();
}
