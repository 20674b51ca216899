/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dialect/sluice-usage.h"

#include <string.h>

typedef struct {
  const char *json;
  gboolean report;
  SluiceUsage usage;
} Case;

/* present, estimated, clamped, prompt, completion, cached, cache write, reasoning, audio */
static const Case cases[] = {
  { "{\"prompt_tokens\":12,\"completion_tokens\":30,\"total_tokens\":42}", TRUE, { 1, 0, 0, 12, 30, 0, 0, 0, 0 } },
  { "{\"prompt_tokens\":100,\"completion_tokens\":30,\"total_tokens\":130,"
    "\"prompt_tokens_details\":{\"cached_tokens\":64,\"audio_tokens\":3,\"cache_write_tokens\":5},"
    "\"completion_tokens_details\":{\"reasoning_tokens\":20,\"audio_tokens\":4,\"accepted_prediction_tokens\":0}}",
    TRUE,
    { 1, 0, 0, 100, 30, 64, 5, 20, 7 } },
  { "{\"prompt_tokens\":50,\"completion_tokens\":1,\"prompt_cache_hit_tokens\":40,\"prompt_cache_miss_tokens\":10}",
    TRUE,
    { 1, 0, 0, 50, 1, 40, 0, 0, 0 } },
  { "{\"prompt_tokens\":50,\"completion_tokens\":1,\"cache_read_input_tokens\":30,\"cache_creation_input_tokens\":10,"
    "\"prompt_tokens_details\":{\"cached_tokens\":0}}",
    TRUE,
    { 1, 0, 0, 50, 1, 30, 10, 0, 0 } },
  /* parts larger than the whole: they were counted beside it */
  { "{\"prompt_tokens\":5,\"completion_tokens\":1,\"cache_read_input_tokens\":100}",
    TRUE,
    { 1, 0, 0, 105, 1, 100, 0, 0, 0 } },
  { "{\"prompt_tokens\":5,\"completion_tokens\":3,\"completion_tokens_details\":{\"reasoning_tokens\":50},"
    "\"total_tokens\":58}",
    TRUE,
    { 1, 0, 0, 5, 53, 0, 0, 50, 0 } },
  { "{\"total_tokens\":9}", TRUE, { 1, 0, 0, 0, 0, 0, 0, 0, 0 } },
  { "{\"total_tokens\":9,\"completion_tokens\":4}", TRUE, { 1, 0, 0, 5, 4, 0, 0, 0, 0 } },
  { "{\"prompt_tokens\":12,\"completion_tokens\":null,\"prompt_tokens_details\":null}",
    TRUE,
    { 1, 0, 0, 12, 0, 0, 0, 0, 0 } },
  { "{\"prompt_tokens\":12.0,\"completion_tokens\":1e2}", TRUE, { 1, 0, 0, 12, 100, 0, 0, 0, 0 } },
  { "{\"prompt_tokens\":0.1,\"completion_tokens\":2.5}", TRUE, { 1, 0, 0, 1, 3, 0, 0, 0, 0 } },
  { "{\"prompt_tokens\":999999999.5,\"completion_tokens\":1e-9}", TRUE, { 1, 0, 0, 1000000000, 1, 0, 0, 0, 0 } },
  { "{\"prompt_tokens\":-0.0,\"completion_tokens\":12.50e1}", TRUE, { 1, 0, 0, 0, 125, 0, 0, 0, 0 } },
  { "{\"prompt_tokens\":0.30e1,\"completion_tokens\":1234e-2}", TRUE, { 1, 0, 0, 3, 13, 0, 0, 0, 0 } },
  { "{\"prompt_tokens\":2.33333333333333333333333,\"completion_tokens\":1e-999999999999999999999}",
    TRUE,
    { 1, 0, 1, 0, 1, 0, 0, 0, 0 } },
  /* what cannot be a count was not reported, and a total with it in it tells nothing */
  { "{\"prompt_tokens\":-3,\"completion_tokens\":1}", TRUE, { 1, 0, 1, 0, 1, 0, 0, 0, 0 } },
  { "{\"prompt_tokens\":3,\"completion_tokens\":-1,\"total_tokens\":5}", TRUE, { 1, 0, 1, 3, 0, 0, 0, 0, 0 } },
  { "{\"prompt_tokens\":-0.5,\"completion_tokens\":1000000000.5}", FALSE, { 0, 0, 1, 0, 0, 0, 0, 0, 0 } },
  { "{\"prompt_tokens\":3,\"completion_tokens\":\"12\",\"total_tokens\":5}", TRUE, { 1, 0, 0, 3, 2, 0, 0, 0, 0 } },
  { "{\"prompt_tokens\":3,\"completion_tokens\":2,\"prompt_tokens_details\":{\"cached_tokens\":-1}}",
    TRUE,
    { 1, 0, 1, 3, 2, 0, 0, 0, 0 } },
  { "{\"prompt_tokens\":1000000001,\"completion_tokens\":1000000000}",
    TRUE,
    { 1, 0, 1, 0, 1000000000, 0, 0, 0, 0 } },
  { "{\"prompt_tokens\":1e300,\"completion_tokens\":-1e300,\"total_tokens\":9223372036854775807}",
    FALSE,
    { 0, 0, 1, 0, 0, 0, 0, 0, 0 } },
  { "{\"total_tokens\":9223372036854775807,\"completion_tokens\":-9223372036854775808,"
    "\"cache_read_input_tokens\":9223372036854775807,\"cache_creation_input_tokens\":9223372036854775807}",
    FALSE,
    { 0, 0, 1, 0, 0, 0, 0, 0, 0 } },
  /* possible ones, but not their sum */
  { "{\"input_tokens\":1000000000,\"output_tokens\":1,\"cache_read_input_tokens\":1000000000,"
    "\"cache_creation_input_tokens\":1000000000}",
    TRUE,
    { 1, 0, 1, 1000000000, 1, 1000000000, 1000000000, 0, 0 } },
  /* what the Responses wire says, which includes cached tokens, and Anthropic's, which does not */
  { "{\"input_tokens\":100,\"output_tokens\":30,\"input_tokens_details\":{\"cached_tokens\":64},"
    "\"output_tokens_details\":{\"reasoning_tokens\":20},\"total_tokens\":130}",
    TRUE,
    { 1, 0, 0, 100, 30, 64, 0, 20, 0 } },
  { "{\"input_tokens\":500,\"output_tokens\":7,\"cache_read_input_tokens\":100,\"cache_creation_input_tokens\":20}",
    TRUE,
    { 1, 0, 0, 620, 7, 100, 20, 0, 0 } },
  /* counted apart: what was reasoned (xAI, Gemini), and what came from a cache */
  { "{\"prompt_tokens\":32,\"completion_tokens\":200,\"total_tokens\":326,"
    "\"completion_tokens_details\":{\"reasoning_tokens\":94}}",
    TRUE,
    { 1, 0, 0, 32, 294, 0, 0, 94, 0 } },
  { "{\"prompt_tokens\":32,\"completion_tokens\":9,\"total_tokens\":135,"
    "\"completion_tokens_details\":{\"reasoning_tokens\":94}}",
    TRUE,
    { 1, 0, 0, 32, 103, 0, 0, 94, 0 } },
  { "{\"prompt_tokens\":9,\"completion_tokens\":15,\"total_tokens\":824}",
    TRUE,
    { 1, 0, 0, 9, 815, 0, 0, 800, 0 } },
  { "{\"prompt_tokens\":10,\"completion_tokens\":5,\"total_tokens\":45,"
    "\"prompt_tokens_details\":{\"cached_tokens\":30}}",
    TRUE,
    { 1, 0, 0, 40, 5, 30, 0, 0, 0 } },
  { "{\"input_tokens\":5,\"output_tokens\":3}", TRUE, { 1, 0, 0, 5, 3, 0, 0, 0, 0 } },
  { "{\"prompt_tokens\":5,\"total_tokens\":12}", TRUE, { 1, 0, 0, 5, 7, 0, 0, 0, 0 } },
  { "{\"prompt_tokens\":5,\"total_tokens\":3}", TRUE, { 1, 0, 0, 5, 0, 0, 0, 0, 0 } },
  { "{}", FALSE, { 0 } },
  { "{\"prompt_tokens\":\"12\"}", FALSE, { 0 } },
  { "{\"queue_time\":0.5}", FALSE, { 0 } },
  { "null", FALSE, { 0 } },
  { "[1]", FALSE, { 0 } },
  { "7", FALSE, { 0 } },
};

