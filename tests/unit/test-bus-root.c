/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bus/sluice-bus-root.h"

#include "config/sluice-finding.h"
#include "test-bus-support.h"

#define START_US G_GINT64_CONSTANT (1768480496000000)

typedef struct {
  TestBus bus;
  SluiceBusRoot *root;
  GQueue tasks; /* of the policy and of reloads, not answered */
  GQueue asked; /* (element-type utf8) */
  guint n_drains;
  gint64 timeout_ms;
  GString *changes; /* of properties, as the client saw them */
  guint n_done;
} Fixture;

static GPtrArray *
dup_findings (gpointer data)
{
  GPtrArray *findings = g_ptr_array_new_with_free_func ((GDestroyNotify) sluice_finding_free);

  g_ptr_array_add (findings, sluice_finding_new (SLUICE_FINDING_ERROR, "config.yaml", 3, 7, "model_list[0].x", "bad"));
  g_ptr_array_add (findings, sluice_finding_new (SLUICE_FINDING_WARNING, "caf\xe9", 0, 0, NULL, "odd"));
  return findings;
}

static void
set_policy (const char *policy, const char *actor, GTask *task, gpointer data)
{
  Fixture *f = data;

  g_queue_push_tail (&f->asked, g_strdup (policy));
  g_queue_push_tail (&f->tasks, task);
}

static void
reload (GTask *task, gpointer data)
{
  Fixture *f = data;

  g_queue_push_tail (&f->tasks, task);
}

static void
drain (gint64 timeout_ms, gpointer data)
{
  Fixture *f = data;

  f->n_drains++;
  f->timeout_ms = timeout_ms;
}

static void
on_signal (GDBusConnection *connection,
           const char *sender,
           const char *path,
           const char *interface,
           const char *name,
           GVariant *arguments,
           gpointer data)
{
  Fixture *f = data;
  g_autoptr (GVariant) changed = g_variant_get_child_value (arguments, 1);
  g_autofree char *text = g_variant_print (changed, FALSE);

  g_string_append (f->changes, text);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  const SluiceBusRootFuncs funcs = { dup_findings, set_policy, reload, drain };
  g_autoptr (GError) error = NULL;

  test_bus_up (&f->bus);
  f->changes = g_string_new (NULL);
  f->root = sluice_bus_root_new (&funcs, f, START_US);
  g_dbus_interface_skeleton_export (G_DBUS_INTERFACE_SKELETON (f->root), f->bus.server, SLUICE_OBJECT_PATH, &error);
  g_assert_no_error (error);
  g_dbus_connection_signal_subscribe (f->bus.client, g_dbus_connection_get_unique_name (f->bus.server),
                                      "org.freedesktop.DBus.Properties", "PropertiesChanged", SLUICE_OBJECT_PATH, NULL,
                                      G_DBUS_SIGNAL_FLAGS_NONE, on_signal, f, NULL);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_dbus_interface_skeleton_unexport (G_DBUS_INTERFACE_SKELETON (f->root));
  g_assert_cmpuint (g_queue_get_length (&f->tasks), ==, 0);
  g_queue_clear_full (&f->asked, g_free);
  g_clear_object (&f->root);
  test_bus_down (&f->bus);
  g_string_free (f->changes, TRUE);
}

/* The answer as text, or the error's name. (transfer full) */
static char *
call (Fixture *f, const char *interface, const char *method, const char *arguments)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = test_bus_call (&f->bus, NULL, SLUICE_OBJECT_PATH, interface, method,
                                              g_variant_new_parsed (arguments), &error);

  return reply != NULL ? g_variant_print (reply, FALSE) : g_dbus_error_get_remote_error (error);
}

#define assert_call(f, interface, method, arguments, wanted)                        \
  G_STMT_START                                                                      \
  {                                                                                 \
    g_autofree char *text_ = call ((f), (interface), (method), (arguments));        \
    g_assert_cmpstr (text_, ==, (wanted));                                          \
  }                                                                                 \
  G_STMT_END

#define assert_property(f, name, wanted) \
  assert_call (f, "org.freedesktop.DBus.Properties", "Get", "('" SLUICE_BUS_NAME "', '" name "')", "(<" wanted ">,)")

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  Fixture *f = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  g_autofree char *name = error != NULL ? g_dbus_error_get_remote_error (error) : NULL;

  g_string_append_printf (f->changes, "[%s]", name != NULL ? name : "done");
  f->n_done++;
}

static void
send (Fixture *f, const char *method, const char *arguments)
{
  g_dbus_connection_call (f->bus.client, g_dbus_connection_get_unique_name (f->bus.server), SLUICE_OBJECT_PATH,
                          SLUICE_BUS_NAME, method, g_variant_new_parsed (arguments), NULL, G_DBUS_CALL_FLAGS_NONE,
                          20000, NULL, on_done, f);
}

