/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The composition root: makes every part, starts and stops them in order. Main thread.
 */
#pragma once

#include "http/sluice-front.h"

G_BEGIN_DECLS

#define SLUICE_TYPE_DAEMON (sluice_daemon_get_type ())
G_DECLARE_FINAL_TYPE (SluiceDaemon, sluice_daemon, SLUICE, DAEMON, GObject)

/* @config is the snapshot to start with. */
SluiceDaemon *sluice_daemon_new (SluiceConfig *config);

/* Opens the ledger, binds the addresses, looks for local models if none is configured, and begins to serve; prints
 * the addresses
 * on standard error when it does. Errors: SLUICE_ERROR_LOCKED, _STORAGE, _ADDRESS. */
gboolean sluice_daemon_start (SluiceDaemon *self, GError **error);

/* Drains and stops; @done (@user_data) is called when all is written and closed. A second call cuts the drain short. */
void sluice_daemon_stop (SluiceDaemon *self, void (*done) (gpointer user_data), gpointer user_data);

G_END_DECLS
