/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the suite stands on: two threads that share a number. With argument "unlocked" the sanitizer must end us with a
 * report; with "mutex", "queue", "cond", "source" or "join" GLib's own means keep them apart and it must say nothing.
 */
#include <glib.h>
#include <string.h>

#define N_TURNS 1000

typedef struct {
  const char *how;
  int shared;
  gboolean given;
  GMutex mutex;
  GCond cond;
  GAsyncQueue *queue;
  GMainContext *context;
  GMainLoop *loop;
} Control;

static void
add (Control *self)
{
  gboolean locks = g_str_equal (self->how, "mutex");

  for (int i = 0; i < N_TURNS; i++)
    {
      if (locks)
        g_mutex_lock (&self->mutex);
      self->shared++;
      if (locks)
        g_mutex_unlock (&self->mutex);
    }
}

static gboolean
add_and_leave (gpointer data)
{
  Control *self = data;

  add (self);
  g_main_loop_quit (self->loop);
  return G_SOURCE_REMOVE;
}

static gpointer
run (gpointer data)
{
  Control *self = data;

  if (g_str_equal (self->how, "queue"))
    g_async_queue_pop (self->queue);
  else if (g_str_equal (self->how, "cond"))
    {
      g_mutex_lock (&self->mutex);
      while (!self->given)
        g_cond_wait (&self->cond, &self->mutex);
      g_mutex_unlock (&self->mutex);
    }
  if (g_str_equal (self->how, "source"))
    g_main_loop_run (self->loop);
  else
    add (self);
  return NULL;
}

static void
give (Control *self)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_callback (source, add_and_leave, self, NULL);
  g_async_queue_push (self->queue, self);
  g_source_attach (source, self->context);
  g_mutex_lock (&self->mutex);
  self->given = TRUE;
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->mutex);
}

int
main (int argc, char *argv[])
{
  Control control = { .how = argc > 1 ? argv[1] : "join" };
  GThread *thread;

  g_mutex_init (&control.mutex);
  g_cond_init (&control.cond);
  control.queue = g_async_queue_new ();
  control.context = g_main_context_new ();
  control.loop = g_main_loop_new (control.context, FALSE);
  thread = g_thread_new ("control", run, &control);
  if (!g_str_equal (control.how, "join"))
    add (&control);
  give (&control);
  g_thread_join (thread);
  add (&control);
  g_main_loop_unref (control.loop);
  g_main_context_unref (control.context);
  g_async_queue_unref (control.queue);
  g_cond_clear (&control.cond);
  g_mutex_clear (&control.mutex);
  return control.shared >= 2 * N_TURNS ? 0 : 1;
}
