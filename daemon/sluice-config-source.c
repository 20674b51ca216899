/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sluice-config-source.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "secrets/sluice-secrets.h"
#include "shared/sluice-log.h"
#include "shared/sluice-names.h"
#include "sluice-file-watch.h"

/* For so long nobody may have written to a file that is read while the gateway runs. */
#define REST_US (20 * 1000)
#define REST_TRIES 50
/* For so long a reading waits for somebody who has the file open for writing. */
#define WRITER_US (3 * G_USEC_PER_SEC)
#define WRITER_STEP_US (20 * 1000)
/* How often a file is read that changes while it is read. */
#define READ_TRIES 5

typedef struct {
  char *name;
  char *text;
} Override;

struct _SluiceConfigSource {
  GObject parent_instance;

  char *path;           /* (owned) */
  gboolean named;       /* it has to exist */
  GArray *overrides;    /* (owned) (element-type Override): in the order of the command line */
  gboolean in_use;      /* what was read and could be used, or what was read at first, came from the file */
  char *description;    /* (owned) (nullable): how the files of the last reading looked */
  SluiceFileWatch *watch; /* (owned) (nullable) */
};

G_DEFINE_FINAL_TYPE (SluiceConfigSource, sluice_config_source, G_TYPE_OBJECT)

void
sluice_config_reading_free (SluiceConfigReading *self)
{
  g_clear_pointer (&self->router, sluice_router_unref);
  g_clear_pointer (&self->config, sluice_config_unref);
  g_ptr_array_unref (self->findings);
  g_ptr_array_unref (self->files);
  g_free (self->description);
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

  g_clear_pointer (&self->watch, sluice_file_watch_free);
  G_OBJECT_CLASS (sluice_config_source_parent_class)->dispose (object);
}

