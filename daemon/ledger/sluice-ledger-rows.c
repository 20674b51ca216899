/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/sluice-ledger-rows-private.h"

#define STATUS_MAX 999

/* Row ids of the subjects of an exchange. */
typedef struct {
  gint64 account;
  gint64 customer; /* 0: none */
  gint64 group;
} Subjects;

void
sluice_ledger_rows_init (SluiceLedgerRows *self, SluiceLedgerStatements *statements, SluiceClock *clock)
{
  self->statements = statements;
  self->subjects = sluice_ledger_subjects_new (statements, clock);
  self->sums = sluice_ledger_sums_new (statements);
  self->n_finished = 0;
  sluice_ledger_recovery_init (&self->recovery, statements);
}

void
sluice_ledger_rows_clear (SluiceLedgerRows *self)
{
  g_clear_pointer (&self->subjects, sluice_ledger_subjects_free);
  g_clear_pointer (&self->sums, sluice_ledger_sums_free);
}

int
sluice_ledger_rows_flush (SluiceLedgerRows *self)
{
  int code = sluice_ledger_sums_flush (self->sums);

  if (code == SQLITE_OK)
    code = sluice_ledger_recovery_note_finished (&self->recovery, self->n_finished);
  self->n_finished = 0;
  return code;
}

void
sluice_ledger_rows_forget (SluiceLedgerRows *self)
{
  sluice_ledger_subjects_forget (self->subjects);
  sluice_ledger_sums_forget (self->sums);
  sluice_ledger_recovery_forget (&self->recovery);
  self->n_finished = 0;
}

static int
intern_subjects (SluiceLedgerRows *self, const SluiceExchangeRecord *record, Subjects *ids)
{
  int code = sluice_ledger_subjects_intern (self->subjects, record->account_kind, record->account, &ids->account);

  ids->customer = 0;
  if (code == SQLITE_OK && record->customer != NULL)
    code = sluice_ledger_subjects_intern (self->subjects, SLUICE_SUBJECT_CUSTOMER, record->customer, &ids->customer);
  if (code == SQLITE_OK)
    code = sluice_ledger_subjects_intern (self->subjects, SLUICE_SUBJECT_GROUP, record->group, &ids->group);
  return code;
}

/* The first eight columns, the same for an open exchange and a finished one. */
static void
bind_exchange (sqlite3_stmt *statement, const SluiceExchangeRecord *record, const Subjects *ids)
{
  sqlite3_bind_int64 (statement, 1, record->id);
  sluice_ledger_bind_text (statement, 2, record->request_id);
  sluice_ledger_bind_text (statement, 3, record->call_id);
  sqlite3_bind_int64 (statement, 4, ids->account);
  sluice_ledger_bind_known (statement, 5, ids->customer);
  sqlite3_bind_int64 (statement, 6, ids->group);
  sluice_ledger_bind_text (statement, 7, record->operation);
  sqlite3_bind_int (statement, 8, record->stream != FALSE);
}

static int
write_open (SluiceLedgerRows *self, const SluiceExchangeRecord *record, const Subjects *ids)
{
  sqlite3_stmt *statement = self->statements->all[SLUICE_LEDGER_OPEN_EXCHANGE];

  bind_exchange (statement, record, ids);
  sqlite3_bind_int64 (statement, 9, record->received_us);
  sluice_ledger_bind_amount (statement, 10, record->request_bytes);
  return sluice_ledger_statements_run (self->statements, SLUICE_LEDGER_OPEN_EXCHANGE);
}

static int
write_finished (SluiceLedgerRows *self, const SluiceExchangeRecord *record, const Subjects *ids)
{
  sqlite3_stmt *statement = self->statements->all[SLUICE_LEDGER_FINISH_EXCHANGE];

  bind_exchange (statement, record, ids);
  sqlite3_bind_int (statement, 9, (int) MIN (record->status, STATUS_MAX));
  sluice_ledger_bind_text (statement, 10, record->error);
  sqlite3_bind_int64 (statement, 11, record->received_us);
  sluice_ledger_bind_known (statement, 12, record->first_byte_us);
  /* never open again, whatever the caller forgot */
  sqlite3_bind_int64 (statement, 13, record->finished_us > 0 ? record->finished_us : record->received_us);
  sluice_ledger_bind_amount (statement, 14, record->request_bytes);
  sluice_ledger_bind_amount (statement, 15, record->response_bytes);
  return sluice_ledger_statements_run (self->statements, SLUICE_LEDGER_FINISH_EXCHANGE);
}

