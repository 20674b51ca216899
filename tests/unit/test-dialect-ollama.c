/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream-recorder.h"

typedef struct {
  SluiceOperation operation;
  gboolean base64;
  const char *body;
  const char *expected;
  gint64 prompt_tokens; /* -1: no usage */
  gint64 completion_tokens;
  gboolean estimated;
} Case;

#define HEAD(object) "{\"id\":\"id1\",\"object\":\"" object "\",\"created\":1700000000,\"model\":\"public\","
#define TIMES "\"total_duration\":5191566416,\"load_duration\":2154458,\"prompt_eval_duration\":383809000"

static const Case cases[] = {
  { SLUICE_OPERATION_CHAT, FALSE,
    "{\"model\":\"llama3\",\"created_at\":\"2026-01-01T00:00:00Z\",\"message\":{\"role\":\"assistant\","
    "\"content\":\"Hi \\u00e4\"},\"done_reason\":\"stop\",\"done\":true," TIMES ",\"prompt_eval_count\":26,"
    "\"eval_count\":298,\"eval_duration\":4799921000}",
    HEAD ("chat.completion") "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
    "\"content\":\"Hi \\u00e4\"},"
    "\"logprobs\":null,\"finish_reason\":\"stop\"}],"
    "\"usage\":{\"prompt_tokens\":26,\"completion_tokens\":298,\"total_tokens\":324}}",
    26, 298 },
  /* thinking, the prompt from the cache, cut by the limit */
  { SLUICE_OPERATION_CHAT, FALSE,
    "{\"message\":{\"role\":\"assistant\",\"content\":\"\",\"thinking\":\"hmm\"},\"done_reason\":\"length\","
    "\"done\":true,"
    "\"eval_count\":7}",
    HEAD ("chat.completion") "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"\","
    "\"reasoning_content\":\"hmm\"},\"logprobs\":null,\"finish_reason\":\"length\"}],"
    "\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":7,\"total_tokens\":107}}",
    100, 7, TRUE },
  /* tools, with and without ids */
  { SLUICE_OPERATION_CHAT, FALSE,
    "{\"message\":{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[{\"function\":{\"name\":\"f\","
    "\"arguments\":{\"a\":\"\\\"x\"}}},{\"id\":\"own\",\"function\":{\"index\":1,\"name\":\"g\"}}]},"
    "\"done_reason\":\"stop\",\"done\":true,\"prompt_eval_count\":1,\"eval_count\":2}",
    HEAD ("chat.completion") "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":null,"
    "\"tool_calls\":["
    "{\"id\":\"call_id1_0\",\"type\":\"function\",\"function\":{\"name\":\"f\","
    "\"arguments\":\"{\\\"a\\\":\\\"\\\\\\\"x\\\"}\"}},"
    "{\"id\":\"own\",\"type\":\"function\",\"function\":{\"name\":\"g\",\"arguments\":\"{}\"}}]},"
    "\"logprobs\":null,\"finish_reason\":\"tool_calls\"}],"
    "\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2,\"total_tokens\":3}}",
    1, 2 },
  { SLUICE_OPERATION_CHAT, FALSE,
    "{\"message\":{\"role\":\"assistant\",\"content\":\"a\"},\"logprobs\":[{\"token\":\"a\",\"logprob\":-0.5}],"
    "\"done\":true,"
    "\"done_reason\":\"stop\",\"eval_count\":1}",
    HEAD ("chat.completion") "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"a\"},"
    "\"logprobs\":{\"content\":[{\"token\":\"a\",\"logprob\":-0.5}]},\"finish_reason\":\"stop\"}],"
    "\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":1,\"total_tokens\":101}}",
    100, 1, TRUE },
  { SLUICE_OPERATION_CHAT, FALSE,
    "{\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done_reason\":\"load\",\"done\":true}",
    HEAD ("chat.completion") "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"\"},"
    "\"logprobs\":null,\"finish_reason\":\"stop\"}],"
    "\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":0,\"total_tokens\":100}}",
    100, 0, TRUE },
  { SLUICE_OPERATION_COMPLETION, FALSE,
    "{\"response\":\"text\",\"done\":true,\"done_reason\":\"stop\",\"context\":[1,2],\"prompt_eval_count\":4,"
    "\"eval_count\":-5}",
    HEAD ("text_completion") "\"choices\":[{\"index\":0,\"text\":\"text\",\"logprobs\":null,"
    "\"finish_reason\":\"stop\"}],"
    "\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":2,\"total_tokens\":6}}",
    4, 2, TRUE },
  /* counts as they may be written */
  { SLUICE_OPERATION_COMPLETION, FALSE,
    "{\"response\":\"text\",\"done\":true,\"prompt_eval_count\":4.0,\"eval_count\":2.5}",
    HEAD ("text_completion") "\"choices\":[{\"index\":0,\"text\":\"text\",\"logprobs\":null,"
    "\"finish_reason\":\"stop\"}],"
    "\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":3,\"total_tokens\":7}}",
    4, 3 },
  { SLUICE_OPERATION_COMPLETION, FALSE,
    "{\"response\":\"text\",\"done\":true,\"prompt_eval_count\":1e10,\"eval_count\":\"7\"}",
    HEAD ("text_completion") "\"choices\":[{\"index\":0,\"text\":\"text\",\"logprobs\":null,"
    "\"finish_reason\":\"stop\"}],"
    "\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":2,\"total_tokens\":102}}",
    100, 2, TRUE },
  { SLUICE_OPERATION_EMBEDDING, FALSE, "{\"embeddings\":[[1]]}",
    "{\"object\":\"list\",\"data\":[{\"object\":\"embedding\",\"index\":0,\"embedding\":[1]}],"
    "\"model\":\"public\",\"usage\":{\"prompt_tokens\":100,\"total_tokens\":100}}",
    100, 0, TRUE },
  { SLUICE_OPERATION_EMBEDDING, FALSE,
    "{\"model\":\"e\",\"embeddings\":[[0.010, -1e-3],[1,2]]," TIMES ",\"prompt_eval_count\":8}",
    "{\"object\":\"list\",\"data\":[{\"object\":\"embedding\",\"index\":0,\"embedding\":[0.010, -1e-3]},"
    "{\"object\":\"embedding\",\"index\":1,\"embedding\":[1,2]}],\"model\":\"public\","
    "\"usage\":{\"prompt_tokens\":8,\"total_tokens\":8}}",
    8, 0 },
  { SLUICE_OPERATION_EMBEDDING, TRUE, "{\"embeddings\":[[1, -2.5 ,0.1],[]],\"prompt_eval_count\":8}",
    "{\"object\":\"list\",\"data\":[{\"object\":\"embedding\",\"index\":0,\"embedding\":\"AACAPwAAIMDNzMw9\"},"
    "{\"object\":\"embedding\",\"index\":1,\"embedding\":\"\"}],\"model\":\"public\","
    "\"usage\":{\"prompt_tokens\":8,\"total_tokens\":8}}",
    8, 0 },
  { SLUICE_OPERATION_EMBEDDING, TRUE, "{\"embeddings\":[[1,\"2\"]]}",
    "error: the upstream's answer is not one of Ollama to a request of this kind (embedding)", -1, 0 },
  { SLUICE_OPERATION_EMBEDDING, TRUE, "{\"embeddings\":[[1,1e99]]}",
    "error: the upstream's answer is not one of Ollama to a request of this kind (embedding)", -1, 0 },
  { SLUICE_OPERATION_EMBEDDING, TRUE, "{\"embeddings\":[[1,1e]]}",
    "error: the upstream's answer is not one of Ollama to a request of this kind (embedding)", -1, 0 },
  { SLUICE_OPERATION_EMBEDDING, FALSE, "{\"embeddings\":[1]}",
    "error: the upstream's answer is not one of Ollama to a request of this kind (embedding)", -1, 0 },
  /* half of an answer cost something, too */
  { SLUICE_OPERATION_CHAT, FALSE, "{\"message\":{\"content\":\"half\"},\"done\":false}",
    "error: the upstream's answer was cut: it says that it is not done", 100, 2, TRUE },
  { SLUICE_OPERATION_COMPLETION, FALSE, "{\"response\":\"half\",\"done\":false}",
    "error: the upstream's answer was cut: it says that it is not done", 100, 2, TRUE },
  /* a count of 0 beside a text */
  { SLUICE_OPERATION_COMPLETION, FALSE,
    "{\"response\":\"text\",\"done\":true,\"prompt_eval_count\":4,\"eval_count\":0}",
    HEAD ("text_completion") "\"choices\":[{\"index\":0,\"text\":\"text\",\"logprobs\":null,"
    "\"finish_reason\":\"stop\"}],"
    "\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":2,\"total_tokens\":6}}",
    4, 2, TRUE },
  { SLUICE_OPERATION_CHAT, FALSE, "{\"response\":\"text\",\"done\":true}",
    "error: the upstream's answer is not one of Ollama to a request of this kind (chat)", -1, 0 },
  { SLUICE_OPERATION_COMPLETION, FALSE, "{}",
    "error: the upstream's answer is not one of Ollama to a request of this kind (completion)", -1, 0 },
  { SLUICE_OPERATION_CHAT, FALSE, "7",
    "error: the upstream's answer is not a JSON object: invalid JSON at byte 0: expected an object", -1, 0 },
  { SLUICE_OPERATION_CHAT, FALSE, "{\"error\":\"model 'x' not found\"}",
    "fault: 404 invalid_request_error model 'x' not found", -1, 0 },
};

