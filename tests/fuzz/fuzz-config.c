/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reads the bytes as a configuration: an error and a missing snapshot are the same thing, findings are fit to be shown,
 * no value of the environment is in one, and what a snapshot holds is as typed as it promises.
 */
#include "fuzz-target.h"

#include "config/sluice-config.h"
#include "shared/sluice-json.h"
#include "shared/sluice-money.h"

#include <string.h>

#define SECRET "sk-kept-to-ourselves"

static void
check_finding (const SluiceFinding *finding, gboolean is_told)
{
  g_autofree char *text = sluice_finding_to_string (finding);

  g_assert_true (g_utf8_validate (text, -1, NULL));
  for (const char *at = text; *at != '\0'; at++)
    g_assert_false (g_ascii_iscntrl (*at));
  g_assert_true (is_told || strstr (text, SECRET) == NULL);
}

static void
check_model (const SluiceConfigModel *model)
{
  g_assert_true (model->id != NULL && model->group != NULL && model->model != NULL);
  g_assert_true (model->api_base == NULL || g_ascii_strncasecmp (model->api_base, "http", 4) == 0);
  g_assert_true (model->local >= -1 && model->local <= 1);
  g_assert_true (model->input_femto >= -1 && model->input_femto <= SLUICE_MONEY_MAX_FEMTO_PER_TOKEN);
  g_assert_true (model->output_femto >= -1 && model->output_femto <= SLUICE_MONEY_MAX_FEMTO_PER_TOKEN);
  g_assert_true (model->timeout_ms == -1 || model->timeout_ms > 0);
  g_assert_cmpuint (model->line, >, 0);
  for (guint i = 0; i < model->defaults->len; i++)
    {
      const SluiceConfigDefault *value = &g_array_index (model->defaults, SluiceConfigDefault, i);

      g_assert_true (g_utf8_validate (value->name, -1, NULL));
      g_assert_true (sluice_json_check (value->json, strlen (value->json), SLUICE_JSON_FLAGS_NONE, NULL, NULL));
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GHashTable) environment = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) findings = g_ptr_array_new_with_free_func ((GDestroyNotify) sluice_finding_free);
  g_autoptr (SluiceConfig) config = NULL;
  /* a key of the file itself may be spelled like this, also through escapes */
  gboolean is_told = size > 0 && (g_strstr_len ((const char *) data, (gssize) size, "kept") != NULL ||
                                  memchr (data, '\\', size) != NULL);

  g_hash_table_insert (environment, (gpointer) "K", (gpointer) SECRET);
  config = sluice_config_parse ("f", (const char *) data, size, environment, findings);
  g_assert_cmpint (config == NULL, ==, sluice_findings_have_error (findings));
  g_assert_cmpuint (findings->len, <=, 202);
  for (guint i = 0; i < findings->len; i++)
    check_finding (g_ptr_array_index (findings, i), is_told);
  for (guint i = 0; config != NULL && i < sluice_config_get_n_models (config); i++)
    check_model (sluice_config_get_model (config, i));
  return 0;
}
