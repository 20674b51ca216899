/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "secrets/sluice-credential-store.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "secrets/sluice-credential-file-private.h"
#include "secrets/sluice-secret.h"
#include "shared/sluice-error.h"
#include "shared/sluice-names.h"

/* Version 1: one table. A step to a newer one changes the file in place: no copy of keys is ever left behind. */
#define VERSION 1

static const char schema[]
    = "CREATE TABLE credential ("
      " id INTEGER PRIMARY KEY,"
      " kind TEXT NOT NULL CHECK (kind IN ('provider', 'deployment')),"
      " name TEXT NOT NULL,"
      " host TEXT NOT NULL,"
      " secret TEXT NOT NULL,"
      " created_us INTEGER NOT NULL,"
      " changed_us INTEGER NOT NULL,"
      " UNIQUE (kind, name, host)"
      ") STRICT;"
      "PRAGMA application_id = " G_STRINGIFY (SLUICE_CREDENTIALS_APPLICATION_ID) ";"
      "PRAGMA user_version = " G_STRINGIFY (VERSION);

struct _SluiceCredentialStore {
  sqlite3 *db; /* (owned) */
  char *path;
};

static const char *const kinds[] = {
  [SLUICE_CREDENTIAL_PROVIDER] = "provider",
  [SLUICE_CREDENTIAL_DEPLOYMENT] = "deployment",
};

void
sluice_credential_free (SluiceCredential *self)
{
  g_free (self->name);
  g_free (self->host);
  sluice_secret_free (self->secret);
  g_free (self);
}

void
sluice_credential_store_close (SluiceCredentialStore *self)
{
  sqlite3_close (self->db);
  g_free (self->path);
  g_free (self);
}

/* What to do depends on whether the file itself is at fault. */
static gboolean
fail (SluiceCredentialStore *self, int code, const char *doing, GError **error)
{
  gboolean damaged = (code & 0xff) == SQLITE_NOTADB || (code & 0xff) == SQLITE_CORRUPT;

  if (damaged)
    g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG,
                 "%s is no database of keys (%s); move it away and set the keys again",
                 self->path, sqlite3_errstr (code));
  else if ((code & 0xff) == SQLITE_BUSY)
    g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_STORAGE,
                 "another program holds %s; try again", self->path);
  else
    g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_STORAGE, "cannot %s %s: %s", doing, self->path,
                 sqlite3_errstr (code));
  return FALSE;
}

static int
run (sqlite3 *db, const char *script)
{
  int code = SQLITE_OK;

  while (code == SQLITE_OK && *script != '\0')
    {
      sqlite3_stmt *statement = NULL;

      code = sqlite3_prepare_v2 (db, script, -1, &statement, &script);
      if (code != SQLITE_OK || statement == NULL)
        continue;
      while (sqlite3_step (statement) == SQLITE_ROW)
        ;
      code = sqlite3_finalize (statement);
    }
  return code;
}

/* The first column of the first row: a number, or whether it is the text @expected. */
static int
ask (sqlite3 *db, const char *sql, const char *expected, gint64 *number)
{
  sqlite3_stmt *statement = NULL;
  int code = sqlite3_prepare_v2 (db, sql, -1, &statement, NULL);

  if (code != SQLITE_OK)
    return code;
  if (sqlite3_step (statement) == SQLITE_ROW)
    *number = expected == NULL
                  ? sqlite3_column_int64 (statement, 0)
                  : g_strcmp0 ((const char *) sqlite3_column_text (statement, 0), expected) == 0;
  return sqlite3_finalize (statement);
}

/* Ours, or empty and so to be made. Within a transaction, so that what is read is of one moment. */
static gboolean
identify (SluiceCredentialStore *self, gboolean *is_new, GError **error)
{
  gint64 application = 0, version = 0, tables = 0;
  int code = ask (self->db, "PRAGMA application_id", NULL, &application);

  if (code == SQLITE_OK)
    code = ask (self->db, "PRAGMA user_version", NULL, &version);
  if (code == SQLITE_OK)
    code = ask (self->db, "SELECT count(*) FROM sqlite_schema", NULL, &tables);
  if (code != SQLITE_OK)
    return fail (self, code, "read", error);

  *is_new = application == 0 && version == 0 && tables == 0;
  if (!*is_new && application != SLUICE_CREDENTIALS_APPLICATION_ID)
    g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG,
                 "%s is a database of another program (application id 0x%08x); move it away",
                 self->path, (guint) application);
  else if (version > VERSION)
    g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG,
                 "%s was written by a newer version of this program (its format is %" G_GINT64_FORMAT
                 ", known is %d); use that version, or move the file away and set the keys again",
                 self->path, version, VERSION);
  else
    return TRUE;
  return FALSE;
}

