/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/sluice-config-draft.h"

#include "shared/sluice-json.h"

#include <string.h>

#define ID_LENGTH 16

static void
read_param (SluiceConfigReader *self, const SluiceKey *key, const SluiceYamlMember *member, gpointer data)
{
  SluiceConfigDraft *draft = data;
  SluiceConfigDefault value;

  if (key != NULL && key->status == SLUICE_KEY_USED)
    {
      sluice_config_draft_read (draft, self, SLUICE_SECTION_LITELLM_PARAMS, member);
      return;
    }

  value.json = sluice_yaml_dup_json (member->value);
  if (value.json == NULL || !sluice_json_check (value.json, strlen (value.json), SLUICE_JSON_FLAGS_NONE, NULL, NULL))
    {
      sluice_config_reader_error (self, member->value, "JSON cannot say this: a number that it does not know, or more "
                                                       "than %d keys in one map", SLUICE_JSON_MAX_MEMBERS);
      g_free (value.json);
      return;
    }
  value.name = g_strdup (member->key);
  g_array_append_val (draft->model->defaults, value);
}

static void
read_info (SluiceConfigReader *self, const SluiceKey *key, const SluiceYamlMember *member, gpointer data)
{
  sluice_config_draft_read (data, self, SLUICE_SECTION_MODEL_INFO, member);
}

static void
read_params (SluiceConfigReader *self, SluiceConfigDraft *draft, const SluiceYamlMember *member)
{
  sluice_config_reader_require (self, member->value, "model", "the provider and its model, like 'ollama/llama3'");
  sluice_config_reader_walk (self, member->value, SLUICE_SECTION_LITELLM_PARAMS, read_param, draft);
}

static void
read_item_key (SluiceConfigReader *self, const SluiceKey *key, const SluiceYamlMember *member, gpointer data)
{
  SluiceConfigDraft *draft = data;

  if (g_str_equal (key->name, "litellm_params"))
    read_params (self, draft, member);
  else if (g_str_equal (key->name, "model_info"))
    sluice_config_reader_walk (self, member->value, SLUICE_SECTION_MODEL_INFO, read_info, draft);
  else
    sluice_config_draft_read (draft, self, SLUICE_SECTION_MODEL_ITEM, member);
}

static void
hash_text (GChecksum *checksum, const char *text)
{
  const char *value = text != NULL ? text : "";

  /* with its NUL, so that no two lists of texts look the same */
  g_checksum_update (checksum, (const guchar *) value, (gssize) strlen (value) + 1);
}

/* DESIGN 7: nothing secret goes in. Those that have an id of their own count among equals too, so that giving one to
 * the first leaves the second's as it was. */
static char *
make_id (SluiceConfigReader *self, const SluiceConfigDraft *draft)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autoptr (GChecksum) copy = NULL;
  g_autofree char *ordinal = NULL;
  char *equals;
  guint region = 0;
  guint n_before;

  hash_text (checksum, draft->model->group);
  hash_text (checksum, draft->model->model);
  hash_text (checksum, draft->model->api_base);
  hash_text (checksum, draft->api_version);
  while (region < G_N_ELEMENTS (draft->regions) - 1 && draft->regions[region] == NULL)
    region++;
  hash_text (checksum, draft->regions[region]);

  copy = g_checksum_copy (checksum); /* reading the digest closes a checksum */
  equals = g_strdup (g_checksum_get_string (copy));
  n_before = GPOINTER_TO_UINT (g_hash_table_lookup (self->ordinals, equals));
  g_hash_table_replace (self->ordinals, equals, GUINT_TO_POINTER (n_before + 1));

  ordinal = g_strdup_printf ("%u", n_before);
  hash_text (checksum, ordinal);
  return g_strndup (g_checksum_get_string (checksum), ID_LENGTH);
}

/* @model (transfer full) with its final id goes into the snapshot. */
static void
add_model (SluiceConfigReader *self, SluiceConfigModel *model, char *digest, const SluiceYamlNode *item)
{
  const SluiceConfigModel *other;
  gboolean same_file;

  if (model->id == NULL)
    model->id = g_strdup (digest);
  other = g_hash_table_lookup (self->ids, model->id);
  same_file = other != NULL && g_str_equal (other->file, model->file);
  if (other != NULL)
    sluice_config_reader_error (self, item,
                                "the id of this item is also that of the one on line %u%s%s: give it another "
                                "'model_info.id'", other->line, same_file ? "" : " of ", same_file ? "" : other->file);
  g_ptr_array_add (self->config->models, model);
  g_hash_table_replace (self->ids, model->id, model);
}

/* A list of organizations is one deployment each; the first keeps an id that was given. */
static void
add_models (SluiceConfigReader *self, SluiceConfigDraft *draft, const SluiceYamlNode *item)
{
  guint n_models = draft->organizations != NULL ? g_strv_length (draft->organizations) : 0;

  for (guint i = 0; i < MAX (n_models, 1); i++)
    {
      SluiceConfigModel *model = sluice_config_model_copy (draft->model);
      g_autofree char *digest = make_id (self, draft);

      if (n_models > 0)
        {
          g_free (model->organization);
          model->organization = g_strdup (draft->organizations[i]);
        }
      if (i > 0 && model->id != NULL)
        {
          g_free (model->id);
          model->id = g_strdup_printf ("%s-%u", draft->model->id, i + 1);
        }
      add_model (self, model, digest, item);
    }
}

static void
use_credential (SluiceConfigReader *self, SluiceConfigDraft *draft)
{
  gsize before = self->path->len;

  if (draft->credential == NULL)
    return;

  sluice_yaml_path_push_key (self->path, "litellm_params");
  sluice_yaml_path_push_key (self->path, "litellm_credential_name");
  sluice_config_use_credential (self, draft, draft->credential);
  g_string_truncate (self->path, before);
}

static void
read_item (SluiceConfigReader *self, const SluiceYamlNode *item)
{
  g_autoptr (SluiceConfigDraft) draft = NULL;

  if (item->type != SLUICE_YAML_MAP)
    {
      sluice_config_reader_error (self, item, "takes a map with 'model_name' and 'litellm_params', not %s",
                                  sluice_yaml_describe_type (item->type));
      return;
    }

  draft = sluice_config_draft_new (self, item);
  sluice_config_reader_require (self, item, "model_name", "the name that clients ask for");
  sluice_config_reader_require (self, item, "litellm_params", "a map with at least 'model'");
  sluice_config_reader_walk (self, item, SLUICE_SECTION_MODEL_ITEM, read_item_key, draft);
  sluice_config_draft_settle (draft);
  use_credential (self, draft);
  if (draft->model->group != NULL && draft->model->model != NULL)
    add_models (self, draft, item);
}

void
sluice_config_read_models (SluiceConfigReader *self, const SluiceYamlNode *list)
{
  for (guint i = 0; i < list->items->len; i++)
    {
      gsize before = sluice_yaml_path_push_index (self->path, i);

      read_item (self, g_ptr_array_index (list->items, i));
      g_string_truncate (self->path, before);
    }
}
