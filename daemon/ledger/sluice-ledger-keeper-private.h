/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the ledger's thread does with the jobs it takes: transactions, the degraded state, checkpoints, retention. It
 * has no thread of its own; all functions are for the ledger's thread but where said otherwise.
 */
#pragma once

#include "ledger/sluice-ledger-job-private.h"
#include "ledger/sluice-ledger-writer-private.h"

G_BEGIN_DECLS

/* How long nothing must have come before the log is moved into the database. */
#define SLUICE_LEDGER_IDLE_US (200 * 1000)

/* And how much longer, before its file is cut. */
#define SLUICE_LEDGER_CUT_US (5 * G_USEC_PER_SEC)

/* How often writing is tried while degraded, and old rows are removed while there are any. */
#define SLUICE_LEDGER_RETRY_US G_USEC_PER_SEC

/* How often the thread wakes for old rows when there were none. */
#define SLUICE_LEDGER_QUIET_US (60 * G_USEC_PER_SEC)

#define SLUICE_LEDGER_DEFAULT_WAL_BYTES (16 * 1024 * 1024)

typedef struct _SluiceLedgerKeeper SluiceLedgerKeeper;

/* Opens the database and recovers it. Errors: SLUICE_ERROR_STORAGE. */
SluiceLedgerKeeper *sluice_ledger_keeper_new (const SluiceLedgerOptions *options, SluiceClock *clock, GError **error);

/*
 * Tries once more to write what is pending, says how much is lost if it cannot, and closes the database. Afterwards
 * only what is for any thread may be called. Does nothing the second time.
 */
void sluice_ledger_keeper_close (SluiceLedgerKeeper *self);

/* Closes it, if that was not done. */
void sluice_ledger_keeper_free (SluiceLedgerKeeper *self);

/* Writes @jobs (transfer full) in one transaction and answers each. */
void sluice_ledger_keeper_handle (SluiceLedgerKeeper *self, SluiceLedgerJobs jobs);

/*
 * Between batches. @is_quiet: nothing waits, so that the log is moved into the database if it is too long, and at most
 * once a second some old rows are removed. Otherwise only a log several times too long is moved.
 */
void sluice_ledger_keeper_breathe (SluiceLedgerKeeper *self, gboolean is_quiet);

/* Nothing has come for the time that sluice_ledger_keeper_get_wait() said: retries, or tidies up. */
void sluice_ledger_keeper_tick (SluiceLedgerKeeper *self);

/* How long to wait for the next job before a tick, in microseconds. */
gint64 sluice_ledger_keeper_get_wait (SluiceLedgerKeeper *self);

/* The settings as they were at opening, and as they were committed since. The ledger's thread. (transfer none) */
GHashTable *sluice_ledger_keeper_get_settings (SluiceLedgerKeeper *self);

/* As sluice_ledger_has_lost_settings(). */
gboolean sluice_ledger_keeper_has_lost_settings (SluiceLedgerKeeper *self);

/* Largest id at opening. */
gint64 sluice_ledger_keeper_get_max_id (SluiceLedgerKeeper *self);

/* Transactions with jobs in them that were committed; any thread, one atomic read. */
guint sluice_ledger_keeper_get_n_commits (SluiceLedgerKeeper *self);

/* As the ledger's; any thread. */
guint sluice_ledger_keeper_get_n_pending (SluiceLedgerKeeper *self);
SluiceLedgerState sluice_ledger_keeper_get_state (SluiceLedgerKeeper *self);
gboolean sluice_ledger_keeper_accepts_free (SluiceLedgerKeeper *self);
char *sluice_ledger_keeper_dup_reason (SluiceLedgerKeeper *self);
void sluice_ledger_keeper_watch (SluiceLedgerKeeper *self,
                                 SluiceInbox *inbox,
                                 SluiceInboxFunc func,
                                 gpointer user_data);

/* (nullable): while it could not be opened again. For tests. */
SluiceLedgerWriter *sluice_ledger_keeper_get_writer (SluiceLedgerKeeper *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SluiceLedgerKeeper, sluice_ledger_keeper_free)

G_END_DECLS
