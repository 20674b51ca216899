/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/sluice-ledger-sums-private.h"

#include "ledger/sluice-ledger-database-private.h"
#include "test-ledger-support.h"

static void
test_start (void)
{
  static const gint64 quarter = SLUICE_LEDGER_SUM_US;

  g_assert_cmpint (sluice_ledger_sums_start (0), ==, 0);
  g_assert_cmpint (sluice_ledger_sums_start (quarter - 1), ==, 0);
  g_assert_cmpint (sluice_ledger_sums_start (quarter), ==, quarter);
  g_assert_cmpint (sluice_ledger_sums_start (-1), ==, -quarter);
  g_assert_cmpint (sluice_ledger_sums_start (-quarter), ==, -quarter);
  g_assert_cmpint (sluice_ledger_sums_start (TEST_NOW) % quarter, ==, 0);
}

static void
test_gathers (void)
{
  g_autofree char *directory = test_directory ();
  g_autofree char *path = g_build_filename (directory, SLUICE_DATABASE_FILE, NULL);
  g_autoptr (SluiceClock) clock = sluice_clock_new_manual (TEST_NOW, 0);
  g_autoptr (GError) error = NULL;
  const gint64 amounts[SLUICE_N_SUMS] = { [SLUICE_SUM_EXCHANGES] = 1, [SLUICE_SUM_COST_NANO_USD] = 7 };
  SluiceLedgerSumKey key = { .start_us = SLUICE_LEDGER_SUM_US, .account_id = 1, .status_class = 2 };
  SluiceLedgerStatements statements;
  SluiceLedgerSums *sums;
  int code;
  sqlite3 *db = sluice_ledger_database_open (path, FALSE, clock, &code, &error);

  g_assert_no_error (error);
  g_assert_cmpint (sluice_ledger_statements_prepare (&statements, db), ==, SQLITE_OK);
  sums = sluice_ledger_sums_new (&statements);
  for (guint i = 0; i < 10; i++)
    {
      key.account_id = 1 + i % 2;
      sluice_ledger_sums_add (sums, &key, amounts);
    }
  g_assert_cmpint (sluice_ledger_sums_flush (sums), ==, SQLITE_OK);
  g_assert_cmpint (sluice_ledger_sums_flush (sums), ==, SQLITE_OK);
  test_assert_db (db, "SELECT count(*) || '|' || min (exchanges) || '|' || sum (cost_nano_usd) FROM sum", "2|5|70");

  sluice_ledger_sums_add (sums, &key, amounts);
  sluice_ledger_sums_forget (sums);
  g_assert_cmpint (sluice_ledger_sums_flush (sums), ==, SQLITE_OK);
  sluice_ledger_sums_add (sums, &key, amounts);
  g_assert_cmpint (sluice_ledger_sums_flush (sums), ==, SQLITE_OK);
  test_assert_db (db, "SELECT exchanges FROM sum WHERE account_id = 2", "6");

  sluice_ledger_sums_free (sums);
  sluice_ledger_statements_finalize (&statements);
  sluice_ledger_database_close (db, TRUE);
  test_remove_directory (directory);
}

int
main (int argc, char *argv[])
{
  test_ledger_init (&argc, &argv);
  g_test_add_func ("/ledger-sums/start", test_start);
  g_test_add_func ("/ledger-sums/gathers", test_gathers);
  return g_test_run ();
}
