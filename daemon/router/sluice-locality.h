/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which addresses count as this machine and its neighbours (DESIGN 7, "Cloud").
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Loopback, link-local, RFC 1918 or unique local (fc00::/7). */
gboolean sluice_address_is_private (GInetAddress *address);

/* A literal private address, or "localhost" and names below it. Other names are not looked up: they are not private. */
gboolean sluice_host_is_private (const char *host);

/* Literal addresses nothing may be sent to: 169.254/16, fe80::/10, multicast and 0/8 (reliability-and-security.md
 * 1.6). */
gboolean sluice_host_is_forbidden (const char *host);

G_END_DECLS
