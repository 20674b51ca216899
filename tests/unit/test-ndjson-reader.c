/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/sluice-error.h"
#include "shared/sluice-ndjson-reader.h"
#include "tests/cutter.h"

#include <string.h>

#define LITERAL(text) (text), sizeof (text) - 1

typedef struct {
  const char *bytes;
  gsize length;
  const char *lines; /* each in angle brackets; a '!' for an error */
} Sample;

/* Read with a limit of 12 bytes a line. */
static const Sample samples[] = {
  { LITERAL (""), "" },
  { LITERAL ("\n"), "" },
  { LITERAL ("\r\n\r\n\n"), "" },
  { LITERAL ("a"), "<a>" },
  { LITERAL ("a\n"), "<a>" },
  { LITERAL ("a\r\n"), "<a>" },
  { LITERAL ("a\r"), "<a>" },
  { LITERAL ("\r"), "" },
  { LITERAL ("a\nb\r\nc"), "<a><b><c>" },
  { LITERAL ("\n\na\n\n\nb\n\n"), "<a><b>" },
  { LITERAL ("a\rb\n"), "<a\rb>" },
  { LITERAL ("a\r\r\n"), "<a\r>" },
  { LITERAL (" \n"), "" },
  { LITERAL ("a\n \t \r\n\t\nb\n  "), "<a><b>" },
  { LITERAL (" a \n"), "< a >" },
  { LITERAL ("             \n"), "!" },
  { LITERAL ("{\"a\":1}\n{\"b\":2}\r\n"), "<{\"a\":1}><{\"b\":2}>" },
  { LITERAL ("caf\xc3\xa9\n"), "<caf\xc3\xa9>" },
  { LITERAL ("123456789012\n"), "<123456789012>" },
  { LITERAL ("123456789012\r\n1"), "<123456789012><1>" },
  { LITERAL ("123456789012\r"), "<123456789012>" },
  { LITERAL ("a\n1234567890123\nb\n"), "<a>!" },
  { LITERAL ("a\n1234567890123"), "<a>!" },
  { LITERAL ("123456789012\r\r\n"), "!" },
  { LITERAL ("stop\nb\n"), "<stop>!" },
  { LITERAL ("a\nstop"), "<a><stop>!" },
};

static gboolean
note_line (const char *line, gsize length, gpointer user_data, GError **error)
{
  GString *seen = user_data;

  g_string_append_c (seen, '<');
  g_string_append_len (seen, line, (gssize) length);
  g_string_append_c (seen, '>');
  if (length != 4 || memcmp (line, "stop", 4) != 0)
    return TRUE;

  g_set_error_literal (error, SLUICE_ERROR, SLUICE_ERROR_CLIENT_GONE, "stopped");
  return FALSE;
}

/* Pushes memory of the very size, freed right after. */
static gboolean
push (SluiceNdjsonReader *reader, const char *bytes, gsize length, GString *seen, GError **error)
{
  g_autofree char *exact = g_memdup2 (bytes, length);

  return sluice_ndjson_reader_push (reader, exact, length, note_line, seen, error);
}

static void
assert_lines (gconstpointer data, const gsize *cuts, guint n_cuts)
{
  const Sample *sample = data;
  g_auto (Cutter) cutter = cutter_at (sample->bytes, sample->length, cuts, n_cuts);
  g_autoptr (SluiceNdjsonReader) reader = sluice_ndjson_reader_new (12);
  g_autoptr (GString) seen = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  gboolean good = TRUE;

  while (good && cutter_next (&cutter))
    good = sluice_ndjson_reader_push (reader, cutter.piece, cutter.size, note_line, seen, &error);
  good = good && sluice_ndjson_reader_end (reader, note_line, seen, &error);
  g_assert_cmpint (error != NULL, ==, !good);
  if (!good)
    {
      g_assert_false (push (reader, "x\n", 2, seen, NULL));
      g_assert_false (sluice_ndjson_reader_end (reader, note_line, seen, NULL));
      g_string_append_c (seen, '!');
    }
  g_assert_cmpstr (seen->str, ==, sample->lines);
}

static void
test_cut (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (samples); i++)
    cutter_try_all (samples[i].length, assert_lines, &samples[i]);
}

static void
test_errors (void)
{
  g_autoptr (SluiceNdjsonReader) reader = sluice_ndjson_reader_new (3);
  g_autoptr (SluiceNdjsonReader) other = sluice_ndjson_reader_new (10);
  g_autoptr (GString) seen = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  g_assert_false (push (reader, "abcd", 4, seen, &error));
  g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_UPSTREAM_ANSWER);
  g_assert_cmpstr (error->message, ==, "a line of the stream is longer than 3 bytes");
  g_clear_error (&error);
  g_assert_false (push (reader, "a\n", 2, seen, &error));
  g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_UPSTREAM_ANSWER);
  g_clear_error (&error);

  g_assert_false (push (other, "stop\n", 5, seen, &error));
  g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_CLIENT_GONE);
}

static gboolean
check_borrowed (const char *line, gsize length, gpointer user_data, GError **error)
{
  const char *const *range = user_data;

  g_assert_true (line >= range[0] && line + length <= range[1]);
  return TRUE;
}

static void
test_no_copy (void)
{
  static const char bytes[] = "one\ntwo\r\nthree\n";
  const char *range[] = { bytes, bytes + sizeof bytes };
  g_autoptr (SluiceNdjsonReader) reader = sluice_ndjson_reader_new (10);

  g_assert_true (sluice_ndjson_reader_push (reader, bytes, strlen (bytes), check_borrowed, range, NULL));
}

/* A buffer that has grown large is given back, and the reader goes on. */
static void
test_large (void)
{
  g_autoptr (SluiceNdjsonReader) reader = sluice_ndjson_reader_new (1000000);
  g_autoptr (GString) seen = g_string_new (NULL);
  g_autofree char *filler = g_strnfill (300000, 'x');

  for (guint i = 0; i < 2; i++)
    {
      g_assert_true (push (reader, filler, 300000, seen, NULL));
      g_assert_true (push (reader, filler, 300000, seen, NULL));
      g_assert_true (push (reader, "\n", 1, seen, NULL));
    }
  g_assert_cmpuint (seen->len, ==, 2 * 600002);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/ndjson-reader/cut", test_cut);
  g_test_add_func ("/ndjson-reader/errors", test_errors);
  g_test_add_func ("/ndjson-reader/no-copy", test_no_copy);
  g_test_add_func ("/ndjson-reader/large", test_large);
  return g_test_run ();
}
