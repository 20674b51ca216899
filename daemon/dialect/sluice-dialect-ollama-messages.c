/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The conversation in Ollama's form: text and images apart, tool arguments as objects, tool results with the name of
 * their tool.
 */
#include "dialect/sluice-dialect-ollama-private.h"

#include "shared/sluice-error.h"

#include <string.h>

typedef struct {
  GString *into;     /* borrowed */
  GHashTable *names; /* (owned) (element-type utf8 utf8): id of a tool call → name of its tool, both unescaped */
  guint index;       /* of the message, for errors */
} Messages;

static const struct {
  const char *name;
  const char *ollama;
} roles[] = {
  { "system", "system" },       { "developer", "system" }, { "user", "user" },
  { "assistant", "assistant" }, { "tool", "tool" },        { "function", "tool" },
};

G_GNUC_PRINTF (3, 4)
static gboolean
refuse (const Messages *self, GError **error, const char *format, ...)
{
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, SLUICE_ERROR, SLUICE_ERROR_INVALID_REQUEST, "messages[%u]%s", self->index, what);
  return FALSE;
}

static const char *
find_role (SluiceJsonValue role)
{
  for (guint i = 0; i < G_N_ELEMENTS (roles); i++)
    if (sluice_json_equals (role, roles[i].name))
      return roles[i].ollama;
  return NULL;
}

/* Appends what is between the quotes of @text. */
static void
append_inner (GString *into, SluiceJsonValue text)
{
  g_string_append_len (into, text.text + 1, (gssize) text.length - 2);
}

/* The text of a part, %FALSE if it has none. */
static gboolean
read_text_part (SluiceJsonValue part, SluiceJsonValue *text)
{
  SluiceJsonValue type = sluice_json_get (part, "type");

  if (part.type == SLUICE_JSON_STRING)
    *text = part;
  else if (sluice_json_equals (type, "refusal"))
    *text = sluice_json_get (part, "refusal");
  else if (sluice_json_equals (type, "text") || type.type == SLUICE_JSON_NONE)
    *text = sluice_json_get (part, "text");
  else
    return FALSE;

  return text->type == SLUICE_JSON_STRING;
}

/* Parts are joined with a line feed: models see where one ends. */
static void
append_text_parts (GString *into, SluiceJsonValue parts)
{
  SluiceJsonIter iter;
  SluiceJsonValue part;
  SluiceJsonValue text;
  gboolean first = TRUE;

  g_string_append_c (into, '"');
  sluice_json_iter_init (&iter, parts);
  while (sluice_json_iter_next (&iter, NULL, &part))
    if (read_text_part (part, &text))
      {
        if (!first)
          g_string_append (into, "\\n");
        append_inner (into, text);
        first = FALSE;
      }
  g_string_append_c (into, '"');
}

/* "data:image/png;base64,AAAA" gives "AAAA". The base64 itself is left to Ollama. */
static gboolean
append_image (const Messages *self, guint part, SluiceJsonValue url, GError **error)
{
  g_autofree char *text = NULL;
  const char *comma;

  if (url.type == SLUICE_JSON_OBJECT)
    url = sluice_json_get (url, "url");
  text = sluice_json_dup_string (url);
  if (text == NULL)
    return refuse (self, error, ".content[%u].image_url.url must be a string", part);
  if (g_ascii_strncasecmp (text, "data:", 5) != 0)
    return refuse (self, error,
                   ".content[%u].image_url: only data: images work with Ollama, which fetches none from the network: "
                   "send the image itself as data:image/png;base64,...",
                   part);

  comma = strchr (text, ',');
  if (comma == NULL || comma - text < 12 || g_ascii_strncasecmp (comma - 7, ";base64", 7) != 0)
    return refuse (self, error, ".content[%u].image_url: the data: URL must hold base64", part);

  sluice_json_append_string (self->into, comma + 1, -1);
  return TRUE;
}

