/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "catalogue/sluice-provider.h"

G_BEGIN_DECLS

/* Providers that are known and cannot be asked yet. */
extern const SluiceProvider sluice_providers_later[];
extern const guint sluice_n_providers_later;

G_END_DECLS
