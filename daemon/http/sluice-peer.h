/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who is at the other end of a connection: credentials of a Unix socket, or the owner of the other loopback socket as
 * the kernel knows it (sock_diag). One thread each.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct {
  gboolean loopback;  /* over loopback or the Unix socket */
  gboolean uid_known;
  uid_t uid;
} SluicePeer;

typedef struct _SluicePeerFinder SluicePeerFinder;

/* Never fails; without netlink, peers of TCP connections stay unknown. */
SluicePeerFinder *sluice_peer_finder_new (void);
void sluice_peer_finder_free (SluicePeerFinder *self);

/* The peer of the accepted socket @fd. Does not block: the kernel answers at once. */
SluicePeer sluice_peer_finder_find (SluicePeerFinder *self, int fd);

/*
 * The peer of the connected socket @fd, by who listens there: the end that was accepted belongs to nobody before its
 * server takes it. Does not block.
 */
SluicePeer sluice_peer_finder_find_listener (SluicePeerFinder *self, int fd);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SluicePeerFinder, sluice_peer_finder_free)

G_END_DECLS
