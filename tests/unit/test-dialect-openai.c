/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream-recorder.h"

typedef struct {
  const char *what;
  SluiceOperation operation;
  gboolean stream;
  const char *body;
  const char *expected;
} Request;

/* Through encode_request with the defaults below. */
static const Request requests[] = {
  { "nothing but the model", SLUICE_OPERATION_CHAT, FALSE,
    "{ \"model\" : \"m\", \"messages\": [ {\"role\":\"user\",\"content\":\"caf\\u00e9\"} ],\n \"temperature\":0.10 }",
    "{ \"model\" : \"upstream-model\", \"messages\": [ {\"role\":\"user\",\"content\":\"caf\\u00e9\"} ],\n "
    "\"temperature\":0.10,\"max_tokens\":256,\"seed\":7 }" },
  { "controls", SLUICE_OPERATION_CHAT, FALSE,
    "{\"tags\":[\"a\"],\"model\":\"m\",\"messages\":[],\"fallbacks\":[\"x\"],\"num_retries\":2,\"ttl\":5,\"cache\":{},"
    "\"api_key\":\"k\",\"api_base\":\"b\",\"base_url\":\"u\",\"organization\":\"o\",\"litellm_metadata\":{},"
    "\"timeout\":5,\"drop_params\":true,\"guardrails\":[],\"mock_response\":\"hi\",\"no-log\":true,\"custom\":1,"
    "\"temperature\":1,\"max_tokens\":1,\"seed\":1}",
    "{\"model\":\"upstream-model\",\"messages\":[],\"custom\":1,\"temperature\":1,\"max_tokens\":1,\"seed\":1}" },
  { "all controls, one written with an escape", SLUICE_OPERATION_CHAT, FALSE,
    "{\"additional_drop_params\":1,\"allowed_openai_params\":1,\"api_base\":1,\"api_version\":1,"
    "\"aws_access_key_id\":1,\"aws_region_name\":1,\"aws_secret_access_key\":1,\"aws_session_token\":1,"
    "\"azure_ad_token\":1,\"base_url\":1,\"cache\":1,\"caching\":1,\"context_window_fallback_dict\":1,"
    "\"custom_llm_provider\":1,\"disable_fallbacks\":1,\"drop_params\":1,\"enforced_params\":1,\"fallbacks\":1,"
    "\"guardrails\":1,\"keepalive_seconds\":1,\"litellm_call_id\":1,\"litellm_metadata\":1,"
    "\"litellm_session_id\":1,\"litellm_trace_id\":1,\"max_retries\":1,\"mock_response\":1,"
    "\"mock_testing_fallbacks\":1,\"mock_timeout\":1,\"no-log\":1,\"num_retries\":1,\"organization\":1,"
    "\"policies\":1,\"prompt_id\":1,\"prompt_label\":1,\"prompt_variables\":1,\"prompt_version\":1,"
    "\"proxy_server_request\":1,\"request_timeout\":1,\"stream_timeout\":1,\"tags\":1,\"timeout\":1,\"ttl\":1,"
    "\"user_config\":1,\"vertex_credentials\":1,\"vertex_location\":1,\"vertex_project\":1,\"model\":\"m\","
    "\"a\\u0070i_key\":2}",
    "{\"model\":\"upstream-model\",\"temperature\":0.5,\"max_tokens\":256,\"seed\":7}" },
  { "the other name of max_tokens", SLUICE_OPERATION_CHAT, FALSE,
    "{\"model\":\"m\",\"messages\":[],\"max_completion_tokens\":9,\"temperature\":0}",
    "{\"model\":\"upstream-model\",\"messages\":[],\"max_completion_tokens\":9,\"temperature\":0,\"seed\":7}" },
  { "stream without options", SLUICE_OPERATION_CHAT, TRUE,
    "{\"model\":\"m\",\"messages\":[],\"stream\":true,\"temperature\":0,\"max_tokens\":1,\"seed\":1}",
    "{\"model\":\"upstream-model\",\"messages\":[],\"stream\":true,\"temperature\":0,\"max_tokens\":1,\"seed\":1,"
    "\"stream_options\":{\"include_usage\":true}}" },
  { "stream with other options", SLUICE_OPERATION_CHAT, TRUE,
    "{\"model\":\"m\",\"stream_options\":{\"include_usage\":false,\"include_obfuscation\": false},\"stream\":true,"
    "\"temperature\":0,\"max_tokens\":1,\"seed\":1}",
    "{\"model\":\"upstream-model\",\"stream_options\":{\"include_obfuscation\":false,\"include_usage\":true},"
    "\"stream\":true,\"temperature\":0,\"max_tokens\":1,\"seed\":1}" },
  { "stream with usage asked for", SLUICE_OPERATION_COMPLETION, TRUE,
    "{\"model\":\"m\",\"stream_options\":{ \"include_usage\" : true },\"stream\":true,\"prompt\":\"p\","
    "\"temperature\":0,\"max_tokens\":1,\"seed\":1}",
    "{\"model\":\"upstream-model\",\"stream_options\":{ \"include_usage\" : true },\"stream\":true,\"prompt\":\"p\","
    "\"temperature\":0,\"max_tokens\":1,\"seed\":1}" },
  { "stream options that are none", SLUICE_OPERATION_CHAT, TRUE,
    "{\"model\":\"m\",\"stream_options\":null,\"stream\":true,\"temperature\":0,\"max_tokens\":1,\"seed\":1}",
    "{\"model\":\"upstream-model\",\"stream_options\":{\"include_usage\":true},\"stream\":true,\"temperature\":0,"
    "\"max_tokens\":1,\"seed\":1}" },
  { "options without a stream", SLUICE_OPERATION_CHAT, FALSE,
    "{\"model\":\"m\",\"stream_options\":{\"include_usage\":true},\"stream\":false,\"temperature\":0,\"max_tokens\":1,"
    "\"seed\":1}",
    "{\"model\":\"upstream-model\",\"stream\":false,\"temperature\":0,\"max_tokens\":1,\"seed\":1}" },
  { "stream made by us", SLUICE_OPERATION_CHAT, TRUE,
    "{\"model\":\"m\",\"temperature\":0,\"max_tokens\":1,\"seed\":1}",
    "{\"model\":\"upstream-model\",\"temperature\":0,\"max_tokens\":1,\"seed\":1,\"stream\":true,"
    "\"stream_options\":{\"include_usage\":true}}" },
  { "metadata without store", SLUICE_OPERATION_CHAT, FALSE,
    "{\"metadata\":{\"a\":\"b\"},\"model\":\"m\",\"temperature\":0,\"max_tokens\":1,\"seed\":1}",
    "{\"model\":\"upstream-model\",\"temperature\":0,\"max_tokens\":1,\"seed\":1}" },
  { "metadata to store", SLUICE_OPERATION_CHAT, FALSE,
    "{\"metadata\":{\"a\":\"b\", \"c\":\"d\"},\"store\":true,\"model\":\"m\",\"temperature\":0,\"max_tokens\":1,"
    "\"seed\":1}",
    "{\"metadata\":{\"a\":\"b\", \"c\":\"d\"},\"store\":true,\"model\":\"upstream-model\",\"temperature\":0,"
    "\"max_tokens\":1,\"seed\":1}" },
  { "metadata of both kinds", SLUICE_OPERATION_CHAT, FALSE,
    "{\"metadata\":{\"a\":\"b\",\"tags\":[\"t\"],\"user_api_key_alias\":\"x\",\"e\":\"f\"},\"store\":true,"
    "\"model\":\"m\",\"temperature\":0,\"max_tokens\":1,\"seed\":1}",
    "{\"metadata\":{\"a\":\"b\",\"e\":\"f\"},\"store\":true,\"model\":\"upstream-model\",\"temperature\":0,"
    "\"max_tokens\":1,\"seed\":1}" },
  { "embedding", SLUICE_OPERATION_EMBEDDING, FALSE,
    "{\"model\":\"m\",\"input\":[[1,2],[3]],\"encoding_format\":\"base64\",\"temperature\":0,\"max_tokens\":1,"
    "\"seed\":1}",
    "{\"model\":\"upstream-model\",\"input\":[[1,2],[3]],\"encoding_format\":\"base64\",\"temperature\":0,"
    "\"max_tokens\":1,\"seed\":1}" },
#define REST "\"temperature\":0,\"max_tokens\":1,\"seed\":1"
  { "a stream that is a number", SLUICE_OPERATION_CHAT, FALSE, "{\"model\":\"m\",\"stream\":1," REST "}",
    "{\"model\":\"upstream-model\",\"stream\":false," REST "}" },
  { "a stream that is text", SLUICE_OPERATION_COMPLETION, FALSE, "{\"model\":\"m\",\"stream\":\"true\"," REST "}",
    "{\"model\":\"upstream-model\",\"stream\":false," REST "}" },
  { "a stream that is nothing", SLUICE_OPERATION_CHAT, FALSE, "{\"model\":\"m\",\"stream\":null," REST "}",
    "{\"model\":\"upstream-model\"," REST "}" },
  { "a stream with an escape in its name", SLUICE_OPERATION_CHAT, FALSE,
    "{\"model\":\"m\",\"str\\u0065am\":[]," REST "}",
    "{\"model\":\"upstream-model\",\"str\\u0065am\":false," REST "}" },
  { "a number that we stream", SLUICE_OPERATION_CHAT, TRUE, "{\"model\":\"m\",\"stream\":1," REST "}",
    "{\"model\":\"upstream-model\",\"stream\":true," REST ",\"stream_options\":{\"include_usage\":true}}" },
  { "a stream of vectors", SLUICE_OPERATION_EMBEDDING, FALSE, "{\"model\":\"m\",\"stream\":true," REST "}",
    "{\"model\":\"upstream-model\"," REST "}" },
};

