/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/sluice-decimal.h"

/* Exponents beyond any text that fits memory; keeps sums of them in range. */
#define EXPONENT_CAP (G_MAXINT64 / 100)

static gboolean
times_ten (guint64 *value, gint64 times)
{
  if (*value == 0)
    return TRUE;
  for (; times > 0; times--)
    if (!g_uint64_checked_mul (value, *value, 10))
      return FALSE;
  return TRUE;
}

/* Returns the byte behind it; @p itself if there are no digits. */
static const char *
read_exponent (const char *p, const char *end, gint64 *exponent)
{
  const char *start = p;
  const char *digits;
  gint64 value = 0;
  gboolean negative = p < end && *p == '-';

  if (p < end && (*p == '-' || *p == '+'))
    p++;
  digits = p;
  for (; p < end && g_ascii_isdigit (*p); p++)
    value = MIN (value * 10 + (*p - '0'), EXPONENT_CAP);
  if (p == digits)
    return start;
  *exponent += negative ? -value : value;
  return p;
}

/* Zeros are held back until a digit follows them, so those at the end become part of the exponent. */
static const char *
read_digits (const char *p, const char *end, SluiceDecimal *decimal, guint *n_points, gboolean *fits)
{
  gint64 zeros = 0;
  gint64 behind_point = 0;

  for (; p < end && (g_ascii_isdigit (*p) || *p == '.'); p++)
    {
      if (*p == '.')
        {
          (*n_points)++;
          continue;
        }
      behind_point += *n_points;
      if (*p == '0')
        {
          zeros++;
          continue;
        }
      *fits = *fits && times_ten (&decimal->mantissa, zeros + 1)
              && g_uint64_checked_add (&decimal->mantissa, decimal->mantissa, (guint64) (*p - '0'));
      zeros = 0;
    }
  decimal->exponent = zeros - behind_point;
  return p;
}

SluiceDecimalResult
sluice_decimal_parse (const char *text, gsize length, SluiceDecimal *decimal)
{
  const char *p = text;
  const char *end = text + length;
  SluiceDecimal read = { FALSE, 0, 0 };
  const char *digits;
  guint n_points = 0;
  gboolean fits = TRUE;

  g_return_val_if_fail (text != NULL || length == 0, SLUICE_DECIMAL_MALFORMED);

  if (p < end && (*p == '-' || *p == '+'))
    read.negative = *p++ == '-';
  digits = p;
  p = read_digits (p, end, &read, &n_points, &fits);
  if (n_points > 1 || (gsize) (p - digits) == n_points)
    return SLUICE_DECIMAL_MALFORMED;
  if (p < end && (*p | 0x20) == 'e')
    {
      const char *exponent = p + 1;

      p = read_exponent (exponent, end, &read.exponent);
      if (p == exponent)
        return SLUICE_DECIMAL_MALFORMED;
    }
  if (p != end)
    return SLUICE_DECIMAL_MALFORMED;
  if (!fits)
    return SLUICE_DECIMAL_TOO_LONG;

  if (read.mantissa == 0)
    read.exponent = 0;
  *decimal = read;
  return SLUICE_DECIMAL_OK;
}

gboolean
sluice_decimal_scale (const SluiceDecimal *decimal, int shift, guint64 *result)
{
  guint64 value = decimal->mantissa;
  gint64 exponent = decimal->exponent + shift;

  if (value == 0)
    {
      *result = 0;
      return TRUE;
    }

  /* the mantissa has no zeros to give to a negative exponent */
  if (exponent < 0 || !times_ten (&value, exponent))
    return FALSE;
  *result = value;
  return TRUE;
}
