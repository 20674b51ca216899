/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bus/sluice-bus.h"

#include <unistd.h>

#include "test-bus-support.h"

typedef struct {
  TestBus bus;
  SluiceClock *clock;
  SluiceBusRoot *root;
  SluiceBus *sluice;
  char *taken; /* what was said */
  guint n_activities;
} Fixture;

static guint n_warnings;

static GLogWriterOutput
count_warnings (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
  if ((level & G_LOG_LEVEL_MASK) == G_LOG_LEVEL_WARNING)
    n_warnings++;
  return (level & G_LOG_LEVEL_MASK) < G_LOG_LEVEL_WARNING ? g_log_writer_default (level, fields, n_fields, data)
                                                          : G_LOG_WRITER_HANDLED;
}

static void
on_taken (const GError *error, gpointer data)
{
  Fixture *f = data;

  g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_LOCKED);
  f->taken = g_strdup (error->message);
}

static void
on_activity (gpointer data)
{
  Fixture *f = data;

  f->n_activities++;
}

static void
set_up (Fixture *f, gconstpointer data)
{
  const SluiceBusRootFuncs root_funcs = { 0 };
  const SluiceBusFuncs funcs = { on_taken, on_activity };

  n_warnings = 0;
  f->clock = sluice_clock_new ();
  f->root = sluice_bus_root_new (&root_funcs, f, 1);
  f->sluice = sluice_bus_new (f->root, f->clock, &funcs, f);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  sluice_bus_stop (f->sluice);
  /* what was under way holds a reference until it has noticed */
  g_object_add_weak_pointer (G_OBJECT (f->root), (gpointer *) &f->root);
  g_object_unref (f->sluice);
  g_object_unref (f->root);
  test_bus_wait (f->root == NULL);
  test_bus_down (&f->bus);
  g_object_unref (f->clock);
  g_free (f->taken);
}

static char *
get_state (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply
    = test_bus_call (&f->bus, SLUICE_BUS_NAME, SLUICE_OBJECT_PATH, "org.freedesktop.DBus.Properties", "Get",
                     g_variant_new ("(ss)", SLUICE_BUS_NAME, "State"), &error);
  g_autoptr (GVariant) value = NULL;

  g_assert_no_error (error);
  g_variant_get (reply, "(v)", &value);
  return g_variant_dup_string (value, NULL);
}

static void
assert_serves (Fixture *f)
{
  g_autofree char *state = NULL;

  test_bus_wait (sluice_bus_is_owner (f->sluice));
  state = get_state (f);
  g_assert_cmpstr (state, ==, "starting");
}

static void
test_owns (Fixture *f, gconstpointer data)
{
  test_bus_up (&f->bus);
  sluice_bus_start (f->sluice);
  assert_serves (f);
  g_assert_cmpuint (n_warnings, ==, 0);
  test_bus_wait (f->n_activities == 1);
  g_assert_cmpuint (sluice_bus_get_n_clients (f->sluice), ==, 1);
  g_dbus_connection_close (f->bus.client, NULL, NULL, NULL);
  test_bus_wait (f->n_activities == 2);
  g_assert_cmpuint (sluice_bus_get_n_clients (f->sluice), ==, 0);
}

static void
test_taken (Fixture *f, gconstpointer data)
{
  g_autofree char *who = g_strdup_printf ("belongs to process %d:", (int) getpid ());
  guint id;

  test_bus_up (&f->bus);
  id = g_bus_own_name_on_connection (f->bus.server, SLUICE_BUS_NAME, G_BUS_NAME_OWNER_FLAGS_NONE, NULL, NULL, NULL,
                                     NULL);
  g_dbus_connection_flush_sync (f->bus.server, NULL, NULL);
  sluice_bus_start (f->sluice);
  test_bus_wait (f->taken != NULL);
  g_assert_nonnull (strstr (f->taken, who));
  g_assert_false (sluice_bus_is_owner (f->sluice));
  g_bus_unown_name (id);
}

/* The bus dies and comes back at another address; one warning each time. */
static void
test_lost (Fixture *f, gconstpointer data)
{
  test_bus_up (&f->bus);
  sluice_bus_start (f->sluice);
  for (guint i = 0; i < 2; i++)
    {
      assert_serves (f);
      test_bus_down (&f->bus);
      test_bus_wait (!sluice_bus_is_owner (f->sluice));
      g_assert_cmpuint (n_warnings, ==, i + 1);
      sluice_bus_root_set_state (f->root, SLUICE_BUS_RUNNING, NULL);
      sluice_bus_root_set_state (f->root, SLUICE_BUS_STARTING, NULL);
      test_bus_up (&f->bus);
    }
  assert_serves (f);
}

/* No bus at all, one that is not there yet, and an address that is none. */
static void
test_none (Fixture *f, gconstpointer data)
{
  static const char *const addresses[] = { NULL, "unix:path=/nonexistent", "nonsense" };
  const char *address = addresses[GPOINTER_TO_INT (data)];

  if (address != NULL)
    g_setenv ("DBUS_SESSION_BUS_ADDRESS", address, TRUE);
  else
    g_unsetenv ("DBUS_SESSION_BUS_ADDRESS");
  sluice_bus_start (f->sluice);
  test_bus_wait (n_warnings == 1);
  g_assert_false (sluice_bus_is_owner (f->sluice));
  g_assert_cmpuint (sluice_bus_get_n_clients (f->sluice), ==, 0);
  test_bus_up (&f->bus);
  assert_serves (f);
  g_assert_cmpuint (n_warnings, ==, 1);
}

/* Stopped at any point of its start. */
static void
test_stop (Fixture *f, gconstpointer data)
{
  test_bus_up (&f->bus);
  sluice_bus_start (f->sluice);
  for (int i = 0; i < GPOINTER_TO_INT (data); i++)
    g_main_context_iteration (NULL, TRUE);
  sluice_bus_stop (f->sluice);
  sluice_bus_stop (f->sluice);
  g_assert_false (sluice_bus_is_owner (f->sluice));
}

int
main (int argc, char *argv[])
{
  test_bus_init (&argc, &argv);
  g_log_set_writer_func (count_warnings, NULL, NULL);
#define ADD(name, func, data) g_test_add ("/bus/" name, Fixture, GINT_TO_POINTER (data), set_up, func, tear_down)
  ADD ("owns", test_owns, 0);
  ADD ("taken", test_taken, 0);
  ADD ("lost", test_lost, 0);
  ADD ("none/no-address", test_none, 0);
  ADD ("none/no-socket", test_none, 1);
  ADD ("none/no-sense", test_none, 2);
  ADD ("stop/at-once", test_stop, 0);
  ADD ("stop/after-one", test_stop, 1);
  ADD ("stop/after-two", test_stop, 2);
#undef ADD
  return g_test_run ();
}
