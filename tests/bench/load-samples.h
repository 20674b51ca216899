/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/* Times in microseconds, all of them kept, and their percentiles. */

typedef struct {
  guint64 p50;
  guint64 p90;
  guint64 p99;
  guint64 max;
} LoadPercentiles;

typedef struct _LoadSamples LoadSamples;

LoadSamples *load_samples_new (void);
void load_samples_free (LoadSamples *self);
void load_samples_add (LoadSamples *self, gint64 us);
LoadPercentiles load_samples_percentiles (LoadSamples *self);
