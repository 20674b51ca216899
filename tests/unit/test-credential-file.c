/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "secrets/sluice-credential-file-private.h"

#include "test-credential-support.h"

static SluiceCredentialFileState
prepare (TestPlace *place, gboolean create, GError **error)
{
  return sluice_credential_file_prepare (place->directory, place->path, create, error);
}

static void
test_missing (void)
{
  g_auto (TestPlace) place = { 0 };
  g_autoptr (GError) error = NULL;

  test_place_init (&place);
  g_assert_cmpint (prepare (&place, FALSE, &error), ==, SLUICE_CREDENTIAL_FILE_MISSING);
  g_assert_no_error (error);
  g_assert_false (g_file_test (place.path, G_FILE_TEST_EXISTS));

  /* a loose directory gives nothing away while no key is in it */
  g_assert_no_errno (g_chmod (place.directory, 0755));
  g_assert_cmpint (prepare (&place, FALSE, &error), ==, SLUICE_CREDENTIAL_FILE_MISSING);
  g_assert_no_error (error);
  g_assert_no_errno (g_rmdir (place.directory));
  g_assert_cmpint (prepare (&place, FALSE, &error), ==, SLUICE_CREDENTIAL_FILE_MISSING);
  g_assert_no_error (error);
}

static void
test_make (void)
{
  g_auto (TestPlace) place = { 0 };
  g_autoptr (GError) error = NULL;
  mode_t before = umask (0);

  test_place_init (&place);
  g_assert_no_errno (g_rmdir (place.directory));
  g_assert_cmpint (prepare (&place, TRUE, &error), ==, SLUICE_CREDENTIAL_FILE_READY);
  umask (before);
  g_assert_no_error (error);
  g_assert_cmpuint (test_mode (place.directory), ==, 0700);
  g_assert_cmpuint (test_mode (place.path), ==, 0600);
  g_assert_cmpint (prepare (&place, TRUE, &error), ==, SLUICE_CREDENTIAL_FILE_READY);
  g_assert_cmpint (prepare (&place, FALSE, &error), ==, SLUICE_CREDENTIAL_FILE_READY);
}

static void
test_loose (void)
{
  const guint modes[] = { 0604, 0640, 0644, 0660, 0602, 0601, 0666 };
  g_auto (TestPlace) place = { 0 };
  g_autoptr (GError) error = NULL;

  test_place_init (&place);
  test_write (place.directory, SLUICE_CREDENTIALS_FILE, "", 0, 0600);
  for (guint i = 0; i < G_N_ELEMENTS (modes); i++)
    {
      g_assert_no_errno (g_chmod (place.path, (int) modes[i]));
      g_assert_cmpint (prepare (&place, i % 2 == 0, &error), ==, SLUICE_CREDENTIAL_FILE_FAULTY);
      test_assert_says (&error, SLUICE_ERROR_CONFIG, "chmod 600 '");
      g_assert_cmpuint (test_mode (place.path), ==, modes[i]);
    }
  g_assert_no_errno (g_chmod (place.path, 0400));
  g_assert_cmpint (prepare (&place, FALSE, &error), ==, SLUICE_CREDENTIAL_FILE_READY);

  g_assert_no_errno (g_chmod (place.path, 0600));
  g_assert_no_errno (g_chmod (place.directory, 0750));
  g_assert_cmpint (prepare (&place, FALSE, &error), ==, SLUICE_CREDENTIAL_FILE_FAULTY);
  test_assert_says (&error, SLUICE_ERROR_CONFIG, "chmod 700 '");
  g_assert_no_errno (g_chmod (place.directory, 0700));
}

static void
test_no_plain_file (void)
{
  g_auto (TestPlace) place = { 0 };
  g_autoptr (GError) error = NULL;

  test_place_init (&place);
  for (guint create = 0; create < 2; create++)
    {
      g_assert_no_errno (symlink ("elsewhere", place.path));
      g_assert_cmpint (prepare (&place, create == 1, &error), ==, SLUICE_CREDENTIAL_FILE_FAULTY);
      test_assert_says (&error, SLUICE_ERROR_CONFIG, "not a plain file");
      g_assert_no_errno (g_unlink (place.path));

      g_assert_no_errno (mkfifo (place.path, 0600));
      g_assert_cmpint (prepare (&place, create == 1, &error), ==, SLUICE_CREDENTIAL_FILE_FAULTY);
      test_assert_says (&error, SLUICE_ERROR_CONFIG, "not a plain file");
      g_assert_no_errno (g_unlink (place.path));

      g_assert_no_errno (g_mkdir (place.path, 0700));
      g_assert_cmpint (prepare (&place, create == 1, &error), ==, SLUICE_CREDENTIAL_FILE_FAULTY);
      test_assert_says (&error, SLUICE_ERROR_CONFIG, "not a plain file");
      g_assert_no_errno (g_rmdir (place.path));
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/credential-file/missing", test_missing);
  g_test_add_func ("/credential-file/make", test_make);
  g_test_add_func ("/credential-file/loose", test_loose);
  g_test_add_func ("/credential-file/no-plain-file", test_no_plain_file);
  return g_test_run ();
}
