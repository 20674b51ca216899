/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "router/sluice-remote-models.h"

#define BASE "http://127.0.0.1:11434"

static void
test_contains (void)
{
  g_autoptr (SluiceRemoteModels) remote = sluice_remote_models_new ();

  sluice_remote_models_add (remote, BASE, "Copy:latest");
  sluice_remote_models_add (remote, BASE, "other:8b");
  g_assert_true (sluice_remote_models_contains (remote, BASE, "copy"));
  g_assert_true (sluice_remote_models_contains (remote, BASE, "COPY:latest "));
  g_assert_true (sluice_remote_models_contains (remote, BASE, "other:8b"));
  g_assert_false (sluice_remote_models_contains (remote, BASE, "other"));
  g_assert_false (sluice_remote_models_contains (remote, "http://127.0.0.1:1", "copy"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/remote-models/contains", test_contains);
  return g_test_run ();
}
