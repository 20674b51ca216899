/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/sluice-activation.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shared/sluice-error.h"

/* Where the descriptors begin here: far from those that GLib opens by itself. */
#define FIRST 100

static int
tcp (int type, const char *host, guint port, gboolean listens)
{
  g_autoptr (GInetAddress) inet = g_inet_address_new_from_string (host);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (inet, (guint16) port);
  struct sockaddr_storage native;
  int fd = socket (strchr (host, ':') != NULL ? AF_INET6 : AF_INET, type, 0);

  g_assert_cmpint (fd, >=, 0);
  g_assert_true (g_socket_address_to_native (address, &native, sizeof native, NULL));
  g_assert_no_errno (bind (fd, (struct sockaddr *) &native, (socklen_t) g_socket_address_get_native_size (address)));
  if (listens)
    g_assert_no_errno (listen (fd, 8));
  return fd;
}

static int
unix_socket (const char *path)
{
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
  struct sockaddr_storage native;
  int fd = socket (AF_UNIX, SOCK_STREAM, 0);

  g_assert_true (g_socket_address_to_native (address, &native, sizeof native, NULL));
  g_assert_no_errno (bind (fd, (struct sockaddr *) &native, (socklen_t) g_socket_address_get_native_size (address)));
  g_assert_no_errno (listen (fd, 8));
  return fd;
}

/* Moves @fds to FIRST and up, as a manager would; -1 leaves a gap. */
static void
place (const int *fds, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      close (FIRST + (int) i);
      if (fds[i] < 0)
        continue;
      g_assert_cmpint (dup2 (fds[i], FIRST + (int) i), ==, FIRST + (int) i);
      close (fds[i]);
    }
}

static GPtrArray *
take (const char *pid, const char *fds, const char *names, GError **error)
{
  g_auto (GStrv) list = g_new0 (char *, 1);
  g_autofree char *own = g_strdup_printf ("%d", getpid ());

  if (pid != NULL)
    list = g_environ_setenv (list, "LISTEN_PID", g_str_equal (pid, "own") ? own : pid, TRUE);
  if (fds != NULL)
    list = g_environ_setenv (list, "LISTEN_FDS", fds, TRUE);
  if (names != NULL)
    list = g_environ_setenv (list, "LISTEN_FDNAMES", names, TRUE);
  return sluice_activation_take (list, FIRST, error);
}

static gboolean
is_open (int fd)
{
  return fcntl (fd, F_GETFD) >= 0;
}

static void
test_takes (void)
{
  g_autofree char *path = g_build_filename (g_get_user_runtime_dir (), "http.sock", NULL);
  g_autofree char *v4 = NULL, *where = NULL;
  g_autoptr (GPtrArray) sockets = NULL;
  g_autoptr (GError) error = NULL;
  const SluiceInherited *one;
  guint port;
  int fds[2];

  g_assert_no_errno (g_mkdir_with_parents (g_get_user_runtime_dir (), 0700));
  fds[0] = tcp (SOCK_STREAM, "127.0.0.1", 0, TRUE);
  fds[1] = unix_socket (path);
  place (fds, 2);
  sockets = take ("own", "2", "http:", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (sockets->len, ==, 2);

  one = g_ptr_array_index (sockets, 0);
  g_assert_cmpstr (one->name, ==, "http");
  g_assert_cmpint (g_socket_get_fd (one->socket), ==, FIRST);
  g_assert_true (fcntl (FIRST, F_GETFD) & FD_CLOEXEC);
  g_assert_true (fcntl (FIRST + 1, F_GETFD) & FD_CLOEXEC);
  g_assert_false (g_socket_get_blocking (one->socket));
  v4 = sluice_inherited_describe (one, &port);
  g_assert_cmpuint (port, >, 0);
  g_assert_true (g_str_has_prefix (v4, "http://127.0.0.1:"));

  one = g_ptr_array_index (sockets, 1);
  g_assert_cmpstr (one->name, ==, "unknown");
  where = sluice_inherited_describe (one, &port);
  g_assert_cmpstr (where, ==, path);
  g_assert_cmpuint (port, ==, 0);
  g_assert_true (sluice_activation_check (sockets, NULL, &error));

  g_clear_pointer (&sockets, g_ptr_array_unref);
  g_assert_false (is_open (FIRST));
  g_assert_false (is_open (FIRST + 1));
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
}

/* Not meant for us, or nothing at all: then nothing is touched. */
static void
test_none (void)
{
  static const struct {
    const char *pid;
    const char *fds;
  } cases[] = { { NULL, NULL }, { NULL, "1" }, { "own", NULL }, { "1", "1" }, { "self", "1" }, { "own", "0" } };
  int fd = tcp (SOCK_STREAM, "127.0.0.1", 0, TRUE);

  place (&fd, 1);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) sockets = take (cases[i].pid, cases[i].fds, NULL, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (sockets->len, ==, 0);
      g_assert_true (is_open (FIRST));
    }
  close (FIRST);
}

