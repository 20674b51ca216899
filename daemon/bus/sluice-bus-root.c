/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "bus/sluice-bus-root.h"

#include "bus/sluice-bus-call.h"
#include "config/sluice-finding.h"
#include "shared/sluice-error.h"

/* Bounds the answer; the configuration's own bound is lower. */
#define MAX_FINDINGS 1000

/* An hour. */
#define MAX_DRAIN_MS (60 * 60 * 1000)

struct _SluiceBusRoot {
  SluiceGateway1Skeleton parent_instance;

  SluiceBusRootFuncs funcs;
  gpointer user_data; /* unowned */
  gboolean is_stopped;
  guint n_setting;   /* calls that set the policy and are not answered */
  const char *asked; /* (nullable): what the last of them asked for; a static text */
};

static const char *const states[] = {
  [SLUICE_BUS_STARTING] = "starting",
  [SLUICE_BUS_RUNNING] = "running",
  [SLUICE_BUS_DEGRADED] = "degraded",
  [SLUICE_BUS_CONFIG_ERROR] = "config-error",
  [SLUICE_BUS_DRAINING] = "draining",
};

static const char *const policies[] = { "off", "explicit", "fallback" };

static const SluiceBusOption drain_options[] = { { "timeout-ms", "u" } };

static void sluice_bus_root_init_interface (SluiceGateway1Iface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (SluiceBusRoot,
                               sluice_bus_root,
                               SLUICE_TYPE_GATEWAY1_SKELETON,
                               G_IMPLEMENT_INTERFACE (SLUICE_TYPE_GATEWAY1, sluice_bus_root_init_interface))

static void
sluice_bus_root_class_init (SluiceBusRootClass *klass)
{
}

static void
sluice_bus_root_init (SluiceBusRoot *self)
{
}

/* Whether the call may go on; if not it is answered. */
static gboolean
begin (SluiceBusRoot *self,
       GDBusMethodInvocation *invocation,
       GVariant *options,
       const SluiceBusOption *known,
       guint n_known)
{
  g_autoptr (GError) error = NULL;

  if (!self->is_stopped)
    return sluice_bus_call_check (invocation, options, known, n_known);

  g_set_error (&error, SLUICE_ERROR, SLUICE_ERROR_SHUTTING_DOWN, "the gateway is shutting down: start it again first");
  sluice_bus_call_refuse (invocation, error);
  return FALSE;
}

static void
add_place (GVariantBuilder *builder, const char *name, guint place)
{
  if (place > 0)
    g_variant_builder_add (builder, "{sv}", name, g_variant_new_uint32 (place));
}

static void
add_text (GVariantBuilder *builder, const char *name, const char *text)
{
  if (text != NULL)
    g_variant_builder_add (builder, "{sv}", name, g_variant_new_take_string (g_utf8_make_valid (text, -1)));
}

static GVariant *
finding_to_variant (const SluiceFinding *finding)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  add_text (&builder, "level", finding->level == SLUICE_FINDING_ERROR ? "error" : "warning");
  add_text (&builder, "file", finding->file);
  add_place (&builder, "line", finding->line);
  add_place (&builder, "column", finding->line > 0 ? finding->column : 0);
  add_text (&builder, "path", finding->path);
  add_text (&builder, "message", finding->message);
  return g_variant_builder_end (&builder);
}

static gboolean
handle_config_findings (SluiceGateway1 *object, GDBusMethodInvocation *invocation, GVariant *options)
{
  SluiceBusRoot *self = SLUICE_BUS_ROOT (object);
  g_autoptr (GPtrArray) findings = NULL;
  GVariantBuilder builder;

  if (!begin (self, invocation, options, NULL, 0))
    return G_DBUS_METHOD_INVOCATION_HANDLED;

  findings = self->funcs.dup_findings (self->user_data);
  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < MIN (findings->len, MAX_FINDINGS); i++)
    g_variant_builder_add_value (&builder, finding_to_variant (g_ptr_array_index (findings, i)));
  sluice_gateway1_complete_config_findings (object, invocation, g_variant_builder_end (&builder));
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
on_policy_set (GObject *source, GAsyncResult *result, gpointer data)
{
  SluiceBusRoot *self = SLUICE_BUS_ROOT (source);
  GDBusMethodInvocation *invocation = data;
  g_autoptr (GError) error = NULL;

  self->n_setting--;
  if (!g_task_propagate_boolean (G_TASK (result), &error))
    {
      sluice_bus_call_refuse (invocation, error);
      return;
    }
  /* who gets the answer has seen the change */
  g_dbus_interface_skeleton_flush (G_DBUS_INTERFACE_SKELETON (self));
  g_dbus_method_invocation_return_value (invocation, NULL);
}

