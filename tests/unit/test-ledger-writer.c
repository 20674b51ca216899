/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/sluice-ledger-writer-private.h"

#include "test-ledger-writer-support.h"

typedef TestWriter Fixture;

static void
assert_ok (Fixture *f, int code)
{
  if (code != SQLITE_OK)
    g_assert_cmpstr (sqlite3_errmsg (f->db), ==, "");
}

typedef int (*WriteFunc) (SluiceLedgerWriter *writer, const SluiceExchangeRecord *record);

static void
write_one (Fixture *f, WriteFunc func, const SluiceExchangeRecord *record)
{
  assert_ok (f, sluice_ledger_writer_begin (f->writer));
  assert_ok (f, func (f->writer, record));
  assert_ok (f, sluice_ledger_writer_commit (f->writer));
}

static void
finish (Fixture *f, gint64 id, gboolean paid)
{
  g_autoptr (SluiceExchangeRecord) record = test_record (id, paid);

  write_one (f, sluice_ledger_writer_finish, record);
}

static void
test_rows_as_given (Fixture *f, gconstpointer data)
{
  g_autoptr (SluiceExchangeRecord) record = test_record (5, TRUE);
  SluiceAttemptRecord *attempt = g_ptr_array_index (record->attempts, 0);

  record->call_id = g_strdup ("call'\"; --");
  record->customer = g_strdup ("Zoë");
  record->tags = g_strsplit ("a b a", " ", 0);
  record->error = g_strdup ("slow");
  attempt->resends = 2;
  attempt->cached_tokens = 30;
  attempt->cache_write_tokens = 40;
  attempt->reasoning_tokens = 5;
  attempt->audio_tokens = 6;
  attempt->price_version = g_strdup ("2026-01");
  write_one (f, sluice_ledger_writer_finish, record);

  test_assert_db (f->db,
                  "SELECT concat FROM (SELECT e.id || '|' || request_id || '|' || call_id || '|'"
                  " || a.kind || a.name || '|'"
                  " || c.kind || c.name || '|' || g.kind || g.name || '|' || operation || '|' ||"
                  " stream || status || error"
                  " || '|' || received_us || '|' || (first_byte_us - received_us) || '|' || (finished_us - received_us)"
                  " || '|' || request_bytes || '|' || response_bytes AS concat FROM exchange e"
                  " JOIN subject a ON a.id = account_id JOIN subject c ON c.id = customer_id"
                  " JOIN subject g ON g.id = group_id)",
                  "5|019bc1a6-d980-7000-8000-000000000005"
                  "|call'\"; --|8this-computer|6Zoë|12llama|chat-completions|1200slow"
                  "|1768480496000000|2500|3500|1000|2000");
  test_assert_db (f->db,
                  "SELECT exchange_id || '|' || ordinal || '|' || d.kind || d.name || '|' || p.kind || p.name || '|'"
                  " || model || '|' || state || billable || estimated || '|' || status || '|' || resends || '|'"
                  " || (started_us % 1000000) || '|' || (first_byte_us % 1000000) || '|' ||"
                  " (finished_us % 1000000) || '|'"
                  " || prompt_tokens || '|' || completion_tokens || '|' || cached_tokens || '|' || cache_write_tokens"
                  " || '|' || reasoning_tokens || '|' || audio_tokens || '|' || estimate_nano_usd"
                  " || '|' || cost_nano_usd"
                  " || '|' || price_source || price_version || coalesce (error, '-') FROM attempt"
                  " JOIN subject d ON d.id = deployment_id JOIN subject p ON p.id = provider_id",
                  "5|0|9cloud-1|10openai|llama3.2:3b|110|200|2|1000|2000|3000|100|20|30|40|5|6"
                  "|5000|3000|config2026-01-");
  test_assert_db (f->db, "SELECT group_concat (name) FROM exchange_tag JOIN subject ON id = tag_id", "a,b");
  test_assert_db (f->db,
                  "SELECT exchanges || '|' || attempts || '|' || prompt_tokens || '|' ||"
                  " cost_nano_usd || '|' || duration_us"
                  " || '|' || first_bytes || '|' || first_byte_wait_us || '|' || status_class || '|' || request_bytes"
                  " || '|' || start_us FROM sum",
                  "1|1|100|3000|3500|1|2500|2|1000|1768480200000000");
}

