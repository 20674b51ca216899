/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream-recorder.h"

typedef struct {
  const char *name;
  const char *bytes;
  const char *expected;
} Stream;

#define HEAD "{\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":"
#define UP HEAD "\"gpt-5-2026-01-01\",\"choices\":["
#define DOWN "CHUNK " HEAD "\"public\",\"choices\":["
#define DOWN_USAGE "USAGE " HEAD "\"public\",\"choices\":["

/* A usage chunk of our own. */
#define MADE(id, created) \
  "USAGE {\"id\":\"" id "\",\"object\":\"chat.completion.chunk\",\"created\":" created ",\"model\":\"public\"," \
  "\"choices\":[],\"usage\":"
#define ESTIMATED(id, created, completion, total) \
  MADE (id, created) "{\"prompt_tokens\":100,\"completion_tokens\":" completion ",\"total_tokens\":" total "}}\n" \
  "DONE \nestimate 100+" completion " cached 0 reasoning 0\n"

#define REPORT(prompt, completion, total) \
  "{\"prompt_tokens\":" prompt ",\"completion_tokens\":" completion ",\"total_tokens\":" total "}"
#define TEXT(text) "{\"id\":\"g\",\"model\":\"public\",\"choices\":[{\"delta\":{\"content\":\"" text "\"}}]}"
#define TEXT_UP(text) "data: " TEXT (text) "\n\n"
#define TEXT_DOWN(text) "CHUNK " TEXT (text) "\n"
#define LAST(usage) "data: {\"id\":\"g\",\"choices\":[],\"usage\":" usage "}\n\ndata: [DONE]\n\n"

/* A first chunk with one byte of text and usage. */
#define EARLY_HEAD "{\"id\":\"g\",\"created\":7,\"model\":\"public\",\"choices\":[{\"delta\":{\"content\":\"x\"}}],"
#define EARLY(completion, total) "data: " EARLY_HEAD "\"usage\":" REPORT ("7", completion, total) "}\n\n"
#define EARLY_DOWN "CHUNK " EARLY_HEAD "\"usage\":null}\n"

