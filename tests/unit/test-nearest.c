/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/sluice-nearest.h"

#include <string.h>

static void
test_nearest (void)
{
  static const struct {
    const char *name;
    int more;
  } names[] = { { "api_base", 1 }, { "api_key", 2 }, { "timeout", 3 }, { "model", 4 }, { "top_p", 5 }, { "n", 6 } };
  static const struct {
    const char *word;
    const char *nearest;
  } rows[] = {
    { "api_bse", "api_base" },   { "apibase", "api_base" }, { "API-KEY", "api_key" }, { "timeuot", "timeout" },
    { "modle", "model" },        { "m", "n" },              { "zzz", NULL },          { "", NULL },
    { "completely_other", NULL }, { "timeout", "timeout" }, { "top_k", "top_p" },
  };
  g_autofree char *long_word = g_strnfill (100000, 'a');

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    g_assert_cmpstr (sluice_nearest (rows[i].word, &names[0].name, sizeof names[0], G_N_ELEMENTS (names)), ==,
                     rows[i].nearest);
  g_assert_cmpuint (sluice_nearest_count_edits ("olama", "ollama"), ==, 1);
  g_assert_cmpuint (sluice_nearest_count_edits ("Hosted-vLLM", "hosted_vllm"), ==, 0);
  g_assert_cmpuint (sluice_nearest_count_edits ("opneai", "openai"), ==, 1);
  g_assert_cmpuint (sluice_nearest_count_edits ("", "ab"), ==, 2);
  g_assert_cmpuint (sluice_nearest_count_edits (long_word, "a"), ==, G_MAXUINT);
  g_assert_null (sluice_nearest (long_word, &names[0].name, sizeof names[0], G_N_ELEMENTS (names)));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/nearest/nearest", test_nearest);
  return g_test_run ();
}
