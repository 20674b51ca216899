/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/sluice-config-private.h"

#include "config/sluice-nearest.h"

#include <string.h>

#define PENDING_SHOWN_MAX 8

void
sluice_config_reader_add (SluiceConfigReader *self,
                          SluiceFindingLevel level,
                          guint line,
                          guint column,
                          const char *format,
                          ...)
{
  g_autofree char *message = NULL;
  va_list arguments;

  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  sluice_finding_sink_add (self->sink, level, line, column, self->path->len > 0 ? self->path->str : NULL, "%s",
                           message);
}

void
sluice_config_reader_require (SluiceConfigReader *self,
                              const SluiceYamlNode *map,
                              const char *name,
                              const char *advice)
{
  const SluiceYamlNode *node = sluice_yaml_get (map, name);
  gsize before;

  if (node != NULL && node->type != SLUICE_YAML_NULL && !(node->type == SLUICE_YAML_STRING && *node->text == '\0'))
    return;

  before = sluice_yaml_path_push_key (self->path, name);
  sluice_config_reader_error (self, node != NULL ? node : map, "missing: %s", advice);
  g_string_truncate (self->path, before);
}

/* Whether @node can be read as @type. Texts stand for numbers and truths too: variables hold nothing else. */
static gboolean
fits (const SluiceYamlNode *node, SluiceKeyType type)
{
  gboolean is_string = node->type == SLUICE_YAML_STRING;
  SluiceYamlType scalar = is_string ? sluice_yaml_scalar_type (node->text, NULL) : node->type;

  switch (type)
    {
    case SLUICE_KEY_ANY:
      return TRUE;
    case SLUICE_KEY_BOOL:
      return scalar == SLUICE_YAML_BOOL;
    case SLUICE_KEY_INT:
      return scalar == SLUICE_YAML_INT;
    case SLUICE_KEY_NUMBER:
      return scalar == SLUICE_YAML_INT || scalar == SLUICE_YAML_FLOAT;
    case SLUICE_KEY_STRING:
      return is_string;
    case SLUICE_KEY_LIST:
      return node->type == SLUICE_YAML_LIST;
    case SLUICE_KEY_MAP:
      return node->type == SLUICE_YAML_MAP;
    case SLUICE_KEY_STRING_OR_INT:
      return is_string || node->type == SLUICE_YAML_INT;
    case SLUICE_KEY_STRING_OR_LIST:
      return is_string || node->type == SLUICE_YAML_LIST;
    case SLUICE_KEY_STRING_OR_MAP:
      return is_string || node->type == SLUICE_YAML_MAP;
    case SLUICE_KEY_LIST_OR_MAP:
      return node->type == SLUICE_YAML_LIST || node->type == SLUICE_YAML_MAP;
    default:
      g_assert_not_reached ();
    }
}

static gboolean
check_type (SluiceConfigReader *self, const SluiceKey *key, const SluiceYamlNode *node)
{
  gboolean wants_string = key->type == SLUICE_KEY_STRING || key->type == SLUICE_KEY_STRING_OR_LIST ||
                          key->type == SLUICE_KEY_STRING_OR_MAP;
  gboolean is_scalar = node->type < SLUICE_YAML_STRING;

  if (fits (node, key->type))
    return TRUE;

  sluice_config_reader_add (self, key->status == SLUICE_KEY_USED ? SLUICE_FINDING_ERROR : SLUICE_FINDING_WARNING,
                            node->line, node->column, "takes %s, not %s%s", sluice_schema_describe_type (key->type),
                            sluice_yaml_describe_type (node->type),
                            wants_string && is_scalar ? ": put it in quotes" : "");
  return FALSE;
}

static void
note_pending (SluiceConfigReader *self, SluiceSection section, const SluiceYamlMember *member, gsize map_path_length)
{
  SluiceConfigPending *pending = &self->pending[section];

  if (pending->names == NULL)
    {
      pending->names = g_ptr_array_new ();
      pending->line = member->line;
      pending->column = member->column;
      pending->path = g_strndup (self->path->str, map_path_length);
    }
  for (guint i = 0; i < MIN (pending->names->len, PENDING_SHOWN_MAX); i++)
    if (g_str_equal (g_ptr_array_index (pending->names, i), member->key))
      return;
  g_ptr_array_add (pending->names, member->key);
}

