/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/sluice-ledger-keeper-private.h"

#include "ledger/sluice-ledger-database-private.h"
#include "ledger/sluice-ledger-settings-private.h"
#include "shared/sluice-error.h"
#include "shared/sluice-log.h"
#include "shared/sluice-names.h"

/* Pending jobs written in one transaction when the disk is back. */
#define PENDING_LOT 500

/* After so many damages in a row the file is moved aside although its check finds nothing. */
#define MAX_DAMAGES 3

/* A log so many times as long as it should be is moved even if somebody waits. */
#define PRESSING 4

#define DAY_US (G_GINT64_CONSTANT (24) * 60 * 60 * G_USEC_PER_SEC)
#define MAX_DAYS 36500

struct _SluiceLedgerKeeper {
  SluiceClock *clock; /* (owned) */
  char *path;         /* (owned) */
  gboolean power_loss;
  gint64 retention_us; /* 0: rows are kept */
  gsize max_wal_bytes;

  SluiceLedgerWriter *writer; /* (owned) (nullable): %NULL while it cannot be opened */
  GHashTable *settings; /* (owned): what was committed, whatever file it is in now */
  gboolean lost_settings; /* the file was damaged at the start, and they could not be read */
  gint64 max_id;
  gboolean must_reopen; /* degraded by an error after which the connection is not trusted */
  guint n_damages;      /* since the last batch that went well */
  SluiceLedgerJobs pending;
  guint n_pending_free;
  guint n_pending_paid;
  gboolean is_closed;
  gboolean is_dirty;     /* the log has something to move */
  gboolean is_long;      /* the log's file may be cut */
  gsize checkpointed_at; /* size of the log at the last try */
  gint64 next_look_us;    /* monotonic: for the file under us */
  gint64 next_removal_us; /* monotonic: of old rows */

  gint state;        /* atomic: SluiceLedgerState */
  gint accepts_free; /* atomic */
  guint n_pending;   /* atomic: both kinds */
  guint n_commits;   /* atomic */
  GMutex lock;       /* guards the rest */
  char *reason;      /* (owned) (nullable) */
  SluiceInbox *watch_inbox; /* (owned) (nullable) */
  SluiceInboxFunc watch;
  gpointer watch_data; /* unowned */
};

static void
publish (SluiceLedgerKeeper *self, SluiceLedgerState state, const char *reason)
{
  gboolean changed = self->state != (gint) state;

  g_atomic_int_set (&self->state, (gint) state);
  g_mutex_lock (&self->lock);
  g_free (self->reason);
  self->reason = g_strdup (reason);
  if (changed && self->watch_inbox != NULL)
    sluice_inbox_push (self->watch_inbox, self->watch, self->watch_data, NULL);
  g_mutex_unlock (&self->lock);
}

void
sluice_ledger_keeper_watch (SluiceLedgerKeeper *self, SluiceInbox *inbox, SluiceInboxFunc func, gpointer user_data)
{
  g_mutex_lock (&self->lock);
  g_clear_pointer (&self->watch_inbox, sluice_inbox_unref);
  self->watch_inbox = sluice_inbox_ref (inbox);
  self->watch = func;
  self->watch_data = user_data;
  g_mutex_unlock (&self->lock);
}

static void
publish_room (SluiceLedgerKeeper *self)
{
  g_atomic_int_set (&self->n_pending, self->n_pending_free + self->n_pending_paid);
  g_atomic_int_set (&self->accepts_free,
                    self->state == SLUICE_LEDGER_OK || self->n_pending_free < SLUICE_LEDGER_MAX_PENDING);
}

/* After these the connection is sound, and the next try may well succeed. */
static gboolean
is_passing (int code)
{
  int primary = code & 0xff;

  return primary == SQLITE_FULL || primary == SQLITE_BUSY || primary == SQLITE_LOCKED;
}

