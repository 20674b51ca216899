/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What Ollama makes of a model's name. It forgives blanks and case, so a name that only looks local may lead to its
 * cloud (DESIGN 7).
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* "name:tag" without blanks and control characters, in lower case, without the usual host and namespace, with the tag
 * "latest" if there is none. @name: UTF-8. (transfer full) */
char *sluice_ollama_name_normalize (const char *name);

/* Whether the tag says that the model runs in Ollama's cloud: "name:cloud", "name:120b-cloud", however written. */
gboolean sluice_ollama_name_is_cloud (const char *name);

G_END_DECLS