/* What is not known is NULL, not 0. */
static void
test_unknown (Fixture *f, gconstpointer data)
{
  g_autoptr (SluiceExchangeRecord) record = test_record (1, FALSE);

  record->first_byte_us = 0;
  g_ptr_array_set_size (record->attempts, 0);
  write_one (f, sluice_ledger_writer_finish, record);
  test_assert_db (f->db, "SELECT count(*) FROM exchange WHERE first_byte_us IS NULL AND customer_id IS NULL", "1");
  test_assert_db (f->db, "SELECT count(*) FROM sum WHERE deployment_id = 0 AND attempts = 0 AND exchanges = 1", "1");
}

static void
test_reserve_then_finish (Fixture *f, gconstpointer data)
{
  g_autoptr (SluiceExchangeRecord) record = test_open_record (1);
  SluiceAttemptRecord *attempt = g_ptr_array_index (record->attempts, 0);

  write_one (f, sluice_ledger_writer_reserve, record);
  test_assert_db (f->db, "SELECT count(*) FROM exchange WHERE finished_us IS NULL AND status = 0", "1");
  test_assert_db (f->db, "SELECT state || '|' || estimate_nano_usd || '|' || cost_nano_usd FROM attempt", "0|5000|0");
  test_assert_db (f->db, "SELECT count(*) FROM sum", "0");

  /* the next attempt */
  attempt->state = SLUICE_ATTEMPT_RELEASED;
  attempt->status = 429;
  attempt = test_attempt (TRUE);
  attempt->state = SLUICE_ATTEMPT_OPEN;
  g_ptr_array_add (record->attempts, attempt);
  write_one (f, sluice_ledger_writer_reserve, record);
  test_assert_db (f->db, "SELECT group_concat (state) FROM (SELECT state FROM attempt ORDER BY ordinal)", "2,0");

  attempt->state = SLUICE_ATTEMPT_SETTLED;
  record->status = 200;
  record->finished_us = TEST_NOW + 10;
  write_one (f, sluice_ledger_writer_finish, record);
  test_assert_db (f->db, "SELECT status || '|' || (finished_us NOT NULL) FROM exchange", "200|1");
  test_assert_db (f->db, "SELECT group_concat (state) FROM (SELECT state FROM attempt ORDER BY ordinal)", "2,1");
  test_assert_db (f->db, "SELECT sum (exchanges) || '|' || sum (attempts) || '|' || sum (cost_nano_usd) FROM sum",
                  "1|2|3000");
  test_assert_db (f->db, "SELECT attempts FROM sum WHERE status_class = 4", "1");

  /* again: nothing changes, nothing is counted twice */
  record->status = 500;
  write_one (f, sluice_ledger_writer_finish, record);
  test_assert_db (f->db, "SELECT status FROM exchange", "200");
  test_assert_db (f->db, "SELECT sum (exchanges) FROM sum", "1");
}

static void
test_open_at_the_end (Fixture *f, gconstpointer data)
{
  g_autoptr (SluiceExchangeRecord) record = test_open_record (1);

  record->finished_us = TEST_NOW + 10;
  record->status = 499;
  write_one (f, sluice_ledger_writer_finish, record);
  test_assert_db (f->db, "SELECT state || '|' || estimated || '|' || cost_nano_usd FROM attempt", "1|1|5000");
}

static void
test_release (Fixture *f, gconstpointer data)
{
  g_autoptr (SluiceExchangeRecord) record = test_open_record (1);

  write_one (f, sluice_ledger_writer_reserve, record);
  write_one (f, sluice_ledger_writer_release, record);
  test_assert_db (f->db, "SELECT state || '|' || cost_nano_usd FROM attempt", "2|0");
  write_one (f, sluice_ledger_writer_release, record);
}

