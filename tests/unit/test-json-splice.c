/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/sluice-json-splice.h"

#include <string.h>

typedef enum {
  END,
  SET,
  SET_STRING,
  SET_DEFAULT,
  RENAME,
  DELETE,
} Operation;

typedef struct {
  Operation operation;
  const char *name;
  const char *argument;
} Edit;

static void
apply (SluiceJsonSplice *splice, const Edit *edit)
{
  switch (edit->operation)
    {
    case SET:
      sluice_json_splice_set (splice, edit->name, edit->argument, -1);
      break;
    case SET_STRING:
      sluice_json_splice_set_string (splice, edit->name, edit->argument);
      break;
    case SET_DEFAULT:
      sluice_json_splice_set_default (splice, edit->name, edit->argument, -1);
      break;
    case RENAME:
      sluice_json_splice_rename (splice, edit->name, edit->argument);
      break;
    case DELETE:
      sluice_json_splice_delete (splice, edit->name);
      break;
    case END:
    default:
      g_assert_not_reached ();
    }
}

static char *
result_of (SluiceJsonSplice *splice)
{
  g_autoptr (GBytes) bytes = sluice_json_splice_end (splice);
  g_autoptr (GByteArray) into = g_byte_array_new ();
  gsize length;
  const char *data = g_bytes_get_data (bytes, &length);

  g_byte_array_append (into, (const guint8 *) "before", 6);
  sluice_json_splice_append (splice, into);
  g_assert_cmpmem (into->data + 6, into->len - 6, data, length);
  g_assert_true (sluice_json_check (data, length, SLUICE_JSON_FLAGS_NONE, NULL, NULL));
  return g_strndup (data, length);
}

static const struct {
  const char *text;
  Edit edits[5];
  const char *result;
} cases[] = {
  { "{}", { { END } }, "{}" },
  { "{ }", { { END } }, "{ }" },
  { " { \"a\" : 1 }\n", { { END } }, "{ \"a\" : 1 }" },
  { "{\"a\":1}", { { SET, "a", "2" } }, "{\"a\":2}" },
  { "{ \"a\" : 1 , \"b\" : 2 }", { { SET, "a", "[3]" } }, "{ \"a\" : [3] , \"b\" : 2 }" },
  { "{ \"a\" : 1 , \"b\" : 2 }", { { SET, "b", "{}" } }, "{ \"a\" : 1 , \"b\" : {} }" },
  { "{}", { { SET, "a", "1" } }, "{\"a\":1}" },
  { "{ }", { { SET, "a", "1" }, { SET, "b", "2" } }, "{ \"a\":1,\"b\":2}" },
  { "{\"a\":1}", { { SET, "b", "2" } }, "{\"a\":1,\"b\":2}" },
  { "{\"a\":1 }", { { SET, "b", "2" } }, "{\"a\":1,\"b\":2 }" },
  { "{\"a\":1}", { { SET, "b", "2" }, { SET, "b", "3" } }, "{\"a\":1,\"b\":3}" },
  { "{\"a\":1}", { { SET_STRING, "a", "x\"y\n" } }, "{\"a\":\"x\\\"y\\n\"}" },
  { "{\"a\":1}", { { SET_STRING, "q\"", "" } }, "{\"a\":1,\"q\\\"\":\"\"}" },
  { "{\"\\u0061\":1}", { { SET, "a", "2" } }, "{\"\\u0061\":2}" },
  { "{\"a\":1}", { { SET_DEFAULT, "a", "2" } }, "{\"a\":1}" },
  { "{\"a\":null}", { { SET_DEFAULT, "a", "2" } }, "{\"a\":null}" },
  { "{\"a\":1}", { { SET_DEFAULT, "b", "2" }, { SET_DEFAULT, "b", "3" } }, "{\"a\":1,\"b\":2}" },
  { "{\"a\":1}", { { SET, "b", "2" }, { SET_DEFAULT, "b", "3" } }, "{\"a\":1,\"b\":2}" },
  { "{\"a\":1}", { { DELETE, "a" } }, "{}" },
  { "{ \"a\" : 1 }", { { DELETE, "a" } }, "{  }" },
  { "{\"a\":1}", { { DELETE, "b" } }, "{\"a\":1}" },
  { "{\"a\":1,\"b\":2,\"c\":3}", { { DELETE, "a" } }, "{\"b\":2,\"c\":3}" },
  { "{\"a\":1,\"b\":2,\"c\":3}", { { DELETE, "b" } }, "{\"a\":1,\"c\":3}" },
  { "{\"a\":1,\"b\":2,\"c\":3}", { { DELETE, "c" } }, "{\"a\":1,\"b\":2}" },
  { "{\"a\":1,\"b\":2,\"c\":3}", { { DELETE, "a" }, { DELETE, "b" } }, "{\"c\":3}" },
  { "{\"a\":1,\"b\":2,\"c\":3}", { { DELETE, "a" }, { DELETE, "c" } }, "{\"b\":2}" },
  { "{\"a\":1,\"b\":2}", { { DELETE, "a" }, { DELETE, "b" } }, "{}" },
  { "{\"a\":1,\"b\":2}", { { DELETE, "a" }, { DELETE, "b" }, { SET, "c", "3" } }, "{\"c\":3}" },
  { "{\"a\":1,\"b\":2}", { { DELETE, "a" }, { SET, "a", "3" } }, "{\"b\":2,\"a\":3}" },
  { "{\"a\":1}", { { SET, "b", "2" }, { DELETE, "b" } }, "{\"a\":1}" },
  { "{\"a\":1}", { { SET, "b", "2" }, { SET, "c", "3" }, { DELETE, "b" } }, "{\"a\":1,\"c\":3}" },
  { "{ \"a\" : 1 , \"b\" : 2 }", { { RENAME, "a", "z" } }, "{ \"z\" : 1 , \"b\" : 2 }" },
  { "{\"a\":1,\"b\":2}", { { RENAME, "a", "b" } }, "{\"b\":2}" },
  { "{\"a\":1,\"b\":2}", { { RENAME, "b", "a" } }, "{\"a\":1}" },
  { "{\"a\":1}", { { RENAME, "a", "a" } }, "{\"a\":1}" },
  { "{\"a\":1}", { { RENAME, "b", "c" } }, "{\"a\":1}" },
  { "{\"a\":1}", { { RENAME, "b", "a" } }, "{\"a\":1}" },
  { "{\"a\":1}", { { RENAME, "a", "b" }, { RENAME, "b", "c" } }, "{\"c\":1}" },
  { "{\"a\":1}", { { RENAME, "a", "b" }, { SET, "a", "2" } }, "{\"b\":1,\"a\":2}" },
  { "{\"a\":1}", { { RENAME, "a", "b" }, { SET, "b", "2" } }, "{\"b\":2}" },
  { "{\"a\":1}", { { SET, "b", "2" }, { RENAME, "b", "c" } }, "{\"a\":1,\"c\":2}" },
  { "{\"a\":1,\"b\":2}", { { RENAME, "a", "c" }, { RENAME, "b", "a" }, { RENAME, "c", "b" } }, "{\"b\":1,\"a\":2}" },
  { "{\"a\":1,\"b\":2}", { { DELETE, "b" }, { RENAME, "a", "b" } }, "{\"b\":1}" },
};

