/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dialect/sluice-usage.h"

#include "shared/sluice-decimal.h"

/* Bytes of a token: on the low side, since estimates hold money back. */
#define BYTES_PER_TOKEN 3

/* Of the largest sum of two counts. */
#define MAX_DIGITS 10

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
 * Anthropic's input_tokens leave out what was read from a cache or written to it. Some report a total and one of the
 * two; @known is what was said before. A total beside an impossible count has that one in it, and tells nothing.
 */
static void
complete_counts (Counts *counts, const SluiceUsage *known)
{
  const gint64 *values = counts->values;
  gboolean no_prompt;
  gboolean no_completion;
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
  no_prompt = !counts->seen[COUNT_PROMPT] && known->prompt_missing;
  no_completion = !counts->seen[COUNT_COMPLETION] && known->completion_missing;
  if (no_prompt && !no_completion)
    set_value (counts, COUNT_PROMPT, MAX (0, values[COUNT_TOTAL] - completion));
  else if (no_completion && !no_prompt)
    set_value (counts, COUNT_COMPLETION, MAX (0, values[COUNT_TOTAL] - prompt));
}

static void
take_count (SluiceUsage *usage, gint64 *into, const Counts *counts, Count count)
{
  if (counts->seen[count])
    set_count (usage, into, counts->values[count]);
}

/*
 * What a total has beside prompt and completion was reasoned (xAI, Gemini), unless it is what came from a cache; it has
 * to be paid (providers.md).
 */
static void
take_rest (SluiceUsage *usage, const Counts *counts)
{
  const gint64 *values = counts->values;
  gint64 rest = values[COUNT_TOTAL] - usage->prompt_tokens - usage->completion_tokens;
  gint64 parts = usage->cached_tokens + usage->cache_write_tokens;

  /* of a completion of 0 the estimate knows better */
  if (counts->impossible || rest <= 0 || !counts->seen[COUNT_PROMPT] || values[COUNT_COMPLETION] == 0)
    return;
  if (rest == parts && rest != usage->reasoning_tokens)
    {
      set_count (usage, &usage->prompt_tokens, usage->prompt_tokens + rest);
      return;
    }
  set_count (usage, &usage->completion_tokens, usage->completion_tokens + rest);
  set_count (usage, &usage->reasoning_tokens, MAX (usage->reasoning_tokens, rest));
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
  if (!counts->impossible)
    take_count (usage, &usage->total_tokens, counts, COUNT_TOTAL);
  take_rest (usage, counts);

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
sluice_usage_read_openai (SluiceUsage *usage, SluiceJsonValue value, gint64 text_bytes)
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
  if (counts.seen[COUNT_COMPLETION] || (counts.seen[COUNT_TOTAL] && usage->completion_tokens == 0))
    usage->counted_bytes = text_bytes;
  return TRUE;
}

void
sluice_usage_set_no_completion (SluiceUsage *usage)
{
  g_return_if_fail (usage != NULL);

  if (usage->present && usage->prompt_missing && usage->completion_missing && usage->total_tokens > 0)
    {
      usage->prompt_tokens = usage->total_tokens;
      usage->prompt_missing = FALSE;
    }
  usage->completion_missing = FALSE;
}

/* Without a sign, a fraction or an exponent: not every client's parser has a number for those. */
static gboolean
is_integer (SluiceJsonValue value, gint64 number)
{
  gint64 read = 0;

  if (value.type != SLUICE_JSON_NUMBER || value.length > MAX_DIGITS)
    return FALSE;

  for (gsize i = 0; i < value.length; i++)
    {
      if (!g_ascii_isdigit (value.text[i]))
        return FALSE;
      read = read * 10 + (value.text[i] - '0');
    }
  return read == number;
}

