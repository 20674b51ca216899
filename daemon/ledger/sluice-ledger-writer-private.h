/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The rows: what one transaction does. Knows no threads and no queue; belongs to the ledger's thread.
 *
 * All int results are SQLite's extended codes. After any that is not SQLITE_OK the caller rolls back.
 */
#pragma once

#include <sqlite3.h>

#include "ledger/sluice-ledger-record.h"
#include "shared/sluice-clock.h"

G_BEGIN_DECLS

/* Exchanges removed in one transaction; with their attempts about 500 rows. */
#define SLUICE_LEDGER_RETENTION_LOT 250

typedef struct _SluiceLedgerWriter SluiceLedgerWriter;

/*
 * Opens the database at @path and prepares the statements. A damaged file is moved aside with a warning and a new one
 * begun; @distrust: even if no damage is seen. Errors: SLUICE_ERROR_STORAGE.
 */
SluiceLedgerWriter *sluice_ledger_writer_open (const char *path,
                                               gboolean power_loss,
                                               SluiceClock *clock,
                                               gboolean distrust,
                                               GError **error);

/* @trust: as for sluice_ledger_database_close(). */
void sluice_ledger_writer_close (SluiceLedgerWriter *self, gboolean trust);

/* For tests, and for reading. */
sqlite3 *sluice_ledger_writer_get_db (SluiceLedgerWriter *self);

/* Where the damaged file is now that was found at opening. (nullable): there was none */
const char *sluice_ledger_writer_get_replaced (SluiceLedgerWriter *self);

/* Largest id of an exchange at opening; 0 if there was none. */
gint64 sluice_ledger_writer_get_max_id (SluiceLedgerWriter *self);

int sluice_ledger_writer_begin (SluiceLedgerWriter *self);
int sluice_ledger_writer_commit (SluiceLedgerWriter *self);

/* Keeps what went wrong for sluice_ledger_writer_get_fault(). Also when no transaction is open any more. */
void sluice_ledger_writer_rollback (SluiceLedgerWriter *self);

/* What the last rollback was for, in SQLite's and the system's words; "" before the first. */
const char *sluice_ledger_writer_get_fault (SluiceLedgerWriter *self);

/* Writes the exchange, if it is not there, and its attempts as they are. */
int sluice_ledger_writer_reserve (SluiceLedgerWriter *self, const SluiceExchangeRecord *record);

/*
 * Writes the exchange and its attempts in their final states and adds to the sums. An attempt still open is settled at
 * its estimate. Does nothing if the exchange is finished already.
 */
int sluice_ledger_writer_finish (SluiceLedgerWriter *self, const SluiceExchangeRecord *record);

/* As sluice_ledger_settings_write(). */
int sluice_ledger_writer_set (SluiceLedgerWriter *self, const char *name, const char *value, const char *actor);

/* What the settings were at opening. (transfer none) (element-type utf8 utf8) */
GHashTable *sluice_ledger_writer_get_settings (SluiceLedgerWriter *self);

/* Undoes the last reservation of @record, should it have reached the disk although its commit failed. */
int sluice_ledger_writer_release (SluiceLedgerWriter *self, const SluiceExchangeRecord *record);

/* Settles and finishes all that is open, in one transaction. @n: (out): exchanges. */
int sluice_ledger_writer_recover (SluiceLedgerWriter *self, guint *n);

/* Removes a lot of exchanges received before @before_us, in one transaction. @n: (out): exchanges. */
int sluice_ledger_writer_remove_old (SluiceLedgerWriter *self, gint64 before_us, guint *n);

/* Writes and removes a few pages, in two transactions. */
int sluice_ledger_writer_probe (SluiceLedgerWriter *self);

/* Size of the write-ahead log as of the last commit. */
gsize sluice_ledger_writer_get_wal_bytes (SluiceLedgerWriter *self);

/* Moves the log into the database as far as readers allow; @truncate: and empties it. Never waits for anybody. */
int sluice_ledger_writer_checkpoint (SluiceLedgerWriter *self, gboolean truncate);

/* Whether @code says that the record cannot be stored, rather than that the database cannot be written. */
gboolean sluice_ledger_writer_is_bad_record (int code);

G_END_DECLS
