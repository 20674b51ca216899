/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/* A binary heap of timers that live inside what they belong to. Times are monotonic microseconds. One thread. */

typedef struct {
  gint64 due;
  guint place; /* in the heap, counted from 1; 0: not set */
  gpointer owner;
} FakeTimer;

typedef struct _FakeTimers FakeTimers;

FakeTimers *fake_timers_new (void);
void fake_timers_free (FakeTimers *self);

/* Sets or moves @timer. */
void fake_timers_set (FakeTimers *self, FakeTimer *timer, gint64 due);
void fake_timers_clear (FakeTimers *self, FakeTimer *timer);

/* Returns: when the first one is due, or -1. */
gint64 fake_timers_next (FakeTimers *self);

/* Returns: (nullable): one that is due at @now, taken out of the heap. */
FakeTimer *fake_timers_take_due (FakeTimers *self, gint64 now);
