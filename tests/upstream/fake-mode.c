/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fake-mode.h"
#include "fake-compose.h"

#include <stddef.h>
#include <string.h>

static const FakeMode modes[] = {
  { "plain", fake_compose_plain, 0, NULL, "echoes the last user message; any model name that is no mode's" },
  { "stream", fake_compose_plain, 0, "events=25,ms=200,size=20",
    "stamped events t=MONOTONIC_US., evenly spaced; size: bytes of each one's text" },
  { "big", fake_compose_big, 0, "bytes=270000", "a text of so many bytes" },
  { "embed", fake_compose_plain, 0, "floats=1536", "embeddings; n: how many vectors, whatever the input" },
  { "slow", fake_compose_plain, 0, "first=1000", "first: ms until the first byte (works in every mode)" },
  { "drip", fake_compose_drip, 0, "bytes=1,ms=1", "a plain answer, bytes per write, ms between writes" },
  { "endless", fake_compose_plain, 0, "events=10000000,size=20", "a stream as fast as it is read" },
  { "stall", fake_compose_stall, 0, NULL, "takes the request and never answers" },
  { "stall-head", fake_compose_stall_head, 0, NULL, "headers, then nothing" },
  { "stall-mid", fake_compose_stall_mid, 0, "n=2", "n events, or half a body, then nothing" },
  { "reset-before", fake_compose_reset_before, 0, NULL, "a reset in place of an answer" },
  { "reset-head", fake_compose_reset_head, 0, NULL, "headers, then a reset" },
  { "reset-mid", fake_compose_reset_mid, 0, "n=2", "n events, or half a body, then a reset" },
  { "close-before", fake_compose_close_before, 0, NULL, "closes in place of an answer" },
  { "cut-border", fake_compose_cut_border, 0, "n=2", "closes behind a whole chunk, without the last chunk" },
  { "cut-end", fake_compose_cut_end, 0, NULL, "everything but the last chunk, then closes" },
  { "cut-inside", fake_compose_cut_inside, 0, "n=2", "closes inside a chunk" },
  { "bad-chunk", fake_compose_bad_chunk, 0, "n=2", "a chunk size that is no number" },
  { "length-long", fake_compose_length_long, 0, NULL, "Content-Length says 10 bytes more than come; closes" },
  { "length-short", fake_compose_length_short, 0, NULL, "Content-Length says 10 bytes less than come" },
  { "garbage", fake_compose_garbage, 0, NULL, "bytes that are not HTTP; closes" },
  { "continue-flood", fake_compose_continue_flood, 0, "n=1000", "n times 100 Continue, then a plain answer" },
  { "continue-endless", fake_compose_continue_endless, 0, NULL, "100 Continue for ever, as fast as it is read" },
  { "headers-endless", fake_compose_headers_endless, 0, NULL, "header lines for ever" },
  { "extension-endless", fake_compose_extension_endless, 0, NULL, "a chunk extension without an end" },
  { "trailers-endless", fake_compose_trailers_endless, 0, NULL, "trailer lines for ever" },
  { "huge-headers", fake_compose_huge_headers, 0, "n=1000", "n header lines of 1 kB, then a plain answer" },
  { "huge-line", fake_compose_huge_line, 0, "bytes=10000000", "one event of so many bytes (or such a body)" },
  { "status", fake_compose_status, 0, "status=500", "an error in the dialect's form; retry: Retry-After" },
  { "rate-limit", fake_compose_status, 0, "status=429,retry=1",
    "429; retry: Retry-After as it is written, or \"date\" for one in 5 s" },
  { "redirect", fake_compose_redirect, 0, "status=307", "to: the address (no comma in it); else --redirect-to" },
  { "error-mid", fake_compose_error_mid, 0, "n=2", "n events, an error object, the end without its mark" },
  { "error-at-once", fake_compose_error_at_once, 0, "n=0,status=500",
    "n events, an error with that code, the mark, the end: one write" },
  { "junk-at-once", fake_compose_junk_at_once, 0, "n=0", "the same with JSON that breaks off instead of the error" },
  { "error-200", fake_compose_error_200, 0, NULL, "status 200 with an error object" },
  { "echo-key", fake_compose_echo_key, 0, "status=401",
    "an error that quotes the key everywhere, headers and their names too; 4xx and 5xx as they come" },
  { "echo-key-text", fake_compose_echo_key_text, 0, "status=502,bytes=0",
    "the same as plain text; bytes: how much stands in front of the key" },
  { "echo-key-200", fake_compose_echo_key, 0, "status=200", "the same behind a 200" },
  { "echo-key-mid", fake_compose_echo_key_mid, 0, "n=2", "n events, an error that quotes the key" },
  { "html", fake_compose_html, 0, "status=502", "a page for browsers" },
  { "not-json", fake_compose_not_json, 0, NULL, "200 with a body that is no JSON" },
  { "half-json", fake_compose_half_json, 0, NULL, "200, well framed, with the first half of the JSON" },
  { "empty", fake_compose_empty, 0, NULL, "200 with no body" },
  { "gzip", fake_compose_gzip, 0, NULL, "compressed although nobody asked" },
  { "gzip-bad", fake_compose_gzip_bad, 0, NULL, "compressed, and damaged in the middle" },
  { "gzip-bomb", fake_compose_gzip_bomb, 0, "mb=64", "compressed blanks, mb MiB when unpacked" },
  { "no-usage", fake_compose_plain, FAKE_STYLE_NO_USAGE, NULL, "never says what it used" },
  { "usage-in-choice", fake_compose_plain, FAKE_STYLE_USAGE_IN_CHOICE, NULL,
    "usage in the chunk of the finish reason" },
  { "always-usage", fake_compose_plain, FAKE_STYLE_ALWAYS_USAGE, NULL, "a usage chunk although not asked for" },
  { "no-done", fake_compose_plain, FAKE_STYLE_NO_DONE, NULL, "no [DONE]; for Ollama no last line" },
  { "crlf", fake_compose_plain, FAKE_STYLE_CRLF, NULL, "events with CR LF" },
  { "cr", fake_compose_plain, FAKE_STYLE_CR, NULL, "events with CR alone" },
  { "comments", fake_compose_plain, FAKE_STYLE_COMMENTS, NULL, "a comment in front of each event" },
  { "no-space", fake_compose_plain, FAKE_STYLE_NO_SPACE, NULL, "no blank behind data:" },
  { "bom", fake_compose_plain, FAKE_STYLE_BOM, NULL, "a byte order mark in front of the stream" },
  { "split-data", fake_compose_plain, FAKE_STYLE_SPLIT_DATA, NULL, "each event's data in two lines" },
  { "tool", fake_compose_plain, FAKE_STYLE_TOOL, NULL, "calls the first tool offered" },
  { "reasoning", fake_compose_plain, FAKE_STYLE_REASONING, NULL, "reasons before it answers" },
  { "length", fake_compose_length, 0, NULL, "finish reason length" },
  { "flaky", fake_compose_flaky, 0, "n=2,status=500", "only each n-th request with this model name succeeds" },
  { "first", fake_compose_first, 0, "n=1,status=503", "the first n requests with this model name fail" },
};

