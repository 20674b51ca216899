/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Addresses of providers, as the configuration and the panel give them.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Checks @text: http or https, a host, no user info, no fragment, no blanks or control bytes. Returns it without
 * trailing slashes (those of a query stay). Errors: SLUICE_ERROR_CONFIG; the message does not repeat the text. Any
 * thread.
 */
char *sluice_base_url_normalize (const char *text, GError **error);

G_END_DECLS
