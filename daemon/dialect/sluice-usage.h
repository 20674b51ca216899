/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an answer consumed, normalised once for every wire (DESIGN 4): prompt tokens include cached ones, whatever the
 * provider says. All counts are between 0 and SLUICE_USAGE_MAX; one that is reported outside counts as not reported.
 */
#pragma once

#include "shared/sluice-json.h"

G_BEGIN_DECLS

#define SLUICE_USAGE_MAX G_GINT64_CONSTANT (1000000000)

typedef struct {
  gboolean present;   /* the upstream reported it */
  gboolean estimated; /* counted by us, at least one of prompt and completion */
  gboolean clamped;   /* a reported count was impossible and left out, or a sum was too large and cut */
  gint64 prompt_tokens;
  gint64 completion_tokens;
  gint64 cached_tokens;      /* of the prompt */
  gint64 cache_write_tokens; /* of the prompt */
  gint64 reasoning_tokens;   /* of the completion */
  gint64 audio_tokens;       /* of both */

  /* of what is present: these counts were not named, and are 0 above until they are estimated */
  gboolean prompt_missing;
  gboolean completion_missing;
  gint64 total_tokens;  /* the last total that was named: what is missing of its parts is in it */
  gint64 counted_bytes; /* of the generated text: what the last report has in it */
  gint64 text_bytes;    /* of a whole answer whose completion was not counted: the generated text, as in the JSON */
} SluiceUsage;

/* Reads the "usage" member of an OpenAI answer or chunk, also with the names of the Responses and Anthropic wires;
 * anything but an object with a possible count of prompt, completion or total tokens leaves the counts of @usage alone.
 * A later report replaces the counts that it names, unless all of them are 0. @text_bytes: generated text so far, which
 * a count of the completion has in it. Returns whether it was one. */
gboolean sluice_usage_read_openai (SluiceUsage *usage, SluiceJsonValue value, gint64 text_bytes);

/* For an embedding, which generates nothing: what was reported as a total only is the prompt. */
void sluice_usage_set_no_completion (SluiceUsage *usage);

/* Whether the "usage" member @value has OpenAI's three counts (@completion: without that one two) as integers, and they
 * say what @usage says: such an object may reach the client as it stands. */
gboolean sluice_usage_is_said_by (const SluiceUsage *usage, gboolean completion, SluiceJsonValue value);

/* Reads one count, a fraction rounded up. FALSE for what counts as not reported: no number, a negative one or one above
 * SLUICE_USAGE_MAX; the latter two mark @usage as clamped. */
gboolean sluice_usage_read_count (SluiceUsage *usage, SluiceJsonValue value, gint64 *count);

/* Fills in what was not reported, everything if nothing was, from the bytes of the request and of the generated text,
 * and marks @usage as estimated if there was something to fill in. A completion of 0 beside a text was not reported,
 * nor was text that came behind the last report. Once: what was filled in stays. */
void sluice_usage_estimate (SluiceUsage *usage, gsize request_bytes, gsize text_bytes);

/* Appends the member "usage" of an OpenAI answer, or its value alone; @completion: with the tokens of one, which
 * embeddings have not. Details only where there are such tokens. */
void sluice_usage_append_openai (const SluiceUsage *usage, gboolean completion, GString *out);
void sluice_usage_append_counts (const SluiceUsage *usage, gboolean completion, GString *out);

/* Rough number of tokens of a text by its bytes (UTF-8), rather too many than too few: for estimates only, marked as
 * such by the caller. */
gint64 sluice_usage_estimate_tokens (gsize bytes);

G_END_DECLS
