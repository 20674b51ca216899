/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "secrets/sluice-credential-store.h"

#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>

#include "test-credential-support.h"

#define N_KEYS 60
#define N_CUTS 12
#define N_FLIPS 60
#define N_KILLS 15

static SluiceCredentialStore *
open_store (TestPlace *place)
{
  g_autoptr (GError) error = NULL;
  SluiceCredentialStore *store = sluice_credential_store_open (place->directory, TRUE, &error);

  g_assert_no_error (error);
  g_assert_nonnull (store);
  return store;
}

static void
set (SluiceCredentialStore *store, SluiceCredentialKind kind, const char *name, const char *host, const char *secret)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (sluice_credential_store_set (store, kind, name, host, secret, &error));
  g_assert_no_error (error);
}

/* The names of all, as "kind/name@host=secret" with kind as a number, joined by blanks. */
static char *
list (SluiceCredentialStore *store)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) found = sluice_credential_store_load (store, &error);
  GString *text = g_string_new (NULL);

  g_assert_no_error (error);
  for (guint i = 0; i < found->len; i++)
    {
      const SluiceCredential *c = g_ptr_array_index (found, i);

      g_string_append_printf (text, "%s%d/%s@%s=%s", i > 0 ? " " : "", c->kind, c->name, c->host, c->secret);
    }
  return g_string_free (text, FALSE);
}

static void
assert_list (SluiceCredentialStore *store, const char *expected)
{
  g_autofree char *found = list (store);

  g_assert_cmpstr (found, ==, expected);
}

