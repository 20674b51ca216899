/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of tables share: short names, so that a row reads as one.
 */
#pragma once

#include "config/sluice-config-schema.h"

G_BEGIN_DECLS

#define ANY SLUICE_KEY_ANY
#define BOOL SLUICE_KEY_BOOL
#define INT SLUICE_KEY_INT
#define NUMBER SLUICE_KEY_NUMBER
#define STRING SLUICE_KEY_STRING
#define LIST SLUICE_KEY_LIST
#define MAP SLUICE_KEY_MAP
#define STRING_OR_INT SLUICE_KEY_STRING_OR_INT
#define STRING_OR_LIST SLUICE_KEY_STRING_OR_LIST
#define STRING_OR_MAP SLUICE_KEY_STRING_OR_MAP
#define LIST_OR_MAP SLUICE_KEY_LIST_OR_MAP
#define USED SLUICE_KEY_USED
#define PENDING SLUICE_KEY_PENDING
#define PARAMETER SLUICE_KEY_PARAMETER
#define CHECKED SLUICE_KEY_CHECKED

/* The rows: name, type, status, and what else they have. */
#define KEY(n, t, s, ...) { .name = n, .type = t, .status = s, ##__VA_ARGS__ }
#define OTHERWISE(text) .default_text = text
#define RANGE(least, most) .rule = SLUICE_RULE_RANGE, .minimum = least, .maximum = most
#define ABOVE(bound, most) .rule = SLUICE_RULE_ABOVE, .minimum = bound, .maximum = most
#define DURATION .rule = SLUICE_RULE_DURATION
#define WORD(list) .rule = SLUICE_RULE_WORD, .words = list
#define WORD_LIST(list) .rule = SLUICE_RULE_WORD_LIST, .words = list
#define TEXTS .rule = SLUICE_RULE_TEXT_LIST
#define GROUP .rule = SLUICE_RULE_GROUP
#define GROUPS .rule = SLUICE_RULE_GROUP_LIST
#define FALLBACKS .rule = SLUICE_RULE_FALLBACKS, NAMES
#define SECTION(id) .rule = SLUICE_RULE_SECTION, .section = SLUICE_SECTION_##id
#define SECTION_MAP(id) .rule = SLUICE_RULE_SECTION_MAP, .section = SLUICE_SECTION_##id, NAMES
#define SECTION_LIST(id) .rule = SLUICE_RULE_SECTION_LIST, .section = SLUICE_SECTION_##id
#define BUDGET RANGE (0, SLUICE_SCHEMA_DOLLARS_MAX), .is_budget = TRUE
#define NOTICE(text) .notice = text
#define GUARDED .is_guarded = TRUE
#define VITAL .is_vital = TRUE
#define NAMES .has_names = TRUE
#define PARAMS .has_params = TRUE

/* Usual ranges. */
#define COUNT RANGE (0, 1000000000)
#define RETRIES RANGE (0, 100)
#define SECONDS ABOVE (0, 31536000)
#define SECONDS_OR_0 RANGE (0, 31536000)
#define PRICE RANGE (0, SLUICE_SCHEMA_DOLLARS_MAX)
#define SLUICE_SCHEMA_DOLLARS_MAX G_GINT64_CONSTANT (1000000000)

typedef struct {
  const SluiceKey *keys;
  guint n_keys;
} SluiceSchemaTable;

#define SLUICE_SCHEMA_TABLE(keys) { keys, G_N_ELEMENTS (keys) }

extern const SluiceSchemaTable sluice_schema_top;
extern const SluiceSchemaTable sluice_schema_model_item;
extern const SluiceSchemaTable sluice_schema_litellm_params;
extern const SluiceSchemaTable sluice_schema_model_info;
extern const SluiceSchemaTable sluice_schema_credential;
extern const SluiceSchemaTable sluice_schema_credential_values;
extern const SluiceSchemaTable sluice_schema_litellm_settings;
extern const SluiceSchemaTable sluice_schema_general_settings;
extern const SluiceSchemaTable sluice_schema_router_settings;
extern const SluiceSchemaTable sluice_schema_sluice_settings;
extern const SluiceSchemaTable sluice_schema_alias;
extern const SluiceSchemaTable sluice_schema_cache_params;
extern const SluiceSchemaTable sluice_schema_retry_policy;
extern const SluiceSchemaTable sluice_schema_fails_policy;
extern const SluiceSchemaTable sluice_schema_strategy_args;
extern const SluiceSchemaTable sluice_schema_budget;
extern const SluiceSchemaTable sluice_schema_key_params;
extern const SluiceSchemaTable sluice_schema_pass_through;

G_END_DECLS
