/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/sluice-ledger-directory-private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "shared/sluice-error.h"

/* WAL needs memory shared between processes and locks that hold; over a network neither can be relied upon. */
static const struct {
  guint32 type;
  const char *name;
} unfit[] = {
  { 0x00006969, "NFS" },    { 0x0000517b, "SMB" },  { 0xff534d42, "CIFS" }, { 0xfe534d42, "SMB2" },
  { 0x65735546, "FUSE" },   { 0x5346414f, "AFS" },  { 0x6b414653, "AFS" },  { 0x00c36400, "Ceph" },
  { 0x01021997, "9P" },     { 0x73757245, "Coda" }, { 0x0000564c, "NCP" },  { 0x0bd00bd0, "Lustre" },
};

const char *
sluice_ledger_directory_unfit_name (guint32 type)
{
  for (guint i = 0; i < G_N_ELEMENTS (unfit); i++)
    if (unfit[i].type == type)
      return unfit[i].name;
  return NULL;
}

static gboolean
refuse_unfit (int fd, const char *path, GError **error)
{
  struct statfs buffer;
  const char *name;

  if (fstatfs (fd, &buffer) < 0)
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_STORAGE,
                   "cannot tell the file system of %s: %s", path, g_strerror (errno));
      return FALSE;
    }
  name = sluice_ledger_directory_unfit_name ((guint32) buffer.f_type);
  if (name != NULL)
    g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_STORAGE,
                 "%s is on a network or user-space file system (%s), where a database is not safe; "
                 "use a directory on a local disk", path, name);
  return name == NULL;
}

static gboolean
make_private (int fd, const char *path, GError **error)
{
  struct stat buffer;

  if (fstat (fd, &buffer) < 0)
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_STORAGE, "cannot look at %s: %s", path, g_strerror (errno));
      return FALSE;
    }
  if (buffer.st_uid != geteuid ())
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_STORAGE,
                   "%s belongs to another user (uid %u); use a directory of your own", path, (guint) buffer.st_uid);
      return FALSE;
    }
  if ((buffer.st_mode & 077) == 0)
    return TRUE;

  if (fchmod (fd, 0700) < 0)
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_STORAGE,
                   "others may enter %s, and its mode cannot be changed: %s", path, g_strerror (errno));
      return FALSE;
    }
  g_warning ("others could enter %s (mode %04o); changed to 0700", path, (guint) buffer.st_mode & 07777);
  return TRUE;
}

gboolean
sluice_ledger_directory_prepare (const char *path, GError **error)
{
  gboolean fit;
  int fd;

  g_assert (path != NULL);

  if (!g_path_is_absolute (path))
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_STORAGE, "\"%s\" is not an absolute path", path);
      return FALSE;
    }
  if (g_mkdir_with_parents (path, 0700) < 0)
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_STORAGE, "cannot make %s: %s", path, g_strerror (errno));
      return FALSE;
    }
  fd = g_open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  if (fd < 0)
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_STORAGE, "cannot open %s: %s", path, g_strerror (errno));
      return FALSE;
    }
  fit = make_private (fd, path, error) && refuse_unfit (fd, path, error);
  close (fd);
  return fit;
}
