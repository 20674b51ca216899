/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "http/sluice-acceptor.h"

#include <errno.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "http/sluice-http-error.h"
#include "http/sluice-peer.h"
#include "shared/sluice-error.h"

#define BACKLOG 1024
/* Out of descriptors: dead connections of the backlog are worked off in turns of what becomes free. */
#define BACK_OFF_MS 10
#define ACCEPTS_A_TURN 64

typedef struct {
  SluiceAcceptor *acceptor;
  GSocket *socket;  /* (owned) */
  GSource *source;  /* (owned) (nullable) */
  GSource *back_off; /* (owned) (nullable) */
  char *path;       /* (owned) (nullable): of a Unix socket of our own, removed at the end */
} Listener;

struct _SluiceAcceptor {
  GPtrArray *workers; /* unowned */
  guint max_connections;
  GPtrArray *listeners; /* (owned) (element-type Listener) */
  GThread *thread;      /* (nullable) */
  GMainContext *context; /* (owned) */
  GMainLoop *loop;       /* (owned) */
  SluicePeerFinder *peers; /* (owned) */
  GString *full;           /* (owned): the canned answer over the cap */
};

static void arm (Listener *listener);

static void
listener_free (Listener *listener)
{
  g_clear_pointer (&listener->source, g_source_unref);
  g_clear_pointer (&listener->back_off, g_source_unref);
  g_socket_close (listener->socket, NULL);
  g_object_unref (listener->socket);
  if (listener->path != NULL)
    g_unlink (listener->path);
  g_free (listener->path);
  g_free (listener);
}

SluiceAcceptor *
sluice_acceptor_new (GPtrArray *workers, guint max_connections)
{
  SluiceAcceptor *self = g_new0 (SluiceAcceptor, 1);
  g_autoptr (GError) full = g_error_new (SLUICE_ERROR, SLUICE_ERROR_OVERLOADED,
                                         "there are %u connections already (sluice_settings.max_connections)",
                                         max_connections);

  self->workers = workers;
  self->max_connections = max_connections;
  self->listeners = g_ptr_array_new_with_free_func ((GDestroyNotify) listener_free);
  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  self->peers = sluice_peer_finder_new ();
  self->full = sluice_http_error_format (full, NULL);
  return self;
}

static SluiceWorker *
choose_worker (SluiceAcceptor *self)
{
  SluiceWorker *best = NULL;
  guint total = 0, fewest = G_MAXUINT;

  for (guint i = 0; i < self->workers->len; i++)
    {
      SluiceWorker *worker = g_ptr_array_index (self->workers, i);
      guint count = sluice_worker_get_n_connections (worker);

      total += count;
      if (count < fewest)
        {
          fewest = count;
          best = worker;
        }
    }
  return total < self->max_connections ? best : NULL;
}

static void
hand_over (SluiceAcceptor *self, int fd)
{
  SluiceWorker *worker = choose_worker (self);

  if (worker == NULL)
    {
      send (fd, self->full->str, self->full->len, MSG_NOSIGNAL | MSG_DONTWAIT);
      close (fd);
      return;
    }
  sluice_worker_take (worker, sluice_connection_new (fd, sluice_peer_finder_find (self->peers, fd)));
}

static gboolean
on_back_off_over (gpointer data)
{
  Listener *listener = data;

  g_clear_pointer (&listener->back_off, g_source_unref);
  arm (listener);
  return G_SOURCE_REMOVE;
}

/* Out of descriptors or memory: the queue of the kernel holds the clients until some are free again. */
static void
back_off (Listener *listener)
{
  g_source_destroy (listener->source);
  g_clear_pointer (&listener->source, g_source_unref);
  listener->back_off = g_timeout_source_new (BACK_OFF_MS);
  g_source_set_callback (listener->back_off, on_back_off_over, listener, NULL);
  g_source_attach (listener->back_off, listener->acceptor->context);
}

