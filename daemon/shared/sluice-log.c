/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/sluice-log.h"

#include <string.h>

#include "shared/sluice-error.h"
#include "shared/sluice-log-private.h"

/* Bytes of a text field: ids and names are shorter. */
#define MAX_TEXT 200

typedef struct {
  const char *name;
  const char *what;
} Topic;

static const Topic topics[] = {
  [SLUICE_LOG_DAEMON] = { "daemon", "starting, stopping, the state" },
  [SLUICE_LOG_SHARED] = { "shared", "what all parts use" },
  [SLUICE_LOG_CONFIG] = { "config", "reading the configuration" },
  [SLUICE_LOG_CATALOGUE] = { "catalogue", "providers and prices" },
  [SLUICE_LOG_SECRETS] = { "secrets", "where a key is looked for, never the key" },
  [SLUICE_LOG_ACCOUNTS] = { "accounts", "who may ask" },
  [SLUICE_LOG_ROUTER] = { "router", "the candidates for each request" },
  [SLUICE_LOG_DIALECT] = { "dialect", "wire formats" },
  [SLUICE_LOG_UPSTREAM] = { "upstream", "each attempt at a deployment" },
  [SLUICE_LOG_CACHE] = { "cache", "answers given twice" },
  [SLUICE_LOG_LEDGER] = { "ledger", "what is written to the database" },
  [SLUICE_LOG_HTTP] = { "http", "each finished request" },
  [SLUICE_LOG_BUS] = { "bus", "calls over D-Bus" },
};

G_STATIC_ASSERT (G_N_ELEMENTS (topics) == SLUICE_N_LOG_TOPICS);

typedef struct {
  SluiceLogTopic topic;
  GLogLevelFlags level;
  const char *message_id;
} Event;

static const Event events[] = {
  [SLUICE_EVENT_STARTED] = { SLUICE_LOG_DAEMON, G_LOG_LEVEL_MESSAGE, "4fb24638900bde0828639ac5fc27ee19" },
  [SLUICE_EVENT_CONFIG_READ] = { SLUICE_LOG_DAEMON, G_LOG_LEVEL_MESSAGE, "6a2165003de87fe28595e0d71bcdd981" },
  [SLUICE_EVENT_CONFIG_REFUSED] = { SLUICE_LOG_DAEMON, G_LOG_LEVEL_WARNING, "2ea79ef90d43e07b3c7af26981492bbf" },
  [SLUICE_EVENT_LEDGER_DEGRADED] = { SLUICE_LOG_LEDGER, G_LOG_LEVEL_WARNING, "bd45c93bdd0073b393e3d7ef77772937" },
  [SLUICE_EVENT_LEDGER_RECOVERED] = { SLUICE_LOG_LEDGER, G_LOG_LEVEL_MESSAGE, "28720060dfa76cb69220592e27267b0b" },
  [SLUICE_EVENT_DRAINING] = { SLUICE_LOG_DAEMON, G_LOG_LEVEL_MESSAGE, "063004aeafbc22bbb906123a85183a5b" },
  [SLUICE_EVENT_UPSTREAM_FAILED] = { SLUICE_LOG_UPSTREAM, G_LOG_LEVEL_WARNING, "d4bdf560d4cd2cf0c915e10882a8eb6c" },
};

G_STATIC_ASSERT (G_N_ELEMENTS (events) == SLUICE_N_EVENTS);

typedef enum {
  TEXT,
  NUMBER,
  DURATION, /* microseconds; milliseconds in lines for people */
} Kind;

typedef struct {
  const char *field; /* of the journal */
  const char *label; /* in lines for people */
  Kind kind;
} Field;

