/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/sluice-config-private.h"

#include "config/sluice-nearest.h"

#include <string.h>

/* So far from a guarded key a name elsewhere may be a word of its own. */
#define GUARDED_EDITS_MAX 2

/* What kind of keys a map has. */
typedef enum {
  SCOPE_KEYS,      /* of the format, or meant for such */
  SCOPE_PARAMS,    /* the same, but what stands below their values is data */
  SCOPE_NAMES,     /* names that the author chose: of models, tags, headers */
  SCOPE_VARIABLES, /* names of variables */
  SCOPE_THOUGHT,   /* parameters of a model that thinks, whose budgets are tokens */
  SCOPE_DATA,      /* of others: what looks like a key of ours is none */
} Scope;

/* What the sections make of one name, upper case and '-' as in sluice-nearest.h. */
typedef struct {
  const SluiceKey *guarded; /* (nullable) */
  SluiceSection home;       /* of the guarded key */
  gboolean is_budget;
  gboolean has_names;
  gboolean has_params;
} Known;

typedef struct {
  SluiceConfigReader *reader;
  GHashTable *known;  /* (element-type utf8 Known) */
  GPtrArray *guarded; /* (element-type Known): those of them that are */
  GHashTable *read;   /* (element-type SluiceYamlNode): values of guarded keys in their sections, unowned */
} Guard;

static gboolean guard_value (Guard *self, const SluiceYamlNode *node, Scope scope, const char *place);

static char *
fold (const char *name)
{
  return g_strdelimit (g_ascii_strdown (name, -1), "-", '_');
}

static void
index_names (Guard *self)
{
  self->known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->guarded = g_ptr_array_new ();
  for (guint section = 0; section < SLUICE_N_SECTIONS; section++)
    {
      guint n_keys;
      const SluiceKey *keys = sluice_schema_table (section, &n_keys);

      for (guint i = 0; i < n_keys; i++)
        {
          g_autofree char *name = fold (keys[i].name);
          Known *known = g_hash_table_lookup (self->known, name);

          if (known == NULL)
            {
              known = g_new0 (Known, 1);
              g_hash_table_insert (self->known, g_steal_pointer (&name), known);
            }
          known->is_budget |= keys[i].is_budget;
          known->has_names |= keys[i].has_names;
          known->has_params |= keys[i].has_params;
          if (keys[i].is_guarded)
            {
              known->guarded = &keys[i];
              known->home = section;
              g_ptr_array_add (self->guarded, known);
            }
        }
    }
}

static gboolean
has_our_keys (Scope scope)
{
  return scope == SCOPE_KEYS || scope == SCOPE_PARAMS;
}

char *
sluice_config_dup_joined_name (const char *key, char *mark)
{
  gsize length = 0;
  gsize rest;

  while (g_ascii_isalnum (key[length]) || (key[length] != '\0' && strchr ("_.-", key[length]) != NULL))
    length++;
  rest = length + strspn (key + length, " ");
  if (length == 0 || length > SLUICE_YAML_KEY_SHOWN_MAX || key[rest] == '\0' || g_ascii_isdigit (*key))
    return NULL;

  *mark = key[rest];
  return g_strndup (key, length);
}

void
sluice_config_refuse_joined (SluiceConfigReader *self, const SluiceYamlMember *member, const char *name)
{
  g_autofree char *shown = sluice_yaml_show_key (name);
  const char *rest = member->key + strlen (name);

  if (!g_hash_table_add (self->refused, (gpointer) member))
    return;
  if (*rest == ':' && rest[1] != ' ')
    sluice_config_reader_error (self, member, "a blank is missing after the colon of '%s'", shown);
  else
    sluice_config_reader_error (self, member, "'%s' and its value are one text here: write the key, a colon, a blank "
                                              "and the value", shown);
}

static const Known *
find_known (Guard *self, const char *name)
{
  g_autofree char *folded = fold (name);

  return g_hash_table_lookup (self->known, folded);
}

/* "key:value", "key=value" or "key value" in one piece is a key without a value, and what it was meant to set is not
 * set. Names that the author chose may look like that. */
