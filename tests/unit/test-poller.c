/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/sluice-poller.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define N_BATCH 8

typedef struct _Ear Ear;

/* One end of a pair of sockets in the set; its owner is a plain object. */
struct _Ear {
  SluicePolled polled;
  SluicePoller *poller;
  int near;
  int far;
  guint n_calls;
  guint32 events;
  Ear *victim;  /* (nullable): taken out of the set by the next event */
  gboolean owner_gone;
};

static void
forget_owner (gpointer data, GObject *where_the_object_was)
{
  ((Ear *) data)->owner_gone = TRUE;
}

static void
on_ready (SluicePolled *polled, guint32 events)
{
  Ear *ear = (Ear *) polled;

  ear->n_calls++;
  ear->events |= events;
  if (ear->victim == NULL)
    return;
  sluice_poller_remove (ear->poller, ear->victim->near, &ear->victim->polled);
  /* of this very batch there may be an event of it left */
  g_assert_false (ear->victim->owner_gone);
  ear->victim = NULL;
}

/* The owner is held by the set alone. */
static void
ear_init (Ear *ear, SluicePoller *poller)
{
  int fds[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), ==, 0);
  *ear = (Ear){ .polled.ready = on_ready, .poller = poller, .near = fds[0], .far = fds[1] };
  ear->polled.owner = g_object_new (G_TYPE_OBJECT, NULL);
  g_object_weak_ref (ear->polled.owner, forget_owner, ear);
  g_assert_true (sluice_poller_add (poller, ear->near, &ear->polled));
  g_object_unref (ear->polled.owner);
  g_assert_false (ear->owner_gone);
}

static void
ear_clear (Ear *ear)
{
  sluice_poller_remove (ear->poller, ear->near, &ear->polled);
  close (ear->near);
  if (ear->far >= 0)
    close (ear->far);
}

