/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "router/sluice-deployment.h"

#include <gio/gio.h>
#include <string.h>

#include "config/sluice-base-url.h"
#include "router/sluice-locality.h"
#include "router/sluice-ollama-name.h"
#include "router/sluice-provider-fault.h"
#include "secrets/sluice-secret.h"
#include "secrets/sluice-secrets.h"
#include "shared/sluice-error.h"
#include "shared/sluice-money.h"

static SluiceDeployment *
deployment_alloc (void)
{
  SluiceDeployment *self = g_new0 (SluiceDeployment, 1);

  g_atomic_ref_count_init (&self->refs);
  self->input_femto = self->output_femto = -1;
  self->timeout_ms = self->stream_timeout_ms = self->max_output_tokens = -1;
  return self;
}

SluiceDeployment *
sluice_deployment_ref (SluiceDeployment *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
sluice_deployment_unref (SluiceDeployment *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  g_free (self->id);
  g_free (self->group);
  g_free (self->model);
  g_free (self->api_base);
  sluice_secret_free (self->api_key);
  g_free (self->organization);
  g_free (self->mock_response);
  g_clear_pointer (&self->config, sluice_config_unref);
  g_clear_pointer (&self->pattern, sluice_deployment_unref);
  g_free (self);
}

static const char *
first_variable (const SluiceConfig *config, const char *const *names)
{
  for (guint i = 0; i < SLUICE_PROVIDER_MAX_VARIABLES && names[i] != NULL; i++)
    {
      const char *value = sluice_config_get_variable (config, names[i]);

      if (value != NULL && *value != '\0')
        return value;
    }
  return NULL;
}

char *
sluice_deployment_dup_usual_base (const SluiceConfig *config, const SluiceProvider *provider)
{
  const char *base = first_variable (config, provider->base_variables);

  if (base == NULL)
    base = provider->base;
  return base != NULL ? sluice_base_url_strip (base) : NULL;
}

/* The address must be one that can be asked, and that nobody can be led astray by. */
static gboolean
check_base (const char *base, const SluiceConfigModel *model, gboolean *private_address, GError **error)
{
  g_autoptr (GUri) uri = g_uri_parse (base, G_URI_FLAGS_NONE, NULL);
  const char *host = uri != NULL ? g_uri_get_host (uri) : NULL;

  if (host == NULL || *host == '\0' || g_uri_get_userinfo (uri) != NULL
      || (g_strcmp0 (g_uri_get_scheme (uri), "http") != 0 && g_strcmp0 (g_uri_get_scheme (uri), "https") != 0))
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG,
                   "the address of '%s' is not an http or https address with a host, set api_base", model->group);
      return FALSE;
    }
  if (sluice_host_is_forbidden (host))
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG,
                   "nothing may be sent to the address %s of '%s', set another api_base", host, model->group);
      return FALSE;
    }

  *private_address = sluice_host_is_private (host);
  return TRUE;
}

/* The item's own, else the one kept for this address, else that of the provider's variables. */
static char *
find_key (const SluiceDeployment *self, SluiceConfig *config, const SluiceConfigModel *model)
{
  SluiceSecrets *secrets = sluice_config_get_secrets (config);
  const SluiceSecretQuery query = {
    .deployment = self->id,
    .provider = self->provider->id,
    .key_variables = self->provider->key_variables,
    .n_key_variables = SLUICE_PROVIDER_MAX_VARIABLES,
    .address = self->api_base,
  };
  const char *variable;
  char *key = NULL;

  if (model->api_key != NULL)
    return g_strdup (model->api_key);
  if (secrets != NULL && !sluice_deployment_is_mock (self))
    key = sluice_secrets_lookup (secrets, &query, NULL);
  if (key != NULL)
    return key;
  variable = first_variable (config, self->provider->key_variables);
  /* a line feed at the end comes from the file that it was read from */
  return variable != NULL ? g_strstrip (g_strdup (variable)) : NULL;
}

SluiceDeployment *
sluice_deployment_new (SluiceConfig *config, const SluiceConfigModel *model, GError **error)
{
  g_autoptr (SluiceDeployment) self = deployment_alloc ();
  g_autofree char *base = NULL;
  const char *name = NULL;
  gboolean private_address = TRUE;

  self->provider = sluice_provider_of_item (model, &name);
  if (self->provider == NULL)
    {
      g_autofree char *fault = sluice_provider_fault_dup (model, NULL);

      g_set_error_literal (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG, fault);
      return NULL;
    }

  if (g_strcmp0 (model->api_base, SLUICE_CONFIG_UNSET_ADDRESS) == 0)
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG,
                   "the variable with the address of '%s' is not set, and what is meant for it goes nowhere else: set "
                   "it, or write api_base", model->group);
      return NULL;
    }
  base = model->api_base != NULL ? sluice_base_url_strip (model->api_base)
                                 : sluice_deployment_dup_usual_base (config, self->provider);
  self->mock_response = g_strdup (model->mock_response);
  if (base == NULL && !sluice_deployment_is_mock (self) && !self->provider->wire_pending)
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG,
                   "the provider '%s' of '%s' has no usual address, set api_base", self->provider->id, model->group);
      return NULL;
    }
  self->api_base = base != NULL ? g_steal_pointer (&base) : g_strdup ("");
  /* an address that nobody asks yet may be any */
  if (*self->api_base != '\0' && !self->provider->wire_pending
      && !check_base (self->api_base, model, &private_address, error))
    return NULL;

  self->id = g_strdup (model->id);
  self->group = g_strdup (model->group);
  self->model = g_strdup (name);
  self->api_key = find_key (self, config, model);
  self->organization = g_strdup (model->organization);
  self->local = model->local >= 0 ? model->local == 1 : self->provider->runs_models_here && private_address;
  if (sluice_deployment_is_mock (self) && model->local < 0)
    self->local = TRUE;
  /* Ollama hands some models on to its own cloud: they are tagged so (DESIGN 7), also where it speaks OpenAI's form */
  if (model->local < 0 && self->local && sluice_ollama_name_is_cloud (name))
    self->local = FALSE;
  self->input_femto = model->input_femto;
  self->output_femto = model->output_femto;
  self->timeout_ms = model->timeout_ms;
  self->stream_timeout_ms = model->stream_timeout_ms;
  self->max_output_tokens = model->max_output_tokens;
  if (model->defaults != NULL)
    {
      self->defaults = (const SluiceConfigDefault *) (gpointer) model->defaults->data;
      self->n_defaults = model->defaults->len;
    }
  self->config = sluice_config_ref (config);
  return g_steal_pointer (&self);
}