static const SluiceDialectDefault defaults[] = {
  { "temperature", "0.5" }, { "max_tokens", "256" }, { "stream", "true" },
  { "model", "\"x\"" },     { "tags", "[]" },        { "seed", "7" },
};

static void
test_requests (void)
{
  const SluiceDialect *dialect = sluice_dialect_find ("openai");

  for (guint i = 0; i < G_N_ELEMENTS (requests); i++)
    {
      const Request *r = &requests[i];
      g_autofree char *result = recorder_encode (dialect, r->operation, r->body, r->stream, defaults,
                                                 G_N_ELEMENTS (defaults));

      g_test_message ("%s", r->what);
      g_assert_cmpstr (result, ==, r->expected);
    }
}

static const struct {
  const char *body;
  const char *expected;
  gboolean estimated;
} answers[] = {
  { "{\"id\":\"c\",\"model\":\"gpt-5-2026\", \"choices\":[{\"index\":0,\"message\":{\"content\":\"hi\"}}],"
    "\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4,\"total_tokens\":7,\"cost\":0.5}}\n",
    "{\"id\":\"c\",\"model\":\"public\", \"choices\":[{\"index\":0,\"message\":{\"content\":\"hi\"}}],"
    "\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4,\"total_tokens\":7,\"cost\":0.5}}" },
  { "{\"choices\":[],\"error\":null,\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4,\"total_tokens\":7}}",
    "{\"choices\":[],\"error\":null,\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4,\"total_tokens\":7},"
    "\"model\":\"public\"}" },
  { "{\"data\":[{\"embedding\":[0.1,-2e-3]}],\"model\":\"public\",\"usage\":{\"prompt_tokens\":3,\"total_tokens\":3}}",
    "{\"data\":[{\"embedding\":[0.1,-2e-3]}],\"model\":\"public\",\"usage\":{\"prompt_tokens\":3,"
    "\"total_tokens\":3}}" },
  /* no usage, or none that can be: estimated, and nothing else changes */
  { "{ \"model\":\"public\", \"choices\":[{\"index\":0,\"message\":{\"content\":\"1234\"}}] }\n",
    "{ \"model\":\"public\", \"choices\":[{\"index\":0,\"message\":{\"content\":\"1234\"}}],"
    "\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2,\"total_tokens\":5} }",
    TRUE },
  { "{\"usage\" : null,\"choices\":[{\"text\":\"12345678\"}],\"model\":\"up\"}",
    "{\"usage\" : {\"prompt_tokens\":3,\"completion_tokens\":3,\"total_tokens\":6},"
    "\"choices\":[{\"text\":\"12345678\"}],\"model\":\"public\"}",
    TRUE },
  { "{\"choices\":[{\"text\":\"12345678\"}],\"model\":\"public\",\"usage\":{\"prompt_tokens\":3,"
    "\"completion_tokens\":-1,\"total_tokens\":2}}",
    "{\"choices\":[{\"text\":\"12345678\"}],\"model\":\"public\",\"usage\":{\"prompt_tokens\":3,"
    "\"completion_tokens\":3,\"total_tokens\":6}}",
    TRUE },
  { "{\"error\":{\"message\":\"Rate limited\",\"code\":429}}", "fault: 429 rate_limit_error Rate limited" },
  { "{\"error\":\"broken\"}", "fault: 500 server_error broken" },
  { "{\"choices\":[{\"error\":{\"message\":\"Provider gone\",\"code\":502},\"message\":{\"content\":\"\"}}]}",
    "fault: 502 server_error Provider gone" },
  { "{}", "error: the upstream's answer is not an OpenAI one: it has neither choices nor data" },
  { "{\"choices\":null}", "error: the upstream's answer is not an OpenAI one: it has neither choices nor data" },
  { "{\"object\":\"list\",\"data\":7}",
    "error: the upstream's answer is not an OpenAI one: it has neither choices nor data" },
  { "[]", "error: the upstream's answer is not a JSON object: invalid JSON at byte 0: expected an object" },
  { "", "error: the upstream's answer is not a JSON object: invalid JSON at byte 0: nothing there" },
};

