/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The lock file: one daemon for a directory. The lock goes with the process; the file stays and names the last holder.
 */
#pragma once

#include <glib.h>

#include "shared/sluice-clock.h"

G_BEGIN_DECLS

typedef struct _SluiceLedgerLock SluiceLedgerLock;

/*
 * Takes SLUICE_LOCK_FILE in @directory and writes who holds it. Errors: SLUICE_ERROR_LOCKED, with the process id of the
 * holder, if another process has it; SLUICE_ERROR_STORAGE if the file cannot be used.
 */
SluiceLedgerLock *sluice_ledger_lock_take (const char *directory, SluiceClock *clock, GError **error);
void sluice_ledger_lock_free (SluiceLedgerLock *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SluiceLedgerLock, sluice_ledger_lock_free)

G_END_DECLS