gboolean
sluice_deployment_says_provider (const SluiceConfigModel *model)
{
  const char *slash = strchr (model->model, '/');
  const char *star = strchr (model->model, '*');

  return model->provider != NULL || star == NULL || (slash != NULL && slash < star);
}

SluiceDeployment *
sluice_deployment_new_pattern (SluiceConfig *config, const SluiceConfigModel *model, GError **error)
{
  SluiceDeployment *self;

  if (sluice_deployment_says_provider (model))
    return sluice_deployment_new (config, model, error);

  self = deployment_alloc ();
  self->id = g_strdup (model->id);
  self->group = g_strdup (model->group);
  self->model = g_strdup (model->model);
  self->api_base = g_strdup ("");
  return self;
}

SluiceDeployment *
sluice_deployment_new_from (SluiceDeployment *pattern,
                            SluiceConfig *config,
                            const SluiceConfigModel *model,
                            const char *upstream,
                            GError **error)
{
  SluiceConfigModel item = *model;
  g_autofree char *with_provider = NULL;
  SluiceDeployment *self;

  item.model = (char *) upstream;
  if (!sluice_deployment_says_provider (model))
    {
      /* what the owner said of one provider does not hold for the one that a client thought of */
      if (item.local == 1)
        item.local = -1;
    }
  else if (pattern->provider != NULL && model->provider == NULL)
    {
      gsize prefix = strcspn (model->model, "/") + 1;

      /* a name that goes through unchanged stays with the provider whose key is sent */
      if (strncmp (upstream, model->model, prefix) != 0)
        {
          with_provider = g_strdup_printf ("%.*s%s", (int) prefix, model->model, upstream);
          item.model = with_provider;
        }
    }

  self = sluice_deployment_new (config, &item, error);
  if (self == NULL)
    return NULL;
  if (sluice_deployment_is_ollama (self) && sluice_ollama_name_is_cloud (self->model)
      && strchr (model->model, '*') != NULL)
    self->local = FALSE;
  /* the mock provider is for those who have configured nothing, or have named it */
  if (!sluice_deployment_says_provider (model) && sluice_deployment_is_mock (self))
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG, "the mock provider is not offered by a wildcard");
      sluice_deployment_unref (self);
      return NULL;
    }
  self->pattern = sluice_deployment_ref (pattern);
  return self;
}

static gint *
in_flight (SluiceDeployment *self)
{
  return self->pattern != NULL ? &self->pattern->in_flight : &self->in_flight;
}

void
sluice_deployment_enter (SluiceDeployment *self)
{
  g_atomic_int_inc (in_flight (self));
}

void
sluice_deployment_leave (SluiceDeployment *self)
{
  g_atomic_int_dec_and_test (in_flight (self));
}

guint
sluice_deployment_get_in_flight (SluiceDeployment *self)
{
  return (guint) g_atomic_int_get (in_flight (self));
}

SluiceDeployment *
sluice_deployment_new_found (const char *group,
                             const SluiceProvider *provider,
                             const char *model,
                             const char *api_base)
{
  SluiceDeployment *self = deployment_alloc ();
  g_autofree char *key = g_strconcat (group, "\n", api_base, NULL);
  g_autofree char *digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, key, -1);

  self->id = g_strndup (digest, 16);
  self->group = g_strdup (group);
  self->provider = provider;
  self->model = g_strdup (model);
  self->api_base = sluice_base_url_strip (api_base);
  self->local = TRUE;
  self->input_femto = self->output_femto = 0;
  return self;
}

gboolean
sluice_deployment_is_ollama (const SluiceDeployment *self)
{
  return self->provider != NULL && g_str_equal (self->provider->dialect, "ollama");
}

gboolean
sluice_deployment_is_mock (const SluiceDeployment *self)
{
  return self->mock_response != NULL || g_str_equal (self->provider->dialect, "mock");
}

gint64
sluice_deployment_cost (const SluiceDeployment *self, gint64 prompt_tokens, gint64 completion_tokens)
{
  const SluiceMoneyItem items[] = {
    { prompt_tokens, MAX (self->input_femto, 0) },
    { completion_tokens, MAX (self->output_femto, 0) },
  };

  return sluice_money_sum (items, G_N_ELEMENTS (items));
}

gboolean
sluice_deployment_has_price (const SluiceDeployment *self)
{
  return self->input_femto >= 0 || self->output_femto >= 0;
}
