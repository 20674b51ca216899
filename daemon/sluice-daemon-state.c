/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sluice-daemon-private.h"

#include <string.h>

#include "shared/sluice-error.h"

/* As in the database, where it is a JSON string. */
#define CLOUD_POLICY "cloud_policy"

typedef struct {
  SluiceDaemon *daemon; /* unowned: its inbox is closed before it goes */
  GTask *task;          /* (owned) */
  SluiceCloudPolicy policy;
} PolicyCall;

static SluiceBusState
get_state (SluiceDaemon *self)
{
  if (self->stopping)
    return SLUICE_BUS_DRAINING;
  if (!self->announced)
    return SLUICE_BUS_STARTING;
  if (!self->usable)
    return SLUICE_BUS_CONFIG_ERROR;
  return sluice_ledger_get_state (self->ledger) == SLUICE_LEDGER_OK ? SLUICE_BUS_RUNNING : SLUICE_BUS_DEGRADED;
}

/* Why things are not as they should be: a word, a colon, and a text for people. */
static GStrv
dup_reasons (SluiceDaemon *self)
{
  g_autoptr (GStrvBuilder) reasons = g_strv_builder_new ();
  g_autofree char *ledger = self->ledger != NULL ? sluice_ledger_dup_reason (self->ledger) : NULL;

  if (self->config_error != NULL)
    {
      g_autofree char *text
          = g_strconcat (self->usable ? "config-refused: " : "config-invalid: ", self->config_error, NULL);

      g_strv_builder_add (reasons, text);
    }
  if (ledger != NULL)
    {
      g_autofree char *text = g_strconcat ("ledger-unavailable: ", ledger, NULL);

      g_strv_builder_add (reasons, text);
    }
  return g_strv_builder_end (reasons);
}

char *
sluice_daemon_dup_status (SluiceDaemon *self)
{
  GPtrArray *addresses = sluice_front_get_addresses (self->front);
  g_auto (GStrv) reasons = dup_reasons (self);
  g_autoptr (GString) status = g_string_new ("Listening on");

  if (reasons[0] != NULL)
    return g_strdup (reasons[0]);
  for (guint i = 0; i < addresses->len; i++)
    g_string_append_printf (status, "%s %s", i > 0 ? "," : "", (const char *) g_ptr_array_index (addresses, i));
  return g_string_free (g_steal_pointer (&status), FALSE);
}

void
sluice_daemon_publish (SluiceDaemon *self)
{
  SluiceBusState state = get_state (self);
  g_auto (GStrv) reasons = dup_reasons (self);

  if (self->root != NULL)
    {
      sluice_bus_root_set_cloud_policy (self->root, sluice_cloud_policy_to_string (sluice_daemon_get_policy (self)));
      sluice_bus_root_set_state (self->root, state, (const char *const *) reasons);
    }
  if (self->notify != NULL && self->announced && !self->stopping)
    {
      g_autofree char *status = sluice_daemon_dup_status (self);

      sluice_notify_status (self->notify, status);
    }
}

SluiceCloudPolicy
sluice_daemon_get_policy (SluiceDaemon *self)
{
  /* the configuration has only its first value (DESIGN 7) */
  return self->policy_stored ? self->stored_policy
                             : (SluiceCloudPolicy) sluice_config_get_settings (self->config)->cloud_policy;
}

/* What was chosen at run time; a hand may have been in the database, and a word that is none counts as "off". */
void
sluice_daemon_load_policy (SluiceDaemon *self)
{
  const char *json = g_hash_table_lookup (sluice_ledger_get_settings (self->ledger), CLOUD_POLICY);
  g_autofree char *word = json != NULL && strlen (json) > 2 ? g_strndup (json + 1, strlen (json) - 2) : NULL;

  if (json == NULL && sluice_ledger_has_lost_settings (self->ledger))
    {
      /* it may have been "off" */
      g_warning ("whether the cloud was switched off is lost with the damaged database, so it is off until another "
                 "policy is set");
      sluice_ledger_set_setting (self->ledger, CLOUD_POLICY, "\"off\"", "sluiced", NULL, NULL, NULL);
      self->stored_policy = SLUICE_CLOUD_OFF;
      self->policy_stored = TRUE;
      return;
    }
  self->policy_stored = json != NULL;
  if (json == NULL || sluice_cloud_policy_from_string (word, &self->stored_policy))
    return;
  g_warning ("the cloud policy in the database is unknown, the cloud is switched off until another is set");
  self->stored_policy = SLUICE_CLOUD_OFF;
}

