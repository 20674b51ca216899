/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "router/sluice-router.h"

#include <string.h>

#include "config/sluice-base-url.h"
#include "config/sluice-finding-sink.h"
#include "router/sluice-provider-fault.h"
#include "router/sluice-wildcard.h"
#include "shared/sluice-error.h"

/* A file may be hostile: of so many unknown providers the one that was meant is looked for. */
#define UNKNOWN_MAX 1000

/* An item of model_list whose name has a '*'. */
typedef struct {
  const SluiceConfigModel *item; /* owned by the snapshot */
  SluiceDeployment *pattern;     /* owned */
} WildcardItem;

/* What is to be told of the items. */
typedef struct {
  SluiceFindingSink *sink;
  guint n_unknown; /* providers */
} Report;

struct _SluiceRouter {
  gatomicrefcount refs;
  GPtrArray *names;   /* (element-type utf8): the groups in the order of the configuration */
  GHashTable *groups; /* (element-type utf8 GPtrArray): name to deployments */
  GHashTable *ids;    /* (element-type utf8 SluiceDeployment): unowned, the groups own them */
  GHashTable *models; /* (element-type utf8 GPtrArray): model as written to deployments */
  GHashTable *aliases; /* (element-type utf8 utf8): unowned, the snapshot owns them */
  GArray *wildcards;   /* (element-type WildcardItem): those that are asked first come first */
  SluiceConfig *config; /* (owned) (nullable): keeps aliases and items */
  gboolean unconfigured;
  SluiceOllamaLists *lists; /* (owned) (nullable): what local servers have, and what they only pass on */
};

/* Listed while nothing is configured; error-<status> and slow-<ms> have no end. */
static const char *const mock_models[] = { "mock/echo", "mock/lorem" };

static void
wildcard_item_clear (gpointer data)
{
  WildcardItem *self = data;

  sluice_deployment_unref (self->pattern);
}

static SluiceRouter *
router_alloc (void)
{
  SluiceRouter *self = g_new0 (SluiceRouter, 1);
  GDestroyNotify free_list = (GDestroyNotify) g_ptr_array_unref;

  g_atomic_ref_count_init (&self->refs);
  self->names = g_ptr_array_new_with_free_func (g_free);
  self->groups = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_list);
  self->ids = g_hash_table_new (g_str_hash, g_str_equal);
  self->models = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_list);
  self->aliases = g_hash_table_new (g_str_hash, g_str_equal);
  self->wildcards = g_array_new (FALSE, FALSE, sizeof (WildcardItem));
  g_array_set_clear_func (self->wildcards, wildcard_item_clear);
  return self;
}

/* Returns whether @name is new. */
static gboolean
add_to (GHashTable *table, const char *name, SluiceDeployment *deployment)
{
  GPtrArray *list = g_hash_table_lookup (table, name);
  gboolean fresh = list == NULL;

  if (fresh)
    {
      list = g_ptr_array_new_with_free_func ((GDestroyNotify) sluice_deployment_unref);
      g_hash_table_insert (table, g_strdup (name), list);
    }
  g_ptr_array_add (list, sluice_deployment_ref (deployment));
  return fresh;
}

static void
router_add (SluiceRouter *self, SluiceDeployment *deployment, const char *as_written)
{
  if (add_to (self->groups, deployment->group, deployment))
    g_ptr_array_add (self->names, g_strdup (deployment->group));
  g_hash_table_insert (self->ids, deployment->id, deployment);
  if (as_written != NULL)
    add_to (self->models, as_written, deployment);
}

static gboolean
add_wildcard (SluiceRouter *self, const SluiceConfigModel *model, GError **error)
{
  WildcardItem entry = { .item = model };

  entry.pattern = sluice_deployment_new_pattern (self->config, model, error);
  if (entry.pattern == NULL)
    return FALSE;

  g_array_append_val (self->wildcards, entry);
  /* many names for one model: the item can be asked for by its id too */
  if (strchr (model->model, '*') == NULL)
    g_hash_table_insert (self->ids, entry.pattern->id, entry.pattern);
  return TRUE;
}

