/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/sluice-yaml.h"

#include <string.h>

#include "time-factor.h"

#define MIB (1024 * 1024)

static SluiceYaml *
parse (const char *text, gssize length, GPtrArray *findings)
{
  g_autoptr (SluiceFindingSink) sink = sluice_finding_sink_new ("f");
  SluiceYaml *yaml = sluice_yaml_parse (text, length < 0 ? strlen (text) : (gsize) length, sink);

  g_assert_true ((yaml == NULL) == sluice_finding_sink_has_error (sink));
  sluice_finding_sink_drain (sink, findings);
  return yaml;
}

static GPtrArray *
findings_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) sluice_finding_free);
}

static void
assert_json (const char *text, gssize length, const char *expected)
{
  g_autoptr (GPtrArray) findings = findings_new ();
  g_autoptr (SluiceYaml) yaml = parse (text, length, findings);
  g_autofree char *json = NULL;

  if (findings->len > 0)
    g_test_message ("%s", ((SluiceFinding *) g_ptr_array_index (findings, 0))->message);
  g_assert_nonnull (yaml);
  json = sluice_yaml_dup_json (sluice_yaml_get_root (yaml));
  g_assert_cmpstr (json, ==, expected);
}

static void
test_json (void)
{
  static const struct {
    const char *yaml;
    const char *json;
  } rows[] = {
    { "a: 1\nb: [x, 'y', \"z\\n\"]\n", "{\"a\":1,\"b\":[\"x\",\"y\",\"z\\n\"]}" },
    { "a: true\nb: No\nc: on\nd: ~\ne:\nf: null\ng: y\n",
      "{\"a\":true,\"b\":false,\"c\":true,\"d\":null,\"e\":null,\"f\":null,\"g\":\"y\"}" },
    { "[1_000, 0x1F, 010, 0b11, -5, +7, 0, 08, 12:30, 2024-10-21]",
      "[1000,31,8,3,-5,7,0,\"08\",\"12:30\",\"2024-10-21\"]" },
    { "[1.5e-07, 1e-7, .5, -.5, 1., 0.0001, 1_0.5, 007.5, 1.5E+3]",
      "[1.5e-07,1e-7,0.5,-0.5,1,0.0001,10.5,7.5,1.5E+3]" },
    { "['1', \"true\", '~', '', v1, 1.2.3, 1e, e5, ., -, +, .e1]",
      "[\"1\",\"true\",\"~\",\"\",\"v1\",\"1.2.3\",\"1e\",\"e5\",\".\",\"-\",\"+\",\".e1\"]" },
    { "[!!str 5, ! 5, !!int '5', !!str true, !!null '']", "[\"5\",\"5\",5,\"true\",null]" },
    { "a: &x {k: 1}\nb: *x\nc:\n  <<: *x\n  m: 2\n", "{\"a\":{\"k\":1},\"b\":{\"k\":1},\"c\":{\"m\":2,\"k\":1}}" },
    { "x: &x {k: 1, l: 2}\ny: &y {k: 3, m: 4}\nz:\n  k: 0\n  <<: [*y, *x]\n",
      "{\"x\":{\"k\":1,\"l\":2},\"y\":{\"k\":3,\"m\":4},\"z\":{\"k\":0,\"m\":4,\"l\":2}}" },
    { "'<<': 1\n", "{\"<<\":1}" },
    { "k: &k name\n*k : v\n", "{\"k\":\"name\",\"name\":\"v\"}" },
    { "a: |\n  one\n  two\nb: >\n  one\n  two\n", "{\"a\":\"one\\ntwo\\n\",\"b\":\"one two\\n\"}" },
    { "1: a\ntrue: b\n", "{\"1\":\"a\",\"true\":\"b\"}" },
    { "\xef\xbb\xbf" "a: 1\r\nb: 2\r\n", "{\"a\":1,\"b\":2}" },
    { "%YAML 1.1\n---\na: 1\n...\n", "{\"a\":1}" },
    { "a: \xc3\xa9\xf0\x9f\x98\x80\n", "{\"a\":\"\xc3\xa9\xf0\x9f\x98\x80\"}" },
    { "9223372036854775807", "9223372036854775807" },
    { "just text", "\"just text\"" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    assert_json (rows[i].yaml, -1, rows[i].json);
}

static void
test_no_json (void)
{
  static const char *const texts[] = { "[.inf]", "[-.INF]", "[.nan]", "[1.0e+400]" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GPtrArray) findings = findings_new ();
      g_autoptr (SluiceYaml) yaml = parse (texts[i], -1, findings);
      g_autofree char *json = sluice_yaml_dup_json (sluice_yaml_get_root (yaml));

      g_assert_cmpstr (json, ==, NULL);
    }
}

static void
test_empty (void)
{
  static const char *const texts[] = { "", "\n\n", "# only a comment\n", "\xef\xbb\xbf" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GPtrArray) findings = findings_new ();
      g_autoptr (SluiceYaml) yaml = parse (texts[i], -1, findings);

      g_assert_nonnull (yaml);
      g_assert_null (sluice_yaml_get_root (yaml));
    }
}

