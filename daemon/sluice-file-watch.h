/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Says that files may have changed. A file has one name and perhaps many places: each link on the way to it, and what
 * the last one leads to. They are found where files may be looked at, and watched on the main thread, where nothing
 * waits for a disk.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _SluiceFileWatch SluiceFileWatch;

/*
 * Adds to @places (element-type filename, freed with g_free()) what decides which file has the name @file, unless it is
 * there already: every link on the way, the file at its end, and the directory of each; of a name that nothing has, the
 * first part that is missing. Absolute paths without links. Looks at the file system; any thread.
 */
void sluice_file_watch_resolve (const char *file, GPtrArray *places);

/* How @places look now, as a text to be compared: kind, rights, size and times; of a link its target. Looks at the
 * file system; any thread. (transfer full) */
char *sluice_file_watch_describe (GPtrArray *places);

/*
 * @func is called when something has changed and was then quiet for 200 ms, or after 2 s of steady changes. Nothing is
 * watched at first. Main thread, default main context, as for all that follows.
 */
SluiceFileWatch *sluice_file_watch_new (void (*func) (gpointer user_data), gpointer user_data);
/* @func is not called after this. */
void sluice_file_watch_free (SluiceFileWatch *self);

/*
 * Watches @places, as sluice_file_watch_resolve() gives them, and no others; a call that was due stays so. @description
 * (nullable) is how they looked when they were read: if they look otherwise as soon as they are watched, that is a
 * change.
 */
void sluice_file_watch_set_files (SluiceFileWatch *self, GPtrArray *places, const char *description);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SluiceFileWatch, sluice_file_watch_free)

G_END_DECLS