static gboolean
add_item (SluiceRouter *self, const SluiceConfigModel *model, GError **error)
{
  g_autoptr (SluiceDeployment) deployment = NULL;

  if (strchr (model->group, '*') != NULL)
    return add_wildcard (self, model, error);

  deployment = sluice_deployment_new (self->config, model, error);
  if (deployment == NULL)
    return FALSE;
  router_add (self, deployment, model->model);
  return TRUE;
}

static int
compare_wildcards (gconstpointer a, gconstpointer b)
{
  return sluice_wildcard_compare (((const WildcardItem *) a)->item->group, ((const WildcardItem *) b)->item->group);
}

static void
add_aliases (SluiceRouter *self)
{
  for (guint i = 0; i < sluice_config_get_n_aliases (self->config); i++)
    {
      const SluiceConfigAlias *alias = sluice_config_get_alias (self->config, i);

      if (g_hash_table_contains (self->groups, alias->name))
        continue;
      g_hash_table_insert (self->aliases, alias->name, alias->group);
      if (!alias->hidden && g_hash_table_contains (self->groups, alias->group))
        g_ptr_array_add (self->names, g_strdup (alias->name));
    }
}

/* What is wrong with the '*' of an item, or %NULL. */
static const char *
find_star_fault (const SluiceConfigModel *model)
{
  gboolean is_wildcard = strchr (model->group, '*') != NULL;

  if (!is_wildcard && strchr (model->model, '*') != NULL)
    return "'model' has a '*' and 'model_name' has none: give one that has, or name the model";
  if (is_wildcard && sluice_wildcard_count (model->model) > sluice_wildcard_count (model->group))
    return "'model' has more '*' than 'model_name', so some would be left over: make them the same number";
  return NULL;
}

static void
add_finding (Report *report,
             SluiceFindingLevel level,
             const SluiceConfigModel *model,
             SluiceConfigPlaceIndex index,
             const char *message)
{
  const SluiceConfigPlace *place = &model->places[index];

  sluice_finding_sink_set_file (report->sink, place->file);
  sluice_finding_sink_add (report->sink, level, place->line, place->column, place->path, "%s", message);
}

static void
warn (Report *report, const SluiceConfigModel *model, SluiceConfigPlaceIndex index, const char *message)
{
  add_finding (report, SLUICE_FINDING_WARNING, model, index, message);
}

/* Where it stands which provider is asked. */
static SluiceConfigPlaceIndex
provider_place (const SluiceConfigModel *model)
{
  return model->provider != NULL ? SLUICE_CONFIG_PLACE_PROVIDER : SLUICE_CONFIG_PLACE_MODEL;
}

/* The item is left out. Where one letter makes a known provider of what stands there that is an error: the model was
 * meant to be there, and nobody would miss it before it is asked for. */
static void
report_unknown (Report *report, const SluiceConfigModel *model)
{
  gboolean is_typo = FALSE;
  g_autofree char *fault = report->n_unknown < UNKNOWN_MAX
                               ? sluice_provider_fault_dup (model, &is_typo)
                               : g_strdup ("unknown provider, write PROVIDER/MODEL or set custom_llm_provider");

  report->n_unknown++;
  add_finding (report, is_typo ? SLUICE_FINDING_ERROR : SLUICE_FINDING_WARNING, model, provider_place (model), fault);
}

/* What should be known of an item that is there. */
static void
report_usable (Report *report, const SluiceConfigModel *model, const SluiceProvider *provider)
{
  if (provider != NULL && provider->wire_pending && model->mock_response == NULL)
    warn (report, model, provider_place (model),
          "the provider of this model cannot be asked yet: it is listed, and calls are answered with status 501");
  else if (model->api_key != NULL && !sluice_deployment_says_provider (model))
    warn (report, model, SLUICE_CONFIG_PLACE_MODEL,
          "the key of this item goes to whatever provider a client names: write PROVIDER/* in 'model', or leave the "
          "key to the provider's variable");
}

