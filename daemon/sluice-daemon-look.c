/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From a configuration to what is served: the Ollama servers are asked first (DESIGN 7). One that does not run yet, as
 * after a login, is looked for again, less and less often.
 */
#include "secrets/sluice-secrets.h"
#include "sluice-daemon-private.h"

#define OLLAMA "ollama"

#define LOOK_AGAIN_S 1
#define LOOK_AGAIN_MAX_S 15

/* What is served while no model is configured: what the finder found last, and nothing if the file cannot be used. */
static SluiceRouter *
dup_router (SluiceDaemon *self)
{
  if (self->router != NULL)
    return sluice_router_ref (self->router);
  return self->usable ? sluice_router_new_unconfigured (self->found) : sluice_router_new (self->config, NULL);
}

/* The file has only the first value, and whoever writes "off" there should know that it is not what holds. */
static void
warn_of_policy (SluiceDaemon *self)
{
  SluiceCloudPolicy written = (SluiceCloudPolicy) sluice_config_get_settings (self->config)->cloud_policy;
  SluiceCloudPolicy holds = sluice_daemon_get_policy (self);

  if (written != holds && sluice_config_get_origin (self->config, "cloud_policy") != SLUICE_ORIGIN_DEFAULT)
    g_printerr ("sluice_settings.cloud_policy is '%s', but '%s' was set since and holds: change it over the bus\n",
                sluice_cloud_policy_to_string (written), sluice_cloud_policy_to_string (holds));
}

/* The last reading's configuration is served from here on. */
static void
put_in_force (SluiceDaemon *self)
{
  g_autoptr (SluiceRouter) router = dup_router (self);
  SluiceSecrets *secrets = sluice_config_get_secrets (self->config);

  warn_of_policy (self);
  sluice_front_set_cloud_policy (self->front, sluice_daemon_get_policy (self));
  sluice_front_set_config (self->front, self->config, router, self->usable ? NULL : self->config_error);
  sluice_daemon_announce (self);
  if (secrets != NULL)
    sluice_secrets_drop_mismatches (secrets);
  sluice_daemon_finish_reading (self);
}

static void
on_found (const SluiceFinderResult *result, gpointer user_data)
{
  SluiceDaemon *self = user_data;

  if (self->router != NULL)
    sluice_router_set_remote (self->router, result->remote);
  else if (result->complete)
    {
      g_ptr_array_set_size (self->found, 0);
      for (guint i = 0; i < result->found->len; i++)
        {
          const SluiceFound *found = g_ptr_array_index (result->found, i);
          g_autofree char *group = g_strconcat (OLLAMA "/", found->name, NULL);

          g_ptr_array_add (self->found, sluice_deployment_new_found (group, sluice_provider_find (OLLAMA), found->name,
                                                                     found->base));
        }
    }
  self->n_absent = result->n_absent;
  self->look_again_s = LOOK_AGAIN_S;
  g_clear_pointer (&self->finder, sluice_finder_free);
  put_in_force (self);
}

/* Where to look before it is served: for models if none is configured, else for those that are only passed on. */
static GPtrArray *
dup_bases (SluiceDaemon *self)
{
  GPtrArray *bases;

  if (self->router != NULL)
    return sluice_router_dup_ollama_bases (self->router);

  bases = g_ptr_array_new_with_free_func (g_free);
  if (self->usable)
    g_ptr_array_add (bases, sluice_deployment_dup_usual_base (self->config, sluice_provider_find (OLLAMA)));
  return bases;
}

/* Somebody listens where nobody did: a reading like any other takes in what is there. */
static void
on_looked_again (const SluiceFinderResult *result, gpointer user_data)
{
  SluiceDaemon *self = user_data;
  gboolean came = result->n_absent < self->n_absent;

  self->n_absent = result->n_absent;
  g_clear_pointer (&self->finder, sluice_finder_free);
  if (came)
    sluice_daemon_reload (self, NULL, NULL);
  else
    sluice_daemon_look_again_later (self);
}

static gboolean
look_again (gpointer data)
{
  SluiceDaemon *self = data;
  g_autoptr (GPtrArray) bases = dup_bases (self);

  self->look_source = 0;
  self->look_again_s = MIN (self->look_again_s * 2, LOOK_AGAIN_MAX_S);
  self->finder = sluice_finder_new (bases, on_looked_again, self);
  return G_SOURCE_REMOVE;
}

void
sluice_daemon_look_again_later (SluiceDaemon *self)
{
  if (self->n_absent > 0)
    self->look_source = g_timeout_add_seconds (self->look_again_s, look_again, self);
}

void
sluice_daemon_stop_looking (SluiceDaemon *self)
{
  g_clear_handle_id (&self->look_source, g_source_remove);
  g_clear_pointer (&self->finder, sluice_finder_free);
}

void
sluice_daemon_serve (SluiceDaemon *self)
{
  g_autoptr (GPtrArray) bases = dup_bases (self);

  if (bases->len > 0)
    self->finder = sluice_finder_new (bases, on_found, self);
  else
    put_in_force (self);
}
