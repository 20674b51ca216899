/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/sluice-ledger-settings-private.h"

#include "ledger/sluice-ledger-migrate-private.h"

GHashTable *
sluice_ledger_settings_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

GHashTable *
sluice_ledger_settings_copy (GHashTable *settings)
{
  GHashTable *copy = sluice_ledger_settings_new ();
  GHashTableIter iter;
  gpointer name;
  gpointer value;

  g_hash_table_iter_init (&iter, settings);
  while (g_hash_table_iter_next (&iter, &name, &value))
    sluice_ledger_settings_note (copy, name, value);
  return copy;
}

int
sluice_ledger_settings_read (SluiceLedgerStatements *statements, GHashTable *settings)
{
  sqlite3_stmt *statement = statements->all[SLUICE_LEDGER_LIST_SETTINGS];
  int code;

  while ((code = sqlite3_step (statement)) == SQLITE_ROW)
    sluice_ledger_settings_note (settings,
                                 (const char *) sqlite3_column_text (statement, 0),
                                 (const char *) sqlite3_column_text (statement, 1));
  sqlite3_reset (statement);
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

/* A damaged database whose schema may be broken elsewhere. SQLITE_OK or the error. */
static int
open_damaged (const char *path, sqlite3 **db)
{
  int code = sqlite3_open_v2 (path, db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

  if (code != SQLITE_OK)
    return code;
  /* the log beside it is read, and not moved into it */
  sqlite3_db_config (*db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
  /* that the schema may be written makes SQLite go on with one that it cannot read whole */
  return sluice_ledger_migrate_run (*db, "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
                                         "PRAGMA mmap_size = 0; PRAGMA query_only = ON; PRAGMA writable_schema = ON");
}

/* The table and its index say the same: none of its rows is gone. */
static gboolean
is_sound (sqlite3 *db)
{
  sqlite3_stmt *statement = NULL;
  gboolean sound;

  if (sqlite3_prepare_v2 (db, "PRAGMA integrity_check('setting')", -1, &statement, NULL) != SQLITE_OK)
    return FALSE;
  sound = sqlite3_step (statement) == SQLITE_ROW
          && g_strcmp0 ((const char *) sqlite3_column_text (statement, 0), "ok") == 0;
  sqlite3_finalize (statement);
  return sound;
}

static int
read_all (sqlite3 *db, GHashTable *settings)
{
  sqlite3_stmt *statement = NULL;
  int code = sqlite3_prepare_v2 (db, "SELECT name, value FROM \"setting\"", -1, &statement, NULL);

  while (code == SQLITE_OK && (code = sqlite3_step (statement)) == SQLITE_ROW)
    {
      const char *name = (const char *) sqlite3_column_text (statement, 0);

      if (name != NULL)
        sluice_ledger_settings_note (settings, name, (const char *) sqlite3_column_text (statement, 1));
      code = SQLITE_OK;
    }
  sqlite3_finalize (statement);
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

gboolean
sluice_ledger_settings_salvage (const char *path, GHashTable *settings)
{
  g_autoptr (GHashTable) found = sluice_ledger_settings_new ();
  GHashTableIter iter;
  gpointer name;
  gpointer value;
  sqlite3 *db = NULL;
  gboolean read = open_damaged (path, &db) == SQLITE_OK && is_sound (db) && read_all (db, found) == SQLITE_OK;

  sqlite3_close (db);
  if (!read)
    return FALSE;

  g_hash_table_iter_init (&iter, found);
  while (g_hash_table_iter_next (&iter, &name, &value))
    sluice_ledger_settings_note (settings, name, value);
  return TRUE;
}

int
sluice_ledger_settings_write (SluiceLedgerStatements *statements,
                              const char *name,
                              const char *value,
                              const char *actor,
                              gint64 now_us)
{
  SluiceLedgerStatement which = value != NULL ? SLUICE_LEDGER_WRITE_SETTING : SLUICE_LEDGER_REMOVE_SETTING;
  sqlite3_stmt *statement = statements->all[SLUICE_LEDGER_AUDIT_SETTING];
  int code = SQLITE_OK;

  if (actor != NULL)
    {
      sluice_ledger_bind_text (statement, 1, name);
      sluice_ledger_bind_text (statement, 2, value);
      sqlite3_bind_int64 (statement, 3, now_us);
      sluice_ledger_bind_text (statement, 4, actor);
      code = sluice_ledger_statements_run (statements, SLUICE_LEDGER_AUDIT_SETTING);
    }
  if (code != SQLITE_OK)
    return code;

  statement = statements->all[which];
  sluice_ledger_bind_text (statement, 1, name);
  if (value != NULL)
    {
      sluice_ledger_bind_text (statement, 2, value);
      sqlite3_bind_int64 (statement, 3, now_us);
    }
  return sluice_ledger_statements_run (statements, which);
}

void
sluice_ledger_settings_note (GHashTable *settings, const char *name, const char *value)
{
  if (value != NULL)
    g_hash_table_replace (settings, g_strdup (name), g_strdup (value));
  else
    g_hash_table_remove (settings, name);
}

void
sluice_ledger_settings_compare (GHashTable *wanted,
                                GHashTable *found,
                                void (*func) (const char *name, const char *value, gpointer user_data),
                                gpointer user_data)
{
  GHashTableIter iter;
  gpointer name;
  gpointer value;

  g_hash_table_iter_init (&iter, wanted);
  while (g_hash_table_iter_next (&iter, &name, &value))
    if (g_strcmp0 (g_hash_table_lookup (found, name), value) != 0)
      func (name, value, user_data);

  g_hash_table_iter_init (&iter, found);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    if (!g_hash_table_contains (wanted, name))
      func (name, NULL, user_data);
}
