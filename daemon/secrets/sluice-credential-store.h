/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * credentials.db: the keys of providers that were stored by command or over the bus (DESIGN 8). One small SQLite file
 * with a rollback journal, so that a command may write it while a daemon runs. What is deleted is overwritten. Every
 * call blocks on the file, up to SLUICE_CREDENTIAL_BUSY_MS if another process is at it; one thread at a time.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define SLUICE_CREDENTIAL_BUSY_MS 2000

typedef struct _SluiceCredentialStore SluiceCredentialStore;

typedef enum {
  SLUICE_CREDENTIAL_PROVIDER,   /* name: id of a provider; one for each host */
  SLUICE_CREDENTIAL_DEPLOYMENT, /* name: id of a deployment; one */
} SluiceCredentialKind;

typedef struct {
  SluiceCredentialKind kind;
  char *name;
  char *host;   /* sluice_credential_host(): nobody else may be sent the secret */
  char *secret; /* wiped when freed */
} SluiceCredential;

void sluice_credential_free (SluiceCredential *self);

/*
 * Opens credentials.db in @directory (absolute), or with @create makes both. %NULL without @error: there is no file.
 *
 * Errors: SLUICE_ERROR_CONFIG where a person must act (others may read it; it is no database, that of another program
 * or of a newer version), SLUICE_ERROR_STORAGE otherwise (no space, busy). A faulty file is neither changed nor moved
 * nor deleted.
 */
SluiceCredentialStore *sluice_credential_store_open (const char *directory, gboolean create, GError **error);
void sluice_credential_store_close (SluiceCredentialStore *self);

/* Stores @secret (sluice_secret_new()) in place of what was there for the same @name and @host; that of a deployment
 * also in place of those for its other hosts. */
gboolean sluice_credential_store_set (SluiceCredentialStore *self,
                                      SluiceCredentialKind kind,
                                      const char *name,
                                      const char *host,
                                      const char *secret,
                                      GError **error);

/* @host (nullable): only that for this host. @n_cleared (out): how many there were. */
gboolean sluice_credential_store_clear (SluiceCredentialStore *self,
                                        SluiceCredentialKind kind,
                                        const char *name,
                                        const char *host,
                                        guint *n_cleared,
                                        GError **error);

/* All of them. (transfer full) (element-type SluiceCredential) */
GPtrArray *sluice_credential_store_load (SluiceCredentialStore *self, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SluiceCredential, sluice_credential_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SluiceCredentialStore, sluice_credential_store_close)

G_END_DECLS
