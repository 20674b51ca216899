/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/sluice-config-draft.h"

#include "config/sluice-base-url.h"
#include "shared/sluice-decimal.h"
#include "shared/sluice-money.h"

#include <string.h>

#define ID_MAX 256
#define TOKENS_MAX 1000000000
#define TIMEOUT_MAX_MS (G_GINT64_CONSTANT (365) * 24 * 3600 * 1000)

typedef struct {
  SluiceSection section;
  const char *name;
  /* Reads the checked value into @to, which is at @offset of the draft or, if @in_model, of its model. */
  void (*read) (SluiceConfigDraft *self, SluiceConfigReader *reader, const SluiceYamlNode *node, gpointer to);
  gboolean in_model;
  gsize offset;
} Field;

static void
default_clear (gpointer data)
{
  SluiceConfigDefault *self = data;

  g_free (self->name);
  g_free (self->json);
}

static void
place_clear (SluiceConfigPlace *self)
{
  g_clear_pointer (&self->file, g_free);
  g_clear_pointer (&self->path, g_free);
}

/* @to becomes a copy of @from. */
static void
place_copy (SluiceConfigPlace *to, const SluiceConfigPlace *from)
{
  place_clear (to);
  *to = *from;
  to->file = g_strdup (from->file);
  to->path = g_strdup (from->path);
}

void
sluice_config_model_free (SluiceConfigModel *self)
{
  if (self == NULL)
    return;

  g_free (self->id);
  g_free (self->group);
  g_free (self->model);
  g_free (self->provider);
  g_free (self->api_base);
  g_free (self->api_key);
  g_free (self->mock_response);
  g_free (self->organization);
  g_free (self->credential);
  g_free (self->file);
  g_free (self->path);
  for (guint i = 0; i < SLUICE_CONFIG_N_PLACES; i++)
    place_clear (&self->places[i]);
  g_array_unref (self->defaults);
  g_free (self);
}

static SluiceConfigModel *
model_new (SluiceConfigReader *reader, const SluiceYamlNode *item)
{
  SluiceConfigModel *model = g_new0 (SluiceConfigModel, 1);

  model->local = -1;
  model->input_femto = model->output_femto = -1;
  model->timeout_ms = model->stream_timeout_ms = -1;
  model->max_output_tokens = -1;
  model->file = g_strdup (reader->document->name);
  model->path = g_strdup (reader->path->str);
  model->line = item->line;
  model->column = item->column;
  model->defaults = g_array_new (FALSE, FALSE, sizeof (SluiceConfigDefault));
  g_array_set_clear_func (model->defaults, default_clear);
  return model;
}

SluiceConfigModel *
sluice_config_model_copy (const SluiceConfigModel *model)
{
  SluiceConfigModel *copy = g_memdup2 (model, sizeof *model);

  copy->id = g_strdup (model->id);
  copy->group = g_strdup (model->group);
  copy->model = g_strdup (model->model);
  copy->provider = g_strdup (model->provider);
  copy->api_base = g_strdup (model->api_base);
  copy->api_key = g_strdup (model->api_key);
  copy->mock_response = g_strdup (model->mock_response);
  copy->organization = g_strdup (model->organization);
  copy->credential = g_strdup (model->credential);
  copy->file = g_strdup (model->file);
  copy->path = g_strdup (model->path);
  memset (copy->places, 0, sizeof copy->places);
  for (guint i = 0; i < SLUICE_CONFIG_N_PLACES; i++)
    place_copy (&copy->places[i], &model->places[i]);
  copy->defaults = g_array_new (FALSE, FALSE, sizeof (SluiceConfigDefault));
  g_array_set_clear_func (copy->defaults, default_clear);
  for (guint i = 0; i < model->defaults->len; i++)
    {
      const SluiceConfigDefault *from = &g_array_index (model->defaults, SluiceConfigDefault, i);
      SluiceConfigDefault to = { g_strdup (from->name), g_strdup (from->json) };

      g_array_append_val (copy->defaults, to);
    }
  return copy;
}

static void
replace_text (gpointer to, const char *text)
{
  g_free (*(char **) to);
  *(char **) to = *text != '\0' ? g_strdup (text) : NULL;
}

static gboolean
has_control (const char *text)
{
  for (const char *at = text; *at != '\0'; at++)
    if (g_ascii_iscntrl (*at))
      return TRUE;
  return FALSE;
}

static void
read_text (SluiceConfigDraft *self, SluiceConfigReader *reader, const SluiceYamlNode *node, gpointer to)
{
  if (has_control (node->text))
    sluice_config_reader_error (reader, node, "the text holds a control character: remove it");
  else
    replace_text (to, node->text);
}

