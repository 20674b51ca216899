/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The receiving side: what the socket has goes past the guard to libsoup.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "http/sluice-connection-private.h"

/*
 * One read of the socket into @buffer, and the guard's look at it. Returns how many bytes of it libsoup may have: 0 if
 * there is nothing for now, or the input has ended or is to be refused.
 */
static gsize
receive (SluiceConnection *self, char *buffer, gsize size)
{
  gssize count;
  gsize passed;

  do
    count = recv (self->fd, buffer, size, MSG_DONTWAIT);
  while (count < 0 && errno == EINTR);

  if (count < 0 && errno == EAGAIN)
    {
      self->readable = FALSE;
      return 0;
    }
  if (count <= 0)
    {
      self->end_seen = TRUE;
      return 0;
    }

  if ((gsize) count < size)
    self->readable = FALSE;
  self->last_byte = sluice_connection_now (self);
  if (self->idle_since != 0)
    {
      self->idle_since = 0;
      self->head_since = self->last_byte;
    }
  passed = sluice_framing_push (&self->framing, buffer, (gsize) count, &self->framing_error);
  if (passed < (gsize) count && self->framing_error == NULL)
    self->end_seen = TRUE;
  return passed;
}

/* At the end of the input libsoup lets go of an idle connection only if it can begin a request and fail it. */
static gssize
take_end (SluiceConnection *self, char *buffer)
{
  gboolean in_head = self->framing.state == SLUICE_FRAMING_IDLE || self->framing.state == SLUICE_FRAMING_HEAD
                     || self->framing.state == SLUICE_FRAMING_OVER;

  if (self->framing_error != NULL && !self->input_over && !self->gone)
    sluice_connection_refuse_with (self, self->framing_error);
  self->input_over = TRUE;
  if (self->marker_sent || self->busy || !in_head)
    return 0;
  self->marker_sent = TRUE;
  *buffer = 'X';
  return 1;
}

static gboolean
may_receive (SluiceConnection *self)
{
  return self->begin == self->end && !self->input_over && !self->end_seen && self->framing_error == NULL
         && self->fd >= 0;
}

static gssize
take_buffered (SluiceConnection *self, char *buffer, gsize count)
{
  gsize part = MIN (count, self->end - self->begin);

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

gssize
sluice_connection_take (SluiceConnection *self, char *buffer, gsize count, GError **error)
{
  if (may_receive (self))
    {
      gsize passed;

      if (self->framing.state == SLUICE_FRAMING_BODY)
        {
          /* of known length: straight to libsoup, the guard only counts it */
          passed = receive (self, buffer, MIN (count, (gsize) self->framing.left));
          if (passed > 0)
            return (gssize) passed;
        }
      else
        {
          if (self->buffer == NULL)
            self->buffer = g_malloc (SLUICE_RECEIVE_BYTES);
          passed = receive (self, self->buffer, SLUICE_RECEIVE_BYTES);
          self->begin = 0;
          self->end = passed;
        }
      if (passed == 0 && may_receive (self))
        {
          g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "nothing to read yet");
          g_clear_pointer (&self->buffer, g_free);
          return -1;
        }
    }
  if (self->input_over || self->begin == self->end || self->fd < 0)
    return take_end (self, buffer);
  return take_buffered (self, buffer, count);
}

gboolean
sluice_connection_can_take (SluiceConnection *self)
{
  return self->begin < self->end || self->readable || self->end_seen || self->input_over || self->framing_error != NULL
         || self->fd < 0;
}

void
sluice_connection_set_reading_body (SluiceConnection *self, gboolean reading)
{
  gint64 now = sluice_connection_now (self);

  if (self->reading_body == reading)
    return;
  if (self->reading_body)
    self->body_spent += now - self->body_since;
  self->reading_body = reading;
  self->body_since = self->last_byte = now;
}
