/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is wrong with an item whose provider nobody knows, for the file's findings and for answers.
 */
#pragma once

#include "catalogue/sluice-provider.h"
#include "config/sluice-config.h"

G_BEGIN_DECLS

/* The provider that @model says by custom_llm_provider, else by the prefix of its model, else the one that its address
 * or its bare name is known for (sluice_provider_infer ()); %NULL if nobody knows it.
 * @name (out) (transfer none): the model's name there, which is a part of @model. */
const SluiceProvider *sluice_provider_of_item (const SluiceConfigModel *model, const char **name);

/*
 * Says that the provider of @model is unknown, and which one was meant if there is one near. What stands there is
 * repeated only where it looks like the name of a provider: a key may stand in the wrong place. @is_typo (out)
 * (nullable): whether one letter makes a known provider of it. Free with g_free(). Any thread.
 */
char *sluice_provider_fault_dup (const SluiceConfigModel *model, gboolean *is_typo);

G_END_DECLS
