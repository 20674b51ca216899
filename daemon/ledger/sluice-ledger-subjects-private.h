/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Names to row ids of the table subject, made when first seen. Writer's thread, inside a transaction.
 */
#pragma once

#include "ledger/sluice-ledger-record.h"
#include "ledger/sluice-ledger-statements-private.h"
#include "shared/sluice-clock.h"

G_BEGIN_DECLS

/* Requests make at most so many customers and tags in a calendar month (UTC); further ones are the subject "other". */
#define SLUICE_LEDGER_MAX_REQUESTED 10000

/* A customer's or tag's name with more bytes is "other" too. */
#define SLUICE_LEDGER_MAX_NAME 256

/* How many names are kept in memory. */
#define SLUICE_LEDGER_MAX_CACHED 20000

typedef struct _SluiceLedgerSubjects SluiceLedgerSubjects;

/* Borrows @statements. */
SluiceLedgerSubjects *sluice_ledger_subjects_new (SluiceLedgerStatements *statements, SluiceClock *clock);
void sluice_ledger_subjects_free (SluiceLedgerSubjects *self);

/* Sets @id, never to 0. %NULL for @name is the empty name. SQLITE_OK or the error. */
int sluice_ledger_subjects_intern (SluiceLedgerSubjects *self, SluiceSubjectKind kind, const char *name, gint64 *id);

/* After a rollback: rows made in it are gone. */
void sluice_ledger_subjects_forget (SluiceLedgerSubjects *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SluiceLedgerSubjects, sluice_ledger_subjects_free)

G_END_DECLS
