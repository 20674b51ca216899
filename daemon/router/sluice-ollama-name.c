/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "router/sluice-ollama-name.h"

#include <string.h>

/* More than Ollama trims: what is left out here can only make a name more like a cloud one. */
static gboolean
is_nothing (gunichar character)
{
  GUnicodeType type = g_unichar_type (character);

  return g_unichar_isspace (character) || type == G_UNICODE_CONTROL || type == G_UNICODE_FORMAT;
}

/* A name may say in full what is meant anyway: https://registry.ollama.ai/library/NAME. */
static const char *
without_usual_place (const char *name)
{
  static const char *const usual[] = { "http://", "https://", "registry.ollama.ai/", "library/" };

  for (guint i = 0; i < G_N_ELEMENTS (usual); i++)
    if (g_str_has_prefix (name, usual[i]))
      name += strlen (usual[i]);
  return name;
}

char *
sluice_ollama_name_normalize (const char *name)
{
  g_autoptr (GString) plain = g_string_new (NULL);
  g_autofree char *lower = NULL;
  const char *begin;
  const char *last;

  for (const char *p = name; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar character = g_utf8_get_char (p);

      if (!is_nothing (character))
        g_string_append_unichar (plain, character);
    }
  lower = g_utf8_strdown (plain->str, -1);
  begin = without_usual_place (lower);
  last = strrchr (begin, '/');
  return g_strconcat (begin, strchr (last != NULL ? last : begin, ':') != NULL ? "" : ":latest", NULL);
}

gboolean
sluice_ollama_name_is_cloud (const char *name)
{
  g_autofree char *plain = sluice_ollama_name_normalize (name);
  const char *tag = strrchr (plain, ':') + 1;

  return g_str_equal (tag, "cloud") || g_str_has_suffix (tag, "-cloud");
}
