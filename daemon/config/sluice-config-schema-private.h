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
#define USED SLUICE_KEY_USED
#define PENDING SLUICE_KEY_PENDING
#define PARAMETER SLUICE_KEY_PARAMETER

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
extern const SluiceSchemaTable sluice_schema_alias;

G_END_DECLS
