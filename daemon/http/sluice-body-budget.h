/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How many bytes of request bodies all workers together may hold; who does not fit waits in line, with reading paused.
 * Thread-safe.
 */
#pragma once

#include <glib.h>

#include "shared/sluice-inbox.h"

G_BEGIN_DECLS

typedef struct _SluiceBodyBudget SluiceBodyBudget;

SluiceBodyBudget *sluice_body_budget_new (gsize bytes);
void sluice_body_budget_free (SluiceBodyBudget *self);

/*
 * Takes @bytes. FALSE: @func (@data) is called through @inbox when the bytes have been taken for it. One request for
 * more than the whole budget is served when nothing else is held.
 */
gboolean sluice_body_budget_take (SluiceBodyBudget *self,
                                  gsize bytes,
                                  SluiceInbox *inbox,
                                  SluiceInboxFunc func,
                                  gpointer data);

/* Leaves the line. FALSE if the bytes were given meanwhile: the call is on its way and they have to be given back. */
gboolean sluice_body_budget_leave (SluiceBodyBudget *self, gpointer data);

void sluice_body_budget_give (SluiceBodyBudget *self, gsize bytes);

typedef struct {
  gsize total;
  gsize held;
  guint n_waiting; /* in line */
} SluiceBodyBudgetUse;

SluiceBodyBudgetUse sluice_body_budget_get_use (SluiceBodyBudget *self);

G_END_DECLS
