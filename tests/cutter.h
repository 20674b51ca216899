/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Cuts bytes into pieces, each in memory of its own and of its very size, so that a sanitizer sees a read behind it:
 *
 *   g_auto (Cutter) cutter = cutter_by_step (bytes, length, 3);
 *
 *   while (good && cutter_next (&cutter))
 *     good = push (cutter.piece, cutter.size);
 *
 * The bytes and the cuts are borrowed. A function that is given a Cutter takes it over.
 */
#pragma once

#include <glib.h>

typedef struct {
  const char *bytes;
  gsize length;
  gsize at;          /* where the next piece begins */
  const gsize *cuts; /* (nullable) */
  guint n_cuts;
  guint n_pieces; /* given so far */
  gsize step;
  GRand *random; /* (owned) (nullable) */
  char *piece;   /* (owned) (nullable): until the next one */
  gsize size;
} Cutter;

/* At each of @cuts, ascending; the same offset twice makes an empty piece. @n_cuts 0: the whole, even of no bytes. */
static inline Cutter
cutter_at (const char *bytes, gsize length, const gsize *cuts, guint n_cuts)
{
  static const gsize none[1];

  return (Cutter){ .bytes = bytes, .length = length, .cuts = n_cuts > 0 ? cuts : none, .n_cuts = n_cuts };
}

/* Pieces of @step bytes; 0: all at once. Of no bytes there is no piece. */
static inline Cutter
cutter_by_step (const char *bytes, gsize length, gsize step)
{
  return (Cutter){ .bytes = bytes, .length = length, .step = step > 0 ? step : length };
}

/* Pieces of random size up to @longest, empty ones among them. */
static inline Cutter
cutter_by_chance (const char *bytes, gsize length, gsize longest, guint32 seed)
{
  return (Cutter){ .bytes = bytes, .length = length, .step = longest, .random = g_rand_new_with_seed (seed) };
}

/* Whether there is one more piece. */
static inline gboolean
cutter_next (Cutter *self)
{
  gsize left = self->length - self->at;

  if (self->cuts != NULL ? self->n_pieces > self->n_cuts : left == 0)
    return FALSE;

  if (self->cuts != NULL)
    self->size = self->n_pieces < self->n_cuts ? self->cuts[self->n_pieces] - self->at : left;
  else if (self->random != NULL)
    self->size = (gsize) g_rand_int_range (self->random, 0, (gint32) self->step + 1);
  else
    self->size = self->step;
  self->size = MIN (self->size, left);
  g_free (self->piece);
  self->piece = g_memdup2 (self->bytes + self->at, self->size);
  self->at += self->size;
  self->n_pieces++;
  return TRUE;
}

static inline void
cutter_clear (Cutter *self)
{
  g_clear_pointer (&self->piece, g_free);
  g_clear_pointer (&self->random, g_rand_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Cutter, cutter_clear)

/* Calls @check for @length bytes uncut, cut at every pair of offsets (the same one twice too), and byte by byte. */
static inline void
cutter_try_all (gsize length, void (*check) (gconstpointer data, const gsize *cuts, guint n_cuts), gconstpointer data)
{
  g_autofree gsize *all = g_new (gsize, length + 1);

  check (data, NULL, 0);
  for (gsize a = 0; a <= length; a++)
    {
      all[a] = a;
      for (gsize b = a; b <= length; b++)
        {
          const gsize cuts[] = { a, b };

          check (data, cuts, 2);
        }
    }
  check (data, all, (guint) length + 1);
}

/*
 * For a fuzz target: however what follows the first byte is cut, @read returns the same text. The first byte says how.
 */
static inline void
cutter_fuzz (const guint8 *data, gsize size, GString *(*read) (Cutter cut))
{
  const char *bytes = (const char *) data + 1;
  g_autoptr (GString) whole = NULL;
  g_autoptr (GString) bytewise = NULL;

  if (size == 0)
    return;

  whole = read (cutter_by_step (bytes, size - 1, 0));
  bytewise = read (cutter_by_step (bytes, size - 1, 1));
  g_assert_true (g_string_equal (whole, bytewise));
  for (guint32 turn = 0; turn < 4; turn++)
    {
      g_autoptr (GString) cut = read (cutter_by_chance (bytes, size - 1, 2 + turn * 9, *data * 4u + turn));

      g_assert_true (g_string_equal (whole, cut));
    }
}
