/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A closed-loop load generator: each of its connections asks, waits for the whole answer and asks again. One thread,
 * epoll, HTTP/1.1, loopback only. */

#include "load-client.h"

#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define EVENTS 256
#define BUFFER (256 * 1024) /* bytes */

typedef struct {
  int connections;
  int requests;
  double seconds;
  int timeout; /* seconds for the answers still open at the end */
  int ramp;    /* ms over which the connections begin */
  int size;    /* bytes of the question */
  char *path;
  char *model;
  char *body;
  char *body_file;
  char **headers;
  gboolean stream;
  gboolean close;
  gboolean json;
} Options;

static gboolean
read_options (Options *options, int *argc, char ***argv, GError **error)
{
  const GOptionEntry entries[] = {
    { "connections", 'c', 0, G_OPTION_ARG_INT, &options->connections, "Connections (default: 1)", "N" },
    { "requests", 'n', 0, G_OPTION_ARG_INT, &options->requests, "End after N requests", "N" },
    { "seconds", 's', 0, G_OPTION_ARG_DOUBLE, &options->seconds, "End after N seconds (default: 600)", "N" },
    { "timeout", 0, 0, G_OPTION_ARG_INT, &options->timeout, "Seconds that answers may take then (default: 30)", "N" },
    { "ramp", 0, 0, G_OPTION_ARG_INT, &options->ramp, "Spread the beginning over so many ms", "MS" },
    { "path", 0, 0, G_OPTION_ARG_STRING, &options->path, "Default: that of the body", "PATH" },
    { "body", 'b', 0, G_OPTION_ARG_STRING, &options->body, "chat (default), embed", "KIND" },
    { "body-file", 0, 0, G_OPTION_ARG_FILENAME, &options->body_file, "Send this instead", "FILE" },
    { "size", 0, 0, G_OPTION_ARG_INT, &options->size, "Bytes of the whole body (default: 1024)", "N" },
    { "model", 'm', 0, G_OPTION_ARG_STRING, &options->model, "Default: fake", "NAME" },
    { "header", 'H', 0, G_OPTION_ARG_STRING_ARRAY, &options->headers, "A header line; may come again", "LINE" },
    { "stream", 0, 0, G_OPTION_ARG_NONE, &options->stream, "Ask for streams; count events and their delay", NULL },
    { "no-keep-alive", 0, 0, G_OPTION_ARG_NONE, &options->close, "A connection for each request", NULL },
    { "json", 'j', 0, G_OPTION_ARG_NONE, &options->json, "One line of JSON", NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("PORT - load on a port of 127.0.0.1");

  g_option_context_add_main_entries (context, entries, NULL);
  return g_option_context_parse (context, argc, argv, error);
}

/* A question of @options->size bytes in all. It names no text of more than one word, so that an echo stays short. */
static GString *
build_body (const Options *options)
{
  gboolean embed = g_strcmp0 (options->body, "embed") == 0;
  GString *body = g_string_new (NULL);
  gsize ending;

  g_string_append_printf (body, "{\"model\":\"%s\",", options->model);
  if (options->stream)
    g_string_append (body, "\"stream\":true,\"stream_options\":{\"include_usage\":true},");
  g_string_append (body, embed ? "\"input\":\""
                               : "\"temperature\":0.5,\"messages\":[{\"role\":\"system\",\"content\":\"");
  ending = strlen (embed ? "\"}" : "\"},{\"role\":\"user\",\"content\":\"Say hello.\"}]}");
  for (gint64 left = options->size - (gint64) body->len - (gint64) ending; left > 0; left--)
    g_string_append_c (body, left % 8 == 0 ? ' ' : 'a' + left % 23);
  return g_string_append (body, embed ? "\"}" : "\"},{\"role\":\"user\",\"content\":\"Say hello.\"}]}");
}

/* Returns: (nullable): head and body. */
static GString *
build_request (const Options *options, int port, GError **error)
{
  const char *default_path = g_strcmp0 (options->body, "embed") == 0 ? "/v1/embeddings" : "/v1/chat/completions";
  GString *request = g_string_new (NULL);
  GString *body;

  if (options->body_file != NULL)
    {
      char *text;
      gsize length;

      if (!g_file_get_contents (options->body_file, &text, &length, error))
        {
          g_string_free (request, TRUE);
          return NULL;
        }
      body = g_string_new_len (text, length);
      g_free (text);
    }
  else
    body = build_body (options);

  g_string_append_printf (request,
                          "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"
                          "Content-Length: %" G_GSIZE_FORMAT "\r\n",
                          options->path != NULL ? options->path : default_path, port, body->len);
  for (guint i = 0; options->headers != NULL && options->headers[i] != NULL; i++)
    g_string_append_printf (request, "%s\r\n", options->headers[i]);
  if (options->close)
    g_string_append (request, "Connection: close\r\n");
  g_string_append (request, "\r\n");
  g_string_append_len (request, body->str, body->len);
  g_string_free (body, TRUE);
  return request;
}

static guint
count_busy (GPtrArray *clients)
{
  guint busy = 0;

  for (guint i = 0; i < clients->len; i++)
    busy += load_client_is_busy (g_ptr_array_index (clients, i));
  return busy;
}

/* Begins the clients whose turn has come. Returns: how many have begun in all. */
static guint
start_due (GPtrArray *clients, guint started, gint64 begun, int ramp)
{
  gint64 passed = g_get_monotonic_time () - begun;

  while (started < clients->len
         && (ramp <= 0 || passed >= (gint64) ramp * 1000 * started / clients->len))
    load_client_start (g_ptr_array_index (clients, started++));
  return started;
}

static void
run_all (LoadRun *run, const Options *options)
{
  g_autoptr (GPtrArray) clients = g_ptr_array_new_with_free_func ((GDestroyNotify) load_client_free);
  g_autofree char *buffer = g_malloc (BUFFER);
  struct epoll_event events[EVENTS];
  gint64 begun = g_get_monotonic_time ();
  gint64 give_up = begun + (gint64) ((options->seconds + options->timeout) * G_USEC_PER_SEC);
  guint started = 0;

  run->stop_at = begun + (gint64) (options->seconds * G_USEC_PER_SEC);
  for (int i = 0; i < options->connections; i++)
    g_ptr_array_add (clients, load_client_new (run));

  while (g_get_monotonic_time () < give_up)
    {
      int ready;

      started = start_due (clients, started, begun, options->ramp);
      if (started == clients->len && run->connected == 0)
        break;
      ready = epoll_wait (run->epoll_fd, events, EVENTS, started < clients->len ? 1 : 100);
      for (int i = 0; i < ready; i++)
        load_client_ready (events[i].data.ptr, events[i].events, buffer, BUFFER);
      if (ready <= 0 && started == clients->len && count_busy (clients) == 0)
        break;
    }
  for (guint i = 0; i < clients->len; i++)
    load_client_give_up (g_ptr_array_index (clients, i));
}

static void
print_times (const char *name, LoadSamples *samples, gboolean json)
{
  LoadPercentiles p = load_samples_percentiles (samples);

  printf (json ? "\"%s\":{\"p50\":%" G_GUINT64_FORMAT ",\"p90\":%" G_GUINT64_FORMAT ",\"p99\":%" G_GUINT64_FORMAT
                 ",\"max\":%" G_GUINT64_FORMAT "},"
               : "%-12s p50 %" G_GUINT64_FORMAT "  p90 %" G_GUINT64_FORMAT "  p99 %" G_GUINT64_FORMAT
                 "  max %" G_GUINT64_FORMAT "\n",
          name, p.p50, p.p90, p.p99, p.max);
}

static void
print_report (const LoadRun *run, double seconds, gboolean json)
{
  const struct
  {
    const char *name;
    guint64 value;
  } rows[] = {
    { "requests", run->requests },     { "errors", run->errors },         { "non_2xx", run->non_2xx },
    { "incomplete", run->incomplete }, { "reconnects", run->reconnects }, { "events", run->events },
    { "bytes", run->bytes },           { "last_bad_status", run->last_bad_status },
  };

  printf ("%s", json ? "{" : "");
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    printf (json ? "\"%s\":%" G_GUINT64_FORMAT "," : "%-12s %" G_GUINT64_FORMAT "\n", rows[i].name, rows[i].value);
  print_times ("latency_us", run->latency, json);
  print_times ("delay_us", run->delay, json);
  if (json)
    printf ("\"last_error\":\"%s\",\"seconds\":%.6f}\n", run->last_error, seconds);
  else
    printf ("last error   %s\nseconds      %.3f\nper second   %.0f\n", run->last_error, seconds,
            seconds > 0 ? (double) run->requests / seconds : 0.0);
}

static void
allow_many_descriptors (void)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) == 0)
    {
      limit.rlim_cur = limit.rlim_max;
      setrlimit (RLIMIT_NOFILE, &limit);
    }
}