static gboolean
set_up (SluiceCredentialStore *self, GError **error)
{
  static const char pragmas[] = "PRAGMA trusted_schema = OFF;"
                                "PRAGMA cell_size_check = ON;"
                                "PRAGMA mmap_size = 0;"
                                "PRAGMA temp_store = MEMORY;"
                                "PRAGMA secure_delete = ON;"
                                "PRAGMA synchronous = FULL;"
                                "PRAGMA journal_mode = DELETE;";
  gboolean is_new = FALSE;
  gint64 secure = 0, sound = 0;
  int code;

  sqlite3_busy_timeout (self->db, SLUICE_CREDENTIAL_BUSY_MS);
  sqlite3_db_config (self->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  code = run (self->db, "BEGIN");
  if (code != SQLITE_OK)
    return fail (self, code, "read", error);
  if (!identify (self, &is_new, error))
    return FALSE;

  code = run (self->db, "COMMIT");
  if (code == SQLITE_OK)
    code = run (self->db, pragmas);
  if (code == SQLITE_OK)
    code = ask (self->db, "PRAGMA secure_delete", NULL, &secure);
  if (code == SQLITE_OK && is_new)
    {
      /* of two commands that both found nothing, the second finds the other's table */
      code = run (self->db, "BEGIN IMMEDIATE");
      if (code == SQLITE_OK && !identify (self, &is_new, error))
        return FALSE;
      if (code == SQLITE_OK && is_new)
        code = run (self->db, schema);
      if (code == SQLITE_OK)
        code = run (self->db, "COMMIT");
    }
  if (code == SQLITE_OK)
    code = ask (self->db, "PRAGMA quick_check(1)", "ok", &sound);
  if (code == SQLITE_OK && (!sound || secure != 1))
    code = SQLITE_CORRUPT;
  return code == SQLITE_OK || fail (self, code, "use", error);
}

SluiceCredentialStore *
sluice_credential_store_open (const char *directory, gboolean create, GError **error)
{
  g_autofree char *path = NULL;
  char *real = NULL;
  g_autoptr (SluiceCredentialStore) self = NULL;
  int code;

  g_return_val_if_fail (directory != NULL && g_path_is_absolute (directory), NULL);

  path = g_build_filename (directory, SLUICE_CREDENTIALS_FILE, NULL);
  if (sluice_credential_file_prepare (directory, path, create, error) != SLUICE_CREDENTIAL_FILE_READY)
    return NULL;

  /* SQLite refuses a link anywhere in the path, and a home directory may well be reached by one */
  real = realpath (directory, NULL);
  if (real == NULL)
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_STORAGE, "cannot find %s: %s", directory, g_strerror (errno));
      return NULL;
    }
  self = g_new0 (SluiceCredentialStore, 1);
  self->path = g_build_filename (real, SLUICE_CREDENTIALS_FILE, NULL);
  free (real);
  code = sqlite3_open_v2 (self->path, &self->db,
                          SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW
                              | SQLITE_OPEN_PRIVATECACHE,
                          NULL);
  if (code != SQLITE_OK)
    {
      fail (self, code, "open", error);
      return NULL;
    }
  return set_up (self, error) ? g_steal_pointer (&self) : NULL;
}

/* A statement with the texts, which end with %NULL, bound from 1 on, but for those that are "" (not there). */
static int
prepare (SluiceCredentialStore *self, const char *sql, const char *const *texts, sqlite3_stmt **statement)
{
  int code = sqlite3_prepare_v2 (self->db, sql, -1, statement, NULL);

  for (int i = 0; code == SQLITE_OK && texts[i] != NULL; i++)
    if (*texts[i] != '\0')
      code = sqlite3_bind_text (*statement, i + 1, texts[i], -1, SQLITE_STATIC);
  return code;
}

static int
finish (sqlite3_stmt *statement, int code)
{
  int step = code == SQLITE_OK ? sqlite3_step (statement) : code;
  int final = sqlite3_finalize (statement);

  return step == SQLITE_DONE || step == SQLITE_ROW ? final : step;
}

static int
store (SluiceCredentialStore *self, const char *const *texts)
{
  static const char sql[]
      = "INSERT INTO credential (kind, name, host, secret, created_us, changed_us) VALUES (?1, ?2, ?3, ?4, ?5, ?5)"
        " ON CONFLICT (kind, name, host) DO UPDATE SET secret = excluded.secret, changed_us = excluded.changed_us";
  sqlite3_stmt *statement = NULL;
  int code = prepare (self, sql, texts, &statement);

  if (code == SQLITE_OK)
    code = sqlite3_bind_int64 (statement, 5, g_get_real_time ());
  return finish (statement, code);
}

