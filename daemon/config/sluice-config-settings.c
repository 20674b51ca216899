/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/sluice-config-private.h"

#include "config/sluice-nearest.h"

#include <string.h>

#define MASTER_KEY_PREFIX "sk-"

/* Settings of the design that nothing reads yet. */
static const char *const pending_settings[] = { "cloud_policy" };

/* Master keys that stand in tutorials: everybody knows them. */
static const char *const example_keys[] = {
  "sk-1234", "sk-12345", "sk-123456", "sk-12345678", "sk-123", "sk-1", "sk-test", "sk-xxx", "sk-xxxx",
  "sk-litellm", "sk-master", "sk-master-key", "sk-my-master-key", "sk-admin", "sk-password", "sk-secret",
  "sk-change-me", "sk-changeme", "sk-your-key", "sk-your-master-key", "sk-key", "sk-example",
};

static gboolean
is_pending (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (pending_settings); i++)
    if (g_str_equal (pending_settings[i], name))
      return TRUE;
  return FALSE;
}

static void
report_unknown (SluiceConfigReader *self, const SluiceYamlMember *member)
{
  guint n_infos;
  const SluiceSettingInfo *infos = sluice_settings_table (&n_infos);
  const char *nearest = NULL;

  if (is_pending (member->key))
    {
      sluice_config_reader_warn (self, member, "has no effect yet");
      return;
    }

  if (!sluice_finding_sink_is_full (self->sink, SLUICE_FINDING_WARNING))
    nearest = sluice_nearest (member->key, &infos[0].name, sizeof infos[0], n_infos);
  if (nearest != NULL)
    sluice_config_reader_warn (self, member, "unknown key, did you mean '%s'?", nearest);
  else
    sluice_config_reader_warn (self, member, "unknown key, it has no effect");
}

/* The texts of a list, or %NULL if one item is none. */
static char **
dup_texts (const SluiceYamlNode *list)
{
  g_autoptr (GStrvBuilder) texts = g_strv_builder_new ();

  for (guint i = 0; i < list->items->len; i++)
    {
      const SluiceYamlNode *item = g_ptr_array_index (list->items, i);

      if (item->type == SLUICE_YAML_STRING)
        g_strv_builder_add (texts, item->text);
      else if (item->type != SLUICE_YAML_NULL)
        return NULL;
    }

  return g_strv_builder_end (texts);
}

static gboolean
set_value (SluiceSettings *settings, const SluiceSettingInfo *info, const SluiceYamlNode *node)
{
  g_autofree char *number = NULL;
  g_auto (GStrv) texts = NULL;

  switch (node->type)
    {
    case SLUICE_YAML_LIST:
      texts = info->type == SLUICE_SETTING_LIST ? dup_texts (node) : NULL;
      return texts != NULL && sluice_settings_set_list (settings, info->name, (const char *const *) texts, NULL);
    case SLUICE_YAML_INT:
      number = info->type == SLUICE_SETTING_INT ? sluice_yaml_dup_number (node) : NULL;
      return number != NULL && sluice_settings_set (settings, info->name, number, NULL);
    case SLUICE_YAML_BOOL:
      return info->type == SLUICE_SETTING_BOOL && sluice_settings_set (settings, info->name, node->text, NULL);
    case SLUICE_YAML_STRING:
      return sluice_settings_set (settings, info->name, node->text, NULL);
    default:
      return FALSE;
    }
}

static void
read_setting (SluiceConfigReader *self, const SluiceYamlMember *member)
{
  const SluiceSettingInfo *info = sluice_settings_find (member->key);
  const SluiceYamlNode *node = member->value;
  g_autofree char *takes = NULL;

  if (info == NULL)
    {
      report_unknown (self, member);
      return;
    }
  if (node->type == SLUICE_YAML_NULL || set_value (self->config->settings, info, node))
    return;

  takes = sluice_settings_describe_type (info);
  if ((info->type == SLUICE_SETTING_INT && node->type == SLUICE_YAML_INT) ||
      (info->type == SLUICE_SETTING_LIST && node->type == SLUICE_YAML_LIST))
    sluice_config_reader_error (self, node, "takes %s", takes);
  else
    sluice_config_reader_error (self, node, "takes %s, not %s", takes, node->type == SLUICE_YAML_STRING
                                                                         ? "this text"
                                                                         : sluice_yaml_describe_type (node->type));
}

void
sluice_config_read_settings (SluiceConfigReader *self, const SluiceYamlNode *map)
{
  for (guint i = 0; i < map->members->len; i++)
    {
      const SluiceYamlMember *member = &g_array_index (map->members, SluiceYamlMember, i);
      gsize before = sluice_yaml_path_push_key (self->path, member->key);

      read_setting (self, member);
      g_string_truncate (self->path, before);
    }
}

gboolean
sluice_config_is_example_key (const char *key)
{
  g_return_val_if_fail (key != NULL, FALSE);

  for (guint i = 0; i < G_N_ELEMENTS (example_keys); i++)
    if (g_ascii_strcasecmp (example_keys[i], key) == 0)
      return TRUE;
  return FALSE;
}

/* What is wrong with @key, or %NULL. */
static const char *
find_key_fault (const char *key)
{
  if (!g_str_has_prefix (key, MASTER_KEY_PREFIX) || strlen (key) == strlen (MASTER_KEY_PREFIX))
    return "must begin with '" MASTER_KEY_PREFIX "', with something behind it";
  for (const char *at = key; *at != '\0'; at++)
    if (!g_ascii_isgraph (*at))
      return "holds a blank or another character that cannot be sent in a header: remove it";
  return NULL;
}

void
sluice_config_read_master_key (SluiceConfigReader *self, const SluiceYamlNode *node)
{
  static const SluiceYamlNode nowhere = { .line = 0 };
  const char *key = node != NULL ? node->text : g_hash_table_lookup (self->config->variables, "LITELLM_MASTER_KEY");
  const char *name = node != NULL ? "" : "the variable LITELLM_MASTER_KEY ";
  const SluiceYamlNode *place = node != NULL ? node : &nowhere;
  const char *fault;

  if (key == NULL || (*key == '\0' && node == NULL))
    return;

  fault = find_key_fault (key);
  if (fault != NULL)
    sluice_config_reader_error (self, place, "%s%s", name, fault);
  else if (sluice_config_is_example_key (key))
    sluice_config_reader_warn (self, place, "%sis a key from a tutorial that everybody knows: choose another", name);
  g_free (self->config->master_key);
  self->config->master_key = g_strdup (key);
}
