/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "http/sluice-metrics.h"

typedef struct {
  SluiceInbox *inbox; /* (owned) */
  SluiceMetricsFillFunc fill;
  gpointer worker;
} Member;

struct _SluiceMetrics {
  GMutex lock;     /* guards members and readings; held for a few instructions */
  GArray *members; /* (owned) (element-type Member) */
  SluiceMetricsReadings readings;
  gint64 started_us;
};

/* One question to all; each part holds it. */
typedef struct {
  gatomicrefcount refs;
  SluiceInbox *origin; /* (owned) */
  SluiceMetricsDoneFunc done;
  gpointer user_data;

  /* of the origin's thread */
  guint n_missing;
  SluiceMetricsShare sum; /* its table is (owned) */
} Gather;

typedef struct {
  Gather *gather; /* (owned) */
  SluiceMetricsFillFunc fill;
  gpointer worker;
  SluiceMetricsShare share; /* its table is (owned) (nullable): none from a worker that has ended */
} Part;

static void
member_clear (gpointer data)
{
  Member *member = data;

  sluice_inbox_unref (member->inbox);
}

SluiceMetrics *
sluice_metrics_new (SluiceClock *clock)
{
  SluiceMetrics *self = g_new0 (SluiceMetrics, 1);

  g_mutex_init (&self->lock);
  self->members = g_array_new (FALSE, FALSE, sizeof (Member));
  g_array_set_clear_func (self->members, member_clear);
  self->started_us = sluice_clock_real (clock);
  return self;
}

void
sluice_metrics_free (SluiceMetrics *self)
{
  g_array_unref (self->members);
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
sluice_metrics_join (SluiceMetrics *self, SluiceInbox *inbox, SluiceMetricsFillFunc fill, gpointer worker)
{
  Member member = { sluice_inbox_ref (inbox), fill, worker };

  g_mutex_lock (&self->lock);
  g_array_append_val (self->members, member);
  g_mutex_unlock (&self->lock);
}

static void
gather_unref (Gather *gather)
{
  if (!g_atomic_ref_count_dec (&gather->refs))
    return;

  sluice_metrics_table_free (gather->sum.table);
  sluice_inbox_unref (gather->origin);
  g_free (gather);
}

static void
part_free (gpointer data)
{
  Part *part = data;

  g_clear_pointer (&part->share.table, sluice_metrics_table_free);
  gather_unref (part->gather);
  g_free (part);
}

/* In the origin's thread. */
static void
take_part (gpointer data)
{
  Part *part = data;
  Gather *gather = part->gather;

  if (part->share.table != NULL)
    sluice_metrics_table_merge (gather->sum.table, part->share.table);
  gather->sum.connections += part->share.connections;
  gather->sum.in_flight += part->share.in_flight;
  if (--gather->n_missing == 0)
    gather->done (&gather->sum, gather->user_data);
  part_free (part);
}

static void
send_back (gpointer data)
{
  Part *part = data;

  sluice_inbox_push (part->gather->origin, take_part, part, part_free);
}

/* In the thread of the worker asked. */
static void
fill_part (gpointer data)
{
  Part *part = data;

  part->share.table = sluice_metrics_table_new (FALSE);
  part->fill (&part->share, part->worker);
  send_back (part);
}

void
sluice_metrics_gather (SluiceMetrics *self, SluiceInbox *origin, SluiceMetricsDoneFunc done, gpointer user_data)
{
  Gather *gather = g_new0 (Gather, 1);
  g_autoptr (GPtrArray) inboxes = g_ptr_array_new_with_free_func ((GDestroyNotify) sluice_inbox_unref);
  g_autoptr (GPtrArray) parts = g_ptr_array_new ();

  g_atomic_ref_count_init (&gather->refs);
  gather->origin = sluice_inbox_ref (origin);
  gather->done = done;
  gather->user_data = user_data;
  gather->sum.table = sluice_metrics_table_new (FALSE);

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->members->len; i++)
    {
      const Member *member = &g_array_index (self->members, Member, i);
      Part *part = g_new0 (Part, 1);

      g_atomic_ref_count_inc (&gather->refs);
      part->gather = gather;
      part->fill = member->fill;
      part->worker = member->worker;
      g_ptr_array_add (parts, part);
      g_ptr_array_add (inboxes, sluice_inbox_ref (member->inbox));
    }
  g_mutex_unlock (&self->lock);

  /* nothing comes back before this function returns: it comes through the origin's inbox */
  gather->n_missing = parts->len;
  for (guint i = 0; i < parts->len; i++)
    sluice_inbox_push (g_ptr_array_index (inboxes, i), fill_part, g_ptr_array_index (parts, i), send_back);
  gather_unref (gather);
}

void
sluice_metrics_note_reading (SluiceMetrics *self, gboolean used, guint errors, guint warnings)
{
  g_mutex_lock (&self->lock);
  self->readings.errors = errors;
  self->readings.warnings = warnings;
  self->readings.n_used += used ? 1 : 0;
  self->readings.n_refused += used ? 0 : 1;
  g_mutex_unlock (&self->lock);
}

SluiceMetricsReadings
sluice_metrics_get_readings (SluiceMetrics *self)
{
  SluiceMetricsReadings readings;

  g_mutex_lock (&self->lock);
  readings = self->readings;
  g_mutex_unlock (&self->lock);
  return readings;
}

guint
sluice_metrics_get_n_workers (SluiceMetrics *self)
{
  guint n;

  g_mutex_lock (&self->lock);
  n = self->members->len;
  g_mutex_unlock (&self->lock);
  return n;
}

gint64
sluice_metrics_get_started (SluiceMetrics *self)
{
  return self->started_us;
}
