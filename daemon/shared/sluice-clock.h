/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The two clocks, injected everywhere so that tests can turn them. Thread-safe.
 */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

#define SLUICE_TYPE_CLOCK (sluice_clock_get_type ())
G_DECLARE_FINAL_TYPE (SluiceClock, sluice_clock, SLUICE, CLOCK, GObject)

/* The machine's clocks. */
SluiceClock *sluice_clock_new (void);

/* A clock that stands still until sluice_clock_advance(). Both in microseconds. */
SluiceClock *sluice_clock_new_manual (gint64 real_us, gint64 monotonic_us);
void sluice_clock_advance (SluiceClock *self, gint64 us);

/* Microseconds since 1970-01-01 UTC. For what is written down. */
gint64 sluice_clock_real (SluiceClock *self);

/* Microseconds since an arbitrary point, never backwards. For deadlines and durations. */
gint64 sluice_clock_monotonic (SluiceClock *self);

G_END_DECLS