static void
test_folded (void)
{
  static const char text[] = "- a b\n- a\n  b\n- a\n\n  b\n- 'a\n  b'\n- |\n  a\n  b\n- a\n\n- # x\n  a # b\n";
  static const gboolean folded[] = { FALSE, TRUE, TRUE, FALSE, FALSE, FALSE, FALSE };
  g_autoptr (GPtrArray) findings = findings_new ();
  g_autoptr (SluiceYaml) yaml = parse (text, -1, findings);
  const GPtrArray *items = sluice_yaml_get_root (yaml)->items;

  g_assert_cmpuint (items->len, ==, G_N_ELEMENTS (folded));
  for (guint i = 0; i < items->len; i++)
    g_assert_cmpint (((const SluiceYamlNode *) g_ptr_array_index (items, i))->folded, ==, folded[i]);
}

static void
test_marks (void)
{
  g_autoptr (GPtrArray) findings = findings_new ();
  g_autoptr (SluiceYaml) yaml = parse ("# x\r\na:\r\n  \xc3\xa9: [1, two]\r\n", -1, findings);
  SluiceYamlNode *map = sluice_yaml_get (sluice_yaml_get_root (yaml), "a");
  const SluiceYamlMember *member = &g_array_index (map->members, SluiceYamlMember, 0);
  const SluiceYamlNode *two = g_ptr_array_index (member->value->items, 1);

  g_assert_cmpuint (member->line, ==, 3);
  g_assert_cmpuint (member->column, ==, 3);
  g_assert_cmpuint (two->line, ==, 3);
  g_assert_cmpuint (two->column, ==, 10);
  g_assert_cmpuint (map->size, ==, 4);
  g_assert_null (sluice_yaml_get (map, "b"));
  g_assert_null (sluice_yaml_get (two, "b"));
  g_assert_null (sluice_yaml_get (NULL, "b"));
}

