/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The stream decoder of the OpenAI wire, for its table of functions (sluice-dialect.h says what they do).
 */
#pragma once

#include "dialect/sluice-dialect-private.h"

G_BEGIN_DECLS

/* Bytes of generated text in a choice of a stream or in the message of a whole answer, as they stand in the JSON. Sets
 * @error (nullable) to the member "error" if there is one that is not null. */
gsize sluice_openai_count_text (SluiceJsonValue container, SluiceJsonValue *error);

SluiceStreamDecoder *sluice_openai_stream_new (const SluiceDialectAnswer *answer);
gboolean sluice_openai_stream_push (SluiceStreamDecoder *decoder,
                                    const char *bytes,
                                    gsize length,
                                    SluiceStreamFunc func,
                                    gpointer user_data,
                                    GError **error);
gboolean sluice_openai_stream_end (SluiceStreamDecoder *decoder,
                                   SluiceStreamFunc func,
                                   gpointer user_data,
                                   GError **error);
void sluice_openai_stream_free (SluiceStreamDecoder *decoder);

G_END_DECLS
