/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "http/sluice-framing.h"

#include <string.h>

#include "shared/sluice-error.h"

/* A chunk of more than 2^60 bytes is no chunk. */
#define MAX_CHUNK_DIGITS 15

static const char *const methods[] = { "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS" };

void
sluice_framing_init (SluiceFraming *self, guint max_line, guint max_head, guint max_headers)
{
  memset (self, 0, sizeof *self);
  self->max_line = max_line;
  self->max_head = max_head;
  self->max_headers = max_headers;
  self->length = -1;
}

void
sluice_framing_clear (SluiceFraming *self)
{
  g_clear_pointer (&self->line, g_byte_array_unref);
}

static gboolean
bad (GError **error, const char *what)
{
  g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_INVALID_REQUEST, "the request is not well-formed HTTP: %s", what);
  return FALSE;
}

static gboolean
is_token_byte (guchar byte)
{
  return g_ascii_isalnum (byte) || (byte != '\0' && strchr ("!#$%&'*+-.^_`|~", byte) != NULL);
}

static gboolean
is_token (const char *text, gsize length)
{
  for (gsize i = 0; i < length; i++)
    {
      if (!is_token_byte ((guchar) text[i]))
        return FALSE;
    }
  return TRUE;
}

static gboolean
method_is_known (const char *line, gsize length)
{
  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    {
      if (strlen (methods[i]) == length && memcmp (methods[i], line, length) == 0)
        return TRUE;
    }
  return FALSE;
}

/* METHOD SP /target SP HTTP/1.x */
static gboolean
check_request_line (SluiceFraming *self, const char *line, gsize length, GError **error)
{
  const char *target = memchr (line, ' ', length);
  const char *version;
  gsize method = target != NULL ? (gsize) (target - line) : length;

  if (length > self->max_line)
    {
      g_set_error_literal (error, SLUICE_ERROR, SLUICE_ERROR_HEADERS_TOO_LARGE,
                           "the request line is too long (max_request_line_bytes)");
      return FALSE;
    }
  if (!is_token (line, method))
    return bad (error, "the request line begins with no method");
  if (target == NULL || method == 0)
    return bad (error, "the request line has no target");

  target++;
  version = memchr (target, ' ', length - (gsize) (target - line));
  if (version == NULL)
    return bad (error, "the request line has no version");
  for (const char *p = target; p < version; p++)
    {
      if ((guchar) *p <= 0x20 || (guchar) *p >= 0x7f || *p == '#')
        return bad (error, "the target has bytes that have to be percent-encoded");
    }
  version++;
  if (length - (gsize) (version - line) != strlen ("HTTP/1.1")
      || (memcmp (version, "HTTP/1.1", 8) != 0 && memcmp (version, "HTTP/1.0", 8) != 0))
    return bad (error, "the version is neither HTTP/1.1 nor HTTP/1.0");
  if (!method_is_known (line, method))
    {
      g_set_error_literal (error, SLUICE_ERROR, SLUICE_ERROR_METHOD_NOT_ALLOWED, "no route has this method");
      return FALSE;
    }
  if (*target != '/')
    return bad (error, "the target does not begin with '/'");

  self->http10 = version[7] == '0';
  return TRUE;
}

static gboolean
name_is (const char *line, gsize length, const char *name)
{
  return strlen (name) == length && g_ascii_strncasecmp (line, name, length) == 0;
}

static gboolean
set_length (SluiceFraming *self, const char *value, gsize length, GError **error)
{
  gint64 number = 0;

  if (self->length >= 0)
    return bad (error, "it has two Content-Length");
  if (length == 0 || length > 15)
    return bad (error, "Content-Length is no number of at most 15 digits");
  for (gsize i = 0; i < length; i++)
    {
      if (!g_ascii_isdigit (value[i]))
        return bad (error, "Content-Length is no number of at most 15 digits");
      number = number * 10 + (value[i] - '0');
    }
  self->length = number;
  return TRUE;
}

static gboolean
set_coding (SluiceFraming *self, const char *value, gsize length, GError **error)
{
  if (self->chunked)
    return bad (error, "it has two Transfer-Encoding");
  if (!name_is (value, length, "chunked"))
    {
      g_set_error_literal (error, SLUICE_ERROR, SLUICE_ERROR_NOT_IMPLEMENTED,
                           "the only Transfer-Encoding that is understood is 'chunked'");
      return FALSE;
    }
  self->chunked = TRUE;
  return TRUE;
}

