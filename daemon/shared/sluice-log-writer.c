/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The writer that GLib calls for every message of the process.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/sluice-log-private.h"

/* Bytes of a whole message. */
#define MAX_MESSAGE 4096

/* What a foreign message may bring of fields of its own. */
#define MAX_FIELDS 64

struct _SluiceLog {
  guint topics;         /* atomic: a bit for each whose debug lines go out */
  GLogLevelFlags fatal; /* what ends the process: G_DEBUG=fatal-warnings and the like */
  gboolean journal;     /* standard error is the journal's stream */
};

/* Characters that are no control bytes and yet change how a line is shown: C1 controls, line and paragraph separator,
 * directions, the byte order mark. */
static gboolean
is_deceptive (gunichar c)
{
  return (c >= 0x80 && c < 0xa0) || (c >= 0x200e && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e)
         || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

static void
append_escaped (GString *out, const char *text, gsize length, gsize max)
{
  const char *end = text + length;

  while (text < end)
    {
      gunichar c = g_utf8_get_char_validated (text, end - text);

      if (out->len >= max)
        {
          g_string_append (out, "…");
          return;
        }
      if (c == (gunichar) -1 || c == (gunichar) -2 || c < 0x20 || c == 0x7f)
        {
          g_string_append_printf (out, "\\x%02x", (guchar) *text);
          text++;
          continue;
        }
      if (is_deceptive (c))
        g_string_append_printf (out, "\\u{%x}", c);
      else
        g_string_append_unichar (out, c);
      text = g_utf8_next_char (text);
    }
}

char *
sluice_log_escape (const char *text, gsize max)
{
  GString *out;

  g_return_val_if_fail (text != NULL, NULL);

  out = g_string_new (NULL);
  append_escaped (out, text, strlen (text), max);
  return g_string_free (out, FALSE);
}

static const GLogField *
find_field (const GLogField *fields, gsize n_fields, const char *key)
{
  for (gsize i = 0; i < n_fields; i++)
    {
      if (strcmp (fields[i].key, key) == 0 && fields[i].value != NULL)
        return &fields[i];
    }
  return NULL;
}

static gsize
field_length (const GLogField *field)
{
  return field->length < 0 ? strlen (field->value) : (gsize) field->length;
}

static gboolean
is_dropped (SluiceLog *self, GLogLevelFlags level, const char *domain)
{
  SluiceLogTopic topic;

  if ((level & (G_LOG_LEVEL_DEBUG | G_LOG_LEVEL_INFO)) == 0)
    return FALSE;
  topic = sluice_log_topic_of_domain (domain);
  return topic == SLUICE_N_LOG_TOPICS || (g_atomic_int_get (&self->topics) & (1u << topic)) == 0;
}

static gboolean
write_journal (GLogLevelFlags level, const GLogField *fields, gsize n_fields, const GString *message)
{
  GLogField out[MAX_FIELDS + 1];
  gsize n = 0;

  for (gsize i = 0; i < n_fields && n < MAX_FIELDS; i++)
    {
      out[n] = fields[i];
      if (strcmp (fields[i].key, "MESSAGE") == 0)
        out[n] = (GLogField){ "MESSAGE", message->str, (gssize) message->len };
      n++;
    }
  out[n++] = (GLogField){ "SYSLOG_IDENTIFIER", "sluiced", -1 };
  return g_log_writer_journald (level, out, n, NULL) == G_LOG_WRITER_HANDLED;
}

/* In one piece, so that the lines of several threads do not mix. @event: a sentence that says itself what it is. */
static void
write_line (GLogLevelFlags level, const char *domain, gboolean event, const GString *message)
{
  g_autoptr (GString) line = g_string_new (NULL);
  gsize written = 0;

  if (level & G_LOG_LEVEL_CRITICAL)
    g_string_append (line, "critical: ");
  else if ((level & G_LOG_LEVEL_WARNING) && !event)
    g_string_append (line, "warning: ");
  else if (level & (G_LOG_LEVEL_DEBUG | G_LOG_LEVEL_INFO))
    g_string_append_printf (line, "debug %s: ", domain + strlen (SLUICE_LOG_DOMAIN_PREFIX));
  g_string_append_len (line, message->str, (gssize) message->len);
  g_string_append_c (line, '\n');
  while (written < line->len)
    {
      gssize n = write (STDERR_FILENO, line->str + written, line->len - written);

      /* nobody to tell */
      if (n < 0 && errno != EINTR)
        return;
      written += (gsize) MAX (n, 0);
    }
}

static GLogWriterOutput
write_message (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
  SluiceLog *self = data;
  const GLogField *domain_field = find_field (fields, n_fields, "GLIB_DOMAIN");
  const GLogField *text = find_field (fields, n_fields, "MESSAGE");
  const char *domain = domain_field != NULL ? domain_field->value : NULL;
  g_autoptr (GString) message = NULL;

  if (is_dropped (self, level, domain))
    return G_LOG_WRITER_HANDLED;
  /* it writes, and ends the process as G_DEBUG asked for */
  if (level & self->fatal)
    return g_log_writer_default (level, fields, n_fields, NULL);

  message = g_string_new (NULL);
  if (text != NULL)
    append_escaped (message, text->value, field_length (text), MAX_MESSAGE);
  if (!self->journal || !write_journal (level, fields, n_fields, message))
    write_line (level, domain, find_field (fields, n_fields, "MESSAGE_ID") != NULL, message);
  return G_LOG_WRITER_HANDLED;
}

/* JOURNAL_STREAM names device and inode of the stream that a service got: a terminal or a file may have taken its
 * place. */
static gboolean
is_journal_stream (void)
{
  const char *stream = g_getenv ("JOURNAL_STREAM");
  struct stat buffer;
  g_autofree char *own = NULL;

  if (stream == NULL || fstat (STDERR_FILENO, &buffer) != 0)
    return FALSE;
  own = g_strdup_printf ("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT, (guint64) buffer.st_dev, (guint64) buffer.st_ino);
  return strcmp (stream, own) == 0;
}

/* GLib's own variable, which people know; "all" there means other libraries too, which we leave silent. */
static guint
topics_of_environment (void)
{
  const char *text = g_getenv ("G_MESSAGES_DEBUG");
  g_auto (GStrv) names = g_strsplit_set (text != NULL ? text : "", ", ", -1);
  guint topics = 0;

  for (guint i = 0; names[i] != NULL; i++)
    {
      SluiceLogTopic topic = sluice_log_topic_of_domain (names[i]);

      if (strcmp (names[i], "all") == 0)
        topics |= (1u << SLUICE_N_LOG_TOPICS) - 1;
      else if (topic != SLUICE_N_LOG_TOPICS)
        topics |= 1u << topic;
    }
  return topics;
}

void
sluice_log_set_topics (SluiceLog *self, guint topics)
{
  g_atomic_int_set (&self->topics, topics);
  g_log_set_debug_enabled (topics != 0);
}

SluiceLog *
sluice_log_start (void)
{
  SluiceLog *self = g_new0 (SluiceLog, 1);

  self->fatal = g_log_set_always_fatal (G_LOG_FATAL_MASK) | G_LOG_LEVEL_ERROR;
  g_log_set_always_fatal (self->fatal);
  self->journal = is_journal_stream ();
  sluice_log_set_topics (self, topics_of_environment ());
  g_log_set_writer_func (write_message, self, g_free);
  return self;
}
