/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "http/sluice-body-budget.h"

#define TOTAL 100
#define N_THREADS 4
#define N_ROUNDS 500

/* Everybody's turn, as letters, in the order of the calls. */
typedef struct {
  SluiceBodyBudget *budget;
  SluiceInbox *inbox;
  GString *turns;
} Fixture;

typedef struct {
  GString *turns;
  char letter;
} Waiter;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->budget = sluice_body_budget_new (TOTAL);
  f->inbox = sluice_inbox_new (NULL);
  f->turns = g_string_new (NULL);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  sluice_body_budget_free (f->budget);
  sluice_inbox_unref (f->inbox);
  g_string_free (f->turns, TRUE);
}

static void
on_turn (gpointer data)
{
  Waiter *waiter = data;

  g_string_append_c (waiter->turns, waiter->letter);
}

static gboolean
take (Fixture *f, gsize bytes, Waiter *waiter)
{
  return sluice_body_budget_take (f->budget, bytes, f->inbox, on_turn, waiter);
}

static const char *
turns (Fixture *f)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
  return f->turns->str;
}

static void
test_take_and_give (Fixture *f, gconstpointer data)
{
  Waiter a = { f->turns, 'a' };

  g_assert_true (take (f, 60, &a));
  g_assert_true (take (f, 40, &a));
  sluice_body_budget_give (f->budget, 60);
  g_assert_true (take (f, 60, &a));
  sluice_body_budget_give (f->budget, 100);
  g_assert_true (take (f, TOTAL, &a));
  sluice_body_budget_give (f->budget, TOTAL);
  g_assert_cmpstr (turns (f), ==, "");
}

static void
test_nothing_fits_always (Fixture *f, gconstpointer data)
{
  Waiter a = { f->turns, 'a' };

  g_assert_true (take (f, TOTAL, &a));
  g_assert_true (take (f, 0, &a));
  sluice_body_budget_give (f->budget, 0);
  sluice_body_budget_give (f->budget, TOTAL);
}

static void
test_wait (Fixture *f, gconstpointer data)
{
  Waiter a = { f->turns, 'a' };

  g_assert_true (take (f, 60, &a));
  g_assert_false (take (f, 41, &a));
  g_assert_cmpstr (turns (f), ==, "");
  sluice_body_budget_give (f->budget, 60);
  /* not from within the call */
  g_assert_cmpstr (f->turns->str, ==, "");
  g_assert_cmpstr (turns (f), ==, "a");
  sluice_body_budget_give (f->budget, 41);
}

/* A small one behind a large one waits too, or the large one would for ever. */
static void
test_nobody_overtakes (Fixture *f, gconstpointer data)
{
  Waiter a = { f->turns, 'a' }, b = { f->turns, 'b' }, c = { f->turns, 'c' };
  SluiceBodyBudgetUse use;

  g_assert_true (take (f, 60, &a));
  g_assert_false (take (f, 80, &a));
  g_assert_false (take (f, 10, &b));
  g_assert_false (take (f, 20, &c));
  use = sluice_body_budget_get_use (f->budget);
  g_assert_cmpuint (use.total, ==, TOTAL);
  g_assert_cmpuint (use.held, ==, 60);
  g_assert_cmpuint (use.n_waiting, ==, 3);
  g_assert_cmpstr (turns (f), ==, "");
  sluice_body_budget_give (f->budget, 30);
  g_assert_cmpstr (turns (f), ==, "");
  sluice_body_budget_give (f->budget, 30);
  g_assert_cmpstr (turns (f), ==, "ab");
  sluice_body_budget_give (f->budget, 10);
  g_assert_cmpstr (turns (f), ==, "abc");
  sluice_body_budget_give (f->budget, 100);
}

static void
test_leave (Fixture *f, gconstpointer data)
{
  Waiter a = { f->turns, 'a' }, b = { f->turns, 'b' }, c = { f->turns, 'c' };

  g_assert_true (take (f, 60, &a));
  g_assert_false (take (f, 80, &a));
  g_assert_false (take (f, 30, &b));
  g_assert_false (take (f, 30, &c));
  /* who stands behind the one who leaves moves up at once, as far as it goes */
  g_assert_true (sluice_body_budget_leave (f->budget, &a));
  g_assert_false (sluice_body_budget_leave (f->budget, &a));
  g_assert_cmpstr (turns (f), ==, "b");
  g_assert_true (sluice_body_budget_leave (f->budget, &c));
  sluice_body_budget_give (f->budget, 90);
  g_assert_cmpstr (turns (f), ==, "b");
  g_assert_true (take (f, TOTAL, &a));
}