/* A text that is sent in a header. */
static void
read_header_text (SluiceConfigDraft *self, SluiceConfigReader *reader, const SluiceYamlNode *node, gpointer to)
{
  /* blanks within are fine: people write "not needed" */
  for (const char *at = node->text; *at != '\0'; at++)
    if (!g_ascii_isprint (*at) || (*at == ' ' && (at == node->text || at[1] == '\0')))
      {
        sluice_config_reader_error (reader, node,
                                    "the text holds a character that cannot be sent in a header, or a blank at an end: "
                                    "remove it");
        return;
      }
  replace_text (to, node->text);
}

static void
read_url (SluiceConfigDraft *self, SluiceConfigReader *reader, const SluiceYamlNode *node, gpointer to)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *url = NULL;

  if (node->unset)
    {
      replace_text (to, SLUICE_CONFIG_UNSET_ADDRESS);
      return;
    }
  url = *node->text != '\0' ? sluice_base_url_normalize (node->text, &error) : g_strdup ("");

  if (url == NULL)
    {
      sluice_config_reader_error (reader, node, "%s", error->message);
      return;
    }
  if (strchr (node->text, '?') != NULL)
    sluice_config_reader_warn (reader, node, "the address is used without its '?' and what follows: give a key as "
                                                "'api_key'");
  replace_text (to, url);
}

static void
read_organization (SluiceConfigDraft *self, SluiceConfigReader *reader, const SluiceYamlNode *node, gpointer to)
{
  g_autoptr (GStrvBuilder) list = NULL;

  if (node->type == SLUICE_YAML_STRING)
    {
      read_header_text (self, reader, node, to);
      return;
    }

  if (node->items->len > SLUICE_CONFIG_MAX_ORGANIZATIONS)
    {
      sluice_config_reader_error (reader, node, "takes at most %d organizations", SLUICE_CONFIG_MAX_ORGANIZATIONS);
      return;
    }
  list = g_strv_builder_new ();
  for (guint i = 0; i < node->items->len; i++)
    {
      const SluiceYamlNode *item = g_ptr_array_index (node->items, i);
      g_autofree char *text = NULL;

      if (item->type == SLUICE_YAML_STRING)
        read_header_text (self, reader, item, &text);
      else if (item->type != SLUICE_YAML_NULL)
        sluice_config_reader_error (reader, item, "takes a list of texts, not one with %s",
                                    sluice_yaml_describe_type (item->type));
      if (text != NULL)
        g_strv_builder_add (list, text);
    }
  g_strfreev (self->organizations);
  self->organizations = g_strv_builder_end (list);
}

static void
read_mock (SluiceConfigDraft *self, SluiceConfigReader *reader, const SluiceYamlNode *node, gpointer to)
{
  g_free (*(char **) to);
  *(char **) to = node->type == SLUICE_YAML_STRING ? g_strdup (node->text) : sluice_yaml_dup_json (node);
  if (*(char **) to == NULL)
    sluice_config_reader_error (reader, node, "holds a number that JSON cannot say");
}

/* Dollars for one token, taken from the text: no price passes a floating point number. */
static void
read_price (SluiceConfigDraft *self, SluiceConfigReader *reader, const SluiceYamlNode *node, gpointer to)
{
  g_autofree char *text = sluice_yaml_dup_number (node);
  gint64 femto;

  if (text == NULL || !sluice_money_parse_usd (text, &femto, NULL))
    sluice_config_reader_error (reader, node, "takes dollars for one token, 0 or more, with at most 15 decimals");
  else if (femto > SLUICE_MONEY_MAX_FEMTO_PER_TOKEN)
    sluice_config_reader_error (reader, node,
                                "more than 0.01 dollars for one token: give the price of one token, not of a million");
  else
    *(gint64 *) to = femto;
}

/* Seconds into milliseconds; 0 counts as not given, as it always did in this format. */
static void
read_seconds (SluiceConfigDraft *self, SluiceConfigReader *reader, const SluiceYamlNode *node, gpointer to)
{
  g_autofree char *text = sluice_yaml_dup_number (node);
  SluiceDecimal decimal;
  guint64 ms;

  if (text == NULL || sluice_decimal_parse (text, strlen (text), &decimal) != SLUICE_DECIMAL_OK ||
      (decimal.negative && decimal.mantissa > 0) || !sluice_decimal_scale (&decimal, 3, &ms) || ms > TIMEOUT_MAX_MS)
    sluice_config_reader_error (reader, node, "takes seconds, 0 or more, with at most 3 decimals");
  else
    *(gint64 *) to = ms > 0 ? (gint64) ms : -1;
}

