/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/sluice-yaml-private.h"

#include <string.h>

#define TAG_PREFIX "tag:yaml.org,2002:"

typedef struct {
  SluiceYaml *document;
  SluiceFindingSink *sink;
  const char *text;
  gsize length;
  yaml_parser_t parser;
  GHashTable *anchors; /* (element-type utf8 SluiceYamlNode) */
  GString *path;
  guint depth;
  guint n_aliases;
  guint n_nodes; /* aliases written out */
} Composer;

static SluiceYamlNode *compose (Composer *self, const yaml_event_t *event);

static void G_GNUC_PRINTF (4, 5)
fail (Composer *self, guint line, guint column, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list arguments;

  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  sluice_finding_sink_add (self->sink, SLUICE_FINDING_ERROR, line, column,
                           self->path->len > 0 ? self->path->str : NULL, "%s", message);
}

static guint
line_of (const yaml_event_t *event)
{
  return (guint) event->start_mark.line + 1;
}

static guint
column_of (const yaml_event_t *event)
{
  return (guint) event->start_mark.column + 1;
}

/* Delete the event afterwards, unless there is none. */
static gboolean
next_event (Composer *self, yaml_event_t *event)
{
  if (yaml_parser_parse (&self->parser, event))
    return TRUE;

  sluice_yaml_report (&self->parser, self->text, self->length, self->path->len > 0 ? self->path->str : NULL,
                      self->sink);
  return FALSE;
}

static gboolean
count_nodes (Composer *self, guint n_nodes, const yaml_event_t *event)
{
  self->n_nodes += n_nodes;
  if (self->n_nodes <= SLUICE_YAML_MAX_NODES)
    return TRUE;

  fail (self, line_of (event), column_of (event), "the file has more than %d values, with aliases written out",
        SLUICE_YAML_MAX_NODES);
  return FALSE;
}

/* @anchor (nullable) */
static SluiceYamlNode *
add_node (Composer *self, SluiceYamlType type, const yaml_event_t *event, const yaml_char_t *anchor)
{
  SluiceYamlNode *node;

  if (!count_nodes (self, 1, event))
    return NULL;

  node = g_new0 (SluiceYamlNode, 1);
  node->type = type;
  node->line = line_of (event);
  node->column = column_of (event);
  node->size = 1;
  g_ptr_array_add (self->document->nodes, node);
  if (anchor != NULL)
    g_hash_table_replace (self->anchors, g_strdup ((const char *) anchor), node);
  return node;
}

/* Tags of the core types say no more than the value does; anything else would ask for code to run. */
static gboolean
check_tag (Composer *self, const yaml_char_t *tag, const yaml_event_t *event)
{
  static const char *const known[] = { "str", "int", "float", "bool", "null", "seq", "map" };
  const char *name = (const char *) tag;

  if (tag == NULL || g_str_equal (name, "!"))
    return TRUE;
  if (g_str_has_prefix (name, TAG_PREFIX))
    for (guint i = 0; i < G_N_ELEMENTS (known); i++)
      if (g_str_equal (name + strlen (TAG_PREFIX), known[i]))
        return TRUE;

  fail (self, line_of (event), column_of (event),
        "tags other than !!str, !!int, !!float, !!bool and !!null are not known: remove the tag, or put a text that "
        "begins with '!' in quotes");
  return FALSE;
}

static gboolean
is_string (const yaml_event_t *event)
{
  const char *tag = (const char *) event->data.scalar.tag;

  if (tag != NULL)
    return g_str_equal (tag, "!") || g_str_equal (tag, TAG_PREFIX "str");
  return event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
}

static gboolean
check_scalar (Composer *self, const yaml_event_t *event)
{
  if (!check_tag (self, event->data.scalar.tag, event))
    return FALSE;
  if (memchr (event->data.scalar.value, '\0', event->data.scalar.length) == NULL)
    return TRUE;

  fail (self, line_of (event), column_of (event), "the text holds a NUL character: remove '\\0'");
  return FALSE;
}

