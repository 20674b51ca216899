/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the wires of this room share. Not for other rooms.
 */
#pragma once

#include "dialect/sluice-dialect.h"
#include "shared/sluice-json-splice.h"

G_BEGIN_DECLS

extern const SluiceDialect sluice_dialect_openai;
extern const SluiceDialect sluice_dialect_ollama;

/*
 * Indexes an answer or an event of an upstream. Errors: SLUICE_ERROR_UPSTREAM_ANSWER, "the upstream's @what is not a
 * JSON object: ...".
 */
gboolean sluice_dialect_index (SluiceJsonObject *object,
                               const char *text,
                               gsize length,
                               const char *what,
                               GError **error);

/* Whether there is something: neither missing nor null. */
static inline gboolean
sluice_dialect_has (SluiceJsonValue value)
{
  return value.type != SLUICE_JSON_NONE && value.type != SLUICE_JSON_NULL;
}

/* Whether @value reports an error: an object or a text; some write "error": null or false for none. */
static inline gboolean
sluice_dialect_is_error (SluiceJsonValue value)
{
  return value.type == SLUICE_JSON_OBJECT || (value.type == SLUICE_JSON_STRING && value.length > 2);
}

/* Bytes of a text as they stand in the JSON, without quotes; 0 for anything else. */
static inline gsize
sluice_dialect_text_bytes (SluiceJsonValue value)
{
  return value.type == SLUICE_JSON_STRING ? value.length - 2 : 0;
}

/* Appends the numbers of @vector as a JSON string: base64 of little-endian floats. FALSE if one is no number or does
 * not fit; @into has then something of it. */
gboolean sluice_dialect_append_base64 (GString *into, SluiceJsonValue vector);

/* Whether @data, the list of an OpenAI answer to an embedding request, has vectors of numbers. */
gboolean sluice_dialect_has_vectors (SluiceJsonValue data);

/* Sets "data" to @data with its vectors as base64. FALSE as above. */
gboolean sluice_dialect_pack_vectors (SluiceJsonSplice *splice, SluiceJsonValue data);

/* White space that could end the line of an event becomes plain space; in JSON it stands outside of strings only. */
void sluice_dialect_flatten (char *text, gsize length);

/* The two names of one limit: the default of one is not added under a value of the other. %NULL for other names. */
const char *sluice_dialect_other_name (const char *name);

G_END_DECLS