/* libsoup fails a request with any other without saying why, before the guard over the headers can. */
static gboolean
check_expectation (const char *value, gsize length, GError **error)
{
  if (name_is (value, length, "100-continue"))
    return TRUE;
  g_set_error_literal (error, SLUICE_ERROR, SLUICE_ERROR_EXPECTATION,
                       "the only expectation that is met is '100-continue', "
                       "send the request without the header Expect");
  return FALSE;
}

static gboolean
check_header (SluiceFraming *self, const char *line, gsize length, GError **error)
{
  const char *colon = memchr (line, ':', length);
  const char *value;
  gsize name = colon != NULL ? (gsize) (colon - line) : 0;
  gsize rest;

  if (++self->n_headers > self->max_headers)
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_HEADERS_TOO_LARGE, "more than %u headers (max_header_count)",
                   self->max_headers);
      return FALSE;
    }
  if (*line == ' ' || *line == '\t')
    return bad (error, "a header is folded over two lines");
  if (name == 0)
    return bad (error, "a header has no name or no colon");
  if (!is_token (line, name))
    return bad (error, "a header's name has bytes that names cannot have");
  value = colon + 1;
  rest = length - name - 1;
  for (gsize i = 0; i < rest; i++)
    {
      if (((guchar) value[i] < 0x20 && value[i] != '\t') || (guchar) value[i] == 0x7f)
        return bad (error, "a header's value has control bytes");
    }
  if (!g_utf8_validate (value, (gssize) rest, NULL))
    return bad (error, "a header's value is not UTF-8");
  for (; rest > 0 && (*value == ' ' || *value == '\t'); value++)
    rest--;
  for (; rest > 0 && (value[rest - 1] == ' ' || value[rest - 1] == '\t');)
    rest--;

  if (name_is (line, name, "Content-Length"))
    return set_length (self, value, rest, error);
  if (name_is (line, name, "Transfer-Encoding"))
    return set_coding (self, value, rest, error);
  if (name_is (line, name, "Expect"))
    return check_expectation (value, rest, error);
  if (name_is (line, name, "Host"))
    {
      if (self->has_host)
        return bad (error, "it has two Host");
      self->has_host = TRUE;
    }
  return TRUE;
}

static gboolean
end_head (SluiceFraming *self, GError **error)
{
  if (self->chunked && self->length >= 0)
    return bad (error, "it has Content-Length and Transfer-Encoding");
  if (self->chunked && self->http10)
    return bad (error, "HTTP/1.0 has no Transfer-Encoding");
  if (!self->has_host && !self->http10)
    return bad (error, "it has no Host");

  self->n_requests++;
  self->head_bytes = 0;
  g_clear_pointer (&self->line, g_byte_array_unref);
  self->left = MAX (self->length, 0);
  self->state = self->chunked         ? SLUICE_FRAMING_CHUNK_SIZE
                : self->left > 0      ? SLUICE_FRAMING_BODY
                                      : SLUICE_FRAMING_IDLE;
  self->digits = 0;
  return TRUE;
}

static void
begin_head (SluiceFraming *self)
{
  self->state = SLUICE_FRAMING_HEAD;
  self->head_bytes = self->n_headers = 0;
  self->length = -1;
  self->chunked = self->has_host = self->http10 = FALSE;
}

/* One whole line of the head, without its CRLF. */
static gboolean
take_line (SluiceFraming *self, const char *line, gsize length, GError **error)
{
  if (length == 0 || line[length - 1] != '\r')
    return bad (error, "a line ends without CR");
  length--;
  if (memchr (line, '\r', length) != NULL || memchr (line, '\0', length) != NULL)
    return bad (error, "a line has a bare CR or a NUL");
  if (self->state == SLUICE_FRAMING_IDLE)
    {
      begin_head (self);
      self->head_bytes = (guint) length + 2;
      return check_request_line (self, line, length, error);
    }
  if (length == 0)
    return end_head (self, error);
  return check_header (self, line, length, error);
}

/* What of an unfinished first line can be told already: junk need not be waited for. */
static gboolean
check_beginning (const char *bytes, gsize length, GError **error)
{
  for (gsize i = 0; i < length && bytes[i] != ' '; i++)
    {
      if (!is_token_byte ((guchar) bytes[i]) && bytes[i] != '\r')
        return bad (error, "the request line begins with no method");
    }
  return TRUE;
}