static gboolean
refuse_joined (Guard *self, const SluiceYamlMember *member, Scope scope)
{
  char mark = '\0';
  g_autofree char *name = sluice_config_dup_joined_name (member->key, &mark);
  gboolean has_mark = mark == ':' || mark == '=';
  const Known *known;
  gboolean is_meant;

  if (name == NULL)
    return FALSE;

  known = find_known (self, name);
  is_meant = scope != SCOPE_DATA && known != NULL && known->guarded != NULL;
  is_meant = is_meant || (scope == SCOPE_VARIABLES && has_mark);
  if (!is_meant && member->value->type == SLUICE_YAML_NULL)
    is_meant = known != NULL || (scope != SCOPE_NAMES && scope != SCOPE_DATA && has_mark);
  if (is_meant)
    sluice_config_refuse_joined (self->reader, member, name);
  return is_meant;
}

static gboolean
may_not_be_lost (const Known *known)
{
  return known != NULL && (known->guarded != NULL || known->is_budget);
}

/* The same as the only line of a block, which is a text and no map at all. */
static void
refuse_joined_text (Guard *self, const SluiceYamlNode *node)
{
  char mark = '\0';
  g_autofree char *name = sluice_config_dup_joined_name (node->text, &mark);
  const Known *known = name != NULL && (mark == ':' || mark == '=') ? find_known (self, name) : NULL;

  if (may_not_be_lost (known) && !node->folded && !strchr (node->text + strlen (name), ' '))
    sluice_config_reader_error (self->reader, node, "this is a text: a blank is missing after the colon of '%s'", name);
}

/* A line that is indented too far goes on with the text above it: as its colon has no blank, nothing else says so. */
static void
refuse_folded_text (Guard *self, const SluiceYamlNode *node)
{
  static const char blanks[] = " \n";

  for (const char *at = node->folded ? node->text : NULL; at != NULL; at = strpbrk (at, blanks))
    {
      char mark = '\0';
      g_autofree char *name = sluice_config_dup_joined_name (at += strspn (at, blanks), &mark);
      const Known *known = name != NULL && mark == ':' ? find_known (self, name) : NULL;

      if (!may_not_be_lost (known))
        continue;
      sluice_config_reader_error (self->reader, node, "this text goes on in further lines, where '%s:' is no key: "
                                                      "write a blank after its colon, and indent it as a key", name);
      return;
    }
}

/* Whether @name is at most @most edits from @other; the lengths tell it of most names. */
static gboolean
is_within (const char *name, const char *other, guint most)
{
  gsize name_length = strlen (name);
  gsize other_length = strlen (other);

  return MAX (name_length, other_length) - MIN (name_length, other_length) <= most
         && sluice_nearest_count_edits (name, other) <= most;
}

/* The guarded key that the unknown @name is nearest to, or %NULL. */
static const Known *
find_meant (Guard *self, const char *name)
{
  const Known *best = NULL;
  guint least = GUARDED_EDITS_MAX;
  GHashTableIter iter;
  gpointer other;

  for (guint i = 0; i < self->guarded->len; i++)
    {
      const Known *known = g_ptr_array_index (self->guarded, i);

      if (!is_within (name, known->guarded->name, least))
        continue;
      least = sluice_nearest_count_edits (name, known->guarded->name);
      best = known;
    }
  if (best == NULL || least == 0 || sluice_finding_sink_is_full (self->reader->sink, SLUICE_FINDING_ERROR))
    return best;

  g_hash_table_iter_init (&iter, self->known);
  while (g_hash_table_iter_next (&iter, &other, NULL))
    if (is_within (name, other, least - 1))
      return NULL;
  return best;
}

static void
refuse_guarded (Guard *self, const SluiceYamlMember *member, const Known *meant, gboolean at_home)
{
  const char *name = meant->guarded->name;
  const char *home = sluice_schema_section_name (meant->home);

  if (!g_hash_table_add (self->reader->refused, (gpointer) member))
    return;
  if (!g_str_equal (member->key, name) && at_home)
    sluice_config_reader_error (self->reader, member, "unknown key, did you mean '%s'?", name);
  else if (!g_str_equal (member->key, name))
    sluice_config_reader_error (self->reader, member, "unknown key, did you mean '%s', which belongs to %s?", name,
                                home != NULL ? home : "the top level");
  else if (home != NULL)
    sluice_config_reader_error (self->reader, member, "this key belongs to %s, here it has no effect: move or indent "
                                                      "it", home);
  else
    sluice_config_reader_error (self->reader, member, "this key belongs to the top level, here it has no effect: begin "
                                                      "it in the first column");
}

