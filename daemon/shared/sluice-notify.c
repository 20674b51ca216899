/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/sluice-notify.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* How soon the manager is asked again when its queue was full, and how much waits for that. */
#define RETRY_MS 50
#define MAX_WAITING 16

struct _SluiceNotify {
  int fd; /* -1: nobody to tell */
  struct sockaddr_un address;
  socklen_t address_length;
  GQueue waiting; /* (element-type utf8) (owned) */
  guint retry;

  gint64 watchdog_us; /* 0: none */
  guint pulse;
  gboolean was_healthy;
  SluiceNotifyHealthy healthy;
  gpointer user_data;
};

const char *const *
sluice_notify_variables (void)
{
  static const char *const names[] = { "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", NULL };

  return names;
}

/* "/path" or "@abstract", which has no end marker. */
static gboolean
set_address (SluiceNotify *self, const char *name)
{
  gsize length = strlen (name);
  gsize room = sizeof self->address.sun_path;

  if ((*name != '/' && *name != '@') || name[1] == '\0' || length >= room)
    return FALSE;

  self->address.sun_family = AF_UNIX;
  memcpy (self->address.sun_path, name, length);
  if (*name == '@')
    self->address.sun_path[0] = '\0';
  self->address_length = (socklen_t) (offsetof (struct sockaddr_un, sun_path) + length + (*name == '/' ? 1 : 0));
  return TRUE;
}

static gint64
read_watchdog (char **environment)
{
  const char *usec = g_environ_getenv (environment, "WATCHDOG_USEC");
  const char *pid = g_environ_getenv (environment, "WATCHDOG_PID");
  gint64 number = 0;

  if (pid != NULL && (!g_ascii_string_to_signed (pid, 10, 1, G_MAXINT, &number, NULL) || number != getpid ()))
    return 0;
  number = 0;
  if (usec != NULL && !g_ascii_string_to_signed (usec, 10, 1, G_MAXINT64, &number, NULL))
    g_warning ("the service manager's watchdog is not served: WATCHDOG_USEC is '%.32s'", usec);
  return number;
}

SluiceNotify *
sluice_notify_new (char **environment)
{
  SluiceNotify *self = g_new0 (SluiceNotify, 1);
  const char *name = g_environ_getenv (environment, "NOTIFY_SOCKET");

  self->fd = -1;
  self->was_healthy = TRUE;
  g_queue_init (&self->waiting);
  if (name == NULL || *name == '\0')
    return self;
  if (!set_address (self, name))
    {
      g_warning ("the service manager is not told anything: NOTIFY_SOCKET is '%.128s'", name);
      return self;
    }
  self->fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (self->fd >= 0)
    self->watchdog_us = read_watchdog (environment);
  return self;
}

/* FALSE if there is no room at the moment. Other errors are final: nobody listens. */
static gboolean
send_now (SluiceNotify *self, const char *text)
{
  ssize_t sent;

  do
    sent = sendto (self->fd, text, strlen (text), MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *) &self->address,
                   self->address_length);
  while (sent < 0 && errno == EINTR);
  if (sent >= 0)
    return TRUE;
  if (errno == EAGAIN || errno == ENOBUFS)
    return FALSE;

  g_debug ("the service manager was not told: %s", g_strerror (errno));
  return TRUE;
}

static gboolean
on_retry (gpointer data)
{
  SluiceNotify *self = data;

  while (!g_queue_is_empty (&self->waiting) && send_now (self, g_queue_peek_head (&self->waiting)))
    g_free (g_queue_pop_head (&self->waiting));
  if (!g_queue_is_empty (&self->waiting))
    return G_SOURCE_CONTINUE;

  self->retry = 0;
  return G_SOURCE_REMOVE;
}

static void
tell (SluiceNotify *self, const char *text)
{
  if (self->fd < 0)
    return;
  if (g_queue_is_empty (&self->waiting) && send_now (self, text))
    return;

  if (g_queue_get_length (&self->waiting) >= MAX_WAITING)
    g_free (g_queue_pop_head (&self->waiting));
  g_queue_push_tail (&self->waiting, g_strdup (text));
  if (self->retry == 0)
    self->retry = g_timeout_add (RETRY_MS, on_retry, self);
}

/* The protocol is one assignment a line: a status must not bring further ones. */
static void
append_status (GString *text, const char *status)
{
  gsize begin;

  if (status == NULL)
    return;
  g_string_append (text, "STATUS=");
  begin = text->len;
  g_string_append (text, status);
  for (gsize i = begin; i < text->len; i++)
    {
      if (g_ascii_iscntrl (text->str[i]))
        text->str[i] = ' ';
    }
  g_string_append_c (text, '\n');
}

void
sluice_notify_ready (SluiceNotify *self, const char *status)
{
  g_autoptr (GString) text = g_string_new ("READY=1\n");

  append_status (text, status);
  tell (self, text->str);
}

void
sluice_notify_reloading (SluiceNotify *self)
{
  g_autofree char *text = g_strdup_printf ("RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT "\n",
                                           g_get_monotonic_time ());

  tell (self, text);
}

void
sluice_notify_stopping (SluiceNotify *self, const char *status, gint64 extend_us)
{
  g_autoptr (GString) text = g_string_new ("STOPPING=1\n");

  append_status (text, status);
  if (extend_us > 0)
    g_string_append_printf (text, "EXTEND_TIMEOUT_USEC=%" G_GINT64_FORMAT "\n", extend_us);
  tell (self, text->str);
}

void
sluice_notify_status (SluiceNotify *self, const char *status)
{
  g_autoptr (GString) text = g_string_new (NULL);

  append_status (text, status);
  if (text->len > 0)
    tell (self, text->str);
}

gint64
sluice_notify_get_watchdog_us (SluiceNotify *self)
{
  return self->watchdog_us;
}

static gboolean
on_pulse (gpointer data)
{
  SluiceNotify *self = data;
  gboolean healthy = self->healthy (self->user_data);

  if (!healthy && self->was_healthy)
    g_warning ("the watchdog gets no sign of life: a part of the program does not answer");
  self->was_healthy = healthy;
  /* a pulse that would have to wait is worth nothing: the next one comes in time */
  if (healthy && g_queue_is_empty (&self->waiting))
    send_now (self, "WATCHDOG=1\n");
  return G_SOURCE_CONTINUE;
}

void
sluice_notify_watch (SluiceNotify *self, SluiceNotifyHealthy healthy, gpointer user_data)
{
  g_clear_handle_id (&self->pulse, g_source_remove);
  if (self->watchdog_us == 0 || healthy == NULL)
    return;
  self->healthy = healthy;
  self->user_data = user_data;
  self->pulse = g_timeout_add ((guint) CLAMP (self->watchdog_us / 2000, 1, G_MAXINT), on_pulse, self);
  on_pulse (self);
}

void
sluice_notify_free (SluiceNotify *self)
{
  g_clear_handle_id (&self->pulse, g_source_remove);
  g_clear_handle_id (&self->retry, g_source_remove);
  if (!g_queue_is_empty (&self->waiting))
    on_retry (self);
  g_queue_clear_full (&self->waiting, g_free);
  if (self->fd >= 0)
    close (self->fd);
  g_free (self);
}