static const Stream streams[] = {
  { "openai",
    "data: " UP "{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}],"
    "\"usage\":null}\n\n"
    "data: " UP "{\"index\":0,\"delta\":{\"content\":\"Hi \\u00e4\"},\"finish_reason\":null}],\"usage\":null}\n\n"
    "data: " UP "{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":null}\n\n"
    "data: " UP "],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2,\"total_tokens\":11,"
    "\"prompt_tokens_details\":{\"cached_tokens\":4},\"completion_tokens_details\":{\"reasoning_tokens\":1}}}\n\n"
    "data: [DONE]\n\n",
    DOWN "{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}],\"usage\":null}\n"
    DOWN "{\"index\":0,\"delta\":{\"content\":\"Hi \\u00e4\"},\"finish_reason\":null}],\"usage\":null}\n"
    DOWN "{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":null}\n"
    DOWN_USAGE "],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2,\"total_tokens\":11,"
    "\"prompt_tokens_details\":{\"cached_tokens\":4},\"completion_tokens_details\":{\"reasoning_tokens\":1}}}\n"
    "DONE \nusage 9+2 cached 4 reasoning 1\ntext 9 done\n" },
  { "llama.cpp: usage with timings",
    "data: {\"choices\":[{\"finish_reason\":null,\"index\":0,\"delta\":{\"reasoning_content\":\"hmm\"}}],\"created\":1,"
    "\"id\":\"x\",\"model\":\"gpt-3.5-turbo\",\"object\":\"chat.completion.chunk\"}\n\n"
    "data: {\"choices\":[],\"id\":\"x\",\"model\":\"gpt-3.5-turbo\",\"usage\":{\"completion_tokens\":5,"
    "\"prompt_tokens\":6,\"total_tokens\":11},\"timings\":{\"prompt_n\":6,\"prompt_ms\":1.5}}\n\n"
    "data: [DONE]\n\n",
    "CHUNK {\"choices\":[{\"finish_reason\":null,\"index\":0,\"delta\":{\"reasoning_content\":\"hmm\"}}],\"created\":1,"
    "\"id\":\"x\",\"model\":\"public\",\"object\":\"chat.completion.chunk\"}\n"
    "USAGE {\"choices\":[],\"id\":\"x\",\"model\":\"public\",\"usage\":{\"completion_tokens\":5,"
    "\"prompt_tokens\":6,\"total_tokens\":11},\"timings\":{\"prompt_n\":6,\"prompt_ms\":1.5}}\n"
    "DONE \nusage 6+5 cached 0 reasoning 0\ntext 3 done\n" },
  { "vllm: running usage, reasoning under both names",
    "data: {\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"reasoning\":\"abc\","
    "\"reasoning_content\":\"abc\"}}],"
    "\"usage\":{\"prompt_tokens\":4,\"total_tokens\":5,\"completion_tokens\":1}}\n\n"
    "data: {\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}],"
    "\"usage\":{\"prompt_tokens\":4,\"total_tokens\":6,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n",
    "CHUNK {\"model\":\"public\",\"choices\":[{\"index\":0,\"delta\":{\"reasoning\":\"abc\","
    "\"reasoning_content\":\"abc\"}}],"
    "\"usage\":null}\n"
    "CHUNK {\"model\":\"public\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}],"
    "\"usage\":null}\n"
    "USAGE {\"model\":\"public\",\"choices\":[],"
    "\"usage\":{\"prompt_tokens\":4,\"total_tokens\":6,\"completion_tokens\":2}}\n"
    "DONE \nusage 4+2 cached 0 reasoning 0\ntext 4 done\n" },
  { "groq: usage aside",
    "data: {\"model\":\"public\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],"
    "\"x_groq\":{\"id\":\"r\",\"usage\":{\"queue_time\":0.1,\"prompt_tokens\":8,\"completion_tokens\":3}}}\n\n"
    "data: [DONE]\n\n",
    "CHUNK {\"model\":\"public\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],"
    "\"x_groq\":{\"id\":\"r\",\"usage\":{\"queue_time\":0.1,\"prompt_tokens\":8,\"completion_tokens\":3}}}\n"
    MADE ("chatcmpl-1", "1600000000") "{\"prompt_tokens\":8,\"completion_tokens\":3,\"total_tokens\":11}}\n"
    "DONE \nusage 8+3 cached 0 reasoning 0\ntext 0 done\n" },
  { "azure: no choice at first",
    "data: {\"choices\":[],\"created\":0,\"id\":\"\",\"model\":\"\","
    "\"prompt_filter_results\":[{\"prompt_index\":0}]}\n\n"
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"refusal\":\"no\"},\"content_filter_results\":{}}],"
    "\"model\":\"g\"}\n\n"
    "data: [DONE]\n\n",
    "CHUNK {\"choices\":[],\"created\":0,\"id\":\"\",\"model\":\"public\","
    "\"prompt_filter_results\":[{\"prompt_index\":0}]}\n"
    "CHUNK {\"choices\":[{\"index\":0,\"delta\":{\"refusal\":\"no\"},\"content_filter_results\":{}}],"
    "\"model\":\"public\"}\n"
    ESTIMATED ("chatcmpl-1", "1600000000", "1", "101") "text 2 done\n" },
  { "openrouter: comments, CRLF, no space, no model",
    ": OPENROUTER PROCESSING\r\n\r\n: OPENROUTER PROCESSING\r\n\r\n"
    "data:{\"id\":\"g\",\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"t\","
    "\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\\\"\"}},{\"function\":{\"arguments\":\"xy\"}}]}}]}\r\n\r\n"
    "data: [DONE] \r\n\r\ndata: {\"late\":1}\r\n\r\n",
    "CHUNK {\"id\":\"g\",\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"t\","
    "\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\\\"\"}},{\"function\":{\"arguments\":\"xy\"}}]}}],"
    "\"model\":\"public\"}\n"
    ESTIMATED ("g", "1600000000", "3", "103") "text 9 done\n" },
  { "data of several lines, pings, statistics",
    "event: ping\ndata: {\"type\":\"ping\"}\n\n"
    "data: {\"model\":\ndata: \"public\",\ndata: \"choices\":[{\"text\":\"ab\",\"index\":0}]}\n\n"
    "data: {\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1,\"total_tokens\":2}}\n\ndata: [DONE]\n\n",
    "CHUNK {\"model\": \"public\", \"choices\":[{\"text\":\"ab\",\"index\":0}]}\n"
    "USAGE {\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1,\"total_tokens\":2},"
    "\"model\":\"public\",\"choices\":[]}\n"
    "DONE \nusage 1+1 cached 0 reasoning 0\ntext 2 done\n" },
  { "openrouter: usage beside an empty choice, written before it, in two lines",
    "data: {\"id\":\"g\",\"model\":\"m\",\"choices\":[{\"delta\":{\"content\":\"ab\"}}]}\n\n"
    "data: {\"id\":\"g\",\"usage\":{\"prompt_tokens\":1,\ndata: \"completion_tokens\":2,\"total_tokens\":3},"
    "\"choices\":[{\"delta\":{\"content\":\"\"}}],\"model\":\"m\"}\n\ndata: [DONE]\n\n",
    "CHUNK {\"id\":\"g\",\"model\":\"public\",\"choices\":[{\"delta\":{\"content\":\"ab\"}}]}\n"
    "CHUNK {\"id\":\"g\",\"usage\":null,\"choices\":[{\"delta\":{\"content\":\"\"}}],\"model\":\"public\"}\n"
    "USAGE {\"id\":\"g\",\"usage\":{\"prompt_tokens\":1, \"completion_tokens\":2,\"total_tokens\":3},"
    "\"choices\":[],\"model\":\"public\"}\n"
    "DONE \nusage 1+2 cached 0 reasoning 0\ntext 2 done\n" },
  { "usage in two parts, then zeros: neither chunk says it all",
    "data: {\"id\":\"g\",\"created\":7,\"model\":\"m\",\"choices\":[{\"delta\":{}}],"
    "\"usage\":{\"prompt_tokens\":5}}\n\n"
    "data: {\"id\":\"g\",\"model\":\"m\",\"choices\":[],\"usage\":{\"completion_tokens\":2}}\n\n"
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":0,\"completion_tokens\":0}}\n\ndata: [DONE]\n\n",
    "CHUNK {\"id\":\"g\",\"created\":7,\"model\":\"public\",\"choices\":[{\"delta\":{}}],\"usage\":null}\n"
    MADE ("g", "7") "{\"prompt_tokens\":5,\"completion_tokens\":2,\"total_tokens\":7}}\n"
    "DONE \nusage 5+2 cached 0 reasoning 0\ntext 0 done\n" },
  { "two usage chunks become one: the last that says something",
    "data: {\"model\":\"m\",\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}}\n\n"
    "data: {\"model\":\"m\",\"choices\":[],"
    "\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":3,\"total_tokens\":8},\"x\":1}\n\n"
    "data: {\"model\":\"m\",\"choices\":[],\"usage\":{\"prompt_tokens\":0,\"completion_tokens\":0}}\n\n"
    "data: {\"model\":\"m\",\"choices\":[],\"usage\":{\"queue_time\":0.1}}\n\ndata: [DONE]\n\n",
    "USAGE {\"model\":\"public\",\"choices\":[],"
    "\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":3,\"total_tokens\":8},\"x\":1}\n"
    "DONE \nusage 5+3 cached 0 reasoning 0\ntext 0 done\n" },
  { "a count that is none is estimated",
    "data: {\"id\":\"g\",\"created\":7,\"model\":\"public\",\"choices\":[{\"text\":\"1234\"}],\"usage\":null}\n\n"
    "data: {\"id\":\"g\",\"created\":7,\"model\":\"public\",\"choices\":[],"
    "\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":-1,\"total_tokens\":99}}\n\ndata: [DONE]\n\n",
    "CHUNK {\"id\":\"g\",\"created\":7,\"model\":\"public\",\"choices\":[{\"text\":\"1234\"}],\"usage\":null}\n"
    ESTIMATED ("g", "7", "2", "102") "text 4 done\n" },
  { "old function call",
    "data: {\"model\":\"public\",\"choices\":[{\"delta\":{\"function_call\":{\"arguments\":\"abc\"}}}]}\n\n"
    "data: [DONE]\n\n",
    "CHUNK {\"model\":\"public\",\"choices\":[{\"delta\":{\"function_call\":{\"arguments\":\"abc\"}}}]}\n"
    ESTIMATED ("chatcmpl-1", "1600000000", "1", "101") "text 3 done\n" },
  { "error in the middle, then the marker",
    "data: {\"model\":\"public\",\"choices\":[{\"delta\":{\"content\":\"ab\"}}]}\n\n"
    "data: {\"error\":{\"message\":\"out of memory\",\"type\":\"InternalServerError\",\"code\":500}}\n\n"
    "data: [DONE]\n\n",
    "CHUNK {\"model\":\"public\",\"choices\":[{\"delta\":{\"content\":\"ab\"}}]}\n"
    "FAULT \nfault 500 server_error -: out of memory\ntext 2\n" },
  { "error in a choice, with usage and text, then the marker",
    "data: {\"model\":\"public\",\"choices\":[{\"delta\":{\"content\":\"ab\"},\"error\":null}]}\n\n"
    "data: {\"model\":\"public\",\"choices\":[{\"delta\":{\"content\":\"c\"},\"finish_reason\":\"error\","
    "\"error\":{\"message\":\"Provider gone\",\"code\":502}}],"
    "\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":1,\"total_tokens\":6}}\n\n"
    "data: [DONE]\n\n",
    "CHUNK {\"model\":\"public\",\"choices\":[{\"delta\":{\"content\":\"ab\"},\"error\":null}]}\n"
    "FAULT \nfault 502 server_error -: Provider gone\nusage 5+1 cached 0 reasoning 0\ntext 3\n" },
  { "error in the second choice, and none in a delta",
    "data: {\"model\":\"public\",\"choices\":[{\"delta\":{\"error\":{\"message\":\"no\"}}}]}\n\n"
    "data: {\"model\":\"public\",\"choices\":[{\"delta\":{}},{\"index\":1,\"error\":{\"message\":\"boom\"}}]}\n\n",
    "CHUNK {\"model\":\"public\",\"choices\":[{\"delta\":{\"error\":{\"message\":\"no\"}}}]}\n"
    "FAULT \nfault 500 server_error -: boom\ntext 0\n" },
  { "usage of the start only: what follows is estimated",
    EARLY ("0", "7") TEXT_UP ("123456789") "data: [DONE]\n\n",
    EARLY_DOWN TEXT_DOWN ("123456789") MADE ("g", "7") REPORT ("7", "4", "11") "}\nDONE \n"
    "estimate 7+4 cached 0 reasoning 0\ntext 10 done\n" },
  { "usage of the middle only",
    EARLY ("5", "12") TEXT_UP ("123456789") "data: [DONE]\n\n",
    EARLY_DOWN TEXT_DOWN ("123456789") MADE ("g", "7") REPORT ("7", "8", "15") "}\nDONE \n"
    "estimate 7+8 cached 0 reasoning 0\ntext 10 done\n" },
  { "usage of the start and of the end",
    EARLY ("0", "7") TEXT_UP ("123456789") "data: {\"usage\":{\"completion_tokens\":3}}\n\ndata: [DONE]\n\n",
    EARLY_DOWN TEXT_DOWN ("123456789") MADE ("g", "7") REPORT ("7", "3", "10") "}\nDONE \n"
    "usage 7+3 cached 0 reasoning 0\ntext 10 done\n" },
  { "zeros beside a text", TEXT_UP ("123456") LAST (REPORT ("0", "0", "0")),
    TEXT_DOWN ("123456") ESTIMATED ("g", "1600000000", "2", "102") "text 6 done\n" },
  { "a total only", TEXT_UP ("123456") LAST ("{\"total_tokens\":10}"),
    TEXT_DOWN ("123456") MADE ("g", "1600000000") REPORT ("8", "2", "10") "}\nDONE \n"
    "estimate 8+2 cached 0 reasoning 0\ntext 6 done\n" },
  { "Anthropic's names", TEXT_UP ("123456")
    LAST ("{\"input_tokens\":7,\"output_tokens\":3,\"cache_read_input_tokens\":4}"),
    TEXT_DOWN ("123456") MADE ("g", "1600000000") "{\"prompt_tokens\":11,\"completion_tokens\":3,"
    "\"total_tokens\":14,\"prompt_tokens_details\":{\"cached_tokens\":4}}}\nDONE \n"
    "usage 11+3 cached 4 reasoning 0\ntext 6 done\n" },
  { "fractions", TEXT_UP ("123456") LAST (REPORT ("2.5", "3.0", "5.5")),
    TEXT_DOWN ("123456") MADE ("g", "1600000000") REPORT ("3", "3", "6") "}\nDONE \n"
    "usage 3+3 cached 0 reasoning 0\ntext 6 done\n" },
  { "no count but a total", TEXT_UP ("123456") LAST (REPORT ("7", "null", "10")),
    TEXT_DOWN ("123456") MADE ("g", "1600000000") REPORT ("7", "3", "10") "}\nDONE \n"
    "usage 7+3 cached 0 reasoning 0\ntext 6 done\n" },
  { "parts beside the whole", TEXT_UP ("123456")
    LAST ("{\"prompt_tokens\":7,\"completion_tokens\":3,\"total_tokens\":10,"
          "\"prompt_tokens_details\":{\"cached_tokens\":20},\"completion_tokens_details\":{\"reasoning_tokens\":9}}"),
    TEXT_DOWN ("123456") MADE ("g", "1600000000") "{\"prompt_tokens\":27,\"completion_tokens\":12,"
    "\"total_tokens\":39,\"prompt_tokens_details\":{\"cached_tokens\":20},"
    "\"completion_tokens_details\":{\"reasoning_tokens\":9}}}\nDONE \n"
    "usage 27+12 cached 20 reasoning 9\ntext 6 done\n" },
  { "error event with choices",
    "data: {\"id\":\"g\",\"error\":{\"code\":429,\"message\":\"slow down\"},\"choices\":[{\"delta\":{\"content\":\"\"},"
    "\"finish_reason\":\"error\"}]}\n\n",
    "FAULT \nfault 429 rate_limit_error rate_limit_exceeded: slow down\ntext 0\n" },
  { "error by the event's name", "event: error\ndata: {\"message\":\"gone\"}\n\n",
    "FAULT \nfault 500 server_error -: gone\ntext 0\n" },
  { "marker without an empty line", "data: {\"model\":\"public\",\"choices\":[]}\n\ndata: [DONE]",
    "CHUNK {\"model\":\"public\",\"choices\":[]}\n"
    ESTIMATED ("chatcmpl-1", "1600000000", "0", "100") "text 0 done\n" },
  { "marker with one line end", "data: [DONE]\n",
    ESTIMATED ("chatcmpl-1", "1600000000", "0", "100") "text 0 done\n" },
  { "cut between events", "data: {\"model\":\"public\",\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
    "CHUNK {\"model\":\"public\",\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n"
    "CUT the upstream's stream ended before its end marker\ntext 0\n" },
  { "cut in an event", "data: {\"model\":\"public\",\"choi",
    "CUT the upstream's stream ended before its end marker\ntext 0\n" },
  { "cut in the marker", "data: [DON", "CUT the upstream's stream ended before its end marker\ntext 0\n" },
  { "nothing", " ", "CUT the upstream's stream ended before its end marker\ntext 0\n" },
  { "no JSON", "data: hello\n\n",
    "BROKEN the upstream's event is not a JSON object: invalid JSON at byte 0: expected a value\ntext 0\n" },
  { "no object", "data: [1]\n\n",
    "BROKEN the upstream's event is not a JSON object: invalid JSON at byte 0: expected an object\ntext 0\n" },
};

