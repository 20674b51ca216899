/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The file: opening, the PRAGMAs, the check, moving a damaged one aside. For the ledger's thread, and for start-up
 * before it runs.
 */
#pragma once

#include <glib.h>
#include <sqlite3.h>

#include "shared/sluice-clock.h"

G_BEGIN_DECLS

/* How long the check of a database may take at each opening; what it has not seen by then is taken on trust. */
#define SLUICE_LEDGER_CHECK_US (2 * G_USEC_PER_SEC)

/* How long a foreign program that looks at the file is waited for. */
#define SLUICE_LEDGER_BUSY_TIMEOUT_MS 250

/*
 * Opens or makes the database at @path, checks and migrates it. Errors: SLUICE_ERROR_STORAGE; @code is then SQLite's
 * extended code, which sluice_ledger_database_is_damage() judges. Nothing is moved aside here.
 */
sqlite3 *sluice_ledger_database_open (const char *path,
                                      gboolean power_loss,
                                      SluiceClock *clock,
                                      int *code,
                                      GError **error);

/*
 * @trust: whether what is in the write-ahead log may be moved into the database and the log removed; not after an error
 * of the disk. @db is nullable.
 */
void sluice_ledger_database_close (sqlite3 *db, gboolean trust);

/* Whether @code says that the file's content, not its surroundings, is at fault. */
gboolean sluice_ledger_database_is_damage (int code);

/* Whether there is a file at @path that is shorter than any database of ours: somebody has emptied it. */
gboolean sluice_ledger_database_is_emptied (const char *path);

/* Whether the file was removed or another put in its place. One stat(). */
gboolean sluice_ledger_database_has_moved (sqlite3 *db);

/* Renames the file, with its log, to sluice.db.damaged-<time> and warns; returns that path. Errors:
 * SLUICE_ERROR_STORAGE. (transfer full) (nullable) */
char *sluice_ledger_database_move_aside (const char *path, const char *why, SluiceClock *clock, GError **error);

/* Removes the file and what SQLite has put beside it. */
void sluice_ledger_database_remove (const char *path);

/* "<path>.<word>-20260131T120000Z", or with a number behind it if that is taken. (transfer full) */
char *sluice_ledger_database_name_aside (const char *path, const char *word, SluiceClock *clock);

G_END_DECLS
