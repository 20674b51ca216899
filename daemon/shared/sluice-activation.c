/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/sluice-activation.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gunixsocketaddress.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shared/sluice-error.h"

/* More is a mistake. */
#define MAX_SOCKETS 64

#define WHAT_TO_DO "look at ListenStream in the socket unit"

const char *const *
sluice_activation_variables (void)
{
  static const char *const names[] = { "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", NULL };

  return names;
}

void
sluice_inherited_free (SluiceInherited *self)
{
  g_clear_object (&self->socket);
  g_free (self->name);
  g_free (self);
}

static int
option (int fd, int name)
{
  int value = -1;
  socklen_t length = sizeof value;

  return getsockopt (fd, SOL_SOCKET, name, &value, &length) == 0 ? value : -1;
}

/* What is wrong with it, or %NULL. */
static const char *
find_fault (int fd)
{
  int domain = option (fd, SO_DOMAIN);

  if (domain < 0)
    return errno == EBADF ? "is not open" : "is no socket";
  if (option (fd, SO_TYPE) != SOCK_STREAM)
    return "is no stream socket";
  if (domain != AF_INET && domain != AF_INET6 && domain != AF_UNIX)
    return "is of a family that is not served";
  if (domain != AF_UNIX && option (fd, SO_PROTOCOL) != IPPROTO_TCP)
    return "does not speak TCP";
  return option (fd, SO_ACCEPTCONN) == 1 ? NULL : "does not listen";
}

static SluiceInherited *
take_one (int fd, const char *name, GError **error)
{
  g_autoptr (GError) local = NULL;
  const char *fault = find_fault (fd);
  SluiceInherited *self;
  GSocket *socket;

  if (fault != NULL)
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_ADDRESS,
                   "descriptor %d ('%.64s') from the service manager %s, " WHAT_TO_DO, fd, name, fault);
      return NULL;
    }
  socket = g_socket_new_from_fd (fd, &local);
  if (socket == NULL)
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_ADDRESS,
                   "descriptor %d ('%.64s') from the service manager cannot be used: %s", fd, name, local->message);
      return NULL;
    }
  g_socket_set_blocking (socket, FALSE);
  self = g_new0 (SluiceInherited, 1);
  self->socket = socket;
  self->name = g_strdup (name);
  return self;
}

/* How many descriptors are meant for this process; -1 with @error set. */
static int
count (char **environment, GError **error)
{
  const char *pid = g_environ_getenv (environment, "LISTEN_PID");
  const char *fds = g_environ_getenv (environment, "LISTEN_FDS");
  gint64 number = 0;

  if (pid == NULL || fds == NULL || !g_ascii_string_to_signed (pid, 10, 1, G_MAXINT, &number, NULL)
      || number != getpid ())
    return 0;
  if (!g_ascii_string_to_signed (fds, 10, 0, MAX_SOCKETS, &number, NULL))
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_ADDRESS,
                   "LISTEN_FDS is '%.32s', at most %d sockets are taken from a service manager", fds, MAX_SOCKETS);
      return -1;
    }
  return (int) number;
}

GPtrArray *
sluice_activation_take (char **environment, int first, GError **error)
{
  g_autoptr (GPtrArray) sockets = g_ptr_array_new_with_free_func ((GDestroyNotify) sluice_inherited_free);
  const char *list = g_environ_getenv (environment, "LISTEN_FDNAMES");
  g_auto (GStrv) names = g_strsplit (list != NULL ? list : "", ":", -1);
  guint n_names = g_strv_length (names);
  int n = count (environment, error);

  if (n < 0)
    return NULL;
  /* all of them first: none may reach a child, whatever comes */
  for (int i = 0; i < n; i++)
    {
      int flags = fcntl (first + i, F_GETFD);

      if (flags >= 0)
        fcntl (first + i, F_SETFD, flags | FD_CLOEXEC);
    }
  for (int i = 0; i < n; i++)
    {
      const char *name = (guint) i < n_names && *names[i] != '\0' ? names[i] : "unknown";
      SluiceInherited *one = take_one (first + i, name, error);

      if (one == NULL)
        {
          for (int fd = first + i; fd < first + n; fd++)
            close (fd);
          return NULL;
        }
      g_ptr_array_add (sockets, one);
    }
  return g_steal_pointer (&sockets);
}

char *
sluice_inherited_describe (const SluiceInherited *self, guint *port)
{
  g_autoptr (GSocketAddress) address = g_socket_get_local_address (self->socket, NULL);
  g_autofree char *host = NULL;
  guint number;

  if (port != NULL)
    *port = 0;
  if (address != NULL && G_IS_UNIX_SOCKET_ADDRESS (address))
    return g_strdup (g_unix_socket_address_get_path (G_UNIX_SOCKET_ADDRESS (address)));
  if (address == NULL || !G_IS_INET_SOCKET_ADDRESS (address))
    return g_strdup ("unknown");

  host = g_inet_address_to_string (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)));
  number = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
  if (port != NULL)
    *port = number;
  return strchr (host, ':') != NULL ? g_strdup_printf ("http://[%s]:%u", host, number)
                                    : g_strdup_printf ("http://%s:%u", host, number);
}

static gboolean
is_allowed (GSocket *socket, const char *host)
{
  g_autoptr (GSocketAddress) address = g_socket_get_local_address (socket, NULL);
  g_autoptr (GInetAddress) wanted = host != NULL ? g_inet_address_new_from_string (host) : NULL;
  GInetAddress *inet;

  if (g_socket_get_family (socket) == G_SOCKET_FAMILY_UNIX)
    return TRUE;
  if (address == NULL || !G_IS_INET_SOCKET_ADDRESS (address))
    return FALSE;
  inet = g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address));
  return g_inet_address_get_is_loopback (inet) || (wanted != NULL && g_inet_address_equal (inet, wanted));
}

gboolean
sluice_activation_check (GPtrArray *sockets, const char *host, GError **error)
{
  guint first_port = 0;

  for (guint i = 0; i < sockets->len; i++)
    {
      const SluiceInherited *one = g_ptr_array_index (sockets, i);
      guint port;
      g_autofree char *where = sluice_inherited_describe (one, &port);

      if (!is_allowed (one->socket, host))
        {
          g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_ADDRESS,
                       "the socket unit ('%.64s') listens on %s, which others can reach: set sluice_settings.host to "
                       "that address to allow it, or use 127.0.0.1 in the socket unit",
                       one->name, where);
          return FALSE;
        }
      if (port != 0 && first_port != 0 && port != first_port)
        {
          g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_ADDRESS,
                       "the socket units listen on port %u and on port %u, use one port for all", first_port, port);
          return FALSE;
        }
      if (first_port == 0)
        first_port = port;
    }
  return TRUE;
}
