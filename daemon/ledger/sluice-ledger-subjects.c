/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/sluice-ledger-subjects-private.h"

#define OTHER "other"
#define N_KINDS (SLUICE_SUBJECT_GROUP + 1)

struct _SluiceLedgerSubjects {
  SluiceLedgerStatements *statements; /* unowned */
  SluiceClock *clock;                 /* (owned) */
  GHashTable *ids[N_KINDS];           /* (owned) (element-type utf8 gint64): the id in the pointer */
  guint n_cached;
  gint64 month_us; /* begin of the month that n_requested counts; -1: not counted yet */
  guint n_requested;
};

SluiceLedgerSubjects *
sluice_ledger_subjects_new (SluiceLedgerStatements *statements, SluiceClock *clock)
{
  SluiceLedgerSubjects *self = g_new0 (SluiceLedgerSubjects, 1);

  self->statements = statements;
  self->clock = g_object_ref (clock);
  self->month_us = -1;
  for (guint i = 0; i < N_KINDS; i++)
    self->ids[i] = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

void
sluice_ledger_subjects_free (SluiceLedgerSubjects *self)
{
  if (self == NULL)
    return;

  for (guint i = 0; i < N_KINDS; i++)
    g_hash_table_unref (self->ids[i]);
  g_object_unref (self->clock);
  g_free (self);
}

void
sluice_ledger_subjects_forget (SluiceLedgerSubjects *self)
{
  for (guint i = 0; i < N_KINDS; i++)
    g_hash_table_remove_all (self->ids[i]);
  self->n_cached = 0;
  self->month_us = -1;
}

static void
remember (SluiceLedgerSubjects *self, SluiceSubjectKind kind, const char *name, gint64 id)
{
  if (self->n_cached >= SLUICE_LEDGER_MAX_CACHED)
    {
      for (guint i = 0; i < N_KINDS; i++)
        g_hash_table_remove_all (self->ids[i]);
      self->n_cached = 0;
    }
  g_hash_table_insert (self->ids[kind], g_strdup (name), GSIZE_TO_POINTER ((gsize) id));
  self->n_cached++;
}

/* SQLITE_OK with @id 0 if there is none. */
static int
find (SluiceLedgerSubjects *self, SluiceSubjectKind kind, const char *name, gint64 *id)
{
  sqlite3_stmt *statement = self->statements->all[SLUICE_LEDGER_FIND_SUBJECT];
  int code;

  *id = 0;
  sqlite3_bind_int (statement, 1, kind);
  sluice_ledger_bind_text (statement, 2, name);
  code = sqlite3_step (statement);
  if (code == SQLITE_ROW)
    *id = sqlite3_column_int64 (statement, 0);
  sqlite3_reset (statement);
  return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

static int
add (SluiceLedgerSubjects *self, SluiceSubjectKind kind, const char *name, gboolean requested, gint64 *id)
{
  sqlite3_stmt *statement = self->statements->all[SLUICE_LEDGER_ADD_SUBJECT];
  int code;

  sqlite3_bind_int (statement, 1, kind);
  sluice_ledger_bind_text (statement, 2, name);
  sqlite3_bind_int (statement, 3, requested);
  sqlite3_bind_int64 (statement, 4, sluice_clock_real (self->clock));
  code = sluice_ledger_statements_run (self->statements, SLUICE_LEDGER_ADD_SUBJECT);
  if (code == SQLITE_OK)
    *id = sqlite3_last_insert_rowid (self->statements->db);
  return code;
}

static gint64
month_begin (gint64 real_us)
{
  g_autoptr (GDateTime) now = g_date_time_new_from_unix_utc (real_us / G_USEC_PER_SEC);
  g_autoptr (GDateTime) begin = NULL;

  if (now != NULL)
    begin = g_date_time_new_utc (g_date_time_get_year (now), g_date_time_get_month (now), 1, 0, 0, 0);
  return begin != NULL ? g_date_time_to_unix (begin) * G_USEC_PER_SEC : 0;
}

/* Counts anew at each begin of a month; in between, by itself. */
static int
count_month (SluiceLedgerSubjects *self)
{
  sqlite3_stmt *statement = self->statements->all[SLUICE_LEDGER_COUNT_REQUESTED];
  gint64 month_us = month_begin (sluice_clock_real (self->clock));
  int code;

  if (month_us == self->month_us)
    return SQLITE_OK;

  sqlite3_bind_int64 (statement, 1, month_us);
  code = sqlite3_step (statement);
  if (code == SQLITE_ROW)
    {
      self->n_requested = (guint) sqlite3_column_int64 (statement, 0);
      self->month_us = month_us;
    }
  sqlite3_reset (statement);
  return code == SQLITE_ROW ? SQLITE_OK : code;
}

static gboolean
comes_from_requests (SluiceSubjectKind kind)
{
  return kind == SLUICE_SUBJECT_CUSTOMER || kind == SLUICE_SUBJECT_TAG;
}

/* A name that was not in the cache. */
static int
intern_new (SluiceLedgerSubjects *self, SluiceSubjectKind kind, const char *name, gint64 *id)
{
  gboolean requested = comes_from_requests (kind) && !g_str_equal (name, OTHER);
  int code;

  if (requested && (strlen (name) > SLUICE_LEDGER_MAX_NAME || !g_utf8_validate (name, -1, NULL)))
    return sluice_ledger_subjects_intern (self, kind, OTHER, id);

  code = find (self, kind, name, id);
  if (code == SQLITE_OK && *id == 0)
    {
      if (requested)
        code = count_month (self);
      if (code != SQLITE_OK)
        return code;
      if (requested && self->n_requested >= SLUICE_LEDGER_MAX_REQUESTED)
        return sluice_ledger_subjects_intern (self, kind, OTHER, id);
      code = add (self, kind, name, requested, id);
      if (code == SQLITE_OK && requested)
        self->n_requested++;
    }
  if (code == SQLITE_OK)
    remember (self, kind, name, *id);
  return code;
}

int
sluice_ledger_subjects_intern (SluiceLedgerSubjects *self, SluiceSubjectKind kind, const char *name, gint64 *id)
{
  gpointer cached;

  if (name == NULL)
    name = "";
  /* an unknown kind is the caller's mistake, which the schema then refuses */
  if ((guint) kind >= N_KINDS)
    return SQLITE_CONSTRAINT;

  cached = g_hash_table_lookup (self->ids[kind], name);
  if (cached == NULL)
    return intern_new (self, kind, name, id);

  *id = (gint64) GPOINTER_TO_SIZE (cached);
  return SQLITE_OK;
}