static void
read_tokens (SluiceConfigDraft *self, SluiceConfigReader *reader, const SluiceYamlNode *node, gpointer to)
{
  gint64 tokens = node->integer;

  if (node->type == SLUICE_YAML_STRING)
    sluice_yaml_scalar_type (node->text, &tokens);
  if (tokens < 1 || tokens > TOKENS_MAX)
    sluice_config_reader_error (reader, node, "takes a whole number from 1 to %d", TOKENS_MAX);
  else
    *(gint64 *) to = tokens;
}

static void
read_truth (SluiceConfigDraft *self, SluiceConfigReader *reader, const SluiceYamlNode *node, gpointer to)
{
  gint64 truth = node->integer;

  if (node->type == SLUICE_YAML_STRING)
    sluice_yaml_scalar_type (node->text, &truth);
  *(int *) to = truth != 0 ? 1 : 0;
}

static void
read_id (SluiceConfigDraft *self, SluiceConfigReader *reader, const SluiceYamlNode *node, gpointer to)
{
  g_autofree char *id = node->type == SLUICE_YAML_INT ? sluice_yaml_dup_number (node) : g_strdup (node->text);

  if (strlen (id) > ID_MAX || has_control (id))
    sluice_config_reader_error (reader, node, "takes at most %d bytes without control characters", ID_MAX);
  else
    replace_text (to, id);
}

static void
read_credential_name (SluiceConfigDraft *self, SluiceConfigReader *reader, const SluiceYamlNode *node, gpointer to)
{
  read_text (self, reader, node, to);
  self->credential = *node->text != '\0' ? node : NULL;
}

#define IN_MODEL(field) TRUE, G_STRUCT_OFFSET (SluiceConfigModel, field)
#define IN_DRAFT(field) FALSE, G_STRUCT_OFFSET (SluiceConfigDraft, field)

/* Every key of an item that the schema has as used, but the two maps. */
static const Field fields[] = {
  { SLUICE_SECTION_MODEL_ITEM, "model_name", read_text, IN_MODEL (group) },
  { SLUICE_SECTION_LITELLM_PARAMS, "model", read_text, IN_MODEL (model) },
  { SLUICE_SECTION_LITELLM_PARAMS, "custom_llm_provider", read_text, IN_MODEL (provider) },
  { SLUICE_SECTION_LITELLM_PARAMS, "api_base", read_url, IN_MODEL (api_base) },
  { SLUICE_SECTION_LITELLM_PARAMS, "base_url", read_url, IN_DRAFT (base_url) },
  { SLUICE_SECTION_LITELLM_PARAMS, "api_key", read_header_text, IN_MODEL (api_key) },
  { SLUICE_SECTION_LITELLM_PARAMS, "api_version", read_text, IN_DRAFT (api_version) },
  { SLUICE_SECTION_LITELLM_PARAMS, "region_name", read_text, IN_DRAFT (regions[0]) },
  { SLUICE_SECTION_LITELLM_PARAMS, "aws_region_name", read_text, IN_DRAFT (regions[1]) },
  { SLUICE_SECTION_LITELLM_PARAMS, "vertex_location", read_text, IN_DRAFT (regions[2]) },
  { SLUICE_SECTION_LITELLM_PARAMS, "watsonx_region_name", read_text, IN_DRAFT (regions[3]) },
  { SLUICE_SECTION_LITELLM_PARAMS, "organization", read_organization, IN_MODEL (organization) },
  { SLUICE_SECTION_LITELLM_PARAMS, "litellm_credential_name", read_credential_name, IN_MODEL (credential) },
  { SLUICE_SECTION_LITELLM_PARAMS, "mock_response", read_mock, IN_MODEL (mock_response) },
  { SLUICE_SECTION_LITELLM_PARAMS, "input_cost_per_token", read_price, IN_MODEL (input_femto) },
  { SLUICE_SECTION_LITELLM_PARAMS, "output_cost_per_token", read_price, IN_MODEL (output_femto) },
  { SLUICE_SECTION_LITELLM_PARAMS, "timeout", read_seconds, IN_MODEL (timeout_ms) },
  { SLUICE_SECTION_LITELLM_PARAMS, "request_timeout", read_seconds, IN_DRAFT (request_timeout_ms) },
  { SLUICE_SECTION_LITELLM_PARAMS, "stream_timeout", read_seconds, IN_MODEL (stream_timeout_ms) },
  { SLUICE_SECTION_MODEL_INFO, "id", read_id, IN_MODEL (id) },
  { SLUICE_SECTION_MODEL_INFO, "local", read_truth, IN_MODEL (local) },
  { SLUICE_SECTION_MODEL_INFO, "max_output_tokens", read_tokens, IN_MODEL (max_output_tokens) },
  { SLUICE_SECTION_MODEL_INFO, "max_tokens", read_tokens, IN_DRAFT (info_max_tokens) },
  { SLUICE_SECTION_MODEL_INFO, "input_cost_per_token", read_price, IN_DRAFT (info_input_femto) },
  { SLUICE_SECTION_MODEL_INFO, "output_cost_per_token", read_price, IN_DRAFT (info_output_femto) },
};

