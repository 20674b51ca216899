/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How one thread asks another for something: a queue of calls that run in the owner's main context, in order.
 *
 * Pushes may come from any thread; a burst of pushes wakes the owner once. The calls never run in the pushing
 * thread (g_main_context_invoke() does that when the context is not owned yet).
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _SluiceInbox SluiceInbox;

typedef void (*SluiceInboxFunc) (gpointer data);

/* @context: (nullable): %NULL for the default context. The calls run there at default priority. */
SluiceInbox *sluice_inbox_new (GMainContext *context);

SluiceInbox *sluice_inbox_ref (SluiceInbox *self);
void sluice_inbox_unref (SluiceInbox *self);

/*
 * Queues @func (@data). @destroy (nullable) frees @data if the inbox was closed before the call could run; a call
 * that runs owns its data. Any thread.
 */
void sluice_inbox_push (SluiceInbox *self, SluiceInboxFunc func, gpointer data, GDestroyNotify destroy);

/* Runs nothing any more; what waits, and what is pushed later, is destroyed. Owner's thread. */
void sluice_inbox_close (SluiceInbox *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SluiceInbox, sluice_inbox_unref)

G_END_DECLS
