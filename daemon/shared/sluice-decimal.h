/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Decimal numbers as text, taken apart without floating point: value = ±mantissa × 10^exponent.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  SLUICE_DECIMAL_OK,
  SLUICE_DECIMAL_MALFORMED,
  SLUICE_DECIMAL_TOO_LONG, /* the digits from the first to the last that is not zero do not fit 64 bits */
} SluiceDecimalResult;

/**
 * SluiceDecimal:
 * @negative: whether there was a minus, before zero too
 * @mantissa: 0, or a number whose last digit is not zero
 * @exponent: power of ten; 0 for zero
 */
typedef struct {
  gboolean negative;
  guint64 mantissa;
  gint64 exponent;
} SluiceDecimal;

/*
 * Reads all of @text: a sign (optional), digits with at most one point among, before or behind them, and an exponent
 * (optional). No space, no separators. @decimal is left alone unless the result is OK. Any thread.
 */
SluiceDecimalResult sluice_decimal_parse (const char *text, gsize length, SluiceDecimal *decimal);

/* @decimal × 10^@shift if that is an integer that fits; the sign is not looked at. */
gboolean sluice_decimal_scale (const SluiceDecimal *decimal, int shift, guint64 *result);

G_END_DECLS
