/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/sluice-base-url.h"

#include "shared/sluice-error.h"

#include <string.h>

static void
test_good (void)
{
  static const char *const rows[][2] = {
    { "http://localhost:11434", "http://localhost:11434" },
    { "https://api.example.com/v1/", "https://api.example.com/v1" },
    { "https://api.example.com/v1///", "https://api.example.com/v1" },
    { "http://[::1]:8000/", "http://[::1]:8000" },
    { "HTTP://10.0.0.1", "HTTP://10.0.0.1" },
    { "https://h/openai/deployments/d/?api-version=1/", "https://h/openai/deployments/d" },
    { "https://h/a%20b", "https://h/a%20b" },
    { "https://h:65535/", "https://h:65535" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *url = sluice_base_url_normalize (rows[i][0], &error);

      g_assert_no_error (error);
      g_assert_cmpstr (url, ==, rows[i][1]);
    }
}

static void
test_bad (void)
{
  static const char *const texts[] = {
    "",
    "SECRET",
    "localhost:11434",
    "ftp://SECRET/",
    "file:///etc/passwd",
    "http://",
    "http:///",
    "http:///SECRET",
    "http://:80/",
    "http://?SECRET",
    "http://u@h/",
    "http://u:SECRET@h/",
    "http://:SECRET@h/",
    "http://@h/",
    "http://h/#SECRET",
    "http://h/#",
    "http://h/ SECRET",
    " http://h/",
    "http://h/\n",
    "http://h/\r\nX-SECRET: 1",
    "http://h\\@SECRET/",
    "http://h/\"SECRET",
    "http://h:0/",
    "http://h:65536/",
    "http://h:x/",
    "http://[::1/",
    "http://h\xc3\xa9/",
    "http://h/\x7f",
  };
  g_autofree char *path = g_strnfill (4096, 'a');
  g_autofree char *long_url = g_strconcat ("http://h/", path, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *url = sluice_base_url_normalize (texts[i], &error);

      g_test_message ("%u", i);
      g_assert_null (url);
      g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG);
      g_assert_null (strstr (error->message, "SECRET"));
    }
  g_assert_null (sluice_base_url_normalize (long_url, NULL));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/base-url/good", test_good);
  g_test_add_func ("/base-url/bad", test_bad);
  return g_test_run ();
}
