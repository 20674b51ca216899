/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/sluice-json-splice.h"

#include <string.h>

/* A member of the result. Those of the object come first, in its order; the appended ones own both texts. */
typedef struct {
  SluiceJsonValue name;
  SluiceJsonValue value;
  char *own_name;  /* (owned) (nullable): the text of @name if it is not that of the object */
  char *own_value; /* (owned) (nullable) */
  gboolean deleted;
} Slot;

struct _SluiceJsonSplice {
  const SluiceJsonObject *object; /* unowned */
  GArray *slots;                  /* (owned) (element-type Slot) */
};

static void
slot_clear (gpointer data)
{
  Slot *slot = data;

  g_free (slot->own_name);
  g_free (slot->own_value);
}

SluiceJsonSplice *
sluice_json_splice_new (const SluiceJsonObject *object)
{
  SluiceJsonSplice *self;

  g_return_val_if_fail (object != NULL && object->root.type == SLUICE_JSON_OBJECT, NULL);

  self = g_new0 (SluiceJsonSplice, 1);
  self->object = object;
  self->slots = g_array_sized_new (FALSE, FALSE, sizeof (Slot), object->n_members + 4);
  g_array_set_clear_func (self->slots, slot_clear);
  for (guint i = 0; i < object->n_members; i++)
    {
      Slot slot = { object->members[i].name, object->members[i].value, NULL, NULL, FALSE };

      g_array_append_val (self->slots, slot);
    }
  return self;
}

void
sluice_json_splice_free (SluiceJsonSplice *self)
{
  g_array_unref (self->slots);
  g_free (self);
}

static Slot *
find_slot (SluiceJsonSplice *self, const char *name)
{
  for (guint i = 0; i < self->slots->len; i++)
    {
      Slot *slot = &g_array_index (self->slots, Slot, i);

      if (!slot->deleted && sluice_json_equals (slot->name, name))
        return slot;
    }
  return NULL;
}

static void
name_slot (Slot *slot, const char *name)
{
  GString *text = g_string_sized_new (strlen (name) + 8);

  sluice_json_append_string (text, name, -1);
  g_free (slot->own_name);
  slot->name = (SluiceJsonValue){ SLUICE_JSON_STRING, text->str, text->len };
  slot->own_name = g_string_free (text, FALSE);
}

/* @json (transfer full) */
static void
take_value (Slot *slot, char *json, gsize length)
{
  g_free (slot->own_value);
  slot->own_value = json;
  slot->value = (SluiceJsonValue){ SLUICE_JSON_NONE, json, length };
}

static void
append_slot (SluiceJsonSplice *self, const char *name, char *json, gsize length)
{
  Slot slot = { .own_name = NULL };

  name_slot (&slot, name);
  take_value (&slot, json, length);
  g_array_append_val (self->slots, slot);
}

/* @json (transfer full) */
static void
set_taken (SluiceJsonSplice *self, const char *name, char *json, gsize length)
{
  Slot *slot = find_slot (self, name);

  if (slot != NULL)
    take_value (slot, json, length);
  else
    append_slot (self, name, json, length);
}

void
sluice_json_splice_set (SluiceJsonSplice *self, const char *name, const char *json, gssize length)
{
  gsize size;

  g_return_if_fail (self != NULL);
  g_return_if_fail (name != NULL);
  g_return_if_fail (json != NULL && length != 0);

  size = length < 0 ? strlen (json) : (gsize) length;
  set_taken (self, name, g_strndup (json, size), size);
}

void
sluice_json_splice_set_string (SluiceJsonSplice *self, const char *name, const char *text)
{
  GString *json;
  gsize length;

  g_return_if_fail (self != NULL);
  g_return_if_fail (name != NULL);
  g_return_if_fail (text != NULL);

  json = g_string_sized_new (strlen (text) + 8);
  sluice_json_append_string (json, text, -1);
  length = json->len;
  set_taken (self, name, g_string_free (json, FALSE), length);
}

