/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dialect/sluice-dialect-private.h"

#include "shared/sluice-error.h"

#include <string.h>

static const char *const operation_names[] = {
  [SLUICE_OPERATION_CHAT] = "chat",
  [SLUICE_OPERATION_COMPLETION] = "completion",
  [SLUICE_OPERATION_EMBEDDING] = "embedding",
};

G_STATIC_ASSERT (G_N_ELEMENTS (operation_names) == SLUICE_N_OPERATIONS);

static const SluiceDialect *const dialects[] = { &sluice_dialect_openai, &sluice_dialect_ollama };

const char *
sluice_operation_name (SluiceOperation operation)
{
  g_return_val_if_fail (operation >= 0 && operation < SLUICE_N_OPERATIONS, "unknown");

  return operation_names[operation];
}

const SluiceDialect *
sluice_dialect_find (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (dialects); i++)
    if (g_strcmp0 (name, dialects[i]->name) == 0)
      return dialects[i];
  return NULL;
}

gboolean
sluice_dialect_index (SluiceJsonObject *object, const char *text, gsize length, const char *what, GError **error)
{
  g_autoptr (GError) reason = NULL;

  if (sluice_json_object_init (object, text, length, SLUICE_JSON_SKIM_NUMBERS, &reason))
    return TRUE;

  g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_UPSTREAM_ANSWER, "the upstream's %s is not a JSON object: %s", what,
               reason->message);
  return FALSE;
}

void
sluice_dialect_flatten (char *text, gsize length)
{
  for (char *p = memchr (text, '\n', length); p != NULL; p = memchr (p, '\n', length - (gsize) (p - text)))
    *p = ' ';
  for (char *p = memchr (text, '\r', length); p != NULL; p = memchr (p, '\r', length - (gsize) (p - text)))
    *p = ' ';
}

const char *
sluice_dialect_other_name (const char *name)
{
  if (strcmp (name, "max_tokens") == 0)
    return "max_completion_tokens";
  if (strcmp (name, "max_completion_tokens") == 0)
    return "max_tokens";

  return NULL;
}
