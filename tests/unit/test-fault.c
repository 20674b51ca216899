/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dialect/sluice-fault.h"

#include "shared/sluice-error.h"
#include "shared/sluice-json.h"

#include <gio/gio.h>
#include <string.h>

typedef struct {
  guint from;
  const char *body;
  guint status;
  const char *type;
  const char *code; /* (nullable) */
  gboolean retriable;
  gboolean billed;
  const char *message;
} Case;

static const Case cases[] = {
  /* OpenAI */
  { 400, "{\"error\":{\"message\":\"Unsupported value: 'temperature'\",\"type\":\"invalid_request_error\","
         "\"param\":\"temperature\",\"code\":\"unsupported_value\"}}",
    400, "invalid_request_error", "unsupported_value", FALSE, FALSE, "Unsupported value: 'temperature'" },
  { 401, "{\"error\":{\"message\":\"Incorrect API key provided\",\"type\":\"invalid_request_error\",\"param\":null,"
         "\"code\":\"invalid_api_key\"}}",
    401, "authentication_error", "invalid_api_key", TRUE, FALSE, "Incorrect API key provided" },
  { 429, "{\"error\":{\"message\":\"You exceeded your current quota\",\"type\":\"insufficient_quota\",\"param\":null,"
         "\"code\":\"insufficient_quota\"}}",
    429, "insufficient_quota", "insufficient_quota", TRUE, FALSE, "You exceeded your current quota" },
  { 429, "{\"error\":{\"message\":\"Rate limit reached for requests\",\"type\":\"requests\","
         "\"code\":\"rate_limit_exceeded\"}}",
    429, "rate_limit_error", "rate_limit_exceeded", TRUE, FALSE, "Rate limit reached for requests" },
  { 400, "{\"error\":{\"message\":\"This model's maximum context length is 8192 tokens.\","
         "\"type\":\"invalid_request_error\",\"param\":\"messages\",\"code\":\"context_length_exceeded\"}}",
    400, "invalid_request_error", "context_length_exceeded", TRUE, FALSE,
    "This model's maximum context length is 8192 tokens." },
  { 404, "{\"error\":{\"message\":\"The model `gpt-9` does not exist\",\"type\":\"invalid_request_error\","
         "\"param\":null,\"code\":\"model_not_found\"}}",
    404, "invalid_request_error", "model_not_found", TRUE, FALSE, "The model `gpt-9` does not exist" },
  { 500, "{\"error\":{\"message\":\"The server had an error\",\"type\":\"server_error\",\"param\":null,\"code\":null}}",
    500, "server_error", NULL, TRUE, TRUE, "The server had an error" },
  /* Azure */
  { 400, "{\"error\":{\"message\":\"The response was filtered\",\"type\":null,\"param\":\"prompt\","
         "\"code\":null,\"status\":400,\"innererror\":{\"code\":\"ResponsibleAIPolicyViolation\"}}}",
    400, "invalid_request_error", "content_policy_violation", TRUE, FALSE, "The response was filtered" },
  { 404, "{\"error\":{\"code\":\"DeploymentNotFound\",\"message\":\"The API deployment does not exist.\"}}",
    404, "invalid_request_error", "model_not_found", TRUE, FALSE, "The API deployment does not exist." },
  /* vLLM, old and new */
  { 400, "{\"object\":\"error\",\"message\":\"bad sampling\",\"type\":\"BadRequestError\",\"param\":null,\"code\":400}",
    400, "invalid_request_error", NULL, FALSE, FALSE, "bad sampling" },
  { 404, "{\"error\":{\"message\":\"The model `m` does not exist.\",\"type\":\"NotFoundError\",\"code\":404}}",
    404, "invalid_request_error", "model_not_found", TRUE, FALSE, "The model `m` does not exist." },
  /* llama.cpp */
  { 503, "{\"error\":{\"code\":503,\"message\":\"Loading model\",\"type\":\"unavailable_error\"}}",
    503, "service_unavailable_error", NULL, TRUE, TRUE, "Loading model" },
  { 400, "{\"error\":{\"code\":400,\"message\":\"the request exceeds the available context size\","
         "\"type\":\"exceed_context_size_error\",\"n_prompt_tokens\":9000,\"n_ctx\":8192}}",
    400, "invalid_request_error", "context_length_exceeded", TRUE, FALSE,
    "the request exceeds the available context size" },
  { 501, "{\"error\":{\"code\":501,\"message\":\"no embeddings\",\"type\":\"not_supported_error\"}}",
    501, "not_implemented_error", NULL, TRUE, TRUE, "no embeddings" },
  /* TGI */
  { 424, "{\"error\":\"Request failed during generation\",\"error_type\":\"generation\"}",
    500, "server_error", NULL, TRUE, FALSE, "Request failed during generation" },
  { 422, "{\"error\":\"`inputs tokens + max_new_tokens must be <= 4096`\",\"error_type\":\"validation\"}",
    400, "invalid_request_error", "context_length_exceeded", TRUE, FALSE,
    "`inputs tokens + max_new_tokens must be <= 4096`" },
  /* Ollama */
  { 404, "{\"error\":\"model 'qwen9' not found\"}", 404, "invalid_request_error", "model_not_found", TRUE, FALSE,
    "model 'qwen9' not found" },
  { 400, "{\"error\":\"\\\"llama3\\\" does not support thinking\"}", 400, "invalid_request_error", NULL, FALSE, FALSE,
    "\"llama3\" does not support thinking" },
  { 503, "{\"error\":\"server busy, please try again. maximum pending requests exceeded\"}",
    503, "service_unavailable_error", NULL, TRUE, TRUE,
    "server busy, please try again. maximum pending requests exceeded" },
  { 404, "404 page not found", 404, "invalid_request_error", NULL, TRUE, FALSE, "404 page not found" },
  /* others */
  { 402, "{\"error\":{\"message\":\"Insufficient credits\",\"code\":402}}", 429, "insufficient_quota",
    "insufficient_quota", TRUE, FALSE, "Insufficient credits" },
  { 400, "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\","
         "\"message\":\"Your credit balance is too low\"}}",
    429, "insufficient_quota", "insufficient_quota", TRUE, FALSE, "Your credit balance is too low" },
  { 529, "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}",
    503, "service_unavailable_error", NULL, TRUE, TRUE, "Overloaded" },
  { 400, "[{\"error\":{\"code\":400,\"message\":\"API key not valid.\",\"status\":\"INVALID_ARGUMENT\","
         "\"type\":\"API_KEY_INVALID\"}}]",
    401, "authentication_error", "invalid_api_key", TRUE, FALSE, "API key not valid." },
  { 422, "{\"detail\":[{\"loc\":[\"body\",\"messages\"],\"msg\":\"field required\",\"type\":\"missing\"},"
         "{\"loc\":[\"body\"],\"msg\":\"bad\"}]}",
    400, "invalid_request_error", NULL, FALSE, FALSE, "[\"body\",\"messages\"]: field required; [\"body\"]: bad" },
  { 403, "{\"detail\":{\"error\":\"Country not supported\"}}", 403, "permission_error", NULL, TRUE, FALSE,
    "Country not supported" },
  { 405, "{\"detail\":\"Method Not Allowed\"}", 405, "invalid_request_error", NULL, FALSE, FALSE,
    "Method Not Allowed" },
  { 413, "{\"message\":\"Payload too large\"}", 413, "invalid_request_error", NULL, FALSE, FALSE, "Payload too large" },
  { 408, "{\"message\":\"slow\"}", 408, "timeout_error", NULL, TRUE, FALSE, "slow" },
  { 409, "{\"message\":\"again\"}", 409, "invalid_request_error", NULL, TRUE, FALSE, "again" },
  { 401, "{\"error\":{\"message\":\"m\",\"type\":\"None\",\"param\":\"None\",\"code\":\"401\"}}", 401,
    "authentication_error", "invalid_api_key", TRUE, FALSE, "m" },
  { 500, "{\"error\":{\"message\":\"Request timed out.\"}}", 504, "timeout_error", NULL, TRUE, TRUE,
    "Request timed out." },
  { 504, "{\"error\":{\"message\":\"m\",\"code\":7001}}", 504, "timeout_error", "7001", TRUE, TRUE, "m" },
  { 522, "<html>cloudflare</html>\n", 503, "service_unavailable_error", NULL, TRUE, TRUE, "<html>cloudflare</html>" },
  { 302, "", 502, "server_error", NULL, TRUE, FALSE, "the upstream answered with status 302 and no text" },
  { 500, "", 500, "server_error", NULL, TRUE, TRUE, "the upstream answered with status 500 and no text" },
  { 599, "{}", 599, "server_error", NULL, TRUE, TRUE, "{}" },
  { 700, "{}", 502, "server_error", NULL, TRUE, TRUE, "{}" },
  { 500, "{\"error\":{\"kind\":7}}", 500, "server_error", NULL, TRUE, TRUE, "{\"kind\":7}" },
  /* errors with status 200 */
  { 200, "{\"error\":{\"message\":\"Provider returned error\",\"code\":429,"
         "\"metadata\":{\"raw\":\"slow down\",\"provider_name\":\"X\"}}}",
    429, "rate_limit_error", "rate_limit_exceeded", TRUE, TRUE, "Provider returned error: slow down" },
  { 200, "{\"error\":\"an error was encountered while running the model\"}", 500, "server_error", NULL, TRUE, TRUE,
    "an error was encountered while running the model" },
  { 200, "{\"error\":{\"message\":\"overloaded\",\"http_status_code\":429}}", 429, "rate_limit_error",
    "rate_limit_exceeded", TRUE, TRUE, "overloaded" },
  { 200, "{\"error\":{\"message\":\"no\",\"type\":\"invalid_request_error\"}}", 400, "invalid_request_error", NULL,
    FALSE, TRUE, "no" },
};