typedef struct {
  gint64 deployment;
  gint64 provider;
  SluiceAttemptState state;
  gboolean estimated;
  gint64 cost_nano_usd;
} AttemptRow;

/* @final: the exchange ends, so what is still open is settled at its estimate. */
static int
judge_attempt (SluiceLedgerRows *self, const SluiceAttemptRecord *attempt, gboolean final, AttemptRow *row)
{
  int code = sluice_ledger_subjects_intern (self->subjects, SLUICE_SUBJECT_DEPLOYMENT, attempt->deployment,
                                            &row->deployment);

  if (code == SQLITE_OK)
    code = sluice_ledger_subjects_intern (self->subjects, SLUICE_SUBJECT_PROVIDER, attempt->provider, &row->provider);

  row->state = attempt->state;
  row->estimated = attempt->estimated;
  row->cost_nano_usd = attempt->cost_nano_usd;
  if (final && attempt->state == SLUICE_ATTEMPT_OPEN)
    {
      row->state = SLUICE_ATTEMPT_SETTLED;
      row->estimated = TRUE;
      row->cost_nano_usd = MAX (attempt->cost_nano_usd, attempt->estimate_nano_usd);
    }
  return code;
}

static int
write_attempt (SluiceLedgerRows *self,
               gint64 exchange_id,
               guint ordinal,
               const SluiceAttemptRecord *attempt,
               const AttemptRow *row)
{
  sqlite3_stmt *statement = self->statements->all[SLUICE_LEDGER_WRITE_ATTEMPT];

  sqlite3_bind_int64 (statement, 1, exchange_id);
  sqlite3_bind_int64 (statement, 2, ordinal);
  sqlite3_bind_int64 (statement, 3, row->deployment);
  sqlite3_bind_int64 (statement, 4, row->provider);
  sluice_ledger_bind_text (statement, 5, attempt->model != NULL ? attempt->model : "");
  sqlite3_bind_int (statement, 6, row->state);
  sqlite3_bind_int (statement, 7, attempt->billable != FALSE);
  sqlite3_bind_int (statement, 8, row->estimated != FALSE);
  sqlite3_bind_int (statement, 9, (int) MIN (attempt->status, STATUS_MAX));
  sqlite3_bind_int64 (statement, 10, attempt->resends);
  sqlite3_bind_int64 (statement, 11, attempt->started_us);
  sluice_ledger_bind_known (statement, 12, attempt->first_byte_us);
  sluice_ledger_bind_known (statement, 13, attempt->finished_us);
  sluice_ledger_bind_amount (statement, 14, attempt->prompt_tokens);
  sluice_ledger_bind_amount (statement, 15, attempt->completion_tokens);
  sluice_ledger_bind_amount (statement, 16, attempt->cached_tokens);
  sluice_ledger_bind_amount (statement, 17, attempt->cache_write_tokens);
  sluice_ledger_bind_amount (statement, 18, attempt->reasoning_tokens);
  sluice_ledger_bind_amount (statement, 19, attempt->audio_tokens);
  sluice_ledger_bind_amount (statement, 20, attempt->estimate_nano_usd);
  sluice_ledger_bind_amount (statement, 21, row->cost_nano_usd);
  sluice_ledger_bind_text (statement, 22, attempt->price_source);
  sluice_ledger_bind_text (statement, 23, attempt->price_version);
  sluice_ledger_bind_text (statement, 24, attempt->error);
  return sluice_ledger_statements_run (self->statements, SLUICE_LEDGER_WRITE_ATTEMPT);
}

