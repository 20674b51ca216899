/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/sluice-config-private.h"

#include "config/sluice-config-draft.h"

#include <string.h>

/* @environment (nullable): %NULL for the process's. The snapshot keeps a copy: others may change theirs. */
static GHashTable *
copy_environment (GHashTable *environment)
{
  GHashTable *variables = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_auto (GStrv) process = environment == NULL ? g_get_environ () : NULL;
  GHashTableIter iter;
  gpointer name;
  gpointer value;

  for (guint i = 0; process != NULL && process[i] != NULL; i++)
    {
      const char *equals = strchr (process[i], '=');

      if (equals != NULL)
        g_hash_table_replace (variables, g_strndup (process[i], (gsize) (equals - process[i])), g_strdup (equals + 1));
    }
  if (environment == NULL)
    return variables;

  g_hash_table_iter_init (&iter, environment);
  while (g_hash_table_iter_next (&iter, &name, &value))
    g_hash_table_replace (variables, g_strdup (name), g_strdup (value));
  return variables;
}

static SluiceConfig *
config_new (GHashTable *environment)
{
  SluiceConfig *self = g_new0 (SluiceConfig, 1);
  guint n_infos;

  sluice_settings_table (&n_infos);
  self->origins = g_new0 (SluiceOrigin, n_infos);
  g_atomic_ref_count_init (&self->refs);
  self->models = g_ptr_array_new_with_free_func ((GDestroyNotify) sluice_config_model_free);
  self->aliases = g_ptr_array_new_with_free_func ((GDestroyNotify) sluice_config_alias_free);
  self->files = g_ptr_array_new_with_free_func (g_free);
  self->names = g_ptr_array_new_with_free_func (g_free);
  self->settings = sluice_settings_new ();
  self->variables = copy_environment (environment);
  return self;
}

SluiceConfig *
sluice_config_new_empty_full (GHashTable *environment, GPtrArray *findings)
{
  g_autoptr (SluiceFindingSink) sink = sluice_finding_sink_new ("environment");
  SluiceConfig *self = config_new (environment);

  sluice_config_read_key_variable (self, sink);
  sluice_config_read_setting_variables (self, sink);
  if (findings != NULL)
    sluice_finding_sink_drain (sink, findings);
  return self;
}

SluiceConfig *
sluice_config_new_empty (GHashTable *environment)
{
  return sluice_config_new_empty_full (environment, NULL);
}

SluiceConfig *
sluice_config_ref (SluiceConfig *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
sluice_config_unref (SluiceConfig *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  g_ptr_array_unref (self->models);
  g_ptr_array_unref (self->aliases);
  g_ptr_array_unref (self->files);
  g_ptr_array_unref (self->names);
  g_free (self->master_key);
  g_free (self->unenforced_budget);
  g_free (self->blank_file);
  sluice_settings_free (self->settings);
  g_free (self->origins);
  g_hash_table_unref (self->variables);
  if (self->secrets != NULL)
    self->secrets_unref (self->secrets);
  g_free (self);
}

const char *const *
sluice_config_get_files (const SluiceConfig *self)
{
  static const char *const none[] = { NULL };

  g_return_val_if_fail (self != NULL, NULL);

  return self->files->len > 0 ? (const char *const *) self->files->pdata : none;
}

void
sluice_config_sort_findings (const SluiceConfig *self, GPtrArray *findings)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (findings != NULL);

  sluice_findings_sort (findings, self->names);
}

void
sluice_config_set_secrets (SluiceConfig *self,
                           struct _SluiceSecrets *secrets,
                           void (*unref) (struct _SluiceSecrets *secrets))
{
  g_return_if_fail (self != NULL && self->secrets == NULL);
  g_return_if_fail (secrets != NULL && unref != NULL);

  self->secrets = secrets;
  self->secrets_unref = unref;
}

struct _SluiceSecrets *
sluice_config_get_secrets (const SluiceConfig *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->secrets;
}

guint
sluice_config_get_n_models (const SluiceConfig *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->models->len;
}

const SluiceConfigModel *
sluice_config_get_model (const SluiceConfig *self, guint index)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (index < self->models->len, NULL);

  return g_ptr_array_index (self->models, index);
}

