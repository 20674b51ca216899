/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/sluice-config-private.h"

#include "config/sluice-nearest.h"
#include "shared/sluice-decimal.h"

#include <string.h>

/* A value that does nothing yet is no reason to refuse the file. */
#define complain(self, key, node, ...) \
  sluice_config_reader_add ((self), (key)->status == SLUICE_KEY_USED ? SLUICE_FINDING_ERROR : SLUICE_FINDING_WARNING, \
                            (node)->line, (node)->column, __VA_ARGS__)

/* The part before the point, cut to G_MAXUINT64, and whether something stands behind it. */
static guint64
whole_part (const SluiceDecimal *decimal, gboolean *has_fraction)
{
  guint64 whole = decimal->mantissa;

  *has_fraction = FALSE;
  if (decimal->exponent >= 0)
    return sluice_decimal_scale (decimal, 0, &whole) ? whole : G_MAXUINT64;

  for (gint64 i = decimal->exponent; i < 0 && whole > 0; i++)
    whole /= 10;
  *has_fraction = TRUE;
  return whole;
}

/* No range of a key goes below zero. */
static gboolean
is_in_range (const SluiceKey *key, const SluiceYamlNode *node)
{
  g_autofree char *text = sluice_yaml_dup_number (node);
  SluiceDecimal decimal;
  gboolean has_fraction;
  guint64 whole;

  g_assert (key->minimum >= 0);
  if (text == NULL || sluice_decimal_parse (text, strlen (text), &decimal) != SLUICE_DECIMAL_OK)
    return FALSE;
  if (decimal.negative && decimal.mantissa > 0)
    return FALSE;

  whole = whole_part (&decimal, &has_fraction);
  if (whole > (guint64) key->maximum || (whole == (guint64) key->maximum && has_fraction))
    return FALSE;
  if (key->rule == SLUICE_RULE_ABOVE)
    return whole > (guint64) key->minimum || (whole == (guint64) key->minimum && has_fraction);
  return whole >= (guint64) key->minimum;
}

static gboolean
check_range (SluiceConfigReader *self, const SluiceKey *key, const SluiceYamlNode *node)
{
  const char *kind = sluice_schema_describe_type (key->type);

  if (is_in_range (key, node))
    return TRUE;

  if (key->rule == SLUICE_RULE_ABOVE)
    complain (self, key, node, "takes %s above %" G_GINT64_FORMAT ", at most %" G_GINT64_FORMAT, kind, key->minimum,
              key->maximum);
  else
    complain (self, key, node, "takes %s from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, kind, key->minimum,
              key->maximum);
  return FALSE;
}

static gboolean
is_duration (const char *text)
{
  static const char *const units[] = { "s", "m", "h", "d", "w", "mo" };
  gsize n_digits = strspn (text, "0123456789");

  if (n_digits == 0 || n_digits > 9 || strspn (text, "0") == n_digits)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (units); i++)
    if (g_str_equal (text + n_digits, units[i]))
      return TRUE;
  return FALSE;
}

static char *
join_words (const char *const *words)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; words[i] != NULL; i++)
    g_string_append_printf (text, "%s'%s'", i == 0 ? "" : words[i + 1] == NULL ? " or " : ", ", words[i]);
  return g_string_free (text, FALSE);
}

static gboolean
check_word (SluiceConfigReader *self, const SluiceKey *key, const SluiceYamlNode *node)
{
  guint n_words = g_strv_length ((char **) key->words);
  g_autofree char *words = NULL;
  const char *nearest = NULL;

  if (node->type == SLUICE_YAML_STRING && g_strv_contains (key->words, node->text))
    return TRUE;

  words = join_words (key->words);
  if (node->type == SLUICE_YAML_STRING)
    nearest = sluice_nearest (node->text, key->words, sizeof *key->words, n_words);
  if (nearest != NULL)
    complain (self, key, node, "takes %s: did you mean '%s'?", words, nearest);
  else
    complain (self, key, node, "takes %s", words);
  return FALSE;
}

static gboolean
check_text (SluiceConfigReader *self, const SluiceKey *key, const SluiceYamlNode *node)
{
  if (node->type == SLUICE_YAML_STRING)
    return TRUE;

  complain (self, key, node, "takes texts, not %s%s", sluice_yaml_describe_type (node->type),
            node->type < SLUICE_YAML_STRING ? ": put it in quotes" : "");
  return FALSE;
}

