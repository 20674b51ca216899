/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "http/sluice-exchange-private.h"
#include "http/sluice-http-error.h"
#include "http/sluice-metrics-exchange.h"
#include "shared/sluice-error.h"
#include "shared/sluice-money.h"

/* Of a Retry-After in seconds: up to eleven days. */
#define MAX_RETRY_DIGITS 6

/* Bytes of a key that is looked for in the names of an upstream's headers. */
#define MIN_KEY_IN_NAME 8

/* Of the names of headers that a preflight asks for; the official clients come with a dozen. */
#define MAX_REQUEST_HEADER_NAMES 2048

static void
append_header (GString *out, const char *name, const char *value)
{
  g_string_append (out, name);
  g_string_append (out, ": ");
  g_string_append (out, value);
  g_string_append (out, "\r\n");
}

/* Clients wait as it says: seconds or a date, and not for years. */
static gboolean
is_sound_retry_after (const char *value)
{
  g_autoptr (GDateTime) date = NULL;

  if (strlen (value) <= MAX_RETRY_DIGITS && value[strspn (value, "0123456789")] == '\0')
    return TRUE;
  date = soup_date_time_new_from_http_string (value);
  return date != NULL;
}

/* The upstream's headers under our prefix, and its rate limits under their own names (http-surface.md 1.6). */
typedef struct {
  GString *out;
  const char *key; /* (nullable): what the upstream was sent */
} HeaderTarget;

/* Names are the same in any case, and servers change it. A short key is a word and left, as in
 * sluice_secret_hide_in(): it would take every x-ratelimit- away. */
static gboolean
is_in_name (const char *key, const char *name)
{
  gsize length = strlen (key);

  if (length < MIN_KEY_IN_NAME)
    return FALSE;
  for (; *name != '\0'; name++)
    if (g_ascii_strncasecmp (name, key, length) == 0)
      return TRUE;
  return FALSE;
}

static void
append_upstream_header (const char *name, const char *value, gpointer data)
{
  static const char *const not_passed[] = { "Set-Cookie",     "Connection", "Keep-Alive", "Transfer-Encoding",
                                            "Content-Length", "Date",       "Content-Type" };
  const HeaderTarget *target = data;
  GString *out = target->out;

  for (guint i = 0; i < G_N_ELEMENTS (not_passed); i++)
    {
      if (g_ascii_strcasecmp (name, not_passed[i]) == 0)
        return;
    }
  /* never a line or a control byte of the upstream's making in our head */
  if (strpbrk (name, "\r\n: ") != NULL || *value == '\0')
    return;
  for (const char *p = value; *p != '\0'; p++)
    {
      if (g_ascii_iscntrl (*p) && *p != '\t')
        return;
    }
  if (target->key != NULL && *target->key != '\0'
      && (strstr (value, target->key) != NULL || is_in_name (target->key, name)))
    return;
  if (g_ascii_strncasecmp (name, "x-ratelimit-", strlen ("x-ratelimit-")) == 0
      || (g_ascii_strcasecmp (name, "Retry-After") == 0 && is_sound_retry_after (value)))
    append_header (out, name, value);
  g_string_append (out, "llm_provider-");
  append_header (out, name, value);
}

static void
append_timing (GString *out, const char *name, gint64 from, gint64 to, gboolean *first)
{
  if (from == 0 || to == 0 || to < from)
    return;
  g_string_append_printf (out, "%s%s;dur=%" G_GINT64_FORMAT ".%03d", *first ? "Server-Timing: " : ", ", name,
                          (to - from) / 1000, (int) ((to - from) % 1000));
  *first = FALSE;
}

static void
append_timings (SluiceExchange *self, GString *out)
{
  gint64 now = sluice_exchange_now (self);
  gboolean first = TRUE;

  append_timing (out, "read", self->t_begin, self->t_read, &first);
  append_timing (out, "reserve", self->t_reserve, self->t_sent, &first);
  append_timing (out, "upstream", self->t_sent, self->t_first, &first);
  append_timing (out, "settle", self->t_settle, now, &first);
  append_timing (out, "total", self->t_begin, now, &first);
  if (!first)
    g_string_append (out, "\r\n");
}

