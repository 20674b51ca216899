/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "http/sluice-connection.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "http/sluice-connection-private.h"
#include "http/sluice-http-error.h"
#include "shared/sluice-error.h"

/* How long, and for how many bytes, a refused client may go on sending before the answer is pulled from under it. */
#define LINGER_US (2 * G_USEC_PER_SEC)
#define LINGER_BYTES (1024 * 1024)

G_DEFINE_FINAL_TYPE (SluiceConnection, sluice_connection, G_TYPE_IO_STREAM)

static void flush (SluiceConnection *self);

static gint64
now_of (SluiceConnection *self)
{
  return sluice_clock_monotonic (self->clock);
}

/* The descriptor's end. libsoup may hold the object longer. */
static void
close_now (SluiceConnection *self)
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

static void
start_linger (SluiceConnection *self)
{
  self->lingering = TRUE;
  self->linger_since = now_of (self);
  shutdown (self->fd, SHUT_WR);
}

static void
wake_reader (SluiceConnection *self)
{
  if (self->read_source != NULL && !g_source_is_destroyed (self->read_source))
    g_source_set_ready_time (self->read_source, 0);
}

static void
set_gone (SluiceConnection *self)
{
  if (self->gone)
    return;

  self->gone = TRUE;
  self->input_over = TRUE;
  g_clear_pointer (&self->queue, g_byte_array_unref);
  if (self->busy && self->funcs != NULL)
    self->funcs->gone (self->user_data);
  wake_reader (self);
}

static gsize
queued (SluiceConnection *self)
{
  return self->queue != NULL ? self->queue->len - self->queue_begin : 0;
}

/* The queue is empty: what waited for that may happen. */
static void
on_flushed (SluiceConnection *self)
{
  g_clear_pointer (&self->queue, g_byte_array_unref);
  self->queue_begin = 0;
  if (self->lingering || self->fd < 0)
    return;
  if (self->input_over && !self->busy)
    start_linger (self);
  else if (self->closing)
    close_now (self);
}

static void
flush (SluiceConnection *self)
{
  while (queued (self) > 0)
    {
      gssize count = send (self->fd, self->queue->data + self->queue_begin, queued (self), MSG_NOSIGNAL | MSG_DONTWAIT);

      if (count < 0 && errno == EINTR)
        continue;
      if (count < 0)
        {
          if (errno != EAGAIN)
            set_gone (self);
          return;
        }
      self->queue_begin += (gsize) count;
      self->write_progress = now_of (self);
    }
  on_flushed (self);
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
    close_now (self);
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
  if ((events & EPOLLOUT) != 0 && queued (self) > 0)
    {
      flush (self);
      if (self->above && queued (self) < SLUICE_CONNECTION_LOW_WATER && !self->gone)
        {
          self->above = FALSE;
          if (self->funcs != NULL)
            self->funcs->drained (self->user_data);
        }
      else if (queued (self) == 0 && self->funcs != NULL && !self->gone)
        self->funcs->drained (self->user_data);
    }
  if (self->fd < 0)
    return;
  /* a half-close counts as gone while an answer is under way, as nginx has it; between requests reading finds it */
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0)
    {
      self->end_seen = self->end_seen || (events & (EPOLLHUP | EPOLLERR)) != 0;
      self->hung_up = TRUE;
      if (self->busy)
        set_gone (self);
    }
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0)
    {
      self->readable = TRUE;
      wake_reader (self);
    }
}

/* Receives into our buffer and lets the guard look at it. Returns FALSE when there is nothing for now. */
static gboolean
receive (SluiceConnection *self)
{
  gssize count;

  if (self->buffer == NULL)
    self->buffer = g_malloc (SLUICE_RECEIVE_BYTES);
  self->begin = self->end = 0;
  do
    count = recv (self->fd, self->buffer, SLUICE_RECEIVE_BYTES, MSG_DONTWAIT);
  while (count < 0 && errno == EINTR);

  if (count < 0 && errno == EAGAIN)
    {
      self->readable = FALSE;
      return FALSE;
    }
  if (count <= 0)
    {
      self->end_seen = TRUE;
      return FALSE;
    }

  if (count < SLUICE_RECEIVE_BYTES)
    self->readable = FALSE;
  self->last_byte = now_of (self);
  if (self->idle_since != 0)
    {
      self->idle_since = 0;
      self->head_since = self->last_byte;
    }
  self->end = sluice_framing_push (&self->framing, self->buffer, (gsize) count, &self->framing_error);
  if (self->end < (gsize) count && self->framing_error == NULL)
    self->end_seen = TRUE;
  return self->end > 0;
}