gboolean
sluice_usage_is_said_by (const SluiceUsage *usage, gboolean completion, SluiceJsonValue value)
{
  const struct {
    const char *name;
    gint64 count;
  } counts[] = {
    { "total_tokens", usage->prompt_tokens + (completion ? usage->completion_tokens : 0) },
    { "prompt_tokens", usage->prompt_tokens },
    { "completion_tokens", usage->completion_tokens },
  };
  const guint n_counts = completion ? 3 : 2;
  SluiceJsonIter iter;
  SluiceJsonValue name;
  SluiceJsonValue member;
  guint seen = 0;

  if (value.type != SLUICE_JSON_OBJECT)
    return FALSE;

  /* all members, since one of a name that comes twice must not say something else */
  sluice_json_iter_init (&iter, value);
  while (sluice_json_iter_next (&iter, &name, &member))
    for (guint i = 0; i < n_counts; i++)
      if (sluice_json_equals (name, counts[i].name))
        {
          if (!is_integer (member, counts[i].count))
            return FALSE;
          seen |= 1U << i;
        }
  return seen == (1U << n_counts) - 1;
}

/*
 * The tokens of @text_bytes of generated text: those that were counted, or that a total has in it, and a guess for the
 * rest.
 */
static gint64
complete_completion (const SluiceUsage *usage, gint64 text_bytes)
{
  gboolean in_total = usage->completion_missing && usage->total_tokens > usage->prompt_tokens;
  gboolean reported = !usage->completion_missing || in_total;
  gint64 counted = reported ? MIN (usage->counted_bytes, text_bytes) : text_bytes;
  gint64 tokens = usage->completion_tokens;

  if (usage->completion_missing)
    tokens = MAX (sluice_usage_estimate_tokens ((gsize) counted), usage->reasoning_tokens);
  if (in_total)
    tokens = usage->prompt_missing ? MIN (tokens, usage->total_tokens) : usage->total_tokens - usage->prompt_tokens;
  return tokens + sluice_usage_estimate_tokens ((gsize) (text_bytes - counted));
}

static gint64
complete_prompt (const SluiceUsage *usage, gint64 completion, gsize request_bytes)
{
  gint64 parts = usage->cached_tokens + usage->cache_write_tokens;
  gint64 rest = MAX (0, usage->total_tokens - completion);

  return MAX (usage->total_tokens > 0 ? rest : sluice_usage_estimate_tokens (request_bytes), parts);
}

void
sluice_usage_estimate (SluiceUsage *usage, gsize request_bytes, gsize text_bytes)
{
  gint64 bytes = (gint64) MIN (text_bytes, (gsize) G_MAXINT64);
  gint64 in_report;

  g_return_if_fail (usage != NULL);

  if (usage->estimated)
    return;

  if (!usage->present)
    usage->prompt_missing = usage->completion_missing = TRUE;
  if (usage->completion_tokens == 0 && bytes > 0)
    {
      usage->completion_missing = TRUE;
      usage->prompt_missing = usage->prompt_missing || usage->prompt_tokens == 0;
    }
  usage->estimated = usage->prompt_missing || usage->completion_missing || bytes > usage->counted_bytes;
  if (!usage->estimated)
    return;

  in_report = complete_completion (usage, MIN (bytes, usage->counted_bytes));
  if (usage->prompt_missing)
    set_count (usage, &usage->prompt_tokens, complete_prompt (usage, in_report, request_bytes));
  set_count (usage, &usage->completion_tokens, complete_completion (usage, bytes));
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
  g_string_append_printf (out, ",\"total_tokens\":%" G_GINT64_FORMAT,
                          usage->prompt_tokens + (completion ? usage->completion_tokens : 0));
  if (usage->cached_tokens > 0)
    g_string_append_printf (out, ",\"prompt_tokens_details\":{\"cached_tokens\":%" G_GINT64_FORMAT "}",
                            usage->cached_tokens);
  if (completion && usage->reasoning_tokens > 0)
    g_string_append_printf (out, ",\"completion_tokens_details\":{\"reasoning_tokens\":%" G_GINT64_FORMAT "}",
                            usage->reasoning_tokens);
  g_string_append_c (out, '}');
}
