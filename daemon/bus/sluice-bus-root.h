/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The root object: io.github.sluice.Gateway1 as data/dbus describes it. It knows the wire and nothing of the gateway:
 * what its methods do is given to it, what its properties say is pushed into it, with or without a bus. Main thread.
 */
#pragma once

#include <gio/gio.h>

#include "sluice-gateway.h"

G_BEGIN_DECLS

#define SLUICE_TYPE_BUS_ROOT (sluice_bus_root_get_type ())
G_DECLARE_FINAL_TYPE (SluiceBusRoot, sluice_bus_root, SLUICE, BUS_ROOT, SluiceGateway1Skeleton)

/* Grows by one with each release that adds a member or an option to one of our interfaces. */
#define SLUICE_BUS_API_REVISION 1

typedef enum {
  SLUICE_BUS_STARTING,
  SLUICE_BUS_RUNNING,
  SLUICE_BUS_DEGRADED,
  SLUICE_BUS_CONFIG_ERROR,
  SLUICE_BUS_DRAINING,
} SluiceBusState;

/**
 * SluiceBusRootFuncs:
 * @dup_findings: what is wrong with the configuration read last.
 *   Returns: (transfer container) (element-type SluiceFinding)
 * @set_cloud_policy: stores @policy, one of "off", "explicit", "fallback", as a change by @actor, puts it in force,
 *   calls sluice_bus_root_set_cloud_policy() and then g_task_return_boolean(); or g_task_return_error(), and the old
 *   one stays. Tasks must be answered in the order in which they came. (transfer full) for @task
 * @reload: reads the configuration again and returns the number of warnings by g_task_return_int(); or an error, such
 *   as SLUICE_ERROR_CONFIG with the first finding. (transfer full) for @task
 * @drain: begins to drain, and leaves in the end. @timeout_ms: -1 for the setting. Its call has been answered. Does
 *   nothing if it drains already.
 *
 * What the methods do. Every task must be answered, once, from the main thread, at once or later; errors of any domain
 * are told by their texts, which must not hold secrets.
 */
typedef struct {
  GPtrArray *(*dup_findings) (gpointer user_data);
  void (*set_cloud_policy) (const char *policy, const char *actor, GTask *task, gpointer user_data);
  void (*reload) (GTask *task, gpointer user_data);
  void (*drain) (gint64 timeout_ms, gpointer user_data);
} SluiceBusRootFuncs;

/* @funcs is copied. @start_us: when the daemon started, microseconds UTC. The state is "starting", the policy
 * "fallback". */
SluiceBusRoot *sluice_bus_root_new (const SluiceBusRootFuncs *funcs, gpointer user_data, gint64 start_us);

/* From here on nothing of @funcs is called; calls are answered with SLUICE_ERROR_SHUTTING_DOWN. */
void sluice_bus_root_stop (SluiceBusRoot *self);

/* @addresses: URLs. (array zero-terminated=1) */
void sluice_bus_root_set_addresses (SluiceBusRoot *self, const char *const *addresses);

/*
 * @reasons: (nullable) (array zero-terminated=1): what is not as it should be; each a word, a colon, a blank and a text
 * without secrets: "ledger-unavailable: cannot write sluice.db: …".
 */
void sluice_bus_root_set_state (SluiceBusRoot *self, SluiceBusState state, const char *const *reasons);

/* @policy: what is in force, "off", "explicit" or "fallback". */
void sluice_bus_root_set_cloud_policy (SluiceBusRoot *self, const char *policy);

G_END_DECLS
