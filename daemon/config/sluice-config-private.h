/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the readers of the sections share. A reader lives for one file, in one thread.
 */
#pragma once

#include "config/sluice-config.h"
#include "config/sluice-config-schema.h"
#include "config/sluice-yaml.h"

G_BEGIN_DECLS

/* So many different unknown keys are looked at; a file with more is refused. */
#define SLUICE_CONFIG_MAX_UNKNOWN 500

struct _SluiceConfig {
  gatomicrefcount refs;
  GPtrArray *models; /* (element-type SluiceConfigModel) */
  char *master_key;  /* (nullable) */
  SluiceSettings *settings;
  GHashTable *variables; /* (element-type filename filename): the file's over those of the environment */
};

/* Keys of one section that have no effect yet: they become one finding. */
typedef struct {
  GPtrArray *names; /* (element-type utf8), unowned, each once */
  guint line;
  guint column;
  char *path;
} SluiceConfigPending;

typedef struct {
  SluiceConfig *config;
  SluiceFindingSink *sink;
  GString *path; /* of what is read now */
  SluiceConfigPending pending[SLUICE_N_SECTIONS];
  GHashTable *nearest[SLUICE_N_SECTIONS]; /* (element-type utf8 SluiceKey): unknown key, what was meant */
  guint n_unknown;
  GHashTable *ids;       /* (element-type utf8 guint): deployment id, its line */
  GHashTable *ordinals;  /* (element-type utf8 guint): digest of what makes an id, how many there were */
} SluiceConfigReader;

/* Called for each key that has an effect; @key is %NULL for an unknown one that goes into requests. The value is not
 * null and of the key's type. */
typedef void (*SluiceConfigKeyFunc) (SluiceConfigReader *self,
                                     const SluiceKey *key,
                                     const SluiceYamlMember *member,
                                     gpointer data);

/* A finding at @line and @column under the path of what is read now. Never put a value into it. */
void sluice_config_reader_add (SluiceConfigReader *self,
                               SluiceFindingLevel level,
                               guint line,
                               guint column,
                               const char *format,
                               ...) G_GNUC_PRINTF (5, 6);

#define sluice_config_reader_error(self, place, ...) \
  sluice_config_reader_add ((self), SLUICE_FINDING_ERROR, (place)->line, (place)->column, __VA_ARGS__)
#define sluice_config_reader_warn(self, place, ...) \
  sluice_config_reader_add ((self), SLUICE_FINDING_WARNING, (place)->line, (place)->column, __VA_ARGS__)

/* Checks the keys of @map against the tables of @section and hands out those that have an effect. */
void sluice_config_reader_walk (SluiceConfigReader *self,
                                const SluiceYamlNode *map,
                                SluiceSection section,
                                SluiceConfigKeyFunc func,
                                gpointer data);

/* One finding for each section with keys without effect. */
void sluice_config_reader_end (SluiceConfigReader *self);

/* environment_variables, then os.environ/NAME everywhere below @root. */
void sluice_config_read_environment (SluiceConfigReader *self, SluiceYamlNode *root);

/* model_list. */
void sluice_config_read_models (SluiceConfigReader *self, const SluiceYamlNode *list);

/* sluice_settings. */
void sluice_config_read_settings (SluiceConfigReader *self, const SluiceYamlNode *map);

/* general_settings.master_key, checked; @node (nullable): %NULL when the file has none. */
void sluice_config_read_master_key (SluiceConfigReader *self, const SluiceYamlNode *node);

void sluice_config_model_free (SluiceConfigModel *self);

G_END_DECLS
