/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "load-samples.h"

struct _LoadSamples {
  GArray *values; /* of guint32 */
};

LoadSamples *
load_samples_new (void)
{
  LoadSamples *self = g_new0 (LoadSamples, 1);

  self->values = g_array_sized_new (FALSE, FALSE, sizeof (guint32), 65536);
  return self;
}

void
load_samples_free (LoadSamples *self)
{
  g_array_unref (self->values);
  g_free (self);
}

void
load_samples_add (LoadSamples *self, gint64 us)
{
  guint32 value = CLAMP (us, 0, (gint64) G_MAXUINT32);

  g_array_append_val (self->values, value);
}

static gint
compare (gconstpointer a, gconstpointer b)
{
  guint32 x = *(const guint32 *) a;
  guint32 y = *(const guint32 *) b;

  return (x > y) - (x < y);
}

static guint64
value_at (LoadSamples *self, guint percent)
{
  guint len = self->values->len;

  return len == 0 ? 0 : g_array_index (self->values, guint32, MIN ((guint64) len * percent / 100, len - 1));
}

LoadPercentiles
load_samples_percentiles (LoadSamples *self)
{
  g_array_sort (self->values, compare);
  return (LoadPercentiles){ value_at (self, 50), value_at (self, 90), value_at (self, 99), value_at (self, 100) };
}
