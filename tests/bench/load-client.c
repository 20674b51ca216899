/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "load-client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

typedef enum {
  STATE_IDLE,
  STATE_HEAD,
  STATE_BODY,        /* `left` bytes to come */
  STATE_TO_CLOSE,    /* the end of the connection is the end of the body */
  STATE_CHUNK_SIZE,
  STATE_CHUNK_DATA,
  STATE_CHUNK_END,   /* CR LF behind the data */
  STATE_TRAILER,     /* lines until an empty one */
} State;

struct _LoadClient {
  LoadRun *run;
  int fd; /* -1: none */
  guint32 mask;
  State state;
  gsize sent;
  gint64 begun;
  gboolean used; /* the connection has answered before */
  gboolean answered; /* a byte of this answer has come */
  gboolean close_after;
  guint status;
  guint64 left;
  gboolean marked; /* the stream's end mark came */
  GString *framing; /* a line of the head or of a chunk, without its end */
  GString *line;    /* of the stream */
};

static void
watch (LoadClient *self, guint32 mask)
{
  struct epoll_event event = { .events = mask, .data.ptr = self };

  if (mask == self->mask)
    return;
  epoll_ctl (self->run->epoll_fd, self->mask == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, self->fd, &event);
  self->mask = mask;
}

static void
disconnect (LoadClient *self)
{
  if (self->fd < 0)
    return;
  close (self->fd);
  self->run->connected--;
  self->fd = -1;
  self->mask = 0;
  self->used = FALSE;
}

LoadClient *
load_client_new (LoadRun *run)
{
  LoadClient *self = g_new0 (LoadClient, 1);

  self->run = run;
  self->fd = -1;
  self->framing = g_string_new (NULL);
  self->line = g_string_new (NULL);
  return self;
}

void
load_client_free (LoadClient *self)
{
  disconnect (self);
  g_string_free (self->framing, TRUE);
  g_string_free (self->line, TRUE);
  g_free (self);
}

gboolean
load_client_is_busy (LoadClient *self)
{
  return self->state != STATE_IDLE;
}

static void
fail (LoadClient *self, const char *what)
{
  self->run->errors++;
  g_strlcpy (self->run->last_error, what, sizeof self->run->last_error);
  self->state = STATE_IDLE;
  disconnect (self);
}

void
load_client_give_up (LoadClient *self)
{
  if (load_client_is_busy (self))
    fail (self, "no whole answer in time");
}