guint
sluice_config_get_n_aliases (const SluiceConfig *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->aliases->len;
}

const SluiceConfigAlias *
sluice_config_get_alias (const SluiceConfig *self, guint index)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (index < self->aliases->len, NULL);

  return g_ptr_array_index (self->aliases, index);
}

const char *
sluice_config_get_unenforced_budget (const SluiceConfig *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->unenforced_budget;
}

gboolean
sluice_config_is_blank (const SluiceConfig *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->is_blank;
}

const char *
sluice_config_get_blank_file (const SluiceConfig *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->blank_file;
}

const char *
sluice_config_get_master_key (const SluiceConfig *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->master_key;
}

gboolean
sluice_config_get_metrics_need_key (const SluiceConfig *self)
{
  g_return_val_if_fail (self != NULL, TRUE);

  return self->metrics_need_key;
}

const SluiceSettings *
sluice_config_get_settings (const SluiceConfig *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->settings;
}

const char *
sluice_config_get_variable (const SluiceConfig *self, const char *name)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (name != NULL, NULL);

  return g_hash_table_lookup (self->variables, name);
}

static void
read_general (SluiceConfigReader *self, const SluiceKey *key, const SluiceYamlMember *member, gpointer data)
{
  const SluiceYamlNode **master_key = data;

  if (g_str_equal (key->name, "master_key"))
    {
      *master_key = member->value;
      sluice_config_read_master_key (self, member->value);
    }
}

static void
read_general_section (SluiceConfigReader *self, const SluiceYamlNode *map, gpointer data)
{
  sluice_config_reader_walk (self, map, SLUICE_SECTION_GENERAL_SETTINGS, read_general, data);
  sluice_config_check_empty_key (self, map);
}

static void
read_litellm (SluiceConfigReader *self, const SluiceKey *key, const SluiceYamlMember *member, gpointer data)
{
  gint64 value = 0;

  if (g_str_equal (key->name, "require_auth_for_metrics_endpoint")
      && sluice_yaml_scalar_type (member->value->text, &value) == SLUICE_YAML_BOOL)
    self->config->metrics_need_key = value != 0;
}

/* The later file whose section of this name stands instead, or %NULL: lists are put together, the rest is not. */
static const SluiceConfigDocument *
find_replacement (SluiceConfigReader *self, const SluiceYamlMember *member)
{
  /* nobody reads the others, of which a hostile file may have many */
  if (sluice_schema_find (SLUICE_SECTION_TOP, member->key) == NULL)
    return NULL;

  for (guint i = self->documents->len; i > 1; i--)
    {
      const SluiceConfigDocument *document = g_ptr_array_index (self->documents, i - 1);
      const SluiceYamlNode *other = sluice_yaml_get (sluice_yaml_get_root (document->yaml), member->key);

      if (document == self->document)
        return NULL;
      if (other != NULL && other->type != SLUICE_YAML_NULL
          && !(other->type == SLUICE_YAML_LIST && member->value->type == SLUICE_YAML_LIST))
        return document;
    }
  return NULL;
}

static void
read_section (SluiceConfigReader *self, const SluiceKey *key, const SluiceYamlMember *member, gpointer data)
{
  const SluiceConfigDocument *replacement = find_replacement (self, member);
  const char *name = key->name;

  if (g_str_equal (name, "include"))
    {
      if (self->document != g_ptr_array_index (self->documents, 0))
        sluice_config_reader_warn (self, member, "an included file's own 'include' has no effect: name the files in "
                                                 "the first one");
    }
  else if (replacement != NULL)
    sluice_config_reader_warn (self, member, "the section of the same name in the included file %s replaces this one",
                               replacement->name);
  else if (g_str_equal (name, "model_list"))
    sluice_config_read_models (self, member->value);
  else if (g_str_equal (name, "sluice_settings"))
    sluice_config_read_settings (self, member->value);
  else if (g_str_equal (name, "general_settings"))
    read_general_section (self, member->value, data);
  else if (g_str_equal (name, "litellm_settings"))
    sluice_config_reader_walk (self, member->value, SLUICE_SECTION_LITELLM_SETTINGS, read_litellm, NULL);
  else if (g_str_equal (name, "router_settings"))
    sluice_config_reader_walk (self, member->value, SLUICE_SECTION_ROUTER_SETTINGS, sluice_config_read_router_key,
                               NULL);
}