static void
test_answers (void)
{
  const SluiceDialect *dialect = sluice_dialect_find ("openai");
  SluiceDialectAnswer answer = { .public_model = "public", .request_bytes = 9 };

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      SluiceUsage usage;
      g_autofree char *result = NULL;

      answer.operation
          = strstr (answers[i].body, "embedding") != NULL ? SLUICE_OPERATION_EMBEDDING : SLUICE_OPERATION_CHAT;
      result = recorder_decode (dialect, &answer, answers[i].body, &usage);
      g_test_message ("%s", answers[i].body);
      g_assert_cmpstr (result, ==, answers[i].expected);
      if (result[0] == '{')
        g_assert_cmpint (usage.prompt_tokens, ==, 3);
      g_assert_cmpint (usage.estimated, ==, answers[i].estimated);
    }
}

/* An answer that needs no change is handed on, not copied. */
static void
test_answer_is_not_copied (void)
{
  const SluiceDialect *dialect = sluice_dialect_find ("openai");
  const SluiceDialectAnswer answer = { .operation = SLUICE_OPERATION_EMBEDDING, .public_model = "public" };
  g_autoptr (GString) text = g_string_new ("{\"object\":\"list\",\"data\":[{\"embedding\":[0.5");
  g_autoptr (GBytes) body = NULL;
  g_autoptr (GBytes) result = NULL;
  g_autoptr (SluiceFault) fault = NULL;
  g_autoptr (GError) error = NULL;
  SluiceUsage usage = { 0 };

  while (text->len < 270000)
    g_string_append (text, ",-0.012345678901");
  g_string_append (text, "]}],\"model\":\"public\",\"usage\":{\"prompt_tokens\":8,\"total_tokens\":8}}");
  body = g_bytes_new (text->str, text->len);
  result = dialect->decode_answer (&answer, body, &usage, &fault, &error);
  g_assert_no_error (error);
  g_assert_true (result == body);
  g_assert_cmpint (usage.prompt_tokens, ==, 8);
}