static void
test_mistakes (void)
{
  static const struct {
    const char *yaml;
    guint line;
    guint column;
    const char *path;
    const char *words;
  } rows[] = {
    { "a: 1\n\tb: 2\n", 2, 1, "a", "tab" },
    { "a:\n\t- b\n", 2, 1, "a", "tab" },
    { "a: b: c\n", 1, 5, NULL, "no ':' may stand here" },
    { "a: @x\n", 1, 4, "a", "cannot begin with '@'" },
    { "a: `x`\n", 1, 4, "a", "cannot begin with '`'" },
    { "a: %x\n", 1, 4, "a", "cannot begin with '%'" },
    { "a:\n  - x\n b: 1\n", 3, 2, NULL, "indented" },
    { "a: 1\n  b: 2\n", 2, 4, NULL, "this line is indented by 2, the key on line 1 by 0" },
    { "l:\n  - a: 1\n   - a: 2\n", 3, 4, "l", "indented by 3, the list item on line 2 by 2: indent both alike" },
    { "l:\n  - a: 1\n  -a: 2\n", 3, 3, "l", "a blank is missing after the '-'" },
    { "l:\n  - a:\n  b: 2\n", 3, 3, "l", "the keys of the list item on line 2 by 4" },
    { "l:\n  a: 1\n b: 2\n", 3, 2, NULL, "indented by 1, the key on line 2 by 2" },
    { "l:\n  a 1\n  b: 2\n", 3, 4, NULL, "a ':' is missing after the key on line 2" },
    { "l:\n  a:1\n  b: 2\n", 3, 4, NULL, "a blank is missing after the ':' on line 2" },
    { "  a: 1\nb: 2\n", 2, 1, NULL, "indented by 0, the first key on line 1 by 2" },
    { "a:\n  - b: 1\n    b: 2\n", 3, 5, "a[0].b", "or put '- ' before it" },
    { "a: [1, 2\nb: 3\n", 2, 2, "a", "',' or ']'" },
    { "a: {x: 1\nb: 3\n", 2, 2, "a", "',' or '}'" },
    { "a: 'never closed\nb: 1\n", 3, 1, "a", "close the quote (it begins on line 1)" },
    { "a: \"\\q\"\n", 1, 5, "a", "unknown escape" },
    { "a: 1\n---\nb: 2\n", 2, 1, NULL, "second document" },
    { "a: *nobody\n", 1, 4, "a", "no anchor" },
    { "a: &x [*x]\n", 1, 8, "a[0]", "inside of what it stands for" },
    { "a: &x {<<: *x}\n", 1, 12, "a.<<", "inside of what it stands for" },
    { "a: 1\nb: 2\na: 3\n", 3, 1, "a", "stands here a second time: remove this one or that on line 1" },
    { "m:\n  - {x: 1, x: 2}\n", 2, 12, "m[0].x", "second time" },
    { "a: {<<: 5}\n", 1, 9, "a", "takes a map" },
    { "a: {<<: [{b: 1}, 5]}\n", 1, 9, "a", "takes a map" },
    { "a: &x {b: 1}\nc: {<<: *x, <<: *x}\n", 2, 13, "c.<<", "give it a list" },
    { "[a]: 1\n", 1, 1, NULL, "key must be a text" },
    { "a: !!python/object:os.system x\n", 1, 4, "a", "tags" },
    { "a: !local x\n", 1, 4, "a", "tags" },
    { "a: !!set {x}\n", 1, 4, "a", "tags" },
    { "a: !e!x y\n", 1, 4, "a", "needs quotes" },
    { "a: \"\\0\"\n", 1, 4, "a", "NUL" },
    { "a: \xff\n", 1, 4, NULL, "byte 0xff is not UTF-8" },
    { "a:\n  b\xc3(\n", 2, 4, NULL, "byte 0xc3 is not UTF-8" },
    { "a: \xed\xa0\x80\n", 1, 4, NULL, "not UTF-8" },
    { "a: x\x01y\n", 1, 5, NULL, "U+0001" },
    { "a: x\x7fy\n", 1, 5, NULL, "U+007F" },
    { "a\r\nb\rc\n\x02", 4, 1, NULL, "U+0002" },
    { "\xff\xfe" "a", 1, 1, NULL, "not UTF-8" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GPtrArray) findings = findings_new ();
      g_autoptr (SluiceYaml) yaml = parse (rows[i].yaml, -1, findings);
      const SluiceFinding *finding;

      g_assert_null (yaml);
      g_assert_cmpuint (findings->len, ==, 1);
      finding = g_ptr_array_index (findings, 0);
      g_test_message ("%u: %u:%u %s: %s", i, finding->line, finding->column, finding->path, finding->message);
      g_assert_cmpuint (finding->line, ==, rows[i].line);
      g_assert_cmpuint (finding->column, ==, rows[i].column);
      g_assert_cmpstr (finding->path, ==, rows[i].path);
      g_assert_nonnull (strstr (finding->message, rows[i].words));
    }
}

