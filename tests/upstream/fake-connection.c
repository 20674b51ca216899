/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fake-connection.h"
#include "fake-routes.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_SIZE 4096
#define KEEP_SIZE 65536                  /* a larger buffer is given back between requests */
#define HEAD_MAX (1024 * 1024)           /* bytes */
#define BODY_MAX (256 * 1024 * 1024)     /* bytes */
#define OUT_HIGH 65536                   /* bytes waiting; more is produced when there is room */

static gsize
pending (FakeConnection *self)
{
  return self->out->len - self->out_done;
}

/* Arms epoll for what matters now. A request in progress only waits for its client to leave or to take more. */
static void
watch (FakeConnection *self)
{
  struct epoll_event event = { .events = EPOLLRDHUP, .data.ptr = self };

  if (!self->active)
    event.events |= EPOLLIN;
  if (pending (self) > 0 && self->drip_bytes == 0)
    event.events |= EPOLLOUT;
  if (event.events == self->mask)
    return;
  epoll_ctl (self->server->epoll_fd, self->mask == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, self->fd, &event);
  self->mask = event.events;
}

FakeConnection *
fake_connection_new (FakeServer *server, int fd)
{
  FakeConnection *self = g_new0 (FakeConnection, 1);
  FakeStats *stats = fake_log_stats (server->log);

  self->server = server;
  self->timer.owner = self;
  self->fd = fd;
  self->number = server->next_connection++;
  self->out = g_string_new (NULL);
  g_hash_table_add (server->connections, self);
  stats->connections_accepted++;
  stats->connections_open++;
  stats->connections_open_max = MAX (stats->connections_open_max, stats->connections_open);
  watch (self);
  return self;
}

static void
forget_steps (FakeConnection *self)
{
  for (guint i = 0; i < self->n_steps; i++)
    g_clear_pointer (&self->steps[i].bytes, g_bytes_unref);
  self->n_steps = self->step = 0;
}

static void
note_end (FakeConnection *self, gboolean aborted)
{
  FakeStats *stats = fake_log_stats (self->server->log);

  if (!self->active || self->unlogged)
    return;
  stats->requests_open--;
  if (aborted)
    stats->aborted++;
  else
    stats->answered++;
  fake_log_end (self->server->log, self->log_number, self->status, aborted);
}

static void
close_with (FakeConnection *self, gboolean aborted)
{
  note_end (self, aborted);
  self->active = FALSE;
  fake_connection_free (self);
}

void
fake_connection_free (FakeConnection *self)
{
  g_hash_table_remove (self->server->connections, self);
  fake_timers_clear (self->server->timers, &self->timer);
  forget_steps (self);
  close (self->fd);
  fake_log_stats (self->server->log)->connections_open--;
  g_string_free (self->out, TRUE);
  g_free (self->text);
  g_free (self->in);
  g_free (self);
}

void
fake_connection_begin (FakeConnection *self, guint status, const char *type, gssize length, const char *extra)
{
  self->status = status;
  g_string_append_printf (self->out, "HTTP/1.1 %u %s\r\nContent-Type: %s\r\nx-request-id: req_fake_%" G_GUINT64_FORMAT
                                     "\r\n%s",
                          status, status < 400 ? "Fine" : "Fake", type, self->answer.id, extra != NULL ? extra : "");
  if (self->close_after)
    g_string_append (self->out, "Connection: close\r\n");
  if (length < 0)
    g_string_append (self->out, "Transfer-Encoding: chunked\r\n\r\n");
  else
    g_string_append_printf (self->out, "Content-Length: %" G_GSSIZE_FORMAT "\r\n\r\n", length);
}

void
fake_connection_add_chunk (FakeConnection *self, const char *data, gsize length)
{
  if (length == 0)
    return;
  g_string_append_printf (self->out, "%" G_GSIZE_MODIFIER "x\r\n", length);
  g_string_append_len (self->out, data, length);
  g_string_append_len (self->out, "\r\n", 2);
}

void
fake_connection_push (FakeConnection *self, FakeStep step)
{
  g_assert (self->n_steps < FAKE_STEPS);
  self->steps[self->n_steps++] = step;
}

