/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "router/sluice-locality.h"
#include "shared/sluice-error.h"
#include "shared/sluice-log.h"
#include "upstream/sluice-upstream-private.h"

/* Reads handed out before other work of the thread gets its turn. */
#define MAX_READS_A_TURN 16

/* Bytes of a collected answer for which nobody is asked. */
#define SMALL_ANSWER (64 * 1024)

/* Interim answers (1xx) taken before the real one; libsoup reads them in one loop, in which no deadline is seen. */
#define MAX_INTERIMS 100

static void pump (SluiceAttempt *self);
static void stop_waiting (SluiceAttempt *self);

SluiceAttempt *
sluice_attempt_ref (SluiceAttempt *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
sluice_attempt_unref (SluiceAttempt *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  g_assert (self->phase == SLUICE_PHASE_ENDED);
  g_clear_object (&self->message);
  g_clear_object (&self->cancellable);
  g_clear_error (&self->failure);
  g_clear_pointer (&self->mock_text, g_free);
  g_clear_pointer (&self->whole, g_byte_array_unref);
  sluice_deployment_unref (self->request.deployment);
  g_clear_pointer (&self->request.body, g_bytes_unref);
  g_free (self);
}

/* Takes everything back that the attempt holds of the outside; the callbacks are the caller's business. */
static void
leave (SluiceAttempt *self)
{
  self->phase = SLUICE_PHASE_ENDED;
  g_queue_unlink (&self->upstream->attempts, &self->link);
  sluice_deployment_leave (self->request.deployment);
  if (self->mock_source != NULL)
    {
      g_source_destroy (self->mock_source);
      g_clear_pointer (&self->mock_source, g_source_unref);
    }
  if (self->message != NULL)
    g_signal_handlers_disconnect_by_data (self->message, self);
  stop_waiting (self);
  if (self->stream != NULL)
    {
      /* an unread rest is dropped with the connection, not waited for: this does not block */
      g_input_stream_close (self->stream, NULL, NULL);
      g_clear_object (&self->stream);
    }
  if (self->slot != NULL)
    sluice_upstream_give_slot (self->upstream, g_steal_pointer (&self->slot));
}

/* What went wrong is said in our words and the transport's, never in the upstream's. */
static void
log_failure (SluiceAttempt *self, const GError *error)
{
  const SluiceDeployment *deployment = self->request.deployment;
  const SluiceLogValue values[] = {
    SLUICE_LOG_TEXT (DEPLOYMENT, deployment->id),
    SLUICE_LOG_NUMBER (STATUS, self->status),
    SLUICE_LOG_TEXT (ERROR, error->message),
  };

  sluice_log_debug (SLUICE_LOG_UPSTREAM, values, G_N_ELEMENTS (values), "an attempt broke off");
}

static void
log_start (SluiceAttempt *self)
{
  const SluiceDeployment *deployment = self->request.deployment;
  const SluiceLogValue values[] = {
    SLUICE_LOG_TEXT (DEPLOYMENT, deployment->id),
    SLUICE_LOG_TEXT (PROVIDER, deployment->provider->id),
    SLUICE_LOG_TEXT (MODEL, deployment->model),
    SLUICE_LOG_NUMBER (REQUEST_BYTES, g_bytes_get_size (self->request.body)),
  };

  sluice_log_debug (SLUICE_LOG_UPSTREAM, values, G_N_ELEMENTS (values), "asking");
}

void
sluice_attempt_finish (SluiceAttempt *self, GError *error)
{
  g_autoptr (GError) owned = error;
  g_autoptr (SluiceAttempt) keep = sluice_attempt_ref (self);

  if (self->phase == SLUICE_PHASE_ENDED)
    return;

  if (owned != NULL && sluice_log_is_debugging ())
    log_failure (self, owned);
  leave (self);
  if (owned != NULL)
    g_cancellable_cancel (self->cancellable);
  self->funcs->end (self, owned, self->user_data);
  sluice_attempt_unref (self);
}

void
sluice_attempt_finish_answer (SluiceAttempt *self, GBytes *body)
{
  g_autoptr (SluiceAttempt) keep = sluice_attempt_ref (self);

  leave (self);
  self->funcs->answer (self, body, self->user_data);
  sluice_attempt_unref (self);
}

void
sluice_attempt_cancel (SluiceAttempt *self)
{
  if (self->phase == SLUICE_PHASE_ENDED)
    return;

  g_cancellable_cancel (self->cancellable);
  leave (self);
  sluice_attempt_unref (self);
}

static const char *
describe_certificate (GTlsCertificateFlags flags)
{
  /* in the order of what helps most; one certificate may have several faults */
  static const struct
  {
    GTlsCertificateFlags flag;
    const char *text;
  } faults[] = {
    { G_TLS_CERTIFICATE_REVOKED, "its certificate has been revoked" },
    { G_TLS_CERTIFICATE_EXPIRED, "its certificate has expired" },
    { G_TLS_CERTIFICATE_NOT_ACTIVATED, "its certificate is not valid yet, is this machine's clock right?" },
    { G_TLS_CERTIFICATE_BAD_IDENTITY, "its certificate is for another name" },
    { G_TLS_CERTIFICATE_UNKNOWN_CA, "its certificate comes from an authority that this machine does not trust" },
    { G_TLS_CERTIFICATE_INSECURE, "its certificate uses a method that is not secure" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (faults); i++)
    {
      if (flags & faults[i].flag)
        return faults[i].text;
    }
  return "its certificate is not acceptable";
}

static const char *
describe_failure (SoupMessage *message, const GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED))
    return "nothing listens there";
  if (g_error_matches (error, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE))
    return describe_certificate (soup_message_get_tls_peer_certificate_errors (message));
  return error->message;
}