/* The answer to @sql, asked beside the store. */
static void
assert_db (TestPlace *place, const char *sql, const char *expected)
{
  sqlite3 *db = NULL;
  sqlite3_stmt *statement = NULL;

  g_assert_cmpint (sqlite3_open_v2 (place->path, &db, SQLITE_OPEN_READONLY, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_prepare_v2 (db, sql, -1, &statement, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_ROW);
  g_assert_cmpstr ((const char *) sqlite3_column_text (statement, 0), ==, expected);
  sqlite3_finalize (statement);
  sqlite3_close (db);
}

static void
run_script (const char *path, const char *script)
{
  sqlite3 *db = NULL;

  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  while (*script != '\0')
    {
      sqlite3_stmt *statement = NULL;

      g_assert_cmpint (sqlite3_prepare_v2 (db, script, -1, &statement, &script), ==, SQLITE_OK);
      while (sqlite3_step (statement) == SQLITE_ROW)
        ;
      g_assert_cmpint (sqlite3_finalize (statement), ==, SQLITE_OK);
    }
  g_assert_cmpint (sqlite3_close (db), ==, SQLITE_OK);
}

static void
test_file (void)
{
  g_auto (TestPlace) place = { 0 };
  g_autoptr (SluiceCredentialStore) store = NULL;
  g_autofree char *journal = NULL;

  test_place_init (&place);
  store = open_store (&place);
  set (store, SLUICE_CREDENTIAL_PROVIDER, "openai", TEST_HOST, TEST_KEY);
  journal = g_strconcat (place.path, "-journal", NULL);
  g_assert_cmpuint (test_mode (place.path), ==, 0600);
  g_assert_false (g_file_test (journal, G_FILE_TEST_EXISTS));
  assert_db (&place, "PRAGMA application_id", "1397506898");
  assert_db (&place, "PRAGMA user_version", "1");
  assert_db (&place, "PRAGMA journal_mode", "delete");
  assert_db (&place, "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND NOT strict AND name NOT LIKE"
                     " 'sqlite_%'", "0");
  assert_db (&place, "SELECT count(*) FROM credential WHERE created_us > 1500000000000000 AND changed_us = created_us",
             "1");
}

static void
test_missing (void)
{
  g_auto (TestPlace) place = { 0 };
  g_autoptr (GError) error = NULL;

  test_place_init (&place);
  g_assert_null (sluice_credential_store_open (place.directory, FALSE, &error));
  g_assert_no_error (error);
  g_assert_false (g_file_test (place.path, G_FILE_TEST_EXISTS));
}

static void
test_set_and_clear (void)
{
  g_auto (TestPlace) place = { 0 };
  g_autoptr (SluiceCredentialStore) store = NULL;
  g_autoptr (GError) error = NULL;
  guint n_cleared;

  test_place_init (&place);
  store = open_store (&place);
  assert_list (store, "");
  set (store, SLUICE_CREDENTIAL_PROVIDER, "a", "https://one", "1");
  set (store, SLUICE_CREDENTIAL_PROVIDER, "a", "https://two", "2");
  set (store, SLUICE_CREDENTIAL_PROVIDER, "a", "https://one", "3");
  set (store, SLUICE_CREDENTIAL_DEPLOYMENT, "a", "https://one", "4");
  assert_list (store, "1/a@https://one=4 0/a@https://one=3 0/a@https://two=2");
  /* a deployment is at one host only */
  set (store, SLUICE_CREDENTIAL_DEPLOYMENT, "b", "https://one", "6");
  set (store, SLUICE_CREDENTIAL_DEPLOYMENT, "a", "https://two", "5");
  assert_list (store, "1/a@https://two=5 1/b@https://one=6 0/a@https://one=3 0/a@https://two=2");

  g_assert_true (
      sluice_credential_store_clear (store, SLUICE_CREDENTIAL_PROVIDER, "a", "https://one", &n_cleared, &error));
  g_assert_cmpuint (n_cleared, ==, 1);
  assert_list (store, "1/a@https://two=5 1/b@https://one=6 0/a@https://two=2");
  g_assert_true (sluice_credential_store_clear (store, SLUICE_CREDENTIAL_PROVIDER, "a", NULL, &n_cleared, &error));
  g_assert_cmpuint (n_cleared, ==, 1);
  g_assert_true (sluice_credential_store_clear (store, SLUICE_CREDENTIAL_PROVIDER, "a", NULL, &n_cleared, &error));
  g_assert_cmpuint (n_cleared, ==, 0);
  g_assert_true (
      sluice_credential_store_clear (store, SLUICE_CREDENTIAL_DEPLOYMENT, "a' OR '1", NULL, &n_cleared, &error));
  g_assert_cmpuint (n_cleared, ==, 0);
  assert_list (store, "1/a@https://two=5 1/b@https://one=6");
}

/* No byte of what was deleted or replaced is left: in the middle of pages, on pages of its own, after pages were split
 * and joined. */
static void
test_no_trace (void)
{
  g_auto (TestPlace) place = { 0 };
  g_autoptr (SluiceCredentialStore) store = NULL;
  guint n_cleared;

  test_place_init (&place);
  store = open_store (&place);
  for (guint i = 0; i < N_KEYS; i++)
    {
      g_autofree char *name = g_strdup_printf ("name-%u", i * 7 % N_KEYS);
      g_autofree char *filling = g_strnfill (i % 5 == 0 ? 9000 : i * 3 % 200, 'f');
      g_autofree char *first = g_strconcat (TEST_KEY, filling, NULL);
      g_autofree char *second = g_strconcat (filling, TEST_KEY, "+", NULL);

      set (store, SLUICE_CREDENTIAL_PROVIDER, name, TEST_HOST, first);
      if (i % 3 == 0)
        set (store, SLUICE_CREDENTIAL_PROVIDER, name, TEST_HOST, second);
      if (i % 4 == 0)
        set (store, SLUICE_CREDENTIAL_DEPLOYMENT, name, TEST_HOST, first);
    }
  g_assert_true (test_file_holds (place.path, TEST_KEY));
  for (guint i = 0; i < N_KEYS; i++)
    {
      g_autofree char *name = g_strdup_printf ("name-%u", i);

      if (i % 2 == 0)
        set (store, SLUICE_CREDENTIAL_PROVIDER, name, TEST_HOST, "replaced");
      else
        g_assert_true (
            sluice_credential_store_clear (store, SLUICE_CREDENTIAL_PROVIDER, name, NULL, &n_cleared, NULL));
      g_assert_true (
          sluice_credential_store_clear (store, SLUICE_CREDENTIAL_DEPLOYMENT, name, NULL, &n_cleared, NULL));
    }
  g_assert_false (test_file_holds (place.path, TEST_KEY));
  g_assert_false (test_file_holds (place.path, "fffff"));
  g_assert_true (test_file_holds (place.path, "replaced"));
}

/* Refused with a text that says @says, and left as it was, byte for byte. */
static void
assert_refused (TestPlace *place, const char *says)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  gsize before_length, after_length;

  g_assert_true (g_file_get_contents (place->path, &before, &before_length, NULL));
  for (guint create = 0; create < 2; create++)
    {
      g_assert_null (sluice_credential_store_open (place->directory, create == 1, &error));
      g_assert_nonnull (error);
      g_assert_nonnull (strstr (error->message, place->path));
      test_assert_says (&error, SLUICE_ERROR_CONFIG, says);
    }
  g_assert_true (g_file_get_contents (place->path, &after, &after_length, NULL));
  g_assert_cmpmem (before, before_length, after, after_length);
}

static void
test_strangers (void)
{
  const struct { const char *script, *says; } strangers[] = {
    { "CREATE TABLE t (a)", "another program" },
    { "PRAGMA application_id = 7", "another program" },
    { "PRAGMA application_id = 1397506885; PRAGMA user_version = 1; CREATE TABLE credential (a)", "another program" },
    { "PRAGMA application_id = 1397506898; PRAGMA user_version = 2; CREATE TABLE credential (a)", "newer version" },
    { "PRAGMA application_id = 1397506898; PRAGMA user_version = 2000000000", "newer version" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (strangers); i++)
    {
      g_auto (TestPlace) place = { 0 };

      test_place_init (&place);
      run_script (place.path, strangers[i].script);
      g_assert_no_errno (g_chmod (place.path, 0600));
      assert_refused (&place, strangers[i].says);
    }
}

static void
test_no_database (void)
{
  g_auto (TestPlace) place = { 0 };
  g_autofree char *garbage = g_strnfill (10000, 'g');

  test_place_init (&place);
  test_write (place.directory, SLUICE_CREDENTIALS_FILE, garbage, 10000, 0600);
  assert_refused (&place, "is no database of keys");
  test_write (place.directory, SLUICE_CREDENTIALS_FILE, "openai: " TEST_KEY "\n", -1, 0600);
  assert_refused (&place, "is no database of keys");
  g_assert_no_errno (g_chmod (place.path, 0640));
  assert_refused (&place, "chmod 600");
}

/* Our marks, but not our table. */
static void
test_other_table (void)
{
  g_auto (TestPlace) place = { 0 };
  g_autoptr (SluiceCredentialStore) store = NULL;
  g_autoptr (GError) error = NULL;

  test_place_init (&place);
  run_script (place.path, "PRAGMA application_id = 1397506898; PRAGMA user_version = 1; CREATE TABLE credential (a)");
  g_assert_no_errno (g_chmod (place.path, 0600));
  store = sluice_credential_store_open (place.directory, FALSE, &error);
  g_assert_no_error (error);
  g_assert_null (sluice_credential_store_load (store, &error));
  test_assert_says (&error, SLUICE_ERROR_CONFIG, "is no database of keys");
  g_assert_false (
      sluice_credential_store_set (store, SLUICE_CREDENTIAL_PROVIDER, "openai", TEST_HOST, TEST_KEY, &error));
  g_clear_error (&error);
}

/* Rows that another hand wrote and that no request could send are passed over. */
static void
test_foreign_rows (void)
{
  g_auto (TestPlace) place = { 0 };
  g_autoptr (SluiceCredentialStore) store = NULL;

  test_place_init (&place);
  store = open_store (&place);
  set (store, SLUICE_CREDENTIAL_PROVIDER, "a", TEST_HOST, TEST_KEY);
  run_script (place.path, "INSERT INTO credential VALUES (10, 'provider', 'b', 'h', 'two' || char(10) || 'x: y', 0, 0),"
                          " (11, 'provider', 'c', 'h', '', 0, 0), (12, 'provider', 'd', 'h', 'nul' || char(0), 0, 0)");
  assert_list (store, "0/a@" TEST_HOST "=" TEST_KEY);
}

/* Damage is refused or not noticed, but no key becomes another's. */
static void
assert_sound_or_refused (TestPlace *place)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SluiceCredentialStore) store = sluice_credential_store_open (place->directory, FALSE, &error);
  g_autoptr (GPtrArray) found = store != NULL ? sluice_credential_store_load (store, &error) : NULL;

  if (error != NULL)
    g_assert_true (error->domain == SLUICE_ERROR);
  else
    g_assert_nonnull (found);
}

