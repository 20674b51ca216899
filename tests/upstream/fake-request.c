/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fake-request.h"

#include <string.h>

static gboolean
is_name (FakeSlice slice, const char *name)
{
  return slice.length == strlen (name) && g_ascii_strncasecmp (slice.data, name, slice.length) == 0;
}

/* Takes what is in front of @stop out of @rest, and @stop with it. */
static gboolean
take_until (FakeSlice *rest, char stop, FakeSlice *taken)
{
  const char *at = rest->length > 0 ? memchr (rest->data, stop, rest->length) : NULL;

  if (at == NULL)
    return FALSE;
  *taken = (FakeSlice){ rest->data, at - rest->data };
  *rest = (FakeSlice){ at + 1, rest->length - taken->length - 1 };
  return TRUE;
}

gboolean
fake_request_next_header (FakeSlice *rest, FakeSlice *name, FakeSlice *value)
{
  FakeSlice line;

  if (!take_until (rest, '\n', &line))
    return FALSE;
  if (line.length > 0 && line.data[line.length - 1] == '\r')
    line.length--;
  if (line.length == 0)
    return FALSE;
  *value = line;
  if (!take_until (value, ':', name))
    *name = (FakeSlice){ line.data, 0 };
  while (value->length > 0 && *value->data == ' ')
    *value = (FakeSlice){ value->data + 1, value->length - 1 };
  return TRUE;
}

static void
read_header (FakeRequest *self, FakeSlice name, FakeSlice value)
{
  if (is_name (name, "content-length"))
    self->content_length = g_ascii_strtoll (value.data, NULL, 10);
  else if (is_name (name, "transfer-encoding"))
    self->chunked = TRUE;
  else if (is_name (name, "connection"))
    self->keep_alive = is_name (value, "close") ? FALSE : is_name (value, "keep-alive") || self->keep_alive;
  else if (is_name (name, "expect"))
    self->expects_continue = TRUE;
  else if (is_name (name, "x-fake-tag"))
    self->header_tag = value;
}

gboolean
fake_request_parse_head (FakeRequest *self, const char *data, gsize length)
{
  static const char mode_prefix[] = "/_mode/";
  FakeSlice rest = { data, length };
  FakeSlice version, name, value;

  memset (self, 0, sizeof *self);
  self->head = rest;
  self->content_length = -1;
  if (!take_until (&rest, ' ', &self->method) || !take_until (&rest, ' ', &self->path)
      || !take_until (&rest, '\n', &version) || version.length < 8 || memcmp (version.data, "HTTP/1.", 7) != 0)
    return FALSE;
  self->keep_alive = version.data[7] != '0';

  if (self->path.length > strlen (mode_prefix)
      && memcmp (self->path.data, mode_prefix, strlen (mode_prefix)) == 0)
    {
      FakeSlice after = { self->path.data + strlen (mode_prefix), self->path.length - strlen (mode_prefix) };

      if (take_until (&after, '/', &self->forced_mode))
        self->path = (FakeSlice){ after.data - 1, after.length + 1 };
    }
  while (fake_request_next_header (&rest, &name, &value))
    read_header (self, name, value);
  if (self->content_length < 0)
    self->content_length = -1;
  return TRUE;
}

/* The text of a message's content: the string, or the last text part. */
static FakeSlice
content_text (FakeSlice content)
{
  FakeSlice rest, key, part, text;
  FakeSlice found = fake_slice_string (content);

  if (found.data != NULL)
    return found;
  rest = fake_scan_enter (content);
  while (fake_scan_next (&rest, &key, &part))
    if (fake_scan_member (part, "text", &text))
      found = fake_slice_string (text);
  return found;
}

static FakeSlice
last_user_text (FakeSlice messages)
{
  FakeSlice rest = fake_scan_enter (messages);
  FakeSlice key, message, value;
  FakeSlice found = { NULL, 0 };

  while (fake_scan_next (&rest, &key, &message))
    if (fake_scan_member (message, "role", &value) && fake_slice_equal (fake_slice_string (value), "user")
        && fake_scan_member (message, "content", &value))
      found = content_text (value);
  return found;
}

static void
find_tag (FakeRequest *self, FakeSlice user, FakeSlice metadata)
{
  static const char mark[] = "#tag:";
  FakeSlice value;
  const char *at;

  self->tag = self->header_tag;
  if (self->tag.length == 0)
    self->tag = fake_slice_string (user);
  if (self->tag.length == 0 && metadata.length > 0 && fake_scan_member (metadata, "tag", &value))
    self->tag = fake_slice_string (value);
  if (self->tag.length > 0 || self->user_text.length == 0)
    return;
  at = memmem (self->user_text.data, self->user_text.length, mark, strlen (mark));
  if (at == NULL)
    return;
  self->tag.data = at + strlen (mark);
  while (self->tag.data + self->tag.length < self->user_text.data + self->user_text.length
         && (g_ascii_isalnum (self->tag.data[self->tag.length]) || self->tag.data[self->tag.length] == '-'))
    self->tag.length++;
}

gboolean
fake_request_parse_body (FakeRequest *self, gboolean stream_default)
{
  FakeSlice rest = fake_scan_enter (self->body);
  FakeSlice key, value, user = { NULL, 0 }, metadata = { NULL, 0 };

  self->stream = stream_default;
  if (rest.data == NULL)
    return FALSE;
  while (fake_scan_next (&rest, &key, &value))
    {
      FakeSlice inner;

      if (fake_slice_equal (key, "model"))
        self->json_model = fake_slice_string (value);
      else if (fake_slice_equal (key, "stream"))
        self->stream = fake_slice_equal (value, "true");
      else if (fake_slice_equal (key, "messages"))
        self->user_text = last_user_text (value);
      else if (fake_slice_equal (key, "prompt"))
        self->user_text = content_text (value);
      else if (fake_slice_equal (key, "input"))
        self->input = value;
      else if (fake_slice_equal (key, "encoding_format"))
        self->format = fake_slice_string (value);
      else if (fake_slice_equal (key, "user"))
        user = value;
      else if (fake_slice_equal (key, "metadata"))
        metadata = value;
      else if (fake_slice_equal (key, "stream_options"))
        self->include_usage = fake_scan_member (value, "include_usage", &inner) && fake_slice_equal (inner, "true");
      else if (fake_slice_equal (key, "tools"))
        {
          FakeSlice tools = fake_scan_enter (value);

          if (fake_scan_next (&tools, &key, &value) && fake_scan_member (value, "function", &inner)
              && fake_scan_member (inner, "name", &value))
            self->tool_name = fake_slice_string (value);
        }
    }
  find_tag (self, user, metadata);
  return TRUE;
}

char *
fake_request_dup_header (const FakeRequest *self, const char *name)
{
  const char *line = memchr (self->head.data, '\n', self->head.length);
  FakeSlice rest = { line + 1, self->head.length - (line + 1 - self->head.data) };
  FakeSlice key, value;

  while (fake_request_next_header (&rest, &key, &value))
    if (key.length == strlen (name) && g_ascii_strncasecmp (key.data, name, key.length) == 0)
      return g_strndup (value.data, value.length);
  return g_strdup ("");
}