/* Refuses a guarded key that is misspelt or stands elsewhere than in its section. Returns the section that it is, or
 * was meant to be. */
static const char *
check_guarded (Guard *self, const SluiceYamlMember *member, const Known *known, Scope scope, const char *place)
{
  const Known *meant = known == NULL && has_our_keys (scope) ? find_meant (self, member->key) : known;
  const SluiceKey *guarded = meant != NULL ? meant->guarded : NULL;
  gboolean is_exact = guarded != NULL && g_str_equal (guarded->name, member->key);
  gboolean at_home;

  if (guarded == NULL || scope == SCOPE_DATA || (!has_our_keys (scope) && !is_exact))
    return NULL;

  at_home = g_strcmp0 (sluice_schema_section_name (meant->home), place) == 0;
  if (!is_exact || !(at_home || g_hash_table_contains (self->read, member->value)))
    refuse_guarded (self, member, meant, at_home);
  return meant->home == SLUICE_SECTION_TOP ? guarded->name : NULL;
}

/* Whether one of the words of @name is "budget", or one letter from it, and none says that it is no limit. */
static gboolean
has_budget_word (const char *name)
{
  g_auto (GStrv) words = g_strsplit_set (name, "_. ", -1);

  if (g_strv_contains ((const char *const *) words, "soft"))
    return FALSE;
  if (strstr (name, "budget") != NULL)
    return TRUE;
  for (guint i = 0; words[i] != NULL; i++)
    if (is_within (words[i], "budget", 1) || is_within (words[i], "budgets", 1))
      return TRUE;
  return FALSE;
}

/* Whether a name that no section knows looks like a limit on what may be spent. */
static gboolean
looks_like_budget (const char *folded)
{
  static const char *const others[] = { "token", "think", "reasoning", "duration", "reset", "alert", "metric" };

  if (strlen (folded) > SLUICE_YAML_KEY_SHOWN_MAX || g_str_has_suffix (folded, "_name") || !has_budget_word (folded))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    if (strstr (folded, others[i]) != NULL)
      return FALSE;
  return TRUE;
}

static gboolean
is_budget (const Known *known, const char *folded, Scope scope)
{
  if (scope == SCOPE_DATA)
    return FALSE;
  if (known != NULL)
    return known->is_budget;
  return (has_our_keys (scope) || scope == SCOPE_VARIABLES) && looks_like_budget (folded);
}

/* A section of the file, perhaps misspelt, among keys that are no sections. */
static gboolean
is_section (const char *name)
{
  guint n_keys;
  const SluiceKey *keys = sluice_schema_table (SLUICE_SECTION_TOP, &n_keys);

  for (guint i = 0; i < n_keys; i++)
    if (keys[i].type == SLUICE_KEY_MAP && is_within (name, keys[i].name, GUARDED_EDITS_MAX))
      return TRUE;
  return FALSE;
}

static gboolean
holds_data (const SluiceYamlMember *member, const char *folded, Scope scope, const char *place)
{
  static const char *const names[] = { "env", "headers", "extra_headers", "default_headers", NULL };

  if (scope == SCOPE_PARAMS)
    return sluice_schema_find (SLUICE_SECTION_LITELLM_PARAMS, member->key) != NULL || !is_section (member->key);
  return scope == SCOPE_DATA || (place != NULL && g_strv_contains (names, folded));
}

static Scope
scope_of_value (const Known *known, const char *folded, Scope scope)
{
  if (scope == SCOPE_THOUGHT || strstr (folded, "thinking") != NULL || strstr (folded, "reasoning") != NULL)
    return SCOPE_THOUGHT;
  if (g_str_equal (folded, "environment_variables"))
    return SCOPE_VARIABLES;
  if (known != NULL && known->has_params)
    return SCOPE_PARAMS;
  return known != NULL && known->has_names ? SCOPE_NAMES : SCOPE_KEYS;
}

