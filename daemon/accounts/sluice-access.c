/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "accounts/sluice-access.h"

#include <string.h>

#include "shared/sluice-error.h"

struct _SluiceAccess {
  SluiceConfig *config; /* (owned) */
  const char *master_key; /* (nullable): owned by the config */
  gboolean example_key; /* the master key stands in a tutorial */
  gboolean keyless;
  gboolean keyless_cloud;
};

SluiceAccess *
sluice_access_new (SluiceConfig *config)
{
  SluiceAccess *self = g_new0 (SluiceAccess, 1);

  self->config = sluice_config_ref (config);
  self->master_key = sluice_config_get_master_key (config);
  self->example_key = self->master_key != NULL && sluice_config_is_example_key (self->master_key);
  self->keyless = sluice_config_get_settings (config)->keyless_access;
  self->keyless_cloud = sluice_config_get_settings (config)->keyless_cloud_access;
  return self;
}

void
sluice_access_free (SluiceAccess *self)
{
  sluice_config_unref (self->config);
  g_free (self);
}

gboolean
sluice_secret_equals (const char *a, const char *b)
{
  gsize length_a = strlen (a);
  gsize length_b = strlen (b);
  volatile guint difference = length_a == length_b ? 0 : 1;

  /* every byte of the presented string is looked at, whatever it is compared with */
  for (gsize i = 0; i < length_a; i++)
    difference |= (guint) ((guchar) a[i] ^ (guchar) b[length_b > 0 ? i % length_b : 0]);
  return difference == 0;
}

/* The one key that counts; two different ones are a mistake or a trick. */
static gboolean
presented_key (const SluicePresented *presented, const char **key, GError **error)
{
  *key = presented->litellm_key;
  if (*key != NULL)
    return TRUE;

  for (guint i = 0; i < G_N_ELEMENTS (presented->keys); i++)
    {
      if (presented->keys[i] == NULL)
        continue;
      if (*key != NULL && strcmp (*key, presented->keys[i]) != 0)
        {
          g_set_error_literal (error, SLUICE_ERROR, SLUICE_ERROR_KEY_CONFLICT,
                               "the request presents two different keys, send one");
          return FALSE;
        }
      *key = presented->keys[i];
    }
  return TRUE;
}

static gboolean
check_keyless (SluiceAccess *self, const SluicePresented *presented, SluiceIdentity *identity, GError **error)
{
  if (self->keyless && presented->same_user && !presented->relayed)
    {
      *identity = (SluiceIdentity){ "this-computer", FALSE, !self->keyless_cloud };
      return TRUE;
    }

  g_set_error_literal (error, SLUICE_ERROR, SLUICE_ERROR_KEY_MISSING,
                       presented->relayed
                           ? "no api key passed in, and a relayed request is not served without one (set master_key)"
                           : "no api key passed in, and the caller is not a process of the user who runs this gateway "
                             "(set master_key, or keyless_access)");
  return FALSE;
}

gboolean
sluice_access_check (SluiceAccess *self,
                     const SluicePresented *presented,
                     SluiceIdentity *identity,
                     GError **error)
{
  const char *key;

  if (!presented_key (presented, &key, error))
    return FALSE;

  if (self->master_key != NULL)
    {
      if (key == NULL || *key == '\0')
        {
          g_set_error_literal (error, SLUICE_ERROR, SLUICE_ERROR_KEY_MISSING,
                               "no api key passed in, send 'Authorization: Bearer sk-...'");
          return FALSE;
        }
      if (!sluice_secret_equals (key, self->master_key))
        {
          g_set_error_literal (error, SLUICE_ERROR, SLUICE_ERROR_KEY_UNKNOWN, "the api key is not valid");
          return FALSE;
        }
      if (self->example_key && !presented->loopback)
        {
          g_set_error_literal (error, SLUICE_ERROR, SLUICE_ERROR_KEY_UNKNOWN,
                               "the master key is a known example and opens nothing to other machines, choose another");
          return FALSE;
        }
      *identity = (SluiceIdentity){ "master", TRUE, FALSE };
      return TRUE;
    }

  /* clients insist on sending "ollama" or "none": only what looks like a key of ours counts as one */
  if (key != NULL && g_str_has_prefix (key, "sk-"))
    {
      g_set_error_literal (error, SLUICE_ERROR, SLUICE_ERROR_KEY_UNKNOWN, "the api key is not valid");
      return FALSE;
    }
  return check_keyless (self, presented, identity, error);
}
