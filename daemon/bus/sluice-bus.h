/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Our place on the session bus: connects, exports the root object, owns the name, and comes back when the bus was lost.
 * Without a bus it warns once and tries again, ever more rarely; nothing else depends on it. Main thread.
 */
#pragma once

#include "bus/sluice-bus-root.h"
#include "shared/sluice-clock.h"

G_BEGIN_DECLS

#define SLUICE_TYPE_BUS (sluice_bus_get_type ())
G_DECLARE_FINAL_TYPE (SluiceBus, sluice_bus, SLUICE, BUS, GObject)

/* How long after a failure the next try comes: at first, and at most; each wait is twice the one before. */
#define SLUICE_BUS_FIRST_RETRY_MS 500
#define SLUICE_BUS_LAST_RETRY_MS (60 * 1000)

/**
 * SluiceBusFuncs:
 * @taken: another process owns the name. @error (SLUICE_ERROR_LOCKED) names it, and says what to do. Nothing is tried
 *   any more
 * @activity: (nullable): somebody called for the first time, or has left the bus; see sluice_bus_get_n_clients()
 *
 * What the bus has to tell.
 */
typedef struct {
  void (*taken) (const GError *error, gpointer user_data);
  void (*activity) (gpointer user_data);
} SluiceBusFuncs;

/* Takes a reference to @root; copies @funcs. Stop it before the last reference goes. */
SluiceBus *sluice_bus_new (SluiceBusRoot *root, SluiceClock *clock, const SluiceBusFuncs *funcs, gpointer user_data);

/* Begins to connect and returns at once. The address is $DBUS_SESSION_BUS_ADDRESS, else $XDG_RUNTIME_DIR/bus. */
void sluice_bus_start (SluiceBus *self);

/* Leaves the bus. Answers that were given are still sent; nothing is called afterwards. */
void sluice_bus_stop (SluiceBus *self);

/* Whether the name is ours now. */
gboolean sluice_bus_is_owner (SluiceBus *self);

/*
 * Connections that have called something and are still on the bus: 1 for each open panel; 0 soon after a script's call.
 * A daemon that leaves when idle stays while there is one.
 */
guint sluice_bus_get_n_clients (SluiceBus *self);

G_END_DECLS
