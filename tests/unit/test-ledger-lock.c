/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/sluice-ledger-lock-private.h"

#include <sys/stat.h>
#include <unistd.h>

#include "shared/sluice-error.h"
#include "test-ledger-support.h"

typedef TestPlace Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  test_place_init (f, SLUICE_LOCK_FILE);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  test_place_clear (f);
}

static void
test_second_names_first (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *pid = g_strdup_printf ("(pid %d, since 2026-01-15T12:34:56Z)", (int) getpid ());
  g_autoptr (SluiceLedgerLock) first = sluice_ledger_lock_take (f->directory, f->clock, &error);
  SluiceLedgerLock *second;
  struct stat buffer;

  g_assert_no_error (error);
  second = sluice_ledger_lock_take (f->directory, f->clock, &error);
  g_assert_null (second);
  g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_LOCKED);
  g_assert_nonnull (strstr (error->message, pid));
  g_clear_error (&error);

  g_assert_no_errno (stat (f->path, &buffer));
  g_assert_cmpuint (buffer.st_mode & 0777, ==, 0600);

  sluice_ledger_lock_free (g_steal_pointer (&first));
  second = sluice_ledger_lock_take (f->directory, f->clock, &error);
  g_assert_no_error (error);
  sluice_ledger_lock_free (second);
}

/* What stands in the file of somebody else is not repeated blindly. */
static void
test_odd_content (Fixture *f, gconstpointer data)
{
  static const char *const contents[] = { "", "\n", "abc\n", "-5\n\n", "99999999999999\n", "7\n\xff\n" };

  for (guint i = 0; i < G_N_ELEMENTS (contents); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (SluiceLedgerLock) first = sluice_ledger_lock_take (f->directory, f->clock, &error);
      FILE *file;

      g_assert_no_error (error);
      /* not g_file_set_contents(), which would put another file in its place */
      file = g_fopen (f->path, "w");
      g_assert_nonnull (file);
      fputs (contents[i], file);
      fclose (file);
      g_assert_null (sluice_ledger_lock_take (f->directory, f->clock, &error));
      g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_LOCKED);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      g_assert_nonnull (strstr (error->message, i == 5 ? "(pid 7)" : "(pid not known)"));
    }
}

static void
test_no_plain_file (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_no_errno (symlink ("elsewhere", f->path));
  g_assert_null (sluice_ledger_lock_take (f->directory, f->clock, &error));
  g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_STORAGE);
  g_clear_error (&error);

  g_assert_no_errno (g_unlink (f->path));
  g_assert_no_errno (mkfifo (f->path, 0600));
  g_assert_null (sluice_ledger_lock_take (f->directory, f->clock, &error));
  g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_STORAGE);
}

int
main (int argc, char *argv[])
{
  test_ledger_init (&argc, &argv);
  g_test_add ("/ledger-lock/second-names-first", Fixture, NULL, set_up, test_second_names_first, tear_down);
  g_test_add ("/ledger-lock/odd-content", Fixture, NULL, set_up, test_odd_content, tear_down);
  g_test_add ("/ledger-lock/no-plain-file", Fixture, NULL, set_up, test_no_plain_file, tear_down);
  return g_test_run ();
}