static void
test_answers (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const Case *c = &cases[i];
      g_autoptr (SluiceFault) fault = sluice_fault_new_from_answer (c->from, c->body, strlen (c->body));

      g_test_message ("%u %s", c->from, c->body);
      g_assert_cmpuint (fault->status, ==, c->status);
      g_assert_cmpstr (fault->type, ==, c->type);
      g_assert_cmpstr (fault->code, ==, c->code);
      g_assert_cmpint (fault->retriable, ==, c->retriable);
      g_assert_cmpint (fault->billed, ==, c->billed);
      g_assert_cmpstr (fault->message, ==, c->message);
    }
}

static void
test_long_and_broken_bodies (void)
{
  g_autoptr (GString) page = g_string_new (NULL);
  g_autoptr (SluiceFault) fault = NULL;
  g_autoptr (SluiceFault) broken = NULL;
  g_autoptr (SluiceFault) nul = NULL;

  /* two bytes a character, the border in the middle of one */
  g_string_append_c (page, '<');
  while (page->len < 5000)
    g_string_append (page, "\303\244");
  fault = sluice_fault_new_from_answer (502, page->str, page->len);
  g_assert_cmpuint (strlen (fault->message), ==, 1999);
  g_assert_true (g_utf8_validate (fault->message, -1, NULL));
  g_assert_true (g_str_has_prefix (page->str, fault->message));

  memset (page->str, 0xff, page->len);
  broken = sluice_fault_new_from_answer (502, page->str, page->len);
  g_assert_cmpuint (strlen (broken->message), <=, 2000);
  g_assert_true (g_utf8_validate (broken->message, -1, NULL));

  nul = sluice_fault_new_from_answer (502, "a\0b", 3);
  g_assert_cmpstr (nul->message, ==, "a\357\277\275b");
}

