/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/sluice-ledger-directory-private.h"

#include <sys/stat.h>
#include <unistd.h>

#include "shared/sluice-error.h"
#include "test-ledger-support.h"

static void
test_is_made (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *parent = test_directory ();
  g_autofree char *path = g_build_filename (parent, "deep", "sluice", NULL);
  struct stat buffer;

  g_assert_true (sluice_ledger_directory_prepare (path, &error));
  g_assert_no_error (error);
  g_assert_no_errno (stat (path, &buffer));
  g_assert_cmpuint (buffer.st_mode & 0777, ==, 0700);
  g_assert_true (sluice_ledger_directory_prepare (path, &error));
}

static void
test_is_made_private (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = test_directory ();
  struct stat buffer;
  guint before = n_warnings;

  g_assert_no_errno (g_chmod (path, 0755));
  g_assert_true (sluice_ledger_directory_prepare (path, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (n_warnings - before, ==, 1);
  g_assert_no_errno (stat (path, &buffer));
  g_assert_cmpuint (buffer.st_mode & 0777, ==, 0700);
}

static void
test_of_another (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = test_directory ();

  if (geteuid () == 0)
    g_assert_no_errno (chown (path, 12345, (gid_t) -1));
  g_assert_false (sluice_ledger_directory_prepare (geteuid () == 0 ? path : "/", &error));
  g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_STORAGE);
  g_assert_nonnull (strstr (error->message, "belongs to another user"));
}

static void
test_unusable (void)
{
  static const char *const paths[] = { "relative", "", "/dev/null", "/proc/none" };

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (sluice_ledger_directory_prepare (paths[i], &error));
      g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_STORAGE);
    }
}

static void
test_file_systems (void)
{
  g_assert_cmpstr (sluice_ledger_directory_unfit_name (0x6969), ==, "NFS");
  g_assert_cmpstr (sluice_ledger_directory_unfit_name (0xff534d42), ==, "CIFS");
  g_assert_cmpstr (sluice_ledger_directory_unfit_name (0x65735546), ==, "FUSE");
  g_assert_null (sluice_ledger_directory_unfit_name (0xef53));     /* ext4 */
  g_assert_null (sluice_ledger_directory_unfit_name (0x9123683e)); /* btrfs */
  g_assert_null (sluice_ledger_directory_unfit_name (0x01021994)); /* tmpfs */
}

int
main (int argc, char *argv[])
{
  test_ledger_init (&argc, &argv);
  g_test_add_func ("/ledger-directory/made", test_is_made);
  g_test_add_func ("/ledger-directory/made-private", test_is_made_private);
  g_test_add_func ("/ledger-directory/of-another", test_of_another);
  g_test_add_func ("/ledger-directory/unusable", test_unusable);
  g_test_add_func ("/ledger-directory/file-systems", test_file_systems);
  return g_test_run ();
}
