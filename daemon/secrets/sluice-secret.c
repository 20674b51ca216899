/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "secrets/sluice-secret.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "shared/sluice-error.h"

/* The longest secret, its newline, and one byte that shows that there is more. */
#define BUFFER_BYTES (SLUICE_SECRET_MAX + 3)

#define SHOWN 4
#define MIN_LENGTH_TO_SHOW 12
#define MIN_LENGTH_TO_HIDE 8

void
sluice_secret_free (char *secret)
{
  if (secret == NULL)
    return;

  explicit_bzero (secret, strlen (secret));
  g_free (secret);
}

static gsize
without_newline (const char *bytes, gsize length)
{
  if (length > 0 && bytes[length - 1] == '\n')
    length--;
  if (length > 0 && bytes[length - 1] == '\r')
    length--;
  return length;
}

char *
sluice_secret_new (const char *bytes, gsize length, GError **error)
{
  char *secret;

  g_return_val_if_fail (bytes != NULL || length == 0, NULL);

  length = without_newline (bytes, length);
  if (length == 0)
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG, "is empty");
      return NULL;
    }
  if (length > SLUICE_SECRET_MAX)
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG, "is longer than %d bytes", SLUICE_SECRET_MAX);
      return NULL;
    }
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isgraph (bytes[i]))
      {
        g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG,
                     "holds at byte %" G_GSIZE_FORMAT " a blank or another character that cannot be sent in a header",
                     i + 1);
        return NULL;
      }

  secret = g_malloc (length + 1);
  memcpy (secret, bytes, length);
  secret[length] = '\0';
  return secret;
}

char *
sluice_secret_read (int fd, GError **error)
{
  g_autofree char *buffer = g_malloc (BUFFER_BYTES);
  gssize count = 1;
  gsize length = 0;
  char *secret = NULL;

  while (length < BUFFER_BYTES && count > 0)
    {
      do
        count = read (fd, buffer + length, BUFFER_BYTES - length);
      while (count < 0 && errno == EINTR);
      length += (gsize) MAX (count, 0);
    }
  if (count < 0)
    g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG, "cannot be read: %s", g_strerror (errno));
  else
    secret = sluice_secret_new (buffer, length, error);
  explicit_bzero (buffer, length);
  return secret;
}

char *
sluice_secret_mask (const char *secret)
{
  gsize length;

  g_return_val_if_fail (secret != NULL, NULL);

  length = strlen (secret);
  return g_strconcat ("***", length >= MIN_LENGTH_TO_SHOW ? secret + length - SHOWN : "", NULL);
}

/* How many bytes at the end of @text are the beginning of @secret; 0 for too few to matter. */
static gsize
begun_at_end (const char *text, gsize length, const char *secret)
{
  for (gsize count = MIN (length, strlen (secret)); count >= MIN_LENGTH_TO_HIDE; count--)
    if (memcmp (text + length - count, secret, count) == 0)
      return count;
  return 0;
}

void
sluice_secret_hide_in (char **text, const char *secret)
{
  g_autofree char *mask = NULL;
  GString *hidden;
  gsize begun;

  g_return_if_fail (text != NULL);

  if (*text == NULL || secret == NULL || strlen (secret) < MIN_LENGTH_TO_HIDE)
    return;
  begun = begun_at_end (*text, strlen (*text), secret);
  if (begun == 0 && strstr (*text, secret) == NULL)
    return;

  mask = sluice_secret_mask (secret);
  hidden = g_string_new (*text);
  if (begun > 0 && begun < strlen (secret))
    g_string_append (g_string_truncate (hidden, hidden->len - begun), "***");
  g_string_replace (hidden, secret, mask, 0);
  sluice_secret_free (*text);
  *text = g_string_free (hidden, FALSE);
}
