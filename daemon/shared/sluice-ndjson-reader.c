/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/sluice-ndjson-reader.h"

#include "shared/sluice-error.h"

#include <string.h>

/* A buffer that grew beyond this is given back once it is empty. */
#define KEEP_BUFFER (64 * 1024)

struct _SluiceNdjsonReader {
  gsize max_line;
  GString *held; /* (owned): the start of a line whose end has not come */
  gboolean failed;
};

SluiceNdjsonReader *
sluice_ndjson_reader_new (gsize max_line)
{
  SluiceNdjsonReader *self = g_new0 (SluiceNdjsonReader, 1);

  self->max_line = max_line;
  self->held = g_string_new (NULL);
  return self;
}

void
sluice_ndjson_reader_free (SluiceNdjsonReader *self)
{
  g_string_free (self->held, TRUE);
  g_free (self);
}

static gboolean
is_blank (const char *line, gsize length)
{
  gsize i = 0;

  while (i < length && (line[i] == ' ' || line[i] == '\t' || line[i] == '\r'))
    i++;
  return i == length;
}

/* The length without the CR of a CRLF. */
static gsize
stripped (const char *line, gsize length)
{
  return length > 0 && line[length - 1] == '\r' ? length - 1 : length;
}

static gboolean
check_length (SluiceNdjsonReader *self, const char *line, gsize length, GError **error)
{
  if (stripped (line, length) <= self->max_line)
    return TRUE;

  g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_UPSTREAM_ANSWER,
               "a line of the stream is longer than %" G_GSIZE_FORMAT " bytes", self->max_line);
  return FALSE;
}

static gboolean
hand_out (SluiceNdjsonReader *self,
          const char *line,
          gsize length,
          SluiceNdjsonFunc func,
          gpointer user_data,
          GError **error)
{
  if (!check_length (self, line, length, error))
    return FALSE;

  length = stripped (line, length);
  return is_blank (line, length) || func (line, length, user_data, error);
}

static void
let_go (SluiceNdjsonReader *self)
{
  if (self->held->allocated_len > KEEP_BUFFER)
    {
      g_string_free (self->held, TRUE);
      self->held = g_string_new (NULL);
    }
  else
    g_string_truncate (self->held, 0);
}

static gboolean
push_lines (SluiceNdjsonReader *self,
            const char *bytes,
            gsize length,
            SluiceNdjsonFunc func,
            gpointer user_data,
            GError **error)
{
  const char *end = bytes + length;
  const char *p = bytes;

  while (p < end)
    {
      const char *stop = memchr (p, '\n', (gsize) (end - p));

      if (stop == NULL || self->held->len > 0)
        g_string_append_len (self->held, p, (stop != NULL ? stop : end) - p);
      if (stop == NULL)
        return check_length (self, self->held->str, self->held->len, error);

      if (self->held->len > 0)
        {
          if (!hand_out (self, self->held->str, self->held->len, func, user_data, error))
            return FALSE;
          let_go (self);
        }
      else if (!hand_out (self, p, (gsize) (stop - p), func, user_data, error))
        return FALSE;
      p = stop + 1;
    }
  return TRUE;
}

static gboolean
refuse_after_failure (SluiceNdjsonReader *self, GError **error)
{
  if (!self->failed)
    return FALSE;

  g_set_error_literal (error, SLUICE_ERROR, SLUICE_ERROR_UPSTREAM_ANSWER, "the stream has failed before");
  return TRUE;
}

gboolean
sluice_ndjson_reader_push (SluiceNdjsonReader *self,
                           const char *bytes,
                           gsize length,
                           SluiceNdjsonFunc func,
                           gpointer user_data,
                           GError **error)
{
  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (bytes != NULL || length == 0, FALSE);
  g_return_val_if_fail (func != NULL, FALSE);

  if (refuse_after_failure (self, error))
    return FALSE;

  self->failed = !push_lines (self, bytes, length, func, user_data, error);
  return !self->failed;
}

gboolean
sluice_ndjson_reader_end (SluiceNdjsonReader *self, SluiceNdjsonFunc func, gpointer user_data, GError **error)
{
  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (func != NULL, FALSE);

  if (refuse_after_failure (self, error))
    return FALSE;

  self->failed = !hand_out (self, self->held->str, self->held->len, func, user_data, error);
  let_go (self);
  return !self->failed;
}