G_STATIC_ASSERT (G_N_ELEMENTS (modes) < FAKE_LOG_MODES);

typedef enum { NUMBER_64, NUMBER_32, TEXT } ParamKind;

static const struct
{
  const char *name;
  ParamKind kind;
  gsize offset;
} params_table[] = {
  { "bytes", NUMBER_64, offsetof (FakeParams, bytes) },   { "events", NUMBER_64, offsetof (FakeParams, events) },
  { "n", NUMBER_64, offsetof (FakeParams, n) },           { "ms", NUMBER_32, offsetof (FakeParams, ms) },
  { "first", NUMBER_32, offsetof (FakeParams, first) },   { "size", NUMBER_32, offsetof (FakeParams, size) },
  { "status", NUMBER_32, offsetof (FakeParams, status) }, { "floats", NUMBER_32, offsetof (FakeParams, floats) },
  { "mb", NUMBER_32, offsetof (FakeParams, mb) },         { "to", TEXT, offsetof (FakeParams, to) },
  { "retry", TEXT, offsetof (FakeParams, retry) },
};

/* Takes what is in front of @stop, or all. */
static FakeSlice
take (FakeSlice *rest, char stop)
{
  const char *at = rest->length > 0 ? memchr (rest->data, stop, rest->length) : NULL;
  FakeSlice taken = *rest;

  if (at == NULL)
    {
      *rest = (FakeSlice){ NULL, 0 };
      return taken;
    }
  taken.length = at - taken.data;
  *rest = (FakeSlice){ at + 1, rest->length - taken.length - 1 };
  return taken;
}

