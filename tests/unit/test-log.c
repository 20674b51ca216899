/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/sluice-log.h"

#include <string.h>

#include "shared/sluice-error.h"

#define MAX_SEEN 16

/* The last message, as the writer got it. */
typedef struct {
  guint n;
  GLogLevelFlags level;
  char *keys[MAX_SEEN];
  char *values[MAX_SEEN];
  gsize n_fields;
} Seen;

static void
seen_clear (Seen *seen)
{
  for (gsize i = 0; i < seen->n_fields; i++)
    {
      g_free (seen->keys[i]);
      g_free (seen->values[i]);
    }
  seen->n_fields = 0;
}

static GLogWriterOutput
keep (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
  Seen *seen = data;

  seen_clear (seen);
  seen->n++;
  seen->level = level;
  seen->n_fields = MIN (n_fields, MAX_SEEN);
  for (gsize i = 0; i < seen->n_fields; i++)
    {
      seen->keys[i] = g_strdup (fields[i].key);
      seen->values[i] = fields[i].length < 0 ? g_strdup (fields[i].value)
                                             : g_strndup (fields[i].value, (gsize) fields[i].length);
    }
  return G_LOG_WRITER_HANDLED;
}

static const char *
get (const Seen *seen, const char *key)
{
  for (gsize i = 0; i < seen->n_fields; i++)
    {
      if (strcmp (seen->keys[i], key) == 0)
        return seen->values[i];
    }
  return NULL;
}

typedef struct {
  const char *text;
  gboolean good;
  guint topics;
} TopicCase;

static const TopicCase topic_cases[] = {
  { "http", TRUE, 1u << SLUICE_LOG_HTTP },
  { "http,ledger", TRUE, 1u << SLUICE_LOG_HTTP | 1u << SLUICE_LOG_LEDGER },
  { " http , ledger,", TRUE, 1u << SLUICE_LOG_HTTP | 1u << SLUICE_LOG_LEDGER },
  { "all", TRUE, (1u << SLUICE_N_LOG_TOPICS) - 1 },
  { "secrets,all", TRUE, (1u << SLUICE_N_LOG_TOPICS) - 1 },
  { "", TRUE, 0 },
  { "htp", FALSE, 0 },
  { "HTTP", FALSE, 0 },
  { "http;ledger", FALSE, 0 },
  { "http,\x1b[31mred", FALSE, 0 },
};

static void
test_topics (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (topic_cases); i++)
    {
      const TopicCase *c = &topic_cases[i];
      g_autoptr (GError) error = NULL;
      guint topics = 0;
      gboolean good = sluice_log_parse_topics (c->text, &topics, &error);

      g_assert_cmpint (good, ==, c->good);
      g_assert_cmpuint (topics, ==, c->topics);
      if (good)
        continue;
      g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG);
      g_assert_nonnull (strstr (error->message, "upstream"));
      g_assert_null (strchr (error->message, '\x1b'));
    }
}

static void
test_describe (void)
{
  g_autofree char *text = sluice_log_describe_topics ();
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  g_assert_cmpuint (g_strv_length (lines), ==, SLUICE_N_LOG_TOPICS + 2);
}

typedef struct {
  const char *text;
  gsize max;
  const char *escaped;
} EscapeCase;

static const EscapeCase escape_cases[] = {
  { "", 10, "" },
  { "gpt-4o", 10, "gpt-4o" },
  { "Größe", 10, "Größe" },
  { "a\nb\r\tc", 20, "a\\x0ab\\x0d\\x09c" },
  { "\x1b]0;title\x07", 30, "\\x1b]0;title\\x07" },
  { "\x7f", 10, "\\x7f" },
  { "\xc2\x9b" "31m", 20, "\\u{9b}31m" },
  { "\xe2\x80\xae" "abc", 20, "\\u{202e}abc" },
  { "\xe2\x80\xa8", 20, "\\u{2028}" },
  { "\xff\xc3", 20, "\\xff\\xc3" },
  { "0123456789", 4, "0123…" },
  { "ääääää", 3, "ää…" },
};