/* Adds the item if it can be used. @report (nullable) */
static void
take_item (SluiceRouter *self, const SluiceConfigModel *model, Report *report)
{
  const char *star_fault = find_star_fault (model);
  const char *name;
  const SluiceProvider *provider = sluice_provider_of_item (model, &name);
  gboolean is_unknown = sluice_deployment_says_provider (model) && provider == NULL;
  g_autoptr (GError) error = NULL;
  gboolean fine = star_fault == NULL && !is_unknown && add_item (self, model, &error);

  if (report == NULL)
    return;
  if (star_fault != NULL)
    warn (report, model, SLUICE_CONFIG_PLACE_MODEL, star_fault);
  else if (is_unknown)
    report_unknown (report, model);
  else if (!fine)
    warn (report, model, model->api_base != NULL ? SLUICE_CONFIG_PLACE_API_BASE : SLUICE_CONFIG_PLACE_MODEL,
          error->message);
  else
    report_usable (report, model, provider);
}

/* An item with several organizations became several, about which there is one thing to say. */
static gboolean
is_same_item (const SluiceConfigModel *model, const SluiceConfigModel *last)
{
  return last != NULL && g_str_equal (model->file, last->file) && g_str_equal (model->path, last->path);
}

SluiceRouter *
sluice_router_new (SluiceConfig *config, GPtrArray *findings)
{
  SluiceRouter *self = router_alloc ();
  guint n_models = sluice_config_get_n_models (config);
  g_autoptr (SluiceFindingSink) sink = NULL;
  Report report = { NULL };
  const SluiceConfigModel *last = NULL;

  self->config = sluice_config_ref (config);
  if (findings != NULL && n_models > 0)
    report.sink = sink = sluice_finding_sink_new (sluice_config_get_model (config, 0)->file);
  for (guint i = 0; i < n_models; i++)
    {
      const SluiceConfigModel *model = sluice_config_get_model (config, i);

      take_item (self, model, sink == NULL || is_same_item (model, last) ? NULL : &report);
      last = model;
    }
  if (sink != NULL)
    {
      sluice_finding_sink_drain (sink, findings);
      sluice_config_sort_findings (config, findings);
    }
  g_array_sort (self->wildcards, compare_wildcards);
  add_aliases (self);
  return self;
}

SluiceRouter *
sluice_router_new_unconfigured (GPtrArray *found)
{
  SluiceRouter *self = router_alloc ();
  const SluiceProvider *mock = sluice_provider_find ("mock");

  self->unconfigured = TRUE;
  for (guint i = 0; i < found->len; i++)
    router_add (self, g_ptr_array_index (found, i), NULL);
  for (guint i = 0; i < G_N_ELEMENTS (mock_models); i++)
    {
      g_autoptr (SluiceDeployment) deployment
          = sluice_deployment_new_found (mock_models[i], mock, strchr (mock_models[i], '/') + 1, "");

      router_add (self, deployment, NULL);
    }
  return self;
}