static void
test_nul (void)
{
  g_autoptr (GPtrArray) findings = findings_new ();
  g_autoptr (SluiceYaml) yaml = parse ("a: 1\nb: \0x\n", 11, findings);
  const SluiceFinding *finding = g_ptr_array_index (findings, 0);

  g_assert_null (yaml);
  g_assert_cmpuint (finding->line, ==, 2);
  g_assert_cmpuint (finding->column, ==, 4);
}

/* @head, then @piece until there are @length bytes. */
static GString *
repeat (const char *head, const char *piece, gsize length)
{
  GString *text = g_string_sized_new (length);

  g_string_append (text, head);
  while (text->len + strlen (piece) <= length)
    g_string_append (text, piece);
  return text;
}

/* Each is bounded in time; those that fit nothing are refused, the harmless ones may pass. */
static void
test_hostile (void)
{
  static const struct {
    const char *head;
    const char *piece;
    gboolean refused;
  } rows[] = {
    { "", "[", TRUE },        { "", "{", TRUE },           { "", "- ", TRUE },         { "", "? ", TRUE },
    { "", "[\n", TRUE },      { "", "{a: ", TRUE },        { "a: ", "[[],", TRUE },    { "", "[{", TRUE },
    { "", "\"", TRUE },       { "", "'", FALSE },          { "", "&a ", TRUE },        { "", "*a ", TRUE },
    { "", "!a ", TRUE },      { "", "%TAG ! a\n", TRUE },  { "", "#", FALSE },         { "", "#\n", FALSE },
    { "", ": ", TRUE },       { "", ":", FALSE },          { "", "---\n", TRUE },      { "", "...\n", FALSE },
    { "", ",", TRUE },        { "", "]", TRUE },           { "", "a\n", FALSE },       { "", "a ", FALSE },
    { "", "a", FALSE },       { "a: ", "\n ", FALSE },     { "a: |\n", " x\n", FALSE },{ "a: |\n", "  \n", FALSE },
    { "a: \"", "\\n", TRUE }, { "a: \"", "x\n", TRUE },    { "", "- a\n", TRUE },      { "", "- &a b\n", TRUE },
    { "a: [", "x,", TRUE },   { "a: [", "a: b,", TRUE },   { "a: [", "? a,", TRUE },   { "a: {", "x,", TRUE },
    { "", "- - \n", TRUE },   { "- &a b\n", "- *a\n", TRUE },  { "", "a: b\n", TRUE }, { "", "- !!str b\n", TRUE },
    { "", "!", TRUE },        { "", "&", TRUE },           { "", "!<a> ", TRUE },      { "&a", "a", FALSE },
    { "%", "a", TRUE },       { "%YAML ", "1", TRUE },     { "", "\r", FALSE },        { "", "\t", FALSE },
    { "a: ", "- ", TRUE },    { "", "\n", FALSE },         { "", " ", FALSE },         { "[", "a ", TRUE },
    { "[", "\"a\"\n", TRUE }, { "- ", "? a\n", TRUE },     { "", "\xe2\x80\xa8", FALSE }, { "", "a\n:", TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GString) text = repeat (rows[i].head, rows[i].piece, MIB);
      g_autoptr (GPtrArray) findings = findings_new ();
      gint64 before = processor_us ();
      g_autoptr (SluiceYaml) yaml = parse (text->str, (gssize) text->len, findings);
      gint64 taken = processor_us () - before;

      g_test_message ("%s%s...: %s, %" G_GINT64_FORMAT " us", rows[i].head, rows[i].piece,
                      yaml != NULL ? "taken" : ((SluiceFinding *) g_ptr_array_index (findings, 0))->message, taken);
      g_assert_cmpint (taken, <, HOSTILE_LIMIT_US);
      if (rows[i].refused)
        g_assert_null (yaml);
      g_assert_cmpuint (findings->len, <=, SLUICE_FINDING_SINK_MAX + 1);
    }
}

