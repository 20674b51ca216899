/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Our own name of a request: a UUID of version 7 (RFC 9562 5.7). It begins with its instant, so that in the ledger
 * neighbours in time share a page of the index, while random ones would cost a page each, and that this index finds
 * instants too.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* @at_us: microseconds since 1970. (transfer full) */
char *sluice_request_id_new (gint64 at_us);

/*
 * What sorts, byte by byte, before every id of the millisecond of @at_us and after every id of an earlier one; not an
 * id itself. An @at_us that no id can have is taken as the nearest that one can. (transfer full)
 */
char *sluice_request_id_bound (gint64 at_us);

G_END_DECLS