static void
append_deployment (SluiceExchange *self, GString *out, gboolean stream)
{
  const SluiceDeployment *deployment = self->deployment;
  gint64 now = sluice_exchange_now (self);

  append_header (out, "x-litellm-model-id", deployment->id);
  append_header (out, "x-litellm-model-group", deployment->group);
  if (*deployment->api_base != '\0')
    append_header (out, "x-litellm-model-api-base", deployment->api_base);
  g_string_append_printf (out, "x-litellm-attempted-retries: %u\r\n", self->next > 0 ? self->next - 1 : 0);
  if (!stream)
    {
      g_autofree char *cost = sluice_money_format_usd (self->cost_nano);
      gint64 upstream = self->t_first > self->t_sent && self->t_sent > 0 ? self->t_first - self->t_sent : 0;

      append_header (out, "x-litellm-response-cost", cost);
      g_string_append_printf (out, "x-litellm-response-duration-ms: %" G_GINT64_FORMAT ".%03d\r\n",
                              (now - self->t_begin) / 1000, (int) ((now - self->t_begin) % 1000));
      g_string_append_printf (out, "x-litellm-overhead-duration-ms: %" G_GINT64_FORMAT ".%03d\r\n",
                              (now - self->t_begin - upstream) / 1000, (int) ((now - self->t_begin - upstream) % 1000));
    }
  if (self->attempt != NULL)
    {
      HeaderTarget target = { out, deployment->api_key };

      sluice_attempt_foreach_header (self->attempt, append_upstream_header, &target);
    }
}

