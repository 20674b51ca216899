/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The keys of providers that stand neither in the configuration nor in variables: those in credentials.db, and those
 * that the service manager hands over. Read once, at start and at each reload; reference-counted; any thread may ask.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _SluiceSecrets SluiceSecrets;

typedef enum {
  SLUICE_SECRET_NONE,
  SLUICE_SECRET_STORED_DEPLOYMENT,
  SLUICE_SECRET_STORED_PROVIDER,
  SLUICE_SECRET_CREDENTIALS_DIRECTORY,
} SluiceSecretSource;

typedef struct {
  const char *deployment;           /* (nullable): its id */
  const char *provider;             /* its id */
  const char *const *key_variables; /* of the provider; ends with %NULL or after @n_key_variables */
  guint n_key_variables;
  const char *address;              /* where the key would be sent, with scheme; its path does not matter */
} SluiceSecretQuery;

/*
 * Reads credentials.db of @data_directory (absolute; neither it nor the file need be there, and neither is made) and
 * the files of @credentials_directory (nullable: $CREDENTIALS_DIRECTORY is not set). What is only left out has a text
 * in @warnings (element-type utf8, with g_free). Blocks; errors as those of sluice_credential_store_open(). No text
 * quotes a secret.
 */
SluiceSecrets *sluice_secrets_new (const char *data_directory,
                                   const char *credentials_directory,
                                   GPtrArray *warnings,
                                   GError **error);
SluiceSecrets *sluice_secrets_ref (SluiceSecrets *self);

/* The last one wipes what was read. */
void sluice_secrets_unref (SluiceSecrets *self);

/*
 * The key for @query: stored for the deployment, else stored for the provider, else a file in the credentials directory
 * named like the provider, else one named like a key variable, in their order. The caller has tried the configuration
 * before and tries the variables afterwards.
 *
 * A stored key is given only for the host it was stored for. That there was one for another host is remembered for
 * the mismatches below. @source (out) (optional). Returns: (nullable) (transfer full): to be freed with
 * sluice_secret_free().
 */
char *sluice_secrets_lookup (SluiceSecrets *self, const SluiceSecretQuery *query, SluiceSecretSource *source);

/* What the look-ups found stored for another host: a text for each, to be shown as a warning. (transfer full)
 * (element-type utf8) */
GPtrArray *sluice_secrets_dup_mismatches (SluiceSecrets *self);

/*
 * Drops the keys of deployments among those mismatches from credentials.db, because a key does not move to another host
 * with its deployment; those of providers stay, since another deployment may be at the old host. Only when the
 * configuration is in force: a start that fails, or a second one beside us, must not touch what is used. Does its work
 * in a thread of its own and warns if it cannot.
 */
void sluice_secrets_drop_mismatches (SluiceSecrets *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SluiceSecrets, sluice_secrets_unref)

G_END_DECLS