static SluiceYamlNode *
compose_scalar (Composer *self, const yaml_event_t *event)
{
  SluiceYamlNode *node;

  if (!check_scalar (self, event))
    return NULL;
  node = add_node (self, SLUICE_YAML_STRING, event, event->data.scalar.anchor);
  if (node == NULL)
    return NULL;

  node->text = g_strndup ((const char *) event->data.scalar.value, event->data.scalar.length);
  node->folded = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && event->end_mark.line > event->start_mark.line;
  if (!is_string (event))
    node->type = sluice_yaml_scalar_type (node->text, &node->integer);
  return node;
}

static SluiceYamlNode *
compose_alias (Composer *self, const yaml_event_t *event)
{
  SluiceYamlNode *node = g_hash_table_lookup (self->anchors, event->data.alias.anchor);
  guint line = line_of (event);
  guint column = column_of (event);

  if (node == NULL)
    fail (self, line, column, "no anchor of this name stands above: write '&name' there, or quote a text that begins "
                              "with '*'");
  else if (node->open)
    fail (self, line, column, "the alias stands inside of what it stands for");
  else if (++self->n_aliases > SLUICE_YAML_MAX_ALIASES)
    fail (self, line, column, "more than %d aliases: write the values out", SLUICE_YAML_MAX_ALIASES);
  else if (self->depth + node->height > SLUICE_YAML_MAX_DEPTH)
    fail (self, line, column, "more than %d levels of lists and maps, with aliases written out", SLUICE_YAML_MAX_DEPTH);
  else if (count_nodes (self, node->size, event))
    return node;

  return NULL;
}

static void
add_child (SluiceYamlNode *node, const SluiceYamlNode *child)
{
  node->size += child->size;
  node->height = MAX (node->height, child->height + 1);
}

static gboolean
compose_items (Composer *self, SluiceYamlNode *node)
{
  for (;;)
    {
      yaml_event_t event;
      SluiceYamlNode *item = NULL;
      gboolean ended;
      gsize before;

      if (!next_event (self, &event))
        return FALSE;
      ended = event.type == YAML_SEQUENCE_END_EVENT;
      before = sluice_yaml_path_push_index (self->path, node->items->len);
      if (!ended)
        item = compose (self, &event);
      g_string_truncate (self->path, before);
      yaml_event_delete (&event);
      if (item == NULL)
        return ended;
      g_ptr_array_add (node->items, item);
      add_child (node, item);
    }
}

static gboolean
is_merge (const yaml_event_t *event)
{
  return event->type == YAML_SCALAR_EVENT && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
         event->data.scalar.tag == NULL && g_str_equal ((const char *) event->data.scalar.value, "<<");
}

/* The text of the key, or %NULL if it cannot be one. */
static char *
compose_key (Composer *self, const yaml_event_t *event)
{
  if (event->type == YAML_SCALAR_EVENT)
    return check_scalar (self, event) ? g_strdup ((const char *) event->data.scalar.value) : NULL;
  if (event->type == YAML_ALIAS_EVENT)
    {
      SluiceYamlNode *node = compose_alias (self, event);

      if (node == NULL)
        return NULL;
      if (node->text != NULL)
        return g_strdup (node->text);
    }

  fail (self, line_of (event), column_of (event),
        "a key must be a text: put a key that begins with '[', '{' or '?' in quotes");
  return NULL;
}

/* Adds what @from has and @node has not. */
static void
merge_map (SluiceYamlNode *node, GHashTable *keys, const SluiceYamlNode *from)
{
  for (guint i = 0; i < from->members->len; i++)
    {
      const SluiceYamlMember *member = &g_array_index (from->members, SluiceYamlMember, i);
      SluiceYamlMember copy = *member;

      if (g_hash_table_contains (keys, member->key))
        continue;
      copy.key = g_strdup (member->key);
      g_hash_table_add (keys, copy.key);
      g_array_append_val (node->members, copy);
      add_child (node, member->value);
    }
}