void
fake_connection_push_before (FakeConnection *self, gsize keep, GBytes *bytes, guint64 count)
{
  g_assert (self->n_steps + 2 <= FAKE_STEPS && keep <= self->out->len);
  memmove (self->steps + 2, self->steps, self->n_steps * sizeof *self->steps);
  self->n_steps += 2;
  self->steps[0] = (FakeStep){ .kind = FAKE_STEP_BYTES, .count = count, .bytes = bytes };
  self->steps[1] = (FakeStep){ .kind = FAKE_STEP_BYTES,
                               .count = 1,
                               .bytes = g_bytes_new (self->out->str + keep, self->out->len - keep) };
  g_string_truncate (self->out, keep);
}

/* One event, in a chunk of its own. Returns FALSE if there is nothing more to say. */
static gboolean
add_event (FakeConnection *self, gsize size)
{
  GString *scratch = self->server->scratch;
  char stamp[48];
  FakeSlice word;

  g_string_truncate (scratch, 0);
  if (self->stamped)
    {
      int length = g_snprintf (stamp, sizeof stamp, "t=%" G_GINT64_FORMAT ".", g_get_monotonic_time ());
      g_autofree char *padded = NULL;

      if ((gsize) length + 1 < size)
        {
          padded = g_malloc (size);
          memset (padded, 'x', size);
          memcpy (padded, stamp, length);
          padded[size - 1] = ' ';
          word = (FakeSlice){ padded, size };
        }
      else
        {
          stamp[length++] = ' ';
          word = (FakeSlice){ stamp, length };
        }
      fake_answer_append_delta (&self->answer, scratch, word);
    }
  else if (fake_next_word (&self->words, &word))
    fake_answer_append_delta (&self->answer, scratch, word);
  else
    return FALSE;
  fake_log_stats (self->server->log)->events++;
  fake_connection_add_chunk (self, scratch->str, scratch->len);
  return TRUE;
}

static void
step_events (FakeConnection *self, FakeStep *step)
{
  gint64 now;

  while (step->count > 0 && pending (self) < OUT_HIGH)
    {
      if (!add_event (self, step->size))
        step->count = 1;
      if (--step->count > 0 && step->ms > 0)
        break;
    }
  if (step->count == 0)
    self->step++;
  if (step->ms == 0)
    return;

  now = g_get_monotonic_time ();
  if (self->due == 0 || self->due < now - G_USEC_PER_SEC)
    self->due = now;
  self->due += (gint64) step->ms * 1000;
  fake_timers_set (self->server->timers, &self->timer, self->due);
}

static void
step_bytes (FakeConnection *self, FakeStep *step)
{
  gsize length;
  const char *data = g_bytes_get_data (step->bytes, &length);

  while (step->count > 0 && pending (self) < OUT_HIGH)
    {
      g_string_append_len (self->out, data, length);
      step->count--;
    }
  if (step->count == 0)
    self->step++;
}

static void
step_last (FakeConnection *self)
{
  GString *scratch = self->server->scratch;

  g_string_truncate (scratch, 0);
  fake_answer_append_last (&self->answer, scratch);
  fake_connection_add_chunk (self, scratch->str, scratch->len);
  g_string_append (self->out, "0\r\n\r\n");
  self->step++;
}

