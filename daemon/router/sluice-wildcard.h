/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Names with '*', which stands for any text, also none (config-and-router.md 1.5). A pattern is anchored at both ends.
 * Any thread.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Longer names match nothing: clients may invent what they like. Bytes. */
#define SLUICE_WILDCARD_MAX_NAME 256

/* How many '*' stand in @text. */
guint sluice_wildcard_count (const char *text);

/*
 * What each '*' of @pattern stands for in @name, the first as long as it can be; %NULL if it does not match. The time
 * grows with the product of both lengths at most. Free with g_strfreev().
 */
char **sluice_wildcard_match (const char *pattern, const char *name);

/*
 * @target with each '*' replaced, left to right. With more @captures than '*' it is @name; without any '*' it is
 * @target. %NULL if a '*' would be left over.
 */
char *sluice_wildcard_fill (const char *target, const char *const *captures, const char *name);

/* Which of two patterns is asked first: the longer, then the one with more '*'. Like strcmp(). */
int sluice_wildcard_compare (const char *a, const char *b);

G_END_DECLS
