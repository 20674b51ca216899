/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of the Ollama wire share: the request, its messages, the answer's parts, the stream. The functions of
 * the table are described in sluice-dialect.h.
 */
#pragma once

#include "dialect/sluice-dialect-private.h"

G_BEGIN_DECLS

GBytes *sluice_ollama_encode_request (const SluiceDialectRequest *request, GError **error);

/*
 * Appends the array of messages in Ollama's form. Errors: SLUICE_ERROR_INVALID_REQUEST with the place, for what Ollama
 * cannot take.
 */
gboolean sluice_ollama_append_messages (GString *into, SluiceJsonValue messages, GError **error);

/*
 * The counts of an answer or of a stream's last line. What is absent (the prompt, if it was cached as a whole) is
 * estimated from @request_bytes or @text_bytes, which is what our own answer and the row then say.
 */
void sluice_ollama_read_usage (SluiceUsage *usage,
                               const SluiceJsonObject *object,
                               SluiceOperation operation,
                               gsize request_bytes,
                               gsize text_bytes);

/* Our word for done_reason: "stop" or "length"; "tool_calls" if there were any. */
const char *sluice_ollama_finish_reason (SluiceJsonValue done_reason, gboolean tool_calls);

/* {"id":...,"type":"function","function":{"name":...,"arguments":"..."}}; with "index" in front if @in_stream. */
void sluice_ollama_append_tool_call (GString *into,
                                     SluiceJsonValue call,
                                     const char *answer_id,
                                     guint index,
                                     gboolean in_stream);

/* {"id":...,"object":@object,"created":...,"model":... without the end. */
void sluice_ollama_append_head (GString *into, const SluiceDialectAnswer *answer, const char *object);

SluiceStreamDecoder *sluice_ollama_stream_new (const SluiceDialectAnswer *answer);
gboolean sluice_ollama_stream_push (SluiceStreamDecoder *decoder,
                                    const char *bytes,
                                    gsize length,
                                    SluiceStreamFunc func,
                                    gpointer user_data,
                                    GError **error);
gboolean sluice_ollama_stream_end (SluiceStreamDecoder *decoder,
                                   SluiceStreamFunc func,
                                   gpointer user_data,
                                   GError **error);
void sluice_ollama_stream_free (SluiceStreamDecoder *decoder);

G_END_DECLS
