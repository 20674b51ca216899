/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/sluice-bus-error.h"

#include "shared/sluice-error.h"
#include "shared/sluice-names.h"

static void
test_every_code_has_a_name (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (int code = 0; code < SLUICE_N_ERRORS; code++)
    {
      g_autoptr (GError) error = g_error_new (SLUICE_ERROR, code, "code %d", code);
      const char *name = sluice_bus_error_name (error);

      g_assert_true (g_dbus_is_interface_name (name));
      g_assert_true (g_str_has_prefix (name, SLUICE_BUS_NAME ".Error."));
      if (!g_hash_table_add (seen, (gpointer) name))
        {
          g_test_message ("code %d has no name of its own", code);
          g_test_fail ();
        }
    }
}

static void
test_there_and_back (void)
{
  sluice_bus_errors_register ();
  sluice_bus_errors_register ();
  for (int code = 0; code < SLUICE_N_ERRORS; code++)
    {
      g_autoptr (GError) error = g_error_new (SLUICE_ERROR, code, "code %d", code);
      g_autofree char *name = g_dbus_error_encode_gerror (error);
      g_autoptr (GError) back = g_dbus_error_new_for_dbus_error (name, "text");

      g_assert_cmpstr (name, ==, sluice_bus_error_name (error));
      g_assert_error (back, SLUICE_ERROR, code);
      g_assert_true (g_dbus_error_strip_remote_error (back));
      g_assert_cmpstr (back->message, ==, "text");
    }
}

static void
test_foreign_errors (void)
{
  g_autoptr (GError) error = g_error_new (G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "not there");

  g_assert_cmpstr (sluice_bus_error_name (error), ==, SLUICE_BUS_NAME ".Error.Failed");
  g_assert_cmpstr (sluice_bus_error_name (NULL), ==, SLUICE_BUS_NAME ".Error.Failed");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/bus-error/every-code-has-a-name", test_every_code_has_a_name);
  g_test_add_func ("/bus-error/there-and-back", test_there_and_back);
  g_test_add_func ("/bus-error/foreign", test_foreign_errors);
  return g_test_run ();
}
