/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Our own settings (section sluice_settings of config.yaml, command line, bus). The fields, their types, ranges,
 * defaults and descriptions are one table in sluice-settings.c. Limits: reference reliability-and-security.md 1.8, with
 * 4,096 connections.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define SLUICE_SETTING_MAX_CHOICES 4

/* Where a value comes from; what stands later here goes before what stands earlier. */
typedef enum {
  SLUICE_ORIGIN_DEFAULT,
  SLUICE_ORIGIN_DATABASE,
  SLUICE_ORIGIN_ENVIRONMENT,
  SLUICE_ORIGIN_FILE,
  SLUICE_ORIGIN_COMMAND_LINE,
} SluiceOrigin;

typedef enum {
  SLUICE_SETTING_INT,
  SLUICE_SETTING_BOOL,
  SLUICE_SETTING_STRING,
  SLUICE_SETTING_LIST,   /* of strings */
  SLUICE_SETTING_CHOICE, /* one of SluiceSettingInfo.choices; the field is an int: the index of the choice */
} SluiceSettingType;

/*
 * Every duration in milliseconds unless the name says otherwise. Names of the table are the fields' names, but
 * "durability" for power_loss_durability.
 */
typedef struct {
  char *host;                    /* (nullable): an IP address; "127.0.0.1" and "::1" when not said */
  gint64 port;                   /* 4000; 0 lets the kernel choose (tests) */
  gint64 workers;                /* 0: one a core, at most 4 */
  gint64 max_connections;        /* 4096 */
  gint64 header_timeout_ms;      /* 10,000: time to full headers */
  gint64 keepalive_timeout_ms;   /* 75,000 */
  gint64 body_idle_timeout_ms;   /* 15,000 without a byte */
  gint64 body_timeout_ms;        /* 120,000 for the whole body; stands still while we pause reading */
  gint64 max_header_count;       /* 100 */
  gint64 max_header_bytes;       /* 65,536 */
  gint64 max_request_line_bytes; /* 8,192 */
  gint64 max_body_bytes;         /* 32 MiB */
  gint64 body_budget_bytes;      /* 64 MiB of request bodies held at once; more wait */
  gint64 body_budget_wait_ms;    /* 30,000, then 503 */
  gint64 connect_timeout_ms;     /* 10,000 */
  gint64 first_byte_timeout_ms;  /* 600,000 */
  gint64 stream_idle_timeout_ms; /* 300,000 between chunks */
  gint64 total_timeout_ms;       /* 3,600,000 */
  gint64 slow_client_timeout_ms; /* 60,000 without progress in writing */
  gint64 max_answer_bytes;       /* 64 MiB of a whole answer, decoded */
  gint64 max_stream_line_bytes;  /* 1 MiB */
  gint64 max_stream_event_bytes; /* 4 MiB */
  gint64 drain_timeout_ms;       /* 10,000 for requests in flight at stop */
  gint64 retention_days;         /* 90 */
  gint64 exit_on_idle_minutes;   /* 0: stay for ever; else leave after so long without work */
  gboolean power_loss_durability; /* "durability": "process" (default) or "power-loss" */
  int cloud_policy;              /* 0 "off", 1 "explicit", 2 "fallback" (default): the first value of CloudPolicy */
  gboolean keyless_access;       /* TRUE: same-user processes need no key when there is no master key */
  gboolean keyless_cloud_access; /* FALSE: without a key local models only */
  char **allowed_hosts;          /* further Host names that are served: "name", "name:port", "[::1]:port" */
  char **cors_origins;           /* origins that pages may come from, as browsers send them */
  char **debug;                  /* topics that are told about in detail */
} SluiceSettings;

/**
 * SluiceSettingInfo:
 * @name: as in sluice_settings, in the database and on the bus
 * @type: its type
 * @offset: where it is in SluiceSettings
 * @minimum: for integers: the least that is taken
 * @maximum: for integers: the most that is taken
 * @default_text: (nullable): what sluice_settings_set() would take for the default; %NULL for %NULL
 * @description: one sentence for people, without full stop
 * @choices: for choices: what may be written, by index; the rest is %NULL
 * @takes: (nullable): for texts and lists: what sluice_settings_describe_type() says of it
 * @check: (nullable): for texts and lists: what is wrong with a text, or with one of the list, in words that begin with
 *   a verb ("takes ..."), static and without the text; %NULL for one that can be used
 *
 * A row of the table.
 */
typedef struct {
  const char *name;
  SluiceSettingType type;
  gsize offset;
  gint64 minimum;
  gint64 maximum;
  const char *default_text;
  const char *description;
  const char *choices[SLUICE_SETTING_MAX_CHOICES];
  const char *takes;
  const char *(*check) (const char *text);
} SluiceSettingInfo;

/* The table. @n_infos (out). */
const SluiceSettingInfo *sluice_settings_table (guint *n_infos);

/* All at their defaults. */
SluiceSettings *sluice_settings_new (void);
SluiceSettings *sluice_settings_copy (const SluiceSettings *self);
void sluice_settings_free (SluiceSettings *self);

/* Its row, or %NULL. */
const SluiceSettingInfo *sluice_settings_find (const char *name);

/* What it takes, for people: "a whole number from 16 to 65536". Free with g_free(). */
char *sluice_settings_describe_type (const SluiceSettingInfo *info);

/*
 * Sets the setting @name from text (lists: comma-separated, blanks around the parts are dropped). Booleans are true,
 * yes, on, 1 and their opposites in any case. On error nothing changes. Errors: SLUICE_ERROR_CONFIG with type, range
 * and the text that did not fit (not for those that have a check, which says what is wrong), and, for an unknown name,
 * the nearest one.
 */
gboolean sluice_settings_set (SluiceSettings *self, const char *name, const char *text, GError **error);

/* The value as text that sluice_settings_set() takes; %NULL for a string that is not set. Free with g_free(). */
char *sluice_settings_get (const SluiceSettings *self, const char *name);

/* What the check of the setting @info says of @text as sluice_settings_set() takes it: %NULL if it can be used, or if
 * there is no check. */
const char *sluice_settings_find_fault (const SluiceSettingInfo *info, const char *text);

/* Sets the list @name from @values (nullable: empty) whose parts may hold commas. Other types are an error. */
gboolean sluice_settings_set_list (SluiceSettings *self, const char *name, const char *const *values, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SluiceSettings, sluice_settings_free)

G_END_DECLS