static void
test_size (void)
{
  g_autoptr (GString) text = repeat ("", "#", SLUICE_YAML_MAX_BYTES + 1);
  g_autoptr (GPtrArray) findings = findings_new ();

  g_assert_null (parse (text->str, (gssize) text->len, findings));
  g_assert_nonnull (strstr (((SluiceFinding *) g_ptr_array_index (findings, 0))->message, "more than 1048576 bytes"));
}

/* 64 levels pass, 65 do not, also when an alias makes them. */
static void
test_depth (void)
{
  for (guint depth = 63; depth <= 66; depth++)
    {
      g_autoptr (GString) text = repeat ("", "[", depth);
      g_autoptr (GString) alias = g_string_new ("- &a [[[]]]\n- ");
      g_autoptr (GPtrArray) findings = findings_new ();
      g_autoptr (SluiceYaml) yaml = NULL;
      g_autoptr (SluiceYaml) aliased = NULL;

      for (guint i = 0; i < depth; i++)
        g_string_append_c (text, ']');
      yaml = parse (text->str, -1, findings);
      g_assert_true ((yaml != NULL) == (depth <= SLUICE_YAML_MAX_DEPTH));

      for (guint i = 0; i < depth - 4; i++)
        g_string_append_c (alias, '[');
      g_string_append (alias, " *a ");
      for (guint i = 0; i < depth - 4; i++)
        g_string_append_c (alias, ']');
      aliased = parse (alias->str, -1, findings);
      g_assert_true ((aliased != NULL) == (depth <= SLUICE_YAML_MAX_DEPTH));
    }
}

static void
test_alias_bombs (void)
{
  g_autoptr (GString) laughs = g_string_new ("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
  g_autoptr (GString) merges = g_string_new ("m0: &m0 {a: 1, b: 2}\n");
  g_autoptr (GString) many = g_string_new ("a: &a x\nb:\n");
  g_autoptr (GPtrArray) findings = findings_new ();
  gint64 before = processor_us ();

  for (guint i = 1; i < 10; i++)
    {
      g_string_append_printf (laughs, "a%u: &a%u [*a%u", i, i, i - 1);
      for (guint j = 0; j < 8; j++)
        g_string_append_printf (laughs, ", *a%u", i - 1);
      g_string_append (laughs, "]\n");
    }
  for (guint i = 1; i < 40; i++)
    g_string_append_printf (merges, "m%u: &m%u {<<: *m%u, x: *m%u, y%u: *m%u}\n", i, i, i - 1, i - 1, i, i - 1);
  for (guint i = 0; i <= SLUICE_YAML_MAX_ALIASES; i++)
    g_string_append (many, "- *a\n");

  g_assert_null (parse (laughs->str, -1, findings));
  g_assert_null (parse (merges->str, -1, findings));
  g_assert_null (parse (many->str, -1, findings));
  g_assert_nonnull (strstr (((SluiceFinding *) g_ptr_array_index (findings, 0))->message, "100000 values"));
  g_assert_nonnull (strstr (((SluiceFinding *) g_ptr_array_index (findings, 1))->message, "100000 values"));
  g_assert_nonnull (strstr (((SluiceFinding *) g_ptr_array_index (findings, 2))->message, "more than 100 aliases"));
  g_assert_cmpint (processor_us () - before, <, HOSTILE_LIMIT_US);
}

static void
test_many_keys (void)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GString) twice = g_string_new (NULL);
  g_autoptr (GPtrArray) findings = findings_new ();
  g_autoptr (SluiceYaml) yaml = NULL;

  for (guint i = 0; i < SLUICE_YAML_MAX_NODES - 1; i++)
    g_string_append_printf (text, "k%u: \n", i);
  yaml = parse (text->str, -1, findings);
  g_assert_nonnull (yaml);
  g_assert_cmpuint (sluice_yaml_get_root (yaml)->members->len, ==, SLUICE_YAML_MAX_NODES - 1);

  for (guint i = 0; i < 2000; i++)
    g_string_append (twice, "k: 1\n");
  g_assert_null (parse (twice->str, -1, findings));
  g_assert_cmpuint (findings->len, ==, SLUICE_FINDING_SINK_MAX + 1);
}

