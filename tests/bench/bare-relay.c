/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The yardstick: the plainest relay that libsoup makes easy. One thread, one session, no key, no ledger, no look at
 * what passes; a stream that breaks upstream ends here as if it were whole. Usage: bare-relay http://127.0.0.1:PORT;
 * prints "port N" and ends when its standard input closes. */

#include <gio/gio.h>
#include <gio/gunixinputstream.h>
#include <libsoup/soup.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define READ_SIZE 8192 /* bytes of a stream taken at once */

typedef struct {
  SoupSession *session;
  char *upstream;
} Relay;

typedef struct {
  SoupServerMessage *client; /* (owned) */
  SoupMessage *message;      /* (owned) */
  GInputStream *stream;      /* (owned) (nullable) */
  GCancellable *cancellable; /* (owned) */
  gboolean finished;         /* the client's side is over */
} Exchange;

static void
exchange_free (Exchange *self)
{
  g_signal_handlers_disconnect_by_data (self->client, self);
  g_object_unref (self->client);
  g_object_unref (self->message);
  g_clear_object (&self->stream);
  g_object_unref (self->cancellable);
  g_free (self);
}

static void
on_finished (SoupServerMessage *client, Exchange *self)
{
  self->finished = TRUE;
  g_cancellable_cancel (self->cancellable);
}

static void
fail (Exchange *self)
{
  if (!self->finished)
    {
      soup_server_message_set_status (self->client, SOUP_STATUS_BAD_GATEWAY, NULL);
      soup_server_message_unpause (self->client);
    }
  exchange_free (self);
}

static void
copy_head (Exchange *self)
{
  const char *type = soup_message_headers_get_one (soup_message_get_response_headers (self->message), "Content-Type");

  soup_server_message_set_status (self->client, soup_message_get_status (self->message), NULL);
  if (type != NULL)
    soup_message_headers_replace (soup_server_message_get_response_headers (self->client), "Content-Type", type);
}

static void
on_whole (GObject *source, GAsyncResult *result, gpointer data)
{
  Exchange *self = data;
  g_autoptr (GBytes) body = soup_session_send_and_read_finish (SOUP_SESSION (source), result, NULL);

  if (body == NULL || self->finished)
    {
      fail (self);
      return;
    }
  copy_head (self);
  soup_message_body_append_bytes (soup_server_message_get_response_body (self->client), body);
  soup_server_message_unpause (self->client);
  exchange_free (self);
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer data)
{
  Exchange *self = data;
  g_autoptr (GBytes) piece = g_input_stream_read_bytes_finish (G_INPUT_STREAM (source), result, NULL);
  SoupMessageBody *body = soup_server_message_get_response_body (self->client);

  if (self->finished)
    {
      exchange_free (self);
      return;
    }
  if (piece == NULL || g_bytes_get_size (piece) == 0)
    {
      soup_message_body_complete (body);
      soup_server_message_unpause (self->client);
      exchange_free (self);
      return;
    }
  soup_message_body_append_bytes (body, piece);
  soup_server_message_unpause (self->client);
  g_input_stream_read_bytes_async (self->stream, READ_SIZE, G_PRIORITY_DEFAULT, self->cancellable, on_read, self);
}

static void
on_head (GObject *source, GAsyncResult *result, gpointer data)
{
  Exchange *self = data;

  self->stream = soup_session_send_finish (SOUP_SESSION (source), result, NULL);
  if (self->stream == NULL || self->finished)
    {
      fail (self);
      return;
    }
  copy_head (self);
  soup_message_headers_set_encoding (soup_server_message_get_response_headers (self->client), SOUP_ENCODING_CHUNKED);
  soup_message_body_set_accumulate (soup_server_message_get_response_body (self->client), FALSE);
  g_input_stream_read_bytes_async (self->stream, READ_SIZE, G_PRIORITY_DEFAULT, self->cancellable, on_read, self);
}