/* An error of the transport in our own words; what we cancelled ourselves keeps its reason. */
static GError *
transport_error (SluiceAttempt *self, const GError *error)
{
  if (self->failure != NULL)
    return g_steal_pointer (&self->failure);

  /* from "starting" on the request may have arrived, and what came of it is not known */
  if (self->phase != SLUICE_PHASE_CONNECT)
    return g_error_new (SLUICE_ERROR, SLUICE_ERROR_UPSTREAM_ANSWER, "%s did not answer well: %s",
                        self->request.deployment->api_base, error->message);

  return g_error_new (SLUICE_ERROR, SLUICE_ERROR_UPSTREAM_UNREACHABLE, "could not reach %s: %s",
                      self->request.deployment->api_base, describe_failure (self->message, error));
}

static void
set_phase (SluiceAttempt *self, SluiceAttemptPhase phase, gint64 limit_ms)
{
  self->phase = phase;
  self->phase_deadline = limit_ms > 0 ? sluice_clock_monotonic (self->upstream->clock) + limit_ms * 1000 : G_MAXINT64;
}

void
sluice_attempt_check_deadlines (SluiceAttempt *self, gint64 now)
{
  static const char *const waits[] = { NULL, "waiting for the first byte", "waiting for the next byte" };

  if (self->phase == SLUICE_PHASE_ENDED || (now < self->total_deadline && (self->paused || now < self->phase_deadline)))
    return;

  /* nothing has been sent, a handshake of TLS included: it is not as if an answer were late */
  if (self->phase == SLUICE_PHASE_CONNECT)
    {
      sluice_attempt_finish (self, g_error_new (SLUICE_ERROR, SLUICE_ERROR_UPSTREAM_UNREACHABLE,
                                                "could not reach %s: connecting took too long (connect_timeout_ms)",
                                                self->request.deployment->api_base));
      return;
    }

  sluice_attempt_finish (self, g_error_new (SLUICE_ERROR, SLUICE_ERROR_UPSTREAM_TIMEOUT, "%s took too long while %s",
                                            self->request.deployment->api_base,
                                            now >= self->total_deadline ? "answering" : waits[self->phase]));
}

static GError *
too_large_error (SluiceAttempt *self)
{
  return g_error_new (SLUICE_ERROR, SLUICE_ERROR_UPSTREAM_ANSWER,
                      "the answer of %s is larger than %" G_GSIZE_FORMAT " bytes (max_answer_bytes)",
                      self->request.deployment->api_base, self->request.max_answer_bytes);
}

