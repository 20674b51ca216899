/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One place where a model can be asked: an item of model_list joined with its provider's row. Immutable but for the
 * live counters; reference-counted; any thread.
 */
#pragma once

#include "catalogue/sluice-provider.h"
#include "config/sluice-config.h"

G_BEGIN_DECLS

typedef struct _SluiceDeployment SluiceDeployment;

struct _SluiceDeployment {
  char *id;
  char *group;                  /* the public name; of a wildcard's: the pattern, so that names that clients invent
                                   are no groups */
  const SluiceProvider *provider;
  char *model;                  /* the upstream's name, without the provider's prefix */
  char *api_base;               /* without a trailing slash; "" for the mock provider and where the wire is pending */
  char *api_key;                /* (nullable): a secret */
  char *organization;           /* (nullable) */
  char *mock_response;          /* (nullable): answer with this text, call nobody */
  gboolean local;               /* DESIGN 7: it may not cost money and needs no proxy */
  gboolean unlisted;            /* local as far as is known, but its Ollama has not said that it runs it itself */
  gboolean listed;              /* an Ollama there says that it has it, */
  gboolean passed_on;           /* but passes it on, and only therefore it is not local */
  gint64 input_femto;           /* per prompt token; -1: no price known */
  gint64 output_femto;          /* per completion token; -1: no price known */
  gint64 timeout_ms;            /* of the whole call; -1: the setting */
  gint64 stream_timeout_ms;     /* for streams instead; -1: timeout_ms */
  gint64 max_output_tokens;     /* -1: not known */
  const SluiceConfigDefault *defaults; /* (array length=n_defaults): owned by the snapshot */
  guint n_defaults;

  gint in_flight; /* atomic: attempts under way; not to be read or changed but by the functions below */

  gatomicrefcount refs;
  SluiceConfig *config;      /* (owned) (nullable): keeps the defaults */
  SluiceDeployment *pattern; /* (owned) (nullable): the wildcard item that this was made from, which has the counters */
};

/*
 * Where @provider is asked when an item names no address: the first of its variables that @config knows, else its usual
 * one; without a trailing slash. (transfer full) (nullable): it has none
 */
char *sluice_deployment_dup_usual_base (const SluiceConfig *config, const SluiceProvider *provider);

/*
 * Joins @model with its provider. Address: the item's own, else that of the provider's variables as @config knows them,
 * else the provider's usual one. Key: the item's own, else one that the snapshot's secrets hold for this address, else
 * that of the variables. Errors: SLUICE_ERROR_CONFIG for an unknown provider, an address that is missing or may not be
 * used; the text says what to set.
 */
SluiceDeployment *sluice_deployment_new (SluiceConfig *config, const SluiceConfigModel *model, GError **error);

/*
 * For an item whose model_name is a wildcard: what keeps the id and the live counters of all that is made from it.
 * Where litellm_params.model says the provider, the item is checked as by sluice_deployment_new(); where it does not
 * ("*"), there is no provider, and the deployment is good for sluice_deployment_new_from() only.
 */
SluiceDeployment *sluice_deployment_new_pattern (SluiceConfig *config, const SluiceConfigModel *model, GError **error);

/*
 * One for a request that met the wildcard @pattern of the item @model: it asks for @upstream, which is
 * litellm_params.model filled in. It has the id and the group of the wildcard and shares its counters, and lives as
 * long as the request: names that clients invent take no memory. A tag of Ollama's cloud makes it cloud whatever the
 * item says; so does a provider that the client chose, unless it runs models at a private address.
 */
SluiceDeployment *sluice_deployment_new_from (SluiceDeployment *pattern,
                                              SluiceConfig *config,
                                              const SluiceConfigModel *model,
                                              const char *upstream,
                                              GError **error);

/* Whether @model says its provider, by its prefix or custom_llm_provider, and not whoever asks for it. */
gboolean sluice_deployment_says_provider (const SluiceConfigModel *model);

/* One that no configuration names: a model found on a local server, or a mock. @api_base may be "". */
SluiceDeployment *sluice_deployment_new_found (const char *group,
                                               const SluiceProvider *provider,
                                               const char *model,
                                               const char *api_base);

SluiceDeployment *sluice_deployment_ref (SluiceDeployment *self);
void sluice_deployment_unref (SluiceDeployment *self);

/* An attempt begins and ends. */
void sluice_deployment_enter (SluiceDeployment *self);
void sluice_deployment_leave (SluiceDeployment *self);

/* Attempts under way, with those of all that came of the same wildcard. */
guint sluice_deployment_get_in_flight (SluiceDeployment *self);

/* Speaks Ollama's own wire: its model may be one that Ollama passes on. */
gboolean sluice_deployment_is_ollama (const SluiceDeployment *self);

/* Answers without an upstream. */
gboolean sluice_deployment_is_mock (const SluiceDeployment *self);

/* Nano-dollars for the tokens; 0 when no price is known. */
gint64 sluice_deployment_cost (const SluiceDeployment *self, gint64 prompt_tokens, gint64 completion_tokens);

/* Whether it has a price, be it zero. */
gboolean sluice_deployment_has_price (const SluiceDeployment *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SluiceDeployment, sluice_deployment_unref)

G_END_DECLS