static void
assert_usage (const SluiceUsage *usage, const SluiceUsage *expected)
{
  g_assert_cmpint (usage->present, ==, expected->present);
  g_assert_cmpint (usage->estimated, ==, expected->estimated);
  g_assert_cmpint (usage->clamped, ==, expected->clamped);
  g_assert_cmpint (usage->prompt_tokens, ==, expected->prompt_tokens);
  g_assert_cmpint (usage->completion_tokens, ==, expected->completion_tokens);
  g_assert_cmpint (usage->cached_tokens, ==, expected->cached_tokens);
  g_assert_cmpint (usage->cache_write_tokens, ==, expected->cache_write_tokens);
  g_assert_cmpint (usage->reasoning_tokens, ==, expected->reasoning_tokens);
  g_assert_cmpint (usage->audio_tokens, ==, expected->audio_tokens);
}

static void
test_reports (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      SluiceJsonValue value;
      SluiceUsage usage = { 0 };

      g_test_message ("%s", cases[i].json);
      sluice_json_check (cases[i].json, strlen (cases[i].json), SLUICE_JSON_FLAGS_NONE, &value, &error);
      g_assert_no_error (error);
      g_assert_cmpint (sluice_usage_read_openai (&usage, value, 0), ==, cases[i].report);
      assert_usage (&usage, &cases[i].usage);
    }
}

