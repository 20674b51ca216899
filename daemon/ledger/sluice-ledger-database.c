/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/sluice-ledger-database-private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "ledger/sluice-ledger-migrate-private.h"
#include "shared/sluice-error.h"
#include "shared/sluice-names.h"

/* What every database begins with. */
#define HEADER_BYTES 100

/* Virtual machine steps between two looks at the clock. */
#define CHECK_STEP 10000

typedef struct {
  SluiceClock *clock; /* unowned */
  gint64 end;
} Bound;

/*
 * Makes an empty file, so that it never has a wider mode, and refuses what is no plain file of ours. The descriptor is
 * closed before SQLite opens the file: closing one later would drop SQLite's locks.
 */
static gboolean
prepare_file (const char *path, GError **error)
{
  int fd = g_open (path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
  const char *fault = NULL;
  struct stat buffer;

  if (fd < 0)
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_STORAGE, "cannot open %s: %s", path, g_strerror (errno));
      return FALSE;
    }
  if (fstat (fd, &buffer) < 0 || !S_ISREG (buffer.st_mode))
    fault = "is not a plain file";
  else if (buffer.st_uid != geteuid ())
    fault = "belongs to another user";
  else if ((buffer.st_mode & 077) != 0 && fchmod (fd, 0600) < 0)
    fault = "may be read by others, and its mode cannot be changed";
  close (fd);

  if (fault != NULL)
    g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_STORAGE, "%s %s", path, fault);
  return fault == NULL;
}

/*
 * Every PRAGMA there is, but for the versions (sluice-ledger-migrate.c) and the work of the writer.
 *
 * Foreign keys are not enforced: the ids of the rows come from the table they point to, and asking again costs 2.5 us
 * a request, a quarter of all. So whoever deletes also deletes what hangs on it.
 */
static int
configure (sqlite3 *db, gboolean is_new, gboolean power_loss)
{
  static const char before[] = "PRAGMA trusted_schema = OFF;"
                               "PRAGMA cell_size_check = ON;"
                               "PRAGMA mmap_size = 0;"
                               "PRAGMA auto_vacuum = INCREMENTAL;"; /* heeded only before the first table */
  static const char after[] = "PRAGMA wal_autocheckpoint = 0;"
                              "PRAGMA journal_size_limit = 16777216;" /* below it the log's pages are used again */
                              "PRAGMA cache_size = -8192;"
                              "PRAGMA temp_store = MEMORY;"
                              "PRAGMA foreign_keys = OFF;";
  static const char to_wal[] = "PRAGMA journal_mode = WAL";
  sqlite3_stmt *statement = NULL;
  gboolean is_wal = FALSE;
  int code = sluice_ledger_migrate_run (db, before);

  if (code == SQLITE_OK && is_new)
    code = sluice_ledger_migrate_run (db, "PRAGMA application_id = " G_STRINGIFY (SLUICE_APPLICATION_ID));
  if (code == SQLITE_OK)
    code = sqlite3_prepare_v2 (db, to_wal, -1, &statement, NULL);
  if (code != SQLITE_OK)
    return code;
  if (sqlite3_step (statement) == SQLITE_ROW)
    is_wal = g_strcmp0 ((const char *) sqlite3_column_text (statement, 0), "wal") == 0;
  code = sqlite3_finalize (statement);
  if (code == SQLITE_OK && !is_wal)
    code = SQLITE_CANTOPEN;

  if (code == SQLITE_OK)
    code = sluice_ledger_migrate_run (db, after);
  if (code == SQLITE_OK)
    code = sluice_ledger_migrate_run (db, power_loss ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
  return code;
}

/* Ours, or empty. Another program's database is neither changed nor moved. */
static gboolean
identify (sqlite3 *db, const char *path, int *code, GError **error)
{
  int application = 0;
  int tables = 0;

  *code = sluice_ledger_migrate_read (db, "PRAGMA application_id", &application);
  if (*code == SQLITE_OK)
    *code = sluice_ledger_migrate_read (db, "SELECT count(*) FROM sqlite_schema", &tables);
  if (*code != SQLITE_OK)
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_STORAGE, "cannot read %s: %s", path, sqlite3_errmsg (db));
      return FALSE;
    }
  if (application == SLUICE_APPLICATION_ID || (application == 0 && tables == 0))
    return TRUE;

  *code = SQLITE_MISUSE;
  g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_STORAGE,
               "%s is a database of another program (application id 0x%08x); move it away", path, (guint) application);
  return FALSE;
}

static int
on_progress (void *data)
{
  const Bound *bound = data;

  return sluice_clock_monotonic (bound->clock) > bound->end;
}

