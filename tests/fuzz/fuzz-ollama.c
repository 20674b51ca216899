/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bytes as a request in the hub's form, and as an answer and a stream of Ollama's. */
#include "fuzz-dialect.h"

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  fuzz_dialect ("ollama", (const char *) data, size);
  return 0;
}
