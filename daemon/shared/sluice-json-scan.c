/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/sluice-json-private.h"

#include <math.h>
#include <string.h>

/* Decimal exponents beyond any text that fits memory; keeps sums of them in range. */
#define EXPONENT_CAP (G_MAXINT64 / 4)

/* Each step returns the byte behind what it has read, or %NULL after fail(). */

static const char *
fail (SluiceJsonScan *scan, const char *at, const char *reason)
{
  scan->failed_at = at;
  scan->reason = reason;
  return NULL;
}

static inline const char *
skip_space (const char *p, const char *end)
{
  while (p < end && sluice_json_is_space (*p))
    p++;
  return p;
}

static const char *
skip_digits (const char *p, const char *end)
{
  while (p < end && sluice_json_is_digit (*p))
    p++;
  return p;
}

static inline gboolean
in_object (const SluiceJsonScan *scan)
{
  return scan->depth > 0 && (scan->objects >> (scan->depth - 1) & 1) != 0;
}

static void
begin_value (SluiceJsonScan *scan, SluiceJsonType type, const char *p)
{
  if (scan->depth == 0)
    scan->root = (SluiceJsonValue){ type, p, 0 };
  else if (scan->depth == 1 && scan->root.type == SLUICE_JSON_OBJECT)
    scan->members[scan->n_members - 1].value = (SluiceJsonValue){ type, p, 0 };
}

static void
end_value (SluiceJsonScan *scan, const char *p)
{
  SluiceJsonValue *value;

  scan->state = SLUICE_JSON_STATE_AFTER;
  if (scan->depth == 0)
    scan->root.length = (gsize) (p - scan->root.text);
  else if (scan->depth == 1 && scan->root.type == SLUICE_JSON_OBJECT)
    {
      value = &scan->members[scan->n_members - 1].value;
      value->length = (gsize) (p - value->text);
    }
}

/* @p is at the 'u'. A high surrogate must come with its low one. */
static const char *
scan_unicode_escape (SluiceJsonScan *scan, const char *p, gboolean *nul)
{
  gint32 unit = scan->end - p > 4 ? sluice_json_read_hex4 (p + 1) : -1;
  gint32 low;

  if (unit < 0)
    return fail (scan, p - 1, "expected four hexadecimal digits after \\u");
  if (unit == 0)
    *nul = TRUE;
  if (unit < 0xd800 || unit > 0xdfff)
    return p + 5;

  low = unit < 0xdc00 && scan->end - p > 10 && p[5] == '\\' && p[6] == 'u' ? sluice_json_read_hex4 (p + 7) : -1;
  if (low < 0xdc00 || low > 0xdfff)
    return fail (scan, p - 1, "half of a surrogate pair");
  return p + 11;
}

/* @p is at the backslash. */
static const char *
scan_escape (SluiceJsonScan *scan, const char *p, gboolean *nul)
{
  if (++p == scan->end)
    return fail (scan, p, "unexpected end in a string");

  switch (*p)
    {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
      return p + 1;
    case 'u':
      return scan_unicode_escape (scan, p, nul);
    default:
      return fail (scan, p - 1, "unknown escape in a string");
    }
}

/* @p is at a byte of 0x80 or above; reads on while there are such bytes. */
static const char *
scan_utf8 (SluiceJsonScan *scan, const char *p)
{
  do
    {
      guint length = sluice_json_utf8_length (p, scan->end);

      if (length == 0)
        return fail (scan, p, "not UTF-8");
      p += length;
    }
  while (p < scan->end && (*p & 0x80) != 0);
  return p;
}

/* @p is at the opening quote. */
static const char *
scan_string (SluiceJsonScan *scan, const char *p, gboolean *escaped, gboolean *nul)
{
  for (p++; p != NULL;)
    {
      p = sluice_json_find_special (p, scan->end);
      if (p == scan->end)
        return fail (scan, p, "unexpected end in a string");
      if (*p == '"')
        return p + 1;

      if (*p == '\\')
        {
          *escaped = TRUE;
          p = scan_escape (scan, p, nul);
        }
      else if ((*p & 0x80) != 0)
        p = scan_utf8 (scan, p);
      else
        return fail (scan, p, "control byte in a string");
    }
  return NULL;
}

typedef struct {
  gboolean negative;
  const char *start; /* of the text, sign included */
  const char *digits;
  gsize n_whole; /* digits before the point */
  const char *fraction;
  gsize n_fraction; /* digits behind it */
  gint64 exponent;
} Number;

static gboolean
fits_64_bits (const Number *number)
{
  const char *limit = number->negative ? "9223372036854775808" : "18446744073709551615";
  gsize n_limit = strlen (limit);

  if (number->n_whole != n_limit)
    return number->n_whole < n_limit;
  return memcmp (number->digits, limit, n_limit) <= 0;
}