static void
assert_refused (int fd, const char *why)
{
  int fds[2] = { tcp (SOCK_STREAM, "127.0.0.1", 0, TRUE), fd };
  g_autoptr (GPtrArray) sockets = NULL;
  g_autoptr (GError) error = NULL;

  place (fds, 2);
  sockets = take ("own", "2", "http:other", &error);
  g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_ADDRESS);
  g_assert_null (sockets);
  g_assert_nonnull (strstr (error->message, why));
  g_assert_nonnull (strstr (error->message, "'other'"));
  g_assert_false (is_open (FIRST));
  g_assert_false (is_open (FIRST + 1));
}

static void
test_refuses (void)
{
  g_autofree char *path = g_build_filename (g_get_user_runtime_dir (), "file", NULL);
  int pair[2];

  g_assert_no_errno (g_mkdir_with_parents (g_get_user_runtime_dir (), 0700));
  g_assert_no_errno (socketpair (AF_UNIX, SOCK_STREAM, 0, pair));
  assert_refused (pair[0], "does not listen");
  close (pair[1]);
  assert_refused (-1, "is not open");
  assert_refused (open (path, O_RDWR | O_CREAT, 0600), "is no socket");
  assert_refused (tcp (SOCK_STREAM, "127.0.0.1", 0, FALSE), "does not listen");
  assert_refused (tcp (SOCK_DGRAM, "127.0.0.1", 0, FALSE), "is no stream socket");
  assert_refused (socket (AF_NETLINK, SOCK_RAW, 0), "is no stream socket");
}

static void
test_counts (void)
{
  static const char *const bad[] = { "-1", "65", "two", "1 ", "99999999999999999999" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (take ("own", bad[i], NULL, &error));
      g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_ADDRESS);
    }
}

static void
check_hosts (const char *bound, const char *host, gboolean expected)
{
  g_autoptr (GPtrArray) sockets = NULL;
  g_autoptr (GError) error = NULL;
  int fd = tcp (SOCK_STREAM, bound, 0, TRUE);

  place (&fd, 1);
  sockets = take ("own", "1", "http", &error);
  g_assert_no_error (error);
  g_assert_cmpint (sluice_activation_check (sockets, host, &error), ==, expected);
  if (!expected)
    {
      g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_ADDRESS);
      g_assert_nonnull (strstr (error->message, "sluice_settings.host"));
    }
}

static void
test_hosts (void)
{
  check_hosts ("127.0.0.1", NULL, TRUE);
  check_hosts ("127.0.0.1", "0.0.0.0", TRUE);
  check_hosts ("127.8.9.10", NULL, TRUE);
  check_hosts ("0.0.0.0", NULL, FALSE);
  check_hosts ("0.0.0.0", "127.0.0.1", FALSE);
  check_hosts ("0.0.0.0", "no address", FALSE);
  check_hosts ("0.0.0.0", "0.0.0.0", TRUE);
  if (!g_file_test ("/proc/net/if_inet6", G_FILE_TEST_EXISTS))
    {
      g_test_skip ("no IPv6 here: only the rest was looked at");
      return;
    }
  check_hosts ("::", NULL, FALSE);
  check_hosts ("::", "0.0.0.0", FALSE);
  check_hosts ("::", "::", TRUE);
}

static void
test_one_port (void)
{
  g_autoptr (GPtrArray) sockets = NULL;
  g_autoptr (GError) error = NULL;
  int fds[2] = { tcp (SOCK_STREAM, "127.0.0.1", 0, TRUE), tcp (SOCK_STREAM, "127.0.0.1", 0, TRUE) };

  place (fds, 2);
  sockets = take ("own", "2", NULL, &error);
  g_assert_no_error (error);
  g_assert_false (sluice_activation_check (sockets, NULL, &error));
  g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_ADDRESS);
}

static void
test_variables (void)
{
  const char *const *names = sluice_activation_variables ();

  g_assert_true (g_strv_contains (names, "LISTEN_PID"));
  g_assert_true (g_strv_contains (names, "LISTEN_FDS"));
  g_assert_true (g_strv_contains (names, "LISTEN_FDNAMES"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/activation/takes", test_takes);
  g_test_add_func ("/activation/none", test_none);
  g_test_add_func ("/activation/refuses", test_refuses);
  g_test_add_func ("/activation/counts", test_counts);
  g_test_add_func ("/activation/hosts", test_hosts);
  g_test_add_func ("/activation/one-port", test_one_port);
  g_test_add_func ("/activation/variables", test_variables);
  return g_test_run ();
}
