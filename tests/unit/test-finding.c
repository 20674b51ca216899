/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/sluice-finding.h"

static void
test_to_string (void)
{
  static const struct {
    SluiceFindingLevel level;
    guint line;
    guint column;
    const char *path;
    const char *text;
  } rows[] = {
    { SLUICE_FINDING_ERROR, 12, 5, "model_list[2].api_bse", "c.yaml:12:5: error: model_list[2].api_bse: change it" },
    { SLUICE_FINDING_WARNING, 12, 5, NULL, "c.yaml:12:5: warning: change it" },
    { SLUICE_FINDING_ERROR, 0, 0, NULL, "c.yaml: error: change it" },
    { SLUICE_FINDING_WARNING, 0, 0, "a", "c.yaml: warning: a: change it" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (SluiceFinding) finding =
        sluice_finding_new (rows[i].level, "c.yaml", rows[i].line, rows[i].column, rows[i].path, "change it");
      g_autofree char *text = sluice_finding_to_string (finding);

      g_assert_cmpstr (text, ==, rows[i].text);
    }
}

static void
test_have_error (void)
{
  g_autoptr (GPtrArray) findings = g_ptr_array_new_with_free_func ((GDestroyNotify) sluice_finding_free);

  g_assert_false (sluice_findings_have_error (findings));
  g_ptr_array_add (findings, sluice_finding_new (SLUICE_FINDING_WARNING, "c", 1, 1, NULL, "x"));
  g_assert_false (sluice_findings_have_error (findings));
  g_ptr_array_add (findings, sluice_finding_new (SLUICE_FINDING_ERROR, "c", 1, 1, NULL, "x"));
  g_assert_true (sluice_findings_have_error (findings));
  g_assert_cmpuint (sluice_findings_count (findings, SLUICE_FINDING_WARNING), ==, 1);
  g_assert_cmpuint (sluice_findings_count (findings, SLUICE_FINDING_ERROR), ==, 1);
}

static void
test_sort (void)
{
  static const struct {
    const char *file;
    guint line;
    guint column;
    const char *message;
  } added[] = {
    { "elsewhere", 9, 1, "7" }, { "b.yaml", 1, 1, "5" }, { "a.yaml", 0, 0, "4" }, { "elsewhere", 2, 1, "8" },
    { "a.yaml", 2, 5, "2" },    { "a.yaml", 2, 3, "1" }, { "b.yaml", 7, 1, "6" }, { "a.yaml", 3, 1, "3" },
  };
  g_autoptr (GPtrArray) files = g_ptr_array_new ();
  g_autoptr (GPtrArray) findings = g_ptr_array_new_with_free_func ((GDestroyNotify) sluice_finding_free);
  g_autoptr (GString) order = g_string_new (NULL);

  g_ptr_array_add (files, (char *) "a.yaml");
  g_ptr_array_add (files, (char *) "b.yaml");
  for (guint i = 0; i < G_N_ELEMENTS (added); i++)
    g_ptr_array_add (findings, sluice_finding_new (SLUICE_FINDING_WARNING, added[i].file, added[i].line,
                                                   added[i].column, NULL, added[i].message));
  sluice_findings_sort (findings, files);
  for (guint i = 0; i < findings->len; i++)
    g_string_append (order, ((SluiceFinding *) g_ptr_array_index (findings, i))->message);
  g_assert_cmpstr (order->str, ==, "12345678");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/finding/to-string", test_to_string);
  g_test_add_func ("/finding/have-error", test_have_error);
  g_test_add_func ("/finding/sort", test_sort);
  return g_test_run ();
}