/* Whether a double can hold it, be it as zero. Only numbers near the limit are converted. */
static gboolean
fits_double (const Number *number, const char *end)
{
  g_autofree char *copy = NULL;
  gsize zeros = 0;
  gint64 magnitude = number->exponent + (gint64) number->n_whole - 1; /* of the first digit that is not zero */

  if (magnitude < 308)
    return TRUE;

  if (*number->digits == '0')
    {
      while (zeros < number->n_fraction && number->fraction[zeros] == '0')
        zeros++;
      if (zeros == number->n_fraction)
        return TRUE;
      magnitude -= (gint64) zeros + 1;
    }
  if (magnitude != 308)
    return magnitude < 308;

  copy = g_strndup (number->start, (gsize) (end - number->start));
  return isfinite (g_ascii_strtod (copy, NULL));
}

/* @p is behind the 'e'. */
static const char *
scan_exponent (SluiceJsonScan *scan, const char *p, gint64 *exponent)
{
  gboolean negative = p < scan->end && *p == '-';
  const char *digits;

  if (p < scan->end && (*p == '-' || *p == '+'))
    p++;
  digits = p;
  *exponent = 0;
  for (; p < scan->end && sluice_json_is_digit (*p); p++)
    *exponent = MIN (*exponent * 10 + (*p - '0'), EXPONENT_CAP / 10);
  if (p == digits)
    return fail (scan, p, "expected a digit in an exponent");
  if (negative)
    *exponent = -*exponent;
  return p;
}

static const char *
scan_number (SluiceJsonScan *scan, const char *p)
{
  Number number = { .negative = *p == '-', .start = p };
  gboolean integer = TRUE;

  number.digits = p = p + (number.negative ? 1 : 0);
  p = p < scan->end && *p == '0' ? p + 1 : skip_digits (p, scan->end);
  number.n_whole = (gsize) (p - number.digits);
  if (number.n_whole == 0)
    return fail (scan, p, "expected a digit");

  if (p < scan->end && *p == '.')
    {
      integer = FALSE;
      number.fraction = p + 1;
      p = skip_digits (p + 1, scan->end);
      number.n_fraction = (gsize) (p - number.fraction);
      if (number.n_fraction == 0)
        return fail (scan, p, "expected a digit after the point");
    }
  if (p < scan->end && (*p | 0x20) == 'e')
    {
      integer = FALSE;
      p = scan_exponent (scan, p + 1, &number.exponent);
      if (p == NULL)
        return NULL;
    }

  if (integer && !fits_64_bits (&number))
    return fail (scan, number.start, "an integer that does not fit 64 bits");
  if (!integer && !fits_double (&number, p))
    return fail (scan, number.start, "a number too large");
  return p;
}

/* Numbers of an array and the commas between them, by their alphabet only. What comes next depends on the last byte. */
static const char *
skim_numbers (SluiceJsonScan *scan, const char *p)
{
  const char *last;

  p = sluice_json_find_no_number (p, scan->end);
  for (last = p - 1; sluice_json_is_space (*last); last--)
    ;
  scan->state = *last == ',' ? SLUICE_JSON_STATE_VALUE : SLUICE_JSON_STATE_AFTER;
  return p;
}

static const char *
scan_literal (SluiceJsonScan *scan, const char *p, SluiceJsonType type, const char *literal)
{
  gsize length = strlen (literal);

  if ((gsize) (scan->end - p) < length || memcmp (p, literal, length) != 0)
    return fail (scan, p, "expected a value");
  begin_value (scan, type, p);
  end_value (scan, p + length);
  return p + length;
}

static const char *
open_container (SluiceJsonScan *scan, const char *p, gboolean object)
{
  guint64 bit;

  if (scan->depth == SLUICE_JSON_MAX_DEPTH)
    return fail (scan, p, "nested more than " G_STRINGIFY (SLUICE_JSON_MAX_DEPTH) " levels deep");

  begin_value (scan, object ? SLUICE_JSON_OBJECT : SLUICE_JSON_ARRAY, p);
  bit = G_GUINT64_CONSTANT (1) << scan->depth;
  scan->objects = object ? scan->objects | bit : scan->objects & ~bit;
  scan->counts[scan->depth] = 0;
  scan->depth++;
  scan->state = object ? SLUICE_JSON_STATE_FIRST_NAME : SLUICE_JSON_STATE_FIRST_VALUE;
  return p + 1;
}

static const char *
close_container (SluiceJsonScan *scan, const char *p)
{
  scan->depth--;
  end_value (scan, p + 1);
  return p + 1;
}

static const char *
scan_value (SluiceJsonScan *scan, const char *p)
{
  gboolean escaped = FALSE;
  gboolean nul = FALSE;

  switch (*p)
    {
    case '{':
    case '[':
      return open_container (scan, p, *p == '{');
    case 't':
      return scan_literal (scan, p, SLUICE_JSON_TRUE, "true");
    case 'f':
      return scan_literal (scan, p, SLUICE_JSON_FALSE, "false");
    case 'n':
      return scan_literal (scan, p, SLUICE_JSON_NULL, "null");
    case '"':
      begin_value (scan, SLUICE_JSON_STRING, p);
      p = scan_string (scan, p, &escaped, &nul);
      break;
    default:
      if (*p != '-' && !sluice_json_is_digit (*p))
        return fail (scan, p, "expected a value");
      if ((scan->flags & SLUICE_JSON_SKIM_NUMBERS) != 0 && scan->depth > 0 && !in_object (scan))
        return skim_numbers (scan, p);
      begin_value (scan, SLUICE_JSON_NUMBER, p);
      p = scan_number (scan, p);
      break;
    }
  if (p != NULL)
    end_value (scan, p);
  return p;
}

