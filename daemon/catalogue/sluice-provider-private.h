/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "catalogue/sluice-provider.h"

G_BEGIN_DECLS

/* Providers that are known and cannot be asked yet, sorted by id. */
guint sluice_providers_later_count (void);
const char *sluice_providers_later_get_id (guint index);

/* By the @length bytes at @id; %NULL if it is none of them. The row lives for ever. Any thread. */
const SluiceProvider *sluice_providers_later_find (const char *id, gsize length);

G_END_DECLS
