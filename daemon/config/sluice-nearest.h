/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which known name somebody meant.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * The name nearest to @word by edit distance (swapped neighbours count as one edit, case and "-" for "_" as none), or
 * %NULL if none is near. @names points at the first name; the others follow at @stride bytes each, as in a table whose
 * rows begin with a name. Any thread.
 */
const char *sluice_nearest (const char *word, const char *const *names, gsize stride, guint n_names);

/* By how many edits, counted so, @word and @name differ; %G_MAXUINT if one of them is longer than 64 bytes. */
guint sluice_nearest_count_edits (const char *word, const char *name);

G_END_DECLS
