/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * However the bytes of a connection are cut, the verdict of the guard is the same: how much is let through, how many
 * requests it saw, and with which error the rest is refused.
 */
#include "fuzz-target.h"

#include "http/sluice-framing.h"
#include "shared/sluice-error.h"

#include <string.h>

#define MAX_LINE 48
#define MAX_HEAD 160
#define MAX_HEADERS 6

#define NO_ERROR -1

typedef struct {
  gsize passed;
  guint64 n_requests;
  int code;
  gboolean over;
} Verdict;

/* Pieces of random size up to @longest (0: all at once), each in memory of its own. */
static Verdict
judge (const char *bytes, gsize size, guint32 seed, gint32 longest)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);
  g_autoptr (GError) error = NULL;
  Verdict verdict = { 0, 0, NO_ERROR, FALSE };
  SluiceFraming framing;
  gsize begun = 0;

  sluice_framing_init (&framing, MAX_LINE, MAX_HEAD, MAX_HEADERS);
  while (begun < size && !verdict.over)
    {
      gsize wanted = longest == 0 ? size : (gsize) g_rand_int_range (random, 0, longest + 1);
      gsize n = MIN (wanted, size - begun);
      g_autofree char *piece = g_memdup2 (bytes + begun, n);
      gsize passed = sluice_framing_push (&framing, piece, n, &error);

      g_assert_cmpuint (passed, <=, n);
      verdict.over = passed < n;
      g_assert_true (verdict.over || error == NULL);
      verdict.passed += passed;
      begun += n;
    }

  g_assert_true (!verdict.over || framing.state == SLUICE_FRAMING_OVER);
  if (error != NULL)
    {
      g_assert_true (error->domain == SLUICE_ERROR);
      verdict.code = error->code;
    }
  verdict.n_requests = framing.n_requests;
  sluice_framing_clear (&framing);
  return verdict;
}

/* A first line that is both too long and no HTTP is refused for the one or the other, whichever is seen first. */
static int
general_code (int code)
{
  return code == SLUICE_ERROR_HEADERS_TOO_LARGE ? SLUICE_ERROR_INVALID_REQUEST : code;
}

static void
assert_same (const char *bytes, const Verdict *whole, const Verdict *cut)
{
  g_assert_cmpint (general_code (whole->code), ==, general_code (cut->code));
  g_assert_cmpuint (whole->n_requests, ==, cut->n_requests);
  g_assert_cmpint (whole->over, ==, cut->over);
  if (whole->code == NO_ERROR)
    {
      g_assert_cmpuint (whole->passed, ==, cut->passed);
      return;
    }
  /* the beginning of a line that is refused at its end may be through already, but never its end */
  g_assert_cmpuint (whole->passed, <=, cut->passed);
  g_assert_null (memchr (bytes + whole->passed, '\n', cut->passed - whole->passed));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  const char *bytes = (const char *) data;
  Verdict whole = judge (bytes, size, 0, 0);
  Verdict bytewise = judge (bytes, size, 0, 1);

  g_assert_true (whole.over || whole.passed == size);
  assert_same (bytes, &whole, &bytewise);
  for (guint32 seed = 0; seed < 4; seed++)
    {
      Verdict cut = judge (bytes, size, seed, 2 + (gint32) seed * 7);

      assert_same (bytes, &whole, &cut);
    }
  return 0;
}
