/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/sluice-config-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* @environment (nullable): %NULL for the process's. The snapshot keeps a copy: others may change theirs. */
static GHashTable *
copy_environment (GHashTable *environment)
{
  GHashTable *variables = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_auto (GStrv) process = environment == NULL ? g_get_environ () : NULL;
  GHashTableIter iter;
  gpointer name;
  gpointer value;

  for (guint i = 0; process != NULL && process[i] != NULL; i++)
    {
      const char *equals = strchr (process[i], '=');

      if (equals != NULL)
        g_hash_table_replace (variables, g_strndup (process[i], (gsize) (equals - process[i])), g_strdup (equals + 1));
    }
  if (environment == NULL)
    return variables;

  g_hash_table_iter_init (&iter, environment);
  while (g_hash_table_iter_next (&iter, &name, &value))
    g_hash_table_replace (variables, g_strdup (name), g_strdup (value));
  return variables;
}

static SluiceConfig *
config_new (GHashTable *environment)
{
  SluiceConfig *self = g_new0 (SluiceConfig, 1);

  g_atomic_ref_count_init (&self->refs);
  self->models = g_ptr_array_new_with_free_func ((GDestroyNotify) sluice_config_model_free);
  self->settings = sluice_settings_new ();
  self->variables = copy_environment (environment);
  return self;
}

SluiceConfig *
sluice_config_new_empty (GHashTable *environment)
{
  SluiceConfig *self = config_new (environment);
  const char *key = g_hash_table_lookup (self->variables, "LITELLM_MASTER_KEY");

  /* even one that a file would not get away with: without any, the door would stand wider open than was meant */
  if (key != NULL && *key != '\0')
    self->master_key = g_strdup (key);
  return self;
}

gboolean
sluice_config_override (SluiceConfig *self, const char *name, const char *text, GError **error)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return sluice_settings_set (self->settings, name, text, error);
}

SluiceConfig *
sluice_config_ref (SluiceConfig *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
sluice_config_unref (SluiceConfig *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  g_ptr_array_unref (self->models);
  g_free (self->master_key);
  sluice_settings_free (self->settings);
  g_hash_table_unref (self->variables);
  g_free (self);
}

guint
sluice_config_get_n_models (const SluiceConfig *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->models->len;
}

const SluiceConfigModel *
sluice_config_get_model (const SluiceConfig *self, guint index)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (index < self->models->len, NULL);

  return g_ptr_array_index (self->models, index);
}

const char *
sluice_config_get_master_key (const SluiceConfig *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->master_key;
}

const SluiceSettings *
sluice_config_get_settings (const SluiceConfig *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->settings;
}

const char *
sluice_config_get_variable (const SluiceConfig *self, const char *name)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (name != NULL, NULL);

  return g_hash_table_lookup (self->variables, name);
}

static void
read_general (SluiceConfigReader *self, const SluiceKey *key, const SluiceYamlMember *member, gpointer data)
{
  const SluiceYamlNode **master_key = data;

  if (g_str_equal (key->name, "master_key"))
    {
      *master_key = member->value;
      sluice_config_read_master_key (self, member->value);
    }
}

/* None of the keys of this section is used so far. */
static void
read_nothing (SluiceConfigReader *self, const SluiceKey *key, const SluiceYamlMember *member, gpointer data)
{
}

static void
read_section (SluiceConfigReader *self, const SluiceKey *key, const SluiceYamlMember *member, gpointer data)
{
  const char *name = key->name;

  if (g_str_equal (name, "model_list"))
    sluice_config_read_models (self, member->value);
  else if (g_str_equal (name, "sluice_settings"))
    sluice_config_read_settings (self, member->value);
  else if (g_str_equal (name, "general_settings"))
    sluice_config_reader_walk (self, member->value, SLUICE_SECTION_GENERAL_SETTINGS, read_general, data);
  else if (g_str_equal (name, "litellm_settings"))
    sluice_config_reader_walk (self, member->value, SLUICE_SECTION_LITELLM_SETTINGS, read_nothing, NULL);
  else if (g_str_equal (name, "router_settings"))
    sluice_config_reader_walk (self, member->value, SLUICE_SECTION_ROUTER_SETTINGS, read_nothing, NULL);
}

