/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/sluice-notify.h"

#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* More than any queue of datagrams holds. */
#define MANY 4000

typedef struct {
  char *name; /* what NOTIFY_SOCKET says */
  int fd;
  SluiceNotify *notify;
} Fixture;

static char *last_warning; /* (owned) (nullable) */

/* Warnings are part of what is tested here: kept, not fatal. */
static GLogWriterOutput
keep_warning (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
  if ((level & G_LOG_LEVEL_MASK) != G_LOG_LEVEL_WARNING)
    return g_log_writer_default (level, fields, n_fields, data);
  for (gsize i = 0; i < n_fields; i++)
    {
      if (g_str_equal (fields[i].key, "MESSAGE"))
        {
          g_free (last_warning);
          last_warning = g_strdup (fields[i].value);
        }
    }
  return G_LOG_WRITER_HANDLED;
}

static void
assert_warned (const char *part)
{
  g_assert_nonnull (last_warning);
  g_assert_nonnull (strstr (last_warning, part));
  g_clear_pointer (&last_warning, g_free);
}

static int
manager_new (const char *name)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  gsize length = strlen (name);
  int fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

  g_assert_cmpint (fd, >=, 0);
  memcpy (address.sun_path, name, length);
  if (*name == '@')
    address.sun_path[0] = '\0';
  g_assert_no_errno (bind (fd, (struct sockaddr *) &address,
                           (socklen_t) (offsetof (struct sockaddr_un, sun_path) + length)));
  return fd;
}

/* The next datagram, or %NULL. */
static char *
manager_read (int fd)
{
  char text[4096];
  ssize_t length = recv (fd, text, sizeof text, 0);

  return length >= 0 ? g_strndup (text, (gsize) length) : NULL;
}

static void
assert_told (int fd, const char *expected)
{
  g_autofree char *text = manager_read (fd);

  g_assert_cmpstr (text, ==, expected);
}

static char **
environment (const char *name, const char *usec, const char *pid)
{
  char **list = g_new0 (char *, 1);

  if (name != NULL)
    list = g_environ_setenv (list, "NOTIFY_SOCKET", name, TRUE);
  if (usec != NULL)
    list = g_environ_setenv (list, "WATCHDOG_USEC", usec, TRUE);
  if (pid != NULL)
    list = g_environ_setenv (list, "WATCHDOG_PID", pid, TRUE);
  return list;
}

static SluiceNotify *
notify_new (const char *name, const char *usec, const char *pid)
{
  g_auto (GStrv) list = environment (name, usec, pid);

  return sluice_notify_new (list);
}