static gboolean
check (sqlite3 *db, const char *path, SluiceClock *clock, int *code, GError **error)
{
  Bound bound = { clock, sluice_clock_monotonic (clock) + SLUICE_LEDGER_CHECK_US };
  g_autofree char *finding = NULL;
  sqlite3_stmt *statement = NULL;

  sqlite3_progress_handler (db, CHECK_STEP, on_progress, &bound);
  *code = sqlite3_prepare_v2 (db, "PRAGMA quick_check(1)", -1, &statement, NULL);
  if (*code == SQLITE_OK)
    {
      if (sqlite3_step (statement) == SQLITE_ROW)
        finding = g_strdup ((const char *) sqlite3_column_text (statement, 0));
      *code = sqlite3_finalize (statement);
    }
  sqlite3_progress_handler (db, 0, NULL, NULL);

  if (*code == SQLITE_INTERRUPT)
    {
      g_debug ("the check of %s was cut short", path);
      *code = SQLITE_OK;
    }
  else if (*code == SQLITE_OK && g_strcmp0 (finding, "ok") != 0)
    *code = SQLITE_CORRUPT;
  if (*code != SQLITE_OK)
    g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_STORAGE,
                 "the check of %s says: %s", path, finding != NULL ? finding : sqlite3_errstr (*code));
  return *code == SQLITE_OK;
}

static gboolean
set_up (sqlite3 *db, const char *path, gboolean power_loss, SluiceClock *clock, int *code, GError **error)
{
  int version = 0;

  sqlite3_extended_result_codes (db, 1);
  sqlite3_busy_timeout (db, SLUICE_LEDGER_BUSY_TIMEOUT_MS);
  sqlite3_db_config (db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);

  if (!identify (db, path, code, error))
    return FALSE;
  *code = sluice_ledger_migrate_version (db, &version);
  /* A newer one is refused before anything of it is changed, its journal mode included. */
  if (*code == SQLITE_OK && version < SLUICE_LEDGER_N_VERSIONS)
    *code = configure (db, version == 0, power_loss);
  if (*code != SQLITE_OK)
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_STORAGE, "cannot use %s: %s", path, sqlite3_errmsg (db));
      return FALSE;
    }
  if (version > 0 && version < SLUICE_LEDGER_N_VERSIONS && !check (db, path, clock, code, error))
    return FALSE;
  return sluice_ledger_migrate (db, path, clock, code, error);
}

sqlite3 *
sluice_ledger_database_open (const char *path, gboolean power_loss, SluiceClock *clock, int *code, GError **error)
{
  sqlite3 *db = NULL;

  *code = SQLITE_CANTOPEN;
  if (!prepare_file (path, error))
    return NULL;

  *code = sqlite3_open_v2 (path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
  if (*code != SQLITE_OK)
    g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_STORAGE, "cannot open %s: %s", path, sqlite3_errstr (*code));
  else if (set_up (db, path, power_loss, clock, code, error))
    return db;

  sluice_ledger_database_close (db, FALSE);
  /* made by us a moment ago, as on a full disk: it is not to be taken for one that somebody emptied */
  if (sluice_ledger_database_is_emptied (path))
    sluice_ledger_database_remove (path);
  return NULL;
}

void
sluice_ledger_database_close (sqlite3 *db, gboolean trust)
{
  if (db == NULL)
    return;

  if (!trust)
    sqlite3_db_config (db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
  if (sqlite3_close (db) != SQLITE_OK)
    g_critical ("a connection was closed with statements open");
}

gboolean
sluice_ledger_database_is_damage (int code)
{
  return (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;
}

gboolean
sluice_ledger_database_is_emptied (const char *path)
{
  GStatBuf status;

  return g_lstat (path, &status) == 0 && S_ISREG (status.st_mode) && status.st_size < HEADER_BYTES;
}

gboolean
sluice_ledger_database_has_moved (sqlite3 *db)
{
  int moved = 0;

  return sqlite3_file_control (db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved != 0;
}

void
sluice_ledger_database_remove (const char *path)
{
  static const char *const suffixes[] = { "-journal", "-wal", "-shm", "" };

  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++)
    {
      g_autofree char *name = g_strconcat (path, suffixes[i], NULL);

      g_unlink (name);
    }
}

char *
sluice_ledger_database_name_aside (const char *path, const char *word, SluiceClock *clock)
{
  g_autoptr (GDateTime) now = g_date_time_new_from_unix_utc (sluice_clock_real (clock) / G_USEC_PER_SEC);
  g_autofree char *stamp = now != NULL ? g_date_time_format (now, "%Y%m%dT%H%M%SZ") : g_strdup ("undated");
  g_autofree char *name = g_strdup_printf ("%s.%s-%s", path, word, stamp);

  for (guint i = 2; g_file_test (name, G_FILE_TEST_EXISTS); i++)
    {
      g_free (name);
      name = g_strdup_printf ("%s.%s-%s-%u", path, word, stamp, i);
    }
  return g_steal_pointer (&name);
}

char *
sluice_ledger_database_move_aside (const char *path, const char *why, SluiceClock *clock, GError **error)
{
  static const char *const suffixes[] = { "-wal", "-shm", "" };
  g_autofree char *aside = sluice_ledger_database_name_aside (path, "damaged", clock);

  /* The log goes first: left behind, it would be read into the new database. */
  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++)
    {
      g_autofree char *from = g_strconcat (path, suffixes[i], NULL);
      g_autofree char *to = g_strconcat (aside, suffixes[i], NULL);

      if (g_rename (from, to) == 0 || errno == ENOENT)
        continue;
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_STORAGE,
                   "cannot move the damaged %s aside: %s", from, g_strerror (errno));
      return NULL;
    }
  g_warning ("the database is damaged (%s); it was moved to %s, and a new one is begun", why, aside);
  return g_steal_pointer (&aside);
}
