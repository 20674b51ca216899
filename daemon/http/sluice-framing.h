/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The guard over the bytes of a client's connection, before libsoup sees them: where a request begins and ends has
 * exactly one reading (RFC 9112), or the connection is refused. It parses nothing that libsoup does not parse again;
 * it only makes sure that both, and whatever stands in front, agree (reliability-and-security.md 1.1).
 *
 * Refused: bare LF and bare CR, NUL and control bytes, folded lines, blanks before the colon, names that are no
 * tokens, values that are not UTF-8, duplicate Host, Content-Length or Transfer-Encoding, both of the latter, lengths
 * that are not plain digits, transfer codings but "chunked", expectations but "100-continue", unknown methods and
 * versions, targets that do not begin with "/", heads over the limits, chunk sizes that are not plain hexadecimal
 * digits, chunk extensions, trailers.
 * After a chunked request nothing more is let through.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  SLUICE_FRAMING_IDLE, /* between requests */
  SLUICE_FRAMING_HEAD,
  SLUICE_FRAMING_BODY,
  SLUICE_FRAMING_CHUNK_SIZE,
  SLUICE_FRAMING_CHUNK_DATA,
  SLUICE_FRAMING_CHUNK_END,
  SLUICE_FRAMING_CHUNK_LAST,
  SLUICE_FRAMING_OVER, /* nothing more is let through */
} SluiceFramingState;

typedef struct {
  SluiceFramingState state;
  guint max_line;
  guint max_head;
  guint max_headers;

  GByteArray *line; /* (owned) (nullable): of the head, while incomplete */
  guint head_bytes;
  guint n_headers;
  gint64 length; /* Content-Length; -1: none */
  gint64 left;   /* of the body or the chunk */
  guint digits;
  gboolean chunked;
  gboolean has_host;
  gboolean http10;
  guint64 n_requests; /* whose heads were complete */
} SluiceFraming;

void sluice_framing_init (SluiceFraming *self, guint max_line, guint max_head, guint max_headers);
void sluice_framing_clear (SluiceFraming *self);

/*
 * Looks at the next @length bytes and returns how many of them may be passed on. Fewer than @length means that the
 * connection has to be refused with @error (INVALID_REQUEST, HEADERS_TOO_LARGE, METHOD_NOT_ALLOWED, EXPECTATION,
 * NOT_IMPLEMENTED), or, without @error, that the rest is to be dropped.
 */
gsize sluice_framing_push (SluiceFraming *self, const char *bytes, gsize length, GError **error);

G_END_DECLS
