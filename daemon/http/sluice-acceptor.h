/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Our own listening sockets in a thread of their own (DESIGN 5): backlog, caps, back-off when descriptors run out,
 * who the peer is; each connection goes to the worker with the fewest.
 */
#pragma once

#include "http/sluice-worker.h"

G_BEGIN_DECLS

typedef struct _SluiceAcceptor SluiceAcceptor;

/* @workers (element-type SluiceWorker) is borrowed and must outlive the acceptor. */
SluiceAcceptor *sluice_acceptor_new (GPtrArray *workers, guint max_connections);

/* Binds TCP @host (an address literal) and @port; 0 lets the kernel choose. Returns the port, 0 with
 * SLUICE_ERROR_ADDRESS that
 * says who may hold it. Before start. */
guint sluice_acceptor_listen (SluiceAcceptor *self, const char *host, guint port, GError **error);

/* Binds a Unix socket at @path, mode 0600; a stale one is replaced, a living one is an error. Before start. */
gboolean sluice_acceptor_listen_unix (SluiceAcceptor *self, const char *path, GError **error);

/* Accepts on @socket too, which listens already and is held by a service manager: closing ours closes it for nobody
 * else, and what waits in it stays there. Before start. */
void sluice_acceptor_take (SluiceAcceptor *self, GSocket *socket);

/* Starts accepting, also after a pause. */
void sluice_acceptor_start (SluiceAcceptor *self);

/* Accepts nothing any more from when this returns; the sockets stay as they are. */
void sluice_acceptor_pause (SluiceAcceptor *self);

/* Whether somebody waits to be accepted. While it is paused. */
gboolean sluice_acceptor_has_waiting (SluiceAcceptor *self);

/* Closes the listening sockets and ends the thread. */
void sluice_acceptor_free (SluiceAcceptor *self);

G_END_DECLS
