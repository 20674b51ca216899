/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "router/sluice-locality.h"

typedef struct {
  const char *host;
  gboolean private_address;
  gboolean forbidden;
} Case;

static const Case cases[] = {
  { "localhost", TRUE, FALSE },
  { "LocalHost", TRUE, FALSE },
  { "a.localhost", TRUE, FALSE },
  { "a.b.LOCALHOST", TRUE, FALSE },
  { "127.0.0.1", TRUE, FALSE },
  { "127.255.255.254", TRUE, FALSE },
  { "::1", TRUE, FALSE },
  { "10.0.0.1", TRUE, FALSE },
  { "10.255.255.255", TRUE, FALSE },
  { "172.16.0.1", TRUE, FALSE },
  { "172.31.255.255", TRUE, FALSE },
  { "192.168.0.1", TRUE, FALSE },
  { "fc00::1", TRUE, FALSE },
  { "fd12:3456::1", TRUE, FALSE },
  { "fdff:ffff::", TRUE, FALSE },

  /* private, and yet nothing may be sent there: metadata services live at link-local addresses */
  { "169.254.169.254", TRUE, TRUE },
  { "169.254.0.0", TRUE, TRUE },
  { "fe80::1", TRUE, TRUE },
  { "febf::1", TRUE, TRUE },
  { "0.0.0.0", FALSE, TRUE },
  { "0.1.2.3", FALSE, TRUE },
  { "::", FALSE, TRUE },
  { "224.0.0.1", FALSE, TRUE },
  { "239.255.255.255", FALSE, TRUE },
  { "ff02::1", FALSE, TRUE },
  { "255.255.255.255", FALSE, TRUE },
  { "::ffff:169.254.169.254", TRUE, TRUE },
  { "::ffff:0.0.0.0", FALSE, TRUE },
  { "fe80::1%lo", TRUE, TRUE },
  { "::ffff:127.0.0.1", TRUE, FALSE },
  { "::ffff:8.8.8.8", FALSE, FALSE },

  { "11.0.0.1", FALSE, FALSE },
  { "9.255.255.255", FALSE, FALSE },
  { "126.255.255.255", FALSE, FALSE },
  { "128.0.0.1", FALSE, FALSE },
  { "172.15.255.255", FALSE, FALSE },
  { "172.32.0.0", FALSE, FALSE },
  { "192.167.255.255", FALSE, FALSE },
  { "192.169.0.0", FALSE, FALSE },
  { "169.253.255.255", FALSE, FALSE },
  { "169.255.0.0", FALSE, FALSE },
  { "100.64.0.1", FALSE, FALSE },
  { "1.1.1.1", FALSE, FALSE },
  { "2001:db8::1", FALSE, FALSE },
  { "fbff::1", FALSE, FALSE },
  { "fe00::1", FALSE, FALSE },

  /* names are not looked up, and what only looks like one of ours is none */
  { "", FALSE, FALSE },
  { ".localhost", FALSE, FALSE },
  { "xlocalhost", FALSE, FALSE },
  { "localhost.example.com", FALSE, FALSE },
  { "127.0.0.1.example.com", FALSE, FALSE },
  { "api.example.com", FALSE, FALSE },
  { "10.0.0", FALSE, FALSE },
  { "127.1", FALSE, FALSE },
  { "[::1]", FALSE, FALSE },
};

static void
test_hosts (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("%s", cases[i].host);
      g_assert_cmpint (sluice_host_is_private (cases[i].host), ==, cases[i].private_address);
      g_assert_cmpint (sluice_host_is_forbidden (cases[i].host), ==, cases[i].forbidden);
    }
}

/* An address that was looked up is judged as its literal is. */
static void
test_addresses (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GInetAddress) address = g_inet_address_new_from_string (cases[i].host);

      g_test_message ("%s", cases[i].host);
      if (address != NULL)
        g_assert_cmpint (sluice_address_is_private (address), ==, cases[i].private_address);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/locality/hosts", test_hosts);
  g_test_add_func ("/locality/addresses", test_addresses);
  return g_test_run ();
}
