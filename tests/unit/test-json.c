/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/sluice-error.h"
#include "shared/sluice-json.h"

#include <string.h>

static const char document[]
    = " {\"model\": \"gpt\", \"n\": 3, \"on\": true, \"off\": false, \"nothing\": null,\n"
      "  \"list\": [1, \"two\", [3], {\"four\": 4}],\n"
      "  \"object\": {\"a\": {\"b\": [\"]}\\\"\"]}, \"c\": 2}, \"\\u0065nd\": \"\"} ";

static SluiceJsonValue
checked (const char *text)
{
  SluiceJsonValue root;

  g_assert_true (sluice_json_check (text, strlen (text), SLUICE_JSON_FLAGS_NONE, &root, NULL));
  return root;
}

static void
assert_value (SluiceJsonValue value, SluiceJsonType type, const char *text)
{
  g_assert_cmpint (value.type, ==, type);
  g_assert_cmpmem (value.text, value.length, text, strlen (text));
}

static void
test_object (void)
{
  SluiceJsonObject object;
  GError *error = NULL;

  g_assert_true (sluice_json_object_init (&object, document, strlen (document), SLUICE_JSON_FLAGS_NONE, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (object.n_members, ==, 8);
  g_assert_cmpint (object.root.type, ==, SLUICE_JSON_OBJECT);
  g_assert_cmpuint (object.root.length, ==, strlen (document) - 2);
  assert_value (object.members[0].name, SLUICE_JSON_STRING, "\"model\"");
  assert_value (object.members[0].value, SLUICE_JSON_STRING, "\"gpt\"");
  assert_value (sluice_json_object_get (&object, "n"), SLUICE_JSON_NUMBER, "3");
  assert_value (sluice_json_object_get (&object, "on"), SLUICE_JSON_TRUE, "true");
  assert_value (sluice_json_object_get (&object, "off"), SLUICE_JSON_FALSE, "false");
  assert_value (sluice_json_object_get (&object, "nothing"), SLUICE_JSON_NULL, "null");
  assert_value (sluice_json_object_get (&object, "list"), SLUICE_JSON_ARRAY, "[1, \"two\", [3], {\"four\": 4}]");
  assert_value (sluice_json_object_get (&object, "end"), SLUICE_JSON_STRING, "\"\"");
  g_assert_cmpint (sluice_json_object_get (&object, "\\u0065nd").type, ==, SLUICE_JSON_NONE);
  g_assert_cmpint (sluice_json_object_get (&object, "a").type, ==, SLUICE_JSON_NONE);
  sluice_json_object_clear (&object);
  g_assert_null (object.members);
  sluice_json_object_clear (&object);
}

static void
test_object_failures (void)
{
  static const struct {
    const char *text;
    const char *message;
  } cases[] = {
    { "", "invalid JSON at byte 0: nothing there" },
    { " [1]", "invalid JSON at byte 1: expected an object" },
    { "null", "invalid JSON at byte 0: expected an object" },
    { "\"{}\"", "invalid JSON at byte 0: expected an object" },
    { "{\"model\" \"x\"}", "invalid JSON at byte 9: expected ':' after a member's name" },
    { "{\"a\":1", "invalid JSON at byte 6: unexpected end" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      SluiceJsonObject object;

      memset (&object, 0xff, sizeof object);
      g_assert_false (sluice_json_object_init (&object, cases[i].text, strlen (cases[i].text), 0, &error));
      g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_INVALID_JSON);
      g_assert_cmpstr (error->message, ==, cases[i].message);
      g_assert_cmpuint (object.n_members, ==, 0);
      g_assert_null (object.members);
      g_assert_cmpint (object.root.type, ==, SLUICE_JSON_NONE);
      sluice_json_object_clear (&object);
    }
}

static void
test_many_members (void)
{
  static const guint sizes[] = { 0, 1, 23, 24, 25, 47, 48, 49, 10000 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GString) text = g_string_new ("{");
      SluiceJsonObject object;

      for (guint k = 0; k < sizes[i]; k++)
        g_string_append_printf (text, "%s\"name %u\" : [ %u ]", k == 0 ? "" : ",\n", k, k);
      g_string_append_c (text, '}');
      g_assert_true (sluice_json_object_init (&object, text->str, text->len, SLUICE_JSON_FLAGS_NONE, NULL));
      g_assert_cmpuint (object.n_members, ==, sizes[i]);
      for (guint k = 0; k < sizes[i]; k++)
        {
          g_autofree char *name = g_strdup_printf ("\"name %u\"", k);
          g_autofree char *value = g_strdup_printf ("[ %u ]", k);

          assert_value (object.members[k].name, SLUICE_JSON_STRING, name);
          assert_value (object.members[k].value, SLUICE_JSON_ARRAY, value);
        }
      sluice_json_object_clear (&object);
    }
}

static void
test_get (void)
{
  SluiceJsonValue root = checked (document);
  SluiceJsonValue none = sluice_json_get (root, "none");

  assert_value (sluice_json_get (root, "end"), SLUICE_JSON_STRING, "\"\"");
  assert_value (sluice_json_get (sluice_json_get (root, "object"), "c"), SLUICE_JSON_NUMBER, "2");
  assert_value (sluice_json_get (sluice_json_get (sluice_json_get (root, "object"), "a"), "b"), SLUICE_JSON_ARRAY,
                "[\"]}\\\"\"]");
  g_assert_cmpint (none.type, ==, SLUICE_JSON_NONE);
  g_assert_cmpint (sluice_json_get (none, "x").type, ==, SLUICE_JSON_NONE);
  g_assert_cmpint (sluice_json_get (sluice_json_get (root, "list"), "four").type, ==, SLUICE_JSON_NONE);
  g_assert_cmpint (sluice_json_get (sluice_json_get (root, "model"), "gpt").type, ==, SLUICE_JSON_NONE);
}

static void
test_iter (void)
{
  static const struct {
    SluiceJsonType type;
    const char *text;
  } items[] = {
    { SLUICE_JSON_NUMBER, "-1.5e3" }, { SLUICE_JSON_STRING, "\"a,]\\\\\"" }, { SLUICE_JSON_ARRAY, "[ [ ] , \"]\" ]" },
    { SLUICE_JSON_OBJECT, "{ }" },    { SLUICE_JSON_TRUE, "true" },         { SLUICE_JSON_FALSE, "false" },
    { SLUICE_JSON_NULL, "null" },     { SLUICE_JSON_STRING, "\"\\\"\"" },   { SLUICE_JSON_NUMBER, "0" },
  };
  static const char *const separators[] = { ",", " , ", ",\n\t" };

  for (guint s = 0; s < G_N_ELEMENTS (separators); s++)
    for (guint object = 0; object < 2; object++)
      {
        g_autoptr (GString) text = g_string_new (object ? "{" : "[");
        SluiceJsonIter iter;
        SluiceJsonValue name;
        SluiceJsonValue value;

        for (guint i = 0; i < G_N_ELEMENTS (items); i++)
          {
            g_string_append (text, i == 0 ? "" : separators[s]);
            if (object)
              g_string_append_printf (text, "\"n%u\"%s", i, s == 1 ? " : " : ":");
            g_string_append (text, items[i].text);
          }
        g_string_append_c (text, object ? '}' : ']');

        sluice_json_iter_init (&iter, checked (text->str));
        for (guint i = 0; i < G_N_ELEMENTS (items); i++)
          {
            g_autofree char *expected = g_strdup_printf ("n%u", i);

            g_assert_true (sluice_json_iter_next (&iter, &name, &value));
            assert_value (value, items[i].type, items[i].text);
            if (object)
              g_assert_true (sluice_json_equals (name, expected));
            else
              g_assert_cmpint (name.type, ==, SLUICE_JSON_NONE);
          }
        g_assert_false (sluice_json_iter_next (&iter, &name, &value));
        g_assert_false (sluice_json_iter_next (&iter, NULL, NULL));
      }
}

static void
test_iter_empty (void)
{
  static const char *const texts[] = { "{}", "[]", "{ }", "[\n]", "1", "\"[1]\"", "true" };
  SluiceJsonIter iter;
  SluiceJsonValue none = { SLUICE_JSON_NONE, NULL, 0 };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      sluice_json_iter_init (&iter, checked (texts[i]));
      g_assert_false (sluice_json_iter_next (&iter, NULL, NULL));
    }
  sluice_json_iter_init (&iter, none);
  g_assert_false (sluice_json_iter_next (&iter, NULL, NULL));
}