static void
degrade (SluiceLedgerKeeper *self, int code, const char *words)
{
  g_autofree char *name = g_path_get_basename (self->path);
  g_autofree char *reason = g_strdup_printf ("cannot write %s: %s", name, words);

  self->must_reopen = self->must_reopen || !is_passing (code);
  if (sluice_ledger_database_is_damage (code))
    self->n_damages++;

  if (self->state == SLUICE_LEDGER_OK)
    sluice_log_event (SLUICE_EVENT_LEDGER_DEGRADED, NULL, 0, "the ledger is degraded, paid requests are refused: %s",
                      reason);
  publish (self, SLUICE_LEDGER_DEGRADED, reason);
}

static void
note_settings (SluiceLedgerKeeper *self, const SluiceLedgerJob *first, const SluiceLedgerJob *end)
{
  for (const SluiceLedgerJob *job = first; job != end; job = job->next)
    if (job->kind == SLUICE_LEDGER_JOB_SETTING)
      sluice_ledger_settings_note (self->settings, job->name, job->value);
}

static void
log_batch (const SluiceLedgerJob *first, const SluiceLedgerJob *end, int code, gint64 began)
{
  SluiceLogValue values[3];
  guint n = 0;

  for (const SluiceLedgerJob *job = first; job != end; job = job->next)
    n++;
  values[0] = SLUICE_LOG_NUMBER (ROWS, n);
  values[1] = SLUICE_LOG_NUMBER (DURATION, g_get_monotonic_time () - began);
  values[2] = SLUICE_LOG_TEXT (ERROR, code == SQLITE_OK ? NULL : sqlite3_errstr (code));
  sluice_log_debug (SLUICE_LOG_LEDGER, values, G_N_ELEMENTS (values), "a batch was %s",
                    code == SQLITE_OK ? "committed" : "rolled back");
}

/* One transaction for the jobs from @first to before @end. SQLITE_OK, or the error after a rollback. */
static int
write_jobs (SluiceLedgerKeeper *self, const SluiceLedgerJob *first, const SluiceLedgerJob *end)
{
  gint64 began = sluice_log_is_debugging () ? g_get_monotonic_time () : 0;
  int code = sluice_ledger_writer_begin (self->writer);

  for (const SluiceLedgerJob *job = first; code == SQLITE_OK && job != end; job = job->next)
    switch (job->kind)
      {
      case SLUICE_LEDGER_JOB_RESERVE:
        code = sluice_ledger_writer_reserve (self->writer, job->record);
        break;
      case SLUICE_LEDGER_JOB_FINISH:
        code = sluice_ledger_writer_finish (self->writer, job->record);
        break;
      case SLUICE_LEDGER_JOB_SETTING:
        code = sluice_ledger_writer_set (self->writer, job->name, job->value, job->actor);
        break;
      case SLUICE_LEDGER_JOB_RELEASE:
        code = sluice_ledger_writer_release (self->writer, job->record);
        break;
      default:
        g_assert_not_reached ();
      }
  if (code == SQLITE_OK)
    code = sluice_ledger_writer_commit (self->writer);
  if (code != SQLITE_OK)
    sluice_ledger_writer_rollback (self->writer);
  else
    {
      note_settings (self, first, end);
      g_atomic_int_inc (&self->n_commits);
    }
  if (sluice_log_is_debugging ())
    log_batch (first, end, code, began);
  return code;
}

static void
warn_of_record (SluiceLedgerKeeper *self, const SluiceLedgerJob *job)
{
  const char *fault = sluice_ledger_writer_get_fault (self->writer);

  if (job->kind == SLUICE_LEDGER_JOB_SETTING)
    g_warning ("setting %s cannot be stored: %s", job->name, fault);
  else
    g_warning ("exchange %" G_GINT64_FORMAT " cannot be recorded: %s", job->record->id, fault);
}

static void
keep_pending (SluiceLedgerKeeper *self, SluiceLedgerJob *job)
{
  if (sluice_ledger_job_is_paid (job))
    self->n_pending_paid++;
  else
    self->n_pending_free++;
  sluice_ledger_jobs_append (&self->pending, job);
}

/*
 * What is promised to a job while nothing can be written. @was_tried: it was part of a transaction whose commit failed,
 * so that a reservation may be on disk all the same.
 */
