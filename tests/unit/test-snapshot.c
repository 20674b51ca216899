/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "http/sluice-snapshot.h"

static SluiceSnapshot *
snapshot_new (void)
{
  g_autoptr (GHashTable) environment = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (SluiceConfig) config = sluice_config_new_empty (environment);
  g_autoptr (SluiceRouter) router = sluice_router_new (config, NULL);
  SluiceSnapshot *snapshot = sluice_snapshot_new (config, router, NULL, 4321);

  g_assert_true (snapshot->config == config);
  g_assert_true (snapshot->router == router);
  return snapshot;
}

/* It keeps its parts alive: those who made them have let go. */
static void
test_parts (void)
{
  g_autoptr (SluiceSnapshot) snapshot = snapshot_new ();
  SluicePresented presented = { .same_user = TRUE };
  SluiceIdentity identity = { NULL, FALSE };
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (snapshot->port, ==, 4321);
  g_assert_true (snapshot->settings == sluice_config_get_settings (snapshot->config));
  g_assert_cmpint (snapshot->settings->port, ==, 4000);
  g_assert_cmpuint (sluice_router_get_groups (snapshot->router)->len, ==, 0);
  g_assert_true (sluice_access_check (snapshot->access, &presented, &identity, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (identity.account, ==, "this-computer");
}

static void
test_references (void)
{
  SluiceSnapshot *first = snapshot_new ();
  g_autoptr (SluiceSnapshot) second = sluice_snapshot_ref (first);

  g_assert_true (first == second);
  sluice_snapshot_unref (first);
  g_assert_cmpint (second->settings->port, ==, 4000);
}

static gpointer
use (gpointer data)
{
  for (guint i = 0; i < 1000; i++)
    {
      g_autoptr (SluiceSnapshot) snapshot = sluice_snapshot_ref (data);

      g_assert_cmpint (snapshot->settings->port, ==, 4000);
    }
  sluice_snapshot_unref (data);
  return NULL;
}

static void
test_threads (void)
{
  g_autoptr (SluiceSnapshot) snapshot = snapshot_new ();
  GThread *threads[4];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("user", use, sluice_snapshot_ref (snapshot));
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_assert_cmpint (snapshot->settings->port, ==, 4000);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/snapshot/parts", test_parts);
  g_test_add_func ("/snapshot/references", test_references);
  g_test_add_func ("/snapshot/threads", test_threads);
  return g_test_run ();
}
