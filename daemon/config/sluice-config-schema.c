/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/sluice-config-schema-private.h"

#include "config/sluice-nearest.h"

static const SluiceSchemaTable *const tables[] = {
  [SLUICE_SECTION_TOP] = &sluice_schema_top,
  [SLUICE_SECTION_MODEL_ITEM] = &sluice_schema_model_item,
  [SLUICE_SECTION_LITELLM_PARAMS] = &sluice_schema_litellm_params,
  [SLUICE_SECTION_MODEL_INFO] = &sluice_schema_model_info,
  [SLUICE_SECTION_CREDENTIAL] = &sluice_schema_credential,
  [SLUICE_SECTION_CREDENTIAL_VALUES] = &sluice_schema_credential_values,
  [SLUICE_SECTION_LITELLM_SETTINGS] = &sluice_schema_litellm_settings,
  [SLUICE_SECTION_GENERAL_SETTINGS] = &sluice_schema_general_settings,
  [SLUICE_SECTION_ROUTER_SETTINGS] = &sluice_schema_router_settings,
  [SLUICE_SECTION_SLUICE_SETTINGS] = &sluice_schema_sluice_settings,
  [SLUICE_SECTION_ALIAS] = &sluice_schema_alias,
  [SLUICE_SECTION_CACHE_PARAMS] = &sluice_schema_cache_params,
  [SLUICE_SECTION_RETRY_POLICY] = &sluice_schema_retry_policy,
  [SLUICE_SECTION_FAILS_POLICY] = &sluice_schema_fails_policy,
  [SLUICE_SECTION_STRATEGY_ARGS] = &sluice_schema_strategy_args,
  [SLUICE_SECTION_BUDGET] = &sluice_schema_budget,
  [SLUICE_SECTION_KEY_PARAMS] = &sluice_schema_key_params,
  [SLUICE_SECTION_PASS_THROUGH] = &sluice_schema_pass_through,
};

G_STATIC_ASSERT (G_N_ELEMENTS (tables) == SLUICE_N_SECTIONS);

const SluiceKey *
sluice_schema_table (SluiceSection section, guint *n_keys)
{
  g_assert (section < SLUICE_N_SECTIONS);

  *n_keys = tables[section]->n_keys;
  return tables[section]->keys;
}

const SluiceKey *
sluice_schema_find (SluiceSection section, const char *name)
{
  guint n_keys;
  const SluiceKey *keys = sluice_schema_table (section, &n_keys);

  for (guint i = 0; i < n_keys; i++)
    if (g_str_equal (keys[i].name, name))
      return &keys[i];

  return NULL;
}

const SluiceKey *
sluice_schema_nearest (SluiceSection section, const char *name)
{
  guint n_keys;
  const SluiceKey *keys = sluice_schema_table (section, &n_keys);
  const char *nearest = sluice_nearest (name, &keys[0].name, sizeof keys[0], n_keys);

  return nearest != NULL ? sluice_schema_find (section, nearest) : NULL;
}

const char *
sluice_schema_section_name (SluiceSection section)
{
  static const char *const names[SLUICE_N_SECTIONS] = {
    [SLUICE_SECTION_LITELLM_PARAMS] = "litellm_params",
    [SLUICE_SECTION_MODEL_INFO] = "model_info",
    [SLUICE_SECTION_LITELLM_SETTINGS] = "litellm_settings",
    [SLUICE_SECTION_GENERAL_SETTINGS] = "general_settings",
    [SLUICE_SECTION_ROUTER_SETTINGS] = "router_settings",
    [SLUICE_SECTION_SLUICE_SETTINGS] = "sluice_settings",
  };

  g_assert (section < SLUICE_N_SECTIONS);
  return names[section];
}

const char *
sluice_schema_describe_type (SluiceKeyType type)
{
  static const char *const names[] = {
    [ANY] = "any value",
    [BOOL] = "true or false",
    [INT] = "a whole number",
    [NUMBER] = "a number",
    [STRING] = "a text",
    [LIST] = "a list",
    [MAP] = "a map",
    [STRING_OR_INT] = "a text or a whole number",
    [STRING_OR_LIST] = "a text or a list of texts",
    [STRING_OR_MAP] = "a text or a map",
    [LIST_OR_MAP] = "a list or a map",
  };

  g_assert ((guint) type < G_N_ELEMENTS (names));
  return names[type];
}
