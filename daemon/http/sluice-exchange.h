/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One client request from its first header to its last byte (DESIGN 3). Lives in its worker's thread and ends when
 * libsoup says "finished". The doors: guard and read in sluice-exchange.c, admit to attempt in -attempt.c, relay in
 * -relay.c, settle and finish in -answer.c; routes that ask no model in -info.c.
 */
#pragma once

#include <libsoup/soup.h>

#include "http/sluice-connection.h"
#include "http/sluice-worker.h"

G_BEGIN_DECLS

/* At "got-headers" of @message. The exchange keeps itself until it has ended. */
void sluice_exchange_begin (SluiceWorker *worker, SluiceConnection *connection, SoupServerMessage *message);

/* Ends waits that are too long. @exchanges are those of one worker; @now is monotonic. */
void sluice_exchanges_tick (GQueue *exchanges, gint64 now);

/* The drain is over: what is under way gets an error, or an error event, and its row. The list empties as that goes
 * out. */
void sluice_exchanges_shut_down (GQueue *exchanges);

/* Closes the connections of those that are still there. */
void sluice_exchanges_abort (GQueue *exchanges);

G_END_DECLS
