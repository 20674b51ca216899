/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream-recorder.h"

typedef struct {
  SluiceOperation operation;
  gboolean stream;
  const char *body;
  const char *expected;
} Case;

#define CHAT "{\"model\":\"upstream-model\",\"messages\":[]"
#define PROMPT "{\"model\":\"upstream-model\",\"prompt\":\"p\""

static const Case cases[] = {
  { SLUICE_OPERATION_CHAT, FALSE, "{\"model\":\"m\",\"messages\":[]}", CHAT ",\"stream\":false}" },
  { SLUICE_OPERATION_CHAT, TRUE, "{\"messages\":[],\"stream\":true,\"stream_options\":{\"include_usage\":true}}",
    CHAT ",\"stream\":true}" },
  { SLUICE_OPERATION_CHAT, FALSE,
    "{\"messages\":[],\"max_tokens\":5,\"temperature\":0.70,\"top_p\":1,\"top_k\":3,\"min_p\":0.1,\"seed\":1,"
    "\"stop\":\"x\",\"presence_penalty\":1.5,\"frequency_penalty\":-1,\"num_ctx\":8192,\"num_gpu\":99}",
    CHAT ",\"stream\":false,\"options\":{\"num_predict\":5,\"stop\":[\"x\"],\"temperature\":0.70,\"top_p\":1,"
    "\"top_k\":3,"
    "\"min_p\":0.1,\"seed\":1,\"presence_penalty\":1.5,\"frequency_penalty\":-1,\"num_ctx\":8192,\"num_gpu\":99}}" },
  { SLUICE_OPERATION_CHAT, FALSE, "{\"messages\":[],\"stop\":[\"x\", \"y\"],\"max_tokens\":5,"
  "\"max_completion_tokens\":6}",
    CHAT ",\"stream\":false,\"options\":{\"num_predict\":6,\"stop\":[\"x\", \"y\"]}}" },
  { SLUICE_OPERATION_CHAT, FALSE, "{\"messages\":[],\"stop\":null,\"max_tokens\":null,\"tools\":null,"
  "\"temperature\":null}",
    CHAT ",\"stream\":false}" },
  { SLUICE_OPERATION_CHAT, FALSE, "{\"messages\":[],\"stop\":7}", "error: stop must be a text or a list of texts" },
  /* what it does not know */
  { SLUICE_OPERATION_CHAT, FALSE,
    "{\"messages\":[],\"tool_choice\":\"auto\",\"n\":2,\"logit_bias\":{},\"user\":\"u\",\"parallel_tool_calls\":true,"
    "\"store\":true,\"metadata\":{},\"fallbacks\":[],\"api_key\":\"k\",\"service_tier\":\"auto\",\"foo\":1}",
    CHAT ",\"stream\":false}" },
  /* tools and schemas, byte for byte */
  { SLUICE_OPERATION_CHAT, FALSE,
    "{\"messages\":[],\"tools\":[ {\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{ } } } ],"
    "\"tool_choice\":\"required\"}",
    CHAT ",\"tools\":[ {\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{ } } } ],"
    "\"stream\":false}" },
  { SLUICE_OPERATION_CHAT, FALSE, "{\"messages\":[],\"tools\":[{\"type\":\"function\"}],\"tool_choice\":\"none\"}",
    CHAT ",\"stream\":false}" },
  { SLUICE_OPERATION_CHAT, FALSE, "{\"messages\":[],\"functions\":[{\"name\":\"f\"},{\"name\":\"g\"}]}",
    CHAT ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}},{\"type\":\"function\","
    "\"function\":{\"name\":\"g\"}}],\"stream\":false}" },
  { SLUICE_OPERATION_CHAT, FALSE, "{\"messages\":[],\"response_format\":{\"type\":\"json_object\"}}",
    CHAT ",\"format\":\"json\",\"stream\":false}" },
  { SLUICE_OPERATION_CHAT, FALSE, "{\"messages\":[],\"response_format\":{\"type\":\"text\"}}", CHAT ","
  "\"stream\":false}" },
  { SLUICE_OPERATION_CHAT, FALSE,
    "{\"messages\":[],\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"n\",\"strict\":true,"
    "\"schema\":{\"type\": \"object\"}}}}",
    CHAT ",\"format\":{\"type\": \"object\"},\"stream\":false}" },
  { SLUICE_OPERATION_CHAT, FALSE, "{\"messages\":[],\"response_format\":{\"type\":\"json_schema\"}}",
    "error: response_format must be of type text, json_object or json_schema with a json_schema.schema" },
  /* thinking */
  { SLUICE_OPERATION_CHAT, FALSE, "{\"messages\":[],\"reasoning_effort\":\"none\"}", CHAT ",\"think\":false,"
  "\"stream\":false}" },
  { SLUICE_OPERATION_CHAT, FALSE, "{\"messages\":[],\"reasoning_effort\":\"minimal\"}",
    CHAT ",\"think\":\"low\",\"stream\":false}" },
  { SLUICE_OPERATION_CHAT, FALSE, "{\"messages\":[],\"reasoning_effort\":\"medium\"}",
    CHAT ",\"think\":\"medium\",\"stream\":false}" },
  { SLUICE_OPERATION_CHAT, FALSE, "{\"messages\":[],\"reasoning_effort\":\"xhigh\"}",
    CHAT ",\"think\":\"max\",\"stream\":false}" },
  { SLUICE_OPERATION_CHAT, FALSE, "{\"messages\":[],\"reasoning_effort\":\"much\"}",
    "error: reasoning_effort must be one of none, minimal, low, medium, high, xhigh and max" },
  { SLUICE_OPERATION_CHAT, FALSE, "{\"messages\":[],\"reasoning_effort\":\"high\",\"think\":true,"
  "\"keep_alive\":\"5m\"}",
    CHAT ",\"think\":true,\"keep_alive\":\"5m\",\"stream\":false}" },
  { SLUICE_OPERATION_CHAT, FALSE, "{\"messages\":[],\"logprobs\":true,\"top_logprobs\":3,\"keep_alive\":-1}",
    CHAT ",\"logprobs\":true,\"top_logprobs\":3,\"keep_alive\":-1,\"stream\":false}" },
  /* Ollama's own options beside */
  { SLUICE_OPERATION_CHAT, FALSE,
    "{\"messages\":[],\"options\":{\"temperature\":1,\"seed\":2,\"new_option\":[1]},\"temperature\":0}",
    CHAT ",\"stream\":false,\"options\":{\"temperature\":0,\"seed\":2,\"new_option\":[1]}}" },
  { SLUICE_OPERATION_CHAT, FALSE, "{\"model\":\"m\"}", "error: messages is missing" },
  { SLUICE_OPERATION_CHAT, FALSE, "{\"messages\":{}}", "error: messages must be a list" },
  /* text completions */
  { SLUICE_OPERATION_COMPLETION, TRUE, "{\"prompt\":\"p\",\"suffix\":\"s\",\"max_tokens\":3,\"echo\":true,"
  "\"logprobs\":2}",
    PROMPT ",\"suffix\":\"s\",\"stream\":true,\"options\":{\"num_predict\":3}}" },
  { SLUICE_OPERATION_COMPLETION, FALSE, "{\"prompt\":[\"p\"],\"raw\":true}", PROMPT ",\"raw\":true,\"stream\":false}" },
  { SLUICE_OPERATION_COMPLETION, FALSE, "{\"prompt\":[\"p\",\"q\"]}",
    "error: prompt must be one text with Ollama, not a list of several" },
  { SLUICE_OPERATION_COMPLETION, FALSE, "{\"prompt\":[]}", "error: prompt must be one text with Ollama,"
  " not a list of several" },
  { SLUICE_OPERATION_COMPLETION, FALSE, "{\"prompt\":[[1,2]]}",
    "error: prompt must be a text with Ollama, lists of token ids cannot be sent" },
  { SLUICE_OPERATION_COMPLETION, FALSE, "{\"prompt\":[7]}",
    "error: prompt must be a text with Ollama, lists of token ids cannot be sent" },
  { SLUICE_OPERATION_COMPLETION, FALSE, "{\"messages\":[]}", "error: prompt is missing" },
  /* embeddings */
  { SLUICE_OPERATION_EMBEDDING, FALSE,
    "{\"input\":\"t\",\"dimensions\":64,\"encoding_format\":\"base64\",\"user\":\"u\",\"truncate\":false,"
    "\"num_ctx\":512}",
    "{\"model\":\"upstream-model\",\"input\":\"t\",\"truncate\":false,\"dimensions\":64,"
    "\"options\":{\"num_ctx\":512}}" },
  { SLUICE_OPERATION_EMBEDDING, FALSE, "{\"input\":[\"a\", \"b\"]}", "{\"model\":\"upstream-model\",\"input\":[\"a\","
  " \"b\"]}" },
  { SLUICE_OPERATION_EMBEDDING, FALSE, "{\"input\":[1,2]}",
    "error: input must be a text or a list of texts with Ollama, lists of token ids cannot be sent" },
  { SLUICE_OPERATION_EMBEDDING, FALSE, "{\"input\":{}}", "error: input must be a text or a list of texts" },
  { SLUICE_OPERATION_EMBEDDING, FALSE, "{}", "error: input is missing" },
};

