/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib-unix.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "sluice-daemon.h"
#include "shared/sluice-error.h"
#include "shared/sluice-names.h"

/* sysexits.h: the configuration is at fault; a service manager need not try again. */
#define EXIT_CONFIG 78
#define WANTED_DESCRIPTORS 16384

typedef struct {
  char *config_path;
  char *check_path;
  char *host;
  int port;
  int workers;
  gboolean version;
} Options;

static void
options_clear (Options *options)
{
  g_free (options->config_path);
  g_free (options->check_path);
  g_free (options->host);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

typedef struct {
  SluiceDaemon *daemon;
  GMainLoop *loop;
  guint signals;
} Run;

static gboolean
parse_options (int *argc, char ***argv, Options *options, GError **error)
{
  const GOptionEntry entries[] = {
    { "config", 'c', 0, G_OPTION_ARG_FILENAME, &options->config_path, "Read this configuration file", "FILE" },
    { "check-config", 0, 0, G_OPTION_ARG_FILENAME, &options->check_path, "Print what is wrong with FILE and exit",
      "FILE" },
    { "host", 0, 0, G_OPTION_ARG_STRING, &options->host, "Listen on this IP address", "ADDRESS" },
    { "port", 'p', 0, G_OPTION_ARG_INT, &options->port, "Listen on this port; 0: any free one", "PORT" },
    { "workers", 0, 0, G_OPTION_ARG_INT, &options->workers, "Threads that serve; 0: one a core, at most 4", "N" },
    { "version", 0, 0, G_OPTION_ARG_NONE, &options->version, "Print the version and exit", NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);

  g_option_context_set_summary (context, "A gateway for language models: one OpenAI-compatible address for local "
                                         "models and cloud providers.");
  g_option_context_add_main_entries (context, entries, NULL);
  return g_option_context_parse (context, argc, argv, error);
}

static int
check_config (const char *path)
{
  g_autoptr (GPtrArray) findings = g_ptr_array_new_with_free_func ((GDestroyNotify) sluice_finding_free);
  g_autoptr (SluiceConfig) config = sluice_config_load (path, NULL, findings);
  g_autoptr (SluiceRouter) router = config != NULL ? sluice_router_new (config, findings) : NULL;

  sluice_findings_print (findings);
  return config != NULL ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* The file named on the command line, else the usual one if it is there. */
static SluiceConfig *
load_config (const Options *options)
{
  g_autoptr (GPtrArray) findings = g_ptr_array_new_with_free_func ((GDestroyNotify) sluice_finding_free);
  g_autofree char *usual = g_build_filename (g_get_user_config_dir (), SLUICE_DIR_NAME, SLUICE_CONFIG_FILE, NULL);
  const char *path = options->config_path != NULL                        ? options->config_path
                     : g_file_test (usual, G_FILE_TEST_EXISTS) ? usual
                                                               : NULL;
  SluiceConfig *config;

  if (path == NULL)
    return sluice_config_new_empty (NULL);
  config = sluice_config_load (path, NULL, findings);
  sluice_findings_print (findings);
  return config;
}

/* What the command line says stands above everything else. */
static gboolean
apply_options (SluiceConfig *config, const Options *options, GError **error)
{
  g_autofree char *port = g_strdup_printf ("%d", options->port);
  g_autofree char *workers = g_strdup_printf ("%d", options->workers);

  return (options->host == NULL || sluice_config_override (config, "host", options->host, error))
         && (options->port < 0 || sluice_config_override (config, "port", port, error))
         && (options->workers < 0 || sluice_config_override (config, "workers", workers, error));
}

static void
on_stopped (gpointer data)
{
  Run *run = data;

  g_main_loop_quit (run->loop);
}

static gboolean
on_signal (gpointer data)
{
  Run *run = data;

  if (++run->signals > 2)
    return G_SOURCE_CONTINUE;
  sluice_daemon_stop (run->daemon, on_stopped, run);
  return G_SOURCE_CONTINUE;
}

static int
run_daemon (SluiceConfig *config)
{
  g_autoptr (SluiceDaemon) daemon = sluice_daemon_new (config);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GError) error = NULL;
  Run run = { daemon, loop, 0 };

  if (!sluice_daemon_start (daemon, &error))
    {
      g_printerr ("sluiced: %s\n", error->message);
      return g_error_matches (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG) ? EXIT_CONFIG : EXIT_FAILURE;
    }
  g_unix_signal_add (SIGTERM, on_signal, &run);
  g_unix_signal_add (SIGINT, on_signal, &run);
  g_main_loop_run (loop);
  return EXIT_SUCCESS;
}

static void
prepare_process (void)
{
  struct rlimit limit;
  const struct rlimit no_core = { 0, 0 };

  /* before any thread: HTTP/2 of this libsoup is not to be used (DESIGN 6), neither side */
  g_setenv ("SOUP_FORCE_HTTP1", "1", TRUE);
  g_unsetenv ("SOUP_SERVER_HTTP2");
  setrlimit (RLIMIT_CORE, &no_core);
  /* a limit on file sizes is an error of a write like any other, not the end of the process */
  signal (SIGXFSZ, SIG_IGN);
  if (getrlimit (RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < WANTED_DESCRIPTORS)
    {
      limit.rlim_cur = MIN (limit.rlim_max, WANTED_DESCRIPTORS);
      setrlimit (RLIMIT_NOFILE, &limit);
    }
  /* few arenas, and what is really large goes back to the system at once; a body of 2 MB that were fresh pages for
   * each request would cost 1,500 page faults */
  mallopt (M_ARENA_MAX, 4);
  mallopt (M_MMAP_THRESHOLD, 4 * 1024 * 1024);
}

int
main (int argc, char *argv[])
{
  g_auto (Options) options = { .port = -1, .workers = -1 };
  g_autoptr (SluiceConfig) config = NULL;
  g_autoptr (GError) error = NULL;

  prepare_process ();
  if (!parse_options (&argc, &argv, &options, &error))
    {
      g_printerr ("sluiced: %s, see --help\n", error->message);
      return EXIT_FAILURE;
    }
  if (options.version)
    {
      g_print ("sluiced %s\n", PACKAGE_VERSION);
      return EXIT_SUCCESS;
    }
  if (options.check_path != NULL)
    return check_config (options.check_path);

  config = load_config (&options);
  if (config == NULL)
    return EXIT_CONFIG;
  if (!apply_options (config, &options, &error))
    {
      g_printerr ("sluiced: %s\n", error->message);
      return EXIT_CONFIG;
    }
  return run_daemon (config);
}