static void
test_damaged (void)
{
  g_auto (TestPlace) place = { 0 };
  g_autofree char *bytes = NULL;
  gsize length;

  test_place_init (&place);
  for (guint i = 0; i < N_KEYS; i++)
    {
      g_autoptr (SluiceCredentialStore) store = open_store (&place);
      g_autofree char *name = g_strdup_printf ("name-%u", i);

      set (store, SLUICE_CREDENTIAL_PROVIDER, name, TEST_HOST, TEST_KEY);
    }
  g_assert_true (g_file_get_contents (place.path, &bytes, &length, NULL));
  for (guint i = 0; i < N_CUTS; i++)
    {
      test_write (place.directory, SLUICE_CREDENTIALS_FILE, bytes, i == 0 ? 0 : (gssize) (length * i / N_CUTS), 0600);
      assert_sound_or_refused (&place);
    }
  for (guint i = 0; i < N_FLIPS; i++)
    {
      g_autofree char *copy = g_memdup2 (bytes, length);

      for (guint j = 0; j < 1 + i % 4; j++)
        copy[g_test_rand_int_range (0, i % 2 == 0 ? 4096 : (gint32) length)] ^= (char) g_test_rand_int_range (1, 256);
      test_write (place.directory, SLUICE_CREDENTIALS_FILE, copy, (gssize) length, 0600);
      assert_sound_or_refused (&place);
    }
}

