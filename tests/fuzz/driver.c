/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs a fuzz target without a fuzzer: over each file of the folder given, its beginnings, and copies of it with one
 * byte changed. Prints TAP, one test a file. What is tried is the same in each run; a file that is too large to try
 * all of it is tried at even distances, within a share of the time of the whole.
 */
#include "fuzz-target.h"

#include <stdio.h>
#include <string.h>

#define RUN_SECONDS 4

/* Bytes with a meaning in one of the formats, and some that have none anywhere. */
static const guchar replacements[] = {
  '"', '\\', '{', '}', '[', ']', ',', ':', '0', 'e', '-', ' ', '\n', '\r', '\0', 0x80, 0xc3, 0xed, 0xff,
};

/* In memory of its very size, so that a read behind it is seen by the sanitizers. */
static void
run_exact (const char *bytes, gsize size)
{
  g_autofree guint8 *exact = g_memdup2 (bytes, size);

  LLVMFuzzerTestOneInput (exact != NULL ? exact : (const guint8 *) "", size);
}

static guint64
run_beginnings (const char *bytes, gsize size, gint64 deadline)
{
  guint64 n_runs = 0;
  gsize step = 1 + size / 4096;

  for (gsize n = 0; n <= size && g_get_monotonic_time () < deadline; n += step, n_runs++)
    run_exact (bytes, n);
  return n_runs;
}

static guint64
run_mutations (char *bytes, gsize size, gint64 deadline)
{
  guint64 n_runs = 0;
  gsize step = 1 + size / 512;

  for (gsize at = 0; at < size; at += step)
    {
      char original = bytes[at];

      if (g_get_monotonic_time () >= deadline)
        break;
      for (gsize i = 0; i < sizeof replacements; i++, n_runs++)
        {
          bytes[at] = (char) replacements[i];
          run_exact (bytes, size);
        }
      for (guint bit = 0; bit < 8; bit++, n_runs++)
        {
          bytes[at] = (char) (original ^ (1 << bit));
          run_exact (bytes, size);
        }
      bytes[at] = original;
    }
  return n_runs;
}

static int
compare_names (gconstpointer one, gconstpointer other)
{
  return strcmp (*(const char *const *) one, *(const char *const *) other);
}

static GPtrArray *
list_files (const char *folder, GError **error)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, error);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  if (dir == NULL)
    return NULL;

  while ((name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);
  return g_steal_pointer (&names);
}

int
main (int argc, char *argv[])
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) names = NULL;
  gint64 share;

  if (argc != 2)
    {
      g_printerr ("usage: %s FOLDER\n", argv[0]);
      return 2;
    }
  names = list_files (argv[1], &error);
  if (names == NULL || names->len == 0)
    {
      g_print ("Bail out! no samples in %s: %s\n", argv[1], error != NULL ? error->message : "it is empty");
      return 1;
    }

  g_print ("1..%u\n", names->len);
  share = RUN_SECONDS * G_USEC_PER_SEC / names->len;
  for (guint i = 0; i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i);
      g_autofree char *path = g_build_filename (argv[1], name, NULL);
      g_autofree char *bytes = NULL;
      gint64 start = g_get_monotonic_time ();
      guint64 n_runs = 1;
      gsize size;

      if (!g_file_get_contents (path, &bytes, &size, &error))
        {
          g_print ("Bail out! %s\n", error->message);
          return 1;
        }
      run_exact (bytes, size);
      n_runs += run_beginnings (bytes, size, start + share / 2);
      n_runs += run_mutations (bytes, size, start + share);
      g_print ("ok %u %s # %" G_GUINT64_FORMAT " runs\n", i + 1, name, n_runs);
      fflush (stdout);
    }
  return 0;
}
