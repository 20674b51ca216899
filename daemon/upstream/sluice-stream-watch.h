/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Says when a body that libsoup hands out may have more bytes. The socket below a plain connection goes into
 * the worker's poller, where a thousand open streams cost no more to wait for than one; under TLS, where
 * bytes may lie above the socket, one pollable source is kept for the whole stream. Either way the reader has
 * to read until it would block before it waits. One thread: the poller's.
 */
#pragma once

#include <gio/gio.h>

#include "shared/sluice-poller.h"

G_BEGIN_DECLS

#define SLUICE_TYPE_STREAM_WATCH (sluice_stream_watch_get_type ())
G_DECLARE_FINAL_TYPE (SluiceStreamWatch, sluice_stream_watch, SLUICE, STREAM_WATCH, GObject)

/* @stream: a pollable stream. @func is called from the loop; now and then with nothing to read. */
SluiceStreamWatch *sluice_stream_watch_new (SluicePoller *poller,
                                            GInputStream *stream,
                                            void (*func) (gpointer user_data),
                                            gpointer user_data);

/* Calls in the next turn of the loop, whether something came or not. */
void sluice_stream_watch_repeat (SluiceStreamWatch *self);

/* No call comes after this. To be called before the stream is closed by us. The reference stays the caller's.
 */
void sluice_stream_watch_stop (SluiceStreamWatch *self);

G_END_DECLS
