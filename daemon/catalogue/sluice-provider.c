/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "catalogue/sluice-provider-private.h"

#include <string.h>

typedef struct {
  const char *alias;
  const char *id;
} Alias;

/*
 * Facts only: what no source says is left empty. "localhost" stays a name where the server's own documents say so: the
 * server may listen on ::1 or on 127.0.0.1, a client that connects by name tries both, and GResolver answers the name
 * itself (RFC 6761), so no question leaves the machine. Servers that are known to bind to 127.0.0.1 have that address.
 *
 * Not here: OLLAMA_HOST, which is where Ollama's server listens ("0.0.0.0", "host:port", ":port" ...) and no address
 * to call; HF_TOKEN, which opens a hub and not the server of the row "tgi".
 */
static const SluiceProvider providers[] = {
  {
    .id = "openai",
    .name = "OpenAI",
    .dialect = "openai",
    .base = "https://api.openai.com/v1",
    .key_variables = { "OPENAI_API_KEY" },
    .base_variables = { "OPENAI_BASE_URL", "OPENAI_API_BASE" },
    .needs_key = TRUE,
  },
  {
    .id = "openai_like",
    .name = "OpenAI-compatible server",
    .dialect = "openai",
    .key_variables = { "OPENAI_LIKE_API_KEY" },
    .base_variables = { "OPENAI_LIKE_API_BASE" },
    .runs_models_here = TRUE,
  },
  {
    .id = "custom_openai",
    .name = "OpenAI-compatible server",
    .dialect = "openai",
    .runs_models_here = TRUE,
  },
  {
    .id = "ollama",
    .name = "Ollama",
    .dialect = "ollama",
    .base = "http://localhost:11434",
    .key_variables = { "OLLAMA_API_KEY" },
    .base_variables = { "OLLAMA_API_BASE" },
    .runs_models_here = TRUE,
  },
  {
    .id = "ollama_chat",
    .name = "Ollama",
    .dialect = "ollama",
    .base = "http://localhost:11434",
    .key_variables = { "OLLAMA_API_KEY" },
    .base_variables = { "OLLAMA_API_BASE" },
    .runs_models_here = TRUE,
  },
  {
    .id = "hosted_vllm",
    .name = "vLLM",
    .dialect = "openai",
    .base = "http://localhost:8000/v1",
    .key_variables = { "HOSTED_VLLM_API_KEY" },
    .base_variables = { "HOSTED_VLLM_API_BASE", "VLLM_API_BASE" },
    .runs_models_here = TRUE,
  },
  {
    .id = "lm_studio",
    .name = "LM Studio",
    .dialect = "openai",
    .base = "http://localhost:1234/v1",
    .key_variables = { "LM_STUDIO_API_KEY", "LMSTUDIO_API_KEY", "LM_API_TOKEN" },
    .base_variables = { "LM_STUDIO_API_BASE" },
    .runs_models_here = TRUE,
  },
  {
    .id = "llamafile",
    .name = "llamafile",
    .dialect = "openai",
    .base = "http://127.0.0.1:8080/v1",
    .key_variables = { "LLAMAFILE_API_KEY" },
    .base_variables = { "LLAMAFILE_API_BASE" },
    .runs_models_here = TRUE,
  },
  {
    .id = "llama_cpp",
    .name = "llama.cpp server",
    .dialect = "openai",
    .base = "http://127.0.0.1:8080/v1",
    .runs_models_here = TRUE,
  },
  {
    .id = "tgi",
    .name = "Text Generation Inference",
    .dialect = "openai",
    .base = "http://localhost:3000/v1",
    .base_variables = { "TGI_API_BASE" },
    .runs_models_here = TRUE,
  },
  {
    .id = "litellm_proxy",
    .name = "LiteLLM proxy",
    .dialect = "openai",
    .key_variables = { "LITELLM_PROXY_API_KEY" },
    .base_variables = { "LITELLM_PROXY_API_BASE" },
  },
  {
    .id = "mock",
    .name = "Mock",
    .dialect = "mock",
    .runs_models_here = TRUE,
  },
  {
    .id = "groq",
    .name = "Groq",
    .dialect = "openai",
    .base = "https://api.groq.com/openai/v1",
    .key_variables = { "GROQ_API_KEY" },
    .base_variables = { "GROQ_API_BASE" },
    .needs_key = TRUE,
  },
  {
    .id = "mistral",
    .name = "Mistral AI",
    .dialect = "openai",
    .base = "https://api.mistral.ai/v1",
    .key_variables = { "MISTRAL_API_KEY" },
    .base_variables = { "MISTRAL_API_BASE" },
    .needs_key = TRUE,
  },
  {
    .id = "deepseek",
    .name = "DeepSeek",
    .dialect = "openai",
    .base = "https://api.deepseek.com",
    .key_variables = { "DEEPSEEK_API_KEY" },
    .base_variables = { "DEEPSEEK_API_BASE" },
    .needs_key = TRUE,
  },
  {
    .id = "openrouter",
    .name = "OpenRouter",
    .dialect = "openai",
    .base = "https://openrouter.ai/api/v1",
    .key_variables = { "OPENROUTER_API_KEY" },
    .base_variables = { "OPENROUTER_API_BASE" },
    .needs_key = TRUE,
  },
  {
    .id = "together_ai",
    .name = "Together AI",
    .dialect = "openai",
    .base = "https://api.together.xyz/v1",
    .key_variables = { "TOGETHER_API_KEY", "TOGETHERAI_API_KEY", "TOGETHER_AI_API_KEY", "TOGETHER_AI_TOKEN" },
    .needs_key = TRUE,
  },
  {
    .id = "fireworks_ai",
    .name = "Fireworks AI",
    .dialect = "openai",
    .base = "https://api.fireworks.ai/inference/v1",
    .key_variables = { "FIREWORKS_API_KEY", "FIREWORKS_AI_API_KEY", "FIREWORKSAI_API_KEY", "FIREWORKS_AI_TOKEN" },
    .needs_key = TRUE,
  },
  {
    .id = "xai",
    .name = "xAI",
    .dialect = "openai",
    .base = "https://api.x.ai/v1",
    .key_variables = { "XAI_API_KEY" },
    .base_variables = { "XAI_API_BASE" },
    .needs_key = TRUE,
  },
  {
    .id = "cerebras",
    .name = "Cerebras",
    .dialect = "openai",
    .base = "https://api.cerebras.ai/v1",
    .key_variables = { "CEREBRAS_API_KEY" },
    .base_variables = { "CEREBRAS_API_BASE" },
    .needs_key = TRUE,
  },
  {
    .id = "perplexity",
    .name = "Perplexity",
    .dialect = "openai",
    .base = "https://api.perplexity.ai",
    .key_variables = { "PERPLEXITYAI_API_KEY", "PERPLEXITY_API_KEY" },
    .base_variables = { "PERPLEXITY_API_BASE" },
    .needs_key = TRUE,
  },
  {
    .id = "nvidia_nim",
    .name = "NVIDIA NIM",
    .dialect = "openai",
    .base = "https://integrate.api.nvidia.com/v1",
    .key_variables = { "NVIDIA_NIM_API_KEY", "NVIDIA_API_KEY" },
    .base_variables = { "NVIDIA_NIM_API_BASE" },
    .needs_key = TRUE,
  },
};