static gboolean
merge (Composer *self, SluiceYamlNode *node, GHashTable *keys, const SluiceYamlNode *from)
{
  gboolean fits = from->type == SLUICE_YAML_MAP || from->type == SLUICE_YAML_LIST;

  if (from->type == SLUICE_YAML_MAP)
    merge_map (node, keys, from);
  for (guint i = 0; from->type == SLUICE_YAML_LIST && i < from->items->len; i++)
    {
      const SluiceYamlNode *item = g_ptr_array_index (from->items, i);

      if (item->type == SLUICE_YAML_MAP)
        merge_map (node, keys, item);
      else
        fits = FALSE;
    }
  if (!fits)
    fail (self, from->line, from->column, "'<<' takes a map, an alias of one, or a list of such");
  return fits;
}

static void
member_clear (gpointer data)
{
  g_free (((SluiceYamlMember *) data)->key);
}

static void
report_duplicate (Composer *self, const SluiceYamlNode *node, const SluiceYamlMember *member, gsize map_path_length)
{
  gboolean is_item = map_path_length > 0 && self->path->str[map_path_length - 1] == ']';
  guint first_line = 0;
  g_autofree char *shown = NULL;

  if (sluice_finding_sink_is_full (self->sink, SLUICE_FINDING_ERROR))
    {
      fail (self, member->line, member->column, "duplicate key");
      return;
    }
  for (guint i = 0; i < node->members->len && first_line == 0; i++)
    {
      const SluiceYamlMember *other = &g_array_index (node->members, SluiceYamlMember, i);

      if (g_str_equal (other->key, member->key))
        first_line = other->line;
    }
  shown = sluice_yaml_show_key (member->key);
  fail (self, member->line, member->column,
        "the key '%s' stands here a second time: remove this one or that on line %u%s", shown, first_line,
        is_item ? ", or put '- ' before it if it begins the next item" : "");
}

/* Reads the value of the key that @key_event is and files it. A second use of a key is a mistake that does not stop. */
static gboolean
compose_member (Composer *self,
                SluiceYamlNode *node,
                const yaml_event_t *key_event,
                GHashTable *keys,
                SluiceYamlNode **merged)
{
  g_autofree char *key = compose_key (self, key_event);
  SluiceYamlMember member = { key, line_of (key_event), column_of (key_event), NULL };
  yaml_event_t event;
  gsize before;

  if (key == NULL)
    return FALSE;

  before = sluice_yaml_path_push_key (self->path, key);
  if (next_event (self, &event))
    {
      member.value = compose (self, &event);
      yaml_event_delete (&event);
    }
  if (member.value != NULL)
    {
      if (is_merge (key_event) && *merged == NULL)
        *merged = member.value;
      else if (is_merge (key_event))
        fail (self, member.line, member.column, "'<<' stands here a second time: give it a list instead");
      else if (g_hash_table_contains (keys, key))
        report_duplicate (self, node, &member, before);
      else
        {
          g_hash_table_add (keys, key);
          key = NULL;
          g_array_append_val (node->members, member);
          add_child (node, member.value);
        }
    }
  g_string_truncate (self->path, before);
  return member.value != NULL;
}

static gboolean
compose_members (Composer *self, SluiceYamlNode *node)
{
  g_autoptr (GHashTable) keys = g_hash_table_new (g_str_hash, g_str_equal);
  SluiceYamlNode *merged = NULL;

  for (;;)
    {
      yaml_event_t event;
      gboolean ended;
      gboolean goes_on;

      if (!next_event (self, &event))
        return FALSE;
      ended = event.type == YAML_MAPPING_END_EVENT;
      goes_on = !ended && compose_member (self, node, &event, keys, &merged);
      yaml_event_delete (&event);
      if (ended && merged != NULL)
        return merge (self, node, keys, merged);
      if (!goes_on)
        return ended;
    }
}

