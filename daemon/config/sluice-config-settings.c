/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/sluice-config-private.h"

#include "config/sluice-nearest.h"

#include <string.h>

#define MASTER_KEY_PREFIX "sk-"
#define KEY_VARIABLE "LITELLM_MASTER_KEY"
#define EXAMPLE_FAULT "is a key from a tutorial that everybody knows: choose another"

#define VARIABLE_PREFIX "SLUICE_"

/* What LiteLLM reads from the environment and has the same meaning here. */
static const struct {
  const char *variable;
  const char *setting;
} known_variables[] = {
  { "LITELLM_CORS_ORIGINS", "cors_origins" },
};

/* Master keys that stand in tutorials: everybody knows them. */
static const char *const example_keys[] = {
  "sk-1234", "sk-12345", "sk-123456", "sk-12345678", "sk-123", "sk-1", "sk-test", "sk-xxx", "sk-xxxx",
  "sk-litellm", "sk-master", "sk-master-key", "sk-my-master-key", "sk-admin", "sk-password", "sk-secret",
  "sk-change-me", "sk-changeme", "sk-your-key", "sk-your-master-key", "sk-key", "sk-example",
};

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
      /* "off" is one of the words of a choice too */
      return (info->type == SLUICE_SETTING_BOOL || info->type == SLUICE_SETTING_CHOICE) &&
             sluice_settings_set (settings, info->name, node->text, NULL);
    case SLUICE_YAML_STRING:
      return sluice_settings_set (settings, info->name, node->text, NULL);
    default:
      return FALSE;
    }
}

/* Says what is wrong with each text of @node, where it stands. Returns whether nothing is. */
static gboolean
check_setting (SluiceConfigReader *self, const SluiceSettingInfo *info, const SluiceYamlNode *node)
{
  const char *fault = node->type == SLUICE_YAML_STRING ? sluice_settings_find_fault (info, node->text) : NULL;
  gboolean fine = fault == NULL;

  if (!fine)
    sluice_config_reader_error (self, node, "%s", fault);
  for (guint i = 0; info->check != NULL && node->type == SLUICE_YAML_LIST && i < node->items->len; i++)
    {
      const SluiceYamlNode *item = g_ptr_array_index (node->items, i);
      gsize before = self->path->len;

      fault = item->type == SLUICE_YAML_STRING ? info->check (item->text) : NULL;
      if (fault == NULL)
        continue;
      sluice_yaml_path_push_index (self->path, i);
      sluice_config_reader_error (self, item, "%s", fault);
      g_string_truncate (self->path, before);
      fine = FALSE;
    }
  return fine;
}

static void
read_setting (SluiceConfigReader *self, const SluiceKey *key, const SluiceYamlMember *member, gpointer data)
{
  const SluiceSettingInfo *info = sluice_settings_find (key->name);
  const SluiceYamlNode *node = member->value;
  g_autofree char *takes = NULL;

  if (!check_setting (self, info, node))
    return;
  if (set_value (self->config->settings, info, node))
    {
      sluice_config_set_origin (self->config, info, SLUICE_ORIGIN_FILE);
      return;
    }

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
  sluice_config_reader_walk (self, map, SLUICE_SECTION_SLUICE_SETTINGS, read_setting, NULL);
}

void
sluice_config_set_origin (SluiceConfig *self, const SluiceSettingInfo *info, SluiceOrigin origin)
{
  guint n_infos;
  const SluiceSettingInfo *infos = sluice_settings_table (&n_infos);

  self->origins[info - infos] = origin;
}

SluiceOrigin
sluice_config_get_origin (const SluiceConfig *self, const char *name)
{
  const SluiceSettingInfo *info;
  guint n_infos;

  g_return_val_if_fail (self != NULL, SLUICE_ORIGIN_DEFAULT);
  g_return_val_if_fail (name != NULL, SLUICE_ORIGIN_DEFAULT);

  info = sluice_settings_find (name);
  g_return_val_if_fail (info != NULL, SLUICE_ORIGIN_DEFAULT);

  return self->origins[info - sluice_settings_table (&n_infos)];
}