static void
sluice_config_source_finalize (GObject *object)
{
  SluiceConfigSource *self = SLUICE_CONFIG_SOURCE (object);

  g_free (self->description);
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
sluice_config_source_init (SluiceConfigSource *self)
{
  self->overrides = g_array_new (FALSE, FALSE, sizeof (Override));
  g_array_set_clear_func (self->overrides, override_clear);
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

/* Says whose stored key belongs to another host; what becomes of it is decided when this comes into force. */
static void
add_mismatches (SluiceConfigReading *reading)
{
  g_autofree char *file = g_build_filename (g_get_user_data_dir (), SLUICE_DIR_NAME, SLUICE_CREDENTIALS_FILE, NULL);
  g_autoptr (GPtrArray) mismatches = NULL;

  if (reading->router == NULL)
    return;
  mismatches = sluice_secrets_dup_mismatches (sluice_config_get_secrets (reading->config));
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

/*
 * Whether nothing has the name @path: no file, no link that leads nowhere, none on the way to it, and no directory that
 * cannot be looked into. What is there and cannot be read is not the same as what nobody has written.
 */
static gboolean
is_absent (const char *path)
{
  g_autofree char *place = g_strdup (path);
  struct stat status;

  if (lstat (place, &status) == 0)
    return FALSE;
  do
    {
      g_autofree char *child = g_steal_pointer (&place);

      if (errno != ENOENT && errno != ENOTDIR)
        return FALSE;
      place = g_path_get_dirname (child);
    }
  while (lstat (place, &status) != 0);
  return stat (place, &status) == 0;
}

/* @in_use: as that of the source; the caller's, because this may be another thread. */
static void
read_file (SluiceConfigSource *self, SluiceConfigReading *reading, gboolean in_use)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *before = NULL;
  g_autofree char *blank = NULL;

  sluice_file_watch_resolve (self->path, reading->files);
  before = sluice_file_watch_describe (reading->files);
  reading->found = self->named || !is_absent (self->path);
  if (reading->found)
    reading->config = sluice_config_load_full (self->path, NULL, reading->findings, names);
  if (reading->config != NULL)
    blank = g_strdup (sluice_config_get_blank_file (reading->config));
  if (in_use && blank != NULL)
    {
      add_finding (reading, SLUICE_FINDING_ERROR, blank,
                   "this file is empty now: nothing changes; to go on without one, start the gateway again");
      g_clear_pointer (&reading->config, sluice_config_unref);
    }
  else if (!reading->found && in_use)
    add_finding (reading, SLUICE_FINDING_ERROR, self->path,
                 "this file is gone: nothing changes until it is back; to go on without one, start the gateway again");
  else if (!reading->found)
    reading->config = sluice_config_new_empty_full (NULL, reading->findings);

  for (guint i = 0; i < names->len; i++)
    sluice_file_watch_resolve (g_ptr_array_index (names, i), reading->files);
  reading->description = sluice_file_watch_describe (reading->files);
  /* changed while it was read: it never looks like that again */
  if (!g_str_has_prefix (reading->description, before))
    *reading->description = '\0';
}

static SluiceConfigReading *
read_all (SluiceConfigSource *self, gboolean in_use)
{
  SluiceConfigReading *reading = g_new0 (SluiceConfigReading, 1);
  gint64 began = g_get_monotonic_time ();

  reading->findings = g_ptr_array_new_with_free_func ((GDestroyNotify) sluice_finding_free);
  reading->files = g_ptr_array_new_with_free_func (g_free);
  read_file (self, reading, in_use);
  if (reading->config != NULL)
    {
      apply_overrides (self, reading->config);
      read_secrets (reading);
    }
  if (reading->config != NULL && sluice_config_get_n_models (reading->config) > 0)
    reading->router = sluice_router_new (reading->config, reading->findings);
  /* the router or a variable may have one where the reader of the file had none */
  if (sluice_findings_have_error (reading->findings))
    {
      g_clear_pointer (&reading->router, sluice_router_unref);
      g_clear_pointer (&reading->config, sluice_config_unref);
    }
  log_reading (self, reading, began);
  return reading;
}

/* Keeps what the next reading and the watch want to know of this one. */
static void
note_reading (SluiceConfigSource *self, const SluiceConfigReading *reading)
{
  if (reading->config != NULL || self->description == NULL)
    self->in_use = reading->found;
  g_free (self->description);
  self->description = g_strdup (reading->description);
}

/*
 * Whether somebody has @path open for writing: its end may still be missing, however long nothing was written. The
 * kernel says so by refusing a read lease, where it can and the file is ours; else it is not known.
 */
static gboolean
is_open_for_writing (const char *path)
{
  int fd = g_open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
  gboolean refused;
  struct stat status;

  if (fd < 0)
    return FALSE;
  refused = fstat (fd, &status) == 0 && S_ISREG (status.st_mode) && fcntl (fd, F_SETLEASE, F_RDLCK) != 0
            && errno == EAGAIN;
  /* ends the lease */
  close (fd);
  return refused;
}

static gboolean
is_any_open_for_writing (GPtrArray *files)
{
  for (guint i = 0; i < files->len; i++)
    if (is_open_for_writing (g_ptr_array_index (files, i)))
      return TRUE;
  return FALSE;
}

static void
await_writer (SluiceConfigSource *self, GCancellable *cancellable)
{
  for (gint64 waited = 0; waited < WRITER_US && !g_cancellable_is_cancelled (cancellable); waited += WRITER_STEP_US)
    {
      if (!is_open_for_writing (self->path))
        return;
      g_usleep (WRITER_STEP_US);
    }
}

/* Returns: when the file was last written to, in microseconds of wall-clock time; 0 if it cannot be looked at */
static gint64
get_written (SluiceConfigSource *self)
{
  struct stat status;

  if (stat (self->path, &status) != 0)
    return 0;
  return (gint64) status.st_mtim.tv_sec * G_USEC_PER_SEC + status.st_mtim.tv_nsec / 1000;
}

/* Waits until nobody has written to the file for a moment, but not for ever. Blocks.
 *
 * Returns: as get_written()
 */
static gint64
await_rest (SluiceConfigSource *self)
{
  gint64 written = get_written (self);

  for (guint i = 0; i < REST_TRIES; i++)
    {
      gint64 age = g_get_real_time () - written;

      if (age < 0 || age >= REST_US)
        break;
      g_usleep ((gulong) (REST_US - age));
      written = get_written (self);
    }
  return written;
}

static void
refuse_half_written (SluiceConfigSource *self, SluiceConfigReading *reading)
{
  reading->half_written = TRUE;
  g_ptr_array_set_size (reading->findings, 0);
  add_finding (reading, SLUICE_FINDING_ERROR, self->path,
               "a program has this file or one that it includes open for writing: nothing changes until it is closed");
  g_clear_pointer (&reading->router, sluice_router_unref);
  g_clear_pointer (&reading->config, sluice_config_unref);
}

/* What can only be said when all files were read. */
static void
judge (SluiceConfigSource *self, SluiceConfigReading *reading)
{
  if (is_any_open_for_writing (reading->files))
    refuse_half_written (self, reading);
  add_mismatches (reading);
}

SluiceConfigReading *
sluice_config_source_read (SluiceConfigSource *self)
{
  SluiceConfigReading *reading;

  await_writer (self, NULL);
  reading = read_all (self, self->in_use);
  judge (self, reading);
  note_reading (self, reading);
  return reading;
}

/*
 * A file that is being written over is short for a while, and what stands near its end, such as the master key, is not
 * there yet. So what counts is a reading from before which to after which nobody wrote; of a file that is never quiet,
 * the last. While somebody still has it open for writing none counts.
 */
static void
read_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  SluiceConfigReading *reading = NULL;
  gboolean settled = FALSE;

  for (guint i = 0; i < READ_TRIES && !settled && !g_cancellable_is_cancelled (cancellable); i++)
    {
      gint64 written;

      await_writer (source, cancellable);
      written = await_rest (source);
      g_clear_pointer (&reading, sluice_config_reading_free);
      reading = read_all (source, GPOINTER_TO_INT (data));
      settled = *reading->description != '\0' && written == get_written (source);
    }
  if (reading == NULL)
    {
      g_task_return_error_if_cancelled (task);
      return;
    }
  judge (source, reading);
  g_task_return_pointer (task, reading, (GDestroyNotify) sluice_config_reading_free);
}

void
sluice_config_source_read_async (SluiceConfigSource *self,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, sluice_config_source_read_async);
  g_task_set_task_data (task, GINT_TO_POINTER (self->in_use), NULL);
  g_task_run_in_thread (task, read_in_thread);
}

SluiceConfigReading *
sluice_config_source_read_finish (SluiceConfigSource *self, GAsyncResult *result, GError **error)
{
  SluiceConfigReading *reading = g_task_propagate_pointer (G_TASK (result), error);

  if (reading != NULL)
    note_reading (self, reading);
  return reading;
}

void
sluice_config_source_watch (SluiceConfigSource *self,
                            GPtrArray *files,
                            void (*changed) (gpointer user_data),
                            gpointer user_data)
{
  g_return_if_fail (SLUICE_IS_CONFIG_SOURCE (self));

  if (self->watch == NULL)
    self->watch = sluice_file_watch_new (changed, user_data);
  sluice_file_watch_set_files (self->watch, files, self->description);
}
