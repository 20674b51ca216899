/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/sluice-json-private.h"

#include <stdlib.h>
#include <string.h>

/* Up to here comparing each with each is faster than sorting. */
#define FEW_NAMES 16

typedef struct {
  const char *text; /* unescaped */
  gsize length;
  const char *at; /* in the document */
} Name;

/* Sorting, not hashing: there is no set of names that makes it quadratic. */
static int
compare_names (gconstpointer one, gconstpointer other)
{
  const Name *a = one;
  const Name *b = other;
  int order;

  if (a->length != b->length)
    return a->length < b->length ? -1 : 1;
  order = memcmp (a->text, b->text, a->length);
  if (order != 0)
    return order;
  return a->at < b->at ? -1 : 1;
}

static const char *
find_twice_of_few (const SluiceJsonScan *scan)
{
  for (guint i = 1; i < scan->n_members; i++)
    {
      const SluiceJsonValue *name = &scan->members[i].name;

      for (guint k = 0; k < i; k++)
        {
          const SluiceJsonValue *before = &scan->members[k].name;

          if (before->length == name->length && memcmp (before->text, name->text, name->length) == 0)
            return name->text;
        }
    }
  return NULL;
}

static const char *
find_twice_of_many (const SluiceJsonScan *scan)
{
  g_autofree Name *names = g_new (Name, scan->n_members);
  g_autofree char *unescaped = NULL;
  const char *twice = NULL;
  gsize used = 0;

  if (scan->escaped)
    {
      for (guint i = 0; i < scan->n_members; i++)
        used += scan->members[i].name.length;
      unescaped = g_malloc (used);
      used = 0;
    }
  for (guint i = 0; i < scan->n_members; i++)
    {
      SluiceJsonValue name = scan->members[i].name;

      names[i] = (Name){ name.text + 1, name.length - 2, name.text };
      if (scan->escaped && memchr (name.text, '\\', name.length) != NULL)
        {
          names[i].text = unescaped + used;
          names[i].length = sluice_json_decode (name, unescaped + used);
          used += names[i].length;
        }
    }

  qsort (names, scan->n_members, sizeof *names, compare_names);
  for (guint i = 1; i < scan->n_members; i++)
    if (names[i].length == names[i - 1].length && memcmp (names[i].text, names[i - 1].text, names[i].length) == 0
        && (twice == NULL || names[i].at < twice))
      twice = names[i].at;
  return twice;
}

gboolean
sluice_json_scan_check_names (SluiceJsonScan *scan)
{
  const char *twice;

  if (scan->n_members < 2)
    return TRUE;

  twice = scan->n_members > FEW_NAMES || scan->escaped ? find_twice_of_many (scan) : find_twice_of_few (scan);
  if (twice == NULL)
    return TRUE;

  scan->failed_at = twice;
  scan->reason = "a member named twice";
  return FALSE;
}
