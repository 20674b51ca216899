/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_LOG_DOMAIN "sluice-bus"

#include "bus/sluice-bus.h"

#include "bus/sluice-bus-gate.h"
#include "shared/sluice-bus-error.h"
#include "shared/sluice-error.h"
#include "shared/sluice-names.h"

#define BUS_NAME "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"

/* From the D-Bus specification: RequestName. */
#define FLAG_DO_NOT_QUEUE 4
#define REPLY_PRIMARY_OWNER 1
#define REPLY_EXISTS 3
#define REPLY_ALREADY_OWNER 4

struct _SluiceBus {
  GObject parent_instance;

  SluiceBusRoot *root; /* (owned) */
  SluiceClock *clock;  /* (owned) */
  SluiceBusFuncs funcs;
  gpointer user_data; /* unowned */

  GCancellable *cancellable;   /* (owned) (nullable): while it runs */
  GDBusConnection *connection; /* (owned) (nullable) */
  SluiceBusGate *gate;         /* (owned) (nullable): with the connection */
  gulong closed_id;
  guint retry_source;
  guint retry_ms; /* the next wait */
  gboolean is_owner;
  gboolean has_warned; /* and has not been on the bus since */
};

G_DEFINE_FINAL_TYPE (SluiceBus, sluice_bus, G_TYPE_OBJECT)

static void connect_to_bus (SluiceBus *self);

static void
sluice_bus_dispose (GObject *object)
{
  SluiceBus *self = SLUICE_BUS (object);

  sluice_bus_stop (self);
  g_clear_object (&self->root);
  g_clear_object (&self->clock);
  G_OBJECT_CLASS (sluice_bus_parent_class)->dispose (object);
}

static void
sluice_bus_class_init (SluiceBusClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sluice_bus_dispose;
}

static void
sluice_bus_init (SluiceBus *self)
{
  self->retry_ms = SLUICE_BUS_FIRST_RETRY_MS;
}

/* Forgets the connection, which is closed or will be. */
static void
drop_connection (SluiceBus *self)
{
  self->is_owner = FALSE;
  if (self->connection == NULL)
    return;

  g_clear_signal_handler (&self->closed_id, self->connection);
  g_clear_pointer (&self->gate, sluice_bus_gate_close);
  if (g_dbus_interface_skeleton_has_connection (G_DBUS_INTERFACE_SKELETON (self->root), self->connection))
    g_dbus_interface_skeleton_unexport (G_DBUS_INTERFACE_SKELETON (self->root));
  g_clear_object (&self->connection);
}

static gboolean
on_retry (gpointer data)
{
  SluiceBus *self = data;

  self->retry_source = 0;
  connect_to_bus (self);
  return G_SOURCE_REMOVE;
}

/* Something failed with the bus: says so, once, and tries again later. */
static void
fail (SluiceBus *self, const char *why)
{
  drop_connection (self);
  if (!self->has_warned)
    g_warning ("not on the session bus, HTTP goes on without it: %s", why);
  else
    g_debug ("still not on the session bus: %s", why);
  self->has_warned = TRUE;
  self->retry_source = g_timeout_add (self->retry_ms, on_retry, self);
  self->retry_ms = MIN (self->retry_ms * 2, SLUICE_BUS_LAST_RETRY_MS);
}

static void
on_closed (GDBusConnection *connection, gboolean by_peer, GError *error, gpointer data)
{
  SluiceBus *self = data;

  fail (self, error != NULL ? error->message : "the connection was closed");
}

static void
on_changed (gpointer data)
{
  SluiceBus *self = data;

  if (self->funcs.activity != NULL)
    self->funcs.activity (self->user_data);
}

static void
on_holder (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (SluiceBus) self = data;
  g_autoptr (GError) failure = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &failure);
  g_autofree char *who = NULL;

  if (g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_CANCELLED) || G_DBUS_CONNECTION (source) != self->connection)
    return;
  if (reply != NULL)
    {
      guint32 pid;

      g_variant_get (reply, "(u)", &pid);
      who = g_strdup_printf ("process %u", pid);
    }
  g_set_error (&error, SLUICE_ERROR, SLUICE_ERROR_LOCKED,
               "the name %s on the session bus belongs to %s: stop it first, or start this one on another bus",
               SLUICE_BUS_NAME, who != NULL ? who : "another process");
  drop_connection (self);
  self->funcs.taken (error, self->user_data);
}

static void
call_bus (SluiceBus *self, const char *method, GVariant *arguments, GAsyncReadyCallback callback)
{
  g_dbus_connection_call (self->connection, BUS_NAME, BUS_PATH, BUS_NAME, method, arguments,
                          G_VARIANT_TYPE ("(u)"), G_DBUS_CALL_FLAGS_NONE, -1, self->cancellable, callback,
                          g_object_ref (self));
}

