/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "fake-scan.h"

/* One HTTP request. All slices point into the connection's buffer and hold until the request ends. */
typedef struct {
  FakeSlice head; /* request line and header lines, with the empty line */
  FakeSlice method;
  FakeSlice path; /* with the query, without the /_mode/NAME in front */
  FakeSlice body;
  FakeSlice forced_mode; /* from a path that begins with /_mode/NAME; empty otherwise */
  FakeSlice header_tag;  /* x-fake-tag */

  gint64 content_length; /* -1: none */
  gboolean chunked;
  gboolean expects_continue;
  gboolean keep_alive;

  /* from the body, for the routes that have one */
  FakeSlice json_model; /* a string's inside, escaped as it came; empty if none */
  FakeSlice user_text;  /* last user message or prompt, escaped as it came */
  FakeSlice input;      /* of embeddings: any value */
  FakeSlice format;     /* encoding_format */
  FakeSlice tool_name;  /* of the first tool offered */
  FakeSlice tag;        /* x-fake-tag, else user, metadata.tag, or #tag:NAME in the user's text */
  gboolean stream;
  gboolean include_usage;
} FakeRequest;

/* Reads request line and headers. Returns FALSE if this is no HTTP/1.x. */
gboolean fake_request_parse_head (FakeRequest *self, const char *data, gsize length);

/* Finds the members that the answers need. @stream_default: what a missing `stream` means. Returns FALSE if the body
 * is no JSON object. */
gboolean fake_request_parse_body (FakeRequest *self, gboolean stream_default);

/* Takes the next "Name: value" line from @rest, which is the head without its first line. */
gboolean fake_request_next_header (FakeSlice *rest, FakeSlice *name, FakeSlice *value);

/* Returns: (transfer full): the value of the header @name (lower case); "" if there is none. */
char *fake_request_dup_header (const FakeRequest *self, const char *name);