static void
test_recover (Fixture *f, gconstpointer data)
{
  guint n = 0;

  for (gint64 id = 1; id <= 3; id++)
    {
      g_autoptr (SluiceExchangeRecord) record = test_open_record (id);

      write_one (f, sluice_ledger_writer_reserve, record);
    }
  finish (f, 4, TRUE);
  sluice_ledger_writer_close (f->writer, FALSE);
  test_writer_open (f);
  g_assert_cmpint (sluice_ledger_writer_get_max_id (f->writer), ==, 4);

  assert_ok (f, sluice_ledger_writer_recover (f->writer, &n));
  g_assert_cmpuint (n, ==, 3);
  test_assert_db (f->db,
                  "SELECT count(*) FROM exchange JOIN attempt ON exchange_id = id WHERE exchange.error = 'interrupted'"
                  " AND exchange.status = 500 AND exchange.finished_us = 1768480497000000 AND"
                  " state = 1 AND estimated = 1"
                  " AND cost_nano_usd = 5000 AND attempt.error = 'interrupted' AND attempt.finished_us NOT NULL",
                  "3");
  test_assert_db (f->db,
                  "SELECT sum (exchanges) || '|' || sum (attempts) || '|' || sum (estimated) ||"
                  " '|' || sum (cost_nano_usd)"
                  " FROM sum",
                  "4|4|3|18000");

  assert_ok (f, sluice_ledger_writer_recover (f->writer, &n));
  g_assert_cmpuint (n, ==, 0);
}

static void
test_remove_old (Fixture *f, gconstpointer data)
{
  g_autoptr (SluiceExchangeRecord) open = test_open_record (1000);
  gint64 before = TEST_NOW + (SLUICE_LEDGER_RETENTION_LOT + 41) * 1000;
  guint n = 0;

  assert_ok (f, sluice_ledger_writer_begin (f->writer));
  for (gint64 id = 1; id <= SLUICE_LEDGER_RETENTION_LOT + 50; id++)
    {
      g_autoptr (SluiceExchangeRecord) record = test_record (id, FALSE);

      record->received_us += id * 1000;
      g_free (record->request_id);
      record->request_id = test_request_id (id, record->received_us);
      record->tags = g_strsplit ("t", " ", 0);
      assert_ok (f, sluice_ledger_writer_finish (f->writer, record));
    }
  assert_ok (f, sluice_ledger_writer_reserve (f->writer, open));
  assert_ok (f, sluice_ledger_writer_commit (f->writer));

  assert_ok (f, sluice_ledger_writer_remove_old (f->writer, TEST_NOW, &n));
  g_assert_cmpuint (n, ==, 0);
  assert_ok (f, sluice_ledger_writer_remove_old (f->writer, before, &n));
  g_assert_cmpuint (n, ==, SLUICE_LEDGER_RETENTION_LOT);
  assert_ok (f, sluice_ledger_writer_remove_old (f->writer, before, &n));
  g_assert_cmpuint (n, ==, 40);
  test_assert_db (f->db, "SELECT min (id) || '|' || count(*) FROM exchange WHERE id < 1000", "291|10");
  test_assert_db (f->db, "SELECT count(*) FROM attempt", "11");
  test_assert_db (f->db, "SELECT count(*) FROM exchange_tag", "10");
  test_assert_db (f->db, "SELECT sum (exchanges) FROM sum", "300");

  /* what is open stays, and so does the newest, which says where ids go on */
  assert_ok (f, sluice_ledger_writer_remove_old (f->writer, G_MAXINT64, &n));
  test_assert_db (f->db, "SELECT group_concat (id) FROM exchange", "1000");
  write_one (f, sluice_ledger_writer_finish, open);
  assert_ok (f, sluice_ledger_writer_remove_old (f->writer, G_MAXINT64, &n));
  test_assert_db (f->db, "SELECT max (id) FROM exchange", "1000");
}

