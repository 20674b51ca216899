/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "secrets/sluice-secret.h"

#include <string.h>
#include <unistd.h>

#include "shared/sluice-error.h"

typedef struct {
  const char *name;
  const char *bytes;
  gsize length;
  const char *secret; /* %NULL: refused */
  const char *says;
} Case;

static const Case cases[] = {
  { "plain", "sk-test-1", 9, "sk-test-1", NULL },
  { "newline", "sk-test-1\n", 10, "sk-test-1", NULL },
  { "cr-newline", "sk-test-1\r\n", 11, "sk-test-1", NULL },
  { "one-byte", "x", 1, "x", NULL },
  { "two-newlines", "sk-test-1\n\n", 11, NULL, "byte 10" },
  { "empty", "", 0, NULL, "empty" },
  { "only-newline", "\n", 1, NULL, "empty" },
  { "nul", "sk-\0test", 8, NULL, "byte 4" },
  { "blank", "sk test", 7, NULL, "byte 3" },
  { "tab-in-front", "\tsk-test", 8, NULL, "byte 1" },
  { "two-lines", "sk-test\r\nX-Other: 1", 19, NULL, "byte 8" },
  { "not-ascii", "sk-t\xc3\xa9st", 8, NULL, "byte 5" },
};

static void
test_new (gconstpointer data)
{
  const Case *c = data;
  g_autoptr (GError) error = NULL;
  sluice_autosecret char *secret = sluice_secret_new (c->bytes, c->length, &error);

  g_assert_cmpstr (secret, ==, c->secret);
  if (c->secret != NULL)
    {
      g_assert_no_error (error);
      return;
    }
  g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG);
  g_assert_nonnull (strstr (error->message, c->says));
  g_assert_null (strstr (error->message, "sk-"));
}

/* In pieces, as from a pipe; and what cannot be read. */
static void
test_read (void)
{
  g_autoptr (GError) error = NULL;
  sluice_autosecret char *secret = NULL;
  int fds[2];

  g_assert_no_errno (pipe (fds));
  g_assert_cmpint (write (fds[1], "sk-", 3), ==, 3);
  g_assert_cmpint (write (fds[1], "test-1\n", 7), ==, 7);
  close (fds[1]);
  secret = sluice_secret_read (fds[0], &error);
  g_assert_no_error (error);
  g_assert_cmpstr (secret, ==, "sk-test-1");
  g_assert_null (sluice_secret_read (fds[0], &error));
  g_assert_nonnull (strstr (error->message, "is empty"));
  g_clear_error (&error);
  close (fds[0]);
  g_assert_null (sluice_secret_read (fds[0], &error));
  g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG);
  g_assert_nonnull (strstr (error->message, "cannot be read"));
}

static void
test_longest (void)
{
  g_autofree char *bytes = g_strnfill (SLUICE_SECRET_MAX + 1, 'k');
  g_autoptr (GError) error = NULL;
  sluice_autosecret char *secret = sluice_secret_new (bytes, SLUICE_SECRET_MAX, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (strlen (secret), ==, SLUICE_SECRET_MAX);
  g_assert_null (sluice_secret_new (bytes, SLUICE_SECRET_MAX + 1, &error));
  g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG);
}

static void
test_mask (void)
{
  const struct { const char *secret, *mask; } masks[] = {
    { "sk-test-0123456789abcd", "***abcd" }, { "0123456789ab", "***89ab" }, { "0123456789a", "***" }, { "", "***" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (masks); i++)
    {
      g_autofree char *mask = sluice_secret_mask (masks[i].secret);

      g_assert_cmpstr (mask, ==, masks[i].mask);
    }
}

static void
test_hide (void)
{
  const struct { const char *text, *secret, *hidden; } texts[] = {
    { "wrong key: sk-test-0123456789!", "sk-test-0123456789", "wrong key: ***6789!" },
    { "sk-test-0sk-test-0", "sk-test-0", "******" },
    { "wrong key: sk-test-01", "sk-test-0123456789", "wrong key: ***" },
    { "sk-test-0123456789 and sk-test-012345678", "sk-test-0123456789", "***6789 and ***" },
    { "wrong key: sk-test", "sk-test-0123456789", "wrong key: sk-test" },
    { "nothing of it", "sk-test-0123456789", "nothing of it" },
    { "none of it", "none", "none of it" },
    { "no key", NULL, "no key" },
    { NULL, "sk-test-0123456789", NULL },
    { "", "sk-test-0123456789", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autofree char *text = g_strdup (texts[i].text);

      sluice_secret_hide_in (&text, texts[i].secret);
      g_assert_cmpstr (text, ==, texts[i].hidden);
    }
}

static void
test_free (void)
{
  char *secret = g_strdup ("sk-test-1");

  sluice_secret_free (NULL);
  sluice_secret_clear (&secret);
  g_assert_null (secret);
  sluice_secret_clear (&secret);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/secret/new/", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], test_new);
    }
  g_test_add_func ("/secret/read", test_read);
  g_test_add_func ("/secret/longest", test_longest);
  g_test_add_func ("/secret/mask", test_mask);
  g_test_add_func ("/secret/hide", test_hide);
  g_test_add_func ("/secret/free", test_free);
  return g_test_run ();
}
