/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The composition root: makes every part, starts and stops them in order, and carries what one part says to the
 * others. Main thread.
 */
#pragma once

#include "http/sluice-front.h"
#include "shared/sluice-log.h"
#include "shared/sluice-notify.h"
#include "sluice-config-source.h"

G_BEGIN_DECLS

#define SLUICE_TYPE_DAEMON (sluice_daemon_get_type ())
G_DECLARE_FINAL_TYPE (SluiceDaemon, sluice_daemon, SLUICE, DAEMON, GObject)

/* How something ended that was asked for; @error is %NULL if all went well. */
typedef void (*SluiceDaemonFunc) (const GError *error, gpointer user_data);

/* The daemon wants to leave: call sluice_daemon_stop(). @error (nullable): it cannot stay. Once, from the loop. */
typedef void (*SluiceDaemonLeave) (const GError *error, gpointer user_data);

/*
 * @reading (transfer full) is what to start with. If it holds no configuration the daemon starts in the state
 * "config-error": everything is there, but the API answers 503 with the first finding until the file is mended.
 */
SluiceDaemon *sluice_daemon_new (SluiceConfigSource *source, SluiceConfigReading *reading);

/*
 * Before the start. @notify is told about start, reload, stop and health; it must outlive the daemon. @inherited
 * (element-type SluiceInherited): listening sockets to use instead of own ones; may be empty.
 */
void sluice_daemon_set_service (SluiceDaemon *self, SluiceNotify *notify, GPtrArray *inherited);

/* Before the start: whom it asks when it wants to leave, because it is idle or asked to over the bus. */
void sluice_daemon_set_leave (SluiceDaemon *self, SluiceDaemonLeave leave, gpointer user_data);

/* Before the start: after so long without work it wants to leave, but only if somebody else holds all its sockets; 0:
 * never. In microseconds; without this call the setting counts. */
void sluice_daemon_set_idle_period (SluiceDaemon *self, gint64 period_us);

/* Before the start: the log whose topics sluice_settings.debug chooses; %NULL leaves them as they are. It must outlive
 * the daemon. */
void sluice_daemon_set_log (SluiceDaemon *self, SluiceLog *log);

/* Opens the ledger, binds the addresses, looks for local models if none is configured, and begins to serve; prints
 * the addresses on standard error when it does. Errors: SLUICE_ERROR_LOCKED, _STORAGE, _ADDRESS. */
gboolean sluice_daemon_start (SluiceDaemon *self, GError **error);

/*
 * Reads the configuration again. A good one is served from then on, requests under way finish on the old one; one with
 * an error changes nothing but the state's reasons. @done (nullable) is called when that is decided, from the loop;
 * the first finding is the error of a file that was refused (SLUICE_ERROR_CONFIG).
 */
void sluice_daemon_reload (SluiceDaemon *self, SluiceDaemonFunc done, gpointer user_data);

/* Drains and stops; @done (@user_data) is called when all is written and closed. A second call cuts the drain short. */
void sluice_daemon_stop (SluiceDaemon *self, void (*done) (gpointer user_data), gpointer user_data);

G_END_DECLS
