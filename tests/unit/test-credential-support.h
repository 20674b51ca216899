/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the tests of the room secrets share: directories, files, and what stands in them.
 */
#pragma once

#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/sluice-error.h"
#include "shared/sluice-names.h"

#define TEST_KEY "sk-test-" "0123456789abcdef"
#define TEST_OTHER_KEY "sk-test-" "fedcba9876543210"
#define TEST_HOST "https://api.openai.com"

typedef struct {
  char *directory; /* exists, 0700 */
  char *path;      /* of credentials.db in it, which is not there */
} TestPlace;

static inline void
test_place_init (TestPlace *place)
{
  g_autofree char *pattern = g_build_filename (g_get_user_data_dir (), "secrets-XXXXXX", NULL);

  g_assert_no_errno (g_mkdir_with_parents (g_get_user_data_dir (), 0700));
  g_assert_nonnull (g_mkdtemp (pattern));
  place->directory = g_steal_pointer (&pattern);
  place->path = g_build_filename (place->directory, SLUICE_CREDENTIALS_FILE, NULL);
}

static inline void
test_place_clear (TestPlace *place)
{
  g_autoptr (GDir) dir = g_dir_open (place->directory, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (place->directory, name, NULL);

      if (g_unlink (path) != 0)
        g_rmdir (path);
    }
  g_rmdir (place->directory);
  g_free (place->directory);
  g_free (place->path);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TestPlace, test_place_clear)

static inline void
test_write (const char *directory, const char *name, const char *bytes, gssize length, int mode)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);

  g_assert_true (g_file_set_contents (path, bytes, length, NULL));
  g_assert_no_errno (g_chmod (path, mode));
}

static inline guint
test_mode (const char *path)
{
  struct stat buffer;

  g_assert_no_errno (stat (path, &buffer));
  return (guint) buffer.st_mode & 07777;
}

/* Whether the bytes of the file hold @text. */
static inline gboolean
test_file_holds (const char *path, const char *text)
{
  g_autofree char *bytes = NULL;
  gsize length;

  g_assert_true (g_file_get_contents (path, &bytes, &length, NULL));
  return memmem (bytes, length, text, strlen (text)) != NULL;
}

/* A descriptor from which @bytes can be read. */
static inline int
test_pipe (const char *bytes, gsize length)
{
  g_autofree char *path = g_build_filename (g_get_user_data_dir (), "input-XXXXXX", NULL);
  int fd;

  g_assert_no_errno (g_mkdir_with_parents (g_get_user_data_dir (), 0700));
  fd = g_mkstemp (path);
  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, bytes, length), ==, (gssize) length);
  g_assert_cmpint (lseek (fd, 0, SEEK_SET), ==, 0);
  g_unlink (path);
  return fd;
}

static inline void
test_assert_says (GError **error, int code, const char *part)
{
  g_assert_error (*error, SLUICE_ERROR, code);
  if (strstr ((*error)->message, part) == NULL)
    g_test_message ("says: %s", (*error)->message);
  g_assert_nonnull (strstr ((*error)->message, part));
  g_assert_null (strstr ((*error)->message, "sk-test"));
  g_clear_error (error);
}
