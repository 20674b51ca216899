/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "catalogue/sluice-provider.h"

#include <string.h>

/* Texts and no pointers, so that nothing in it is relocated. */
typedef struct {
  char prefix[28];
  char provider[12];
} Row;

/*
 * Names as LiteLLM's map of models has them without a provider, sorted by prefix. Names that open models have too are
 * not here ("gpt-oss", "gpt-j"): who runs such a model at home would have everything sent to a cloud.
 */
static const Row rows[] = {
  { "ai21.", "bedrock" },
  { "amazon.", "bedrock" },
  { "anthropic.", "bedrock" },
  { "apac.amazon.", "bedrock" },
  { "apac.anthropic.", "bedrock" },
  { "au.anthropic.", "bedrock" },
  { "babbage-002", "openai" },
  { "chat-bison", "vertex_ai" },
  { "chatgpt-", "openai" },
  { "claude-", "anthropic" },
  { "codex-mini", "openai" },
  { "cohere.", "bedrock" },
  { "command", "cohere" },
  { "computer-use-preview", "openai" },
  { "dall-e-2", "openai" },
  { "dall-e-3", "openai" },
  { "davinci-002", "openai" },
  { "embed-english", "cohere" },
  { "embed-multilingual", "cohere" },
  { "embed-v4.0", "cohere" },
  { "eu.amazon.", "bedrock" },
  { "eu.anthropic.", "bedrock" },
  { "eu.meta.", "bedrock" },
  { "ft:babbage-002", "openai" },
  { "ft:davinci-002", "openai" },
  { "ft:gpt-", "openai" },
  { "ft:o4-mini", "openai" },
  { "gemini-", "vertex_ai" },
  { "global.amazon.", "bedrock" },
  { "global.anthropic.", "bedrock" },
  { "gpt-3.5", "openai" },
  { "gpt-4", "openai" },
  { "gpt-4o", "openai" },
  { "gpt-5", "openai" },
  { "gpt-audio", "openai" },
  { "gpt-image", "openai" },
  { "gpt-realtime", "openai" },
  { "j2-", "ai21" },
  { "jamba-", "ai21" },
  { "jp.anthropic.", "bedrock" },
  { "medlm-", "vertex_ai" },
  { "meta.", "bedrock" },
  { "mistral.", "bedrock" },
  { "multimodalembedding", "vertex_ai" },
  { "o1", "openai" },
  { "o3", "openai" },
  { "o4-mini", "openai" },
  { "omni-moderation", "openai" },
  { "rerank-english", "cohere" },
  { "rerank-multilingual", "cohere" },
  { "rerank-v3.5", "cohere" },
  { "sora-2", "openai" },
  { "stability.", "bedrock" },
  { "text-bison", "vertex_ai" },
  { "text-embedding-004", "vertex_ai" },
  { "text-embedding-005", "vertex_ai" },
  { "text-embedding-3", "openai" },
  { "text-embedding-ada", "openai" },
  { "text-moderation", "openai" },
  { "text-multilingual-embedding", "vertex_ai" },
  { "text-unicorn", "vertex_ai" },
  { "textembedding-gecko", "vertex_ai" },
  { "tts-1", "openai" },
  { "us-gov.anthropic.", "bedrock" },
  { "us.amazon.", "bedrock" },
  { "us.anthropic.", "bedrock" },
  { "us.deepseek.", "bedrock" },
  { "us.meta.", "bedrock" },
  { "us.mistral.", "bedrock" },
  { "us.writer.", "bedrock" },
  { "whisper-1", "openai" },
};

/* After a whole word comes the end or another word ("o1", "o1-mini"), after an open one anything ("claude-3"). */
static gboolean
meets (const char *name, const char *prefix)
{
  gsize length = strlen (prefix);
  char next;

  if (strncmp (name, prefix, length) != 0)
    return FALSE;

  next = name[length];
  /* "command-r:35b": a tag is what a model in Ollama's library has */
  if (strchr (prefix, ':') == NULL && prefix[length - 1] != '.' && strchr (name, ':') != NULL)
    return FALSE;
  if (!g_ascii_isalnum (prefix[length - 1]))
    return next != '\0';
  return next == '\0' || next == '-' || next == '.' || next == '@' || next == ':';
}

/* The provider whose own address @api_base is: whatever the model is called, another's key has no business there. */
static const SluiceProvider *
find_by_address (const char *api_base)
{
  g_autoptr (GUri) uri = g_uri_parse (api_base, G_URI_FLAGS_NONE, NULL);
  const char *host = uri != NULL ? g_uri_get_host (uri) : NULL;
  guint n_providers;
  const SluiceProvider *providers = sluice_providers (&n_providers);

  for (guint i = 0; host != NULL && i < n_providers; i++)
    {
      const char *own = providers[i].needs_key ? providers[i].base + strlen ("https://") : "";
      gsize length = strcspn (own, ":/");

      if (length > 0 && strlen (host) == length && g_ascii_strncasecmp (host, own, length) == 0)
        return &providers[i];
    }
  return NULL;
}

const SluiceProvider *
sluice_provider_infer (const char *name, const char *api_base)
{
  const SluiceProvider *provider = NULL;

  g_return_val_if_fail (name != NULL, NULL);

  /* what stands before a '/' is a provider that nobody knows, or a misspelt one */
  if (strchr (name, '/') != NULL)
    return NULL;

  if (api_base != NULL)
    provider = find_by_address (api_base);
  for (guint i = 0; provider == NULL && i < G_N_ELEMENTS (rows); i++)
    if (meets (name, rows[i].prefix))
      provider = sluice_provider_find (rows[i].provider);
  return provider;
}