/* 0: not said. What is packed may get larger. */
static gsize
expected_bytes (SluiceAttempt *self)
{
  SoupMessageHeaders *headers = soup_message_get_response_headers (self->message);

  return (gsize) MAX (soup_message_headers_get_content_length (headers), 0);
}

/* Room for all that was announced, so that two half-collected ones do not wait for each other; else twice as much. */
static void
ask_for_room (SluiceAttempt *self)
{
  if (self->whole->len <= self->room)
    return;

  self->room = MIN (MAX (expected_bytes (self), (gsize) self->whole->len * 2), self->request.max_answer_bytes);
  if (self->funcs->room != NULL && !self->funcs->room (self, self->room, self->user_data))
    self->paused = TRUE;
}

/* Returns whether the attempt goes on. */
static gboolean
hand_out (SluiceAttempt *self, const char *bytes, gsize length)
{
  if (self->first_byte_us == 0)
    {
      self->first_byte_us = sluice_clock_real (self->upstream->clock);
      /* whoever answers has read the question: a long stream need not hold it */
      soup_message_set_request_body_from_bytes (self->message, NULL, NULL);
      g_clear_pointer (&self->request.body, g_bytes_unref);
    }

  if (self->streaming)
    {
      set_phase (self, SLUICE_PHASE_BODY, self->request.idle_ms);
      self->funcs->data (self, bytes, length, self->user_data);
      return self->phase != SLUICE_PHASE_ENDED;
    }

  if (self->whole->len + length > self->request.max_answer_bytes)
    {
      sluice_attempt_finish (self, too_large_error (self));
      return FALSE;
    }
  set_phase (self, SLUICE_PHASE_BODY, self->request.idle_ms);
  g_byte_array_append (self->whole, (const guint8 *) bytes, (guint) length);
  ask_for_room (self);
  return TRUE;
}

static void
on_end_of_body (SluiceAttempt *self)
{
  g_autoptr (GBytes) body = NULL;

  if (self->streaming)
    {
      sluice_attempt_finish (self, NULL);
      return;
    }
  body = g_byte_array_free_to_bytes (g_steal_pointer (&self->whole));
  sluice_attempt_finish_answer (self, body);
}

static void
on_readable (gpointer data)
{
  g_autoptr (SluiceAttempt) self = sluice_attempt_ref (data);

  pump (self);
}

static void
stop_waiting (SluiceAttempt *self)
{
  if (self->watch == NULL)
    return;
  sluice_stream_watch_stop (self->watch);
  g_clear_object (&self->watch);
}

static void
wait_for_bytes (SluiceAttempt *self, gboolean repeat)
{
  if (self->watch == NULL)
    self->watch = sluice_stream_watch_new (self->upstream->poller, self->stream, on_readable, self);
  if (repeat)
    sluice_stream_watch_repeat (self->watch);
}

/* Takes what is there without waiting, then waits. */
static void
pump (SluiceAttempt *self)
{
  gboolean blocked = FALSE;

  for (guint i = 0; i < MAX_READS_A_TURN && !self->paused && !blocked; i++)
    {
      g_autoptr (GError) error = NULL;
      gssize count = g_pollable_input_stream_read_nonblocking (G_POLLABLE_INPUT_STREAM (self->stream),
                                                               self->upstream->scratch, SLUICE_READ_BYTES, NULL,
                                                               &error);

      blocked = count < 0 && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
      if (count < 0 && !blocked)
        {
          sluice_attempt_finish (self, transport_error (self, error));
          return;
        }
      if (count == 0)
        {
          on_end_of_body (self);
          return;
        }
      if (count > 0 && !hand_out (self, self->upstream->scratch, (gsize) count))
        return;
    }

  if (self->paused)
    {
      stop_waiting (self);
      return;
    }
  /* others get their turn, and bytes that libsoup holds make no socket readable */
  wait_for_bytes (self, !blocked);
}

/* In any case of letters (RFC 9110 8.3.1). */
static gboolean
is_stream_type (const char *type)
{
  static const char *const types[] = { "text/event-stream", "application/x-ndjson", "application/ndjson",
                                       "application/jsonl", "application/stream+json" };

  for (guint i = 0; type != NULL && i < G_N_ELEMENTS (types); i++)
    if (g_ascii_strcasecmp (type, types[i]) == 0)
      return TRUE;
  return FALSE;
}

