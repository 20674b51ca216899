/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/sluice-ledger-job-private.h"

/*
 * Under load the taker lets more come before it begins a transaction: what a commit costs is shared by all in it. With
 * few callers nobody waits for others.
 */
#define GATHER_US 400
#define GATHER_FROM 3

struct _SluiceLedgerQueue {
  GMutex lock; /* guards the rest */
  GCond cond;
  SluiceLedgerJobs jobs;
  gboolean asleep; /* the taker waits, and nobody has woken it yet: a burst wakes it once */
  gboolean poked;
  gboolean pinged;
  gboolean stopped;
  guint n_jobs;     /* in jobs */
  guint last_taken; /* how many were taken last time */
};

SluiceLedgerQueue *
sluice_ledger_queue_new (void)
{
  SluiceLedgerQueue *self = g_new0 (SluiceLedgerQueue, 1);

  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  return self;
}

void
sluice_ledger_queue_free (SluiceLedgerQueue *self)
{
  SluiceLedgerJob *job;

  if (self == NULL)
    return;

  while ((job = sluice_ledger_jobs_take_first (&self->jobs)) != NULL)
    sluice_ledger_job_free (job);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->cond);
  g_free (self);
}

/* With the lock held, which it releases. */
static void
unlock_and_wake (SluiceLedgerQueue *self)
{
  gboolean wake = self->asleep;

  self->asleep = FALSE;
  g_mutex_unlock (&self->lock);
  if (wake)
    g_cond_signal (&self->cond);
}

gboolean
sluice_ledger_queue_put (SluiceLedgerQueue *self, SluiceLedgerJob *job)
{
  g_mutex_lock (&self->lock);
  if (self->stopped)
    {
      g_mutex_unlock (&self->lock);
      return FALSE;
    }
  sluice_ledger_jobs_append (&self->jobs, job);
  self->n_jobs++;
  unlock_and_wake (self);
  return TRUE;
}

void
sluice_ledger_queue_poke (SluiceLedgerQueue *self)
{
  g_mutex_lock (&self->lock);
  self->poked = TRUE;
  unlock_and_wake (self);
}

void
sluice_ledger_queue_ping (SluiceLedgerQueue *self)
{
  g_mutex_lock (&self->lock);
  self->pinged = TRUE;
  unlock_and_wake (self);
}

void
sluice_ledger_queue_stop (SluiceLedgerQueue *self)
{
  g_mutex_lock (&self->lock);
  self->stopped = TRUE;
  unlock_and_wake (self);
}

SluiceLedgerTaken
sluice_ledger_queue_take (SluiceLedgerQueue *self, gint64 until)
{
  SluiceLedgerTaken taken = { 0 };
  gboolean in_time = TRUE;

  g_mutex_lock (&self->lock);
  while (in_time && self->jobs.first == NULL && !self->poked && !self->pinged && !self->stopped)
    {
      self->asleep = TRUE;
      in_time = g_cond_wait_until (&self->cond, &self->lock, until);
    }
  self->asleep = FALSE;
  if (self->jobs.first != NULL && self->last_taken >= GATHER_FROM && !self->stopped)
    {
      g_mutex_unlock (&self->lock);
      g_usleep (GATHER_US);
      g_mutex_lock (&self->lock);
    }
  if (self->jobs.first != NULL)
    self->last_taken = self->n_jobs;
  self->n_jobs = 0;
  taken.jobs = self->jobs;
  taken.poked = self->poked;
  taken.pinged = self->pinged;
  taken.stopped = self->stopped;
  self->jobs = (SluiceLedgerJobs){ NULL, NULL };
  self->poked = FALSE;
  self->pinged = FALSE;
  g_mutex_unlock (&self->lock);
  return taken;
}

gboolean
sluice_ledger_queue_is_empty (SluiceLedgerQueue *self)
{
  gboolean is_empty;

  g_mutex_lock (&self->lock);
  is_empty = self->jobs.first == NULL;
  g_mutex_unlock (&self->lock);
  return is_empty;
}
