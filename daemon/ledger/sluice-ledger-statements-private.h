/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The statements the writer keeps prepared. What varies is bound, never written into the text.
 */
#pragma once

#include <glib.h>
#include <sqlite3.h>

G_BEGIN_DECLS

typedef enum {
  SLUICE_LEDGER_BEGIN,
  SLUICE_LEDGER_COMMIT,
  SLUICE_LEDGER_ROLLBACK,
  SLUICE_LEDGER_MAX_ID,
  SLUICE_LEDGER_PAGE_BYTES,
  SLUICE_LEDGER_FIND_SUBJECT,
  SLUICE_LEDGER_ADD_SUBJECT,
  SLUICE_LEDGER_COUNT_REQUESTED,
  SLUICE_LEDGER_OPEN_EXCHANGE,
  SLUICE_LEDGER_FINISH_EXCHANGE,
  SLUICE_LEDGER_WRITE_ATTEMPT,
  SLUICE_LEDGER_RELEASE_ATTEMPT,
  SLUICE_LEDGER_ADD_TAG,
  SLUICE_LEDGER_ADD_SUM,
  SLUICE_LEDGER_SETTLE_OPEN_ATTEMPTS,
  SLUICE_LEDGER_FINISH_OPEN_EXCHANGES,
  SLUICE_LEDGER_LIST_OPEN_EXCHANGES,
  SLUICE_LEDGER_LIST_ATTEMPTS,
  SLUICE_LEDGER_LOWER_OPEN_FROM,
  SLUICE_LEDGER_RAISE_OPEN_FROM,
  SLUICE_LEDGER_REMOVE_OLD_ATTEMPTS,
  SLUICE_LEDGER_REMOVE_OLD_TAGS,
  SLUICE_LEDGER_REMOVE_OLD_EXCHANGES,
  SLUICE_LEDGER_VACUUM,
  SLUICE_LEDGER_LIST_SETTINGS,
  SLUICE_LEDGER_WRITE_SETTING,
  SLUICE_LEDGER_REMOVE_SETTING,
  SLUICE_LEDGER_AUDIT_SETTING,
  SLUICE_LEDGER_PROBE_ADD,
  SLUICE_LEDGER_PROBE_REMOVE,
  SLUICE_LEDGER_N_STATEMENTS,
} SluiceLedgerStatement;

typedef struct {
  sqlite3 *db;                                /* unowned */
  sqlite3_stmt *all[SLUICE_LEDGER_N_STATEMENTS]; /* (owned) */
} SluiceLedgerStatements;

/* SQLite's code; on an error nothing is kept. */
int sluice_ledger_statements_prepare (SluiceLedgerStatements *self, sqlite3 *db);
void sluice_ledger_statements_finalize (SluiceLedgerStatements *self);

/* Runs one that returns no rows, with what is bound, and makes it ready for the next use. SQLITE_OK or the error. */
int sluice_ledger_statements_run (SluiceLedgerStatements *self, SluiceLedgerStatement which);

/* @text is not copied: it must live until the statement has run. %NULL is NULL. */
static inline void
sluice_ledger_bind_text (sqlite3_stmt *statement, int index, const char *text)
{
  sqlite3_bind_text (statement, index, text, -1, SQLITE_STATIC);
}

/* An instant that is not known is 0 in memory and NULL on disk; so is an id. */
static inline void
sluice_ledger_bind_known (sqlite3_stmt *statement, int index, gint64 value)
{
  if (value > 0)
    sqlite3_bind_int64 (statement, index, value);
  else
    sqlite3_bind_null (statement, index);
}

/* In rows as in sums: what a row may say at most, so that adding up any number of them cannot overflow. 10^15 is a
 * million dollars in nano-dollars, thirty years in microseconds. */
#define SLUICE_LEDGER_AMOUNT_MAX G_GINT64_CONSTANT (1000000000000000)

static inline void
sluice_ledger_bind_amount (sqlite3_stmt *statement, int index, gint64 amount)
{
  sqlite3_bind_int64 (statement, index, CLAMP (amount, 0, SLUICE_LEDGER_AMOUNT_MAX));
}

G_END_DECLS