static void
read_report (SluiceUsage *usage, const char *json)
{
  SluiceJsonValue value;

  g_assert_true (sluice_json_check (json, strlen (json), SLUICE_JSON_FLAGS_NONE, &value, NULL));
  sluice_usage_read_openai (usage, value, 0);
}

typedef struct {
  const char *reports[3];
  SluiceUsage usage;
  gboolean prompt_missing;
  gboolean completion_missing;
} Series;

static const Series series[] = {
  { { "{\"prompt_tokens\":12,\"completion_tokens\":30,\"prompt_tokens_details\":{\"cached_tokens\":4}}",
      "{\"prompt_tokens\":12,\"completion_tokens\":31}", "null" },
    { 1, 0, 0, 12, 31, 4, 0, 0, 0 } },
  { { "{\"prompt_tokens\":11}", "{\"completion_tokens\":7}" }, { 1, 0, 0, 11, 7, 0, 0, 0, 0 } },
  { { "{\"completion_tokens\":7}", "{\"prompt_tokens\":11}" }, { 1, 0, 0, 11, 7, 0, 0, 0, 0 } },
  { { "{\"prompt_tokens\":11}", "{\"completion_tokens\":7,\"total_tokens\":18}" }, { 1, 0, 0, 11, 7, 0, 0, 0, 0 } },
  { { "{\"prompt_tokens\":11}", "{\"total_tokens\":18}" }, { 1, 0, 0, 11, 7, 0, 0, 0, 0 } },
  { { "{\"prompt_tokens\":11,\"completion_tokens\":0}", "{\"completion_tokens\":7}" },
    { 1, 0, 0, 11, 7, 0, 0, 0, 0 } },
  { { "{\"prompt_tokens\":11,\"completion_tokens\":7}",
      "{\"prompt_tokens\":0,\"completion_tokens\":0,\"total_tokens\":0}" },
    { 1, 0, 0, 11, 7, 0, 0, 0, 0 } },
  { { "{\"prompt_tokens\":0,\"completion_tokens\":0,\"total_tokens\":0}",
      "{\"prompt_tokens\":11,\"completion_tokens\":7}" },
    { 1, 0, 0, 11, 7, 0, 0, 0, 0 } },
  /* Anthropic's: cached ones are beside, and the end names what was generated only */
  { { "{\"input_tokens\":5,\"cache_read_input_tokens\":100,\"output_tokens\":1}", "{\"output_tokens\":15}" },
    { 1, 0, 0, 105, 15, 100, 0, 0, 0 } },
  { { "{\"prompt_tokens\":5,\"cache_read_input_tokens\":100}", "{\"prompt_tokens\":5,\"completion_tokens\":1}" },
    { 1, 0, 0, 105, 1, 100, 0, 0, 0 } },
  { { "{\"prompt_tokens\":-1}", "{\"prompt_tokens\":3,\"completion_tokens\":1}" }, { 1, 0, 1, 3, 1, 0, 0, 0, 0 } },
  { { "{\"prompt_tokens\":11,\"completion_tokens\":7}", "{\"prompt_tokens\":1e99,\"completion_tokens\":-1}" },
    { 1, 0, 1, 11, 7, 0, 0, 0, 0 } },
  { { "{\"prompt_tokens\":11,\"completion_tokens\":-1}" }, { 1, 0, 1, 11, 0, 0, 0, 0, 0 }, FALSE, TRUE },
  { { "{\"prompt_tokens\":11}" }, { 1, 0, 0, 11, 0, 0, 0, 0, 0 }, FALSE, TRUE },
  { { "{\"completion_tokens\":7,\"prompt_tokens\":null}" }, { 1, 0, 0, 0, 7, 0, 0, 0, 0 }, TRUE, FALSE },
  { { "{\"total_tokens\":9}" }, { 1, 0, 0, 0, 0, 0, 0, 0, 0 }, TRUE, TRUE },
  { { "{\"total_tokens\":9}", "{\"prompt_tokens\":5,\"total_tokens\":12}" }, { 1, 0, 0, 5, 7, 0, 0, 0, 0 } },
  { { "{}" }, { 0 } },
};

