/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/sluice-yaml.h"

#include "shared/sluice-json.h"

#include <string.h>

typedef struct {
  SluiceYamlType type;
  gint64 integer;
  const char *words[9];
} WordRow;

/* The spellings of YAML 1.1 that PyYAML knows; "y" and "n" alone are texts there, and so they are here. */
static const WordRow word_rows[] = {
  { SLUICE_YAML_NULL, 0, { "", "~", "null", "Null", "NULL" } },
  { SLUICE_YAML_BOOL, 1, { "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON" } },
  { SLUICE_YAML_BOOL, 0, { "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF" } },
};

static const WordRow *
find_word (const char *text)
{
  for (guint i = 0; i < G_N_ELEMENTS (word_rows); i++)
    for (guint j = 0; j < G_N_ELEMENTS (word_rows[i].words) && word_rows[i].words[j] != NULL; j++)
      if (g_str_equal (word_rows[i].words[j], text))
        return &word_rows[i];

  return NULL;
}

/* @text without underscores, which may only stand behind a digit. */
static char *
drop_underscores (const char *text)
{
  GString *digits = g_string_new (NULL);

  for (const char *at = text; *at != '\0'; at++)
    if (*at != '_' || at == text || !(g_ascii_isxdigit (at[-1]) || at[-1] == '_'))
      g_string_append_c (digits, *at);

  return g_string_free (digits, FALSE);
}

static SluiceYamlType
type_integer (const char *text, gint64 *integer)
{
  static const struct {
    const char *prefix;
    guint base;
    const char *set;
  } rows[] = {
    { "0b", 2, "01" },
    { "0x", 16, "0123456789abcdefABCDEF" },
    { "0", 8, "01234567" },
    { "", 10, "0123456789" },
  };
  const char *digits = text + (*text == '-' || *text == '+' ? 1 : 0);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const char *rest = digits + strlen (rows[i].prefix);
      g_autofree char *number = NULL;

      if (!g_str_has_prefix (digits, rows[i].prefix) || *rest == '\0' || rest[strspn (rest, rows[i].set)] != '\0')
        continue;
      /* "08" is no octal number, and PyYAML takes it for nothing else */
      if (rows[i].base == 10 && rest[0] == '0' && rest[1] != '\0')
        return SLUICE_YAML_STRING;
      number = g_strconcat (*text == '-' ? "-" : "", rest, NULL);
      if (g_ascii_string_to_signed (number, rows[i].base, G_MININT64, G_MAXINT64, integer, NULL))
        return SLUICE_YAML_INT;
      return rows[i].base == 10 ? SLUICE_YAML_FLOAT : SLUICE_YAML_STRING;
    }

  return SLUICE_YAML_STRING;
}

static gboolean
is_special_float (const char *text)
{
  static const char *const words[] = { ".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN" };
  const char *word = text + (*text == '-' || *text == '+' ? 1 : 0);

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_str_equal (words[i], word))
      return TRUE;

  return FALSE;
}

/* Digits with a point, an exponent or both. */
static gboolean
is_float (const char *text)
{
  const char *at = text + (*text == '-' || *text == '+' ? 1 : 0);
  gsize whole = strspn (at, "0123456789");
  gsize fraction = 0;
  gboolean marked = FALSE;

  at += whole;
  if (*at == '.')
    {
      marked = TRUE;
      fraction = strspn (++at, "0123456789");
      at += fraction;
    }
  if (whole + fraction == 0)
    return FALSE;
  if (*at == 'e' || *at == 'E')
    {
      gsize exponent;

      at++;
      at += *at == '-' || *at == '+' ? 1 : 0;
      exponent = strspn (at, "0123456789");
      if (exponent == 0)
        return FALSE;
      marked = TRUE;
      at += exponent;
    }

  return marked && *at == '\0';
}

SluiceYamlType
sluice_yaml_scalar_type (const char *text, gint64 *integer)
{
  const WordRow *row;
  g_autofree char *digits = NULL;
  SluiceYamlType type;
  gint64 value = 0;

  g_return_val_if_fail (text != NULL, SLUICE_YAML_NULL);

  row = find_word (text);
  if (row != NULL)
    {
      if (integer != NULL)
        *integer = row->integer;
      return row->type;
    }
  if (*text != '.' && *text != '-' && *text != '+' && !g_ascii_isdigit (*text))
    return SLUICE_YAML_STRING;

  digits = drop_underscores (text);
  type = type_integer (digits, &value);
  if (type == SLUICE_YAML_INT && integer != NULL)
    *integer = value;
  if (type != SLUICE_YAML_STRING)
    return type;
  return is_float (digits) || is_special_float (text) ? SLUICE_YAML_FLOAT : SLUICE_YAML_STRING;
}

/* YAML's "+.5", "1." and "007.5" as JSON's "0.5", "1" and "7.5". */
static char *
normalize_float (const char *text)
{
  g_autofree char *digits = drop_underscores (text);
  const char *at = digits;
  GString *number = g_string_new (NULL);
  const char *end;

  if (*at == '-')
    g_string_append_c (number, '-');
  if (*at == '-' || *at == '+')
    at++;
  while (at[0] == '0' && g_ascii_isdigit (at[1]))
    at++;
  if (*at == '.')
    g_string_append_c (number, '0');
  end = at + strcspn (at, ".");
  g_string_append_len (number, at, end - at);
  if (*end == '.' && !g_ascii_isdigit (end[1]))
    end++;
  g_string_append (number, end);
  return g_string_free (number, FALSE);
}

char *
sluice_yaml_dup_number (const SluiceYamlNode *node)
{
  g_autofree char *number = NULL;
  SluiceYamlType type;
  gint64 integer;

  g_return_val_if_fail (node != NULL, NULL);

  type = node->type;
  integer = node->integer;
  if (type == SLUICE_YAML_STRING)
    type = sluice_yaml_scalar_type (node->text, &integer);
  if (type == SLUICE_YAML_INT)
    return g_strdup_printf ("%" G_GINT64_FORMAT, integer);
  if (type != SLUICE_YAML_FLOAT || is_special_float (node->text))
    return NULL;

  number = normalize_float (node->text);
  return sluice_json_check (number, strlen (number), SLUICE_JSON_FLAGS_NONE, NULL, NULL) ? g_steal_pointer (&number)
                                                                                         : NULL;
}
