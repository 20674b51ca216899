/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/sluice-yaml-private.h"

#include <string.h>

typedef struct {
  const char *problem; /* how libyaml's text begins */
  const char *advice;
  gboolean with_context; /* add where what is broken begins */
} ProblemRow;

static const ProblemRow problem_rows[] = {
  { "found character that cannot start any token", "a value cannot begin like this: put it in quotes", FALSE },
  { "found a tab character", "a tab cannot indent: use spaces", FALSE },
  { "mapping values are not allowed",
    "no ':' may stand here: put a text that holds ': ' in quotes, or check how this line and the one above are "
    "indented", FALSE },
  { "mapping keys are not allowed", "no '?' may begin here: put the text in quotes", FALSE },
  { "block sequence entries are not allowed", "no '- ' may begin here: put the list item on a line of its own", FALSE },
  { "did not find expected key",
    "this is not indented like the keys that it belongs to, or a text above is not closed or needs quotes", TRUE },
  { "did not find expected '-' indicator", "this is not indented like the list items that it belongs to", TRUE },
  { "did not find expected ',' or ']'", "a ',' or ']' is missing before this", TRUE },
  { "did not find expected ',' or '}'", "a ',' or '}' is missing before this", TRUE },
  { "did not find expected node content", "a value is missing here", FALSE },
  { "could not find expected ':'", "a ':' is missing after a key", TRUE },
  { "found unexpected end of stream", "the file ends inside a quoted text: close the quote", TRUE },
  { "found unexpected document indicator", "'---' or '...' stands inside a quoted text: close the quote", TRUE },
  { "found unknown escape character",
    "unknown escape after '\\': write '\\\\' for a backslash, or use single quotes", FALSE },
  { "did not find expected hexdecimal number", "the escape after '\\' needs hexadecimal digits", FALSE },
  { "did not find expected hexadecimal number", "the escape after '\\' needs hexadecimal digits", FALSE },
  { "found invalid Unicode character escape code", "the escape after '\\' is no Unicode character", FALSE },
  { "found undefined tag handle", "a text that begins with '!' needs quotes", FALSE },
  { "found extra document start", "a file is one document: remove the second '---'", FALSE },
  { "did not find expected <document start>", "this is not indented like the lines above", FALSE },
  { "did not find expected alphabetic or numeric character",
    "a text that begins with '*' or '&' needs quotes", FALSE },
  { "found incompatible YAML document", "only YAML 1.1 and 1.2 are known: remove the line '%YAML'", FALSE },
};

static const ProblemRow *
find_problem (const char *problem)
{
  for (guint i = 0; i < G_N_ELEMENTS (problem_rows); i++)
    if (g_str_has_prefix (problem, problem_rows[i].problem))
      return &problem_rows[i];

  return NULL;
}

/* The byte that the mark stands at: marks count characters, so a mark's index is not an offset. */
static char
byte_at (const yaml_mark_t *mark, const char *text, gsize length)
{
  const char *end = text + length;
  const char *at = text;

  for (size_t i = 0; i < mark->index && at < end; i++)
    at = g_utf8_next_char (at);
  return at < end ? *at : '\0';
}

void
sluice_yaml_report (const yaml_parser_t *parser,
                    const char *text,
                    gsize length,
                    const char *path,
                    SluiceFindingSink *sink)
{
  const char *problem = parser->problem != NULL ? parser->problem : "the file cannot be read";
  const yaml_mark_t *mark = &parser->problem_mark;
  const ProblemRow *row = find_problem (problem);
  const char *advice = row != NULL ? row->advice : problem;
  guint line = (guint) mark->line + 1;
  guint column = (guint) mark->column + 1;
  char byte = byte_at (mark, text, length);
  g_autofree char *change = sluice_yaml_advise (parser, text, length);

  if (change != NULL)
    {
      sluice_finding_sink_add (sink, SLUICE_FINDING_ERROR, line, column, path, "%s", change);
      return;
    }
  if (byte == '\t' && g_str_has_prefix (problem, "found character"))
    advice = "a tab cannot indent: use spaces";
  else if (g_ascii_isgraph (byte) && g_str_has_prefix (problem, "found character"))
    {
      sluice_finding_sink_add (sink, SLUICE_FINDING_ERROR, line, column, path,
                               "a value cannot begin with '%c': put it in quotes", byte);
      return;
    }

  if (row != NULL && row->with_context && parser->context != NULL && parser->context_mark.line != mark->line)
    sluice_finding_sink_add (sink, SLUICE_FINDING_ERROR, line, column, path, "%s (it begins on line %u)", advice,
                             (guint) parser->context_mark.line + 1);
  else
    sluice_finding_sink_add (sink, SLUICE_FINDING_ERROR, line, column, path, "%s", advice);
}
