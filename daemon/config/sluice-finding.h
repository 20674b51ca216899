/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One thing that the configuration's author should know: file, line, column, path of the key, and what to change.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  SLUICE_FINDING_WARNING,
  SLUICE_FINDING_ERROR,
} SluiceFindingLevel;

typedef struct {
  SluiceFindingLevel level;
  char *file;
  guint line;    /* from 1; 0 when the finding has no place */
  guint column;  /* from 1 */
  char *path;    /* (nullable): e.g. "model_list[2].litellm_params.api_base" */
  char *message; /* lower case, no full stop, says what to change; never a secret */
} SluiceFinding;

SluiceFinding *sluice_finding_new (SluiceFindingLevel level,
                                   const char *file,
                                   guint line,
                                   guint column,
                                   const char *path,
                                   const char *message);
void sluice_finding_free (SluiceFinding *self);

/* "config.yaml:12:5: error: model_list[2].litellm_params.api_bse: unknown key, did you mean 'api_base'?" */
char *sluice_finding_to_string (const SluiceFinding *self);

/*
 * Puts @findings in the order of @files (element-type utf8), and those of one file in the order of their places; what
 * has none comes after what has one. Those of other files come last and stay in their order.
 */
void sluice_findings_sort (GPtrArray *findings, GPtrArray *files);

/* Whether one of @findings is an error. */
gboolean sluice_findings_have_error (GPtrArray *findings);

/* How many of @findings are of @level. */
guint sluice_findings_count (GPtrArray *findings, SluiceFindingLevel level);

/* Each on a line of standard error, as sluice_finding_to_string() has it. */
void sluice_findings_print (GPtrArray *findings);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SluiceFinding, sluice_finding_free)

G_END_DECLS
