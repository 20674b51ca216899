/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Splits a byte stream into lines (LF or CRLF), however the bytes are cut; lines with nothing but blanks are skipped.
 * For newline-delimited JSON; the lines themselves are checked by the caller.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _SluiceNdjsonReader SluiceNdjsonReader;

/* One line, without its end; valid during the call only. Return %FALSE with @error set to stop. */
typedef gboolean (*SluiceNdjsonFunc) (const char *line, gsize length, gpointer user_data, GError **error);

/* @max_line: bytes, without the line end. */
SluiceNdjsonReader *sluice_ndjson_reader_new (gsize max_line);
void sluice_ndjson_reader_free (SluiceNdjsonReader *self);

/*
 * A line that lies whole in @bytes is handed out without a copy. Errors: SLUICE_ERROR_UPSTREAM_ANSWER for a line over
 * the limit, or that of @func; after an error the reader is done and each further call fails.
 */
gboolean sluice_ndjson_reader_push (SluiceNdjsonReader *self,
                                    const char *bytes,
                                    gsize length,
                                    SluiceNdjsonFunc func,
                                    gpointer user_data,
                                    GError **error);

/* The end of the stream: hands out a last line that has no line end. */
gboolean sluice_ndjson_reader_end (SluiceNdjsonReader *self, SluiceNdjsonFunc func, gpointer user_data, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SluiceNdjsonReader, sluice_ndjson_reader_free)

G_END_DECLS
