/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "http/sluice-http-error.h"

#include "shared/sluice-error.h"

typedef struct {
  guint status;
  const char *reason;
} Reason;

static const Reason reasons[] = {
  { 200, "OK" },
  { 204, "No Content" },
  { 400, "Bad Request" },
  { 401, "Unauthorized" },
  { 403, "Forbidden" },
  { 404, "Not Found" },
  { 405, "Method Not Allowed" },
  { 408, "Request Timeout" },
  { 411, "Length Required" },
  { 413, "Content Too Large" },
  { 415, "Unsupported Media Type" },
  { 417, "Expectation Failed" },
  { 421, "Misdirected Request" },
  { 429, "Too Many Requests" },
  { 431, "Request Header Fields Too Large" },
  { 500, "Internal Server Error" },
  { 501, "Not Implemented" },
  { 502, "Bad Gateway" },
  { 503, "Service Unavailable" },
  { 504, "Gateway Timeout" },
};

const char *
sluice_http_reason (guint status)
{
  for (guint i = 0; i < G_N_ELEMENTS (reasons); i++)
    {
      if (reasons[i].status == status)
        return reasons[i].reason;
    }
  return status < 400 ? "OK" : "Error";
}

GString *
sluice_http_error_format (const GError *error, const char *headers)
{
  g_autoptr (SluiceFault) fault = sluice_fault_new_from_error (error);
  g_autoptr (GString) body = g_string_new (NULL);
  GString *out = g_string_sized_new (512);

  sluice_fault_append_json (fault, body);
  g_string_append_printf (out, "HTTP/1.1 %u %s\r\nContent-Type: application/json\r\nContent-Length: %" G_GSIZE_FORMAT
                               "\r\nConnection: close\r\nx-should-retry: %s\r\n" SLUICE_HTTP_SAFETY_HEADERS,
                          fault->status, sluice_http_reason (fault->status), body->len,
                          sluice_error_face (error)->retry ? "true" : "false");
  if (fault->status == 401)
    g_string_append (out, "WWW-Authenticate: Bearer\r\n");
  if (headers != NULL)
    g_string_append (out, headers);
  g_string_append (out, "\r\n");
  g_string_append_len (out, body->str, (gssize) body->len);
  return out;
}
