/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bus/sluice-bus-limits.h"

#include "shared/sluice-error.h"

#define CALL_US (G_USEC_PER_SEC / SLUICE_BUS_CALLS_PER_SECOND)

typedef struct {
  gint64 paid_until_us; /* each call moves it on by CALL_US; at most a second ahead of now */
  guint n_pending;
  guint32 pending[SLUICE_BUS_MAX_PENDING]; /* serials, the first n_pending of them */
} Sender;

struct _SluiceBusLimits {
  GMutex lock; /* guards the rest */
  GHashTable *senders; /* (owned) (element-type utf8 Sender) */
};

SluiceBusLimits *
sluice_bus_limits_new (void)
{
  SluiceBusLimits *self = g_new0 (SluiceBusLimits, 1);

  g_mutex_init (&self->lock);
  self->senders = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

void
sluice_bus_limits_free (SluiceBusLimits *self)
{
  if (self == NULL)
    return;

  g_hash_table_unref (self->senders);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static gboolean
charge (Sender *sender, guint32 serial, gsize n_bytes, gint64 now_us, GError **error)
{
  gint64 paid_until_us = MAX (sender->paid_until_us, now_us) + CALL_US;

  if (paid_until_us - now_us > G_USEC_PER_SEC)
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_RATE_LIMITED,
                   "more than %d calls a second from one connection: call less often", SLUICE_BUS_CALLS_PER_SECOND);
      return FALSE;
    }
  sender->paid_until_us = paid_until_us;
  if (n_bytes > SLUICE_BUS_MAX_BYTES)
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_BODY_TOO_LARGE,
                   "%" G_GSIZE_FORMAT " bytes of arguments: at most %d are taken", n_bytes, SLUICE_BUS_MAX_BYTES);
      return FALSE;
    }
  if (serial == 0)
    return TRUE;
  if (sender->n_pending == SLUICE_BUS_MAX_PENDING)
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_RATE_LIMITED,
                   "%d calls of one connection are unanswered: wait for an answer first", SLUICE_BUS_MAX_PENDING);
      return FALSE;
    }
  sender->pending[sender->n_pending++] = serial;
  return TRUE;
}

static Sender *
find_or_add (SluiceBusLimits *self, const char *name, gboolean *is_new, GError **error)
{
  Sender *sender = g_hash_table_lookup (self->senders, name);

  *is_new = FALSE;
  if (sender != NULL)
    return sender;
  if (g_hash_table_size (self->senders) >= SLUICE_BUS_MAX_SENDERS)
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_RATE_LIMITED,
                   "%d connections are in use: close one that is not needed", SLUICE_BUS_MAX_SENDERS);
      return NULL;
    }
  *is_new = TRUE;
  sender = g_new0 (Sender, 1);
  g_hash_table_insert (self->senders, g_strdup (name), sender);
  return sender;
}

gboolean
sluice_bus_limits_admit (SluiceBusLimits *self,
                         const char *sender,
                         guint32 serial,
                         gsize n_bytes,
                         gint64 now_us,
                         gboolean *is_new,
                         GError **error)
{
  Sender *found;
  gboolean is_admitted;

  g_mutex_lock (&self->lock);
  found = find_or_add (self, sender, is_new, error);
  is_admitted = found != NULL && charge (found, serial, n_bytes, now_us, error);
  g_mutex_unlock (&self->lock);
  return is_admitted;
}

void
sluice_bus_limits_answered (SluiceBusLimits *self, const char *sender, guint32 serial)
{
  Sender *found;

  g_mutex_lock (&self->lock);
  found = g_hash_table_lookup (self->senders, sender);
  for (guint i = 0; found != NULL && i < found->n_pending; i++)
    {
      if (found->pending[i] != serial)
        continue;
      found->pending[i] = found->pending[--found->n_pending];
      break;
    }
  g_mutex_unlock (&self->lock);
}

void
sluice_bus_limits_forget (SluiceBusLimits *self, const char *sender)
{
  g_mutex_lock (&self->lock);
  g_hash_table_remove (self->senders, sender);
  g_mutex_unlock (&self->lock);
}

guint
sluice_bus_limits_get_n_senders (SluiceBusLimits *self)
{
  guint n;

  g_mutex_lock (&self->lock);
  n = g_hash_table_size (self->senders);
  g_mutex_unlock (&self->lock);
  return n;
}
