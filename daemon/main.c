/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib-unix.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sluice-daemon.h"
#include "secrets/sluice-credential-command.h"
#include "shared/sluice-activation.h"
#include "shared/sluice-error.h"
#include "shared/sluice-log.h"
#include "shared/sluice-names.h"

/* sysexits.h: the configuration is at fault; a service manager need not try again. */
#define EXIT_CONFIG 78
#define WANTED_DESCRIPTORS 16384
#define NOT_SAID G_MININT
#define MAX_IDLE_MINUTES (365 * 24 * 60)

typedef struct {
  char *config_path;
  char *check_path;
  char *set_credential;
  char *clear_credential;
  char *host;
  char *cors_origins;
  double idle_minutes;
  char *debug;
  int port;
  int workers;
  gboolean version;
} Options;

static void
options_clear (Options *options)
{
  g_free (options->config_path);
  g_free (options->check_path);
  g_free (options->set_credential);
  g_free (options->clear_credential);
  g_free (options->host);
  g_free (options->cors_origins);
  g_free (options->debug);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

typedef struct {
  SluiceDaemon *daemon;
  GMainLoop *loop;
  guint signals;
  int status;
} Run;

static gboolean
parse_options (int *argc, char ***argv, Options *options, GError **error)
{
  const GOptionEntry entries[] = {
    { "config", 'c', 0, G_OPTION_ARG_FILENAME, &options->config_path, "Read this configuration file", "FILE" },
    { "check-config", 0, 0, G_OPTION_ARG_FILENAME, &options->check_path, "Print what is wrong with FILE and exit",
      "FILE" },
    { "set-credential", 0, 0, G_OPTION_ARG_STRING, &options->set_credential,
      "Store the key that comes on standard input for a provider, or for one of its hosts", "PROVIDER[@HOST[:PORT]]" },
    { "clear-credential", 0, 0, G_OPTION_ARG_STRING, &options->clear_credential,
      "Remove what is stored for a provider", "PROVIDER[@HOST[:PORT]]" },
    { "host", 0, 0, G_OPTION_ARG_STRING, &options->host, "Listen on this IP address", "ADDRESS" },
    { "port", 'p', 0, G_OPTION_ARG_INT, &options->port, "Listen on this port; 0: any free one", "PORT" },
    { "workers", 0, 0, G_OPTION_ARG_INT, &options->workers, "Threads that serve; 0: one a core, at most 4", "N" },
    { "cors-origins", 0, 0, G_OPTION_ARG_STRING, &options->cors_origins,
      "Let web pages of these origins ask, separated by commas", "ORIGINS" },
    { "exit-on-idle", 0, 0, G_OPTION_ARG_DOUBLE, &options->idle_minutes,
      "Leave after so long without work, if a service manager holds the sockets; 0: never", "MINUTES" },
    { "debug", 0, 0, G_OPTION_ARG_STRING, &options->debug, "Say more about these; all, or help for a list", "TOPICS" },
    { "version", 0, 0, G_OPTION_ARG_NONE, &options->version, "Print the version and exit", NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);

  g_option_context_set_summary (context, "A gateway for language models: one OpenAI-compatible address for local "
                                         "models and cloud providers.");
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;
  if (options->idle_minutes != NOT_SAID && !(options->idle_minutes >= 0 && options->idle_minutes <= MAX_IDLE_MINUTES))
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG, "--exit-on-idle takes 0 to %d minutes", MAX_IDLE_MINUTES);
      return FALSE;
    }
  if (*argc <= 1)
    return TRUE;
  g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG, "'%s' is no option; a configuration is given with --config",
               (*argv)[1]);
  return FALSE;
}

