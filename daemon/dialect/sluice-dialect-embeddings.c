/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Vectors as clients may ask for them: base64 of little-endian floats. Not every server knows that format; what comes
 * as numbers is packed here.
 */
#include "dialect/sluice-dialect-private.h"

#include "shared/sluice-json-splice.h"

#include <math.h>
#include <string.h>

/* Bytes of JSON a number of an embedding takes at least, for a first size. */
#define MIN_NUMBER 8

gboolean
sluice_dialect_append_base64 (GString *into, SluiceJsonValue vector)
{
  g_autoptr (GByteArray) floats = g_byte_array_sized_new ((guint) MIN (vector.length / MIN_NUMBER * 4, G_MAXINT32));
  g_autofree char *base64 = NULL;
  SluiceJsonIter iter;
  SluiceJsonValue item;

  sluice_json_iter_init (&iter, vector);
  while (sluice_json_iter_next (&iter, NULL, &item))
    {
      /* the text does not end here, yet no number is at its end: the vector's bracket is behind it */
      char *end = NULL;
      float number = item.type == SLUICE_JSON_NUMBER ? (float) g_ascii_strtod (item.text, &end) : 0;
      guint32 bits;

      if (end != item.text + item.length || !isfinite (number))
        return FALSE;
      memcpy (&bits, &number, sizeof bits);
      bits = GUINT32_TO_LE (bits);
      g_byte_array_append (floats, (const guint8 *) &bits, sizeof bits);
    }

  base64 = g_base64_encode (floats->data, floats->len);
  g_string_append_c (into, '"');
  g_string_append (into, base64);
  g_string_append_c (into, '"');
  return TRUE;
}

/* One item of "data", its vector packed if it is none of text yet. */
static gboolean
append_item (GString *into, SluiceJsonValue item)
{
  SluiceJsonValue vector = sluice_json_get (item, "embedding");
  const char *behind = vector.text + vector.length;

  if (vector.type != SLUICE_JSON_ARRAY)
    {
      sluice_json_append_value (into, item);
      return TRUE;
    }

  g_string_append_len (into, item.text, vector.text - item.text);
  if (!sluice_dialect_append_base64 (into, vector))
    return FALSE;
  g_string_append_len (into, behind, item.text + item.length - behind);
  return TRUE;
}

gboolean
sluice_dialect_pack_vectors (SluiceJsonSplice *splice, SluiceJsonValue data)
{
  g_autoptr (GString) packed = g_string_sized_new (data.length / 2);
  SluiceJsonIter iter;
  SluiceJsonValue item;

  sluice_json_iter_init (&iter, data);
  while (sluice_json_iter_next (&iter, NULL, &item))
    {
      g_string_append_c (packed, packed->len == 0 ? '[' : ',');
      if (!append_item (packed, item))
        return FALSE;
    }
  if (packed->len == 0)
    return TRUE;

  g_string_append_c (packed, ']');
  sluice_json_splice_set (splice, "data", packed->str, (gssize) packed->len);
  return TRUE;
}

gboolean
sluice_dialect_has_vectors (SluiceJsonValue data)
{
  SluiceJsonIter iter;
  SluiceJsonValue item;

  sluice_json_iter_init (&iter, data);
  while (data.type == SLUICE_JSON_ARRAY && sluice_json_iter_next (&iter, NULL, &item))
    if (sluice_json_get (item, "embedding").type == SLUICE_JSON_ARRAY)
      return TRUE;
  return FALSE;
}