static void
handle_degraded (SluiceLedgerKeeper *self, SluiceLedgerJob *job, gboolean was_tried)
{
  SluiceLedgerResult result = SLUICE_LEDGER_REFUSED;

  if (job->kind == SLUICE_LEDGER_JOB_FINISH)
    {
      if (sluice_ledger_job_is_paid (job) || self->n_pending_free < SLUICE_LEDGER_MAX_PENDING)
        {
          keep_pending (self, sluice_ledger_job_detach (job, SLUICE_LEDGER_JOB_FINISH));
          result = SLUICE_LEDGER_PENDING;
        }
    }
  else if (job->kind == SLUICE_LEDGER_JOB_RESERVE && was_tried && job->record->attempts->len > 0)
    keep_pending (self, sluice_ledger_job_detach (job, SLUICE_LEDGER_JOB_RELEASE));

  publish_room (self);
  sluice_ledger_job_answer (job, result);
}

/* Each in a transaction of its own, because one of them spoils the batch. */
static void
handle_singly (SluiceLedgerKeeper *self, SluiceLedgerJobs *jobs)
{
  SluiceLedgerJob *job;

  while ((job = sluice_ledger_jobs_take_first (jobs)) != NULL)
    {
      int code = SQLITE_OK;

      if (self->state != SLUICE_LEDGER_OK)
        {
          handle_degraded (self, job, FALSE);
          continue;
        }
      code = write_jobs (self, job, NULL);
      if (code == SQLITE_OK)
        sluice_ledger_job_answer (job, SLUICE_LEDGER_COMMITTED);
      else if (sluice_ledger_writer_is_bad_record (code))
        {
          warn_of_record (self, job);
          sluice_ledger_job_answer (job, SLUICE_LEDGER_REFUSED);
        }
      else
        {
          degrade (self, code, sluice_ledger_writer_get_fault (self->writer));
          handle_degraded (self, job, TRUE);
        }
    }
}

/* The file may be removed or exchanged by somebody; what is written then would be lost without a word. */
static void
look_at_file (SluiceLedgerKeeper *self)
{
  gint64 now = sluice_clock_monotonic (self->clock);

  if (now < self->next_look_us)
    return;
  self->next_look_us = now + SLUICE_LEDGER_RETRY_US;
  if (sluice_ledger_database_has_moved (sluice_ledger_writer_get_db (self->writer)))
    degrade (self, SQLITE_READONLY_DBMOVED, "the file was removed or exchanged");
}

void
sluice_ledger_keeper_handle (SluiceLedgerKeeper *self, SluiceLedgerJobs jobs)
{
  gboolean was_tried = FALSE;
  SluiceLedgerJob *job;
  int code;

  if (self->state == SLUICE_LEDGER_OK)
    look_at_file (self);
  if (self->state == SLUICE_LEDGER_OK)
    {
      was_tried = TRUE;
      self->is_dirty = TRUE;
      code = write_jobs (self, jobs.first, NULL);
      if (sluice_ledger_writer_is_bad_record (code))
        {
          handle_singly (self, &jobs);
          return;
        }
      if (code == SQLITE_OK)
        self->n_damages = 0;
      else
        degrade (self, code, sluice_ledger_writer_get_fault (self->writer));
    }

  while ((job = sluice_ledger_jobs_take_first (&jobs)) != NULL)
    if (self->state == SLUICE_LEDGER_OK)
      sluice_ledger_job_answer (job, SLUICE_LEDGER_COMMITTED);
    else
      handle_degraded (self, job, was_tried);
}

static void
drop_pending (SluiceLedgerKeeper *self, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      SluiceLedgerJob *job = sluice_ledger_jobs_take_first (&self->pending);

      if (sluice_ledger_job_is_paid (job))
        self->n_pending_paid--;
      else
        self->n_pending_free--;
      sluice_ledger_job_free (job);
    }
}

/* The first of the pending jobs, up to @most, in one transaction. */
static int
write_pending_lot (SluiceLedgerKeeper *self, guint most)
{
  const SluiceLedgerJob *end = self->pending.first;
  guint n = 0;
  int code;

  for (; n < most && end != NULL; end = end->next)
    n++;
  code = write_jobs (self, self->pending.first, end);
  if (code == SQLITE_OK)
    drop_pending (self, n);
  return code;
}

