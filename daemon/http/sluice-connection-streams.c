/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The two halves of a connection as libsoup sees them: pollable streams without descriptors.
 */
#include <string.h>

#include "http/sluice-connection-private.h"
#include "shared/sluice-error.h"

struct _SluiceConnectionInput {
  GInputStream parent_instance;
  SluiceConnection *connection; /* unowned */
};

struct _SluiceConnectionOutput {
  GOutputStream parent_instance;
  SluiceConnection *connection; /* unowned */
};

static void pollable_input_init (GPollableInputStreamInterface *iface);
static void pollable_output_init (GPollableOutputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (SluiceConnectionInput, sluice_connection_input, G_TYPE_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM, pollable_input_init))
G_DEFINE_FINAL_TYPE_WITH_CODE (SluiceConnectionOutput, sluice_connection_output, G_TYPE_OUTPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_OUTPUT_STREAM, pollable_output_init))

static gssize
input_read (GInputStream *stream, void *buffer, gsize count, GCancellable *cancellable, GError **error)
{
  return sluice_connection_take (SLUICE_CONNECTION_INPUT (stream)->connection, buffer, count, error);
}

static gssize
input_read_nonblocking (GPollableInputStream *stream, void *buffer, gsize count, GError **error)
{
  return sluice_connection_take (SLUICE_CONNECTION_INPUT (stream)->connection, buffer, count, error);
}

static gboolean
input_is_readable (GPollableInputStream *stream)
{
  return sluice_connection_can_take (SLUICE_CONNECTION_INPUT (stream)->connection);
}

static GSource *
input_create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  SluiceConnection *connection = SLUICE_CONNECTION_INPUT (stream)->connection;
  GSource *source = g_pollable_source_new (G_OBJECT (stream));

  g_clear_pointer (&connection->read_source, g_source_unref);
  connection->read_source = g_source_ref (source);
  if (sluice_connection_can_take (connection))
    g_source_set_ready_time (source, 0);
  return source;
}

static void
pollable_input_init (GPollableInputStreamInterface *iface)
{
  iface->is_readable = input_is_readable;
  iface->create_source = input_create_source;
  iface->read_nonblocking = input_read_nonblocking;
}

static void
sluice_connection_input_class_init (SluiceConnectionInputClass *klass)
{
  G_INPUT_STREAM_CLASS (klass)->read_fn = input_read;
}

static void
sluice_connection_input_init (SluiceConnectionInput *self)
{
}

GInputStream *
sluice_connection_input_new (SluiceConnection *connection)
{
  SluiceConnectionInput *self = g_object_new (SLUICE_TYPE_CONNECTION_INPUT, NULL);

  self->connection = connection;
  return G_INPUT_STREAM (self);
}

/*
 * What libsoup writes by itself. While an exchange is under way that is the empty answer it makes at the end: the
 * real one has gone out below it. Otherwise it is the answer to something it could not parse, without a body that a
 * client could read.
 */
static gssize
take_written (SluiceConnection *connection, const char *bytes, gsize count)
{
  if (connection->gone || connection->input_over)
    return (gssize) count;
  /* 100 Continue, while the body is wanted; HTTP/1.0 does not know it (RFC 9110, 10.1.1), but libsoup writes it */
  if (count > 12 && memcmp (bytes + 9, "100", 3) == 0)
    {
      if (memcmp (bytes, "HTTP/1.0", 8) != 0)
        sluice_connection_send (connection, bytes, count);
      return (gssize) count;
    }
  if (!connection->busy && count > 12 && memcmp (bytes, "HTTP/1.", 7) == 0)
    {
      g_autoptr (GError) error = g_error_new_literal (SLUICE_ERROR, SLUICE_ERROR_INVALID_REQUEST,
                                                      "the request is not well-formed HTTP");

      sluice_connection_refuse_with (connection, error);
    }
  return (gssize) count;
}

static gssize
output_write (GOutputStream *stream, const void *buffer, gsize count, GCancellable *cancellable, GError **error)
{
  return take_written (SLUICE_CONNECTION_OUTPUT (stream)->connection, buffer, count);
}

static gssize
output_write_nonblocking (GPollableOutputStream *stream, const void *buffer, gsize count, GError **error)
{
  return take_written (SLUICE_CONNECTION_OUTPUT (stream)->connection, buffer, count);
}

static gboolean
output_is_writable (GPollableOutputStream *stream)
{
  return TRUE;
}

static GSource *
output_create_source (GPollableOutputStream *stream, GCancellable *cancellable)
{
  GSource *source = g_pollable_source_new (G_OBJECT (stream));

  g_source_set_ready_time (source, 0);
  return source;
}

static void
pollable_output_init (GPollableOutputStreamInterface *iface)
{
  iface->is_writable = output_is_writable;
  iface->create_source = output_create_source;
  iface->write_nonblocking = output_write_nonblocking;
}

static void
sluice_connection_output_class_init (SluiceConnectionOutputClass *klass)
{
  G_OUTPUT_STREAM_CLASS (klass)->write_fn = output_write;
}

static void
sluice_connection_output_init (SluiceConnectionOutput *self)
{
}

GOutputStream *
sluice_connection_output_new (SluiceConnection *connection)
{
  SluiceConnectionOutput *self = g_object_new (SLUICE_TYPE_CONNECTION_OUTPUT, NULL);

  self->connection = connection;
  return G_OUTPUT_STREAM (self);
}
