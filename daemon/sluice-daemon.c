/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sluice-daemon.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "sluice-finder.h"
#include "shared/sluice-error.h"
#include "shared/sluice-names.h"

#define DRAIN_POLL_MS 20

/* As in the database, where it is a JSON string. */
#define CLOUD_POLICY "cloud_policy"

struct _SluiceDaemon {
  GObject parent_instance;

  SluiceConfigSource *source; /* (owned) */
  SluiceConfig *config;       /* (owned): what is served */
  SluiceRouter *router;       /* (owned) (nullable): of the configuration; %NULL if it names no model */
  GPtrArray *findings;        /* (owned) (element-type SluiceFinding): of the last reading */
  GPtrArray *files;           /* (owned) (element-type filename): of the last reading */
  char *config_error;         /* (owned) (nullable): the first error of the last reading */
  gboolean usable;            /* a configuration was read that could be used */
  SluiceClock *clock;         /* (owned) */
  SluiceInbox *inbox;         /* (owned) */
  SluiceLedger *ledger;       /* (owned) (nullable) */
  SluiceFront *front;         /* (owned) (nullable) */
  SluiceFinder *finder;       /* (owned) (nullable): looks for local models while none is configured */
  GCancellable *cancellable;  /* (owned): of readings */
  SluiceCloudPolicy stored_policy; /* what was chosen at run time */
  gboolean policy_stored;
  gboolean announced;

  gint64 drain_deadline;
  guint drain_source;
  gboolean stopping;
  void (*done) (gpointer user_data);
  gpointer done_data;
};

G_DEFINE_FINAL_TYPE (SluiceDaemon, sluice_daemon, G_TYPE_OBJECT)

static void
sluice_daemon_dispose (GObject *object)
{
  SluiceDaemon *self = SLUICE_DAEMON (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_handle_id (&self->drain_source, g_source_remove);
  g_clear_pointer (&self->finder, sluice_finder_free);
  g_clear_pointer (&self->front, sluice_front_free);
  if (self->ledger != NULL)
    sluice_ledger_stop (self->ledger);
  g_clear_object (&self->ledger);
  if (self->inbox != NULL)
    sluice_inbox_close (self->inbox);
  g_clear_pointer (&self->inbox, sluice_inbox_unref);
  g_clear_object (&self->source);
  g_clear_object (&self->clock);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->router, sluice_router_unref);
  g_clear_pointer (&self->config, sluice_config_unref);
  g_clear_pointer (&self->findings, g_ptr_array_unref);
  g_clear_pointer (&self->files, g_ptr_array_unref);
  g_clear_pointer (&self->config_error, g_free);
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
}

/* Returns: (transfer full) (nullable): the first error of @findings, in words. */
static char *
dup_first_error (GPtrArray *findings)
{
  for (guint i = 0; i < findings->len; i++)
    {
      const SluiceFinding *finding = g_ptr_array_index (findings, i);

      if (finding->level == SLUICE_FINDING_ERROR)
        return sluice_finding_to_string (finding);
    }
  return NULL;
}

/* Notes what was read, and takes its configuration if there is one. Returns whether there is. */
static gboolean
take_reading (SluiceDaemon *self, SluiceConfigReading *reading)
{
  gboolean fine = reading->config != NULL;

  g_clear_pointer (&self->findings, g_ptr_array_unref);
  self->findings = g_ptr_array_ref (reading->findings);
  g_clear_pointer (&self->files, g_ptr_array_unref);
  self->files = g_ptr_array_ref (reading->files);
  g_clear_pointer (&self->config_error, g_free);
  self->config_error = dup_first_error (self->findings);
  if (fine)
    {
      g_clear_pointer (&self->config, sluice_config_unref);
      self->config = sluice_config_ref (reading->config);
      g_clear_pointer (&self->router, sluice_router_unref);
      self->router = g_steal_pointer (&reading->router);
      self->usable = TRUE;
    }
  return fine;
}

SluiceDaemon *
sluice_daemon_new (SluiceConfigSource *source, SluiceConfigReading *reading)
{
  SluiceDaemon *self = g_object_new (SLUICE_TYPE_DAEMON, NULL);
  g_autoptr (SluiceConfigReading) owned = reading;

  self->source = g_object_ref (source);
  if (!take_reading (self, owned))
    self->config = sluice_config_source_get_empty (source);
  return self;
}

const char *
sluice_daemon_get_state (SluiceDaemon *self)
{
  if (self->stopping)
    return "draining";
  if (!self->announced)
    return "starting";
  if (!self->usable)
    return "config-error";
  return sluice_ledger_get_state (self->ledger) == SLUICE_LEDGER_OK ? "running" : "degraded";
}

