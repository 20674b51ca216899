/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/sluice-ledger-settings-private.h"

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

int
sluice_ledger_settings_write (SluiceLedgerStatements *statements, const char *name, const char *value, gint64 now_us)
{
  SluiceLedgerStatement which = value != NULL ? SLUICE_LEDGER_WRITE_SETTING : SLUICE_LEDGER_REMOVE_SETTING;
  sqlite3_stmt *statement = statements->all[which];

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