/* @policy: a static text. */
static void
set_policy (SluiceBusRoot *self, const char *policy, GDBusMethodInvocation *invocation)
{
  const char *sender = g_dbus_method_invocation_get_sender (invocation);

  self->n_setting++;
  self->asked = policy;
  self->funcs.set_cloud_policy (policy, sender != NULL ? sender : "bus",
                                g_task_new (self, NULL, on_policy_set, invocation), self->user_data);
}

static gboolean
handle_set_cloud_policy (SluiceGateway1 *object,
                         GDBusMethodInvocation *invocation,
                         const char *policy,
                         GVariant *options)
{
  SluiceBusRoot *self = SLUICE_BUS_ROOT (object);
  g_autoptr (GError) error = NULL;

  if (!begin (self, invocation, options, NULL, 0))
    return G_DBUS_METHOD_INVOCATION_HANDLED;

  for (guint i = 0; i < G_N_ELEMENTS (policies); i++)
    if (g_str_equal (policies[i], policy))
      {
        set_policy (self, policies[i], invocation);
        return G_DBUS_METHOD_INVOCATION_HANDLED;
      }
  g_set_error (&error, SLUICE_ERROR, SLUICE_ERROR_INVALID_REQUEST,
               "unknown policy: give 'off', 'explicit' or 'fallback'");
  sluice_bus_call_refuse (invocation, error);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_set_cloud_fallback (SluiceGateway1 *object,
                           GDBusMethodInvocation *invocation,
                           gboolean enabled,
                           GVariant *options)
{
  SluiceBusRoot *self = SLUICE_BUS_ROOT (object);
  const char *current;

  if (!begin (self, invocation, options, NULL, 0))
    return G_DBUS_METHOD_INVOCATION_HANDLED;

  /* an "off" that is still being stored counts: the switch must not open what somebody has just closed */
  current = self->n_setting > 0 ? self->asked : sluice_gateway1_get_cloud_policy (object);
  if (g_str_equal (current, "off"))
    sluice_gateway1_complete_set_cloud_fallback (object, invocation);
  else
    set_policy (self, enabled ? "fallback" : "explicit", invocation);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
on_reloaded (GObject *source, GAsyncResult *result, gpointer data)
{
  SluiceBusRoot *self = SLUICE_BUS_ROOT (source);
  GDBusMethodInvocation *invocation = data;
  g_autoptr (GError) error = NULL;
  gssize n_warnings = g_task_propagate_int (G_TASK (result), &error);

  if (error != NULL)
    {
      sluice_bus_call_refuse (invocation, error);
      return;
    }
  g_dbus_interface_skeleton_flush (G_DBUS_INTERFACE_SKELETON (self));
  sluice_gateway1_complete_reload (SLUICE_GATEWAY1 (self), invocation, (guint) n_warnings);
}

static gboolean
handle_reload (SluiceGateway1 *object, GDBusMethodInvocation *invocation, GVariant *options)
{
  SluiceBusRoot *self = SLUICE_BUS_ROOT (object);

  if (begin (self, invocation, options, NULL, 0))
    self->funcs.reload (g_task_new (self, NULL, on_reloaded, invocation), self->user_data);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_drain (SluiceGateway1 *object, GDBusMethodInvocation *invocation, GVariant *options)
{
  SluiceBusRoot *self = SLUICE_BUS_ROOT (object);
  g_autoptr (GError) error = NULL;
  gint64 timeout_ms = -1;
  guint32 given_ms;

  if (!begin (self, invocation, options, drain_options, G_N_ELEMENTS (drain_options)))
    return G_DBUS_METHOD_INVOCATION_HANDLED;

  if (g_variant_lookup (options, "timeout-ms", "u", &given_ms))
    timeout_ms = given_ms;
  if (timeout_ms > MAX_DRAIN_MS)
    {
      g_set_error (&error, SLUICE_ERROR, SLUICE_ERROR_INVALID_REQUEST,
                   "option 'timeout-ms' is too large: give at most %d", MAX_DRAIN_MS);
      sluice_bus_call_refuse (invocation, error);
      return G_DBUS_METHOD_INVOCATION_HANDLED;
    }
  sluice_bus_root_set_state (self, SLUICE_BUS_DRAINING, NULL);
  g_dbus_interface_skeleton_flush (G_DBUS_INTERFACE_SKELETON (self));
  /* before it begins: it may be the last thing that is done */
  sluice_gateway1_complete_drain (object, invocation);
  self->funcs.drain (timeout_ms, self->user_data);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
sluice_bus_root_init_interface (SluiceGateway1Iface *iface)
{
  iface->handle_config_findings = handle_config_findings;
  iface->handle_set_cloud_policy = handle_set_cloud_policy;
  iface->handle_set_cloud_fallback = handle_set_cloud_fallback;
  iface->handle_reload = handle_reload;
  iface->handle_drain = handle_drain;
}

SluiceBusRoot *
sluice_bus_root_new (const SluiceBusRootFuncs *funcs, gpointer user_data, gint64 start_us)
{
  static const char *const nothing[] = { NULL };
  SluiceBusRoot *self;
  SluiceGateway1 *object;

  g_return_val_if_fail (funcs != NULL, NULL);

  self = g_object_new (SLUICE_TYPE_BUS_ROOT, NULL);
  self->funcs = *funcs;
  self->user_data = user_data;
  object = SLUICE_GATEWAY1 (self);
  sluice_gateway1_set_version (object, PACKAGE_VERSION);
  sluice_gateway1_set_api_revision (object, SLUICE_BUS_API_REVISION);
  sluice_gateway1_set_start_time (object, (guint64) start_us);
  sluice_gateway1_set_addresses (object, nothing);
  sluice_bus_root_set_state (self, SLUICE_BUS_STARTING, NULL);
  sluice_bus_root_set_cloud_policy (self, "fallback");
  return self;
}

void
sluice_bus_root_stop (SluiceBusRoot *self)
{
  g_return_if_fail (SLUICE_IS_BUS_ROOT (self));

  self->is_stopped = TRUE;
}

void
sluice_bus_root_set_addresses (SluiceBusRoot *self, const char *const *addresses)
{
  g_return_if_fail (SLUICE_IS_BUS_ROOT (self));
  g_return_if_fail (addresses != NULL);

  sluice_gateway1_set_addresses (SLUICE_GATEWAY1 (self), addresses);
}

void
sluice_bus_root_set_state (SluiceBusRoot *self, SluiceBusState state, const char *const *reasons)
{
  static const char *const nothing[] = { NULL };
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) texts = NULL;

  g_return_if_fail (SLUICE_IS_BUS_ROOT (self));
  g_return_if_fail (state < G_N_ELEMENTS (states));

  if (reasons == NULL)
    reasons = nothing;
  for (; *reasons != NULL; reasons++)
    {
      g_autofree char *text = g_utf8_make_valid (*reasons, -1);

      g_strv_builder_add (builder, text);
    }
  texts = g_strv_builder_end (builder);
  sluice_gateway1_set_state (SLUICE_GATEWAY1 (self), states[state]);
  sluice_gateway1_set_state_reasons (SLUICE_GATEWAY1 (self), (const char *const *) texts);
}

void
sluice_bus_root_set_cloud_policy (SluiceBusRoot *self, const char *policy)
{
  g_return_if_fail (SLUICE_IS_BUS_ROOT (self));
  g_return_if_fail (policy != NULL);

  sluice_gateway1_set_cloud_policy (SLUICE_GATEWAY1 (self), policy);
  sluice_gateway1_set_cloud_fallback (SLUICE_GATEWAY1 (self), g_str_equal (policy, "fallback"));
}
