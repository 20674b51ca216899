/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "router/sluice-wildcard.h"

#include <string.h>

guint
sluice_wildcard_count (const char *text)
{
  guint n_stars = 0;

  g_return_val_if_fail (text != NULL, 0);

  for (const char *at = text; *at != '\0'; at++)
    n_stars += *at == '*' ? 1 : 0;
  return n_stars;
}

/* Where @part stands last in @name between @begin and @end, or -1. @at_end: only right before @end. */
static gssize
find_last (const char *name, gsize begin, gsize end, const char *part, gboolean at_end)
{
  gsize length = strlen (part);

  if (length > end - begin)
    return -1;
  for (gsize at = end - length;; at--)
    {
      if (memcmp (name + at, part, length) == 0)
        return (gssize) at;
      if (at_end || at == begin)
        return -1;
    }
}

char **
sluice_wildcard_match (const char *pattern, const char *name)
{
  g_auto (GStrv) parts = NULL;
  g_autoptr (GPtrArray) captures = NULL;
  guint n_stars;
  gsize begin;
  gsize end;

  g_return_val_if_fail (pattern != NULL, NULL);
  g_return_val_if_fail (name != NULL, NULL);

  parts = g_strsplit (pattern, "*", -1);
  n_stars = sluice_wildcard_count (pattern);
  end = strlen (name);
  if (n_stars == 0 || end > SLUICE_WILDCARD_MAX_NAME || !g_str_has_prefix (name, parts[0]))
    return NULL;

  /* from the right, each part as far to the right as it goes: so the first star gets the most */
  begin = strlen (parts[0]);
  captures = g_ptr_array_new_full (n_stars + 1, g_free);
  g_ptr_array_add (captures, NULL);
  for (guint i = n_stars; i > 0; i--)
    {
      gssize at = find_last (name, begin, end, parts[i], i == n_stars);

      if (at < 0)
        return NULL;
      if (i < n_stars)
        {
          gsize from = (gsize) at + strlen (parts[i]);

          g_ptr_array_insert (captures, 0, g_strndup (name + from, end - from));
        }
      end = (gsize) at;
    }
  g_ptr_array_insert (captures, 0, g_strndup (name + begin, end - begin));
  return (char **) g_ptr_array_free (g_steal_pointer (&captures), FALSE);
}

char *
sluice_wildcard_fill (const char *target, const char *const *captures, const char *name)
{
  guint n_captures;
  guint n_stars;
  GString *filled;

  g_return_val_if_fail (target != NULL, NULL);
  g_return_val_if_fail (captures != NULL, NULL);
  g_return_val_if_fail (name != NULL, NULL);

  n_captures = g_strv_length ((char **) captures);
  n_stars = sluice_wildcard_count (target);
  if (n_stars == 0)
    return g_strdup (target);
  if (n_captures != n_stars)
    return n_captures > n_stars ? g_strdup (name) : NULL;

  filled = g_string_new (NULL);
  for (const char *at = target; *at != '\0'; at++)
    {
      if (*at == '*')
        g_string_append (filled, *captures++);
      else
        g_string_append_c (filled, *at);
    }
  return g_string_free (filled, FALSE);
}

int
sluice_wildcard_compare (const char *a, const char *b)
{
  gsize a_length;
  gsize b_length;

  g_return_val_if_fail (a != NULL, 0);
  g_return_val_if_fail (b != NULL, 0);

  a_length = strlen (a);
  b_length = strlen (b);
  if (a_length != b_length)
    return a_length > b_length ? -1 : 1;
  return (int) sluice_wildcard_count (b) - (int) sluice_wildcard_count (a);
}
