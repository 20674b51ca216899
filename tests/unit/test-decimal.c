/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/sluice-decimal.h"

#include <string.h>

static void
test_parse (void)
{
  static const struct {
    const char *text;
    SluiceDecimal expected;
  } cases[] = {
    { "0", { FALSE, 0, 0 } },
    { "-0", { TRUE, 0, 0 } },
    { "0.000", { FALSE, 0, 0 } },
    { "0e99", { FALSE, 0, 0 } },
    { "1", { FALSE, 1, 0 } },
    { "+1", { FALSE, 1, 0 } },
    { "-1", { TRUE, 1, 0 } },
    { "100", { FALSE, 1, 2 } },
    { "1000000000000000000000000000000", { FALSE, 1, 30 } },
    { "0.00000015", { FALSE, 15, -8 } },
    { "1.5e-7", { FALSE, 15, -8 } },
    { "1.50E-7", { FALSE, 15, -8 } },
    { "150e-9", { FALSE, 15, -8 } },
    { "00012", { FALSE, 12, 0 } },
    { ".5", { FALSE, 5, -1 } },
    { "5.", { FALSE, 5, 0 } },
    { "10.010", { FALSE, 1001, -2 } },
    { "1e+5", { FALSE, 1, 5 } },
    { "18446744073709551615", { FALSE, G_MAXUINT64, 0 } },
    { "1844674407370955161.5", { FALSE, G_MAXUINT64, -1 } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      SluiceDecimal decimal;

      g_assert_cmpint (sluice_decimal_parse (cases[i].text, strlen (cases[i].text), &decimal), ==, SLUICE_DECIMAL_OK);
      g_assert_cmpint (decimal.negative, ==, cases[i].expected.negative);
      g_assert_cmpuint (decimal.mantissa, ==, cases[i].expected.mantissa);
      g_assert_cmpint (decimal.exponent, ==, cases[i].expected.exponent);
    }
}

static void
test_refused (void)
{
  static const char *const malformed[] = {
    "", " ", "+", "-", ".", "-.", "e5", ".e5", "1e", "1e+", "1e5.", "1.2.3", "1..2", "1 ", " 1", "1x", "0x10",
    "1_000", "1,5", "--1", "+-1", "NaN", "inf", "1e5e5", "\xd9\xa1",
  };
  SluiceDecimal decimal = { FALSE, 4711, 0 };

  for (guint i = 0; i < G_N_ELEMENTS (malformed); i++)
    g_assert_cmpint (sluice_decimal_parse (malformed[i], strlen (malformed[i]), &decimal), ==,
                     SLUICE_DECIMAL_MALFORMED);
  g_assert_cmpint (sluice_decimal_parse ("18446744073709551616", 20, &decimal), ==, SLUICE_DECIMAL_TOO_LONG);
  g_assert_cmpint (sluice_decimal_parse ("1.00000000000000000000001", 25, &decimal), ==, SLUICE_DECIMAL_TOO_LONG);
  g_assert_cmpuint (decimal.mantissa, ==, 4711);
}

static void
test_scale (void)
{
  static const struct {
    const char *text;
    int shift;
    gboolean good;
    guint64 result;
  } cases[] = {
    { "1.5", 1, TRUE, 15 },
    { "1.5", 0, FALSE, 0 },
    { "1.5", 3, TRUE, 1500 },
    { "1500", -2, TRUE, 15 },
    { "1500", -3, FALSE, 0 },
    { "0", -99, TRUE, 0 },
    { "18446744073709551615", 0, TRUE, G_MAXUINT64 },
    { "18446744073709551615", 1, FALSE, 0 },
    { "1e19", 0, TRUE, G_GUINT64_CONSTANT (10000000000000000000) },
    { "1e20", 0, FALSE, 0 },
    { "1e999999999999999999999999999999", 99, FALSE, 0 },
    { "1e-999999999999999999999999999999", 99, FALSE, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      SluiceDecimal decimal;
      guint64 result = 0;

      g_assert_cmpint (sluice_decimal_parse (cases[i].text, strlen (cases[i].text), &decimal), ==, SLUICE_DECIMAL_OK);
      g_assert_cmpint (sluice_decimal_scale (&decimal, cases[i].shift, &result), ==, cases[i].good);
      g_assert_cmpuint (result, ==, cases[i].result);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/decimal/parse", test_parse);
  g_test_add_func ("/decimal/refused", test_refused);
  g_test_add_func ("/decimal/scale", test_scale);
  return g_test_run ();
}
