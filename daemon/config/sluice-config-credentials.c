/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/sluice-config-draft.h"

#include "config/sluice-nearest.h"

/* A file may be hostile: so many names are compared for a good text. */
#define NEAREST_MAX 1000

typedef struct {
  SluiceConfigDraft *draft;
  const SluiceYamlNode *name; /* (nullable) */
} Credential;

static void
read_value (SluiceConfigReader *self, const SluiceKey *key, const SluiceYamlMember *member, gpointer data)
{
  if (key != NULL)
    sluice_config_draft_read (data, self, SLUICE_SECTION_LITELLM_PARAMS, member);
}

static void
read_key (SluiceConfigReader *self, const SluiceKey *key, const SluiceYamlMember *member, gpointer data)
{
  Credential *credential = data;

  if (g_str_equal (key->name, "credential_name"))
    credential->name = member->value;
  else if (g_str_equal (key->name, "credential_values"))
    sluice_config_reader_walk (self, member->value, SLUICE_SECTION_CREDENTIAL_VALUES, read_value, credential->draft);
}

static void
read_credential (SluiceConfigReader *self, const SluiceYamlNode *item)
{
  g_autoptr (SluiceConfigDraft) draft = sluice_config_draft_new (self, item);
  Credential credential = { .draft = draft };

  if (item->type != SLUICE_YAML_MAP)
    {
      sluice_config_reader_error (self, item, "takes a map with 'credential_name' and 'credential_values', not %s",
                                  sluice_yaml_describe_type (item->type));
      return;
    }

  sluice_config_reader_require (self, item, "credential_name", "the name that 'litellm_credential_name' gives");
  sluice_config_reader_require (self, item, "credential_values", "a map with 'api_key' and the like");
  sluice_config_reader_walk (self, item, SLUICE_SECTION_CREDENTIAL, read_key, &credential);
  if (credential.name == NULL || *credential.name->text == '\0')
    return;

  sluice_config_draft_settle (draft);
  if (g_hash_table_contains (self->credentials, credential.name->text))
    sluice_config_reader_error (self, credential.name, "another credential has this name: give each its own");
  else
    g_hash_table_insert (self->credentials, g_strdup (credential.name->text), g_steal_pointer (&draft));
}

void
sluice_config_read_credentials (SluiceConfigReader *self, const SluiceYamlNode *list)
{
  gsize before = sluice_yaml_path_push_key (self->path, "credential_list");

  for (guint i = 0; i < list->items->len; i++)
    {
      gsize item = sluice_yaml_path_push_index (self->path, i);

      read_credential (self, g_ptr_array_index (list->items, i));
      g_string_truncate (self->path, item);
    }
  g_string_truncate (self->path, before);
}

/* The name is not repeated: a key may stand in the wrong place. */
void
sluice_config_use_credential (SluiceConfigReader *self, SluiceConfigDraft *draft, const SluiceYamlNode *name)
{
  const SluiceConfigDraft *credential = g_hash_table_lookup (self->credentials, name->text);
  g_autofree const char **names = NULL;
  const char *nearest = NULL;
  guint n_names;

  if (credential != NULL)
    {
      sluice_config_draft_fill (draft, credential);
      return;
    }
  if (self->incomplete)
    return;

  if (!sluice_finding_sink_is_full (self->sink, SLUICE_FINDING_ERROR))
    {
      names = (const char **) g_hash_table_get_keys_as_array (self->credentials, &n_names);
      nearest = sluice_nearest (name->text, names, sizeof *names, MIN (n_names, NEAREST_MAX));
    }
  if (nearest != NULL)
    {
      g_autofree char *shown = sluice_yaml_show_text (nearest);

      sluice_config_reader_error (self, name, "no item of 'credential_list' has this name, did you mean '%s'?", shown);
    }
  else
    sluice_config_reader_error (self, name, "no item of 'credential_list' has this name: add one, or remove this line");
}