static void
options_clear (Options *options)
{
  g_free (options->path);
  g_free (options->model);
  g_free (options->body);
  g_free (options->body_file);
  g_strfreev (options->headers);
}

int
main (int argc, char **argv)
{
  Options options = { .connections = 1, .seconds = 600, .timeout = 30, .size = 1024 };
  g_autoptr (GError) error = NULL;
  LoadRun run = { 0 };
  gint64 begun;

  if (!read_options (&options, &argc, &argv, &error) || argc != 2)
    {
      fprintf (stderr, "loadgen: %s\n", error != NULL ? error->message : "give one port");
      return 2;
    }
  if (options.model == NULL)
    options.model = g_strdup ("fake");
  allow_many_descriptors ();
  run.port = g_ascii_strtoull (argv[1], NULL, 10);
  run.request = build_request (&options, run.port, &error);
  if (run.request == NULL)
    {
      fprintf (stderr, "loadgen: %s\n", error->message);
      return 2;
    }
  run.epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
  run.stream = options.stream;
  run.keep_alive = !options.close;
  run.to_start = options.requests > 0 ? (guint64) options.requests : G_MAXUINT64;
  run.latency = load_samples_new ();
  run.delay = load_samples_new ();

  begun = g_get_monotonic_time ();
  run_all (&run, &options);
  print_report (&run, (double) (g_get_monotonic_time () - begun) / G_USEC_PER_SEC, options.json);

  load_samples_free (run.latency);
  load_samples_free (run.delay);
  g_string_free (run.request, TRUE);
  close (run.epoll_fd);
  options_clear (&options);
  return run.errors + run.non_2xx + run.incomplete > 0;
}