static gboolean
append_images (const Messages *self, SluiceJsonValue parts, GError **error)
{
  SluiceJsonIter iter;
  SluiceJsonValue part;
  SluiceJsonValue text;
  guint n_images = 0;

  sluice_json_iter_init (&iter, parts);
  for (guint i = 0; sluice_json_iter_next (&iter, NULL, &part); i++)
    {
      SluiceJsonValue type = sluice_json_get (part, "type");
      g_autofree char *name = NULL;

      if (read_text_part (part, &text))
        continue;
      if (!sluice_json_equals (type, "image_url"))
        {
          name = sluice_json_dup_string (type);
          return refuse (self, error,
                         ".content[%u]: parts of type '%.40s' cannot be sent to Ollama, only text and images", i,
                         name != NULL ? name : "unknown");
        }
      g_string_append (self->into, n_images++ == 0 ? ",\"images\":[" : ",");
      if (!append_image (self, i, sluice_json_get (part, "image_url"), error))
        return FALSE;
    }
  if (n_images > 0)
    g_string_append_c (self->into, ']');
  return TRUE;
}

static gboolean
append_content (const Messages *self, SluiceJsonValue content, GError **error)
{
  g_string_append (self->into, ",\"content\":");
  if (content.type == SLUICE_JSON_STRING)
    sluice_json_append_value (self->into, content);
  else if (content.type == SLUICE_JSON_ARRAY)
    {
      append_text_parts (self->into, content);
      return append_images (self, content, error);
    }
  else if (!sluice_dialect_has (content))
    g_string_append (self->into, "\"\"");
  else
    return refuse (self, error, ".content must be a string or a list of parts");

  return TRUE;
}

/* The string of a function call as the object that it holds. */
static gboolean
append_arguments (const Messages *self, guint call, SluiceJsonValue arguments, GError **error)
{
  g_autoptr (GString) text = NULL;
  SluiceJsonValue root = arguments;

  if (arguments.type == SLUICE_JSON_STRING && arguments.length > 2)
    {
      text = g_string_sized_new (arguments.length);
      sluice_json_read_string (arguments, text);
      if (!sluice_json_check (text->str, text->len, SLUICE_JSON_FLAGS_NONE, &root, NULL))
        return refuse (self, error, ".tool_calls[%u].function.arguments is not valid JSON, which Ollama needs", call);
    }
  else if (arguments.type == SLUICE_JSON_STRING || !sluice_dialect_has (arguments))
    {
      g_string_append (self->into, "{}");
      return TRUE;
    }
  if (root.type != SLUICE_JSON_OBJECT)
    return refuse (self, error, ".tool_calls[%u].function.arguments is not a JSON object, which Ollama needs", call);

  sluice_json_append_value (self->into, root);
  return TRUE;
}

static gboolean
append_call (Messages *self, guint index, SluiceJsonValue id, SluiceJsonValue function, GError **error)
{
  SluiceJsonValue name = sluice_json_get (function, "name");
  char *key = sluice_json_dup_string (id);

  if (name.type != SLUICE_JSON_STRING)
    {
      g_free (key);
      return refuse (self, error, ".tool_calls[%u].function.name must be a string", index);
    }

  g_string_append_c (self->into, '{');
  if (key != NULL)
    {
      g_hash_table_replace (self->names, key, sluice_json_dup_string (name));
      g_string_append (self->into, "\"id\":");
      sluice_json_append_value (self->into, id);
      g_string_append_c (self->into, ',');
    }
  g_string_append (self->into, "\"function\":{\"name\":");
  sluice_json_append_value (self->into, name);
  g_string_append (self->into, ",\"arguments\":");
  if (!append_arguments (self, index, sluice_json_get (function, "arguments"), error))
    return FALSE;

  g_string_append (self->into, "}}");
  return TRUE;
}