void
sluice_config_note_budget (SluiceConfigReader *self, const SluiceYamlMember *member)
{
  if (!g_hash_table_add (self->budgets, (gpointer) member))
    return;

  if (self->config->unenforced_budget == NULL)
    self->config->unenforced_budget = g_strdup (self->path->str);
  sluice_config_reader_warn (self, member, "budgets are not enforced yet, so calls that can cost money are refused: "
                                           "remove this key to allow them without a budget");
}

/* Returns whether it is a budget, or holds one. */
static gboolean
guard_member (Guard *self, const SluiceYamlMember *member, Scope scope, const char *place)
{
  g_autofree char *folded = fold (member->key);
  const Known *known = g_hash_table_lookup (self->known, folded);
  const char *inner = place == NULL ? member->key : "";
  Scope below = holds_data (member, folded, scope, place) ? SCOPE_DATA : scope_of_value (known, folded, scope);
  gboolean has_budget;

  if (!sluice_config_refuse_invisible (self->reader, member, has_our_keys (scope))
      && !refuse_joined (self, member, scope))
    {
      const char *section = check_guarded (self, member, known, scope, place);

      inner = section != NULL ? section : inner;
    }
  if (scope == SCOPE_PARAMS && below == SCOPE_DATA && member->value->type == SLUICE_YAML_STRING)
    refuse_folded_text (self, member->value);
  has_budget = guard_value (self, member->value, below, inner);
  if (has_budget || member->value->type == SLUICE_YAML_NULL || !is_budget (known, folded, scope))
    return has_budget;

  sluice_config_note_budget (self->reader, member);
  return TRUE;
}

/* @place: the section whose map @node is; %NULL for the top level, "" for what is further down. Returns whether a
 * budget stands in it. */
static gboolean
guard_value (Guard *self, const SluiceYamlNode *node, Scope scope, const char *place)
{
  GString *path = self->reader->path;
  gboolean has_budget = FALSE;
  gsize before;

  if (node->type == SLUICE_YAML_STRING && has_our_keys (scope))
    refuse_joined_text (self, node);
  if (node->type == SLUICE_YAML_STRING && scope != SCOPE_DATA)
    refuse_folded_text (self, node);
  for (guint i = 0; node->type == SLUICE_YAML_LIST && i < node->items->len; i++)
    {
      before = sluice_yaml_path_push_index (path, i);
      has_budget |= guard_value (self, g_ptr_array_index (node->items, i), scope, place);
      g_string_truncate (path, before);
    }
  for (guint i = 0; node->type == SLUICE_YAML_MAP && i < node->members->len; i++)
    {
      const SluiceYamlMember *member = &g_array_index (node->members, SluiceYamlMember, i);

      before = sluice_yaml_path_push_key (path, member->key);
      has_budget |= guard_member (self, member, scope, place);
      g_string_truncate (path, before);
    }
  return has_budget;
}

/* A map that stands elsewhere may be what an alias puts into the section. */
static void
note_read (Guard *self, const SluiceYamlNode *root)
{
  for (guint i = 0; i < self->guarded->len; i++)
    {
      const Known *known = g_ptr_array_index (self->guarded, i);
      const char *section = sluice_schema_section_name (known->home);
      SluiceYamlNode *value = sluice_yaml_get (section != NULL ? sluice_yaml_get (root, section) : root,
                                               known->guarded->name);

      if (value != NULL)
        g_hash_table_add (self->read, value);
    }
}

void
sluice_config_guard (SluiceConfigReader *self)
{
  Guard guard = { .reader = self, .read = g_hash_table_new (NULL, NULL) };

  index_names (&guard);
  for (guint i = 0; i < self->documents->len; i++)
    {
      const SluiceConfigDocument *document = g_ptr_array_index (self->documents, i);
      const SluiceYamlNode *root = sluice_yaml_get_root (document->yaml);

      if (root == NULL || root->type != SLUICE_YAML_MAP)
        continue;
      sluice_finding_sink_set_file (self->sink, document->name);
      note_read (&guard, root);
      guard_value (&guard, root, SCOPE_KEYS, NULL);
    }
  g_hash_table_unref (guard.read);
  g_ptr_array_unref (guard.guarded);
  g_hash_table_unref (guard.known);
}