static void
note_member (SluiceJsonScan *scan, const char *name, gsize length, gboolean escaped)
{
  if (scan->n_members == scan->n_allocated)
    {
      gboolean few = scan->members == scan->few;

      scan->n_allocated *= 2;
      scan->members = g_renew (SluiceJsonMember, few ? NULL : scan->members, scan->n_allocated);
      if (few)
        memcpy (scan->members, scan->few, sizeof scan->few);
    }
  scan->members[scan->n_members++].name = (SluiceJsonValue){ SLUICE_JSON_STRING, name, length };
  scan->escaped |= escaped;
}

/* A name, its colon and, unless it is a container, its value. */
static const char *
scan_member (SluiceJsonScan *scan, const char *p)
{
  const char *name = p;
  gboolean escaped = FALSE;
  gboolean nul = FALSE;

  if (*p != '"')
    return fail (scan, p, "expected a member's name");
  if (++scan->counts[scan->depth - 1] > SLUICE_JSON_MAX_MEMBERS)
    return fail (scan, p, "more than " G_STRINGIFY (SLUICE_JSON_MAX_MEMBERS) " members in an object");
  p = scan_string (scan, p, &escaped, &nul);
  if (p == NULL)
    return NULL;
  if (nul)
    return fail (scan, name, "NUL in a member's name");
  if (scan->depth == 1)
    note_member (scan, name, (gsize) (p - name), escaped);

  p = skip_space (p, scan->end);
  if (p == scan->end)
    return fail (scan, p, "unexpected end");
  if (*p != ':')
    return fail (scan, p, "expected ':' after a member's name");
  p = skip_space (p + 1, scan->end);
  if (p == scan->end)
    return fail (scan, p, "unexpected end");
  return scan_value (scan, p);
}

static const char *
scan_after (SluiceJsonScan *scan, const char *p)
{
  gboolean object = in_object (scan);

  if (*p == ',')
    {
      scan->state = object ? SLUICE_JSON_STATE_NAME : SLUICE_JSON_STATE_VALUE;
      return p + 1;
    }
  if (*p == (object ? '}' : ']'))
    return close_container (scan, p);
  return fail (scan, p, object ? "expected ',' or '}' after a member" : "expected ',' or ']' after an item");
}

static const char *
scan_step (SluiceJsonScan *scan, const char *p)
{
  switch (scan->state)
    {
    case SLUICE_JSON_STATE_FIRST_VALUE:
      return *p == ']' ? close_container (scan, p) : scan_value (scan, p);
    case SLUICE_JSON_STATE_VALUE:
      return scan_value (scan, p);
    case SLUICE_JSON_STATE_FIRST_NAME:
      return *p == '}' ? close_container (scan, p) : scan_member (scan, p);
    case SLUICE_JSON_STATE_NAME:
      return scan_member (scan, p);
    case SLUICE_JSON_STATE_AFTER:
      return scan_after (scan, p);
    default:
      g_assert_not_reached ();
    }
}

gboolean
sluice_json_scan_run (SluiceJsonScan *scan, const char *text, gsize length, SluiceJsonFlags flags)
{
  const char *p = text;

  scan->text = text;
  scan->end = text + length;
  scan->flags = flags;
  scan->state = SLUICE_JSON_STATE_VALUE;
  scan->depth = 0;
  scan->objects = 0;
  scan->root = (SluiceJsonValue){ SLUICE_JSON_NONE, NULL, 0 };
  scan->members = scan->few;
  scan->n_members = 0;
  scan->n_allocated = SLUICE_JSON_FEW_MEMBERS;
  scan->escaped = FALSE;
  scan->reason = NULL;

  if (length == 0)
    return fail (scan, p, "nothing there") != NULL;
  if (length >= 3 && memcmp (text, "\xef\xbb\xbf", 3) == 0)
    return fail (scan, p, "a byte order mark") != NULL;

  while (p != NULL)
    {
      p = skip_space (p, scan->end);
      if (scan->depth == 0 && scan->state == SLUICE_JSON_STATE_AFTER)
        return p == scan->end || fail (scan, p, "something follows the document") != NULL;
      p = p == scan->end ? fail (scan, p, "unexpected end") : scan_step (scan, p);
    }
  return FALSE;
}

void
sluice_json_scan_clear (SluiceJsonScan *scan)
{
  if (scan->members != scan->few)
    g_free (scan->members);
  scan->members = NULL;
}
