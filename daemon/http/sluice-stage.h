/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How far a request has come on its way through the doors of DESIGN 3. The life goes forward only; a failed attempt
 * whose place another candidate takes stays where it is.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  SLUICE_STAGE_READING,    /* doors 1 and 2, guard and read: the head is there, the body may be coming */
  SLUICE_STAGE_PLANNING,   /* 3 to 5, admit, cache, plan: the body is whole, there is no row yet; never waits */
  SLUICE_STAGE_ATTEMPTING, /* 6, attempt: there is a row, and the client has got nothing yet */
  SLUICE_STAGE_RELAYING,   /* 7, relay: the head of a stream is sent. A plain answer passes this by */
  SLUICE_STAGE_SETTLING,   /* 8, settle: the row is handed to the ledger, the last bytes wait for it */
  SLUICE_STAGE_ANSWERED,   /* 9, finish: all bytes are on their way, or there is nobody to take them */
  SLUICE_STAGE_RELEASED,   /* libsoup may finish the message, or has done so */
  SLUICE_N_STAGES,
} SluiceStage;

/* Whether @to may follow on @from. */
gboolean sluice_stage_allows (SluiceStage from, SluiceStage to);

G_END_DECLS
