/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The directory that holds the database: ours alone, and on a file system whose locks and shared memory work.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Makes @path (absolute) with mode 0700 if it is not there; takes away what others may do in it, with a warning.
 * Errors: SLUICE_ERROR_STORAGE if it cannot be made, belongs to someone else, or lies on a network file system.
 */
gboolean sluice_ledger_directory_prepare (const char *path, GError **error);

/* The name of a file system that cannot hold the database, by statfs' f_type; %NULL if it can. */
const char *sluice_ledger_directory_unfit_name (guint32 type);

G_END_DECLS
