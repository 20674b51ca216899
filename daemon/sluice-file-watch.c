/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sluice-file-watch.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* An editor writes a file in several steps: it is read when it has been quiet for so long, */
#define QUIET_US (200 * 1000)
/* or when it has not been quiet for so long. */
#define STEADY_US (2 * G_USEC_PER_SEC)

/* As many as the kernel follows. */
#define MAX_LINKS 40

struct _SluiceFileWatch {
  void (*func) (gpointer user_data);
  gpointer user_data;
  GPtrArray *monitors;       /* (owned) (element-type GFileMonitor) */
  GCancellable *cancellable; /* (owned) (nullable): of the comparison under way */
  guint due_source;
  gint64 first_us; /* when the first change came that was not told yet, monotonic */
};

/* What is left of a way, and where it has come to. */
typedef struct {
  GString *place; /* no link in it; "/" or without a slash at the end */
  GString *rest;
  guint n_links;
} Walk;

static void
add_place (GPtrArray *places, const char *place)
{
  if (!g_ptr_array_find_with_equal_func (places, place, g_str_equal, NULL))
    g_ptr_array_add (places, g_strdup (place));
}

/* @place, and the directory that it is in, which may be moved away with it. */
static void
add_with_directory (GPtrArray *places, const char *place)
{
  g_autofree char *directory = g_path_get_dirname (place);

  add_place (places, place);
  if (!g_str_equal (directory, "/"))
    add_place (places, directory);
}

static void
leave_directory (GString *place)
{
  const char *slash = strrchr (place->str, '/');

  g_string_truncate (place, slash == place->str ? 1 : (gsize) (slash - place->str));
}

/* Takes the first part of the rest. Returns: (transfer full) (nullable): %NULL if there is none. */
static char *
take_part (GString *rest)
{
  gsize slashes = strspn (rest->str, "/");
  gsize length = strcspn (rest->str + slashes, "/");
  char *part = length > 0 ? g_strndup (rest->str + slashes, length) : NULL;

  g_string_erase (rest, 0, (gssize) (slashes + length));
  return part;
}

static gboolean
follow (Walk *walk)
{
  g_autofree char *target = g_file_read_link (walk->place->str, NULL);

  if (target == NULL || ++walk->n_links > MAX_LINKS)
    return FALSE;
  if (g_path_is_absolute (target))
    g_string_assign (walk->place, "/");
  else
    leave_directory (walk->place);
  g_string_prepend_c (walk->rest, '/');
  g_string_prepend (walk->rest, target);
  return TRUE;
}

/* Goes one part on. Returns whether the way goes on after that. */
static gboolean
step (Walk *walk, const char *part, GPtrArray *places)
{
  struct stat status;
  gboolean known;

  if (g_str_equal (part, "."))
    return TRUE;
  if (g_str_equal (part, ".."))
    {
      leave_directory (walk->place);
      return TRUE;
    }
  if (walk->place->len > 1)
    g_string_append_c (walk->place, '/');
  g_string_append (walk->place, part);
  /* its links name what has no place, such as the pipe of a shell */
  if (g_str_equal (walk->place->str, "/proc"))
    return FALSE;

  known = lstat (walk->place->str, &status) == 0;
  if (known && S_ISLNK (status.st_mode))
    {
      add_with_directory (places, walk->place->str);
      return follow (walk);
    }
  if (known && S_ISDIR (status.st_mode) && walk->rest->str[strspn (walk->rest->str, "/")] != '\0')
    return TRUE;
  add_with_directory (places, walk->place->str);
  return FALSE;
}

void
sluice_file_watch_resolve (const char *file, GPtrArray *places)
{
  Walk walk = { g_string_new ("/"), g_string_new (file), 0 };

  if (!g_path_is_absolute (file))
    {
      g_autofree char *directory = g_get_current_dir ();

      g_string_prepend_c (walk.rest, '/');
      g_string_prepend (walk.rest, directory);
    }
  while (TRUE)
    {
      g_autofree char *part = take_part (walk.rest);

      if (part == NULL || !step (&walk, part, places))
        break;
    }
  g_string_free (walk.place, TRUE);
  g_string_free (walk.rest, TRUE);
}

static void
describe_place (GString *text, const char *place)
{
  struct stat status;
  g_autofree char *target = NULL;

  if (lstat (place, &status) != 0)
    {
      g_string_append_printf (text, "%d\n", errno);
      return;
    }
  g_string_append_printf (text, "%o %u:%u", status.st_mode, status.st_uid, status.st_gid);
  if (S_ISLNK (status.st_mode))
    {
      target = g_file_read_link (place, NULL);
      g_string_append_printf (text, " %s", target != NULL ? target : "");
    }
  else
    g_string_append_printf (text, " %" G_GUINT64_FORMAT, (guint64) status.st_ino);
  /* the times of a directory are of all that is in it */
  if (S_ISREG (status.st_mode))
    g_string_append_printf (text, " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT ".%09ld %" G_GINT64_FORMAT ".%09ld",
                            (gint64) status.st_size, (gint64) status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
                            (gint64) status.st_ctim.tv_sec, status.st_ctim.tv_nsec);
  g_string_append_c (text, '\n');
}

