/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fake-log.h"

#include <string.h>

#define SMALL_BODY 16384           /* bytes; larger bodies are hashed, not kept */
#define KEPT_MAX (64 * 1024 * 1024) /* bytes */

typedef struct {
  guint64 number;
  guint64 connection;
  guint64 id;
  gint64 time; /* monotonic microseconds */
  const char *mode; /* (unowned) static */
  char *bytes; /* (owned): head, body if small, tag, model */
  gsize head_length;
  gsize body_length;
  gsize tag_length;
  gsize model_length;
  char *sha256; /* (owned) (nullable): of a large body; of a small one it is computed when asked for */
  gboolean stream;
  gboolean ended;
  gboolean aborted;
  guint status;
} Entry;

struct _FakeLog {
  FakeStats stats;
  Entry *entries; /* (owned): a ring; number n is in place n % capacity */
  guint capacity;
  guint64 first; /* the oldest number kept */
  guint64 next;
  gsize kept; /* bytes */
};

static gsize
kept_body (const Entry *entry)
{
  return entry->body_length <= SMALL_BODY ? entry->body_length : 0;
}

static gsize
entry_size (const Entry *entry)
{
  return entry->head_length + kept_body (entry) + entry->tag_length + entry->model_length + sizeof *entry;
}

static Entry *
entry_of (FakeLog *self, guint64 number)
{
  return &self->entries[number % self->capacity];
}

static void
drop_first (FakeLog *self)
{
  Entry *entry = entry_of (self, self->first++);

  self->kept -= entry_size (entry);
  g_clear_pointer (&entry->bytes, g_free);
  g_clear_pointer (&entry->sha256, g_free);
}

FakeLog *
fake_log_new (guint capacity)
{
  FakeLog *self = g_new0 (FakeLog, 1);

  self->capacity = capacity;
  self->entries = g_new0 (Entry, MAX (capacity, 1));
  self->first = self->next = 1;
  return self;
}

void
fake_log_free (FakeLog *self)
{
  while (self->first < self->next)
    drop_first (self);
  g_free (self->entries);
  g_free (self);
}

FakeStats *
fake_log_stats (FakeLog *self)
{
  return &self->stats;
}

static char *
join (FakeSlice a, FakeSlice b, FakeSlice c, FakeSlice d)
{
  FakeSlice parts[] = { a, b, c, d };
  char *bytes = g_malloc (a.length + b.length + c.length + d.length + 1);
  char *p = bytes;

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    if (parts[i].length > 0)
      p = mempcpy (p, parts[i].data, parts[i].length);
  *p = '\0';
  return bytes;
}

guint64
fake_log_add (FakeLog *self, const FakeRequest *request, guint64 connection, guint64 id, const char *mode)
{
  gboolean small = request->body.length <= SMALL_BODY;
  FakeSlice body = small ? request->body : (FakeSlice){ NULL, 0 };
  Entry *entry;

  if (self->capacity == 0)
    return 0;
  while (self->next - self->first >= self->capacity || (self->kept > KEPT_MAX && self->first < self->next))
    {
      drop_first (self);
      self->stats.dropped++;
    }
  entry = entry_of (self, self->next);
  *entry = (Entry){
    .number = self->next++,
    .connection = connection,
    .id = id,
    .time = g_get_monotonic_time (),
    .mode = mode,
    .bytes = join (request->head, body, request->tag, request->json_model),
    .head_length = request->head.length,
    .body_length = request->body.length,
    .tag_length = request->tag.length,
    .model_length = request->json_model.length,
    .stream = request->stream,
  };
  if (!small)
    entry->sha256 = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) request->body.data,
                                                 request->body.length);
  self->kept += entry_size (entry);
  return entry->number;
}

void
fake_log_end (FakeLog *self, guint64 number, guint status, gboolean aborted)
{
  Entry *entry;

  if (number < self->first || number >= self->next)
    return;
  entry = entry_of (self, number);
  entry->ended = TRUE;
  entry->status = status;
  entry->aborted = aborted;
}

void
fake_json_append_string (GString *out, FakeSlice slice)
{
  g_autofree char *valid = g_utf8_make_valid (slice.length > 0 ? slice.data : "", slice.length);

  g_string_append_c (out, '"');
  for (const char *p = valid; *p != '\0'; p++)
    {
      guchar c = (guchar) *p;

      if (c == '"' || c == '\\')
        g_string_append_c (out, '\\');
      if (c < 0x20 || c == 0x7f)
        g_string_append_printf (out, "\\u%04x", c);
      else
        g_string_append_c (out, *p);
    }
  g_string_append_c (out, '"');
}

static void
append_member (GString *out, const char *name, FakeSlice value)
{
  g_string_append_printf (out, "\"%s\":", name);
  fake_json_append_string (out, value);
  g_string_append_c (out, ',');
}

