/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the tests of the configuration share: a fixture that reads a text, and the tests' table.
 */
#pragma once

#include <string.h>

#include "config/sluice-config.h"

#define ITEM "model_list:\n  - model_name: m\n    litellm_params:\n      model: ollama/x\n"

typedef struct {
  GHashTable *environment;
  GPtrArray *findings;
  SluiceConfig *config;
} Fixture;

static inline void
fixture_set_up (Fixture *f, gconstpointer data)
{
  f->environment = g_hash_table_new (g_str_hash, g_str_equal);
  f->findings = g_ptr_array_new_with_free_func ((GDestroyNotify) sluice_finding_free);
}

static inline void
fixture_tear_down (Fixture *f, gconstpointer data)
{
  g_clear_pointer (&f->config, sluice_config_unref);
  g_hash_table_unref (f->environment);
  g_ptr_array_unref (f->findings);
}

static inline SluiceConfig *
load (Fixture *f, const char *text)
{
  g_clear_pointer (&f->config, sluice_config_unref);
  g_ptr_array_set_size (f->findings, 0);
  f->config = sluice_config_parse ("config.yaml", text, strlen (text), f->environment, f->findings);
  for (guint i = 0; i < f->findings->len; i++)
    {
      g_autofree char *line = sluice_finding_to_string (g_ptr_array_index (f->findings, i));

      g_test_message ("%s", line);
    }
  g_assert_true ((f->config == NULL) == sluice_findings_have_error (f->findings));
  return f->config;
}

static inline const SluiceFinding *
finding (Fixture *f, guint index)
{
  g_assert_cmpuint (index, <, f->findings->len);
  return g_ptr_array_index (f->findings, index);
}

typedef struct {
  const char *path;
  void (*func) (Fixture *f, gconstpointer data);
} ConfigTest;

static inline int
run_config_tests (int *argc, char ***argv, const ConfigTest *tests, guint n_tests)
{
  g_test_init (argc, argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  for (guint i = 0; i < n_tests; i++)
    g_test_add (tests[i].path, Fixture, NULL, fixture_set_up, tests[i].func, fixture_tear_down);
  return g_test_run ();
}
