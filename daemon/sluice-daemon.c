/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sluice-daemon.h"

#include <errno.h>
#include <glib/gstdio.h>

#include "sluice-finder.h"
#include "shared/sluice-error.h"
#include "shared/sluice-names.h"

#define DRAIN_POLL_MS 20

struct _SluiceDaemon {
  GObject parent_instance;

  SluiceConfig *config; /* (owned) */
  SluiceClock *clock;   /* (owned) */
  SluiceLedger *ledger; /* (owned) (nullable) */
  SluiceFront *front;   /* (owned) (nullable) */
  SluiceFinder *finder; /* (owned) (nullable): looks for local models at start */

  gint64 drain_deadline;
  guint drain_source;
  void (*done) (gpointer user_data);
  gpointer done_data;
};

G_DEFINE_FINAL_TYPE (SluiceDaemon, sluice_daemon, G_TYPE_OBJECT)

static void
sluice_daemon_dispose (GObject *object)
{
  SluiceDaemon *self = SLUICE_DAEMON (object);

  g_clear_handle_id (&self->drain_source, g_source_remove);
  g_clear_pointer (&self->finder, sluice_finder_free);
  g_clear_pointer (&self->front, sluice_front_free);
  if (self->ledger != NULL)
    sluice_ledger_stop (self->ledger);
  g_clear_object (&self->ledger);
  g_clear_object (&self->clock);
  g_clear_pointer (&self->config, sluice_config_unref);
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
}

SluiceDaemon *
sluice_daemon_new (SluiceConfig *config)
{
  SluiceDaemon *self = g_object_new (SLUICE_TYPE_DAEMON, NULL);

  self->config = sluice_config_ref (config);
  return self;
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

static void
announce (SluiceDaemon *self)
{
  GPtrArray *addresses = sluice_front_get_addresses (self->front);

  sluice_front_start (self->front);
  for (guint i = 0; i < addresses->len; i++)
    g_printerr ("listening on %s\n", (const char *) g_ptr_array_index (addresses, i));
}

static void
on_found (GPtrArray *found, gpointer user_data)
{
  SluiceDaemon *self = user_data;
  g_autoptr (SluiceRouter) router = sluice_router_new_unconfigured (found);

  sluice_front_set_config (self->front, self->config, router, NULL);
  announce (self);
}

gboolean
sluice_daemon_start (SluiceDaemon *self, GError **error)
{
  gboolean configured = sluice_config_get_n_models (self->config) > 0;
  g_autoptr (GPtrArray) findings = g_ptr_array_new_with_free_func ((GDestroyNotify) sluice_finding_free);
  g_autoptr (GPtrArray) nothing = g_ptr_array_new ();
  g_autoptr (SluiceRouter) router = NULL;
  g_autofree char *socket_path = NULL;

  if (!open_ledger (self, error))
    return FALSE;

  router = configured ? sluice_router_new (self->config, findings) : sluice_router_new_unconfigured (nothing);
  sluice_findings_print (findings);
  socket_path = prepare_socket ();
  self->front = sluice_front_new (self->config, router, NULL, socket_path, self->ledger, self->clock, error);
  if (self->front == NULL)
    return FALSE;

  if (configured)
    announce (self);
  else
    self->finder = sluice_finder_new (self->config, on_found, self);
  return TRUE;
}

static void
finish_stop (SluiceDaemon *self)
{
  g_clear_handle_id (&self->drain_source, g_source_remove);
  g_clear_pointer (&self->front, sluice_front_free);
  if (self->ledger != NULL)
    sluice_ledger_stop (self->ledger);
  g_clear_object (&self->ledger);
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
  self->done = done;
  self->done_data = user_data;
  g_clear_pointer (&self->finder, sluice_finder_free);
  if (self->front == NULL || self->drain_source != 0)
    {
      finish_stop (self);
      return;
    }
  self->drain_deadline
      = sluice_clock_monotonic (self->clock) + sluice_config_get_settings (self->config)->drain_timeout_ms * 1000;
  sluice_front_drain (self->front);
  self->drain_source = g_timeout_add (DRAIN_POLL_MS, on_drain_poll, self);
}
