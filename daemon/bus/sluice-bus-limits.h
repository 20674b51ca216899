/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What one connection of the bus may ask of us: size of the arguments, calls a second, unanswered calls. Any process of
 * the user may call; no one of them may keep the others, or HTTP, from being served. Any thread.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define SLUICE_BUS_MAX_BYTES (256 * 1024)
#define SLUICE_BUS_CALLS_PER_SECOND 50
#define SLUICE_BUS_MAX_PENDING 16

/* Connections that are remembered at a time; further ones are refused until one of these has left. */
#define SLUICE_BUS_MAX_SENDERS 1024

typedef struct _SluiceBusLimits SluiceBusLimits;

SluiceBusLimits *sluice_bus_limits_new (void);
void sluice_bus_limits_free (SluiceBusLimits *self);

/*
 * Whether a call of @sender with @n_bytes of arguments may go on. A second's worth of calls may come at once. @serial
 * counts as unanswered until sluice_bus_limits_answered(); 0 for a call that wants no answer. @now_us: monotonic.
 * @is_new: (out): @sender was not known before; call sluice_bus_limits_forget() when it has left the bus.
 *
 * Errors: SLUICE_ERROR_RATE_LIMITED, SLUICE_ERROR_BODY_TOO_LARGE.
 */
gboolean sluice_bus_limits_admit (SluiceBusLimits *self,
                                  const char *sender,
                                  guint32 serial,
                                  gsize n_bytes,
                                  gint64 now_us,
                                  gboolean *is_new,
                                  GError **error);

/* Does nothing for a call that was not admitted. */
void sluice_bus_limits_answered (SluiceBusLimits *self, const char *sender, guint32 serial);

void sluice_bus_limits_forget (SluiceBusLimits *self, const char *sender);

/* How many connections have called and are still there. */
guint sluice_bus_limits_get_n_senders (SluiceBusLimits *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SluiceBusLimits, sluice_bus_limits_free)

G_END_DECLS
