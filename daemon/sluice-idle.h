/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When a daemon that somebody else can start again may leave: after a time without work. Work is what the caller sees
 * when asked, and what others hold it for, such as an open panel. Main thread, default main context.
 */
#pragma once

#include "shared/sluice-clock.h"

G_BEGIN_DECLS

typedef struct _SluiceIdle SluiceIdle;

typedef struct {
  gboolean busy;       /* something is under way */
  gint64 last_work_us; /* when the last piece of work began or ended, monotonic; 0: never */
} SluiceIdleLook;

typedef struct {
  /* Fills in @look, which is zeroed. */
  void (*look) (SluiceIdleLook *look, gpointer user_data);
  /* Time is up. Returns whether it really leaves: then nothing is asked any more, and it may have freed the SluiceIdle;
   * if not, it is asked again soon. */
  gboolean (*leave) (gpointer user_data);
} SluiceIdleFuncs;

/* Begins at once; @period_us > 0, in microseconds. @funcs is copied. */
SluiceIdle *sluice_idle_new (SluiceClock *clock, gint64 period_us, const SluiceIdleFuncs *funcs, gpointer user_data);
void sluice_idle_free (SluiceIdle *self);

/* As long as there are more holds than releases nobody leaves, and not for a period after the last release. */
void sluice_idle_hold (SluiceIdle *self);
void sluice_idle_release (SluiceIdle *self);

/*
 * Looks now. Returns after how many microseconds it wants to look again, -1 if it has left. The timer does this by
 * itself; for tests, and for those who know that something changed.
 */
gint64 sluice_idle_check (SluiceIdle *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SluiceIdle, sluice_idle_free)

G_END_DECLS
