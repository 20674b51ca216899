/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Stands before every call that comes over one connection, whatever object or property it is for, and holds it against
 * the limits. It works in GDBus's own thread, so that a flood does not reach the main loop.
 */
#pragma once

#include <gio/gio.h>

#include "shared/sluice-clock.h"

G_BEGIN_DECLS

typedef struct _SluiceBusGate SluiceBusGate;

/*
 * @changed (@user_data) is called, in the main context, when a caller has come that was not known, and when one has
 * left the bus. Main thread.
 */
SluiceBusGate *sluice_bus_gate_new (GDBusConnection *connection,
                                    SluiceClock *clock,
                                    void (*changed) (gpointer user_data),
                                    gpointer user_data);

/* Takes it away; nothing is called afterwards. Main thread. */
void sluice_bus_gate_close (SluiceBusGate *self);

/* How many connections have called and are still on the bus. */
guint sluice_bus_gate_get_n_clients (SluiceBusGate *self);

G_END_DECLS
