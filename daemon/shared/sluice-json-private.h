/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of the JSON scanner share: finding bytes fast (sluice-json-bytes.c), the one checking pass
 * (sluice-json-scan.c), names that come twice (sluice-json-names.c), strings (sluice-json-text.c).
 */
#pragma once

#include "shared/sluice-json.h"

G_BEGIN_DECLS

/* The first byte of interest in [@p, @end), or @end. Any content may be passed. */
const char *sluice_json_find_special (const char *p, const char *end); /* '"', '\\', below 0x20, 0x80 and above */
const char *sluice_json_find_quote (const char *p, const char *end);   /* '"', '\\' */
const char *sluice_json_find_bracket (const char *p, const char *end); /* '"', '[', ']', '{', '}' */
const char *sluice_json_find_no_number (const char *p, const char *end); /* not of numbers, commas and space */

/* Bytes of the UTF-8 sequence at @p, which starts with 0x80 or above; 0 if it is none (RFC 3629). */
static inline guint
sluice_json_utf8_length (const char *p, const char *end)
{
  const guchar *u = (const guchar *) p;
  gsize left = (gsize) (end - p);

  if (u[0] < 0xc2 || left < 2 || (u[1] & 0xc0) != 0x80)
    return 0;
  if (u[0] < 0xe0)
    return 2;
  if (left < 3 || (u[2] & 0xc0) != 0x80)
    return 0;
  if (u[0] < 0xf0)
    return (u[0] == 0xe0 && u[1] < 0xa0) || (u[0] == 0xed && u[1] >= 0xa0) ? 0 : 3; /* overlong, surrogate */
  if (left < 4 || (u[3] & 0xc0) != 0x80)
    return 0;
  return u[0] > 0xf4 || (u[0] == 0xf0 && u[1] < 0x90) || (u[0] == 0xf4 && u[1] >= 0x90) ? 0 : 4;
}

static inline gboolean
sluice_json_is_space (char c)
{
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static inline gboolean
sluice_json_is_digit (char c)
{
  return c >= '0' && c <= '9';
}

/* The code unit of the four hexadecimal digits at @p, or -1. */
gint32 sluice_json_read_hex4 (const char *p);

/* Writes the unescaped text of the checked string @value to @out, which has room for its length; returns its bytes. */
gsize sluice_json_decode (SluiceJsonValue value, char *out);

/* sluice_json_equals() for a string whose length is known. */
gboolean sluice_json_equals_length (SluiceJsonValue value, const char *string, gsize length);

/* Enough for the requests of most clients, so that the index is allocated once, in the right size. */
#define SLUICE_JSON_FEW_MEMBERS 24

typedef enum {
  SLUICE_JSON_STATE_VALUE,
  SLUICE_JSON_STATE_FIRST_VALUE, /* or the end of the array */
  SLUICE_JSON_STATE_NAME,
  SLUICE_JSON_STATE_FIRST_NAME, /* or the end of the object */
  SLUICE_JSON_STATE_AFTER,      /* a value has ended: a comma, an end or the end of all */
} SluiceJsonState;

/**
 * SluiceJsonScan:
 *
 * One checking pass. Lives on the stack of the caller, who clears it.
 */
typedef struct {
  const char *text;
  const char *end;
  SluiceJsonFlags flags;
  SluiceJsonState state;

  guint depth;
  guint64 objects;                     /* bit n: the container at depth n + 1 is an object */
  guint counts[SLUICE_JSON_MAX_DEPTH]; /* members seen in each open object */

  SluiceJsonValue root;
  SluiceJsonMember *members; /* (owned) unless it is @few */
  guint n_members;
  guint n_allocated;
  gboolean escaped; /* some name of @members has an escape */

  const char *failed_at;
  const char *reason; /* (nullable): why it was refused */

  SluiceJsonMember few[SLUICE_JSON_FEW_MEMBERS];
} SluiceJsonScan;

gboolean sluice_json_scan_run (SluiceJsonScan *scan, const char *text, gsize length, SluiceJsonFlags flags);
void sluice_json_scan_clear (SluiceJsonScan *scan);

/* Whether no two members have the same name; sets the failure otherwise. */
gboolean sluice_json_scan_check_names (SluiceJsonScan *scan);

G_END_DECLS
