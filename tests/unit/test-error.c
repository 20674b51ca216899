/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/sluice-error.h"

#include <gio/gio.h>

static void
test_every_code_has_a_face (void)
{
  for (int code = 0; code < SLUICE_N_ERRORS; code++)
    {
      g_autoptr (GError) error = g_error_new (SLUICE_ERROR, code, "code %d", code);
      const SluiceErrorFace *face = sluice_error_face (error);

      g_assert_cmpuint (face->status, >=, 400);
      g_assert_cmpuint (face->status, <, 600);
      g_assert_nonnull (face->type);
    }
}

static void
test_foreign_errors (void)
{
  g_autoptr (GError) error = g_error_new (G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "not there");

  g_assert_cmpuint (sluice_error_face (error)->status, ==, 500);
  g_assert_cmpuint (sluice_error_face (NULL)->status, ==, 500);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/error/every-code-has-a-face", test_every_code_has_a_face);
  g_test_add_func ("/error/foreign", test_foreign_errors);
  return g_test_run ();
}