/* Arrays that were only skimmed may hold odd things; walking them ends and reading them fails. */
static void
test_iter_skimmed (void)
{
  const char *text = "[1,,2 3,1-2.e , -]";
  SluiceJsonValue root;
  SluiceJsonValue value;
  SluiceJsonIter iter;
  gint64 number;
  guint n_good = 0;
  guint n_all = 0;

  g_assert_true (sluice_json_check (text, strlen (text), SLUICE_JSON_SKIM_NUMBERS, &root, NULL));
  sluice_json_iter_init (&iter, root);
  for (; sluice_json_iter_next (&iter, NULL, &value); n_all++)
    n_good += sluice_json_read_int64 (value, &number) ? 1 : 0;
  g_assert_cmpuint (n_all, ==, 5);
  g_assert_cmpuint (n_good, ==, 3);
}

static void
test_int64 (void)
{
  static const struct {
    const char *text;
    gboolean good;
    gint64 number;
  } cases[] = {
    { "0", TRUE, 0 },
    { "-0", TRUE, 0 },
    { "17", TRUE, 17 },
    { "-17", TRUE, -17 },
    { "12.0", TRUE, 12 },
    { "12.50", FALSE, 0 },
    { "1e3", TRUE, 1000 },
    { "1.5e1", TRUE, 15 },
    { "1.5e0", FALSE, 0 },
    { "1200e-2", TRUE, 12 },
    { "1201e-2", FALSE, 0 },
    { "0.000e-99", TRUE, 0 },
    { "1e18", TRUE, G_GINT64_CONSTANT (1000000000000000000) },
    { "1e19", FALSE, 0 },
    { "1e-1", FALSE, 0 },
    { "9223372036854775807", TRUE, G_MAXINT64 },
    { "9223372036854775807.000", TRUE, G_MAXINT64 },
    { "9223372036854775808", FALSE, 0 },
    { "-9223372036854775808", TRUE, G_MININT64 },
    { "18446744073709551615", FALSE, 0 },
    { "\"17\"", FALSE, 0 },
    { "true", FALSE, 0 },
    { "null", FALSE, 0 },
    { "[1]", FALSE, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      gint64 number = 4711;

      g_assert_cmpint (sluice_json_read_int64 (checked (cases[i].text), &number), ==, cases[i].good);
      g_assert_cmpint (number, ==, cases[i].good ? cases[i].number : 4711);
    }
}

static void
test_boolean (void)
{
  gboolean on = 4711;

  g_assert_false (sluice_json_read_boolean (checked ("1"), &on));
  g_assert_false (sluice_json_read_boolean (checked ("\"true\""), &on));
  g_assert_cmpint (on, ==, 4711);
  g_assert_true (sluice_json_read_boolean (checked ("true"), &on));
  g_assert_true (on);
  g_assert_true (sluice_json_read_boolean (checked ("false"), &on));
  g_assert_false (on);
}

static void
test_append_value (void)
{
  g_autoptr (GString) text = g_string_new ("x");
  SluiceJsonValue root = checked (document);

  sluice_json_append_value (text, sluice_json_get (root, "list"));
  sluice_json_append_value (text, sluice_json_get (root, "none"));
  g_assert_cmpstr (text->str, ==, "x[1, \"two\", [3], {\"four\": 4}]");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/json/object", test_object);
  g_test_add_func ("/json/object-failures", test_object_failures);
  g_test_add_func ("/json/many-members", test_many_members);
  g_test_add_func ("/json/get", test_get);
  g_test_add_func ("/json/iter", test_iter);
  g_test_add_func ("/json/iter-empty", test_iter_empty);
  g_test_add_func ("/json/iter-skimmed", test_iter_skimmed);
  g_test_add_func ("/json/int64", test_int64);
  g_test_add_func ("/json/boolean", test_boolean);
  g_test_add_func ("/json/append-value", test_append_value);
  return g_test_run ();
}