static void
succeed (Fixture *f)
{
  g_autoptr (GTask) task = g_queue_pop_head (&f->tasks);
  g_autofree char *policy = g_queue_pop_head (&f->asked);

  sluice_bus_root_set_cloud_policy (f->root, policy);
  g_task_return_boolean (task, TRUE);
}

static void
test_properties (Fixture *f, gconstpointer data)
{
  static const char *const addresses[] = { "http://127.0.0.1:4000", NULL };
  static const char *const reasons[] = { "ledger-unavailable: caf\xe9", NULL };

  assert_property (f, "ApiRevision", "uint32 1");
  assert_property (f, "StartTime", "uint64 1768480496000000");
  assert_property (f, "Addresses", "@as []");
  assert_property (f, "State", "'starting'");
  assert_property (f, "StateReasons", "@as []");
  assert_property (f, "CloudPolicy", "'fallback'");
  assert_property (f, "CloudFallback", "true");

  sluice_bus_root_set_addresses (f->root, addresses);
  sluice_bus_root_set_state (f->root, SLUICE_BUS_RUNNING, NULL);
  assert_property (f, "Addresses", "['http://127.0.0.1:4000']");
  assert_property (f, "State", "'running'");
  assert_property (f, "StateReasons", "@as []");
  g_string_truncate (f->changes, 0);
  sluice_bus_root_set_state (f->root, SLUICE_BUS_DEGRADED, reasons);
  assert_property (f, "State", "'degraded'");
  assert_property (f, "StateReasons", "['ledger-unavailable: caf\xef\xbf\xbd']");
  g_assert_cmpstr (f->changes->str, ==,
                   "{'StateReasons': <['ledger-unavailable: caf\xef\xbf\xbd']>, 'State': <'degraded'>}");

  sluice_bus_root_set_cloud_policy (f->root, "off");
  assert_property (f, "CloudFallback", "false");
  assert_call (f, "org.freedesktop.DBus.Properties", "Set", "('" SLUICE_BUS_NAME "', 'State', <'running'>)",
               "org.freedesktop.DBus.Error.InvalidArgs");
}

static void
test_findings (Fixture *f, gconstpointer data)
{
  assert_call (f, SLUICE_BUS_NAME, "ConfigFindings", "(@a{sv} {},)",
               "([{'level': <'error'>, 'file': <'config.yaml'>, 'line': <uint32 3>, 'column': <uint32 7>, "
               "'path': <'model_list[0].x'>, 'message': <'bad'>}, "
               "{'level': <'warning'>, 'file': <'caf\xef\xbf\xbd'>, 'message': <'odd'>}],)");
  assert_call (f, SLUICE_BUS_NAME, "ConfigFindings", "({'limit': <5>},)", SLUICE_BUS_NAME ".Error.InvalidRequest");
}

/* Answered when it is stored, and not before the change is seen. */
static void
test_policy (Fixture *f, gconstpointer data)
{
  g_autoptr (GTask) task = NULL;

  send (f, "SetCloudPolicy", "('off', @a{sv} {})");
  test_bus_wait (g_queue_get_length (&f->tasks) == 1);
  assert_property (f, "CloudPolicy", "'fallback'");
  g_assert_cmpuint (f->n_done, ==, 0);
  succeed (f);
  test_bus_wait (f->n_done == 1);
  g_assert_cmpstr (f->changes->str, ==, "{'CloudFallback': <false>, 'CloudPolicy': <'off'>}[done]");

  send (f, "SetCloudPolicy", "('explicit', @a{sv} {})");
  test_bus_wait (g_queue_get_length (&f->tasks) == 1);
  task = g_queue_pop_head (&f->tasks);
  g_task_return_new_error (task, SLUICE_ERROR, SLUICE_ERROR_LEDGER_UNAVAILABLE, "no");
  test_bus_wait (f->n_done == 2);
  g_assert_true (g_str_has_suffix (f->changes->str, "[" SLUICE_BUS_NAME ".Error.LedgerUnavailable]"));
  assert_property (f, "CloudPolicy", "'off'");

  assert_call (f, SLUICE_BUS_NAME, "SetCloudPolicy", "('Off', @a{sv} {})", SLUICE_BUS_NAME ".Error.InvalidRequest");
  assert_call (f, SLUICE_BUS_NAME, "SetCloudPolicy", "('', @a{sv} {})", SLUICE_BUS_NAME ".Error.InvalidRequest");
  assert_call (f, SLUICE_BUS_NAME, "SetCloudPolicy", "('off', {'x': <1>})", SLUICE_BUS_NAME ".Error.InvalidRequest");
  assert_call (f, SLUICE_BUS_NAME, "SetCloudPolicy", "('off',)", "org.freedesktop.DBus.Error.InvalidArgs");
}

