/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/sluice-config-private.h"

void
sluice_config_alias_free (SluiceConfigAlias *self)
{
  if (self == NULL)
    return;

  g_free (self->name);
  g_free (self->group);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SluiceConfigAlias, sluice_config_alias_free)

static void
read_alias_key (SluiceConfigReader *self, const SluiceKey *key, const SluiceYamlMember *member, gpointer data)
{
  SluiceConfigAlias *alias = data;
  gint64 truth = member->value->integer;

  if (g_str_equal (key->name, "model"))
    {
      g_free (alias->group);
      alias->group = g_strdup (member->value->text);
      return;
    }
  if (member->value->type == SLUICE_YAML_STRING)
    sluice_yaml_scalar_type (member->value->text, &truth);
  alias->hidden = truth != 0;
}

static void
read_alias (SluiceConfigReader *self, const SluiceYamlMember *member)
{
  g_autoptr (SluiceConfigAlias) alias = g_new0 (SluiceConfigAlias, 1);
  const SluiceYamlNode *node = member->value;

  alias->name = g_strdup (member->key);
  if (node->type == SLUICE_YAML_STRING)
    alias->group = g_strdup (node->text);
  else if (node->type == SLUICE_YAML_MAP)
    {
      sluice_config_reader_require (self, node, "model", "the group that the alias stands for");
      sluice_config_reader_walk (self, node, SLUICE_SECTION_ALIAS, read_alias_key, alias);
    }
  else
    sluice_config_reader_error (self, node, "takes the name of a group, or a map with 'model' and 'hidden', not %s",
                                sluice_yaml_describe_type (node->type));

  if (alias->group != NULL)
    sluice_config_check_group_name (self, alias->group, node->line, node->column);
  if (alias->group != NULL)
    g_ptr_array_add (self->config->aliases, g_steal_pointer (&alias));
}

void
sluice_config_read_router_key (SluiceConfigReader *self,
                               const SluiceKey *key,
                               const SluiceYamlMember *member,
                               gpointer data)
{
  if (!g_str_equal (key->name, "model_group_alias"))
    return;

  for (guint i = 0; i < member->value->members->len; i++)
    {
      const SluiceYamlMember *alias = &g_array_index (member->value->members, SluiceYamlMember, i);
      gsize before = sluice_yaml_path_push_key (self->path, alias->key);

      read_alias (self, alias);
      g_string_truncate (self->path, before);
    }
}
