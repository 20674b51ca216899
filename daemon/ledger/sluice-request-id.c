/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/sluice-request-id.h"

/* 48 bits */
#define MAX_MS ((G_GINT64_CONSTANT (1) << 48) - 1)

static guint64
to_ms (gint64 at_us)
{
  return (guint64) CLAMP (at_us / 1000, 0, MAX_MS);
}

char *
sluice_request_id_new (gint64 at_us)
{
  guint64 ms = to_ms (at_us);
  guint32 a = g_random_int ();
  guint32 b = g_random_int ();
  guint32 c = g_random_int ();

  return g_strdup_printf ("%08x-%04x-7%03x-%04x-%04x%08x", (guint) (ms >> 16), (guint) (ms & 0xffff), a & 0xfff,
                          0x8000 | (a >> 18), b & 0xffff, c);
}

char *
sluice_request_id_bound (gint64 at_us)
{
  guint64 ms = to_ms (at_us);

  return g_strdup_printf ("%08x-%04x-", (guint) (ms >> 16), (guint) (ms & 0xffff));
}