static void
test_fallback (Fixture *f, gconstpointer data)
{
  send (f, "SetCloudFallback", "(false, @a{sv} {})");
  test_bus_wait (g_queue_get_length (&f->tasks) == 1);
  g_assert_cmpstr (g_queue_peek_head (&f->asked), ==, "explicit");
  succeed (f);
  send (f, "SetCloudFallback", "(true, @a{sv} {})");
  test_bus_wait (g_queue_get_length (&f->tasks) == 1 && f->n_done == 1);
  g_assert_cmpstr (g_queue_peek_head (&f->asked), ==, "fallback");
  succeed (f);
  test_bus_wait (f->n_done == 2);

  /* neither an "off" that stands nor one on its way is opened by the switch */
  send (f, "SetCloudPolicy", "('off', @a{sv} {})");
  assert_call (f, SLUICE_BUS_NAME, "SetCloudFallback", "(true, @a{sv} {})", "()");
  g_assert_cmpuint (g_queue_get_length (&f->tasks), ==, 1);
  succeed (f);
  test_bus_wait (f->n_done == 3);
  assert_call (f, SLUICE_BUS_NAME, "SetCloudFallback", "(true, @a{sv} {})", "()");
  assert_call (f, SLUICE_BUS_NAME, "SetCloudFallback", "(false, @a{sv} {})", "()");
  assert_property (f, "CloudPolicy", "'off'");

  /* and one that could not be stored does not count */
  sluice_bus_root_set_cloud_policy (f->root, "explicit");
  send (f, "SetCloudPolicy", "('off', @a{sv} {})");
  test_bus_wait (g_queue_get_length (&f->tasks) == 1);
  {
    g_autoptr (GTask) task = g_queue_pop_head (&f->tasks);

    g_free (g_queue_pop_head (&f->asked));
    g_task_return_new_error (task, SLUICE_ERROR, SLUICE_ERROR_LEDGER_UNAVAILABLE, "no");
  }
  test_bus_wait (f->n_done == 4);
  send (f, "SetCloudFallback", "(true, @a{sv} {})");
  test_bus_wait (g_queue_get_length (&f->tasks) == 1);
  succeed (f);
  test_bus_wait (f->n_done == 5);
  assert_property (f, "CloudFallback", "true");
}

static void
test_reload (Fixture *f, gconstpointer data)
{
  g_autoptr (GTask) first = NULL;
  g_autoptr (GTask) second = NULL;

  send (f, "Reload", "(@a{sv} {},)");
  send (f, "Reload", "(@a{sv} {},)");
  test_bus_wait (g_queue_get_length (&f->tasks) == 2);
  first = g_queue_pop_head (&f->tasks);
  second = g_queue_pop_head (&f->tasks);
  g_task_return_int (first, 0);
  test_bus_wait (f->n_done == 1);
  g_task_return_new_error (second, SLUICE_ERROR, SLUICE_ERROR_CONFIG, "config.yaml:1:1: error: no");
  test_bus_wait (f->n_done == 2);
  g_assert_cmpstr (f->changes->str, ==, "[done][" SLUICE_BUS_NAME ".Error.ConfigInvalid]");
}

static void
test_drain (Fixture *f, gconstpointer data)
{
  assert_call (f, SLUICE_BUS_NAME, "Drain", "({'timeout-ms': <5>},)", SLUICE_BUS_NAME ".Error.InvalidRequest");
  assert_call (f, SLUICE_BUS_NAME, "Drain", "({'timeout-ms': <uint32 3600001>},)",
               SLUICE_BUS_NAME ".Error.InvalidRequest");
  assert_call (f, SLUICE_BUS_NAME, "Drain", "({'timeout': <uint32 5>},)", SLUICE_BUS_NAME ".Error.InvalidRequest");
  g_assert_cmpuint (f->n_drains, ==, 0);
  assert_property (f, "State", "'starting'");

  assert_call (f, SLUICE_BUS_NAME, "Drain", "(@a{sv} {},)", "()");
  g_assert_cmpint (f->timeout_ms, ==, -1);
  assert_call (f, SLUICE_BUS_NAME, "Drain", "({'timeout-ms': <uint32 0>},)", "()");
  g_assert_cmpint (f->timeout_ms, ==, 0);
  g_assert_cmpuint (f->n_drains, ==, 2);
  assert_property (f, "State", "'draining'");
}

static void
test_stop (Fixture *f, gconstpointer data)
{
  sluice_bus_root_stop (f->root);
  assert_call (f, SLUICE_BUS_NAME, "Reload", "(@a{sv} {},)", SLUICE_BUS_NAME ".Error.ShuttingDown");
  assert_call (f, SLUICE_BUS_NAME, "Drain", "(@a{sv} {},)", SLUICE_BUS_NAME ".Error.ShuttingDown");
  assert_property (f, "State", "'starting'");
}

int
main (int argc, char *argv[])
{
  test_bus_init (&argc, &argv);
#define ADD(name, func) g_test_add ("/bus-root/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("properties", test_properties);
  ADD ("findings", test_findings);
  ADD ("policy", test_policy);
  ADD ("fallback", test_fallback);
  ADD ("reload", test_reload);
  ADD ("drain", test_drain);
  ADD ("stop", test_stop);
#undef ADD
  return g_test_run ();
}
