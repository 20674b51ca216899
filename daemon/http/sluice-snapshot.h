/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a request needs to know of the configuration, in one immutable piece: a request keeps the one it began with.
 * Any thread.
 */
#pragma once

#include "accounts/sluice-access.h"
#include "router/sluice-router.h"

G_BEGIN_DECLS

typedef struct {
  gatomicrefcount refs;
  SluiceConfig *config;          /* (owned) */
  SluiceRouter *router;          /* (owned) */
  SluiceAccess *access;          /* (owned) */
  const SluiceSettings *settings; /* of the config */
  char *config_error;            /* (owned) (nullable): why nothing is served: the configuration cannot be used */
  guint port;                    /* the one we listen on: what Host may name */
} SluiceSnapshot;

/* @config_error (nullable): the first finding of a configuration that could not be used. */
SluiceSnapshot *sluice_snapshot_new (SluiceConfig *config, SluiceRouter *router, const char *config_error, guint port);
SluiceSnapshot *sluice_snapshot_ref (SluiceSnapshot *self);
void sluice_snapshot_unref (SluiceSnapshot *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SluiceSnapshot, sluice_snapshot_unref)

G_END_DECLS
