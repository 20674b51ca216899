/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/* A cheap reader of JSON text: it finds members and elements by skipping, unescapes nothing and trusts well-formed
 * input. On malformed input it stops early; it never reads outside its slice. */

typedef struct {
  const char *data; /* (unowned) */
  gsize length;
} FakeSlice;

/* Returns: the inside of an object or array, to be passed to fake_scan_next(); empty if @json is neither. */
FakeSlice fake_scan_enter (FakeSlice json);

/* Takes the next member or element from @rest. @key: its name without quotes; empty in an array. Returns FALSE at the
 * end. */
gboolean fake_scan_next (FakeSlice *rest, FakeSlice *key, FakeSlice *value);

/* Finds a member of the object @json; FALSE leaves @value empty. */
gboolean fake_scan_member (FakeSlice json, const char *name, FakeSlice *value);

/* Returns: a string's inside, still escaped; empty if @value is no string. */
FakeSlice fake_slice_string (FakeSlice value);

gboolean fake_slice_equal (FakeSlice slice, const char *text);
