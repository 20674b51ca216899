/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dialect/sluice-dialect-private.h"

#include <string.h>

static void
test_find (void)
{
  static const char *const names[] = { "openai", "ollama" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      const SluiceDialect *dialect = sluice_dialect_find (names[i]);

      g_assert_nonnull (dialect);
      g_assert_cmpstr (dialect->name, ==, names[i]);
      for (guint k = 0; k < SLUICE_N_OPERATIONS; k++)
        g_assert_true (g_str_has_prefix (dialect->paths[k], "/"));
      g_assert_nonnull (dialect->encode_request);
      g_assert_nonnull (dialect->decode_answer);
      g_assert_nonnull (dialect->stream_new);
      g_assert_nonnull (dialect->stream_push);
      g_assert_nonnull (dialect->stream_end);
      g_assert_nonnull (dialect->stream_free);
    }
  g_assert_null (sluice_dialect_find ("OpenAI"));
  g_assert_null (sluice_dialect_find (""));
  g_assert_null (sluice_dialect_find (NULL));
}

static void
test_operation_names (void)
{
  g_assert_cmpstr (sluice_operation_name (SLUICE_OPERATION_CHAT), ==, "chat");
  g_assert_cmpstr (sluice_operation_name (SLUICE_OPERATION_COMPLETION), ==, "completion");
  g_assert_cmpstr (sluice_operation_name (SLUICE_OPERATION_EMBEDDING), ==, "embedding");
}

static void
test_flatten (void)
{
  char text[] = "\n{\r\n\"a\":1\r}\n";

  sluice_dialect_flatten (text, strlen (text));
  g_assert_cmpstr (text, ==, " {  \"a\":1 } ");
  sluice_dialect_flatten (text, 0);
}

static void
test_is_error (void)
{
  static const struct {
    const char *json;
    gboolean error;
  } cases[] = {
    { "{}", TRUE }, { "\"x\"", TRUE }, { "\"\"", FALSE }, { "null", FALSE }, { "false", FALSE }, { "[]", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      SluiceJsonValue value;

      g_assert_true (sluice_json_check (cases[i].json, strlen (cases[i].json), SLUICE_JSON_FLAGS_NONE, &value, NULL));
      g_assert_cmpint (sluice_dialect_is_error (value), ==, cases[i].error);
    }
}

static void
test_other_name (void)
{
  g_assert_cmpstr (sluice_dialect_other_name ("max_tokens"), ==, "max_completion_tokens");
  g_assert_cmpstr (sluice_dialect_other_name ("max_completion_tokens"), ==, "max_tokens");
  g_assert_null (sluice_dialect_other_name ("seed"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/dialect/find", test_find);
  g_test_add_func ("/dialect/operation-names", test_operation_names);
  g_test_add_func ("/dialect/flatten", test_flatten);
  g_test_add_func ("/dialect/is-error", test_is_error);
  g_test_add_func ("/dialect/other-name", test_other_name);
  return g_test_run ();
}
