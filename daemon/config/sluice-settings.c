/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/sluice-settings.h"

#include "config/sluice-nearest.h"
#include "config/sluice-settings-check.h"
#include "shared/sluice-error.h"

#include <string.h>

#define KIB 1024
#define MIB (1024 * 1024)
#define DAY_MS (24 * 3600 * 1000)

/* The offset of @field; does not compile if the field is not of @type. */
#define OFFSET(field, type) \
  (G_STRUCT_OFFSET (SluiceSettings, field) + \
   0 * sizeof (char[__builtin_types_compatible_p (__typeof__ (((SluiceSettings *) NULL)->field), type) ? 1 : -1]))

#define INT(field, minimum, maximum, default_text, description) \
  { #field, SLUICE_SETTING_INT, OFFSET (field, gint64), minimum, maximum, default_text, description, { NULL }, \
    NULL, NULL }
#define BOOL(field, default_text, description) \
  { #field, SLUICE_SETTING_BOOL, OFFSET (field, gboolean), 0, 1, default_text, description, { NULL }, NULL, NULL }
#define STRING(field, description, takes, check) \
  { #field, SLUICE_SETTING_STRING, OFFSET (field, char *), 0, 0, NULL, description, { NULL }, takes, check }
#define LIST(field, description, takes, check) \
  { #field, SLUICE_SETTING_LIST, OFFSET (field, char **), 0, 0, "", description, { NULL }, takes, check }
#define CHOICE(name, field, default_text, description, ...) \
  { name, SLUICE_SETTING_CHOICE, OFFSET (field, int), 0, 0, default_text, description, { __VA_ARGS__ }, \
    NULL, NULL }

static const SluiceSettingInfo infos[] = {
  STRING (host, "IP address that is listened on, instead of both loopback addresses",
          "an IP address, like 127.0.0.1 or ::1", sluice_settings_check_address),
  INT (port, 0, 65535, "4000", "TCP port; 0 lets the kernel choose"),
  INT (workers, 0, 64, "0", "Threads that serve requests; 0 for one a core, at most 4"),
  INT (max_connections, 16, 65536, "4096", "Connections that are open at once"),
  INT (header_timeout_ms, 100, DAY_MS, "10000", "Time a client has for the whole header"),
  INT (keepalive_timeout_ms, 100, DAY_MS, "75000", "Time a connection may be idle between requests"),
  INT (body_idle_timeout_ms, 100, DAY_MS, "15000", "Time without a byte while a body is read"),
  INT (body_timeout_ms, 100, DAY_MS, "120000", "Time a client has for the whole body"),
  INT (max_header_count, 8, 1000, "100", "Header lines of a request"),
  INT (max_header_bytes, KIB, MIB, "65536", "Bytes of the header of a request"),
  INT (max_request_line_bytes, 128, 64 * KIB, "8192", "Bytes of the first line of a request"),
  INT (max_body_bytes, KIB, 1024 * MIB, "33554432", "Bytes of a JSON body"),
  INT (body_budget_bytes, KIB, G_GINT64_CONSTANT (64) * 1024 * MIB, "67108864", "Bytes of request bodies held at once"),
  INT (body_budget_wait_ms, 0, DAY_MS, "30000", "Time a request waits for its share of that memory"),
  INT (connect_timeout_ms, 100, DAY_MS, "10000", "Time to connect to a provider"),
  INT (first_byte_timeout_ms, 100, DAY_MS, "600000", "Time to the first byte of a provider's answer"),
  INT (stream_idle_timeout_ms, 100, DAY_MS, "300000", "Time between two pieces of a streamed answer"),
  INT (total_timeout_ms, 100, DAY_MS, "3600000", "Time for a whole answer"),
  INT (slow_client_timeout_ms, 100, DAY_MS, "60000", "Time without progress while an answer is written to a client"),
  INT (max_answer_bytes, KIB, 1024 * MIB, "67108864", "Bytes of an answer that is not streamed, decoded"),
  INT (max_stream_line_bytes, KIB, 64 * MIB, "1048576", "Bytes of one line of a streamed answer"),
  INT (max_stream_event_bytes, KIB, 256 * MIB, "4194304", "Bytes of one event of a streamed answer"),
  INT (drain_timeout_ms, 0, DAY_MS, "10000", "Time that requests in flight have when the daemon stops"),
  INT (retention_days, 1, 36500, "90", "Days that the rows of single requests are kept"),
  INT (exit_on_idle_minutes, 0, 10080, "0", "Minutes without work after which the daemon leaves; 0 for never"),
  CHOICE ("durability", power_loss_durability, "process", "What a booking survives", "process", "power-loss"),
  CHOICE ("cloud_policy", cloud_policy, "fallback", "When models that can cost money may be asked, at first",
          "off", "explicit", "fallback"),
  BOOL (keyless_access, "true", "Whether processes of the same user need no key while there is no master key"),
  BOOL (keyless_cloud_access, "false", "Whether requests without a key may use models that can cost money"),
  LIST (allowed_hosts, "Further Host names that are served", "a list of texts: host names, like gateway.example",
        sluice_settings_check_host),
  LIST (cors_origins, "Origins that web pages may call from", "a list of texts: origins, like https://app.example",
        sluice_settings_check_origin),
  LIST (debug, "Topics that the log tells about in detail", NULL, NULL),
};

const SluiceSettingInfo *
sluice_settings_table (guint *n_infos)
{
  g_return_val_if_fail (n_infos != NULL, NULL);

  *n_infos = G_N_ELEMENTS (infos);
  return infos;
}

const SluiceSettingInfo *
sluice_settings_find (const char *name)
{
  g_return_val_if_fail (name != NULL, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (infos); i++)
    if (g_str_equal (infos[i].name, name))
      return &infos[i];

  return NULL;
}

static gpointer
field (const SluiceSettings *self, const SluiceSettingInfo *info)
{
  return G_STRUCT_MEMBER_P (self, info->offset);
}

SluiceSettings *
sluice_settings_new (void)
{
  SluiceSettings *self = g_new0 (SluiceSettings, 1);

  for (guint i = 0; i < G_N_ELEMENTS (infos); i++)
    if (infos[i].default_text != NULL)
      {
        gboolean fits = sluice_settings_set (self, infos[i].name, infos[i].default_text, NULL);

        g_assert (fits);
      }

  return self;
}

SluiceSettings *
sluice_settings_copy (const SluiceSettings *self)
{
  SluiceSettings *copy;

  g_return_val_if_fail (self != NULL, NULL);

  copy = g_memdup2 (self, sizeof *self);
  for (guint i = 0; i < G_N_ELEMENTS (infos); i++)
    {
      gpointer to = field (copy, &infos[i]);

      if (infos[i].type == SLUICE_SETTING_STRING)
        *(char **) to = g_strdup (*(char **) to);
      else if (infos[i].type == SLUICE_SETTING_LIST)
        *(char ***) to = g_strdupv (*(char ***) to);
    }

  return copy;
}

void
sluice_settings_free (SluiceSettings *self)
{
  if (self == NULL)
    return;

  for (guint i = 0; i < G_N_ELEMENTS (infos); i++)
    {
      if (infos[i].type == SLUICE_SETTING_STRING)
        g_free (*(char **) field (self, &infos[i]));
      else if (infos[i].type == SLUICE_SETTING_LIST)
        g_strfreev (*(char ***) field (self, &infos[i]));
    }
  g_free (self);
}

/* "'a', 'b' or 'c'" */
static char *
describe_choices (const SluiceSettingInfo *info)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < SLUICE_SETTING_MAX_CHOICES && info->choices[i] != NULL; i++)
    {
      gboolean is_last = i + 1 == SLUICE_SETTING_MAX_CHOICES || info->choices[i + 1] == NULL;

      g_string_append_printf (text, "%s'%s'", i == 0 ? "" : is_last ? " or " : ", ", info->choices[i]);
    }
  return g_string_free (text, FALSE);
}

char *
sluice_settings_describe_type (const SluiceSettingInfo *info)
{
  g_return_val_if_fail (info != NULL, NULL);

  if (info->takes != NULL)
    return g_strdup (info->takes);
  switch (info->type)
    {
    case SLUICE_SETTING_INT:
      return g_strdup_printf ("a whole number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT,
                              info->minimum, info->maximum);
    case SLUICE_SETTING_BOOL:
      return g_strdup ("true or false");
    case SLUICE_SETTING_STRING:
      return g_strdup ("a text");
    case SLUICE_SETTING_LIST:
      return g_strdup ("a list of texts");
    case SLUICE_SETTING_CHOICE:
      return describe_choices (info);
    default:
      g_assert_not_reached ();
    }
}

static gboolean
parse_bool (const char *text, gboolean *value)
{
  static const char *const words[][2] = { { "false", "true" }, { "no", "yes" }, { "off", "on" }, { "0", "1" } };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    for (guint j = 0; j < 2; j++)
      if (g_ascii_strcasecmp (text, words[i][j]) == 0)
        {
          *value = (gboolean) j;
          return TRUE;
        }

  return FALSE;
}

static gboolean
parse_choice (const SluiceSettingInfo *info, const char *text, int *value)
{
  for (guint i = 0; i < G_N_ELEMENTS (info->choices); i++)
    if (g_strcmp0 (info->choices[i], text) == 0)
      {
        *value = (int) i;
        return TRUE;
      }

  return FALSE;
}

/* The parts of @text between commas, trimmed; empty ones are dropped. */
static char **
split_list (const char *text)
{
  g_auto (GStrv) parts = g_strsplit (text, ",", -1);
  g_autoptr (GStrvBuilder) list = g_strv_builder_new ();

  for (guint i = 0; parts[i] != NULL; i++)
    if (*g_strstrip (parts[i]) != '\0')
      g_strv_builder_add (list, parts[i]);

  return g_strv_builder_end (list);
}

/* What is wrong with one of @values (nullable), or %NULL. */
static const char *
find_list_fault (const SluiceSettingInfo *info, const char *const *values)
{
  const char *fault = NULL;

  for (guint i = 0; info->check != NULL && fault == NULL && values != NULL && values[i] != NULL; i++)
    fault = info->check (values[i]);
  return fault;
}

const char *
sluice_settings_find_fault (const SluiceSettingInfo *info, const char *text)
{
  g_auto (GStrv) parts = NULL;

  g_return_val_if_fail (info != NULL, NULL);
  g_return_val_if_fail (text != NULL, NULL);

  if (info->check == NULL || *text == '\0')
    return NULL;
  if (info->type != SLUICE_SETTING_LIST)
    return info->check (text);
  parts = split_list (text);
  return find_list_fault (info, (const char *const *) parts);
}

static gboolean
assign (SluiceSettings *self, const SluiceSettingInfo *info, const char *text)
{
  gpointer to = field (self, info);

  switch (info->type)
    {
    case SLUICE_SETTING_INT:
      return g_ascii_string_to_signed (text, 10, info->minimum, info->maximum, to, NULL);
    case SLUICE_SETTING_BOOL:
      return parse_bool (text, to);
    case SLUICE_SETTING_CHOICE:
      return parse_choice (info, text, to);
    case SLUICE_SETTING_STRING:
      g_free (*(char **) to);
      *(char **) to = *text != '\0' ? g_strdup (text) : NULL;
      return TRUE;
    case SLUICE_SETTING_LIST:
      g_strfreev (*(char ***) to);
      *(char ***) to = split_list (text);
      return TRUE;
    default:
      g_assert_not_reached ();
    }
}

static const SluiceSettingInfo *
find_or_fail (const char *name, GError **error)
{
  const SluiceSettingInfo *info = sluice_settings_find (name);
  const char *nearest;

  if (info != NULL)
    return info;

  nearest = sluice_nearest (name, &infos[0].name, sizeof infos[0], G_N_ELEMENTS (infos));
  if (nearest != NULL)
    g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG, "unknown setting '%s', did you mean '%s'?", name, nearest);
  else
    g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG, "unknown setting '%s'", name);
  return NULL;
}

