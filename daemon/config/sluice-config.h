/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One immutable snapshot of the configuration (DESIGN 7). Reference-counted, so that a request keeps the one it began
 * with; any thread may read it. It holds what was written, checked and typed, not what the router makes of it.
 */
#pragma once

#include "config/sluice-finding.h"
#include "config/sluice-settings.h"

G_BEGIN_DECLS

typedef struct _SluiceConfig SluiceConfig;

struct _SluiceSecrets;

/* A default that the deployment puts under the client's value: a sampling key of litellm_params. */
typedef struct {
  char *name;
  char *json; /* raw JSON of the value */
} SluiceConfigDefault;

/* Where a value stands, as in SluiceFinding. */
typedef struct {
  char *file;
  char *path;
  guint line; /* 0: it was not given */
  guint column;
} SluiceConfigPlace;

/* The values of an item that others judge than the reader of the file. */
typedef enum {
  SLUICE_CONFIG_PLACE_MODEL,
  SLUICE_CONFIG_PLACE_PROVIDER,
  SLUICE_CONFIG_PLACE_API_BASE, /* or base_url; a credential may have it */
  SLUICE_CONFIG_N_PLACES,
} SluiceConfigPlaceIndex;

/* The address of an item that refers to a variable that is not set: its key is not for the provider's usual one. */
#define SLUICE_CONFIG_UNSET_ADDRESS "os.environ/"

/* One item of model_list. */
typedef struct {
  char *id;             /* model_info.id, else 16 hex digits as DESIGN 7 says */
  char *group;          /* model_name */
  char *model;          /* litellm_params.model as written, e.g. "ollama/llama3" */
  char *provider;       /* (nullable): custom_llm_provider */
  char *api_base;       /* (nullable); SLUICE_CONFIG_UNSET_ADDRESS: not to be asked anywhere */
  char *api_key;        /* (nullable): a secret */
  char *mock_response;  /* (nullable) */
  char *organization;   /* (nullable) */
  char *credential;     /* (nullable): litellm_credential_name; what it fills in stands in the other members */
  int local;            /* model_info.local: 1, 0, or -1 when not said */
  gint64 input_femto;   /* input_cost_per_token; -1 when not said */
  gint64 output_femto;  /* output_cost_per_token; -1 when not said */
  gint64 timeout_ms;    /* timeout or request_timeout; -1 when not said */
  gint64 stream_timeout_ms;
  gint64 max_output_tokens; /* model_info.max_output_tokens or max_tokens; -1 when not said */
  GArray *defaults;     /* (element-type SluiceConfigDefault) */
  char *file;           /* where it stands: the file as findings show it, */
  char *path;           /* "model_list[2]", counted in its own file, */
  guint line;           /* and line and column, from 1 */
  guint column;
  SluiceConfigPlace places[SLUICE_CONFIG_N_PLACES];
} SluiceConfigModel;

/* Another name for a group: router_settings.model_group_alias. */
typedef struct {
  char *name;
  char *group;     /* need not exist */
  gboolean hidden; /* works, and is not listed */
} SluiceConfigAlias;

/*
 * Reads the file @path. @environment (nullable, element-type filename filename) answers os.environ/NAME and is copied;
 * %NULL for the process's. @findings (element-type SluiceFinding) gets every mistake and warning, all at once, in the
 * order of the file (those without a place last, at most a hundred of each level and then how many more); the snapshot
 * is %NULL if one of them is an error. Blocks on the file. A missing @path is an error finding.
 */
SluiceConfig *sluice_config_load (const char *path, GHashTable *environment, GPtrArray *findings);

/*
 * The same, and @files (nullable, element-type filename) gets a copy of the name of every file that was read or looked
 * for, @path first, also when the result is %NULL. Free them with g_free().
 */
SluiceConfig *sluice_config_load_full (const char *path,
                                       GHashTable *environment,
                                       GPtrArray *findings,
                                       GPtrArray *files);

/* The same from text, which cannot include files; @name is what findings call the file. @text may hold any bytes. */
SluiceConfig *sluice_config_parse (const char *name,
                                   const char *text,
                                   gsize length,
                                   GHashTable *environment,
                                   GPtrArray *findings);

/* What is used without a file: no models, all settings at their defaults, LITELLM_MASTER_KEY as it is. */
SluiceConfig *sluice_config_new_empty (GHashTable *environment);

