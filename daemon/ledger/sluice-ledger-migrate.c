/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/sluice-ledger-migrate-private.h"

#include <fcntl.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "ledger/sluice-ledger-database-private.h"
#include "ledger/sluice-ledger-resources.h"
#include "shared/sluice-error.h"

/* Step n leads from version n to n + 1; the reasons stand with the enum. */
static const char *const step_paths[] = {
  [SLUICE_LEDGER_VERSION_EMPTY] = "/io/github/sluice/ledger/schema/version-1.sql",
  [SLUICE_LEDGER_VERSION_FIRST] = "/io/github/sluice/ledger/schema/version-2.sql",
};

G_STATIC_ASSERT (G_N_ELEMENTS (step_paths) == SLUICE_LEDGER_N_VERSIONS - 1);

/* Numbers cannot be bound in a PRAGMA, so each version has its text. */
static const char *const set_version[] = {
  "PRAGMA user_version = 0",
  "PRAGMA user_version = 1",
  "PRAGMA user_version = 2",
  "PRAGMA user_version = 3",
};

G_STATIC_ASSERT (G_N_ELEMENTS (set_version) >= SLUICE_LEDGER_N_VERSIONS);

int
sluice_ledger_migrate_run (sqlite3 *db, const char *script)
{
  int code = SQLITE_OK;

  while (code == SQLITE_OK && *script != '\0')
    {
      sqlite3_stmt *statement = NULL;

      code = sqlite3_prepare_v2 (db, script, -1, &statement, &script);
      /* NULL for what is only blanks and comments */
      if (code != SQLITE_OK || statement == NULL)
        continue;
      while (sqlite3_step (statement) == SQLITE_ROW)
        ;
      code = sqlite3_finalize (statement);
    }
  return code;
}

int
sluice_ledger_migrate_read (sqlite3 *db, const char *sql, int *number)
{
  sqlite3_stmt *statement = NULL;
  int code = sqlite3_prepare_v2 (db, sql, -1, &statement, NULL);

  if (code != SQLITE_OK)
    return code;
  if (sqlite3_step (statement) == SQLITE_ROW)
    *number = sqlite3_column_int (statement, 0);
  return sqlite3_finalize (statement);
}

int
sluice_ledger_migrate_version (sqlite3 *db, int *version)
{
  return sluice_ledger_migrate_read (db, "PRAGMA user_version", version);
}

static int
backup (sqlite3 *db, const char *path)
{
  sqlite3 *copy = NULL;
  sqlite3_backup *job;
  int code = sqlite3_open_v2 (path, &copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

  if (code == SQLITE_OK)
    {
      job = sqlite3_backup_init (copy, "main", db, "main");
      if (job != NULL)
        {
          sqlite3_backup_step (job, -1);
          sqlite3_backup_finish (job);
        }
      code = sqlite3_errcode (copy);
    }
  sqlite3_close (copy);
  return code;
}

/* The old file stays beside the new one, as sluice.db.version-<n>-<time>. */
static gboolean
copy_aside (sqlite3 *db, const char *path, int version, SluiceClock *clock, int *code, GError **error)
{
  g_autofree char *suffix = g_strdup_printf ("version-%d", version);
  g_autofree char *aside = sluice_ledger_database_name_aside (path, suffix, clock);
  int fd = g_open (aside, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

  if (fd >= 0)
    close (fd);
  *code = fd >= 0 ? backup (db, aside) : SQLITE_CANTOPEN;
  if (*code == SQLITE_OK)
    return TRUE;

  sluice_ledger_database_remove (aside);
  g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_STORAGE,
               "cannot copy the database of version %d to %s: %s", version, aside, sqlite3_errstr (*code));
  return FALSE;
}

static int
step (sqlite3 *db, const char *script, int version)
{
  int code = sqlite3_exec (db, "BEGIN IMMEDIATE", NULL, NULL, NULL);

  if (code == SQLITE_OK)
    code = sluice_ledger_migrate_run (db, script);
  if (code == SQLITE_OK)
    code = sluice_ledger_migrate_run (db, set_version[version]);
  if (code == SQLITE_OK)
    code = sqlite3_exec (db, "COMMIT", NULL, NULL, NULL);
  return code;
}

gboolean
sluice_ledger_migrate_with (sqlite3 *db,
                            const char *path,
                            SluiceClock *clock,
                            const char *const *scripts,
                            guint n_scripts,
                            int *code,
                            GError **error)
{
  int version = 0;

  g_assert (n_scripts < G_N_ELEMENTS (set_version));

  *code = sluice_ledger_migrate_version (db, &version);
  if (*code == SQLITE_OK && (version < 0 || version > (int) n_scripts))
    {
      *code = SQLITE_SCHEMA;
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_STORAGE,
                   "%s has version %d, but this sluiced knows versions up to %u; use a newer sluiced",
                   path, version, n_scripts);
      return FALSE;
    }
  if (*code == SQLITE_OK && version > 0 && version < (int) n_scripts)
    if (!copy_aside (db, path, version, clock, code, error))
      return FALSE;

  while (*code == SQLITE_OK && version < (int) n_scripts)
    {
      *code = step (db, scripts[version], version + 1);
      version++;
    }
  if (*code == SQLITE_OK)
    return TRUE;

  g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_STORAGE,
               "cannot bring %s to version %d: %s", path, version, sqlite3_errmsg (db));
  if (!sqlite3_get_autocommit (db))
    sqlite3_exec (db, "ROLLBACK", NULL, NULL, NULL);
  return FALSE;
}

gboolean
sluice_ledger_migrate (sqlite3 *db, const char *path, SluiceClock *clock, int *code, GError **error)
{
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  const char *scripts[G_N_ELEMENTS (step_paths)];

  for (guint i = 0; i < G_N_ELEMENTS (step_paths); i++)
    {
      GBytes *text = g_resource_lookup_data (sluice_ledger_get_resource (),
                                             step_paths[i],
                                             G_RESOURCE_LOOKUP_FLAGS_NONE,
                                             NULL);

      g_assert (text != NULL);
      g_ptr_array_add (texts, text);
      /* the resource compiler puts a zero after each file */
      scripts[i] = g_bytes_get_data (text, NULL);
    }
  return sluice_ledger_migrate_with (db, path, clock, scripts, G_N_ELEMENTS (scripts), code, error);
}
