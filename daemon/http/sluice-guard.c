/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "http/sluice-guard.h"

#include <string.h>
#include <unistd.h>

#include "shared/sluice-error.h"

/* Ids of clients are echoed and stored: this long at most. */
#define MAX_ID_LENGTH 128

/* One pass over the headers picks up what the rules need. Strings are libsoup's. */
typedef struct {
  const char *host;
  const char *origin;
  const char *fetch_site;
  const char *content_type;
  const char *content_encoding;
  const char *content_length;
  const char *transfer_encoding;
  const char *authorization;
  const char *litellm_key;
  const char *api_key;
  const char *x_api_key;
  const char *google_key;
  const char *azure_key;
  const char *call_id;
  const char *customer;
  const char *end_user;
  const char *forwarded;
  gboolean twice; /* a header that holds a key came with two values */
} Head;

typedef struct {
  const char *name;
  gsize offset;
} HeadField;

static const HeadField head_fields[] = {
  { "Host", G_STRUCT_OFFSET (Head, host) },
  { "Origin", G_STRUCT_OFFSET (Head, origin) },
  { "Sec-Fetch-Site", G_STRUCT_OFFSET (Head, fetch_site) },
  { "Content-Type", G_STRUCT_OFFSET (Head, content_type) },
  { "Content-Encoding", G_STRUCT_OFFSET (Head, content_encoding) },
  { "Content-Length", G_STRUCT_OFFSET (Head, content_length) },
  { "Transfer-Encoding", G_STRUCT_OFFSET (Head, transfer_encoding) },
  { "Authorization", G_STRUCT_OFFSET (Head, authorization) },
  { "x-litellm-api-key", G_STRUCT_OFFSET (Head, litellm_key) },
  { "api-key", G_STRUCT_OFFSET (Head, api_key) },
  { "x-api-key", G_STRUCT_OFFSET (Head, x_api_key) },
  { "x-goog-api-key", G_STRUCT_OFFSET (Head, google_key) },
  { "Ocp-Apim-Subscription-Key", G_STRUCT_OFFSET (Head, azure_key) },
  { "x-litellm-call-id", G_STRUCT_OFFSET (Head, call_id) },
  { "x-litellm-customer-id", G_STRUCT_OFFSET (Head, customer) },
  { "x-litellm-end-user-id", G_STRUCT_OFFSET (Head, end_user) },
  { "Forwarded", G_STRUCT_OFFSET (Head, forwarded) },
  { "X-Real-IP", G_STRUCT_OFFSET (Head, forwarded) },
  { "Via", G_STRUCT_OFFSET (Head, forwarded) },
};

/* Whether @field is one of those that hold keys: they stand together. */
static gboolean
is_key_field (const char *const *field, const Head *head)
{
  return field >= &head->authorization && field <= &head->azure_key;
}

static void
read_head (SoupMessageHeaders *headers, Head *head)
{
  SoupMessageHeadersIter iter;
  const char *name, *value;

  soup_message_headers_iter_init (&iter, headers);
  while (soup_message_headers_iter_next (&iter, &name, &value))
    {
      for (guint i = 0; i < G_N_ELEMENTS (head_fields); i++)
        {
          const char **field = &G_STRUCT_MEMBER (const char *, head, head_fields[i].offset);

          if (g_ascii_strcasecmp (name, head_fields[i].name) != 0)
            continue;
          head->twice = head->twice || (*field != NULL && strcmp (*field, value) != 0 && is_key_field (field, head));
          *field = value;
        }
      if (g_ascii_strncasecmp (name, "X-Forwarded-", strlen ("X-Forwarded-")) == 0)
        head->forwarded = value;
    }
}

static gboolean
refuse (GError **error, int code, const char *text)
{
  g_set_error_literal (error, SLUICE_ERROR, code, text);
  return FALSE;
}

static gboolean
in_list (const char *const *list, const char *text, gsize length)
{
  for (; list != NULL && *list != NULL; list++)
    {
      if (strlen (*list) == length && g_ascii_strncasecmp (*list, text, length) == 0)
        return TRUE;
    }
  return FALSE;
}

/* Exactly our own names, with our port or the default one, and those that were allowed: a name that a page made point
 * here
 * (DNS rebinding) is none of them. */