/* A file may be hostile: so many names are compared for a good text, and with more patterns names are not checked. */
#define NEAREST_MAX 1000
#define PATTERNS_MAX 100

/* Always a warning: the name may be one of the database. It is not repeated, see sluice_config_use_credential(). */
void
sluice_config_check_group_name (SluiceConfigReader *self, const char *name, guint line, guint column)
{
  const char *nearest;

  if (self->groups->len == 0 || self->incomplete || self->patterns->len > PATTERNS_MAX ||
      sluice_finding_sink_is_full (self->sink, SLUICE_FINDING_WARNING) || g_hash_table_contains (self->names, name))
    return;
  for (guint i = 0; i < self->patterns->len; i++)
    if (g_pattern_match_simple (g_ptr_array_index (self->patterns, i), name))
      return;

  nearest = sluice_nearest (name, (const char *const *) self->groups->pdata, sizeof (gpointer),
                            MIN (self->groups->len, NEAREST_MAX));
  if (nearest != NULL)
    {
      g_autofree char *shown = sluice_yaml_show_text (nearest);

      sluice_config_reader_add (self, SLUICE_FINDING_WARNING, line, column,
                                "no model of 'model_list' has this name, did you mean '%s'?", shown);
    }
  else
    sluice_config_reader_add (self, SLUICE_FINDING_WARNING, line, column,
                              "no model of 'model_list' has this name: it has no effect until there is one");
}

static gboolean
check_group (SluiceConfigReader *self, const SluiceKey *key, const SluiceYamlNode *node)
{
  if (node->type != SLUICE_YAML_STRING)
    return check_text (self, key, node);

  sluice_config_check_group_name (self, node->text, node->line, node->column);
  return TRUE;
}

typedef gboolean (*CheckFunc) (SluiceConfigReader *self, const SluiceKey *key, const SluiceYamlNode *node);

/* Each item with @func; a text alone stands for a list of it. */
static gboolean
check_items (SluiceConfigReader *self, const SluiceKey *key, const SluiceYamlNode *node, CheckFunc func)
{
  gboolean fits = TRUE;

  if (node->type == SLUICE_YAML_STRING)
    return func (self, key, node);
  for (guint i = 0; i < node->items->len; i++)
    {
      const SluiceYamlNode *item = g_ptr_array_index (node->items, i);
      gsize before = sluice_yaml_path_push_index (self->path, i);

      if (item->type != SLUICE_YAML_NULL && !func (self, key, item))
        fits = FALSE;
      g_string_truncate (self->path, before);
    }
  return fits;
}

/* "group: [other, other]" */
static gboolean
check_fallback_map (SluiceConfigReader *self, const SluiceKey *key, const SluiceYamlNode *map)
{
  gboolean fits = TRUE;

  for (guint i = 0; i < map->members->len; i++)
    {
      const SluiceYamlMember *member = &g_array_index (map->members, SluiceYamlMember, i);
      const SluiceYamlNode *value = member->value;
      gsize before = sluice_yaml_path_push_key (self->path, member->key);

      if (!g_str_equal (member->key, "*"))
        sluice_config_check_group_name (self, member->key, member->line, member->column);
      if (value->type != SLUICE_YAML_LIST)
        {
          complain (self, key, value, "takes a list of model names like [a, b], not %s",
                    sluice_yaml_describe_type (value->type));
          fits = FALSE;
        }
      else if (!check_items (self, key, value, check_group))
        fits = FALSE;
      g_string_truncate (self->path, before);
    }
  return fits;
}

static gboolean
check_fallback_item (SluiceConfigReader *self, const SluiceKey *key, const SluiceYamlNode *item)
{
  if (item->type == SLUICE_YAML_MAP && item->members->len == 1)
    return check_fallback_map (self, key, item);

  complain (self, key, item, "takes maps of one key each, like '- model: [other]', not %s",
            item->type == SLUICE_YAML_MAP ? "one of more or none" : sluice_yaml_describe_type (item->type));
  return FALSE;
}

/* The keys of such a section have no effect of their own. */
static void
ignore_key (SluiceConfigReader *self, const SluiceKey *key, const SluiceYamlMember *member, gpointer data)
{
}

