/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Memory for answers that are not streamed: all exchanges together hold so much and no more, from the upstream's bytes
 * until the client has read them.
 */
#include "http/sluice-exchange-private.h"
#include "shared/sluice-error.h"

static void
on_room_given (gpointer data)
{
  SluiceExchange *self = data;

  self->room_held += self->room_asked;
  self->room_asked = 0;
  if (self->stage == SLUICE_STAGE_ATTEMPTING && self->attempt != NULL)
    sluice_attempt_resume (self->attempt);
  else
    sluice_exchange_drop_room (self);
  sluice_exchange_unref (self);
}

gboolean
sluice_exchange_take_room (SluiceExchange *self, gsize bytes)
{
  /* what an attempt before this one asked for is on its way */
  if (self->room_asked > 0)
    return FALSE;
  if (bytes <= self->room_held)
    return TRUE;

  self->room_asked = bytes - self->room_held;
  sluice_exchange_ref (self);
  if (!sluice_body_budget_take (self->worker->shared.answers, self->room_asked, self->worker->inbox, on_room_given,
                                self))
    {
      self->room_deadline = sluice_exchange_now (self) + self->snapshot->settings->body_budget_wait_ms * 1000;
      return FALSE;
    }

  self->room_held = bytes;
  self->room_asked = 0;
  sluice_exchange_unref (self);
  return TRUE;
}

void
sluice_exchange_drop_room (SluiceExchange *self)
{
  gsize held = self->room_held;

  if (self->room_asked > 0 && sluice_body_budget_leave (self->worker->shared.answers, self))
    {
      self->room_asked = 0;
      sluice_exchange_unref (self);
    }
  self->room_held = 0;
  if (held > 0)
    sluice_body_budget_give (self->worker->shared.answers, held);
}

void
sluice_exchange_check_room (SluiceExchange *self, gint64 now)
{
  g_autoptr (GError) error = NULL;
  SluiceFault *fault;

  if (self->room_asked == 0 || now < self->room_deadline || self->stage != SLUICE_STAGE_ATTEMPTING)
    return;

  g_set_error (&error, SLUICE_ERROR, SLUICE_ERROR_OVERLOADED,
               "too many large answers wait for their clients (sluice_settings.body_budget_bytes), try again later");
  fault = sluice_fault_new_from_error (error);
  /* the answer was there and may have to be paid: another deployment would be no better */
  fault->retriable = FALSE;
  sluice_exchange_attempt_failed (self, fault, SLUICE_ATTEMPT_SETTLED, "overloaded");
}
