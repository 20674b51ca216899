/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the scanner accepts and refuses, and where it says the fault is. */
#include "shared/sluice-error.h"
#include "shared/sluice-json.h"

#include <string.h>

#define LITERAL(text) (text), sizeof (text) - 1

typedef struct {
  const char *text;
  gsize length;
} Accepted;

typedef struct {
  const char *text;
  gsize length;
  gsize at;
  const char *reason; /* the beginning of it */
} Refused;

static const Accepted accepted[] = {
  { LITERAL ("null") },
  { LITERAL ("true") },
  { LITERAL ("false") },
  { LITERAL ("0") },
  { LITERAL ("-0") },
  { LITERAL ("-0.0") },
  { LITERAL ("17") },
  { LITERAL ("  17\r\n\t ") },
  { LITERAL ("\"\"") },
  { LITERAL ("{}") },
  { LITERAL ("[]") },
  { LITERAL ("{ }") },
  { LITERAL ("[ ]") },
  { LITERAL ("[[],{},\"\",0]") },
  { LITERAL ("[1,2,3]") },
  { LITERAL ("[ 1 , 2 , 3 ]") },
  { LITERAL ("[1.5,-1.5,1e5,1E5,1e+5,1e-5,1.5e5,0e0,0.0e-0]") },
  { LITERAL ("{\"a\":1}") },
  { LITERAL ("{\"a\" : 1 , \"b\" : [ ] }") },
  { LITERAL ("{\"\":1}") },
  { LITERAL ("{\"a\":{\"b\":1,\"b\":2}}") }, /* twice, but not at the top */
  { LITERAL ("[{\"a\":1},{\"a\":1}]") },
  { LITERAL ("{\"a\":1,\"A\":1,\"a \":1}") },
  { LITERAL ("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20AC\"") },
  { LITERAL ("\"\\u0000\"") },
  { LITERAL ("{\"a\":\"x\\u0000y\"}") },
  { LITERAL ("\"\\ud83d\\ude00\"") },
  { LITERAL ("\"\\uD800\\uDC00\\uDBFF\\uDFFF\"") },
  { LITERAL ("\"\\ud7ff\\ue000\\uffff\"") },
  { LITERAL ("\"\x7f\"") },
  { LITERAL ("\"\xc2\x80\xdf\xbf\"") },
  { LITERAL ("\"\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\"") },
  { LITERAL ("\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"") },
  { LITERAL ("\"\xef\xbb\xbf\"") }, /* a byte order mark inside is only a character */
  { LITERAL ("9223372036854775807") },
  { LITERAL ("9223372036854775808") },
  { LITERAL ("18446744073709551615") },
  { LITERAL ("-9223372036854775808") },
  { LITERAL ("1e308") },
  { LITERAL ("1.7976931348623157e308") },
  { LITERAL ("1.7976931348623158e+308") },
  { LITERAL ("17976931348623157e292") },
  { LITERAL ("0.00017976931348623157e312") },
  { LITERAL ("-1.7976931348623157e308") },
  { LITERAL ("1e-400") },
  { LITERAL ("0e400") },
  { LITERAL ("0.000e999999999999999999999999") },
  { LITERAL ("1e-999999999999999999999999") },
  { LITERAL ("123456789012345678901234567890.5") },
  { LITERAL ("\"12345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\"") },
};

static const Refused refused[] = {
  { LITERAL (""), 0, "nothing there" },
  { LITERAL (" "), 1, "unexpected end" },
  { LITERAL ("\xef\xbb\xbf{}"), 0, "a byte order mark" },
  { LITERAL ("\xff\xfe{"), 0, "expected a value" },
  { LITERAL ("\0"), 0, "expected a value" },
  { LITERAL ("{}\0"), 2, "something follows" },
  { LITERAL ("nul"), 0, "expected a value" },
  { LITERAL ("nulL"), 0, "expected a value" },
  { LITERAL ("nulls"), 4, "something follows" },
  { LITERAL ("True"), 0, "expected a value" },
  { LITERAL ("NaN"), 0, "expected a value" },
  { LITERAL ("Infinity"), 0, "expected a value" },
  { LITERAL ("-Infinity"), 1, "expected a digit" },
  { LITERAL ("'a'"), 0, "expected a value" },
  { LITERAL ("{'a':1}"), 1, "expected a member's name" },
  { LITERAL ("{a:1}"), 1, "expected a member's name" },
  { LITERAL ("{1:1}"), 1, "expected a member's name" },
  { LITERAL ("{\"a\"}"), 4, "expected ':'" },
  { LITERAL ("{\"a\" 1}"), 5, "expected ':'" },
  { LITERAL ("{\"a\"=1}"), 4, "expected ':'" },
  { LITERAL ("{\"a\":}"), 5, "expected a value" },
  { LITERAL ("{\"a\":1,}"), 7, "expected a member's name" },
  { LITERAL ("{,}"), 1, "expected a member's name" },
  { LITERAL ("{\"a\":1 \"b\":2}"), 7, "expected ',' or '}'" },
  { LITERAL ("{\"a\":1]"), 6, "expected ',' or '}'" },
  { LITERAL ("{\"a\":1,,\"b\":2}"), 7, "expected a member's name" },
  { LITERAL ("[1,]"), 3, "expected a value" },
  { LITERAL ("[,1]"), 1, "expected a value" },
  { LITERAL ("[1 2]"), 3, "expected ',' or ']'" },
  { LITERAL ("[1,,2]"), 3, "expected a value" },
  { LITERAL ("[1}"), 2, "expected ',' or ']'" },
  { LITERAL ("[1:2]"), 2, "expected ',' or ']'" },
  { LITERAL ("]"), 0, "expected a value" },
  { LITERAL ("[]]"), 2, "something follows" },
  { LITERAL ("{\"a\":1}{\"b\":2}"), 7, "something follows" },
  { LITERAL ("{} x"), 3, "something follows" },
  { LITERAL ("1 2"), 2, "something follows" },
  { LITERAL ("var x = {};"), 0, "expected a value" },
  { LITERAL ("/* */{}"), 0, "expected a value" },
  { LITERAL ("[1 // x\n]"), 3, "expected ',' or ']'" },
  { LITERAL ("\v1"), 0, "expected a value" },
  { LITERAL ("\f1"), 0, "expected a value" },
  { LITERAL ("\xc2\xa0" "1"), 0, "expected a value" },
  { LITERAL ("01"), 1, "something follows" },
  { LITERAL ("[-01]"), 3, "expected ',' or ']'" },
  { LITERAL ("0x10"), 1, "something follows" },
  { LITERAL ("+1"), 0, "expected a value" },
  { LITERAL ("-"), 1, "expected a digit" },
  { LITERAL ("--1"), 1, "expected a digit" },
  { LITERAL (".5"), 0, "expected a value" },
  { LITERAL ("-.5"), 1, "expected a digit" },
  { LITERAL ("1."), 2, "expected a digit after the point" },
  { LITERAL ("[1.]"), 3, "expected a digit after the point" },
  { LITERAL ("1.e5"), 2, "expected a digit after the point" },
  { LITERAL ("1e"), 2, "expected a digit in an exponent" },
  { LITERAL ("1e+"), 3, "expected a digit in an exponent" },
  { LITERAL ("1e5.5"), 3, "something follows" },
  { LITERAL ("1_000"), 1, "something follows" },
  { LITERAL ("18446744073709551616"), 0, "an integer that does not fit" },
  { LITERAL ("[-9223372036854775809]"), 1, "an integer that does not fit" },
  { LITERAL ("{\"n\":100000000000000000000}"), 5, "an integer that does not fit" },
  { LITERAL ("1e400"), 0, "a number too large" },
  { LITERAL ("[-1e400]"), 1, "a number too large" },
  { LITERAL ("1e309"), 0, "a number too large" },
  { LITERAL ("10e308"), 0, "a number too large" },
  { LITERAL ("1.7976931348623159e308"), 0, "a number too large" },
  { LITERAL ("0.000000001e999999999999999999999999"), 0, "a number too large" },
  { LITERAL ("\""), 1, "unexpected end in a string" },
  { LITERAL ("\"abc"), 4, "unexpected end in a string" },
  { LITERAL ("\"abc\\\""), 6, "unexpected end in a string" },
  { LITERAL ("\"abc\\"), 5, "unexpected end in a string" },
  { LITERAL ("\"a\nb\""), 2, "control byte" },
  { LITERAL ("\"a\tb\""), 2, "control byte" },
  { LITERAL ("\"a\0b\""), 2, "control byte" },
  { LITERAL ("\"a\x1f" "b\""), 2, "control byte" },
  { LITERAL ("\"\\x41\""), 1, "unknown escape" },
  { LITERAL ("\"\\'\""), 1, "unknown escape" },
  { LITERAL ("\"\\U0041\""), 1, "unknown escape" },
  { LITERAL ("\"\\u004\""), 1, "expected four hexadecimal digits" },
  { LITERAL ("\"\\u00g0\""), 1, "expected four hexadecimal digits" },
  { LITERAL ("\"\\u+041\""), 1, "expected four hexadecimal digits" },
  { LITERAL ("\"\\ud800\""), 1, "half of a surrogate pair" },
  { LITERAL ("\"\\udc00\""), 1, "half of a surrogate pair" },
  { LITERAL ("\"x\\ud800\\u0041\""), 2, "half of a surrogate pair" },
  { LITERAL ("\"\\ud800\\ud800\""), 1, "half of a surrogate pair" },
  { LITERAL ("\"\\udc00\\ud800\""), 1, "half of a surrogate pair" },
  { LITERAL ("\"\\ud83dx\\ude00\""), 1, "half of a surrogate pair" },
  { LITERAL ("\"\\ud83d\\n\""), 1, "half of a surrogate pair" },
  { LITERAL ("{\"\\u0000\":1}"), 1, "NUL in a member's name" },
  { LITERAL ("{\"a\":{\"b\\u0000c\":1}}"), 6, "NUL in a member's name" },
  { LITERAL ("\"\x80\""), 1, "not UTF-8" },
  { LITERAL ("\"ab\xbf\""), 3, "not UTF-8" },
  { LITERAL ("\"\xc0\x80\""), 1, "not UTF-8" },
  { LITERAL ("\"\xc1\xbf\""), 1, "not UTF-8" },
  { LITERAL ("\"\xc3\""), 1, "not UTF-8" },
  { LITERAL ("\"\xc3\x28\""), 1, "not UTF-8" },
  { LITERAL ("\"\xe0\x9f\xbf\""), 1, "not UTF-8" },
  { LITERAL ("\"\xe2\x82\""), 1, "not UTF-8" },
  { LITERAL ("\"\xed\xa0\x80\""), 1, "not UTF-8" },
  { LITERAL ("\"\xed\xbf\xbf\""), 1, "not UTF-8" },
  { LITERAL ("\"\xc3\xa9\xf0\x8f\xbf\xbf\""), 3, "not UTF-8" },
  { LITERAL ("\"\xf0\x9f\x98\""), 1, "not UTF-8" },
  { LITERAL ("\"\xf4\x90\x80\x80\""), 1, "not UTF-8" },
  { LITERAL ("\"\xf5\x80\x80\x80\""), 1, "not UTF-8" },
  { LITERAL ("\"\xf8\x88\x80\x80\x80\""), 1, "not UTF-8" },
  { LITERAL ("\"\xff\""), 1, "not UTF-8" },
  { LITERAL ("{\"\xff\":1}"), 2, "not UTF-8" },
  { LITERAL ("{\"a\":1,\"a\":2}"), 7, "a member named twice" },
  { LITERAL ("{\"a\":1,\"b\":2,\"\\u0061\":3}"), 13, "a member named twice" },
};

/* Copies @text to memory of its very size, so that a read behind it is seen by the sanitizers. */
static gboolean
check (const char *text, gsize length, SluiceJsonFlags flags, SluiceJsonValue *root, GError **error)
{
  g_autofree char *exact = g_memdup2 (text, length);
  gboolean good = sluice_json_check (exact, length, flags, root, error);

  if (good)
    root->text = text + (root->text - exact);
  return good;
}

static void
assert_refused (const char *text, gsize length, SluiceJsonFlags flags, gsize at, const char *reason)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *message = g_strdup_printf ("invalid JSON at byte %" G_GSIZE_FORMAT ": %s", at, reason);
  SluiceJsonValue root = { SLUICE_JSON_TRUE, text, 1 };

  if (check (text, length, flags, &root, &error))
    g_test_fail_printf ("accepted: %s", text);
  g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_INVALID_JSON);
  if (!g_str_has_prefix (error->message, message))
    g_test_fail_printf ("%s\nexpected %s, not %s", text, message, error->message);
  g_assert_cmpint (root.type, ==, SLUICE_JSON_NONE);
}

