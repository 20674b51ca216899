/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "router/sluice-router.h"

#include <string.h>

#include "shared/sluice-error.h"

struct _SluiceRouter {
  gatomicrefcount refs;
  GPtrArray *names;   /* (element-type utf8): the groups in the order of the configuration */
  GHashTable *groups; /* (element-type utf8 GPtrArray): name to deployments */
  GHashTable *ids;    /* (element-type utf8 SluiceDeployment): unowned, the groups own them */
  GHashTable *models; /* (element-type utf8 GPtrArray): model as written to deployments */
  gboolean unconfigured;
};

/* Listed while nothing is configured; error-<status> and slow-<ms> have no end. */
static const char *const mock_models[] = { "mock/echo", "mock/lorem" };

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

SluiceRouter *
sluice_router_new (SluiceConfig *config, GPtrArray *findings)
{
  SluiceRouter *self = router_alloc ();

  for (guint i = 0; i < sluice_config_get_n_models (config); i++)
    {
      const SluiceConfigModel *model = sluice_config_get_model (config, i);
      g_autoptr (GError) error = NULL;
      g_autoptr (SluiceDeployment) deployment = sluice_deployment_new (config, model, &error);

      if (deployment != NULL)
        router_add (self, deployment, model->model);
      else if (findings != NULL)
        {
          g_autofree char *path = g_strconcat (model->path, ".litellm_params", NULL);

          g_ptr_array_add (findings, sluice_finding_new (SLUICE_FINDING_WARNING, model->file, model->line,
                                                         model->column, path, error->message));
        }
    }
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
  for (guint i = 0; mock != NULL && i < G_N_ELEMENTS (mock_models); i++)
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
  g_free (self);
}

static GPtrArray *
shuffled (GPtrArray *list)
{
  GPtrArray *copy = g_ptr_array_new_full (list->len, (GDestroyNotify) sluice_deployment_unref);

  for (guint i = 0; i < list->len; i++)
    g_ptr_array_add (copy, sluice_deployment_ref (g_ptr_array_index (list, i)));
  for (guint i = copy->len; i > 1; i--)
    {
      guint j = (guint) g_random_int_range (0, (gint32) i);
      gpointer swap = copy->pdata[j];

      copy->pdata[j] = copy->pdata[i - 1];
      copy->pdata[i - 1] = swap;
    }
  return copy;
}

static GPtrArray *
single (SluiceDeployment *deployment)
{
  GPtrArray *list = g_ptr_array_new_full (1, (GDestroyNotify) sluice_deployment_unref);

  g_ptr_array_add (list, deployment);
  return list;
}

GPtrArray *
sluice_router_plan (SluiceRouter *self, const char *model, GError **error)
{
  GPtrArray *list = g_hash_table_lookup (self->groups, model);
  SluiceDeployment *deployment;

  if (list != NULL)
    return shuffled (list);

  deployment = g_hash_table_lookup (self->ids, model);
  if (deployment != NULL)
    return single (sluice_deployment_ref (deployment));

  list = g_hash_table_lookup (self->models, model);
  if (list != NULL)
    return shuffled (list);

  if (self->unconfigured && g_str_has_prefix (model, "mock/") && sluice_provider_find ("mock") != NULL)
    return single (sluice_deployment_new_found (model, sluice_provider_find ("mock"), model + strlen ("mock/"), ""));

  g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_MODEL_UNKNOWN,
               "there is no model '%.200s', call /v1/models to see the models that there are", model);
  return NULL;
}

gboolean
sluice_router_chooses_cloud (SluiceRouter *self, const char *model)
{
  GPtrArray *list = g_hash_table_lookup (self->groups, model);

  for (guint i = 0; list != NULL && i < list->len; i++)
    {
      if (((SluiceDeployment *) g_ptr_array_index (list, i))->local)
        return FALSE;
    }
  return TRUE;
}

gboolean
sluice_router_knows (SluiceRouter *self, const char *model)
{
  return g_hash_table_contains (self->groups, model) || g_hash_table_contains (self->ids, model)
         || g_hash_table_contains (self->models, model) || (self->unconfigured && g_str_has_prefix (model, "mock/"));
}

GPtrArray *
sluice_router_get_groups (SluiceRouter *self)
{
  return self->names;
}
