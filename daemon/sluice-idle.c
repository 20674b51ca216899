/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sluice-idle.h"

/* After a refusal to leave: somebody has just come, and will say what for. */
#define AGAIN_US (G_USEC_PER_SEC / 2)

struct _SluiceIdle {
  SluiceClock *clock; /* (owned) */
  SluiceIdleFuncs funcs;
  gpointer user_data;
  gint64 period_us;
  gint64 last_us; /* the last work seen, or the last release; monotonic */
  guint holds;
  guint timer;
  gboolean left;
};

static gboolean
on_timer (gpointer data)
{
  SluiceIdle *self = data;

  self->timer = 0;
  sluice_idle_check (self);
  return G_SOURCE_REMOVE;
}

static gint64
arm (SluiceIdle *self, gint64 wait_us)
{
  g_clear_handle_id (&self->timer, g_source_remove);
  /* rounded up, or it would come a little too early and then again and again */
  self->timer = g_timeout_add ((guint) MIN (wait_us / 1000 + 1, G_MAXINT), on_timer, self);
  return wait_us;
}

gint64
sluice_idle_check (SluiceIdle *self)
{
  SluiceIdleLook look = { FALSE, 0 };
  gint64 now = sluice_clock_monotonic (self->clock);

  if (self->left)
    return -1;
  self->funcs.look (&look, self->user_data);
  if (look.busy || self->holds > 0)
    self->last_us = now;
  else
    self->last_us = MAX (self->last_us, look.last_work_us);
  if (now < self->last_us + self->period_us)
    return arm (self, self->last_us + self->period_us - now);

  g_clear_handle_id (&self->timer, g_source_remove);
  self->left = TRUE;
  if (self->funcs.leave (self->user_data))
    return -1; /* and we may be freed already */
  self->left = FALSE;
  return arm (self, MIN (AGAIN_US, self->period_us));
}

SluiceIdle *
sluice_idle_new (SluiceClock *clock, gint64 period_us, const SluiceIdleFuncs *funcs, gpointer user_data)
{
  SluiceIdle *self;

  g_return_val_if_fail (SLUICE_IS_CLOCK (clock), NULL);
  g_return_val_if_fail (period_us > 0, NULL);
  g_return_val_if_fail (funcs != NULL && funcs->look != NULL && funcs->leave != NULL, NULL);

  self = g_new0 (SluiceIdle, 1);
  self->clock = g_object_ref (clock);
  self->funcs = *funcs;
  self->user_data = user_data;
  self->period_us = period_us;
  self->last_us = sluice_clock_monotonic (clock);
  arm (self, period_us);
  return self;
}

void
sluice_idle_free (SluiceIdle *self)
{
  g_clear_handle_id (&self->timer, g_source_remove);
  g_object_unref (self->clock);
  g_free (self);
}

void
sluice_idle_hold (SluiceIdle *self)
{
  self->holds++;
}

void
sluice_idle_release (SluiceIdle *self)
{
  g_return_if_fail (self->holds > 0);

  self->holds--;
  self->last_us = sluice_clock_monotonic (self->clock);
}