/* The same; @findings (nullable) gets what is wrong with the variables of settings, which then keep their defaults, and
 * with LITELLM_MASTER_KEY, which counts all the same (a warning). */
SluiceConfig *sluice_config_new_empty_full (GHashTable *environment, GPtrArray *findings);

/*
 * A setting of the command line, which stands above the file: as sluice_settings_set(). Only before the snapshot is
 * shared, by the one who made it.
 */
gboolean sluice_config_override (SluiceConfig *self, const char *name, const char *text, GError **error);

SluiceConfig *sluice_config_ref (SluiceConfig *self);
void sluice_config_unref (SluiceConfig *self);

/* Every file that was read, the main one first, ended by %NULL; empty for one that is not from a file. */
const char *const *sluice_config_get_files (const SluiceConfig *self);

/*
 * Sorts @findings (element-type SluiceFinding), to which others than the reader have added, into the order of the files
 * of @self and of what stands in them; those without a place come last in each file, those of other files last of all.
 */
void sluice_config_sort_findings (const SluiceConfig *self, GPtrArray *findings);

guint sluice_config_get_n_models (const SluiceConfig *self);
const SluiceConfigModel *sluice_config_get_model (const SluiceConfig *self, guint index);

guint sluice_config_get_n_aliases (const SluiceConfig *self);
const SluiceConfigAlias *sluice_config_get_alias (const SluiceConfig *self, guint index);

/* general_settings.master_key, else LITELLM_MASTER_KEY; %NULL if there is none. A secret. */
const char *sluice_config_get_master_key (const SluiceConfig *self);

/* litellm_settings.require_auth_for_metrics_endpoint: whether /metrics asks also the user's own processes for a key. */
gboolean sluice_config_get_metrics_need_key (const SluiceConfig *self);

/*
 * The path of a budget that the file sets and that nothing enforces yet, such as "litellm_settings.max_budget"; %NULL
 * if there is none. While there is one, calls that can cost money must be refused (DESIGN 8).
 */
const char *sluice_config_get_unenforced_budget (const SluiceConfig *self);

/*
 * Whether the file holds no key at all: nothing, blanks, comments, '---' or '{}'. It configures nothing, which is fine
 * at first; while a configuration is in use it more likely means that somebody is writing the file just now.
 */
gboolean sluice_config_is_blank (const SluiceConfig *self);

/*
 * The same for each file that was read: the name, as findings show it, of the first that holds no key, the main one or
 * one that it includes; %NULL if there is none. What an included file no longer says may have been a lock.
 */
const char *sluice_config_get_blank_file (const SluiceConfig *self);

/* Whether @key stands in a tutorial, so that everybody knows it: "sk-1234" and the like. */
gboolean sluice_config_is_example_key (const char *key);

/* Never %NULL; lives as long as the snapshot. */
const SluiceSettings *sluice_config_get_settings (const SluiceConfig *self);

/*
 * Where the value of the setting @name, which must be known, comes from: command line > file > environment (SLUICE_PORT
 * for port, and so on, and LITELLM_CORS_ORIGINS) > database > default.
 */
SluiceOrigin sluice_config_get_origin (const SluiceConfig *self, const char *name);

/* "command-line", "file", "environment", "database", "default": as on the bus. */
const char *sluice_origin_to_string (SluiceOrigin origin);

/*
 * Sets what the database has stored (element-type utf8 utf8: name, text as sluice_settings_set() takes it), but nothing
 * that comes from elsewhere. Only before the snapshot is shared. Returns how many were unknown or did not fit, and were
 * left out.
 */
guint sluice_config_apply_database (SluiceConfig *self, GHashTable *values);

/* A variable: environment_variables of the file, then the environment given at load. (nullable) */
const char *sluice_config_get_variable (const SluiceConfig *self, const char *name);

/*
 * The keys that stand outside the configuration and belong to it (secrets/sluice-secrets.h, a room that may look at
 * this one but not the other way round): they travel with the snapshot, so that whoever makes a deployment of it has
 * them. @secrets (transfer full). Once, before the snapshot is shared, by the one who made it.
 */
void sluice_config_set_secrets (SluiceConfig *self,
                                struct _SluiceSecrets *secrets,
                                void (*unref) (struct _SluiceSecrets *secrets));

/* (nullable) (transfer none): none were set. */
struct _SluiceSecrets *sluice_config_get_secrets (const SluiceConfig *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SluiceConfig, sluice_config_unref)

G_END_DECLS