SluiceRouter *
sluice_router_ref (SluiceRouter *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
sluice_router_unref (SluiceRouter *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  g_hash_table_unref (self->ids);
  g_hash_table_unref (self->models);
  g_hash_table_unref (self->groups);
  g_ptr_array_unref (self->names);
  g_hash_table_unref (self->aliases);
  g_array_unref (self->wildcards);
  g_clear_pointer (&self->lists, sluice_ollama_lists_unref);
  g_clear_pointer (&self->config, sluice_config_unref);
  g_free (self);
}

/* An Ollama has its own wire at the address that OpenAI's form has "/v1" behind. */
static char *
dup_plain_base (const char *base)
{
  g_autofree char *plain = g_str_has_suffix (base, "/v1") ? g_strndup (base, strlen (base) - strlen ("/v1"))
                                                          : g_strdup (base);

  return sluice_base_url_strip (plain);
}

static void
add_base (GPtrArray *bases, const SluiceDeployment *deployment, gboolean all)
{
  g_autofree char *base = dup_plain_base (deployment->api_base);

  if ((deployment->local || deployment->passed_on) && *base != '\0'
      && (all || sluice_deployment_is_ollama (deployment)) && !sluice_deployment_is_mock (deployment)
      && !g_ptr_array_find_with_equal_func (bases, base, g_str_equal, NULL))
    g_ptr_array_add (bases, g_steal_pointer (&base));
}

/* What a client may get that names the provider itself. */
static void
add_named_base (SluiceRouter *self, const SluiceConfigModel *item, GPtrArray *bases)
{
  const SluiceProvider *provider = sluice_provider_find ("ollama");
  g_autofree char *base = item->api_base != NULL ? sluice_base_url_strip (item->api_base)
                                                 : sluice_deployment_dup_usual_base (self->config, provider);
  g_autoptr (SluiceDeployment) named = sluice_deployment_new_found ("ollama", provider, "", base);

  add_base (bases, named, FALSE);
}

GPtrArray *
sluice_router_dup_bases (SluiceRouter *self, gboolean all)
{
  GPtrArray *bases = g_ptr_array_new_with_free_func (g_free);
  GHashTableIter iter;
  gpointer list;

  g_hash_table_iter_init (&iter, self->groups);
  while (g_hash_table_iter_next (&iter, NULL, &list))
    {
      for (guint i = 0; i < ((GPtrArray *) list)->len; i++)
        add_base (bases, g_ptr_array_index ((GPtrArray *) list, i), all);
    }
  for (guint i = 0; i < self->wildcards->len; i++)
    {
      const WildcardItem *entry = &g_array_index (self->wildcards, WildcardItem, i);

      if (entry->pattern->provider != NULL)
        add_base (bases, entry->pattern, all);
      else
        add_named_base (self, entry->item, bases);
    }
  return bases;
}

/* @said: model_info.local is given. */
static void
mark (SluiceRouter *self, SluiceDeployment *deployment, gboolean said)
{
  g_autofree char *base = dup_plain_base (deployment->api_base);
  SluiceOllamaPlace place;

  if (self->lists == NULL || !deployment->local || deployment->provider == NULL)
    return;
  place = sluice_ollama_lists_find (self->lists, base, deployment->model);
  deployment->listed = place != SLUICE_OLLAMA_UNKNOWN;
  if (place == SLUICE_OLLAMA_ELSEWHERE)
    {
      deployment->local = FALSE;
      deployment->passed_on = TRUE;
    }
  else
    deployment->unlisted = place == SLUICE_OLLAMA_UNKNOWN && !said && sluice_deployment_is_ollama (deployment);
}

void
sluice_router_set_lists (SluiceRouter *self, SluiceOllamaLists *lists)
{
  self->lists = sluice_ollama_lists_ref (lists);
  for (guint i = 0; i < sluice_config_get_n_models (self->config); i++)
    {
      const SluiceConfigModel *model = sluice_config_get_model (self->config, i);
      SluiceDeployment *deployment = g_hash_table_lookup (self->ids, model->id);

      if (deployment != NULL && model->local < 0)
        mark (self, deployment, FALSE);
    }
}

static void
shuffle (GPtrArray *list)
{
  for (guint i = list->len; i > 1; i--)
    {
      guint j = (guint) g_random_int_range (0, (gint32) i);
      gpointer swap = list->pdata[j];

      list->pdata[j] = list->pdata[i - 1];
      list->pdata[i - 1] = swap;
    }
}

static GPtrArray *
shuffled (GPtrArray *list)
{
  GPtrArray *copy = g_ptr_array_new_full (list->len, (GDestroyNotify) sluice_deployment_unref);

  for (guint i = 0; i < list->len; i++)
    g_ptr_array_add (copy, sluice_deployment_ref (g_ptr_array_index (list, i)));
  shuffle (copy);
  return copy;
}

static GPtrArray *
single (SluiceDeployment *deployment)
{
  GPtrArray *list = g_ptr_array_new_full (1, (GDestroyNotify) sluice_deployment_unref);

  g_ptr_array_add (list, deployment);
  return list;
}

/* Those that come of the first pattern that @name meets; empty if it meets none. @error: the last that failed. */
static GPtrArray *
meet_wildcards (SluiceRouter *self, const char *name, GError **error)
{
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) sluice_deployment_unref);
  g_auto (GStrv) captures = NULL;
  const char *met = NULL;

  for (guint i = 0; i < self->wildcards->len; i++)
    {
      const WildcardItem *entry = &g_array_index (self->wildcards, WildcardItem, i);
      g_autofree char *upstream = NULL;
      SluiceDeployment *deployment;

      if (met == NULL)
        captures = sluice_wildcard_match (entry->item->group, name);
      if (captures == NULL || (met != NULL && !g_str_equal (met, entry->item->group)))
        continue;

      met = entry->item->group;
      upstream = sluice_wildcard_fill (entry->item->model, (const char *const *) captures, name);
      g_clear_error (error);
      deployment = sluice_deployment_new_from (entry->pattern, self->config, entry->item, upstream, error);
      if (deployment == NULL)
        continue;
      mark (self, deployment, entry->item->local >= 0);
      g_ptr_array_add (list, deployment);
    }

  shuffle (list);
  return list;
}