/* Several processes at once, from the file that is not there yet. */
static void
test_processes (void)
{
  g_auto (TestPlace) place = { 0 };
  g_autoptr (SluiceCredentialStore) store = NULL;
  g_autoptr (GPtrArray) found = NULL;
  pid_t children[4];

  test_place_init (&place);
  for (guint i = 0; i < G_N_ELEMENTS (children); i++)
    {
      children[i] = fork ();
      if (children[i] == 0)
        {
          for (guint j = 0; j < 5; j++)
            {
              g_autoptr (SluiceCredentialStore) own = open_store (&place);
              g_autofree char *name = g_strdup_printf ("name-%u-%u", i, j);

              set (own, SLUICE_CREDENTIAL_PROVIDER, name, TEST_HOST, TEST_KEY);
            }
          _exit (0);
        }
    }
  for (guint i = 0; i < G_N_ELEMENTS (children); i++)
    {
      int status;

      g_assert_cmpint (waitpid (children[i], &status, 0), ==, children[i]);
      g_assert_true (WIFEXITED (status) && WEXITSTATUS (status) == 0);
    }
  store = open_store (&place);
  found = sluice_credential_store_load (store, NULL);
  g_assert_cmpuint (found->len, ==, 20);
}

/* Keys of two lengths in turn, for ever. */
static void
write_until_killed (TestPlace *place)
{
  g_autoptr (SluiceCredentialStore) store = open_store (place);
  g_autofree char *filling = g_strnfill (9000, 'f');
  g_autofree char *longer = g_strconcat (TEST_KEY, filling, NULL);

  for (guint i = 0;; i++)
    set (store, SLUICE_CREDENTIAL_PROVIDER, i % 3 == 0 ? "openai" : "groq", TEST_HOST, i % 2 == 0 ? TEST_KEY : longer);
}

