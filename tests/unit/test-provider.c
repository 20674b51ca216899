/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "catalogue/sluice-provider.h"

#include <string.h>

#include "catalogue/sluice-provider-private.h"

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
  g_assert_null (sluice_provider_find ("nobody"));
  g_assert_null (sluice_provider_find (""));
  g_assert_true (sluice_provider_find ("anthropic")->wire_pending);
  g_assert_false (sluice_provider_find ("openai")->wire_pending);
  g_assert_null (sluice_provider_find ("openai/"));
  g_assert_false (sluice_provider_find ("litellm_proxy")->runs_models_here);
  g_assert_true (sluice_provider_find ("ollama_chat")->runs_models_here);
  g_assert_null (sluice_provider_find ("openai_like")->base);
}

/* Those that cannot be asked yet: each once, in order, and with nothing that could lead a request anywhere. */
static void
test_later (void)
{
  static const char *const known[] = { "302ai",       "ai21_chat", "deepinfra", "github_copilot",
                                       "huggingface", "nano-gpt",  "sglang",    "text-completion-codestral" };
  guint n_providers;
  const SluiceProvider *providers = sluice_providers (&n_providers);
  g_autoptr (GPtrArray) names = sluice_provider_dup_names ();
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  g_assert_cmpuint (sluice_providers_later_count (), >=, 200);
  for (guint i = 0; i < sluice_providers_later_count (); i++)
    {
      const char *id = sluice_providers_later_get_id (i);
      const SluiceProvider *row = sluice_provider_find (id);

      g_test_message ("%s", id);
      g_assert_true (i == 0 || strcmp (sluice_providers_later_get_id (i - 1), id) < 0);
      g_assert_cmpuint (strlen (id), >, 0);
      g_assert_null (strchr (id, '/'));
      g_assert_true (row < providers || row >= providers + n_providers);
      g_assert_true (sluice_provider_find (id) == row);
      g_assert_cmpstr (row->id, ==, id);
      g_assert_cmpuint (strlen (row->name), >, 0);
      g_assert_true (row->wire_pending);
      g_assert_null (row->base);
      g_assert_null (row->key_variables[0]);
      g_assert_null (row->base_variables[0]);
      g_assert_false (row->runs_models_here);
    }
  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    g_assert_true (sluice_provider_find (known[i]) != NULL && sluice_provider_find (known[i])->wire_pending);
  for (guint i = 0; i < names->len; i++)
    g_assert_true (g_hash_table_add (seen, g_ptr_array_index (names, i)));
  g_assert_null (sluice_provider_find ("huggingfac"));
  g_assert_null (sluice_provider_find ("huggingface_"));
  g_assert_null (sluice_provider_find ("zzz"));
  g_assert_null (sluice_provider_find ("a-name-that-is-longer-than-any-that-there-is"));
}

static gpointer
find_all_later (gpointer data)
{
  const SluiceProvider **rows = data;

  for (guint i = 0; i < sluice_providers_later_count (); i++)
    rows[i] = sluice_provider_find (sluice_providers_later_get_id (i));
  return NULL;
}

/* Rows are compared by where they are: whoever asks first, there is one of each. */
static void
test_later_threads (void)
{
  gsize size = sluice_providers_later_count () * sizeof (SluiceProvider *);
  g_autofree const SluiceProvider **first = g_malloc0 (size);
  g_autofree const SluiceProvider **second = g_malloc0 (size);
  GThread *thread = g_thread_new ("second", find_all_later, second);

  find_all_later (first);
  g_thread_join (thread);
  g_assert_cmpmem (first, size, second, size);
}

static void
test_infer (void)
{
  static const struct {
    const char *name;
    const char *base; /* (nullable) */
    const char *id;   /* (nullable) */
  } rows[] = {
    { "gpt-4o", NULL, "openai" },
    { "gpt-4.1-mini", NULL, "openai" },
    { "gpt-3.5-turbo", NULL, "openai" },
    { "o1", NULL, "openai" },
    { "o3-mini", NULL, "openai" },
    { "chatgpt-4o-latest", NULL, "openai" },
    { "text-embedding-3-small", NULL, "openai" },
    { "text-embedding-ada-002", NULL, "openai" },
    { "ft:gpt-3.5-turbo:org::id", NULL, "openai" },
    { "ft:davinci-002:org::id", NULL, "openai" },
    { "claude-3-opus", NULL, "anthropic" },
    { "claude-sonnet-4-5", NULL, "anthropic" },
    { "gemini-2.5-pro", NULL, "vertex_ai" },
    { "text-embedding-004", NULL, "vertex_ai" },
    { "command-r-plus", NULL, "cohere" },
    { "command", NULL, "cohere" },
    { "embed-english-v3.0", NULL, "cohere" },
    { "jamba-1.5-large", NULL, "ai21" },
    { "anthropic.claude-3-haiku-20240307-v1:0", NULL, "bedrock" },
    { "us.anthropic.claude-sonnet-4-5-20250929-v1:0", NULL, "bedrock" },

    /* names of open models, words that only begin so, what has a provider or a misspelt one */
    { "gpt-oss-20b", NULL, NULL },
    { "gpt-oss:20b", NULL, NULL },
    { "gpt-j-6b", NULL, NULL },
    { "gpt-4:latest", NULL, NULL },
    { "command-r:35b", NULL, NULL },
    { "llama3", NULL, NULL },
    { "gpt", NULL, NULL },
    { "gpt-40", NULL, NULL },
    { "gpt4o", NULL, NULL },
    { "o10", NULL, NULL },
    { "claude", NULL, NULL },
    { "claude-", NULL, NULL },
    { "commander", NULL, NULL },
    { "GPT-4o", NULL, NULL },
    { "openai/gpt-4o", NULL, NULL },
    { "opnai/gpt-4o", NULL, NULL },
    { "*", NULL, NULL },
    { "", NULL, NULL },

    /* an address that is a provider's own goes before the name; others say nothing */
    { "gpt-4o", "http://127.0.0.1:8000/v1", "openai" },
    { "gpt-4o", "https://proxy.example/api.groq.com", "openai" },
    { "gpt-4o", "https://api.groq.com.example", "openai" },
    { "gpt-4o", "https://api.groq.com/openai/v1", "groq" },
    { "llama-3.3-70b-versatile", "https://API.Groq.com:443/openai/v1/", "groq" },
    { "my-tune", "https://api.openai.com", "openai" },
    { "my-model", "http://127.0.0.1:8000/v1", NULL },
    { "my-model", "http://localhost:11434", NULL },
    { "my-model", "not an address", NULL },
    { "opnai/gpt-4o", "https://api.openai.com/v1", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const SluiceProvider *provider = sluice_provider_infer (rows[i].name, rows[i].base);

      g_test_message ("%s at %s", rows[i].name, rows[i].base);
      g_assert_cmpstr (provider != NULL ? provider->id : NULL, ==, rows[i].id);
    }
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
  g_test_add_func ("/provider/later", test_later);
  g_test_add_func ("/provider/later-threads", test_later_threads);
  g_test_add_func ("/provider/infer", test_infer);
  g_test_add_func ("/provider/split", test_split);
  return g_test_run ();
}