/* The members of the group that is called @model or has it as an alias, or %NULL. */
static GPtrArray *
find_group (SluiceRouter *self, const char *model)
{
  GPtrArray *list = g_hash_table_lookup (self->groups, model);
  const char *group = g_hash_table_lookup (self->aliases, model);

  if (list != NULL || group == NULL || g_hash_table_contains (self->ids, model))
    return list;
  return g_hash_table_lookup (self->groups, group);
}

/* What is no group but can be asked for: a deployment's id, else an upstream model; %NULL if @model is neither. */
static GPtrArray *
find_chosen (SluiceRouter *self, const char *model)
{
  SluiceDeployment *deployment = g_hash_table_lookup (self->ids, model);
  GPtrArray *list;

  if (deployment != NULL)
    return single (sluice_deployment_ref (deployment));
  list = g_hash_table_lookup (self->models, model);
  return list != NULL ? shuffled (list) : NULL;
}

GPtrArray *
sluice_router_plan (SluiceRouter *self, const char *model, gboolean *names_group, GError **error)
{
  GPtrArray *group = find_group (self, model);
  GPtrArray *list = group != NULL ? shuffled (group) : find_chosen (self, model);
  const char *alias = g_hash_table_lookup (self->aliases, model);
  gboolean by_wildcard = list == NULL;
  g_autoptr (GError) cause = NULL;

  if (names_group != NULL)
    *names_group = FALSE;
  if (list == NULL)
    list = meet_wildcards (self, alias != NULL ? alias : model, &cause);
  if (list->len > 0)
    {
      if (names_group != NULL)
        *names_group = group != NULL || by_wildcard;
      return list;
    }
  g_ptr_array_unref (list);

  if (self->unconfigured && g_str_has_prefix (model, "mock/"))
    return single (sluice_deployment_new_found (model, sluice_provider_find ("mock"), model + strlen ("mock/"), ""));

  if (cause != NULL)
    g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_MODEL_UNKNOWN,
                 "there is no model '%.200s' (%.400s), call /v1/models to see the models that there are", model,
                 cause->message);
  else
    g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_MODEL_UNKNOWN,
                 "there is no model '%.200s', call /v1/models to see the models that there are", model);
  return NULL;
}

gboolean
sluice_router_has_group (SluiceRouter *self, const char *name)
{
  return g_hash_table_contains (self->groups, name);
}

gboolean
sluice_router_knows (SluiceRouter *self, const char *model)
{
  g_autoptr (GPtrArray) plan = sluice_router_plan (self, model, NULL, NULL);

  return plan != NULL;
}

GPtrArray *
sluice_router_get_groups (SluiceRouter *self)
{
  return self->names;
}
