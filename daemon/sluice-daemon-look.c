/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From a configuration to what is served: the Ollama servers are asked first (DESIGN 7). One that does not run yet, as
 * after a login, is looked for again, less and less often; and with the cloud off a model that no list has makes us
 * look at once.
 */
#include "secrets/sluice-secrets.h"
#include "sluice-daemon-private.h"

#define OLLAMA "ollama"

/* What a start waits for a list; nobody waits for a later look. */
#define WAIT_MS 800
#define WAIT_AGAIN_MS 5000

#define LOOK_AGAIN_S 1
#define LOOK_AGAIN_MAX_S 15

/* So long a list is believed while the cloud is off and models are asked for. */
#define FRESH_US (5 * G_USEC_PER_SEC)

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

/* What is known of the servers now: of one whose list could not be read, what was known before. */
static void
take_lists (SluiceDaemon *self, const SluiceFinderResult *result)
{
  sluice_ollama_lists_keep_others (result->lists, self->lists, result->answered);
  g_clear_pointer (&self->lists, sluice_ollama_lists_unref);
  self->lists = sluice_ollama_lists_ref (result->lists);
  self->n_servers = result->n_asked;
  self->n_missing = result->n_asked - result->answered->len;
  sluice_front_note_lists (self->front, sluice_clock_monotonic (self->clock) + FRESH_US);
}

static void
take_found (SluiceDaemon *self, GPtrArray *found)
{
  g_ptr_array_set_size (self->found, 0);
  for (guint i = 0; i < found->len; i++)
    {
      const SluiceFound *one = g_ptr_array_index (found, i);
      g_autofree char *group = g_strconcat (OLLAMA "/", one->name, NULL);

      g_ptr_array_add (self->found, sluice_deployment_new_found (group, sluice_provider_find (OLLAMA), one->name,
                                                                 one->base));
    }
}

/* Ends the look that @result is of. */
static void
take_result (SluiceDaemon *self, const SluiceFinderResult *result)
{
  take_lists (self, result);
  if (self->router == NULL && result->complete)
    take_found (self, result->found);
  g_clear_pointer (&self->finder, sluice_finder_free);
}

static void
on_found (const SluiceFinderResult *result, gpointer user_data)
{
  SluiceDaemon *self = user_data;

  take_result (self, result);
  if (self->router != NULL)
    sluice_router_set_lists (self->router, self->lists);
  self->look_again_s = LOOK_AGAIN_S;
  put_in_force (self);
}

/* Where to look: for models if none is configured, else for those that are only passed on. What speaks OpenAI's form
 * here is asked only if it matters. */
static GPtrArray *
dup_bases (SluiceDaemon *self)
{
  GPtrArray *bases;

  if (self->router != NULL)
    return sluice_router_dup_bases (self->router, sluice_daemon_get_policy (self) == SLUICE_CLOUD_OFF);

  bases = g_ptr_array_new_with_free_func (g_free);
  if (self->usable)
    g_ptr_array_add (bases, sluice_deployment_dup_usual_base (self->config, sluice_provider_find (OLLAMA)));
  return bases;
}

/* The same configuration with what the servers say now; the file may be broken meanwhile. */
static void
serve_again (SluiceDaemon *self)
{
  g_autoptr (SluiceRouter) router = NULL;

  if (self->router != NULL)
    {
      g_clear_pointer (&self->router, sluice_router_unref);
      self->router = sluice_router_new (self->config, NULL);
      sluice_router_set_lists (self->router, self->lists);
    }
  router = dup_router (self);
  sluice_front_set_config (self->front, self->config, router, self->usable ? NULL : self->config_error);
}

static void
on_looked_again (const SluiceFinderResult *result, gpointer user_data)
{
  SluiceDaemon *self = user_data;
  g_autoptr (SluiceOllamaLists) before = self->lists != NULL ? sluice_ollama_lists_ref (self->lists) : NULL;

  take_result (self, result);
  if (before == NULL || !sluice_ollama_lists_equal (before, self->lists))
    serve_again (self);
  sluice_daemon_look_again_later (self);
}

static gboolean
look_again (gpointer data)
{
  SluiceDaemon *self = data;
  g_autoptr (GPtrArray) bases = dup_bases (self);

  self->look_source = 0;
  self->looked_us = sluice_clock_monotonic (self->clock);
  self->look_again_s = MIN (self->look_again_s * 2, LOOK_AGAIN_MAX_S);
  self->finder = sluice_finder_new (bases, WAIT_AGAIN_MS, on_looked_again, self);
  return G_SOURCE_REMOVE;
}

/* While the cloud is off a model must not become one of it unseen, be it asked for or not. */
void
sluice_daemon_look_again_later (SluiceDaemon *self)
{
  if (self->n_missing == 0)
    self->look_again_s = LOOK_AGAIN_MAX_S;
  if (self->n_missing > 0 || (self->n_servers > 0 && sluice_daemon_get_policy (self) == SLUICE_CLOUD_OFF))
    self->look_source = g_timeout_add_seconds (self->look_again_s, look_again, self);
}

void
sluice_daemon_look_soon (gpointer data)
{
  SluiceDaemon *self = data;
  gint64 wait = self->looked_us + LOOK_AGAIN_S * G_USEC_PER_SEC - sluice_clock_monotonic (self->clock);

  if (self->finder != NULL || self->reading_for != NULL || self->stopping)
    return;
  g_clear_handle_id (&self->look_source, g_source_remove);
  self->look_source = g_timeout_add (wait > 0 ? (guint) (wait / 1000) + 1 : 0, look_again, self);
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

  self->looked_us = sluice_clock_monotonic (self->clock);
  if (bases->len > 0)
    {
      self->finder = sluice_finder_new (bases, WAIT_MS, on_found, self);
      return;
    }
  self->n_servers = self->n_missing = 0;
  put_in_force (self);
}
