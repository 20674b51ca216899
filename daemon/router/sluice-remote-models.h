/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Models that a local server only passes on: Ollama lists them with the host they run on (remote_host in /api/tags).
 * They may cost money, whatever their name and the server's address (DESIGN 7). Filled by one thread, then read by any.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _SluiceRemoteModels SluiceRemoteModels;

SluiceRemoteModels *sluice_remote_models_new (void);
SluiceRemoteModels *sluice_remote_models_ref (SluiceRemoteModels *self);
void sluice_remote_models_unref (SluiceRemoteModels *self);

/* @base: the server's address as a deployment has it; @name: as the server lists it. */
void sluice_remote_models_add (SluiceRemoteModels *self, const char *base, const char *name);

gboolean sluice_remote_models_contains (SluiceRemoteModels *self, const char *base, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SluiceRemoteModels, sluice_remote_models_unref)

G_END_DECLS
