/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "router/sluice-locality.h"

#include <string.h>

gboolean
sluice_address_is_private (GInetAddress *address)
{
  g_return_val_if_fail (G_IS_INET_ADDRESS (address), FALSE);

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

  address = g_inet_address_new_from_string (host);
  return address != NULL && sluice_address_is_private (address);
}

gboolean
sluice_host_is_forbidden (const char *host)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (host);

  if (address == NULL)
    return FALSE;
  if (g_inet_address_get_is_link_local (address) || g_inet_address_get_is_multicast (address)
      || g_inet_address_get_is_any (address))
    return TRUE;

  return g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV4 && g_inet_address_to_bytes (address)[0] == 0;
}
