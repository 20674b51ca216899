/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One worker's side towards the providers: a list of small SoupSessions (one large one collapses under a burst: every
 * waiting message walks all connections), and the deadlines of the attempts under way. One thread: the worker's.
 */
#pragma once

#include <glib.h>

#include "shared/sluice-clock.h"
#include "shared/sluice-poller.h"

G_BEGIN_DECLS

typedef struct _SluiceUpstream SluiceUpstream;

/* @poller is the thread's, and outlives it: streams wait there. */
SluiceUpstream *sluice_upstream_new (SluiceClock *clock, SluicePoller *poller);
void sluice_upstream_free (SluiceUpstream *self);

/* Ends attempts that are past a deadline and gives back sessions that are not needed. Call it a few times a second
 * while sluice_upstream_is_busy(). */
void sluice_upstream_tick (SluiceUpstream *self);
/* Closes the connections of sessions for cloud deployments that have nothing under way. */
void sluice_upstream_leave_cloud (SluiceUpstream *self);

gboolean sluice_upstream_is_busy (SluiceUpstream *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SluiceUpstream, sluice_upstream_free)

G_END_DECLS
