/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/sluice-ledger.h"

#include <stdatomic.h>

#include "ledger/sluice-ledger-directory-private.h"
#include "ledger/sluice-ledger-job-private.h"
#include "ledger/sluice-ledger-keeper-private.h"
#include "ledger/sluice-ledger-lock-private.h"
#include "ledger/sluice-ledger-private.h"
#include "ledger/sluice-ledger-settings-private.h"

struct _SluiceLedger {
  GObject parent_instance;

  SluiceLedgerLock *lock_file; /* (owned) (nullable): %NULL when stopped */
  SluiceLedgerQueue *queue;    /* (owned) */
  SluiceLedgerKeeper *keeper;  /* (owned) (nullable): the thread's while it runs, but for its atomics */
  GThread *thread;             /* (owned) (nullable) */
  GHashTable *settings;        /* (owned) (nullable): as they were at opening */
  _Atomic gint64 last_id;
  _Atomic gboolean ping_answered;
};

G_DEFINE_FINAL_TYPE (SluiceLedger, sluice_ledger, G_TYPE_OBJECT)

static gpointer
run (gpointer data)
{
  SluiceLedger *self = data;
  SluiceLedgerKeeper *keeper = self->keeper;
  gint64 until = g_get_monotonic_time () + sluice_ledger_keeper_get_wait (keeper);
  SluiceLedgerTaken taken;

  do
    {
      gboolean was_ok = sluice_ledger_keeper_get_state (keeper) == SLUICE_LEDGER_OK;
      gboolean had_jobs;
      gboolean is_due;

      taken = sluice_ledger_queue_take (self->queue, until);
      had_jobs = taken.jobs.first != NULL;
      if (taken.pinged)
        atomic_store_explicit (&self->ping_answered, TRUE, memory_order_relaxed);
      if (had_jobs)
        sluice_ledger_keeper_handle (keeper, taken.jobs);

      /* While all is well, jobs put off the tick; while it is not, nothing does. */
      is_due = taken.poked || (g_get_monotonic_time () >= until && !(had_jobs && was_ok));
      if (is_due)
        sluice_ledger_keeper_tick (keeper);
      else if (had_jobs)
        sluice_ledger_keeper_breathe (keeper, sluice_ledger_queue_is_empty (self->queue));

      /* a ping puts nothing off */
      if (is_due || (was_ok && had_jobs))
        until = g_get_monotonic_time () + sluice_ledger_keeper_get_wait (keeper);
    }
  while (!taken.stopped);

  return NULL;
}

static void
sluice_ledger_finalize (GObject *object)
{
  SluiceLedger *self = SLUICE_LEDGER (object);

  sluice_ledger_stop (self);
  g_clear_pointer (&self->queue, sluice_ledger_queue_free);
  g_clear_pointer (&self->keeper, sluice_ledger_keeper_free);
  g_clear_pointer (&self->settings, g_hash_table_unref);
  G_OBJECT_CLASS (sluice_ledger_parent_class)->finalize (object);
}

static void
sluice_ledger_class_init (SluiceLedgerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sluice_ledger_finalize;
}

static void
sluice_ledger_init (SluiceLedger *self)
{
  self->queue = sluice_ledger_queue_new ();
  atomic_init (&self->ping_answered, TRUE);
}

SluiceLedger *
sluice_ledger_new (const SluiceLedgerOptions *options, SluiceClock *clock, GError **error)
{
  g_autoptr (SluiceLedger) self = NULL;

  g_return_val_if_fail (options != NULL && options->directory != NULL, NULL);
  g_return_val_if_fail (SLUICE_IS_CLOCK (clock), NULL);

  if (!sluice_ledger_directory_prepare (options->directory, error))
    return NULL;

  self = g_object_new (SLUICE_TYPE_LEDGER, NULL);
  self->lock_file = sluice_ledger_lock_take (options->directory, clock, error);
  if (self->lock_file == NULL)
    return NULL;
  self->keeper = sluice_ledger_keeper_new (options, clock, error);
  if (self->keeper == NULL)
    return NULL;
  atomic_init (&self->last_id, sluice_ledger_keeper_get_max_id (self->keeper));
  self->settings = sluice_ledger_settings_copy (sluice_ledger_keeper_get_settings (self->keeper));
  self->thread = g_thread_new ("ledger", run, self);
  return g_steal_pointer (&self);
}

void
sluice_ledger_stop (SluiceLedger *self)
{
  g_return_if_fail (SLUICE_IS_LEDGER (self));

  sluice_ledger_queue_stop (self->queue);
  if (self->thread != NULL)
    g_thread_join (g_steal_pointer (&self->thread));
  if (self->keeper != NULL)
    sluice_ledger_keeper_close (self->keeper);
  g_clear_pointer (&self->lock_file, sluice_ledger_lock_free);
}