GStrv
sluice_daemon_dup_reasons (SluiceDaemon *self)
{
  g_autoptr (GStrvBuilder) reasons = g_strv_builder_new ();
  g_autofree char *ledger = self->ledger != NULL ? sluice_ledger_dup_reason (self->ledger) : NULL;

  if (self->config_error != NULL)
    {
      g_autofree char *config = g_strconcat (self->usable ? "the changed configuration is not used: " : "",
                                             self->config_error, NULL);

      g_strv_builder_add (reasons, config);
    }
  if (ledger != NULL)
    g_strv_builder_add (reasons, ledger);
  return g_strv_builder_end (reasons);
}

GPtrArray *
sluice_daemon_get_findings (SluiceDaemon *self)
{
  return self->findings;
}

/* What others are told of the state; called whenever it may have changed. */
static void
publish_state (SluiceDaemon *self)
{
  g_debug ("the state is %s", sluice_daemon_get_state (self));
}

SluiceCloudPolicy
sluice_daemon_get_cloud_policy (SluiceDaemon *self)
{
  /* the configuration has only its first value (DESIGN 7) */
  return self->policy_stored ? self->stored_policy
                             : (SluiceCloudPolicy) sluice_config_get_settings (self->config)->cloud_policy;
}

/* What was chosen at run time, from the database; a value there that is none counts as "off". */
static void
load_cloud_policy (SluiceDaemon *self)
{
  const char *json = g_hash_table_lookup (sluice_ledger_get_settings (self->ledger), CLOUD_POLICY);
  g_autofree char *word = json != NULL && strlen (json) > 2 ? g_strndup (json + 1, strlen (json) - 2) : NULL;

  self->policy_stored = json != NULL;
  if (json != NULL && !sluice_cloud_policy_from_string (word, &self->stored_policy))
    {
      g_warning ("the cloud policy in the database is unknown, the cloud is switched off until another is set");
      self->stored_policy = SLUICE_CLOUD_OFF;
    }
}

static void
on_ledger_state (gpointer data)
{
  publish_state (data);
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
  if (self->ledger == NULL)
    return FALSE;
  sluice_ledger_watch (self->ledger, self->inbox, on_ledger_state, self);
  return TRUE;
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

  if (self->announced)
    return;
  self->announced = TRUE;
  sluice_front_start (self->front);
  for (guint i = 0; i < addresses->len; i++)
    g_printerr ("listening on %s\n", (const char *) g_ptr_array_index (addresses, i));
  publish_state (self);
}

static void
on_found (GPtrArray *found, gpointer user_data)
{
  SluiceDaemon *self = user_data;
  g_autoptr (SluiceRouter) router = sluice_router_new_unconfigured (found);

  sluice_front_set_config (self->front, self->config, router, NULL);
  announce (self);
}

/* What is served while no model is configured: nothing if the configuration cannot be used, else what is found. */
static SluiceRouter *
dup_router (SluiceDaemon *self)
{
  g_autoptr (GPtrArray) nothing = g_ptr_array_new ();

  if (self->router != NULL)
    return sluice_router_ref (self->router);
  return self->usable ? sluice_router_new_unconfigured (nothing) : sluice_router_new (self->config, NULL);
}

/* Local models are looked for while none is configured. */
static gboolean
wants_finder (SluiceDaemon *self)
{
  return self->usable && self->router == NULL;
}

static void
on_files_changed (gpointer data)
{
  sluice_daemon_reload (data, NULL, NULL);
}

gboolean
sluice_daemon_start (SluiceDaemon *self, GError **error)
{
  g_autoptr (SluiceRouter) router = NULL;
  g_autofree char *socket_path = NULL;

  if (!open_ledger (self, error))
    return FALSE;
  load_cloud_policy (self);

  router = dup_router (self);
  sluice_findings_print (self->findings);
  socket_path = prepare_socket ();
  self->front = sluice_front_new (self->config, router, self->usable ? NULL : self->config_error,
                                  &(SluiceFrontSockets){ socket_path, NULL }, self->ledger, self->clock, error);
  if (self->front == NULL)
    return FALSE;

  sluice_front_set_cloud_policy (self->front, sluice_daemon_get_cloud_policy (self));
  sluice_config_source_watch (self->source, self->files, on_files_changed, self);
  if (wants_finder (self))
    self->finder = sluice_finder_new (self->config, on_found, self);
  else
    announce (self);
  return TRUE;
}

/* Settings that hold for the life of the process: sockets, threads and the database are made once. */
static void
warn_of_fixed_settings (SluiceDaemon *self, SluiceConfig *old)
{
  static const char *const fixed[] = { "host", "port", "workers", "max_connections", "body_budget_bytes",
                                       "durability", "retention_days" };

  for (guint i = 0; i < G_N_ELEMENTS (fixed); i++)
    {
      g_autofree char *before = sluice_settings_get (sluice_config_get_settings (old), fixed[i]);
      g_autofree char *after = sluice_settings_get (sluice_config_get_settings (self->config), fixed[i]);

      if (g_strcmp0 (before, after) != 0)
        g_printerr ("sluice_settings.%s takes effect at the next start\n", fixed[i]);
    }
}

