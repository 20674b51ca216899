/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/sluice-base-url.h"

#include "shared/sluice-error.h"

#include <string.h>

#define TEXT_MAX 2048

static gboolean
fail (GError **error, const char *message)
{
  g_set_error_literal (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG, message);
  return FALSE;
}

static gboolean
check_bytes (const char *text, GError **error)
{
  if (strlen (text) > TEXT_MAX)
    return fail (error, "the address is too long");
  for (const char *at = text; *at != '\0'; at++)
    if (!g_ascii_isgraph (*at) || strchr ("\\\"<>`{}|^", *at) != NULL)
      return fail (error, "the address holds a blank, a control byte or another byte that no address has");
  return TRUE;
}

static gboolean
check_parts (GUri *uri, GError **error)
{
  const char *host = g_uri_get_host (uri);

  if (host == NULL || *host == '\0')
    return fail (error, "the address names no host");
  if (g_uri_get_userinfo (uri) != NULL)
    return fail (error, "the address holds a user name or password: give 'api_key' instead");
  if (g_uri_get_fragment (uri) != NULL)
    return fail (error, "the address holds a '#': remove it and what follows");
  if (g_uri_get_port (uri) == 0)
    return fail (error, "port 0 cannot be called");
  return TRUE;
}

char *
sluice_base_url_strip (const char *text)
{
  char *url = g_strndup (text, strcspn (text, "?"));

  for (gsize length = strlen (url); length > 0 && url[length - 1] == '/'; length--)
    url[length - 1] = '\0';
  return url;
}

char *
sluice_base_url_normalize (const char *text, GError **error)
{
  g_autoptr (GUri) uri = NULL;

  g_return_val_if_fail (text != NULL, NULL);

  if (!check_bytes (text, error))
    return NULL;
  if (g_ascii_strncasecmp (text, "http://", 7) != 0 && g_ascii_strncasecmp (text, "https://", 8) != 0)
    {
      fail (error, "the address must begin with http:// or https://");
      return NULL;
    }
  uri = g_uri_parse (text, G_URI_FLAGS_NONE, NULL);
  if (uri == NULL)
    {
      fail (error, "this is not an address: write it like http://localhost:8000/v1");
      return NULL;
    }
  if (!check_parts (uri, error))
    return NULL;

  return sluice_base_url_strip (text);
}