gint64
sluice_ledger_next_id (SluiceLedger *self)
{
  return atomic_fetch_add_explicit (&self->last_id, 1, memory_order_relaxed) + 1;
}

static void
submit (SluiceLedger *self, SluiceLedgerJob *job)
{
  if (!sluice_ledger_queue_put (self->queue, job))
    sluice_ledger_job_answer (job, SLUICE_LEDGER_REFUSED);
}

void
sluice_ledger_reserve (SluiceLedger *self,
                       SluiceExchangeRecord *record,
                       SluiceInbox *inbox,
                       SluiceLedgerFunc func,
                       gpointer user_data)
{
  g_return_if_fail (SLUICE_IS_LEDGER (self));
  g_return_if_fail (record != NULL && record->id > 0 && record->attempts->len > 0);
  g_return_if_fail (inbox != NULL && func != NULL);

  submit (self, sluice_ledger_job_new (SLUICE_LEDGER_JOB_RESERVE, record, inbox, func, user_data));
}

void
sluice_ledger_finish (SluiceLedger *self,
                      SluiceExchangeRecord *record,
                      SluiceInbox *inbox,
                      SluiceLedgerFunc func,
                      gpointer user_data)
{
  g_return_if_fail (SLUICE_IS_LEDGER (self));
  g_return_if_fail (record != NULL && record->id > 0);
  g_return_if_fail (inbox != NULL || func == NULL);

  submit (self, sluice_ledger_job_new (SLUICE_LEDGER_JOB_FINISH, record, inbox, func, user_data));
}

void
sluice_ledger_set_setting (SluiceLedger *self,
                           const char *name,
                           const char *value,
                           const char *actor,
                           SluiceInbox *inbox,
                           SluiceLedgerFunc func,
                           gpointer user_data)
{
  g_return_if_fail (SLUICE_IS_LEDGER (self));
  g_return_if_fail (name != NULL);
  g_return_if_fail (inbox != NULL || func == NULL);

  submit (self, sluice_ledger_job_new_setting (name, value, actor, inbox, func, user_data));
}

GHashTable *
sluice_ledger_get_settings (SluiceLedger *self)
{
  g_return_val_if_fail (SLUICE_IS_LEDGER (self), NULL);

  return self->settings;
}

gboolean
sluice_ledger_has_lost_settings (SluiceLedger *self)
{
  g_return_val_if_fail (SLUICE_IS_LEDGER (self), FALSE);

  return sluice_ledger_keeper_has_lost_settings (self->keeper);
}

gboolean
sluice_ledger_accepts_free (SluiceLedger *self)
{
  g_return_val_if_fail (SLUICE_IS_LEDGER (self), FALSE);

  return sluice_ledger_keeper_accepts_free (self->keeper);
}

guint
sluice_ledger_get_n_pending (SluiceLedger *self)
{
  g_return_val_if_fail (SLUICE_IS_LEDGER (self), 0);

  return sluice_ledger_keeper_get_n_pending (self->keeper);
}

SluiceLedgerState
sluice_ledger_get_state (SluiceLedger *self)
{
  g_return_val_if_fail (SLUICE_IS_LEDGER (self), SLUICE_LEDGER_DEGRADED);

  return sluice_ledger_keeper_get_state (self->keeper);
}

char *
sluice_ledger_dup_reason (SluiceLedger *self)
{
  g_return_val_if_fail (SLUICE_IS_LEDGER (self), NULL);

  return sluice_ledger_keeper_dup_reason (self->keeper);
}

gboolean
sluice_ledger_ping (SluiceLedger *self)
{
  gboolean answered;

  g_return_val_if_fail (SLUICE_IS_LEDGER (self), FALSE);

  answered = atomic_exchange_explicit (&self->ping_answered, FALSE, memory_order_relaxed);
  sluice_ledger_queue_ping (self->queue);
  return answered;
}

void
sluice_ledger_watch (SluiceLedger *self, SluiceInbox *inbox, SluiceInboxFunc func, gpointer user_data)
{
  g_return_if_fail (SLUICE_IS_LEDGER (self));
  g_return_if_fail (inbox != NULL && func != NULL);

  sluice_ledger_keeper_watch (self->keeper, inbox, func, user_data);
}

guint
sluice_ledger_get_n_commits (SluiceLedger *self)
{
  return sluice_ledger_keeper_get_n_commits (self->keeper);
}

void
sluice_ledger_poke (SluiceLedger *self)
{
  sluice_ledger_queue_poke (self->queue);
}
