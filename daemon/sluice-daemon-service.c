/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sluice-daemon-private.h"

/* Rows that wait for a database that cannot be written are work: leaving would lose them. */
static void
look_for_work (SluiceIdleLook *look, gpointer user_data)
{
  SluiceDaemon *self = user_data;
  SluiceWork work;

  sluice_front_get_work (self->front, &work);
  look->busy = work.n_working > 0 || sluice_ledger_get_state (self->ledger) != SLUICE_LEDGER_OK
               || (self->bus != NULL && sluice_bus_get_n_clients (self->bus) > 0);
  look->last_work_us = work.last_work_us;
}

static gboolean
leave_if_nobody_came (gpointer user_data)
{
  SluiceDaemon *self = user_data;

  if (!sluice_front_rest (self->front, sluice_clock_monotonic (self->clock) - self->idle_us))
    return FALSE;
  g_debug ("idle: leaving, the socket unit stays");
  sluice_daemon_ask_to_leave (self, NULL);
  return TRUE;
}

static const SluiceIdleFuncs idle_funcs = { look_for_work, leave_if_nobody_came };

static gboolean
is_healthy (gpointer user_data)
{
  SluiceDaemon *self = user_data;

  return self->ledger == NULL || sluice_ledger_ping (self->ledger);
}

void
sluice_daemon_begin_service (SluiceDaemon *self)
{
  g_autofree char *status = sluice_daemon_dup_status (self);

  if (self->idle_us < 0)
    self->idle_us = sluice_config_get_settings (self->config)->exit_on_idle_minutes * 60 * G_USEC_PER_SEC;
  if (self->notify != NULL)
    {
      sluice_notify_ready (self->notify, status);
      sluice_notify_watch (self->notify, is_healthy, self);
    }
  if (self->idle_us <= 0)
    return;
  if (sluice_front_can_leave (self->front))
    self->idle = sluice_idle_new (self->clock, self->idle_us, &idle_funcs, self);
  else if (sluice_front_get_holder (self->front) != NULL)
    g_message ("stays when idle: one of its sockets is not held by a socket unit (add http.sock to sluice.socket)");
}

void
sluice_daemon_end_service (SluiceDaemon *self)
{
  g_clear_pointer (&self->idle, sluice_idle_free);
  if (self->notify != NULL)
    sluice_notify_watch (self->notify, NULL, NULL);
}