/* What the unknown key @name was meant to be; remembered, for a list of models says the same again and again. */
static const SluiceKey *
find_meant (SluiceConfigReader *self, SluiceSection section, const SluiceYamlMember *member)
{
  gpointer key = NULL;

  if (self->nearest[section] == NULL)
    self->nearest[section] = g_hash_table_new (g_str_hash, g_str_equal);
  if (g_hash_table_lookup_extended (self->nearest[section], member->key, NULL, &key))
    return key;

  if (++self->n_unknown == SLUICE_CONFIG_MAX_UNKNOWN + 1)
    sluice_config_reader_error (self, member, "more than %d different unknown keys: is this a configuration of Sluice?",
                                SLUICE_CONFIG_MAX_UNKNOWN);
  if (self->n_unknown > SLUICE_CONFIG_MAX_UNKNOWN)
    return NULL;
  key = (gpointer) sluice_schema_nearest (section, member->key);
  g_hash_table_insert (self->nearest[section], member->key, key);
  return key;
}

/* Where a key that is unknown in its section is known, by what that is called; the first that has it is meant. */
static const struct {
  SluiceSection section;
  SluiceSection home;
  const char *name; /* (nullable): %NULL for the top level */
} homes[] = {
  { SLUICE_SECTION_TOP, SLUICE_SECTION_ROUTER_SETTINGS, "router_settings" },
  { SLUICE_SECTION_TOP, SLUICE_SECTION_LITELLM_SETTINGS, "litellm_settings" },
  { SLUICE_SECTION_TOP, SLUICE_SECTION_GENERAL_SETTINGS, "general_settings" },
  { SLUICE_SECTION_TOP, SLUICE_SECTION_SLUICE_SETTINGS, "sluice_settings" },
  { SLUICE_SECTION_TOP, SLUICE_SECTION_MODEL_ITEM, "an item of model_list" },
  { SLUICE_SECTION_TOP, SLUICE_SECTION_LITELLM_PARAMS, "litellm_params" },
  { SLUICE_SECTION_MODEL_ITEM, SLUICE_SECTION_LITELLM_PARAMS, "litellm_params" },
  { SLUICE_SECTION_MODEL_ITEM, SLUICE_SECTION_MODEL_INFO, "model_info" },
  { SLUICE_SECTION_MODEL_ITEM, SLUICE_SECTION_TOP, NULL },
  { SLUICE_SECTION_LITELLM_PARAMS, SLUICE_SECTION_TOP, NULL },
  { SLUICE_SECTION_LITELLM_PARAMS, SLUICE_SECTION_MODEL_ITEM, "the item itself" },
  { SLUICE_SECTION_LITELLM_PARAMS, SLUICE_SECTION_MODEL_INFO, "model_info" },
  { SLUICE_SECTION_LITELLM_PARAMS, SLUICE_SECTION_GENERAL_SETTINGS, "general_settings" },
  { SLUICE_SECTION_LITELLM_PARAMS, SLUICE_SECTION_LITELLM_SETTINGS, "litellm_settings" },
  { SLUICE_SECTION_LITELLM_PARAMS, SLUICE_SECTION_ROUTER_SETTINGS, "router_settings" },
  { SLUICE_SECTION_LITELLM_PARAMS, SLUICE_SECTION_SLUICE_SETTINGS, "sluice_settings" },
  { SLUICE_SECTION_MODEL_INFO, SLUICE_SECTION_TOP, NULL },
  { SLUICE_SECTION_MODEL_INFO, SLUICE_SECTION_MODEL_ITEM, "the item itself" },
  { SLUICE_SECTION_MODEL_INFO, SLUICE_SECTION_LITELLM_PARAMS, "litellm_params" },
  { SLUICE_SECTION_LITELLM_SETTINGS, SLUICE_SECTION_TOP, NULL },
  { SLUICE_SECTION_LITELLM_SETTINGS, SLUICE_SECTION_ROUTER_SETTINGS, "router_settings" },
  { SLUICE_SECTION_LITELLM_SETTINGS, SLUICE_SECTION_GENERAL_SETTINGS, "general_settings" },
  { SLUICE_SECTION_LITELLM_SETTINGS, SLUICE_SECTION_SLUICE_SETTINGS, "sluice_settings" },
  { SLUICE_SECTION_GENERAL_SETTINGS, SLUICE_SECTION_TOP, NULL },
  { SLUICE_SECTION_GENERAL_SETTINGS, SLUICE_SECTION_LITELLM_SETTINGS, "litellm_settings" },
  { SLUICE_SECTION_GENERAL_SETTINGS, SLUICE_SECTION_ROUTER_SETTINGS, "router_settings" },
  { SLUICE_SECTION_GENERAL_SETTINGS, SLUICE_SECTION_SLUICE_SETTINGS, "sluice_settings" },
  { SLUICE_SECTION_ROUTER_SETTINGS, SLUICE_SECTION_TOP, NULL },
  { SLUICE_SECTION_ROUTER_SETTINGS, SLUICE_SECTION_LITELLM_SETTINGS, "litellm_settings" },
  { SLUICE_SECTION_ROUTER_SETTINGS, SLUICE_SECTION_GENERAL_SETTINGS, "general_settings" },
  { SLUICE_SECTION_ROUTER_SETTINGS, SLUICE_SECTION_SLUICE_SETTINGS, "sluice_settings" },
  { SLUICE_SECTION_SLUICE_SETTINGS, SLUICE_SECTION_TOP, NULL },
  { SLUICE_SECTION_SLUICE_SETTINGS, SLUICE_SECTION_GENERAL_SETTINGS, "general_settings" },
  { SLUICE_SECTION_SLUICE_SETTINGS, SLUICE_SECTION_LITELLM_SETTINGS, "litellm_settings" },
  { SLUICE_SECTION_SLUICE_SETTINGS, SLUICE_SECTION_ROUTER_SETTINGS, "router_settings" },
};