static int
write_pending (SluiceLedgerKeeper *self)
{
  guint most = PENDING_LOT;
  int code = SQLITE_OK;

  while (code == SQLITE_OK && self->pending.first != NULL)
    {
      code = write_pending_lot (self, most);
      if (!sluice_ledger_writer_is_bad_record (code))
        continue;

      /* one of them is bad: from here on singly, so that only it is lost */
      code = SQLITE_OK;
      if (most == 1)
        {
          warn_of_record (self, self->pending.first);
          drop_pending (self, 1);
        }
      most = 1;
    }
  return code;
}

static void
queue_setting (const char *name, const char *value, gpointer data)
{
  SluiceLedgerKeeper *self = data;

  /* one is enough, however often the file is opened before it can be written */
  for (const SluiceLedgerJob *job = self->pending.first; job != NULL; job = job->next)
    if (job->kind == SLUICE_LEDGER_JOB_SETTING && g_str_equal (job->name, name))
      return;
  keep_pending (self, sluice_ledger_job_new_setting (name, value, NULL, NULL, NULL, NULL));
}

/*
 * What was refused may be on disk all the same if its commit failed, and a file that was moved aside takes with it what
 * was granted. What people chose must survive both.
 */
static void
restore_settings (SluiceLedgerKeeper *self)
{
  sluice_ledger_settings_compare (self->settings, sluice_ledger_writer_get_settings (self->writer),
                                  queue_setting, self);
}

static gboolean
reopen (SluiceLedgerKeeper *self)
{
  g_autoptr (GError) error = NULL;

  sluice_ledger_writer_close (g_steal_pointer (&self->writer), FALSE);
  self->writer = sluice_ledger_writer_open (self->path, self->power_loss, self->clock,
                                            self->n_damages >= MAX_DAMAGES, &error);
  if (self->writer == NULL)
    {
      publish (self, SLUICE_LEDGER_DEGRADED, error->message);
      return FALSE;
    }
  self->must_reopen = FALSE;
  restore_settings (self);
  if (self->n_damages >= MAX_DAMAGES)
    self->n_damages = 0;
  return TRUE;
}

static void
retry (SluiceLedgerKeeper *self)
{
  int code = SQLITE_OK;

  if ((self->must_reopen || self->writer == NULL) && !reopen (self))
    return;

  /* A full disk may still have room for what the log holds already, which makes room in the log. */
  sluice_ledger_writer_checkpoint (self->writer, TRUE);
  if (self->pending.first != NULL)
    code = write_pending (self);
  else
    {
      code = sluice_ledger_writer_probe (self->writer);
      if (code != SQLITE_OK)
        sluice_ledger_writer_rollback (self->writer);
    }
  self->is_dirty = TRUE;

  if (code != SQLITE_OK)
    degrade (self, code, sluice_ledger_writer_get_fault (self->writer));
  else
    {
      publish (self, SLUICE_LEDGER_OK, NULL);
      sluice_log_event (SLUICE_EVENT_LEDGER_RECOVERED, NULL, 0, "the ledger can be written again");
    }
  publish_room (self);
}

static void
checkpoint (SluiceLedgerKeeper *self, gboolean truncate)
{
  int code = sluice_ledger_writer_checkpoint (self->writer, truncate);

  self->checkpointed_at = sluice_ledger_writer_get_wal_bytes (self->writer);
  if (code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY)
    return;
  sluice_ledger_writer_rollback (self->writer);
  degrade (self, code, sluice_ledger_writer_get_fault (self->writer));
}

static void
remove_old (SluiceLedgerKeeper *self)
{
  gint64 now = sluice_clock_monotonic (self->clock);
  guint n = 0;
  int code;

  if (self->retention_us == 0 || now < self->next_removal_us)
    return;

  code = sluice_ledger_writer_remove_old (self->writer, sluice_clock_real (self->clock) - self->retention_us, &n);
  self->next_removal_us = now + (n > 0 ? SLUICE_LEDGER_RETRY_US : SLUICE_LEDGER_QUIET_US);
  if (code != SQLITE_OK)
    {
      sluice_ledger_writer_rollback (self->writer);
      degrade (self, code, sluice_ledger_writer_get_fault (self->writer));
    }
  else if (n > 0)
    {
      self->is_dirty = TRUE;
      g_debug ("removed %u old exchanges", n);
    }
}

