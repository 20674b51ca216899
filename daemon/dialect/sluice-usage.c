/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dialect/sluice-usage.h"

/* Bytes of a token: on the low side, since estimates hold money back. */
#define BYTES_PER_TOKEN 3

/* The counts that providers with the OpenAI form report, under all the names they have for them. */
typedef enum {
  COUNT_PROMPT,
  COUNT_INPUT, /* the prompt, without what is COUNT_*_BESIDE */
  COUNT_COMPLETION,
  COUNT_TOTAL,
  COUNT_CACHED,
  COUNT_CACHED_BESIDE,
  COUNT_CACHE_WRITE,
  COUNT_CACHE_WRITE_BESIDE,
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
  { "input_tokens", COUNT_INPUT },
  { "output_tokens", COUNT_COMPLETION },
  { "cache_read_input_tokens", COUNT_CACHED_BESIDE },
  { "prompt_cache_hit_tokens", COUNT_CACHED },
  { "cached_tokens", COUNT_CACHED },
  { "cache_creation_input_tokens", COUNT_CACHE_WRITE_BESIDE },
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

static gboolean
note_details_named (Counts *counts, SluiceJsonValue name, SluiceJsonValue details)
{
  static const struct {
    const char *name;
    const CountName *names;
    guint n_names;
  } parts[] = {
    { "prompt_tokens_details", prompt_names, G_N_ELEMENTS (prompt_names) },
    { "completion_tokens_details", completion_names, G_N_ELEMENTS (completion_names) },
    { "input_tokens_details", prompt_names, G_N_ELEMENTS (prompt_names) },
    { "output_tokens_details", completion_names, G_N_ELEMENTS (completion_names) },
  };

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    if (sluice_json_equals (name, parts[i].name))
      {
        note_details (counts, parts[i].names, parts[i].n_names, details);
        return TRUE;
      }
  return FALSE;
}

/* The value, or 0; small enough to be added up. */
static gint64
bounded (const Counts *counts, Count count)
{
  return counts->seen[count] ? CLAMP (counts->values[count], -1, SLUICE_USAGE_MAX + 1) : 0;
}

static void
set_value (Counts *counts, Count count, gint64 value)
{
  counts->values[count] = value;
  counts->seen[count] = TRUE;
}

/* The two names of one count become one: the larger figure. */
static void
join_counts (Counts *counts, Count into, Count from)
{
  if (counts->seen[from])
    set_value (counts, into, MAX (bounded (counts, into), bounded (counts, from)));
}

/*
 * Anthropic's input_tokens leave out what was read from a cache or written to it. Some report a total only
 * (embeddings), which then stands for the prompt, or a total and one of the two; @known is what was said before.
 */
static void
complete_counts (Counts *counts, const SluiceUsage *known)
{
  gint64 prompt;
  gint64 completion;

  if (counts->seen[COUNT_INPUT] && !counts->seen[COUNT_PROMPT])
    set_value (counts, COUNT_PROMPT,
               bounded (counts, COUNT_INPUT) + MAX (0, bounded (counts, COUNT_CACHED_BESIDE))
                   + MAX (0, bounded (counts, COUNT_CACHE_WRITE_BESIDE)));
  join_counts (counts, COUNT_CACHED, COUNT_CACHED_BESIDE);
  join_counts (counts, COUNT_CACHE_WRITE, COUNT_CACHE_WRITE_BESIDE);
  if (!counts->seen[COUNT_TOTAL])
    return;

  prompt = counts->seen[COUNT_PROMPT] ? bounded (counts, COUNT_PROMPT) : known->prompt_tokens;
  completion = counts->seen[COUNT_COMPLETION] ? bounded (counts, COUNT_COMPLETION) : known->completion_tokens;
  if (!counts->seen[COUNT_PROMPT] && known->prompt_missing)
    {
      set_value (counts, COUNT_PROMPT, MAX (0, bounded (counts, COUNT_TOTAL) - MAX (0, completion)));
      if (!counts->seen[COUNT_COMPLETION] && known->completion_missing)
        set_value (counts, COUNT_COMPLETION, 0);
    }
  else if (!counts->seen[COUNT_COMPLETION] && known->completion_missing)
    set_value (counts, COUNT_COMPLETION, MAX (0, bounded (counts, COUNT_TOTAL) - MAX (0, prompt)));
}

static void
take_count (SluiceUsage *usage, gint64 *into, const Counts *counts, Count count)
{
  if (counts->seen[count])
    sluice_usage_set_count (usage, into, counts->values[count]);
}

static void
take_counts (SluiceUsage *usage, const Counts *counts)
{
  gint64 parts;

  take_count (usage, &usage->prompt_tokens, counts, COUNT_PROMPT);
  take_count (usage, &usage->completion_tokens, counts, COUNT_COMPLETION);
  take_count (usage, &usage->cached_tokens, counts, COUNT_CACHED);
  take_count (usage, &usage->cache_write_tokens, counts, COUNT_CACHE_WRITE);
  take_count (usage, &usage->reasoning_tokens, counts, COUNT_REASONING);
  if (counts->seen[COUNT_PROMPT_AUDIO] || counts->seen[COUNT_COMPLETION_AUDIO])
    sluice_usage_set_count (usage, &usage->audio_tokens,
                            bounded (counts, COUNT_PROMPT_AUDIO) + bounded (counts, COUNT_COMPLETION_AUDIO));
  usage->prompt_missing = usage->prompt_missing && !counts->seen[COUNT_PROMPT];
  usage->completion_missing = usage->completion_missing && !counts->seen[COUNT_COMPLETION];

  /* some count what came from a cache, or was reasoned, beside the whole instead of in it: a part that is larger than
   * the whole tells */
  parts = usage->cached_tokens + usage->cache_write_tokens;
  if (!usage->prompt_missing && usage->prompt_tokens < parts)
    sluice_usage_set_count (usage, &usage->prompt_tokens, usage->prompt_tokens + parts);
  if (!usage->completion_missing && usage->completion_tokens < usage->reasoning_tokens)
    sluice_usage_set_count (usage, &usage->completion_tokens, usage->completion_tokens + usage->reasoning_tokens);
}

static gboolean
says_something (const Counts *counts)
{
  for (guint i = 0; i < N_COUNTS; i++)
    if (counts->values[i] != 0)
      return TRUE;
  return FALSE;
}

gboolean
sluice_usage_read_openai (SluiceUsage *usage, SluiceJsonValue value)
{
  Counts counts = { 0 };
  SluiceJsonIter iter;
  SluiceJsonValue name;
  SluiceJsonValue member;

  g_return_val_if_fail (usage != NULL, FALSE);

  if (value.type != SLUICE_JSON_OBJECT)
    return FALSE;

  sluice_json_iter_init (&iter, value);
  while (sluice_json_iter_next (&iter, &name, &member))
    if (!note_named (&counts, top_names, G_N_ELEMENTS (top_names), name, member))
      note_details_named (&counts, name, member);
  if (!counts.seen[COUNT_PROMPT] && !counts.seen[COUNT_INPUT] && !counts.seen[COUNT_COMPLETION]
      && !counts.seen[COUNT_TOTAL])
    return FALSE;
  /* some end a stream with a chunk of zeros behind the figures */
  if (usage->present && !says_something (&counts))
    return TRUE;

  if (!usage->present)
    usage->present = usage->prompt_missing = usage->completion_missing = TRUE;
  complete_counts (&counts, usage);
  take_counts (usage, &counts);
  return TRUE;
}

void
sluice_usage_estimate (SluiceUsage *usage, gsize request_bytes, gsize text_bytes)
{
  gint64 parts;

  g_return_if_fail (usage != NULL);

  parts = MIN (usage->cached_tokens + usage->cache_write_tokens, SLUICE_USAGE_MAX);
  if (!usage->present || usage->prompt_missing)
    {
      usage->prompt_tokens = MAX (sluice_usage_estimate_tokens (request_bytes), parts);
      usage->estimated = TRUE;
    }
  if (!usage->present || usage->completion_missing)
    {
      usage->completion_tokens = MAX (sluice_usage_estimate_tokens (text_bytes), usage->reasoning_tokens);
      usage->estimated = TRUE;
    }
  usage->prompt_missing = usage->completion_missing = FALSE;
}

void
sluice_usage_append_openai (const SluiceUsage *usage, gboolean completion, GString *out)
{
  g_string_append_printf (out, "\"usage\":{\"prompt_tokens\":%" G_GINT64_FORMAT, usage->prompt_tokens);
  if (completion)
    g_string_append_printf (out, ",\"completion_tokens\":%" G_GINT64_FORMAT, usage->completion_tokens);
  g_string_append_printf (out, ",\"total_tokens\":%" G_GINT64_FORMAT "}",
                          usage->prompt_tokens + (completion ? usage->completion_tokens : 0));
}
