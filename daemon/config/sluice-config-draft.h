/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One item of model_list while it is read.
 */
#pragma once

#include "config/sluice-config-private.h"

G_BEGIN_DECLS

#define SLUICE_CONFIG_MAX_ORGANIZATIONS 100

typedef struct {
  SluiceConfigModel *model;
  char *base_url;
  SluiceConfigPlace base_url_place;
  char *api_version;
  char *regions[4]; /* by provider; at most one is given in a sound file */
  gint64 request_timeout_ms;
  gint64 info_input_femto;
  gint64 info_output_femto;
  gint64 info_max_tokens;
  const SluiceYamlNode *credential; /* (nullable): litellm_credential_name */
  char **organizations; /* (nullable): a list becomes that many deployments */
} SluiceConfigDraft;

/* @item: it stands under the path of what @reader reads now. */
SluiceConfigDraft *sluice_config_draft_new (SluiceConfigReader *reader, const SluiceYamlNode *item);
void sluice_config_draft_free (SluiceConfigDraft *self);

/* Reads the value of a used key of one of the three sections of an item, checked by the reader; not the two maps. */
void sluice_config_draft_read (SluiceConfigDraft *self,
                               SluiceConfigReader *reader,
                               SluiceSection section,
                               const SluiceYamlMember *member);

/* Puts what is given in two places where it counts. */
void sluice_config_draft_settle (SluiceConfigDraft *self);

/* Takes from @credential what is not given; both are settled. */
void sluice_config_draft_fill (SluiceConfigDraft *self, const SluiceConfigDraft *credential);

/* Fills the settled @draft from the credential that @name names. */
void sluice_config_use_credential (SluiceConfigReader *self, SluiceConfigDraft *draft, const SluiceYamlNode *name);

SluiceConfigModel *sluice_config_model_copy (const SluiceConfigModel *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SluiceConfigDraft, sluice_config_draft_free)

G_END_DECLS