static void
on_requested (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (SluiceBus) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  guint32 code;

  /* cancelled, or the connection was lost meanwhile, which has been dealt with */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) || G_DBUS_CONNECTION (source) != self->connection)
    return;
  if (reply == NULL)
    {
      g_dbus_connection_close (self->connection, NULL, NULL, NULL);
      fail (self, error->message);
      return;
    }

  g_variant_get (reply, "(u)", &code);
  if (code != REPLY_PRIMARY_OWNER && code != REPLY_ALREADY_OWNER)
    {
      call_bus (self, "GetConnectionUnixProcessID", g_variant_new ("(s)", SLUICE_BUS_NAME), on_holder);
      return;
    }
  if (self->has_warned)
    g_message ("on the session bus as %s", SLUICE_BUS_NAME);
  self->is_owner = TRUE;
  self->has_warned = FALSE;
  self->retry_ms = SLUICE_BUS_FIRST_RETRY_MS;
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (SluiceBus) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) connection = g_dbus_connection_new_for_address_finish (result, &error);

  /* the connection may have been made all the same when it was stopped */
  if (self->cancellable == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (connection == NULL)
    {
      fail (self, error->message);
      return;
    }

  self->connection = g_steal_pointer (&connection);
  g_dbus_connection_set_exit_on_close (self->connection, FALSE);
  self->closed_id = g_signal_connect (self->connection, "closed", G_CALLBACK (on_closed), self);
  self->gate = sluice_bus_gate_new (self->connection, self->clock, on_changed, self);
  if (!g_dbus_interface_skeleton_export (G_DBUS_INTERFACE_SKELETON (self->root), self->connection,
                                         SLUICE_OBJECT_PATH, &error))
    {
      fail (self, error->message);
      return;
    }
  call_bus (self, "RequestName", g_variant_new ("(su)", SLUICE_BUS_NAME, FLAG_DO_NOT_QUEUE), on_requested);
}

/* GIO would start a bus of its own where there is none; we do not. (transfer full) (nullable) */
static char *
find_address (void)
{
  const char *address = g_getenv ("DBUS_SESSION_BUS_ADDRESS");
  const char *directory = g_getenv ("XDG_RUNTIME_DIR");
  g_autofree char *path = NULL;
  g_autofree char *escaped = NULL;

  if (address != NULL && *address != '\0')
    return g_strdup (address);
  if (directory == NULL || *directory == '\0')
    return NULL;
  path = g_build_filename (directory, "bus", NULL);
  escaped = g_dbus_address_escape_value (path);
  return g_strconcat ("unix:path=", escaped, NULL);
}

static void
connect_to_bus (SluiceBus *self)
{
  g_autofree char *address = find_address ();

  if (address == NULL)
    {
      fail (self, "neither DBUS_SESSION_BUS_ADDRESS nor XDG_RUNTIME_DIR is set");
      return;
    }
  g_dbus_connection_new_for_address (address,
                                     G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT
                                       | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                     NULL, self->cancellable, on_connected, g_object_ref (self));
}

SluiceBus *
sluice_bus_new (SluiceBusRoot *root, SluiceClock *clock, const SluiceBusFuncs *funcs, gpointer user_data)
{
  SluiceBus *self;

  g_return_val_if_fail (SLUICE_IS_BUS_ROOT (root), NULL);
  g_return_val_if_fail (SLUICE_IS_CLOCK (clock), NULL);
  g_return_val_if_fail (funcs != NULL && funcs->taken != NULL, NULL);

  self = g_object_new (SLUICE_TYPE_BUS, NULL);
  self->root = g_object_ref (root);
  self->clock = g_object_ref (clock);
  self->funcs = *funcs;
  self->user_data = user_data;
  return self;
}

void
sluice_bus_start (SluiceBus *self)
{
  g_return_if_fail (SLUICE_IS_BUS (self));
  g_return_if_fail (self->cancellable == NULL);

  sluice_bus_errors_register ();
  self->cancellable = g_cancellable_new ();
  connect_to_bus (self);
}

static void
on_flushed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_dbus_connection_flush_finish (G_DBUS_CONNECTION (source), result, NULL);
  g_dbus_connection_close (G_DBUS_CONNECTION (source), NULL, NULL, NULL);
}

void
sluice_bus_stop (SluiceBus *self)
{
  g_return_if_fail (SLUICE_IS_BUS (self));

  if (self->cancellable == NULL)
    return;

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_handle_id (&self->retry_source, g_source_remove);
  if (self->connection != NULL)
    {
      g_dbus_interface_skeleton_flush (G_DBUS_INTERFACE_SKELETON (self->root));
      g_dbus_connection_flush (self->connection, NULL, on_flushed, NULL);
    }
  drop_connection (self);
}

gboolean
sluice_bus_is_owner (SluiceBus *self)
{
  g_return_val_if_fail (SLUICE_IS_BUS (self), FALSE);

  return self->is_owner;
}

guint
sluice_bus_get_n_clients (SluiceBus *self)
{
  g_return_val_if_fail (SLUICE_IS_BUS (self), 0);

  return self->gate != NULL ? sluice_bus_gate_get_n_clients (self->gate) : 0;
}
