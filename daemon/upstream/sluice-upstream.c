/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "upstream/sluice-upstream-private.h"

static void
slot_free (SluiceSessionSlot *slot)
{
  soup_session_abort (slot->session);
  g_object_unref (slot->session);
  g_free (slot);
}

static SluiceSessionSlot *
slot_new (gboolean direct)
{
  SluiceSessionSlot *slot = g_new0 (SluiceSessionSlot, 1);
  GType auth = g_type_from_name ("SoupAuthManager");

  /* our own deadlines: libsoup's applies to each read and would cut a model that thinks for a minute */
  slot->session = soup_session_new_with_options ("max-conns", SLUICE_SESSION_MAX_IN_FLIGHT,
                                                 "max-conns-per-host", SLUICE_SESSION_MAX_IN_FLIGHT,
                                                 "timeout", 0, "idle-timeout", 60, NULL);
  if (auth != G_TYPE_INVALID)
    soup_session_remove_feature_by_type (slot->session, auth);
  /* a proxy would be sent keys and prompts for the models of this machine (DESIGN 6) */
  if (direct)
    soup_session_set_proxy_resolver (slot->session, NULL);
  slot->direct = direct;
  return slot;
}

SluiceUpstream *
sluice_upstream_new (SluiceClock *clock, SluicePoller *poller)
{
  SluiceUpstream *self = g_new0 (SluiceUpstream, 1);

  self->clock = g_object_ref (clock);
  self->poller = poller;
  self->slots = g_ptr_array_new_with_free_func ((GDestroyNotify) slot_free);
  self->scratch = g_malloc (SLUICE_READ_BYTES);
  g_queue_init (&self->attempts);
  return self;
}

void
sluice_upstream_free (SluiceUpstream *self)
{
  while (self->attempts.head != NULL)
    sluice_attempt_cancel (self->attempts.head->data);
  g_ptr_array_unref (self->slots);
  g_object_unref (self->clock);
  g_free (self->scratch);
  g_free (self);
}

SluiceSessionSlot *
sluice_upstream_take_slot (SluiceUpstream *self, gboolean direct)
{
  SluiceSessionSlot *slot;

  for (guint i = 0; i < self->slots->len; i++)
    {
      slot = g_ptr_array_index (self->slots, i);
      if (slot->direct == direct && slot->in_flight < SLUICE_SESSION_MAX_IN_FLIGHT)
        {
          slot->in_flight++;
          return slot;
        }
    }

  slot = slot_new (direct);
  slot->in_flight = 1;
  g_ptr_array_add (self->slots, slot);
  return slot;
}

void
sluice_upstream_give_slot (SluiceUpstream *self, SluiceSessionSlot *slot)
{
  g_assert (slot->in_flight > 0);
  slot->in_flight--;
}

void
sluice_upstream_tick (SluiceUpstream *self)
{
  gint64 now = sluice_clock_monotonic (self->clock);
  GList *next;

  for (GList *link = self->attempts.head; link != NULL; link = next)
    {
      next = link->next;
      sluice_attempt_check_deadlines (link->data, now);
    }

  /* the first ones stay warm, a burst's are given back */
  while (self->slots->len > 2)
    {
      SluiceSessionSlot *last = g_ptr_array_index (self->slots, self->slots->len - 1);

      if (last->in_flight > 0)
        break;
      g_ptr_array_set_size (self->slots, (int) self->slots->len - 1);
    }
}

void
sluice_upstream_leave_cloud (SluiceUpstream *self)
{
  for (guint i = self->slots->len; i > 0; i--)
    {
      const SluiceSessionSlot *slot = g_ptr_array_index (self->slots, i - 1);

      if (!slot->direct && slot->in_flight == 0)
        g_ptr_array_remove_index (self->slots, i - 1);
    }
}

gboolean
sluice_upstream_is_busy (SluiceUpstream *self)
{
  return self->attempts.length > 0 || self->slots->len > 2;
}