static const Alias aliases[] = {
  { "text-completion-openai", "openai" },
  { "vllm", "hosted_vllm" },
  { "llamacpp", "llama_cpp" },
};

static const SluiceProvider *
find (const char *id, gsize length)
{
  for (guint i = 0; i < G_N_ELEMENTS (aliases); i++)
    if (strlen (aliases[i].alias) == length && memcmp (aliases[i].alias, id, length) == 0)
      return find (aliases[i].id, strlen (aliases[i].id));

  for (guint i = 0; i < G_N_ELEMENTS (providers); i++)
    if (strlen (providers[i].id) == length && memcmp (providers[i].id, id, length) == 0)
      return &providers[i];

  return sluice_providers_later_find (id, length);
}

const SluiceProvider *
sluice_provider_find (const char *id)
{
  g_return_val_if_fail (id != NULL, NULL);

  return find (id, strlen (id));
}

const SluiceProvider *
sluice_provider_split (const char *name, const char **model)
{
  const SluiceProvider *provider = NULL;
  const char *slash;

  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (model != NULL, NULL);

  slash = strchr (name, '/');
  if (slash != NULL)
    provider = find (name, (gsize) (slash - name));
  *model = provider != NULL ? slash + 1 : name;
  return provider;
}

GPtrArray *
sluice_provider_dup_names (void)
{
  GPtrArray *names = g_ptr_array_new ();

  for (guint i = 0; i < G_N_ELEMENTS (providers); i++)
    g_ptr_array_add (names, (gpointer) providers[i].id);
  for (guint i = 0; i < G_N_ELEMENTS (aliases); i++)
    g_ptr_array_add (names, (gpointer) aliases[i].alias);
  for (guint i = 0; i < sluice_providers_later_count (); i++)
    g_ptr_array_add (names, (gpointer) sluice_providers_later_get_id (i));
  return names;
}

const SluiceProvider *
sluice_providers (guint *n_providers)
{
  g_return_val_if_fail (n_providers != NULL, NULL);

  *n_providers = G_N_ELEMENTS (providers);
  return providers;
}