/* A name that comes twice becomes one member, its values joined by ", ". */
static void
append_headers (GString *out, FakeSlice head)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GPtrArray) order = g_ptr_array_new ();
  FakeSlice name, value;
  const char *line = memchr (head.data, '\n', head.length);

  head = (FakeSlice){ line + 1, head.length - (line + 1 - head.data) };
  while (fake_request_next_header (&head, &name, &value))
    {
      char *lower = g_ascii_strdown (name.data, name.length);
      GString *text = g_hash_table_lookup (seen, lower);

      if (text == NULL)
        {
          text = g_string_new_len (value.data, value.length);
          g_hash_table_insert (seen, lower, text);
          g_ptr_array_add (order, lower);
          continue;
        }
      g_string_append (text, ", ");
      g_string_append_len (text, value.data, value.length);
      g_free (lower);
    }

  g_string_append (out, "\"headers\":{");
  for (guint i = 0; i < order->len; i++)
    {
      const char *key = g_ptr_array_index (order, i);
      GString *text = g_hash_table_lookup (seen, key);

      g_string_append (out, i > 0 ? "," : "");
      fake_json_append_string (out, (FakeSlice){ key, strlen (key) });
      g_string_append_c (out, ':');
      fake_json_append_string (out, (FakeSlice){ text->str, text->len });
      g_string_free (text, TRUE);
    }
  g_string_append (out, "},");
}

static void
print_entry (const Entry *entry, GString *out)
{
  FakeSlice head = { entry->bytes, entry->head_length };
  FakeSlice body = { entry->bytes + entry->head_length, kept_body (entry) };
  FakeSlice tag = { body.data + body.length, entry->tag_length };
  FakeSlice model = { tag.data + tag.length, entry->model_length };
  const char *space = memchr (head.data, ' ', head.length);
  const char *end = memchr (space + 1, ' ', head.data + head.length - space - 1);
  g_autofree char *sha256 = g_strdup (entry->sha256);

  if (sha256 == NULL)
    sha256 = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) body.data, body.length);
  g_string_append_printf (out,
                          "{\"number\":%" G_GUINT64_FORMAT ",\"connection\":%" G_GUINT64_FORMAT
                          ",\"id\":%" G_GUINT64_FORMAT ",\"time_us\":%" G_GINT64_FORMAT ",\"mode\":\"%s\",",
                          entry->number, entry->connection, entry->id, entry->time, entry->mode);
  append_member (out, "method", (FakeSlice){ head.data, space - head.data });
  append_member (out, "path", (FakeSlice){ space + 1, end - space - 1 });
  append_headers (out, head);
  append_member (out, "tag", tag);
  append_member (out, "model", model);
  if (entry->body_length <= SMALL_BODY)
    append_member (out, "body", body);
  g_string_append_printf (out,
                          "\"body_length\":%" G_GSIZE_FORMAT ",\"sha256\":\"%s\",\"stream\":%s,\"status\":%u,"
                          "\"ended\":%s,\"aborted\":%s}\n",
                          entry->body_length, sha256, entry->stream ? "true" : "false", entry->status,
                          entry->ended ? "true" : "false", entry->aborted ? "true" : "false");
}

void
fake_log_print (FakeLog *self, GString *out, guint64 since, const char *tag)
{
  for (guint64 number = MAX (self->first, since + 1); number < self->next; number++)
    {
      const Entry *entry = entry_of (self, number);
      FakeSlice own = { entry->bytes + entry->head_length + kept_body (entry), entry->tag_length };

      if (tag == NULL || fake_slice_equal (own, tag))
        print_entry (entry, out);
    }
}

void
fake_log_print_stats (FakeLog *self, GString *out, const char *(*mode_name) (guint index))
{
  const FakeStats *stats = &self->stats;
  const struct
  {
    const char *name;
    guint64 value;
  } rows[] = {
    { "requests", stats->requests },
    { "answered", stats->answered },
    { "aborted", stats->aborted },
    { "requests_open", stats->requests_open },
    { "connections_accepted", stats->connections_accepted },
    { "connections_open", stats->connections_open },
    { "connections_open_max", stats->connections_open_max },
    { "bytes_in", stats->bytes_in },
    { "bytes_out", stats->bytes_out },
    { "events", stats->events },
    { "log_dropped", stats->dropped },
  };
  gboolean first = TRUE;

  g_string_append_c (out, '{');
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    g_string_append_printf (out, "\"%s\":%" G_GUINT64_FORMAT ",", rows[i].name, rows[i].value);
  g_string_append (out, "\"by_mode\":{");
  for (guint i = 0; i < FAKE_LOG_MODES && mode_name (i) != NULL; i++)
    if (stats->by_mode[i] > 0)
      {
        g_string_append_printf (out, "%s\"%s\":%" G_GUINT64_FORMAT, first ? "" : ",", mode_name (i),
                                stats->by_mode[i]);
        first = FALSE;
      }
  g_string_append (out, "}}\n");
}

void
fake_log_reset (FakeLog *self)
{
  FakeStats kept = {
    .requests_open = self->stats.requests_open,
    .connections_open = self->stats.connections_open,
    .connections_open_max = self->stats.connections_open,
  };

  /* numbers go on, so that a request begun before cannot be taken for one begun later */
  while (self->first < self->next)
    drop_first (self);
  self->stats = kept;
}