typedef struct {
  const char *body;
  gint64 text_bytes;
  gboolean estimated;
} Text;

/* What is to be estimated from, where the completion was not counted. */
static const Text answer_texts[] = {
  { "{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"12345678\"}}]}", 8, TRUE },
  { "{\"choices\":[{\"message\":{\"content\":\"1234\",\"reasoning_content\":\"123\",\"reasoning\":\"123\"}},"
    "{\"message\":{\"content\":null,\"tool_calls\":[{\"function\":{\"name\":\"ab\",\"arguments\":\"{}\"}}]}}]}",
    11, TRUE },
  { "{\"choices\":[{\"text\":\"12345\"},{\"text\":\"1\"}],\"usage\":null}", 6, TRUE },
  { "{\"choices\":[{\"message\":{\"content\":[{\"a\":1}]}}],\"usage\":{}}", 9, TRUE },
  { "{\"choices\":[{\"message\":{\"content\":\"12345\"}}],\"usage\":{\"prompt_tokens\":3}}", 5, TRUE },
  { "{\"choices\":[{\"message\":{\"content\":\"12345\"}}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":1}}",
    0, FALSE },
  { "{\"choices\":[null,{\"message\":\"12345\"},7]}", 0, TRUE },
};

static void
test_text_is_counted (void)
{
  const SluiceDialectAnswer answer = { .public_model = "public" };

  for (guint i = 0; i < G_N_ELEMENTS (answer_texts); i++)
    {
      SluiceUsage usage;
      g_autofree char *result = recorder_decode (sluice_dialect_find ("openai"), &answer, answer_texts[i].body, &usage);

      g_test_message ("%s", answer_texts[i].body);
      g_assert_cmpint (usage.text_bytes, ==, answer_texts[i].text_bytes);
      g_assert_cmpint (usage.estimated, ==, answer_texts[i].estimated);
      if (usage.estimated)
        g_assert_cmpint (usage.completion_tokens, ==, (answer_texts[i].text_bytes + 2) / 3);
    }
}

