/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/sluice-error.h"
#include "shared/sluice-sse-reader.h"
#include "tests/cutter.h"

#include <string.h>

#define LITERAL(text) (text), sizeof (text) - 1
#define MAX_LINE 64
#define MAX_EVENT 40

typedef struct {
  const char *bytes;
  gsize length;
  const char *events; /* each as <event|data>; a '!' for an error */
  gboolean partial;
} Sample;

static const Sample samples[] = {
  { LITERAL (""), "", FALSE },
  { LITERAL ("\n\n\r\r\n"), "", FALSE },
  { LITERAL ("data: a\n\n"), "<|a>", FALSE },
  { LITERAL ("data: a\r\r"), "<|a>", FALSE },
  { LITERAL ("data: a\r\n\r\n"), "<|a>", FALSE },
  { LITERAL ("data: a\n\r\n"), "<|a>", FALSE },
  { LITERAL ("data: a\r\n\r"), "<|a>", FALSE },
  { LITERAL ("data: a\r\n\rdata: b\r\n\n"), "<|a><|b>", FALSE },
  { LITERAL ("data:a\n\n"), "<|a>", FALSE },
  { LITERAL ("data:  a \n\n"), "<| a >", FALSE },
  { LITERAL ("data: a:b\n\n"), "<|a:b>", FALSE },
  { LITERAL ("data: a\ndata: b\n\n"), "<|a\nb>", FALSE },
  { LITERAL ("data: a\r\ndata\r\ndata: b\r\n\r\n"), "<|a\n\nb>", FALSE },
  { LITERAL ("data\n\n"), "<|>", FALSE },
  { LITERAL ("data:\n\n"), "<|>", FALSE },
  { LITERAL ("data: \n\n"), "<|>", FALSE },
  { LITERAL ("data\ndata\n\n"), "<|\n>", FALSE },
  { LITERAL ("data:\n\ndata: x\n\n"), "<|><|x>", FALSE },
  { LITERAL ("event: e\ndata: a\n\n"), "<e|a>", FALSE },
  { LITERAL ("data: a\nevent: e\n\ndata: b\n\n"), "<e|a><|b>", FALSE },
  { LITERAL ("event: e\nevent: f\ndata: a\n\n"), "<f|a>", FALSE },
  { LITERAL ("event: e\nevent\ndata: a\n\n"), "<|a>", FALSE },
  { LITERAL ("event: e\n\ndata: a\n\n"), "<|a>", FALSE }, /* without data: forgotten with its name */
  { LITERAL (": a comment\ndata: a\n:\n\n"), "<|a>", FALSE },
  { LITERAL (":\n\n: keep-alive\n\n"), "", FALSE },
  { LITERAL ("id: 1\nretry: 5\ndata: a\nother: x\n\n"), "<|a>", FALSE },
  { LITERAL ("Data: a\ndatas: b\n data: c\n\n"), "", FALSE },
  { LITERAL ("\xef\xbb\xbf" "data: a\n\n"), "<|a>", FALSE },
  { LITERAL ("\xef\xbb\xbf\n" "data: a\n\n"), "<|a>", FALSE },
  { LITERAL ("\xef\xbb\xbf\xef\xbb\xbf" "data: a\n\n"), "", FALSE },
  { LITERAL ("data: a\n\n\xef\xbb\xbf" "data: b\n\n"), "<|a>", FALSE },
  { LITERAL ("\xef\xbb\xbf"), "", TRUE },
  { LITERAL ("data: caf\xc3\xa9 \xf0\x9f\x98\x80\n\n"), "<|caf\xc3\xa9 \xf0\x9f\x98\x80>", FALSE },
  { LITERAL ("data: {\"a\":1}\n\ndata: [DONE]\n\n"), "<|{\"a\":1}><|[DONE]>", FALSE },
  { LITERAL ("data: a\n\ndata: b\n"), "<|a>", TRUE },
  { LITERAL ("data: a\n\ndata: b"), "<|a>", TRUE },
  { LITERAL ("data: a\n\nda"), "<|a>", TRUE },
  { LITERAL ("data: a\n\nid: 7\n"), "<|a>", FALSE },
  { LITERAL ("data: 123456789012345678901234567890123456789\n\n"), "<|123456789012345678901234567890123456789>",
    FALSE },
  { LITERAL ("data: 1234567890123456789012345678901234567890\n\n"), "<|1234567890123456789012345678901234567890>",
    FALSE },
  { LITERAL ("data: a\n\ndata: 12345678901234567890123456789012345678901\n\n"), "<|a>!", FALSE },
  { LITERAL ("data: 12345678901234567890\ndata: 12345678901234567890\n\n"), "!", FALSE },
  { LITERAL (":234567890123456789012345678901234567890123456789012345678901234\ndata: a\n\n"), "<|a>", FALSE },
  { LITERAL (":2345678901234567890123456789012345678901234567890123456789012345\n\n"), "!", FALSE },
  { LITERAL ("data: a\n\n:2345678901234567890123456789012345678901234567890123456789012345"), "<|a>!", FALSE },
  { LITERAL ("data: stop\n\ndata: b\n\n"), "<|stop>!", FALSE },
};

static gboolean
note_event (const char *event, const char *data, gsize length, gpointer user_data, GError **error)
{
  GString *seen = user_data;

  g_assert_true (event == NULL || *event != '\0');
  g_string_append_printf (seen, "<%s|", event != NULL ? event : "");
  g_string_append_len (seen, data, (gssize) length);
  g_string_append_c (seen, '>');
  if (length != 4 || memcmp (data, "stop", 4) != 0)
    return TRUE;

  g_set_error_literal (error, SLUICE_ERROR, SLUICE_ERROR_CLIENT_GONE, "stopped");
  return FALSE;
}

