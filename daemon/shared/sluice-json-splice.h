/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Changes top-level members of a checked object without touching a byte of the others: a request of 2 MB with
 * images is copied once and never rebuilt.
 */
#pragma once

#include "shared/sluice-json.h"

G_BEGIN_DECLS

typedef struct _SluiceJsonSplice SluiceJsonSplice;

/* @object is borrowed until the splice is freed. */
SluiceJsonSplice *sluice_json_splice_new (const SluiceJsonObject *object);
void sluice_json_splice_free (SluiceJsonSplice *self);

/* The member @name gets the value @json (raw JSON, copied); it is appended if it is not there. */
void sluice_json_splice_set (SluiceJsonSplice *self, const char *name, const char *json, gssize length);

/* The same with @text as a JSON string. */
void sluice_json_splice_set_string (SluiceJsonSplice *self, const char *name, const char *text);

/* Appends the member only if the object has none of that name (and none was set). */
void sluice_json_splice_set_default (SluiceJsonSplice *self, const char *name, const char *json, gssize length);

/* No effect if the member is not there. Renaming to a name that exists drops the renamed member. */
void sluice_json_splice_rename (SluiceJsonSplice *self, const char *name, const char *new_name);
void sluice_json_splice_delete (SluiceJsonSplice *self, const char *name);

/*
 * The edited document. (transfer full). With no edit in force it is a copy of the original bytes. White space around
 * the object is not part of it; that between members stays, appended members get none. May be called more than once.
 */
GBytes *sluice_json_splice_end (SluiceJsonSplice *self);

/* The same, appended to @into (transfer none). */
void sluice_json_splice_append (SluiceJsonSplice *self, GByteArray *into);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SluiceJsonSplice, sluice_json_splice_free)

G_END_DECLS
