/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/sluice-finding-sink.h"

#define N_LEVELS (SLUICE_FINDING_ERROR + 1)

struct _SluiceFindingSink {
  GPtrArray *files;    /* (element-type utf8) */
  const char *file;    /* the one that is read now */
  GPtrArray *findings; /* (element-type SluiceFinding) */
  guint counts[N_LEVELS];
};

SluiceFindingSink *
sluice_finding_sink_new (const char *file)
{
  SluiceFindingSink *self = g_new0 (SluiceFindingSink, 1);

  self->files = g_ptr_array_new_with_free_func (g_free);
  self->findings = g_ptr_array_new_with_free_func ((GDestroyNotify) sluice_finding_free);
  sluice_finding_sink_set_file (self, file);
  return self;
}

void
sluice_finding_sink_free (SluiceFindingSink *self)
{
  if (self == NULL)
    return;

  g_ptr_array_unref (self->files);
  g_ptr_array_unref (self->findings);
  g_free (self);
}

void
sluice_finding_sink_set_file (SluiceFindingSink *self, const char *file)
{
  guint index = self->files->len;

  if (!g_ptr_array_find_with_equal_func (self->files, file, g_str_equal, &index))
    g_ptr_array_add (self->files, g_strdup (file));
  self->file = g_ptr_array_index (self->files, index);
}

void
sluice_finding_sink_add (SluiceFindingSink *self,
                         SluiceFindingLevel level,
                         guint line,
                         guint column,
                         const char *path,
                         const char *format,
                         ...)
{
  g_autofree char *message = NULL;
  va_list arguments;

  g_assert (level < N_LEVELS);
  if (self->counts[level]++ >= SLUICE_FINDING_SINK_MAX)
    return;

  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_ptr_array_add (self->findings, sluice_finding_new (level, self->file, line, column, path, message));
}

gboolean
sluice_finding_sink_is_full (const SluiceFindingSink *self, SluiceFindingLevel level)
{
  return self->counts[level] >= SLUICE_FINDING_SINK_MAX;
}

gboolean
sluice_finding_sink_has_error (const SluiceFindingSink *self)
{
  return self->counts[SLUICE_FINDING_ERROR] > 0;
}

void
sluice_finding_sink_drain (SluiceFindingSink *self, GPtrArray *findings)
{
  static const char *const names[N_LEVELS] = { "warnings", "errors" };
  const char *first = g_ptr_array_index (self->files, 0);

  sluice_findings_sort (self->findings, self->files);
  for (guint level = 0; level < N_LEVELS; level++)
    {
      guint left_out = self->counts[level] - MIN (self->counts[level], SLUICE_FINDING_SINK_MAX);
      g_autofree char *message = g_strdup_printf ("%u further %s are not shown", left_out, names[level]);

      if (left_out > 0)
        g_ptr_array_add (self->findings, sluice_finding_new (level, first, 0, 0, NULL, message));
      self->counts[level] = 0;
    }

  g_ptr_array_extend_and_steal (findings, self->findings);
  self->findings = g_ptr_array_new_with_free_func ((GDestroyNotify) sluice_finding_free);
}
