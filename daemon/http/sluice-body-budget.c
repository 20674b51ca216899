/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "http/sluice-body-budget.h"

typedef struct {
  gsize bytes;
  SluiceInbox *inbox; /* (owned) */
  SluiceInboxFunc func;
  gpointer data;
} Waiter;

struct _SluiceBodyBudget {
  GMutex lock; /* guards the rest */
  gsize total;
  gsize held;
  GQueue waiters; /* (element-type Waiter) */
};

SluiceBodyBudget *
sluice_body_budget_new (gsize bytes)
{
  SluiceBodyBudget *self = g_new0 (SluiceBodyBudget, 1);

  g_mutex_init (&self->lock);
  g_queue_init (&self->waiters);
  self->total = bytes;
  return self;
}

static void
waiter_free (Waiter *waiter)
{
  sluice_inbox_unref (waiter->inbox);
  g_free (waiter);
}

void
sluice_body_budget_free (SluiceBodyBudget *self)
{
  g_queue_clear_full (&self->waiters, (GDestroyNotify) waiter_free);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static gboolean
fits (SluiceBodyBudget *self, gsize bytes)
{
  return self->held == 0 || self->held + bytes <= self->total;
}

gboolean
sluice_body_budget_take (SluiceBodyBudget *self, gsize bytes, SluiceInbox *inbox, SluiceInboxFunc func, gpointer data)
{
  gboolean taken;

  g_mutex_lock (&self->lock);
  /* nobody overtakes those who wait: a large body would wait for ever */
  taken = self->waiters.length == 0 && fits (self, bytes);
  if (taken)
    self->held += bytes;
  else
    {
      Waiter *waiter = g_new (Waiter, 1);

      *waiter = (Waiter){ bytes, sluice_inbox_ref (inbox), func, data };
      g_queue_push_tail (&self->waiters, waiter);
    }
  g_mutex_unlock (&self->lock);
  return taken;
}

/* Lock held. */
static void
serve_waiters (SluiceBodyBudget *self)
{
  while (self->waiters.head != NULL)
    {
      Waiter *waiter = self->waiters.head->data;

      if (!fits (self, waiter->bytes))
        return;
      g_queue_pop_head (&self->waiters);
      self->held += waiter->bytes;
      sluice_inbox_push (waiter->inbox, waiter->func, waiter->data, NULL);
      waiter_free (waiter);
    }
}

gboolean
sluice_body_budget_leave (SluiceBodyBudget *self, gpointer data)
{
  gboolean found = FALSE;

  g_mutex_lock (&self->lock);
  for (GList *link = self->waiters.head; link != NULL; link = link->next)
    {
      if (((Waiter *) link->data)->data != data)
        continue;
      found = TRUE;
      waiter_free (link->data);
      g_queue_delete_link (&self->waiters, link);
      serve_waiters (self);
      break;
    }
  g_mutex_unlock (&self->lock);
  return found;
}

void
sluice_body_budget_give (SluiceBodyBudget *self, gsize bytes)
{
  g_mutex_lock (&self->lock);
  g_assert (self->held >= bytes);
  self->held -= bytes;
  serve_waiters (self);
  g_mutex_unlock (&self->lock);
}

SluiceBodyBudgetUse
sluice_body_budget_get_use (SluiceBodyBudget *self)
{
  SluiceBodyBudgetUse use;

  g_mutex_lock (&self->lock);
  use = (SluiceBodyBudgetUse){ self->total, self->held, self->waiters.length };
  g_mutex_unlock (&self->lock);
  return use;
}
