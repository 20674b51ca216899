/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/sluice-ledger-writer-private.h"

#include "ledger/sluice-ledger-database-private.h"
#include "ledger/sluice-ledger-rows-private.h"
#include "ledger/sluice-ledger-settings-private.h"
#include "ledger/sluice-ledger-statements-private.h"
#include "ledger/sluice-ledger-subjects-private.h"
#include "ledger/sluice-ledger-sums-private.h"
#include "ledger/sluice-request-id.h"
#include "shared/sluice-error.h"

#define WAL_FRAME_HEADER_BYTES 24

struct _SluiceLedgerWriter {
  sqlite3 *db; /* (owned) */
  SluiceClock *clock; /* (owned) */
  SluiceLedgerStatements statements;
  SluiceLedgerRows rows;
  GHashTable *settings; /* (owned): as they were at opening */
  char *fault; /* (owned) (nullable) */
  char *replaced; /* (owned) (nullable): the damaged file that was in its place */
  gint64 max_id;
  gsize page_bytes;
  gsize wal_bytes;
};

static int
on_commit (void *data, sqlite3 *db, const char *name, int n_frames)
{
  SluiceLedgerWriter *self = data;

  self->wal_bytes = (gsize) n_frames * (self->page_bytes + WAL_FRAME_HEADER_BYTES);
  return SQLITE_OK;
}

static int
read_number (SluiceLedgerWriter *self, SluiceLedgerStatement which, gint64 *number)
{
  sqlite3_stmt *statement = self->statements.all[which];
  int code = sqlite3_step (statement);

  if (code == SQLITE_ROW)
    *number = sqlite3_column_int64 (statement, 0);
  sqlite3_reset (statement);
  return code == SQLITE_ROW ? SQLITE_OK : code;
}

static SluiceLedgerWriter *
open_once (const char *path, gboolean power_loss, SluiceClock *clock, int *code, GError **error)
{
  sqlite3 *db = sluice_ledger_database_open (path, power_loss, clock, code, error);
  SluiceLedgerWriter *self;
  gint64 page_bytes = 0;

  if (db == NULL)
    return NULL;

  self = g_new0 (SluiceLedgerWriter, 1);
  self->db = db;
  self->clock = g_object_ref (clock);
  self->settings = sluice_ledger_settings_new ();
  *code = sluice_ledger_statements_prepare (&self->statements, db);
  /* The statements are right for this version, so a table or column that is missing is damage. */
  if (*code == SQLITE_ERROR)
    *code = SQLITE_CORRUPT;
  if (*code == SQLITE_OK)
    *code = read_number (self, SLUICE_LEDGER_MAX_ID, &self->max_id);
  if (*code == SQLITE_OK)
    *code = read_number (self, SLUICE_LEDGER_PAGE_BYTES, &page_bytes);
  if (*code == SQLITE_OK)
    *code = sluice_ledger_settings_read (&self->statements, self->settings);
  if (*code != SQLITE_OK)
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_STORAGE, "cannot read %s: %s", path, sqlite3_errmsg (db));
      sluice_ledger_writer_close (self, FALSE);
      return NULL;
    }
  self->page_bytes = (gsize) page_bytes;
  sluice_ledger_rows_init (&self->rows, &self->statements, clock);
  sqlite3_wal_hook (db, on_commit, self);
  return self;
}

