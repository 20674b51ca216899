/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "http/sluice-exchange-private.h"
#include "http/sluice-metrics-exchange.h"
#include "shared/sluice-error.h"

/* The constant that LiteLLM gives: when a model was made is not known (http-surface.md 2.5). */
#define MODEL_CREATED 1677610602

static void
append_model (GString *out, const char *name)
{
  g_string_append (out, "{\"id\":");
  sluice_json_append_string (out, name, -1);
  g_string_append_printf (out, ",\"object\":\"model\",\"created\":%d,\"owned_by\":\"openai\"}", MODEL_CREATED);
}

static void
answer_models (SluiceExchange *self, GString *out)
{
  GPtrArray *groups = sluice_router_get_groups (self->snapshot->router);

  g_string_append (out, "{\"data\":[");
  for (guint i = 0; i < groups->len; i++)
    {
      if (i > 0)
        g_string_append_c (out, ',');
      append_model (out, g_ptr_array_index (groups, i));
    }
  g_string_append (out, "],\"object\":\"list\"}");
}

static gboolean
answer_model (SluiceExchange *self, GString *out, GError **error)
{
  const char *name = self->guard.path_model;

  if (!sluice_router_knows (self->snapshot->router, name))
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_MODEL_NOT_FOUND,
                   "there is no model '%.200s', call /v1/models to see the models that there are", name);
      return FALSE;
    }
  append_model (out, name);
  return TRUE;
}

/* Returns the status: without a configuration that can be used nothing is served, without a database much is. */
static guint
answer_ready (SluiceExchange *self, GString *out)
{
  SluiceLedger *ledger = self->worker->shared.ledger;
  gboolean usable = self->snapshot->config_error == NULL;
  gboolean fine = sluice_ledger_get_state (ledger) == SLUICE_LEDGER_OK;
  g_autofree char *reason = usable ? sluice_ledger_dup_reason (ledger) : g_strdup (self->snapshot->config_error);

  g_string_append_printf (out, "{\"status\":\"%s\",\"db\":\"%s\",\"litellm_version\":\"" PACKAGE_VERSION "\"",
                          !usable ? "config-error" : fine ? "healthy" : "degraded", fine ? "connected" : "degraded");
  if (reason != NULL)
    {
      g_string_append (out, ",\"reason\":");
      sluice_json_append_string (out, reason, -1);
    }
  g_string_append_c (out, '}');
  return usable ? 200 : 503;
}

static void
answer_root (GString *out)
{
  g_string_append (out, "{\"name\":\"sluice\",\"version\":\"" PACKAGE_VERSION "\","
                        "\"message\":\"a gateway for language models, the OpenAI API begins at /v1\"}");
}

void
sluice_exchange_inform (SluiceExchange *self)
{
  g_autoptr (GString) out = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  gboolean fine = TRUE;
  guint status = 200;

  if (self->guard.preflight)
    {
      sluice_exchange_answer (self, 204, g_bytes_new (NULL, 0), NULL);
      return;
    }
  switch (self->guard.route->kind)
    {
    case SLUICE_ROUTE_MODELS:
      answer_models (self, out);
      break;
    case SLUICE_ROUTE_MODEL:
      fine = answer_model (self, out, &error);
      break;
    case SLUICE_ROUTE_METRICS:
      sluice_metrics_answer (self);
      return;
    case SLUICE_ROUTE_LIVE:
      g_string_append (out, "\"I'm alive!\"");
      break;
    case SLUICE_ROUTE_READY:
      status = answer_ready (self, out);
      break;
    default:
      answer_root (out);
      break;
    }
  if (fine)
    sluice_exchange_answer (self, status, g_string_free_to_bytes (g_steal_pointer (&out)), NULL);
  else
    sluice_exchange_fail (self, error);
}
