/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a text that names an address, a host or an origin must look like. Each function returns %NULL for a text that
 * can be used, else what is wrong and what to write instead: static, for people, without the text itself. Any thread.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* An address that can be listened on: an IP address, without brackets and port. */
const char *sluice_settings_check_address (const char *text);

/* A name as it comes in a Host header: a host name, an IPv4 address or an IPv6 address in brackets, with or without
 * ":port". */
const char *sluice_settings_check_host (const char *text);

/* What a browser sends as Origin: scheme://host or scheme://host:port, in lower case. */
const char *sluice_settings_check_origin (const char *text);

G_END_DECLS
