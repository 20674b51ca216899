/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The keys of config.yaml as tables: section, name, type, what its value may be, its default where the format has one,
 * and whether the key has an effect here. To give a key an effect, change its row, and read it (sluice-config-draft.c
 * for items of model_list, sluice-config.c and sluice-config-routing.c for the rest).
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  SLUICE_SECTION_TOP,
  SLUICE_SECTION_MODEL_ITEM, /* an item of model_list */
  SLUICE_SECTION_LITELLM_PARAMS,
  SLUICE_SECTION_MODEL_INFO,
  SLUICE_SECTION_CREDENTIAL, /* an item of credential_list */
  SLUICE_SECTION_CREDENTIAL_VALUES,
  SLUICE_SECTION_LITELLM_SETTINGS,
  SLUICE_SECTION_GENERAL_SETTINGS,
  SLUICE_SECTION_ROUTER_SETTINGS,
  SLUICE_SECTION_SLUICE_SETTINGS, /* names only: what they take is in sluice-settings.c */
  SLUICE_SECTION_ALIAS, /* a value of model_group_alias */
  SLUICE_SECTION_CACHE_PARAMS,
  SLUICE_SECTION_RETRY_POLICY,
  SLUICE_SECTION_FAILS_POLICY,
  SLUICE_SECTION_STRATEGY_ARGS,
  SLUICE_SECTION_BUDGET,      /* a value of provider_budget_config or tag_budget_config */
  SLUICE_SECTION_KEY_PARAMS,  /* what keys, users and teams are made with when nothing else is said */
  SLUICE_SECTION_PASS_THROUGH, /* an item of pass_through_endpoints */
  SLUICE_N_SECTIONS,
} SluiceSection;

typedef enum {
  SLUICE_KEY_ANY,
  SLUICE_KEY_BOOL,
  SLUICE_KEY_INT,
  SLUICE_KEY_NUMBER,
  SLUICE_KEY_STRING,
  SLUICE_KEY_LIST,
  SLUICE_KEY_MAP,
  SLUICE_KEY_STRING_OR_INT,
  SLUICE_KEY_STRING_OR_LIST,
  SLUICE_KEY_STRING_OR_MAP,
  SLUICE_KEY_LIST_OR_MAP,
} SluiceKeyType;

typedef enum {
  SLUICE_KEY_PENDING,   /* known, but without an effect yet */
  SLUICE_KEY_USED,      /* read */
  SLUICE_KEY_PARAMETER, /* goes into requests as a default */
  SLUICE_KEY_CHECKED,   /* without an effect yet, as its whole section, which says so */
} SluiceKeyStatus;

/* What a value of the right type may be. */
typedef enum {
  SLUICE_RULE_NONE,
  SLUICE_RULE_RANGE,        /* a number from minimum to maximum */
  SLUICE_RULE_ABOVE,        /* a number above minimum, at most maximum */
  SLUICE_RULE_DURATION,     /* "30s", "5m", "1h", "30d", "1w", "1mo" */
  SLUICE_RULE_WORD,         /* one of words */
  SLUICE_RULE_WORD_LIST,    /* a list of them */
  SLUICE_RULE_TEXT_LIST,    /* a list of texts */
  SLUICE_RULE_GROUP,        /* a name that can be asked for */
  SLUICE_RULE_GROUP_LIST,   /* a list of them */
  SLUICE_RULE_FALLBACKS,    /* group to such a list: a map, or a list of maps */
  SLUICE_RULE_SECTION,      /* a map of the keys of section */
  SLUICE_RULE_SECTION_MAP,  /* a map of such maps */
  SLUICE_RULE_SECTION_LIST, /* a list of such maps */
} SluiceKeyRule;

/**
 * SluiceKey:
 * @name: as written in the file
 * @type: its type
 * @status: whether it has an effect
 * @rule: what the value may be, beyond its type
 * @minimum: for ranges
 * @maximum: for ranges
 * @words: (nullable) (array zero-terminated=1): for words
 * @section: for maps
 * @is_budget: a limit on what may be spent, or what holds such limits
 * @is_guarded: it decides who may ask, or what may be asked: lost, it would leave open what was meant to be closed
 * @is_vital: it decides where a request goes, or whether it may go there: misspelt, it is not passed over
 * @keeps_unset: a reference to a variable that is not set does not count as not given: what counts then is elsewhere
 * @has_names: the keys of the map that is its value are names that the author chose
 * @has_params: below the values in the map that is its value stands data of others, where no key is one of ours
 * @default_text: (nullable): what counts where the key is not given, as it would be written
 * @notice: (nullable): what a warning says instead of that the key has no effect; not for false
 *
 * A row.
 */
typedef struct {
  const char *name;
  SluiceKeyType type;
  SluiceKeyStatus status;
  SluiceKeyRule rule;
  gint64 minimum;
  gint64 maximum;
  const char *const *words;
  SluiceSection section;
  gboolean is_budget;
  gboolean is_guarded;
  gboolean is_vital;
  gboolean keeps_unset;
  gboolean has_names;
  gboolean has_params;
  const char *default_text;
  const char *notice;
} SluiceKey;

/* (nullable): the row lives for ever. */
const SluiceKey *sluice_schema_find (SluiceSection section, const char *name);

/* The known key nearest to @name, or %NULL. */
const SluiceKey *sluice_schema_nearest (SluiceSection section, const char *name);

/* What a section is called in the file: "general_settings"; %NULL for the top level, and for those that have no name of
 * their own. */
const char *sluice_schema_section_name (SluiceSection section);

/* The type for people: "a text or a list". */
const char *sluice_schema_describe_type (SluiceKeyType type);

/* The rows of a section. */
const SluiceKey *sluice_schema_table (SluiceSection section, guint *n_keys);

G_END_DECLS
