/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "http/sluice-peer.h"

#include <fcntl.h>
#include <gio/gunixsocketaddress.h>
#include <sys/socket.h>
#include <unistd.h>

/* Both ends of one connection. */
typedef struct {
  GSocket *client;
  GSocket *server;
} Pair;

static void
pair_free (Pair *pair)
{
  g_clear_object (&pair->client);
  g_clear_object (&pair->server);
  g_free (pair);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Pair, pair_free)

/* %NULL where the machine has no such address. */
static Pair *
pair_new (GSocketAddress *address)
{
  g_autoptr (Pair) pair = g_new0 (Pair, 1);
  g_autoptr (GSocket) listener = NULL;
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GError) error = NULL;
  GSocketFamily family = g_socket_address_get_family (address);

  listener = g_socket_new (family, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL);
  if (listener == NULL || !g_socket_bind (listener, address, TRUE, NULL))
    return NULL;
  g_assert_true (g_socket_listen (listener, &error));
  bound = g_socket_get_local_address (listener, &error);
  g_assert_no_error (error);
  pair->client = g_socket_new (family, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, &error);
  g_assert_no_error (error);
  g_socket_connect (pair->client, bound, NULL, &error);
  g_assert_no_error (error);
  pair->server = g_socket_accept (listener, NULL, &error);
  g_assert_no_error (error);
  return g_steal_pointer (&pair);
}

static Pair *
pair_new_tcp (GSocketFamily family)
{
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (family);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (loopback, 0);

  return pair_new (address);
}

/* The kernel may have no sock_diag (containers): then TCP peers are unknown, which is no fault. */
static void
check_tcp (GSocketFamily family)
{
  g_autoptr (SluicePeerFinder) finder = sluice_peer_finder_new ();
  g_autoptr (Pair) pair = pair_new_tcp (family);
  SluicePeer peer;

  if (pair == NULL)
    {
      g_test_skip ("no such loopback address here");
      return;
    }
  peer = sluice_peer_finder_find (finder, g_socket_get_fd (pair->server));
  g_assert_true (peer.loopback);
  if (!peer.uid_known)
    {
      g_test_skip ("the kernel does not tell owners of sockets here");
      return;
    }
  g_assert_cmpuint (peer.uid, ==, getuid ());

  /* the one finder serves many */
  peer = sluice_peer_finder_find (finder, g_socket_get_fd (pair->client));
  g_assert_true (peer.uid_known);
  g_assert_cmpuint (peer.uid, ==, getuid ());
}

static void
test_tcp4 (void)
{
  check_tcp (G_SOCKET_FAMILY_IPV4);
}

static void
test_tcp6 (void)
{
  check_tcp (G_SOCKET_FAMILY_IPV6);
}

/* A client that has gone owns nothing: root, whose uid is 0, must not come out of it. */
static void
test_client_gone (void)
{
  g_autoptr (SluicePeerFinder) finder = sluice_peer_finder_new ();
  g_autoptr (Pair) pair = pair_new_tcp (G_SOCKET_FAMILY_IPV4);
  SluicePeer peer;

  g_assert_nonnull (pair);
  g_assert_true (g_socket_close (pair->client, NULL));
  peer = sluice_peer_finder_find (finder, g_socket_get_fd (pair->server));
  g_assert_true (!peer.uid_known || peer.uid == getuid ());
  g_assert_false (peer.uid_known);
}

/* Asked from the client's side before the server has taken the connection. */
static void
check_listener (GSocketFamily family, gboolean any)
{
  g_autoptr (SluicePeerFinder) finder = sluice_peer_finder_new ();
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GInetAddress) at = any ? g_inet_address_new_any (family) : g_inet_address_new_loopback (family);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (at, 0);
  g_autoptr (GSocket) listener = g_socket_new (family, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL);
  g_autoptr (GSocket) client = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT,
                                             NULL);
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GSocketAddress) target = NULL;
  g_autoptr (GError) error = NULL;
  SluicePeer peer;

  if (listener == NULL || !g_socket_bind (listener, address, TRUE, NULL))
    {
      g_test_skip ("no such address here");
      return;
    }
  g_assert_true (g_socket_listen (listener, &error));
  bound = g_socket_get_local_address (listener, &error);
  g_assert_no_error (error);
  target = g_inet_socket_address_new (loopback, g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound)));
  g_socket_connect (client, target, NULL, &error);
  g_assert_no_error (error);

  peer = sluice_peer_finder_find (finder, g_socket_get_fd (client));
  g_assert_false (peer.uid_known);
  peer = sluice_peer_finder_find_listener (finder, g_socket_get_fd (client));
  g_assert_true (peer.loopback);
  if (peer.uid_known)
    g_assert_cmpuint (peer.uid, ==, getuid ());
  else
    g_test_skip ("the kernel does not tell owners of sockets here");
}

static void
test_listener (void)
{
  check_listener (G_SOCKET_FAMILY_IPV4, FALSE);
  check_listener (G_SOCKET_FAMILY_IPV4, TRUE);
  check_listener (G_SOCKET_FAMILY_IPV6, TRUE);
}

static void
test_unix_listener (void)
{
  g_autoptr (SluicePeerFinder) finder = sluice_peer_finder_new ();
  g_autofree char *dir = g_dir_make_tmp ("peer-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (dir, "socket", NULL);
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
  g_autoptr (Pair) pair = pair_new (address);
  SluicePeer peer;

  g_assert_nonnull (pair);
  peer = sluice_peer_finder_find (finder, g_socket_get_fd (pair->server));
  g_assert_true (peer.loopback);
  g_assert_true (peer.uid_known);
  g_assert_cmpuint (peer.uid, ==, getuid ());
  unlink (path);
  rmdir (dir);
}

static void
test_unix_pair (void)
{
  g_autoptr (SluicePeerFinder) finder = sluice_peer_finder_new ();
  SluicePeer peer;
  int fds[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
  peer = sluice_peer_finder_find (finder, fds[0]);
  g_assert_true (peer.loopback);
  g_assert_true (peer.uid_known);
  g_assert_cmpuint (peer.uid, ==, getuid ());
  close (fds[0]);
  close (fds[1]);
}

/* What is no connection is nobody's, least of all loopback's. */
static void
test_no_connection (void)
{
  g_autoptr (SluicePeerFinder) finder = sluice_peer_finder_new ();
  int fds[] = { -1, open ("/dev/null", O_RDONLY | O_CLOEXEC), socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };

  for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
    {
      SluicePeer peer = sluice_peer_finder_find (finder, fds[i]);

      g_assert_false (peer.loopback);
      g_assert_false (peer.uid_known);
      if (fds[i] >= 0)
        close (fds[i]);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/peer/tcp4", test_tcp4);
  g_test_add_func ("/peer/tcp6", test_tcp6);
  g_test_add_func ("/peer/client-gone", test_client_gone);
  g_test_add_func ("/peer/listener", test_listener);
  g_test_add_func ("/peer/unix-listener", test_unix_listener);
  g_test_add_func ("/peer/unix-pair", test_unix_pair);
  g_test_add_func ("/peer/no-connection", test_no_connection);
  return g_test_run ();
}
