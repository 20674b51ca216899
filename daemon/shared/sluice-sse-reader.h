/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Splits a byte stream into server-sent events (WHATWG HTML, "Interpreting an event stream"), however the bytes
 * are cut: LF, CR and CRLF, a leading byte order mark, comments, several data lines joined with LF, no space after
 * the colon. Knows nothing of JSON.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _SluiceSseReader SluiceSseReader;

/**
 * SluiceSseFunc:
 * @event: (nullable): the "event" field, NUL-terminated; %NULL if there was none
 * @data: the joined data; not NUL-terminated; valid during the call only
 * @length: bytes of @data
 *
 * One event. Return %FALSE with @error set to stop the reader.
 */
typedef gboolean (*SluiceSseFunc) (const char *event,
                                   const char *data,
                                   gsize length,
                                   gpointer user_data,
                                   GError **error);

/* A line longer than @max_line or an event whose joined data is longer than @max_event (bytes) is an error. */
SluiceSseReader *sluice_sse_reader_new (gsize max_line, gsize max_event);
void sluice_sse_reader_free (SluiceSseReader *self);

/*
 * Feeds bytes; @func is called for each event they complete. Fast path: an event with one line of data that lies whole
 * in @bytes is handed out without a copy. An event ends with an empty line, so at the end of a stream pushing "\n\n"
 * hands out an event that lacks it. Errors: SLUICE_ERROR_UPSTREAM_ANSWER, or that of @func; after an error the reader
 * is done and each further push fails. @func must not use the reader.
 */
gboolean sluice_sse_reader_push (SluiceSseReader *self,
                                 const char *bytes,
                                 gsize length,
                                 SluiceSseFunc func,
                                 gpointer user_data,
                                 GError **error);

/*
 * Whether bytes of an unfinished event are held back: at the end of a stream that means it was cut. Whole lines that
 * are not data do not count.
 */
gboolean sluice_sse_reader_has_partial (SluiceSseReader *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SluiceSseReader, sluice_sse_reader_free)

G_END_DECLS
