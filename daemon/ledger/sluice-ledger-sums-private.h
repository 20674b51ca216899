/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The rows that a transaction adds to the table sum: gathered in memory, each written once before the commit.
 */
#pragma once

#include "ledger/sluice-ledger-statements-private.h"

G_BEGIN_DECLS

/* A quarter of an hour: every time zone in use differs from UTC by a multiple of it. */
#define SLUICE_LEDGER_SUM_US (15 * 60 * G_USEC_PER_SEC)

/* In the order of the table's columns. */
typedef enum {
  SLUICE_SUM_EXCHANGES,
  SLUICE_SUM_ATTEMPTS,
  SLUICE_SUM_ESTIMATED,
  SLUICE_SUM_PROMPT_TOKENS,
  SLUICE_SUM_COMPLETION_TOKENS,
  SLUICE_SUM_CACHED_TOKENS,
  SLUICE_SUM_CACHE_WRITE_TOKENS,
  SLUICE_SUM_REASONING_TOKENS,
  SLUICE_SUM_AUDIO_TOKENS,
  SLUICE_SUM_COST_NANO_USD,
  SLUICE_SUM_DURATION_US,
  SLUICE_SUM_FIRST_BYTES,
  SLUICE_SUM_FIRST_BYTE_WAIT_US,
  SLUICE_SUM_REQUEST_BYTES,
  SLUICE_SUM_RESPONSE_BYTES,
  SLUICE_N_SUMS,
} SluiceLedgerSum;

/* The dimensions, in the order of the table's columns. Ids of subjects; 0 for none. */
typedef struct {
  gint64 start_us;
  gint64 account_id;
  gint64 customer_id;
  gint64 group_id;
  gint64 deployment_id;
  gint64 provider_id;
  gint64 status_class;
} SluiceLedgerSumKey;

typedef struct _SluiceLedgerSums SluiceLedgerSums;

/* Borrows @statements. */
SluiceLedgerSums *sluice_ledger_sums_new (SluiceLedgerStatements *statements);
void sluice_ledger_sums_free (SluiceLedgerSums *self);

/* Begin of the quarter in which @us lies, also before 1970. */
gint64 sluice_ledger_sums_start (gint64 us);

/* Adds @amounts, SLUICE_N_SUMS of them; what is below 0 or absurdly large is cut, so that no total can overflow. */
void sluice_ledger_sums_add (SluiceLedgerSums *self, const SluiceLedgerSumKey *key, const gint64 *amounts);

/* Writes what was added, and begins anew. SQLITE_OK or the error. */
int sluice_ledger_sums_flush (SluiceLedgerSums *self);

/* After a rollback. */
void sluice_ledger_sums_forget (SluiceLedgerSums *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SluiceLedgerSums, sluice_ledger_sums_free)

G_END_DECLS
