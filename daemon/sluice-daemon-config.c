/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sluice-daemon-private.h"

#include "shared/sluice-error.h"
#include "shared/sluice-log.h"

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

gboolean
sluice_daemon_take_reading (SluiceDaemon *self, SluiceConfigReading *reading)
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

void
sluice_daemon_note_reading (SluiceDaemon *self, const char *words)
{
  guint n_errors = sluice_findings_count (self->findings, SLUICE_FINDING_ERROR);
  guint n_warnings = sluice_findings_count (self->findings, SLUICE_FINDING_WARNING);
  const SluiceLogValue values[] = { SLUICE_LOG_NUMBER (ERRORS, n_errors), SLUICE_LOG_NUMBER (WARNINGS, n_warnings) };

  sluice_front_note_reading (self->front, n_errors == 0, n_errors, n_warnings);
  if (words != NULL)
    sluice_log_event (n_errors == 0 ? SLUICE_EVENT_CONFIG_READ : SLUICE_EVENT_CONFIG_REFUSED, values,
                      G_N_ELEMENTS (values), "%s", words);
}

void
sluice_daemon_choose_topics (SluiceDaemon *self)
{
  char **debug = sluice_config_get_settings (self->config)->debug;
  g_autofree char *words = debug != NULL ? g_strjoinv (",", debug) : g_strdup ("");
  g_autoptr (GError) error = NULL;
  guint topics = 0;

  /* the caller may have chosen some before, which an empty setting leaves alone */
  if (self->log == NULL || (*words == '\0' && !self->topics_chosen))
    return;
  self->topics_chosen = TRUE;
  if (*words != '\0' && !sluice_log_parse_topics (words, &topics, &error))
    g_warning ("sluice_settings.debug: %s", error->message);
  sluice_log_set_topics (self->log, topics);
}

/* While no model is configured: nothing if the configuration cannot be used, else what is found. */
SluiceRouter *
sluice_daemon_dup_router (SluiceDaemon *self)
{
  g_autoptr (GPtrArray) nothing = g_ptr_array_new ();

  if (self->router != NULL)
    return sluice_router_ref (self->router);
  return self->usable ? sluice_router_new_unconfigured (nothing) : sluice_router_new (self->config, NULL);
}

static void
on_found (GPtrArray *found, gpointer user_data)
{
  SluiceDaemon *self = user_data;
  g_autoptr (SluiceRouter) router = sluice_router_new_unconfigured (found);

  sluice_front_set_config (self->front, self->config, router, NULL);
  sluice_daemon_announce (self);
}

void
sluice_daemon_find_or_announce (SluiceDaemon *self)
{
  g_clear_pointer (&self->finder, sluice_finder_free);
  if (self->usable && self->router == NULL)
    self->finder = sluice_finder_new (self->config, on_found, self);
  else
    sluice_daemon_announce (self);
}

static void
on_files_changed (gpointer data)
{
  sluice_daemon_reload (data, NULL, NULL);
}

void
sluice_daemon_watch_files (SluiceDaemon *self)
{
  sluice_config_source_watch (self->source, self->files, on_files_changed, self);
}

/* Settings that hold for the life of the process: sockets, threads and the database are made once. */
static void
warn_of_fixed_settings (SluiceDaemon *self, SluiceConfig *old)
{
  static const char *const fixed[] = { "host", "port", "workers", "max_connections", "body_budget_bytes",
                                       "durability", "retention_days", "exit_on_idle_minutes" };

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
  g_autoptr (SluiceRouter) router = sluice_daemon_dup_router (self);

  warn_of_fixed_settings (self, old);
  sluice_daemon_choose_topics (self);
  sluice_front_set_cloud_policy (self->front, sluice_daemon_get_policy (self));
  sluice_front_set_config (self->front, self->config, router, NULL);
  sluice_daemon_find_or_announce (self);
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
      g_clear_error (&error);
      error = g_error_new_literal (SLUICE_ERROR, SLUICE_ERROR_SHUTTING_DOWN, "the gateway is shutting down");
      finish_reload (reload, error);
      return;
    }

  old = sluice_config_ref (self->config);
  if (sluice_daemon_take_reading (self, reading))
    serve (self, old);
  else
    g_set_error_literal (&error, SLUICE_ERROR, SLUICE_ERROR_CONFIG, self->config_error);
  sluice_daemon_watch_files (self);
  sluice_findings_print (self->findings);
  sluice_daemon_note_reading (self, error == NULL ? "the configuration was read again" : "the old configuration stays");
  sluice_daemon_publish (self);
  if (self->notify != NULL)
    sluice_notify_ready (self->notify, NULL);
  finish_reload (reload, error);
}

void
sluice_daemon_reload (SluiceDaemon *self, SluiceDaemonFunc done, gpointer user_data)
{
  Reload *reload = g_new (Reload, 1);

  *reload = (Reload){ g_object_ref (self), done, user_data };
  if (self->notify != NULL)
    sluice_notify_reloading (self->notify);
  sluice_config_source_read_async (self->source, self->cancellable, on_read, reload);
}