/* Whenever a writer is killed, what was stored before or after is there, whole. */
static void
test_killed (void)
{
  g_auto (TestPlace) place = { 0 };

  test_place_init (&place);
  for (guint i = 0; i < N_KILLS; i++)
    {
      g_autoptr (SluiceCredentialStore) store = NULL;
      g_autoptr (GPtrArray) found = NULL;
      pid_t child = fork ();

      if (child == 0)
        write_until_killed (&place);
      g_usleep ((gulong) g_test_rand_int_range (0, 40000));
      g_assert_no_errno (kill (child, SIGKILL));
      g_assert_cmpint (waitpid (child, NULL, 0), ==, child);

      store = open_store (&place);
      found = sluice_credential_store_load (store, NULL);
      g_assert_nonnull (found);
      for (guint j = 0; j < found->len; j++)
        {
          const SluiceCredential *credential = g_ptr_array_index (found, j);
          gsize length = strlen (credential->secret);

          g_assert_true (length == strlen (TEST_KEY) || length == strlen (TEST_KEY) + 9000);
        }
    }
}

/* A file as version 1 made it: read, and written. */
static void
test_version_1 (void)
{
  g_auto (TestPlace) place = { 0 };
  g_autoptr (SluiceCredentialStore) store = NULL;
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "..", "store", "credentials-version-1.sql", NULL);
  g_autofree char *script = NULL;

  test_place_init (&place);
  g_assert_true (g_file_get_contents (path, &script, NULL, NULL));
  run_script (place.path, script);
  g_assert_no_errno (g_chmod (place.path, 0600));
  store = open_store (&place);
  set (store, SLUICE_CREDENTIAL_PROVIDER, "openai", TEST_HOST, "sk-test-four");
  assert_list (store, "1/0123456789abcdef@https://api.groq.com=sk-test-three "
                      "0/openai@http://127.0.0.1:8080=sk-test-two 0/openai@https://api.openai.com=sk-test-four");
}

static void
test_busy (void)
{
  g_auto (TestPlace) place = { 0 };
  g_autoptr (SluiceCredentialStore) store = NULL;
  g_autoptr (GError) error = NULL;
  sqlite3 *db = NULL;
  sqlite3_stmt *statement = NULL;

  test_place_init (&place);
  store = open_store (&place);
  g_assert_cmpint (sqlite3_open (place.path, &db), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_prepare_v2 (db, "BEGIN IMMEDIATE", -1, &statement, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_DONE);
  sqlite3_finalize (statement);
  g_assert_false (
      sluice_credential_store_set (store, SLUICE_CREDENTIAL_PROVIDER, "openai", TEST_HOST, TEST_KEY, &error));
  test_assert_says (&error, SLUICE_ERROR_STORAGE, "try again");
  sqlite3_close (db);
  set (store, SLUICE_CREDENTIAL_PROVIDER, "openai", TEST_HOST, TEST_KEY);
}

/* A home directory reached by a link is as good as any. */
static void
test_link_in_path (void)
{
  g_auto (TestPlace) place = { 0 };
  g_autoptr (SluiceCredentialStore) store = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *link_path = NULL;

  test_place_init (&place);
  link_path = g_strconcat (place.directory, "-link", NULL);
  g_assert_no_errno (symlink (place.directory, link_path));
  store = sluice_credential_store_open (link_path, TRUE, &error);
  g_assert_no_error (error);
  set (store, SLUICE_CREDENTIAL_PROVIDER, "openai", TEST_HOST, TEST_KEY);
  g_assert_true (test_file_holds (place.path, TEST_KEY));
  g_unlink (link_path);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/credential-store/file", test_file);
  g_test_add_func ("/credential-store/missing", test_missing);
  g_test_add_func ("/credential-store/set-and-clear", test_set_and_clear);
  g_test_add_func ("/credential-store/no-trace", test_no_trace);
  g_test_add_func ("/credential-store/strangers", test_strangers);
  g_test_add_func ("/credential-store/no-database", test_no_database);
  g_test_add_func ("/credential-store/other-table", test_other_table);
  g_test_add_func ("/credential-store/foreign-rows", test_foreign_rows);
  g_test_add_func ("/credential-store/damaged", test_damaged);
  g_test_add_func ("/credential-store/processes", test_processes);
  g_test_add_func ("/credential-store/killed", test_killed);
  g_test_add_func ("/credential-store/version-1", test_version_1);
  g_test_add_func ("/credential-store/busy", test_busy);
  g_test_add_func ("/credential-store/link-in-path", test_link_in_path);
  return g_test_run ();
}