static void
test_several_reports (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (series); i++)
    {
      SluiceUsage usage = { 0 };

      g_test_message ("%s", series[i].reports[0]);
      for (guint r = 0; r < G_N_ELEMENTS (series[i].reports) && series[i].reports[r] != NULL; r++)
        read_report (&usage, series[i].reports[r]);
      assert_usage (&usage, &series[i].usage);
      g_assert_cmpint (usage.prompt_missing, ==, series[i].prompt_missing);
      g_assert_cmpint (usage.completion_missing, ==, series[i].completion_missing);
    }
}

static void
test_fill_in (void)
{
  static const struct {
    const char *report;
    SluiceUsage usage;
  } fills[] = {
    { "{}", { 1, 1, 0, 100, 10, 0, 0, 0, 0 } },
    { "{\"prompt_tokens\":11}", { 1, 1, 0, 11, 10, 0, 0, 0, 0 } },
    { "{\"completion_tokens\":7}", { 1, 1, 0, 100, 7, 0, 0, 0, 0 } },
    { "{\"prompt_tokens\":11,\"completion_tokens\":-1,\"total_tokens\":10}", { 1, 1, 1, 11, 10, 0, 0, 0, 0 } },
    { "{\"prompt_tokens\":1e10,\"completion_tokens\":2.5}", { 1, 1, 1, 100, 3, 0, 0, 0, 0 } },
    { "{\"completion_tokens\":7,\"prompt_tokens_details\":{\"cached_tokens\":400}}",
      { 1, 1, 0, 400, 7, 400, 0, 0, 0 } },
    { "{\"prompt_tokens\":11,\"completion_tokens_details\":{\"reasoning_tokens\":40}}",
      { 1, 1, 0, 11, 40, 0, 0, 40, 0 } },
    /* a total alone, or beside one part in another report */
    { "{\"total_tokens\":50}", { 1, 1, 0, 40, 10, 0, 0, 0, 0 } },
    { "{\"total_tokens\":8}", { 1, 1, 0, 0, 8, 0, 0, 0, 0 } },
    { "{\"prompt_tokens\":0,\"completion_tokens\":0,\"total_tokens\":50}", { 1, 1, 0, 40, 10, 0, 0, 0, 0 } },
    { "{\"prompt_tokens\":7,\"completion_tokens\":0,\"total_tokens\":9}", { 1, 1, 0, 7, 2, 0, 0, 0, 0 } },
    /* 0 beside a text */
    { "{\"prompt_tokens\":7,\"completion_tokens\":0,\"total_tokens\":7}", { 1, 1, 0, 7, 10, 0, 0, 0, 0 } },
    { "{\"prompt_tokens\":0,\"completion_tokens\":0,\"total_tokens\":0}", { 1, 1, 0, 100, 10, 0, 0, 0, 0 } },
    { "{\"prompt_tokens\":0,\"completion_tokens\":4}", { 1, 0, 0, 0, 4, 0, 0, 0, 0 } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (fills); i++)
    {
      SluiceUsage usage = { 0 };

      g_test_message ("%s", fills[i].report);
      read_report (&usage, fills[i].report);
      usage.counted_bytes = 30;
      sluice_usage_estimate (&usage, 300, 30);
      sluice_usage_estimate (&usage, 9000, usage.estimated ? 900 : 30);
      usage.present = TRUE;
      assert_usage (&usage, &fills[i].usage);
      g_assert_false (usage.prompt_missing || usage.completion_missing);
    }
}

typedef struct {
  const char *reports[2];
  gint64 text_bytes[2]; /* when they came */
  SluiceUsage usage;    /* after 60 bytes */
} Tail;

static const Tail tails[] = {
  { { "{\"prompt_tokens\":7,\"completion_tokens\":9}" }, { 60 }, { 1, 0, 0, 7, 9, 0, 0, 0, 0 } },
  { { "{\"prompt_tokens\":7,\"completion_tokens\":9}" }, { 30 }, { 1, 1, 0, 7, 19, 0, 0, 0, 0 } },
  { { "{\"prompt_tokens\":7,\"completion_tokens\":0}" }, { 0 }, { 1, 1, 0, 7, 20, 0, 0, 0, 0 } },
  { { "{\"prompt_tokens\":7,\"completion_tokens\":0}" }, { 30 }, { 1, 1, 0, 7, 20, 0, 0, 0, 0 } },
  { { "{\"prompt_tokens\":7,\"completion_tokens\":1}", "{\"completion_tokens\":9}" },
    { 3, 60 },
    { 1, 0, 0, 7, 9, 0, 0, 0, 0 } },
  /* neither zeros nor a count of the prompt have the text in them */
  { { "{\"prompt_tokens\":7,\"completion_tokens\":1}", "{\"prompt_tokens\":0,\"completion_tokens\":0}" },
    { 3, 60 },
    { 1, 1, 0, 7, 20, 0, 0, 0, 0 } },
  { { "{\"completion_tokens\":1}", "{\"prompt_tokens\":7}" }, { 3, 60 }, { 1, 1, 0, 7, 20, 0, 0, 0, 0 } },
  { { "{\"prompt_tokens\":7,\"completion_tokens\":1}", "{\"total_tokens\":8}" },
    { 3, 60 },
    { 1, 1, 0, 7, 20, 0, 0, 0, 0 } },
  { { "{\"prompt_tokens\":7,\"completion_tokens\":0,\"total_tokens\":7}", "{\"total_tokens\":12}" },
    { 0, 60 },
    { 1, 1, 0, 7, 5, 0, 0, 0, 0 } },
  { { "{\"total_tokens\":50}" }, { 30 }, { 1, 1, 0, 40, 20, 0, 0, 0, 0 } },
  { { "{\"prompt_tokens\":7,\"total_tokens\":12}" }, { 30 }, { 1, 1, 0, 7, 15, 0, 0, 0, 0 } },
  { { "{\"prompt_tokens\":7,\"completion_tokens\":1000000000}" }, { 30 }, { 1, 1, 1, 7, 1000000000, 0, 0, 0, 0 } },
};

static void
test_text_behind_the_report (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (tails); i++)
    {
      SluiceUsage usage = { 0 };

      g_test_message ("%s", tails[i].reports[0]);
      for (guint r = 0; r < G_N_ELEMENTS (tails[i].reports) && tails[i].reports[r] != NULL; r++)
        {
          SluiceJsonValue value;

          g_assert_true (sluice_json_check (tails[i].reports[r], strlen (tails[i].reports[r]),
                                            SLUICE_JSON_FLAGS_NONE, &value, NULL));
          sluice_usage_read_openai (&usage, value, tails[i].text_bytes[r]);
        }
      sluice_usage_estimate (&usage, 300, 60);
      assert_usage (&usage, &tails[i].usage);
    }
}

