/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fast searches against plain loops, on random bytes of every length and alignment. */
#include "shared/sluice-json-private.h"

#include <string.h>

#define LONGEST 300

typedef const char *(*FindFunc) (const char *p, const char *end);

static gboolean
is_special (guchar c)
{
  return c == '"' || c == '\\' || c < 0x20 || c >= 0x80;
}

static gboolean
is_quote (guchar c)
{
  return c == '"' || c == '\\';
}

static gboolean
is_bracket (guchar c)
{
  return c != '\0' && strchr ("\"[]{}", c) != NULL;
}

static gboolean
is_no_number (guchar c)
{
  return c == '\0' || strchr ("0123456789+-.eE, \n\r\t", c) == NULL;
}

static const struct {
  const char *name;
  FindFunc find;
  gboolean (*is_wanted) (guchar c);
} searches[] = {
  { "special", sluice_json_find_special, is_special },
  { "quote", sluice_json_find_quote, is_quote },
  { "bracket", sluice_json_find_bracket, is_bracket },
  { "no-number", sluice_json_find_no_number, is_no_number },
};

/* Each byte value at each place of a text of bytes that are not looked for. */
static void
test_each_byte (gconstpointer data)
{
  const guint i = GPOINTER_TO_UINT (data);
  char text[150];

  for (guint at = 0; at < sizeof text; at++)
    for (guint c = 0; c < 0x100; c++)
      {
        gboolean wanted = searches[i].is_wanted ((guchar) c);

        memset (text, '5', sizeof text);
        text[at] = (char) c;
        g_assert_true (searches[i].find (text, text + sizeof text) == text + (wanted ? at : sizeof text));
      }
}

/* Several bytes of interest near each other: the first is found, whatever carries do. */
static void
test_random (gconstpointer data)
{
  const guint i = GPOINTER_TO_UINT (data);

  for (guint round = 0; round < 3000; round++)
    {
      gsize length = (gsize) g_test_rand_int_range (0, LONGEST);
      g_autofree char *text = g_malloc (length);
      gsize expected = 0;
      gint32 rarity = g_test_rand_int_range (1, 200);

      for (gsize k = 0; k < length; k++)
        text[k] = (char) (g_test_rand_int_range (0, rarity) == 0 ? g_test_rand_int ()
                                                                 : g_test_rand_int_range ('0', '9' + 1));
      while (expected < length && !searches[i].is_wanted ((guchar) text[expected]))
        expected++;
      g_assert_true (searches[i].find (text, text + length) == text + expected);
    }
}

static void
test_hex4 (void)
{
  g_assert_cmpint (sluice_json_read_hex4 ("0000"), ==, 0);
  g_assert_cmpint (sluice_json_read_hex4 ("12aF"), ==, 0x12af);
  g_assert_cmpint (sluice_json_read_hex4 ("ffff"), ==, 0xffff);
  g_assert_cmpint (sluice_json_read_hex4 ("fffg"), ==, -1);
  g_assert_cmpint (sluice_json_read_hex4 (" 123"), ==, -1);
  g_assert_cmpint (sluice_json_read_hex4 ("\xff\xff\xff\xff"), ==, -1);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (searches); i++)
    {
      g_autofree char *each = g_strdup_printf ("/json-bytes/each-byte/%s", searches[i].name);
      g_autofree char *random = g_strdup_printf ("/json-bytes/random/%s", searches[i].name);

      g_test_add_data_func (each, GUINT_TO_POINTER (i), test_each_byte);
      g_test_add_data_func (random, GUINT_TO_POINTER (i), test_random);
    }
  g_test_add_func ("/json-bytes/hex4", test_hex4);
  return g_test_run ();
}