static int
check_config (const char *path)
{
  g_autoptr (GPtrArray) findings = g_ptr_array_new_with_free_func ((GDestroyNotify) sluice_finding_free);
  g_autoptr (SluiceConfig) config = sluice_config_load (path, NULL, findings);
  g_autoptr (SluiceRouter) router = config != NULL ? sluice_router_new (config, findings) : NULL;

  sluice_findings_print (findings);
  return sluice_findings_have_error (findings) ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int
change_credential (const Options *options)
{
  g_autofree char *directory = g_build_filename (g_get_user_data_dir (), SLUICE_DIR_NAME, NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *said
      = options->set_credential != NULL
            ? sluice_credential_command_set (directory, options->set_credential, STDIN_FILENO, &error)
            : sluice_credential_command_clear (directory, options->clear_credential, &error);

  if (said == NULL)
    {
      g_printerr ("sluiced: %s\n", error->message);
      return EXIT_FAILURE;
    }
  g_print ("%s\n", said);
  return EXIT_SUCCESS;
}

static gboolean
choose_topics (SluiceLog *log, const Options *options, GError **error)
{
  guint topics = 0;

  if (options->debug == NULL)
    return TRUE;
  if (!sluice_log_parse_topics (options->debug, &topics, error))
    return FALSE;
  sluice_log_set_topics (log, topics);
  return TRUE;
}

/* What the command line says stands above everything else. */
static gboolean
apply_options (SluiceConfigSource *source, const Options *options, GError **error)
{
  g_autofree char *port = g_strdup_printf ("%d", options->port);
  g_autofree char *workers = g_strdup_printf ("%d", options->workers);

  return (options->host == NULL || sluice_config_source_override (source, "host", options->host, error))
         && (options->port == NOT_SAID || sluice_config_source_override (source, "port", port, error))
         && (options->workers == NOT_SAID || sluice_config_source_override (source, "workers", workers, error))
         && (options->cors_origins == NULL
             || sluice_config_source_override (source, "cors_origins", options->cors_origins, error));
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

static gboolean
on_hangup (gpointer data)
{
  Run *run = data;

  sluice_daemon_reload (run->daemon, NULL, NULL);
  return G_SOURCE_CONTINUE;
}

static void
on_leave (const GError *error, gpointer data)
{
  Run *run = data;

  if (error != NULL)
    {
      g_printerr ("sluiced: %s\n", error->message);
      run->status = EXIT_FAILURE;
    }
  run->signals++;
  sluice_daemon_stop (run->daemon, on_stopped, run);
}

typedef struct {
  SluiceNotify *notify;  /* (owned) */
  GPtrArray *inherited;  /* (owned) (element-type SluiceInherited) */
  SluiceLog *log;        /* (nullable): whose topics the configuration may choose */
} Service;

static int
run_daemon (SluiceConfigSource *source, SluiceConfigReading *reading, const Options *options, Service *service)
{
  g_autoptr (SluiceDaemon) daemon = sluice_daemon_new (source, reading);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GError) error = NULL;
  Run run = { daemon, loop, 0, EXIT_SUCCESS };

  sluice_daemon_set_service (daemon, service->notify, service->inherited);
  sluice_daemon_set_leave (daemon, on_leave, &run);
  sluice_daemon_set_log (daemon, service->log);
  if (options->idle_minutes != NOT_SAID)
    sluice_daemon_set_idle_period (daemon, (gint64) (options->idle_minutes * 60 * G_USEC_PER_SEC));

  /* before anybody is told that it runs */
  g_unix_signal_add (SIGTERM, on_signal, &run);
  g_unix_signal_add (SIGINT, on_signal, &run);
  g_unix_signal_add (SIGHUP, on_hangup, &run);
  if (!sluice_daemon_start (daemon, &error))
    {
      g_printerr ("sluiced: %s\n", error->message);
      /* a port that is taken may be free at the next try; sockets that a unit hands over stay what they are */
      return g_error_matches (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG)
                     || (service->inherited->len > 0 && g_error_matches (error, SLUICE_ERROR, SLUICE_ERROR_ADDRESS))
                 ? EXIT_CONFIG
                 : EXIT_FAILURE;
    }
  g_main_loop_run (loop);
  return run.status;
}

/* Whether a service manager started this: then nobody reads an error on a terminal, and the bus has to be there. */
static gboolean
is_service (void)
{
  return g_getenv ("NOTIFY_SOCKET") != NULL || g_getenv ("LISTEN_FDS") != NULL;
}

static void
prepare_process (void)
{
  struct rlimit limit;
  /* 1 is what also a program that the kernel pipes cores to does not get (core(5)) */
  const struct rlimit no_core = { 1, 1 };

  /* before any thread: HTTP/2 of this libsoup is not to be used (DESIGN 6), neither side */
  g_setenv ("SOUP_FORCE_HTTP1", "1", TRUE);
  g_unsetenv ("SOUP_SERVER_HTTP2");
  /* nor TLS older than 1.2, which GnuTLS still speaks when it is asked to be compatible */
  g_setenv ("G_TLS_GNUTLS_PRIORITY", "NORMAL:%COMPAT:-VERS-TLS1.0:-VERS-TLS1.1", FALSE);
  setrlimit (RLIMIT_CORE, &no_core);
#ifndef __SANITIZE_ADDRESS__
  /* other programs of the user are not to read keys out of a service's memory; one that was started by hand can be
   * looked into, and the leak checker has to */
  if (is_service ())
    prctl (PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
  /* a limit on file sizes is an error of a write like any other, not the end of the process */
  signal (SIGXFSZ, SIG_IGN);
  /* nor is somebody who writes to a file while we look whether somebody does */
  signal (SIGIO, SIG_IGN);
  /* nor is a reader of standard error that left */
  signal (SIGPIPE, SIG_IGN);
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

/* What depends on where somebody stands when they start us would be another database each time. */
static gboolean
check_places (GError **error)
{
  const char *const places[] = { g_get_user_data_dir (), g_get_user_config_dir () };

  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    {
      if (g_path_is_absolute (places[i]))
        continue;
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG,
                   "'%s' is no place for files: HOME, and XDG_DATA_HOME and XDG_CONFIG_HOME if they are set, take "
                   "absolute paths", places[i]);
      return FALSE;
    }
  return TRUE;
}

static void
service_clear (Service *service)
{
  g_clear_pointer (&service->notify, sluice_notify_free);
  g_clear_pointer (&service->inherited, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Service, service_clear)

static void
forget_variables (const char *const *names)
{
  for (guint i = 0; names[i] != NULL; i++)
    g_unsetenv (names[i]);
}

/* Sockets, and whom to tell. The variables go: they are for this process, not for what it may start. */
static gboolean
take_from_manager (Service *service, GError **error)
{
  g_auto (GStrv) environment = g_get_environ ();

  service->inherited = sluice_activation_take (environment, SLUICE_ACTIVATION_FIRST, error);
  forget_variables (sluice_activation_variables ());
  forget_variables (sluice_notify_variables ());
  if (service->inherited == NULL)
    return FALSE;
  service->notify = sluice_notify_new (environment);
  return TRUE;
}

int
main (int argc, char *argv[])
{
  g_auto (Options) options = { .port = NOT_SAID, .workers = NOT_SAID, .idle_minutes = NOT_SAID };
  g_auto (Service) service = { NULL };
  gboolean as_service = is_service ();
  g_autoptr (SluiceConfigSource) source = NULL;
  g_autoptr (SluiceConfigReading) reading = NULL;
  g_autoptr (GError) error = NULL;
  SluiceLog *log;

  prepare_process ();
  log = sluice_log_start ();
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
  if (g_strcmp0 (options.debug, "help") == 0)
    {
      g_autofree char *topics = sluice_log_describe_topics ();

      g_print ("Topics of --debug, separated by commas:\n%s", topics);
      return EXIT_SUCCESS;
    }
  if (!check_places (&error) || !choose_topics (log, &options, &error))
    {
      g_printerr ("sluiced: %s\n", error->message);
      return EXIT_CONFIG;
    }
  if (options.check_path != NULL)
    return check_config (options.check_path);
  if (options.set_credential != NULL || options.clear_credential != NULL)
    return change_credential (&options);

  source = sluice_config_source_new (options.config_path);
  if (!take_from_manager (&service, &error) || !apply_options (source, &options, &error))
    {
      g_printerr ("sluiced: %s\n", error->message);
      return EXIT_CONFIG;
    }
  reading = sluice_config_source_read (source);
  if (reading->config == NULL && !as_service)
    {
      sluice_findings_print (reading->findings);
      return EXIT_CONFIG;
    }
  if (options.debug == NULL)
    service.log = log;
  return run_daemon (source, g_steal_pointer (&reading), &options, &service);
}
