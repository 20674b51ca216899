/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A session bus of the test's own, with a connection for the service and one for its client. Both live in one main
 * loop, so that every call is asynchronous underneath.
 */
#pragma once

#include <gio/gio.h>

#include "shared/sluice-bus-error.h"
#include "shared/sluice-error.h"
#include "shared/sluice-names.h"

typedef struct {
  GTestDBus *dbus;
  GDBusConnection *server;
  GDBusConnection *client;
} TestBus;

static inline void
test_bus_init (int *argc, char ***argv)
{
  g_autofree char *program = g_find_program_in_path ("dbus-daemon");

  g_test_init (argc, argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  sluice_bus_errors_register ();
  if (program != NULL)
    return;
  g_print ("1..0 # SKIP no dbus-daemon\n");
  exit (0);
}

static inline GDBusConnection *
test_bus_connect (TestBus *self)
{
  g_autoptr (GError) error = NULL;
  GDBusConnection *connection = g_dbus_connection_new_for_address_sync (
    g_test_dbus_get_bus_address (self->dbus),
    G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION, NULL, NULL, &error);

  g_assert_no_error (error);
  return connection;
}

static inline void
test_bus_up (TestBus *self)
{
  self->dbus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (self->dbus);
  self->server = test_bus_connect (self);
  self->client = test_bus_connect (self);
}

static inline void
test_bus_down (TestBus *self)
{
  g_clear_object (&self->client);
  g_clear_object (&self->server);
  if (self->dbus != NULL)
    g_test_dbus_down (self->dbus);
  g_clear_object (&self->dbus);
}

static inline void
test_bus_keep (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

/* @to: (nullable): a name; %NULL for the server's unique one. (transfer full) (nullable) */
static inline GVariant *
test_bus_call (TestBus *self,
               const char *to,
               const char *path,
               const char *interface,
               const char *method,
               GVariant *arguments,
               GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  g_dbus_connection_call (self->client, to != NULL ? to : g_dbus_connection_get_unique_name (self->server), path,
                          interface, method, arguments, NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, 20000, NULL,
                          test_bus_keep, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return g_dbus_connection_call_finish (self->client, result, error);
}

/* Iterates the main loop until @condition is true. */
#define test_bus_wait(condition)               \
  while (!(condition))                         \
    g_main_context_iteration (NULL, TRUE)
