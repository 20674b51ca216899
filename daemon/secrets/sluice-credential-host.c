/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "secrets/sluice-credential-host.h"

#include <gio/gio.h>
#include <string.h>

#include "shared/sluice-error.h"

#define HTTP_PORT 80
#define HTTPS_PORT 443

static char *
fail (GError **error, const char *message)
{
  g_set_error_literal (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG, message);
  return NULL;
}

/* Lower case; an IP address in its shortest form, one of version 6 in brackets. %NULL for what no host is called. */
static char *
normal_host (const char *host)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (host);
  g_autofree char *text = address != NULL ? g_inet_address_to_string (address) : g_ascii_strdown (host, -1);

  for (const char *at = text; *at != '\0'; at++)
    if (!g_ascii_isgraph (*at) || strchr ("/\\@?#[]<>\"'", *at) != NULL)
      return NULL;
  return strchr (text, ':') != NULL ? g_strdup_printf ("[%s]", text) : g_steal_pointer (&text);
}

char *
sluice_credential_host (const char *address, GError **error)
{
  g_autoptr (GUri) uri = NULL;
  g_autofree char *host = NULL;
  gboolean secure;
  int port;

  g_return_val_if_fail (address != NULL, NULL);

  uri = g_uri_parse (address, G_URI_FLAGS_NONE, NULL);
  if (uri == NULL)
    return fail (error, "this is not an address: write it like https://api.example.com");
  secure = g_strcmp0 (g_uri_get_scheme (uri), "https") == 0;
  if (!secure && g_strcmp0 (g_uri_get_scheme (uri), "http") != 0)
    return fail (error, "the address must begin with http:// or https://");
  if (g_uri_get_userinfo (uri) != NULL)
    return fail (error, "the address holds a user name or password: remove it");
  if (g_uri_get_host (uri) == NULL || *g_uri_get_host (uri) == '\0')
    return fail (error, "the address names no host");
  host = normal_host (g_uri_get_host (uri));
  if (host == NULL)
    return fail (error, "the host of the address holds characters that no host has");
  port = g_uri_get_port (uri);
  if (port == 0)
    return fail (error, "port 0 cannot be called");

  if (port < 0 || port == (secure ? HTTPS_PORT : HTTP_PORT))
    return g_strdup_printf ("%s://%s", secure ? "https" : "http", host);
  return g_strdup_printf ("%s://%s:%d", secure ? "https" : "http", host, port);
}

/* By what is written, not by a look-up. */
static gboolean
is_this_machine (const char *address)
{
  g_autoptr (GUri) uri = g_uri_parse (address, G_URI_FLAGS_NONE, NULL);
  const char *host = uri != NULL ? g_uri_get_host (uri) : NULL;
  g_autoptr (GInetAddress) ip = host != NULL ? g_inet_address_new_from_string (host) : NULL;

  return host != NULL && (g_ascii_strcasecmp (host, "localhost") == 0
                          || (ip != NULL && g_inet_address_get_is_loopback (ip)));
}

char *
sluice_credential_host_from_text (const char *text, const char *usual, GError **error)
{
  g_autofree char *plain = NULL;
  g_autofree char *secure = NULL;

  g_return_val_if_fail (text != NULL, NULL);

  if (strstr (text, "://") != NULL)
    return sluice_credential_host (text, error);

  plain = g_strconcat ("http://", text, NULL);
  secure = g_strconcat ("https://", text, NULL);
  if (usual != NULL)
    return sluice_credential_host (g_str_has_prefix (usual, "http:") ? plain : secure, error);
  return sluice_credential_host (is_this_machine (plain) ? plain : secure, error);
}
