/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Addresses of providers, as the configuration and the panel give them.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Checks @text: http or https, a host, no user info, no fragment, no blanks or control bytes. Returns what
 * sluice_base_url_strip() leaves of it. Errors: SLUICE_ERROR_CONFIG; the message does not repeat the text. Any thread.
 */
char *sluice_base_url_normalize (const char *text, GError **error);

/*
 * @text without its query and without trailing slashes: paths are put behind it, and what is in a query may be a key,
 * while addresses are shown (http-surface.md 1.6). (transfer full)
 */
char *sluice_base_url_strip (const char *text);

G_END_DECLS