/* By the exchange if one is under way, so that it knows. */
static void
refuse_with (SluiceConnection *self, const GError *error)
{
  gsize length;
  g_autofree char *answer = NULL;

  if (self->busy && self->funcs != NULL)
    {
      self->funcs->refused (error, self->user_data);
      return;
    }
  answer = sluice_connection_format_refusal (error, &length);
  sluice_connection_refuse (self, answer, length);
}

/* At the end of the input libsoup lets go of an idle connection only if it can begin a request and fail it. */
static gssize
take_end (SluiceConnection *self, char *buffer)
{
  gboolean in_head = self->framing.state == SLUICE_FRAMING_IDLE || self->framing.state == SLUICE_FRAMING_HEAD
                     || self->framing.state == SLUICE_FRAMING_OVER;

  if (self->framing_error != NULL && !self->input_over && !self->gone)
    refuse_with (self, self->framing_error);
  self->input_over = TRUE;
  if (self->marker_sent || self->busy || !in_head)
    return 0;
  self->marker_sent = TRUE;
  *buffer = 'X';
  return 1;
}

/* A body of known length goes straight to libsoup: the guard only counts it. */
static gssize
take_body (SluiceConnection *self, char *buffer, gsize count)
{
  gssize got = recv (self->fd, buffer, MIN (count, (gsize) self->framing.left), MSG_DONTWAIT);

  if (got <= 0)
    return got; /* receive() finds the same and knows what to make of it */
  self->last_byte = now_of (self);
  return (gssize) sluice_framing_push (&self->framing, buffer, (gsize) got, &self->framing_error);
}

gssize
sluice_connection_take (SluiceConnection *self, char *buffer, gsize count, GError **error)
{
  gsize part;

  if (self->framing.state == SLUICE_FRAMING_BODY && self->begin == self->end && self->readable && !self->input_over
      && !self->end_seen && self->fd >= 0)
    {
      gssize got = take_body (self, buffer, count);

      if (got > 0)
        return got;
    }
  if (self->begin == self->end && !self->input_over && !self->end_seen && self->framing_error == NULL && self->fd >= 0)
    {
      if (!receive (self) && !self->end_seen && self->framing_error == NULL)
        {
          g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "nothing to read yet");
          g_clear_pointer (&self->buffer, g_free);
          return -1;
        }
    }
  if (self->input_over || self->begin == self->end || self->fd < 0)
    return take_end (self, buffer);

  part = MIN (count, self->end - self->begin);
  memcpy (buffer, self->buffer + self->begin, part);
  self->begin += part;
  if (self->begin == self->end)
    {
      self->begin = self->end = 0;
      if (!self->readable)
        g_clear_pointer (&self->buffer, g_free);
    }
  return (gssize) part;
}

gboolean
sluice_connection_can_take (SluiceConnection *self)
{
  return self->begin < self->end || self->readable || self->end_seen || self->input_over || self->framing_error != NULL
         || self->fd < 0;
}

char *
sluice_connection_format_refusal (const GError *error, gsize *length)
{
  g_autoptr (GString) answer = sluice_http_error_format (error, NULL);

  *length = answer->len;
  return g_string_free (g_steal_pointer (&answer), FALSE);
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
    close_now (self);
  else if (queued (self) == 0)
    on_flushed (self);
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
  self->settings = settings;
  sluice_framing_init (&self->framing, (guint) settings->max_request_line_bytes, (guint) settings->max_header_bytes,
                       (guint) settings->max_header_count);
  self->readable = TRUE;
  self->head_since = now_of (self);
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
    set_gone (self);
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
  self->idle_since = now_of (self);
  /* the beginning of the next request may have come with this one */
  if (self->framing.state == SLUICE_FRAMING_HEAD || self->begin < self->end)
    self->head_since = self->idle_since;
  if (self->input_over && queued (self) == 0 && !self->lingering)
    start_linger (self);
}

