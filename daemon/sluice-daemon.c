/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sluice-daemon.h"

#include <errno.h>
#include <glib/gstdio.h>

#include "sluice-daemon-private.h"
#include "shared/sluice-log.h"
#include "shared/sluice-names.h"

#define DRAIN_POLL_MS 20

/* What stopping may take after the drain: last answers, last rows, a checkpoint. */
#define STOP_US (15 * G_USEC_PER_SEC)

G_DEFINE_FINAL_TYPE (SluiceDaemon, sluice_daemon, G_TYPE_OBJECT)

/* Everything that runs, in the order in which nothing asks what is gone. */
static void
take_down (SluiceDaemon *self)
{
  g_cancellable_cancel (self->cancellable);
  g_clear_handle_id (&self->drain_source, g_source_remove);
  sluice_daemon_end_service (self);
  sluice_daemon_stop_looking (self);
  sluice_daemon_stop_retrying (self);
  if (self->waiting != NULL)
    sluice_daemon_drop_readings (self);
  g_clear_pointer (&self->front, sluice_front_free);
  sluice_daemon_leave_bus (self);
  if (self->ledger != NULL)
    sluice_ledger_stop (self->ledger);
  g_clear_object (&self->ledger);
}

static void
sluice_daemon_dispose (GObject *object)
{
  SluiceDaemon *self = SLUICE_DAEMON (object);

  take_down (self);
  g_clear_pointer (&self->inherited, g_ptr_array_unref);
  g_clear_object (&self->source);
  g_clear_object (&self->clock);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->router, sluice_router_unref);
  g_clear_pointer (&self->config, sluice_config_unref);
  g_clear_pointer (&self->findings, g_ptr_array_unref);
  g_clear_pointer (&self->files, g_ptr_array_unref);
  g_clear_pointer (&self->config_error, g_free);
  g_clear_pointer (&self->found, g_ptr_array_unref);
  g_clear_pointer (&self->lists, sluice_ollama_lists_unref);
  g_clear_pointer (&self->reading_for, g_array_unref);
  g_clear_pointer (&self->waiting, g_array_unref);
  G_OBJECT_CLASS (sluice_daemon_parent_class)->dispose (object);
}

static void
sluice_daemon_class_init (SluiceDaemonClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sluice_daemon_dispose;
}

static void
sluice_daemon_init (SluiceDaemon *self)
{
  self->clock = sluice_clock_new ();
  self->inbox = sluice_inbox_new (NULL);
  self->cancellable = g_cancellable_new ();
  self->drain_ms = self->idle_us = -1;
  g_queue_init (&self->policies);
  self->found = g_ptr_array_new_with_free_func ((GDestroyNotify) sluice_deployment_unref);
  self->waiting = g_array_new (FALSE, FALSE, sizeof (SluiceDaemonReload));
  self->reading_for = g_array_new (FALSE, FALSE, sizeof (SluiceDaemonReload));
}

SluiceDaemon *
sluice_daemon_new (SluiceConfigSource *source, SluiceConfigReading *reading)
{
  SluiceDaemon *self = g_object_new (SLUICE_TYPE_DAEMON, NULL);
  g_autoptr (SluiceConfigReading) owned = reading;

  self->source = g_object_ref (source);
  if (!sluice_daemon_take_reading (self, owned))
    self->config = sluice_config_source_get_empty (source);
  return self;
}

void
sluice_daemon_set_service (SluiceDaemon *self, SluiceNotify *notify, GPtrArray *inherited)
{
  self->notify = notify;
  self->inherited = g_ptr_array_ref (inherited);
}

void
sluice_daemon_set_leave (SluiceDaemon *self, SluiceDaemonLeave leave, gpointer user_data)
{
  self->leave = leave;
  self->leave_data = user_data;
}

void
sluice_daemon_set_log (SluiceDaemon *self, SluiceLog *log)
{
  self->log = log;
  sluice_daemon_choose_topics (self);
}

void
sluice_daemon_set_idle_period (SluiceDaemon *self, gint64 period_us)
{
  self->idle_us = period_us;
}

void
sluice_daemon_ask_to_leave (SluiceDaemon *self, const GError *error)
{
  SluiceDaemonLeave leave = self->leave;

  self->leave = NULL;
  if (leave != NULL)
    leave (error, self->leave_data);
}

static gboolean
open_ledger (SluiceDaemon *self, GError **error)
{
  g_autofree char *directory = g_build_filename (g_get_user_data_dir (), SLUICE_DIR_NAME, NULL);
  const SluiceSettings *settings = sluice_config_get_settings (self->config);
  SluiceLedgerOptions options = {
    .directory = directory,
    .power_loss = settings->power_loss_durability,
    .retention_days = (guint) settings->retention_days,
  };

  self->ledger = sluice_ledger_new (&options, self->clock, error);
  return self->ledger != NULL;
}