static void
test_bad_record (Fixture *f, gconstpointer data)
{
  g_autoptr (SluiceExchangeRecord) record = test_record (2, FALSE);
  g_autoptr (SluiceExchangeRecord) unknown = test_record (3, FALSE);
  int code;

  finish (f, 1, FALSE);
  g_free (record->request_id);
  record->request_id = test_request_id (1, TEST_NOW);
  record->customer = g_strdup ("gone with the rollback");
  assert_ok (f, sluice_ledger_writer_begin (f->writer));
  code = sluice_ledger_writer_finish (f->writer, record);
  g_assert_true (sluice_ledger_writer_is_bad_record (code));
  sluice_ledger_writer_rollback (f->writer);
  g_assert_nonnull (strstr (sluice_ledger_writer_get_fault (f->writer), "request_id"));

  unknown->account_kind = 99;
  assert_ok (f, sluice_ledger_writer_begin (f->writer));
  g_assert_true (sluice_ledger_writer_is_bad_record (sluice_ledger_writer_finish (f->writer, unknown)));
  sluice_ledger_writer_rollback (f->writer);

  /* the subject is made again, not remembered wrongly */
  g_free (record->request_id);
  record->request_id = test_request_id (2, TEST_NOW);
  write_one (f, sluice_ledger_writer_finish, record);
  test_assert_db (f->db,
                  "SELECT name FROM exchange JOIN subject ON subject.id = customer_id",
                  "gone with the rollback");
}

/* Numbers no provider should send do no harm. */
static void
test_absurd (Fixture *f, gconstpointer data)
{
  for (gint64 id = 1; id <= 100; id++)
    {
      g_autoptr (SluiceExchangeRecord) record = test_record (id, TRUE);
      SluiceAttemptRecord *attempt = g_ptr_array_index (record->attempts, 0);

      attempt->cost_nano_usd = G_MAXINT64;
      attempt->prompt_tokens = -1;
      attempt->status = 4000000000u;
      record->status = 12345;
      record->finished_us = record->received_us - 5;
      write_one (f, sluice_ledger_writer_finish, record);
    }
  test_assert_db (f->db, "SELECT sum (attempts) FROM sum WHERE prompt_tokens = 0 AND cost_nano_usd > 0", "100");
  test_assert_db (f->db, "SELECT DISTINCT typeof (cost_nano_usd) FROM sum", "integer");
}

static void
test_sum_dimensions (Fixture *f, gconstpointer data)
{
  for (gint64 id = 1; id <= 8; id++)
    {
      g_autoptr (SluiceExchangeRecord) record = test_record (id, id % 2 == 0);

      record->received_us += id > 4 ? G_GINT64_CONSTANT (900000000) : 0;
      record->finished_us = record->received_us + 10;
      record->status = id == 8 ? 502 : 200;
      write_one (f, sluice_ledger_writer_finish, record);
    }
  test_assert_db (f->db, "SELECT count(DISTINCT start_us) FROM sum", "2");
  test_assert_db (f->db, "SELECT exchanges FROM sum WHERE status_class = 5", "1");
  test_assert_db (f->db, "SELECT count(DISTINCT deployment_id) FROM sum", "2");
  test_assert_db (f->db, "SELECT sum (exchanges) || '|' || sum (attempts) || '|' || sum (cost_nano_usd) FROM sum",
                  "8|8|12000");
}

int
main (int argc, char *argv[])
{
  test_ledger_init (&argc, &argv);
#define ADD(name, func) \
  g_test_add ("/ledger-writer/" name, Fixture, NULL, test_writer_set_up, func, test_writer_tear_down)
  ADD ("rows-as-given", test_rows_as_given);
  ADD ("unknown", test_unknown);
  ADD ("reserve-then-finish", test_reserve_then_finish);
  ADD ("open-at-the-end", test_open_at_the_end);
  ADD ("release", test_release);
  ADD ("recover", test_recover);
  ADD ("remove-old", test_remove_old);
  ADD ("bad-record", test_bad_record);
  ADD ("absurd", test_absurd);
  ADD ("sum-dimensions", test_sum_dimensions);
#undef ADD
  return g_test_run ();
}
