/* SPDX-License-Identifier: GPL-3.0-or-later */
/* However a stream is cut, the same events come out, and the same outcome. The first byte says how it is cut. */
#include "fuzz-target.h"

#include "shared/sluice-sse-reader.h"

#include <string.h>

#define MAX_LINE 48
#define MAX_EVENT 64

static gboolean
note_event (const char *event, const char *data, gsize length, gpointer user_data, GError **error)
{
  GString *seen = user_data;

  g_string_append_printf (seen, "%s|%" G_GSIZE_FORMAT "|", event != NULL ? event : "", length);
  g_string_append_len (seen, data, (gssize) length);
  return TRUE;
}

/* Pieces of random size up to @longest, each in memory of its own. */
static GString *
read_cut (const char *bytes, gsize size, guint32 seed, gint32 longest)
{
  g_autoptr (SluiceSseReader) reader = sluice_sse_reader_new (MAX_LINE, MAX_EVENT);
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);
  g_autoptr (GError) error = NULL;
  GString *seen = g_string_new (NULL);
  gboolean good = TRUE;

  while (size > 0 && good)
    {
      gsize wanted = longest == 0 ? size : (gsize) g_rand_int_range (random, 0, longest + 1);
      gsize n = MIN (wanted, size);
      g_autofree char *piece = g_memdup2 (bytes, n);

      good = sluice_sse_reader_push (reader, piece, n, note_event, seen, &error);
      bytes += n;
      size -= n;
    }
  g_assert_cmpint (good, ==, error == NULL);
  g_string_append (seen, good ? "." : "!");
  if (good && sluice_sse_reader_has_partial (reader))
    g_string_append (seen, "+");
  return seen;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GString) whole = NULL;
  g_autoptr (GString) bytewise = NULL;

  if (size == 0)
    return 0;

  whole = read_cut ((const char *) data + 1, size - 1, 0, 0);
  bytewise = read_cut ((const char *) data + 1, size - 1, 0, 1);
  g_assert_true (g_string_equal (whole, bytewise));
  for (guint32 seed = 0; seed < 4; seed++)
    {
      g_autoptr (GString) cut = read_cut ((const char *) data + 1, size - 1, *data * 4u + seed, 2 + (gint32) seed * 9);

      g_assert_true (g_string_equal (whole, cut));
    }
  return 0;
}