gboolean
sluice_settings_set (SluiceSettings *self, const char *name, const char *text, GError **error)
{
  const SluiceSettingInfo *info;
  const char *fault;
  g_autofree char *takes = NULL;

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (name != NULL, FALSE);
  g_return_val_if_fail (text != NULL, FALSE);

  info = find_or_fail (name, error);
  if (info == NULL)
    return FALSE;
  fault = sluice_settings_find_fault (info, text);
  if (fault != NULL)
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG, "'%s' %s", name, fault);
      return FALSE;
    }
  if (assign (self, info, text))
    return TRUE;

  takes = sluice_settings_describe_type (info);
  g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG, "'%s' takes %s, not '%.64s'", name, takes, text);
  return FALSE;
}

gboolean
sluice_settings_set_list (SluiceSettings *self, const char *name, const char *const *values, GError **error)
{
  const SluiceSettingInfo *info;
  const char *fault;
  char ***to;

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (name != NULL, FALSE);

  info = find_or_fail (name, error);
  if (info == NULL)
    return FALSE;
  if (info->type != SLUICE_SETTING_LIST)
    {
      g_autofree char *takes = sluice_settings_describe_type (info);

      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG, "'%s' takes %s, not a list", name, takes);
      return FALSE;
    }

  fault = find_list_fault (info, values);
  if (fault != NULL)
    {
      g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_CONFIG, "'%s' %s", name, fault);
      return FALSE;
    }
  to = field (self, info);
  g_strfreev (*to);
  *to = values != NULL ? g_strdupv ((char **) values) : g_new0 (char *, 1);
  return TRUE;
}

char *
sluice_settings_get (const SluiceSettings *self, const char *name)
{
  const SluiceSettingInfo *info;
  gpointer from;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (name != NULL, NULL);

  info = sluice_settings_find (name);
  g_return_val_if_fail (info != NULL, NULL);

  from = field (self, info);
  switch (info->type)
    {
    case SLUICE_SETTING_INT:
      return g_strdup_printf ("%" G_GINT64_FORMAT, *(gint64 *) from);
    case SLUICE_SETTING_BOOL:
      return g_strdup (*(gboolean *) from ? "true" : "false");
    case SLUICE_SETTING_CHOICE:
      return g_strdup (info->choices[*(int *) from]);
    case SLUICE_SETTING_STRING:
      return g_strdup (*(char **) from);
    case SLUICE_SETTING_LIST:
      return g_strjoinv (",", *(char ***) from);
    default:
      g_assert_not_reached ();
    }
}