#define REPORT(prompt, completion, total) \
  "{\"prompt_tokens\":" prompt ",\"completion_tokens\":" completion ",\"total_tokens\":" total "}"
#define VECTORS(total) "{\"prompt_tokens\":" total ",\"total_tokens\":" total "}"

/* What the client is told of an answer of six bytes of text, or of vectors. */
static const struct {
  SluiceOperation operation;
  const char *reported;
  const char *told;
  gboolean estimated;
} told[] = {
  { SLUICE_OPERATION_CHAT, REPORT ("7", "null", "10"), REPORT ("7", "3", "10") },
  { SLUICE_OPERATION_CHAT, "{\"input_tokens\":7,\"output_tokens\":3}", REPORT ("7", "3", "10") },
  { SLUICE_OPERATION_CHAT, "{\"prompt_tokens\":7,\"completion_tokens\":3}", REPORT ("7", "3", "10") },
  { SLUICE_OPERATION_CHAT, REPORT ("7.5", "3.0", "10.5"), REPORT ("8", "3", "11") },
  { SLUICE_OPERATION_CHAT, REPORT ("7", "3", "12"),
    "{\"prompt_tokens\":7,\"completion_tokens\":5,\"total_tokens\":12,"
    "\"completion_tokens_details\":{\"reasoning_tokens\":2}}" },
  { SLUICE_OPERATION_CHAT, REPORT ("\"7\"", "3", "10"), REPORT ("7", "3", "10") },
  { SLUICE_OPERATION_CHAT,
    "{\"prompt_tokens\":7,\"completion_tokens\":3,\"total_tokens\":10,"
    "\"prompt_tokens_details\":{\"cached_tokens\":20},\"completion_tokens_details\":{\"reasoning_tokens\":9}}",
    "{\"prompt_tokens\":27,\"completion_tokens\":12,\"total_tokens\":39,"
    "\"prompt_tokens_details\":{\"cached_tokens\":20},\"completion_tokens_details\":{\"reasoning_tokens\":9}}" },
  { SLUICE_OPERATION_CHAT,
    "{\"input_tokens\":7,\"output_tokens\":3,\"cache_read_input_tokens\":4}",
    "{\"prompt_tokens\":11,\"completion_tokens\":3,\"total_tokens\":14,"
    "\"prompt_tokens_details\":{\"cached_tokens\":4}}" },
  /* generated text was not for nothing */
  { SLUICE_OPERATION_CHAT, "{\"total_tokens\":10}", REPORT ("8", "2", "10"), TRUE },
  { SLUICE_OPERATION_CHAT, "{\"total_tokens\":1}", REPORT ("0", "1", "1"), TRUE },
  { SLUICE_OPERATION_CHAT, REPORT ("7", "0", "7"), REPORT ("7", "2", "9"), TRUE },
  { SLUICE_OPERATION_CHAT, REPORT ("0", "0", "0"), REPORT ("100", "2", "102"), TRUE },
  { SLUICE_OPERATION_COMPLETION, REPORT ("7", "0", "7"), REPORT ("7", "2", "9"), TRUE },
  { SLUICE_OPERATION_EMBEDDING, VECTORS ("5"), VECTORS ("5") },
  { SLUICE_OPERATION_EMBEDDING, REPORT ("5", "0", "5"), REPORT ("5", "0", "5") },
  { SLUICE_OPERATION_EMBEDDING, "{\"prompt_tokens\":null,\"total_tokens\":5}", VECTORS ("5") },
  { SLUICE_OPERATION_EMBEDDING, "{\"total_tokens\":5}", VECTORS ("5") },
  { SLUICE_OPERATION_EMBEDDING, "{\"prompt_tokens\":5}", VECTORS ("5") },
  { SLUICE_OPERATION_EMBEDDING, "{\"prompt_tokens\":-5,\"total_tokens\":-5}", VECTORS ("100"), TRUE },
};

