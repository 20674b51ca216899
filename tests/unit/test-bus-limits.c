/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bus/sluice-bus-limits.h"

#include "shared/sluice-error.h"

typedef struct {
  SluiceBusLimits *limits;
  gint64 now_us;
  guint n_new;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->limits = sluice_bus_limits_new ();
  f->now_us = 5 * G_USEC_PER_SEC;
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  sluice_bus_limits_free (f->limits);
}

/* The code of the refusal, -1 for none. */
static int
call (Fixture *f, const char *sender, guint32 serial, gsize n_bytes)
{
  g_autoptr (GError) error = NULL;
  gboolean is_new = FALSE;
  gboolean is_admitted = sluice_bus_limits_admit (f->limits, sender, serial, n_bytes, f->now_us, &is_new, &error);

  f->n_new += is_new;
  g_assert_true (is_admitted == (error == NULL));
  g_assert_true (error == NULL || error->domain == SLUICE_ERROR);
  return error != NULL ? error->code : -1;
}

static void
test_rate (Fixture *f, gconstpointer data)
{
  guint n_admitted = 0;

  for (guint i = 0; i < SLUICE_BUS_CALLS_PER_SECOND; i++)
    g_assert_cmpint (call (f, ":1.1", 0, 0), ==, -1);
  g_assert_cmpint (call (f, ":1.1", 0, 0), ==, SLUICE_ERROR_RATE_LIMITED);
  g_assert_cmpint (call (f, ":1.2", 0, 0), ==, -1);

  /* what is refused costs nothing, so that a fiftieth of a second later one may come */
  for (guint i = 0; i < 1000; i++)
    call (f, ":1.1", 0, 0);
  f->now_us += G_USEC_PER_SEC / SLUICE_BUS_CALLS_PER_SECOND;
  g_assert_cmpint (call (f, ":1.1", 0, 0), ==, -1);
  g_assert_cmpint (call (f, ":1.1", 0, 0), ==, SLUICE_ERROR_RATE_LIMITED);

  /* rest is not saved up beyond a second's worth */
  f->now_us += 60 * G_USEC_PER_SEC;
  while (call (f, ":1.1", 0, 0) == -1)
    n_admitted++;
  g_assert_cmpuint (n_admitted, ==, SLUICE_BUS_CALLS_PER_SECOND);
}

static void
test_pending (Fixture *f, gconstpointer data)
{
  for (guint32 serial = 1; serial <= SLUICE_BUS_MAX_PENDING; serial++)
    g_assert_cmpint (call (f, ":1.1", serial, 0), ==, -1);
  g_assert_cmpint (call (f, ":1.1", 100, 0), ==, SLUICE_ERROR_RATE_LIMITED);
  g_assert_cmpint (call (f, ":1.1", 0, 0), ==, -1);
  g_assert_cmpint (call (f, ":1.2", 1, 0), ==, -1);

  /* answers to calls that were refused, or to others, free nothing */
  sluice_bus_limits_answered (f->limits, ":1.1", 100);
  sluice_bus_limits_answered (f->limits, ":1.3", 1);
  g_assert_cmpint (call (f, ":1.1", 101, 0), ==, SLUICE_ERROR_RATE_LIMITED);
  sluice_bus_limits_answered (f->limits, ":1.1", 3);
  sluice_bus_limits_answered (f->limits, ":1.1", 3);
  g_assert_cmpint (call (f, ":1.1", 102, 0), ==, -1);
  g_assert_cmpint (call (f, ":1.1", 103, 0), ==, SLUICE_ERROR_RATE_LIMITED);
}

static void
test_size (Fixture *f, gconstpointer data)
{
  g_assert_cmpint (call (f, ":1.1", 1, SLUICE_BUS_MAX_BYTES), ==, -1);
  g_assert_cmpint (call (f, ":1.1", 2, SLUICE_BUS_MAX_BYTES + 1), ==, SLUICE_ERROR_BODY_TOO_LARGE);
  g_assert_cmpint (call (f, ":1.1", 3, G_MAXSIZE), ==, SLUICE_ERROR_BODY_TOO_LARGE);
}

static void
test_senders (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < SLUICE_BUS_MAX_SENDERS; i++)
    {
      g_autofree char *sender = g_strdup_printf (":1.%u", i);

      g_assert_cmpint (call (f, sender, 1, 0), ==, -1);
      g_assert_cmpint (call (f, sender, 2, 0), ==, -1);
    }
  g_assert_cmpuint (f->n_new, ==, SLUICE_BUS_MAX_SENDERS);
  g_assert_cmpuint (sluice_bus_limits_get_n_senders (f->limits), ==, SLUICE_BUS_MAX_SENDERS);
  g_assert_cmpint (call (f, ":2.1", 1, 0), ==, SLUICE_ERROR_RATE_LIMITED);
  g_assert_cmpint (call (f, ":1.7", 3, 0), ==, -1);

  sluice_bus_limits_forget (f->limits, ":1.7");
  sluice_bus_limits_forget (f->limits, ":1.7");
  g_assert_cmpint (call (f, ":2.1", 1, 0), ==, -1);
  g_assert_cmpuint (f->n_new, ==, SLUICE_BUS_MAX_SENDERS + 1);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
#define ADD(name, func) g_test_add ("/bus-limits/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("rate", test_rate);
  ADD ("pending", test_pending);
  ADD ("size", test_size);
  ADD ("senders", test_senders);
#undef ADD
  return g_test_run ();
}
