/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/sluice-ledger-statements-private.h"

/*
 * The oldest finished exchanges, in small lots. The newest is never among them: new ids begin after it, and must not be
 * given twice.
 */
#define OLD_EXCHANGES \
  "(SELECT id FROM \"exchange\" WHERE request_id < ?1 AND finished_us IS NOT NULL" \
  "   AND id < (SELECT max(id) FROM \"exchange\") ORDER BY request_id LIMIT ?2)"

/* A file whose row is gone is looked through from the start. */
#define OPEN_EXCHANGES \
  " FROM \"exchange\" WHERE id >= coalesce ((SELECT open_from FROM \"recovery\"), 0) AND finished_us IS NULL"

static const char *const texts[SLUICE_LEDGER_N_STATEMENTS] = {
  [SLUICE_LEDGER_BEGIN] = "BEGIN IMMEDIATE",
  [SLUICE_LEDGER_COMMIT] = "COMMIT",
  [SLUICE_LEDGER_ROLLBACK] = "ROLLBACK",
  [SLUICE_LEDGER_MAX_ID] = "SELECT coalesce(max(id), 0) FROM \"exchange\"",
  [SLUICE_LEDGER_PAGE_BYTES] = "PRAGMA page_size",
  [SLUICE_LEDGER_FIND_SUBJECT] =
    "SELECT id FROM \"subject\" WHERE kind = ?1 AND name = ?2 ORDER BY coalesce(parent_id, 0) LIMIT 1",
  [SLUICE_LEDGER_ADD_SUBJECT] =
    "INSERT INTO \"subject\" (kind, name, requested, created_us) VALUES (?1, ?2, ?3, ?4)",
  [SLUICE_LEDGER_COUNT_REQUESTED] = "SELECT count(*) FROM \"subject\" WHERE requested = 1 AND created_us >= ?1",
  [SLUICE_LEDGER_OPEN_EXCHANGE] =
    "INSERT INTO \"exchange\" (id, request_id, call_id, account_id, customer_id, group_id, operation, stream, status,"
    "  received_us, request_bytes, response_bytes)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, ?9, ?10, 0)"
    " ON CONFLICT (id) DO NOTHING",
  /* Once finished, an exchange stays as it is: writing it again, after an error that was none, counts nothing twice. */
  [SLUICE_LEDGER_FINISH_EXCHANGE] =
    "INSERT INTO \"exchange\" (id, request_id, call_id, account_id, customer_id, group_id, operation, stream, status,"
    "  error, received_us, first_byte_us, finished_us, request_bytes, response_bytes)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)"
    " ON CONFLICT (id) DO UPDATE SET call_id = excluded.call_id, customer_id = excluded.customer_id,"
    "  status = excluded.status, error = excluded.error, first_byte_us = excluded.first_byte_us,"
    "  finished_us = excluded.finished_us, request_bytes = excluded.request_bytes,"
    "  response_bytes = excluded.response_bytes"
    " WHERE finished_us IS NULL",
  [SLUICE_LEDGER_WRITE_ATTEMPT] =
    "INSERT OR REPLACE INTO \"attempt\" (exchange_id, ordinal, deployment_id, provider_id, model, state, billable,"
    "  estimated, status, resends, started_us, first_byte_us, finished_us, prompt_tokens, completion_tokens,"
    "  cached_tokens, cache_write_tokens, reasoning_tokens, audio_tokens, estimate_nano_usd, cost_nano_usd,"
    "  price_source, price_version, error)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22,"
    "  ?23, ?24)",
  [SLUICE_LEDGER_RELEASE_ATTEMPT] =
    "UPDATE \"attempt\" SET state = 2 WHERE exchange_id = ?1 AND ordinal = ?2 AND state = 0",
  [SLUICE_LEDGER_ADD_TAG] = "INSERT INTO \"exchange_tag\" (exchange_id, tag_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
  [SLUICE_LEDGER_ADD_SUM] =
    "INSERT INTO \"sum\" (start_us, account_id, customer_id, group_id, deployment_id, provider_id, status_class,"
    "  exchanges, attempts, estimated, prompt_tokens, completion_tokens, cached_tokens, cache_write_tokens,"
    "  reasoning_tokens, audio_tokens, cost_nano_usd, duration_us, first_bytes, first_byte_wait_us, request_bytes,"
    "  response_bytes)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)"
    " ON CONFLICT DO UPDATE SET exchanges = exchanges + excluded.exchanges, attempts = attempts + excluded.attempts,"
    "  estimated = estimated + excluded.estimated, prompt_tokens = prompt_tokens + excluded.prompt_tokens,"
    "  completion_tokens = completion_tokens + excluded.completion_tokens,"
    "  cached_tokens = cached_tokens + excluded.cached_tokens,"
    "  cache_write_tokens = cache_write_tokens + excluded.cache_write_tokens,"
    "  reasoning_tokens = reasoning_tokens + excluded.reasoning_tokens,"
    "  audio_tokens = audio_tokens + excluded.audio_tokens, cost_nano_usd = cost_nano_usd + excluded.cost_nano_usd,"
    "  duration_us = duration_us + excluded.duration_us, first_bytes = first_bytes + excluded.first_bytes,"
    "  first_byte_wait_us = first_byte_wait_us + excluded.first_byte_wait_us,"
    "  request_bytes = request_bytes + excluded.request_bytes,"
    "  response_bytes = response_bytes + excluded.response_bytes",
  [SLUICE_LEDGER_SETTLE_OPEN_ATTEMPTS] =
    "UPDATE \"attempt\" SET state = 1, estimated = 1, cost_nano_usd = estimate_nano_usd, finished_us = ?1,"
    "  error = 'interrupted'"
    " WHERE state = 0 AND exchange_id IN (SELECT id" OPEN_EXCHANGES ")",
  [SLUICE_LEDGER_FINISH_OPEN_EXCHANGES] =
    "UPDATE \"exchange\" SET finished_us = ?1, error = 'interrupted', status = iif(status = 0, 500, status)"
    " WHERE id IN (SELECT id" OPEN_EXCHANGES ")",
  [SLUICE_LEDGER_LIST_OPEN_EXCHANGES] =
    "SELECT id, received_us, account_id, coalesce(customer_id, 0), group_id, iif(status = 0, 500, status),"
    "  coalesce(first_byte_us, 0), request_bytes, response_bytes" OPEN_EXCHANGES,
  [SLUICE_LEDGER_LIST_ATTEMPTS] =
    "SELECT deployment_id, provider_id, status, estimated, prompt_tokens, completion_tokens, cached_tokens,"
    "  cache_write_tokens, reasoning_tokens, audio_tokens, cost_nano_usd"
    " FROM \"attempt\" WHERE exchange_id = ?1 ORDER BY ordinal",
  [SLUICE_LEDGER_LOWER_OPEN_FROM] = "UPDATE \"recovery\" SET open_from = ?1 WHERE open_from > ?1",
  [SLUICE_LEDGER_RAISE_OPEN_FROM] =
    "UPDATE \"recovery\" SET open_from = coalesce("
    "  (SELECT id FROM \"exchange\" WHERE id >= open_from AND finished_us IS NULL ORDER BY id LIMIT 1),"
    "  (SELECT max(id) + 1 FROM \"exchange\"), open_from)",
  [SLUICE_LEDGER_REMOVE_OLD_ATTEMPTS] = "DELETE FROM \"attempt\" WHERE exchange_id IN " OLD_EXCHANGES,
  [SLUICE_LEDGER_REMOVE_OLD_TAGS] = "DELETE FROM \"exchange_tag\" WHERE exchange_id IN " OLD_EXCHANGES,
  [SLUICE_LEDGER_REMOVE_OLD_EXCHANGES] = "DELETE FROM \"exchange\" WHERE id IN " OLD_EXCHANGES,
  [SLUICE_LEDGER_VACUUM] = "PRAGMA incremental_vacuum(64)",
  [SLUICE_LEDGER_LIST_SETTINGS] = "SELECT name, value FROM \"setting\"",
  [SLUICE_LEDGER_WRITE_SETTING] =
    "INSERT INTO \"setting\" (name, value, changed_us) VALUES (?1, ?2, ?3)"
    " ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_us = excluded.changed_us",
  [SLUICE_LEDGER_REMOVE_SETTING] = "DELETE FROM \"setting\" WHERE name = ?1",
  /* before the change; both values are JSON */
  [SLUICE_LEDGER_AUDIT_SETTING] =
    "INSERT INTO \"audit\" (at_us, actor, action, object, detail) VALUES (?3, ?4, 'setting-changed', 'setting ' || ?1,"
    "  '{\"before\":' || coalesce ((SELECT value FROM \"setting\" WHERE name = ?1), 'null')"
    "  || ',\"after\":' || coalesce (?2, 'null') || '}')",
  /* Needs a few pages, to see whether the disk has room again. */
  [SLUICE_LEDGER_PROBE_ADD] =
    "INSERT INTO \"audit\" (at_us, actor, action, object, detail) VALUES (?1, '', 'probe', '', hex(zeroblob(8192)))",
  [SLUICE_LEDGER_PROBE_REMOVE] = "DELETE FROM \"audit\" WHERE at_us = ?1 AND action = 'probe'",
};

int
sluice_ledger_statements_prepare (SluiceLedgerStatements *self, sqlite3 *db)
{
  int code = SQLITE_OK;

  *self = (SluiceLedgerStatements){ .db = db };
  for (guint i = 0; i < SLUICE_LEDGER_N_STATEMENTS && code == SQLITE_OK; i++)
    code = sqlite3_prepare_v3 (db, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &self->all[i], NULL);
  if (code != SQLITE_OK)
    sluice_ledger_statements_finalize (self);
  return code;
}

void
sluice_ledger_statements_finalize (SluiceLedgerStatements *self)
{
  for (guint i = 0; i < SLUICE_LEDGER_N_STATEMENTS; i++)
    g_clear_pointer (&self->all[i], sqlite3_finalize);
}

int
sluice_ledger_statements_run (SluiceLedgerStatements *self, SluiceLedgerStatement which)
{
  sqlite3_stmt *statement = self->all[which];
  int code;

  /* a statement that returns rows in passing, as the vacuum does, is stepped to its end */
  while ((code = sqlite3_step (statement)) == SQLITE_ROW)
    ;
  sqlite3_reset (statement);
  return code == SQLITE_DONE ? SQLITE_OK : code;
}