static const Field fields[] = {
  [SLUICE_FIELD_REQUEST_ID] = { "SLUICE_REQUEST_ID", "request", TEXT },
  [SLUICE_FIELD_OPERATION] = { "SLUICE_OPERATION", "operation", TEXT },
  [SLUICE_FIELD_ACCOUNT] = { "SLUICE_ACCOUNT", "account", TEXT },
  [SLUICE_FIELD_MODEL_GROUP] = { "SLUICE_MODEL_GROUP", "group", TEXT },
  [SLUICE_FIELD_DEPLOYMENT] = { "SLUICE_DEPLOYMENT", "deployment", TEXT },
  [SLUICE_FIELD_PROVIDER] = { "SLUICE_PROVIDER", "provider", TEXT },
  [SLUICE_FIELD_MODEL] = { "SLUICE_MODEL", "model", TEXT },
  [SLUICE_FIELD_STATUS] = { "SLUICE_STATUS", "status", NUMBER },
  [SLUICE_FIELD_ERROR] = { "SLUICE_ERROR", "error", TEXT },
  [SLUICE_FIELD_DURATION] = { "SLUICE_DURATION_US", "duration", DURATION },
  [SLUICE_FIELD_FIRST_BYTE] = { "SLUICE_FIRST_BYTE_US", "first-byte", DURATION },
  [SLUICE_FIELD_REQUEST_BYTES] = { "SLUICE_REQUEST_BYTES", "request-bytes", NUMBER },
  [SLUICE_FIELD_RESPONSE_BYTES] = { "SLUICE_RESPONSE_BYTES", "response-bytes", NUMBER },
  [SLUICE_FIELD_PROMPT_TOKENS] = { "SLUICE_PROMPT_TOKENS", "prompt-tokens", NUMBER },
  [SLUICE_FIELD_COMPLETION_TOKENS] = { "SLUICE_COMPLETION_TOKENS", "completion-tokens", NUMBER },
  [SLUICE_FIELD_ATTEMPTS] = { "SLUICE_ATTEMPTS", "attempts", NUMBER },
  [SLUICE_FIELD_CANDIDATES] = { "SLUICE_CANDIDATES", "candidates", NUMBER },
  [SLUICE_FIELD_ROWS] = { "SLUICE_ROWS", "rows", NUMBER },
  [SLUICE_FIELD_ERRORS] = { "SLUICE_ERRORS", "errors", NUMBER },
  [SLUICE_FIELD_WARNINGS] = { "SLUICE_WARNINGS", "warnings", NUMBER },
  [SLUICE_FIELD_ADDRESS] = { "SLUICE_ADDRESS", "address", TEXT },
  [SLUICE_FIELD_PATH] = { "SLUICE_PATH", "path", TEXT },
  [SLUICE_FIELD_STATE] = { "SLUICE_STATE", "state", TEXT },
};

G_STATIC_ASSERT (G_N_ELEMENTS (fields) == SLUICE_N_FIELDS);

/* Domain, message, priority, message id. */
#define N_OWN_FIELDS 4

/* Returns: SLUICE_N_LOG_TOPICS if there is none of this name */
static SluiceLogTopic
topic_of_name (const char *name)
{
  for (guint i = 0; i < SLUICE_N_LOG_TOPICS; i++)
    {
      if (strcmp (topics[i].name, name) == 0)
        return (SluiceLogTopic) i;
    }
  return SLUICE_N_LOG_TOPICS;
}

SluiceLogTopic
sluice_log_topic_of_domain (const char *domain)
{
  if (domain == NULL || !g_str_has_prefix (domain, SLUICE_LOG_DOMAIN_PREFIX))
    return SLUICE_N_LOG_TOPICS;

  return topic_of_name (domain + strlen (SLUICE_LOG_DOMAIN_PREFIX));
}

static gboolean
find_topic (const char *name, guint *found)
{
  SluiceLogTopic topic = topic_of_name (name);

  if (strcmp (name, "all") == 0)
    {
      *found |= (1u << SLUICE_N_LOG_TOPICS) - 1;
      return TRUE;
    }
  if (topic == SLUICE_N_LOG_TOPICS)
    return FALSE;
  *found |= 1u << topic;
  return TRUE;
}

gboolean
sluice_log_parse_topics (const char *text, guint *mask, GError **error)
{
  g_auto (GStrv) names = NULL;
  guint found = 0;

  g_return_val_if_fail (text != NULL && mask != NULL, FALSE);

  names = g_strsplit_set (text, ", ", -1);
  for (guint i = 0; names[i] != NULL; i++)
    {
      g_autofree char *name = NULL;
      g_autoptr (GString) known = NULL;

      if (*names[i] == '\0' || find_topic (names[i], &found))
        continue;
      known = g_string_new ("all");
      for (guint j = 0; j < SLUICE_N_LOG_TOPICS; j++)
        g_string_append_printf (known, ", %s", topics[j].name);
      name = sluice_log_escape (names[i], MAX_TEXT);
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG, "'%s' is no topic of debug lines; these are: %s", name,
                   known->str);
      return FALSE;
    }
  *mask = found;
  return TRUE;
}

