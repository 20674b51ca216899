/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Keys that the service manager hands over as files ($CREDENTIALS_DIRECTORY, LoadCredential= of a unit).
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Reads those files of @path that are named like a provider or like one of its key variables; others belong to others
 * and are not opened. A file that cannot be used is left out with a text in @warnings (element-type utf8), which never
 * quotes it. Blocks. Returns: (transfer full) (element-type utf8 utf8): name of the file, or of the provider that it is
 * an alias of, to secret.
 */
GHashTable *sluice_credential_directory_load (const char *path, GPtrArray *warnings);

G_END_DECLS
