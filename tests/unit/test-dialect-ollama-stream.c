/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream-recorder.h"

typedef struct {
  const char *name;
  SluiceOperation operation;
  const char *bytes;
  const char *expected;
} Stream;

#define LINE "{\"model\":\"llama3\",\"created_at\":\"2026-01-01T00:00:00.1Z\","
#define TIMES "\"total_duration\":4883583458,\"load_duration\":1334875,\"prompt_eval_duration\":342546000"
#define HEAD(object) \
  "{\"id\":\"id1\",\"object\":\"" object "\",\"created\":1700000000,\"model\":\"public\",\"choices\":["
#define CHUNK "CHUNK " HEAD ("chat.completion.chunk") "{\"index\":0,\"delta\":"
#define ROLE CHUNK "{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}\n"
#define NEXT ",\"finish_reason\":null}]}\n"
#define USAGE "USAGE " HEAD ("chat.completion.chunk") "],\"usage\":"
#define TEXT "CHUNK " HEAD ("text_completion") "{\"index\":0,\"text\":"

static const Stream streams[] = {
  { "text", SLUICE_OPERATION_CHAT,
    LINE "\"message\":{\"role\":\"assistant\",\"content\":\"Hi\"},\"done\":false}\n"
    LINE "\"message\":{\"role\":\"assistant\",\"content\":\" \\\"\\u00e4\"},\"done\":false}\r\n\n"
    " \t\r\n"
    LINE "\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done_reason\":\"stop\",\"done\":true," TIMES ","
    "\"prompt_eval_count\":26,\"eval_count\":3}\n",
    ROLE CHUNK "{\"content\":\"Hi\"}" NEXT CHUNK "{\"content\":\" \\\"\\u00e4\"}" NEXT
    CHUNK "{},\"finish_reason\":\"stop\"}]}\n"
    USAGE "{\"prompt_tokens\":26,\"completion_tokens\":3,\"total_tokens\":29}}\n"
    "DONE \nusage 26+3 cached 0 reasoning 0\ntext 11 done\n" },
  { "thinking and tools, text in the last line, no line end, lines after the end", SLUICE_OPERATION_CHAT,
    LINE "\"message\":{\"role\":\"assistant\",\"content\":\"\",\"thinking\":\"hm\"},\"done\":false}\n"
    LINE "\"message\":{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[{\"function\":{\"name\":\"f\","
    "\"arguments\":{\"a\":1}}},{\"id\":\"own\",\"function\":{\"name\":\"g\",\"arguments\":{}}}]},\"done\":false}\n"
    LINE "\"message\":{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[{\"function\":{\"name\":\"h\"}}]},"
    "\"done\":false}\n"
    LINE "\"message\":{\"role\":\"assistant\",\"content\":\"end\"},\"done\":true,\"done_reason\":\"stop\","
    "\"eval_count\":9}",
    ROLE CHUNK "{\"reasoning_content\":\"hm\"}" NEXT
    CHUNK "{\"tool_calls\":[{\"index\":0,\"id\":\"call_id1_0\",\"type\":\"function\",\"function\":{\"name\":\"f\","
    "\"arguments\":\"{\\\"a\\\":1}\"}}]}" NEXT
    CHUNK "{\"tool_calls\":[{\"index\":1,\"id\":\"own\",\"type\":\"function\",\"function\":{\"name\":\"g\","
    "\"arguments\":\"{}\"}}]}" NEXT
    CHUNK "{\"tool_calls\":[{\"index\":2,\"id\":\"call_id1_2\",\"type\":\"function\",\"function\":{\"name\":\"h\","
    "\"arguments\":\"{}\"}}]}" NEXT
    CHUNK "{\"content\":\"end\"}" NEXT
    CHUNK "{},\"finish_reason\":\"tool_calls\"}]}\n"
    USAGE "{\"prompt_tokens\":100,\"completion_tokens\":9,\"total_tokens\":109}}\n"
    "DONE \nestimate 100+9 cached 0 reasoning 0\ntext 126 done\n" },
  { "cut by the limit, then more", SLUICE_OPERATION_CHAT,
    "{\"message\":{\"content\":\"a\"},\"logprobs\":[\r{\"token\":\"a\"}],\"done\":true,\"done_reason\":\"length\"}\n"
    "{\"error\":\"late\"}\nnoise\n",
    ROLE CHUNK "{\"content\":\"a\"},\"logprobs\":{\"content\":[ {\"token\":\"a\"}]}" NEXT
    CHUNK "{},\"finish_reason\":\"length\"}]}\n"
    USAGE "{\"prompt_tokens\":100,\"completion_tokens\":1,\"total_tokens\":101}}\n"
    "DONE \nestimate 100+1 cached 0 reasoning 0\ntext 1 done\n" },
  { "load", SLUICE_OPERATION_CHAT,
    LINE "\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done_reason\":\"load\",\"done\":true}\n",
    ROLE CHUNK "{},\"finish_reason\":\"stop\"}]}\n"
    USAGE "{\"prompt_tokens\":100,\"completion_tokens\":0,\"total_tokens\":100}}\n"
    "DONE \nestimate 100+0 cached 0 reasoning 0\ntext 0 done\n" },
  { "unload", SLUICE_OPERATION_COMPLETION, LINE "\"response\":\"\",\"done\":true,\"done_reason\":\"unload\"}\n",
    TEXT "\"\",\"logprobs\":null,\"finish_reason\":\"stop\"}]}\n"
    "USAGE " HEAD ("text_completion") "],\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":0,"
    "\"total_tokens\":100}}\n"
    "DONE \nestimate 100+0 cached 0 reasoning 0\ntext 0 done\n" },
  { "completion", SLUICE_OPERATION_COMPLETION,
    LINE "\"response\":\"\",\"thinking\":\"hm\",\"done\":false}\n" LINE "\"response\":\"one\",\"done\":false}\n"
    LINE "\"response\":\"\",\"done\":true,\"done_reason\":\"stop\",\"context\":[1,2,3],\"prompt_eval_count\":1,"
    "\"eval_count\":2}\n",
    TEXT "\"one\",\"logprobs\":null" NEXT TEXT "\"\",\"logprobs\":null,\"finish_reason\":\"stop\"}]}\n"
    "USAGE " HEAD ("text_completion") "],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2,\"total_tokens\":3}}\n"
    "DONE \nusage 1+2 cached 0 reasoning 0\ntext 5 done\n" },
  { "error at once", SLUICE_OPERATION_CHAT, "{\"error\":\"model 'x' not found\"}\n",
    "FAULT \nfault 404 invalid_request_error model_not_found: model 'x' not found\ntext 0\n" },
  { "error in the middle", SLUICE_OPERATION_CHAT,
    LINE "\"message\":{\"content\":\"a\"},\"done\":false}\n{\"error\":\"llama runner exited\"}\n",
    ROLE CHUNK "{\"content\":\"a\"}" NEXT "FAULT \nfault 500 server_error -: llama runner exited\ntext 1\n" },
  { "cut between lines", SLUICE_OPERATION_CHAT, LINE "\"message\":{\"content\":\"a\"},\"done\":false}\n",
    ROLE CHUNK "{\"content\":\"a\"}" NEXT "CUT the upstream's stream ended before its last line\ntext 1\n" },
  { "cut in a line", SLUICE_OPERATION_CHAT, LINE "\"message\":{\"content\":\"a",
    "CUT the upstream's stream ended before its last line\ntext 0\n" },
  { "no JSON", SLUICE_OPERATION_CHAT, "<html>\n",
    "BROKEN the upstream's line is not a JSON object: invalid JSON at byte 0: expected a value\ntext 0\n" },
};

static void
test_streams (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (streams); i++)
    {
      const SluiceDialectAnswer answer = {
        .operation = streams[i].operation,
        .public_model = "public",
        .answer_id = "id1",
        .created = 1700000000,
        .request_bytes = 300,
        .max_line = 65536,
        .max_event = 65536,
      };

      recorder_check (sluice_dialect_find ("ollama"), &answer, streams[i].name, streams[i].bytes, streams[i].expected);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/dialect-ollama-stream/streams", test_streams);
  return g_test_run ();
}
