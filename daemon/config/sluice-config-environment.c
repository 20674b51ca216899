/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/sluice-config-private.h"

#include "shared/sluice-names.h"

#include <string.h>

#define REFERENCE_PREFIX "os.environ/"

static gboolean
is_variable_name (const char *name)
{
  if (!g_ascii_isalpha (*name) && *name != '_')
    return FALSE;
  for (const char *at = name; *at != '\0'; at++)
    if (!g_ascii_isalnum (*at) && *at != '_')
      return FALSE;
  return TRUE;
}

/* The value for a reference, or %NULL with a finding that says why there is none. A name that is none may be a secret
 * in the wrong place and is not repeated. */
static const char *
look_up (SluiceConfigReader *self, const SluiceYamlNode *node, const char *name)
{
  const char *value;

  if (!is_variable_name (name))
    {
      sluice_config_reader_warn (self, node,
                                 "'" REFERENCE_PREFIX "' takes the name of a variable: letters, digits and '_'; the "
                                 "value counts as not given");
      return NULL;
    }

  value = g_hash_table_lookup (self->config->variables, name);
  if (value == NULL)
    sluice_config_reader_warn (self, node,
                               "the variable '%.128s' is not set: set it in $XDG_CONFIG_HOME/" SLUICE_DIR_NAME
                               "/" SLUICE_ENVIRONMENT_FILE, name);
  else if (!g_utf8_validate (value, -1, NULL))
    {
      sluice_config_reader_warn (self, node, "the variable '%.128s' is not UTF-8: its value counts as not given", name);
      return NULL;
    }

  return value;
}

static void
resolve_scalar (SluiceConfigReader *self, SluiceYamlNode *node)
{
  const char *value;

  if (node->type != SLUICE_YAML_STRING || !g_str_has_prefix (node->text, REFERENCE_PREFIX))
    return;

  value = look_up (self, node, node->text + strlen (REFERENCE_PREFIX));
  g_free (node->text);
  node->text = g_strdup (value != NULL ? value : "");
  node->type = value != NULL ? SLUICE_YAML_STRING : SLUICE_YAML_NULL;
  node->unset = value == NULL || *value == '\0';
}

/* Once a node, however many aliases share it: a value may look like a reference itself. */
void
sluice_config_resolve (SluiceConfigReader *self, SluiceYamlNode *node)
{
  gsize before;

  if (node->resolved)
    return;

  node->resolved = TRUE;
  resolve_scalar (self, node);
  for (guint i = 0; node->type == SLUICE_YAML_LIST && i < node->items->len; i++)
    {
      before = sluice_yaml_path_push_index (self->path, i);
      sluice_config_resolve (self, g_ptr_array_index (node->items, i));
      g_string_truncate (self->path, before);
    }
  for (guint i = 0; node->type == SLUICE_YAML_MAP && i < node->members->len; i++)
    {
      const SluiceYamlMember *member = &g_array_index (node->members, SluiceYamlMember, i);

      before = sluice_yaml_path_push_key (self->path, member->key);
      sluice_config_resolve (self, member->value);
      g_string_truncate (self->path, before);
    }
}

static void
read_variable (SluiceConfigReader *self, const SluiceYamlMember *member)
{
  SluiceYamlNode *node = member->value;

  if (g_hash_table_contains (self->refused, member))
    return;
  if (!is_variable_name (member->key))
    {
      sluice_config_reader_error (self, member, "the name of a variable has letters, digits and '_' only");
      return;
    }
  if (node->type == SLUICE_YAML_LIST || node->type == SLUICE_YAML_MAP)
    {
      sluice_config_reader_error (self, node, "takes a text, not %s", sluice_yaml_describe_type (node->type));
      return;
    }

  sluice_config_resolve (self, node);
  if (node->type != SLUICE_YAML_NULL)
    g_hash_table_replace (self->config->variables, g_strdup (member->key), g_strdup (node->text));
}

void
sluice_config_read_variables (SluiceConfigReader *self, const SluiceYamlNode *map)
{
  gsize before = sluice_yaml_path_push_key (self->path, "environment_variables");

  for (guint i = 0; map != NULL && map->type == SLUICE_YAML_MAP && i < map->members->len; i++)
    {
      const SluiceYamlMember *member = &g_array_index (map->members, SluiceYamlMember, i);
      gsize map_length = sluice_yaml_path_push_key (self->path, member->key);

      read_variable (self, member);
      g_string_truncate (self->path, map_length);
    }
  g_string_truncate (self->path, before);
}
