/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fake-timers.h"

struct _FakeTimers {
  GPtrArray *heap; /* of FakeTimer, unowned; the first place stays empty */
};

static inline FakeTimer *
at (FakeTimers *self, guint place)
{
  return g_ptr_array_index (self->heap, place);
}

static inline void
put (FakeTimers *self, guint place, FakeTimer *timer)
{
  g_ptr_array_index (self->heap, place) = timer;
  timer->place = place;
}

static void
sift (FakeTimers *self, FakeTimer *timer)
{
  guint place = timer->place;
  guint last = self->heap->len - 1;

  while (place > 1 && at (self, place / 2)->due > timer->due)
    {
      put (self, place, at (self, place / 2));
      place /= 2;
    }
  while (place * 2 <= last)
    {
      guint child = place * 2;

      if (child < last && at (self, child + 1)->due < at (self, child)->due)
        child++;
      if (at (self, child)->due >= timer->due)
        break;
      put (self, place, at (self, child));
      place = child;
    }
  put (self, place, timer);
}

FakeTimers *
fake_timers_new (void)
{
  FakeTimers *self = g_new0 (FakeTimers, 1);

  self->heap = g_ptr_array_new ();
  g_ptr_array_add (self->heap, NULL);
  return self;
}

void
fake_timers_free (FakeTimers *self)
{
  g_ptr_array_unref (self->heap);
  g_free (self);
}

void
fake_timers_set (FakeTimers *self, FakeTimer *timer, gint64 due)
{
  timer->due = due;
  if (timer->place == 0)
    {
      g_ptr_array_add (self->heap, timer);
      timer->place = self->heap->len - 1;
    }
  sift (self, timer);
}

void
fake_timers_clear (FakeTimers *self, FakeTimer *timer)
{
  guint place = timer->place;
  FakeTimer *moved;

  if (place == 0)
    return;
  moved = at (self, self->heap->len - 1);
  g_ptr_array_set_size (self->heap, self->heap->len - 1);
  timer->place = 0;
  if (moved == timer)
    return;
  put (self, place, moved);
  sift (self, moved);
}

gint64
fake_timers_next (FakeTimers *self)
{
  return self->heap->len > 1 ? at (self, 1)->due : -1;
}

FakeTimer *
fake_timers_take_due (FakeTimers *self, gint64 now)
{
  FakeTimer *timer;

  if (self->heap->len == 1 || at (self, 1)->due > now)
    return NULL;
  timer = at (self, 1);
  fake_timers_clear (self, timer);
  return timer;
}
