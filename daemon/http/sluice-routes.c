/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "http/sluice-routes.h"

#include <string.h>

#define MODEL "{model}"

/* Prefixes under which each OpenAI route stands. */
static const char *const prefixes[] = { "/v1", "", "/openai/v1" };

/* Below a prefix. The order matters: the first that fits is taken. */
static const SluiceRoute routes[] = {
  { "/chat/completions", SLUICE_ROUTE_INFERENCE, SLUICE_OPERATION_CHAT, TRUE, FALSE },
  { "/completions", SLUICE_ROUTE_INFERENCE, SLUICE_OPERATION_COMPLETION, TRUE, FALSE },
  { "/embeddings", SLUICE_ROUTE_INFERENCE, SLUICE_OPERATION_EMBEDDING, TRUE, FALSE },
  { "/engines/" MODEL "/chat/completions", SLUICE_ROUTE_INFERENCE, SLUICE_OPERATION_CHAT, TRUE, FALSE },
  { "/engines/" MODEL "/completions", SLUICE_ROUTE_INFERENCE, SLUICE_OPERATION_COMPLETION, TRUE, FALSE },
  { "/engines/" MODEL "/embeddings", SLUICE_ROUTE_INFERENCE, SLUICE_OPERATION_EMBEDDING, TRUE, FALSE },
  { "/openai/deployments/" MODEL "/chat/completions", SLUICE_ROUTE_INFERENCE, SLUICE_OPERATION_CHAT, TRUE, FALSE },
  { "/openai/deployments/" MODEL "/completions", SLUICE_ROUTE_INFERENCE, SLUICE_OPERATION_COMPLETION, TRUE, FALSE },
  { "/openai/deployments/" MODEL "/embeddings", SLUICE_ROUTE_INFERENCE, SLUICE_OPERATION_EMBEDDING, TRUE, FALSE },
  { "/models", SLUICE_ROUTE_MODELS, 0, FALSE, FALSE },
  { "/models/" MODEL, SLUICE_ROUTE_MODEL, 0, FALSE, FALSE },
  { "/health/liveliness", SLUICE_ROUTE_LIVE, 0, FALSE, TRUE },
  { "/health/liveness", SLUICE_ROUTE_LIVE, 0, FALSE, TRUE },
  { "/health/readiness", SLUICE_ROUTE_READY, 0, FALSE, TRUE },
  { "/metrics", SLUICE_ROUTE_METRICS, 0, FALSE, FALSE, TRUE },
  { "/", SLUICE_ROUTE_ROOT, 0, FALSE, TRUE },
};

static gboolean
matches (const char *pattern, const char *path, gsize length, char **model)
{
  const char *hole = strstr (pattern, MODEL);
  gsize head = hole != NULL ? (gsize) (hole - pattern) : strlen (pattern);
  gsize tail = hole != NULL ? strlen (hole + strlen (MODEL)) : 0;

  if (hole == NULL)
    return head == length && memcmp (pattern, path, length) == 0;
  if (length <= head + tail || memcmp (pattern, path, head) != 0
      || memcmp (hole + strlen (MODEL), path + length - tail, tail) != 0)
    return FALSE;

  /* NUL and invalid UTF-8 have no business in a name */
  g_free (*model);
  *model = g_uri_unescape_segment (path + head, path + length - tail, NULL);
  return *model != NULL && g_utf8_validate (*model, -1, NULL);
}

static const SluiceRoute *
find_below (const char *path, gsize length, char **model)
{
  for (guint i = 0; i < G_N_ELEMENTS (routes); i++)
    {
      if (matches (routes[i].pattern, path, length, model))
        return &routes[i];
    }
  return NULL;
}

const SluiceRoute *
sluice_route_find (const char *path, char **model)
{
  gsize length = strlen (path);

  *model = NULL;
  while (length > 1 && path[length - 1] == '/')
    length--;
  for (guint i = 0; i < G_N_ELEMENTS (prefixes); i++)
    {
      gsize prefix = strlen (prefixes[i]);
      const SluiceRoute *route;

      if (length <= prefix || strncmp (path, prefixes[i], prefix) != 0)
        continue;
      route = find_below (path + prefix, length - prefix, model);
      if (route != NULL)
        return route;
    }
  g_clear_pointer (model, g_free);
  return NULL;
}

gboolean
sluice_route_is_probe (const SluiceRoute *route)
{
  return route->kind == SLUICE_ROUTE_LIVE || route->kind == SLUICE_ROUTE_READY || route->kind == SLUICE_ROUTE_ROOT
         || route->kind == SLUICE_ROUTE_METRICS;
}

const SluiceRoute *
sluice_routes (guint *n_routes)
{
  *n_routes = G_N_ELEMENTS (routes);
  return routes;
}