/* Headers that a page says it is about to send, if they are names and nothing else. */
static gboolean
are_header_names (const char *text)
{
  return text != NULL && *text != '\0' && strlen (text) <= MAX_REQUEST_HEADER_NAMES
         && text[strspn (text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_, ")] == '\0';
}

/* What lets pages of a configured origin read the answer, and send what the preflight has asked for; nothing for all
 * others. */
static void
append_cors (SluiceExchange *self, GString *out)
{
  const char *names;

  if (self->guard.origin == NULL)
    return;
  append_header (out, "Access-Control-Allow-Origin", self->guard.origin);
  g_string_append (out, "Vary: Origin\r\n");
  if (!self->guard.preflight)
    return;
  g_string_append (out, "Access-Control-Allow-Methods: GET, POST\r\nAccess-Control-Max-Age: 600\r\n");
  names = soup_message_headers_get_list (soup_server_message_get_request_headers (self->message),
                                         "Access-Control-Request-Headers");
  if (are_header_names (names))
    append_header (out, "Access-Control-Allow-Headers", names);
}

/* What every answer to this request has. */
static void
append_own (SluiceExchange *self, GString *out)
{
  append_header (out, "x-litellm-call-id", self->guard.call_id != NULL ? self->guard.call_id : self->request_id);
  append_header (out, "x-request-id", self->request_id);
  append_cors (self, out);
}

void
sluice_exchange_append_head (SluiceExchange *self, GString *out, guint status, const char *type, gssize length)
{
  g_string_append_printf (out, "HTTP/1.1 %u %s\r\nDate: %s\r\n", status, sluice_http_reason (status),
                          sluice_worker_get_date (self->worker));
  if (type != NULL)
    append_header (out, "Content-Type", type);
  if (length >= 0 && status != 204)
    g_string_append_printf (out, "Content-Length: %" G_GSSIZE_FORMAT "\r\n", length);
  else if (length < 0 && !self->http10)
    g_string_append (out, "Transfer-Encoding: chunked\r\n");
  if (length < 0)
    g_string_append (out, "X-Accel-Buffering: no\r\n");
  if (self->close_after)
    g_string_append (out, "Connection: close\r\n");
  g_string_append (out, SLUICE_HTTP_SAFETY_HEADERS "x-litellm-version: " PACKAGE_VERSION "\r\n");
  append_own (self, out);
  if (self->deployment != NULL)
    append_deployment (self, out, length < 0);
  if (self->pending)
    g_string_append (out, "x-sluice-ledger: pending\r\n");
  self->told_pending = self->pending;
  append_timings (self, out);
}

void
sluice_exchange_release (SluiceExchange *self)
{
  SoupMessageHeaders *headers;

  if (self->stage == SLUICE_STAGE_RELEASED)
    return;

  sluice_exchange_move_to (self, SLUICE_STAGE_RELEASED);
  sluice_exchange_drop_room (self);
  headers = soup_server_message_get_response_headers (self->message);
  if (self->close_after || self->gone)
    soup_message_headers_replace (headers, "Connection", "close");
  soup_server_message_set_status (self->message, 200, NULL);
  if (self->message_paused)
    {
      self->message_paused = FALSE;
      soup_server_message_unpause (self->message);
    }
}

void
sluice_exchange_complete (SluiceExchange *self)
{
  /* sending may have shown that the client is gone */
  if (self->stage < SLUICE_STAGE_ANSWERED)
    sluice_exchange_move_to (self, SLUICE_STAGE_ANSWERED);
  sluice_exchange_drop_attempt (self);
  sluice_exchange_drop_body (self);
  if (sluice_connection_get_queued (self->connection) == 0)
    sluice_exchange_release (self);
}

void
sluice_exchange_refuse (SluiceExchange *self, const GError *error)
{
  g_autoptr (GString) headers = g_string_new (NULL);
  g_autoptr (GString) answer = NULL;

  if (self->stage != SLUICE_STAGE_READING)
    return;
  if (self->guard.route != NULL && g_error_matches (error, SLUICE_ERROR, SLUICE_ERROR_METHOD_NOT_ALLOWED))
    append_header (headers, "Allow", self->guard.route->post ? "POST" : "GET, HEAD");
  append_own (self, headers);
  answer = sluice_http_error_format (error, headers->str);
  if (g_str_equal (soup_server_message_get_method (self->message), "HEAD"))
    g_string_truncate (answer, (gsize) (strstr (answer->str, "\r\n\r\n") - answer->str) + strlen ("\r\n\r\n"));
  sluice_metrics_note_answer (self, sluice_error_face (error)->status, sluice_error_face (error)->type);

  sluice_exchange_move_to (self, SLUICE_STAGE_ANSWERED);
  self->close_after = TRUE;
  sluice_connection_refuse (self->connection, answer->str, answer->len);
  sluice_exchange_release (self);
}

static void
send_answer (SluiceExchange *self)
{
  g_autoptr (GString) head = g_string_sized_new (1024);
  gsize length;
  const char *body = g_bytes_get_data (self->answer_body, &length);
  const char *type = self->answer_type != NULL ? self->answer_type : "application/json";

  sluice_exchange_append_head (self, head, self->answer_status, self->answer_status == 204 ? NULL : type,
                               (gssize) length);
  if (self->answer_status >= 400)
    g_string_append (head, self->answer_status >= 500 || self->answer_status == 429 || self->answer_status == 408
                               ? "x-should-retry: true\r\n"
                               : "x-should-retry: false\r\n");
  g_string_append (head, "\r\n");
  if (self->record != NULL)
    self->record->response_bytes = (gint64) length;
  sluice_connection_send2 (self->connection, head->str, head->len, body, self->guard.head ? 0 : length);
  /* what did not go out at once is in the connection's queue */
  g_clear_pointer (&self->answer_body, g_bytes_unref);
  sluice_exchange_complete (self);
}

static void
send_tail (SluiceExchange *self)
{
  g_autoptr (GString) tail = g_string_new (NULL);
  g_autoptr (GString) event = g_string_new (NULL);

  if (self->stream_fault != NULL)
    {
      g_string_append (event, "data: ");
      sluice_fault_append_json (self->stream_fault, event);
      g_string_append (event, "\n\n");
    }
  else
    g_string_append (event, "data: [DONE]\n\n");
  /* the head went out before this was known; a comment is for those who look */
  if (self->pending && !self->told_pending)
    g_string_prepend (event, ": x-sluice-ledger: pending\n\n");
  if (self->http10)
    g_string_append (tail, event->str);
  else
    g_string_append_printf (tail, "%" G_GSIZE_MODIFIER "x\r\n%s\r\n0\r\n\r\n", event->len, event->str);
  sluice_connection_send (self->connection, tail->str, tail->len);
  sluice_exchange_complete (self);
}

static GBytes *
fault_to_bytes (const SluiceFault *fault)
{
  GString *body = g_string_new (NULL);

  sluice_fault_append_json (fault, body);
  return g_string_free_to_bytes (body);
}

/* The rows are on disk, or kept, or refused: the last bytes may go. */
static void
on_settled (SluiceLedgerResult result, gpointer data)
{
  SluiceExchange *self = data;

  self->worker->n_in_ledger--;
  self->pending = result == SLUICE_LEDGER_PENDING;
  sluice_metrics_note_row (self, result == SLUICE_LEDGER_REFUSED ? 503 : self->record->status);
  if (self->stage != SLUICE_STAGE_SETTLING)
    {
      sluice_exchange_unref (self);
      return;
    }
  if (result == SLUICE_LEDGER_REFUSED)
    {
      g_autoptr (GError) error
          = g_error_new_literal (SLUICE_ERROR, SLUICE_ERROR_LEDGER_UNAVAILABLE,
                                 "the answer could not be recorded, the database cannot be written");
      g_autoptr (SluiceFault) fault = sluice_fault_new_from_error (error);

      if (self->answer_body == NULL)
        {
          g_clear_pointer (&self->stream_fault, sluice_fault_free);
          self->stream_fault = g_steal_pointer (&fault);
        }
      else
        {
          g_clear_pointer (&self->answer_body, g_bytes_unref);
          self->answer_body = fault_to_bytes (fault);
          self->answer_status = 503;
        }
    }
  if (self->answer_body == NULL)
    send_tail (self);
  else
    send_answer (self);
  sluice_exchange_unref (self);
}

static void
hand_over_row (SluiceExchange *self, guint status, const char *word)
{
  g_assert (self->record->finished_us == 0);

  self->t_settle = sluice_exchange_now (self);
  self->record->status = status;
  self->record->error = g_strdup (word);
  self->record->finished_us = sluice_clock_real (self->worker->shared.clock);
  self->worker->n_in_ledger++;
  sluice_ledger_finish (self->worker->shared.ledger, self->record, self->worker->inbox, on_settled,
                        sluice_exchange_ref (self));
}

void
sluice_exchange_settle (SluiceExchange *self, guint status, const char *word)
{
  sluice_exchange_move_to (self, SLUICE_STAGE_SETTLING);
  hand_over_row (self, status, word);
}

void
sluice_exchange_settle_late (SluiceExchange *self, guint status, const char *word)
{
  g_assert (self->gone);

  hand_over_row (self, status, word);
}

void
sluice_exchange_answer (SluiceExchange *self, guint status, GBytes *body, const char *word)
{
  g_clear_pointer (&self->answer_body, g_bytes_unref);
  self->answer_body = body;
  self->answer_status = status;
  if (self->record != NULL)
    {
      sluice_exchange_settle (self, status, word);
      return;
    }
  sluice_metrics_note_answer (self, status, word);
  send_answer (self);
}

void
sluice_exchange_fail_with (SluiceExchange *self, SluiceFault *fault)
{
  sluice_exchange_answer (self, fault->status, fault_to_bytes (fault), fault->type);
}

void
sluice_exchange_fail (SluiceExchange *self, const GError *error)
{
  g_autoptr (SluiceFault) fault = sluice_fault_new_from_error (error);

  sluice_exchange_fail_with (self, fault);
}