/* tool_calls, or the one function_call of old clients. */
static gboolean
append_calls (Messages *self, SluiceJsonValue message, GError **error)
{
  SluiceJsonValue calls = sluice_json_get (message, "tool_calls");
  SluiceJsonValue old = sluice_json_get (message, "function_call");
  SluiceJsonIter iter;
  SluiceJsonValue call;
  guint index = 0;

  if (calls.type == SLUICE_JSON_ARRAY)
    {
      g_string_append (self->into, ",\"tool_calls\":[");
      sluice_json_iter_init (&iter, calls);
      for (; sluice_json_iter_next (&iter, NULL, &call); index++)
        {
          if (index > 0)
            g_string_append_c (self->into, ',');
          if (!append_call (self, index, sluice_json_get (call, "id"), sluice_json_get (call, "function"), error))
            return FALSE;
        }
      g_string_append_c (self->into, ']');
    }
  else if (old.type == SLUICE_JSON_OBJECT)
    {
      g_string_append (self->into, ",\"tool_calls\":[");
      if (!append_call (self, 0, (SluiceJsonValue){ SLUICE_JSON_NONE, NULL, 0 }, old, error))
        return FALSE;
      g_string_append_c (self->into, ']');
    }
  return TRUE;
}

static void
append_thinking (const Messages *self, SluiceJsonValue message)
{
  SluiceJsonValue thinking = sluice_json_get (message, "reasoning_content");

  if (sluice_dialect_text_bytes (thinking) == 0)
    thinking = sluice_json_get (message, "reasoning");
  if (sluice_dialect_text_bytes (thinking) == 0)
    return;

  g_string_append (self->into, ",\"thinking\":");
  sluice_json_append_value (self->into, thinking);
}

/* Whose result it is: by the id of the call, else as the client says. */
static void
append_tool_name (const Messages *self, SluiceJsonValue message)
{
  SluiceJsonValue id = sluice_json_get (message, "tool_call_id");
  SluiceJsonValue name = sluice_json_get (message, "name");
  g_autofree char *key = sluice_json_dup_string (id);
  const char *known = key != NULL ? g_hash_table_lookup (self->names, key) : NULL;

  if (known != NULL || name.type == SLUICE_JSON_STRING)
    g_string_append (self->into, ",\"tool_name\":");
  if (known != NULL)
    sluice_json_append_string (self->into, known, -1);
  else if (name.type == SLUICE_JSON_STRING)
    sluice_json_append_value (self->into, name);

  if (key == NULL)
    return;
  g_string_append (self->into, ",\"tool_call_id\":");
  sluice_json_append_value (self->into, id);
}

static gboolean
append_message (Messages *self, SluiceJsonValue message, GError **error)
{
  const char *role = find_role (sluice_json_get (message, "role"));

  if (message.type != SLUICE_JSON_OBJECT)
    return refuse (self, error, " must be an object");
  if (role == NULL)
    return refuse (self, error, ".role must be one of system, developer, user, assistant and tool");

  g_string_append_printf (self->into, "{\"role\":\"%s\"", role);
  if (!append_content (self, sluice_json_get (message, "content"), error))
    return FALSE;
  if (strcmp (role, "assistant") == 0)
    {
      append_thinking (self, message);
      if (!append_calls (self, message, error))
        return FALSE;
    }
  else if (strcmp (role, "tool") == 0)
    append_tool_name (self, message);

  g_string_append_c (self->into, '}');
  return TRUE;
}

gboolean
sluice_ollama_append_messages (GString *into, SluiceJsonValue messages, GError **error)
{
  g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  Messages self = { into, names, 0 };
  SluiceJsonIter iter;
  SluiceJsonValue message;

  if (messages.type != SLUICE_JSON_ARRAY)
    {
      g_set_error_literal (error, SLUICE_ERROR, SLUICE_ERROR_INVALID_REQUEST, "messages must be a list");
      return FALSE;
    }

  g_string_append_c (into, '[');
  sluice_json_iter_init (&iter, messages);
  for (; sluice_json_iter_next (&iter, NULL, &message); self.index++)
    {
      if (self.index > 0)
        g_string_append_c (into, ',');
      if (!append_message (&self, message, error))
        return FALSE;
    }
  g_string_append_c (into, ']');
  return TRUE;
}
