/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where the readers of a file, and of those that it includes, leave their findings: it sorts them into the order of the
 * files, and keeps a file of a hundred thousand mistakes from becoming as many findings. One thread.
 */
#pragma once

#include "config/sluice-finding.h"

G_BEGIN_DECLS

/* So many of each level are kept; the rest is counted. */
#define SLUICE_FINDING_SINK_MAX 100

typedef struct _SluiceFindingSink SluiceFindingSink;

SluiceFindingSink *sluice_finding_sink_new (const char *file);
void sluice_finding_sink_free (SluiceFindingSink *self);

/* Findings that come now belong to @file, until the next call. Files stand in the order in which they came first. */
void sluice_finding_sink_set_file (SluiceFindingSink *self, const char *file);

/* @line, @column and @path (nullable) as in SluiceFinding. The text must hold no value of the file. */
void sluice_finding_sink_add (SluiceFindingSink *self,
                              SluiceFindingLevel level,
                              guint line,
                              guint column,
                              const char *path,
                              const char *format,
                              ...) G_GNUC_PRINTF (6, 7);

/* Whether the next finding of @level would only be counted: spares the search for a good text. */
gboolean sluice_finding_sink_is_full (const SluiceFindingSink *self, SluiceFindingLevel level);

gboolean sluice_finding_sink_has_error (const SluiceFindingSink *self);

/* Moves all into @findings, in the order of the files; those without a place come last in each. */
void sluice_finding_sink_drain (SluiceFindingSink *self, GPtrArray *findings);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SluiceFindingSink, sluice_finding_sink_free)

G_END_DECLS
