/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How fast the JSON scanner and its neighbours are. Prints one line a case; figures mean something only in an
 * optimised build on a quiet machine. Each case runs for about a fifth of a second, three times; the best counts.
 */
#include "shared/sluice-json-splice.h"
#include "shared/sluice-json.h"
#include "shared/sluice-ndjson-reader.h"
#include "shared/sluice-sse-reader.h"

#include <string.h>

#define ROUND_US (G_USEC_PER_SEC / 5)
#define N_ROUNDS 3

typedef void (*CaseFunc) (const GString *text);

static void
check (const GString *text)
{
  if (!sluice_json_check (text->str, text->len, SLUICE_JSON_FLAGS_NONE, NULL, NULL))
    g_printerr ("refused\n");
}

static void
skim (const GString *text)
{
  if (!sluice_json_check (text->str, text->len, SLUICE_JSON_SKIM_NUMBERS, NULL, NULL))
    g_printerr ("refused\n");
}

static void
index_only (const GString *text)
{
  SluiceJsonObject object;

  if (!sluice_json_object_init (&object, text->str, text->len, SLUICE_JSON_FLAGS_NONE, NULL))
    g_printerr ("refused\n");
  sluice_json_object_clear (&object);
}

static void
index_and_splice (const GString *text)
{
  SluiceJsonObject object;
  g_autoptr (SluiceJsonSplice) splice = NULL;
  g_autoptr (GBytes) result = NULL;

  if (!sluice_json_object_init (&object, text->str, text->len, SLUICE_JSON_FLAGS_NONE, NULL))
    g_printerr ("refused\n");
  splice = sluice_json_splice_new (&object);
  sluice_json_splice_set_string (splice, "model", "another-model");
  sluice_json_splice_set_default (splice, "stream_options", "{\"include_usage\":true}", -1);
  result = sluice_json_splice_end (splice);
  sluice_json_object_clear (&object);
}

/* Takes text that has been checked before: what a look-up at the end of a document costs. */
static void
look_up (const GString *text)
{
  SluiceJsonValue root = { SLUICE_JSON_OBJECT, text->str, text->len };

  if (sluice_json_get (root, "last").type == SLUICE_JSON_NONE)
    g_printerr ("not found\n");
}

static gboolean
count_event (const char *event, const char *data, gsize length, gpointer user_data, GError **error)
{
  (*(guint *) user_data)++;
  return TRUE;
}

static void
read_events (const GString *text)
{
  g_autoptr (SluiceSseReader) reader = sluice_sse_reader_new (1 << 20, 1 << 20);
  guint n_events = 0;

  if (!sluice_sse_reader_push (reader, text->str, text->len, count_event, &n_events, NULL) || n_events == 0)
    g_printerr ("refused\n");
}

static gboolean
count_line (const char *line, gsize length, gpointer user_data, GError **error)
{
  (*(guint *) user_data)++;
  return TRUE;
}

static void
read_lines (const GString *text)
{
  g_autoptr (SluiceNdjsonReader) reader = sluice_ndjson_reader_new (1 << 20);
  guint n_lines = 0;

  if (!sluice_ndjson_reader_push (reader, text->str, text->len, count_line, &n_lines, NULL) || n_lines == 0)
    g_printerr ("refused\n");
}

static void
run (const char *name, CaseFunc func, const GString *text)
{
  double best = G_MAXDOUBLE;

  for (guint round = 0; round < N_ROUNDS; round++)
    {
      gint64 start = g_get_monotonic_time ();
      gint64 passed;
      guint64 runs = 0;

      do
        {
          guint batch = text->len > 100000 ? 1 : 1000;

          for (guint i = 0; i < batch; i++)
            func (text);
          runs += batch;
          passed = g_get_monotonic_time () - start;
        }
      while (passed < ROUND_US);
      best = MIN (best, (double) passed * 1000 / (double) runs);
    }
  g_print ("%-28s %9" G_GSIZE_FORMAT " bytes %12.1f ns %9.3f GB/s\n", name, text->len, best, (double) text->len / best);
}

static GString *
filled (const char *head, const char *part, gsize size, const char *tail)
{
  GString *text = g_string_new (head);

  while (text->len < size)
    g_string_append (text, part);
  return g_string_append (text, tail);
}

static GString *
floats (gsize size)
{
  GString *text = g_string_new ("{\"data\":[{\"embedding\":[0.5");
  g_autoptr (GRand) random = g_rand_new_with_seed (1);

  while (text->len < size)
    g_string_append_printf (text, ",%.9f", g_rand_double_range (random, -1, 1));
  return g_string_append (text, "]}]}");
}

static const char request[]
    = "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"system\",\"content\":\"You are a helpful assistant.\"},"
      "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"What is the capital of France, and why so?\"}"
      "]}],\"temperature\":0.7,\"max_tokens\":256,\"stream\":true,\"user\":\"someone\",\"stop\":[\"\\n\\n\"]}";

int
main (void)
{
  const struct {
    const char *name;
    CaseFunc func;
    GString *text;
  } cases[] = {
    { "index request", index_only, g_string_new (request) },
    { "index and splice request", index_and_splice, g_string_new (request) },
    { "check base64", check, filled ("{\"a\":\"", "iVBORw0KGgoAAAANSUhEUgAA+/", 2000000, "\"}") },
    { "splice base64", index_and_splice, filled ("{\"a\":\"", "iVBORw0KGgoAAAANSUhEUgAA+/", 2000000, "\"}") },
    { "check English", check, filled ("{\"a\":\"", "She said \\\"no\\\" and left the room.\\n", 500000, "\"}") },
    { "check Japanese", check, filled ("{\"a\":\"", "これは日本語の文章です。", 500000, "\"}") },
    { "check Russian", check, filled ("{\"a\":\"", "Это просто русский текст, ", 500000, "\"}") },
    { "check emoji", check, filled ("{\"a\":\"", "😀 ok 😃", 500000, "\"}") },
    { "check floats", check, floats (270000) },
    { "skim floats", skim, floats (270000) },
    { "check many objects", check, filled ("[", "{\"id\": 17, \"ok\": true},", 500000, "null]") },
    { "look-up behind objects", look_up, filled ("{\"x\":[", "{\"id\":17,\"ok\":true},", 500000, "0],\"last\":1}") },
    { "look-up behind base64", look_up, filled ("{\"x\":\"", "iVBORw0KGgo", 2000000, "\",\"last\":1}") },
    { "read events", read_events,
      filled ("", "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\" word\"}}]}\n\n", 60000, "") },
    { "read lines", read_lines, filled ("", "{\"message\":{\"content\":\" word\"},\"done\":false}\n", 60000, "") },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      run (cases[i].name, cases[i].func, cases[i].text);
      g_string_free (cases[i].text, TRUE);
    }
  return 0;
}
