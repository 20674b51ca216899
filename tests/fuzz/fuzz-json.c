/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Checks, indexes, walks and reads every value, and splices; what was accepted once stays consistent in every view of
 * it, and what a splice makes of it is accepted again.
 */
#include "fuzz-target.h"

#include "shared/sluice-json-splice.h"
#include "shared/sluice-json.h"

#include <string.h>

typedef struct {
  guint budget; /* values still to be looked at: bounds the work of one input */
  gboolean strict; /* not skimmed */
} Walk;

static void
read_string (SluiceJsonValue value)
{
  g_autoptr (GString) read = g_string_new (NULL);
  g_autoptr (GString) written = g_string_new (NULL);
  g_autoptr (GString) again = g_string_new (NULL);
  g_autofree char *text = sluice_json_dup_string (value);
  SluiceJsonValue back;

  g_assert_true (sluice_json_read_string (value, read));
  g_assert_true (read->len <= value.length - 2);
  g_assert_cmpint (text == NULL, ==, strlen (read->str) != read->len);
  g_assert_true (text == NULL || (strcmp (text, read->str) == 0 && sluice_json_equals (value, text)));

  sluice_json_append_string (written, read->str, (gssize) read->len);
  g_assert_true (sluice_json_check (written->str, written->len, SLUICE_JSON_FLAGS_NONE, &back, NULL));
  g_assert_true (sluice_json_read_string (back, again));
  g_assert_true (g_string_equal (read, again));
}

static void
walk (Walk *self, SluiceJsonValue value)
{
  SluiceJsonIter iter;
  SluiceJsonValue name;
  SluiceJsonValue child;
  gint64 number;
  gboolean truth;

  if (self->budget == 0)
    return;
  self->budget--;

  sluice_json_read_int64 (value, &number);
  sluice_json_read_boolean (value, &truth);
  if (value.type == SLUICE_JSON_STRING)
    read_string (value);
  /* each value is a document of its own, but an object deep inside may name a member twice */
  if (self->strict && self->budget % 16 == 0 && value.type != SLUICE_JSON_OBJECT)
    g_assert_true (sluice_json_check (value.text, value.length, SLUICE_JSON_FLAGS_NONE, NULL, NULL));

  sluice_json_iter_init (&iter, value);
  while (sluice_json_iter_next (&iter, &name, &child))
    {
      g_assert_true (child.text >= value.text && child.text + child.length <= value.text + value.length);
      g_assert_cmpint (name.type == SLUICE_JSON_STRING, ==, value.type == SLUICE_JSON_OBJECT);
      if (name.type == SLUICE_JSON_STRING)
        read_string (name);
      walk (self, child);
    }
}

/* The index and the iterator see the same members. */
static void
compare_views (const SluiceJsonObject *object)
{
  SluiceJsonIter iter;
  SluiceJsonValue name;
  SluiceJsonValue value;

  sluice_json_iter_init (&iter, object->root);
  for (guint i = 0; i < object->n_members; i++)
    {
      g_autofree char *text = sluice_json_dup_string (object->members[i].name);

      g_assert_true (sluice_json_iter_next (&iter, &name, &value));
      g_assert_true (name.text == object->members[i].name.text && name.length == object->members[i].name.length);
      g_assert_true (value.text == object->members[i].value.text && value.length == object->members[i].value.length);
      g_assert_cmpint (value.type, ==, object->members[i].value.type);
      g_assert_nonnull (text);
      if (i < 64)
        g_assert_true (sluice_json_object_get (object, text).text == value.text);
    }
  g_assert_false (sluice_json_iter_next (&iter, &name, &value));
}

static void
splice (const SluiceJsonObject *object, SluiceJsonFlags flags)
{
  g_autoptr (SluiceJsonSplice) untouched = sluice_json_splice_new (object);
  g_autoptr (SluiceJsonSplice) edited = sluice_json_splice_new (object);
  g_autoptr (GBytes) same = sluice_json_splice_end (untouched);
  g_autoptr (GBytes) result = NULL;
  const char *text;
  gsize length;

  text = g_bytes_get_data (same, &length);
  g_assert_cmpmem (text, length, object->root.text, object->root.length);

  sluice_json_splice_set_string (edited, "model", "another");
  sluice_json_splice_set_default (edited, "stream_options", "{\"include_usage\":true}", -1);
  sluice_json_splice_rename (edited, "max_tokens", "max_completion_tokens");
  sluice_json_splice_delete (edited, "user");
  for (guint i = 0; i < MIN (object->n_members, 8); i++)
    {
      g_autofree char *name = sluice_json_dup_string (object->members[i].name);

      if (i % 4 == 0)
        sluice_json_splice_delete (edited, name);
      else if (i % 4 == 1)
        sluice_json_splice_set (edited, name, "[1,2]", -1);
      else if (i % 4 == 2)
        sluice_json_splice_rename (edited, name, "renamed");
    }
  result = sluice_json_splice_end (edited);
  text = g_bytes_get_data (result, &length);
  g_assert_true (sluice_json_check (text, length, flags, NULL, NULL)
                 || object->n_members + 2 > SLUICE_JSON_MAX_MEMBERS);
}

static void
run (const char *text, gsize size, SluiceJsonFlags flags)
{
  g_autoptr (GError) error = NULL;
  SluiceJsonValue root;
  SluiceJsonObject object;
  gboolean good = sluice_json_check (text, size, flags, &root, &error);
  gboolean indexed;
  Walk state = { 4096, flags == SLUICE_JSON_FLAGS_NONE };

  g_assert_cmpint (good, ==, error == NULL);
  indexed = sluice_json_object_init (&object, text, size, flags, NULL);
  g_assert_cmpint (indexed, ==, good && root.type == SLUICE_JSON_OBJECT);
  if (good)
    {
      g_assert_true (g_utf8_validate_len (text, size, NULL));
      walk (&state, root);
    }
  if (indexed)
    {
      compare_views (&object);
      splice (&object, flags);
    }
  sluice_json_object_clear (&object);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  const char *text = (const char *) data;

  run (text, size, SLUICE_JSON_FLAGS_NONE);
  run (text, size, SLUICE_JSON_SKIM_NUMBERS);
  /* skimming accepts whatever the strict way does */
  g_assert_true (!sluice_json_check (text, size, SLUICE_JSON_FLAGS_NONE, NULL, NULL)
                 || sluice_json_check (text, size, SLUICE_JSON_SKIM_NUMBERS, NULL, NULL));
  return 0;
}
