/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/sluice-yaml-private.h"

#include <string.h>

/* libyaml compares each %TAG line with all before it. */
#define DIRECTIVES_MAX 16

static const char byte_order_mark[] = "\xef\xbb\xbf";

/* What YAML lets stand in a file: no control bytes but tab and line ends. */
static gboolean
is_allowed (gunichar c)
{
  if (c < 0x20)
    return c == '\t' || c == '\n' || c == '\r';
  return c < 0x7f || c == 0x85 || (c >= 0xa0 && c != 0xfeff && c != 0xfffe && c != 0xffff);
}

typedef struct {
  guint line;
  guint column;
} Place;

/* Moves on over the character at @at, which is not past the end (texts end in NUL or are followed by @end). */
static void
place_move (Place *place, const char *at, const char *end)
{
  if (*at == '\n' || (*at == '\r' && (at + 1 == end || at[1] != '\n')))
    {
      place->line++;
      place->column = 1;
    }
  else
    place->column++;
}

static gboolean
check_characters (const char *text, const char *end, SluiceFindingSink *sink)
{
  Place place = { 1, 1 };
  guint n_directives = 0;

  for (const char *at = text; at < end;)
    {
      gunichar c = (guchar) *at < 0x80 ? (guchar) *at : g_utf8_get_char_validated (at, end - at);

      if (c == (gunichar) -1 || c == (gunichar) -2)
        {
          sluice_finding_sink_add (sink, SLUICE_FINDING_ERROR, place.line, place.column, NULL,
                                   "byte 0x%02x is not UTF-8: save the file as UTF-8", (guint) (guchar) *at);
          return FALSE;
        }
      if (!is_allowed (c))
        {
          sluice_finding_sink_add (sink, SLUICE_FINDING_ERROR, place.line, place.column, NULL,
                                   "the control character U+%04X cannot stand in a YAML file: remove it", c);
          return FALSE;
        }
      if (c == '%' && place.column == 1 && ++n_directives > DIRECTIVES_MAX)
        {
          sluice_finding_sink_add (sink, SLUICE_FINDING_ERROR, place.line, place.column, NULL,
                                   "more than %d lines begin with '%%': remove them", DIRECTIVES_MAX);
          return FALSE;
        }
      place_move (&place, at, end);
      at += c < 0x80 ? 1 : g_unichar_to_utf8 (c, NULL);
    }

  return TRUE;
}

gboolean
sluice_yaml_check_text (const char **text, gsize *length, SluiceFindingSink *sink)
{
  gsize mark_length = strlen (byte_order_mark);

  if (*length > SLUICE_YAML_MAX_BYTES)
    {
      sluice_finding_sink_add (sink, SLUICE_FINDING_ERROR, 0, 0, NULL,
                               "the file has more than %d bytes: a configuration is smaller", SLUICE_YAML_MAX_BYTES);
      return FALSE;
    }
  if (*length >= mark_length && memcmp (*text, byte_order_mark, mark_length) == 0)
    {
      *text += mark_length;
      *length -= mark_length;
    }

  return check_characters (*text, *text + *length, sink);
}
