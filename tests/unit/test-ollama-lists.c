/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "router/sluice-ollama-lists.h"

#define BASE "http://127.0.0.1:11434"
#define OTHER "http://127.0.0.1:1"

static void
test_find (void)
{
  g_autoptr (SluiceOllamaLists) lists = sluice_ollama_lists_new ();

  sluice_ollama_lists_add (lists, BASE, "Copy:latest", SLUICE_OLLAMA_ELSEWHERE);
  sluice_ollama_lists_add (lists, BASE, "copy", SLUICE_OLLAMA_HERE);
  sluice_ollama_lists_add (lists, BASE, "other:8b", SLUICE_OLLAMA_HERE);
  g_assert_cmpint (sluice_ollama_lists_find (lists, BASE, "copy"), ==, SLUICE_OLLAMA_ELSEWHERE);
  g_assert_cmpint (sluice_ollama_lists_find (lists, BASE, "COPY:latest "), ==, SLUICE_OLLAMA_ELSEWHERE);
  g_assert_cmpint (sluice_ollama_lists_find (lists, BASE, "library/copy"), ==, SLUICE_OLLAMA_ELSEWHERE);
  g_assert_cmpint (sluice_ollama_lists_find (lists, BASE, "registry.ollama.ai/library/copy:latest"), ==,
                   SLUICE_OLLAMA_ELSEWHERE);
  g_assert_cmpint (sluice_ollama_lists_find (lists, BASE, "other:8b"), ==, SLUICE_OLLAMA_HERE);
  g_assert_cmpint (sluice_ollama_lists_find (lists, BASE, "other"), ==, SLUICE_OLLAMA_UNKNOWN);
  g_assert_cmpint (sluice_ollama_lists_find (lists, OTHER, "copy"), ==, SLUICE_OLLAMA_UNKNOWN);
}

/* A server that is slow today has what it had. */
static void
test_keep_others (void)
{
  g_autoptr (SluiceOllamaLists) older = sluice_ollama_lists_new ();
  g_autoptr (SluiceOllamaLists) lists = sluice_ollama_lists_new ();
  g_autoptr (SluiceOllamaLists) same = sluice_ollama_lists_new ();
  g_autoptr (GPtrArray) read = g_ptr_array_new ();

  g_ptr_array_add (read, (gpointer) OTHER);
  sluice_ollama_lists_add (older, BASE, "copy", SLUICE_OLLAMA_ELSEWHERE);
  sluice_ollama_lists_add (older, OTHER, "copy", SLUICE_OLLAMA_HERE);
  sluice_ollama_lists_add (older, OTHER "1", "copy", SLUICE_OLLAMA_HERE);
  sluice_ollama_lists_keep_others (lists, NULL, read);
  g_assert_false (sluice_ollama_lists_equal (older, lists));
  sluice_ollama_lists_keep_others (lists, older, read);
  g_assert_cmpint (sluice_ollama_lists_find (lists, BASE, "copy"), ==, SLUICE_OLLAMA_ELSEWHERE);
  g_assert_cmpint (sluice_ollama_lists_find (lists, OTHER, "copy"), ==, SLUICE_OLLAMA_UNKNOWN);
  g_assert_cmpint (sluice_ollama_lists_find (lists, OTHER "1", "copy"), ==, SLUICE_OLLAMA_HERE);

  sluice_ollama_lists_add (same, OTHER "1", "copy", SLUICE_OLLAMA_HERE);
  sluice_ollama_lists_add (same, BASE, "copy", SLUICE_OLLAMA_HERE);
  g_assert_false (sluice_ollama_lists_equal (lists, same));
  sluice_ollama_lists_add (same, BASE, "copy", SLUICE_OLLAMA_ELSEWHERE);
  g_assert_true (sluice_ollama_lists_equal (lists, same));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/ollama-lists/find", test_find);
  g_test_add_func ("/ollama-lists/keep-others", test_keep_others);
  return g_test_run ();
}
