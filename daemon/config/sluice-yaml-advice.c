/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/sluice-yaml-private.h"

#include <string.h>

/* A line of the file, which ends with a line feed. */
typedef struct {
  const char *begin;
  const char *end;
  guint number; /* from 1; 0 for none */
  guint indent; /* blanks before its first character */
  guint inner;  /* blanks before what follows "- ", however often; indent if it is no list item */
  gboolean is_item;
  gboolean is_empty; /* or a comment */
} Line;

/* @begin: where line @number begins */
static Line
read_line (const char *begin, const char *end, guint number)
{
  Line line = { .begin = begin, .number = number };
  const char *at;

  line.end = line.begin < end ? memchr (line.begin, '\n', (gsize) (end - line.begin)) : NULL;
  if (line.end == NULL)
    line.end = end;
  for (at = line.begin; at < line.end && *at == ' '; at++)
    line.indent++;
  line.is_empty = at == line.end || *at == '#' || *at == '\r';
  line.is_item = at < line.end && *at == '-' && (at + 1 == line.end || at[1] == ' ' || at[1] == '\r');
  while (at + 1 < line.end && (*at == ' ' || (*at == '-' && at[1] == ' ')))
    at++;
  line.inner = (guint) (at - line.begin);
  return line;
}

/* Seeks from the start: once for a mistake, since a file may have a line for each byte. */
static Line
find_line (const char *text, const char *end, guint number)
{
  const char *begin = text;

  for (guint i = 1; i < number && begin < end; i++)
    {
      const char *feed = memchr (begin, '\n', (gsize) (end - begin));

      begin = feed != NULL ? feed + 1 : end;
    }
  return read_line (begin, end, number);
}

/* The nearest line above @line that @wanted (nullable: any with something in it); number 0 if there is none. */
static Line
find_above (const char *text,
            const char *end,
            const Line *line,
            gboolean (*wanted) (const Line *above, const Line *line))
{
  Line none = { .number = 0 };
  const char *begin = line->begin;

  /* a file may be long, and what is far away is no good advice */
  for (guint i = line->number - 1; i > 0 && line->number - i < 200; i--)
    {
      Line above;

      /* past the line feed that ends it, back to behind the one before */
      for (begin--; begin > text && begin[-1] != '\n'; begin--)
        ;
      above = read_line (begin, end, i);
      if (!above.is_empty && (wanted == NULL || wanted (&above, line)))
        return above;
    }
  return none;
}

/* Whether "key: " or "key:" at the end stands in @line. */
static gboolean
has_key (const Line *line)
{
  for (const char *at = line->begin; at < line->end; at++)
    if (*at == ':' && (at + 1 == line->end || at[1] == ' ' || at[1] == '\r'))
      return TRUE;
  return FALSE;
}

static gboolean
is_item_elsewhere (const Line *above, const Line *line)
{
  return above->is_item && above->indent != line->indent;
}

static gboolean
is_item_further_out (const Line *above, const Line *line)
{
  return above->is_item && above->indent <= line->indent;
}

static gboolean
is_key_elsewhere (const Line *above, const Line *line)
{
  return !above->is_item && above->indent != line->indent && has_key (above);
}

static char *
compare_indents (const Line *line, guint indent, const char *what, guint number)
{
  return g_strdup_printf ("this line is indented by %u, %s on line %u by %u: indent both alike", line->indent, what,
                          number, indent);
}

/* The line does not fit into the blocks that are open. */
static char *
advise_block (const char *text, const char *end, const Line *line)
{
  const char *content = line->begin + line->indent;
  Line item = { .number = 0 };

  /* the text ends where it ends, without a NUL */
  if (content < line->end && *content == '-' && !line->is_item
      && !(line->end - content >= 3 && memcmp (content, "---", 3) == 0))
    return g_strdup ("a blank is missing after the '-' that begins this list item");
  if (line->is_item)
    {
      item = find_above (text, end, line, is_item_elsewhere);
      return item.number > 0 ? compare_indents (line, item.indent, "the list item", item.number) : NULL;
    }

  item = find_above (text, end, line, is_item_further_out);
  if (item.number == 0)
    {
      Line above = find_above (text, end, line, is_key_elsewhere);

      return above.number > 0 && has_key (line) ? compare_indents (line, above.indent, "the key", above.number) : NULL;
    }
  if (item.inner == line->indent)
    return NULL;
  return g_strdup_printf ("this line is indented by %u, the keys of the list item on line %u by %u: indent it like "
                          "those, or further if it belongs to the key above", line->indent, item.number,
                          item.inner);
}

/* A ':' where the text of the line above goes on. */
static char *
advise_value (const char *text, const char *end, const Line *line)
{
  Line above = find_above (text, end, line, NULL);

  if (above.number == 0)
    return NULL;
  if (!has_key (&above))
    return g_strdup_printf (memchr (above.begin, ':', (gsize) (above.end - above.begin)) != NULL
                              ? "a blank is missing after the ':' on line %u"
                              : "a ':' is missing after the key on line %u", above.number);
  if (line->indent > above.inner)
    return compare_indents (line, above.inner, "the key", above.number);
  return NULL;
}

/* The file goes on further out than it began. */
static char *
advise_start (const char *text, const char *end, const Line *line)
{
  Line first = read_line (text, end, 1);

  while (first.is_empty && first.number < line->number)
    first = read_line (first.end < end ? first.end + 1 : end, end, first.number + 1);
  return first.indent > line->indent ? compare_indents (line, first.indent, "the first key", first.number) : NULL;
}

char *
sluice_yaml_advise (const yaml_parser_t *parser, const char *text, gsize length)
{
  const char *problem = parser->problem != NULL ? parser->problem : "";
  const char *end = text + length;
  Line line = find_line (text, end, (guint) parser->problem_mark.line + 1);

  if (line.begin >= end)
    return NULL;
  /* only the first thing in a line is wrong because of how the line is indented */
  if (g_str_has_prefix (problem, "mapping values are not allowed"))
    return advise_value (text, end, &line);
  if (parser->problem_mark.column != line.indent)
    return NULL;
  if (g_str_equal (problem, "did not find expected key") || g_str_has_prefix (problem, "did not find expected '-'"))
    return advise_block (text, end, &line);
  if (g_str_has_prefix (problem, "did not find expected <document start>"))
    return advise_start (text, end, &line);
  return NULL;
}
