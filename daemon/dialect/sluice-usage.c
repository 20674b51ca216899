/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dialect/sluice-usage.h"

/* Bytes of a token: on the low side, since estimates hold money back. */
#define BYTES_PER_TOKEN 3

/* The counts that providers with the OpenAI form report, under all the names they have for them. */
typedef enum {
  COUNT_PROMPT,
  COUNT_COMPLETION,
  COUNT_TOTAL,
  COUNT_CACHED,
  COUNT_CACHE_WRITE,
  COUNT_REASONING,
  COUNT_PROMPT_AUDIO,
  COUNT_COMPLETION_AUDIO,
  N_COUNTS,
} Count;

typedef struct {
  const char *name;
  Count count;
} CountName;

typedef struct {
  gint64 values[N_COUNTS];
  gboolean seen[N_COUNTS];
} Counts;

static const CountName top_names[] = {
  { "prompt_tokens", COUNT_PROMPT },
  { "completion_tokens", COUNT_COMPLETION },
  { "total_tokens", COUNT_TOTAL },
  { "cache_read_input_tokens", COUNT_CACHED },
  { "prompt_cache_hit_tokens", COUNT_CACHED },
  { "cached_tokens", COUNT_CACHED },
  { "cache_creation_input_tokens", COUNT_CACHE_WRITE },
};

static const CountName prompt_names[] = {
  { "cached_tokens", COUNT_CACHED },
  { "cache_write_tokens", COUNT_CACHE_WRITE },
  { "cache_creation_tokens", COUNT_CACHE_WRITE },
  { "audio_tokens", COUNT_PROMPT_AUDIO },
};

static const CountName completion_names[] = {
  { "reasoning_tokens", COUNT_REASONING },
  { "audio_tokens", COUNT_COMPLETION_AUDIO },
};

void
sluice_usage_set_count (SluiceUsage *usage, gint64 *count, gint64 value)
{
  g_return_if_fail (usage != NULL);
  g_return_if_fail (count != NULL);

  *count = CLAMP (value, 0, SLUICE_USAGE_MAX);
  if (*count != value)
    usage->clamped = TRUE;
}

gint64
sluice_usage_estimate_tokens (gsize bytes)
{
  gsize tokens = bytes / BYTES_PER_TOKEN + (bytes % BYTES_PER_TOKEN != 0 ? 1 : 0);

  return (gint64) MIN (tokens, (gsize) SLUICE_USAGE_MAX);
}

/* A number that is no int64 (12.5, 1e300) leaves a value that sluice_usage_set_count() clamps and marks. */
static gboolean
read_count (SluiceJsonValue value, gint64 *count)
{
  if (value.type != SLUICE_JSON_NUMBER)
    return FALSE;

  if (!sluice_json_read_int64 (value, count))
    *count = value.text[0] == '-' ? -1 : SLUICE_USAGE_MAX + 1;
  return TRUE;
}

/* The same count under two names: the larger one, so that a 0 of one extension does not hide the figure of another. */
static void
note_count (Counts *counts, Count count, SluiceJsonValue value)
{
  gint64 number;

  if (!read_count (value, &number))
    return;

  counts->values[count] = counts->seen[count] ? MAX (counts->values[count], number) : number;
  counts->seen[count] = TRUE;
}

static gboolean
note_named (Counts *counts, const CountName *names, guint n_names, SluiceJsonValue name, SluiceJsonValue value)
{
  for (guint i = 0; i < n_names; i++)
    if (sluice_json_equals (name, names[i].name))
      {
        note_count (counts, names[i].count, value);
        return TRUE;
      }
  return FALSE;
}

static void
note_details (Counts *counts, const CountName *names, guint n_names, SluiceJsonValue details)
{
  SluiceJsonIter iter;
  SluiceJsonValue name;
  SluiceJsonValue value;

  sluice_json_iter_init (&iter, details);
  while (details.type == SLUICE_JSON_OBJECT && sluice_json_iter_next (&iter, &name, &value))
    note_named (counts, names, n_names, name, value);
}

/*
 * Some report a total only (embeddings), and some count what came from a cache beside the prompt instead of in it: a
 * part that is larger than the whole tells.
 */
static void
complete_counts (Counts *counts)
{
  gint64 *values = counts->values;
  gint64 parts;

  if (!counts->seen[COUNT_PROMPT] && counts->seen[COUNT_TOTAL])
    values[COUNT_PROMPT] = MAX (0, CLAMP (values[COUNT_TOTAL], 0, SLUICE_USAGE_MAX + 1)
                                       - CLAMP (values[COUNT_COMPLETION], 0, SLUICE_USAGE_MAX));

  parts = CLAMP (values[COUNT_CACHED], 0, SLUICE_USAGE_MAX) + CLAMP (values[COUNT_CACHE_WRITE], 0, SLUICE_USAGE_MAX);
  if (values[COUNT_PROMPT] >= 0 && values[COUNT_PROMPT] < parts)
    values[COUNT_PROMPT] += parts;
}

gboolean
sluice_usage_read_openai (SluiceUsage *usage, SluiceJsonValue value)
{
  Counts counts = { 0 };
  SluiceUsage read = { .present = TRUE };
  SluiceJsonIter iter;
  SluiceJsonValue name;
  SluiceJsonValue member;

  g_return_val_if_fail (usage != NULL, FALSE);

  if (value.type != SLUICE_JSON_OBJECT)
    return FALSE;

  sluice_json_iter_init (&iter, value);
  while (sluice_json_iter_next (&iter, &name, &member))
    {
      if (note_named (&counts, top_names, G_N_ELEMENTS (top_names), name, member))
        continue;
      if (sluice_json_equals (name, "prompt_tokens_details"))
        note_details (&counts, prompt_names, G_N_ELEMENTS (prompt_names), member);
      else if (sluice_json_equals (name, "completion_tokens_details"))
        note_details (&counts, completion_names, G_N_ELEMENTS (completion_names), member);
    }
  if (!counts.seen[COUNT_PROMPT] && !counts.seen[COUNT_COMPLETION] && !counts.seen[COUNT_TOTAL])
    return FALSE;

  complete_counts (&counts);
  sluice_usage_set_count (&read, &read.prompt_tokens, counts.values[COUNT_PROMPT]);
  sluice_usage_set_count (&read, &read.completion_tokens, counts.values[COUNT_COMPLETION]);
  sluice_usage_set_count (&read, &read.cached_tokens, counts.values[COUNT_CACHED]);
  sluice_usage_set_count (&read, &read.cache_write_tokens, counts.values[COUNT_CACHE_WRITE]);
  sluice_usage_set_count (&read, &read.reasoning_tokens, counts.values[COUNT_REASONING]);
  sluice_usage_set_count (&read, &read.audio_tokens,
                          CLAMP (counts.values[COUNT_PROMPT_AUDIO], -1, SLUICE_USAGE_MAX)
                              + CLAMP (counts.values[COUNT_COMPLETION_AUDIO], -1, SLUICE_USAGE_MAX));
  *usage = read;
  return TRUE;
}
