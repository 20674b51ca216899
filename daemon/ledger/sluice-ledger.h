/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The ledger: one thread that owns the only writing SQLite connection, groups what waits into one transaction, and
 * tells each caller when its rows are on disk (DESIGN 3, 5, 8; reference reliability-and-security.md 2.2).
 */
#pragma once

#include <glib-object.h>

#include "ledger/sluice-ledger-record.h"
#include "shared/sluice-clock.h"
#include "shared/sluice-inbox.h"

G_BEGIN_DECLS

#define SLUICE_TYPE_LEDGER (sluice_ledger_get_type ())
G_DECLARE_FINAL_TYPE (SluiceLedger, sluice_ledger, SLUICE, LEDGER, GObject)

/* How many rows of free requests wait in memory while the database cannot be written. */
#define SLUICE_LEDGER_MAX_PENDING 10000

typedef enum {
  SLUICE_LEDGER_COMMITTED, /* the rows are on disk */
  SLUICE_LEDGER_PENDING,   /* the database cannot be written; the rows wait in memory and will be written */
  SLUICE_LEDGER_REFUSED,   /* neither: nothing was recorded */
} SluiceLedgerResult;

typedef void (*SluiceLedgerFunc) (SluiceLedgerResult result, gpointer user_data);

typedef enum {
  SLUICE_LEDGER_OK,
  SLUICE_LEDGER_DEGRADED, /* an SQLite error; writing is tried again every second */
} SluiceLedgerState;

typedef struct {
  const char *directory;   /* absolute; made with mode 0700 if it is not there */
  gboolean power_loss;     /* durability: power-loss, i.e. synchronous=FULL */
  guint retention_days;    /* rows older are removed in small batches when idle; 0 keeps all */
  gsize max_wal_bytes;     /* size cap that forces a checkpoint; 0 for the default of 16 MiB */
} SluiceLedgerOptions;

/*
 * Takes the lock file, opens or makes the database, migrates it, settles what a crash left open at its estimate
 * (marked) and starts the thread. Blocks; call it before the loops run.
 *
 * Errors: SLUICE_ERROR_LOCKED names the process that holds the lock; SLUICE_ERROR_STORAGE for a directory that cannot
 * be used, and for a database of a newer version or of another program, which are left as they are. A damaged database
 * is moved aside with a warning, never deleted, and a new one begun.
 *
 * The program must ignore SIGXFSZ, or a limit on file sizes ends it where it should become degraded.
 */
SluiceLedger *sluice_ledger_new (const SluiceLedgerOptions *options, SluiceClock *clock, GError **error);

/*
 * Writes all that waits, checkpoints, closes, joins the thread. What is submitted afterwards is REFUSED; the state and
 * the reason can still be asked for. Does nothing the second time. Owner's thread.
 */
void sluice_ledger_stop (SluiceLedger *self);

/* A fresh id for SluiceExchangeRecord.id; given once in the life of a database. Any thread. */
gint64 sluice_ledger_next_id (SluiceLedger *self);

/*
 * Before an attempt that may cost money is sent: writes the exchange (open) and its last attempt (open, with its
 * estimate). @func is called through @inbox with COMMITTED or REFUSED (degraded: such attempts fail closed). Any
 * thread.
 */
void sluice_ledger_reserve (SluiceLedger *self,
                            SluiceExchangeRecord *record,
                            SluiceInbox *inbox,
                            SluiceLedgerFunc func,
                            gpointer user_data);

/*
 * The end of an exchange: writes it and all its attempts in their final states, and the sums. COMMITTED, or PENDING
 * when degraded (an exchange with a reserved attempt is always kept, whatever the bound; a free one is REFUSED past
 * SLUICE_LEDGER_MAX_PENDING). REFUSED too, with a warning, for a record that no row can hold, such as one with a
 * request id that was used before. An exchange that is finished already stays as it is: COMMITTED, and counted once.
 *
 * @func (nullable) as above. If the inbox is closed before the answer comes, @func is never called. Any thread.
 */
void sluice_ledger_finish (SluiceLedger *self,
                           SluiceExchangeRecord *record,
                           SluiceInbox *inbox,
                           SluiceLedgerFunc func,
                           gpointer user_data);

/*
 * Stores the setting @name (snake_case, as in sluice_settings) with the JSON text @value; without it (nullable) it is
 * removed. With @actor (nullable), who changes it, the change gets its row in the table audit. COMMITTED, or REFUSED:
 * it cannot be written now, and what was committed before stays, also on disk. The answers to several calls come in the
 * order of the calls. @inbox and @func as above, both nullable. Any thread.
 */
void sluice_ledger_set_setting (SluiceLedger *self,
                                const char *name,
                                const char *value,
                                const char *actor,
                                SluiceInbox *inbox,
                                SluiceLedgerFunc func,
                                gpointer user_data);

/* The stored settings as JSON texts by name, as they were when the ledger was opened; never changes. Any thread.
 * (transfer none) (element-type utf8 utf8) */
GHashTable *sluice_ledger_get_settings (SluiceLedger *self);

/* Whether the database was damaged when it was opened, and what the settings were cannot be told. Any thread. */
gboolean sluice_ledger_has_lost_settings (SluiceLedger *self);

/* Whether a free request can still be recorded, at least in memory. One atomic read; any thread. */
gboolean sluice_ledger_accepts_free (SluiceLedger *self);

/* Rows kept in memory until the database can be written. One atomic read; any thread. */
guint sluice_ledger_get_n_pending (SluiceLedger *self);

/* One atomic read; any thread. */
SluiceLedgerState sluice_ledger_get_state (SluiceLedger *self);

/*
 * Asks the thread for a sign of life; whether it has answered what was asked the time before (TRUE the first time). An
 * idle thread answers at once, one that is stuck in the disk does not. One thread.
 */
gboolean sluice_ledger_ping (SluiceLedger *self);

/* Why it is degraded, in words; %NULL when it is not. (transfer full). Any thread. */
char *sluice_ledger_dup_reason (SluiceLedger *self);

/* From now on @func (@user_data) is called through @inbox each time the state has changed. One watcher; a second call
 * replaces it. Close the inbox before @user_data goes. Any thread. */
void sluice_ledger_watch (SluiceLedger *self, SluiceInbox *inbox, SluiceInboxFunc func, gpointer user_data);

G_END_DECLS
