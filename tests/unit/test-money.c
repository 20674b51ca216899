/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/sluice-error.h"
#include "shared/sluice-money.h"

static void
test_parse (void)
{
  static const struct {
    const char *text;
    gint64 femto;
  } cases[] = {
    { "0", 0 },
    { "0.0", 0 },
    { "0e-99", 0 },
    { "2", 2 * SLUICE_FEMTO_PER_USD },
    { "0.00000015", 150000000 },
    { "1.5e-7", 150000000 },
    { "1.5E-07", 150000000 },
    { "15e-8", 150000000 },
    { "2.5e-06", G_GINT64_CONSTANT (2500000000) },
    { "0.000000000000001", 1 },
    { "1e-15", 1 },
    { "0.0000000000000010000000000", 1 },
    { "10e-16", 1 },
    { "1234567890123456e-15", G_GINT64_CONSTANT (1234567890123456) },
    { "0.123456789012345", G_GINT64_CONSTANT (123456789012345) },
    { ".5", SLUICE_FEMTO_PER_USD / 2 },
    { "5.", 5 * SLUICE_FEMTO_PER_USD },
    { "+0.01", SLUICE_FEMTO_PER_USD / 100 },
    { "1e3", 1000 * SLUICE_FEMTO_PER_USD },
    { "9223.372036854775807", G_MAXINT64 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      gint64 femto = -1;

      g_assert_true (sluice_money_parse_usd (cases[i].text, &femto, &error));
      g_assert_no_error (error);
      g_assert_cmpint (femto, ==, cases[i].femto);
    }
}

static void
test_parse_refused (void)
{
  static const struct {
    const char *text;
    const char *reason;
  } cases[] = {
    { "", "*write a decimal number*" },
    { " 1", "*write a decimal number*" },
    { "$1", "*write a decimal number*" },
    { "1 USD", "*write a decimal number*" },
    { "1,5", "*write a decimal number*" },
    { "free", "*write a decimal number*" },
    { "NaN", "*write a decimal number*" },
    { "-1", "*must not be negative*" },
    { "-0", "*must not be negative*" },
    { "-1e-15", "*must not be negative*" },
    { "1e-16", "*behind the fifteenth*" },
    { "0.0000000000000015", "*behind the fifteenth*" },
    { "1.0000000000000001", "*behind the fifteenth*" },
    { "1e-999999999999999999999", "*behind the fifteenth*" },
    { "9223.372036854775808", "*too large*" },
    { "9224", "*too large*" },
    { "18447", "*too large*" },
    { "1e99", "*too large*" },
    { "1e999999999999999999999", "*too large*" },
    { "1.000000000000000000000000001", "*too many digits*" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      gint64 femto = 4711;

      g_assert_false (sluice_money_parse_usd (cases[i].text, &femto, &error));
      g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_INVALID_REQUEST);
      g_assert_true (g_pattern_match_simple (cases[i].reason, error->message));
      g_assert_cmpint (femto, ==, 4711);
    }
}

static void
test_sum (void)
{
  static const gint64 top = G_MAXINT64;
  static const struct {
    SluiceMoneyItem items[3];
    gint64 nano;
  } cases[] = {
    { { { 0, 0 } }, 0 },
    { { { 1000, 150000000 } }, 150000 },
    { { { 1, 1 } }, 1 }, /* up, not to the nearest */
    { { { 1, 1000000 } }, 1 },
    { { { 1, 1000001 } }, 2 },
    { { { 1, 999999 }, { 1, 1 } }, 1 }, /* once for all, not once for each */
    { { { 1, 400000 }, { 1, 400000 }, { 1, 400000 } }, 2 },
    { { { 3, 333333 } }, 1 },
    { { { 3, 333334 } }, 2 },
    { { { -5, 1000000 }, { 2, 1000000 } }, 2 },
    { { { 5, -1000000 }, { 2, 1000000 } }, 2 },
    { { { -5, -1000000 } }, 0 },
    { { { 1, SLUICE_FEMTO_PER_USD } }, SLUICE_NANO_PER_USD },
    { { { 1000000, G_GINT64_CONSTANT (2500000000) }, { 1000000, G_GINT64_CONSTANT (10000000000) } },
      G_GINT64_CONSTANT (12500000000) },
    { { { top, 1000000 } }, top },
    { { { top, 999999 }, { 1, 1 } }, G_GINT64_CONSTANT (9223362813482738953) },
    { { { top, 1000000 }, { 1, 1 } }, top },
    { { { top, 1000001 } }, top },
    { { { top, top }, { top, top }, { top, top } }, top },
    { { { 1000000, top } }, top },
    { { { 1000001, top } }, top },
    { { { 1, top } }, G_GINT64_CONSTANT (9223372036855) },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpint (sluice_money_sum (cases[i].items, 3), ==, cases[i].nano);
  g_assert_cmpint (sluice_money_sum (NULL, 0), ==, 0);
}

static void
test_format (void)
{
  static const struct {
    gint64 nano;
    const char *text;
  } cases[] = {
    { 0, "0" },
    { 1, "0.000000001" },
    { 1500, "0.0000015" },
    { 100000000, "0.1" },
    { 999999999, "0.999999999" },
    { SLUICE_NANO_PER_USD, "1" },
    { G_GINT64_CONSTANT (12500000000), "12.5" },
    { G_GINT64_CONSTANT (100000000000), "100" },
    { G_GINT64_CONSTANT (1000000001), "1.000000001" },
    { -1, "-0.000000001" },
    { G_GINT64_CONSTANT (-2500000000), "-2.5" },
    { G_MAXINT64, "9223372036.854775807" },
    { G_MININT64, "-9223372036.854775808" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = sluice_money_format_usd (cases[i].nano);

      g_assert_cmpstr (text, ==, cases[i].text);
    }
}

/* What is written reads back as the same amount. */
static void
test_round_trip (void)
{
  for (guint i = 0; i < 2000; i++)
    {
      gint64 nano = (gint64) (((guint64) (guint32) g_test_rand_int () << 11) % (9223 * (guint64) SLUICE_NANO_PER_USD));
      g_autofree char *text = sluice_money_format_usd (nano);
      gint64 femto;

      g_assert_true (sluice_money_parse_usd (text, &femto, NULL));
      g_assert_cmpint (femto, ==, nano * (SLUICE_FEMTO_PER_USD / SLUICE_NANO_PER_USD));
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/money/parse", test_parse);
  g_test_add_func ("/money/parse-refused", test_parse_refused);
  g_test_add_func ("/money/sum", test_sum);
  g_test_add_func ("/money/format", test_format);
  g_test_add_func ("/money/round-trip", test_round_trip);
  return g_test_run ();
}