/* Its turn had come: the call is on its way, and the bytes are its own to give back. */
static void
test_leave_too_late (Fixture *f, gconstpointer data)
{
  Waiter a = { f->turns, 'a' };

  g_assert_true (take (f, TOTAL, &a));
  g_assert_false (take (f, 70, &a));
  sluice_body_budget_give (f->budget, TOTAL);
  g_assert_false (sluice_body_budget_leave (f->budget, &a));
  g_assert_cmpstr (turns (f), ==, "a");
  g_assert_false (take (f, 31, &a));
  sluice_body_budget_give (f->budget, 70);
  g_assert_cmpstr (turns (f), ==, "aa");
}

static void
test_leave_by_a_stranger (Fixture *f, gconstpointer data)
{
  Waiter a = { f->turns, 'a' }, b = { f->turns, 'b' };

  g_assert_false (sluice_body_budget_leave (f->budget, &a));
  g_assert_true (take (f, TOTAL, &a));
  g_assert_false (take (f, 1, &a));
  g_assert_false (sluice_body_budget_leave (f->budget, &b));
  sluice_body_budget_give (f->budget, TOTAL);
  g_assert_cmpstr (turns (f), ==, "a");
}

static void
test_oversized (Fixture *f, gconstpointer data)
{
  Waiter a = { f->turns, 'a' }, b = { f->turns, 'b' };

  g_assert_true (take (f, 3 * TOTAL, &a));
  g_assert_false (take (f, 1, &b));
  sluice_body_budget_give (f->budget, 3 * TOTAL);
  g_assert_cmpstr (turns (f), ==, "b");
  g_assert_false (take (f, 2 * TOTAL, &a));
  g_assert_false (take (f, 1, &b));
  sluice_body_budget_give (f->budget, 1);
  g_assert_cmpstr (turns (f), ==, "ba");
  sluice_body_budget_give (f->budget, 2 * TOTAL);
  g_assert_cmpstr (turns (f), ==, "bab");
}

/* Those still in line go with the budget, and are not called. */
static void
test_free_with_a_line (void)
{
  SluiceBodyBudget *budget = sluice_body_budget_new (TOTAL);
  g_autoptr (SluiceInbox) inbox = sluice_inbox_new (NULL);
  g_autoptr (GString) text = g_string_new (NULL);
  Waiter a = { text, 'a' };

  g_assert_true (sluice_body_budget_take (budget, TOTAL, inbox, on_turn, &a));
  g_assert_false (sluice_body_budget_take (budget, 1, inbox, on_turn, &a));
  g_assert_false (sluice_body_budget_take (budget, 1, inbox, on_turn, &a));
  sluice_body_budget_free (budget);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpstr (text->str, ==, "");
}

typedef struct {
  SluiceBodyBudget *budget;
  guint seed;
  gint *all; /* atomic: what all threads hold */
  gboolean given;
} Worker;

static void
on_worker_turn (gpointer data)
{
  ((Worker *) data)->given = TRUE;
}

static gpointer
run_worker (gpointer data)
{
  Worker *self = data;
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GRand) random = g_rand_new_with_seed (self->seed);
  g_autoptr (SluiceInbox) inbox = sluice_inbox_new (context);

  for (guint i = 0; i < N_ROUNDS; i++)
    {
      gint bytes = g_rand_int_range (random, 1, TOTAL);
      gboolean mine = sluice_body_budget_take (self->budget, (gsize) bytes, inbox, on_worker_turn, self);

      self->given = FALSE;
      if (!mine && i % 3 == 0 && sluice_body_budget_leave (self->budget, self))
        continue;
      while (!mine && !self->given)
        g_main_context_iteration (context, TRUE);
      g_assert_cmpint (g_atomic_int_add (self->all, bytes) + bytes, <=, TOTAL);
      g_thread_yield ();
      g_atomic_int_add (self->all, -bytes);
      sluice_body_budget_give (self->budget, (gsize) bytes);
    }
  return NULL;
}

/* Never more than there is, and nobody waits for ever. */
static void
test_threads (Fixture *f, gconstpointer data)
{
  Worker workers[N_THREADS] = { 0 };
  GThread *threads[N_THREADS];
  Waiter a = { f->turns, 'a' };
  gint all = 0;

  for (guint i = 0; i < N_THREADS; i++)
    {
      workers[i].budget = f->budget;
      workers[i].seed = i;
      workers[i].all = &all;
      threads[i] = g_thread_new ("worker", run_worker, &workers[i]);
    }
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  g_assert_cmpint (all, ==, 0);
  g_assert_true (take (f, TOTAL, &a));
}

#define ADD(name, func) g_test_add ("/body-budget/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  ADD ("take-and-give", test_take_and_give);
  ADD ("nothing-fits-always", test_nothing_fits_always);
  ADD ("wait", test_wait);
  ADD ("nobody-overtakes", test_nobody_overtakes);
  ADD ("leave", test_leave);
  ADD ("leave-too-late", test_leave_too_late);
  ADD ("leave-by-a-stranger", test_leave_by_a_stranger);
  ADD ("oversized", test_oversized);
  ADD ("threads", test_threads);
  g_test_add_func ("/body-budget/free-with-a-line", test_free_with_a_line);
  return g_test_run ();
}
