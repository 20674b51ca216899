/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "http/sluice-snapshot.h"

SluiceSnapshot *
sluice_snapshot_new (SluiceConfig *config, SluiceRouter *router, const char *config_error, guint port)
{
  SluiceSnapshot *self = g_new0 (SluiceSnapshot, 1);

  g_atomic_ref_count_init (&self->refs);
  self->config = sluice_config_ref (config);
  self->router = sluice_router_ref (router);
  self->access = sluice_access_new (config);
  self->settings = sluice_config_get_settings (config);
  self->config_error = g_strdup (config_error);
  self->port = port;
  return self;
}

SluiceSnapshot *
sluice_snapshot_ref (SluiceSnapshot *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
sluice_snapshot_unref (SluiceSnapshot *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  sluice_access_free (self->access);
  sluice_router_unref (self->router);
  sluice_config_unref (self->config);
  g_free (self->config_error);
  g_free (self);
}