char *
sluice_log_describe_topics (void)
{
  GString *text = g_string_new ("  all         every one of these\n");

  for (guint i = 0; i < SLUICE_N_LOG_TOPICS; i++)
    g_string_append_printf (text, "  %-10s  %s\n", topics[i].name, topics[i].what);
  return g_string_free (text, FALSE);
}

static const char *
priority (GLogLevelFlags level)
{
  return level & (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING) ? "4" : level & G_LOG_LEVEL_MESSAGE ? "5" : "7";
}

/* Returns: (transfer full): the value as a field holds it. */
static char *
value_to_string (const SluiceLogValue *value)
{
  if (fields[value->field].kind == TEXT)
    return sluice_log_escape (value->text, MAX_TEXT);
  return g_strdup_printf ("%" G_GINT64_FORMAT, value->number);
}

static gboolean
is_left_out (const SluiceLogValue *value)
{
  return fields[value->field].kind == TEXT && value->text == NULL;
}

static void
append_value (GString *message, const SluiceLogValue *value, const char *text)
{
  const Field *field = &fields[value->field];

  g_string_append_printf (message, " %s=", field->label);
  if (field->kind == DURATION)
    g_string_append_printf (message, "%" G_GINT64_FORMAT ".%03dms", value->number / 1000,
                            (int) (ABS (value->number) % 1000));
  else if (field->kind == TEXT && (*text == '\0' || strpbrk (text, " \"=") != NULL))
    {
      g_string_append_c (message, '"');
      for (; *text != '\0'; text++)
        g_string_append_printf (message, *text == '"' ? "\\%c" : "%c", *text);
      g_string_append_c (message, '"');
    }
  else
    g_string_append (message, text);
}

/* @event_id (nullable). @message (transfer full). @speak: the values are said in the message too. */
static void
write_out (SluiceLogTopic topic,
           GLogLevelFlags level,
           const char *event_id,
           const SluiceLogValue *values,
           guint n_values,
           GString *message,
           gboolean speak)
{
  g_autofree GLogField *out = g_new (GLogField, N_OWN_FIELDS + n_values);
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *domain = g_strconcat (SLUICE_LOG_DOMAIN_PREFIX, topics[topic].name, NULL);
  guint n = 0;

  for (guint i = 0; i < n_values; i++)
    {
      char *text;

      if (is_left_out (&values[i]))
        continue;
      text = value_to_string (&values[i]);
      g_ptr_array_add (texts, text);
      out[n++] = (GLogField){ fields[values[i].field].field, text, -1 };
      if (speak)
        append_value (message, &values[i], text);
    }
  out[n++] = (GLogField){ "PRIORITY", priority (level), -1 };
  out[n++] = (GLogField){ "GLIB_DOMAIN", domain, -1 };
  out[n++] = (GLogField){ "MESSAGE", message->str, -1 };
  if (event_id != NULL)
    out[n++] = (GLogField){ "MESSAGE_ID", event_id, -1 };
  g_log_structured_array (level, out, n);
  g_string_free (message, TRUE);
}

void
sluice_log_event (SluiceEvent event, const SluiceLogValue *values, guint n_values, const char *format, ...)
{
  GString *message;
  va_list arguments;

  g_return_if_fail (event < SLUICE_N_EVENTS);

  message = g_string_new (NULL);
  va_start (arguments, format);
  g_string_vprintf (message, format, arguments);
  va_end (arguments);
  write_out (events[event].topic, events[event].level, events[event].message_id, values, n_values, message, FALSE);
}

void
sluice_log_debug (SluiceLogTopic topic, const SluiceLogValue *values, guint n_values, const char *format, ...)
{
  GString *message;
  va_list arguments;

  g_return_if_fail (topic < SLUICE_N_LOG_TOPICS);

  if (!sluice_log_is_debugging ())
    return;
  message = g_string_new (NULL);
  va_start (arguments, format);
  g_string_vprintf (message, format, arguments);
  va_end (arguments);
  write_out (topic, G_LOG_LEVEL_DEBUG, NULL, values, n_values, message, TRUE);
}
