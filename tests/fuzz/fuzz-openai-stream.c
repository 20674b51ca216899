/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bytes as a request, an answer and a stream of the OpenAI wire, and as the body of a failure. */
#include "fuzz-dialect.h"

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (SluiceFault) fault = sluice_fault_new_from_answer (200 + size % 400, (const char *) data, size);
  g_autoptr (GString) json = g_string_new (NULL);

  g_assert_cmpuint (fault->status, >=, 400);
  g_assert_cmpuint (fault->status, <, 600);
  g_assert_true (g_utf8_validate (fault->message, -1, NULL) && strlen (fault->message) <= 2000);
  sluice_fault_append_json (fault, json);
  fuzz_check_json (json->str, json->len);

  fuzz_dialect ("openai", (const char *) data, size);
  return 0;
}
