/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/sluice-inbox.h"

typedef struct _Call Call;

struct _Call {
  Call *next;
  SluiceInboxFunc func;
  gpointer data;
  GDestroyNotify destroy;
};

struct _SluiceInbox {
  gatomicrefcount refs;
  GMainContext *context; /* (owned) */
  GSource *source;       /* (owned) */
  gint waiting;          /* atomic: there are calls; a ready time would write to the loop's descriptor each time */
  GMutex lock;           /* guards the rest */
  Call *first;
  Call *last;
  gboolean closed;
};

typedef struct {
  GSource source;
  SluiceInbox *inbox; /* unowned: the inbox destroys the source before it goes */
} InboxSource;

static void
call_discard (Call *call)
{
  if (call->destroy != NULL)
    call->destroy (call->data);
  g_free (call);
}

static void
discard_all (Call *calls)
{
  while (calls != NULL)
    {
      Call *call = calls;

      calls = call->next;
      call_discard (call);
    }
}

static Call *
take_all (SluiceInbox *self)
{
  Call *calls;

  g_mutex_lock (&self->lock);
  calls = g_steal_pointer (&self->first);
  self->last = NULL;
  g_atomic_int_set (&self->waiting, FALSE);
  g_mutex_unlock (&self->lock);
  return calls;
}

static gboolean
inbox_source_prepare (GSource *source, int *timeout)
{
  *timeout = -1;
  return g_atomic_int_get (&((InboxSource *) source)->inbox->waiting);
}

static gboolean
inbox_source_check (GSource *source)
{
  return g_atomic_int_get (&((InboxSource *) source)->inbox->waiting);
}

static gboolean
inbox_source_dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  g_autoptr (SluiceInbox) self = sluice_inbox_ref (((InboxSource *) source)->inbox);
  Call *calls = take_all (self);

  while (calls != NULL)
    {
      Call *call = calls;

      calls = call->next;
      /* closed by an earlier call of the same batch: nothing runs after that */
      if (self->closed)
        {
          call_discard (call);
          continue;
        }
      call->func (call->data);
      g_free (call);
    }

  return G_SOURCE_CONTINUE;
}

static GSourceFuncs inbox_source_funcs = { inbox_source_prepare, inbox_source_check, inbox_source_dispatch, NULL, NULL,
                                           NULL };

SluiceInbox *
sluice_inbox_new (GMainContext *context)
{
  SluiceInbox *self = g_new0 (SluiceInbox, 1);

  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->lock);
  self->context = g_main_context_ref (context != NULL ? context : g_main_context_default ());
  self->source = g_source_new (&inbox_source_funcs, sizeof (InboxSource));
  ((InboxSource *) self->source)->inbox = self;
  g_source_set_static_name (self->source, "sluice-inbox");
  g_source_attach (self->source, context);
  return self;
}

SluiceInbox *
sluice_inbox_ref (SluiceInbox *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
sluice_inbox_unref (SluiceInbox *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  g_source_destroy (self->source);
  g_source_unref (self->source);
  discard_all (self->first);
  g_main_context_unref (self->context);
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
sluice_inbox_push (SluiceInbox *self, SluiceInboxFunc func, gpointer data, GDestroyNotify destroy)
{
  Call *call = g_new (Call, 1);
  gboolean closed;
  gboolean first = FALSE;

  *call = (Call){ NULL, func, data, destroy };

  g_mutex_lock (&self->lock);
  closed = self->closed;
  if (!closed)
    {
      if (self->last != NULL)
        self->last->next = call;
      else
        self->first = call;
      self->last = call;
      first = !g_atomic_int_get (&self->waiting);
      g_atomic_int_set (&self->waiting, TRUE);
    }
  g_mutex_unlock (&self->lock);
  /* the owner looks by itself before it sleeps */
  if (first && !g_main_context_is_owner (self->context))
    g_main_context_wakeup (self->context);

  if (closed)
    call_discard (call);
}

void
sluice_inbox_close (SluiceInbox *self)
{
  g_mutex_lock (&self->lock);
  self->closed = TRUE;
  g_mutex_unlock (&self->lock);

  discard_all (take_all (self));
  g_source_destroy (self->source);
}
