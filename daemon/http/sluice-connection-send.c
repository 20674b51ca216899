/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sending side: one send for a whole batch, and a queue for what the socket does not take at once.
 */
#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "http/sluice-connection-private.h"
#include "http/sluice-http-error.h"

static gsize
queued (SluiceConnection *self)
{
  return self->queue != NULL ? self->queue->len - self->queue_begin : 0;
}

void
sluice_connection_flushed (SluiceConnection *self)
{
  g_clear_pointer (&self->queue, g_byte_array_unref);
  self->queue_begin = 0;
  if (self->lingering || self->fd < 0)
    return;
  if (self->input_over && !self->busy)
    sluice_connection_start_linger (self);
  else if (self->closing)
    sluice_connection_close_now (self);
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
            sluice_connection_set_gone (self);
          return;
        }
      self->queue_begin += (gsize) count;
      self->write_progress = sluice_connection_now (self);
    }
  sluice_connection_flushed (self);
}

void
sluice_connection_send_queued (SluiceConnection *self)
{
  gboolean low;

  flush (self);
  if (self->gone)
    return;

  low = self->above && queued (self) < SLUICE_CONNECTION_LOW_WATER;
  if (low)
    self->above = FALSE;
  if ((low || queued (self) == 0) && self->funcs != NULL)
    self->funcs->drained (self->user_data);
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
      self->write_progress = sluice_connection_now (self);
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
          sluice_connection_set_gone (self);
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

void
sluice_connection_refuse (SluiceConnection *self, const char *answer, gsize length)
{
  sluice_connection_send (self, answer, length);
  self->input_over = TRUE;
  self->reading_body = FALSE;
  if (!self->busy && queued (self) == 0 && self->fd >= 0 && !self->gone)
    sluice_connection_start_linger (self);
  sluice_connection_wake_reader (self);
}

void
sluice_connection_refuse_with (SluiceConnection *self, const GError *error)
{
  g_autoptr (GString) answer = NULL;

  if (self->busy && self->funcs != NULL)
    {
      self->funcs->refused (error, self->user_data);
      return;
    }
  answer = sluice_http_error_format (error, NULL);
  sluice_connection_refuse (self, answer->str, answer->len);
}
