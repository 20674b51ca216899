/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a service manager is told: sd_notify(3) without its library. One datagram each, never blocking; what the
 * manager has no room for at the moment is sent again a little later, in order. Main thread, default main context.
 *
 * Without a manager ($NOTIFY_SOCKET not set) every function does nothing.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _SluiceNotify SluiceNotify;

/* Whether the process is well, as far as the caller can tell without waiting. */
typedef gboolean (*SluiceNotifyHealthy) (gpointer user_data);

/*
 * Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID of @environment (as of g_get_environ(); copied). An address that
 * cannot be used is a warning. Never %NULL. The caller takes the variables out of the environment, so that no child
 * speaks for us: see sluice_notify_variables().
 */
SluiceNotify *sluice_notify_new (char **environment);

/* Sends what waits, if there is room, and stops the pulse. */
void sluice_notify_free (SluiceNotify *self);

/* The variables' names. (transfer none) (array zero-terminated=1) */
const char *const *sluice_notify_variables (void);

/* READY=1: started, or reloaded. @status (nullable): one line for people; its control characters become spaces. */
void sluice_notify_ready (SluiceNotify *self, const char *status);

/* RELOADING=1, with the time since boot; sluice_notify_ready() must follow. */
void sluice_notify_reloading (SluiceNotify *self);

/* STOPPING=1. @extend_us: how long stopping may take from now on, in microseconds; 0: as the unit says. */
void sluice_notify_stopping (SluiceNotify *self, const char *status, gint64 extend_us);

/* STATUS= alone. */
void sluice_notify_status (SluiceNotify *self, const char *status);

/* In microseconds; 0 if no watchdog is set for this process. */
gint64 sluice_notify_get_watchdog_us (SluiceNotify *self);

/*
 * WATCHDOG=1 now and twice in each interval of the watchdog, but not when @healthy (@user_data) denies it. That the
 * main loop is alive shows by being called. Does nothing without a watchdog. @healthy %NULL ends it.
 */
void sluice_notify_watch (SluiceNotify *self, SluiceNotifyHealthy healthy, gpointer user_data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SluiceNotify, sluice_notify_free)

G_END_DECLS
