/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * All sockets of one thread in one epoll set, edge-triggered, behind a single GSource: the main loop's cost
 * does not grow with the number of connections. One thread.
 */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

typedef struct _SluicePoller SluicePoller;
typedef struct _SluicePolled SluicePolled;

/* Embedded in what is polled; @owner is kept alive while it is in the set. @events as epoll(7) has them, 0
 * for a call that was asked for with sluice_poller_repeat(). */
struct _SluicePolled {
  void (*ready) (SluicePolled *polled, guint32 events);
  GObject *owner;
};

/* @context is the thread's. Errors: SLUICE_ERROR_FAILED. */
SluicePoller *sluice_poller_new (GMainContext *context, GError **error);
void sluice_poller_free (SluicePoller *self);

/* Watches @fd for EPOLLIN, EPOLLOUT and EPOLLRDHUP. Takes a reference on the owner. Returns whether that went
 * well. */
gboolean sluice_poller_add (SluicePoller *self, int fd, SluicePolled *polled);

/* Calls @polled in the next turn, though nothing new came: for one that stopped reading to give others their
 * turn. Does nothing if it is not in the set. */
void sluice_poller_repeat (SluicePoller *self, SluicePolled *polled);

/* To be called before @fd is closed, or with -1 when someone else has closed it (the kernel has then
 * forgotten it); the reference is dropped when no event of @polled can be under way any more. */
void sluice_poller_remove (SluicePoller *self, int fd, SluicePolled *polled);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SluicePoller, sluice_poller_free)

G_END_DECLS
