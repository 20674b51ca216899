/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/sluice-yaml-private.h"

#include "shared/sluice-json.h"

#include <string.h>

#define SECRET_PREFIX "sk-"
#define CUT "..."

static void
node_free (SluiceYamlNode *node)
{
  g_free (node->text);
  g_clear_pointer (&node->items, g_ptr_array_unref);
  g_clear_pointer (&node->members, g_array_unref);
  g_free (node);
}

SluiceYaml *
sluice_yaml_parse (const char *text, gsize length, SluiceFindingSink *sink)
{
  g_autoptr (SluiceYaml) self = NULL;

  g_return_val_if_fail (text != NULL || length == 0, NULL);
  g_return_val_if_fail (sink != NULL, NULL);

  if (text == NULL)
    text = "";
  if (!sluice_yaml_check_text (&text, &length, sink))
    return NULL;

  self = g_new0 (SluiceYaml, 1);
  self->nodes = g_ptr_array_new_with_free_func ((GDestroyNotify) node_free);
  if (!sluice_yaml_compose (self, text, length, sink))
    return NULL;

  return g_steal_pointer (&self);
}

void
sluice_yaml_free (SluiceYaml *self)
{
  if (self == NULL)
    return;

  g_ptr_array_unref (self->nodes);
  g_free (self);
}

SluiceYamlNode *
sluice_yaml_get_root (SluiceYaml *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->root;
}

SluiceYamlNode *
sluice_yaml_get (const SluiceYamlNode *map, const char *key)
{
  if (map == NULL || map->type != SLUICE_YAML_MAP)
    return NULL;

  for (guint i = 0; i < map->members->len; i++)
    {
      const SluiceYamlMember *member = &g_array_index (map->members, SluiceYamlMember, i);

      if (g_str_equal (member->key, key))
        return member->value;
    }

  return NULL;
}

const char *
sluice_yaml_describe_type (SluiceYamlType type)
{
  static const char *const names[] = {
    [SLUICE_YAML_NULL] = "nothing",    [SLUICE_YAML_BOOL] = "true or false", [SLUICE_YAML_INT] = "a whole number",
    [SLUICE_YAML_FLOAT] = "a number",  [SLUICE_YAML_STRING] = "a text",      [SLUICE_YAML_LIST] = "a list",
    [SLUICE_YAML_MAP] = "a map",
  };

  g_assert ((guint) type < G_N_ELEMENTS (names));
  return names[type];
}

static gboolean append_json (GString *json, const SluiceYamlNode *node);

static gboolean
append_container (GString *json, const SluiceYamlNode *node)
{
  gboolean is_map = node->type == SLUICE_YAML_MAP;
  guint n_children = is_map ? node->members->len : node->items->len;

  g_string_append_c (json, is_map ? '{' : '[');
  for (guint i = 0; i < n_children; i++)
    {
      const SluiceYamlNode *child;

      if (i > 0)
        g_string_append_c (json, ',');
      if (is_map)
        {
          const SluiceYamlMember *member = &g_array_index (node->members, SluiceYamlMember, i);

          sluice_json_append_string (json, member->key, -1);
          g_string_append_c (json, ':');
          child = member->value;
        }
      else
        child = g_ptr_array_index (node->items, i);
      if (!append_json (json, child))
        return FALSE;
    }
  g_string_append_c (json, is_map ? '}' : ']');
  return TRUE;
}

static gboolean
append_json (GString *json, const SluiceYamlNode *node)
{
  g_autofree char *number = NULL;

  switch (node->type)
    {
    case SLUICE_YAML_NULL:
      g_string_append (json, "null");
      return TRUE;
    case SLUICE_YAML_BOOL:
      g_string_append (json, node->integer != 0 ? "true" : "false");
      return TRUE;
    case SLUICE_YAML_STRING:
      sluice_json_append_string (json, node->text, -1);
      return TRUE;
    case SLUICE_YAML_INT:
    case SLUICE_YAML_FLOAT:
      number = sluice_yaml_dup_number (node);
      if (number != NULL)
        g_string_append (json, number);
      return number != NULL;
    case SLUICE_YAML_LIST:
    case SLUICE_YAML_MAP:
      return append_container (json, node);
    default:
      g_assert_not_reached ();
    }
}

char *
sluice_yaml_dup_json (const SluiceYamlNode *node)
{
  g_autoptr (GString) json = g_string_new (NULL);

  g_return_val_if_fail (node != NULL, NULL);

  if (!append_json (json, node))
    return NULL;

  return g_string_free (g_steal_pointer (&json), FALSE);
}

char *
sluice_yaml_show_key (const char *key)
{
  gsize length = 0;

  if (g_str_equal (key, "<<"))
    return g_strdup (key);
  if (g_ascii_strncasecmp (key, SECRET_PREFIX, strlen (SECRET_PREFIX)) == 0)
    return g_strdup (SECRET_PREFIX CUT);
  while (length < SLUICE_YAML_KEY_SHOWN_MAX && key[length] != '\0'
         && (g_ascii_isalnum (key[length]) || strchr ("_.-", key[length]) != NULL))
    length++;
  return g_strdup_printf ("%.*s%s", (int) length, key, key[length] != '\0' ? CUT : "");
}

char *
sluice_yaml_show_text (const char *text)
{
  GString *shown = g_string_new (NULL);
  guint n_characters = 0;

  for (const char *at = text; *at != '\0'; at = g_utf8_next_char (at))
    {
      gunichar c = g_utf8_get_char (at);

      if (n_characters++ == SLUICE_YAML_KEY_SHOWN_MAX)
        {
          g_string_append (shown, CUT);
          break;
        }
      g_string_append_unichar (shown, g_unichar_isprint (c) ? c : '?');
    }

  return g_string_free (shown, FALSE);
}

gsize
sluice_yaml_path_push_key (GString *path, const char *key)
{
  g_autofree char *shown = sluice_yaml_show_key (key);
  gsize before = path->len;

  if (path->len > 0)
    g_string_append_c (path, '.');
  g_string_append (path, shown);
  return before;
}

gsize
sluice_yaml_path_push_index (GString *path, guint index)
{
  gsize before = path->len;

  g_string_append_printf (path, "[%u]", index);
  return before;
}
