/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/sluice-ledger-subjects-private.h"

#include "ledger/sluice-ledger-database-private.h"
#include "test-ledger-support.h"

typedef struct {
  char *directory;
  SluiceClock *clock;
  sqlite3 *db;
  SluiceLedgerStatements statements;
  SluiceLedgerSubjects *subjects;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;
  int code;

  f->directory = test_directory ();
  path = g_build_filename (f->directory, SLUICE_DATABASE_FILE, NULL);
  f->clock = sluice_clock_new_manual (TEST_NOW, 0);
  f->db = sluice_ledger_database_open (path, FALSE, f->clock, &code, &error);
  g_assert_no_error (error);
  g_assert_cmpint (sluice_ledger_statements_prepare (&f->statements, f->db), ==, SQLITE_OK);
  f->subjects = sluice_ledger_subjects_new (&f->statements, f->clock);
  g_assert_cmpint (sluice_ledger_statements_run (&f->statements, SLUICE_LEDGER_BEGIN), ==, SQLITE_OK);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  sluice_ledger_subjects_free (f->subjects);
  sluice_ledger_statements_finalize (&f->statements);
  sluice_ledger_database_close (f->db, TRUE);
  g_object_unref (f->clock);
  test_remove_directory (f->directory);
  g_free (f->directory);
}

static gint64
intern (Fixture *f, SluiceSubjectKind kind, const char *name)
{
  gint64 id = 0;

  g_assert_cmpint (sluice_ledger_subjects_intern (f->subjects, kind, name, &id), ==, SQLITE_OK);
  g_assert_cmpint (id, >, 0);
  return id;
}

static void
test_same_name_same_id (Fixture *f, gconstpointer data)
{
  gint64 id = intern (f, SLUICE_SUBJECT_USER, "ann");

  g_assert_cmpint (intern (f, SLUICE_SUBJECT_USER, "ann"), ==, id);
  g_assert_cmpint (intern (f, SLUICE_SUBJECT_USER, "Ann"), !=, id);
  g_assert_cmpint (intern (f, SLUICE_SUBJECT_TEAM, "ann"), !=, id);
  g_assert_cmpint (intern (f, SLUICE_SUBJECT_USER, NULL), ==, intern (f, SLUICE_SUBJECT_USER, ""));
  sluice_ledger_subjects_forget (f->subjects);
  g_assert_cmpint (intern (f, SLUICE_SUBJECT_USER, "ann"), ==, id);
  test_assert_db (f->db, "SELECT count(*) FROM subject", "4");
}

/* One that was made elsewhere, with a parent, is found. */
static void
test_with_parent (Fixture *f, gconstpointer data)
{
  gint64 team = intern (f, SLUICE_SUBJECT_TEAM, "team");

  g_assert_cmpint (team, ==, 1);
  g_assert_cmpint (sqlite3_exec (f->db,
                                 "INSERT INTO subject (kind, parent_id, name, created_us) VALUES (1, 1, 'key', 5)",
                                 NULL, NULL, NULL), ==, SQLITE_OK);
  g_assert_cmpint (intern (f, SLUICE_SUBJECT_KEY, "key"), ==, 2);
}

static void
test_monthly_bound (Fixture *f, gconstpointer data)
{
  gint64 other;

  for (guint i = 0; i < SLUICE_LEDGER_MAX_REQUESTED; i++)
    {
      g_autofree char *name = g_strdup_printf ("c%u", i);

      intern (f, i % 2 == 0 ? SLUICE_SUBJECT_CUSTOMER : SLUICE_SUBJECT_TAG, name);
    }
  other = intern (f, SLUICE_SUBJECT_CUSTOMER, "one too many");
  g_assert_cmpint (other, ==, intern (f, SLUICE_SUBJECT_CUSTOMER, "other"));
  g_assert_cmpint (other, !=, intern (f, SLUICE_SUBJECT_TAG, "one too many"));
  g_assert_cmpint (other, !=, intern (f, SLUICE_SUBJECT_CUSTOMER, "c0"));
  intern (f, SLUICE_SUBJECT_GROUP, "a group is not bounded");

  /* counted from the table after a restart */
  sluice_ledger_subjects_forget (f->subjects);
  g_assert_cmpint (intern (f, SLUICE_SUBJECT_CUSTOMER, "still too many"), ==, other);

  /* February */
  sluice_clock_advance (f->clock, G_GINT64_CONSTANT (20) * 24 * 3600 * G_USEC_PER_SEC);
  g_assert_cmpint (intern (f, SLUICE_SUBJECT_CUSTOMER, "a new month"), !=, other);
  test_assert_db (f->db, "SELECT count(*) FROM subject WHERE requested = 1", "10001");
}

static void
test_unfit_names (Fixture *f, gconstpointer data)
{
  g_autofree char *long_name = g_strnfill (SLUICE_LEDGER_MAX_NAME + 1, 'a');
  gint64 other = intern (f, SLUICE_SUBJECT_CUSTOMER, "other");

  g_assert_cmpint (intern (f, SLUICE_SUBJECT_CUSTOMER, long_name), ==, other);
  g_assert_cmpint (intern (f, SLUICE_SUBJECT_CUSTOMER, "\xff\xfe"), ==, other);
  g_assert_cmpint (intern (f, SLUICE_SUBJECT_GROUP, long_name), !=, other);
}

/* More names than the cache holds. */
static void
test_cache_is_bounded (Fixture *f, gconstpointer data)
{
  gint64 first = intern (f, SLUICE_SUBJECT_GROUP, "g0");

  for (guint i = 1; i < SLUICE_LEDGER_MAX_CACHED + 5; i++)
    {
      g_autofree char *name = g_strdup_printf ("g%u", i);

      intern (f, SLUICE_SUBJECT_GROUP, name);
    }
  g_assert_cmpint (intern (f, SLUICE_SUBJECT_GROUP, "g0"), ==, first);
}

int
main (int argc, char *argv[])
{
  test_ledger_init (&argc, &argv);
#define ADD(name, func) g_test_add ("/ledger-subjects/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("same-name-same-id", test_same_name_same_id);
  ADD ("with-parent", test_with_parent);
  ADD ("monthly-bound", test_monthly_bound);
  ADD ("unfit-names", test_unfit_names);
  ADD ("cache-is-bounded", test_cache_is_bounded);
#undef ADD
  return g_test_run ();
}
