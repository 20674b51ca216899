/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/sluice-clock.h"

#define N_THREADS 4
#define N_STEPS 1000

static void
test_machine (void)
{
  g_autoptr (SluiceClock) clock = sluice_clock_new ();
  gint64 before = g_get_monotonic_time ();
  gint64 now = sluice_clock_monotonic (clock);

  g_assert_cmpint (now, >=, before);
  g_assert_cmpint (sluice_clock_monotonic (clock), >=, now);
  g_assert_cmpint (g_get_monotonic_time (), >=, now);
  /* microseconds, not another unit: somewhere in this century */
  g_assert_cmpint (sluice_clock_real (clock), >, G_GINT64_CONSTANT (1577836800) * G_USEC_PER_SEC);
  g_assert_cmpint (sluice_clock_real (clock), <, G_GINT64_CONSTANT (4102444800) * G_USEC_PER_SEC);
}

static void
test_manual (void)
{
  g_autoptr (SluiceClock) clock = sluice_clock_new_manual (1000, 7);

  g_assert_cmpint (sluice_clock_real (clock), ==, 1000);
  g_assert_cmpint (sluice_clock_monotonic (clock), ==, 7);
  g_assert_cmpint (sluice_clock_real (clock), ==, 1000);
  sluice_clock_advance (clock, 5);
  g_assert_cmpint (sluice_clock_real (clock), ==, 1005);
  g_assert_cmpint (sluice_clock_monotonic (clock), ==, 12);
}

static void
test_each_its_own (void)
{
  g_autoptr (SluiceClock) one = sluice_clock_new_manual (1, 1);
  g_autoptr (SluiceClock) other = sluice_clock_new_manual (1, 1);

  sluice_clock_advance (one, 1);
  g_assert_cmpint (sluice_clock_real (other), ==, 1);
}

static void
test_machine_cannot_be_turned (void)
{
  if (g_test_subprocess ())
    {
      g_autoptr (SluiceClock) clock = sluice_clock_new ();

      sluice_clock_advance (clock, 1);
      return;
    }
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_failed ();
  g_test_trap_assert_stderr ("*self->manual*");
}

static gpointer
turn (gpointer data)
{
  for (guint i = 0; i < N_STEPS; i++)
    {
      gint64 before = sluice_clock_monotonic (data);

      sluice_clock_advance (data, 1);
      g_assert_cmpint (sluice_clock_monotonic (data), >, before);
    }
  return NULL;
}

static void
test_threads (void)
{
  g_autoptr (SluiceClock) clock = sluice_clock_new_manual (0, 0);
  GThread *threads[N_THREADS];

  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("turner", turn, clock);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  g_assert_cmpint (sluice_clock_real (clock), ==, N_THREADS * N_STEPS);
  g_assert_cmpint (sluice_clock_monotonic (clock), ==, N_THREADS * N_STEPS);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/clock/machine", test_machine);
  g_test_add_func ("/clock/manual", test_manual);
  g_test_add_func ("/clock/each-its-own", test_each_its_own);
  g_test_add_func ("/clock/machine-cannot-be-turned", test_machine_cannot_be_turned);
  g_test_add_func ("/clock/threads", test_threads);
  return g_test_run ();
}
