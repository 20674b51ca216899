/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/sluice-ledger-sums-private.h"

#include <string.h>

#define N_DIMENSIONS (sizeof (SluiceLedgerSumKey) / sizeof (gint64))

typedef struct {
  SluiceLedgerSumKey key; /* first: a row is its own key in the table */
  gint64 amounts[SLUICE_N_SUMS];
} Row;

struct _SluiceLedgerSums {
  SluiceLedgerStatements *statements; /* unowned */
  GHashTable *rows;                   /* (owned) (element-type Row): a set */
};

static guint
key_hash (gconstpointer data)
{
  const gint64 *words = data;
  guint64 hash = 0;

  for (guint i = 0; i < N_DIMENSIONS; i++)
    hash = (hash ^ (guint64) words[i]) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
  return (guint) (hash >> 32);
}

static gboolean
key_equal (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, sizeof (SluiceLedgerSumKey)) == 0;
}

SluiceLedgerSums *
sluice_ledger_sums_new (SluiceLedgerStatements *statements)
{
  SluiceLedgerSums *self = g_new0 (SluiceLedgerSums, 1);

  self->statements = statements;
  self->rows = g_hash_table_new_full (key_hash, key_equal, g_free, NULL);
  return self;
}

void
sluice_ledger_sums_free (SluiceLedgerSums *self)
{
  if (self == NULL)
    return;

  g_hash_table_unref (self->rows);
  g_free (self);
}

gint64
sluice_ledger_sums_start (gint64 us)
{
  gint64 rest = us % SLUICE_LEDGER_SUM_US;

  return us - (rest < 0 ? rest + SLUICE_LEDGER_SUM_US : rest);
}

void
sluice_ledger_sums_add (SluiceLedgerSums *self, const SluiceLedgerSumKey *key, const gint64 *amounts)
{
  Row *row = g_hash_table_lookup (self->rows, key);

  if (row == NULL)
    {
      row = g_new0 (Row, 1);
      row->key = *key;
      g_hash_table_add (self->rows, row);
    }
  for (guint i = 0; i < SLUICE_N_SUMS; i++)
    row->amounts[i] += CLAMP (amounts[i], 0, SLUICE_LEDGER_AMOUNT_MAX);
}

static int
write_row (SluiceLedgerSums *self, const Row *row)
{
  sqlite3_stmt *statement = self->statements->all[SLUICE_LEDGER_ADD_SUM];
  const gint64 *dimensions = (const gint64 *) &row->key;

  for (guint i = 0; i < N_DIMENSIONS; i++)
    sqlite3_bind_int64 (statement, (int) i + 1, dimensions[i]);
  for (guint i = 0; i < SLUICE_N_SUMS; i++)
    sqlite3_bind_int64 (statement, (int) (N_DIMENSIONS + i) + 1, row->amounts[i]);
  return sluice_ledger_statements_run (self->statements, SLUICE_LEDGER_ADD_SUM);
}

int
sluice_ledger_sums_flush (SluiceLedgerSums *self)
{
  GHashTableIter iter;
  gpointer row;
  int code = SQLITE_OK;

  g_hash_table_iter_init (&iter, self->rows);
  while (code == SQLITE_OK && g_hash_table_iter_next (&iter, &row, NULL))
    code = write_row (self, row);
  sluice_ledger_sums_forget (self);
  return code;
}

void
sluice_ledger_sums_forget (SluiceLedgerSums *self)
{
  g_hash_table_remove_all (self->rows);
}
