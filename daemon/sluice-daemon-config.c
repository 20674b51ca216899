/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sluice-daemon-private.h"

#include "shared/sluice-error.h"
#include "shared/sluice-log.h"

/* After a file that somebody was writing. */
#define RETRY_S 1

static void begin_reading (SluiceDaemon *self);

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

  self->half_written = reading->half_written;
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

static gboolean
retry (gpointer data)
{
  SluiceDaemon *self = data;

  self->retry_source = 0;
  sluice_daemon_reload (self, NULL, NULL);
  return G_SOURCE_REMOVE;
}

void
sluice_daemon_stop_retrying (SluiceDaemon *self)
{
  g_clear_handle_id (&self->retry_source, g_source_remove);
}

/* The reading that is under way is over; those who came meanwhile get one of their own, so that what is in force at the
 * end was read after the last of them asked. */
void
sluice_daemon_finish_reading (SluiceDaemon *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) asked = g_steal_pointer (&self->reading_for);

  if (self->stopping)
    g_set_error_literal (&error, SLUICE_ERROR, SLUICE_ERROR_SHUTTING_DOWN, "the gateway is shutting down");
  else if (self->config_error != NULL)
    g_set_error_literal (&error, SLUICE_ERROR, SLUICE_ERROR_CONFIG, self->config_error);
  sluice_daemon_publish (self);
  for (guint i = 0; asked != NULL && i < asked->len; i++)
    {
      const SluiceDaemonReload *reload = &g_array_index (asked, SluiceDaemonReload, i);

      if (reload->done != NULL)
        reload->done (error, reload->user_data);
    }
  if (self->stopping)
    return;
  if (self->waiting->len > 0)
    {
      begin_reading (self);
      return;
    }
  sluice_daemon_look_again_later (self);
  if (self->half_written)
    self->retry_source = g_timeout_add_seconds (RETRY_S, retry, self);
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (SluiceDaemon) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (SluiceConfigReading) reading
      = sluice_config_source_read_finish (SLUICE_CONFIG_SOURCE (source), result, &error);
  g_autoptr (SluiceConfig) old = NULL;
  gboolean was_half_written = self->half_written;
  gboolean taken;

  if (reading == NULL || self->stopping)
    {
      sluice_daemon_finish_reading (self);
      return;
    }

  old = sluice_config_ref (self->config);
  taken = sluice_daemon_take_reading (self, reading);
  sluice_daemon_watch_files (self);
  /* said once, however long somebody takes to write */
  if (!reading->half_written || !was_half_written)
    {
      sluice_findings_print (self->findings);
      sluice_daemon_note_reading (self, taken ? "the configuration was read again" : "the old configuration stays");
    }
  if (self->notify != NULL)
    sluice_notify_ready (self->notify, NULL);
  if (!taken)
    {
      sluice_daemon_finish_reading (self);
      return;
    }
  warn_of_fixed_settings (self, old);
  sluice_daemon_choose_topics (self);
  sluice_daemon_serve (self);
}

static void
begin_reading (SluiceDaemon *self)
{
  sluice_daemon_stop_looking (self);
  sluice_daemon_stop_retrying (self);
  self->reading_for = g_steal_pointer (&self->waiting);
  self->waiting = g_array_new (FALSE, FALSE, sizeof (SluiceDaemonReload));
  if (self->notify != NULL)
    sluice_notify_reloading (self->notify);
  sluice_config_source_read_async (self->source, self->cancellable, on_read, g_object_ref (self));
}

void
sluice_daemon_reload (SluiceDaemon *self, SluiceDaemonFunc done, gpointer user_data)
{
  SluiceDaemonReload reload = { done, user_data };

  g_array_append_val (self->waiting, reload);
  /* one at a time: what is read later must not be overtaken by what was read before */
  if (self->reading_for == NULL)
    begin_reading (self);
}

void
sluice_daemon_drop_readings (SluiceDaemon *self)
{
  sluice_daemon_finish_reading (self);
  while (self->waiting->len > 0)
    {
      self->reading_for = g_steal_pointer (&self->waiting);
      self->waiting = g_array_new (FALSE, FALSE, sizeof (SluiceDaemonReload));
      sluice_daemon_finish_reading (self);
    }
}
