/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "secrets/sluice-credential-command.h"

#include <string.h>
#include <unistd.h>

#include "catalogue/sluice-provider.h"
#include "config/sluice-nearest.h"
#include "secrets/sluice-credential-host.h"
#include "secrets/sluice-credential-store.h"
#include "secrets/sluice-secret.h"
#include "shared/sluice-error.h"

#define SHOWN 4

/* Longer names are none of providers but perhaps keys, which no message quotes. */
#define NAME_MAX_BYTES 40

/* Splits "PROVIDER@HOST" at the first "@"; @host is %NULL if there is none. */
static char *
split_target (const char *target, const char **host)
{
  const char *at = strchr (target, '@');

  *host = at != NULL ? at + 1 : NULL;
  return at != NULL ? g_strndup (target, (gsize) (at - target)) : g_strdup (target);
}

static const SluiceProvider *
find_provider (const char *name, GError **error)
{
  const SluiceProvider *provider = sluice_provider_find (name);
  g_autofree char *printable = g_strescape (name, NULL);
  const SluiceProvider *providers;
  const char *nearest;
  guint n_providers;

  if (provider != NULL && !g_str_equal (provider->dialect, "mock"))
    return provider;
  if (provider != NULL)
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG, "the provider '%s' takes no key", provider->id);
      return NULL;
    }
  if (g_str_has_prefix (name, "sk-") || strlen (name) > NAME_MAX_BYTES)
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG,
                   "this is no name of a provider; if it is a key, it can be seen by others now and should be "
                   "replaced: name the provider and give the key on standard input");
      return NULL;
    }

  providers = sluice_providers (&n_providers);
  nearest = sluice_nearest (name, &providers[0].id, sizeof *providers, n_providers);
  if (nearest != NULL)
    g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG,
                 "there is no provider '%s', did you mean '%s'?", printable, nearest);
  else
    g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG,
                 "there is no provider '%s', write its name as it stands in front of a model, such as 'openai'",
                 printable);
  return NULL;
}

static char *
find_host (const SluiceProvider *provider, const char *text, GError **error)
{
  char *host;

  if (text == NULL && provider->base == NULL)
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG,
                   "the provider '%s' has no usual address, write for whom the key is: %s@HOST", provider->id,
                   provider->id);
      return NULL;
    }
  host = text != NULL ? sluice_credential_host_from_text (text, provider->base, error)
                      : sluice_credential_host (provider->base, error);
  if (host == NULL)
    g_prefix_error (error, "for whom the key is: ");
  return host;
}

static char *
read_secret (int input, const SluiceProvider *provider, GError **error)
{
  g_autoptr (GError) fault = NULL;
  char *secret;

  if (isatty (input))
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG,
                   "the key is not read from a terminal, where it could be seen; put it into a file that only you can "
                   "read and run: sluiced --set-credential %s < FILE", provider->id);
      return NULL;
    }
  secret = sluice_secret_read (input, &fault);
  if (secret == NULL)
    g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG, "the key on standard input %s", fault->message);
  return secret;
}

char *
sluice_credential_command_set (const char *directory, const char *target, int input, GError **error)
{
  g_autofree char *name = NULL;
  g_autofree char *host = NULL;
  g_autofree char *mask = NULL;
  sluice_autosecret char *secret = NULL;
  g_autoptr (SluiceCredentialStore) store = NULL;
  const SluiceProvider *provider;
  const char *host_text;

  g_return_val_if_fail (directory != NULL && target != NULL, NULL);

  name = split_target (target, &host_text);
  provider = find_provider (name, error);
  if (provider == NULL)
    return NULL;
  host = find_host (provider, host_text, error);
  if (host == NULL)
    return NULL;
  secret = read_secret (input, provider, error);
  if (secret == NULL)
    return NULL;
  store = sluice_credential_store_open (directory, TRUE, error);
  if (store == NULL
      || !sluice_credential_store_set (store, SLUICE_CREDENTIAL_PROVIDER, provider->id, host, secret, error))
    return NULL;

  mask = sluice_secret_mask (secret);
  if (!g_str_has_suffix (mask, "*"))
    return g_strdup_printf ("stored a key for %s at %s, ending in ...%s", provider->id, host,
                            mask + strlen (mask) - SHOWN);
  return g_strdup_printf ("stored a short key for %s at %s", provider->id, host);
}

/* What is stored for a name that the catalogue has no more must go, too. */
char *
sluice_credential_command_clear (const char *directory, const char *target, GError **error)
{
  g_autofree char *name = NULL;
  g_autofree char *host = NULL;
  g_autoptr (GError) fault = NULL;
  g_autoptr (SluiceCredentialStore) store = NULL;
  const SluiceProvider *provider;
  const char *host_text;
  const char *id;
  guint n_cleared = 0;

  g_return_val_if_fail (directory != NULL && target != NULL, NULL);

  name = split_target (target, &host_text);
  provider = sluice_provider_find (name);
  id = provider != NULL ? provider->id : name;
  if (host_text != NULL)
    {
      host = sluice_credential_host_from_text (host_text, provider != NULL ? provider->base : NULL, error);
      if (host == NULL)
        return NULL;
    }
  store = sluice_credential_store_open (directory, FALSE, &fault);
  if (fault != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&fault));
      return NULL;
    }
  if (store != NULL && *id != '\0'
      && !sluice_credential_store_clear (store, SLUICE_CREDENTIAL_PROVIDER, id, host, &n_cleared, error))
    return NULL;
  if (n_cleared == 0)
    {
      if (provider != NULL || find_provider (name, error) != NULL)
        g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG, "no key is stored for %s%s%s", id,
                     host != NULL ? " at " : "", host != NULL ? host : "");
      return NULL;
    }
  return g_strdup_printf (n_cleared == 1 ? "cleared the key stored for %s%s%s" : "cleared all keys stored for %s%s%s",
                          id, host != NULL ? " at " : "", host != NULL ? host : "");
}