static gboolean
on_connection (GSocket *socket, GIOCondition condition, gpointer data)
{
  Listener *listener = data;

  for (guint i = 0; i < ACCEPTS_A_TURN; i++)
    {
      int fd = accept4 (g_socket_get_fd (socket), NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

      if (fd >= 0)
        {
          hand_over (listener->acceptor, fd);
          continue;
        }
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
        back_off (listener);
      if (errno != EINTR && errno != ECONNABORTED)
        break;
    }
  return listener->back_off != NULL ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

static void
arm (Listener *listener)
{
  listener->source = g_socket_create_source (listener->socket, G_IO_IN, NULL);
  g_source_set_callback (listener->source, G_SOURCE_FUNC (on_connection), listener, NULL);
  g_source_attach (listener->source, listener->acceptor->context);
}

static void
add_socket (SluiceAcceptor *self, GSocket *socket, const char *path)
{
  Listener *listener = g_new0 (Listener, 1);

  listener->acceptor = self;
  listener->socket = g_object_ref (socket);
  listener->path = g_strdup (path);
  g_ptr_array_add (self->listeners, listener);
}

static gboolean
add_listener (SluiceAcceptor *self, GSocketAddress *address, const char *path, GError **error)
{
  g_autoptr (GSocket) socket = g_socket_new (g_socket_address_get_family (address), G_SOCKET_TYPE_STREAM,
                                             G_SOCKET_PROTOCOL_DEFAULT, error);

  if (socket == NULL)
    return FALSE;
  g_socket_set_blocking (socket, FALSE);
  g_socket_set_listen_backlog (socket, BACKLOG);
  if (g_socket_get_family (socket) == G_SOCKET_FAMILY_IPV6)
    g_socket_set_option (socket, IPPROTO_IPV6, IPV6_V6ONLY, 1, NULL);
  if (!g_socket_bind (socket, address, TRUE, error) || !g_socket_listen (socket, error))
    return FALSE;

  add_socket (self, socket, path);
  return TRUE;
}

void
sluice_acceptor_take (SluiceAcceptor *self, GSocket *socket)
{
  g_assert (self->thread == NULL);
  add_socket (self, socket, NULL);
}

guint
sluice_acceptor_listen (SluiceAcceptor *self, const char *host, guint port, GError **error)
{
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string (host, port);
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GError) local = NULL;
  Listener *listener;

  if (address == NULL)
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_ADDRESS, "'%s' is no IP address to listen on (host)", host);
      return 0;
    }
  if (!add_listener (self, address, NULL, &local))
    {
      gboolean busy = g_error_matches (local, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE);

      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_ADDRESS, "could not listen on %s port %u: %s%s", host, port,
                   busy ? "another program does" : local->message,
                   busy ? "; it may be another sluiced or a LiteLLM proxy ('ss -ltnp' tells), "
                          "end it or choose another port with --port"
                        : "");
      return 0;
    }
  listener = g_ptr_array_index (self->listeners, self->listeners->len - 1);
  bound = g_socket_get_local_address (listener->socket, error);
  return bound != NULL ? g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound)) : 0;
}

gboolean
sluice_acceptor_listen_unix (SluiceAcceptor *self, const char *path, GError **error)
{
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
  g_autoptr (GSocket) probe = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM,
                                            G_SOCKET_PROTOCOL_DEFAULT, NULL);
  mode_t mask;
  gboolean fine;

  if (strlen (path) >= sizeof (((struct sockaddr_un *) NULL)->sun_path))
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_ADDRESS, "the path of the socket is too long: %s", path);
      return FALSE;
    }
  if (probe != NULL && g_socket_connect (probe, address, NULL, NULL))
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_ADDRESS, "another program listens on %s", path);
      return FALSE;
    }

  g_unlink (path);
  mask = umask (0177);
  fine = add_listener (self, address, path, error);
  umask (mask);
  return fine;
}

static void
disarm (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static gpointer
acceptor_main (gpointer data)
{
  SluiceAcceptor *self = data;

  g_main_context_push_thread_default (self->context);
  for (guint i = 0; i < self->listeners->len; i++)
    arm (g_ptr_array_index (self->listeners, i));
  g_main_loop_run (self->loop);
  for (guint i = 0; i < self->listeners->len; i++)
    {
      Listener *listener = g_ptr_array_index (self->listeners, i);

      disarm (&listener->source);
      disarm (&listener->back_off);
    }
  g_main_context_pop_thread_default (self->context);
  return NULL;
}

void
sluice_acceptor_start (SluiceAcceptor *self)
{
  self->thread = g_thread_new ("acceptor", acceptor_main, self);
}

static gboolean
quit_loop (gpointer data)
{
  g_main_loop_quit (data);
  return G_SOURCE_REMOVE;
}

void
sluice_acceptor_pause (SluiceAcceptor *self)
{
  g_autoptr (GSource) source = NULL;

  if (self->thread == NULL)
    return;
  /* through the loop, so that it cannot come before the loop runs */
  source = g_idle_source_new ();
  g_source_set_callback (source, quit_loop, self->loop, NULL);
  g_source_attach (source, self->context);
  g_thread_join (g_steal_pointer (&self->thread));
}

gboolean
sluice_acceptor_has_waiting (SluiceAcceptor *self)
{
  for (guint i = 0; i < self->listeners->len; i++)
    {
      Listener *listener = g_ptr_array_index (self->listeners, i);

      if (g_socket_condition_check (listener->socket, G_IO_IN) & G_IO_IN)
        return TRUE;
    }
  return FALSE;
}

void
sluice_acceptor_free (SluiceAcceptor *self)
{
  sluice_acceptor_pause (self);
  g_ptr_array_unref (self->listeners);
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
  sluice_peer_finder_free (self->peers);
  g_string_free (self->full, TRUE);
  g_free (self);
}