static void
test_escape (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (escape_cases); i++)
    {
      g_autofree char *escaped = sluice_log_escape (escape_cases[i].text, escape_cases[i].max);

      g_assert_cmpstr (escaped, ==, escape_cases[i].escaped);
    }
}

static void
test_event (gconstpointer data)
{
  Seen *seen = (gpointer) data;
  const SluiceLogValue values[] = {
    SLUICE_LOG_TEXT (DEPLOYMENT, "evil\nMESSAGE_ID=1"),
    SLUICE_LOG_TEXT (MODEL_GROUP, NULL),
    SLUICE_LOG_NUMBER (STATUS, 503),
  };

  sluice_log_event (SLUICE_EVENT_UPSTREAM_FAILED, values, G_N_ELEMENTS (values), "it failed %d times", 2);

  g_assert_cmpint (seen->level, ==, G_LOG_LEVEL_WARNING);
  g_assert_cmpstr (get (seen, "MESSAGE"), ==, "it failed 2 times");
  g_assert_cmpstr (get (seen, "PRIORITY"), ==, "4");
  g_assert_cmpstr (get (seen, "GLIB_DOMAIN"), ==, "sluice-upstream");
  g_assert_cmpuint (strlen (get (seen, "MESSAGE_ID")), ==, 32);
  g_assert_cmpstr (get (seen, "SLUICE_DEPLOYMENT"), ==, "evil\\x0aMESSAGE_ID=1");
  g_assert_cmpstr (get (seen, "SLUICE_STATUS"), ==, "503");
  g_assert_null (get (seen, "SLUICE_MODEL_GROUP"));
  seen_clear (seen);
}

static void
test_debug (gconstpointer data)
{
  Seen *seen = (gpointer) data;
  const SluiceLogValue values[] = {
    SLUICE_LOG_TEXT (REQUEST_ID, "0192-7"),
    SLUICE_LOG_TEXT (MODEL_GROUP, "a \"b\""),
    SLUICE_LOG_TEXT (MODEL, ""),
    SLUICE_LOG_NUMBER (DURATION, 1234567),
  };
  guint before = seen->n;

  g_log_set_debug_enabled (FALSE);
  sluice_log_debug (SLUICE_LOG_HTTP, values, G_N_ELEMENTS (values), "off");
  g_assert_cmpuint (seen->n, ==, before);

  g_log_set_debug_enabled (TRUE);
  sluice_log_debug (SLUICE_LOG_HTTP, values, G_N_ELEMENTS (values), "on");
  g_assert_cmpuint (seen->n, ==, before + 1);
  g_assert_cmpstr (get (seen, "MESSAGE"), ==,
                   "on request=0192-7 group=\"a \\\"b\\\"\" model=\"\" duration=1234.567ms");
  g_assert_cmpstr (get (seen, "SLUICE_DURATION_US"), ==, "1234567");
  g_assert_cmpstr (get (seen, "GLIB_DOMAIN"), ==, "sluice-http");
  g_assert_null (get (seen, "MESSAGE_ID"));
  g_log_set_debug_enabled (FALSE);
  seen_clear (seen);
}

/* No field may have the name of another, and all are ours. */
static void
test_fields (gconstpointer data)
{
  Seen *seen = (gpointer) data;
  g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < SLUICE_N_FIELDS; i++)
    {
      const SluiceLogValue value = { (SluiceField) i, 1, "x" };

      sluice_log_event (SLUICE_EVENT_STARTED, &value, 1, "x");
      g_assert_true (g_str_has_prefix (seen->keys[0], "SLUICE_"));
      g_assert_true (g_hash_table_add (names, g_strdup (seen->keys[0])));
    }
  seen_clear (seen);
}

int
main (int argc, char *argv[])
{
  Seen seen = { 0 };

  g_test_init (&argc, &argv, NULL);
  g_log_set_writer_func (keep, &seen, NULL);
  g_test_add_func ("/log/topics", test_topics);
  g_test_add_func ("/log/describe", test_describe);
  g_test_add_func ("/log/escape", test_escape);
  g_test_add_data_func ("/log/event", &seen, test_event);
  g_test_add_data_func ("/log/debug", &seen, test_debug);
  g_test_add_data_func ("/log/fields", &seen, test_fields);
  return g_test_run ();
}