static void
on_policy_stored (SluiceLedgerResult result, gpointer data)
{
  PolicyCall *call = data;
  SluiceDaemon *self = call->daemon;
  g_autoptr (GTask) task = call->task;

  g_queue_remove (&self->policies, call);
  if (result == SLUICE_LEDGER_COMMITTED)
    {
      self->stored_policy = call->policy;
      self->policy_stored = TRUE;
      if (self->front != NULL)
        sluice_front_set_cloud_policy (self->front, call->policy);
      if (call->policy == SLUICE_CLOUD_OFF)
        sluice_daemon_look_soon (self);
      sluice_daemon_publish (self);
      g_task_return_boolean (task, TRUE);
    }
  else
    {
      if (self->front != NULL)
        sluice_front_set_cloud_policy (self->front, sluice_daemon_get_policy (self));
      g_task_return_new_error (task, SLUICE_ERROR, SLUICE_ERROR_LEDGER_UNAVAILABLE,
                               "the policy cannot be stored and stays as it was: see StateReasons, and try again");
    }
  g_free (call);
}

static void
set_cloud_policy (const char *word, const char *actor, GTask *task, gpointer data)
{
  SluiceDaemon *self = data;
  g_autofree char *json = g_strdup_printf ("\"%s\"", word);
  PolicyCall *call = g_new (PolicyCall, 1);

  *call = (PolicyCall){ self, task, SLUICE_CLOUD_OFF };
  sluice_cloud_policy_from_string (word, &call->policy);
  g_queue_push_tail (&self->policies, call);
  /* who switches the cloud off does not want to wait for a disk */
  if (call->policy == SLUICE_CLOUD_OFF && self->front != NULL)
    sluice_front_set_cloud_policy (self->front, SLUICE_CLOUD_OFF);
  sluice_ledger_set_setting (self->ledger, CLOUD_POLICY, json, actor, self->inbox, on_policy_stored, call);
}

static GPtrArray *
dup_findings (gpointer data)
{
  SluiceDaemon *self = data;

  return g_ptr_array_ref (self->findings);
}

static void
on_reloaded (const GError *error, gpointer data)
{
  g_autoptr (GTask) task = data;
  SluiceDaemon *self = g_task_get_task_data (task);

  /* without an error all findings are warnings */
  if (error == NULL)
    g_task_return_int (task, self->findings->len);
  else
    g_task_return_error (task, g_error_copy (error));
}

static void
reload (GTask *task, gpointer data)
{
  g_task_set_task_data (task, g_object_ref (data), g_object_unref);
  sluice_daemon_reload (data, on_reloaded, task);
}

static void
drain (gint64 timeout_ms, gpointer data)
{
  SluiceDaemon *self = data;

  self->drain_ms = timeout_ms;
  sluice_daemon_ask_to_leave (self, NULL);
}

static void
on_taken (const GError *error, gpointer data)
{
  sluice_daemon_ask_to_leave (data, error);
}

/* A panel that is open is work: whoever has called and is still on the bus keeps us. */
static void
on_activity (gpointer data)
{
  SluiceDaemon *self = data;

  if (self->idle != NULL)
    sluice_idle_check (self->idle);
}

static void
on_ledger_state (gpointer data)
{
  sluice_daemon_publish (data);
}

void
sluice_daemon_join_bus (SluiceDaemon *self)
{
  const SluiceBusRootFuncs root_funcs = { dup_findings, set_cloud_policy, reload, drain };
  const SluiceBusFuncs funcs = { on_taken, on_activity };

  sluice_ledger_watch (self->ledger, self->inbox, on_ledger_state, self);
  self->root = sluice_bus_root_new (&root_funcs, self, sluice_clock_real (self->clock));
  self->bus = sluice_bus_new (self->root, self->clock, &funcs, self);
  sluice_daemon_publish (self);
  sluice_bus_start (self->bus);
}

void
sluice_daemon_leave_bus (SluiceDaemon *self)
{
  PolicyCall *call;

  if (self->root != NULL)
    sluice_bus_root_stop (self->root);
  if (self->bus != NULL)
    sluice_bus_stop (self->bus);
  g_clear_object (&self->bus);
  g_clear_object (&self->root);
  if (self->inbox != NULL)
    sluice_inbox_close (self->inbox);
  g_clear_pointer (&self->inbox, sluice_inbox_unref);
  while ((call = g_queue_pop_head (&self->policies)) != NULL)
    {
      g_task_return_new_error (call->task, SLUICE_ERROR, SLUICE_ERROR_SHUTTING_DOWN,
                               "the gateway is shutting down: start it and call again");
      g_object_unref (call->task);
      g_free (call);
    }
}
