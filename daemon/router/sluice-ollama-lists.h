/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What Ollama servers say they have (/api/tags), and which of it they only pass on: those are listed with the host they
 * run on (remote_host), and may cost money whatever their name and the server's address (DESIGN 7). Filled by one
 * thread, then read by any.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _SluiceOllamaLists SluiceOllamaLists;

typedef enum {
  SLUICE_OLLAMA_UNKNOWN,   /* not in the list, or the list could not be read */
  SLUICE_OLLAMA_HERE,      /* the server runs it */
  SLUICE_OLLAMA_ELSEWHERE, /* it passes it on */
} SluiceOllamaPlace;

SluiceOllamaLists *sluice_ollama_lists_new (void);
SluiceOllamaLists *sluice_ollama_lists_ref (SluiceOllamaLists *self);
void sluice_ollama_lists_unref (SluiceOllamaLists *self);

/* @base: the server's address as a deployment has it; @name: as the server lists it. */
void sluice_ollama_lists_add (SluiceOllamaLists *self, const char *base, const char *name, SluiceOllamaPlace place);

/* Of all servers but those at @bases (element-type utf8), whose lists @self has, what @older (nullable) knew still
 * holds. */
void sluice_ollama_lists_keep_others (SluiceOllamaLists *self, SluiceOllamaLists *older, GPtrArray *bases);

/* @name: as anybody writes it. */
SluiceOllamaPlace sluice_ollama_lists_find (SluiceOllamaLists *self, const char *base, const char *name);

gboolean sluice_ollama_lists_equal (SluiceOllamaLists *self, SluiceOllamaLists *other);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SluiceOllamaLists, sluice_ollama_lists_unref)

G_END_DECLS
