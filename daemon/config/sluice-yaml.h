/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A YAML file as a small tree with marks, read through libyaml's events so that its size is bounded before anything is
 * built: 1 MiB of text, 64 levels, 100 aliases, 100,000 nodes once aliases are written out. One document, UTF-8.
 *
 * Plain scalars get the type that PyYAML's safe loader gives them, but for what would turn a name into something else,
 * or a number into a name: numbers with an exponent need no point ("1e-7"), and neither "12:30" nor "2024-10-21" is a
 * number or a date. Quoted scalars are strings. Numbers are kept as text: none passes a double.
 */
#pragma once

#include "config/sluice-finding-sink.h"

G_BEGIN_DECLS

#define SLUICE_YAML_MAX_BYTES (1024 * 1024)
#define SLUICE_YAML_MAX_DEPTH 64
#define SLUICE_YAML_MAX_ALIASES 100
#define SLUICE_YAML_MAX_NODES 100000
#define SLUICE_YAML_KEY_SHOWN_MAX 64

typedef enum {
  SLUICE_YAML_NULL,
  SLUICE_YAML_BOOL,
  SLUICE_YAML_INT,
  SLUICE_YAML_FLOAT, /* also integers that do not fit 64 bits */
  SLUICE_YAML_STRING,
  SLUICE_YAML_LIST,
  SLUICE_YAML_MAP,
} SluiceYamlType;

typedef struct _SluiceYamlNode SluiceYamlNode;

typedef struct {
  char *key;
  guint line; /* of the key, from 1 */
  guint column;
  SluiceYamlNode *value; /* owned by the document; aliases share nodes */
} SluiceYamlMember;

struct _SluiceYamlNode {
  SluiceYamlType type;
  guint line; /* from 1 */
  guint column;
  char *text;        /* (nullable): scalars: without quotes, otherwise as written */
  gint64 integer;    /* SLUICE_YAML_INT, and 0 or 1 for SLUICE_YAML_BOOL */
  GPtrArray *items;  /* (nullable) (element-type SluiceYamlNode): SLUICE_YAML_LIST */
  GArray *members;   /* (nullable) (element-type SluiceYamlMember): SLUICE_YAML_MAP, in order, each key once */
  gboolean folded;   /* a plain scalar of several lines, which are one in the text */
  gboolean resolved; /* for the caller, who may also change the text and type of a scalar */
  gboolean unset;    /* for the caller: null or "" because what it refers to is not there */
  guint size;        /* nodes of the subtree, aliases written out */
  guint height;      /* levels of the subtree: 0 for scalars */
  gboolean open;     /* while it is read */
};

typedef struct _SluiceYaml SluiceYaml;

/* Reads all of @text; mistakes go to @sink, and the result is %NULL if there was one. */
SluiceYaml *sluice_yaml_parse (const char *text, gsize length, SluiceFindingSink *sink);
void sluice_yaml_free (SluiceYaml *self);

/* (nullable): %NULL for a file without content. Lives as long as @self. */
SluiceYamlNode *sluice_yaml_get_root (SluiceYaml *self);

/* The value of @key, or %NULL; also %NULL if @map is not a map. */
SluiceYamlNode *sluice_yaml_get (const SluiceYamlNode *map, const char *key);

/* The type of the plain scalar @text. @integer (nullable) is set for SLUICE_YAML_INT and SLUICE_YAML_BOOL. */
SluiceYamlType sluice_yaml_scalar_type (const char *text, gint64 *integer);

/* The type for people: "a map". */
const char *sluice_yaml_describe_type (SluiceYamlType type);

/* A number as JSON writes it, also from a string that holds a number; %NULL for everything else and for infinities. */
char *sluice_yaml_dup_number (const SluiceYamlNode *node);

/* The value as JSON; %NULL if it holds a number that JSON cannot say. */
char *sluice_yaml_dup_json (const SluiceYamlNode *node);

/* Appends ".key" or "[index]" to a path as findings show it, keys as by sluice_yaml_show_key(); returns the length
 * before, for g_string_truncate(). */
gsize sluice_yaml_path_push_key (GString *path, const char *key);
gsize sluice_yaml_path_push_index (GString *path, guint index);

/* @key for a finding: where a blank is missing a key may hold a secret, so it ends before what no identifier has, and a
 * text like a key of a provider is not shown. */
char *sluice_yaml_show_key (const char *key);

/* @text cut and printable, for the text of a finding. */
char *sluice_yaml_show_text (const char *text);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SluiceYaml, sluice_yaml_free)

G_END_DECLS