static void
set_up (Fixture *fixture, gconstpointer usec)
{
  g_assert_no_errno (g_mkdir_with_parents (g_get_user_runtime_dir (), 0700));
  fixture->name = g_strdup_printf ("@sluice-test-notify-%d-%u", getpid (), g_random_int ());
  fixture->fd = manager_new (fixture->name);
  fixture->notify = notify_new (fixture->name, usec, NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer usec)
{
  g_clear_pointer (&fixture->notify, sluice_notify_free);
  close (fixture->fd);
  g_free (fixture->name);
}

static void
test_states (Fixture *fixture, gconstpointer data)
{
  g_autofree char *reloading = NULL;
  gint64 before = g_get_monotonic_time ();
  gint64 said;

  sluice_notify_ready (fixture->notify, "listening");
  assert_told (fixture->fd, "READY=1\nSTATUS=listening\n");
  sluice_notify_ready (fixture->notify, NULL);
  assert_told (fixture->fd, "READY=1\n");
  sluice_notify_status (fixture->notify, "two models");
  assert_told (fixture->fd, "STATUS=two models\n");
  sluice_notify_stopping (fixture->notify, "bye", 5000000);
  assert_told (fixture->fd, "STOPPING=1\nSTATUS=bye\nEXTEND_TIMEOUT_USEC=5000000\n");
  sluice_notify_stopping (fixture->notify, NULL, 0);
  assert_told (fixture->fd, "STOPPING=1\n");

  sluice_notify_reloading (fixture->notify);
  reloading = manager_read (fixture->fd);
  g_assert_true (g_str_has_prefix (reloading, "RELOADING=1\nMONOTONIC_USEC="));
  said = g_ascii_strtoll (strchr (strchr (reloading, '\n'), '=') + 1, NULL, 10);
  g_assert_cmpint (said, >=, before);
  g_assert_cmpint (said, <=, g_get_monotonic_time ());
}

static void
test_status_is_one_line (Fixture *fixture, gconstpointer data)
{
  sluice_notify_status (fixture->notify, "a\nMAINPID=1\r\x1b[0m \xc3\xa9");
  assert_told (fixture->fd, "STATUS=a MAINPID=1  [0m \xc3\xa9\n");
}

static void
test_path (void)
{
  g_autofree char *path = g_build_filename (g_get_user_runtime_dir (), "notify", NULL);
  g_autoptr (SluiceNotify) notify = NULL;
  int fd;

  g_assert_no_errno (g_mkdir_with_parents (g_get_user_runtime_dir (), 0700));
  fd = manager_new (path);
  notify = notify_new (path, NULL, NULL);
  sluice_notify_ready (notify, "x");
  assert_told (fd, "READY=1\nSTATUS=x\n");
  close (fd);
  /* the manager went */
  sluice_notify_ready (notify, "y");
  g_unlink (path);
  sluice_notify_ready (notify, "z");
}

static void
test_no_manager (void)
{
  static const char *const useless[] = { "relative/path", "@", "/", "vsock:2:1", NULL };
  g_autoptr (SluiceNotify) none = notify_new (NULL, "1000000", NULL);
  g_autoptr (SluiceNotify) empty = notify_new ("", NULL, NULL);
  g_autofree char *longest = g_strnfill (200, 'x');

  sluice_notify_ready (none, "x");
  sluice_notify_stopping (empty, NULL, 0);
  g_assert_cmpint (sluice_notify_get_watchdog_us (none), ==, 0);
  longest[0] = '/';
  for (guint i = 0; i < G_N_ELEMENTS (useless); i++)
    {
      g_autoptr (SluiceNotify) notify = NULL;

      notify = notify_new (useless[i] != NULL ? useless[i] : longest, NULL, NULL);
      assert_warned ("NOTIFY_SOCKET is");
      sluice_notify_ready (notify, "x");
    }
}

static void
test_watchdog_variables (void)
{
  g_autofree char *own = g_strdup_printf ("%d", getpid ());
  g_autofree char *other = g_strdup_printf ("%d", getppid ());
  g_autoptr (SluiceNotify) plain = notify_new ("@x", "3000000", NULL);
  g_autoptr (SluiceNotify) ours = notify_new ("@x", "3000000", own);
  g_autoptr (SluiceNotify) not_ours = notify_new ("@x", "3000000", other);
  g_autoptr (SluiceNotify) odd = notify_new ("@x", "3000000", "zero");
  g_autoptr (SluiceNotify) unset = notify_new ("@x", NULL, own);
  g_autoptr (SluiceNotify) bad = NULL;

  g_assert_cmpint (sluice_notify_get_watchdog_us (plain), ==, 3000000);
  g_assert_cmpint (sluice_notify_get_watchdog_us (ours), ==, 3000000);
  g_assert_cmpint (sluice_notify_get_watchdog_us (not_ours), ==, 0);
  g_assert_cmpint (sluice_notify_get_watchdog_us (odd), ==, 0);
  g_assert_cmpint (sluice_notify_get_watchdog_us (unset), ==, 0);
  bad = notify_new ("@x", "soon", NULL);
  assert_warned ("WATCHDOG_USEC is 'soon'");
  g_assert_cmpint (sluice_notify_get_watchdog_us (bad), ==, 0);
}

static gboolean
is_healthy (gpointer data)
{
  return *(gboolean *) data;
}

/* Reads until @n pulses came. */
static void
wait_for_pulses (Fixture *fixture, guint n)
{
  while (n > 0)
    {
      g_autofree char *text = manager_read (fixture->fd);

      if (text == NULL)
        {
          g_main_context_iteration (NULL, TRUE);
          continue;
        }
      g_assert_cmpstr (text, ==, "WATCHDOG=1\n");
      n--;
    }
}

static void
test_pulse (Fixture *fixture, gconstpointer data)
{
  gboolean healthy = TRUE;
  gint64 began = g_get_monotonic_time ();
  gint64 until;

  sluice_notify_watch (fixture->notify, is_healthy, &healthy);
  assert_told (fixture->fd, "WATCHDOG=1\n");
  wait_for_pulses (fixture, 4);
  g_assert_cmpint (g_get_monotonic_time () - began, >=, 4 * 10000);

  healthy = FALSE;
  until = g_get_monotonic_time () + 60000;
  while (g_get_monotonic_time () < until)
    g_main_context_iteration (NULL, TRUE);
  assert_warned ("does not answer");
  g_assert_null (manager_read (fixture->fd));

  healthy = TRUE;
  wait_for_pulses (fixture, 2);
  sluice_notify_watch (fixture->notify, NULL, NULL);
  g_assert_false (g_main_context_pending (NULL));
}

/* A manager that does not read blocks nobody, and gets the last words when it does. */
static void
test_full (Fixture *fixture, gconstpointer data)
{
  guint n_read = 0;
  gboolean seen = FALSE;

  for (guint i = 0; i < MANY; i++)
    sluice_notify_status (fixture->notify, "so many words");
  sluice_notify_ready (fixture->notify, "last");
  while (!seen)
    {
      g_autofree char *text = manager_read (fixture->fd);

      if (text == NULL)
        g_main_context_iteration (NULL, TRUE);
      else if (g_str_has_prefix (text, "READY=1"))
        seen = TRUE;
      else
        n_read++;
    }
  g_assert_cmpuint (n_read, >, 0);
  g_assert_cmpuint (n_read, <, MANY);
  g_assert_null (manager_read (fixture->fd));
}

static void
test_variables (void)
{
  const char *const *names = sluice_notify_variables ();

  g_assert_true (g_strv_contains (names, "NOTIFY_SOCKET"));
  g_assert_true (g_strv_contains (names, "WATCHDOG_USEC"));
  g_assert_true (g_strv_contains (names, "WATCHDOG_PID"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_log_set_writer_func (keep_warning, NULL, NULL);
  g_test_add ("/notify/states", Fixture, NULL, set_up, test_states, tear_down);
  g_test_add ("/notify/status-is-one-line", Fixture, NULL, set_up, test_status_is_one_line, tear_down);
  g_test_add_func ("/notify/path", test_path);
  g_test_add_func ("/notify/no-manager", test_no_manager);
  g_test_add_func ("/notify/watchdog-variables", test_watchdog_variables);
  g_test_add ("/notify/pulse", Fixture, "20000", set_up, test_pulse, tear_down);
  g_test_add ("/notify/full", Fixture, NULL, set_up, test_full, tear_down);
  g_test_add_func ("/notify/variables", test_variables);
  return g_test_run ();
}
