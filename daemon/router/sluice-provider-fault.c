/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "router/sluice-provider-fault.h"

#include <string.h>

#include "config/sluice-nearest.h"

#define SHOWN_MAX 40
#define SHOWN_DIGITS_MAX 3

/* Of names as short as this one letter makes another name as soon as a misspelt one. */
#define SHORT_NAME 3

/* Who names a model by its place on a hub has misspelt none of the providers that are called nearly so. */
static const char *const publishers[] = { "arcee-ai", "jinaai", "meta-llama", NULL };

const SluiceProvider *
sluice_provider_of_item (const SluiceConfigModel *model, const char **name)
{
  const SluiceProvider *prefix = sluice_provider_split (model->model, name);
  const SluiceProvider *provider = model->provider != NULL ? sluice_provider_find (model->provider) : prefix;

  if (provider == NULL && model->provider == NULL)
    provider = sluice_provider_infer (model->model, model->api_base);
  /* what is not the provider's own prefix belongs to the name */
  if (prefix != provider)
    *name = model->model;
  return provider;
}

/* Keys begin with "sk-", are longer, or are full of digits. */
static gboolean
may_show (const char *word)
{
  gsize length = strlen (word);
  guint n_digits = 0;

  if (length == 0 || length > SHOWN_MAX || g_str_has_prefix (word, "sk-"))
    return FALSE;
  for (const char *at = word; *at != '\0'; at++)
    {
      if (!g_ascii_islower (*at) && !g_ascii_isdigit (*at) && *at != '-' && *at != '_')
        return FALSE;
      n_digits += g_ascii_isdigit (*at) ? 1 : 0;
    }
  return n_digits <= SHOWN_DIGITS_MAX;
}

static const char *
find_nearest (const char *word)
{
  g_autoptr (GPtrArray) names = NULL;

  if (g_strv_contains (publishers, word))
    return NULL;

  names = sluice_provider_dup_names ();
  return sluice_nearest (word, (const char *const *) names->pdata, sizeof names->pdata[0], names->len);
}

char *
sluice_provider_fault_dup (const SluiceConfigModel *model, gboolean *is_typo)
{
  const char *slash = strchr (model->model, '/');
  g_autofree char *prefix = slash != NULL ? g_strndup (model->model, (gsize) (slash - model->model)) : NULL;
  const char *word = model->provider != NULL ? model->provider : prefix;
  const char *nearest = word != NULL ? find_nearest (word) : NULL;
  g_autofree char *shown = word != NULL && may_show (word) ? g_strdup_printf (" '%s'", word) : g_strdup ("");

  if (is_typo != NULL)
    *is_typo = nearest != NULL && sluice_nearest_count_edits (word, nearest) <= (strlen (nearest) > SHORT_NAME ? 1 : 0);
  if (word == NULL)
    return g_strdup ("the model names no provider, write PROVIDER/MODEL, like 'ollama/llama3', or set "
                     "custom_llm_provider");
  if (nearest != NULL)
    return g_strdup_printf ("unknown provider%s, did you mean '%s'?", shown, nearest);
  if (model->provider != NULL)
    return g_strdup_printf ("unknown provider%s, write one that is known, or 'openai_like' with an api_base for a "
                            "server that speaks as OpenAI does", shown);
  return g_strdup_printf ("unknown provider%s before the '/', write PROVIDER/MODEL or set custom_llm_provider", shown);
}
