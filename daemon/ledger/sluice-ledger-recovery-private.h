/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The bound from which on exchanges may be open, kept beside them in the same transactions. A start after a crash
 * looks through few rows, and no row has to be in an index of the open ones.
 */
#pragma once

#include "ledger/sluice-ledger-statements-private.h"

G_BEGIN_DECLS

/* After so many finished exchanges the bound follows: what a start looks through at least. */
#define SLUICE_LEDGER_RECOVERY_LOT 256

typedef struct {
  SluiceLedgerStatements *statements; /* unowned */
  gint64 known;     /* the bound on disk is not above this */
  guint n_finished; /* since it was raised */
} SluiceLedgerRecovery;

void sluice_ledger_recovery_init (SluiceLedgerRecovery *self, SluiceLedgerStatements *statements);

/* In a transaction, before exchange @id is opened. SQLITE_OK or the error. */
int sluice_ledger_recovery_note_open (SluiceLedgerRecovery *self, gint64 id);

/* In a transaction, after @n exchanges were finished. */
int sluice_ledger_recovery_note_finished (SluiceLedgerRecovery *self, guint n);

/* After a rollback: what was noted may not be on disk. */
void sluice_ledger_recovery_forget (SluiceLedgerRecovery *self);

G_END_DECLS
