/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "secrets/sluice-secrets.h"

#include <gio/gio.h>
#include <string.h>

#include "secrets/sluice-credential-directory-private.h"
#include "secrets/sluice-credential-host.h"
#include "secrets/sluice-credential-store.h"
#include "secrets/sluice-secret.h"

struct _SluiceSecrets {
  gatomicrefcount refs;
  char *data_directory;
  GPtrArray *stored; /* (element-type SluiceCredential) */
  GHashTable *files; /* (element-type utf8 utf8): name to secret */

  GMutex lock;
  GPtrArray *mismatches; /* (element-type Mismatch): guarded by lock */
};

typedef struct {
  SluiceCredentialKind kind;
  char *name;
  char *stored_host; /* one of them */
  char *asked_host;
} Mismatch;

static void
mismatch_free (gpointer data)
{
  Mismatch *mismatch = data;

  g_free (mismatch->name);
  g_free (mismatch->stored_host);
  g_free (mismatch->asked_host);
  g_free (mismatch);
}

static gboolean
load_stored (SluiceSecrets *self, GError **error)
{
  g_autoptr (GError) fault = NULL;
  g_autoptr (SluiceCredentialStore) store = sluice_credential_store_open (self->data_directory, FALSE, &fault);

  if (fault != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&fault));
      return FALSE;
    }
  self->stored = store != NULL ? sluice_credential_store_load (store, error) : g_ptr_array_new ();
  return self->stored != NULL;
}

SluiceSecrets *
sluice_secrets_new (const char *data_directory,
                    const char *credentials_directory,
                    GPtrArray *warnings,
                    GError **error)
{
  g_autoptr (SluiceSecrets) self = NULL;

  g_return_val_if_fail (data_directory != NULL && g_path_is_absolute (data_directory), NULL);
  g_return_val_if_fail (warnings != NULL, NULL);

  self = g_new0 (SluiceSecrets, 1);
  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->lock);
  self->data_directory = g_strdup (data_directory);
  self->mismatches = g_ptr_array_new_with_free_func (mismatch_free);
  if (!load_stored (self, error))
    return NULL;
  if (credentials_directory != NULL)
    self->files = sluice_credential_directory_load (credentials_directory, warnings);
  return g_steal_pointer (&self);
}

