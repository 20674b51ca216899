/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A wire format of providers, seen from the hub, which is the OpenAI form (DESIGN 4). A few functions and tables, no
 * I/O: bytes in, bytes out.
 */
#pragma once

#include "dialect/sluice-fault.h"
#include "dialect/sluice-usage.h"
#include "shared/sluice-json.h"

G_BEGIN_DECLS

typedef enum {
  SLUICE_OPERATION_CHAT,
  SLUICE_OPERATION_COMPLETION,
  SLUICE_OPERATION_EMBEDDING,
  SLUICE_N_OPERATIONS,
} SluiceOperation;

/* "chat", "completion", "embedding": for rows and logs. */
const char *sluice_operation_name (SluiceOperation operation);

/* A member that the deployment adds under the client's value: name and raw JSON. */
typedef struct {
  const char *name;
  const char *json;
} SluiceDialectDefault;

/* What an encoder needs to know. Everything is borrowed. */
typedef struct {
  SluiceOperation operation;
  const SluiceJsonObject *request; /* the client's body */
  const char *model;               /* the upstream's name of the model */
  gboolean stream;
  const SluiceDialectDefault *defaults; /* (nullable) (array length=n_defaults) */
  guint n_defaults;
} SluiceDialectRequest;

/* What a decoder needs to know. The strings are borrowed and must outlive a stream. */
typedef struct {
  SluiceOperation operation;
  const char *public_model; /* the name the client used: what "model" of the answer becomes */
  const char *answer_id;    /* for wires whose answers have no id, e.g. "chatcmpl-..." */
  gint64 created;           /* seconds since 1970, for wires whose answers have none */
  gboolean base64;          /* embeddings were asked for as base64 */
  gboolean no_output;       /* no token was asked for (max_tokens 0): a text is an echo, and 0 a true count */
  gsize request_bytes;      /* of the encoded request, to estimate a prompt that is not counted */
  gsize max_line;           /* bytes of one line of a stream */
  gsize max_event;          /* bytes of one event of a stream */
} SluiceDialectAnswer;

typedef enum {
  SLUICE_STREAM_CHUNK, /* @payload is a chat.completion.chunk (or text_completion) for the client, without usage */
  SLUICE_STREAM_USAGE, /* a chunk with the usage of all (no choices), once, in front of DONE, estimated if the upstream
                          did not report it: for the client only if it asked */
  SLUICE_STREAM_FAULT, /* the upstream reported an error midway; the fault is in the stream */
  SLUICE_STREAM_DONE,  /* the protocol's own end was seen */
} SluiceStreamEvent;

/* @payload: one JSON object, without framing; valid during the call only; empty for FAULT and DONE. */
typedef void (*SluiceStreamFunc) (SluiceStreamEvent event, const char *payload, gsize length, gpointer user_data);

typedef struct _SluiceDialect SluiceDialect;
typedef struct _SluiceStreamDecoder SluiceStreamDecoder;

/* A decoder embeds this as its first member. */
struct _SluiceStreamDecoder {
  const SluiceDialect *dialect;
  SluiceUsage usage;  /* picked up in passing; complete when DONE is sent */
  gint64 text_bytes;  /* generated text seen so far: the estimate when no usage comes */
  gboolean done;      /* SLUICE_STREAM_DONE was sent: the answer is whole; what comes later is ignored */
  SluiceFault *fault; /* (owned) (nullable) */
};

struct _SluiceDialect {
  const char *name;

  /* Path below the base address; %NULL if the wire cannot do the operation. */
  const char *paths[SLUICE_N_OPERATIONS];

  /* The upstream request's body. Errors: SLUICE_ERROR_INVALID_REQUEST with what the wire cannot express. */
  GBytes *(*encode_request) (const SluiceDialectRequest *request, GError **error);

  /* A whole 2xx answer into the hub's form; fills @usage, and estimates what the upstream did not report: the answer
   * says what the row will say. Errors: SLUICE_ERROR_UPSTREAM_ANSWER. A 200 that is really an
   * error ({"error":...} without choices or data) sets @fault (transfer full) and returns %NULL without @error. */
  GBytes *(*decode_answer) (const SluiceDialectAnswer *answer,
                            GBytes *body,
                            SluiceUsage *usage,
                            SluiceFault **fault,
                            GError **error);

  SluiceStreamDecoder *(*stream_new) (const SluiceDialectAnswer *answer);
  /* Errors: SLUICE_ERROR_UPSTREAM_ANSWER for what is no event of this wire. Nothing may be pushed after an error. */
  gboolean (*stream_push) (SluiceStreamDecoder *decoder,
                           const char *bytes,
                           gsize length,
                           SluiceStreamFunc func,
                           gpointer user_data,
                           GError **error);
  /* The connection ended. A stream that has seen neither its protocol's end nor a fault by then was cut:
   * SLUICE_ERROR_UPSTREAM_ANSWER. May still report events: a last one whose line end is missing. */
  gboolean (*stream_end) (SluiceStreamDecoder *decoder, SluiceStreamFunc func, gpointer user_data, GError **error);
  void (*stream_free) (SluiceStreamDecoder *decoder);
};

/* "openai" or "ollama"; %NULL if there is none of that name. */
const SluiceDialect *sluice_dialect_find (const char *name);

G_END_DECLS
