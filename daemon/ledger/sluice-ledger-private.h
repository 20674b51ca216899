/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * For the ledger's tests.
 */
#pragma once

#include "ledger/sluice-ledger.h"

G_BEGIN_DECLS

/* Transactions committed for callers. Any thread. */
guint sluice_ledger_get_n_commits (SluiceLedger *self);

/* Does now what would be done after a while of quiet or, when degraded, within a second. Any thread. */
void sluice_ledger_poke (SluiceLedger *self);

G_END_DECLS