static void
test_cases (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      SluiceJsonObject object;
      g_autoptr (SluiceJsonSplice) splice = NULL;
      g_autofree char *result = NULL;

      g_assert_true (sluice_json_object_init (&object, cases[i].text, strlen (cases[i].text), 0, NULL));
      splice = sluice_json_splice_new (&object);
      for (const Edit *edit = cases[i].edits; edit->operation != END; edit++)
        apply (splice, edit);
      result = result_of (splice);
      g_assert_cmpstr (result, ==, cases[i].result);
      sluice_json_object_clear (&object);
    }
}

/* The naive model: a list of names and values, written out without space. */

typedef struct {
  char *name;
  char *value;
} Pair;

static void
pair_clear (gpointer data)
{
  Pair *pair = data;

  g_free (pair->name);
  g_free (pair->value);
}

static guint
model_find (GArray *model, const char *name)
{
  guint i = 0;

  while (i < model->len && g_strcmp0 (g_array_index (model, Pair, i).name, name) != 0)
    i++;
  return i;
}

static void
model_apply (GArray *model, const Edit *edit)
{
  guint at = model_find (model, edit->name);
  gboolean there = at < model->len;
  Pair *pair = there ? &g_array_index (model, Pair, at) : NULL;

  if (edit->operation == DELETE && there)
    g_array_remove_index (model, at);
  else if (edit->operation == RENAME && there && g_strcmp0 (edit->name, edit->argument) != 0)
    {
      if (model_find (model, edit->argument) < model->len)
        g_array_remove_index (model, at);
      else
        {
          g_free (pair->name);
          pair->name = g_strdup (edit->argument);
        }
    }
  else if (edit->operation == SET && there)
    {
      g_free (pair->value);
      pair->value = g_strdup (edit->argument);
    }
  else if ((edit->operation == SET || edit->operation == SET_DEFAULT) && !there)
    {
      Pair added = { g_strdup (edit->name), g_strdup (edit->argument) };

      g_array_append_val (model, added);
    }
}