const char *
sluice_origin_to_string (SluiceOrigin origin)
{
  static const char *const words[] = {
    [SLUICE_ORIGIN_DEFAULT] = "default",         [SLUICE_ORIGIN_DATABASE] = "database",
    [SLUICE_ORIGIN_ENVIRONMENT] = "environment", [SLUICE_ORIGIN_FILE] = "file",
    [SLUICE_ORIGIN_COMMAND_LINE] = "command-line",
  };

  g_return_val_if_fail ((guint) origin < G_N_ELEMENTS (words), NULL);

  return words[origin];
}

/* Takes what no file has set from the variable @variable, if it is there and not empty. */
static void
read_variable (SluiceConfig *self, const SluiceSettingInfo *info, const char *variable, SluiceFindingSink *sink)
{
  const char *text = g_hash_table_lookup (self->variables, variable);
  gboolean is_text = text != NULL && g_utf8_validate (text, -1, NULL);
  const char *fault = is_text ? sluice_settings_find_fault (info, text) : NULL;
  /* one of LiteLLM's that does not fit here was not set for us */
  SluiceFindingLevel level
      = g_str_has_prefix (variable, VARIABLE_PREFIX) ? SLUICE_FINDING_ERROR : SLUICE_FINDING_WARNING;
  g_autofree char *takes = NULL;

  if (text == NULL || *text == '\0' || sluice_config_get_origin (self, info->name) != SLUICE_ORIGIN_DEFAULT)
    return;
  if (is_text && sluice_settings_set (self->settings, info->name, text, NULL))
    {
      sluice_config_set_origin (self, info, SLUICE_ORIGIN_ENVIRONMENT);
      return;
    }
  if (fault != NULL)
    {
      sluice_finding_sink_add (sink, level, 0, 0, NULL, "the variable %s %s", variable, fault);
      return;
    }

  takes = sluice_settings_describe_type (info);
  sluice_finding_sink_add (sink, level, 0, 0, NULL, "the variable %s takes %s, not what it holds",
                           variable, takes);
}

static char *
make_variable (const char *setting)
{
  g_autofree char *upper = g_ascii_strup (setting, -1);

  return g_strconcat (VARIABLE_PREFIX, upper, NULL);
}

/* A variable that looks like a setting that is misspelt; others may begin like ours. */
static void
report_variable (const char *variable, SluiceFindingSink *sink)
{
  guint n_infos;
  const SluiceSettingInfo *infos = sluice_settings_table (&n_infos);
  g_autofree char *name = g_ascii_strdown (variable + strlen (VARIABLE_PREFIX), -1);
  const char *nearest = sluice_nearest (name, &infos[0].name, sizeof infos[0], n_infos);
  const SluiceKey *key = nearest != NULL ? sluice_schema_find (SLUICE_SECTION_SLUICE_SETTINGS, nearest) : NULL;
  g_autofree char *meant = nearest != NULL ? make_variable (nearest) : NULL;
  g_autofree char *shown = NULL;

  if (nearest == NULL || sluice_settings_find (name) != NULL || !g_utf8_validate (variable, -1, NULL))
    return;

  shown = sluice_yaml_show_text (variable);
  sluice_finding_sink_add (sink, key != NULL && key->is_guarded ? SLUICE_FINDING_ERROR : SLUICE_FINDING_WARNING, 0, 0,
                           NULL, "the variable %s sets nothing, did you mean %s?", shown, meant);
}