static void
test_usage_is_told (void)
{
  static const char *const parts[] = {
    [SLUICE_OPERATION_CHAT] = "\"choices\":[{\"message\":{\"content\":\"123456\"}}]",
    [SLUICE_OPERATION_COMPLETION] = "\"choices\":[{\"text\":\"123456\"}]",
    [SLUICE_OPERATION_EMBEDDING] = "\"data\":[{\"embedding\":[1]}]",
  };

  for (guint i = 0; i < G_N_ELEMENTS (told); i++)
    {
      const SluiceDialectAnswer answer
          = { .operation = told[i].operation, .public_model = "public", .request_bytes = 300 };
      const char *part = parts[told[i].operation];
      g_autofree char *body = g_strdup_printf ("{\"model\":\"public\",%s,\"usage\":%s}", part, told[i].reported);
      g_autofree char *expected = g_strdup_printf ("{\"model\":\"public\",%s,\"usage\":%s}", part, told[i].told);
      SluiceUsage usage;
      g_autofree char *result = recorder_decode (sluice_dialect_find ("openai"), &answer, body, &usage);

      g_assert_cmpstr (result, ==, expected);
      g_assert_cmpint (usage.estimated, ==, told[i].estimated);
    }
}

#define ESTIMATE ",\"usage\":{\"prompt_tokens\":100,\"total_tokens\":100}"

/* Vectors of numbers become what was asked for; those that are packed already stay. */
static const struct {
  const char *body;
  const char *expected;
} packed[] = {
  { "{\"data\":[{\"object\":\"embedding\",\"embedding\":[1, -2.5 ,0.1],\"index\":0},{\"embedding\":[],\"index\":1}],"
    "\"model\":\"up\",\"usage\":{\"prompt_tokens\":3,\"total_tokens\":3,\"x\":1}}",
    "{\"data\":[{\"object\":\"embedding\",\"embedding\":\"AACAPwAAIMDNzMw9\",\"index\":0},"
    "{\"embedding\":\"\",\"index\":1}],\"model\":\"public\","
    "\"usage\":{\"prompt_tokens\":3,\"total_tokens\":3,\"x\":1}}" },
  { "{\"data\":[{\"embedding\":\"AACAPw==\"},{\"embedding\":[1]}],\"model\":\"public\"}",
    "{\"data\":[{\"embedding\":\"AACAPw==\"},{\"embedding\":\"AACAPw==\"}],\"model\":\"public\"" ESTIMATE "}" },
  { "{\"data\":[{\"embedding\":\"AACAPw==\"}],\"model\":\"public\"}",
    "{\"data\":[{\"embedding\":\"AACAPw==\"}],\"model\":\"public\"" ESTIMATE "}" },
  { "{\"data\":[],\"model\":\"public\"}", "{\"data\":[],\"model\":\"public\"" ESTIMATE "}" },
  { "{\"data\":[{\"embedding\":[1,1e99]}],\"model\":\"public\"}",
    "error: a vector of the upstream's answer holds something that is no number of 32 bits" },
  { "{\"data\":[{\"embedding\":[\"1\"]}]}",
    "error: a vector of the upstream's answer holds something that is no number of 32 bits" },
};

static void
test_vectors_are_packed (void)
{
  const SluiceDialectAnswer answer
      = { .operation = SLUICE_OPERATION_EMBEDDING, .public_model = "public", .base64 = TRUE, .request_bytes = 300 };

  for (guint i = 0; i < G_N_ELEMENTS (packed); i++)
    {
      SluiceUsage usage;
      g_autofree char *result = recorder_decode (sluice_dialect_find ("openai"), &answer, packed[i].body, &usage);

      g_test_message ("%s", packed[i].body);
      g_assert_cmpstr (result, ==, packed[i].expected);
      g_assert_false (usage.completion_missing);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/dialect-openai/requests", test_requests);
  g_test_add_func ("/dialect-openai/answers", test_answers);
  g_test_add_func ("/dialect-openai/answer-is-not-copied", test_answer_is_not_copied);
  g_test_add_func ("/dialect-openai/text-is-counted", test_text_is_counted);
  g_test_add_func ("/dialect-openai/usage-is-told", test_usage_is_told);
  g_test_add_func ("/dialect-openai/vectors-are-packed", test_vectors_are_packed);
  return g_test_run ();
}
