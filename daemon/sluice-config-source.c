/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sluice-config-source.h"

#include "secrets/sluice-secrets.h"
#include "shared/sluice-log.h"
#include "shared/sluice-names.h"

/* An editor writes a file in several steps: it is read when it has been quiet for so long. */
#define QUIET_MS 200

typedef struct {
  char *name;
  char *text;
} Override;

struct _SluiceConfigSource {
  GObject parent_instance;

  char *path;           /* (owned) */
  gboolean named;       /* it has to exist */
  GArray *overrides;    /* (owned) (element-type Override): in the order of the command line */
  GPtrArray *monitors;  /* (owned) (element-type GFileMonitor) */
  guint quiet_source;
  void (*changed) (gpointer user_data);
  gpointer changed_data;
};

G_DEFINE_FINAL_TYPE (SluiceConfigSource, sluice_config_source, G_TYPE_OBJECT)

void
sluice_config_reading_free (SluiceConfigReading *self)
{
  g_clear_pointer (&self->router, sluice_router_unref);
  g_clear_pointer (&self->config, sluice_config_unref);
  g_ptr_array_unref (self->findings);
  g_ptr_array_unref (self->files);
  g_free (self);
}

static void
override_clear (gpointer data)
{
  Override *override = data;

  g_free (override->name);
  g_free (override->text);
}

static void
sluice_config_source_dispose (GObject *object)
{
  SluiceConfigSource *self = SLUICE_CONFIG_SOURCE (object);

  g_clear_handle_id (&self->quiet_source, g_source_remove);
  g_ptr_array_set_size (self->monitors, 0);
  G_OBJECT_CLASS (sluice_config_source_parent_class)->dispose (object);
}

static void
sluice_config_source_finalize (GObject *object)
{
  SluiceConfigSource *self = SLUICE_CONFIG_SOURCE (object);

  g_ptr_array_unref (self->monitors);
  g_array_unref (self->overrides);
  g_free (self->path);
  G_OBJECT_CLASS (sluice_config_source_parent_class)->finalize (object);
}

static void
sluice_config_source_class_init (SluiceConfigSourceClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sluice_config_source_dispose;
  G_OBJECT_CLASS (klass)->finalize = sluice_config_source_finalize;
}

static void
monitor_free (gpointer data)
{
  g_signal_handlers_disconnect_matched (data, G_SIGNAL_MATCH_ID, g_signal_lookup ("changed", G_TYPE_FILE_MONITOR), 0,
                                        NULL, NULL, NULL);
  g_file_monitor_cancel (data);
  g_object_unref (data);
}

static void
sluice_config_source_init (SluiceConfigSource *self)
{
  self->overrides = g_array_new (FALSE, FALSE, sizeof (Override));
  g_array_set_clear_func (self->overrides, override_clear);
  self->monitors = g_ptr_array_new_with_free_func (monitor_free);
}

SluiceConfigSource *
sluice_config_source_new (const char *path)
{
  SluiceConfigSource *self = g_object_new (SLUICE_TYPE_CONFIG_SOURCE, NULL);

  self->named = path != NULL;
  self->path = self->named ? g_strdup (path)
                           : g_build_filename (g_get_user_config_dir (), SLUICE_DIR_NAME, SLUICE_CONFIG_FILE, NULL);
  return self;
}

gboolean
sluice_config_source_override (SluiceConfigSource *self, const char *name, const char *text, GError **error)
{
  g_autoptr (SluiceSettings) settings = sluice_settings_new ();
  Override override = { NULL };

  g_return_val_if_fail (SLUICE_IS_CONFIG_SOURCE (self), FALSE);

  if (!sluice_settings_set (settings, name, text, error))
    return FALSE;
  override.name = g_strdup (name);
  override.text = g_strdup (text);
  g_array_append_val (self->overrides, override);
  return TRUE;
}

static void
apply_overrides (SluiceConfigSource *self, SluiceConfig *config)
{
  for (guint i = 0; i < self->overrides->len; i++)
    {
      const Override *override = &g_array_index (self->overrides, Override, i);

      /* checked when it was given */
      sluice_config_override (config, override->name, override->text, NULL);
    }
}

SluiceConfig *
sluice_config_source_get_empty (SluiceConfigSource *self)
{
  SluiceConfig *config = sluice_config_new_empty (NULL);

  apply_overrides (self, config);
  return config;
}

static void
add_finding (SluiceConfigReading *reading, SluiceFindingLevel level, const char *file, const char *message)
{
  g_ptr_array_add (reading->findings, sluice_finding_new (level, file, 0, 0, NULL, message));
}

/* The keys that are stored, or that the service manager hands over. A store that cannot be used is an error: without it
 * requests would go out with other keys, or with none. */
static void
read_secrets (SluiceConfigReading *reading)
{
  g_autofree char *directory = g_build_filename (g_get_user_data_dir (), SLUICE_DIR_NAME, NULL);
  g_autofree char *file = g_build_filename (directory, SLUICE_CREDENTIALS_FILE, NULL);
  g_autoptr (GPtrArray) warnings = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;
  SluiceSecrets *secrets = sluice_secrets_new (directory, g_getenv ("CREDENTIALS_DIRECTORY"), warnings, &error);

  for (guint i = 0; i < warnings->len; i++)
    add_finding (reading, SLUICE_FINDING_WARNING, file, g_ptr_array_index (warnings, i));
  if (secrets != NULL)
    {
      sluice_config_set_secrets (reading->config, secrets, sluice_secrets_unref);
      return;
    }
  add_finding (reading, SLUICE_FINDING_ERROR, file, error->message);
  g_clear_pointer (&reading->config, sluice_config_unref);
}