static void
read_root (SluiceConfigReader *self, SluiceYamlNode *root)
{
  const SluiceYamlNode *master_key = NULL;

  if (root != NULL && root->type != SLUICE_YAML_NULL && root->type != SLUICE_YAML_MAP)
    {
      sluice_config_reader_error (self, root, "the file must hold keys like 'model_list:', not %s",
                                  sluice_yaml_describe_type (root->type));
      return;
    }

  if (root == NULL || root->type == SLUICE_YAML_NULL || root->members->len == 0)
    sluice_config_reader_add (self, SLUICE_FINDING_WARNING, 0, 0, "the file is empty: it configures nothing");
  else
    {
      sluice_config_read_environment (self, root);
      sluice_config_reader_walk (self, root, SLUICE_SECTION_TOP, read_section, &master_key);
    }
  if (master_key == NULL)
    sluice_config_read_master_key (self, NULL);
}

SluiceConfig *
sluice_config_parse (const char *name, const char *text, gsize length, GHashTable *environment, GPtrArray *findings)
{
  g_autoptr (SluiceFindingSink) sink = NULL;
  g_autoptr (SluiceConfig) config = NULL;
  g_autoptr (SluiceYaml) yaml = NULL;
  gboolean has_error;

  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (text != NULL || length == 0, NULL);
  g_return_val_if_fail (findings != NULL, NULL);

  sink = sluice_finding_sink_new (name);
  config = config_new (environment);
  yaml = sluice_yaml_parse (text, length, sink);
  if (yaml != NULL)
    {
      SluiceConfigReader reader = { .config = config, .sink = sink };

      reader.path = g_string_new (NULL);
      reader.ids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
      reader.ordinals = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
      read_root (&reader, sluice_yaml_get_root (yaml));
      sluice_config_reader_end (&reader);
      g_hash_table_unref (reader.ids);
      g_hash_table_unref (reader.ordinals);
      g_string_free (reader.path, TRUE);
    }

  has_error = sluice_finding_sink_has_error (sink);
  sluice_finding_sink_drain (sink, findings);
  return has_error ? NULL : g_steal_pointer (&config);
}

/* At most one byte more than a file may have, so that a device or a huge file costs no more. %NULL: errno says why. */
static char *
read_file (const char *path, gsize *length)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  g_autofree char *text = NULL;
  struct stat status;
  ssize_t n_read = 0;
  int error = 0;

  if (fd < 0)
    return NULL;

  *length = 0;
  if (fstat (fd, &status) != 0)
    error = errno;
  else if (S_ISDIR (status.st_mode))
    error = EISDIR;
  else
    text = g_malloc (SLUICE_YAML_MAX_BYTES + 1);
  while (text != NULL && *length <= SLUICE_YAML_MAX_BYTES)
    {
      n_read = read (fd, text + *length, SLUICE_YAML_MAX_BYTES + 1 - *length);
      if (n_read == 0)
        break;
      if (n_read > 0)
        *length += (gsize) n_read;
      else if (errno != EINTR)
        {
          error = errno;
          g_clear_pointer (&text, g_free);
        }
    }

  close (fd);
  errno = error;
  return g_steal_pointer (&text);
}

SluiceConfig *
sluice_config_load (const char *path, GHashTable *environment, GPtrArray *findings)
{
  g_autofree char *name = NULL;
  g_autofree char *text = NULL;
  gsize length;

  g_return_val_if_fail (path != NULL, NULL);
  g_return_val_if_fail (findings != NULL, NULL);

  name = g_filename_display_name (path);
  text = read_file (path, &length);
  if (text == NULL)
    {
      g_autofree char *message = g_strdup_printf ("the file cannot be read: %s", g_strerror (errno));

      g_ptr_array_add (findings, sluice_finding_new (SLUICE_FINDING_ERROR, name, 0, 0, NULL, message));
      return NULL;
    }

  return sluice_config_parse (name, text, length, environment, findings);
}
