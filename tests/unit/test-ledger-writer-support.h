/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An open writer in a place of its own, for the tests of what it does.
 */
#pragma once

#include "ledger/sluice-ledger-writer-private.h"
#include "test-ledger-support.h"

typedef struct {
  TestPlace place;
  SluiceLedgerWriter *writer;
  sqlite3 *db; /* unowned: the writer's */
} TestWriter;

static inline void
test_writer_open (TestWriter *f)
{
  g_autoptr (GError) error = NULL;

  f->writer = sluice_ledger_writer_open (f->place.path, FALSE, f->place.clock, FALSE, &error);
  g_assert_no_error (error);
  f->db = sluice_ledger_writer_get_db (f->writer);
}

static inline void
test_writer_set_up (TestWriter *f, gconstpointer data)
{
  test_place_init (&f->place, SLUICE_DATABASE_FILE);
  sluice_clock_advance (f->place.clock, G_USEC_PER_SEC);
  test_writer_open (f);
}

static inline void
test_writer_tear_down (TestWriter *f, gconstpointer data)
{
  sluice_ledger_writer_close (f->writer, TRUE);
  test_place_clear (&f->place);
}