static gboolean
push_head (SluiceFraming *self, const char *bytes, gsize length, gsize *used, GError **error)
{
  const char *end = memchr (bytes, '\n', length);
  gsize part = end != NULL ? (gsize) (end - bytes) : length;
  gsize held = self->line != NULL ? self->line->len : 0;
  gboolean fine;

  *used = end != NULL ? part + 1 : part;
  if (self->head_bytes + held + part > self->max_head
      || (self->state == SLUICE_FRAMING_IDLE && held + part > self->max_line + 1))
    {
      g_set_error_literal (error, SLUICE_ERROR, SLUICE_ERROR_HEADERS_TOO_LARGE,
                           "the request's head is too large (max_header_bytes, max_request_line_bytes)");
      return FALSE;
    }
  if (end != NULL && held == 0)
    {
      self->head_bytes += (guint) part + 1;
      return take_line (self, bytes, part, error);
    }

  if (self->line == NULL)
    self->line = g_byte_array_sized_new (256);
  g_byte_array_append (self->line, (const guint8 *) bytes, (guint) part);
  if (end == NULL)
    return self->state != SLUICE_FRAMING_IDLE
           || check_beginning ((const char *) self->line->data, self->line->len, error);
  self->head_bytes += self->line->len + 1;
  fine = take_line (self, (const char *) self->line->data, self->line->len, error);
  if (self->line != NULL)
    g_byte_array_set_size (self->line, 0);
  return fine;
}

static gboolean
push_chunk_byte (SluiceFraming *self, char byte, GError **error)
{
  switch (self->state)
    {
    case SLUICE_FRAMING_CHUNK_SIZE:
      if (g_ascii_isxdigit (byte) && self->digits < MAX_CHUNK_DIGITS)
        {
          self->left = self->left * 16 + g_ascii_xdigit_value (byte);
          self->digits++;
          return TRUE;
        }
      if (byte != '\r' || self->digits == 0)
        return bad (error, "a chunk's size is not plain hexadecimal digits");
      self->digits = G_MAXUINT;
      self->state = self->left > 0 ? SLUICE_FRAMING_CHUNK_DATA : SLUICE_FRAMING_CHUNK_LAST;
      return TRUE;
    case SLUICE_FRAMING_CHUNK_END: /* CR LF after the data */
      if (byte != (self->digits == 0 ? '\r' : '\n'))
        return bad (error, "a chunk is longer than its size");
      if (self->digits++ == 1)
        {
          self->state = SLUICE_FRAMING_CHUNK_SIZE;
          self->digits = 0;
        }
      return TRUE;
    case SLUICE_FRAMING_CHUNK_LAST: /* LF of the size, then CR LF: no trailers */
      if (byte != (self->digits == 0 ? '\r' : '\n'))
        return bad (error, "a chunked body has trailers or does not end well");
      self->digits = self->digits == G_MAXUINT ? 0 : self->digits + 1;
      if (self->digits == 2)
        self->state = SLUICE_FRAMING_OVER;
      return TRUE;
    default:
      g_assert_not_reached ();
    }
}

static gboolean
push_chunk (SluiceFraming *self, const char *bytes, gsize length, gsize *used, GError **error)
{
  if (self->state != SLUICE_FRAMING_CHUNK_DATA)
    {
      *used = 1;
      return push_chunk_byte (self, *bytes, error);
    }
  if (self->digits == G_MAXUINT) /* the LF of the size line */
    {
      *used = 1;
      self->digits = 0;
      return *bytes == '\n' ? TRUE : bad (error, "a chunk's size does not end in CRLF");
    }

  *used = MIN (length, (gsize) self->left);
  self->left -= (gint64) *used;
  if (self->left == 0)
    {
      self->state = SLUICE_FRAMING_CHUNK_END;
      self->digits = 0;
    }
  return TRUE;
}

gsize
sluice_framing_push (SluiceFraming *self, const char *bytes, gsize length, GError **error)
{
  gsize done = 0;

  while (done < length)
    {
      gsize used = 0;
      gboolean fine = TRUE;

      switch (self->state)
        {
        case SLUICE_FRAMING_IDLE:
        case SLUICE_FRAMING_HEAD:
          fine = push_head (self, bytes + done, length - done, &used, error);
          break;
        case SLUICE_FRAMING_BODY:
          used = MIN (length - done, (gsize) self->left);
          self->left -= (gint64) used;
          if (self->left == 0)
            self->state = SLUICE_FRAMING_IDLE;
          break;
        case SLUICE_FRAMING_OVER:
          return done;
        default:
          fine = push_chunk (self, bytes + done, length - done, &used, error);
          break;
        }
      if (!fine)
        {
          self->state = SLUICE_FRAMING_OVER;
          return done;
        }
      done += used;
    }
  return done;
}