char *
sluice_file_watch_describe (GPtrArray *places)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < places->len; i++)
    describe_place (text, g_ptr_array_index (places, i));
  return g_string_free (text, FALSE);
}

static gboolean
on_due (gpointer data)
{
  SluiceFileWatch *self = data;

  self->due_source = 0;
  self->func (self->user_data);
  return G_SOURCE_REMOVE;
}

static void
note_change (SluiceFileWatch *self)
{
  gint64 now = g_get_monotonic_time ();
  gint64 wait_us;

  if (self->due_source == 0)
    self->first_us = now;
  wait_us = CLAMP (self->first_us + STEADY_US - now, 0, QUIET_US);
  g_clear_handle_id (&self->due_source, g_source_remove);
  self->due_source = g_timeout_add ((guint) (wait_us / 1000), on_due, self);
}

static void
on_changed (GFileMonitor *monitor, GFile *file, GFile *other, GFileMonitorEvent event, gpointer data)
{
  /* permissions change what can be read, so they count too */
  if (event != G_FILE_MONITOR_EVENT_PRE_UNMOUNT)
    note_change (data);
}

static void
monitor_free (gpointer data)
{
  g_signal_handlers_disconnect_matched (data, G_SIGNAL_MATCH_ID, g_signal_lookup ("changed", G_TYPE_FILE_MONITOR), 0,
                                        NULL, NULL, NULL);
  g_file_monitor_cancel (data);
  g_object_unref (data);
}

SluiceFileWatch *
sluice_file_watch_new (void (*func) (gpointer user_data), gpointer user_data)
{
  SluiceFileWatch *self = g_new0 (SluiceFileWatch, 1);

  self->func = func;
  self->user_data = user_data;
  self->monitors = g_ptr_array_new_with_free_func (monitor_free);
  return self;
}

static void
stop_comparison (SluiceFileWatch *self)
{
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
}

void
sluice_file_watch_free (SluiceFileWatch *self)
{
  stop_comparison (self);
  g_clear_handle_id (&self->due_source, g_source_remove);
  g_ptr_array_unref (self->monitors);
  g_free (self);
}

static void
watch_place (SluiceFileWatch *self, const char *place)
{
  g_autoptr (GFile) file = g_file_new_for_path (place);
  g_autoptr (GError) error = NULL;
  GFileMonitor *monitor = g_file_monitor_file (file, G_FILE_MONITOR_WATCH_MOVES, NULL, &error);

  if (monitor == NULL)
    {
      g_warning ("changes of %s are not noticed, reload by signal or over the bus: %s", place, error->message);
      return;
    }
  g_signal_connect (monitor, "changed", G_CALLBACK (on_changed), self);
  g_ptr_array_add (self->monitors, monitor);
}

typedef struct {
  GPtrArray *places; /* (owned) (element-type filename) */
  char *description; /* (owned) */
} Comparison;

static void
comparison_free (gpointer data)
{
  Comparison *self = data;

  g_ptr_array_unref (self->places);
  g_free (self->description);
  g_free (self);
}

static void
compare_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Comparison *comparison = data;
  g_autofree char *now = sluice_file_watch_describe (comparison->places);

  g_task_return_boolean (task, g_str_equal (now, comparison->description));
}

static void
on_compared (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  gboolean same = g_task_propagate_boolean (G_TASK (result), &error);

  /* cancelled: the watch may be gone */
  if (error == NULL && !same)
    note_change (data);
}

static void
compare (SluiceFileWatch *self, GPtrArray *places, const char *description)
{
  g_autoptr (GTask) task = NULL;
  Comparison *comparison = g_new0 (Comparison, 1);

  comparison->places = g_ptr_array_new_full (places->len, g_free);
  for (guint i = 0; i < places->len; i++)
    g_ptr_array_add (comparison->places, g_strdup (g_ptr_array_index (places, i)));
  comparison->description = g_strdup (description);
  self->cancellable = g_cancellable_new ();
  task = g_task_new (NULL, self->cancellable, on_compared, self);
  g_task_set_source_tag (task, compare);
  g_task_set_task_data (task, comparison, comparison_free);
  g_task_run_in_thread (task, compare_in_thread);
}

void
sluice_file_watch_set_files (SluiceFileWatch *self, GPtrArray *places, const char *description)
{
  g_return_if_fail (self != NULL);

  stop_comparison (self);
  /* all of them anew: one that stays where it was may have got another directory around it */
  g_ptr_array_set_size (self->monitors, 0);
  for (guint i = 0; i < places->len; i++)
    watch_place (self, g_ptr_array_index (places, i));
  if (description != NULL)
    compare (self, places, description);
}
