/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Looks once for local models while nothing is configured: asks Ollama for its list (DESIGN 7). Main thread.
 */
#pragma once

#include "router/sluice-router.h"

G_BEGIN_DECLS

typedef struct _SluiceFinder SluiceFinder;

/* @found (element-type SluiceDeployment), perhaps empty; called once, from the main loop, within a second. */
typedef void (*SluiceFinderFunc) (GPtrArray *found, gpointer user_data);

SluiceFinder *sluice_finder_new (SluiceConfig *config, SluiceFinderFunc func, gpointer user_data);

/* No call comes afterwards. */
void sluice_finder_free (SluiceFinder *self);

G_END_DECLS
