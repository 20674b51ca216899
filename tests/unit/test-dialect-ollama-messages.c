/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dialect/sluice-dialect-ollama-private.h"

#include "shared/sluice-error.h"

#include <string.h>

/* @expected: the list that goes to Ollama, or the error's text. */
static const struct {
  const char *messages;
  const char *expected;
} cases[] = {
  { "[]", "[]" },
  { "[{\"role\":\"system\",\"content\":\"be\\u0020short\"},{\"role\":\"developer\",\"content\":\"d\"},"
    "{\"role\":\"user\",\"content\":\"hi \\ud83d\\ude00\",\"name\":\"ann\"},{\"role\":\"assistant\","
    "\"content\":\"ho\"}]",
    "[{\"role\":\"system\",\"content\":\"be\\u0020short\"},{\"role\":\"system\",\"content\":\"d\"},"
    "{\"role\":\"user\",\"content\":\"hi \\ud83d\\ude00\"},{\"role\":\"assistant\",\"content\":\"ho\"}]" },
  /* parts */
  { "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\\n\"},{\"type\":\"text\",\"text\":\"b\"},"
  "\"c\"]}]",
    "[{\"role\":\"user\",\"content\":\"a\\n\\nb\\nc\"}]" },
  { "[{\"role\":\"user\",\"content\":[]}]", "[{\"role\":\"user\",\"content\":\"\"}]" },
  { "[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,"
  "iVBO\\/+==\","
    "\"detail\":\"low\"}},{\"type\":\"text\",\"text\":\"what?\"},"
    "{\"type\":\"image_url\",\"image_url\":\"DATA:;base64,AA\"}]}]",
    "[{\"role\":\"user\",\"content\":\"what?\",\"images\":[\"iVBO/+==\",\"AA\"]}]" },
  { "[{\"role\":\"user\",\"content\":\"x\"},{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},"
    "{\"type\":\"image_url\",\"image_url\":{\"url\":\"https://example.org/a.png\"}}]}]",
    "messages[1].content[1].image_url: only data: images work with Ollama, which fetches none from the network: "
    "send the image itself as data:image/png;base64,..." },
  { "[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/svg+xml,<svg>\"}}]}]",
    "messages[0].content[0].image_url: the data: URL must hold base64" },
  { "[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:,\"}}]}]",
    "messages[0].content[0].image_url: the data: URL must hold base64" },
  { "[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\"}]}]",
    "messages[0].content[0].image_url.url must be a string" },
  { "[{\"role\":\"user\",\"content\":[{\"type\":\"input_audio\",\"input_audio\":{}}]}]",
    "messages[0].content[0]: parts of type 'input_audio' cannot be sent to Ollama, only text and images" },
  { "[{\"role\":\"user\",\"content\":[7]}]",
    "messages[0].content[0]: parts of type 'unknown' cannot be sent to Ollama, only text and images" },
  /* tools */
  { "[{\"role\":\"assistant\",\"content\":null,\"reasoning_content\":\"hm\",\"tool_calls\":[{\"id\":\"c1\","
    "\"type\":\"function\",\"function\":{\"name\":\"get_weather\","
    "\"arguments\":\"{\\\"city\\\": \\\"K\\u00f6ln\\\"}\"}},"
    "{\"id\":\"c2\",\"function\":{\"name\":\"now\",\"arguments\":\"\"}}]},"
    "{\"role\":\"tool\",\"tool_call_id\":\"c2\",\"content\":\"12:00\"},"
    "{\"role\":\"tool\",\"tool_call_id\":\"\\u0063\\u0031\",\"content\":[{\"type\":\"text\",\"text\":\"rain\"}]},"
    "{\"role\":\"tool\",\"tool_call_id\":\"c9\",\"name\":\"other\",\"content\":\"x\"}]",
    "[{\"role\":\"assistant\",\"content\":\"\",\"thinking\":\"hm\",\"tool_calls\":[{\"id\":\"c1\",\"function\":{"
    "\"name\":\"get_weather\",\"arguments\":{\"city\": \"K\303\266ln\"}}},{\"id\":\"c2\","
    "\"function\":{\"name\":\"now\","
    "\"arguments\":{}}}]},"
    "{\"role\":\"tool\",\"content\":\"12:00\",\"tool_name\":\"now\",\"tool_call_id\":\"c2\"},"
    "{\"role\":\"tool\",\"content\":\"rain\",\"tool_name\":\"get_weather\",\"tool_call_id\":\"\\u0063\\u0031\"},"
    "{\"role\":\"tool\",\"content\":\"x\",\"tool_name\":\"other\",\"tool_call_id\":\"c9\"}]" },
  { "[{\"role\":\"assistant\",\"reasoning\":\"r\",\"function_call\":{\"name\":\"f\",\"arguments\":\"{}\"}},"
    "{\"role\":\"function\",\"name\":\"f\",\"content\":\"1\"}]",
    "[{\"role\":\"assistant\",\"content\":\"\",\"thinking\":\"r\",\"tool_calls\":[{\"function\":{\"name\":\"f\","
    "\"arguments\":{}}}]},{\"role\":\"tool\",\"content\":\"1\",\"tool_name\":\"f\"}]" },
  { "[{\"role\":\"assistant\",\"tool_calls\":[{\"function\":{\"name\":\"f\",\"arguments\":{\"a\":1}}}]}]",
    "[{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[{\"function\":{\"name\":\"f\","
    "\"arguments\":{\"a\":1}}}]}]" },
  { "[{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"c\",\"function\":{\"name\":\"f\",\"arguments\":\"{a:1}\"}}]}]",
    "messages[0].tool_calls[0].function.arguments is not valid JSON, which Ollama needs" },
  { "[{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"c\",\"function\":{\"name\":\"f\",\"arguments\":\"[1]\"}}]}]",
    "messages[0].tool_calls[0].function.arguments is not a JSON object, which Ollama needs" },
  { "[{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"c\",\"function\":{\"name\":\"f\",\"arguments\":7}}]}]",
    "messages[0].tool_calls[0].function.arguments is not a JSON object, which Ollama needs" },
  { "[{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"c\"}]}]",
    "messages[0].tool_calls[0].function.name must be a string" },
  { "[{\"role\":\"assistant\",\"tool_calls\":[]}]", "[{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[]}]" },
  /* what is no conversation */
  { "[7]", "messages[0] must be an object" },
  { "[{\"role\":\"king\",\"content\":\"x\"}]",
    "messages[0].role must be one of system, developer, user, assistant and tool" },
  { "[{\"role\":\"user\",\"content\":7}]", "messages[0].content must be a string or a list of parts" },
  { "\"hi\"", "messages must be a list" },
};

static void
test_messages (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GString) into = g_string_new (NULL);
      g_autoptr (GError) error = NULL;
      SluiceJsonValue value;
      gboolean good;

      g_test_message ("%s", cases[i].messages);
      sluice_json_check (cases[i].messages, strlen (cases[i].messages), SLUICE_JSON_FLAGS_NONE, &value, &error);
      g_assert_no_error (error);
      good = sluice_ollama_append_messages (into, value, &error);
      g_assert_cmpstr (good ? into->str : error->message, ==, cases[i].expected);
      g_assert_true (good || g_error_matches (error, SLUICE_ERROR, SLUICE_ERROR_INVALID_REQUEST));
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/dialect-ollama-messages/messages", test_messages);
  return g_test_run ();
}
