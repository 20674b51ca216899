/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The routes as a table: path patterns, methods, what they do (http-surface.md 2.1).
 */
#pragma once

#include "dialect/sluice-dialect.h"

G_BEGIN_DECLS

typedef enum {
  SLUICE_ROUTE_INFERENCE,  /* POST with a JSON body that names a model */
  SLUICE_ROUTE_MODELS,     /* the list */
  SLUICE_ROUTE_MODEL,      /* one of it */
  SLUICE_ROUTE_LIVE,       /* alive: no key, no look at anything */
  SLUICE_ROUTE_READY,      /* able to serve: no key */
  SLUICE_ROUTE_ROOT,       /* a word for people: no key */
  SLUICE_ROUTE_METRICS,    /* figures for Prometheus: the user may need no key */
} SluiceRouteKind;

typedef struct {
  const char *pattern; /* "{model}" stands for the rest up to what follows it; it may hold slashes */
  SluiceRouteKind kind;
  SluiceOperation operation; /* of SLUICE_ROUTE_INFERENCE */
  gboolean post;             /* POST, else GET and HEAD */
  gboolean open;             /* needs no key */
  gboolean own_user;         /* a process of the same user needs no key, unless the file asks for it */
} SluiceRoute;

/*
 * The route of the percent-encoded @path; %NULL if there is none. @model (out) (transfer full) (nullable): what
 * stands for {model}, decoded. A trailing slash does not matter.
 */
const SluiceRoute *sluice_route_find (const char *path, char **model);

/* Whether a request there only asks how we are: that keeps nobody awake. */
gboolean sluice_route_is_probe (const SluiceRoute *route);

/* The table, for tests. */
const SluiceRoute *sluice_routes (guint *n_routes);

G_END_DECLS
