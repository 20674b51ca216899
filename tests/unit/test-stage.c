/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "http/sluice-stage.h"

/* Never back, and never on the spot. */
static void
test_forward_only (void)
{
  for (guint from = 0; from < SLUICE_N_STAGES; from++)
    {
      for (guint to = 0; to <= from; to++)
        g_assert_false (sluice_stage_allows (from, to));
    }
}

/* libsoup gets every message back, and only when it is answered: from nowhere else, and from every stage in the end. */
static void
test_every_life_ends (void)
{
  gboolean ends[SLUICE_N_STAGES] = { [SLUICE_STAGE_RELEASED] = TRUE };

  for (guint from = SLUICE_STAGE_RELEASED; from-- > 0;)
    {
      for (guint to = from + 1; to < SLUICE_N_STAGES; to++)
        ends[from] = ends[from] || (sluice_stage_allows (from, to) && ends[to]);
      g_assert_true (ends[from]);
      g_assert_cmpint (sluice_stage_allows (from, SLUICE_STAGE_RELEASED), ==, from == SLUICE_STAGE_ANSWERED);
    }
}

/* A stream that has begun has a row, and ends with it. */
static void
test_streams_settle (void)
{
  for (guint to = 0; to < SLUICE_N_STAGES; to++)
    {
      g_assert_cmpint (sluice_stage_allows (SLUICE_STAGE_RELAYING, to), ==, to == SLUICE_STAGE_SETTLING);
      g_assert_cmpint (sluice_stage_allows (to, SLUICE_STAGE_RELAYING), ==, to == SLUICE_STAGE_ATTEMPTING);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/stage/forward-only", test_forward_only);
  g_test_add_func ("/stage/every-life-ends", test_every_life_ends);
  g_test_add_func ("/stage/streams-settle", test_streams_settle);
  return g_test_run ();
}