static void
assert_accepted (const char *text, gsize length, SluiceJsonFlags flags)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *stripped = g_strstrip (g_strndup (text, length));
  SluiceJsonValue root;

  check (text, length, flags, &root, &error);
  if (error != NULL)
    g_test_fail_printf ("refused: %s: %s", text, error->message);
  g_assert_cmpmem (root.text, root.length, stripped, strlen (stripped));
}

static void
test_accepted (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (accepted); i++)
    {
      assert_accepted (accepted[i].text, accepted[i].length, SLUICE_JSON_FLAGS_NONE);
      assert_accepted (accepted[i].text, accepted[i].length, SLUICE_JSON_SKIM_NUMBERS);
    }
}

static void
test_refused (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    assert_refused (refused[i].text, refused[i].length, SLUICE_JSON_FLAGS_NONE, refused[i].at, refused[i].reason);
}

/* The same documents inside others, where other code meets them. */
static void
test_nested (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (accepted); i++)
    {
      g_autoptr (GString) text = g_string_new ("{\"a\": [ ");

      g_string_append_len (text, accepted[i].text, (gssize) accepted[i].length);
      g_string_append (text, ", 1], \"b\": ");
      g_string_append_len (text, accepted[i].text, (gssize) accepted[i].length);
      g_string_append_c (text, '}');
      assert_accepted (text->str, text->len, SLUICE_JSON_FLAGS_NONE);
      assert_accepted (text->str, text->len, SLUICE_JSON_SKIM_NUMBERS);
    }
}

