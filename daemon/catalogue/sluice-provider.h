/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is known of a provider: where it is, which variables hold its key and address, which wire it speaks.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Up to this many names of variables, in order; the rest is %NULL. */
#define SLUICE_PROVIDER_MAX_VARIABLES 4

typedef struct {
  const char *id;       /* the prefix of a model, e.g. "hosted_vllm" */
  const char *name;     /* for people, e.g. "vLLM" */
  const char *dialect;  /* sluice_dialect_find () */
  const char *base;     /* (nullable): default base address; %NULL when it must be given */
  const char *key_variables[SLUICE_PROVIDER_MAX_VARIABLES];
  const char *base_variables[SLUICE_PROVIDER_MAX_VARIABLES];
  gboolean runs_models_here; /* DESIGN 7: it runs models itself, so a private address makes a deployment local */
  gboolean needs_key;
  gboolean wire_pending; /* known, but its wire is not spoken yet: no address, no variables, no dialect of that name */
} SluiceProvider;

/* By id or alias; %NULL if unknown. The row lives for ever. */
const SluiceProvider *sluice_provider_find (const char *id);

/* Splits "provider/model" at the first slash. If the prefix is a known provider, returns it and points @model at the
 * rest; otherwise returns %NULL and @model is the whole text. */
const SluiceProvider *sluice_provider_split (const char *name, const char **model);

/* The provider of the model @name where nothing says it: the one whose own address @api_base (nullable) is, else the
 * one that is known for such names ("gpt-4o"); %NULL if neither is certain, or @name has a slash. */
const SluiceProvider *sluice_provider_infer (const char *name, const char *api_base);

/* Every id and alias, in the order of the tables. Returns: (transfer container) (element-type utf8) */
GPtrArray *sluice_provider_dup_names (void);

/* The table of those that can be asked, for tests and lists. @n_providers (out). */
const SluiceProvider *sluice_providers (guint *n_providers);

G_END_DECLS
