/* SPDX-License-Identifier: GPL-3.0-or-later */
/* However a stream is cut, the same lines come out, and the same outcome. The first byte says how it is cut. */
#include "fuzz-target.h"

#include "shared/sluice-ndjson-reader.h"
#include "tests/cutter.h"

#include <string.h>

#define MAX_LINE 48

static gboolean
note_line (const char *line, gsize length, gpointer user_data, GError **error)
{
  GString *seen = user_data;

  g_assert_true (length > 0 && length <= MAX_LINE && memchr (line, '\n', length) == NULL);
  g_string_append_printf (seen, "%" G_GSIZE_FORMAT "|", length);
  g_string_append_len (seen, line, (gssize) length);
  return TRUE;
}

static GString *
read_cut (Cutter cut)
{
  g_auto (Cutter) cutter = cut;
  g_autoptr (SluiceNdjsonReader) reader = sluice_ndjson_reader_new (MAX_LINE);
  g_autoptr (GError) error = NULL;
  GString *seen = g_string_new (NULL);
  gboolean good = TRUE;

  while (good && cutter_next (&cutter))
    good = sluice_ndjson_reader_push (reader, cutter.piece, cutter.size, note_line, seen, &error);
  good = good && sluice_ndjson_reader_end (reader, note_line, seen, &error);
  g_assert_cmpint (good, ==, error == NULL);
  g_string_append (seen, good ? "." : "!");
  return seen;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  cutter_fuzz (data, size, read_cut);
  return 0;
}