static void
test_no_completion (void)
{
  SluiceUsage usage = { 0 };

  read_report (&usage, "{\"prompt_tokens\":null,\"total_tokens\":5}");
  sluice_usage_set_no_completion (&usage);
  sluice_usage_estimate (&usage, 300, 0);
  assert_usage (&usage, &(SluiceUsage){ 1, 0, 0, 5, 0, 0, 0, 0, 0 });
}

static void
test_said_by (void)
{
  static const struct {
    const char *json;
    gboolean completion;
    gboolean said;
  } said[] = {
    { "{\"prompt_tokens\":7,\"completion_tokens\":5,\"total_tokens\":12}", TRUE, TRUE },
    { "{\"total_tokens\":12,\"x\":{},\"completion_t\\u006fkens\":5,\"prompt_tokens\":7}", TRUE, TRUE },
    { "{\"prompt_tokens\":7,\"completion_tokens\":5,\"total_tokens\":12,\"total_tokens\":13}", TRUE, FALSE },
    { "{\"prompt_tokens\":7,\"completion_tokens\":5,\"total_tokens\":13}", TRUE, FALSE },
    { "{\"prompt_tokens\":7,\"completion_tokens\":5.0,\"total_tokens\":12}", TRUE, FALSE },
    { "{\"prompt_tokens\":7,\"completion_tokens\":\"5\",\"total_tokens\":12}", TRUE, FALSE },
    { "{\"prompt_tokens\":7,\"completion_tokens\":null,\"total_tokens\":12}", TRUE, FALSE },
    { "{\"prompt_tokens\":-7,\"completion_tokens\":5,\"total_tokens\":12}", TRUE, FALSE },
    { "{\"prompt_tokens\":7,\"completion_tokens\":5,\"total_tokens\":18446744073709551615}", TRUE, FALSE },
    { "{\"prompt_tokens\":7,\"completion_tokens\":5}", TRUE, FALSE },
    { "{\"input_tokens\":7,\"output_tokens\":5,\"total_tokens\":12}", TRUE, FALSE },
    { "{\"prompt_tokens\":7,\"total_tokens\":7}", FALSE, TRUE },
    { "{\"prompt_tokens\":7,\"completion_tokens\":0,\"total_tokens\":7}", FALSE, TRUE },
    { "{\"prompt_tokens\":7,\"total_tokens\":12}", FALSE, FALSE },
    { "{\"prompt_tokens\":7}", FALSE, FALSE },
    { "null", TRUE, FALSE },
    { "[7]", TRUE, FALSE },
  };
  const SluiceUsage usage = { .present = TRUE, .prompt_tokens = 7, .completion_tokens = 5 };

  for (guint i = 0; i < G_N_ELEMENTS (said); i++)
    {
      g_autofree char *json = g_strdup_printf ("{\"usage\":%s}", said[i].json);
      SluiceJsonValue value;

      g_test_message ("%s", said[i].json);
      g_assert_true (sluice_json_check (json, strlen (json), SLUICE_JSON_FLAGS_NONE, &value, NULL));
      value = sluice_json_get (value, "usage");
      g_assert_cmpint (sluice_usage_is_said_by (&usage, said[i].completion, value), ==, said[i].said);
    }
}

