/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "router/sluice-remote-models.h"

#include "router/sluice-ollama-name.h"

struct _SluiceRemoteModels {
  gatomicrefcount refs;
  GHashTable *names; /* (owned) (element-type utf8): base, blank, name */
};

SluiceRemoteModels *
sluice_remote_models_new (void)
{
  SluiceRemoteModels *self = g_new0 (SluiceRemoteModels, 1);

  g_atomic_ref_count_init (&self->refs);
  self->names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

SluiceRemoteModels *
sluice_remote_models_ref (SluiceRemoteModels *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
sluice_remote_models_unref (SluiceRemoteModels *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  g_hash_table_unref (self->names);
  g_free (self);
}

static char *
make_key (const char *base, const char *name)
{
  g_autofree char *plain = sluice_ollama_name_normalize (name);

  return g_strconcat (base, " ", plain, NULL);
}

void
sluice_remote_models_add (SluiceRemoteModels *self, const char *base, const char *name)
{
  g_hash_table_add (self->names, make_key (base, name));
}

gboolean
sluice_remote_models_contains (SluiceRemoteModels *self, const char *base, const char *name)
{
  g_autofree char *key = make_key (base, name);

  return g_hash_table_contains (self->names, key);
}
