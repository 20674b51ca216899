/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the daemon says of itself. Everything goes one way out: to the journal with fields when standard error is the
 * journal's stream, else to standard error as plain lines; g_warning() and its kin of every room come the same way.
 * Control bytes never get out as they are.
 *
 * What may be said is an allow-list: the fields below, each of one type. There is none for a prompt, an answer, a
 * header, a key or the text of an upstream, and the format string is ours. Any thread.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* One topic a room; its G_LOG_DOMAIN is "sluice-" and the topic's name. */
typedef enum {
  SLUICE_LOG_DAEMON,
  SLUICE_LOG_SHARED,
  SLUICE_LOG_CONFIG,
  SLUICE_LOG_CATALOGUE,
  SLUICE_LOG_SECRETS,
  SLUICE_LOG_ACCOUNTS,
  SLUICE_LOG_ROUTER,
  SLUICE_LOG_DIALECT,
  SLUICE_LOG_UPSTREAM,
  SLUICE_LOG_CACHE,
  SLUICE_LOG_LEDGER,
  SLUICE_LOG_HTTP,
  SLUICE_LOG_BUS,
  SLUICE_N_LOG_TOPICS,
} SluiceLogTopic;

/* What people search for: each has a MESSAGE_ID that never changes. */
typedef enum {
  SLUICE_EVENT_STARTED,
  SLUICE_EVENT_CONFIG_READ,
  SLUICE_EVENT_CONFIG_REFUSED,
  SLUICE_EVENT_LEDGER_DEGRADED,
  SLUICE_EVENT_LEDGER_RECOVERED,
  SLUICE_EVENT_DRAINING,
  SLUICE_EVENT_UPSTREAM_FAILED,
  SLUICE_N_EVENTS,
} SluiceEvent;

typedef enum {
  SLUICE_FIELD_REQUEST_ID,
  SLUICE_FIELD_OPERATION,
  SLUICE_FIELD_ACCOUNT,
  SLUICE_FIELD_MODEL_GROUP,
  SLUICE_FIELD_DEPLOYMENT,
  SLUICE_FIELD_PROVIDER,
  SLUICE_FIELD_MODEL,
  SLUICE_FIELD_STATUS,
  SLUICE_FIELD_ERROR,
  SLUICE_FIELD_DURATION,
  SLUICE_FIELD_FIRST_BYTE,
  SLUICE_FIELD_REQUEST_BYTES,
  SLUICE_FIELD_RESPONSE_BYTES,
  SLUICE_FIELD_PROMPT_TOKENS,
  SLUICE_FIELD_COMPLETION_TOKENS,
  SLUICE_FIELD_ATTEMPTS,
  SLUICE_FIELD_CANDIDATES,
  SLUICE_FIELD_ROWS,
  SLUICE_FIELD_ERRORS,
  SLUICE_FIELD_WARNINGS,
  SLUICE_FIELD_ADDRESS,
  SLUICE_FIELD_PATH,
  SLUICE_FIELD_STATE,
  SLUICE_N_FIELDS,
} SluiceField;

/* One figure or name beside a message. A text that is %NULL is left out. */
typedef struct {
  SluiceField field;
  gint64 number;    /* of a number; microseconds of a duration */
  const char *text; /* (nullable): of a text, borrowed for the call */
} SluiceLogValue;

#define SLUICE_LOG_TEXT(name, value) ((SluiceLogValue){ SLUICE_FIELD_##name, 0, (value) })
#define SLUICE_LOG_NUMBER(name, value) ((SluiceLogValue){ SLUICE_FIELD_##name, (gint64) (value), NULL })

/* The process's way out; made once, lives as long as the process. */
typedef struct _SluiceLog SluiceLog;

/* Puts the writer in place: once, before any other thread. Debug lines of the topics (or domains) that
 * G_MESSAGES_DEBUG names are on. (transfer none) */
SluiceLog *sluice_log_start (void);

/*
 * Reads topics separated by commas or spaces, or "all", into @topics: a bit for each. Errors: SLUICE_ERROR_CONFIG for a
 * name that is none, with those that are.
 */
gboolean sluice_log_parse_topics (const char *text, guint *topics, GError **error);

/* Lets the debug lines of @topics out, and no others. */
void sluice_log_set_topics (SluiceLog *self, guint topics);

/* The topics, one a line with what they say, for people. (transfer full) */
char *sluice_log_describe_topics (void);

/*
 * Says that @event has come: the text stands as it is, the values are fields of the journal only.
 */
void sluice_log_event (SluiceEvent event, const SluiceLogValue *values, guint n_values, const char *format, ...)
    G_GNUC_PRINTF (4, 5);

/*
 * A line for a person who hunts a problem: the text, then the values as name=value; in the journal they are fields too.
 * To be asked only if sluice_log_is_debugging(): otherwise the values are made for nothing.
 */
void sluice_log_debug (SluiceLogTopic topic, const SluiceLogValue *values, guint n_values, const char *format, ...)
    G_GNUC_PRINTF (4, 5);

/* Whether debug lines of any topic are on. One atomic read. */
#define sluice_log_is_debugging() G_UNLIKELY (g_log_get_debug_enabled ())

/* @text with control bytes, marks that turn the direction of writing and bytes that are not UTF-8 as \xNN or
 * \u{N}, cut to about @max bytes. (transfer full) */
char *sluice_log_escape (const char *text, gsize max);

G_END_DECLS
