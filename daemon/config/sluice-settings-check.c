/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/sluice-settings-check.h"

#include <gio/gio.h>
#include <string.h>

#define HOST_MAX 253
#define LABEL_MAX 63
#define PORT_MAX 65535

/* A text that holds @mark cannot be used, because of @fault. */
typedef struct {
  const char *mark;
  const char *fault;
} Mark;

static const char *
find_mark (const char *text, const Mark *marks, guint n_marks)
{
  for (guint i = 0; i < n_marks; i++)
    if (strstr (text, marks[i].mark) != NULL)
      return marks[i].fault;
  return NULL;
}

const char *
sluice_settings_check_address (const char *text)
{
  static const Mark marks[] = {
    { "://", "takes an IP address like 127.0.0.1, not a URL: leave out the scheme and what comes after the address" },
    { "[", "takes an IP address without brackets, like ::1; the port is a setting of its own" },
    { "/", "takes one IP address like 127.0.0.1, neither a network nor a path" },
  };
  const char *fault = find_mark (text, marks, G_N_ELEMENTS (marks));
  const char *colon = strchr (text, ':');
  g_autoptr (GSocketAddress) socket_address = NULL;
  GInetAddress *address;

  if (fault != NULL)
    return fault;
  if (g_ascii_strcasecmp (text, "localhost") == 0)
    return "takes an IP address, not a name: leave it out, then 127.0.0.1 and ::1 are listened on";
  if (colon != NULL && strchr (colon + 1, ':') == NULL)
    return "takes an IP address without a port, like 127.0.0.1; the port is a setting of its own";

  /* what the listener is going to do with it */
  socket_address = g_inet_socket_address_new_from_string (text, 0);
  if (socket_address == NULL)
    return "takes an IP address like 127.0.0.1 or ::1, or 0.0.0.0 for all interfaces, not a name";

  address = g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (socket_address));
  if (g_inet_address_get_is_multicast (address))
    return "takes the IP address of an interface, not one of a group";
  if (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6 && g_inet_address_get_is_link_local (address)
      && g_inet_socket_address_get_scope_id (G_INET_SOCKET_ADDRESS (socket_address)) == 0)
    return "needs the interface of a link-local address behind it, like fe80::1%eth0";
  return NULL;
}

/* "1" to "65535", as it is sent: without zeros before it. */
static gboolean
is_port (const char *text)
{
  guint64 port;

  return *text != '0' && g_ascii_string_to_unsigned (text, 10, 1, PORT_MAX, &port, NULL);
}

static gboolean
is_label_char (char c)
{
  return g_ascii_isalnum (c) || c == '-' || c == '_';
}

/* Labels between dots; one dot more may end the name. Whoever ends in a number is an IPv4 address, for browsers too. */
static gboolean
is_host_name (const char *text)
{
  g_autofree char *name = g_strdup (text);
  g_auto (GStrv) labels = NULL;
  const char *last = NULL;

  if (g_str_has_suffix (name, "."))
    name[strlen (name) - 1] = '\0';
  if (*name == '\0' || strlen (name) > HOST_MAX)
    return FALSE;

  labels = g_strsplit (name, ".", -1);
  for (guint i = 0; labels[i] != NULL; i++)
    {
      gsize length = 0;

      while (is_label_char (labels[i][length]))
        length++;
      if (length == 0 || length > LABEL_MAX || labels[i][length] != '\0')
        return FALSE;
      last = labels[i];
    }

  if (last[strspn (last, "0123456789")] == '\0')
    {
      g_autoptr (GInetAddress) address = g_inet_address_new_from_string (text);

      return address != NULL;
    }
  return TRUE;
}

/* "[::1]"; @canonical: as a browser writes it. */
static gboolean
is_bracketed (const char *text, gboolean canonical)
{
  gsize length = strlen (text);
  g_autofree char *inner = length > 2 && text[length - 1] == ']' ? g_strndup (text + 1, length - 2) : NULL;
  g_autoptr (GInetAddress) address = NULL;
  g_autofree char *shortest = NULL;

  if (inner == NULL || strchr (inner, ':') == NULL || strchr (inner, '%') != NULL)
    return FALSE;

  address = g_inet_address_new_from_string (inner);
  shortest = address != NULL ? g_inet_address_to_string (address) : NULL;
  return shortest != NULL && (!canonical || g_str_equal (shortest, inner));
}