static gboolean
asks_for_stream (GBytes *body)
{
  gsize length;
  const char *data = g_bytes_get_data (body, &length);

  return length > 0 && memmem (data, length, "\"stream\":true", strlen ("\"stream\":true")) != NULL;
}

static void
on_request (SoupServer *server, SoupServerMessage *client, const char *path, GHashTable *query, gpointer data)
{
  Relay *relay = data;
  Exchange *self = g_new0 (Exchange, 1);
  g_autofree char *uri = g_strconcat (relay->upstream, path, NULL);
  g_autoptr (GBytes) body = soup_message_body_flatten (soup_server_message_get_request_body (client));

  self->client = g_object_ref (client);
  self->message = soup_message_new (soup_server_message_get_method (client), uri);
  self->cancellable = g_cancellable_new ();
  g_signal_connect (client, "finished", G_CALLBACK (on_finished), self);

  soup_message_add_flags (self->message, SOUP_MESSAGE_IDEMPOTENT | SOUP_MESSAGE_NO_REDIRECT);
  if (g_bytes_get_size (body) > 0)
    soup_message_set_request_body_from_bytes (self->message, "application/json", body);

  soup_server_message_pause (client);
  if (asks_for_stream (body))
    soup_session_send_async (relay->session, self->message, G_PRIORITY_DEFAULT, self->cancellable, on_head, self);
  else
    soup_session_send_and_read_async (relay->session, self->message, G_PRIORITY_DEFAULT, self->cancellable, on_whole,
                                      self);
}

static gboolean
on_input (GPollableInputStream *input, GMainLoop *loop)
{
  char buffer[64];
  gssize got = g_pollable_input_stream_read_nonblocking (input, buffer, sizeof buffer, NULL, NULL);

  if (got > 0)
    return G_SOURCE_CONTINUE;
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

/* libsoup's own way to listen has room for 10 connections that wait; a burst of clients would be reset. Returns:
 * (transfer full) (nullable). */
static GSocket *
listen_local (GError **error)
{
  g_autoptr (GSocket) socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, error);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("127.0.0.1", 0);

  if (socket == NULL || !g_socket_bind (socket, address, TRUE, error))
    return NULL;
  g_socket_set_listen_backlog (socket, 4096);
  return g_socket_listen (socket, error) ? g_steal_pointer (&socket) : NULL;
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

int
main (int argc, char **argv)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GInputStream) input = g_unix_input_stream_new (STDIN_FILENO, FALSE);
  g_autoptr (GSource) source = g_pollable_input_stream_create_source (G_POLLABLE_INPUT_STREAM (input), NULL);
  g_autoptr (SoupServer) server = soup_server_new (NULL, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GSocketAddress) address = NULL;
  Relay relay = { NULL, NULL };

  if (argc != 2)
    {
      fprintf (stderr, "usage: bare-relay http://127.0.0.1:PORT\n");
      return 2;
    }
  /* before any thread; libsoup 3.2 has no other way to say so */
  g_setenv ("SOUP_FORCE_HTTP1", "1", TRUE);
  allow_many_descriptors ();
  relay.upstream = argv[1];
  relay.session = soup_session_new_with_options ("max-conns", 4096, "max-conns-per-host", 4096, "proxy-resolver", NULL,
                                                 "timeout", 0, NULL);
  soup_server_add_handler (server, NULL, on_request, &relay, NULL);
  socket = listen_local (&error);
  if (socket == NULL || !soup_server_listen_socket (server, socket, 0, &error))
    {
      fprintf (stderr, "bare-relay: %s\n", error->message);
      return 1;
    }
  g_source_set_callback (source, G_SOURCE_FUNC (on_input), loop, NULL);
  g_source_attach (source, NULL);

  address = g_socket_get_local_address (socket, NULL);
  printf ("port %d\n", g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address)));
  fflush (stdout);

  g_main_loop_run (loop);
  soup_server_disconnect (server);
  soup_session_abort (relay.session);
  g_object_unref (relay.session);
  return 0;
}
