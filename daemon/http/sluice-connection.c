/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The life of a connection: what its socket reports, which request is under way, its deadlines and its end.
 */
#include "http/sluice-connection.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/sluice-connection-private.h"
#include "shared/sluice-error.h"

/* How long, and for how many bytes, a refused client may go on sending before the answer is pulled from under it. */
#define LINGER_US (2 * G_USEC_PER_SEC)
#define LINGER_BYTES (1024 * 1024)

G_DEFINE_FINAL_TYPE (SluiceConnection, sluice_connection, G_TYPE_IO_STREAM)

gint64
sluice_connection_now (SluiceConnection *self)
{
  return sluice_clock_monotonic (self->clock);
}

void
sluice_connection_close_now (SluiceConnection *self)
{
  if (self->fd < 0)
    return;

  g_object_ref (self);
  if (self->poller != NULL)
    sluice_poller_remove (self->poller, self->fd, &self->polled);
  close (self->fd);
  self->fd = -1;
  g_clear_pointer (&self->buffer, g_free);
  g_clear_pointer (&self->queue, g_byte_array_unref);
  if (self->closed != NULL)
    self->closed (self, self->closed_data);
  g_object_unref (self);
}

void
sluice_connection_start_linger (SluiceConnection *self)
{
  self->lingering = TRUE;
  self->linger_since = sluice_connection_now (self);
  shutdown (self->fd, SHUT_WR);
}

void
sluice_connection_wake_reader (SluiceConnection *self)
{
  if (self->read_source != NULL && !g_source_is_destroyed (self->read_source))
    g_source_set_ready_time (self->read_source, 0);
}

void
sluice_connection_set_gone (SluiceConnection *self)
{
  if (self->gone)
    return;

  self->gone = TRUE;
  self->input_over = TRUE;
  g_clear_pointer (&self->queue, g_byte_array_unref);
  if (self->busy && self->funcs != NULL)
    self->funcs->gone (self->user_data);
  sluice_connection_wake_reader (self);
}

static void
drain_linger (SluiceConnection *self)
{
  char scratch[16384];
  gssize count;

  while ((count = recv (self->fd, scratch, sizeof scratch, MSG_DONTWAIT)) > 0)
    {
      self->lingered += (gsize) count;
      if (self->lingered > LINGER_BYTES)
        break;
    }
  if (count == 0 || (count < 0 && errno != EAGAIN) || self->lingered > LINGER_BYTES)
    sluice_connection_close_now (self);
}

static void
on_ready (SluicePolled *polled, guint32 events)
{
  SluiceConnection *self = SLUICE_CONNECTION (polled->owner);

  if (self->fd < 0)
    return;
  if (self->lingering)
    {
      drain_linger (self);
      return;
    }
  if ((events & EPOLLOUT) != 0 && sluice_connection_get_queued (self) > 0)
    sluice_connection_send_queued (self);
  if (self->fd < 0)
    return;
  /* a half-close counts as gone while an answer is under way, as nginx has it; between requests reading finds it */
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0)
    {
      self->end_seen = self->end_seen || (events & (EPOLLHUP | EPOLLERR)) != 0;
      self->hung_up = TRUE;
      if (self->busy)
        sluice_connection_set_gone (self);
    }
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0)
    {
      self->readable = TRUE;
      sluice_connection_wake_reader (self);
    }
}

static gboolean
connection_close (GIOStream *stream, GCancellable *cancellable, GError **error)
{
  SluiceConnection *self = SLUICE_CONNECTION (stream);

  self->closing = TRUE;
  self->funcs = NULL;
  self->busy = FALSE;
  if (self->fd < 0 || self->lingering)
    return TRUE;
  if (self->gone)
    sluice_connection_close_now (self);
  else if (sluice_connection_get_queued (self) == 0)
    sluice_connection_flushed (self);
  return TRUE;
}

static GInputStream *
connection_get_input (GIOStream *stream)
{
  return SLUICE_CONNECTION (stream)->input;
}

static GOutputStream *
connection_get_output (GIOStream *stream)
{
  return SLUICE_CONNECTION (stream)->output;
}

static void
sluice_connection_finalize (GObject *object)
{
  SluiceConnection *self = SLUICE_CONNECTION (object);

  g_assert (self->poller == NULL || self->fd < 0);
  if (self->fd >= 0)
    close (self->fd);
  sluice_framing_clear (&self->framing);
  g_clear_error (&self->framing_error);
  g_clear_pointer (&self->read_source, g_source_unref);
  g_clear_pointer (&self->queue, g_byte_array_unref);
  g_clear_object (&self->clock);
  g_object_unref (self->input);
  g_object_unref (self->output);
  g_free (self->buffer);
  G_OBJECT_CLASS (sluice_connection_parent_class)->finalize (object);
}

static void
sluice_connection_class_init (SluiceConnectionClass *klass)
{
  GIOStreamClass *stream_class = G_IO_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = sluice_connection_finalize;
  stream_class->close_fn = connection_close;
  stream_class->get_input_stream = connection_get_input;
  stream_class->get_output_stream = connection_get_output;
}