void
sluice_ledger_keeper_breathe (SluiceLedgerKeeper *self, gboolean is_quiet)
{
  gsize bound = is_quiet ? self->max_wal_bytes : self->max_wal_bytes * PRESSING;
  gsize wal_bytes;

  if (self->state != SLUICE_LEDGER_OK)
    return;

  wal_bytes = sluice_ledger_writer_get_wal_bytes (self->writer);
  if (wal_bytes < self->checkpointed_at)
    self->checkpointed_at = 0;
  /* a reader that holds on to the log makes a try useless; the next one waits for some more growth */
  if (wal_bytes > bound && wal_bytes - self->checkpointed_at > self->max_wal_bytes / 4)
    checkpoint (self, FALSE);
  if (is_quiet && self->state == SLUICE_LEDGER_OK)
    remove_old (self);
}

void
sluice_ledger_keeper_tick (SluiceLedgerKeeper *self)
{
  if (self->state != SLUICE_LEDGER_OK)
    {
      retry (self);
      return;
    }

  look_at_file (self);
  if (self->state == SLUICE_LEDGER_OK)
    remove_old (self);
  if (self->state == SLUICE_LEDGER_OK && (self->is_dirty || self->is_long))
    {
      gboolean truncate = !self->is_dirty;

      /* Not cut at once: to write over the pages of a log is cheaper than to make it grow again. */
      checkpoint (self, truncate);
      self->is_dirty = FALSE;
      self->is_long = !truncate;
    }
}

gint64
sluice_ledger_keeper_get_wait (SluiceLedgerKeeper *self)
{
  gint64 wait;

  if (self->state != SLUICE_LEDGER_OK)
    return SLUICE_LEDGER_RETRY_US;
  if (self->is_dirty)
    return SLUICE_LEDGER_IDLE_US;
  if (self->is_long)
    return SLUICE_LEDGER_CUT_US;
  wait = self->next_removal_us - sluice_clock_monotonic (self->clock);
  return self->retention_us == 0 ? SLUICE_LEDGER_QUIET_US : CLAMP (wait, SLUICE_LEDGER_IDLE_US, SLUICE_LEDGER_QUIET_US);
}

/* The open rows of a run that did not end well. A damage found in doing so is dealt with as one found in opening. */
static gboolean
recover (SluiceLedgerKeeper *self, GError **error)
{
  guint n = 0;
  int code = sluice_ledger_writer_recover (self->writer, &n);

  if (code == SQLITE_OK)
    {
      if (n > 0)
        g_message ("%u requests were interrupted; what they may have cost is booked as estimated", n);
      self->is_dirty = TRUE;
      return TRUE;
    }

  sluice_ledger_writer_rollback (self->writer);
  if (sluice_ledger_database_is_damage (code) || sluice_ledger_writer_is_bad_record (code))
    {
      sluice_ledger_writer_close (g_steal_pointer (&self->writer), FALSE);
      self->writer = sluice_ledger_writer_open (self->path, self->power_loss, self->clock, TRUE, error);
      return self->writer != NULL;
    }
  g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_STORAGE,
               "cannot write %s: %s", self->path, sluice_ledger_writer_get_fault (self->writer));
  return FALSE;
}

/* A file that was found damaged at the start may still say what people chose. */
static void
read_settings (SluiceLedgerKeeper *self)
{
  const char *replaced = sluice_ledger_writer_get_replaced (self->writer);

  self->settings = sluice_ledger_settings_copy (sluice_ledger_writer_get_settings (self->writer));
  self->lost_settings = replaced != NULL && !sluice_ledger_settings_salvage (replaced, self->settings);
}

static gboolean
recover_settings (SluiceLedgerKeeper *self, GError **error)
{
  restore_settings (self);
  if (write_pending (self) == SQLITE_OK)
    return TRUE;

  g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_STORAGE,
               "cannot write %s: %s", self->path, sluice_ledger_writer_get_fault (self->writer));
  return FALSE;
}