void
sluice_config_read_setting_variables (SluiceConfig *self, SluiceFindingSink *sink)
{
  guint n_infos;
  const SluiceSettingInfo *infos = sluice_settings_table (&n_infos);
  GHashTableIter iter;
  gpointer variable;

  for (guint i = 0; i < n_infos; i++)
    {
      g_autofree char *name = make_variable (infos[i].name);

      read_variable (self, &infos[i], name, sink);
    }
  for (guint i = 0; i < G_N_ELEMENTS (known_variables); i++)
    read_variable (self, sluice_settings_find (known_variables[i].setting), known_variables[i].variable, sink);

  g_hash_table_iter_init (&iter, self->variables);
  while (g_hash_table_iter_next (&iter, &variable, NULL))
    if (g_str_has_prefix (variable, VARIABLE_PREFIX))
      report_variable (variable, sink);
}

guint
sluice_config_apply_database (SluiceConfig *self, GHashTable *values)
{
  GHashTableIter iter;
  gpointer name;
  gpointer text;
  guint n_left = 0;

  g_return_val_if_fail (self != NULL, 0);
  g_return_val_if_fail (values != NULL, 0);

  g_hash_table_iter_init (&iter, values);
  while (g_hash_table_iter_next (&iter, &name, &text))
    {
      const SluiceSettingInfo *info = sluice_settings_find (name);

      if (info == NULL)
        n_left++;
      else if (sluice_config_get_origin (self, name) > SLUICE_ORIGIN_DATABASE)
        continue;
      else if (sluice_settings_set (self->settings, name, text, NULL))
        sluice_config_set_origin (self, info, SLUICE_ORIGIN_DATABASE);
      else
        n_left++;
    }
  return n_left;
}

gboolean
sluice_config_override (SluiceConfig *self, const char *name, const char *text, GError **error)
{
  g_return_val_if_fail (self != NULL, FALSE);

  if (!sluice_settings_set (self->settings, name, text, error))
    return FALSE;
  sluice_config_set_origin (self, sluice_settings_find (name), SLUICE_ORIGIN_COMMAND_LINE);
  return TRUE;
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
sluice_config_read_key_variable (SluiceConfig *self, SluiceFindingSink *sink)
{
  const char *key = g_hash_table_lookup (self->variables, KEY_VARIABLE);
  const char *fault;

  if (key == NULL || *key == '\0')
    return;

  fault = find_key_fault (key);
  if (fault == NULL && sluice_config_is_example_key (key))
    fault = EXAMPLE_FAULT;
  if (fault != NULL)
    sluice_finding_sink_add (sink, SLUICE_FINDING_WARNING, 0, 0, NULL, "the variable " KEY_VARIABLE " %s", fault);
  g_free (self->master_key);
  self->master_key = g_strdup (key);
}

void
sluice_config_read_master_key (SluiceConfigReader *self, const SluiceYamlNode *node)
{
  static const SluiceYamlNode nowhere = { .line = 0 };
  const char *key = node != NULL ? node->text : g_hash_table_lookup (self->config->variables, KEY_VARIABLE);
  const char *name = node != NULL ? "" : "the variable " KEY_VARIABLE " ";
  const SluiceYamlNode *place = node != NULL ? node : &nowhere;
  const char *fault;

  if (key == NULL || (*key == '\0' && node == NULL))
    return;

  fault = find_key_fault (key);
  if (fault != NULL)
    sluice_config_reader_error (self, place, "%s%s", name, fault);
  else if (sluice_config_is_example_key (key))
    sluice_config_reader_warn (self, place, "%s" EXAMPLE_FAULT, name);
  g_free (self->config->master_key);
  self->config->master_key = g_strdup (key);
}

void
sluice_config_check_empty_key (SluiceConfigReader *self, const SluiceYamlNode *general_settings)
{
  const SluiceYamlNode *node = sluice_yaml_get (general_settings, "master_key");
  const char *variable = g_hash_table_lookup (self->config->variables, KEY_VARIABLE);
  gsize before;

  if (node == NULL || node->type != SLUICE_YAML_NULL || node->unset || (variable != NULL && *variable != '\0'))
    return;

  before = sluice_yaml_path_push_key (self->path, "master_key");
  sluice_config_reader_warn (self, node, "nothing stands behind this key, so no key is asked of the processes of this "
                                         "user: set a value or remove the line");
  g_string_truncate (self->path, before);
}