static void
run_idle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static SluicePoller *
poller_new (void)
{
  g_autoptr (GError) error = NULL;
  SluicePoller *poller = sluice_poller_new (NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (poller);
  return poller;
}

static void
say (Ear *ear)
{
  g_assert_cmpint (write (ear->far, "x", 1), ==, 1);
}

static void
test_events (void)
{
  g_autoptr (SluicePoller) poller = poller_new ();
  Ear ear;

  ear_init (&ear, poller);
  run_idle ();
  g_assert_cmpuint (ear.events, ==, EPOLLOUT);

  ear.events = 0;
  say (&ear);
  run_idle ();
  g_assert_cmpuint (ear.events & EPOLLIN, ==, EPOLLIN);
  g_assert_cmpuint (ear.events & EPOLLRDHUP, ==, 0);

  ear.events = 0;
  g_assert_cmpint (shutdown (ear.far, SHUT_WR), ==, 0);
  run_idle ();
  g_assert_cmpuint (ear.events & EPOLLRDHUP, ==, EPOLLRDHUP);

  ear.events = 0;
  close (ear.far);
  ear.far = -1;
  run_idle ();
  g_assert_cmpuint (ear.events & EPOLLHUP, ==, EPOLLHUP);
  ear_clear (&ear);
}

/* What was not read is told once, not in every turn of the loop. */
static void
test_edges (void)
{
  g_autoptr (SluicePoller) poller = poller_new ();
  Ear ear;

  ear_init (&ear, poller);
  say (&ear);
  run_idle ();
  ear.n_calls = 0;
  run_idle ();
  g_assert_cmpuint (ear.n_calls, ==, 0);
  say (&ear);
  run_idle ();
  g_assert_cmpuint (ear.n_calls, ==, 1);
  ear_clear (&ear);
}

static void
test_owner_kept_alive (void)
{
  g_autoptr (SluicePoller) poller = poller_new ();
  Ear ear;

  ear_init (&ear, poller);
  run_idle ();
  g_assert_false (ear.owner_gone);
  sluice_poller_remove (poller, ear.near, &ear.polled);
  /* no further event is needed to let go of it */
  run_idle ();
  g_assert_true (ear.owner_gone);
  say (&ear);
  ear.n_calls = 0;
  run_idle ();
  g_assert_cmpuint (ear.n_calls, ==, 0);
  ear_clear (&ear);
}

static void
test_remove_itself (void)
{
  g_autoptr (SluicePoller) poller = poller_new ();
  Ear ear;

  ear_init (&ear, poller);
  ear.victim = &ear;
  run_idle ();
  g_assert_cmpuint (ear.n_calls, ==, 1);
  g_assert_true (ear.owner_gone);
  ear_clear (&ear);
}

/* All are ready at once, and the first one that is called takes its neighbour out: the neighbour is not called. */
static void
test_remove_in_batch (void)
{
  g_autoptr (SluicePoller) poller = poller_new ();
  Ear ears[N_BATCH];
  guint n_called = 0, n_gone = 0;

  for (guint i = 0; i < N_BATCH; i++)
    ear_init (&ears[i], poller);
  /* in pairs: each would remove the other, so of each pair one is called */
  for (guint i = 0; i < N_BATCH; i++)
    ears[i].victim = &ears[i ^ 1];
  run_idle ();
  for (guint i = 0; i < N_BATCH; i++)
    {
      g_assert_cmpuint (ears[i].n_calls + ears[i ^ 1].n_calls, ==, 1);
      n_called += ears[i].n_calls;
      n_gone += ears[i].owner_gone ? 1 : 0;
    }
  g_assert_cmpuint (n_called, ==, N_BATCH / 2);
  g_assert_cmpuint (n_gone, ==, N_BATCH / 2);
  for (guint i = 0; i < N_BATCH; i++)
    ear_clear (&ears[i]);
}

static void
test_remove_twice (void)
{
  g_autoptr (SluicePoller) poller = poller_new ();
  Ear ear;

  ear_init (&ear, poller);
  sluice_poller_remove (poller, ear.near, &ear.polled);
  sluice_poller_remove (poller, ear.near, &ear.polled);
  run_idle ();
  g_assert_true (ear.owner_gone);
  ear_clear (&ear);
}

/* More than one epoll_wait() takes. */
static void
test_many (void)
{
  g_autoptr (SluicePoller) poller = poller_new ();
  g_autofree Ear *ears = g_new (Ear, 200);

  for (guint i = 0; i < 200; i++)
    ear_init (&ears[i], poller);
  run_idle ();
  for (guint i = 0; i < 200; i++)
    {
      g_assert_cmpuint (ears[i].n_calls, >=, 1);
      ear_clear (&ears[i]);
    }
  run_idle ();
  for (guint i = 0; i < 200; i++)
    g_assert_true (ears[i].owner_gone);
}

static void
test_bad_descriptor (void)
{
  g_autoptr (SluicePoller) poller = poller_new ();
  g_autoptr (GObject) owner = g_object_new (G_TYPE_OBJECT, NULL);
  SluicePolled polled = { on_ready, owner };

  g_assert_false (sluice_poller_add (poller, -1, &polled));
  g_assert_cmpuint (owner->ref_count, ==, 1);
  sluice_poller_remove (poller, -1, &polled);
  g_assert_cmpuint (owner->ref_count, ==, 1);
}

/* What was removed and not yet buried goes with the poller. */
static void
test_free_with_graveyard (void)
{
  SluicePoller *poller = poller_new ();
  Ear ear;

  ear_init (&ear, poller);
  sluice_poller_remove (poller, ear.near, &ear.polled);
  sluice_poller_free (poller);
  g_assert_true (ear.owner_gone);
  close (ear.near);
  close (ear.far);
}

/* Once, in the next turn; not at all if it was removed meanwhile. */
static void
test_repeat (void)
{
  g_autoptr (SluicePoller) poller = poller_new ();
  Ear ears[2];

  for (guint i = 0; i < 2; i++)
    ear_init (&ears[i], poller);
  run_idle ();
  for (guint i = 0; i < 2; i++)
    {
      ears[i].n_calls = ears[i].events = 0;
      sluice_poller_repeat (poller, &ears[i].polled);
    }
  sluice_poller_remove (poller, ears[1].near, &ears[1].polled);
  run_idle ();
  g_assert_cmpuint (ears[0].n_calls, ==, 1);
  g_assert_cmpuint (ears[0].events, ==, 0);
  g_assert_cmpuint (ears[1].n_calls, ==, 0);
  for (guint i = 0; i < 2; i++)
    ear_clear (&ears[i]);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/poller/events", test_events);
  g_test_add_func ("/poller/edges", test_edges);
  g_test_add_func ("/poller/owner-kept-alive", test_owner_kept_alive);
  g_test_add_func ("/poller/remove-itself", test_remove_itself);
  g_test_add_func ("/poller/remove-in-batch", test_remove_in_batch);
  g_test_add_func ("/poller/remove-twice", test_remove_twice);
  g_test_add_func ("/poller/repeat", test_repeat);
  g_test_add_func ("/poller/many", test_many);
  g_test_add_func ("/poller/bad-descriptor", test_bad_descriptor);
  g_test_add_func ("/poller/free-with-graveyard", test_free_with_graveyard);
  return g_test_run ();
}
