/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "secrets/sluice-credential-directory-private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "catalogue/sluice-provider.h"
#include "secrets/sluice-secret.h"

static void
warn (GPtrArray *warnings, const char *path, const char *what)
{
  g_ptr_array_add (warnings, g_strdup_printf ("the credential %s is not used: it %s", path, what));
}

static gboolean
is_key_variable (const char *name)
{
  guint n_providers;
  const SluiceProvider *providers = sluice_providers (&n_providers);

  for (guint i = 0; i < n_providers; i++)
    for (guint j = 0; j < SLUICE_PROVIDER_MAX_VARIABLES && providers[i].key_variables[j] != NULL; j++)
      if (g_str_equal (providers[i].key_variables[j], name))
        return TRUE;
  return FALSE;
}

static char *
read_open (int fd, const char *path, GPtrArray *warnings)
{
  g_autoptr (GError) error = NULL;
  struct stat found;
  char *secret;

  if (fstat (fd, &found) < 0 || !S_ISREG (found.st_mode))
    {
      warn (warnings, path, "is not a plain file");
      return NULL;
    }
  if ((found.st_mode & 002) != 0)
    {
      warn (warnings, path, "can be changed by everybody, make its mode 0400");
      return NULL;
    }
  secret = sluice_secret_read (fd, &error);
  if (secret == NULL)
    warn (warnings, path, error->message);
  return secret;
}

static char *
read_file (const char *directory, const char *name, GPtrArray *warnings)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);
  int fd = g_open (path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
  char *secret;

  if (fd < 0)
    {
      g_autofree char *what = g_strdup_printf ("cannot be opened (%s)", g_strerror (errno));

      warn (warnings, path, errno == ELOOP ? "is a link" : what);
      return NULL;
    }
  secret = read_open (fd, path, warnings);
  close (fd);
  return secret;
}

GHashTable *
sluice_credential_directory_load (const char *path, GPtrArray *warnings)
{
  g_autoptr (GHashTable) table
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) sluice_secret_free);
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) directory = g_dir_open (path, 0, &error);
  const char *name;

  if (directory == NULL)
    {
      g_ptr_array_add (warnings, g_strdup_printf ("the directory of $CREDENTIALS_DIRECTORY cannot be read: %s",
                                                  error->message));
      return g_steal_pointer (&table);
    }
  while ((name = g_dir_read_name (directory)) != NULL)
    {
      const SluiceProvider *provider = sluice_provider_find (name);
      const char *key = provider != NULL ? provider->id : name;
      gboolean own_name = g_str_equal (key, name);
      sluice_autosecret char *secret = NULL;

      /* the name itself stands above an alias, whichever is read first */
      if ((provider == NULL && !is_key_variable (name)) || (!own_name && g_hash_table_contains (table, key)))
        continue;
      secret = read_file (path, name, warnings);
      if (secret != NULL)
        g_hash_table_replace (table, g_strdup (key), g_steal_pointer (&secret));
    }
  return g_steal_pointer (&table);
}
