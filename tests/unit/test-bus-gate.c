/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bus/sluice-bus-gate.h"

#include "bus/sluice-bus-limits.h"
#include "test-bus-support.h"

#define PATH "/test"
#define INTERFACE "test.Gate"

typedef struct {
  TestBus bus;
  SluiceClock *clock;
  SluiceBusGate *gate;
  GPtrArray *waiting; /* calls of Wait that were not answered */
  guint n_changes;
  guint n_done;
  guint n_refused;
} Fixture;

static void
on_changed (gpointer data)
{
  Fixture *f = data;

  f->n_changes++;
}

static void
on_call (GDBusConnection *connection,
         const char *sender,
         const char *path,
         const char *interface,
         const char *method,
         GVariant *arguments,
         GDBusMethodInvocation *invocation,
         gpointer data)
{
  Fixture *f = data;

  if (g_str_equal (method, "Wait"))
    g_ptr_array_add (f->waiting, invocation);
  else
    g_dbus_method_invocation_return_value (invocation, NULL);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  static const GDBusInterfaceVTable vtable = { .method_call = on_call };
  g_autoptr (GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (
    "<node><interface name='" INTERFACE "'><method name='Wait'/>"
    "<method name='Take'><arg type='s' direction='in'/></method></interface></node>", NULL);

  test_bus_up (&f->bus);
  f->waiting = g_ptr_array_new ();
  f->clock = sluice_clock_new_manual (0, G_USEC_PER_SEC);
  f->gate = sluice_bus_gate_new (f->bus.server, f->clock, on_changed, f);
  g_dbus_connection_register_object (f->bus.server, PATH, node->interfaces[0], &vtable, f, NULL, NULL);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_clear_pointer (&f->gate, sluice_bus_gate_close);
  test_bus_down (&f->bus);
  g_ptr_array_unref (f->waiting);
  g_object_unref (f->clock);
}

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  Fixture *f = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  f->n_done++;
  if (error == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED))
    return;
  g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_RATE_LIMITED);
  f->n_refused++;
}

static void
send (Fixture *f, const char *interface, const char *method)
{
  g_dbus_connection_call (f->bus.client, g_dbus_connection_get_unique_name (f->bus.server), PATH, interface, method,
                          NULL, NULL, G_DBUS_CALL_FLAGS_NONE, 20000, NULL, on_done, f);
}

/* Calls of every kind count, those that GDBus answers by itself too. */
static void
test_rate (Fixture *f, gconstpointer data)
{
  static const char *const calls[][2] = {
    { "org.freedesktop.DBus.Peer", "Ping" },
    { "org.freedesktop.DBus.Introspectable", "Introspect" },
    { "org.freedesktop.DBus.Properties", "GetAll" },
    { INTERFACE, "NotThere" },
  };

  for (guint i = 0; i < SLUICE_BUS_CALLS_PER_SECOND + 20; i++)
    {
      g_autoptr (GError) error = NULL;
      const char *const *call = calls[i % G_N_ELEMENTS (calls)];
      GVariant *arguments = g_str_equal (call[1], "GetAll") ? g_variant_new ("(s)", INTERFACE) : NULL;
      g_autoptr (GVariant) reply = test_bus_call (&f->bus, NULL, PATH, call[0], call[1], arguments, &error);

      if (i >= SLUICE_BUS_CALLS_PER_SECOND)
        g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_RATE_LIMITED);
      else
        g_assert_false (g_error_matches (error, SLUICE_ERROR, SLUICE_ERROR_RATE_LIMITED));
    }
  sluice_clock_advance (f->clock, G_USEC_PER_SEC);
  send (f, "org.freedesktop.DBus.Peer", "Ping");
  test_bus_wait (f->n_done == 1);
  g_assert_cmpuint (f->n_refused, ==, 0);
}

static void
test_pending (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < SLUICE_BUS_MAX_PENDING + 4; i++)
    send (f, INTERFACE, "Wait");
  test_bus_wait (f->n_done == 4 && f->waiting->len == SLUICE_BUS_MAX_PENDING);
  g_assert_cmpuint (f->n_refused, ==, 4);

  for (guint i = 0; i < f->waiting->len; i++)
    g_dbus_method_invocation_return_value (g_ptr_array_index (f->waiting, i), NULL);
  g_ptr_array_set_size (f->waiting, 0);
  test_bus_wait (f->n_done == SLUICE_BUS_MAX_PENDING + 4);
  send (f, INTERFACE, "Wait");
  test_bus_wait (f->waiting->len == 1);
  g_dbus_method_invocation_return_value (g_ptr_array_index (f->waiting, 0), NULL);
  test_bus_wait (f->n_done == SLUICE_BUS_MAX_PENDING + 5);
  g_assert_cmpuint (f->n_refused, ==, 4);
}

static void
test_size (Fixture *f, gconstpointer data)
{
  g_autofree char *text = g_strnfill (1024 * 1024, 'x');
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply
    = test_bus_call (&f->bus, NULL, PATH, INTERFACE, "Take", g_variant_new ("(s)", text), &error);

  g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_BODY_TOO_LARGE);
  text[SLUICE_BUS_MAX_BYTES - 100] = '\0';
  g_clear_error (&error);
  reply = test_bus_call (&f->bus, NULL, PATH, INTERFACE, "Take", g_variant_new ("(s)", text), &error);
  g_assert_no_error (error);
}

/* A caller that goes is forgotten, also in the middle of its calls. */
static void
test_clients (Fixture *f, gconstpointer data)
{
  g_assert_cmpuint (sluice_bus_gate_get_n_clients (f->gate), ==, 0);
  send (f, INTERFACE, "Wait");
  test_bus_wait (f->waiting->len == 1 && f->n_changes == 1);
  g_assert_cmpuint (sluice_bus_gate_get_n_clients (f->gate), ==, 1);

  g_dbus_connection_close (f->bus.client, NULL, NULL, NULL);
  test_bus_wait (f->n_changes == 2);
  g_assert_cmpuint (sluice_bus_gate_get_n_clients (f->gate), ==, 0);
  g_dbus_method_invocation_return_value (g_ptr_array_index (f->waiting, 0), NULL);
}

/* Closed while calls come in: nothing is called afterwards. */
static void
test_close (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < SLUICE_BUS_MAX_PENDING; i++)
    send (f, "org.freedesktop.DBus.Peer", "Ping");
  g_dbus_connection_flush_sync (f->bus.client, NULL, NULL);
  g_clear_pointer (&f->gate, sluice_bus_gate_close);
  test_bus_wait (f->n_done == SLUICE_BUS_MAX_PENDING);
  g_assert_cmpuint (f->n_changes, ==, 0);
}

int
main (int argc, char *argv[])
{
  test_bus_init (&argc, &argv);
#define ADD(name, func) g_test_add ("/bus-gate/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("rate", test_rate);
  ADD ("pending", test_pending);
  ADD ("size", test_size);
  ADD ("clients", test_clients);
  ADD ("close", test_close);
#undef ADD
  return g_test_run ();
}