static void
test_truncated (void)
{
  static const Accepted documents[] = {
    { LITERAL ("{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"caf\xc3\xa9 \xf0\x9f\x98\x80\"}]}") },
    { LITERAL ("{ \"a\" : [ 1 , -2.5e+7 , true , false , null ] , \"b\" : { } , \"c\" : [ ] }") },
    { LITERAL ("[\"\\ud83d\\ude00\\u0041\\n\",[[[]]],{\"x\":{\"y\":[{}]}}]") },
    { LITERAL ("\"only a string \\\\ \xe2\x82\xac\"") },
    { LITERAL ("{\"long\":\"01234567890123456789012345678901234567890123456789012345678901234567890123456789\"}") },
    { LITERAL ("[0.25,0.5,0.75,1.0,1.25,1.5,1.75,2.0,2.25,2.5,2.75,3.0,3.25,3.5,3.75,4.0,4.25,4.5,4.75,5.0]") },
    { LITERAL ("true") },
    { LITERAL ("null") },
  };

  for (guint i = 0; i < G_N_ELEMENTS (documents); i++)
    for (gsize length = 0; length <= documents[i].length; length++)
      for (guint flags = 0; flags < 2; flags++)
        {
          g_autoptr (GError) error = NULL;
          SluiceJsonValue root;
          gboolean good = check (documents[i].text, length, flags, &root, &error);

          g_assert_cmpint (good, ==, length == documents[i].length);
          g_assert_cmpint (error != NULL, ==, !good);
        }
}

