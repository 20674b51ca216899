/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "router/sluice-wildcard.h"

#include <string.h>

#include "time-factor.h"

typedef struct {
  const char *pattern;
  const char *name;
  const char *captures; /* joined by '|'; %NULL: no match */
} MatchRow;

static const MatchRow match_rows[] = {
  { "*", "", "" },
  { "*", "gpt-4o", "gpt-4o" },
  { "openai/*", "openai/gpt-4o", "gpt-4o" },
  { "openai/*", "openai/", "" },
  { "openai/*", "openai", NULL },
  { "openai/*", "xopenai/a", NULL },
  { "openai/*", "openai/a/b", "a/b" },
  { "*-mini", "gpt-4o-mini", "gpt-4o" },
  { "*-mini", "gpt-4o-mini-2", NULL }, /* anchored at the end too */
  { "a*a", "a", NULL },
  { "a*a", "aa", "" },
  { "a*a", "aba", "b" },
  { "*claude*", "claude", "|" },
  { "*claude*", "x-claude-3-claude-4", "x-claude-3-|-4" }, /* the first takes the most */
  { "bedrock/*claude*", "bedrock/eu.claude-3", "eu.|-3" },
  { "*a*b*", "aabb", "a|b|" },
  { "**", "ab", "ab|" },
  { "a.c*", "abc", NULL }, /* nothing but '*' is special */
  { "plain", "plain", NULL },
};

static void
test_match (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (match_rows); i++)
    {
      g_auto (GStrv) captures = sluice_wildcard_match (match_rows[i].pattern, match_rows[i].name);
      g_autofree char *joined = captures != NULL ? g_strjoinv ("|", captures) : NULL;

      g_test_message ("%s %s", match_rows[i].pattern, match_rows[i].name);
      g_assert_cmpstr (joined, ==, match_rows[i].captures);
      if (captures != NULL)
        g_assert_cmpuint (g_strv_length (captures), ==, sluice_wildcard_count (match_rows[i].pattern));
    }
}

/* A name and a pattern that take exponential time when one tries all there is. */
static void
test_hostile (void)
{
  g_autofree char *name = g_strnfill (SLUICE_WILDCARD_MAX_NAME, 'a');
  g_autofree char *longer = g_strnfill (SLUICE_WILDCARD_MAX_NAME + 1, 'a');
  g_autoptr (GString) pattern = g_string_new (NULL);
  gint64 before = processor_us ();

  for (guint i = 0; i < 200; i++)
    g_string_append (pattern, "*a");
  g_string_append_c (pattern, 'b');
  for (guint i = 0; i < 100; i++)
    {
      g_auto (GStrv) captures = sluice_wildcard_match (pattern->str, name);

      g_assert_null (captures);
    }
  g_assert_cmpint (processor_us () - before, <, G_USEC_PER_SEC);
  g_assert_null (sluice_wildcard_match ("*", longer));
}

static void
test_fill (void)
{
  static const char *const one[] = { "x", NULL };
  static const char *const two[] = { "x", "y", NULL };
  static const struct {
    const char *target;
    const char *const *captures;
    const char *filled;
  } rows[] = {
    { "openai/*", one, "openai/x" }, { "a/*-*", two, "a/x-y" }, { "a/*", two, "NAME" },
    { "fixed", two, "fixed" },       { "a/*-*", one, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *filled = sluice_wildcard_fill (rows[i].target, rows[i].captures, "NAME");

      g_assert_cmpstr (filled, ==, rows[i].filled);
    }
}

static void
test_compare (void)
{
  g_assert_cmpint (sluice_wildcard_compare ("openai/o1-*", "openai/*"), <, 0);
  g_assert_cmpint (sluice_wildcard_compare ("*", "openai/*"), >, 0);
  g_assert_cmpint (sluice_wildcard_compare ("a*b*", "abc*"), <, 0);
  g_assert_cmpint (sluice_wildcard_compare ("a*", "b*"), ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/wildcard/match", test_match);
  g_test_add_func ("/wildcard/hostile", test_hostile);
  g_test_add_func ("/wildcard/fill", test_fill);
  g_test_add_func ("/wildcard/compare", test_compare);
  return g_test_run ();
}
