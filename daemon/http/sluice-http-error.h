/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Errors as whole HTTP answers, for the places where there is no exchange, and the pieces they share with it.
 */
#pragma once

#include <glib.h>

#include "dialect/sluice-fault.h"

G_BEGIN_DECLS

/* Sent with every answer: no sniffing, no framing, no caching (reliability-and-security.md 1.4, rule 7). */
#define SLUICE_HTTP_SAFETY_HEADERS  \
  "X-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\nCache-Control: no-store\r\n"  \
  "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"

const char *sluice_http_reason (guint status);

/* Status line, headers and JSON body; the connection is said to close. @headers (nullable): further ones, whole lines
 * that end with CR LF. */
GString *sluice_http_error_format (const GError *error, const char *headers);

G_END_DECLS
