/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <time.h>

/* Generous, for sanitizers and loaded machines; what this guards against takes many seconds. */
#define HOSTILE_LIMIT_US (3 * G_USEC_PER_SEC * time_factor ())

/* How much longer everything takes than in a plain build, under valgrind for example; limits are multiplied by it. */
static inline gint64
time_factor (void)
{
  const char *text = g_getenv ("TEST_TIME_FACTOR");
  gint64 factor = text != NULL ? g_ascii_strtoll (text, NULL, 10) : 1;

  return MAX (factor, 1);
}

/* The processor's time, which a loaded machine does not stretch. */
static inline gint64
processor_us (void)
{
  return (gint64) clock () * G_USEC_PER_SEC / CLOCKS_PER_SEC;
}
