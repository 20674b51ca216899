/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the readers of the sections share. A reader lives for one file, in one thread.
 */
#pragma once

#include "config/sluice-config.h"
#include "config/sluice-config-schema.h"
#include "config/sluice-yaml.h"

#include <sys/types.h>

G_BEGIN_DECLS

/* So many different unknown keys are looked at; a file with more is refused. */
#define SLUICE_CONFIG_MAX_UNKNOWN 500

struct _SluiceConfig {
  gatomicrefcount refs;
  GPtrArray *models; /* (element-type SluiceConfigModel) */
  GPtrArray *aliases; /* (element-type SluiceConfigAlias) */
  char *master_key;  /* (nullable) */
  char *unenforced_budget; /* (nullable): its path */
  gboolean metrics_need_key;
  gboolean is_blank; /* the main file has no key at all */
  char *blank_file;  /* (nullable): the first without any, as findings show it */
  SluiceSettings *settings;
  SluiceOrigin *origins; /* of each setting, in the order of the table */
  GPtrArray *files;      /* (element-type filename), with %NULL at the end */
  GPtrArray *names;      /* (element-type utf8): of the files, as findings show them */
  GHashTable *variables; /* (element-type filename filename): the file's over those of the environment */
  struct _SluiceSecrets *secrets; /* (owned) (nullable) */
  void (*secrets_unref) (struct _SluiceSecrets *secrets);
};

/* Keys of one section that have no effect yet: they become one finding. */
typedef struct {
  GPtrArray *names; /* (element-type utf8), unowned, each once */
  guint line;
  guint column;
  char *path;
} SluiceConfigPending;

/* The main file or one that it includes. */
typedef struct {
  char *name; /* as findings show it */
  char *path; /* (nullable): %NULL for a text that is no file */
  char *text; /* (nullable) */
  gsize length;
  dev_t device;
  ino_t inode;
  SluiceYaml *yaml;
} SluiceConfigDocument;

