/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sluice-finder.h"

#include <libsoup/soup.h>

#include "router/sluice-locality.h"
#include "shared/sluice-json.h"

#define LOOK_TIMEOUT_MS 800
#define MAX_MODELS 1000
#define MAX_LIST_BYTES (4 * 1024 * 1024)

struct _SluiceFinder {
  SoupSession *session;      /* (owned) */
  GCancellable *cancellable; /* (owned) */
  guint timeout;
  char *base; /* (owned) */
  const SluiceProvider *provider;
  SluiceFinderFunc func;
  gpointer user_data;
};

void
sluice_finder_free (SluiceFinder *self)
{
  g_cancellable_cancel (self->cancellable);
  g_clear_handle_id (&self->timeout, g_source_remove);
  g_object_unref (self->cancellable);
  g_object_unref (self->session);
  g_free (self->base);
  g_free (self);
}

/* One entry of the list; models that run on somebody else's machine are not local and not offered unasked. */
static void
add_model (SluiceFinder *self, SluiceJsonValue entry, GPtrArray *found)
{
  g_autofree char *name = sluice_json_dup_string (sluice_json_get (entry, "name"));
  g_autofree char *group = NULL;

  if (name == NULL || *name == '\0' || sluice_json_get (entry, "remote_host").type == SLUICE_JSON_STRING
      || g_str_has_suffix (name, "cloud"))
    return;
  group = g_strconcat ("ollama/", name, NULL);
  g_ptr_array_add (found, sluice_deployment_new_found (group, self->provider, name, self->base));
}

static void
read_list (SluiceFinder *self, GBytes *bytes, GPtrArray *found)
{
  SluiceJsonValue root, entry;
  SluiceJsonIter iter;
  gsize length;
  const char *text = g_bytes_get_data (bytes, &length);

  if (length > MAX_LIST_BYTES || !sluice_json_check (text, length, SLUICE_JSON_FLAGS_NONE, &root, NULL))
    return;
  sluice_json_iter_init (&iter, sluice_json_get (root, "models"));
  while (found->len < MAX_MODELS && sluice_json_iter_next (&iter, NULL, &entry))
    add_model (self, entry, found);
}

static void
report (SluiceFinder *self, GPtrArray *found)
{
  SluiceFinderFunc func = self->func;

  self->func = NULL;
  g_clear_handle_id (&self->timeout, g_source_remove);
  if (func != NULL)
    func (found, self->user_data);
}

static void
on_list (GObject *source, GAsyncResult *result, gpointer data)
{
  SluiceFinder *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = soup_session_send_and_read_finish (SOUP_SESSION (source), result, &error);
  g_autoptr (GPtrArray) found = NULL;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  found = g_ptr_array_new_with_free_func ((GDestroyNotify) sluice_deployment_unref);
  if (bytes != NULL)
    read_list (self, bytes, found);
  report (self, found);
}

static gboolean
on_timeout (gpointer data)
{
  SluiceFinder *self = data;
  g_autoptr (GPtrArray) nothing = g_ptr_array_new ();

  self->timeout = 0;
  g_cancellable_cancel (self->cancellable);
  report (self, nothing);
  return G_SOURCE_REMOVE;
}

static gboolean
may_be_asked (const char *base)
{
  g_autoptr (GUri) uri = g_uri_parse (base, G_URI_FLAGS_NONE, NULL);

  return uri != NULL && g_uri_get_host (uri) != NULL && sluice_host_is_private (g_uri_get_host (uri));
}

SluiceFinder *
sluice_finder_new (SluiceConfig *config, SluiceFinderFunc func, gpointer user_data)
{
  SluiceFinder *self = g_new0 (SluiceFinder, 1);
  const char *base = sluice_config_get_variable (config, "OLLAMA_API_BASE");
  g_autofree char *address = NULL;
  g_autoptr (SoupMessage) message = NULL;

  self->provider = sluice_provider_find ("ollama");
  self->base = g_strdup (base != NULL ? base : "http://127.0.0.1:11434");
  self->func = func;
  self->user_data = user_data;
  self->cancellable = g_cancellable_new ();
  self->session = soup_session_new_with_options ("timeout", 2, NULL);
  soup_session_set_proxy_resolver (self->session, NULL);
  address = g_strconcat (self->base, "/api/tags", NULL);
  message = may_be_asked (self->base) ? soup_message_new (SOUP_METHOD_GET, address) : NULL;
  /* without an address to ask the answer still comes from the loop */
  self->timeout = g_timeout_add (message != NULL ? LOOK_TIMEOUT_MS : 0, on_timeout, self);
  if (message != NULL)
    {
      soup_message_add_flags (message, SOUP_MESSAGE_NO_REDIRECT);
      soup_session_send_and_read_async (self->session, message, G_PRIORITY_DEFAULT, self->cancellable, on_list, self);
    }
  return self;
}