static guint64
number_of (FakeSlice value)
{
  guint64 number = 0;

  for (gsize i = 0; i < value.length && g_ascii_isdigit (value.data[i]) && number < G_MAXUINT32; i++)
    number = number * 10 + g_ascii_digit_value (value.data[i]);
  return number;
}

static gboolean
read_params (FakeSlice text, FakeParams *params)
{
  while (text.length > 0)
    {
      FakeSlice value = take (&text, ',');
      FakeSlice name = take (&value, '=');
      guint i = 0;
      char *field;

      while (i < G_N_ELEMENTS (params_table) && !fake_slice_equal (name, params_table[i].name))
        i++;
      if (i == G_N_ELEMENTS (params_table))
        return FALSE;
      field = (char *) params + params_table[i].offset;
      if (params_table[i].kind == TEXT)
        *(FakeSlice *) field = value;
      else if (params_table[i].kind == NUMBER_64)
        *(guint64 *) field = number_of (value);
      else
        *(guint *) field = MIN (number_of (value), G_MAXINT32);
      if (params_table[i].offset == offsetof (FakeParams, events))
        params->events_given = TRUE;
    }
  return TRUE;
}

static const FakeMode *
mode_named (FakeSlice name)
{
  for (guint i = 0; i < G_N_ELEMENTS (modes); i++)
    if (fake_slice_equal (name, modes[i].name))
      return &modes[i];
  return NULL;
}

/* Does "fake:" go on with "key=value" instead of a mode? */
static gboolean
names_param (FakeSlice rest)
{
  FakeSlice first = take (&rest, ':');

  return memchr (first.data, '=', first.length) != NULL;
}

const FakeMode *
fake_mode_find (FakeSlice model, FakeParams *params)
{
  static const char status[] = "status-";
  FakeSlice rest = model;
  FakeSlice name = take (&rest, ':');
  FakeSlice short_status = { NULL, 0 };
  gboolean explicitly = fake_slice_equal (name, "fake");
  const FakeMode *mode;

  memset (params, 0, sizeof *params);
  if (explicitly && rest.length == 0)
    return &modes[0];
  if (explicitly && names_param (rest))
    name = (FakeSlice){ "plain", 5 };
  else if (explicitly)
    name = take (&rest, ':');

  /* what Ollama's clients add to a name without a tag */
  if (fake_slice_equal (name, "latest"))
    name = (FakeSlice){ "plain", 5 };
  if (fake_slice_equal (rest, "latest"))
    rest = (FakeSlice){ NULL, 0 };
  if (name.length > strlen (status) && memcmp (name.data, status, strlen (status)) == 0)
    {
      short_status = (FakeSlice){ name.data + strlen (status), name.length - strlen (status) };
      name.length = strlen (status) - 1;
    }

  mode = mode_named (name);
  if (mode == NULL)
    return explicitly ? NULL : &modes[0];
  if (mode->defaults != NULL)
    read_params ((FakeSlice){ mode->defaults, strlen (mode->defaults) }, params);
  if (short_status.length > 0)
    params->status = number_of (short_status);
  return read_params (rest, params) ? mode : NULL;
}

guint
fake_mode_index (const FakeMode *mode)
{
  return mode - modes;
}

const char *
fake_mode_name (guint index)
{
  return index < G_N_ELEMENTS (modes) ? modes[index].name : NULL;
}

void
fake_mode_print_list (GString *out)
{
  for (guint i = 0; i < G_N_ELEMENTS (modes); i++)
    g_string_append_printf (out, "%-16s %-26s %s\n", modes[i].name, modes[i].defaults != NULL ? modes[i].defaults : "",
                            modes[i].description);
}
