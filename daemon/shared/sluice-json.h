/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The strict JSON scanner: everything from outside passes it before anything else looks (RFC 8259).
 *
 * It builds no tree. One pass checks the document and notes where the top-level members are; after that a
 * SluiceJsonValue is a slice of the checked text, and iterating, looking up and reading values are cheap. Text is
 * borrowed everywhere: it must outlive the values. Nothing here keeps state between calls; any thread.
 *
 * Refused, with the byte offset in the message: nesting over 64, more than 10,000 members in one object, a member
 * named twice at the top level, bytes that are not UTF-8, lone surrogate escapes, NUL (raw or escaped) in names,
 * control bytes in strings, a byte order mark, numbers that RFC 8259 does not know or that overflow (1e400, and
 * integers below -2^63 or above 2^64 - 1), anything after the document, nothing at all.
 *
 * Messages look like "invalid JSON at byte 17: expected ':' after a member's name"; the first byte is 0, an unexpected
 * end is reported at the length of the text. They never quote the text.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define SLUICE_JSON_MAX_DEPTH 64
#define SLUICE_JSON_MAX_MEMBERS 10000

typedef enum {
  SLUICE_JSON_NONE, /* nothing there: what a failed look-up leaves */
  SLUICE_JSON_OBJECT,
  SLUICE_JSON_ARRAY,
  SLUICE_JSON_STRING,
  SLUICE_JSON_NUMBER,
  SLUICE_JSON_TRUE,
  SLUICE_JSON_FALSE,
  SLUICE_JSON_NULL,
} SluiceJsonType;

typedef enum {
  SLUICE_JSON_FLAGS_NONE = 0,
  /* For answers of an upstream, which the client's own parser reads again: structure, strings and limits are checked
   * as ever, but inside arrays numbers and the commas and space between them only by their alphabet ("[1,,2 3]" passes,
   * "[1,]" does not), so that 270 kB of embeddings cost a few microseconds. Iterating and reading stay safe. */
  SLUICE_JSON_SKIM_NUMBERS = 1 << 0,
} SluiceJsonFlags;

/**
 * SluiceJsonValue:
 * @type: what it is
 * @text: (nullable): the first byte of the value; for strings the opening quote
 * @length: bytes of the value, quotes included
 *
 * A slice of checked text.
 */
typedef struct {
  SluiceJsonType type;
  const char *text;
  gsize length;
} SluiceJsonValue;

typedef struct {
  SluiceJsonValue name;
  SluiceJsonValue value;
} SluiceJsonMember;

/**
 * SluiceJsonObject:
 *
 * A checked document whose root is an object, with its top-level members in the order of the text.
 */
typedef struct {
  SluiceJsonValue root;
  guint n_members;
  SluiceJsonMember *members; /* (owned) (array length=n_members) */
} SluiceJsonObject;

/* Checks @text and fills @root (any type). @root (nullable). Errors: SLUICE_ERROR_INVALID_JSON. */
gboolean sluice_json_check (const char *text,
                            gsize length,
                            SluiceJsonFlags flags,
                            SluiceJsonValue *root,
                            GError **error);

/* Checks @text, which must be an object, and indexes it. Free with _clear(). On failure @object is empty. */
gboolean sluice_json_object_init (SluiceJsonObject *object,
                                  const char *text,
                                  gsize length,
                                  SluiceJsonFlags flags,
                                  GError **error);
void sluice_json_object_clear (SluiceJsonObject *object);

/* The member @name (compared after unescaping), or a value of type SLUICE_JSON_NONE. */
SluiceJsonValue sluice_json_object_get (const SluiceJsonObject *object, const char *name);

/* The same one level down: @value may be anything, a non-object has no members. Linear in the size of @value. */
SluiceJsonValue sluice_json_get (SluiceJsonValue value, const char *name);

typedef struct {
  const char *next;
  const char *end;
  gboolean object;
} SluiceJsonIter;

/* Walks a container of checked text; other types have no children. */
void sluice_json_iter_init (SluiceJsonIter *iter, SluiceJsonValue container);

/* @name (nullable, set to SLUICE_JSON_NONE in arrays). FALSE at the end. */
gboolean sluice_json_iter_next (SluiceJsonIter *iter, SluiceJsonValue *name, SluiceJsonValue *value);

/* Readers of checked values. Those that return gboolean leave the result alone when the type does not fit. */
gboolean sluice_json_equals (SluiceJsonValue value, const char *string);
char *sluice_json_dup_string (SluiceJsonValue value); /* (nullable): unescaped; %NULL unless a string without NUL */
gboolean sluice_json_read_string (SluiceJsonValue value, GString *into); /* appends, unescaped, NULs included */
gboolean sluice_json_read_int64 (SluiceJsonValue value, gint64 *result); /* integers; also 12.0 and 1e3 if exact */
gboolean sluice_json_read_boolean (SluiceJsonValue value, gboolean *result);

/* Appends @text as a JSON string, with quotes. Bytes that are not UTF-8 become U+FFFD. @length -1: up to the NUL. */
void sluice_json_append_string (GString *into, const char *text, gssize length);

/* Appends the bytes of @value as they stand in its text. */
void sluice_json_append_value (GString *into, SluiceJsonValue value);

G_END_DECLS
