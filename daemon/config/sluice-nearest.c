/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/sluice-nearest.h"

#include <string.h>

/* Longer words are not compared: no known name comes near them, and the work is quadratic. */
#define WORD_MAX 64

static char
fold (char c)
{
  return c == '-' ? '_' : g_ascii_tolower (c);
}

/* Optimal string alignment over bytes. Both lengths are at most WORD_MAX. */
static guint
measure (const char *a, gsize a_length, const char *b, gsize b_length)
{
  guint rows[3][WORD_MAX + 1];
  guint *before = rows[0];
  guint *last = rows[1];
  guint *row = rows[2];

  for (guint j = 0; j <= b_length; j++)
    last[j] = j;
  for (guint i = 1; i <= a_length; i++)
    {
      guint *spare = before;

      row[0] = i;
      for (guint j = 1; j <= b_length; j++)
        {
          guint same = fold (a[i - 1]) == fold (b[j - 1]) ? 0 : 1;

          row[j] = MIN (MIN (last[j] + 1, row[j - 1] + 1), last[j - 1] + same);
          if (i > 1 && j > 1 && fold (a[i - 1]) == fold (b[j - 2]) && fold (a[i - 2]) == fold (b[j - 1]))
            row[j] = MIN (row[j], before[j - 2] + 1);
        }
      before = last;
      last = row;
      row = spare;
    }

  return last[b_length];
}

const char *
sluice_nearest (const char *word, const char *const *names, gsize stride, guint n_names)
{
  const char *best = NULL;
  gsize length = strlen (word);
  guint distance = (guint) MIN (length / 4 + 2, 4); /* from here on a name is not near */

  if (length == 0 || length > WORD_MAX)
    return NULL;

  for (guint i = 0; i < n_names; i++)
    {
      const char *name = *(const char *const *) (gconstpointer) ((const char *) names + i * stride);
      gsize name_length = strlen (name);
      gsize gap = MAX (length, name_length) - MIN (length, name_length);
      guint edits;

      if (name_length > WORD_MAX || gap >= distance)
        continue;
      edits = measure (word, length, name, name_length);
      if (edits < distance)
        {
          distance = edits;
          best = name;
        }
    }

  return best;
}

guint
sluice_nearest_count_edits (const char *word, const char *name)
{
  gsize word_length = strlen (word);
  gsize name_length = strlen (name);

  if (word_length > WORD_MAX || name_length > WORD_MAX)
    return G_MAXUINT;
  return measure (word, word_length, name, name_length);
}
