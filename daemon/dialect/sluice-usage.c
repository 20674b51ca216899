/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dialect/sluice-usage.h"

#include "shared/sluice-decimal.h"

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

/* All that are seen are possible ones. */
typedef struct {
  gint64 values[N_COUNTS];
  gboolean seen[N_COUNTS];
  gboolean impossible; /* there was one that is not */
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

static void
set_count (SluiceUsage *usage, gint64 *count, gint64 value)
{
  *count = MIN (value, SLUICE_USAGE_MAX);
  if (*count != value)
    usage->clamped = TRUE;
}

gint64
sluice_usage_estimate_tokens (gsize bytes)
{
  gsize tokens = bytes / BYTES_PER_TOKEN + (bytes % BYTES_PER_TOKEN != 0 ? 1 : 0);

  return (gint64) MIN (tokens, (gsize) SLUICE_USAGE_MAX);
}

/* The next integer at or above @decimal, if that fits. */
static gboolean
round_up (const SluiceDecimal *decimal, guint64 *result)
{
  guint64 whole = decimal->mantissa;

  if (decimal->exponent >= 0)
    return sluice_decimal_scale (decimal, 0, result);

  for (gint64 exponent = decimal->exponent; exponent < 0 && whole > 0; exponent++)
    whole /= 10;
  /* the last digit of a mantissa is not zero: something was cut off */
  *result = whole + 1;
  return TRUE;
}

/* @value is a number. FALSE if it cannot be a count. */
static gboolean
read_possible (SluiceJsonValue value, gint64 *count)
{
  SluiceDecimal decimal;
  guint64 whole;

  if (sluice_decimal_parse (value.text, value.length, &decimal) != SLUICE_DECIMAL_OK || !round_up (&decimal, &whole))
    return FALSE;
  if (whole > SLUICE_USAGE_MAX || (decimal.negative && decimal.mantissa != 0))
    return FALSE;

  *count = (gint64) whole;
  return TRUE;
}

gboolean
sluice_usage_read_count (SluiceUsage *usage, SluiceJsonValue value, gint64 *count)
{
  g_return_val_if_fail (usage != NULL && count != NULL, FALSE);

  if (value.type != SLUICE_JSON_NUMBER)
    return FALSE;
  if (read_possible (value, count))
    return TRUE;

  usage->clamped = TRUE;
  return FALSE;
}

/* The same count under two names: the larger one, so that a 0 of one extension does not hide the figure of another. */
static void
note_count (Counts *counts, Count count, SluiceJsonValue value)
{
  gint64 number;

  if (value.type != SLUICE_JSON_NUMBER)
    return;
  if (!read_possible (value, &number))
    {
      counts->impossible = TRUE;
      return;
    }

  counts->values[count] = MAX (counts->values[count], number);
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
    set_value (counts, into, MAX (counts->values[into], counts->values[from]));
}

/*
 * Anthropic's input_tokens leave out what was read from a cache or written to it. Some report a total only
 * (embeddings), which then stands for the prompt, or a total and one of the two; @known is what was said before. A
 * total beside an impossible count has that one in it, and tells nothing.
 */
static void
complete_counts (Counts *counts, const SluiceUsage *known)
{
  const gint64 *values = counts->values;
  gint64 prompt;
  gint64 completion;

  if (counts->seen[COUNT_INPUT] && !counts->seen[COUNT_PROMPT])
    set_value (counts, COUNT_PROMPT,
               values[COUNT_INPUT] + values[COUNT_CACHED_BESIDE] + values[COUNT_CACHE_WRITE_BESIDE]);
  join_counts (counts, COUNT_CACHED, COUNT_CACHED_BESIDE);
  join_counts (counts, COUNT_CACHE_WRITE, COUNT_CACHE_WRITE_BESIDE);
  if (!counts->seen[COUNT_TOTAL] || counts->impossible)
    return;

  prompt = counts->seen[COUNT_PROMPT] ? values[COUNT_PROMPT] : known->prompt_tokens;
  completion = counts->seen[COUNT_COMPLETION] ? values[COUNT_COMPLETION] : known->completion_tokens;
  if (!counts->seen[COUNT_PROMPT] && known->prompt_missing)
    {
      set_value (counts, COUNT_PROMPT, MAX (0, values[COUNT_TOTAL] - completion));
      if (!counts->seen[COUNT_COMPLETION] && known->completion_missing)
        set_value (counts, COUNT_COMPLETION, 0);
    }
  else if (!counts->seen[COUNT_COMPLETION] && known->completion_missing)
    set_value (counts, COUNT_COMPLETION, MAX (0, values[COUNT_TOTAL] - prompt));
}

static void
take_count (SluiceUsage *usage, gint64 *into, const Counts *counts, Count count)
{
  if (counts->seen[count])
    set_count (usage, into, counts->values[count]);
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
    set_count (usage, &usage->audio_tokens,
               counts->values[COUNT_PROMPT_AUDIO] + counts->values[COUNT_COMPLETION_AUDIO]);
  usage->prompt_missing = usage->prompt_missing && !counts->seen[COUNT_PROMPT];
  usage->completion_missing = usage->completion_missing && !counts->seen[COUNT_COMPLETION];

  /* some count what came from a cache, or was reasoned, beside the whole instead of in it: a part that is larger than
   * the whole tells */
  parts = usage->cached_tokens + usage->cache_write_tokens;
  if (!usage->prompt_missing && usage->prompt_tokens < parts)
    set_count (usage, &usage->prompt_tokens, usage->prompt_tokens + parts);
  if (!usage->completion_missing && usage->completion_tokens < usage->reasoning_tokens)
    set_count (usage, &usage->completion_tokens, usage->completion_tokens + usage->reasoning_tokens);
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
  usage->clamped = usage->clamped || counts.impossible;
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

  if (usage->estimated)
    return;

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
  g_string_append (out, "\"usage\":");
  sluice_usage_append_counts (usage, completion, out);
}

void
sluice_usage_append_counts (const SluiceUsage *usage, gboolean completion, GString *out)
{
  g_return_if_fail (usage != NULL && out != NULL);

  g_string_append_printf (out, "{\"prompt_tokens\":%" G_GINT64_FORMAT, usage->prompt_tokens);
  if (completion)
    g_string_append_printf (out, ",\"completion_tokens\":%" G_GINT64_FORMAT, usage->completion_tokens);
  g_string_append_printf (out, ",\"total_tokens\":%" G_GINT64_FORMAT "}",
                          usage->prompt_tokens + (completion ? usage->completion_tokens : 0));
}