static int
drop_other_hosts (SluiceCredentialStore *self, const char *name, const char *host)
{
  static const char sql[] = "DELETE FROM credential WHERE kind = 'deployment' AND name = ?1 AND host <> ?2";
  const char *texts[] = { name, host, NULL };
  sqlite3_stmt *statement = NULL;
  int code = prepare (self, sql, texts, &statement);

  return finish (statement, code);
}

gboolean
sluice_credential_store_set (SluiceCredentialStore *self,
                             SluiceCredentialKind kind,
                             const char *name,
                             const char *host,
                             const char *secret,
                             GError **error)
{
  const char *texts[] = { kinds[kind], name, host, secret, NULL };
  int code;

  g_return_val_if_fail (name != NULL && *name != '\0', FALSE);
  g_return_val_if_fail (host != NULL && *host != '\0', FALSE);
  g_return_val_if_fail (secret != NULL && *secret != '\0', FALSE);

  code = run (self->db, "BEGIN IMMEDIATE");
  if (code == SQLITE_OK && kind == SLUICE_CREDENTIAL_DEPLOYMENT)
    code = drop_other_hosts (self, name, host);
  if (code == SQLITE_OK)
    code = store (self, texts);
  if (code == SQLITE_OK)
    code = run (self->db, "COMMIT");
  if (code == SQLITE_OK)
    return TRUE;

  if (!sqlite3_get_autocommit (self->db))
    run (self->db, "ROLLBACK");
  return fail (self, code, "write", error);
}

gboolean
sluice_credential_store_clear (SluiceCredentialStore *self,
                               SluiceCredentialKind kind,
                               const char *name,
                               const char *host,
                               guint *n_cleared,
                               GError **error)
{
  static const char sql[] = "DELETE FROM credential WHERE kind = ?1 AND name = ?2 AND (?3 IS NULL OR host = ?3)";
  const char *texts[] = { kinds[kind], name, host != NULL ? host : "", NULL };
  sqlite3_stmt *statement = NULL;
  int code;

  g_return_val_if_fail (name != NULL && *name != '\0', FALSE);
  g_return_val_if_fail (n_cleared != NULL, FALSE);

  *n_cleared = 0;
  code = prepare (self, sql, texts, &statement);
  code = finish (statement, code);
  if (code != SQLITE_OK)
    return fail (self, code, "write", error);
  *n_cleared = (guint) sqlite3_changes (self->db);
  return TRUE;
}

/* %NULL for a row that this program did not write: its secret could not be sent. */
static SluiceCredential *
read_row (sqlite3_stmt *statement)
{
  const char *kind = (const char *) sqlite3_column_text (statement, 0);
  const char *name = (const char *) sqlite3_column_text (statement, 1);
  const char *host = (const char *) sqlite3_column_text (statement, 2);
  const char *bytes = (const char *) sqlite3_column_text (statement, 3);
  sluice_autosecret char *secret = NULL;
  SluiceCredential *credential;

  if (kind == NULL || name == NULL || host == NULL || bytes == NULL)
    return NULL;
  secret = sluice_secret_new (bytes, (gsize) sqlite3_column_bytes (statement, 3), NULL);
  if (secret == NULL)
    return NULL;

  credential = g_new0 (SluiceCredential, 1);
  credential->kind = g_str_equal (kind, kinds[SLUICE_CREDENTIAL_DEPLOYMENT]) ? SLUICE_CREDENTIAL_DEPLOYMENT
                                                                              : SLUICE_CREDENTIAL_PROVIDER;
  credential->name = g_strdup (name);
  credential->host = g_strdup (host);
  credential->secret = g_steal_pointer (&secret);
  return credential;
}

GPtrArray *
sluice_credential_store_load (SluiceCredentialStore *self, GError **error)
{
  static const char sql[] = "SELECT kind, name, host, secret FROM credential ORDER BY kind, name, host";
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func ((GDestroyNotify) sluice_credential_free);
  sqlite3_stmt *statement = NULL;
  int code = sqlite3_prepare_v2 (self->db, sql, -1, &statement, NULL);

  /* a table without these columns was not made by this program */
  if (code == SQLITE_ERROR)
    code = SQLITE_CORRUPT;
  while (code == SQLITE_OK && (code = sqlite3_step (statement)) == SQLITE_ROW)
    {
      SluiceCredential *credential = read_row (statement);

      if (credential != NULL)
        g_ptr_array_add (list, credential);
      code = SQLITE_OK;
    }
  sqlite3_finalize (statement);
  if (code != SQLITE_DONE)
    {
      fail (self, code, "read", error);
      return NULL;
    }
  return g_steal_pointer (&list);
}
