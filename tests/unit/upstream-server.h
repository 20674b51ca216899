/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A provider small enough to be read at a glance, for the tests of upstream/: it listens on a loopback port that the
 * kernel chooses, answers each request with the same bytes, and says what it saw. Runs in the default main context.
 */
#pragma once

#include <gio/gio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  GSocketService *service;
  char *base;       /* "http://127.0.0.1:PORT" */
  GString *answer;  /* to each request; nothing while empty */
  gboolean close;   /* after the answer */
  GString *request; /* the last one, whole */
  guint n_requests;    /* that were answered */
  guint n_open;        /* connections */
  guint n_connections; /* so far */
  guint n_writing;
  GPtrArray *lines; /* (element-type ServerLine): the open ones */
} Server;

typedef struct {
  Server *server; /* (nullable): gone */
  GIOStream *stream;
  GString *in;
  char buffer[4096];
} ServerLine;

/* Turns the main loop until @condition; the test's own time limit ends a wait in vain. */
#define RUN_UNTIL(condition) \
  G_STMT_START \
  { \
    while (!(condition)) \
      g_main_context_iteration (NULL, TRUE); \
  } \
  G_STMT_END

static inline void
run_idle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void server_read (ServerLine *line);

static void
server_line_close (ServerLine *line)
{
  g_ptr_array_remove_fast (line->server->lines, line);
  line->server->n_open--;
  g_io_stream_close (line->stream, NULL, NULL);
  g_object_unref (line->stream);
  g_string_free (line->in, TRUE);
  g_free (line);
}

static void
server_on_written (GObject *source, GAsyncResult *result, gpointer data)
{
  Server *server = data;

  g_output_stream_write_all_finish (G_OUTPUT_STREAM (source), result, NULL, NULL);
  server->n_writing--;
}

/* @text must live until it has gone out. What was said before has gone out when this begins. */
static inline void
server_say (ServerLine *line, const char *text, gsize length)
{
  RUN_UNTIL (line->server->n_writing == 0);
  line->server->n_writing++;
  g_output_stream_write_all_async (g_io_stream_get_output_stream (line->stream), text, length, G_PRIORITY_DEFAULT, NULL,
                                   server_on_written, line->server);
}

/* No more will come of it; what the other side still says is read. */
static inline void
server_end (ServerLine *line)
{
  g_socket_shutdown (g_socket_connection_get_socket (G_SOCKET_CONNECTION (line->stream)), FALSE, TRUE, NULL);
}

static gboolean
server_has_request (ServerLine *line)
{
  const char *end = strstr (line->in->str, "\r\n\r\n");
  const char *length = strstr (line->in->str, "Content-Length: ");
  gsize body = length != NULL ? strtoul (length + strlen ("Content-Length: "), NULL, 10) : 0;

  return end != NULL && line->in->len >= (gsize) (end + 4 - line->in->str) + body;
}

static void
server_on_answered (GObject *source, GAsyncResult *result, gpointer data)
{
  ServerLine *line = data;

  g_output_stream_write_all_finish (G_OUTPUT_STREAM (source), result, NULL, NULL);
  line->server->n_writing--;
  line->server->n_requests++;
  if (line->server->close)
    server_end (line);
  server_read (line);
}

static void
server_on_read (GObject *source, GAsyncResult *result, gpointer data)
{
  ServerLine *line = data;
  Server *server = line->server;
  gssize count = g_input_stream_read_finish (G_INPUT_STREAM (source), result, NULL);

  if (count <= 0)
    {
      server_line_close (line);
      return;
    }
  g_string_append_len (line->in, line->buffer, count);
  if (!server_has_request (line))
    {
      server_read (line);
      return;
    }
  g_string_assign (server->request, line->in->str);
  g_string_truncate (line->in, 0);
  server->n_writing++;
  g_output_stream_write_all_async (g_io_stream_get_output_stream (line->stream), server->answer->str,
                                   server->answer->len, G_PRIORITY_DEFAULT, NULL, server_on_answered, line);
}

static void
server_read (ServerLine *line)
{
  g_input_stream_read_async (g_io_stream_get_input_stream (line->stream), line->buffer, sizeof line->buffer,
                             G_PRIORITY_DEFAULT, NULL, server_on_read, line);
}

static gboolean
server_on_incoming (GSocketService *service, GSocketConnection *connection, GObject *source, gpointer data)
{
  Server *server = data;
  ServerLine *line = g_new0 (ServerLine, 1);

  line->server = server;
  line->stream = G_IO_STREAM (g_object_ref (connection));
  line->in = g_string_new (NULL);
  g_ptr_array_add (server->lines, line);
  server->n_open++;
  server->n_connections++;
  server_read (line);
  return TRUE;
}

static inline Server *
server_new (const char *answer)
{
  Server *server = g_new0 (Server, 1);
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GError) error = NULL;

  server->service = g_socket_service_new ();
  g_socket_listener_add_address (G_SOCKET_LISTENER (server->service), address, G_SOCKET_TYPE_STREAM,
                                 G_SOCKET_PROTOCOL_TCP, NULL, &bound, &error);
  g_assert_no_error (error);
  server->base = g_strdup_printf ("http://127.0.0.1:%u",
                                  g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound)));
  server->answer = g_string_new (answer);
  server->request = g_string_new (NULL);
  server->lines = g_ptr_array_new ();
  g_signal_connect (server->service, "incoming", G_CALLBACK (server_on_incoming), server);
  return server;
}

/* The other side must have let go of its connections, or be about to. */
static inline void
server_free (Server *server)
{
  g_socket_service_stop (server->service);
  g_socket_listener_close (G_SOCKET_LISTENER (server->service));
  RUN_UNTIL (server->n_open == 0 && server->n_writing == 0);
  g_object_unref (server->service);
  g_ptr_array_unref (server->lines);
  g_string_free (server->answer, TRUE);
  g_string_free (server->request, TRUE);
  g_free (server->base);
  g_free (server);
}
