/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/sluice-config-private.h"

#include "config/sluice-nearest.h"

#include <string.h>

#define NEXT_LINE 0x85

/* What looks like a blank or like nothing, and is taken for a letter. */
static gboolean
is_invisible (gunichar c)
{
  static const struct {
    gunichar first;
    gunichar last;
  } ranges[] = {
    { NEXT_LINE, NEXT_LINE }, { 0xa0, 0xa0 },     { 0xad, 0xad },     { 0x1680, 0x1680 }, { 0x180e, 0x180e },
    { 0x2000, 0x200f },       { 0x2028, 0x202f }, { 0x205f, 0x206f }, { 0x3000, 0x3000 }, { 0xfeff, 0xfeff },
  };

  for (guint i = 0; i < G_N_ELEMENTS (ranges); i++)
    if (c >= ranges[i].first && c <= ranges[i].last)
      return TRUE;
  return FALSE;
}

/* Persian words and drawn faces are written with joiners between their letters. */
static gboolean
is_joiner (gunichar c, const char *at, const char *key)
{
  return (c == 0x200c || c == 0x200d) && at > key && (guchar) at[-1] >= 0x80
         && (guchar) *g_utf8_next_char (at) >= 0x80;
}

/* The first of them in @key, or 0. */
static gunichar
find_invisible (const char *key)
{
  for (const char *at = key; *at != '\0'; at = g_utf8_next_char (at))
    {
      gunichar c = (guchar) *at >= 0x80 ? g_utf8_get_char (at) : 0;

      if (c != 0 && is_invisible (c) && !is_joiner (c, at, key))
        return c;
    }
  return 0;
}

static char *
strip (const char *key)
{
  GString *rest = g_string_new (NULL);

  for (const char *at = key; *at != '\0'; at = g_utf8_next_char (at))
    if (!is_invisible (g_utf8_get_char (at)))
      g_string_append_unichar (rest, g_utf8_get_char (at));
  return g_strstrip (g_string_free (rest, FALSE));
}

/* The key of any section that @key is without what cannot be seen, or is nearest to. */
static const char *
find_nearest (const char *key)
{
  g_autofree char *rest = strip (key);
  const char *best = NULL;
  guint least = (guint) strlen (rest) / 3 + 1; /* of a short word too little is left */

  for (guint section = 0; section < SLUICE_N_SECTIONS; section++)
    {
      const SluiceKey *near = sluice_schema_nearest (section, rest);
      guint edits = near != NULL ? sluice_nearest_count_edits (rest, near->name) : G_MAXUINT;

      if (edits >= least)
        continue;
      least = edits;
      best = near->name;
    }
  return best;
}

gboolean
sluice_config_refuse_invisible (SluiceConfigReader *self, const SluiceYamlMember *member, gboolean is_ours)
{
  gunichar c = find_invisible (member->key);
  gboolean is_blank = g_unichar_isspace (c) || c == NEXT_LINE;
  const char *near = NULL;

  if (c == 0)
    return FALSE;
  if (!g_hash_table_add (self->refused, (gpointer) member))
    return TRUE;
  if (is_ours && !sluice_finding_sink_is_full (self->sink, SLUICE_FINDING_ERROR))
    near = find_nearest (member->key);
  sluice_config_reader_error (self, member, "this key holds U+%04X, %s: %s it%s%s%s", c,
                              is_blank ? "a blank that YAML does not take for one" : "a character that nobody sees",
                              is_blank ? "replace" : "remove", near != NULL ? ", did you mean '" : "",
                              near != NULL ? near : "", near != NULL ? "'?" : "");
  return TRUE;
}
