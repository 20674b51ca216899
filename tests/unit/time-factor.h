/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/* How much longer everything takes than in a plain build, under valgrind for example; limits are multiplied by it. */
static inline gint64
time_factor (void)
{
  const char *text = g_getenv ("TEST_TIME_FACTOR");
  gint64 factor = text != NULL ? g_ascii_strtoll (text, NULL, 10) : 1;

  return MAX (factor, 1);
}
