/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The steps from one version of the schema to the next. The version is the database's user_version.
 */
#pragma once

#include <glib.h>
#include <sqlite3.h>

#include "shared/sluice-clock.h"

G_BEGIN_DECLS

typedef enum {
  SLUICE_LEDGER_VERSION_EMPTY,
  SLUICE_LEDGER_VERSION_FIRST, /* the tables */
  SLUICE_LEDGER_VERSION_FEWER_INDEXES, /* of exchange; a bound finds the open ones */
  SLUICE_LEDGER_N_VERSIONS,
} SluiceLedgerVersion;

/*
 * Brings @db, the file at @path, to the current version: each step is one transaction. A file of an older version is
 * copied aside first. Errors: SLUICE_ERROR_STORAGE. @code is then SQLite's code.
 */
gboolean sluice_ledger_migrate (sqlite3 *db, const char *path, SluiceClock *clock, int *code, GError **error);

/* The same with the steps as texts: for tests. */
gboolean sluice_ledger_migrate_with (sqlite3 *db,
                                     const char *path,
                                     SluiceClock *clock,
                                     const char *const *scripts,
                                     guint n_scripts,
                                     int *code,
                                     GError **error);

/* Runs all statements of @script, a constant of the program or of its resources; never anything from outside. */
int sluice_ledger_migrate_run (sqlite3 *db, const char *script);

/* The first column of the first row of @sql, a constant too; @number is left alone if there is no row. */
int sluice_ledger_migrate_read (sqlite3 *db, const char *sql, int *number);

/* The database's user_version. */
int sluice_ledger_migrate_version (sqlite3 *db, int *version);

G_END_DECLS