static void
test_estimate (void)
{
  g_assert_cmpint (sluice_usage_estimate_tokens (0), ==, 0);
  g_assert_cmpint (sluice_usage_estimate_tokens (1), ==, 1);
  g_assert_cmpint (sluice_usage_estimate_tokens (3), ==, 1);
  g_assert_cmpint (sluice_usage_estimate_tokens (4), ==, 2);
  g_assert_cmpint (sluice_usage_estimate_tokens (G_MAXSIZE), ==, SLUICE_USAGE_MAX);
}

static void
test_append (void)
{
  SluiceUsage usage = { .prompt_tokens = 7, .completion_tokens = 5 };
  g_autoptr (GString) out = g_string_new ("{");

  sluice_usage_append_openai (&usage, TRUE, out);
  g_assert_cmpstr (out->str, ==, "{\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":5,\"total_tokens\":12}");
  g_string_truncate (out, 0);
  sluice_usage_append_openai (&usage, FALSE, out);
  g_assert_cmpstr (out->str, ==, "\"usage\":{\"prompt_tokens\":7,\"total_tokens\":7}");

  usage.cached_tokens = 3;
  usage.reasoning_tokens = 4;
  g_string_truncate (out, 0);
  sluice_usage_append_counts (&usage, TRUE, out);
  g_assert_cmpstr (out->str, ==,
                   "{\"prompt_tokens\":7,\"completion_tokens\":5,\"total_tokens\":12,"
                   "\"prompt_tokens_details\":{\"cached_tokens\":3},"
                   "\"completion_tokens_details\":{\"reasoning_tokens\":4}}");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/usage/reports", test_reports);
  g_test_add_func ("/usage/several-reports", test_several_reports);
  g_test_add_func ("/usage/fill-in", test_fill_in);
  g_test_add_func ("/usage/text-behind-the-report", test_text_behind_the_report);
  g_test_add_func ("/usage/no-completion", test_no_completion);
  g_test_add_func ("/usage/said-by", test_said_by);
  g_test_add_func ("/usage/estimate", test_estimate);
  g_test_add_func ("/usage/append", test_append);
  return g_test_run ();
}
