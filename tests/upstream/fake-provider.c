/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fake-connection.h"
#include "fake-mode.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EVENTS 256
#define BACKLOG 4096

typedef struct {
  int port;
  int parent;
  int seconds;
  int log_entries;
  char *redirect_to;
  gboolean list;
} Options;

/* What epoll gives back for the descriptors that are no connections. */
typedef struct {
  int fd;
} Watch;

static Watch *
watch_new (int epoll_fd, int fd)
{
  Watch *watch = g_new0 (Watch, 1);
  struct epoll_event event = { .events = EPOLLIN, .data.ptr = watch };

  watch->fd = fd;
  if (fd >= 0)
    epoll_ctl (epoll_fd, EPOLL_CTL_ADD, fd, &event);
  return watch;
}

/* Returns: a listening socket on loopback, or -1. @port: changed to the one it got. */
static int
listen_on (int *port)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons (*port),
                                 .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  socklen_t length = sizeof address;
  int yes = 1;
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

  if (fd < 0)
    return -1;
  setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  /* inherited by what is accepted */
  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  if (bind (fd, (struct sockaddr *) &address, sizeof address) != 0 || listen (fd, BACKLOG) != 0
      || getsockname (fd, (struct sockaddr *) &address, &length) != 0)
    {
      close (fd);
      return -1;
    }
  *port = ntohs (address.sin_port);
  return fd;
}