static void
serve (SluiceDaemon *self, SluiceConfig *old)
{
  g_autoptr (SluiceRouter) router = dup_router (self);

  g_clear_pointer (&self->finder, sluice_finder_free);
  warn_of_fixed_settings (self, old);
  sluice_front_set_cloud_policy (self->front, sluice_daemon_get_cloud_policy (self));
  sluice_front_set_config (self->front, self->config, router, NULL);
  if (wants_finder (self))
    self->finder = sluice_finder_new (self->config, on_found, self);
}

typedef struct {
  SluiceDaemon *daemon; /* (owned) */
  SluiceDaemonFunc done;
  gpointer user_data;
} Reload;

static void
finish_reload (Reload *reload, const GError *error)
{
  if (reload->done != NULL)
    reload->done (error, reload->user_data);
  g_object_unref (reload->daemon);
  g_free (reload);
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer data)
{
  Reload *reload = data;
  SluiceDaemon *self = reload->daemon;
  g_autoptr (GError) error = NULL;
  g_autoptr (SluiceConfigReading) reading
      = sluice_config_source_read_finish (SLUICE_CONFIG_SOURCE (source), result, &error);
  g_autoptr (SluiceConfig) old = NULL;

  if (reading == NULL || self->stopping)
    {
      if (error == NULL)
        g_set_error_literal (&error, SLUICE_ERROR, SLUICE_ERROR_SHUTTING_DOWN, "the gateway is shutting down");
      finish_reload (reload, error);
      return;
    }

  old = sluice_config_ref (self->config);
  if (take_reading (self, reading))
    serve (self, old);
  else
    g_set_error_literal (&error, SLUICE_ERROR, SLUICE_ERROR_CONFIG, self->config_error);
  sluice_config_source_watch (self->source, self->files, on_files_changed, self);
  sluice_findings_print (self->findings);
  g_printerr (error == NULL ? "the configuration was read again\n" : "the old configuration stays\n");
  publish_state (self);
  finish_reload (reload, error);
}

void
sluice_daemon_reload (SluiceDaemon *self, SluiceDaemonFunc done, gpointer user_data)
{
  Reload *reload = g_new (Reload, 1);

  *reload = (Reload){ g_object_ref (self), done, user_data };
  sluice_config_source_read_async (self->source, self->cancellable, on_read, reload);
}

typedef struct {
  SluiceDaemon *daemon; /* (owned) */
  SluiceCloudPolicy policy;
  SluiceDaemonFunc done;
  gpointer user_data;
} PolicyChange;

static void
on_policy_stored (SluiceLedgerResult result, gpointer data)
{
  PolicyChange *change = data;
  SluiceDaemon *self = change->daemon;
  g_autoptr (GError) error = NULL;

  if (result != SLUICE_LEDGER_COMMITTED)
    g_set_error_literal (&error, SLUICE_ERROR, SLUICE_ERROR_LEDGER_UNAVAILABLE,
                         "the database cannot be written, the cloud policy stays as it was");
  else if (self->front != NULL)
    {
      self->stored_policy = change->policy;
      self->policy_stored = TRUE;
      sluice_front_set_cloud_policy (self->front, change->policy);
      publish_state (self);
    }
  if (change->done != NULL)
    change->done (error, change->user_data);
  g_object_unref (change->daemon);
  g_free (change);
}

void
sluice_daemon_set_cloud_policy (SluiceDaemon *self, SluiceCloudPolicy policy, SluiceDaemonFunc done, gpointer user_data)
{
  PolicyChange *change = g_new (PolicyChange, 1);
  g_autofree char *json = g_strdup_printf ("\"%s\"", sluice_cloud_policy_to_string (policy));

  *change = (PolicyChange){ g_object_ref (self), policy, done, user_data };
  sluice_ledger_set_setting (self->ledger, CLOUD_POLICY, json, self->inbox, on_policy_stored, change);
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
  self->stopping = TRUE;
  g_cancellable_cancel (self->cancellable);
  g_clear_pointer (&self->finder, sluice_finder_free);
  if (self->front == NULL || self->drain_source != 0)
    {
      finish_stop (self);
      return;
    }
  self->drain_deadline
      = sluice_clock_monotonic (self->clock) + sluice_config_get_settings (self->config)->drain_timeout_ms * 1000;
  publish_state (self);
  sluice_front_drain (self->front);
  self->drain_source = g_timeout_add (DRAIN_POLL_MS, on_drain_poll, self);
}
