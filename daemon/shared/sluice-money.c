/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/sluice-money.h"

#include "shared/sluice-decimal.h"
#include "shared/sluice-error.h"

#include <string.h>

#define FEMTO_DIGITS 15
#define FEMTO_PER_NANO (SLUICE_FEMTO_PER_USD / SLUICE_NANO_PER_USD)

__extension__ typedef unsigned __int128 Wide;

static gboolean
refuse (GError **error, const char *reason)
{
  g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_INVALID_REQUEST, "not an amount in dollars: %s", reason);
  return FALSE;
}

gboolean
sluice_money_parse_usd (const char *text, gint64 *femto, GError **error)
{
  SluiceDecimal decimal;
  SluiceDecimalResult result;
  guint64 amount;

  g_return_val_if_fail (text != NULL, FALSE);
  g_return_val_if_fail (femto != NULL, FALSE);

  result = sluice_decimal_parse (text, strlen (text), &decimal);
  if (result == SLUICE_DECIMAL_MALFORMED)
    return refuse (error, "write a decimal number such as 0.0000025 or 2.5e-6");
  if (*text == '-')
    return refuse (error, "it must not be negative");
  if (result == SLUICE_DECIMAL_TOO_LONG)
    return refuse (error, "it has too many digits");
  if (decimal.exponent < -FEMTO_DIGITS)
    return refuse (error, "it has digits behind the fifteenth after the point");
  if (!sluice_decimal_scale (&decimal, FEMTO_DIGITS, &amount) || amount > G_MAXINT64)
    return refuse (error, "it is too large");

  *femto = (gint64) amount;
  return TRUE;
}

gint64
sluice_money_sum (const SluiceMoneyItem *items, guint n_items)
{
  /* more femto-dollars than that are more nano-dollars than fit */
  const Wide limit = (Wide) G_MAXINT64 * FEMTO_PER_NANO;
  Wide sum = 0;

  g_return_val_if_fail (items != NULL || n_items == 0, 0);

  for (guint i = 0; i < n_items; i++)
    {
      if (items[i].count <= 0 || items[i].femto <= 0)
        continue;
      /* below 2^126 plus the limit of about 2^83: no overflow */
      sum += (Wide) items[i].count * (Wide) items[i].femto;
      if (sum > limit)
        return G_MAXINT64;
    }
  return (gint64) ((sum + FEMTO_PER_NANO - 1) / FEMTO_PER_NANO);
}

char *
sluice_money_format_usd (gint64 nano)
{
  guint64 size = nano < 0 ? - (guint64) nano : (guint64) nano;
  guint64 whole = size / SLUICE_NANO_PER_USD;
  guint64 rest = size % SLUICE_NANO_PER_USD;
  const char *sign = nano < 0 ? "-" : "";
  int digits = 9;

  if (rest == 0)
    return g_strdup_printf ("%s%" G_GUINT64_FORMAT, sign, whole);

  for (; rest % 10 == 0; digits--)
    rest /= 10;
  return g_strdup_printf ("%s%" G_GUINT64_FORMAT ".%0*" G_GUINT64_FORMAT, sign, whole, digits, rest);
}