static void
test_answers (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const SluiceDialectAnswer answer = {
        .operation = cases[i].operation,
        .public_model = "public",
        .answer_id = "id1",
        .created = 1700000000,
        .base64 = cases[i].base64,
        .request_bytes = 300,
      };
      SluiceUsage usage;
      g_autofree char *result = recorder_decode (sluice_dialect_find ("ollama"), &answer, cases[i].body, &usage);

      g_test_message ("%s", cases[i].body);
      g_assert_cmpstr (result, ==, cases[i].expected);
      g_assert_cmpint (usage.present || usage.estimated, ==, cases[i].prompt_tokens >= 0);
      g_assert_cmpint (usage.estimated, ==, cases[i].estimated);
      g_assert_false (usage.prompt_missing || usage.completion_missing);
      g_assert_cmpint (usage.prompt_tokens, ==, MAX (0, cases[i].prompt_tokens));
      g_assert_cmpint (usage.completion_tokens, ==, cases[i].completion_tokens);
    }
}

static void
test_nothing_counted (void)
{
  static const char body[] = "{\"message\":{\"content\":\"12345\",\"tool_calls\":[{}]},\"done\":true}";
  const SluiceDialectAnswer answer = { .public_model = "public", .answer_id = "id1", .request_bytes = 300 };
  SluiceUsage usage;
  g_autofree char *result = recorder_decode (sluice_dialect_find ("ollama"), &answer, body, &usage);

  g_assert_true (!usage.present && usage.estimated);
  g_assert_cmpint (usage.text_bytes, ==, 9);
  g_assert_nonnull (strstr (result, "\"prompt_tokens\":100,\"completion_tokens\":3,\"total_tokens\":103"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/dialect-ollama/answers", test_answers);
  g_test_add_func ("/dialect-ollama/nothing-counted", test_nothing_counted);
  return g_test_run ();
}
