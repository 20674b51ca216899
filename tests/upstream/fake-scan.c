/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fake-scan.h"

#include <string.h>

static const char *
skip_space (const char *p, const char *end)
{
  while (p < end && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r'))
    p++;
  return p;
}

/* @p: at the opening quote. Returns: behind the closing one, or @end. */
static const char *
skip_string (const char *p, const char *end)
{
  for (p++; p < end; p++)
    {
      const char *quote = memchr (p, '"', end - p);
      const char *back = quote;

      if (quote == NULL)
        return end;
      while (back > p && back[-1] == '\\')
        back--;
      p = quote;
      if ((quote - back) % 2 == 0)
        return quote + 1;
    }
  return end;
}

static const char *
skip_container (const char *p, const char *end)
{
  int depth = 0;

  while (p < end)
    switch (*p)
      {
      case '"':
        p = skip_string (p, end);
        break;
      case '{':
      case '[':
        depth++;
        p++;
        break;
      case '}':
      case ']':
        p++;
        if (--depth == 0)
          return p;
        break;
      default:
        p++;
      }
  return end;
}

static const char *
skip_value (const char *p, const char *end)
{
  if (p == end)
    return end;
  if (*p == '"')
    return skip_string (p, end);
  if (*p == '{' || *p == '[')
    return skip_container (p, end);
  while (p < end && strchr (",]} \t\r\n", *p) == NULL)
    p++;
  return p;
}

FakeSlice
fake_scan_enter (FakeSlice json)
{
  const char *end = json.data + json.length;
  const char *p = json.data == NULL ? end : skip_space (json.data, end);

  if (p == end || (*p != '{' && *p != '['))
    return (FakeSlice){ NULL, 0 };
  return (FakeSlice){ p + 1, end - p - 1 };
}

gboolean
fake_scan_next (FakeSlice *rest, FakeSlice *key, FakeSlice *value)
{
  const char *p = rest->data;
  const char *end = p + rest->length;
  const char *start;

  *key = *value = (FakeSlice){ NULL, 0 };
  if (p == NULL)
    return FALSE;
  p = skip_space (p, end);
  if (p < end && *p == ',')
    p = skip_space (p + 1, end);
  if (p == end || *p == '}' || *p == ']')
    return FALSE;

  start = p;
  p = skip_value (p, end);
  *value = (FakeSlice){ start, p - start };
  p = skip_space (p, end);
  if (p < end && *p == ':')
    {
      *key = fake_slice_string (*value);
      start = skip_space (p + 1, end);
      p = skip_value (start, end);
      *value = (FakeSlice){ start, p - start };
    }
  /* a stray byte that no value begins with: nothing behind it can be trusted */
  if (value->length == 0)
    return FALSE;
  *rest = (FakeSlice){ p, end - p };
  return TRUE;
}

gboolean
fake_scan_member (FakeSlice json, const char *name, FakeSlice *value)
{
  FakeSlice rest = fake_scan_enter (json);
  FakeSlice key;

  while (fake_scan_next (&rest, &key, value))
    if (fake_slice_equal (key, name))
      return TRUE;
  *value = (FakeSlice){ NULL, 0 };
  return FALSE;
}

FakeSlice
fake_slice_string (FakeSlice value)
{
  if (value.length < 2 || value.data[0] != '"' || value.data[value.length - 1] != '"')
    return (FakeSlice){ NULL, 0 };
  return (FakeSlice){ value.data + 1, value.length - 2 };
}

gboolean
fake_slice_equal (FakeSlice slice, const char *text)
{
  return slice.length == strlen (text) && slice.length > 0 && memcmp (slice.data, text, slice.length) == 0;
}
