/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/sluice-finding-sink.h"

static GPtrArray *
findings_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) sluice_finding_free);
}

static void
test_order (void)
{
  static const char *const expected[] = { "0", "4", "1", "3", "2" };
  g_autoptr (SluiceFindingSink) sink = sluice_finding_sink_new ("f");
  g_autoptr (GPtrArray) findings = findings_new ();

  g_ptr_array_add (findings, sluice_finding_new (SLUICE_FINDING_WARNING, "f", 9, 9, NULL, "0"));
  sluice_finding_sink_add (sink, SLUICE_FINDING_WARNING, 3, 1, NULL, "%d", 1);
  sluice_finding_sink_add (sink, SLUICE_FINDING_WARNING, 0, 0, NULL, "%d", 2);
  g_assert_false (sluice_finding_sink_has_error (sink));
  sluice_finding_sink_add (sink, SLUICE_FINDING_ERROR, 3, 1, NULL, "%d", 3);
  sluice_finding_sink_add (sink, SLUICE_FINDING_ERROR, 2, 7, "p", "%d", 4);
  g_assert_true (sluice_finding_sink_has_error (sink));
  sluice_finding_sink_drain (sink, findings);
  g_assert_cmpuint (findings->len, ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < findings->len; i++)
    g_assert_cmpstr (((SluiceFinding *) g_ptr_array_index (findings, i))->message, ==, expected[i]);
  g_assert_false (sluice_finding_sink_has_error (sink));
}

/* A flood of warnings hides no error. */
static void
test_flood (void)
{
  g_autoptr (SluiceFindingSink) sink = sluice_finding_sink_new ("f");
  g_autoptr (GPtrArray) findings = findings_new ();

  for (guint i = 0; i < SLUICE_FINDING_SINK_MAX + 5; i++)
    sluice_finding_sink_add (sink, SLUICE_FINDING_WARNING, i + 1, 1, NULL, "w");
  g_assert_true (sluice_finding_sink_is_full (sink, SLUICE_FINDING_WARNING));
  g_assert_false (sluice_finding_sink_is_full (sink, SLUICE_FINDING_ERROR));
  sluice_finding_sink_add (sink, SLUICE_FINDING_ERROR, 1000, 1, NULL, "e");
  sluice_finding_sink_drain (sink, findings);
  g_assert_cmpuint (findings->len, ==, SLUICE_FINDING_SINK_MAX + 2);
  g_assert_true (sluice_findings_have_error (findings));
  g_assert_cmpstr (((SluiceFinding *) g_ptr_array_index (findings, findings->len - 1))->message, ==,
                   "5 further warnings are not shown");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/finding-sink/order", test_order);
  g_test_add_func ("/finding-sink/flood", test_flood);
  return g_test_run ();
}