static gboolean
connect_now (LoadClient *self)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons (self->run->port),
                                 .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  int yes = 1;

  self->fd = socket (AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (self->fd < 0)
    return FALSE;
  self->run->connected++;
  setsockopt (self->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  return connect (self->fd, (struct sockaddr *) &address, sizeof address) == 0 || errno == EINPROGRESS;
}

static void
send_more (LoadClient *self)
{
  GString *request = self->run->request;

  while (self->sent < request->len)
    {
      gssize sent = send (self->fd, request->str + self->sent, request->len - self->sent, MSG_NOSIGNAL);

      if (sent < 0 && errno == EINTR)
        continue;
      /* a refusal may have come while we sent: what is there to read decides */
      if (sent < 0)
        {
          watch (self, errno == EAGAIN ? EPOLLIN | EPOLLOUT : EPOLLIN);
          return;
        }
      self->sent += sent;
    }
  watch (self, EPOLLIN);
}

static void
begin (LoadClient *self)
{
  self->state = STATE_HEAD;
  self->sent = 0;
  self->answered = self->marked = FALSE;
  self->status = 0;
  self->left = 0;
  g_string_truncate (self->framing, 0);
  g_string_truncate (self->line, 0);
  if (self->fd < 0 && !connect_now (self))
    {
      fail (self, "cannot connect");
      return;
    }
  send_more (self);
}

void
load_client_start (LoadClient *self)
{
  gint64 now = g_get_monotonic_time ();

  if (self->run->to_start == 0 || now >= self->run->stop_at)
    {
      disconnect (self);
      return;
    }
  self->run->to_start--;
  self->begun = now;
  begin (self);
}

/* The answer is whole. */
static void
end (LoadClient *self)
{
  LoadRun *run = self->run;

  self->state = STATE_IDLE;
  self->used = TRUE;
  if (self->status / 100 != 2)
    {
      run->non_2xx++;
      run->last_bad_status = self->status;
    }
  else if (run->stream && !self->marked)
    run->incomplete++;
  else
    {
      run->requests++;
      load_samples_add (run->latency, g_get_monotonic_time () - self->begun);
    }
  if (self->close_after || !run->keep_alive)
    disconnect (self);
}

/* One line of a stream. */
static void
take_event_line (LoadClient *self, gint64 now)
{
  const char *stamp;

  if (strstr (self->line->str, "[DONE]") != NULL || strstr (self->line->str, "\"done\":true") != NULL)
    self->marked = TRUE;
  stamp = strstr (self->line->str, "\"t=");
  if (stamp == NULL)
    return;
  self->run->events++;
  load_samples_add (self->run->delay, now - (gint64) g_ascii_strtoull (stamp + 3, NULL, 10));
}

static void
take_body (LoadClient *self, const char *data, gsize length, gint64 now)
{
  self->run->bytes += length;
  while (self->run->stream && length > 0)
    {
      const char *newline = memchr (data, '\n', length);
      gsize part = newline != NULL ? (gsize) (newline - data) : length;

      g_string_append_len (self->line, data, part);
      if (newline == NULL)
        return;
      take_event_line (self, now);
      g_string_truncate (self->line, 0);
      data += part + 1;
      length -= part + 1;
    }
}

static void
take_head_line (LoadClient *self)
{
  const char *line = self->framing->str;

  if (self->status == 0)
    self->status = self->framing->len > 12 ? g_ascii_strtoull (line + 9, NULL, 10) : 999;
  else if (g_ascii_strncasecmp (line, "content-length:", 15) == 0)
    self->left = g_ascii_strtoull (line + 15, NULL, 10) + 1;
  else if (g_ascii_strncasecmp (line, "transfer-encoding:", 18) == 0)
    self->left = G_MAXUINT64;
  else if (g_ascii_strcasecmp (line, "connection: close") == 0)
    self->close_after = TRUE;
}

/* The empty line behind the head. `left` is the length + 1, 0 for none. */
static void
end_head (LoadClient *self)
{
  if (self->status < 200)
    {
      self->status = 0;
      return;
    }
  if (self->left == G_MAXUINT64)
    self->state = STATE_CHUNK_SIZE;
  else if (self->left > 0)
    self->state = STATE_BODY;
  else
    self->state = STATE_TO_CLOSE;
  self->left = self->left > 0 ? self->left - 1 : 0;
  if (self->state == STATE_BODY && self->left == 0)
    end (self);
}

/* A line of the head or of the framing is whole. Returns FALSE if it makes no sense. */
static gboolean
take_line (LoadClient *self)
{
  gboolean good = TRUE;

  switch (self->state)
    {
    case STATE_HEAD:
      if (self->framing->len == 0)
        end_head (self);
      else
        take_head_line (self);
      break;
    case STATE_CHUNK_SIZE:
      good = g_ascii_isxdigit (self->framing->str[0]);
      self->left = g_ascii_strtoull (self->framing->str, NULL, 16);
      self->state = self->left > 0 ? STATE_CHUNK_DATA : STATE_TRAILER;
      break;
    case STATE_CHUNK_END:
      good = self->framing->len == 0;
      self->state = STATE_CHUNK_SIZE;
      break;
    default:
      if (self->framing->len == 0)
        end (self);
    }
  return good;
}

/* Returns: how much of @data was taken: up to the end of a line, or all. */
static gsize
take_framing (LoadClient *self, const char *data, gsize length)
{
  const char *newline = memchr (data, '\n', length);
  gsize part = newline != NULL ? (gsize) (newline - data) : length;

  g_string_append_len (self->framing, data, part);
  if (newline == NULL)
    return part;
  if (self->framing->len > 0 && self->framing->str[self->framing->len - 1] == '\r')
    g_string_truncate (self->framing, self->framing->len - 1);
  if (!take_line (self))
    fail (self, "bad framing");
  g_string_truncate (self->framing, 0);
  return part + 1;
}

static void
take (LoadClient *self, const char *data, gsize length)
{
  gint64 now = g_get_monotonic_time ();

  self->answered = TRUE;
  while (length > 0 && self->state != STATE_IDLE)
    {
      gsize taken;

      switch (self->state)
        {
        case STATE_BODY:
        case STATE_CHUNK_DATA:
          taken = MIN (length, self->left);
          take_body (self, data, taken, now);
          self->left -= taken;
          if (self->left == 0 && self->state == STATE_BODY)
            end (self);
          else if (self->left == 0)
            self->state = STATE_CHUNK_END;
          break;
        case STATE_TO_CLOSE:
          taken = length;
          take_body (self, data, taken, now);
          break;
        default:
          taken = take_framing (self, data, length);
        }
      data += taken;
      length -= taken;
    }
}

/* The other side has closed or reset. */
static void
lose (LoadClient *self, int error)
{
  gboolean stale = self->used && !self->answered && self->state == STATE_HEAD;

  if (self->state == STATE_TO_CLOSE && error == 0)
    {
      self->close_after = TRUE;
      end (self);
      return;
    }
  if (self->state == STATE_IDLE)
    {
      disconnect (self);
      return;
    }
  if (!stale)
    {
      fail (self, error != 0 ? g_strerror (error) : "closed before the end");
      return;
    }
  self->run->reconnects++;
  disconnect (self);
  begin (self);
}

void
load_client_ready (LoadClient *self, guint32 events, char *buffer, gsize size)
{
  gssize got;

  if ((events & EPOLLOUT) != 0 && self->sent < self->run->request->len)
    send_more (self);
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0 || self->fd < 0)
    return;

  got = recv (self->fd, buffer, size, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  if (got > 0)
    take (self, buffer, got);
  else
    lose (self, got < 0 ? errno : 0);
  if (self->state == STATE_IDLE)
    load_client_start (self);
}