static const SluiceDialectAnswer answer = {
  .public_model = "public",
  .answer_id = "chatcmpl-1",
  .created = 1600000000,
  .request_bytes = 300,
  .max_line = 65536,
  .max_event = 65536,
};

static void
test_streams (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (streams); i++)
    recorder_check (sluice_dialect_find ("openai"), &answer, streams[i].name, streams[i].bytes, streams[i].expected);
}

static void
test_limits (void)
{
  const SluiceDialect *dialect = sluice_dialect_find ("openai");
  const SluiceDialectAnswer narrow = { .public_model = "public", .max_line = 64, .max_event = 64 };
  g_autoptr (GString) bytes = g_string_new ("data: {\"choices\":[],\"x\":\"");
  g_autofree char *result = NULL;

  while (bytes->len < 200)
    g_string_append_c (bytes, 'x');
  g_string_append (bytes, "\"}\n\ndata: [DONE]\n\n");
  result = recorder_run (dialect, &narrow, cutter_by_step (bytes->str, bytes->len, 0));
  g_assert_true (g_str_has_prefix (result, "BROKEN "));
}

static void
count_event (SluiceStreamEvent event, const char *payload, gsize length, gpointer user_data)
{
  *(guint *) user_data += 1;
}

/* Run with -m perf; prints what one ordinary chunk costs, and one with usage in it. */
static void
test_cost (gconstpointer usage)
{
  const SluiceDialect *dialect = sluice_dialect_find ("openai");
  const char *head = "data: {\"id\":\"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG\",\"object\":\"chat.completion.chunk\","
                     "\"created\":1741570283,\"model\":\"gpt-5-2026-01-01\",\"service_tier\":\"default\","
                     "\"system_fingerprint\":\"fp_fc9f1d7035\",\"choices\":[{\"index\":0,\"delta\":{\"content\":"
                     "\" token\"},\"logprobs\":null,\"finish_reason\":null}],\"usage\":";
  g_autofree char *chunk = g_strconcat (head, usage, "}\n\n", NULL);
  const guint rounds = 400000;
  SluiceStreamDecoder *decoder;
  guint n_events = 0;
  double seconds;

  if (!g_test_perf ())
    {
      g_test_skip ("a measurement");
      return;
    }

  decoder = dialect->stream_new (&answer);
  g_test_timer_start ();
  for (guint i = 0; i < rounds; i++)
    dialect->stream_push (decoder, chunk, strlen (chunk), count_event, &n_events, NULL);
  seconds = g_test_timer_elapsed ();
  dialect->stream_free (decoder);
  g_assert_cmpuint (n_events, ==, rounds);
  g_test_minimized_result (seconds / rounds * 1e9, "%.0f ns a chunk of %" G_GSIZE_FORMAT " bytes",
                           seconds / rounds * 1e9, strlen (chunk));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/dialect-openai-stream/streams", test_streams);
  g_test_add_func ("/dialect-openai-stream/limits", test_limits);
  g_test_add_data_func ("/dialect-openai-stream/cost", "null", test_cost);
  g_test_add_data_func ("/dialect-openai-stream/cost-with-usage",
                        "{\"prompt_tokens\":9,\"completion_tokens\":2,\"total_tokens\":11}", test_cost);
  return g_test_run ();
}