static int
write_tags (SluiceLedgerRows *self, const SluiceExchangeRecord *record)
{
  sqlite3_stmt *statement = self->statements->all[SLUICE_LEDGER_ADD_TAG];
  int code = SQLITE_OK;

  for (guint i = 0; code == SQLITE_OK && record->tags != NULL && record->tags[i] != NULL; i++)
    {
      gint64 id = 0;

      code = sluice_ledger_subjects_intern (self->subjects, SLUICE_SUBJECT_TAG, record->tags[i], &id);
      if (code != SQLITE_OK)
        break;
      sqlite3_bind_int64 (statement, 1, record->id);
      sqlite3_bind_int64 (statement, 2, id);
      code = sluice_ledger_statements_run (self->statements, SLUICE_LEDGER_ADD_TAG);
    }
  return code;
}

static void
sum_attempt (SluiceLedgerRows *self,
             SluiceLedgerSumKey *key,
             const SluiceAttemptRecord *attempt,
             const AttemptRow *row)
{
  const gint64 amounts[SLUICE_N_SUMS] = {
    [SLUICE_SUM_ATTEMPTS] = 1,
    [SLUICE_SUM_ESTIMATED] = row->estimated != FALSE,
    [SLUICE_SUM_PROMPT_TOKENS] = attempt->prompt_tokens,
    [SLUICE_SUM_COMPLETION_TOKENS] = attempt->completion_tokens,
    [SLUICE_SUM_CACHED_TOKENS] = attempt->cached_tokens,
    [SLUICE_SUM_CACHE_WRITE_TOKENS] = attempt->cache_write_tokens,
    [SLUICE_SUM_REASONING_TOKENS] = attempt->reasoning_tokens,
    [SLUICE_SUM_AUDIO_TOKENS] = attempt->audio_tokens,
    [SLUICE_SUM_COST_NANO_USD] = row->cost_nano_usd,
  };

  key->deployment_id = row->deployment;
  key->provider_id = row->provider;
  key->status_class = MIN (attempt->status, STATUS_MAX) / 100;
  sluice_ledger_sums_add (self->sums, key, amounts);
}

/* @key: with the deployment of the last attempt. */
static void
sum_exchange (SluiceLedgerRows *self, SluiceLedgerSumKey *key, const SluiceExchangeRecord *record)
{
  gboolean sent = record->first_byte_us > 0;
  const gint64 amounts[SLUICE_N_SUMS] = {
    [SLUICE_SUM_EXCHANGES] = 1,
    [SLUICE_SUM_DURATION_US] = record->finished_us - record->received_us,
    [SLUICE_SUM_FIRST_BYTES] = sent,
    [SLUICE_SUM_FIRST_BYTE_WAIT_US] = sent ? record->first_byte_us - record->received_us : 0,
    [SLUICE_SUM_REQUEST_BYTES] = record->request_bytes,
    [SLUICE_SUM_RESPONSE_BYTES] = record->response_bytes,
  };

  key->status_class = MIN (record->status, STATUS_MAX) / 100;
  sluice_ledger_sums_add (self->sums, key, amounts);
}

int
sluice_ledger_rows_reserve (SluiceLedgerRows *self, const SluiceExchangeRecord *record)
{
  Subjects ids = { 0 };
  int code = intern_subjects (self, record, &ids);

  if (code == SQLITE_OK)
    code = sluice_ledger_recovery_note_open (&self->recovery, record->id);
  if (code == SQLITE_OK)
    code = write_open (self, record, &ids);

  for (guint i = 0; code == SQLITE_OK && i < record->attempts->len; i++)
    {
      const SluiceAttemptRecord *attempt = g_ptr_array_index (record->attempts, i);
      AttemptRow row = { 0 };

      code = judge_attempt (self, attempt, FALSE, &row);
      if (code == SQLITE_OK)
        code = write_attempt (self, record->id, i, attempt, &row);
    }
  return code;
}

int
sluice_ledger_rows_finish (SluiceLedgerRows *self, const SluiceExchangeRecord *record)
{
  SluiceLedgerSumKey key = { .start_us = sluice_ledger_sums_start (record->received_us) };
  Subjects ids = { 0 };
  int code = intern_subjects (self, record, &ids);

  if (code == SQLITE_OK)
    code = write_finished (self, record, &ids);
  if (code != SQLITE_OK || sqlite3_changes (self->statements->db) == 0)
    return code;

  self->n_finished++;
  key.account_id = ids.account;
  key.customer_id = ids.customer;
  key.group_id = ids.group;
  for (guint i = 0; code == SQLITE_OK && i < record->attempts->len; i++)
    {
      const SluiceAttemptRecord *attempt = g_ptr_array_index (record->attempts, i);
      AttemptRow row = { 0 };

      code = judge_attempt (self, attempt, TRUE, &row);
      if (code == SQLITE_OK)
        code = write_attempt (self, record->id, i, attempt, &row);
      sum_attempt (self, &key, attempt, &row);
    }
  sum_exchange (self, &key, record);
  return code == SQLITE_OK ? write_tags (self, record) : code;
}