static gboolean
check_host (const Head *head, SluiceSnapshot *snapshot, GError **error)
{
  static const char *const own[] = { "localhost", "127.0.0.1", "[::1]", NULL };
  const char *const *allowed = (const char *const *) snapshot->settings->allowed_hosts;
  const char *host = head->host;
  const char *end;
  gsize length;

  if (host == NULL || *host == '\0')
    return refuse (error, SLUICE_ERROR_MISDIRECTED, "the request names no host");
  end = strrchr (host, ':');
  if (end == NULL || strchr (end, ']') != NULL)
    end = host + strlen (host);
  length = (gsize) (end - host);

  if (in_list (allowed, host, strlen (host)) || in_list (allowed, host, length))
    return TRUE;
  if (in_list (own, host, length))
    {
      g_autofree char *port = g_strdup_printf (":%u", snapshot->port);

      if (*end == '\0' || snapshot->port == 0 || g_str_equal (end, port))
        return TRUE;
    }
  return refuse (error, SLUICE_ERROR_MISDIRECTED,
                 "this gateway does not answer under that host name (sluice_settings.allowed_hosts)");
}

static gboolean
check_origin (const Head *head, SluiceSnapshot *snapshot, SluiceGuardResult *result, GError **error)
{
  if (head->origin != NULL)
    {
      if (!in_list ((const char *const *) snapshot->settings->cors_origins, head->origin, strlen (head->origin)))
        return refuse (error, SLUICE_ERROR_FORBIDDEN,
                       "pages of that origin may not use this gateway (sluice_settings.cors_origins)");
      result->origin = g_strdup (head->origin);
      return TRUE;
    }
  if (head->fetch_site != NULL && g_ascii_strcasecmp (head->fetch_site, "none") != 0
      && g_ascii_strcasecmp (head->fetch_site, "same-origin") != 0)
    return refuse (error, SLUICE_ERROR_FORBIDDEN,
                   "pages of other sites may not use this gateway (sluice_settings.cors_origins)");
  return TRUE;
}

/* The SDKs of AWS sign with the key as the credential: "Credential=KEY/20260101/region/service/aws4_request, ...". */
static char *
dup_credential (const char *parameters)
{
  static const char name[] = "Credential=";
  const char *credential = strstr (parameters, name);

  if (credential == NULL)
    return g_strdup ("");

  credential += strlen (name);
  return g_strndup (credential, strcspn (credential, "/, "));
}

/* "Bearer KEY" and "bearer KEY" lose their scheme; a Basic pair is its password, else its user name; of a signature
 * counts whose it says to be. */
static const char *
strip_scheme (const char *value, char **decoded)
{
  if (value == NULL)
    return NULL;
  if (g_ascii_strncasecmp (value, "Bearer ", 7) == 0)
    {
      value += 7;
      while (*value == ' ')
        value++;
      return value;
    }
  if (g_ascii_strncasecmp (value, "AWS4-HMAC-SHA256 ", 17) == 0)
    {
      *decoded = dup_credential (value + 17);
      return *decoded;
    }
  if (g_ascii_strncasecmp (value, "Basic ", 6) == 0)
    {
      gsize length;
      guchar *pair = g_base64_decode (value + 6, &length);
      g_autofree char *text = g_strndup ((const char *) pair, length);
      const char *colon = strchr (text, ':');

      g_free (pair);
      *decoded = colon != NULL && colon[1] != '\0' ? g_strdup (colon + 1)
                                                   : g_strndup (text, colon != NULL ? (gsize) (colon - text) : length);
      return *decoded;
    }
  return value;
}

static gboolean
presents_key (const SluicePresented *presented)
{
  gboolean found = presented->litellm_key != NULL;

  for (guint i = 0; i < G_N_ELEMENTS (presented->keys); i++)
    found = found || presented->keys[i] != NULL;
  return found;
}

static gboolean
check_key (const Head *head,
           const SluicePeer *peer,
           SluiceSnapshot *snapshot,
           SluiceGuardResult *result,
           GError **error)
{
  g_autofree char *litellm = NULL;
  g_autofree char *basic = NULL;
  SluicePresented presented = {
    .litellm_key = strip_scheme (head->litellm_key, &litellm),
    .keys = { strip_scheme (head->authorization, &basic), head->api_key, head->x_api_key, head->google_key,
              head->azure_key },
    .same_user = peer->uid_known && peer->uid == getuid (),
    .relayed = head->origin != NULL || head->forwarded != NULL,
    .loopback = peer->loopback,
  };

  if (result->route->own_user && !presents_key (&presented) && presented.same_user && !presented.relayed
      && !sluice_config_get_metrics_need_key (snapshot->config))
    {
      result->identity = (SluiceIdentity){ "this-computer", FALSE, TRUE };
      return TRUE;
    }
  if (head->twice)
    return refuse (error, SLUICE_ERROR_KEY_CONFLICT, "the request presents two different keys, send one");
  return sluice_access_check (snapshot->access, &presented, &result->identity, error);
}

