/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/sluice-json.h"

#include "shared/sluice-decimal.h"
#include "shared/sluice-error.h"
#include "shared/sluice-json-private.h"

#include <string.h>

static const SluiceJsonValue no_value = { SLUICE_JSON_NONE, NULL, 0 };

static void
set_error (const SluiceJsonScan *scan, GError **error)
{
  g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_INVALID_JSON, "invalid JSON at byte %" G_GSIZE_FORMAT ": %s",
               (gsize) (scan->failed_at - scan->text), scan->reason);
}

gboolean
sluice_json_check (const char *text, gsize length, SluiceJsonFlags flags, SluiceJsonValue *root, GError **error)
{
  SluiceJsonScan scan;
  gboolean good;

  g_return_val_if_fail (text != NULL || length == 0, FALSE);

  good = sluice_json_scan_run (&scan, text, length, flags) && sluice_json_scan_check_names (&scan);
  if (!good)
    set_error (&scan, error);
  if (root != NULL)
    *root = good ? scan.root : no_value;
  sluice_json_scan_clear (&scan);
  return good;
}

/* Moves the index out of @scan, in its right size. */
static SluiceJsonMember *
take_members (SluiceJsonScan *scan)
{
  if (scan->members == scan->few)
    return g_memdup2 (scan->few, scan->n_members * sizeof *scan->few);

  return g_renew (SluiceJsonMember, g_steal_pointer (&scan->members), scan->n_members);
}

gboolean
sluice_json_object_init (SluiceJsonObject *object,
                         const char *text,
                         gsize length,
                         SluiceJsonFlags flags,
                         GError **error)
{
  SluiceJsonScan scan;
  gboolean good;

  g_return_val_if_fail (object != NULL, FALSE);
  g_return_val_if_fail (text != NULL || length == 0, FALSE);

  *object = (SluiceJsonObject){ no_value, 0, NULL };
  good = sluice_json_scan_run (&scan, text, length, flags) && sluice_json_scan_check_names (&scan);
  if (good && scan.root.type != SLUICE_JSON_OBJECT)
    {
      scan.failed_at = scan.root.text;
      scan.reason = "expected an object";
      good = FALSE;
    }

  if (good)
    *object = (SluiceJsonObject){ scan.root, scan.n_members, take_members (&scan) };
  else
    set_error (&scan, error);
  sluice_json_scan_clear (&scan);
  return good;
}

void
sluice_json_object_clear (SluiceJsonObject *object)
{
  g_return_if_fail (object != NULL);

  g_free (object->members);
  *object = (SluiceJsonObject){ no_value, 0, NULL };
}

SluiceJsonValue
sluice_json_object_get (const SluiceJsonObject *object, const char *name)
{
  gsize length;

  g_return_val_if_fail (object != NULL, no_value);
  g_return_val_if_fail (name != NULL, no_value);

  length = strlen (name);
  for (guint i = 0; i < object->n_members; i++)
    if (sluice_json_equals_length (object->members[i].name, name, length))
      return object->members[i].value;
  return no_value;
}

SluiceJsonValue
sluice_json_get (SluiceJsonValue value, const char *name)
{
  SluiceJsonIter iter;
  SluiceJsonValue member_name;
  SluiceJsonValue member;
  gsize length;

  g_return_val_if_fail (name != NULL, no_value);

  if (value.type != SLUICE_JSON_OBJECT)
    return no_value;

  length = strlen (name);
  sluice_json_iter_init (&iter, value);
  while (sluice_json_iter_next (&iter, &member_name, &member))
    if (sluice_json_equals_length (member_name, name, length))
      return member;
  return no_value;
}

/* The functions below walk checked text. They trust its structure, yet never leave [p, end) and always move on. */

static const char *
skip_string (const char *p, const char *end)
{
  for (p++; p < end;)
    {
      p = sluice_json_find_quote (p, end);
      if (p == end || *p == '"')
        break;
      p += MIN (2, end - p);
    }
  return p < end ? p + 1 : end;
}

