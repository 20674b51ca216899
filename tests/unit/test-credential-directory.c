/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "secrets/sluice-credential-directory-private.h"

#include "secrets/sluice-secret.h"
#include "test-credential-support.h"

static void
test_files (void)
{
  g_auto (TestPlace) place = { 0 };
  g_autoptr (GPtrArray) warnings = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GHashTable) table = NULL;

  test_place_init (&place);
  test_write (place.directory, "openai", TEST_KEY "\n", -1, 0400);
  test_write (place.directory, "GROQ_API_KEY", TEST_OTHER_KEY, -1, 0440);
  test_write (place.directory, "vllm", "of-the-alias", -1, 0400);
  test_write (place.directory, "text-completion-openai", "of-the-alias", -1, 0400);
  test_write (place.directory, "database-password", "two words\n", -1, 0400);

  table = sluice_credential_directory_load (place.directory, warnings);
  g_assert_cmpuint (warnings->len, ==, 0);
  g_assert_cmpuint (g_hash_table_size (table), ==, 3);
  g_assert_cmpstr (g_hash_table_lookup (table, "openai"), ==, TEST_KEY);
  g_assert_cmpstr (g_hash_table_lookup (table, "GROQ_API_KEY"), ==, TEST_OTHER_KEY);
  g_assert_cmpstr (g_hash_table_lookup (table, "hosted_vllm"), ==, "of-the-alias");
}

static void
assert_left_out (TestPlace *place, const char *says)
{
  g_autoptr (GPtrArray) warnings = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GHashTable) table = sluice_credential_directory_load (place->directory, warnings);
  g_autofree char *path = g_build_filename (place->directory, "openai", NULL);
  const char *text;

  g_assert_cmpuint (g_hash_table_size (table), ==, 0);
  g_assert_cmpuint (warnings->len, ==, 1);
  text = g_ptr_array_index (warnings, 0);
  g_test_message ("%s", text);
  g_assert_nonnull (strstr (text, says));
  g_assert_null (strstr (text, "sk-test"));
  if (g_unlink (path) != 0)
    g_assert_no_errno (g_rmdir (path));
}

static void
test_left_out (void)
{
  g_auto (TestPlace) place = { 0 };
  g_autofree char *path = NULL;
  g_autofree char *big = g_strnfill (SLUICE_SECRET_MAX + 1, 'k');

  test_place_init (&place);
  path = g_build_filename (place.directory, "openai", NULL);

  test_write (place.directory, "openai", "", 0, 0400);
  assert_left_out (&place, "is empty");
  test_write (place.directory, "openai", big, -1, 0400);
  assert_left_out (&place, "longer than 65536");
  test_write (place.directory, "openai", "sk-test-\0key", 12, 0400);
  assert_left_out (&place, "byte 9");
  test_write (place.directory, "openai", "sk-test-1\nsk-test-2\n", -1, 0400);
  assert_left_out (&place, "byte 10");
  test_write (place.directory, "openai", TEST_KEY, -1, 0402);
  assert_left_out (&place, "can be changed by everybody");
  g_assert_no_errno (symlink ("elsewhere", path));
  assert_left_out (&place, "is a link");
  g_assert_no_errno (mkfifo (path, 0600));
  assert_left_out (&place, "not a plain file");
  g_assert_no_errno (g_mkdir (path, 0700));
  assert_left_out (&place, "not a plain file");
}

static void
test_no_directory (void)
{
  g_autoptr (GPtrArray) warnings = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GHashTable) table = sluice_credential_directory_load ("/nonexistent/credentials", warnings);

  g_assert_cmpuint (g_hash_table_size (table), ==, 0);
  g_assert_cmpuint (warnings->len, ==, 1);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/credential-directory/files", test_files);
  g_test_add_func ("/credential-directory/left-out", test_left_out);
  g_test_add_func ("/credential-directory/no-directory", test_no_directory);
  return g_test_run ();
}