/* The socket for scripts of the same user; where there is no run-time directory there is none. */
static char *
prepare_socket (void)
{
  g_autofree char *directory = NULL;

  if (g_getenv ("XDG_RUNTIME_DIR") == NULL)
    return NULL;
  directory = g_build_filename (g_get_user_runtime_dir (), SLUICE_DIR_NAME, NULL);
  if (g_mkdir_with_parents (directory, 0700) != 0)
    {
      g_warning ("no socket in %s: %s", directory, g_strerror (errno));
      return NULL;
    }
  return g_build_filename (directory, SLUICE_HTTP_SOCKET, NULL);
}

void
sluice_daemon_announce (SluiceDaemon *self)
{
  GPtrArray *addresses = sluice_front_get_addresses (self->front);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) texts = NULL;

  if (self->announced)
    return;
  self->announced = TRUE;
  sluice_front_start (self->front);
  for (guint i = 0; i < addresses->len; i++)
    {
      const char *address = g_ptr_array_index (addresses, i);
      const SluiceLogValue value = SLUICE_LOG_TEXT (ADDRESS, address);

      sluice_log_event (SLUICE_EVENT_STARTED, &value, 1, "listening on %s", address);
      g_strv_builder_add (builder, address);
    }
  texts = g_strv_builder_end (builder);
  sluice_bus_root_set_addresses (self->root, (const char *const *) texts);
  sluice_daemon_begin_service (self);
  sluice_daemon_publish (self);
}

gboolean
sluice_daemon_start (SluiceDaemon *self, GError **error)
{
  g_autoptr (SluiceRouter) nothing = sluice_router_new_unconfigured (self->found);
  g_autofree char *socket_path = NULL;
  SluiceFrontSockets sockets = { NULL };

  if (!open_ledger (self, error))
    return FALSE;
  sluice_daemon_load_policy (self);

  sluice_findings_print (self->findings);
  socket_path = prepare_socket ();
  sockets = (SluiceFrontSockets){ socket_path, self->inherited };
  self->front = sluice_front_new (self->config, nothing, self->usable ? NULL : self->config_error, &sockets,
                                  self->ledger, self->clock, error);
  g_clear_pointer (&self->inherited, g_ptr_array_unref);
  if (self->front == NULL)
    return FALSE;

  sluice_daemon_note_reading (
      self, self->usable ? NULL : "the configuration cannot be used, nothing is served until it is mended");
  sluice_front_set_cloud_policy (self->front, sluice_daemon_get_policy (self));
  sluice_front_watch_unlisted (self->front, self->inbox, sluice_daemon_look_soon, self);
  sluice_daemon_watch_files (self);
  sluice_daemon_join_bus (self);
  sluice_daemon_serve (self);
  return TRUE;
}

static void
finish_stop (SluiceDaemon *self)
{
  take_down (self);
  self->done (self->done_data);
}

static gboolean
on_drain_poll (gpointer data)
{
  SluiceDaemon *self = data;

  if (sluice_front_get_n_exchanges (self->front) > 0 && sluice_clock_monotonic (self->clock) < self->drain_deadline)
    return G_SOURCE_CONTINUE;

  self->drain_source = 0;
  finish_stop (self);
  return G_SOURCE_REMOVE;
}

void
sluice_daemon_stop (SluiceDaemon *self, void (*done) (gpointer user_data), gpointer user_data)
{
  gint64 drain_ms = self->drain_ms >= 0 ? self->drain_ms
                                        : sluice_config_get_settings (self->config)->drain_timeout_ms;

  self->done = done;
  self->done_data = user_data;
  self->stopping = TRUE;
  self->leave = NULL;
  g_cancellable_cancel (self->cancellable);
  sluice_daemon_end_service (self);
  sluice_daemon_stop_looking (self);
  sluice_daemon_stop_retrying (self);
  if (self->front == NULL || self->drain_source != 0)
    {
      finish_stop (self);
      return;
    }
  if (self->notify != NULL)
    sluice_notify_stopping (self->notify, "Finishing requests under way", drain_ms * 1000 + STOP_US);
  self->drain_deadline = sluice_clock_monotonic (self->clock) + drain_ms * 1000;
  sluice_daemon_publish (self);
  sluice_log_event (SLUICE_EVENT_DRAINING, NULL, 0, "stopping, %u requests are under way",
                    sluice_front_get_n_exchanges (self->front));
  sluice_front_drain (self->front);
  self->drain_source = g_timeout_add (DRAIN_POLL_MS, on_drain_poll, self);
}