SluiceLedgerWriter *
sluice_ledger_writer_open (const char *path,
                           gboolean power_loss,
                           SluiceClock *clock,
                           gboolean distrust,
                           GError **error)
{
  g_autoptr (GError) fault = NULL;
  SluiceLedgerWriter *self = NULL;
  int code = SQLITE_CORRUPT;

  if (sluice_ledger_database_is_emptied (path))
    g_set_error (&fault, SLUICE_ERROR, SLUICE_ERROR_STORAGE, "%s is empty", path);
  else if (!distrust)
    self = open_once (path, power_loss, clock, &code, &fault);
  if (self != NULL)
    return self;

  if (sluice_ledger_database_is_damage (code))
    {
      const char *why = fault != NULL ? fault->message : "it failed again and again";
      g_autofree char *aside = sluice_ledger_database_move_aside (path, why, clock, error);

      if (aside != NULL)
        self = open_once (path, power_loss, clock, &code, error);
      if (self != NULL)
        self->replaced = g_steal_pointer (&aside);
      return self;
    }
  g_propagate_error (error, g_steal_pointer (&fault));
  return NULL;
}

void
sluice_ledger_writer_close (SluiceLedgerWriter *self, gboolean trust)
{
  if (self == NULL)
    return;

  sluice_ledger_rows_clear (&self->rows);
  sluice_ledger_statements_finalize (&self->statements);
  sluice_ledger_database_close (self->db, trust);
  g_object_unref (self->clock);
  g_hash_table_unref (self->settings);
  g_free (self->fault);
  g_free (self->replaced);
  g_free (self);
}

sqlite3 *
sluice_ledger_writer_get_db (SluiceLedgerWriter *self)
{
  return self->db;
}

const char *
sluice_ledger_writer_get_replaced (SluiceLedgerWriter *self)
{
  return self->replaced;
}

gint64
sluice_ledger_writer_get_max_id (SluiceLedgerWriter *self)
{
  return self->max_id;
}

int
sluice_ledger_writer_begin (SluiceLedgerWriter *self)
{
  return sluice_ledger_statements_run (&self->statements, SLUICE_LEDGER_BEGIN);
}

int
sluice_ledger_writer_commit (SluiceLedgerWriter *self)
{
  int code = sluice_ledger_rows_flush (&self->rows);

  return code == SQLITE_OK ? sluice_ledger_statements_run (&self->statements, SLUICE_LEDGER_COMMIT) : code;
}

void
sluice_ledger_writer_rollback (SluiceLedgerWriter *self)
{
  int number = sqlite3_system_errno (self->db);
  int code = sqlite3_errcode (self->db) & 0xff;

  g_free (self->fault);
  if (number != 0 && (code == SQLITE_IOERR || code == SQLITE_CANTOPEN || code == SQLITE_FULL))
    self->fault = g_strdup_printf ("%s (%s)", sqlite3_errmsg (self->db), g_strerror (number));
  else
    self->fault = g_strdup (sqlite3_errmsg (self->db));

  /* several errors have rolled back by themselves */
  if (!sqlite3_get_autocommit (self->db))
    sluice_ledger_statements_run (&self->statements, SLUICE_LEDGER_ROLLBACK);
  sluice_ledger_rows_forget (&self->rows);
}

const char *
sluice_ledger_writer_get_fault (SluiceLedgerWriter *self)
{
  return self->fault != NULL ? self->fault : "";
}

int
sluice_ledger_writer_reserve (SluiceLedgerWriter *self, const SluiceExchangeRecord *record)
{
  return sluice_ledger_rows_reserve (&self->rows, record);
}

int
sluice_ledger_writer_finish (SluiceLedgerWriter *self, const SluiceExchangeRecord *record)
{
  return sluice_ledger_rows_finish (&self->rows, record);
}

int
sluice_ledger_writer_set (SluiceLedgerWriter *self, const char *name, const char *value, const char *actor)
{
  return sluice_ledger_settings_write (&self->statements, name, value, actor, sluice_clock_real (self->clock));
}

GHashTable *
sluice_ledger_writer_get_settings (SluiceLedgerWriter *self)
{
  return self->settings;
}

int
sluice_ledger_writer_release (SluiceLedgerWriter *self, const SluiceExchangeRecord *record)
{
  sqlite3_stmt *statement = self->statements.all[SLUICE_LEDGER_RELEASE_ATTEMPT];

  sqlite3_bind_int64 (statement, 1, record->id);
  sqlite3_bind_int64 (statement, 2, (gint64) record->attempts->len - 1);
  return sluice_ledger_statements_run (&self->statements, SLUICE_LEDGER_RELEASE_ATTEMPT);
}

