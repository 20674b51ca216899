/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where the configuration comes from: the file named on the command line, else the usual one if it is there, under what
 * the command line says, and the keys that are stored beside it. Reads it, makes the router of it, and watches the
 * files (DESIGN 7). Main thread.
 */
#pragma once

#include <gio/gio.h>

#include "router/sluice-router.h"

G_BEGIN_DECLS

#define SLUICE_TYPE_CONFIG_SOURCE (sluice_config_source_get_type ())
G_DECLARE_FINAL_TYPE (SluiceConfigSource, sluice_config_source, SLUICE, CONFIG_SOURCE, GObject)

/* What one reading gave. */
typedef struct {
  SluiceConfig *config; /* (owned) (nullable): %NULL if one of the findings is an error; with the stored keys */
  SluiceRouter *router; /* (owned) (nullable): %NULL if the configuration names no model */
  GPtrArray *findings;  /* (owned) (element-type SluiceFinding) */
  GPtrArray *files;     /* (owned) (element-type filename): the places to watch (sluice-file-watch.h) */
  char *description;    /* (owned): how they looked */
  gboolean found;       /* there was a file, or it had to be */
  gboolean half_written; /* somebody had a file open for writing: an error finding says so; try again */
} SluiceConfigReading;

void sluice_config_reading_free (SluiceConfigReading *self);

/*
 * @path (nullable): the file that was asked for; %NULL for the usual one, which need not exist. One that cannot be
 * reached, or is gone after it was in use, is an error finding: without it the gateway would ask nobody for a key.
 */
SluiceConfigSource *sluice_config_source_new (const char *path);

/*
 * What the command line says about the setting @name; it stands above the file, also when that is read again. Errors:
 * SLUICE_ERROR_CONFIG, as sluice_settings_set().
 */
gboolean sluice_config_source_override (SluiceConfigSource *self, const char *name, const char *text, GError **error);

/* Reads at once: before anything runs. (transfer full) */
SluiceConfigReading *sluice_config_source_read (SluiceConfigSource *self);

/* Reads in a thread of the pool. */
void sluice_config_source_read_async (SluiceConfigSource *self,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);

/* (transfer full); %NULL only if it was cancelled. */
SluiceConfigReading *sluice_config_source_read_finish (SluiceConfigSource *self, GAsyncResult *result, GError **error);

/* A configuration without a file, under what the command line says. */
SluiceConfig *sluice_config_source_get_empty (SluiceConfigSource *self);

/* Calls @changed a moment after one of @files (element-type filename: those of the last reading, also of one that was
 * refused) has changed, appeared or gone. @changed and @user_data: those of the first call. */
void sluice_config_source_watch (SluiceConfigSource *self,
                                 GPtrArray *files,
                                 void (*changed) (gpointer user_data),
                                 gpointer user_data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SluiceConfigReading, sluice_config_reading_free)

G_END_DECLS
