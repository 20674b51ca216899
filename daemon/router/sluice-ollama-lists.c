/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "router/sluice-ollama-lists.h"

#include <string.h>

#include "router/sluice-ollama-name.h"

struct _SluiceOllamaLists {
  gatomicrefcount refs;
  GHashTable *places; /* (owned) (element-type utf8 SluiceOllamaPlace): by base, blank, name */
};

SluiceOllamaLists *
sluice_ollama_lists_new (void)
{
  SluiceOllamaLists *self = g_new0 (SluiceOllamaLists, 1);

  g_atomic_ref_count_init (&self->refs);
  self->places = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

SluiceOllamaLists *
sluice_ollama_lists_ref (SluiceOllamaLists *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
sluice_ollama_lists_unref (SluiceOllamaLists *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  g_hash_table_unref (self->places);
  g_free (self);
}

static char *
make_key (const char *base, const char *name)
{
  g_autofree char *plain = sluice_ollama_name_normalize (name);

  return g_strconcat (base, " ", plain, NULL);
}

void
sluice_ollama_lists_add (SluiceOllamaLists *self, const char *base, const char *name, SluiceOllamaPlace place)
{
  char *key = make_key (base, name);

  /* two entries that are the same name to Ollama: the one that may cost money counts */
  if ((int) place < GPOINTER_TO_INT (g_hash_table_lookup (self->places, key)))
    g_free (key);
  else
    g_hash_table_replace (self->places, key, GINT_TO_POINTER (place));
}

static gboolean
is_of_any (const char *key, GPtrArray *bases)
{
  for (guint i = 0; i < bases->len; i++)
    {
      const char *base = g_ptr_array_index (bases, i);

      if (g_str_has_prefix (key, base) && key[strlen (base)] == ' ')
        return TRUE;
    }
  return FALSE;
}

void
sluice_ollama_lists_keep_others (SluiceOllamaLists *self, SluiceOllamaLists *older, GPtrArray *bases)
{
  GHashTableIter iter;
  gpointer key;
  gpointer place;

  if (older == NULL)
    return;
  g_hash_table_iter_init (&iter, older->places);
  while (g_hash_table_iter_next (&iter, &key, &place))
    if (!is_of_any (key, bases))
      g_hash_table_replace (self->places, g_strdup (key), place);
}

SluiceOllamaPlace
sluice_ollama_lists_find (SluiceOllamaLists *self, const char *base, const char *name)
{
  g_autofree char *key = make_key (base, name);

  return (SluiceOllamaPlace) GPOINTER_TO_INT (g_hash_table_lookup (self->places, key));
}

gboolean
sluice_ollama_lists_equal (SluiceOllamaLists *self, SluiceOllamaLists *other)
{
  GHashTableIter iter;
  gpointer key;
  gpointer place;

  if (g_hash_table_size (self->places) != g_hash_table_size (other->places))
    return FALSE;
  g_hash_table_iter_init (&iter, self->places);
  while (g_hash_table_iter_next (&iter, &key, &place))
    if (g_hash_table_lookup (other->places, key) != place)
      return FALSE;
  return TRUE;
}
