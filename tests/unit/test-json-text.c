/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/sluice-json.h"

#include <string.h>

#define LITERAL(text) (text), sizeof (text) - 1

static SluiceJsonValue
checked (const char *text)
{
  SluiceJsonValue root;

  g_assert_true (sluice_json_check (text, strlen (text), SLUICE_JSON_FLAGS_NONE, &root, NULL));
  return root;
}

static const struct {
  const char *json;
  const char *text;
  gsize length;
} strings[] = {
  { "\"\"", LITERAL ("") },
  { "\"a\"", LITERAL ("a") },
  { "\"a plain text of more than sixteen bytes\"", LITERAL ("a plain text of more than sixteen bytes") },
  { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", LITERAL ("\"\\/\b\f\n\r\t") },
  { "\"\\u0041\\u00e9\\u20ac\\uffff\"", LITERAL ("A\xc3\xa9\xe2\x82\xac\xef\xbf\xbf") },
  { "\"\\ud83d\\ude00\\uD800\\uDC00\\udbff\\udfff\"", LITERAL ("\xf0\x9f\x98\x80\xf0\x90\x80\x80\xf4\x8f\xbf\xbf") },
  { "\"\\\\u0041\"", LITERAL ("\\u0041") },
  { "\"caf\xc3\xa9\\n\xf0\x9f\x98\x80\"", LITERAL ("caf\xc3\xa9\n\xf0\x9f\x98\x80") },
  { "\"a\\u0000b\"", LITERAL ("a\0b") },
  { "\"\\u0000\"", LITERAL ("\0") },
};

static void
test_read (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (strings); i++)
    {
      SluiceJsonValue value = checked (strings[i].json);
      g_autoptr (GString) read = g_string_new ("before ");
      g_autofree char *text = sluice_json_dup_string (value);

      g_assert_true (sluice_json_read_string (value, read));
      g_assert_cmpmem (read->str + 7, read->len - 7, strings[i].text, strings[i].length);
      g_assert_cmpint (read->str[read->len], ==, '\0');
      if (strlen (strings[i].text) == strings[i].length)
        {
          g_assert_cmpstr (text, ==, strings[i].text);
          g_assert_true (sluice_json_equals (value, strings[i].text));
        }
      else
        {
          g_assert_null (text);
          g_assert_false (sluice_json_equals (value, strings[i].text));
        }
    }
}

static void
test_equals (void)
{
  static const struct {
    const char *json;
    const char *text;
    gboolean equal;
  } cases[] = {
    { "\"model\"", "model", TRUE },       { "\"model\"", "mode", FALSE },
    { "\"model\"", "models", FALSE },     { "\"model\"", "Model", FALSE },
    { "\"\\u006dodel\"", "model", TRUE }, { "\"\\u006d\"", "\\u006d", FALSE },
    { "\"\\\\n\"", "\\\\n", FALSE },       { "\"\\\\n\"", "\\n", TRUE },
    { "\"\\n\"", "\\n", FALSE },          { "\"\\n\"", "\n", TRUE },
    { "\"\"", "", TRUE },                 { "\"\\u0000\"", "", FALSE },
    { "\"ab\\u0063\"", "ab", FALSE },     { "\"ab\\u0063\"", "abcd", FALSE },
    { "true", "true", FALSE },            { "17", "17", FALSE },
    { "{\"a\":1}", "a", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpint (sluice_json_equals (checked (cases[i].json), cases[i].text), ==, cases[i].equal);
}

static void
test_other_types (void)
{
  static const char *const texts[] = { "1", "true", "null", "[\"a\"]", "{\"a\":\"b\"}" };
  g_autoptr (GString) into = g_string_new ("as it was");
  SluiceJsonValue none = { SLUICE_JSON_NONE, NULL, 0 };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_assert_null (sluice_json_dup_string (checked (texts[i])));
      g_assert_false (sluice_json_read_string (checked (texts[i]), into));
    }
  g_assert_null (sluice_json_dup_string (none));
  g_assert_false (sluice_json_equals (none, ""));
  g_assert_cmpstr (into->str, ==, "as it was");
}

static void
test_append (void)
{
  static const struct {
    const char *text;
    gsize length;
    const char *json;
  } cases[] = {
    { LITERAL (""), "\"\"" },
    { LITERAL ("plain"), "\"plain\"" },
    { LITERAL ("\"\\/"), "\"\\\"\\\\/\"" },
    { LITERAL ("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\"" },
    { LITERAL ("\x01\x1f\x7f"), "\"\\u0001\\u001f\x7f\"" },
    { LITERAL ("a\0b"), "\"a\\u0000b\"" },
    { LITERAL ("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"), "\"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"" },
    { LITERAL ("a\xff" "b\xc3"), "\"a\xef\xbf\xbd" "b\xef\xbf\xbd\"" },
    { LITERAL ("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
    { LITERAL ("\xe2\x82"), "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
    { LITERAL ("a text that is long enough for the blocks, with a line end\nsomewhere in it and a quote \" later"),
      "\"a text that is long enough for the blocks, with a line end\\nsomewhere in it and a quote \\\" later\"" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GString) json = g_string_new ("x");

      sluice_json_append_string (json, cases[i].text, (gssize) cases[i].length);
      g_assert_cmpstr (json->str + 1, ==, cases[i].json);
      if (strlen (cases[i].text) == cases[i].length)
        {
          g_string_truncate (json, 1);
          sluice_json_append_string (json, cases[i].text, -1);
          g_assert_cmpstr (json->str + 1, ==, cases[i].json);
        }
    }
}

/* Whatever bytes go in, what comes out passes the scanner and reads back as the same text made valid. */
static void
test_round_trip (void)
{
  for (guint round = 0; round < 3000; round++)
    {
      gsize length = (gsize) g_test_rand_int_range (0, 120);
      g_autofree char *text = g_malloc (length + 1);
      g_autoptr (GString) json = g_string_new (NULL);
      g_autoptr (GString) back = g_string_new (NULL);
      g_autofree char *valid = NULL;
      SluiceJsonValue value;

      for (gsize i = 0; i < length; i++)
        text[i] = (char) (round % 2 == 0 ? g_test_rand_int_range (0, 0x80) : g_test_rand_int ());
      sluice_json_append_string (json, text, (gssize) length);
      g_assert_true (sluice_json_check (json->str, json->len, SLUICE_JSON_FLAGS_NONE, &value, NULL));
      g_assert_true (sluice_json_read_string (value, back));
      if (round % 2 == 0)
        g_assert_cmpmem (back->str, back->len, text, length);
      valid = g_strndup (back->str, back->len);
      g_assert_true (g_utf8_validate (valid, -1, NULL));
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/json-text/read", test_read);
  g_test_add_func ("/json-text/equals", test_equals);
  g_test_add_func ("/json-text/other-types", test_other_types);
  g_test_add_func ("/json-text/append", test_append);
  g_test_add_func ("/json-text/round-trip", test_round_trip);
  return g_test_run ();
}
