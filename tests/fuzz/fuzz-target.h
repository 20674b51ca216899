/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The entry of a fuzz target, as libFuzzer wants it; the sample driver (driver.c) calls the same. @data may be any
 * bytes; the target aborts on a fault and always returns 0.
 */
#pragma once

#include <glib.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);
