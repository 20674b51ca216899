/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/sluice-inbox.h"

#define N_THREADS 4
#define N_CALLS 2000

typedef struct {
  SluiceInbox *inbox;
  GThread *owner;
  GMainLoop *loop;
  guint seen;
} Fixture;

static void
count (gpointer data)
{
  Fixture *f = data;

  g_assert_true (g_thread_self () == f->owner);
  if (++f->seen == N_THREADS * N_CALLS)
    g_main_loop_quit (f->loop);
}

static gpointer
push_many (gpointer data)
{
  Fixture *f = data;

  for (guint i = 0; i < N_CALLS; i++)
    sluice_inbox_push (f->inbox, count, f, NULL);
  return NULL;
}

static void
test_calls_run_in_owner (void)
{
  Fixture f = { sluice_inbox_new (NULL), g_thread_self (), g_main_loop_new (NULL, FALSE), 0 };
  GThread *threads[N_THREADS];

  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("pusher", push_many, &f);
  g_main_loop_run (f.loop);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  g_assert_cmpuint (f.seen, ==, N_THREADS * N_CALLS);
  sluice_inbox_unref (f.inbox);
  g_main_loop_unref (f.loop);
}

static void
append (gpointer data)
{
  GString *text = data;

  g_string_append_c (text, (char) ('a' + text->len));
}

static void
note_destroyed (gpointer data)
{
  (*(guint *) data)++;
}

static void
never (gpointer data)
{
  g_assert_not_reached ();
}

static void
close_inbox (gpointer data)
{
  sluice_inbox_close (data);
}

static void
test_order (void)
{
  g_autoptr (SluiceInbox) inbox = sluice_inbox_new (NULL);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < 3; i++)
    sluice_inbox_push (inbox, append, text, NULL);
  g_assert_cmpstr (text->str, ==, "");
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpstr (text->str, ==, "abc");
}

static void
test_close_destroys (void)
{
  g_autoptr (SluiceInbox) inbox = sluice_inbox_new (NULL);
  guint destroyed = 0;

  sluice_inbox_push (inbox, close_inbox, inbox, NULL);
  sluice_inbox_push (inbox, never, &destroyed, note_destroyed);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (destroyed, ==, 1);
  sluice_inbox_push (inbox, never, &destroyed, note_destroyed);
  g_assert_cmpuint (destroyed, ==, 2);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/inbox/calls-run-in-owner", test_calls_run_in_owner);
  g_test_add_func ("/inbox/order", test_order);
  g_test_add_func ("/inbox/close-destroys", test_close_destroys);
  return g_test_run ();
}