static void
on_sent (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (SluiceAttempt) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GInputStream) stream = soup_session_send_finish (SOUP_SESSION (source), result, &error);
  const char *type;

  if (self->phase == SLUICE_PHASE_ENDED)
    {
      if (stream != NULL)
        g_input_stream_close (stream, NULL, NULL);
      return;
    }
  if (stream == NULL)
    {
      sluice_attempt_finish (self, transport_error (self, error));
      return;
    }

  self->stream = g_steal_pointer (&stream);
  self->status = soup_message_get_status (self->message);
  type = soup_message_headers_get_content_type (soup_message_get_response_headers (self->message), NULL);
  self->streaming = self->request.stream && self->status >= 200 && self->status < 300 && is_stream_type (type);
  if (!self->streaming)
    {
      self->whole = g_byte_array_sized_new ((guint) CLAMP (expected_bytes (self), 256, 1024 * 1024));
      self->room = SMALL_ANSWER;
    }
  /* the first byte of the body may still take long: the model thinks after the headers */
  pump (self);
}

/* @failure (transfer full): what is said instead of "cancelled" */
static void
cancel_for (SluiceAttempt *self, GError *failure)
{
  g_clear_error (&self->failure);
  self->failure = failure;
  g_cancellable_cancel (self->cancellable);
}

static void
on_starting (SoupMessage *message, gpointer data)
{
  SluiceAttempt *self = data;
  GSocketAddress *address = soup_message_get_remote_address (message);
  const char *host = g_uri_get_host (soup_message_get_uri (message));

  self->sent = TRUE;
  set_phase (self, SLUICE_PHASE_FIRST_BYTE, self->request.first_byte_ms);
  if (!self->request.deployment->local || !sluice_host_is_private (host) || !G_IS_INET_SOCKET_ADDRESS (address)
      || sluice_address_is_private (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address))))
    return;

  cancel_for (self, g_error_new (SLUICE_ERROR, SLUICE_ERROR_UPSTREAM_UNREACHABLE,
                                 "%s leads to an address outside this network, although it counts as local", host));
}

/* libsoup found an idle connection closed and sends again on a fresh one: once is the known race, more is trouble. */
static void
on_restarted (SoupMessage *message, gpointer data)
{
  SluiceAttempt *self = data;

  if (++self->resends <= 1)
    return;

  cancel_for (self, g_error_new (SLUICE_ERROR, SLUICE_ERROR_UPSTREAM_UNREACHABLE,
                                 "%s closes the connection whenever it is asked", self->request.deployment->api_base));
}

static void
on_interim (SoupMessage *message, gpointer data)
{
  SluiceAttempt *self = data;

  if (++self->interims != MAX_INTERIMS)
    return;

  cancel_for (self, g_error_new (SLUICE_ERROR, SLUICE_ERROR_UPSTREAM_ANSWER,
                                 "%s sends one interim answer (status %u) after another and no real one",
                                 self->request.deployment->api_base, soup_message_get_status (message)));
}

static SoupMessage *
build_message (SluiceAttempt *self)
{
  const SluiceDeployment *deployment = self->request.deployment;
  g_autofree char *address = g_strconcat (deployment->api_base, self->request.path, NULL);
  /* not SOUP_METHOD_POST, which several threads would set at its first use without a lock */
  SoupMessage *message = soup_message_new ("POST", address);
  SoupMessageHeaders *headers;

  if (message == NULL)
    return NULL;

  /* without the first flag each POST opens a connection; with redirects keys would go to other hosts */
  soup_message_add_flags (message, SOUP_MESSAGE_IDEMPOTENT | SOUP_MESSAGE_NO_REDIRECT);
  headers = soup_message_get_request_headers (message);
  soup_message_headers_append (headers, "User-Agent", "sluice/" PACKAGE_VERSION);
  soup_message_headers_append (headers, "Accept", self->request.stream ? "text/event-stream, application/json"
                                                                       : "application/json");
  soup_message_headers_append (headers, "Accept-Encoding", "identity");
  if (deployment->api_key != NULL)
    {
      g_autofree char *value = g_strconcat ("Bearer ", deployment->api_key, NULL);

      soup_message_headers_append (headers, "Authorization", value);
    }
  if (deployment->organization != NULL)
    soup_message_headers_append (headers, "OpenAI-Organization", deployment->organization);
  soup_message_set_request_body_from_bytes (message, "application/json", self->request.body);
  return message;
}

