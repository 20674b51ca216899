/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "catalogue/sluice-provider.h"

#include <string.h>

static void
test_table (void)
{
  guint n_providers;
  const SluiceProvider *providers = sluice_providers (&n_providers);

  g_assert_cmpuint (n_providers, >=, 20);
  for (guint i = 0; i < n_providers; i++)
    {
      const SluiceProvider *row = &providers[i];

      g_assert_true (sluice_provider_find (row->id) == row);
      g_assert_null (strchr (row->id, '/'));
      g_assert_nonnull (row->name);
      g_assert_nonnull (row->dialect);
      g_assert_true (row->base == NULL || g_str_has_prefix (row->base, "http"));
      g_assert_true (row->base == NULL || !g_str_has_suffix (row->base, "/"));
      /* whoever needs a key is reached over TLS and has a variable for it */
      g_assert_true (!row->needs_key || (g_str_has_prefix (row->base, "https://") && row->key_variables[0] != NULL));
      g_assert_false (row->needs_key && row->runs_models_here);
    }
}

static void
test_find (void)
{
  g_assert_cmpstr (sluice_provider_find ("vllm")->id, ==, "hosted_vllm");
  g_assert_cmpstr (sluice_provider_find ("llamacpp")->id, ==, "llama_cpp");
  g_assert_cmpstr (sluice_provider_find ("text-completion-openai")->id, ==, "openai");
  g_assert_null (sluice_provider_find ("OpenAI"));
  g_assert_null (sluice_provider_find ("huggingface"));
  g_assert_null (sluice_provider_find (""));
  g_assert_true (sluice_provider_find ("anthropic")->wire_pending);
  g_assert_false (sluice_provider_find ("openai")->wire_pending);
  g_assert_null (sluice_provider_find ("openai/"));
  g_assert_false (sluice_provider_find ("litellm_proxy")->runs_models_here);
  g_assert_true (sluice_provider_find ("ollama_chat")->runs_models_here);
  g_assert_null (sluice_provider_find ("openai_like")->base);
}

static void
test_split (void)
{
  static const struct {
    const char *name;
    const char *id; /* (nullable) */
    const char *model;
  } rows[] = {
    { "openai/gpt-4o", "openai", "gpt-4o" },
    { "openrouter/anthropic/claude-x", "openrouter", "anthropic/claude-x" },
    { "ollama_chat/llama3:8b", "ollama_chat", "llama3:8b" },
    { "vllm/org/model", "hosted_vllm", "org/model" },
    { "gpt-4o", NULL, "gpt-4o" },
    { "org/model", NULL, "org/model" },
    { "openai", NULL, "openai" },
    { "openai/", "openai", "" },
    { "/x", NULL, "/x" },
    { "", NULL, "" },
    { "openaiX/y", NULL, "openaiX/y" },
    { "open/y", NULL, "open/y" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const char *model = NULL;
      const SluiceProvider *provider = sluice_provider_split (rows[i].name, &model);

      g_assert_cmpstr (provider != NULL ? provider->id : NULL, ==, rows[i].id);
      g_assert_cmpstr (model, ==, rows[i].model);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/provider/table", test_table);
  g_test_add_func ("/provider/find", test_find);
  g_test_add_func ("/provider/split", test_split);
  return g_test_run ();
}
