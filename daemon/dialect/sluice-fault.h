/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A failure that an upstream reported, in the form every client gets (reference wire-formats.md 14, http-surface.md
 * 1.4).
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * @retriable says that going on may help, not that the same deployment should be asked again: it is also set where only
 * another deployment can do better (401, 403, 404, no quota, context length, content policy), and not where every
 * deployment would say the same (400, 413, 422). @billed follows the upstream's own status, before it is mapped.
 */
typedef struct {
  guint status;       /* for our client */
  char *type;         /* (owned) */
  char *code;         /* (owned) (nullable): %NULL for the status as text */
  char *param;        /* (owned) (nullable) */
  char *message;      /* (owned): the upstream's own words, at most 2,000 bytes, valid UTF-8 */
  gboolean retriable; /* another deployment, or the same one later, may do better */
  gboolean billed;    /* the upstream may have charged for it (5xx and broken streams; never 4xx) */
} SluiceFault;

/* @type (nullable): %NULL for the usual one of @status. A @status that is no error becomes 500. */
SluiceFault *sluice_fault_new (guint status, const char *type, const char *message);

/* From one of our own errors (domain SLUICE_ERROR). */
SluiceFault *sluice_fault_new_from_error (const GError *error);

/*
 * From an upstream's answer of status @status with body @body, in any of the shapes of wire-formats.md 8 and 14
 * ({"error":{...}}, {"error":"text"}, {"message":...}, {"detail":...}, HTML). A status below 400 is an error in an
 * answer that began well: the status is then what the body says (OpenRouter, vLLM and llama.cpp put it there), else
 * 500, and the fault is billed. Never %NULL.
 */
SluiceFault *sluice_fault_new_from_answer (guint status, const char *body, gsize length);
void sluice_fault_free (SluiceFault *self);

/* {"error":{"message","type","param","code"}}; "code" is a string, param null when unknown. */
void sluice_fault_append_json (const SluiceFault *self, GString *into);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SluiceFault, sluice_fault_free)

G_END_DECLS