static void
accept_all (FakeServer *server, int listener)
{
  int fd;

  while ((fd = accept4 (listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
    fake_connection_new (server, fd);
}

/* A pipe or socket as standard input tells when the parent has gone. Returns FALSE when it has. */
static gboolean
stdin_is_open (void)
{
  char buffer[256];
  gssize got = read (STDIN_FILENO, buffer, sizeof buffer);

  return got > 0 || (got < 0 && (errno == EINTR || errno == EAGAIN));
}

static gboolean
stdin_tells (void)
{
  struct stat st;

  return fstat (STDIN_FILENO, &st) == 0 && (S_ISFIFO (st.st_mode) || S_ISSOCK (st.st_mode));
}

/* Waits until something is ready or the next timer or @deadline is due. */
static int
wait_ready (FakeServer *server, struct epoll_event *events, gint64 deadline)
{
  gint64 next = fake_timers_next (server->timers);
  gint64 left = MAX ((next < 0 ? deadline : MIN (next, deadline)) - g_get_monotonic_time (), 0);
  struct timespec wait = { left / G_USEC_PER_SEC, left % G_USEC_PER_SEC * 1000 };
  int ready = epoll_pwait2 (server->epoll_fd, events, EVENTS, &wait, NULL);

  if (ready < 0 && errno == ENOSYS)
    ready = epoll_wait (server->epoll_fd, events, EVENTS, (left + 999) / 1000);
  return ready;
}

static void
serve (FakeServer *server, int listener, int parent_fd, gint64 deadline)
{
  g_autofree Watch *listening = watch_new (server->epoll_fd, listener);
  g_autofree Watch *parent = watch_new (server->epoll_fd, parent_fd);
  g_autofree Watch *input = watch_new (server->epoll_fd, stdin_tells () ? STDIN_FILENO : -1);
  struct epoll_event events[EVENTS];

  while (g_get_monotonic_time () < deadline)
    {
      int ready = wait_ready (server, events, deadline);
      FakeTimer *timer;

      for (int i = 0; i < ready; i++)
        {
          gpointer what = events[i].data.ptr;

          if (what == listening)
            accept_all (server, listener);
          else if (what == parent || (what == input && !stdin_is_open ()))
            return;
          else if (what != input)
            fake_connection_ready (what, events[i].events);
        }
      while ((timer = fake_timers_take_due (server->timers, g_get_monotonic_time ())) != NULL)
        fake_connection_timer (timer->owner);
    }
}

static gboolean
read_options (Options *options, int *argc, char ***argv, GError **error)
{
  const GOptionEntry entries[] = {
    { "port", 'p', 0, G_OPTION_ARG_INT, &options->port, "Port on 127.0.0.1; 0 takes a free one", "N" },
    { "parent-pid", 0, 0, G_OPTION_ARG_INT, &options->parent, "End with this process (default: the parent)", "PID" },
    { "seconds", 0, 0, G_OPTION_ARG_INT, &options->seconds, "End after so long (default: 3600)", "N" },
    { "log", 0, 0, G_OPTION_ARG_INT, &options->log_entries, "Requests kept for /_fake/log (default: 32768)", "N" },
    { "redirect-to", 0, 0, G_OPTION_ARG_STRING, &options->redirect_to, "Where redirects lead", "URL" },
    { "list", 0, 0, G_OPTION_ARG_NONE, &options->list, "Print the modes and end", NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("- a provider for tests");

  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_set_description (context,
                                    "A request's model chooses how it is answered; see --list. A provider that\n"
                                    "refuses connections is an unused port. GET /_fake/log[?since=N&tag=T],\n"
                                    "GET /_fake/stats and POST /_fake/reset show and clear what was seen.\n");
  return g_option_context_parse (context, argc, argv, error);
}

static void
allow_many_descriptors (void)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) == 0)
    {
      limit.rlim_cur = limit.rlim_max;
      setrlimit (RLIMIT_NOFILE, &limit);
    }
}

static FakeServer *
server_new (const Options *options)
{
  FakeServer *server = g_new0 (FakeServer, 1);

  server->epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
  server->timers = fake_timers_new ();
  server->log = fake_log_new (MAX (options->log_entries, 0));
  server->scratch = g_string_new (NULL);
  server->redirect_to = g_strdup (options->redirect_to);
  server->connections = g_hash_table_new (NULL, NULL);
  server->seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  server->embeddings_body = g_string_new (NULL);
  server->created = g_get_real_time () / G_USEC_PER_SEC;
  /* unique from one process to the next, too */
  server->next_id = (guint64) server->created * 1000000 + 1;
  server->next_connection = 1;
  return server;
}

static void
server_free (FakeServer *server)
{
  GHashTableIter iter;
  gpointer connection;

  for (;;)
    {
      g_hash_table_iter_init (&iter, server->connections);
      if (!g_hash_table_iter_next (&iter, &connection, NULL))
        break;
      fake_connection_free (connection);
    }
  g_hash_table_unref (server->connections);
  close (server->epoll_fd);
  fake_timers_free (server->timers);
  fake_log_free (server->log);
  g_string_free (server->scratch, TRUE);
  g_string_free (server->embeddings_body, TRUE);
  g_hash_table_unref (server->seen);
  g_free (server->embeddings_key);
  g_free (server->redirect_to);
  g_free (server);
}

static void
print_list (void)
{
  GString *text = g_string_new (NULL);

  fake_mode_print_list (text);
  fputs (text->str, stdout);
  g_string_free (text, TRUE);
}

int
main (int argc, char **argv)
{
  Options options = { .seconds = 3600, .log_entries = 32768, .parent = getppid () };
  g_autoptr (GError) error = NULL;
  FakeServer *server;
  int listener, parent_fd;

  if (!read_options (&options, &argc, &argv, &error))
    {
      fprintf (stderr, "fake-provider: %s\n", error->message);
      return 2;
    }
  if (options.list)
    {
      print_list ();
      g_free (options.redirect_to);
      return 0;
    }
  allow_many_descriptors ();
  listener = listen_on (&options.port);
  parent_fd = syscall (SYS_pidfd_open, options.parent, 0);
  if (listener < 0)
    {
      fprintf (stderr, "fake-provider: cannot listen on port %d: %s\n", options.port, g_strerror (errno));
      return 1;
    }

  server = server_new (&options);
  printf ("port %d\n", options.port);
  fflush (stdout);
  serve (server, listener, parent_fd, g_get_monotonic_time () + (gint64) options.seconds * G_USEC_PER_SEC);
  server_free (server);
  close (listener);
  g_free (options.redirect_to);
  return 0;
}
