/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * However the bytes of a connection are cut, the verdict of the guard is the same: how much is let through, how many
 * requests it saw, and with which error the rest is refused.
 */
#include "fuzz-target.h"

#include "http/sluice-framing.h"
#include "shared/sluice-error.h"
#include "tests/cutter.h"

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

static Verdict
judge (Cutter cut)
{
  g_auto (Cutter) cutter = cut;
  g_autoptr (GError) error = NULL;
  Verdict verdict = { 0, 0, NO_ERROR, FALSE };
  SluiceFraming framing;

  sluice_framing_init (&framing, MAX_LINE, MAX_HEAD, MAX_HEADERS);
  while (!verdict.over && cutter_next (&cutter))
    {
      gsize passed = sluice_framing_push (&framing, cutter.piece, cutter.size, &error);

      g_assert_cmpuint (passed, <=, cutter.size);
      verdict.over = passed < cutter.size;
      g_assert_true (verdict.over || error == NULL);
      verdict.passed += passed;
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
  Verdict whole = judge (cutter_by_step (bytes, size, 0));
  Verdict bytewise = judge (cutter_by_step (bytes, size, 1));

  g_assert_true (whole.over || whole.passed == size);
  assert_same (bytes, &whole, &bytewise);
  for (guint32 seed = 0; seed < 4; seed++)
    {
      Verdict cut = judge (cutter_by_chance (bytes, size, 2 + seed * 7, seed));

      assert_same (bytes, &whole, &cut);
    }
  return 0;
}
