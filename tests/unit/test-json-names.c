/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/sluice-error.h"
#include "shared/sluice-json.h"

#include <string.h>

/* @n members m0, m1 …; the one at @twice gets the name of the one at @of, with @m for its "m". */
static GString *
object_with (guint n, guint twice, guint of, const char *m)
{
  GString *text = g_string_new ("{");

  for (guint i = 0; i < n; i++)
    {
      g_string_append (text, i == 0 ? "\"" : ",\"");
      g_string_append_printf (text, "%s%u", i == twice ? m : "m", i == twice ? of : i);
      g_string_append (text, "\":0");
    }
  return g_string_append_c (text, '}');
}

static void
assert_outcome (const GString *text, gboolean expected)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (sluice_json_check (text->str, text->len, SLUICE_JSON_FLAGS_NONE, NULL, &error), ==, expected);
  if (!expected)
    {
      g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_INVALID_JSON);
      g_assert_nonnull (strstr (error->message, "a member named twice"));
    }
}

static void
test_few_and_many (void)
{
  static const guint sizes[] = { 2, 3, 15, 16, 17, 23, 24, 25, 48, 49, 100 };
  static const char *const letters[] = { "m", "\\u006d" };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    for (guint f = 0; f < G_N_ELEMENTS (letters); f++)
      {
        guint n = sizes[i];
        g_autoptr (GString) none = object_with (n, 1, 1, letters[f]);
        g_autoptr (GString) ends = object_with (n, n - 1, 0, letters[f]);
        g_autoptr (GString) neighbours = object_with (n, n - 1, n - 2, letters[f]);

        assert_outcome (none, TRUE);
        assert_outcome (ends, FALSE);
        assert_outcome (neighbours, FALSE);
      }
}

static void
test_position (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) text = g_string_new ("{\"b\":0,\"a\":0");

  for (guint i = 0; i < 20; i++)
    g_string_append_printf (text, ",\"m%u\":0", i);
  g_string_append_printf (text, ",\"b\":0,\"a\":0,\"b\":0}");
  g_assert_false (sluice_json_check (text->str, text->len, SLUICE_JSON_FLAGS_NONE, NULL, &error));
  g_assert_cmpstr (error->message, ==, "invalid JSON at byte 163: a member named twice");
  g_assert_cmpint (text->str[163 + 1], ==, 'b');
}

/* Names that differ only by a NUL cannot exist; names that are the beginning of others can. */
static void
test_look_alikes (void)
{
  static const char *const texts[] = {
    "{\"\":0,\"a\":0,\"aa\":0,\"aaa\":0}",
    "{\"\\n\":0,\"\\\\n\":0,\"n\":0}",
    "{\"\xc3\xa9\":0,\"e\xcc\x81\":0}", /* composed and decomposed are different names */
  };
  g_autoptr (GString) same = g_string_new ("{\"\xf0\x9f\x98\x80\":0,\"\\ud83d\\ude00\":0}");

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GString) text = g_string_new (texts[i]);

      assert_outcome (text, TRUE);
    }
  assert_outcome (same, FALSE);
}

/* 10,000 long names, alike up to the last bytes and all with an escape: seconds if anything is quadratic. */
static void
test_hostile (void)
{
  g_autofree char *filler = g_strnfill (300, 'x');
  g_autoptr (GString) text = g_string_new ("{");
  gint64 start;

  for (guint i = 0; i < SLUICE_JSON_MAX_MEMBERS; i++)
    g_string_append_printf (text, "%s\"\\u0061%s%05u\":0", i == 0 ? "" : ",", filler, i);
  g_string_append_c (text, '}');
  start = g_get_monotonic_time ();
  assert_outcome (text, TRUE);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 2 * G_USEC_PER_SEC);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/json-names/few-and-many", test_few_and_many);
  g_test_add_func ("/json-names/position", test_position);
  g_test_add_func ("/json-names/look-alikes", test_look_alikes);
  g_test_add_func ("/json-names/hostile", test_hostile);
  return g_test_run ();
}
