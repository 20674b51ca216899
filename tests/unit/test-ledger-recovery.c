/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/sluice-ledger-recovery-private.h"

#include "test-ledger-writer-support.h"

#define OPEN_FROM "SELECT open_from FROM recovery"

typedef TestWriter Fixture;

/* As after a crash: the rows stay as they are, and nothing is remembered. */
static void
reopen (Fixture *f)
{
  sluice_ledger_writer_close (f->writer, FALSE);
  test_writer_open (f);
}

static void
begin (Fixture *f)
{
  g_assert_cmpint (sluice_ledger_writer_begin (f->writer), ==, SQLITE_OK);
}

static void
commit (Fixture *f)
{
  g_assert_cmpint (sluice_ledger_writer_commit (f->writer), ==, SQLITE_OK);
}

static void
reserve (Fixture *f, gint64 id)
{
  g_autoptr (SluiceExchangeRecord) record = test_open_record (id);

  g_assert_cmpint (sluice_ledger_writer_reserve (f->writer, record), ==, SQLITE_OK);
}

/* In one transaction. */
static void
finish (Fixture *f, gint64 from, gint64 to)
{
  begin (f);
  for (gint64 id = from; id <= to; id++)
    {
      g_autoptr (SluiceExchangeRecord) record = test_record (id, FALSE);

      g_assert_cmpint (sluice_ledger_writer_finish (f->writer, record), ==, SQLITE_OK);
    }
  commit (f);
}

static void
assert_recovers (Fixture *f, guint n_expected)
{
  guint n = 0;

  g_assert_cmpint (sluice_ledger_writer_recover (f->writer, &n), ==, SQLITE_OK);
  g_assert_cmpuint (n, ==, n_expected);
  test_assert_db (f->db, "SELECT count(*) FROM exchange WHERE finished_us IS NULL", "0");
  test_assert_db (f->db, "SELECT count(*) FROM attempt WHERE state = 0", "0");
}

/* The bound follows what is finished in lots, and never passes what is open. */
static void
test_follows (Fixture *f, gconstpointer data)
{
  test_assert_db (f->db, OPEN_FROM, "0");
  finish (f, 1, SLUICE_LEDGER_RECOVERY_LOT - 1);
  test_assert_db (f->db, OPEN_FROM, "0");
  finish (f, SLUICE_LEDGER_RECOVERY_LOT, SLUICE_LEDGER_RECOVERY_LOT);
  test_assert_db (f->db, OPEN_FROM, "257");

  begin (f);
  reserve (f, 300);
  commit (f);
  finish (f, 301, 300 + SLUICE_LEDGER_RECOVERY_LOT);
  test_assert_db (f->db, OPEN_FROM, "300");
  finish (f, 1000, 1000 + SLUICE_LEDGER_RECOVERY_LOT);
  test_assert_db (f->db, OPEN_FROM, "300");
  finish (f, 300, 300);
  finish (f, 2000, 2000 + SLUICE_LEDGER_RECOVERY_LOT);
  test_assert_db (f->db, OPEN_FROM, "2257");
}

/* An id that was given before others were finished is opened after them. */
static void
test_late (Fixture *f, gconstpointer data)
{
  finish (f, 100, 100 + SLUICE_LEDGER_RECOVERY_LOT);
  test_assert_db (f->db, OPEN_FROM, "357");

  begin (f);
  reserve (f, 500);
  reserve (f, 7);
  reserve (f, 8);
  commit (f);
  test_assert_db (f->db, OPEN_FROM, "7");
  reopen (f);
  assert_recovers (f, 3);
  test_assert_db (f->db, "SELECT sum (cost_nano_usd) FROM attempt WHERE estimated = 1", "15000");
}

/* What a rollback took back is not believed. */
static void
test_rollback (Fixture *f, gconstpointer data)
{
  finish (f, 100, 100 + SLUICE_LEDGER_RECOVERY_LOT);
  begin (f);
  reserve (f, 7);
  sluice_ledger_writer_rollback (f->writer);
  test_assert_db (f->db, OPEN_FROM, "357");

  begin (f);
  reserve (f, 9);
  commit (f);
  test_assert_db (f->db, OPEN_FROM, "9");
  reopen (f);
  assert_recovers (f, 1);
}

/* Somebody removed the row: all is looked through. */
static void
test_no_row (Fixture *f, gconstpointer data)
{
  begin (f);
  reserve (f, 3);
  commit (f);
  g_assert_cmpint (sqlite3_exec (f->db, "DELETE FROM recovery", NULL, NULL, NULL), ==, SQLITE_OK);
  begin (f);
  reserve (f, 4);
  commit (f);
  finish (f, 100, 100 + SLUICE_LEDGER_RECOVERY_LOT);
  reopen (f);
  assert_recovers (f, 2);
}

/* Neither a start nor the removal of old rows reads the whole table. */
static void
test_plans (Fixture *f, gconstpointer data)
{
  static const SluiceLedgerStatement bounded[] = {
    SLUICE_LEDGER_SETTLE_OPEN_ATTEMPTS,    SLUICE_LEDGER_FINISH_OPEN_EXCHANGES, SLUICE_LEDGER_LIST_OPEN_EXCHANGES,
    SLUICE_LEDGER_RAISE_OPEN_FROM,         SLUICE_LEDGER_REMOVE_OLD_ATTEMPTS,   SLUICE_LEDGER_REMOVE_OLD_TAGS,
    SLUICE_LEDGER_REMOVE_OLD_EXCHANGES,
  };
  SluiceLedgerStatements statements;

  g_assert_cmpint (sluice_ledger_statements_prepare (&statements, f->db), ==, SQLITE_OK);
  for (guint i = 0; i < G_N_ELEMENTS (bounded); i++)
    {
      g_autofree char *sql = g_strconcat ("EXPLAIN QUERY PLAN ", sqlite3_sql (statements.all[bounded[i]]), NULL);
      sqlite3_stmt *plan = NULL;

      g_assert_cmpint (sqlite3_prepare_v2 (f->db, sql, -1, &plan, NULL), ==, SQLITE_OK);
      while (sqlite3_step (plan) == SQLITE_ROW)
        {
          const char *line = (const char *) sqlite3_column_text (plan, 3);

          g_test_message ("%s", line);
          g_assert_false (g_str_has_prefix (line, "SCAN exchange"));
          g_assert_false (g_str_has_prefix (line, "SCAN attempt"));
        }
      sqlite3_finalize (plan);
    }
  sluice_ledger_statements_finalize (&statements);
}

int
main (int argc, char *argv[])
{
  test_ledger_init (&argc, &argv);
#define ADD(name, func) \
  g_test_add ("/ledger-recovery/" name, Fixture, NULL, test_writer_set_up, func, test_writer_tear_down)
  ADD ("follows", test_follows);
  ADD ("late", test_late);
  ADD ("rollback", test_rollback);
  ADD ("no-row", test_no_row);
  ADD ("plans", test_plans);
#undef ADD
  return g_test_run ();
}
