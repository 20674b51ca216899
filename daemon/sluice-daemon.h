/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The composition root: makes every part, starts and stops them in order, and carries what one part says to the
 * others. Main thread.
 */
#pragma once

#include "http/sluice-front.h"
#include "sluice-config-source.h"

G_BEGIN_DECLS

#define SLUICE_TYPE_DAEMON (sluice_daemon_get_type ())
G_DECLARE_FINAL_TYPE (SluiceDaemon, sluice_daemon, SLUICE, DAEMON, GObject)

/* How something ended that was asked for; @error is %NULL if all went well. */
typedef void (*SluiceDaemonFunc) (const GError *error, gpointer user_data);

/*
 * @reading (transfer full) is what to start with. If it holds no configuration the daemon starts in the state
 * "config-error": everything is there, but the API answers 503 with the first finding until the file is mended.
 */
SluiceDaemon *sluice_daemon_new (SluiceConfigSource *source, SluiceConfigReading *reading);

/* Opens the ledger, binds the addresses, looks for local models if none is configured, and begins to serve; prints
 * the addresses on standard error when it does. Errors: SLUICE_ERROR_LOCKED, _STORAGE, _ADDRESS. */
gboolean sluice_daemon_start (SluiceDaemon *self, GError **error);

/*
 * Reads the configuration again. A good one is served from then on, requests under way finish on the old one; one with
 * an error changes nothing but the state's reasons. @done (nullable) is called when that is decided, from the loop;
 * the first finding is the error of a file that was refused (SLUICE_ERROR_CONFIG).
 */
void sluice_daemon_reload (SluiceDaemon *self, SluiceDaemonFunc done, gpointer user_data);

/* When a cloud model may be asked, at this moment. */
SluiceCloudPolicy sluice_daemon_get_cloud_policy (SluiceDaemon *self);

/* Changes it for good: @done (nullable) is called, from the loop, when it is stored and holds. Errors:
 * SLUICE_ERROR_LEDGER_UNAVAILABLE, and everything stays as it was. */
void sluice_daemon_set_cloud_policy (SluiceDaemon *self,
                                     SluiceCloudPolicy policy,
                                     SluiceDaemonFunc done,
                                     gpointer user_data);

/* "starting", "running", "degraded", "config-error", "draining" (DESIGN 9). */
const char *sluice_daemon_get_state (SluiceDaemon *self);

/* Why the state is what it is, for people; empty while all is well. (transfer full) */
GStrv sluice_daemon_dup_reasons (SluiceDaemon *self);

/* The findings of the last reading. (element-type SluiceFinding) (transfer none) */
GPtrArray *sluice_daemon_get_findings (SluiceDaemon *self);

/* Drains and stops; @done (@user_data) is called when all is written and closed. A second call cuts the drain short. */
void sluice_daemon_stop (SluiceDaemon *self, void (*done) (gpointer user_data), gpointer user_data);

G_END_DECLS
