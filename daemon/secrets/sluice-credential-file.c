/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "secrets/sluice-credential-file-private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "shared/sluice-error.h"

typedef struct {
  const char *path;
  guint type; /* S_IFREG or S_IFDIR */
  guint mode; /* at most */
} Wanted;

static gboolean
check (const struct stat *found, const Wanted *wanted, GError **error)
{
  if ((found->st_mode & S_IFMT) != wanted->type)
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG, "%s is not a plain %s, so it is not used for keys; move "
                   "it away", wanted->path, wanted->type == S_IFDIR ? "directory" : "file");
      return FALSE;
    }
  if (found->st_uid != geteuid ())
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG,
                   "%s belongs to another user (uid %u), so it is not used for keys; move it away",
                   wanted->path, (guint) found->st_uid);
      return FALSE;
    }
  if ((found->st_mode & 0777 & ~wanted->mode) != 0)
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG,
                   "others may use %s (mode %04o), so it is not used for keys; run: chmod %o '%s'",
                   wanted->path, (guint) found->st_mode & 07777, wanted->mode, wanted->path);
      return FALSE;
    }
  return TRUE;
}

/*
 * Follows a link only to a directory. O_PATH, because closing another kind of descriptor would drop the locks that
 * SQLite may hold on the file.
 */
static SluiceCredentialFileState
look (const Wanted *wanted, GError **error)
{
  int fd = g_open (wanted->path, O_PATH | O_CLOEXEC | (wanted->type == S_IFDIR ? 0 : O_NOFOLLOW), 0);
  struct stat found;
  int number = errno;

  if (fd < 0 && number == ENOENT)
    return SLUICE_CREDENTIAL_FILE_MISSING;
  if (fd < 0 || fstat (fd, &found) < 0)
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_STORAGE, "cannot look at %s: %s", wanted->path,
                   g_strerror (fd < 0 ? number : errno));
      if (fd >= 0)
        close (fd);
      return SLUICE_CREDENTIAL_FILE_FAULTY;
    }
  close (fd);
  return check (&found, wanted, error) ? SLUICE_CREDENTIAL_FILE_READY : SLUICE_CREDENTIAL_FILE_FAULTY;
}

static gboolean
make (const Wanted *wanted, GError **error)
{
  int fd = g_open (wanted->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (int) wanted->mode);

  if (fd < 0 && errno != EEXIST)
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_STORAGE, "cannot make %s: %s", wanted->path, g_strerror (errno));
      return FALSE;
    }
  if (fd >= 0)
    close (fd);
  return TRUE;
}

SluiceCredentialFileState
sluice_credential_file_prepare (const char *directory, const char *path, gboolean create, GError **error)
{
  const Wanted folder = { directory, S_IFDIR, 0700 };
  const Wanted file = { path, S_IFREG, 0600 };
  SluiceCredentialFileState state;
  g_autoptr (GError) fault = NULL;

  g_assert (directory != NULL && path != NULL);

  if (create && g_mkdir_with_parents (directory, 0700) < 0)
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_STORAGE, "cannot make %s: %s", directory, g_strerror (errno));
      return SLUICE_CREDENTIAL_FILE_FAULTY;
    }
  state = look (&file, &fault);
  /* a directory without such a file gives no key away */
  if (state == SLUICE_CREDENTIAL_FILE_MISSING && !create)
    return state;
  if (look (&folder, error) != SLUICE_CREDENTIAL_FILE_READY)
    return SLUICE_CREDENTIAL_FILE_FAULTY;
  if (state == SLUICE_CREDENTIAL_FILE_MISSING)
    state = make (&file, error) ? look (&file, &fault) : SLUICE_CREDENTIAL_FILE_FAULTY;
  if (fault != NULL)
    g_propagate_error (error, g_steal_pointer (&fault));
  return state;
}
