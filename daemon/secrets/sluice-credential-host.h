/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * To whom a stored key belongs: the scheme, host and port of an address, written in one way only. Any thread.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * "https://API.Example.com:443/v1" gives "https://api.example.com": lower case, no usual port, IP addresses in their
 * shortest form, nothing behind it. Two addresses have the same key only if this text is the same. Errors:
 * SLUICE_ERROR_CONFIG if @address is none of http or https with a host; the text does not quote it. (transfer full)
 */
char *sluice_credential_host (const char *address, GError **error);

/*
 * The same for what a person writes, "HOST", "HOST:PORT" or a whole address. Without a scheme it is that of @usual
 * (nullable), the provider's usual address; without one, http for this machine itself, otherwise https.
 */
char *sluice_credential_host_from_text (const char *text, const char *usual, GError **error);

G_END_DECLS
