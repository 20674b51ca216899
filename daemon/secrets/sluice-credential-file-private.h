/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether nobody else can read what is in a file.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  SLUICE_CREDENTIAL_FILE_FAULTY,
  SLUICE_CREDENTIAL_FILE_MISSING,
  SLUICE_CREDENTIAL_FILE_READY,
} SluiceCredentialFileState;

/*
 * Looks at @directory and at the file @path in it: both must be ours, the directory 0700 and the file a plain one of
 * mode 0600 (or less), no link. With @create what is missing is made so. A mode that is looser is an error that says
 * how to change it, never changed here: what others could read is no secret any more, and its owner must know.
 * Blocks. Errors: SLUICE_ERROR_CONFIG where a person must act, SLUICE_ERROR_STORAGE.
 */
SluiceCredentialFileState sluice_credential_file_prepare (const char *directory,
                                                          const char *path,
                                                          gboolean create,
                                                          GError **error);

G_END_DECLS