static gboolean
fail_later (gpointer data)
{
  SluiceAttempt *self = data;

  sluice_attempt_finish (self, g_error_new (SLUICE_ERROR, SLUICE_ERROR_UPSTREAM_UNREACHABLE,
                                            "the address %s cannot be asked", self->request.deployment->api_base));
  return G_SOURCE_REMOVE;
}

static void
start_failing (SluiceAttempt *self)
{
  self->mock_source = g_idle_source_new ();
  g_source_set_callback (self->mock_source, fail_later, self, NULL);
  g_source_attach (self->mock_source, g_main_context_get_thread_default ());
}

SluiceAttempt *
sluice_attempt_start (SluiceUpstream *upstream,
                      SluiceAttemptRequest *request,
                      const SluiceAttemptFuncs *funcs,
                      gpointer user_data)
{
  SluiceAttempt *self = g_new0 (SluiceAttempt, 1);

  g_atomic_ref_count_init (&self->refs);
  self->upstream = upstream;
  self->request = *request;
  self->funcs = funcs;
  self->user_data = user_data;
  self->cancellable = g_cancellable_new ();
  self->link.data = self;
  g_queue_push_tail_link (&upstream->attempts, &self->link);
  sluice_deployment_enter (self->request.deployment);
  set_phase (self, SLUICE_PHASE_CONNECT, request->connect_ms);
  self->total_deadline = sluice_clock_monotonic (upstream->clock) + request->total_ms * 1000;
  memset (request, 0, sizeof *request);
  if (sluice_log_is_debugging ())
    log_start (self);

  if (sluice_deployment_is_mock (self->request.deployment))
    {
      sluice_attempt_start_mock (self);
      return sluice_attempt_ref (self);
    }

  self->message = build_message (self);
  if (self->message == NULL)
    {
      start_failing (self);
      return sluice_attempt_ref (self);
    }
  g_signal_connect (self->message, "starting", G_CALLBACK (on_starting), self);
  g_signal_connect (self->message, "restarted", G_CALLBACK (on_restarted), self);
  g_signal_connect (self->message, "got-informational", G_CALLBACK (on_interim), self);
  self->slot = sluice_upstream_take_slot (upstream, self->request.deployment->local);
  soup_session_send_async (self->slot->session, self->message, G_PRIORITY_DEFAULT, self->cancellable, on_sent,
                           sluice_attempt_ref (self));
  return sluice_attempt_ref (self);
}

void
sluice_attempt_pause (SluiceAttempt *self)
{
  self->paused = TRUE;
}

void
sluice_attempt_resume (SluiceAttempt *self)
{
  if (!self->paused)
    return;

  self->paused = FALSE;
  if (self->phase == SLUICE_PHASE_ENDED)
    return;
  if (self->mock_text != NULL)
    sluice_attempt_resume_mock (self);
  if (self->stream == NULL)
    return;
  set_phase (self, SLUICE_PHASE_BODY, self->request.idle_ms);
  /* from the loop, not from within the caller */
  wait_for_bytes (self, TRUE);
}

guint
sluice_attempt_get_status (const SluiceAttempt *self)
{
  return self->status;
}

gboolean
sluice_attempt_is_sent (const SluiceAttempt *self)
{
  return self->sent || sluice_deployment_is_mock (self->request.deployment);
}

gint64
sluice_attempt_get_first_byte (const SluiceAttempt *self)
{
  return self->first_byte_us;
}

guint
sluice_attempt_get_resends (const SluiceAttempt *self)
{
  return self->resends;
}

void
sluice_attempt_foreach_header (const SluiceAttempt *self, SluiceHeaderFunc func, gpointer user_data)
{
  if (self->message != NULL && self->status != 0)
    soup_message_headers_foreach (soup_message_get_response_headers (self->message), func, user_data);
}