static void
test_new (void)
{
  g_autoptr (SluiceFault) fault = sluice_fault_new (503, NULL, "no room");
  g_autoptr (SluiceFault) odd = sluice_fault_new (200, "odd", NULL);

  g_assert_cmpuint (fault->status, ==, 503);
  g_assert_cmpstr (fault->type, ==, "service_unavailable_error");
  g_assert_true (fault->retriable);
  g_assert_true (fault->billed);
  g_assert_cmpuint (odd->status, ==, 500);
  g_assert_cmpstr (odd->type, ==, "odd");
  g_assert_cmpstr (odd->message, ==, "");
  sluice_fault_free (NULL);
}

static void
test_from_error (void)
{
  static const struct {
    int error;
    guint status;
    gboolean retriable;
    gboolean billed;
  } errors[] = {
    { SLUICE_ERROR_INVALID_REQUEST, 400, FALSE, FALSE },      { SLUICE_ERROR_UPSTREAM_ANSWER, 502, TRUE, TRUE },
    { SLUICE_ERROR_UPSTREAM_UNREACHABLE, 503, TRUE, FALSE },  { SLUICE_ERROR_UPSTREAM_TIMEOUT, 504, TRUE, TRUE },
    { SLUICE_ERROR_UPSTREAM_REFUSED, 502, FALSE, FALSE },     { SLUICE_ERROR_LEDGER_UNAVAILABLE, 503, TRUE, FALSE },
  };
  g_autoptr (GError) foreign = g_error_new (G_IO_ERROR, G_IO_ERROR_FAILED, "reset");
  g_autoptr (SluiceFault) other = sluice_fault_new_from_error (foreign);

  for (guint i = 0; i < G_N_ELEMENTS (errors); i++)
    {
      g_autoptr (GError) error = g_error_new (SLUICE_ERROR, errors[i].error, "what happened");
      g_autoptr (SluiceFault) fault = sluice_fault_new_from_error (error);

      g_assert_cmpuint (fault->status, ==, errors[i].status);
      g_assert_cmpint (fault->retriable, ==, errors[i].retriable);
      g_assert_cmpint (fault->billed, ==, errors[i].billed);
      g_assert_cmpstr (fault->message, ==, "what happened");
    }
  g_assert_cmpuint (other->status, ==, 500);
  g_assert_true (other->billed);
}