static gboolean
check_section (SluiceConfigReader *self, const SluiceKey *key, const SluiceYamlNode *node)
{
  if (node->type == SLUICE_YAML_MAP)
    {
      sluice_config_reader_walk (self, node, key->section, ignore_key, NULL);
      return TRUE;
    }

  complain (self, key, node, "takes a map, not %s", sluice_yaml_describe_type (node->type));
  return FALSE;
}

static gboolean
check_section_map (SluiceConfigReader *self, const SluiceKey *key, const SluiceYamlNode *map)
{
  gboolean fits = TRUE;

  for (guint i = 0; i < map->members->len; i++)
    {
      const SluiceYamlMember *member = &g_array_index (map->members, SluiceYamlMember, i);
      gsize before = sluice_yaml_path_push_key (self->path, member->key);

      if (member->value->type != SLUICE_YAML_NULL && !check_section (self, key, member->value))
        fits = FALSE;
      g_string_truncate (self->path, before);
    }
  return fits;
}

gboolean
sluice_config_check_value (SluiceConfigReader *self, const SluiceKey *key, const SluiceYamlNode *node)
{
  switch (key->rule)
    {
    case SLUICE_RULE_NONE:
      return TRUE;
    case SLUICE_RULE_RANGE:
    case SLUICE_RULE_ABOVE:
      return check_range (self, key, node);
    case SLUICE_RULE_DURATION:
      if (is_duration (node->text))
        return TRUE;
      complain (self, key, node, "takes a duration like '30s', '5m', '12h', '30d', '1w' or '1mo'");
      return FALSE;
    case SLUICE_RULE_WORD:
      return check_word (self, key, node);
    case SLUICE_RULE_WORD_LIST:
      return check_items (self, key, node, check_word);
    case SLUICE_RULE_TEXT_LIST:
      return check_items (self, key, node, check_text);
    case SLUICE_RULE_GROUP:
      return check_group (self, key, node);
    case SLUICE_RULE_GROUP_LIST:
      return check_items (self, key, node, check_group);
    case SLUICE_RULE_FALLBACKS:
      return node->type == SLUICE_YAML_MAP ? check_fallback_map (self, key, node)
                                           : check_items (self, key, node, check_fallback_item);
    case SLUICE_RULE_SECTION:
      return check_section (self, key, node);
    case SLUICE_RULE_SECTION_MAP:
      return check_section_map (self, key, node);
    case SLUICE_RULE_SECTION_LIST:
      return check_items (self, key, node, check_section);
    default:
      g_assert_not_reached ();
    }
}

static void
add_name (SluiceConfigReader *self, const SluiceYamlNode *node, gboolean is_group)
{
  if (node == NULL || (node->type != SLUICE_YAML_STRING && node->type != SLUICE_YAML_INT))
    return;

  g_hash_table_add (self->names, node->text);
  if (is_group && strchr (node->text, '*') != NULL)
    g_ptr_array_add (self->patterns, node->text);
  if (is_group)
    g_ptr_array_add (self->groups, node->text);
}

void
sluice_config_note_models (SluiceConfigReader *self, const SluiceYamlNode *list)
{
  for (guint i = 0; i < list->items->len; i++)
    {
      const SluiceYamlNode *item = g_ptr_array_index (list->items, i);

      add_name (self, sluice_yaml_get (item, "model_name"), TRUE);
      add_name (self, sluice_yaml_get (sluice_yaml_get (item, "litellm_params"), "model"), FALSE);
      add_name (self, sluice_yaml_get (sluice_yaml_get (item, "model_info"), "id"), FALSE);
    }
}

void
sluice_config_note_aliases (SluiceConfigReader *self, const SluiceYamlNode *router_settings)
{
  const SluiceYamlNode *aliases = sluice_yaml_get (router_settings, "model_group_alias");

  for (guint i = 0; aliases != NULL && aliases->type == SLUICE_YAML_MAP && i < aliases->members->len; i++)
    {
      const SluiceYamlMember *member = &g_array_index (aliases->members, SluiceYamlMember, i);

      g_hash_table_add (self->names, member->key);
      /* without a value it may be both in one, and is not offered */
      if (member->value->type != SLUICE_YAML_NULL)
        g_ptr_array_add (self->groups, member->key);
    }
}