/* Where the place of the value of @name is kept, or %NULL. */
static SluiceConfigPlace *
find_place (SluiceConfigDraft *self, const char *name)
{
  const struct {
    const char *name;
    SluiceConfigPlace *place;
  } rows[] = {
    { "model", &self->model->places[SLUICE_CONFIG_PLACE_MODEL] },
    { "custom_llm_provider", &self->model->places[SLUICE_CONFIG_PLACE_PROVIDER] },
    { "api_base", &self->model->places[SLUICE_CONFIG_PLACE_API_BASE] },
    { "base_url", &self->base_url_place },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (g_str_equal (rows[i].name, name))
      return rows[i].place;
  return NULL;
}

/* Notes where the value of a key of litellm_params stands. */
static void
note_place (SluiceConfigDraft *self, SluiceConfigReader *reader, const SluiceYamlMember *member)
{
  const SluiceConfigPlace here = { reader->document->name, reader->path->str, member->value->line,
                                   member->value->column };
  SluiceConfigPlace *place = find_place (self, member->key);

  if (place != NULL)
    place_copy (place, &here);
}

void
sluice_config_draft_read (SluiceConfigDraft *self,
                          SluiceConfigReader *reader,
                          SluiceSection section,
                          const SluiceYamlMember *member)
{
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    {
      const Field *field = &fields[i];
      gpointer base = field->in_model ? (gpointer) self->model : (gpointer) self;

      if (field->section != section || !g_str_equal (field->name, member->key))
        continue;
      if (section == SLUICE_SECTION_LITELLM_PARAMS)
        note_place (self, reader, member);
      field->read (self, reader, member->value, G_STRUCT_MEMBER_P (base, field->offset));
      return;
    }

  g_assert_not_reached ();
}

SluiceConfigDraft *
sluice_config_draft_new (SluiceConfigReader *reader, const SluiceYamlNode *item)
{
  SluiceConfigDraft *self = g_new0 (SluiceConfigDraft, 1);

  self->model = model_new (reader, item);
  self->request_timeout_ms = -1;
  self->info_input_femto = self->info_output_femto = -1;
  self->info_max_tokens = -1;
  return self;
}

void
sluice_config_draft_free (SluiceConfigDraft *self)
{
  if (self == NULL)
    return;

  sluice_config_model_free (self->model);
  g_free (self->base_url);
  place_clear (&self->base_url_place);
  g_free (self->api_version);
  for (guint i = 0; i < G_N_ELEMENTS (self->regions); i++)
    g_free (self->regions[i]);
  g_strfreev (self->organizations);
  g_free (self);
}

static void
settle_number (gint64 *value, gint64 otherwise)
{
  if (*value == -1)
    *value = otherwise;
}

void
sluice_config_draft_settle (SluiceConfigDraft *self)
{
  SluiceConfigModel *model = self->model;

  if (model->api_base == NULL && self->base_url != NULL)
    {
      model->api_base = g_steal_pointer (&self->base_url);
      place_copy (&model->places[SLUICE_CONFIG_PLACE_API_BASE], &self->base_url_place);
    }
  settle_number (&model->timeout_ms, self->request_timeout_ms);
  settle_number (&model->input_femto, self->info_input_femto);
  settle_number (&model->output_femto, self->info_output_femto);
  settle_number (&model->max_output_tokens, self->info_max_tokens);
}

static void
fill_text (char **text, const char *from)
{
  if (*text == NULL)
    *text = g_strdup (from);
}

void
sluice_config_draft_fill (SluiceConfigDraft *self, const SluiceConfigDraft *credential)
{
  const SluiceConfigModel *from = credential->model;

  if (self->model->api_base == NULL)
    place_copy (&self->model->places[SLUICE_CONFIG_PLACE_API_BASE], &from->places[SLUICE_CONFIG_PLACE_API_BASE]);
  fill_text (&self->model->api_base, from->api_base);
  fill_text (&self->model->api_key, from->api_key);
  fill_text (&self->api_version, credential->api_version);
  for (guint i = 0; i < G_N_ELEMENTS (self->regions); i++)
    fill_text (&self->regions[i], credential->regions[i]);
  if (self->model->organization != NULL || self->organizations != NULL)
    return;
  self->model->organization = g_strdup (from->organization);
  self->organizations = g_strdupv (credential->organizations);
}
