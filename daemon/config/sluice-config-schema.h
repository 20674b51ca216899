/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The keys of config.yaml as tables: section, name, type, and whether the key has an effect here. To give a key an
 * effect, change its row, and read it (sluice-config-draft.c for items of model_list, sluice-config.c for the rest).
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
  SLUICE_SECTION_ALIAS, /* a value of model_group_alias */
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
} SluiceKeyType;

typedef enum {
  SLUICE_KEY_PENDING,   /* known, but without an effect yet */
  SLUICE_KEY_USED,      /* read */
  SLUICE_KEY_PARAMETER, /* goes into requests as a default */
} SluiceKeyStatus;

typedef struct {
  const char *name;
  SluiceKeyType type;
  SluiceKeyStatus status;
} SluiceKey;

/* (nullable): the row lives for ever. */
const SluiceKey *sluice_schema_find (SluiceSection section, const char *name);

/* The known key nearest to @name, or %NULL. */
const SluiceKey *sluice_schema_nearest (SluiceSection section, const char *name);

/* The type for people: "a text or a list". */
const char *sluice_schema_describe_type (SluiceKeyType type);

/* The rows of a section. */
const SluiceKey *sluice_schema_table (SluiceSection section, guint *n_keys);

G_END_DECLS