/* A budget so far misspelt that only its section tells was meant to limit what is spent all the same. */
static void
note_meant_budget (SluiceConfigReader *self, const SluiceKey *meant, const SluiceYamlMember *member)
{
  const SluiceYamlNode *value = member->value;

  if (meant != NULL && meant->is_budget && (value->type != SLUICE_YAML_NULL || value->unset))
    sluice_config_note_budget (self, member);
}

/* Many a word is near a short name: it is meant only by what is one edit away, or ends in it, and has such a value. */
static gboolean
is_truth_of (const SluiceKey *meant, const SluiceYamlMember *member)
{
  gsize length = strlen (member->key);
  gsize name_length = strlen (meant->name);

  if (!fits (member->value, SLUICE_KEY_BOOL))
    return FALSE;
  return sluice_nearest_count_edits (member->key, meant->name) <= 1
         || (length > name_length && g_ascii_strcasecmp (member->key + length - name_length, meant->name) == 0);
}

static SluiceFindingLevel
level_of_mistake (const SluiceKey *meant, const SluiceYamlMember *member)
{
  gboolean is_error = meant != NULL && meant->is_guarded;

  if (meant != NULL && meant->is_vital)
    is_error = meant->type != SLUICE_KEY_BOOL || is_truth_of (meant, member);
  return is_error ? SLUICE_FINDING_ERROR : SLUICE_FINDING_WARNING;
}

/* A key that stands in the wrong section, as when it is not indented as was meant. Returns whether it is one. */
static gboolean
say_home (SluiceConfigReader *self, SluiceSection section, const SluiceYamlMember *member)
{
  const char *fate = section == SLUICE_SECTION_LITELLM_PARAMS ? "it is not sent to the provider" : "it has no effect";

  for (guint i = 0; i < G_N_ELEMENTS (homes); i++)
    {
      const SluiceKey *key = homes[i].section == section ? sluice_schema_find (homes[i].home, member->key) : NULL;

      /* what goes into requests may well be asked for as further information, too */
      if (key == NULL || (section == SLUICE_SECTION_MODEL_INFO && key->status == SLUICE_KEY_PARAMETER))
        continue;
      if (homes[i].name == NULL)
        sluice_config_reader_add (self, level_of_mistake (key, member), member->line, member->column,
                                  "this key belongs to the top level, here %s: begin it in the first column", fate);
      else
        sluice_config_reader_add (self, level_of_mistake (key, member), member->line, member->column,
                                  "this key belongs to %s, here %s: move or indent it", homes[i].name, fate);
      return TRUE;
    }
  return FALSE;
}

/* Says that the key is unknown. Returns whether it goes into requests: what looks like a misspelt key of ours does not,
 * for its value may be a secret. */
static gboolean
take_unknown (SluiceConfigReader *self, SluiceSection section, const SluiceYamlMember *member, gsize map_path_length)
{
  const SluiceKey *meant = find_meant (self, section, member);
  gboolean is_sent = section == SLUICE_SECTION_LITELLM_PARAMS &&
                     (meant == NULL || meant->status == SLUICE_KEY_PARAMETER);
  const char *fate = "it has no effect";
  char mark = '\0';
  g_autofree char *joined = sluice_config_dup_joined_name (member->key, &mark);

  if (mark == ':' || mark == '=')
    sluice_config_refuse_joined (self, member, joined);
  if (g_hash_table_contains (self->refused, member) || say_home (self, section, member))
    return FALSE;
  if (section == SLUICE_SECTION_LITELLM_PARAMS)
    fate = is_sent ? "it is sent to the provider as it is" : "it is not sent to the provider";

  if (meant != NULL && section == SLUICE_SECTION_LITELLM_PARAMS)
    sluice_config_reader_add (self, level_of_mistake (meant, member), member->line, member->column,
                              "unknown key, did you mean '%s'? %s", meant->name, fate);
  else if (meant != NULL)
    sluice_config_reader_add (self, level_of_mistake (meant, member), member->line, member->column,
                              "unknown key, did you mean '%s'?", meant->name);
  else if (section == SLUICE_SECTION_MODEL_INFO)
    note_pending (self, section, member, map_path_length);
  else
    sluice_config_reader_warn (self, member, "unknown key, %s", fate);
  note_meant_budget (self, meant, member);
  return is_sent;
}