/* Joins the items with their providers, and says whose stored key belongs to another host. */
static void
make_router (SluiceConfigReading *reading)
{
  g_autofree char *file = g_build_filename (g_get_user_data_dir (), SLUICE_DIR_NAME, SLUICE_CREDENTIALS_FILE, NULL);
  g_autoptr (GPtrArray) mismatches = NULL;

  reading->router = sluice_router_new (reading->config, reading->findings);
  mismatches = sluice_secrets_take_mismatches (sluice_config_get_secrets (reading->config));
  for (guint i = 0; i < mismatches->len; i++)
    add_finding (reading, SLUICE_FINDING_WARNING, file, g_ptr_array_index (mismatches, i));
}

static void
log_reading (SluiceConfigSource *self, const SluiceConfigReading *reading, gint64 began)
{
  const SluiceLogValue values[] = {
    SLUICE_LOG_TEXT (PATH, self->path),
    SLUICE_LOG_NUMBER (ERRORS, sluice_findings_count (reading->findings, SLUICE_FINDING_ERROR)),
    SLUICE_LOG_NUMBER (WARNINGS, sluice_findings_count (reading->findings, SLUICE_FINDING_WARNING)),
    SLUICE_LOG_NUMBER (DURATION, g_get_monotonic_time () - began),
  };

  sluice_log_debug (SLUICE_LOG_CONFIG, values, G_N_ELEMENTS (values), "the configuration was read");
}

SluiceConfigReading *
sluice_config_source_read (SluiceConfigSource *self)
{
  SluiceConfigReading *reading = g_new0 (SluiceConfigReading, 1);
  gint64 began = g_get_monotonic_time ();

  reading->findings = g_ptr_array_new_with_free_func ((GDestroyNotify) sluice_finding_free);
  reading->files = g_ptr_array_new_with_free_func (g_free);
  if (self->named || g_file_test (self->path, G_FILE_TEST_EXISTS))
    reading->config = sluice_config_load_full (self->path, NULL, reading->findings, reading->files);
  else
    reading->config = sluice_config_new_empty_full (NULL, reading->findings);
  if (reading->config != NULL)
    {
      apply_overrides (self, reading->config);
      read_secrets (reading);
    }
  if (reading->config != NULL && sluice_config_get_n_models (reading->config) > 0)
    make_router (reading);
  /* the router or a variable may have one where the reader of the file had none */
  if (sluice_findings_have_error (reading->findings))
    {
      g_clear_pointer (&reading->router, sluice_router_unref);
      g_clear_pointer (&reading->config, sluice_config_unref);
    }
  log_reading (self, reading, began);
  return reading;
}

static void
read_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_task_return_pointer (task, sluice_config_source_read (source), (GDestroyNotify) sluice_config_reading_free);
}

void
sluice_config_source_read_async (SluiceConfigSource *self,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, sluice_config_source_read_async);
  g_task_run_in_thread (task, read_in_thread);
}

SluiceConfigReading *
sluice_config_source_read_finish (SluiceConfigSource *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static gboolean
on_quiet (gpointer data)
{
  SluiceConfigSource *self = data;

  self->quiet_source = 0;
  self->changed (self->changed_data);
  return G_SOURCE_REMOVE;
}

static void
on_file_changed (GFileMonitor *monitor, GFile *file, GFile *other, GFileMonitorEvent event, gpointer data)
{
  SluiceConfigSource *self = data;

  /* permissions change what can be read, so they count too */
  if (event == G_FILE_MONITOR_EVENT_PRE_UNMOUNT)
    return;
  g_clear_handle_id (&self->quiet_source, g_source_remove);
  self->quiet_source = g_timeout_add (QUIET_MS, on_quiet, self);
}

static void
watch_file (SluiceConfigSource *self, const char *path)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GError) error = NULL;
  GFileMonitor *monitor = g_file_monitor_file (file, G_FILE_MONITOR_WATCH_MOVES, NULL, &error);

  if (monitor == NULL)
    {
      g_warning ("changes of %s are not noticed, reload by signal or over the bus: %s", path, error->message);
      return;
    }
  g_signal_connect (monitor, "changed", G_CALLBACK (on_file_changed), self);
  g_ptr_array_add (self->monitors, monitor);
}

void
sluice_config_source_watch (SluiceConfigSource *self,
                            GPtrArray *files,
                            void (*changed) (gpointer user_data),
                            gpointer user_data)
{
  self->changed = changed;
  self->changed_data = user_data;
  g_ptr_array_set_size (self->monitors, 0);
  watch_file (self, self->path);
  for (guint i = 0; i < files->len; i++)
    {
      if (!g_str_equal (g_ptr_array_index (files, i), self->path))
        watch_file (self, g_ptr_array_index (files, i));
    }
}
