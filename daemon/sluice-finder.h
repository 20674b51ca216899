/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Asks Ollama servers once for their lists (DESIGN 7): which models there are, for those who have configured none, and
 * which of them a server only passes on to its cloud. Main thread.
 */
#pragma once

#include "router/sluice-ollama-lists.h"

G_BEGIN_DECLS

typedef struct _SluiceFinder SluiceFinder;

/* A model that runs where it was found, on a server of this user, of the system, or of another machine. */
typedef struct {
  char *base; /* as it was given */
  char *name;
} SluiceFound;

typedef struct {
  GPtrArray *found;           /* (element-type SluiceFound): of what the servers run themselves */
  SluiceOllamaLists *lists;   /* what all servers have, and what they only pass on */
  GPtrArray *answered;        /* (element-type utf8): addresses of servers that gave a list, or have none to give */
  guint n_asked;
  gboolean complete;          /* FALSE if a server was there but did not answer well in time */
} SluiceFinderResult;

/* Called once, from the main loop; @result is the finder's and lives during the call. */
typedef void (*SluiceFinderFunc) (const SluiceFinderResult *result, gpointer user_data);

/*
 * @bases (element-type utf8): addresses without a trailing slash; those that are not on this network are not asked.
 * @wait_ms: after that the result is what came until then.
 */
SluiceFinder *sluice_finder_new (GPtrArray *bases, guint wait_ms, SluiceFinderFunc func, gpointer user_data);

/* No call comes afterwards. May be called from within it. */
void sluice_finder_free (SluiceFinder *self);

G_END_DECLS