static SluiceYamlNode *
compose_collection (Composer *self, const yaml_event_t *event)
{
  gboolean is_map = event->type == YAML_MAPPING_START_EVENT;
  yaml_char_t *anchor = is_map ? event->data.mapping_start.anchor : event->data.sequence_start.anchor;
  yaml_char_t *tag = is_map ? event->data.mapping_start.tag : event->data.sequence_start.tag;
  SluiceYamlNode *node;
  gboolean whole;

  /* Each level makes libyaml's scanner slower for all that follows: stop before it matters. */
  if (self->depth == SLUICE_YAML_MAX_DEPTH)
    {
      fail (self, line_of (event), column_of (event), "more than %d levels of lists and maps", SLUICE_YAML_MAX_DEPTH);
      return NULL;
    }
  if (!check_tag (self, tag, event))
    return NULL;
  node = add_node (self, is_map ? SLUICE_YAML_MAP : SLUICE_YAML_LIST, event, anchor);
  if (node == NULL)
    return NULL;

  node->open = TRUE;
  node->height = 1;
  self->depth++;
  if (is_map)
    {
      node->members = g_array_new (FALSE, FALSE, sizeof (SluiceYamlMember));
      g_array_set_clear_func (node->members, member_clear);
      whole = compose_members (self, node);
    }
  else
    {
      node->items = g_ptr_array_new ();
      whole = compose_items (self, node);
    }
  self->depth--;
  node->open = FALSE;
  return whole ? node : NULL;
}

/* The node that begins with @event; %NULL after a mistake that stops, which has been reported. */
static SluiceYamlNode *
compose (Composer *self, const yaml_event_t *event)
{
  switch (event->type)
    {
    case YAML_SCALAR_EVENT:
      return compose_scalar (self, event);
    case YAML_ALIAS_EVENT:
      return compose_alias (self, event);
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
      return compose_collection (self, event);
    default:
      g_assert_not_reached ();
    }
}

/* The stream: at most one document. */
static gboolean
compose_stream (Composer *self)
{
  gboolean ended = FALSE;
  gboolean fits = TRUE;
  guint n_documents = 0;

  while (fits && !ended)
    {
      yaml_event_t event;

      if (!next_event (self, &event))
        return FALSE;
      switch (event.type)
        {
        case YAML_STREAM_START_EVENT:
        case YAML_DOCUMENT_END_EVENT:
          break;
        case YAML_DOCUMENT_START_EVENT:
          fits = ++n_documents == 1;
          if (!fits)
            fail (self, line_of (&event), column_of (&event),
                  "a second document begins here: remove the '---' or what follows it");
          break;
        case YAML_STREAM_END_EVENT:
          ended = TRUE;
          break;
        default:
          self->document->root = compose (self, &event);
          fits = self->document->root != NULL;
          break;
        }
      yaml_event_delete (&event);
    }

  return fits;
}

gboolean
sluice_yaml_compose (SluiceYaml *document, const char *text, gsize length, SluiceFindingSink *sink)
{
  Composer self = { .document = document, .sink = sink, .text = text, .length = length };
  gboolean had_error = sluice_finding_sink_has_error (sink);
  gboolean fits;

  if (!yaml_parser_initialize (&self.parser))
    {
      sluice_finding_sink_add (sink, SLUICE_FINDING_ERROR, 0, 0, NULL, "not enough memory to read the file");
      return FALSE;
    }
  yaml_parser_set_encoding (&self.parser, YAML_UTF8_ENCODING);
  yaml_parser_set_input_string (&self.parser, (const unsigned char *) text, length);
  self.anchors = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self.path = g_string_new (NULL);

  fits = compose_stream (&self);

  g_string_free (self.path, TRUE);
  g_hash_table_unref (self.anchors);
  yaml_parser_delete (&self.parser);
  return fits && (had_error || !sluice_finding_sink_has_error (sink));
}
