/* SPDX-License-Identifier: GPL-3.0-or-later */
/* However a stream is cut, the same events come out, and the same outcome. The first byte says how it is cut. */
#include "fuzz-target.h"

#include "shared/sluice-sse-reader.h"
#include "tests/cutter.h"

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

static GString *
read_cut (Cutter cut)
{
  g_auto (Cutter) cutter = cut;
  g_autoptr (SluiceSseReader) reader = sluice_sse_reader_new (MAX_LINE, MAX_EVENT);
  g_autoptr (GError) error = NULL;
  GString *seen = g_string_new (NULL);
  gboolean good = TRUE;

  while (good && cutter_next (&cutter))
    good = sluice_sse_reader_push (reader, cutter.piece, cutter.size, note_event, seen, &error);
  g_assert_cmpint (good, ==, error == NULL);
  g_string_append (seen, good ? "." : "!");
  if (good && sluice_sse_reader_has_partial (reader))
    g_string_append (seen, "+");
  return seen;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  cutter_fuzz (data, size, read_cut);
  return 0;
}