static char *
model_write (GArray *model)
{
  GString *text = g_string_new ("{");

  for (guint i = 0; i < model->len; i++)
    {
      const Pair *pair = &g_array_index (model, Pair, i);

      g_string_append (text, i == 0 ? "" : ",");
      sluice_json_append_string (text, pair->name, -1);
      g_string_append_printf (text, ":%s", pair->value);
    }
  return g_string_free (g_string_append_c (text, '}'), FALSE);
}

/* The document as the model would write it. */
static char *
normalized (const char *text)
{
  g_autoptr (GArray) pairs = g_array_new (FALSE, FALSE, sizeof (Pair));
  SluiceJsonObject object;

  g_array_set_clear_func (pairs, pair_clear);
  g_assert_true (sluice_json_object_init (&object, text, strlen (text), SLUICE_JSON_FLAGS_NONE, NULL));
  for (guint i = 0; i < object.n_members; i++)
    {
      Pair pair = { sluice_json_dup_string (object.members[i].name),
                    g_strndup (object.members[i].value.text, object.members[i].value.length) };

      g_array_append_val (pairs, pair);
    }
  sluice_json_object_clear (&object);
  return model_write (pairs);
}

static const char *const names[] = { "a", "b", "model", "\"quoted\"", "caf\xc3\xa9", "stream", "", "n\n" };
static const char *const values[] = { "1", "\"x\"", "[1, {\"a\": 2}]", "{ }", "null", "\"a,}\"", "-1.5e3", "true" };

#define PICK(list) ((list)[g_test_rand_int_range (0, G_N_ELEMENTS (list))])

static char *
random_object (GArray *model)
{
  static const char *const spaces[] = { "", "", " ", "\n  " };
  GString *text = g_string_new ("{");

  g_string_append (text, PICK (spaces));
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      Pair pair;

      if (g_test_rand_bit ())
        continue;
      pair = (Pair){ g_strdup (names[i]), g_strdup (PICK (values)) };
      if (model->len > 0)
        g_string_append_printf (text, "%s,%s", PICK (spaces), PICK (spaces));
      g_array_append_val (model, pair);
      sluice_json_append_string (text, pair.name, -1);
      g_string_append_printf (text, "%s:%s%s", PICK (spaces), PICK (spaces), pair.value);
    }
  g_string_append (text, PICK (spaces));
  return g_string_free (g_string_append_c (text, '}'), FALSE);
}

static void
test_against_model (void)
{
  for (guint round = 0; round < 3000; round++)
    {
      g_autoptr (GArray) model = g_array_new (FALSE, FALSE, sizeof (Pair));
      g_autofree char *text = NULL;
      g_autofree char *result = NULL;
      g_autofree char *written = NULL;
      g_autofree char *expected = NULL;
      g_autoptr (SluiceJsonSplice) splice = NULL;
      SluiceJsonObject object;
      guint n_edits = (guint) g_test_rand_int_range (0, 8);

      g_array_set_clear_func (model, pair_clear);
      text = random_object (model);
      g_assert_true (sluice_json_object_init (&object, text, strlen (text), SLUICE_JSON_FLAGS_NONE, NULL));
      splice = sluice_json_splice_new (&object);
      for (guint i = 0; i < n_edits; i++)
        {
          static const Operation operations[] = { SET, SET_DEFAULT, RENAME, DELETE };
          Edit edit = { PICK (operations), PICK (names), PICK (values) };

          if (edit.operation == RENAME)
            edit.argument = PICK (names);
          apply (splice, &edit);
          model_apply (model, &edit);
        }
      result = result_of (splice);
      if (n_edits == 0)
        g_assert_cmpstr (result, ==, text);
      written = normalized (result);
      expected = model_write (model);
      g_assert_cmpstr (written, ==, expected);
      sluice_json_object_clear (&object);
    }
}

/* The value given may hold less or more than the text up to its NUL. */
static void
test_lengths (void)
{
  SluiceJsonObject object;
  g_autoptr (SluiceJsonSplice) splice = NULL;
  g_autofree char *result = NULL;

  g_assert_true (sluice_json_object_init (&object, "{\"a\":1}", 7, SLUICE_JSON_FLAGS_NONE, NULL));
  splice = sluice_json_splice_new (&object);
  sluice_json_splice_set (splice, "a", "12345", 2);
  sluice_json_splice_set_default (splice, "b", "[]]]", 2);
  result = result_of (splice);
  g_assert_cmpstr (result, ==, "{\"a\":12,\"b\":[]}");
  sluice_json_object_clear (&object);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/json-splice/cases", test_cases);
  g_test_add_func ("/json-splice/against-model", test_against_model);
  g_test_add_func ("/json-splice/lengths", test_lengths);
  return g_test_run ();
}