static void
test_requests (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *result = recorder_encode (sluice_dialect_find ("ollama"), cases[i].operation, cases[i].body,
                                                 cases[i].stream, NULL, 0);

      g_test_message ("%s", cases[i].body);
      g_assert_cmpstr (result, ==, cases[i].expected);
    }
}

static void
test_defaults (void)
{
  static const SluiceDialectDefault defaults[] = {
    { "temperature", "0.5" },
    { "max_tokens", "256" },
    { "reasoning_effort", "\"low\"" },
    { "options", "{\"num_ctx\":4096,\"temperature\":2}" },
    { "unknown", "1" },
    { "stream", "true" },
  };
  static const SluiceDialectDefault broken[] = { { "seed", "{" } };
  const SluiceDialect *dialect = sluice_dialect_find ("ollama");
  g_autofree char *all = recorder_encode (dialect, SLUICE_OPERATION_CHAT, "{\"messages\":[]}", FALSE, defaults,
                                          G_N_ELEMENTS (defaults));
  g_autofree char *none = recorder_encode (dialect, SLUICE_OPERATION_CHAT,
                                           "{\"messages\":[],\"temperature\":1,\"max_completion_tokens\":5,"
                                           "\"think\":false,\"options\":{\"num_ctx\":9}}",
                                           FALSE, defaults, G_N_ELEMENTS (defaults));
  g_autofree char *bad = recorder_encode (dialect, SLUICE_OPERATION_CHAT, "{\"messages\":[]}", FALSE, broken, 1);

  g_assert_cmpstr (all, ==,
                   CHAT ",\"think\":\"low\",\"stream\":false,\"options\":{\"temperature\":0.5,\"num_predict\":256,"
                   "\"num_ctx\":4096}}");
  g_assert_cmpstr (none, ==,
                   CHAT ",\"think\":false,\"stream\":false,\"options\":{\"num_predict\":5,\"temperature\":1,"
                   "\"num_ctx\":9}}");
  g_assert_true (g_str_has_prefix (bad, "error: the deployment's default of seed cannot be used: invalid JSON"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/dialect-ollama-request/requests", test_requests);
  g_test_add_func ("/dialect-ollama-request/defaults", test_defaults);
  return g_test_run ();
}
