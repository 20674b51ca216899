/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/sluice-ledger-lock-private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "shared/sluice-error.h"
#include "shared/sluice-names.h"

struct _SluiceLedgerLock {
  int fd;
};

/* "pid 1234, since 2026-01-31T12:00:00Z"; (transfer full). */
static char *
describe_holder (int fd)
{
  char text[128];
  ssize_t length = pread (fd, text, sizeof text - 1, 0);
  g_auto (GStrv) lines = NULL;
  gint64 pid;

  text[MAX (length, 0)] = '\0';
  lines = g_strsplit (text, "\n", 3);
  if (lines[0] == NULL || !g_ascii_string_to_signed (lines[0], 10, 1, G_MAXINT32, &pid, NULL))
    return g_strdup ("pid not known");
  if (lines[1] == NULL || !g_str_is_ascii (lines[1]) || *lines[1] == '\0')
    return g_strdup_printf ("pid %" G_GINT64_FORMAT, pid);
  return g_strdup_printf ("pid %" G_GINT64_FORMAT ", since %s", pid, lines[1]);
}

static gboolean
write_holder (int fd, SluiceClock *clock)
{
  g_autoptr (GDateTime) now = g_date_time_new_from_unix_utc (sluice_clock_real (clock) / G_USEC_PER_SEC);
  g_autofree char *since = now != NULL ? g_date_time_format (now, "%Y-%m-%dT%H:%M:%SZ") : g_strdup ("");
  g_autofree char *text = g_strdup_printf ("%d\n%s\n", (int) getpid (), since);

  return ftruncate (fd, 0) == 0 && pwrite (fd, text, strlen (text), 0) == (ssize_t) strlen (text);
}

static gboolean
take (int fd, const char *path, SluiceClock *clock, GError **error)
{
  struct stat buffer;

  if (fstat (fd, &buffer) < 0 || !S_ISREG (buffer.st_mode))
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_STORAGE, "%s is not a plain file", path);
      return FALSE;
    }
  if (flock (fd, LOCK_EX | LOCK_NB) == 0)
    {
      /* A full disk is no reason not to start: who comes second is told less. */
      if (!write_holder (fd, clock))
        g_debug ("cannot write %s: %s", path, g_strerror (errno));
      return TRUE;
    }
  if (errno == EWOULDBLOCK)
    {
      g_autofree char *holder = describe_holder (fd);

      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_LOCKED,
                   "another sluiced uses this directory (%s); %s is locked", holder, path);
      return FALSE;
    }
  g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_STORAGE, "cannot lock %s: %s", path, g_strerror (errno));
  return FALSE;
}

SluiceLedgerLock *
sluice_ledger_lock_take (const char *directory, SluiceClock *clock, GError **error)
{
  g_autofree char *path = g_build_filename (directory, SLUICE_LOCK_FILE, NULL);
  SluiceLedgerLock *self;
  int fd = g_open (path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);

  if (fd < 0)
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_STORAGE, "cannot open %s: %s", path, g_strerror (errno));
      return NULL;
    }
  if (!take (fd, path, clock, error))
    {
      close (fd);
      return NULL;
    }

  self = g_new (SluiceLedgerLock, 1);
  self->fd = fd;
  return self;
}

void
sluice_ledger_lock_free (SluiceLedgerLock *self)
{
  if (self == NULL)
    return;

  close (self->fd);
  g_free (self);
}
