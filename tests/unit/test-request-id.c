/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/sluice-request-id.h"

#include <string.h>

/* 2026-01-15 12:34:56.789 UTC, in microseconds. */
#define INSTANT G_GINT64_CONSTANT (1768480496789000)

static void
test_form (void)
{
  g_autofree char *a = sluice_request_id_new (INSTANT);
  g_autofree char *b = sluice_request_id_new (INSTANT);

  g_assert_true (g_uuid_string_is_valid (a));
  g_assert_true (g_uuid_string_is_valid (b));
  g_assert_cmpstr (a, !=, b);
  g_assert_true (g_str_has_prefix (a, "019bc1a6-dc95-7"));
  g_assert_nonnull (strchr ("89ab", a[19]));
}

/* Ids of one millisecond stand between its bound and the next one. */
static void
test_order (void)
{
  static const gint64 instants[] = { 0,
                                     1000,
                                     G_GINT64_CONSTANT (65535000),
                                     G_GINT64_CONSTANT (65536000),
                                     INSTANT,
                                     INSTANT + 1000,
                                     INSTANT + G_GINT64_CONSTANT (31536000000000) };

  for (guint i = 0; i < G_N_ELEMENTS (instants); i++)
    {
      g_autofree char *bound = sluice_request_id_bound (instants[i]);
      g_autofree char *same = sluice_request_id_bound (instants[i] + 999);
      g_autofree char *next = sluice_request_id_bound (instants[i] + 1000);

      g_assert_cmpstr (bound, ==, same);
      for (guint j = 0; j < 100; j++)
        {
          g_autofree char *id = sluice_request_id_new (instants[i] + 999);

          g_assert_cmpstr (bound, <, id);
          g_assert_cmpstr (id, <, next);
        }
    }
}

static void
test_out_of_range (void)
{
  g_autofree char *low = sluice_request_id_bound (G_MININT64);
  g_autofree char *high = sluice_request_id_bound (G_MAXINT64);
  g_autofree char *id = sluice_request_id_new (G_MAXINT64);

  g_assert_cmpstr (low, ==, "00000000-0000-");
  g_assert_cmpstr (high, ==, "ffffffff-ffff-");
  g_assert_true (g_uuid_string_is_valid (id));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/request-id/form", test_form);
  g_test_add_func ("/request-id/order", test_order);
  g_test_add_func ("/request-id/out-of-range", test_out_of_range);
  return g_test_run ();
}
