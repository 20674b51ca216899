/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sluice-idle.h"

#define MINUTE (60 * G_USEC_PER_SEC)
#define PERIOD (15 * MINUTE)

typedef struct {
  SluiceClock *clock;
  SluiceIdle *idle;
  SluiceIdleLook now;
  gboolean may_leave;
  guint n_looks;
  guint n_leaves;
} Fixture;

static void
look (SluiceIdleLook *seen, gpointer data)
{
  Fixture *fixture = data;

  g_assert_false (seen->busy);
  g_assert_cmpint (seen->last_work_us, ==, 0);
  *seen = fixture->now;
  fixture->n_looks++;
}

static gboolean
leave (gpointer data)
{
  Fixture *fixture = data;

  fixture->n_leaves++;
  return fixture->may_leave;
}

static const SluiceIdleFuncs funcs = { look, leave };

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->clock = sluice_clock_new_manual (1000000, 5 * MINUTE);
  fixture->may_leave = TRUE;
  fixture->idle = sluice_idle_new (fixture->clock, PERIOD, &funcs, fixture);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_clear_pointer (&fixture->idle, sluice_idle_free);
  g_clear_object (&fixture->clock);
}

static void
expect (Fixture *fixture, gint64 wait_us)
{
  g_assert_cmpint (sluice_idle_check (fixture->idle), ==, wait_us);
  g_assert_cmpuint (fixture->n_leaves, ==, wait_us < 0 ? 1 : 0);
}

static void
test_nothing_ever (Fixture *fixture, gconstpointer data)
{
  expect (fixture, PERIOD);
  sluice_clock_advance (fixture->clock, PERIOD - 1);
  expect (fixture, 1);
  sluice_clock_advance (fixture->clock, 1);
  expect (fixture, -1);
  /* gone is gone */
  sluice_clock_advance (fixture->clock, PERIOD);
  expect (fixture, -1);
}

static void
test_work_begins_it_anew (Fixture *fixture, gconstpointer data)
{
  sluice_clock_advance (fixture->clock, 14 * MINUTE);
  fixture->now.last_work_us = sluice_clock_monotonic (fixture->clock);
  sluice_clock_advance (fixture->clock, MINUTE);
  expect (fixture, 14 * MINUTE);
  sluice_clock_advance (fixture->clock, 14 * MINUTE);
  expect (fixture, -1);
}

static void
test_long_work (Fixture *fixture, gconstpointer data)
{
  fixture->now.busy = TRUE;
  fixture->now.last_work_us = sluice_clock_monotonic (fixture->clock);
  for (guint i = 0; i < 10; i++)
    {
      sluice_clock_advance (fixture->clock, PERIOD);
      expect (fixture, PERIOD);
    }
  /* it ended between two looks, and the end counts */
  sluice_clock_advance (fixture->clock, MINUTE);
  fixture->now = (SluiceIdleLook){ FALSE, sluice_clock_monotonic (fixture->clock) };
  sluice_clock_advance (fixture->clock, 14 * MINUTE);
  expect (fixture, MINUTE);
  sluice_clock_advance (fixture->clock, MINUTE);
  expect (fixture, -1);
}

static void
test_holds (Fixture *fixture, gconstpointer data)
{
  sluice_idle_hold (fixture->idle);
  sluice_idle_hold (fixture->idle);
  sluice_clock_advance (fixture->clock, 2 * PERIOD);
  expect (fixture, PERIOD);
  sluice_idle_release (fixture->idle);
  sluice_clock_advance (fixture->clock, 2 * PERIOD);
  expect (fixture, PERIOD);
  sluice_clock_advance (fixture->clock, MINUTE);
  sluice_idle_release (fixture->idle);
  sluice_clock_advance (fixture->clock, PERIOD - 1);
  expect (fixture, 1);
  sluice_clock_advance (fixture->clock, 1);
  expect (fixture, -1);
}

static void
test_release_too_many (Fixture *fixture, gconstpointer data)
{
  g_test_expect_message ("sluice-daemon", G_LOG_LEVEL_CRITICAL, "*holds > 0*");
  sluice_idle_release (fixture->idle);
  g_test_assert_expected_messages ();
  sluice_clock_advance (fixture->clock, PERIOD);
  expect (fixture, -1);
}

/* Somebody came at the last moment: it asks again soon, and if it was work, a whole period later. */
static void
test_stays_when_refused (Fixture *fixture, gconstpointer data)
{
  fixture->may_leave = FALSE;
  sluice_clock_advance (fixture->clock, PERIOD);
  g_assert_cmpint (sluice_idle_check (fixture->idle), ==, G_USEC_PER_SEC / 2);
  g_assert_cmpuint (fixture->n_leaves, ==, 1);
  fixture->now.last_work_us = sluice_clock_monotonic (fixture->clock);
  sluice_clock_advance (fixture->clock, G_USEC_PER_SEC / 2);
  g_assert_cmpint (sluice_idle_check (fixture->idle), ==, PERIOD - G_USEC_PER_SEC / 2);
  g_assert_cmpuint (fixture->n_leaves, ==, 1);
  fixture->may_leave = TRUE;
  sluice_clock_advance (fixture->clock, PERIOD);
  g_assert_cmpint (sluice_idle_check (fixture->idle), ==, -1);
  g_assert_cmpuint (fixture->n_leaves, ==, 2);
}

static gboolean
leave_for_good (gpointer data)
{
  Fixture *fixture = data;

  fixture->n_leaves++;
  g_clear_pointer (&fixture->idle, sluice_idle_free);
  return TRUE;
}

static void
test_freed_by_leaving (Fixture *fixture, gconstpointer data)
{
  const SluiceIdleFuncs other = { look, leave_for_good };

  sluice_idle_free (fixture->idle);
  fixture->idle = sluice_idle_new (fixture->clock, PERIOD, &other, fixture);
  sluice_clock_advance (fixture->clock, PERIOD);
  expect (fixture, -1);
  g_assert_null (fixture->idle);
}

static void
test_timer (void)
{
  Fixture fixture = { .clock = sluice_clock_new (), .may_leave = TRUE };
  gint64 began = g_get_monotonic_time ();

  fixture.idle = sluice_idle_new (fixture.clock, 20000, &funcs, &fixture);
  while (fixture.n_leaves == 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (g_get_monotonic_time () - began, >=, 20000);
  /* not by asking all the time */
  g_assert_cmpuint (fixture.n_looks, <=, 2);
  g_assert_false (g_main_context_pending (NULL));
  sluice_idle_free (fixture.idle);
  g_object_unref (fixture.clock);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add ("/idle/nothing-ever", Fixture, NULL, set_up, test_nothing_ever, tear_down);
  g_test_add ("/idle/work-begins-it-anew", Fixture, NULL, set_up, test_work_begins_it_anew, tear_down);
  g_test_add ("/idle/long-work", Fixture, NULL, set_up, test_long_work, tear_down);
  g_test_add ("/idle/holds", Fixture, NULL, set_up, test_holds, tear_down);
  g_test_add ("/idle/release-too-many", Fixture, NULL, set_up, test_release_too_many, tear_down);
  g_test_add ("/idle/stays-when-refused", Fixture, NULL, set_up, test_stays_when_refused, tear_down);
  g_test_add ("/idle/freed-by-leaving", Fixture, NULL, set_up, test_freed_by_leaving, tear_down);
  g_test_add_func ("/idle/timer", test_timer);
  return g_test_run ();
}
