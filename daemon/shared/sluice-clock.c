/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/sluice-clock.h"

struct _SluiceClock {
  GObject parent_instance;

  gboolean manual;
  GMutex lock; /* guards the two below */
  gint64 real;
  gint64 monotonic;
};

G_DEFINE_FINAL_TYPE (SluiceClock, sluice_clock, G_TYPE_OBJECT)

static void
sluice_clock_finalize (GObject *object)
{
  g_mutex_clear (&SLUICE_CLOCK (object)->lock);
  G_OBJECT_CLASS (sluice_clock_parent_class)->finalize (object);
}

static void
sluice_clock_class_init (SluiceClockClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sluice_clock_finalize;
}

static void
sluice_clock_init (SluiceClock *self)
{
  g_mutex_init (&self->lock);
}

SluiceClock *
sluice_clock_new (void)
{
  return g_object_new (SLUICE_TYPE_CLOCK, NULL);
}

SluiceClock *
sluice_clock_new_manual (gint64 real_us, gint64 monotonic_us)
{
  SluiceClock *self = sluice_clock_new ();

  self->manual = TRUE;
  self->real = real_us;
  self->monotonic = monotonic_us;
  return self;
}

void
sluice_clock_advance (SluiceClock *self, gint64 us)
{
  g_return_if_fail (SLUICE_IS_CLOCK (self));
  g_return_if_fail (self->manual);

  g_mutex_lock (&self->lock);
  self->real += us;
  self->monotonic += us;
  g_mutex_unlock (&self->lock);
}

static gint64
read_manual (SluiceClock *self, const gint64 *value)
{
  gint64 copy;

  g_mutex_lock (&self->lock);
  copy = *value;
  g_mutex_unlock (&self->lock);
  return copy;
}

gint64
sluice_clock_real (SluiceClock *self)
{
  return self->manual ? read_manual (self, &self->real) : g_get_real_time ();
}

gint64
sluice_clock_monotonic (SluiceClock *self)
{
  return self->manual ? read_manual (self, &self->monotonic) : g_get_monotonic_time ();
}
