/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From records to rows: binding, subjects, sums. Part of the writer, split off for its size.
 */
#pragma once

#include "ledger/sluice-ledger-record.h"
#include "ledger/sluice-ledger-recovery-private.h"
#include "ledger/sluice-ledger-statements-private.h"
#include "ledger/sluice-ledger-subjects-private.h"
#include "ledger/sluice-ledger-sums-private.h"

G_BEGIN_DECLS

typedef struct {
  SluiceLedgerStatements *statements; /* unowned */
  SluiceLedgerSubjects *subjects;     /* (owned) */
  SluiceLedgerSums *sums;             /* (owned) */
  SluiceLedgerRecovery recovery;
  guint n_finished; /* in this transaction */
} SluiceLedgerRows;

void sluice_ledger_rows_init (SluiceLedgerRows *self, SluiceLedgerStatements *statements, SluiceClock *clock);
void sluice_ledger_rows_clear (SluiceLedgerRows *self);

/* As the writer's functions of the same names. */
int sluice_ledger_rows_reserve (SluiceLedgerRows *self, const SluiceExchangeRecord *record);
int sluice_ledger_rows_finish (SluiceLedgerRows *self, const SluiceExchangeRecord *record);

/* Settles and finishes what is open, as of @now_us. */
int sluice_ledger_rows_finish_open (SluiceLedgerRows *self, gint64 now_us, guint *n);

/* Before a commit: writes the sums and the bound of what is open. */
int sluice_ledger_rows_flush (SluiceLedgerRows *self);

/* After a rollback. */
void sluice_ledger_rows_forget (SluiceLedgerRows *self);

G_END_DECLS
