/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/sluice-ledger-record.h"

SluiceAttemptRecord *
sluice_attempt_record_new (void)
{
  return g_new0 (SluiceAttemptRecord, 1);
}

void
sluice_attempt_record_free (SluiceAttemptRecord *self)
{
  if (self == NULL)
    return;

  g_free (self->deployment);
  g_free (self->provider);
  g_free (self->model);
  g_free (self->price_source);
  g_free (self->price_version);
  g_free (self->error);
  g_free (self);
}

static SluiceAttemptRecord *
attempt_copy (const SluiceAttemptRecord *self)
{
  SluiceAttemptRecord *copy = g_new (SluiceAttemptRecord, 1);

  *copy = *self;
  copy->deployment = g_strdup (self->deployment);
  copy->provider = g_strdup (self->provider);
  copy->model = g_strdup (self->model);
  copy->price_source = g_strdup (self->price_source);
  copy->price_version = g_strdup (self->price_version);
  copy->error = g_strdup (self->error);
  return copy;
}

SluiceExchangeRecord *
sluice_exchange_record_new (void)
{
  SluiceExchangeRecord *self = g_new0 (SluiceExchangeRecord, 1);

  self->attempts = g_ptr_array_new_with_free_func ((GDestroyNotify) sluice_attempt_record_free);
  return self;
}

void
sluice_exchange_record_free (SluiceExchangeRecord *self)
{
  if (self == NULL)
    return;

  g_free (self->request_id);
  g_free (self->call_id);
  g_free (self->account);
  g_free (self->customer);
  g_strfreev (self->tags);
  g_free (self->group);
  g_free (self->operation);
  g_free (self->error);
  g_clear_pointer (&self->attempts, g_ptr_array_unref);
  g_free (self);
}

SluiceExchangeRecord *
sluice_exchange_record_copy (const SluiceExchangeRecord *self)
{
  SluiceExchangeRecord *copy;
  guint n_attempts;

  g_return_val_if_fail (self != NULL, NULL);

  copy = g_new (SluiceExchangeRecord, 1);
  *copy = *self;
  copy->request_id = g_strdup (self->request_id);
  copy->call_id = g_strdup (self->call_id);
  copy->account = g_strdup (self->account);
  copy->customer = g_strdup (self->customer);
  copy->tags = g_strdupv (self->tags);
  copy->group = g_strdup (self->group);
  copy->operation = g_strdup (self->operation);
  copy->error = g_strdup (self->error);

  n_attempts = self->attempts != NULL ? self->attempts->len : 0;
  copy->attempts = g_ptr_array_new_full (n_attempts, (GDestroyNotify) sluice_attempt_record_free);
  for (guint i = 0; i < n_attempts; i++)
    g_ptr_array_add (copy->attempts, attempt_copy (g_ptr_array_index (self->attempts, i)));
  return copy;
}