static void
test_json (void)
{
  g_autoptr (SluiceFault) fault = sluice_fault_new (404, NULL, "say \"what\"\n");
  g_autoptr (GString) json = g_string_new (NULL);

  sluice_fault_append_json (fault, json);
  g_assert_cmpstr (json->str, ==,
                   "{\"error\":{\"message\":\"say \\\"what\\\"\\n\",\"type\":\"invalid_request_error\","
                   "\"param\":null,\"code\":\"404\"}}");

  g_string_truncate (json, 0);
  fault->code = g_strdup ("model_not_found");
  fault->param = g_strdup ("model");
  sluice_fault_append_json (fault, json);
  g_assert_nonnull (strstr (json->str, "\"param\":\"model\",\"code\":\"model_not_found\"}}"));
  g_assert_true (sluice_json_check (json->str, json->len, SLUICE_JSON_FLAGS_NONE, NULL, NULL));
}

static void
test_param (void)
{
  const char *body = "{\"error\":{\"message\":\"m\",\"param\":\"messages[0].role\"}}";
  g_autoptr (SluiceFault) fault = sluice_fault_new_from_answer (400, body, strlen (body));

  g_assert_cmpstr (fault->param, ==, "messages[0].role");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/fault/answers", test_answers);
  g_test_add_func ("/fault/long-and-broken-bodies", test_long_and_broken_bodies);
  g_test_add_func ("/fault/new", test_new);
  g_test_add_func ("/fault/from-error", test_from_error);
  g_test_add_func ("/fault/json", test_json);
  g_test_add_func ("/fault/param", test_param);
  return g_test_run ();
}
