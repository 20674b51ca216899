/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "fake-log.h"
#include "fake-request.h"

/* The bodies of answers, in the dialect asked for. Nothing here knows HTTP framing. */

typedef enum {
  FAKE_WIRE_NONE,
  FAKE_WIRE_OPENAI_CHAT,
  FAKE_WIRE_OPENAI_TEXT,
  FAKE_WIRE_OPENAI_EMBED,
  FAKE_WIRE_OLLAMA_CHAT,
  FAKE_WIRE_OLLAMA_GENERATE,
  FAKE_WIRE_OLLAMA_EMBED,
  FAKE_WIRE_OLLAMA_EMBED_OLD,
} FakeWire;

typedef enum {
  FAKE_STYLE_PLAIN = 0,
  FAKE_STYLE_NO_USAGE = 1 << 0,
  FAKE_STYLE_NO_DONE = 1 << 1,
  FAKE_STYLE_CRLF = 1 << 2,     /* lines end in CR LF */
  FAKE_STYLE_CR = 1 << 3,       /* lines end in CR alone */
  FAKE_STYLE_COMMENTS = 1 << 4, /* a comment line in front of each event */
  FAKE_STYLE_NO_SPACE = 1 << 5, /* "data:{" */
  FAKE_STYLE_BOM = 1 << 6,      /* a byte order mark in front of the stream */
  FAKE_STYLE_TOOL = 1 << 7,     /* a call of the first tool offered */
  FAKE_STYLE_REASONING = 1 << 8,
  FAKE_STYLE_USAGE_IN_CHOICE = 1 << 9, /* usage in the chunk that has the finish reason */
  FAKE_STYLE_SPLIT_DATA = 1 << 10,     /* an event's data in two lines */
  FAKE_STYLE_ALWAYS_USAGE = 1 << 11,   /* usage chunk although not asked for */
} FakeStyle;

typedef struct {
  FakeWire wire;
  guint style;
  guint64 id;
  gint64 created;   /* seconds */
  FakeSlice model;  /* escaped */
  FakeSlice text;   /* what is said, escaped */
  FakeSlice tool;   /* name of the tool called */
  const char *finish; /* (unowned): "stop", "length" */
  gboolean stream;
  gboolean include_usage;
  guint64 prompt_tokens;
  guint64 completion_tokens;
} FakeAnswer;

gboolean fake_wire_is_ollama (FakeWire wire);
gboolean fake_wire_is_embedding (FakeWire wire);

/* Words of escaped JSON text: what white space, escaped or not, separates. */
guint64 fake_count_words (FakeSlice text);

/* Takes the next word with the spaces behind it. */
gboolean fake_next_word (FakeSlice *rest, FakeSlice *word);

void fake_answer_append_whole (const FakeAnswer *self, GString *out);

/* The parts of a stream. @piece: escaped. */
void fake_answer_append_first (const FakeAnswer *self, GString *out);
void fake_answer_append_delta (const FakeAnswer *self, GString *out, FakeSlice piece);
void fake_answer_append_last (const FakeAnswer *self, GString *out);

/* An error in place of an event. */
void fake_answer_append_stream_error (const FakeAnswer *self, GString *out, const char *message);

/* An error body. */
void fake_answer_append_error (FakeWire wire, GString *out, const char *message, const char *type, guint status);

/* @floats: of each vector. @count: vectors. @base64: as the official OpenAI client asks for. */
void fake_answer_append_embeddings (const FakeAnswer *self, GString *out, guint floats, guint count, gboolean base64);

const char *fake_answer_stream_type (FakeWire wire);
