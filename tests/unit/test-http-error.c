/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "http/sluice-http-error.h"

#include <stdlib.h>
#include <string.h>

#include "shared/sluice-error.h"
#include "shared/sluice-json.h"

typedef struct {
  GString *bytes;
  char *head; /* with the CRLF of its last header */
  const char *body;
  SluiceJsonObject object;
  SluiceJsonValue error;
} Answer;

static Answer *
answer_new (int code, const char *message, const char *headers)
{
  g_autoptr (GError) error = g_error_new_literal (SLUICE_ERROR, code, message);
  Answer *answer = g_new0 (Answer, 1);
  char *end;
  GError *failure = NULL;

  answer->bytes = sluice_http_error_format (error, headers);
  g_assert_cmpuint (answer->bytes->len, ==, strlen (answer->bytes->str));
  end = strstr (answer->bytes->str, "\r\n\r\n");
  g_assert_nonnull (end);
  answer->head = g_strndup (answer->bytes->str, (gsize) (end - answer->bytes->str) + 2);
  answer->body = end + 4;
  sluice_json_object_init (&answer->object, answer->body, strlen (answer->body), SLUICE_JSON_FLAGS_NONE, &failure);
  g_assert_no_error (failure);
  answer->error = sluice_json_object_get (&answer->object, "error");
  return answer;
}

static void
answer_free (Answer *answer)
{
  sluice_json_object_clear (&answer->object);
  g_string_free (answer->bytes, TRUE);
  g_free (answer->head);
  g_free (answer);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Answer, answer_free)

/* %NULL if the header is missing; it must not be there twice. */
static char *
get_header (const Answer *answer, const char *name)
{
  g_autofree char *begin = g_strconcat ("\r\n", name, ": ", NULL);
  const char *found = strstr (answer->head, begin);
  const char *value;

  if (found == NULL)
    return NULL;
  value = found + strlen (begin);
  g_assert_null (strstr (value, begin));
  return g_strndup (value, (gsize) (strstr (value, "\r\n") - value));
}

static void
assert_header (const Answer *answer, const char *name, const char *expected)
{
  g_autofree char *value = get_header (answer, name);

  g_assert_cmpstr (value, ==, expected);
}

/* Each code: status line, length and the headers that every answer has. */
static void
test_every_code (void)
{
  for (int code = 0; code < SLUICE_N_ERRORS; code++)
    {
      g_autoptr (GError) error = g_error_new_literal (SLUICE_ERROR, code, "it went wrong");
      const SluiceErrorFace *face = sluice_error_face (error);
      g_autoptr (Answer) answer = answer_new (code, "it went wrong", NULL);
      g_autofree char *status = g_strdup_printf ("HTTP/1.1 %u %s\r\n", face->status,
                                                 sluice_http_reason (face->status));
      g_autofree char *length = g_strdup_printf ("%" G_GSIZE_FORMAT, strlen (answer->body));

      g_assert_true (g_str_has_prefix (answer->head, status));
      assert_header (answer, "Content-Length", length);
      assert_header (answer, "Content-Type", "application/json");
      assert_header (answer, "Connection", "close");
      assert_header (answer, "x-should-retry", face->retry ? "true" : "false");
      assert_header (answer, "X-Content-Type-Options", "nosniff");
      assert_header (answer, "X-Frame-Options", "DENY");
      assert_header (answer, "Cache-Control", "no-store");
      assert_header (answer, "Allow", NULL);
      assert_header (answer, "WWW-Authenticate", face->status == 401 ? "Bearer" : NULL);
      g_assert_true (sluice_json_equals (sluice_json_get (answer->error, "type"), face->type));
      g_assert_nonnull (strstr (answer->body, "it went wrong"));
    }
}

static void
test_allow (void)
{
  g_autoptr (Answer) answer = answer_new (SLUICE_ERROR_METHOD_NOT_ALLOWED, "no", "Allow: GET, HEAD\r\n");

  assert_header (answer, "Allow", "GET, HEAD");
}

static void
test_ids (void)
{
  g_autoptr (GError) error = g_error_new_literal (SLUICE_ERROR, SLUICE_ERROR_KEY_MISSING, "no key");
  g_autoptr (GString) both = sluice_http_error_format (error, "x-litellm-call-id: call-1\r\nx-request-id: req-2\r\n");
  g_autoptr (GString) none = sluice_http_error_format (error, "");
  g_autoptr (GString) plain = sluice_http_error_format (error, NULL);

  g_assert_nonnull (strstr (both->str, "\r\nx-litellm-call-id: call-1\r\nx-request-id: req-2\r\n\r\n{"));
  g_assert_null (strstr (none->str, "-id:"));
  g_assert_cmpstr (none->str, ==, plain->str);
}

/* What comes from outside stays within its string, and never reaches the head. */
static void
test_hostile_message (void)
{
  g_autoptr (Answer) answer
      = answer_new (SLUICE_ERROR_INVALID_REQUEST, "a\"}\r\nSet-Cookie: x\r\n\r\n\\ \x01", NULL);

  assert_header (answer, "Set-Cookie", NULL);
  g_assert_null (strchr (answer->body, '\n'));
  g_assert_null (strchr (answer->body, '\r'));
  g_assert_true (sluice_json_get (answer->error, "message").type == SLUICE_JSON_STRING);
}

static void
test_other_domain (void)
{
  g_autoptr (GError) error = g_error_new_literal (G_FILE_ERROR, G_FILE_ERROR_NOSPC, "no space");
  g_autoptr (GString) bytes = sluice_http_error_format (error, NULL);

  g_assert_true (g_str_has_prefix (bytes->str, "HTTP/1.1 500 Internal Server Error\r\n"));
}

static void
test_reason (void)
{
  g_assert_cmpstr (sluice_http_reason (200), ==, "OK");
  g_assert_cmpstr (sluice_http_reason (404), ==, "Not Found");
  g_assert_cmpstr (sluice_http_reason (417), ==, "Expectation Failed");
  g_assert_cmpstr (sluice_http_reason (431), ==, "Request Header Fields Too Large");
  g_assert_cmpstr (sluice_http_reason (299), ==, "OK");
  g_assert_cmpstr (sluice_http_reason (418), ==, "Error");
  g_assert_cmpstr (sluice_http_reason (599), ==, "Error");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/http-error/every-code", test_every_code);
  g_test_add_func ("/http-error/allow", test_allow);
  g_test_add_func ("/http-error/ids", test_ids);
  g_test_add_func ("/http-error/hostile-message", test_hostile_message);
  g_test_add_func ("/http-error/other-domain", test_other_domain);
  g_test_add_func ("/http-error/reason", test_reason);
  return g_test_run ();
}
