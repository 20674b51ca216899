/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sluiced --set-credential and --clear-credential. They write credentials.db themselves, whether or not a daemon runs;
 * one that runs must read it again afterwards. Both block.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Stores what comes from the descriptor @input, up to its end, for @target: "PROVIDER", "PROVIDER@HOST[:PORT]" or
 * "PROVIDER@https://HOST". Without a host it is that of the provider's usual address. @directory (absolute) is made if
 * it is not there. @input may not be a terminal: what is typed there would be seen.
 *
 * Returns: (transfer full): what was stored, in words, without the key; %NULL with SLUICE_ERROR_CONFIG (the text says
 * what to do) or SLUICE_ERROR_STORAGE.
 */
char *sluice_credential_command_set (const char *directory, const char *target, int input, GError **error);

/* Clears what is stored for the provider of @target, at that host only if it names one. Nothing stored is an error. */
char *sluice_credential_command_clear (const char *directory, const char *target, GError **error);

G_END_DECLS
