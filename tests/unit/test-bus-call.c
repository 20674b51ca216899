/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bus/sluice-bus-call.h"

#include "test-bus-support.h"

#define PATH "/test"
#define INTERFACE "test.Options"

static const SluiceBusOption known[] = { { "timeout-ms", "u" }, { "names", "as" } };

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
  g_autoptr (GVariant) options = g_variant_get_child_value (arguments, 0);

  if (g_str_equal (method, "Fail"))
    {
      g_autoptr (GError) error = g_error_new (G_IO_ERROR, G_IO_ERROR_FAILED, "caf\xe9 is not there");

      sluice_bus_call_refuse (invocation, error);
    }
  else if (sluice_bus_call_check (invocation, options, known, G_N_ELEMENTS (known)))
    g_dbus_method_invocation_return_value (invocation, NULL);
}

static void
set_up (TestBus *bus, gconstpointer data)
{
  static const GDBusInterfaceVTable vtable = { .method_call = on_call };
  g_autoptr (GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (
    "<node><interface name='" INTERFACE "'><method name='Try'><arg type='a{sv}' direction='in'/></method>"
    "<method name='Fail'><arg type='a{sv}' direction='in'/></method></interface></node>", NULL);

  test_bus_up (bus);
  g_dbus_connection_register_object (bus->server, PATH, node->interfaces[0], &vtable, bus, NULL, NULL);
}

static void
tear_down (TestBus *bus, gconstpointer data)
{
  test_bus_down (bus);
}

/* The text of the refusal, "" for none. (transfer full) */
static char *
attempt (TestBus *bus, const char *method, const char *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply
    = test_bus_call (bus, NULL, PATH, INTERFACE, method, g_variant_new_parsed (options), &error);

  if (error == NULL)
    return g_strdup ("");
  g_assert_error (error, SLUICE_ERROR,
                  g_str_equal (method, "Fail") ? SLUICE_ERROR_FAILED : SLUICE_ERROR_INVALID_REQUEST);
  g_dbus_error_strip_remote_error (error);
  return g_strdup (error->message);
}

#define assert_attempt(bus, method, options, wanted)                \
  G_STMT_START                                                      \
  {                                                                 \
    g_autofree char *text_ = attempt ((bus), (method), (options));  \
    g_assert_cmpstr (text_, ==, (wanted));                          \
  }                                                                 \
  G_STMT_END

static void
test_check (TestBus *bus, gconstpointer data)
{
  g_autofree char *stars = g_strnfill (200, '*');
  g_autofree char *long_name = g_strdup_printf ("(@a{sv} {'%s': <1>},)", stars);
  g_autofree char *answer = NULL;

  assert_attempt (bus, "Try", "(@a{sv} {},)", "");
  assert_attempt (bus, "Try", "(@a{sv} {'timeout-ms': <uint32 5>, 'names': <['a', 'b']>},)", "");
  assert_attempt (bus, "Try", "(@a{sv} {'timeout-m': <uint32 5>},)",
                  "unknown option 'timeout-m': leave it out, or see the interface's description");
  assert_attempt (bus, "Try", "(@a{sv} {'': <5>},)",
                  "unknown option '': leave it out, or see the interface's description");
  assert_attempt (bus, "Try", "(@a{sv} {'timeout-ms': <5>},)",
                  "option 'timeout-ms' has a value of type 'i': give one of type 'u'");
  assert_attempt (bus, "Try", "(@a{sv} {'names': <'a'>},)",
                  "option 'names' has a value of type 's': give one of type 'as'");
  assert_attempt (bus, "Try", "(@a{sv} {'timeout-ms': <uint32 5>, 'timeout-ms': <uint32 6>},)",
                  "option 'timeout-ms' is there twice");
  answer = attempt (bus, "Try", long_name);
  g_assert_cmpuint (strlen (answer), <, 200);
}

static void
test_refuse (TestBus *bus, gconstpointer data)
{
  assert_attempt (bus, "Fail", "(@a{sv} {},)", "caf\xef\xbf\xbd is not there");
}

int
main (int argc, char *argv[])
{
  test_bus_init (&argc, &argv);
  g_test_add ("/bus-call/check", TestBus, NULL, set_up, test_check, tear_down);
  g_test_add ("/bus-call/refuse", TestBus, NULL, set_up, test_refuse, tear_down);
  return g_test_run ();
}
