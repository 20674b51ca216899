/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/sluice-json-private.h"

#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* What follows the backslash in the short escapes, both ways. */
static const struct {
  char escape;
  char byte;
} short_escapes[] = {
  { '"', '"' },  { '\\', '\\' }, { '/', '/' },  { 'b', '\b' },
  { 'f', '\f' }, { 'n', '\n' },  { 'r', '\r' }, { 't', '\t' },
};

/* Decodes the escape at @p into @utf8 and its @n bytes; returns the byte behind it. */
static const char *
decode_escape (const char *p, char utf8[6], gsize *n)
{
  gunichar character;

  if (p[1] != 'u')
    {
      utf8[0] = p[1];
      *n = 1;
      for (guint i = 0; i < G_N_ELEMENTS (short_escapes); i++)
        if (short_escapes[i].escape == p[1])
          utf8[0] = short_escapes[i].byte;
      return p + 2;
    }

  character = (gunichar) sluice_json_read_hex4 (p + 2);
  p += 6;
  if (character >= 0xd800 && character <= 0xdbff)
    {
      character = 0x10000 + ((character - 0xd800) << 10) + (gunichar) (sluice_json_read_hex4 (p + 2) - 0xdc00);
      p += 6;
    }
  *n = (gsize) g_unichar_to_utf8 (character, utf8);
  return p;
}

gsize
sluice_json_decode (SluiceJsonValue value, char *out)
{
  const char *p = value.text + 1;
  const char *end = value.text + value.length - 1;
  char *start = out;

  for (;;)
    {
      const char *stop = sluice_json_find_quote (p, end);
      char utf8[6];
      gsize n;

      memcpy (out, p, (gsize) (stop - p));
      out += stop - p;
      if (stop == end)
        return (gsize) (out - start);

      p = decode_escape (stop, utf8, &n);
      memcpy (out, utf8, n);
      out += n;
    }
}

static gboolean
equals_escaped (SluiceJsonValue value, const char *string, gsize length)
{
  const char *p = value.text + 1;
  const char *end = value.text + value.length - 1;

  while (p < end)
    {
      char utf8[6] = { *p };
      gsize n = 1;

      p = *p == '\\' ? decode_escape (p, utf8, &n) : p + 1;
      if (n > length || memcmp (utf8, string, n) != 0)
        return FALSE;
      string += n;
      length -= n;
    }
  return length == 0;
}

gboolean
sluice_json_equals_length (SluiceJsonValue value, const char *string, gsize length)
{
  gsize raw;

  if (value.type != SLUICE_JSON_STRING)
    return FALSE;

  /* escapes are always longer than what they stand for */
  raw = value.length - 2;
  if (raw < length)
    return FALSE;
  if (raw > length)
    return memchr (value.text, '\\', value.length) != NULL && equals_escaped (value, string, length);
  return memcmp (value.text + 1, string, length) == 0 && memchr (string, '\\', length) == NULL;
}

gboolean
sluice_json_equals (SluiceJsonValue value, const char *string)
{
  g_return_val_if_fail (string != NULL, FALSE);

  return sluice_json_equals_length (value, string, strlen (string));
}

char *
sluice_json_dup_string (SluiceJsonValue value)
{
  g_autofree char *text = NULL;
  gsize length;

  if (value.type != SLUICE_JSON_STRING)
    return NULL;

  text = g_malloc (value.length - 1);
  length = sluice_json_decode (value, text);
  text[length] = '\0';
  return memchr (text, '\0', length) == NULL ? g_steal_pointer (&text) : NULL;
}

gboolean
sluice_json_read_string (SluiceJsonValue value, GString *into)
{
  gsize before;

  g_return_val_if_fail (into != NULL, FALSE);

  if (value.type != SLUICE_JSON_STRING)
    return FALSE;

  before = into->len;
  g_string_set_size (into, before + value.length - 2);
  g_string_truncate (into, before + sluice_json_decode (value, into->str + before));
  return TRUE;
}

static void
append_control (GString *into, char c)
{
  for (guint i = 0; i < G_N_ELEMENTS (short_escapes); i++)
    if (short_escapes[i].byte == c)
      {
        g_string_append_c (into, '\\');
        g_string_append_c (into, short_escapes[i].escape);
        return;
      }
  g_string_append_printf (into, "\\u%04x", (guint) (guchar) c);
}

void
sluice_json_append_string (GString *into, const char *text, gssize length)
{
  const char *end;
  const char *p = text;

  g_return_if_fail (into != NULL);
  g_return_if_fail (text != NULL || length == 0);

  end = text + (length < 0 ? (gssize) strlen (text) : length);
  g_string_append_c (into, '"');
  while (p < end)
    {
      const char *stop = sluice_json_find_special (p, end);

      if (stop < end && (*stop & 0x80) != 0)
        {
          guint n = sluice_json_utf8_length (stop, end);

          g_string_append_len (into, p, (stop - p) + n);
          if (n == 0)
            g_string_append (into, REPLACEMENT);
          p = stop + MAX (n, 1);
          continue;
        }
      g_string_append_len (into, p, stop - p);
      if (stop < end)
        append_control (into, *stop++);
      p = stop;
    }
  g_string_append_c (into, '"');
}