static void
test_depth (void)
{
  for (guint depth = 1; depth <= 70; depth++)
    {
      g_autoptr (GString) text = g_string_new (NULL);

      for (guint i = 0; i < depth; i++)
        g_string_append (text, i % 2 == 0 ? "[" : "{\"a\":");
      g_string_append (text, "1");
      for (guint i = depth; i-- > 0;)
        g_string_append_c (text, i % 2 == 0 ? ']' : '}');
      if (depth <= SLUICE_JSON_MAX_DEPTH)
        assert_accepted (text->str, text->len, SLUICE_JSON_FLAGS_NONE);
      else
        assert_refused (text->str, text->len, SLUICE_JSON_FLAGS_NONE, 6 * SLUICE_JSON_MAX_DEPTH / 2,
                        "nested more than 64 levels deep");
    }
}

/* Hostile bodies are refused at once, not after reading all of them. */
static void
test_deep_and_wide (void)
{
  g_autofree char *brackets = g_strnfill (1000000, '[');
  g_autoptr (GString) text = g_string_new ("[{");

  assert_refused (brackets, 1000000, SLUICE_JSON_FLAGS_NONE, 64, "nested more than");

  for (guint i = 0; i < SLUICE_JSON_MAX_MEMBERS; i++)
    g_string_append_printf (text, "%s\"m%u\":0", i == 0 ? "" : ",", i);
  g_string_append (text, "}]");
  assert_accepted (text->str, text->len, SLUICE_JSON_FLAGS_NONE);
  g_string_truncate (text, text->len - 2);
  g_string_append (text, ",\"x\":0}]");
  assert_refused (text->str, text->len, SLUICE_JSON_FLAGS_NONE, text->len - 7, "more than 10000 members");
}