void
sluice_connection_set_reading_body (SluiceConnection *self, gboolean reading)
{
  gint64 now = now_of (self);

  if (self->reading_body == reading)
    return;
  if (self->reading_body)
    self->body_spent += now - self->body_since;
  self->reading_body = reading;
  self->body_since = self->last_byte = now;
}

static void
enqueue (SluiceConnection *self, const char *bytes, gsize length)
{
  if (length == 0)
    return;
  if (self->queue == NULL)
    {
      self->queue = g_byte_array_new ();
      self->queue_begin = 0;
      self->write_progress = now_of (self);
    }
  if (self->queue_begin > SLUICE_CONNECTION_HIGH_WATER)
    {
      g_byte_array_remove_range (self->queue, 0, (guint) self->queue_begin);
      self->queue_begin = 0;
    }
  g_byte_array_append (self->queue, (const guint8 *) bytes, (guint) length);
  if (queued (self) > SLUICE_CONNECTION_HIGH_WATER)
    self->above = TRUE;
}

gsize
sluice_connection_send2 (SluiceConnection *self,
                         const char *head,
                         gsize head_length,
                         const char *body,
                         gsize length)
{
  struct iovec parts[2] = { { (void *) head, head_length }, { (void *) body, length } };
  struct msghdr message = { .msg_iov = parts, .msg_iovlen = length > 0 ? 2 : 1 };
  gssize count = 0;

  if (self->gone || self->fd < 0 || self->lingering)
    return 0;
  if (queued (self) == 0)
    {
      do
        count = sendmsg (self->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
      while (count < 0 && errno == EINTR);
      if (count < 0 && errno != EAGAIN)
        {
          set_gone (self);
          return 0;
        }
      count = MAX (count, 0);
    }
  if ((gsize) count < head_length)
    {
      enqueue (self, head + count, head_length - (gsize) count);
      count = 0;
    }
  else
    count -= (gssize) head_length;
  enqueue (self, body + count, length - (gsize) count);
  return queued (self);
}

gsize
sluice_connection_send (SluiceConnection *self, const char *bytes, gsize length)
{
  return sluice_connection_send2 (self, bytes, length, NULL, 0);
}

gsize
sluice_connection_get_queued (SluiceConnection *self)
{
  return queued (self);
}

gboolean
sluice_connection_is_gone (SluiceConnection *self)
{
  return self->gone || self->fd < 0;
}

void
sluice_connection_refuse (SluiceConnection *self, const char *answer, gsize length)
{
  sluice_connection_send (self, answer, length);
  self->input_over = TRUE;
  self->reading_body = FALSE;
  if (!self->busy && queued (self) == 0 && self->fd >= 0 && !self->gone)
    start_linger (self);
  wake_reader (self);
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

  refuse_with (self, error);
}

void
sluice_connection_tick (SluiceConnection *self, gint64 now)
{
  const SluiceSettings *s = self->settings;

  if (self->fd < 0)
    return;
  if (self->lingering)
    {
      if (now - self->linger_since >= LINGER_US)
        close_now (self);
      return;
    }
  if (queued (self) > 0 && past (self->write_progress, now, s->slow_client_timeout_ms))
    sluice_connection_abort (self);
  else if (self->reading_body
           && (past (self->last_byte, now, s->body_idle_timeout_ms)
               || self->body_spent + now - self->body_since >= s->body_timeout_ms * 1000))
    refuse_late_body (self);
  else if (!self->busy
           && (past (self->head_since, now, s->header_timeout_ms)
               || past (self->idle_since, now, s->keepalive_timeout_ms)))
    sluice_connection_abort (self);
}

void
sluice_connection_close_if_idle (SluiceConnection *self)
{
  if (!self->busy && !self->lingering && queued (self) == 0)
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
  set_gone (self);
  if (self->closing)
    close_now (self);
}
