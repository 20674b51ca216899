/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The error domain on the bus: each code of SLUICE_ERROR has one name below io.github.sluice.Gateway1.Error. The names
 * are part of the interface; see data/dbus. For daemon and panel.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Errors of other domains are "….Error.Failed". Never %NULL. Any thread. */
const char *sluice_bus_error_name (const GError *error);

/*
 * From here on GDBus turns the names into codes of SLUICE_ERROR and back. Both sides call it before the first message;
 * again does nothing. Any thread.
 */
void sluice_bus_errors_register (void);

G_END_DECLS
