/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/sluice-finding.h"

SluiceFinding *
sluice_finding_new (SluiceFindingLevel level,
                    const char *file,
                    guint line,
                    guint column,
                    const char *path,
                    const char *message)
{
  SluiceFinding *self;

  g_return_val_if_fail (file != NULL, NULL);
  g_return_val_if_fail (message != NULL, NULL);

  self = g_new (SluiceFinding, 1);
  *self = (SluiceFinding){
    .level = level,
    .file = g_strdup (file),
    .line = line,
    .column = column,
    .path = g_strdup (path),
    .message = g_strdup (message),
  };
  return self;
}

void
sluice_finding_free (SluiceFinding *self)
{
  if (self == NULL)
    return;

  g_free (self->file);
  g_free (self->path);
  g_free (self->message);
  g_free (self);
}

char *
sluice_finding_to_string (const SluiceFinding *self)
{
  GString *text;

  g_return_val_if_fail (self != NULL, NULL);

  text = g_string_new (self->file);
  if (self->line > 0)
    g_string_append_printf (text, ":%u:%u", self->line, self->column);
  g_string_append (text, self->level == SLUICE_FINDING_ERROR ? ": error: " : ": warning: ");
  if (self->path != NULL)
    g_string_append_printf (text, "%s: ", self->path);
  g_string_append (text, self->message);
  return g_string_free (text, FALSE);
}

static guint
file_index (GPtrArray *files, const char *name)
{
  guint index;

  return g_ptr_array_find_with_equal_func (files, name, g_str_equal, &index) ? index : G_MAXUINT;
}

static int
compare_places (gconstpointer a, gconstpointer b, gpointer files)
{
  const SluiceFinding *first = *(SluiceFinding *const *) a;
  const SluiceFinding *second = *(SluiceFinding *const *) b;
  guint first_file = file_index (files, first->file);
  guint second_file = file_index (files, second->file);
  guint first_line = first->line > 0 ? first->line : G_MAXUINT;
  guint second_line = second->line > 0 ? second->line : G_MAXUINT;

  if (first_file != second_file)
    return first_file < second_file ? -1 : 1;
  if (first_file == G_MAXUINT)
    return 0;
  if (first_line != second_line)
    return first_line < second_line ? -1 : 1;
  if (first->column != second->column)
    return first->column < second->column ? -1 : 1;
  return 0;
}

void
sluice_findings_sort (GPtrArray *findings, GPtrArray *files)
{
  g_return_if_fail (findings != NULL && files != NULL);

  g_ptr_array_sort_with_data (findings, compare_places, files);
}

gboolean
sluice_findings_have_error (GPtrArray *findings)
{
  g_return_val_if_fail (findings != NULL, FALSE);

  return sluice_findings_count (findings, SLUICE_FINDING_ERROR) > 0;
}

guint
sluice_findings_count (GPtrArray *findings, SluiceFindingLevel level)
{
  guint n = 0;

  g_return_val_if_fail (findings != NULL, 0);

  for (guint i = 0; i < findings->len; i++)
    n += ((const SluiceFinding *) g_ptr_array_index (findings, i))->level == level;
  return n;
}

void
sluice_findings_print (GPtrArray *findings)
{
  g_return_if_fail (findings != NULL);

  for (guint i = 0; i < findings->len; i++)
    {
      g_autofree char *text = sluice_finding_to_string (g_ptr_array_index (findings, i));

      g_printerr ("%s\n", text);
    }
}
