/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From the name a client asks for to the deployments that may answer, in order. Immutable once built;
 * reference-counted; any thread.
 */
#pragma once

#include "router/sluice-deployment.h"
#include "router/sluice-ollama-lists.h"

G_BEGIN_DECLS

typedef struct _SluiceRouter SluiceRouter;

/*
 * Joins every item of @config with its provider. Items that cannot be used are left out, with a finding in @findings
 * (nullable, element-type SluiceFinding): a warning, or an error where a known provider is misspelt, after which the
 * router should not be used. @findings is sorted into the order of the files with what the reader found.
 */
SluiceRouter *sluice_router_new (SluiceConfig *config, GPtrArray *findings);

/*
 * What is served while nothing is configured: @found (element-type SluiceDeployment, may be empty) and the mock/
 * provider (DESIGN 7).
 */
SluiceRouter *sluice_router_new_unconfigured (GPtrArray *found);

/*
 * The addresses of the servers that its local deployments are at, each once, without the "/v1" of OpenAI's form: an
 * Ollama among them is asked which of its models it only passes on. @all: not only those that speak Ollama's own wire.
 * (transfer full) (element-type utf8)
 */
GPtrArray *sluice_router_dup_bases (SluiceRouter *self, gboolean all);

/*
 * What @lists says is passed on counts as cloud, and what is not in them is unlisted, unless model_info.local says
 * otherwise of that very model. Before it serves; once.
 */
void sluice_router_set_lists (SluiceRouter *self, SluiceOllamaLists *lists);

SluiceRouter *sluice_router_ref (SluiceRouter *self);
void sluice_router_unref (SluiceRouter *self);

/*
 * The candidates for the name @model, first choice first (config-and-router.md 2.1): group, deployment id, alias,
 * upstream model as written, wildcard. Members of a group come in random order (simple-shuffle).
 *
 * @names_group (out) (nullable): whether @model is the name of a group, of an alias of one, or meets a wildcard: then
 * it is the gateway that chooses among the candidates. Otherwise the client chose by an id or an upstream model, or
 * there is no such name.
 *
 * Returns: (transfer full) (element-type SluiceDeployment): at least one; %NULL with SLUICE_ERROR_MODEL_UNKNOWN
 * otherwise.
 */
GPtrArray *sluice_router_plan (SluiceRouter *self, const char *model, gboolean *names_group, GError **error);

/* The public names, in the order of the configuration: groups, then aliases that are not hidden; no wildcards.
 * (element-type utf8) (transfer none) */
GPtrArray *sluice_router_get_groups (SluiceRouter *self);

/* Whether @name is one of the public names. */
gboolean sluice_router_has_group (SluiceRouter *self, const char *name);

/* Whether @model can be asked for. */
gboolean sluice_router_knows (SluiceRouter *self, const char *model);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SluiceRouter, sluice_router_unref)

G_END_DECLS