static void
sluice_connection_init (SluiceConnection *self)
{
  self->fd = -1;
  self->input = sluice_connection_input_new (self);
  self->output = sluice_connection_output_new (self);
}

SluiceConnection *
sluice_connection_new (int fd, SluicePeer peer)
{
  SluiceConnection *self = g_object_new (SLUICE_TYPE_CONNECTION, NULL);

  self->fd = fd;
  self->peer = peer;
  return self;
}

gboolean
sluice_connection_attach (SluiceConnection *self,
                          SluicePoller *poller,
                          SluiceClock *clock,
                          const SluiceSettings *settings,
                          void (*closed) (SluiceConnection *connection, gpointer user_data),
                          gpointer user_data)
{
  int one = 1;

  setsockopt (self->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  self->clock = g_object_ref (clock);
  self->limits = (SluiceConnectionLimits){
    .slow_client = settings->slow_client_timeout_ms,
    .body_idle = settings->body_idle_timeout_ms,
    .body = settings->body_timeout_ms,
    .header = settings->header_timeout_ms,
    .keepalive = settings->keepalive_timeout_ms,
  };
  sluice_framing_init (&self->framing, (guint) settings->max_request_line_bytes, (guint) settings->max_header_bytes,
                       (guint) settings->max_header_count);
  self->readable = TRUE;
  self->head_since = sluice_connection_now (self);
  self->polled.ready = on_ready;
  self->polled.owner = G_OBJECT (self);
  if (!sluice_poller_add (poller, self->fd, &self->polled))
    return FALSE;

  self->poller = poller;
  self->closed = closed;
  self->closed_data = user_data;
  return TRUE;
}

const SluicePeer *
sluice_connection_get_peer (SluiceConnection *self)
{
  return &self->peer;
}

GSocketAddress *
sluice_connection_dup_address (SluiceConnection *self)
{
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  GSocketAddress *address = g_inet_socket_address_new (loopback, 1);

  g_object_set_data (G_OBJECT (address), "sluice-connection", self);
  return address;
}

SluiceConnection *
sluice_connection_from_address (GSocketAddress *address)
{
  return g_object_get_data (G_OBJECT (address), "sluice-connection");
}

void
sluice_connection_begin (SluiceConnection *self, const SluiceConnectionFuncs *funcs, gpointer user_data)
{
  self->funcs = funcs;
  self->user_data = user_data;
  self->busy = TRUE;
  self->head_since = self->idle_since = 0;
  self->body_spent = 0;
}

void
sluice_connection_check_hung_up (SluiceConnection *self)
{
  if (self->hung_up && self->busy && self->fd >= 0 && !self->lingering)
    sluice_connection_set_gone (self);
}

void
sluice_connection_end (SluiceConnection *self)
{
  self->funcs = NULL;
  self->user_data = NULL;
  self->busy = FALSE;
  self->reading_body = FALSE;
  if (self->fd < 0 || self->gone)
    return;
  self->idle_since = sluice_connection_now (self);
  /* the beginning of the next request may have come with this one */
  if (self->framing.state == SLUICE_FRAMING_HEAD || self->begin < self->end)
    self->head_since = self->idle_since;
  if (self->input_over && sluice_connection_get_queued (self) == 0 && !self->lingering)
    sluice_connection_start_linger (self);
}

static gboolean
past (gint64 since, gint64 now, gint64 limit_ms)
{
  return since != 0 && limit_ms > 0 && now - since >= limit_ms * 1000;
}

static void
refuse_late_body (SluiceConnection *self)
{
  g_autoptr (GError) error = g_error_new_literal (SLUICE_ERROR, SLUICE_ERROR_REQUEST_TIMEOUT,
                                                  "the request's body did not come in time");

  sluice_connection_refuse_with (self, error);
}

void
sluice_connection_tick (SluiceConnection *self, gint64 now)
{
  const SluiceConnectionLimits *limits = &self->limits;

  if (self->fd < 0)
    return;
  if (self->lingering)
    {
      if (now - self->linger_since >= LINGER_US)
        sluice_connection_close_now (self);
      return;
    }
  if (sluice_connection_get_queued (self) > 0 && past (self->write_progress, now, limits->slow_client))
    sluice_connection_abort (self);
  else if (self->reading_body
           && (past (self->last_byte, now, limits->body_idle)
               || self->body_spent + now - self->body_since >= limits->body * 1000))
    refuse_late_body (self);
  else if (!self->busy
           && (past (self->head_since, now, limits->header)
               || past (self->idle_since, now, limits->keepalive)))
    sluice_connection_abort (self);
}

void
sluice_connection_close_if_idle (SluiceConnection *self)
{
  if (!self->busy && !self->lingering && sluice_connection_get_queued (self) == 0)
    sluice_connection_abort (self);
}

void
sluice_connection_abort (SluiceConnection *self)
{
  if (self->fd < 0)
    return;

  shutdown (self->fd, SHUT_RDWR);
  self->end_seen = TRUE;
  self->begin = self->end = 0;
  sluice_connection_set_gone (self);
  if (self->closing)
    sluice_connection_close_now (self);
}