SluiceSecrets *
sluice_secrets_ref (SluiceSecrets *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
sluice_secrets_unref (SluiceSecrets *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  g_clear_pointer (&self->stored, g_ptr_array_unref);
  g_clear_pointer (&self->files, g_hash_table_unref);
  g_clear_pointer (&self->mismatches, g_ptr_array_unref);
  g_mutex_clear (&self->lock);
  g_free (self->data_directory);
  g_free (self);
}

static gboolean
is_noted (SluiceSecrets *self, SluiceCredentialKind kind, const char *name, const char *asked)
{
  for (guint i = 0; i < self->mismatches->len; i++)
    {
      const Mismatch *mismatch = g_ptr_array_index (self->mismatches, i);

      if (mismatch->kind == kind && g_str_equal (mismatch->name, name) && g_str_equal (mismatch->asked_host, asked))
        return TRUE;
    }
  return FALSE;
}

static void
note_mismatch (SluiceSecrets *self, const SluiceCredential *stored, const char *asked)
{
  g_mutex_lock (&self->lock);
  if (!is_noted (self, stored->kind, stored->name, asked))
    {
      Mismatch *mismatch = g_new0 (Mismatch, 1);

      mismatch->kind = stored->kind;
      mismatch->name = g_strdup (stored->name);
      mismatch->stored_host = g_strdup (stored->host);
      mismatch->asked_host = g_strdup (asked);
      g_ptr_array_add (self->mismatches, mismatch);
    }
  g_mutex_unlock (&self->lock);
}

static const char *
find_stored (SluiceSecrets *self, SluiceCredentialKind kind, const char *name, const char *host)
{
  const SluiceCredential *elsewhere = NULL;

  for (guint i = 0; i < self->stored->len; i++)
    {
      const SluiceCredential *stored = g_ptr_array_index (self->stored, i);

      if (stored->kind != kind || !g_str_equal (stored->name, name))
        continue;
      if (g_str_equal (stored->host, host))
        return stored->secret;
      elsewhere = stored;
    }
  if (elsewhere != NULL)
    note_mismatch (self, elsewhere, host);
  return NULL;
}

static const char *
find_file (SluiceSecrets *self, const SluiceSecretQuery *query)
{
  const char *found = NULL;

  if (self->files == NULL)
    return NULL;
  found = g_hash_table_lookup (self->files, query->provider);
  for (guint i = 0; found == NULL && i < query->n_key_variables && query->key_variables[i] != NULL; i++)
    found = g_hash_table_lookup (self->files, query->key_variables[i]);
  return found;
}

char *
sluice_secrets_lookup (SluiceSecrets *self, const SluiceSecretQuery *query, SluiceSecretSource *source)
{
  SluiceSecretSource from = SLUICE_SECRET_NONE;
  const char *found = NULL;

  g_return_val_if_fail (query != NULL && query->provider != NULL && query->address != NULL, NULL);

  if (self->stored->len > 0)
    {
      g_autofree char *host = sluice_credential_host (query->address, NULL);

      if (host != NULL && query->deployment != NULL)
        found = find_stored (self, SLUICE_CREDENTIAL_DEPLOYMENT, query->deployment, host);
      if (found != NULL)
        from = SLUICE_SECRET_STORED_DEPLOYMENT;
      else if (host != NULL && (found = find_stored (self, SLUICE_CREDENTIAL_PROVIDER, query->provider, host)) != NULL)
        from = SLUICE_SECRET_STORED_PROVIDER;
    }
  if (found == NULL && (found = find_file (self, query)) != NULL)
    from = SLUICE_SECRET_CREDENTIALS_DIRECTORY;

  if (source != NULL)
    *source = from;
  return g_strdup (found);
}

static char *
describe (gconstpointer item)
{
  const Mismatch *mismatch = item;

  if (mismatch->kind == SLUICE_CREDENTIAL_PROVIDER)
    return g_strdup_printf ("the key stored for %s is for %s and is not sent to %s; if it may be, run: "
                            "sluiced --set-credential '%s@%s' < FILE",
                            mismatch->name, mismatch->stored_host, mismatch->asked_host, mismatch->name,
                            mismatch->asked_host);
  return g_strdup_printf ("the key stored for the deployment %s is for %s and the deployment now at %s, so it is "
                          "dropped as soon as this is in force; set it again",
                          mismatch->name, mismatch->stored_host, mismatch->asked_host);
}

GPtrArray *
sluice_secrets_dup_mismatches (SluiceSecrets *self)
{
  GPtrArray *texts = g_ptr_array_new_with_free_func (g_free);

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->mismatches->len; i++)
    g_ptr_array_add (texts, describe (g_ptr_array_index (self->mismatches, i)));
  g_mutex_unlock (&self->lock);
  return texts;
}

static void
drop (SluiceSecrets *self, const Mismatch *mismatch)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SluiceCredentialStore) store = sluice_credential_store_open (self->data_directory, FALSE, &error);
  guint n_cleared;

  if (store != NULL)
    sluice_credential_store_clear (store, mismatch->kind, mismatch->name, mismatch->stored_host, &n_cleared, &error);
  if (error != NULL)
    g_warning ("the key stored for the deployment %s cannot be dropped: %s", mismatch->name, error->message);
}

static void
drop_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  SluiceSecrets *self = data;
  g_autoptr (GPtrArray) taken = NULL;

  g_mutex_lock (&self->lock);
  taken = g_steal_pointer (&self->mismatches);
  self->mismatches = g_ptr_array_new_with_free_func (mismatch_free);
  g_mutex_unlock (&self->lock);

  for (guint i = 0; i < taken->len; i++)
    {
      const Mismatch *mismatch = g_ptr_array_index (taken, i);

      if (mismatch->kind == SLUICE_CREDENTIAL_DEPLOYMENT)
        drop (self, mismatch);
    }
}

void
sluice_secrets_drop_mismatches (SluiceSecrets *self)
{
  g_autoptr (GTask) task = NULL;
  gboolean any;

  g_mutex_lock (&self->lock);
  any = self->mismatches->len > 0;
  g_mutex_unlock (&self->lock);
  if (!any)
    return;
  task = g_task_new (NULL, NULL, NULL, NULL);
  g_task_set_source_tag (task, sluice_secrets_drop_mismatches);
  g_task_set_task_data (task, sluice_secrets_ref (self), (GDestroyNotify) sluice_secrets_unref);
  g_task_run_in_thread (task, drop_in_thread);
}