/* Pushes memory of the very size, freed right after. */
static gboolean
push (SluiceSseReader *reader, const char *bytes, gsize length, GString *seen, GError **error)
{
  g_autofree char *exact = g_memdup2 (bytes, length);

  return sluice_sse_reader_push (reader, exact, length, note_event, seen, error);
}

static void
assert_events (gconstpointer data, const gsize *cuts, guint n_cuts)
{
  const Sample *sample = data;
  g_auto (Cutter) cutter = cutter_at (sample->bytes, sample->length, cuts, n_cuts);
  g_autoptr (SluiceSseReader) reader = sluice_sse_reader_new (MAX_LINE, MAX_EVENT);
  g_autoptr (GString) seen = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  gboolean good = TRUE;

  while (good && cutter_next (&cutter))
    good = sluice_sse_reader_push (reader, cutter.piece, cutter.size, note_event, seen, &error);
  g_assert_cmpint (error != NULL, ==, !good);
  if (!good)
    {
      g_assert_false (push (reader, "data: x\n\n", 9, seen, NULL));
      g_string_append_c (seen, '!');
    }
  else
    g_assert_cmpint (sluice_sse_reader_has_partial (reader), ==, sample->partial);
  g_assert_cmpstr (seen->str, ==, sample->events);
}

static void
test_cut (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (samples); i++)
    cutter_try_all (samples[i].length, assert_events, &samples[i]);
}

static void
test_errors (void)
{
  static const struct {
    const char *bytes;
    SluiceError code;
    const char *message;
  } cases[] = {
    { "data: 12345678", SLUICE_ERROR_UPSTREAM_ANSWER, "a line of the event stream is longer than 10 bytes" },
    { "data: 12345678\n", SLUICE_ERROR_UPSTREAM_ANSWER, "a line of the event stream is longer than 10 bytes" },
    { "data:12345\ndata:x\n", SLUICE_ERROR_UPSTREAM_ANSWER, "an event of the event stream is longer than 6 bytes" },
    { "data: stop\n\n", SLUICE_ERROR_CLIENT_GONE, "stopped" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (SluiceSseReader) reader = sluice_sse_reader_new (10, 6);
      g_autoptr (GString) seen = g_string_new (NULL);
      g_autoptr (GError) error = NULL;

      g_assert_false (push (reader, cases[i].bytes, strlen (cases[i].bytes), seen, &error));
      g_assert_error (error, SLUICE_ERROR, (int) cases[i].code);
      g_assert_cmpstr (error->message, ==, cases[i].message);
      g_clear_error (&error);
      g_assert_false (push (reader, "", 0, seen, &error));
      g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_UPSTREAM_ANSWER);
    }
}

static gboolean
check_borrowed (const char *event, const char *data, gsize length, gpointer user_data, GError **error)
{
  const char *const *range = user_data;

  g_assert_true (data >= range[0] && data + length <= range[1]);
  return TRUE;
}

static void
test_no_copy (void)
{
  static const char bytes[] = "data: one\n\nevent: e\r\ndata: two\r\n\r\n: x\rdata: three\r\r";
  const char *range[] = { bytes, bytes + sizeof bytes };
  g_autoptr (SluiceSseReader) reader = sluice_sse_reader_new (100, 100);

  g_assert_true (sluice_sse_reader_push (reader, bytes, strlen (bytes), check_borrowed, range, NULL));
}

/* A stream cut before its last empty line: the caller may end the event. */
static void
test_flush (void)
{
  g_autoptr (SluiceSseReader) reader = sluice_sse_reader_new (100, 100);
  g_autoptr (GString) seen = g_string_new (NULL);

  g_assert_true (push (reader, "data: a\ndata: b", 15, seen, NULL));
  g_assert_true (sluice_sse_reader_has_partial (reader));
  g_assert_true (push (reader, "\n\n", 2, seen, NULL));
  g_assert_false (sluice_sse_reader_has_partial (reader));
  g_assert_cmpstr (seen->str, ==, "<|a\nb>");
}

/* Large events go through, buffers shrink again, and lines of one kind cost no more than others. */
static void
test_large (void)
{
  g_autoptr (SluiceSseReader) reader = sluice_sse_reader_new (1000000, 2000000);
  g_autoptr (GString) seen = g_string_new (NULL);
  g_autofree char *filler = g_strnfill (300000, 'x');
  g_autofree char *ends = g_strnfill (2000000, '\r');
  gint64 start;

  for (guint i = 0; i < 4; i++)
    {
      g_assert_true (push (reader, "data: ", 6, seen, NULL));
      g_assert_true (push (reader, filler, 300000, seen, NULL));
      g_assert_true (push (reader, filler, 300000, seen, NULL));
      g_assert_true (push (reader, i % 2 == 0 ? "\n" : "\n\n", i % 2 == 0 ? 1 : 2, seen, NULL));
    }
  g_assert_cmpuint (seen->len, ==, 2 * (600000 + 1 + 600000 + 3));

  start = g_get_monotonic_time ();
  g_assert_true (push (reader, ends, 2000000, seen, NULL));
  g_assert_cmpint (g_get_monotonic_time () - start, <, 2 * G_USEC_PER_SEC);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/sse-reader/cut", test_cut);
  g_test_add_func ("/sse-reader/errors", test_errors);
  g_test_add_func ("/sse-reader/no-copy", test_no_copy);
  g_test_add_func ("/sse-reader/flush", test_flush);
  g_test_add_func ("/sse-reader/large", test_large);
  return g_test_run ();
}
