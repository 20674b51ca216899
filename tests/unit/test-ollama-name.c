/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "router/sluice-ollama-name.h"

static void
test_normalize (void)
{
  static const char *const cases[][2] = {
    { "llama3", "llama3:latest" },
    { "Llama3:8B", "llama3:8b" },
    { " x:1 ", "x:1" },
    { "x:\t1\n", "x:1" },
    { "x\xc2\xa0:\xe2\x80\x83" "1\xc2\x85", "x:1" },
    { "", ":latest" },
    { "library/x", "x:latest" },
    { "registry.ollama.ai/library/x:1", "x:1" },
    { "https://Registry.Ollama.ai/library/x", "x:latest" },
    { "me/x", "me/x:latest" },
    { "host:5000/me/x", "host:5000/me/x:latest" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *plain = sluice_ollama_name_normalize (cases[i][0]);

      g_assert_cmpstr (plain, ==, cases[i][1]);
    }
}

/* Blanks and case that Ollama forgives lead to its cloud all the same. */
static void
test_is_cloud (void)
{
  static const char *const cloud[] = { "x:cloud", "x:120b-cloud", "x:Cloud", "x:120b-CLOUD", "x:cloud ", "x: cloud",
                                       "x:cloud\n", "x:120b-cloud\xc2\xa0", "x:cloud\xc2\x85", "x:cl\xe2\x80\x8boud",
                                       "library/x:cloud" };
  static const char *const local[] = { "x", "cloud", "cloud:8b", "x:cloudy", "x:latest", "" };

  for (guint i = 0; i < G_N_ELEMENTS (cloud); i++)
    g_assert_true (sluice_ollama_name_is_cloud (cloud[i]));
  for (guint i = 0; i < G_N_ELEMENTS (local); i++)
    g_assert_false (sluice_ollama_name_is_cloud (local[i]));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/ollama-name/normalize", test_normalize);
  g_test_add_func ("/ollama-name/is-cloud", test_is_cloud);
  return g_test_run ();
}
