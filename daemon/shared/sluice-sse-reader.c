/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/sluice-sse-reader.h"

#include "shared/sluice-error.h"

#include <string.h>

/* A buffer that grew beyond this is given back once it is empty. */
#define KEEP_BUFFER (64 * 1024)

struct _SluiceSseReader {
  gsize max_line;
  gsize max_event;

  GString *line;   /* (owned): the start of a line whose end has not come */
  GString *event;  /* (owned): the event field; empty if there was none */
  GString *joined; /* (owned): data of several lines, or of an earlier push */

  /* The data so far, if there is any: in @joined, or borrowed from the bytes of this push or from @line. */
  const char *data;
  gsize n_data;
  gboolean has_data;

  gboolean started; /* past the first line, which may begin with a byte order mark */
  gboolean skip_lf; /* the last byte of the push before was a CR */
  gboolean failed;
};

typedef struct {
  SluiceSseFunc func;
  gpointer user_data;
} Receiver;

SluiceSseReader *
sluice_sse_reader_new (gsize max_line, gsize max_event)
{
  SluiceSseReader *self = g_new0 (SluiceSseReader, 1);

  self->max_line = max_line;
  self->max_event = max_event;
  self->line = g_string_new (NULL);
  self->event = g_string_new (NULL);
  self->joined = g_string_new (NULL);
  return self;
}

void
sluice_sse_reader_free (SluiceSseReader *self)
{
  g_string_free (self->line, TRUE);
  g_string_free (self->event, TRUE);
  g_string_free (self->joined, TRUE);
  g_free (self);
}

static void
empty_buffer (GString **buffer)
{
  if ((*buffer)->allocated_len > KEEP_BUFFER)
    {
      g_string_free (*buffer, TRUE);
      *buffer = g_string_new (NULL);
    }
  else
    g_string_truncate (*buffer, 0);
}

static gboolean
check_size (gsize size, gsize limit, const char *what, GError **error)
{
  if (size <= limit)
    return TRUE;

  g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_UPSTREAM_ANSWER,
               "%s of the event stream is longer than %" G_GSIZE_FORMAT " bytes", what, limit);
  return FALSE;
}

/* Moves borrowed data into our own buffer. */
static void
settle_data (SluiceSseReader *self)
{
  if (!self->has_data || self->data == self->joined->str)
    return;

  g_string_truncate (self->joined, 0);
  g_string_append_len (self->joined, self->data, (gssize) self->n_data);
  self->data = self->joined->str;
}

static gboolean
add_data (SluiceSseReader *self, const char *value, gsize length, GError **error)
{
  if (!self->has_data)
    {
      self->has_data = TRUE;
      self->data = value;
      self->n_data = length;
    }
  else
    {
      settle_data (self);
      g_string_append_c (self->joined, '\n');
      g_string_append_len (self->joined, value, (gssize) length);
      self->data = self->joined->str;
      self->n_data = self->joined->len;
    }
  return check_size (self->n_data, self->max_event, "an event", error);
}

/* The end of an event. One without data is forgotten. */
static gboolean
dispatch (SluiceSseReader *self, const Receiver *receiver, GError **error)
{
  const char *event = self->event->len > 0 ? self->event->str : NULL;
  gboolean good = TRUE;

  if (self->has_data)
    good = receiver->func (event, self->data, self->n_data, receiver->user_data, error);
  self->has_data = FALSE;
  self->data = NULL;
  self->n_data = 0;
  empty_buffer (&self->joined);
  empty_buffer (&self->event);
  return good;
}

static gboolean
read_line (SluiceSseReader *self, const char *line, gsize length, const Receiver *receiver, GError **error)
{
  const char *colon;
  const char *value;
  gsize n_name;
  gsize n_value;

  if (!check_size (length, self->max_line, "a line", error))
    return FALSE;
  if (!self->started && length >= 3 && memcmp (line, "\xef\xbb\xbf", 3) == 0)
    {
      line += 3;
      length -= 3;
    }
  self->started = TRUE;
  if (length == 0)
    return dispatch (self, receiver, error);

  colon = memchr (line, ':', length);
  n_name = colon != NULL ? (gsize) (colon - line) : length;
  value = line + MIN (n_name + 1, length);
  n_value = (gsize) (line + length - value);
  if (n_value > 0 && *value == ' ')
    {
      value++;
      n_value--;
    }

  if (n_name == 4 && memcmp (line, "data", 4) == 0)
    return add_data (self, value, n_value, error);
  if (n_name == 5 && memcmp (line, "event", 5) == 0)
    {
      g_string_truncate (self->event, 0);
      g_string_append_len (self->event, value, (gssize) n_value);
    }
  return TRUE;
}

/* Reads the line in [@p, @stop), which may have begun in the push before. */
static gboolean
end_line (SluiceSseReader *self,
          const char *p,
          const char *stop,
          gboolean *held,
          const Receiver *receiver,
          GError **error)
{
  if (!*held)
    return read_line (self, p, (gsize) (stop - p), receiver, error);

  *held = FALSE;
  g_string_append_len (self->line, p, stop - p);
  return read_line (self, self->line->str, self->line->len, receiver, error);
}

static const char *
find_or_end (const char *p, char c, const char *end)
{
  const char *found = memchr (p, c, (gsize) (end - p));

  return found != NULL ? found : end;
}

/* Keeps what is needed beyond this push. The order matters: data may be borrowed from the line. */
static gboolean
hold (SluiceSseReader *self, const char *p, const char *end, gboolean held, GError **error)
{
  settle_data (self);
  if (!held)
    empty_buffer (&self->line);
  g_string_append_len (self->line, p, end - p);
  return check_size (self->line->len, self->max_line, "a line", error);
}

static gboolean
push_bytes (SluiceSseReader *self, const char *bytes, gsize length, const Receiver *receiver, GError **error)
{
  const char *p = bytes;
  const char *end = bytes + length;
  gboolean held = self->line->len > 0;
  const char *lf;
  const char *cr;

  if (self->skip_lf && *p == '\n')
    p++;
  self->skip_lf = FALSE;

  /* each is looked for again only when it has been passed: a stream of one kind is not searched over and over */
  lf = find_or_end (p, '\n', end);
  cr = find_or_end (p, '\r', end);
  while (p < end)
    {
      const char *stop;

      if (lf < p)
        lf = find_or_end (p, '\n', end);
      if (cr < p)
        cr = find_or_end (p, '\r', end);
      stop = MIN (lf, cr);
      if (stop == end)
        break;

      if (!end_line (self, p, stop, &held, receiver, error))
        return FALSE;
      p = stop + 1;
      if (*stop == '\r' && p == end)
        self->skip_lf = TRUE;
      else if (*stop == '\r' && *p == '\n')
        p++;
    }
  return hold (self, p, end, held, error);
}

gboolean
sluice_sse_reader_push (SluiceSseReader *self,
                        const char *bytes,
                        gsize length,
                        SluiceSseFunc func,
                        gpointer user_data,
                        GError **error)
{
  Receiver receiver = { func, user_data };

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (bytes != NULL || length == 0, FALSE);
  g_return_val_if_fail (func != NULL, FALSE);

  if (self->failed)
    {
      g_set_error_literal (error, SLUICE_ERROR, SLUICE_ERROR_UPSTREAM_ANSWER, "the event stream has failed before");
      return FALSE;
    }
  if (length == 0)
    return TRUE;

  self->failed = !push_bytes (self, bytes, length, &receiver, error);
  return !self->failed;
}

gboolean
sluice_sse_reader_has_partial (SluiceSseReader *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->line->len > 0 || self->has_data;
}
