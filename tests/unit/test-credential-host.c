/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "secrets/sluice-credential-host.h"

#include <string.h>

#include "shared/sluice-error.h"

typedef struct {
  const char *address;
  const char *host; /* %NULL: refused */
} Case;

static const Case cases[] = {
  { "https://api.example.com/v1", "https://api.example.com" },
  { "https://api.example.com", "https://api.example.com" },
  { "HTTPS://API.Example.COM:443/v1/?a=b#c", "https://api.example.com" },
  { "https://api.example.com:8443/", "https://api.example.com:8443" },
  { "http://api.example.com:443", "http://api.example.com:443" },
  { "http://127.0.0.1:80/v1", "http://127.0.0.1" },
  { "http://127.0.0.1:11434", "http://127.0.0.1:11434" },
  { "http://localhost:11434", "http://localhost:11434" },
  { "http://[::1]:1/v1", "http://[::1]:1" },
  { "http://[0:0:0:0:0:0:0:1]:1", "http://[::1]:1" },
  { "http://[FE80::1%25eth0]:1", "http://[fe80::1%eth0]:1" },
  { "https://xn--bcher-kva.example/", "https://xn--bcher-kva.example" },

  { "https://user@api.example.com", NULL },
  { "https://user:word@api.example.com", NULL },
  { "https://api.example.com@evil.example", NULL },
  { "https://api.example.com%2f@evil.example", NULL },
  { "https://api.example.com%2f.evil.example", NULL },
  { "https://api.example.com%20", NULL },
  { "https://api.example.com\\@evil.example", NULL },
  { "https://api.example.com:0", NULL },
  { "https://api.example.com:70000", NULL },
  { "https://", NULL },
  { "https:///v1", NULL },
  { "ftp://api.example.com", NULL },
  { "file:///etc/passwd", NULL },
  { "api.example.com", NULL },
  { "", NULL },
};

static void
test_cases (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *host = sluice_credential_host (cases[i].address, &error);

      g_test_message ("%s", cases[i].address);
      g_assert_cmpstr (host, ==, cases[i].host);
      if (cases[i].host == NULL)
        g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG);
      else
        g_assert_no_error (error);
    }
}

/* What it gives is itself an address of the same host. */
static void
test_stable (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases) && cases[i].host != NULL; i++)
    {
      g_autofree char *again = NULL;

      if (strchr (cases[i].host, '%') != NULL)
        continue;
      again = sluice_credential_host (cases[i].host, NULL);
      g_assert_cmpstr (again, ==, cases[i].host);
    }
}

static void
test_text (void)
{
  const struct { const char *text, *usual, *host; } texts[] = {
    { "proxy.example.com", "https://api.example.com/v1", "https://proxy.example.com" },
    { "proxy.example.com:8443", "https://api.example.com/v1", "https://proxy.example.com:8443" },
    { "192.168.1.5:8000", "http://localhost:8000/v1", "http://192.168.1.5:8000" },
    { "https://gpu.example.com", "http://localhost:8000/v1", "https://gpu.example.com" },
    { "http://proxy.example.com/v1", "https://api.example.com/v1", "http://proxy.example.com" },
    { "proxy.example.com", NULL, "https://proxy.example.com" },
    { "localhost:1234", NULL, "http://localhost:1234" },
    { "127.0.0.2:1234", NULL, "http://127.0.0.2:1234" },
    { "[::1]:1234", NULL, "http://[::1]:1234" },
    { "", NULL, NULL },
    { "a b", NULL, NULL },
    { "user@host", NULL, NULL },
    { ":8000", NULL, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *host = sluice_credential_host_from_text (texts[i].text, texts[i].usual, &error);

      g_test_message ("%s", texts[i].text);
      g_assert_cmpstr (host, ==, texts[i].host);
      g_assert_true ((host == NULL) == (error != NULL));
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/credential-host/cases", test_cases);
  g_test_add_func ("/credential-host/stable", test_stable);
  g_test_add_func ("/credential-host/text", test_text);
  return g_test_run ();
}