static void
test_skim (void)
{
  static const Accepted loose[] = {
    { LITERAL ("[1,,2]") },    { LITERAL ("[1 2]") },         { LITERAL ("[01]") },
    { LITERAL ("[1e400]") },   { LITERAL ("[1-2.e]") },       { LITERAL ("[18446744073709551616]") },
    { LITERAL ("[[0-],[1.]]") }, { LITERAL ("[1,\"a\",2 ,3.5]") }, { LITERAL ("{\"a\":[{\"b\":[1e,2]}]}") },
  };
  static const Refused strict[] = {
    { LITERAL ("[1,]"), 3, "expected a value" },
    { LITERAL ("[1, \n]"), 5, "expected a value" },
    { LITERAL ("[,1]"), 1, "expected a value" },
    { LITERAL ("[1x]"), 2, "expected ',' or ']'" },
    { LITERAL ("[1/2]"), 2, "expected ',' or ']'" },
    { LITERAL ("[1 \"a\"]"), 3, "expected ',' or ']'" },
    { LITERAL ("[1\xc3\xa9]"), 2, "expected ',' or ']'" },
    { LITERAL ("[1\v2]"), 2, "expected ',' or ']'" },
    { LITERAL ("[1\0]"), 2, "expected ',' or ']'" },
    { LITERAL ("[1}"), 2, "expected ',' or ']'" },
    { LITERAL ("[1,2"), 4, "unexpected end" },
    { LITERAL ("1e400"), 0, "a number too large" },
    { LITERAL ("{\"a\":01}"), 6, "expected ',' or '}'" },
    { LITERAL ("[{\"a\":1e400}]"), 6, "a number too large" },
    { LITERAL ("[1,{\"a\":18446744073709551616}]"), 8, "an integer that does not fit" },
  };
  SluiceJsonValue root;

  for (guint i = 0; i < G_N_ELEMENTS (loose); i++)
    {
      assert_accepted (loose[i].text, loose[i].length, SLUICE_JSON_SKIM_NUMBERS);
      g_assert_false (i != 7 && check (loose[i].text, loose[i].length, SLUICE_JSON_FLAGS_NONE, &root, NULL));
    }
  for (guint i = 0; i < G_N_ELEMENTS (strict); i++)
    assert_refused (strict[i].text, strict[i].length, SLUICE_JSON_SKIM_NUMBERS, strict[i].at, strict[i].reason);
}

/* Every pair of bytes and every three that start a longer sequence, against GLib. */
static void
test_utf8_against_glib (void)
{
  for (guint i = 0x80; i < 0x100; i++)
    for (guint k = 0; k < 0x100; k++)
      for (guint m = 0; m < 4; m++)
        {
          const guchar third[] = { 0x7f, 0x80, 0xbf, 0xc0 };
          const char text[] = { '"', (char) i, (char) k, (char) third[m], (char) 0x80, '"' };
          SluiceJsonValue root;

          for (gsize n = 1; n <= 4; n++)
            {
              char cut[6];
              gboolean expected = g_utf8_validate_len (text + 1, n, NULL);

              memcpy (cut, text, 1 + n);
              cut[1 + n] = '"';
              /* bytes with a meaning of their own in JSON */
              if (n > 1 && (k < 0x20 || k == '"' || k == '\\'))
                continue;
              g_assert_cmpint (check (cut, n + 2, SLUICE_JSON_FLAGS_NONE, &root, NULL), ==, expected);
            }
        }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/json-scan/accepted", test_accepted);
  g_test_add_func ("/json-scan/refused", test_refused);
  g_test_add_func ("/json-scan/nested", test_nested);
  g_test_add_func ("/json-scan/truncated", test_truncated);
  g_test_add_func ("/json-scan/depth", test_depth);
  g_test_add_func ("/json-scan/deep-and-wide", test_deep_and_wide);
  g_test_add_func ("/json-scan/skim", test_skim);
  g_test_add_func ("/json-scan/utf8-against-glib", test_utf8_against_glib);
  return g_test_run ();
}
