/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bus/sluice-bus-call.h"

#include "shared/sluice-bus-error.h"
#include "shared/sluice-error.h"

/* Longest part of a caller's text that is quoted back, in characters. */
#define QUOTED_MAX 60

static const SluiceBusOption *
find (const SluiceBusOption *known, guint n_known, const char *name)
{
  for (guint i = 0; i < n_known; i++)
    if (g_str_equal (known[i].name, name))
      return &known[i];
  return NULL;
}

static gboolean
check (GVariant *options, const SluiceBusOption *known, guint n_known, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  GVariantIter iter;
  const char *name;
  GVariant *value;

  g_variant_iter_init (&iter, options);
  while (g_variant_iter_next (&iter, "{&sv}", &name, &value))
    {
      g_autoptr (GVariant) owned = value;
      const SluiceBusOption *option = find (known, n_known, name);
      g_autofree char *quoted = g_utf8_substring (name, 0, MIN (g_utf8_strlen (name, -1), QUOTED_MAX));

      if (option == NULL)
        g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_INVALID_REQUEST,
                     "unknown option '%s': leave it out, or see the interface's description", quoted);
      else if (!g_variant_is_of_type (owned, G_VARIANT_TYPE (option->type)))
        g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_INVALID_REQUEST,
                     "option '%s' has a value of type '%.60s': give one of type '%s'",
                     quoted, g_variant_get_type_string (owned), option->type);
      else if (!g_hash_table_add (seen, (gpointer) option->name))
        g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_INVALID_REQUEST, "option '%s' is there twice", quoted);
      else
        continue;
      return FALSE;
    }
  return TRUE;
}

gboolean
sluice_bus_call_check (GDBusMethodInvocation *invocation,
                       GVariant *options,
                       const SluiceBusOption *known,
                       guint n_known)
{
  g_autoptr (GError) error = NULL;

  if (check (options, known, n_known, &error))
    return TRUE;
  sluice_bus_call_refuse (invocation, error);
  return FALSE;
}

void
sluice_bus_call_refuse (GDBusMethodInvocation *invocation, const GError *error)
{
  /* texts on the bus are UTF-8, and file names in ours need not be */
  g_autofree char *text = g_utf8_make_valid (error->message, -1);

  g_dbus_method_invocation_return_dbus_error (invocation, sluice_bus_error_name (error), text);
}
