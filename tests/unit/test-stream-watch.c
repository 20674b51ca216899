/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "upstream/sluice-stream-watch.h"

#include <gio/gunixinputstream.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
  SluicePoller *poller;
  GIOStream *near; /* a socket's connection */
  GSocket *far;
  SluiceStreamWatch *watch;
  guint n_calls;
  guint n_repeats; /* how often a call still asks for another */
} Fixture;

static GSocket *
socket_from (int fd)
{
  g_autoptr (GError) error = NULL;
  GSocket *socket = g_socket_new_from_fd (fd, &error);

  g_assert_no_error (error);
  g_socket_set_blocking (socket, FALSE);
  return socket;
}

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GSocket) near = NULL;
  int fds[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
  near = socket_from (fds[0]);
  f->near = G_IO_STREAM (g_socket_connection_factory_create_connection (near));
  f->far = socket_from (fds[1]);
  f->poller = sluice_poller_new (NULL, NULL);
  g_assert_nonnull (f->poller);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  if (f->watch != NULL)
    sluice_stream_watch_stop (f->watch);
  g_clear_object (&f->watch);
  g_object_unref (f->near);
  g_object_unref (f->far);
  sluice_poller_free (f->poller);
}

static void
on_call (gpointer data)
{
  Fixture *f = data;

  f->n_calls++;
  if (f->n_repeats > 0)
    {
      f->n_repeats--;
      sluice_stream_watch_repeat (f->watch);
    }
}

static void
run_idle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
say (Fixture *f)
{
  g_assert_cmpint (g_socket_send (f->far, "x", 1, NULL, NULL), ==, 1);
  run_idle ();
}

static void
drain (GInputStream *stream)
{
  char bytes[64];

  while (g_pollable_input_stream_read_nonblocking (G_POLLABLE_INPUT_STREAM (stream), bytes, sizeof bytes, NULL, NULL)
         > 0)
    ;
}

/* Also through streams on top of it, as libsoup has them. */
static void
test_socket (Fixture *f, gconstpointer data)
{
  GInputStream *bottom = g_io_stream_get_input_stream (f->near);
  g_autoptr (GInputStream) top = g_buffered_input_stream_new (bottom);

  g_filter_input_stream_set_close_base_stream (G_FILTER_INPUT_STREAM (top), FALSE);
  f->watch = sluice_stream_watch_new (f->poller, top, on_call, f);
  run_idle ();
  f->n_calls = 0; /* the first turn says that it can be written */
  say (f);
  g_assert_cmpuint (f->n_calls, ==, 1);
  run_idle ();
  g_assert_cmpuint (f->n_calls, ==, 1);
  drain (bottom);
  say (f);
  g_assert_cmpuint (f->n_calls, ==, 2);
}

static void
test_end (Fixture *f, gconstpointer data)
{
  f->watch = sluice_stream_watch_new (f->poller, g_io_stream_get_input_stream (f->near), on_call, f);
  run_idle ();
  f->n_calls = 0;
  g_assert_true (g_socket_close (f->far, NULL));
  run_idle ();
  g_assert_cmpuint (f->n_calls, >=, 1);
}

static void
test_repeat (Fixture *f, gconstpointer data)
{
  f->watch = sluice_stream_watch_new (f->poller, g_io_stream_get_input_stream (f->near), on_call, f);
  run_idle ();
  f->n_calls = 0;
  f->n_repeats = 3;
  sluice_stream_watch_repeat (f->watch);
  run_idle ();
  g_assert_cmpuint (f->n_calls, ==, 4);
}

static void
test_stop (Fixture *f, gconstpointer data)
{
  f->watch = sluice_stream_watch_new (f->poller, g_io_stream_get_input_stream (f->near), on_call, f);
  run_idle ();
  f->n_calls = 0;
  sluice_stream_watch_repeat (f->watch);
  sluice_stream_watch_stop (f->watch);
  sluice_stream_watch_stop (f->watch);
  sluice_stream_watch_repeat (f->watch);
  say (f);
  g_assert_cmpuint (f->n_calls, ==, 0);
}

/* libsoup closes the connection at the end of a body; the next socket gets its number, and must stay watched.
 */
static void
test_closed_by_another (Fixture *f, gconstpointer data)
{
  Fixture other = { .poller = f->poller };
  int fd = g_socket_get_fd (g_socket_connection_get_socket (G_SOCKET_CONNECTION (f->near)));
  g_autoptr (GSocket) near = NULL;
  g_autoptr (GSocket) far = NULL;
  int fds[2];

  f->watch = sluice_stream_watch_new (f->poller, g_io_stream_get_input_stream (f->near), on_call, f);
  g_assert_true (g_io_stream_close (f->near, NULL, NULL));

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
  g_assert_cmpint (fds[0], ==, fd);
  near = socket_from (fds[0]);
  far = socket_from (fds[1]);
  other.near = G_IO_STREAM (g_socket_connection_factory_create_connection (near));
  other.watch = sluice_stream_watch_new (f->poller, g_io_stream_get_input_stream (other.near), on_call, &other);
  sluice_stream_watch_stop (f->watch);
  run_idle ();
  other.n_calls = 0;
  g_assert_cmpint (g_socket_send (far, "x", 1, NULL, NULL), ==, 1);
  run_idle ();
  g_assert_cmpuint (other.n_calls, ==, 1);
  sluice_stream_watch_stop (other.watch);
  g_object_unref (other.watch);
  g_object_unref (other.near);
}

/* What has no plain socket below it, as under TLS. */
static void
test_without_socket (Fixture *f, gconstpointer data)
{
  g_autoptr (GInputStream) stream = NULL;
  int fds[2];

  g_assert_cmpint (pipe (fds), ==, 0);
  stream = g_unix_input_stream_new (fds[0], TRUE);
  f->watch = sluice_stream_watch_new (f->poller, stream, on_call, f);
  run_idle ();
  g_assert_cmpuint (f->n_calls, ==, 0);
  sluice_stream_watch_repeat (f->watch);
  run_idle ();
  g_assert_cmpuint (f->n_calls, ==, 1);
  g_assert_cmpint (write (fds[1], "x", 1), ==, 1);
  g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (f->n_calls, ==, 2);
  sluice_stream_watch_stop (f->watch);
  run_idle ();
  g_assert_cmpuint (f->n_calls, ==, 2);
  close (fds[1]);
}

#define ADD(name, func) g_test_add ("/stream-watch/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  ADD ("socket", test_socket);
  ADD ("end", test_end);
  ADD ("repeat", test_repeat);
  ADD ("stop", test_stop);
  ADD ("closed-by-another", test_closed_by_another);
  ADD ("without-socket", test_without_socket);
  return g_test_run ();
}