/* Calls @func with each top-level member of each file that counts, with its path. */
static void
for_each_section (SluiceConfigReader *self,
                  const char *name,
                  void (*func) (SluiceConfigReader *self, const SluiceYamlMember *member))
{
  for (guint i = 0; i < self->documents->len; i++)
    {
      const SluiceYamlNode *root;

      self->document = g_ptr_array_index (self->documents, i);
      root = sluice_yaml_get_root (self->document->yaml);
      sluice_finding_sink_set_file (self->sink, self->document->name);
      for (guint j = 0; root != NULL && root->type == SLUICE_YAML_MAP && j < root->members->len; j++)
        {
          const SluiceYamlMember *member = &g_array_index (root->members, SluiceYamlMember, j);

          if ((name == NULL || g_str_equal (name, member->key)) && find_replacement (self, member) == NULL)
            func (self, member);
        }
    }
}

static void
read_variables (SluiceConfigReader *self, const SluiceYamlMember *member)
{
  sluice_config_read_variables (self, member->value);
}

static void
resolve_section (SluiceConfigReader *self, const SluiceYamlMember *member)
{
  gsize before = sluice_yaml_path_push_key (self->path, member->key);

  sluice_config_resolve (self, member->value);
  g_string_truncate (self->path, before);
}

static void
note_names (SluiceConfigReader *self, const SluiceYamlMember *member)
{
  if (g_str_equal (member->key, "model_list") && member->value->type == SLUICE_YAML_LIST)
    sluice_config_note_models (self, member->value);
  else if (g_str_equal (member->key, "router_settings"))
    sluice_config_note_aliases (self, member->value);
}

static void
read_credentials (SluiceConfigReader *self, const SluiceYamlMember *member)
{
  if (member->value->type == SLUICE_YAML_LIST)
    sluice_config_read_credentials (self, member->value);
}

static gboolean
is_blank (const SluiceYamlNode *root)
{
  return root == NULL || root->type == SLUICE_YAML_NULL || (root->type == SLUICE_YAML_MAP && root->members->len == 0);
}

static void
read_document (SluiceConfigReader *self, const SluiceConfigDocument *document, const SluiceYamlNode **master_key)
{
  const SluiceYamlNode *root = sluice_yaml_get_root (document->yaml);

  self->document = document;
  sluice_finding_sink_set_file (self->sink, document->name);
  if (is_blank (root) && self->config->blank_file == NULL)
    self->config->blank_file = g_strdup (document->name);
  if (is_blank (root))
    sluice_config_reader_add (self, SLUICE_FINDING_WARNING, 0, 0, "the file is empty: it configures nothing");
  else if (root->type != SLUICE_YAML_MAP)
    sluice_config_reader_error (self, root, "the file must hold keys like 'model_list:', not %s",
                                sluice_yaml_describe_type (root->type));
  else
    sluice_config_reader_walk (self, root, SLUICE_SECTION_TOP, read_section, master_key);
  sluice_config_reader_end (self);
}

/* Reads all documents, the first of which is there. */
static void
read_documents (SluiceConfigReader *self, GPtrArray *files)
{
  const SluiceYamlNode *master_key = NULL;

  sluice_config_read_includes (self, files);
  sluice_config_guard (self);
  for_each_section (self, "environment_variables", read_variables);
  for_each_section (self, NULL, resolve_section);
  for_each_section (self, NULL, note_names);
  for_each_section (self, "credential_list", read_credentials);
  for (guint i = 0; i < self->documents->len; i++)
    read_document (self, g_ptr_array_index (self->documents, i), &master_key);
  sluice_finding_sink_set_file (self->sink, ((SluiceConfigDocument *) g_ptr_array_index (self->documents, 0))->name);
  if (master_key == NULL)
    sluice_config_read_master_key (self, NULL);
  sluice_config_read_setting_variables (self->config, self->sink);
}

