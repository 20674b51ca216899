/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table `setting`: what is edited at run time, by name, each value as JSON. In memory a GHashTable of texts by
 * name. Belongs to the ledger's thread.
 */
#pragma once

#include "ledger/sluice-ledger-statements-private.h"

G_BEGIN_DECLS

/* An empty table of texts by name. (transfer full) */
GHashTable *sluice_ledger_settings_new (void);

/* What @settings holds, in a table of its own. (transfer full) */
GHashTable *sluice_ledger_settings_copy (GHashTable *settings);

/* Reads all rows into @settings. SQLITE_OK or the error. */
int sluice_ledger_settings_read (SluiceLedgerStatements *statements, GHashTable *settings);

/*
 * Reads what the damaged database at @path still has into @settings; the file stays as it is. %FALSE if it cannot be
 * told what was set: @settings is then as before.
 */
gboolean sluice_ledger_settings_salvage (const char *path, GHashTable *settings);

/*
 * Writes one row; without @value (nullable) it is removed. With @actor (nullable) it is a management change and gets
 * its row in `audit`. In a transaction of the caller. SQLITE_OK or the error.
 */
int sluice_ledger_settings_write (SluiceLedgerStatements *statements,
                                  const char *name,
                                  const char *value,
                                  const char *actor,
                                  gint64 now_us);

/* The same in memory. */
void sluice_ledger_settings_note (GHashTable *settings, const char *name, const char *value);

/* Calls @func for each row that must be written to turn @found into @wanted; its value is %NULL for one to remove. */
void sluice_ledger_settings_compare (GHashTable *wanted,
                                     GHashTable *found,
                                     void (*func) (const char *name, const char *value, gpointer user_data),
                                     gpointer user_data);

G_END_DECLS
