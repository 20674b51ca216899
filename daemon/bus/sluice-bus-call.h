/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What every method does with its call: the options judged by a table, and errors answered by their names. Main thread.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct {
  const char *name; /* kebab-case, with the unit: "timeout-ms" */
  const char *type; /* D-Bus type: "u" */
} SluiceBusOption;

/*
 * Whether each of @options (a{sv}) is in @known, of the right type, and there once. Otherwise @invocation is answered
 * with SLUICE_ERROR_INVALID_REQUEST, which names the option, and is gone (transfer full).
 * @known: (array length=n_known)
 */
gboolean sluice_bus_call_check (GDBusMethodInvocation *invocation,
                                GVariant *options,
                                const SluiceBusOption *known,
                                guint n_known);

/* Answers with @error, whatever its domain. (transfer full) for @invocation. */
void sluice_bus_call_refuse (GDBusMethodInvocation *invocation, const GError *error);

G_END_DECLS