/* Returns FALSE if the connection is gone. */
static gboolean
do_step (FakeConnection *self, FakeStep *step)
{
  struct linger at_once = { 1, 0 };

  switch (step->kind)
    {
    case FAKE_STEP_EVENTS:
      step_events (self, step);
      return TRUE;
    case FAKE_STEP_LAST:
      step_last (self);
      return TRUE;
    case FAKE_STEP_BYTES:
      step_bytes (self, step);
      return TRUE;
    case FAKE_STEP_WAIT:
      self->step++;
      fake_timers_set (self->server->timers, &self->timer, g_get_monotonic_time () + (gint64) step->ms * 1000);
      return TRUE;
    case FAKE_STEP_RESET:
      setsockopt (self->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
      close_with (self, FALSE);
      return FALSE;
    case FAKE_STEP_CLOSE:
      close_with (self, FALSE);
      return FALSE;
    case FAKE_STEP_STALL:
    default:
      return TRUE;
    }
}

/* Returns FALSE if the connection is gone. */
static gboolean
flush (FakeConnection *self)
{
  while (pending (self) > 0)
    {
      gsize length = self->drip_bytes > 0 ? MIN (self->drip_bytes, pending (self)) : pending (self);
      gssize sent = send (self->fd, self->out->str + self->out_done, length, MSG_NOSIGNAL);

      if (sent < 0 && errno == EINTR)
        continue;
      if (sent < 0 && errno != EAGAIN)
        {
          close_with (self, TRUE);
          return FALSE;
        }
      if (sent > 0)
        {
          self->out_done += sent;
          fake_log_stats (self->server->log)->bytes_out += sent;
        }
      if (self->drip_bytes > 0)
        {
          if (pending (self) > 0)
            fake_timers_set (self->server->timers, &self->timer,
                             g_get_monotonic_time () + (gint64) self->drip_ms * 1000);
          return TRUE;
        }
      if (sent < 0)
        return TRUE;
    }
  g_string_truncate (self->out, 0);
  self->out_done = 0;
  return TRUE;
}

/* Makes room for the next request, which may be in the buffer already. */
static void
end_request (FakeConnection *self)
{
  gsize used = self->request.chunked ? self->raw : self->head_length + self->request.body.length;

  note_end (self, FALSE);
  self->active = FALSE;
  forget_steps (self);
  g_clear_pointer (&self->text, g_free);
  memmove (self->in, self->in + used, self->in_length - used);
  self->in_length -= used;
  self->head_length = 0;
  if (self->in_size > KEEP_SIZE && self->in_length == 0)
    {
      g_clear_pointer (&self->in, g_free);
      self->in_size = 0;
    }
  if (self->out->allocated_len > 4 * OUT_HIGH)
    {
      g_string_free (self->out, TRUE);
      self->out = g_string_new (NULL);
    }
}

/* Goes on with an answer as far as it can. Returns FALSE if the connection is gone. */
static gboolean
run (FakeConnection *self)
{
  while (self->active)
    {
      gboolean waits = self->timer.place != 0;

      while (self->step < self->n_steps && self->timer.place == 0 && pending (self) < OUT_HIGH)
        {
          FakeStep *step = &self->steps[self->step];

          if (step->kind >= FAKE_STEP_RESET && pending (self) > 0)
            break;
          if (!do_step (self, step))
            return FALSE;
          if (step->kind == FAKE_STEP_STALL)
            break;
        }
      if ((self->drip_bytes == 0 || !waits) && !flush (self))
        return FALSE;
      if (pending (self) > 0 || self->timer.place != 0)
        return TRUE;
      if (self->step < self->n_steps && self->steps[self->step].kind == FAKE_STEP_STALL)
        return TRUE;
      if (self->step < self->n_steps)
        continue;
      if (self->close_after)
        {
          close_with (self, FALSE);
          return FALSE;
        }
      end_request (self);
    }
  return TRUE;
}

/* Takes chunks out of the buffer, in place. Returns 1 when the body is whole, 0 when there is more to come, -1 if it is
 * broken. */
static int
dechunk (FakeConnection *self)
{
  for (;;)
    {
      const char *line = self->in + self->raw;
      const char *end = memmem (line, self->in_length - self->raw, "\r\n", 2);
      guint64 size;

      if (end == NULL)
        return self->in_length - self->raw > HEAD_MAX ? -1 : 0;
      if (!g_ascii_isxdigit (*line))
        return -1;
      size = g_ascii_strtoull (line, NULL, 16);
      if (size > BODY_MAX)
        return -1;
      if (self->in_length - self->raw < (gsize) (end - line) + 2 + size + 2)
        return 0;
      memmove (self->in + self->decoded, end + 2, size);
      self->decoded += size;
      self->raw += (end - line) + 2 + size + 2;
      if (size == 0)
        return 1;
    }
}

/* Returns 1 when a whole request is there, 0 when there is more to come, -1 if it is none. */
static int
find_request (FakeConnection *self)
{
  FakeRequest *request = &self->request;

  if (self->in_length == 0)
    return 0;
  if (self->head_length == 0)
    {
      const char *end = memmem (self->in, self->in_length, "\r\n\r\n", 4);

      if (end == NULL)
        return self->in_length > HEAD_MAX ? -1 : 0;
      self->head_length = end + 4 - self->in;
      if (!fake_request_parse_head (request, self->in, self->head_length) || request->content_length > BODY_MAX)
        return -1;
      self->raw = self->decoded = self->head_length;
      if (request->expects_continue && self->in_length == self->head_length)
        g_string_append (self->out, "HTTP/1.1 100 Continue\r\n\r\n");
    }
  if (request->chunked)
    {
      int whole = dechunk (self);

      if (whole <= 0)
        return whole;
    }
  else if (self->in_length - self->head_length < (gsize) MAX (request->content_length, 0))
    return 0;

  /* the buffer may have moved since the head was read */
  fake_request_parse_head (request, self->in, self->head_length);
  request->body.data = self->in + self->head_length;
  request->body.length
      = request->chunked ? self->decoded - self->head_length : (gsize) MAX (request->content_length, 0);
  return 1;
}

static void
begin_answer (FakeConnection *self)
{
  self->active = TRUE;
  self->status = 0;
  self->drip_bytes = 0;
  self->due = 0;
  self->stamped = FALSE;
  self->words = (FakeSlice){ NULL, 0 };
  self->fixed_body = NULL;
  self->unlogged = FALSE;
  self->close_after = !self->request.keep_alive;
  self->answer = (FakeAnswer){ .finish = "stop" };
  fake_routes_answer (self);
}

/* Returns FALSE if the connection is gone. */
static gboolean
answer_all (FakeConnection *self)
{
  while (!self->active)
    {
      int whole = find_request (self);

      if (whole < 0)
        {
          fake_connection_free (self);
          return FALSE;
        }
      if (whole == 0)
        return flush (self);
      begin_answer (self);
      if (!self->delayed && !run (self))
        return FALSE;
    }
  return TRUE;
}

/* Returns FALSE if the connection is gone. */
static gboolean
read_more (FakeConnection *self)
{
  gsize want = self->in_length + READ_SIZE;
  gssize got;

  if (self->head_length > 0 && self->request.content_length > 0)
    want = MAX (want, self->head_length + self->request.content_length + 1);
  if (want > self->in_size)
    {
      self->in_size = MAX (want, self->in_size * 2);
      self->in = g_realloc (self->in, self->in_size);
    }
  do
    got = recv (self->fd, self->in + self->in_length, self->in_size - self->in_length, 0);
  while (got < 0 && errno == EINTR);
  if (got < 0 && errno == EAGAIN)
    return TRUE;
  if (got <= 0)
    {
      fake_connection_free (self);
      return FALSE;
    }
  self->in_length += got;
  fake_log_stats (self->server->log)->bytes_in += got;
  return answer_all (self);
}

void
fake_connection_ready (FakeConnection *self, guint32 events)
{
  /* a client that half-closes while it waits counts as gone, as it does for the gateway */
  if (self->active && (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0)
    {
      close_with (self, TRUE);
      return;
    }
  if (!self->active && (events & (EPOLLHUP | EPOLLERR)) != 0)
    {
      fake_connection_free (self);
      return;
    }
  if (self->active && (events & EPOLLOUT) != 0)
    {
      if (!run (self) || !answer_all (self))
        return;
    }
  else if (!self->active && (events & (EPOLLIN | EPOLLRDHUP)) != 0 && !read_more (self))
    return;
  watch (self);
}

void
fake_connection_timer (FakeConnection *self)
{
  if (self->delayed)
    {
      self->delayed = FALSE;
      fake_routes_compose (self);
    }
  if (run (self) && answer_all (self))
    watch (self);
}
