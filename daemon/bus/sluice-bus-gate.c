/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bus/sluice-bus-gate.h"

#include "bus/sluice-bus-limits.h"
#include "shared/sluice-bus-error.h"
#include "shared/sluice-inbox.h"

struct _SluiceBusGate {
  gatomicrefcount refs; /* GDBus keeps one until its thread has done with the filter */
  SluiceBusLimits *limits; /* (owned) */
  SluiceClock *clock;      /* (owned) */
  SluiceInbox *inbox;      /* (owned): from GDBus's thread to the main one */

  /* the main thread's */
  GDBusConnection *connection; /* (owned) */
  GHashTable *watches;         /* (owned) (element-type utf8 guint): of g_bus_watch_name_on_connection() */
  guint filter;
  void (*changed) (gpointer user_data);
  gpointer user_data;
};

typedef struct {
  SluiceBusGate *gate; /* unowned: its inbox is closed before it goes */
  char *name;          /* (owned) */
} Newcomer;

static void
newcomer_free (gpointer data)
{
  Newcomer *newcomer = data;

  g_free (newcomer->name);
  g_free (newcomer);
}

static void
gate_unref (gpointer data)
{
  SluiceBusGate *self = data;

  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  g_clear_pointer (&self->limits, sluice_bus_limits_free);
  g_clear_pointer (&self->inbox, sluice_inbox_unref);
  g_clear_object (&self->clock);
  g_free (self);
}

static void
on_vanished (GDBusConnection *connection, const char *name, gpointer data)
{
  SluiceBusGate *self = data;

  sluice_bus_limits_forget (self->limits, name);
  g_hash_table_remove (self->watches, name);
  self->changed (self->user_data);
}

static void
unwatch (gpointer data)
{
  g_bus_unwatch_name (GPOINTER_TO_UINT (data));
}

static void
watch_newcomer (gpointer data)
{
  Newcomer *newcomer = data;
  SluiceBusGate *self = newcomer->gate;
  guint id;

  /* says so too if it has left meanwhile */
  id = g_bus_watch_name_on_connection (self->connection, newcomer->name, G_BUS_NAME_WATCHER_FLAGS_NONE, NULL,
                                       on_vanished, self, NULL);
  g_hash_table_replace (self->watches, g_steal_pointer (&newcomer->name), GUINT_TO_POINTER (id));
  newcomer_free (newcomer);
  self->changed (self->user_data);
}

static void
refuse (GDBusConnection *connection, GDBusMessage *call, const GError *error)
{
  g_autoptr (GDBusMessage) answer = NULL;

  if (g_dbus_message_get_flags (call) & G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED)
    return;
  answer = g_dbus_message_new_method_error_literal (call, sluice_bus_error_name (error), error->message);
  g_dbus_connection_send_message (connection, answer, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, NULL);
}

static gboolean
admit (SluiceBusGate *self, GDBusMessage *call, GError **error)
{
  gboolean is_silent = (g_dbus_message_get_flags (call) & G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED) != 0;
  const char *sender = g_dbus_message_get_sender (call);
  GVariant *body = g_dbus_message_get_body (call);
  gboolean is_new = FALSE;
  gboolean is_admitted;

  /* the bus itself calls nobody; without a sender there is nobody to count for */
  if (sender == NULL)
    return TRUE;

  is_admitted = sluice_bus_limits_admit (self->limits, sender, is_silent ? 0 : g_dbus_message_get_serial (call),
                                         body != NULL ? g_variant_get_size (body) : 0,
                                         sluice_clock_monotonic (self->clock), &is_new, error);
  if (is_new)
    {
      Newcomer *newcomer = g_new (Newcomer, 1);

      *newcomer = (Newcomer){ self, g_strdup (sender) };
      sluice_inbox_push (self->inbox, watch_newcomer, newcomer, newcomer_free);
    }
  return is_admitted;
}

/* In GDBus's thread, for each message of either direction. */
static GDBusMessage *
on_message (GDBusConnection *connection, GDBusMessage *message, gboolean incoming, gpointer data)
{
  SluiceBusGate *self = data;
  GDBusMessageType type = g_dbus_message_get_message_type (message);
  g_autoptr (GError) error = NULL;

  if (!incoming)
    {
      const char *destination = g_dbus_message_get_destination (message);

      if (destination != NULL && (type == G_DBUS_MESSAGE_TYPE_METHOD_RETURN || type == G_DBUS_MESSAGE_TYPE_ERROR))
        sluice_bus_limits_answered (self->limits, destination, g_dbus_message_get_reply_serial (message));
      return message;
    }
  if (type != G_DBUS_MESSAGE_TYPE_METHOD_CALL || admit (self, message, &error))
    return message;

  refuse (connection, message, error);
  g_object_unref (message);
  return NULL;
}

SluiceBusGate *
sluice_bus_gate_new (GDBusConnection *connection,
                     SluiceClock *clock,
                     void (*changed) (gpointer user_data),
                     gpointer user_data)
{
  SluiceBusGate *self = g_new0 (SluiceBusGate, 1);

  g_atomic_ref_count_init (&self->refs);
  self->limits = sluice_bus_limits_new ();
  self->clock = g_object_ref (clock);
  self->inbox = sluice_inbox_new (NULL);
  self->connection = g_object_ref (connection);
  self->watches = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, unwatch);
  self->changed = changed;
  self->user_data = user_data;
  g_atomic_ref_count_inc (&self->refs);
  self->filter = g_dbus_connection_add_filter (connection, on_message, self, gate_unref);
  return self;
}

void
sluice_bus_gate_close (SluiceBusGate *self)
{
  if (self == NULL)
    return;

  g_dbus_connection_remove_filter (self->connection, self->filter);
  sluice_inbox_close (self->inbox);
  g_clear_pointer (&self->watches, g_hash_table_unref);
  g_clear_object (&self->connection);
  gate_unref (self);
}

guint
sluice_bus_gate_get_n_clients (SluiceBusGate *self)
{
  return sluice_bus_limits_get_n_senders (self->limits);
}