void
sluice_json_splice_set_default (SluiceJsonSplice *self, const char *name, const char *json, gssize length)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (name != NULL);

  if (find_slot (self, name) == NULL)
    sluice_json_splice_set (self, name, json, length);
}

void
sluice_json_splice_rename (SluiceJsonSplice *self, const char *name, const char *new_name)
{
  Slot *slot;
  Slot *other;

  g_return_if_fail (self != NULL);
  g_return_if_fail (name != NULL);
  g_return_if_fail (new_name != NULL);

  slot = find_slot (self, name);
  other = find_slot (self, new_name);
  if (slot == NULL || slot == other)
    return;

  if (other != NULL)
    slot->deleted = TRUE;
  else
    name_slot (slot, new_name);
}

void
sluice_json_splice_delete (SluiceJsonSplice *self, const char *name)
{
  Slot *slot;

  g_return_if_fail (self != NULL);
  g_return_if_fail (name != NULL);

  slot = find_slot (self, name);
  if (slot != NULL)
    slot->deleted = TRUE;
}

/* No less than the bytes of the result. */
static gsize
bound (const SluiceJsonSplice *self)
{
  gsize size = self->object->root.length;

  for (guint i = 0; i < self->slots->len; i++)
    {
      const Slot *slot = &g_array_index (self->slots, Slot, i);

      if (slot->own_name != NULL)
        size += slot->name.length + 2; /* with colon and comma */
      if (slot->own_value != NULL)
        size += slot->value.length;
    }
  return size;
}

static char *
put (char *out, const char *from, const char *end)
{
  memcpy (out, from, (gsize) (end - from));
  return out + (end - from);
}

static inline const char *
end_of (SluiceJsonValue value)
{
  return value.text + value.length;
}

static char *
put_slot (char *out, const Slot *slot, const SluiceJsonMember *original)
{
  if (original != NULL && slot->own_name == NULL && slot->own_value == NULL)
    return put (out, original->name.text, end_of (original->value));

  out = put (out, slot->name.text, end_of (slot->name));
  if (original != NULL)
    out = put (out, end_of (original->name), original->value.text);
  else
    *out++ = ':';
  return put (out, slot->value.text, end_of (slot->value));
}

/* Writes the result to @out, which has room for bound(); returns its bytes. */
static gsize
write_result (const SluiceJsonSplice *self, char *out)
{
  const SluiceJsonMember *members = self->object->members;
  guint n_members = self->object->n_members;
  const char *text = self->object->root.text;
  const char *tail = n_members > 0 ? end_of (members[n_members - 1].value) : end_of (self->object->root) - 1;
  char *start = out;
  gboolean first = TRUE;

  out = put (out, text, n_members > 0 ? members[0].name.text : tail);
  for (guint i = 0; i < self->slots->len; i++)
    {
      const Slot *slot = &g_array_index (self->slots, Slot, i);
      const SluiceJsonMember *original = i < n_members ? &members[i] : NULL;

      if (slot->deleted)
        continue;
      /* what stood between a member and the one before it: a comma and the space around it */
      if (!first && original != NULL)
        out = put (out, end_of (original[-1].value), original->name.text);
      else if (!first)
        *out++ = ',';
      out = put_slot (out, slot, original);
      first = FALSE;
    }
  out = put (out, tail, end_of (self->object->root));
  return (gsize) (out - start);
}

GBytes *
sluice_json_splice_end (SluiceJsonSplice *self)
{
  char *result;
  gsize length;

  g_return_val_if_fail (self != NULL, NULL);

  result = g_malloc (bound (self));
  length = write_result (self, result);
  return g_bytes_new_take (result, length);
}

void
sluice_json_splice_append (SluiceJsonSplice *self, GByteArray *into)
{
  guint before;
  gsize size;

  g_return_if_fail (self != NULL);
  g_return_if_fail (into != NULL);

  before = into->len;
  size = bound (self);
  g_return_if_fail (size <= G_MAXUINT - before);

  g_byte_array_set_size (into, before + (guint) size);
  size = write_result (self, (char *) into->data + before);
  g_byte_array_set_size (into, before + (guint) size);
}