int
sluice_ledger_writer_recover (SluiceLedgerWriter *self, guint *n)
{
  int code = sluice_ledger_writer_begin (self);

  *n = 0;
  if (code == SQLITE_OK)
    code = sluice_ledger_rows_finish_open (&self->rows, sluice_clock_real (self->clock), n);
  return code == SQLITE_OK ? sluice_ledger_writer_commit (self) : code;
}

int
sluice_ledger_writer_remove_old (SluiceLedgerWriter *self, gint64 before_us, guint *n)
{
  /* the exchanges last: the other two ask for them */
  static const SluiceLedgerStatement steps[] = {
    SLUICE_LEDGER_REMOVE_OLD_ATTEMPTS,
    SLUICE_LEDGER_REMOVE_OLD_TAGS,
    SLUICE_LEDGER_REMOVE_OLD_EXCHANGES,
  };
  g_autofree char *before = sluice_request_id_bound (before_us);
  int code = sluice_ledger_writer_begin (self);

  *n = 0;
  for (guint i = 0; i < G_N_ELEMENTS (steps) && code == SQLITE_OK; i++)
    {
      sqlite3_stmt *statement = self->statements.all[steps[i]];

      sluice_ledger_bind_text (statement, 1, before);
      sqlite3_bind_int (statement, 2, SLUICE_LEDGER_RETENTION_LOT);
      code = sluice_ledger_statements_run (&self->statements, steps[i]);
      *n = (guint) sqlite3_changes (self->db);
    }
  if (code == SQLITE_OK && *n > 0)
    code = sluice_ledger_statements_run (&self->statements, SLUICE_LEDGER_VACUUM);
  return code == SQLITE_OK ? sluice_ledger_writer_commit (self) : code;
}

int
sluice_ledger_writer_probe (SluiceLedgerWriter *self)
{
  static const SluiceLedgerStatement steps[] = { SLUICE_LEDGER_PROBE_ADD, SLUICE_LEDGER_PROBE_REMOVE };
  gint64 now = sluice_clock_real (self->clock);
  int code = SQLITE_OK;

  for (guint i = 0; i < G_N_ELEMENTS (steps) && code == SQLITE_OK; i++)
    {
      sqlite3_bind_int64 (self->statements.all[steps[i]], 1, now);
      code = sluice_ledger_statements_run (&self->statements, steps[i]);
    }
  return code;
}

gsize
sluice_ledger_writer_get_wal_bytes (SluiceLedgerWriter *self)
{
  return self->wal_bytes;
}

int
sluice_ledger_writer_checkpoint (SluiceLedgerWriter *self, gboolean truncate)
{
  int n_frames = 0;
  int n_moved = 0;
  int code = sqlite3_wal_checkpoint_v2 (self->db, "main", SQLITE_CHECKPOINT_PASSIVE, &n_frames, &n_moved);

  if (code != SQLITE_OK || !truncate || n_moved < n_frames)
    return code;

  /* Emptying it waits for readers; with the busy handler off it gives up instead. */
  sqlite3_busy_timeout (self->db, 0);
  code = sqlite3_wal_checkpoint_v2 (self->db, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
  sqlite3_busy_timeout (self->db, SLUICE_LEDGER_BUSY_TIMEOUT_MS);
  if (code == SQLITE_OK)
    self->wal_bytes = 0;
  return (code & 0xff) == SQLITE_BUSY ? SQLITE_OK : code;
}

gboolean
sluice_ledger_writer_is_bad_record (int code)
{
  int primary = code & 0xff;

  return primary == SQLITE_CONSTRAINT || primary == SQLITE_TOOBIG || primary == SQLITE_MISMATCH;
}