static const char *
skip_container (const char *p, const char *end)
{
  guint depth = 0;

  while (p < end)
    {
      p = sluice_json_find_bracket (p, end);
      if (p == end)
        break;

      if (*p == '"')
        {
          p = skip_string (p, end);
          continue;
        }
      if (*p == '{' || *p == '[')
        depth++;
      else if (--depth == 0)
        return p + 1;
      p++;
    }
  return end;
}

static const char *
skip_scalar (const char *p, const char *end)
{
  while (p < end && !sluice_json_is_space (*p) && *p != ',' && *p != ']' && *p != '}' && *p != ':')
    p++;
  return p;
}

static const char *
skip_between (const char *p, const char *end)
{
  while (p < end && (sluice_json_is_space (*p) || *p == ',' || *p == ':'))
    p++;
  return p;
}

static const char *
read_value (const char *p, const char *end, SluiceJsonValue *value)
{
  const char *start = p;
  SluiceJsonType type = SLUICE_JSON_NUMBER;

  switch (*p)
    {
    case '{':
    case '[':
      type = *p == '{' ? SLUICE_JSON_OBJECT : SLUICE_JSON_ARRAY;
      p = skip_container (p, end);
      break;
    case '"':
      type = SLUICE_JSON_STRING;
      p = skip_string (p, end);
      break;
    case 't':
      type = SLUICE_JSON_TRUE;
      p = skip_scalar (p, end);
      break;
    case 'f':
      type = SLUICE_JSON_FALSE;
      p = skip_scalar (p, end);
      break;
    case 'n':
      type = SLUICE_JSON_NULL;
      p = skip_scalar (p, end);
      break;
    default:
      p = skip_scalar (p, end);
      break;
    }
  *value = (SluiceJsonValue){ type, start, (gsize) (p - start) };
  return p;
}

void
sluice_json_iter_init (SluiceJsonIter *iter, SluiceJsonValue container)
{
  gboolean walks = container.type == SLUICE_JSON_OBJECT || container.type == SLUICE_JSON_ARRAY;

  g_return_if_fail (iter != NULL);

  *iter = (SluiceJsonIter){ NULL, NULL, container.type == SLUICE_JSON_OBJECT };
  if (walks)
    {
      iter->next = container.text + 1;
      iter->end = container.text + container.length - 1;
    }
}

gboolean
sluice_json_iter_next (SluiceJsonIter *iter, SluiceJsonValue *name, SluiceJsonValue *value)
{
  SluiceJsonValue read_name = no_value;
  SluiceJsonValue read = no_value;
  const char *p;

  g_return_val_if_fail (iter != NULL, FALSE);

  p = skip_between (iter->next, iter->end);
  if (p < iter->end && iter->object)
    p = skip_between (read_value (p, iter->end, &read_name), iter->end);
  if (p < iter->end)
    p = read_value (p, iter->end, &read);
  if (read.length == 0)
    {
      iter->next = iter->end;
      return FALSE;
    }

  iter->next = p;
  if (name != NULL)
    *name = read_name;
  if (value != NULL)
    *value = read;
  return TRUE;
}

gboolean
sluice_json_read_int64 (SluiceJsonValue value, gint64 *result)
{
  SluiceDecimal decimal;
  guint64 size;

  g_return_val_if_fail (result != NULL, FALSE);

  if (value.type != SLUICE_JSON_NUMBER
      || sluice_decimal_parse (value.text, value.length, &decimal) != SLUICE_DECIMAL_OK
      || !sluice_decimal_scale (&decimal, 0, &size) || size > (guint64) G_MAXINT64 + (decimal.negative ? 1 : 0))
    return FALSE;

  *result = decimal.negative ? (gint64) - size : (gint64) size;
  return TRUE;
}

gboolean
sluice_json_read_boolean (SluiceJsonValue value, gboolean *result)
{
  g_return_val_if_fail (result != NULL, FALSE);

  if (value.type != SLUICE_JSON_TRUE && value.type != SLUICE_JSON_FALSE)
    return FALSE;

  *result = value.type == SLUICE_JSON_TRUE;
  return TRUE;
}

void
sluice_json_append_value (GString *into, SluiceJsonValue value)
{
  g_return_if_fail (into != NULL);

  if (value.type != SLUICE_JSON_NONE)
    g_string_append_len (into, value.text, (gssize) value.length);
}