/* Splits "host:port"; @port is %NULL without one. Returns: (transfer full): the host. */
static char *
split_port (const char *text, const char **port)
{
  const char *colon = strrchr (text, ':');

  *port = NULL;
  if (colon == NULL || strchr (colon, ']') != NULL)
    return g_strdup (text);
  *port = colon + 1;
  return g_strndup (text, (gsize) (colon - text));
}

const char *
sluice_settings_check_host (const char *text)
{
  static const Mark marks[] = {
    { "://", "takes a host name like gateway.example, without a scheme" },
    { "*", "takes a whole host name, no '*': whoever owns a name can make it point here, so each is named" },
    { "/", "takes one host name or address, neither a path nor a network" },
  };
  const char *fault = find_mark (text, marks, G_N_ELEMENTS (marks));
  const char *port;
  g_autofree char *host = split_port (text, &port);

  if (fault != NULL)
    return fault;
  if (*text == '\0')
    return "takes a host name like gateway.example, not an empty text: remove it";
  if (*text != '[' && strchr (host, ':') != NULL)
    return "takes an IPv6 address in brackets, like [fd00::1], as clients send it";
  if (port != NULL && !is_port (port))
    return "takes a port from 1 to 65535 behind the ':'";
  if (*text == '[' ? !is_bracketed (host, FALSE) : !is_host_name (host))
    return "takes a host name like gateway.example or an IP address, with or without ':port'; a name in other letters "
           "as it is sent, in its form with xn--";
  return NULL;
}

static gboolean
is_scheme (const char *text)
{
  if (!g_ascii_islower (*text))
    return FALSE;
  for (const char *at = text; *at != '\0'; at++)
    if (!g_ascii_islower (*at) && !g_ascii_isdigit (*at) && strchr ("+-.", *at) == NULL)
      return FALSE;
  return TRUE;
}

/* What is wrong with what stands behind "://". */
static const char *
check_authority (const char *scheme, const char *authority)
{
  static const struct {
    const char *scheme;
    const char *port;
  } usual[] = { { "http", "80" }, { "https", "443" } };
  const char *port;
  g_autofree char *host = split_port (authority, &port);

  if (port != NULL && !is_port (port))
    return "takes a port from 1 to 65535 behind the last ':'";
  for (guint i = 0; i < G_N_ELEMENTS (usual); i++)
    if (g_str_equal (usual[i].scheme, scheme) && g_strcmp0 (usual[i].port, port) == 0)
      return "takes an origin as a browser sends it: without the usual port of its scheme";
  if (*authority == '[' ? !is_bracketed (host, TRUE) : !is_host_name (host))
    return "takes an origin with a host, like https://app.example or http://localhost:3000; a name in other letters as "
           "it is sent, in its form with xn--; an IPv6 address in its shortest form, in brackets";
  return NULL;
}

const char *
sluice_settings_check_origin (const char *text)
{
  static const Mark marks[] = {
    { "*", "takes whole origins, no '*': with it any page in a browser could use this gateway, so each is named" },
    { "@", "takes an origin, which has no user name and no password" },
  };
  const char *fault = find_mark (text, marks, G_N_ELEMENTS (marks));
  const char *end = strstr (text, "://");
  g_autofree char *scheme = NULL;
  const char *authority;

  if (fault != NULL)
    return fault;
  if (*text == '\0')
    return "takes an origin like https://app.example, not an empty text: remove it";
  if (g_ascii_strcasecmp (text, "null") == 0)
    return "takes an origin, not 'null': any sandboxed frame and any local file sends that, so it tells nobody apart";
  if (end == NULL)
    return "takes an origin with its scheme, like https://app.example or tauri://localhost";

  scheme = g_strndup (text, (gsize) (end - text));
  authority = end + strlen ("://");
  for (const char *at = text; *at != '\0'; at++)
    if (g_ascii_isupper (*at))
      return "takes an origin in lower case, as a browser sends it";
  if (!is_scheme (scheme))
    return "takes an origin that begins with a scheme, like https://app.example or tauri://localhost";
  if (strpbrk (authority, "/?#") != NULL)
    return "takes an origin, which ends after the host or the port: no path, no '/' at the end";
  return check_authority (scheme, authority);
}