/* The sums of an exchange and its attempts as they stand on disk. */
static int
sum_stored (SluiceLedgerRows *self, gint64 id, SluiceLedgerSumKey *key, const SluiceExchangeRecord *record)
{
  sqlite3_stmt *statement = self->statements->all[SLUICE_LEDGER_LIST_ATTEMPTS];
  int code;

  sqlite3_bind_int64 (statement, 1, id);
  while ((code = sqlite3_step (statement)) == SQLITE_ROW)
    {
      const SluiceAttemptRecord attempt = {
        .status = (guint) sqlite3_column_int (statement, 2),
        .prompt_tokens = sqlite3_column_int64 (statement, 4),
        .completion_tokens = sqlite3_column_int64 (statement, 5),
        .cached_tokens = sqlite3_column_int64 (statement, 6),
        .cache_write_tokens = sqlite3_column_int64 (statement, 7),
        .reasoning_tokens = sqlite3_column_int64 (statement, 8),
        .audio_tokens = sqlite3_column_int64 (statement, 9),
      };
      const AttemptRow row = {
        .deployment = sqlite3_column_int64 (statement, 0),
        .provider = sqlite3_column_int64 (statement, 1),
        .estimated = sqlite3_column_int (statement, 3),
        .cost_nano_usd = sqlite3_column_int64 (statement, 10),
      };

      sum_attempt (self, key, &attempt, &row);
    }
  sqlite3_reset (statement);
  sum_exchange (self, key, record);
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int
sum_open (SluiceLedgerRows *self, gint64 now_us, guint *n)
{
  sqlite3_stmt *statement = self->statements->all[SLUICE_LEDGER_LIST_OPEN_EXCHANGES];
  int code = SQLITE_OK;
  int step = SQLITE_DONE;

  while (code == SQLITE_OK && (step = sqlite3_step (statement)) == SQLITE_ROW)
    {
      const SluiceExchangeRecord record = {
        .received_us = sqlite3_column_int64 (statement, 1),
        .status = (guint) sqlite3_column_int (statement, 5),
        .first_byte_us = sqlite3_column_int64 (statement, 6),
        .finished_us = now_us,
        .request_bytes = sqlite3_column_int64 (statement, 7),
        .response_bytes = sqlite3_column_int64 (statement, 8),
      };
      SluiceLedgerSumKey key = {
        .start_us = sluice_ledger_sums_start (record.received_us),
        .account_id = sqlite3_column_int64 (statement, 2),
        .customer_id = sqlite3_column_int64 (statement, 3),
        .group_id = sqlite3_column_int64 (statement, 4),
      };

      code = sum_stored (self, sqlite3_column_int64 (statement, 0), &key, &record);
      (*n)++;
    }
  sqlite3_reset (statement);
  return code != SQLITE_OK || step == SQLITE_DONE ? code : step;
}

int
sluice_ledger_rows_finish_open (SluiceLedgerRows *self, gint64 now_us, guint *n)
{
  int code;

  sqlite3_bind_int64 (self->statements->all[SLUICE_LEDGER_SETTLE_OPEN_ATTEMPTS], 1, now_us);
  code = sluice_ledger_statements_run (self->statements, SLUICE_LEDGER_SETTLE_OPEN_ATTEMPTS);
  if (code == SQLITE_OK)
    code = sum_open (self, now_us, n);
  if (code != SQLITE_OK)
    return code;

  sqlite3_bind_int64 (self->statements->all[SLUICE_LEDGER_FINISH_OPEN_EXCHANGES], 1, now_us);
  code = sluice_ledger_statements_run (self->statements, SLUICE_LEDGER_FINISH_OPEN_EXCHANGES);
  self->n_finished += *n;
  return code;
}
