/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Texts that nobody may see: wiped when they are freed, shown only by their last characters. Any thread.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Bytes of the longest secret. */
#define SLUICE_SECRET_MAX (64 * 1024)

/* Overwrites the text @secret (nullable) and frees it. */
void sluice_secret_free (char *secret);

/* The same for a variable that goes out of scope: sluice_autosecret char *key = ... */
static inline void
sluice_secret_clear (char **secret)
{
  sluice_secret_free (*secret);
  *secret = NULL;
}

#define sluice_autosecret _GLIB_CLEANUP (sluice_secret_clear)

/*
 * What was read from a file or a pipe, as a secret: one newline at the end is taken off, the rest must be 1 to
 * SLUICE_SECRET_MAX bytes that can be sent in a header, without blanks. Errors: SLUICE_ERROR_CONFIG; the text fits
 * behind "the secret ", and does not quote it. (transfer full)
 */
char *sluice_secret_new (const char *bytes, gsize length, GError **error);

/* Reads @fd to its end, or until it is too long, and makes a secret of it as sluice_secret_new() does. (transfer
 * full) */
char *sluice_secret_read (int fd, GError **error);

/* The last four characters, "***abcd"; "***" for a short one, of which they would give away too much. (transfer
 * full) */
char *sluice_secret_mask (const char *secret);

/*
 * Replaces each occurrence of @secret in *@text (both nullable) by its mask: for what an upstream says, which may quote
 * the key that it was sent. At the end of a text that was cut off the beginning of it goes, too. A key of fewer than
 * eight bytes is left, it is a word ("none", "ollama").
 */
void sluice_secret_hide_in (char **text, const char *secret);

G_END_DECLS