typedef struct {
  SluiceConfig *config;
  SluiceFindingSink *sink;
  GPtrArray *documents;                 /* (element-type SluiceConfigDocument): the main file first */
  const SluiceConfigDocument *document; /* that is read now */
  gboolean incomplete;                  /* an included file could not be read: what is missing may stand there */
  GHashTable *names;       /* (element-type utf8): all that can be asked for, unowned */
  GPtrArray *groups;       /* (element-type utf8): the groups and aliases of them */
  GPtrArray *patterns;     /* (element-type utf8): the groups with a '*' */
  GHashTable *credentials;              /* (element-type utf8 _): drafts of credential_list by name */
  GString *path;                        /* of what is read now */
  SluiceConfigPending pending[SLUICE_N_SECTIONS];
  GHashTable *nearest[SLUICE_N_SECTIONS]; /* (element-type utf8 SluiceKey): unknown key, what was meant */
  guint n_unknown;
  GHashTable *refused; /* (element-type SluiceYamlMember): unowned; an error says already what is wrong with the key */
  GHashTable *budgets; /* (element-type SluiceYamlMember): unowned; noted already */
  GHashTable *ids;       /* (element-type utf8 SluiceConfigModel): unowned, by deployment id */
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

/* An error if @map has no value for @name; @advice says what it is. */
void sluice_config_reader_require (SluiceConfigReader *self,
                                   const SluiceYamlNode *map,
                                   const char *name,
                                   const char *advice);

/* Checks the keys of @map against the tables of @section and hands out those that have an effect. */
void sluice_config_reader_walk (SluiceConfigReader *self,
                                const SluiceYamlNode *map,
                                SluiceSection section,
                                SluiceConfigKeyFunc func,
                                gpointer data);

/* Checks a value that is of the key's type, with all below it. Returns whether it can be used. */
gboolean sluice_config_check_value (SluiceConfigReader *self, const SluiceKey *key, const SluiceYamlNode *node);

/* A warning at @line and @column if nothing is called @name. */
void sluice_config_check_group_name (SluiceConfigReader *self, const char *name, guint line, guint column);

/*
 * What may not be lost by a slip, looked for everywhere in all files, also where no section is known: budgets, which
 * count wherever they stand, the keys that decide about who may ask, which are refused where they are not read, and
 * keys that hold their value too, or what cannot be seen. Only what a model is asked with is data, below each of its
 * parameters, and holds neither budgets nor such keys. Before anything is resolved: an unset variable does not make a
 * budget none.
 */
void sluice_config_guard (SluiceConfigReader *self);

/* A budget is configured at the path of what is read now; a warning, once. */
void sluice_config_note_budget (SluiceConfigReader *self, const SluiceYamlMember *member);

/* The name that a @key like "name:value" begins with, and, in @mark (out), what stands behind it and blanks; %NULL for
 * a key that is a name, or begins with none. Free with g_free(). */
char *sluice_config_dup_joined_name (const char *key, char *mark);

/* Says that the key of @member, whose name is @name, holds its value too; once. */
void sluice_config_refuse_joined (SluiceConfigReader *self, const SluiceYamlMember *member, const char *name);

/* Says that the key of @member, which is one of ours or meant for one if @is_ours, holds a blank that is none or what
 * cannot be seen; once. Returns whether it does. */
gboolean sluice_config_refuse_invisible (SluiceConfigReader *self, const SluiceYamlMember *member, gboolean is_ours);

/* Remembers the names that can be asked for, before anything refers to them. */
void sluice_config_note_models (SluiceConfigReader *self, const SluiceYamlNode *list);
void sluice_config_note_aliases (SluiceConfigReader *self, const SluiceYamlNode *router_settings);

/* One finding for each section with keys without effect. */
void sluice_config_reader_end (SluiceConfigReader *self);

/* The files of a configuration (sluice-config-files.c). @path (nullable) */
GPtrArray *sluice_config_documents_new (void);
SluiceConfigDocument *sluice_config_document_new (const char *name, const char *path);

/* Reads at most one byte more than @limit. @plain_only: no pipe, no device. Returns 0 or an errno. */
int sluice_config_document_read (SluiceConfigDocument *self, gsize limit, gboolean plain_only);

/* Adds what `include` of the first document names. @files (nullable): gets each name that was looked for. */
void sluice_config_read_includes (SluiceConfigReader *self, GPtrArray *files);

/* environment_variables: @map (nullable) */
void sluice_config_read_variables (SluiceConfigReader *self, const SluiceYamlNode *map);

/* os.environ/NAME everywhere below @node, whose path is that of the reader. */
void sluice_config_resolve (SluiceConfigReader *self, SluiceYamlNode *node);

/* credential_list. */
void sluice_config_read_credentials (SluiceConfigReader *self, const SluiceYamlNode *list);

/* model_list. */
void sluice_config_read_models (SluiceConfigReader *self, const SluiceYamlNode *list);

/* A key of router_settings that has an effect. */
void sluice_config_read_router_key (SluiceConfigReader *self,
                                    const SluiceKey *key,
                                    const SluiceYamlMember *member,
                                    gpointer data);

void sluice_config_alias_free (SluiceConfigAlias *self);

/* sluice_settings. */
void sluice_config_read_settings (SluiceConfigReader *self, const SluiceYamlNode *map);

void sluice_config_set_origin (SluiceConfig *self, const SluiceSettingInfo *info, SluiceOrigin origin);

/* SLUICE_PORT and the like, for settings that no file has. */
void sluice_config_read_setting_variables (SluiceConfig *self, SluiceFindingSink *sink);

/* general_settings.master_key, checked; @node (nullable): %NULL when the file has none. */
void sluice_config_read_master_key (SluiceConfigReader *self, const SluiceYamlNode *node);

/* The same where there is no file: one that a file would not get away with counts too, with a warning. Without any, the
 * door would stand wider open than was meant. */
void sluice_config_read_key_variable (SluiceConfig *self, SluiceFindingSink *sink);

/* A warning if general_settings has a master_key without a value: it was meant to lock a door, and does not. */
void sluice_config_check_empty_key (SluiceConfigReader *self, const SluiceYamlNode *general_settings);

void sluice_config_model_free (SluiceConfigModel *self);

G_END_DECLS
