/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the ledger's tests share: a directory, records, and questions to the database.
 */
#pragma once

#include <glib.h>
#include <glib/gstdio.h>
#include <sqlite3.h>

#include "ledger/sluice-ledger-private.h"
#include "ledger/sluice-ledger-record.h"
#include "ledger/sluice-request-id.h"
#include "shared/sluice-names.h"

/* 2026-01-15 12:34:56 UTC, in microseconds. */
#define TEST_NOW G_GINT64_CONSTANT (1768480496000000)

static guint n_warnings;

/* Warnings are part of what is tested here: counted, not fatal. */
static inline GLogWriterOutput
count_warnings (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
  if ((level & G_LOG_LEVEL_MASK) == G_LOG_LEVEL_WARNING)
    {
      g_atomic_int_inc (&n_warnings);
      return G_LOG_WRITER_HANDLED;
    }
  if ((level & G_LOG_LEVEL_MASK) > G_LOG_LEVEL_WARNING)
    return G_LOG_WRITER_HANDLED;
  return g_log_writer_default (level, fields, n_fields, data);
}

static inline void
test_ledger_init (int *argc, char ***argv)
{
  g_test_init (argc, argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_log_set_writer_func (count_warnings, NULL, NULL);
}

/* A fresh directory below the isolated ones, with the mode the ledger wants. (transfer full) */
static inline char *
test_directory (void)
{
  g_autofree char *pattern = g_build_filename (g_get_user_data_dir (), "ledger-XXXXXX", NULL);

  g_assert_no_errno (g_mkdir_with_parents (g_get_user_data_dir (), 0700));
  g_assert_nonnull (g_mkdtemp (pattern));
  return g_steal_pointer (&pattern);
}

static inline SluiceAttemptRecord *
test_attempt (gboolean paid)
{
  SluiceAttemptRecord *attempt = sluice_attempt_record_new ();

  attempt->deployment = g_strdup (paid ? "cloud-1" : "0123456789abcdef");
  attempt->provider = g_strdup (paid ? "openai" : "ollama");
  attempt->model = g_strdup ("llama3.2:3b");
  attempt->state = SLUICE_ATTEMPT_SETTLED;
  attempt->billable = paid;
  attempt->reserved = paid;
  attempt->status = 200;
  attempt->started_us = TEST_NOW + 1000;
  attempt->first_byte_us = TEST_NOW + 2000;
  attempt->finished_us = TEST_NOW + 3000;
  attempt->prompt_tokens = 100;
  attempt->completion_tokens = 20;
  attempt->estimate_nano_usd = paid ? 5000 : 0;
  attempt->cost_nano_usd = paid ? 3000 : 0;
  attempt->price_source = g_strdup (paid ? "config" : NULL);
  return attempt;
}

/* Of @at_us, the same for the same @id. (transfer full) */
static inline char *
test_request_id (gint64 id, gint64 at_us)
{
  g_autofree char *begin = sluice_request_id_bound (at_us);

  return g_strdup_printf ("%s7000-8000-%012" G_GINT64_MODIFIER "x", begin, id);
}

/* A finished request with one attempt. */
static inline SluiceExchangeRecord *
test_record (gint64 id, gboolean paid)
{
  SluiceExchangeRecord *record = sluice_exchange_record_new ();

  record->id = id;
  record->request_id = test_request_id (id, TEST_NOW);
  record->account_kind = SLUICE_SUBJECT_APPLICATION;
  record->account = g_strdup ("this-computer");
  record->group = g_strdup ("llama");
  record->operation = g_strdup ("chat-completions");
  record->stream = TRUE;
  record->status = 200;
  record->received_us = TEST_NOW;
  record->first_byte_us = TEST_NOW + 2500;
  record->finished_us = TEST_NOW + 3500;
  record->request_bytes = 1000;
  record->response_bytes = 2000;
  g_ptr_array_add (record->attempts, test_attempt (paid));
  return record;
}

/* The same before its answer: open, with an open attempt. */
static inline SluiceExchangeRecord *
test_open_record (gint64 id)
{
  SluiceExchangeRecord *record = test_record (id, TRUE);
  SluiceAttemptRecord *attempt = g_ptr_array_index (record->attempts, 0);

  record->status = 0;
  record->first_byte_us = 0;
  record->finished_us = 0;
  record->response_bytes = 0;
  attempt->state = SLUICE_ATTEMPT_OPEN;
  attempt->status = 0;
  attempt->first_byte_us = 0;
  attempt->finished_us = 0;
  attempt->prompt_tokens = 0;
  attempt->completion_tokens = 0;
  attempt->cost_nano_usd = 0;
  return record;
}

/* The first column of the first row as text; "" if there is none or it is NULL. (transfer full) */
static inline char *
test_ask_db (sqlite3 *db, const char *sql)
{
  sqlite3_stmt *statement = NULL;
  char *answer = NULL;

  g_assert_cmpstr (sqlite3_prepare_v2 (db, sql, -1, &statement, NULL) == SQLITE_OK ? "" : sqlite3_errmsg (db), ==, "");
  if (sqlite3_step (statement) == SQLITE_ROW)
    answer = g_strdup ((const char *) sqlite3_column_text (statement, 0));
  g_assert_cmpint (sqlite3_finalize (statement), ==, SQLITE_OK);
  return answer != NULL ? answer : g_strdup ("");
}

/* Through a reading connection, as a report would. (transfer full) */
static inline char *
test_ask (const char *directory, const char *sql)
{
  g_autofree char *path = g_build_filename (directory, SLUICE_DATABASE_FILE, NULL);
  sqlite3 *db = NULL;
  char *answer;

  g_assert_cmpint (sqlite3_open_v2 (path, &db, SQLITE_OPEN_READONLY, NULL), ==, SQLITE_OK);
  sqlite3_db_config (db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
  answer = test_ask_db (db, sql);
  g_assert_cmpint (sqlite3_close (db), ==, SQLITE_OK);
  return answer;
}

#define test_assert_db(db, sql, wanted)                    \
  G_STMT_START                                             \
  {                                                        \
    g_autofree char *answer_ = test_ask_db ((db), (sql));  \
    g_assert_cmpstr (answer_, ==, (wanted));               \
  }                                                        \
  G_STMT_END

#define test_assert_ask(directory, sql, wanted)                \
  G_STMT_START                                                 \
  {                                                            \
    g_autofree char *answer_ = test_ask ((directory), (sql));  \
    g_assert_cmpstr (answer_, ==, (wanted));                   \
  }                                                            \
  G_STMT_END

/* How many files in @directory have names with @part in them. */
static inline guint
test_count_files (const char *directory, const char *part)
{
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  const char *name;
  guint n = 0;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL)
    n += strstr (name, part) != NULL;
  return n;
}

static inline void
test_remove_directory (const char *directory)
{
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (directory, name, NULL);

      g_remove (path);
    }
  g_rmdir (directory);
}

/* Where a test's files are, and the time there. */
typedef struct {
  char *directory;
  char *path; /* of one file in it */
  SluiceClock *clock;
} TestPlace;

static inline void
test_place_init (TestPlace *place, const char *file)
{
  place->directory = test_directory ();
  place->path = g_build_filename (place->directory, file, NULL);
  place->clock = sluice_clock_new_manual (TEST_NOW, 0);
}

static inline void
test_place_clear (TestPlace *place)
{
  test_remove_directory (place->directory);
  g_free (place->directory);
  g_free (place->path);
  g_object_unref (place->clock);
}
