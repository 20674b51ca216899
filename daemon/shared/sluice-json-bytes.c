/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/sluice-json-private.h"

#include <string.h>

/*
 * Each search looks at two words of 8 bytes, which is enough for most strings of a request, then at blocks of 64 with
 * what the machine has for vectors, then at words again to find the byte. In a word the marks are exact only up to the
 * first one (a borrow may run upwards from there), which is the one we want.
 */

typedef gint8 Vector __attribute__ ((vector_size (16)));
typedef guint64 Halves __attribute__ ((vector_size (16)));

#define BLOCK 64
#define ONES G_GUINT64_CONSTANT (0x0101010101010101)
#define HIGHS G_GUINT64_CONSTANT (0x8080808080808080)
#define REPEAT(c) (ONES * (guint8) (c))

typedef enum {
  FIND_SPECIAL,
  FIND_QUOTE,
  FIND_BRACKET,
} Find;

static inline guint64
load_word (const char *p)
{
  guint64 word;

  memcpy (&word, p, sizeof word);
  return GUINT64_FROM_LE (word);
}

static inline Vector
load_vector (const char *p)
{
  Vector vector;

  memcpy (&vector, p, sizeof vector);
  return vector;
}

static inline gboolean
any (Vector marks)
{
  Halves halves = (Halves) marks;

  return (halves[0] | halves[1]) != 0;
}

static inline guint64
zero_bytes (guint64 word)
{
  return (word - ONES) & ~word & HIGHS;
}

static inline G_ALWAYS_INLINE guint64
mark_word (guint64 word, Find find)
{
  guint64 lowered = word | REPEAT (0x20);
  guint64 marks = zero_bytes (word ^ REPEAT ('"'));

  switch (find)
    {
    case FIND_SPECIAL:
      return marks | zero_bytes (word ^ REPEAT ('\\')) | ((word - REPEAT (0x20)) & ~word & HIGHS) | (word & HIGHS);
    case FIND_QUOTE:
      return marks | zero_bytes (word ^ REPEAT ('\\'));
    case FIND_BRACKET:
      return marks | zero_bytes (lowered ^ REPEAT ('{')) | zero_bytes (lowered ^ REPEAT ('}'));
    default:
      g_assert_not_reached ();
    }
}

static inline G_ALWAYS_INLINE Vector
mark_vector (Vector v, Find find)
{
  Vector lowered = v | 0x20;

  switch (find)
    {
    case FIND_SPECIAL:
      return (v == '"') | (v == '\\') | (v < 0x20); /* signed: 0x80 and above too */
    case FIND_QUOTE:
      return (v == '"') | (v == '\\');
    case FIND_BRACKET:
      return (v == '"') | (lowered == '{') | (lowered == '}');
    default:
      g_assert_not_reached ();
    }
}

static inline G_ALWAYS_INLINE gboolean
is_wanted (char c, Find find)
{
  switch (find)
    {
    case FIND_SPECIAL:
      return c == '"' || c == '\\' || (gint8) c < 0x20;
    case FIND_QUOTE:
      return c == '"' || c == '\\';
    case FIND_BRACKET:
      return c == '"' || (c | 0x20) == '{' || (c | 0x20) == '}';
    default:
      g_assert_not_reached ();
    }
}

static inline G_ALWAYS_INLINE const char *
skip_blocks (const char *p, const char *end, Find find)
{
  while (end - p >= BLOCK
         && !any (mark_vector (load_vector (p), find) | mark_vector (load_vector (p + 16), find)
                  | mark_vector (load_vector (p + 32), find) | mark_vector (load_vector (p + 48), find)))
    p += BLOCK;
  return p;
}

static inline G_ALWAYS_INLINE const char *
find_byte (const char *p, const char *end, Find find)
{
  for (guint n_words = 0; end - p >= 8; n_words++)
    {
      guint64 marks = mark_word (load_word (p), find);

      if (marks != 0)
        return p + __builtin_ctzll (marks) / 8;
      p += 8;
      if (n_words == 1)
        p = skip_blocks (p, end, find);
    }
  while (p < end && !is_wanted (*p, find))
    p++;
  return p;
}

const char *
sluice_json_find_special (const char *p, const char *end)
{
  return find_byte (p, end, FIND_SPECIAL);
}

const char *
sluice_json_find_quote (const char *p, const char *end)
{
  return find_byte (p, end, FIND_QUOTE);
}

const char *
sluice_json_find_bracket (const char *p, const char *end)
{
  return find_byte (p, end, FIND_BRACKET);
}

/* All ones in the bytes that numbers, commas and space between them are made of. */
static inline Vector
mark_numbers (Vector v)
{
  return ((v >= '+') & (v <= '9') & (v != '/')) | ((v | 0x20) == 'e') | (v == ' ') | (v == '\n') | (v == '\r')
         | (v == '\t');
}

static inline gboolean
is_of_numbers (char c)
{
  return (c >= '+' && c <= '9' && c != '/') || (c | 0x20) == 'e' || sluice_json_is_space (c);
}

const char *
sluice_json_find_no_number (const char *p, const char *end)
{
  while (end - p >= BLOCK
         && !any (~(mark_numbers (load_vector (p)) & mark_numbers (load_vector (p + 16))
                    & mark_numbers (load_vector (p + 32)) & mark_numbers (load_vector (p + 48)))))
    p += BLOCK;
  while (p < end && is_of_numbers (*p))
    p++;
  return p;
}

gint32
sluice_json_read_hex4 (const char *p)
{
  gint32 unit = 0;

  for (guint i = 0; i < 4; i++)
    {
      int digit = g_ascii_xdigit_value (p[i]);

      if (digit < 0)
        return -1;
      unit = unit << 4 | digit;
    }
  return unit;
}
