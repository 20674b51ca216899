/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The HTTP side as a whole: listening sockets, acceptor and workers. Main thread.
 */
#pragma once

#include "http/sluice-snapshot.h"
#include "ledger/sluice-ledger.h"
#include "router/sluice-cloud-policy.h"

G_BEGIN_DECLS

typedef struct _SluiceFront SluiceFront;

/*
 * Binds the addresses of the settings (127.0.0.1 and [::1], the latter only where the machine has it) and
 * @socket_path (nullable, a
 * Unix socket), and starts the workers; nothing is accepted yet. Errors: SLUICE_ERROR_ADDRESS, and what starting
 * threads brings.
 */
SluiceFront *sluice_front_new (SluiceConfig *config,
                               SluiceRouter *router,
                               const char *config_error,
                               const char *socket_path,
                               SluiceLedger *ledger,
                               SluiceClock *clock,
                               GError **error);

/* Begins to accept. */
void sluice_front_start (SluiceFront *self);

/* For requests from now on. @config_error (nullable): why nothing is served, see sluice_snapshot_new(). */
void sluice_front_set_config (SluiceFront *self, SluiceConfig *config, SluiceRouter *router, const char *config_error);

/* For each attempt from now on; what has been sent goes on. "fallback" until it is called. */
void sluice_front_set_cloud_policy (SluiceFront *self, SluiceCloudPolicy policy);

/* The addresses as URLs, e.g. "http://127.0.0.1:4000". (element-type utf8) (transfer none) */
GPtrArray *sluice_front_get_addresses (SluiceFront *self);

/* Stops listening and lets requests under way finish. */
void sluice_front_drain (SluiceFront *self);

/* Requests under way. */
guint sluice_front_get_n_exchanges (SluiceFront *self);

/* Ends what is still under way and the threads. */
void sluice_front_free (SluiceFront *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SluiceFront, sluice_front_free)

G_END_DECLS
