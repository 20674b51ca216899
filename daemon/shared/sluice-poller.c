/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/sluice-poller.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "shared/sluice-error.h"

#define EVENTS_A_TURN 128

struct _SluicePoller {
  int fd;
  GSource *source;      /* (owned) */
  GPtrArray *graveyard; /* (owned) (element-type GObject): removed, perhaps with an event in the batch under way */
  GHashTable *polled;   /* (owned) (element-type SluicePolled): what is in the set */
  GPtrArray *repeats;   /* (owned) (element-type SluicePolled): unowned, perhaps no longer in the set */
  GPtrArray *under_way; /* (owned): the repeats of this turn */
};

typedef struct {
  GSource source;
  SluicePoller *poller;
  gpointer tag;
} PollerSource;

static gboolean
poller_check (GSource *source)
{
  return g_source_query_unix_fd (source, ((PollerSource *) source)->tag) != 0;
}

/* What asks again from within its call has to wait for the next turn. */
static void
call_repeats (SluicePoller *self)
{
  GPtrArray *calls = self->repeats;

  self->repeats = self->under_way;
  self->under_way = calls;
  for (guint i = 0; i < calls->len; i++)
    {
      SluicePolled *polled = g_ptr_array_index (calls, i);

      if (g_hash_table_contains (self->polled, polled))
        polled->ready (polled, 0);
    }
  g_ptr_array_set_size (calls, 0);
}

static gboolean
poller_dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  SluicePoller *self = ((PollerSource *) source)->poller;
  struct epoll_event events[EVENTS_A_TURN];
  int count = epoll_wait (self->fd, events, EVENTS_A_TURN, 0);

  g_source_set_ready_time (source, -1);

  for (int i = 0; i < count; i++)
    {
      SluicePolled *polled = events[i].data.ptr;

      if (g_hash_table_contains (self->polled, polled))
        polled->ready (polled, events[i].events);
    }
  call_repeats (self);
  g_ptr_array_set_size (self->graveyard, 0);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs poller_funcs = { .check = poller_check, .dispatch = poller_dispatch };

SluicePoller *
sluice_poller_new (GMainContext *context, GError **error)
{
  SluicePoller *self;
  int fd = epoll_create1 (EPOLL_CLOEXEC);

  if (fd < 0)
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_FAILED, "no epoll set: %s", g_strerror (errno));
      return NULL;
    }

  self = g_new0 (SluicePoller, 1);
  self->fd = fd;
  self->graveyard = g_ptr_array_new_with_free_func (g_object_unref);
  self->polled = g_hash_table_new (NULL, NULL);
  self->repeats = g_ptr_array_new ();
  self->under_way = g_ptr_array_new ();
  self->source = g_source_new (&poller_funcs, sizeof (PollerSource));
  ((PollerSource *) self->source)->poller = self;
  ((PollerSource *) self->source)->tag = g_source_add_unix_fd (self->source, fd, G_IO_IN);
  g_source_set_static_name (self->source, "sluice-poller");
  /* GLib takes the descriptor of a source that may not recurse out of the loop's set for each dispatch, and puts it
   * back: two writes to wake a loop that is awake */
  g_source_set_can_recurse (self->source, TRUE);
  g_source_attach (self->source, context);
  return self;
}

void
sluice_poller_free (SluicePoller *self)
{
  g_source_destroy (self->source);
  g_source_unref (self->source);
  close (self->fd);
  g_hash_table_unref (self->polled);
  g_ptr_array_unref (self->repeats);
  g_ptr_array_unref (self->under_way);
  g_ptr_array_unref (self->graveyard);
  g_free (self);
}

gboolean
sluice_poller_add (SluicePoller *self, int fd, SluicePolled *polled)
{
  struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = polled };

  if (epoll_ctl (self->fd, EPOLL_CTL_ADD, fd, &event) != 0)
    return FALSE;

  g_object_ref (polled->owner);
  g_hash_table_add (self->polled, polled);
  return TRUE;
}

void
sluice_poller_repeat (SluicePoller *self, SluicePolled *polled)
{
  g_ptr_array_add (self->repeats, polled);
  g_source_set_ready_time (self->source, 0);
}

void
sluice_poller_remove (SluicePoller *self, int fd, SluicePolled *polled)
{
  if (!g_hash_table_remove (self->polled, polled))
    return;

  if (fd >= 0)
    epoll_ctl (self->fd, EPOLL_CTL_DEL, fd, NULL);
  /* outside a dispatch no event of it can be under way; but its owner may be the one who calls */
  if (g_main_current_source () != self->source && g_atomic_int_get (&polled->owner->ref_count) > 1)
    {
      g_object_unref (polled->owner);
      return;
    }
  g_ptr_array_add (self->graveyard, polled->owner);
  /* the next dispatch buries it, and that may be long in coming */
  if (g_main_current_source () != self->source)
    g_source_set_ready_time (self->source, 0);
}
