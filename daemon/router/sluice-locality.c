/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "router/sluice-locality.h"

#include <string.h>

/* An IPv4 address in the clothes of IPv6 (::ffff:a.b.c.d) is what it is underneath. */
static GInetAddress *
dup_plain (GInetAddress *address)
{
  static const guint8 mapped[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
  const guint8 *bytes = g_inet_address_to_bytes (address);

  if (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6 && memcmp (bytes, mapped, sizeof mapped) == 0)
    return g_inet_address_new_from_bytes (bytes + sizeof mapped, G_SOCKET_FAMILY_IPV4);
  return g_object_ref (address);
}

/* The literal address @host, its zone left off; %NULL if it is a name. */
static GInetAddress *
parse_literal (const char *host)
{
  g_autofree char *plain = g_strndup (host, strcspn (host, "%"));
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (plain);

  return address != NULL ? dup_plain (address) : NULL;
}

gboolean
sluice_address_is_private (GInetAddress *raw)
{
  g_autoptr (GInetAddress) address = NULL;

  g_return_val_if_fail (G_IS_INET_ADDRESS (raw), FALSE);

  address = dup_plain (raw);

  if (g_inet_address_get_is_loopback (address) || g_inet_address_get_is_link_local (address)
      || g_inet_address_get_is_site_local (address))
    return TRUE;

  /* GIO knows the old fec0::/10 as site-local; unique local addresses are fc00::/7 */
  return g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6
         && (g_inet_address_to_bytes (address)[0] & 0xfe) == 0xfc;
}

gboolean
sluice_host_is_private (const char *host)
{
  g_autoptr (GInetAddress) address = NULL;

  g_return_val_if_fail (host != NULL, FALSE);

  if (g_ascii_strcasecmp (host, "localhost") == 0)
    return TRUE;
  if (strlen (host) > strlen (".localhost")
      && g_ascii_strcasecmp (host + strlen (host) - strlen (".localhost"), ".localhost") == 0)
    return TRUE;

  address = parse_literal (host);
  return address != NULL && sluice_address_is_private (address);
}

gboolean
sluice_host_is_forbidden (const char *host)
{
  g_autoptr (GInetAddress) address = parse_literal (host);
  const guint8 *bytes;

  if (address == NULL)
    return FALSE;
  if (g_inet_address_get_is_link_local (address) || g_inet_address_get_is_multicast (address)
      || g_inet_address_get_is_any (address))
    return TRUE;

  bytes = g_inet_address_to_bytes (address);
  return g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV4 && (bytes[0] == 0 || bytes[0] == 255);
}