static void
test_keys_are_shown_safely (void)
{
  g_autoptr (GString) path = g_string_new ("a");
  g_autoptr (GString) key = repeat ("\n", "x", 200);

  g_assert_cmpuint (sluice_yaml_path_push_key (path, "b\x1b[0m"), ==, 1);
  g_assert_cmpstr (path->str, ==, "a.b...");
  g_assert_cmpuint (sluice_yaml_path_push_index (path, 7), ==, 6);
  g_assert_cmpstr (path->str, ==, "a.b...[7]");
  sluice_yaml_path_push_key (path, key->str);
  g_assert_cmpuint (path->len, <, 100);
}

static void
test_keys_hide_values (void)
{
  static const char *const rows[][2] = {
    { "api_key", "api_key" },
    { "gpt-4.1", "gpt-4.1" },
    { "api_key:sk-SECRET", "api_key..." },
    { "API_KEY=SECRET", "API_KEY..." },
    { "export KEY", "export..." },
    { "\"SECRET\"", "..." },
    { "sk-SECRET", "sk-..." },
    { "SK-SECRET", "sk-..." },
    { "\xc3\xa4", "..." },
    { "<<", "<<" },
    { "", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *shown = sluice_yaml_show_key (rows[i][0]);

      g_assert_cmpstr (shown, ==, rows[i][1]);
    }
}

/* The advice looks at the lines before the mistake: at each once. */
static void
test_far_mistake (void)
{
  static const char *const pieces[] = { "\n", "# c\n" };

  for (guint i = 0; i < G_N_ELEMENTS (pieces); i++)
    {
      g_autoptr (GString) text = repeat ("", pieces[i], MIB / 2);
      g_autoptr (GPtrArray) findings = findings_new ();
      gint64 before = processor_us ();

      g_string_append (text, "  a: 1\nb: 2\n");
      g_assert_null (parse (text->str, (gssize) text->len, findings));
      g_assert_nonnull (strstr (((SluiceFinding *) g_ptr_array_index (findings, 0))->message, "the first key on line"));
      g_assert_cmpint (processor_us () - before, <, HOSTILE_LIMIT_US);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/yaml/json", test_json);
  g_test_add_func ("/yaml/no-json", test_no_json);
  g_test_add_func ("/yaml/empty", test_empty);
  g_test_add_func ("/yaml/marks", test_marks);
  g_test_add_func ("/yaml/folded", test_folded);
  g_test_add_func ("/yaml/mistakes", test_mistakes);
  g_test_add_func ("/yaml/nul", test_nul);
  g_test_add_func ("/yaml/hostile", test_hostile);
  g_test_add_func ("/yaml/size", test_size);
  g_test_add_func ("/yaml/depth", test_depth);
  g_test_add_func ("/yaml/alias-bombs", test_alias_bombs);
  g_test_add_func ("/yaml/far-mistake", test_far_mistake);
  g_test_add_func ("/yaml/many-keys", test_many_keys);
  g_test_add_func ("/yaml/keys-are-shown-safely", test_keys_are_shown_safely);
  g_test_add_func ("/yaml/keys-hide-values", test_keys_hide_values);
  return g_test_run ();
}
