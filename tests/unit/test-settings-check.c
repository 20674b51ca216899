/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/sluice-settings-check.h"

#include <string.h>

typedef struct {
  const char *(*check) (const char *text);
  const char *text;
  const char *fault; /* (nullable): words of it; %NULL for what can be used */
} Row;

static void
test_check (gconstpointer data)
{
  const Row *row = data;
  const char *fault = row->check (row->text);

  g_test_message ("'%s': %s", row->text, fault != NULL ? fault : "fine");
  g_assert_true ((fault == NULL) == (row->fault == NULL));
  if (fault != NULL)
    {
      g_assert_nonnull (strstr (fault, row->fault));
      g_assert_false (g_str_has_suffix (fault, "."));
    }
}

#define ADDRESS sluice_settings_check_address
#define HOST sluice_settings_check_host
#define ORIGIN sluice_settings_check_origin

static const Row rows[] = {
  { ADDRESS, "127.0.0.1", NULL },
  { ADDRESS, "0.0.0.0", NULL },
  { ADDRESS, "::", NULL },
  { ADDRESS, "::1", NULL },
  { ADDRESS, "fd00::1", NULL },
  { ADDRESS, "::ffff:127.0.0.1", NULL },
  { ADDRESS, "fe80::1%lo", NULL },
  { ADDRESS, "fe80::1", "fe80::1%eth0" },
  { ADDRESS, "224.0.0.1", "of a group" },
  { ADDRESS, "localhost", "leave it out" },
  { ADDRESS, "gateway.example", "not a name" },
  { ADDRESS, "127.0.0.1:4000", "without a port" },
  { ADDRESS, "[::1]", "without brackets" },
  { ADDRESS, "[::1]:4000", "without brackets" },
  { ADDRESS, "http://127.0.0.1", "not a URL" },
  { ADDRESS, "192.168.0.0/24", "neither a network" },
  { ADDRESS, "127.0.0.256", "takes an IP address" },
  { ADDRESS, "127.1", "takes an IP address" },
  { ADDRESS, "0x7f.0.0.1", "takes an IP address" },
  { ADDRESS, "127.0.0.1 ", "takes an IP address" },
  { ADDRESS, "*", "0.0.0.0 for all" },
  { ADDRESS, ":::", "takes an IP address" },

  { HOST, "a", NULL },
  { HOST, "Gateway.Example", NULL },
  { HOST, "gateway.example.", NULL },
  { HOST, "my_box.local:4000", NULL },
  { HOST, "xn--bcher-kva.example", NULL },
  { HOST, "192.168.1.5", NULL },
  { HOST, "192.168.1.5:65535", NULL },
  { HOST, "[fd00::1]", NULL },
  { HOST, "[fd00::1]:4000", NULL },
  { HOST, "1password", NULL },
  { HOST, "", "remove it" },
  { HOST, "*", "no '*'" },
  { HOST, "*.example", "no '*'" },
  { HOST, "http://gateway.example", "without a scheme" },
  { HOST, "gateway.example/v1", "neither a path" },
  { HOST, "192.168.1.0/24", "nor a network" },
  { HOST, "fd00::1", "in brackets" },
  { HOST, "::1", "in brackets" },
  { HOST, "[fe80::1%lo]", "takes a host name" },
  { HOST, "[fd00::1", "takes a host name" },
  { HOST, "[a]", "takes a host name" },
  { HOST, "[fd00::1]x", "takes a host name" },
  { HOST, "a:0", "port from 1" },
  { HOST, "a:", "port from 1" },
  { HOST, "a:65536", "port from 1" },
  { HOST, "a:04000", "port from 1" },
  { HOST, "a:+5", "port from 1" },
  { HOST, "a..b", "takes a host name" },
  { HOST, ".a", "takes a host name" },
  { HOST, ".", "takes a host name" },
  { HOST, "a b", "takes a host name" },
  { HOST, "user@a", "takes a host name" },
  { HOST, "192.168.1.256", "takes a host name" },
  { HOST, "192.168.1", "takes a host name" },
  { HOST, "b\303\274cher.example", "xn--" },
  { HOST, ":4000", "takes a host name" },

  { ORIGIN, "https://a", NULL },
  { ORIGIN, "http://localhost:3000", NULL },
  { ORIGIN, "https://app.example:8443", NULL },
  { ORIGIN, "http://127.0.0.1:5173", NULL },
  { ORIGIN, "http://[::1]:5173", NULL },
  { ORIGIN, "http://a:443", NULL },
  { ORIGIN, "tauri://localhost", NULL },
  { ORIGIN, "app://-", NULL },
  { ORIGIN, "app://obsidian.md", NULL },
  { ORIGIN, "vscode-webview://0a1b2c3d", NULL },
  { ORIGIN, "chrome-extension://abcdefghijklmnop", NULL },
  { ORIGIN, "moz-extension://01234567-89ab-cdef-0123-456789abcdef", NULL },
  { ORIGIN, "", "remove it" },
  { ORIGIN, "*", "no '*'" },
  { ORIGIN, "https://*.example", "no '*'" },
  { ORIGIN, "null", "tells nobody apart" },
  { ORIGIN, "NULL", "tells nobody apart" },
  { ORIGIN, "a.example", "with its scheme" },
  { ORIGIN, "localhost:3000", "with its scheme" },
  { ORIGIN, "//a.example", "with its scheme" },
  { ORIGIN, "://a.example", "begins with a scheme" },
  { ORIGIN, "1a://a.example", "begins with a scheme" },
  { ORIGIN, "https://a.example/", "no '/' at the end" },
  { ORIGIN, "https://a.example/app", "no path" },
  { ORIGIN, "https://a.example?x", "no path" },
  { ORIGIN, "https://user:sk-secret@a.example", "no password" },
  { ORIGIN, "https://A.example", "in lower case" },
  { ORIGIN, "HTTPS://a.example", "in lower case" },
  { ORIGIN, "https://a.example:443", "usual port" },
  { ORIGIN, "http://a.example:80", "usual port" },
  { ORIGIN, "https://a.example:0", "port from 1" },
  { ORIGIN, "https://a.example:", "port from 1" },
  { ORIGIN, "http://[0:0::1]", "shortest form" },
  { ORIGIN, "http://::1", "shortest form" },
  { ORIGIN, "https://", "with a host" },
  { ORIGIN, "file://", "with a host" },
  { ORIGIN, "https://a b", "with a host" },
  { ORIGIN, "https://a, https://b", "no path" },
  { ORIGIN, "https://b\303\274cher.example", "xn--" },
  { ORIGIN, "http://1.2.3", "with a host" },
};

static void
test_long (void)
{
  g_autofree char *label = g_strnfill (64, 'a');
  g_autofree char *name = g_strnfill (100000, '.');
  g_autofree char *colons = g_strnfill (100000, ':');

  for (gsize i = 0; i < strlen (name); i += 2)
    name[i] = 'a';
  g_assert_nonnull (HOST (label));
  g_assert_null (HOST (label + 1));
  g_assert_nonnull (HOST (name));
  g_assert_null (HOST (name + strlen (name) - 254)); /* 253, and a dot */
  g_assert_nonnull (HOST (colons));
  g_assert_nonnull (ADDRESS (colons));
  g_assert_nonnull (ADDRESS (name));
  g_assert_nonnull (ORIGIN (colons));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_strdup_printf ("/settings-check/%u", i);

      g_test_add_data_func (path, &rows[i], test_check);
    }
  g_test_add_func ("/settings-check/long", test_long);
  return g_test_run ();
}
