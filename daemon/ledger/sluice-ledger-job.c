/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/sluice-ledger-job-private.h"

static SluiceLedgerJob *
job_alloc (SluiceLedgerJobKind kind, SluiceInbox *inbox, SluiceLedgerFunc func, gpointer user_data)
{
  SluiceLedgerJob *self = g_new0 (SluiceLedgerJob, 1);

  self->kind = kind;
  self->inbox = inbox != NULL ? sluice_inbox_ref (inbox) : NULL;
  self->func = func;
  self->user_data = user_data;
  return self;
}

SluiceLedgerJob *
sluice_ledger_job_new (SluiceLedgerJobKind kind,
                       const SluiceExchangeRecord *record,
                       SluiceInbox *inbox,
                       SluiceLedgerFunc func,
                       gpointer user_data)
{
  SluiceLedgerJob *self = job_alloc (kind, inbox, func, user_data);

  self->record = sluice_exchange_record_copy (record);
  return self;
}

SluiceLedgerJob *
sluice_ledger_job_new_setting (const char *name,
                               const char *value,
                               const char *actor,
                               SluiceInbox *inbox,
                               SluiceLedgerFunc func,
                               gpointer user_data)
{
  SluiceLedgerJob *self = job_alloc (SLUICE_LEDGER_JOB_SETTING, inbox, func, user_data);

  self->name = g_strdup (name);
  self->value = g_strdup (value);
  self->actor = g_strdup (actor);
  return self;
}

void
sluice_ledger_job_free (SluiceLedgerJob *self)
{
  if (self == NULL)
    return;

  g_clear_pointer (&self->record, sluice_exchange_record_free);
  g_free (self->name);
  g_free (self->value);
  g_free (self->actor);
  g_clear_pointer (&self->inbox, sluice_inbox_unref);
  g_free (self);
}

static void
run_answer (gpointer data)
{
  SluiceLedgerJob *self = data;

  self->func (self->result, self->user_data);
  sluice_ledger_job_free (self);
}

void
sluice_ledger_job_answer (SluiceLedgerJob *self, SluiceLedgerResult result)
{
  SluiceInbox *inbox = g_steal_pointer (&self->inbox);

  /* freed here, where it was used last, and not in the thread that answers clients */
  g_clear_pointer (&self->record, sluice_exchange_record_free);
  self->result = result;
  if (inbox == NULL || self->func == NULL)
    sluice_ledger_job_free (self);
  else
    sluice_inbox_push (inbox, run_answer, self, (GDestroyNotify) sluice_ledger_job_free);
  g_clear_pointer (&inbox, sluice_inbox_unref);
}

SluiceLedgerJob *
sluice_ledger_job_detach (SluiceLedgerJob *self, SluiceLedgerJobKind kind)
{
  SluiceLedgerJob *other = job_alloc (kind, NULL, NULL, NULL);

  other->record = g_steal_pointer (&self->record);
  return other;
}

gboolean
sluice_ledger_job_is_paid (const SluiceLedgerJob *self)
{
  for (guint i = 0; self->record != NULL && i < self->record->attempts->len; i++)
    {
      const SluiceAttemptRecord *attempt = g_ptr_array_index (self->record->attempts, i);

      if (attempt->reserved || attempt->billable)
        return TRUE;
    }
  return FALSE;
}

void
sluice_ledger_jobs_append (SluiceLedgerJobs *self, SluiceLedgerJob *job)
{
  job->next = NULL;
  if (self->last != NULL)
    self->last->next = job;
  else
    self->first = job;
  self->last = job;
}

SluiceLedgerJob *
sluice_ledger_jobs_take_first (SluiceLedgerJobs *self)
{
  SluiceLedgerJob *job = self->first;

  if (job == NULL)
    return NULL;

  self->first = g_steal_pointer (&job->next);
  if (self->first == NULL)
    self->last = NULL;
  return job;
}