SluiceLedgerKeeper *
sluice_ledger_keeper_new (const SluiceLedgerOptions *options, SluiceClock *clock, GError **error)
{
  g_autoptr (SluiceLedgerKeeper) self = g_new0 (SluiceLedgerKeeper, 1);

  g_mutex_init (&self->lock);
  self->clock = g_object_ref (clock);
  self->path = g_build_filename (options->directory, SLUICE_DATABASE_FILE, NULL);
  self->power_loss = options->power_loss;
  self->retention_us = MIN (options->retention_days, MAX_DAYS) * DAY_US;
  self->max_wal_bytes = options->max_wal_bytes > 0 ? options->max_wal_bytes : SLUICE_LEDGER_DEFAULT_WAL_BYTES;
  self->accepts_free = TRUE;

  self->writer = sluice_ledger_writer_open (self->path, self->power_loss, clock, FALSE, error);
  if (self->writer != NULL)
    read_settings (self);
  if (self->writer == NULL || !recover (self, error) || !recover_settings (self, error))
    {
      sluice_ledger_writer_close (g_steal_pointer (&self->writer), FALSE);
      self->is_closed = TRUE;
      return NULL;
    }
  self->max_id = sluice_ledger_writer_get_max_id (self->writer);
  return g_steal_pointer (&self);
}

void
sluice_ledger_keeper_close (SluiceLedgerKeeper *self)
{
  if (self->is_closed)
    return;

  self->is_closed = TRUE;
  if (self->state != SLUICE_LEDGER_OK)
    retry (self);
  if (self->pending.first != NULL)
    g_warning ("%u paid and %u free requests are lost: %s", self->n_pending_paid, self->n_pending_free, self->reason);
  if (self->state == SLUICE_LEDGER_OK && self->is_dirty)
    checkpoint (self, TRUE);

  drop_pending (self, self->n_pending_paid + self->n_pending_free);
  sluice_ledger_writer_close (g_steal_pointer (&self->writer), self->state == SLUICE_LEDGER_OK);
}

void
sluice_ledger_keeper_free (SluiceLedgerKeeper *self)
{
  if (self == NULL)
    return;

  sluice_ledger_keeper_close (self);
  g_object_unref (self->clock);
  g_clear_pointer (&self->settings, g_hash_table_unref);
  g_clear_pointer (&self->watch_inbox, sluice_inbox_unref);
  g_mutex_clear (&self->lock);
  g_free (self->path);
  g_free (self->reason);
  g_free (self);
}

GHashTable *
sluice_ledger_keeper_get_settings (SluiceLedgerKeeper *self)
{
  return self->settings;
}

gboolean
sluice_ledger_keeper_has_lost_settings (SluiceLedgerKeeper *self)
{
  return self->lost_settings;
}

gint64
sluice_ledger_keeper_get_max_id (SluiceLedgerKeeper *self)
{
  return self->max_id;
}

guint
sluice_ledger_keeper_get_n_commits (SluiceLedgerKeeper *self)
{
  return (guint) g_atomic_int_get (&self->n_commits);
}

guint
sluice_ledger_keeper_get_n_pending (SluiceLedgerKeeper *self)
{
  return (guint) g_atomic_int_get (&self->n_pending);
}

SluiceLedgerState
sluice_ledger_keeper_get_state (SluiceLedgerKeeper *self)
{
  return (SluiceLedgerState) g_atomic_int_get (&self->state);
}

gboolean
sluice_ledger_keeper_accepts_free (SluiceLedgerKeeper *self)
{
  return g_atomic_int_get (&self->accepts_free);
}

char *
sluice_ledger_keeper_dup_reason (SluiceLedgerKeeper *self)
{
  char *reason;

  g_mutex_lock (&self->lock);
  reason = g_strdup (self->reason);
  g_mutex_unlock (&self->lock);
  return reason;
}

SluiceLedgerWriter *
sluice_ledger_keeper_get_writer (SluiceLedgerKeeper *self)
{
  return self->writer;
}