static gboolean
check_method (const char *method, SluiceGuardResult *result, GError **error)
{
  const SluiceRoute *route = result->route;

  result->head = g_str_equal (method, "HEAD");
  if (g_str_equal (method, "OPTIONS"))
    {
      result->preflight = result->origin != NULL;
      if (result->preflight)
        return TRUE;
    }
  if (route->post ? g_str_equal (method, "POST") : g_str_equal (method, "GET") || result->head)
    return TRUE;
  return refuse (error, SLUICE_ERROR_METHOD_NOT_ALLOWED, route->post ? "this route is asked with POST"
                                                                     : "this route is asked with GET");
}

static gboolean
is_json_type (const char *type)
{
  gsize length = type != NULL ? strcspn (type, "; \t") : 0;

  return length == strlen ("application/json") && g_ascii_strncasecmp (type, "application/json", length) == 0;
}

static gboolean
check_body (const Head *head, SluiceSnapshot *snapshot, SluiceGuardResult *result, GError **error)
{
  result->length = head->transfer_encoding != NULL   ? -1
                   : head->content_length != NULL ? g_ascii_strtoll (head->content_length, NULL, 10)
                                                  : 0;
  if (!result->route->post || result->preflight)
    return result->length == 0 ? TRUE : refuse (error, SLUICE_ERROR_INVALID_REQUEST, "this route takes no body");
  if (head->content_length == NULL && head->transfer_encoding == NULL)
    return refuse (error, SLUICE_ERROR_LENGTH_REQUIRED, "send the body with a Content-Length");
  if (head->content_encoding != NULL && g_ascii_strcasecmp (head->content_encoding, "identity") != 0)
    return refuse (error, SLUICE_ERROR_MEDIA_TYPE,
                   "compressed request bodies are not taken, send it without Content-Encoding");
  if (!is_json_type (head->content_type))
    return refuse (error, SLUICE_ERROR_MEDIA_TYPE, "send the body as Content-Type: application/json");
  if (result->length > snapshot->settings->max_body_bytes)
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_BODY_TOO_LARGE,
                   "the body has %" G_GINT64_FORMAT " bytes, at most %" G_GINT64_FORMAT
                   " are taken (sluice_settings.max_body_bytes)",
                   result->length, snapshot->settings->max_body_bytes);
      return FALSE;
    }
  return TRUE;
}

/* An id that a client chose, if it is short and plain enough to be echoed in a header. */
static char *
dup_id (const char *id)
{
  if (id == NULL || *id == '\0' || strlen (id) > MAX_ID_LENGTH)
    return NULL;
  for (const char *p = id; *p != '\0'; p++)
    {
      if (*p <= 0x20 || *p >= 0x7f)
        return NULL;
    }
  return g_strdup (id);
}

gboolean
sluice_guard_check (SoupServerMessage *message,
                    const SluicePeer *peer,
                    SluiceSnapshot *snapshot,
                    SluiceGuardResult *result,
                    GError **error)
{
  const char *path = g_uri_get_path (soup_server_message_get_uri (message));
  Head head = { NULL };

  memset (result, 0, sizeof *result);
  read_head (soup_server_message_get_request_headers (message), &head);
  result->call_id = dup_id (head.call_id);
  result->customer = dup_id (head.customer != NULL ? head.customer : head.end_user);
  if (!check_host (&head, snapshot, error) || !check_origin (&head, snapshot, result, error))
    return FALSE;

  result->route = sluice_route_find (path, &result->path_model);
  if (result->route == NULL)
    return refuse (error, SLUICE_ERROR_ROUTE_UNKNOWN, "there is no such route, the API begins at /v1");
  if (!check_method (soup_server_message_get_method (message), result, error))
    return FALSE;
  if (snapshot->config_error != NULL && !result->route->open && !result->route->own_user)
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG,
                   "the configuration cannot be used, mend it and nothing else is needed: %s", snapshot->config_error);
      return FALSE;
    }
  if (!result->preflight && !result->route->open && !check_key (&head, peer, snapshot, result, error))
    return FALSE;
  return check_body (&head, snapshot, result, error);
}

void
sluice_guard_result_clear (SluiceGuardResult *result)
{
  g_clear_pointer (&result->path_model, g_free);
  g_clear_pointer (&result->call_id, g_free);
  g_clear_pointer (&result->customer, g_free);
  g_clear_pointer (&result->origin, g_free);
}
