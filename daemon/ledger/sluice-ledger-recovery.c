/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/sluice-ledger-recovery-private.h"

void
sluice_ledger_recovery_init (SluiceLedgerRecovery *self, SluiceLedgerStatements *statements)
{
  self->statements = statements;
  self->n_finished = 0;
  sluice_ledger_recovery_forget (self);
}

void
sluice_ledger_recovery_forget (SluiceLedgerRecovery *self)
{
  self->known = G_MAXINT64;
}

/* Ids are given long before their exchange is opened, so one may come that the bound has passed. */
int
sluice_ledger_recovery_note_open (SluiceLedgerRecovery *self, gint64 id)
{
  int code;

  if (id >= self->known)
    return SQLITE_OK;

  sqlite3_bind_int64 (self->statements->all[SLUICE_LEDGER_LOWER_OPEN_FROM], 1, id);
  code = sluice_ledger_statements_run (self->statements, SLUICE_LEDGER_LOWER_OPEN_FROM);
  if (code == SQLITE_OK)
    self->known = id;
  return code;
}

int
sluice_ledger_recovery_note_finished (SluiceLedgerRecovery *self, guint n)
{
  self->n_finished += n;
  if (self->n_finished < SLUICE_LEDGER_RECOVERY_LOT)
    return SQLITE_OK;

  self->n_finished = 0;
  sluice_ledger_recovery_forget (self);
  return sluice_ledger_statements_run (self->statements, SLUICE_LEDGER_RAISE_OPEN_FROM);
}
