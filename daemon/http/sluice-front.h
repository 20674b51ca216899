/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The HTTP side as a whole: listening sockets, acceptor and workers. Main thread.
 */
#pragma once

#include "http/sluice-snapshot.h"
#include "http/sluice-worker.h"
#include "ledger/sluice-ledger.h"
#include "router/sluice-cloud-policy.h"

G_BEGIN_DECLS

typedef struct _SluiceFront SluiceFront;

/* Why host and port cannot be changed when they come with sockets that a service manager opened. */
#define SLUICE_FRONT_HOLDER "held by the socket unit"

typedef struct {
  const char *path;     /* (nullable): of the Unix socket; not used if there is an inherited one */
  GPtrArray *inherited; /* (nullable) (element-type SluiceInherited): listening sockets; a reference to each is taken */
} SluiceFrontSockets;

/*
 * Listens on @sockets, and starts the workers; nothing is accepted yet. Unless a TCP socket is inherited the addresses
 * of the settings are bound: 127.0.0.1 and [::1], the latter only where the machine has it. Errors:
 * SLUICE_ERROR_ADDRESS, also for inherited sockets that others can reach or with different ports, and what starting
 * threads brings.
 */
SluiceFront *sluice_front_new (SluiceConfig *config,
                               SluiceRouter *router,
                               const char *config_error,
                               const SluiceFrontSockets *sockets,
                               SluiceLedger *ledger,
                               SluiceClock *clock,
                               GError **error);

/* Begins to accept. */
void sluice_front_start (SluiceFront *self);

/* For requests from now on. @config_error (nullable): why nothing is served, see sluice_snapshot_new(). */
void sluice_front_set_config (SluiceFront *self, SluiceConfig *config, SluiceRouter *router, const char *config_error);

/* For /metrics: the configuration was read, with so many findings, and is served or not. */
void sluice_front_note_reading (SluiceFront *self, gboolean used, guint errors, guint warnings);

/* For each attempt from now on; what has been sent goes on. "fallback" until it is called. */
void sluice_front_set_cloud_policy (SluiceFront *self, SluiceCloudPolicy policy);

/* @func is called through @inbox when the cloud is off and a request asks for a model that no list has, or of a list
 * that is old: read them again. Before sluice_front_start(). */
void sluice_front_watch_unlisted (SluiceFront *self, SluiceInbox *inbox, SluiceInboxFunc func, gpointer user_data);

/* The lists were read, and are old from @stale_us (monotonic) on. */
void sluice_front_note_lists (SluiceFront *self, gint64 stale_us);

/* The addresses as URLs, e.g. "http://127.0.0.1:4000". (element-type utf8) (transfer none) */
GPtrArray *sluice_front_get_addresses (SluiceFront *self);

/* SLUICE_FRONT_HOLDER if the settings host and port have no effect, because the sockets came with them; else %NULL. */
const char *sluice_front_get_holder (SluiceFront *self);

/* Whether somebody else holds all listening sockets, and may start us again when a client comes. */
gboolean sluice_front_can_leave (SluiceFront *self);

/* What keeps it from being idle. */
void sluice_front_get_work (SluiceFront *self, SluiceWork *work);

/*
 * Accepts nothing any more, so that who comes from now on waits for the next instance, if there has been no work since
 * @since_us (monotonic) and nobody has just come; %TRUE then, and sluice_front_drain() is to follow. Otherwise all goes
 * on: %FALSE.
 */
gboolean sluice_front_rest (SluiceFront *self, gint64 since_us);

/* Stops listening and lets requests under way finish. */
void sluice_front_drain (SluiceFront *self);

/* Requests under way. */
guint sluice_front_get_n_exchanges (SluiceFront *self);

/* Ends what is still under way and the threads. */
void sluice_front_free (SluiceFront *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SluiceFront, sluice_front_free)

G_END_DECLS
