/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Money is integer: prices in femto-dollars (10^-15 USD) per unit, receipts in nano-dollars (10^-9 USD). No floating
 * point anywhere. Multiplied in 128 bits, rounded up once per attempt (DESIGN 8).
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* One dollar. */
#define SLUICE_FEMTO_PER_USD G_GINT64_CONSTANT (1000000000000000)
#define SLUICE_NANO_PER_USD G_GINT64_CONSTANT (1000000000)

/* A price for one token above this (10,000 USD for a million) is taken for a mistake. */
#define SLUICE_MONEY_MAX_FEMTO_PER_TOKEN (SLUICE_FEMTO_PER_USD / 100)

/*
 * Reads a decimal text such as "0.00000015", "1.5e-7" or "2" as dollars into femto-dollars; also "+2", ".5" and "5.",
 * as YAML knows them, but no space. Digits beyond 10^-15 are an error unless zero, as are a minus and overflow. Errors:
 * SLUICE_ERROR_INVALID_REQUEST; the message does not quote @text. @femto is left alone then.
 */
gboolean sluice_money_parse_usd (const char *text, gint64 *femto, GError **error);

/* One line of a bill: @count units at @femto each. */
typedef struct {
  gint64 count;
  gint64 femto;
} SluiceMoneyItem;

/*
 * The sum of the items in nano-dollars, rounded up once. Counts and prices below zero count as zero; a sum that does
 * not fit is G_MAXINT64.
 */
gint64 sluice_money_sum (const SluiceMoneyItem *items, guint n_items);

/* Nano-dollars as dollars in decimal, without an exponent and without trailing zeros: "0.0000015", "12.5", "0". */
char *sluice_money_format_usd (gint64 nano);

G_END_DECLS