/* What the author should know of a key that does not do here what it does elsewhere. */
static void
say_effect (SluiceConfigReader *self,
            SluiceSection section,
            const SluiceKey *key,
            const SluiceYamlMember *member,
            gsize map_path_length)
{
  const SluiceYamlNode *value = member->value;
  gboolean is_off = value->type == SLUICE_YAML_BOOL && value->integer == 0;

  if (key->is_budget)
    return; /* sluice_config_guard() has said it */
  if (key->notice != NULL && !is_off)
    sluice_config_reader_warn (self, member, "%s", key->notice);
  else if (key->status == SLUICE_KEY_PENDING && section == SLUICE_SECTION_TOP)
    sluice_config_reader_warn (self, member, "this section has no effect yet");
  else if (key->status == SLUICE_KEY_PENDING)
    note_pending (self, section, member, map_path_length);
}

static void
walk_member (SluiceConfigReader *self,
             SluiceSection section,
             const SluiceYamlMember *member,
             gsize map_path_length,
             SluiceConfigKeyFunc func,
             gpointer data)
{
  const SluiceKey *key = sluice_schema_find (section, member->key);

  if (key == NULL)
    {
      if (take_unknown (self, section, member, map_path_length) && member->value->type != SLUICE_YAML_NULL)
        func (self, NULL, member, data);
      return;
    }
  say_effect (self, section, key, member, map_path_length);
  if (member->value->unset && key->keeps_unset)
    {
      func (self, key, member, data);
      return;
    }
  if (member->value->unset && key->is_guarded && section == SLUICE_SECTION_SLUICE_SETTINGS)
    sluice_config_reader_error (self, member, "without its variable this setting would be lost: set the variable, or "
                                              "write the value here");
  if (member->value->type == SLUICE_YAML_NULL || !check_type (self, key, member->value) ||
      !sluice_config_check_value (self, key, member->value))
    return;
  if (key->status != SLUICE_KEY_PENDING && key->status != SLUICE_KEY_CHECKED)
    func (self, key, member, data);
}

void
sluice_config_reader_walk (SluiceConfigReader *self,
                           const SluiceYamlNode *map,
                           SluiceSection section,
                           SluiceConfigKeyFunc func,
                           gpointer data)
{
  g_assert (map->type == SLUICE_YAML_MAP);

  for (guint i = 0; i < map->members->len && self->n_unknown <= SLUICE_CONFIG_MAX_UNKNOWN; i++)
    {
      const SluiceYamlMember *member = &g_array_index (map->members, SluiceYamlMember, i);
      gsize before = sluice_yaml_path_push_key (self->path, member->key);

      walk_member (self, section, member, before, func, data);
      g_string_truncate (self->path, before);
    }
}

static void
say_pending (SluiceConfigReader *self, const SluiceConfigPending *pending)
{
  g_autoptr (GString) names = g_string_new (NULL);
  guint n_shown = MIN (pending->names->len, PENDING_SHOWN_MAX);

  for (guint i = 0; i < n_shown; i++)
    {
      g_autofree char *shown = sluice_yaml_show_key (g_ptr_array_index (pending->names, i));

      g_string_append_printf (names, "%s'%s'", i > 0 ? ", " : "", shown);
    }
  if (pending->names->len > n_shown)
    g_string_append (names, " and others");

  sluice_finding_sink_add (self->sink, SLUICE_FINDING_WARNING, pending->line, pending->column, pending->path,
                           "%s %s no effect yet", names->str, pending->names->len > 1 ? "have" : "has");
}

void
sluice_config_reader_end (SluiceConfigReader *self)
{
  for (guint section = 0; section < SLUICE_N_SECTIONS; section++)
    {
      SluiceConfigPending *pending = &self->pending[section];

      if (pending->names != NULL)
        say_pending (self, pending);
      g_clear_pointer (&pending->names, g_ptr_array_unref);
      g_clear_pointer (&pending->path, g_free);
      g_clear_pointer (&self->nearest[section], g_hash_table_unref);
    }
}