/* @text is that of @document (transfer full). */
static SluiceConfig *
parse_document (SluiceConfigDocument *document,
                const char *text,
                gsize length,
                GHashTable *environment,
                GPtrArray *findings,
                GPtrArray *files)
{
  g_autoptr (SluiceFindingSink) sink = sluice_finding_sink_new (document->name);
  g_autoptr (SluiceConfig) config = config_new (environment);
  g_autoptr (GPtrArray) documents = sluice_config_documents_new ();
  gboolean has_error;

  g_ptr_array_add (documents, document);
  document->yaml = sluice_yaml_parse (text, length, sink);
  config->is_blank = document->yaml != NULL && is_blank (sluice_yaml_get_root (document->yaml));
  if (document->yaml != NULL)
    {
      SluiceConfigReader reader = { .config = config, .sink = sink, .documents = documents, .document = document };

      reader.path = g_string_new (NULL);
      reader.ids = g_hash_table_new (g_str_hash, g_str_equal);
      reader.ordinals = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
      reader.credentials
          = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) sluice_config_draft_free);
      reader.names = g_hash_table_new (g_str_hash, g_str_equal);
      reader.refused = g_hash_table_new (NULL, NULL);
      reader.budgets = g_hash_table_new (NULL, NULL);
      reader.groups = g_ptr_array_new ();
      reader.patterns = g_ptr_array_new ();
      read_documents (&reader, files);
      g_hash_table_unref (reader.names);
      g_hash_table_unref (reader.refused);
      g_hash_table_unref (reader.budgets);
      g_ptr_array_unref (reader.groups);
      g_ptr_array_unref (reader.patterns);
      g_hash_table_unref (reader.credentials);
      g_hash_table_unref (reader.ids);
      g_hash_table_unref (reader.ordinals);
      g_string_free (reader.path, TRUE);
    }

  for (guint i = 0; i < documents->len && document->path != NULL; i++)
    g_ptr_array_add (config->files, g_strdup (((SluiceConfigDocument *) g_ptr_array_index (documents, i))->path));
  g_ptr_array_add (config->files, NULL);
  for (guint i = 0; i < documents->len; i++)
    g_ptr_array_add (config->names, g_strdup (((SluiceConfigDocument *) g_ptr_array_index (documents, i))->name));
  has_error = sluice_finding_sink_has_error (sink);
  sluice_finding_sink_drain (sink, findings);
  return has_error ? NULL : g_steal_pointer (&config);
}

SluiceConfig *
sluice_config_parse (const char *name, const char *text, gsize length, GHashTable *environment, GPtrArray *findings)
{
  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (text != NULL || length == 0, NULL);
  g_return_val_if_fail (findings != NULL, NULL);

  return parse_document (sluice_config_document_new (name, NULL), text, length, environment, findings, NULL);
}

SluiceConfig *
sluice_config_load_full (const char *path, GHashTable *environment, GPtrArray *findings, GPtrArray *files)
{
  g_autofree char *name = NULL;
  SluiceConfigDocument *document;
  int error;

  g_return_val_if_fail (path != NULL, NULL);
  g_return_val_if_fail (findings != NULL, NULL);

  name = g_filename_display_name (path);
  if (files != NULL)
    g_ptr_array_add (files, g_strdup (path));
  document = sluice_config_document_new (name, path);
  error = sluice_config_document_read (document, SLUICE_YAML_MAX_BYTES, FALSE);
  if (error != 0)
    {
      g_autofree char *message = g_strdup_printf ("the file cannot be read: %s", g_strerror (error));
      g_autoptr (GPtrArray) unread = sluice_config_documents_new ();

      g_ptr_array_add (unread, document);
      g_ptr_array_add (findings, sluice_finding_new (SLUICE_FINDING_ERROR, name, 0, 0, NULL, message));
      return NULL;
    }

  return parse_document (document, document->text, document->length, environment, findings, files);
}

SluiceConfig *
sluice_config_load (const char *path, GHashTable *environment, GPtrArray *findings)
{
  return sluice_config_load_full (path, environment, findings, NULL);
}
