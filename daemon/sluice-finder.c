/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sluice-finder.h"

#include <libsoup/soup.h>
#include <unistd.h>

#include "http/sluice-peer.h"
#include "router/sluice-locality.h"
#include "router/sluice-ollama-name.h"
#include "shared/sluice-error.h"
#include "shared/sluice-json.h"

#define MAX_LIST_BYTES (4 * 1024 * 1024)
#define READ_BYTES (64 * 1024)

/* Accounts below it are the system's (adduser.conf, login.defs). */
#define FIRST_PERSON 1000

struct _SluiceFinder {
  guint refs;                /* one thread: the owner's, and one for each server that has not answered */
  SoupSession *session;      /* (owned) */
  GCancellable *cancellable; /* (owned) */
  guint timeout;
  guint n_asked; /* servers whose answers are awaited */
  SluiceFinderResult result;
  SluiceFinderFunc func; /* (nullable): when it was called, or must not be */
  gpointer user_data;
};

typedef struct {
  SluiceFinder *finder; /* (owned) */
  char *base;           /* (owned) */
  SoupMessage *message; /* (owned) */
  GInputStream *stream; /* (owned) (nullable) */
  GByteArray *list;     /* (owned) */
  gboolean foreign;     /* another person of this machine answers there */
} Look;

static void
found_free (gpointer data)
{
  SluiceFound *found = data;

  g_free (found->base);
  g_free (found->name);
  g_free (found);
}

static void
finder_unref (SluiceFinder *self)
{
  if (--self->refs > 0)
    return;

  g_object_unref (self->cancellable);
  g_object_unref (self->session);
  g_ptr_array_unref (self->result.found);
  g_ptr_array_unref (self->result.answered);
  sluice_ollama_lists_unref (self->result.lists);
  g_free (self);
}

void
sluice_finder_free (SluiceFinder *self)
{
  self->func = NULL;
  g_cancellable_cancel (self->cancellable);
  g_clear_handle_id (&self->timeout, g_source_remove);
  finder_unref (self);
}

static void
add_model (SluiceFinder *self, const Look *look, SluiceJsonValue entry)
{
  g_autofree char *name = sluice_json_dup_string (sluice_json_get (entry, "name"));
  g_autofree char *host = sluice_json_dup_string (sluice_json_get (entry, "remote_host"));
  gboolean elsewhere;
  SluiceFound *found;

  if (name == NULL || *name == '\0')
    return;
  elsewhere = (host != NULL && *host != '\0') || sluice_ollama_name_is_cloud (name);
  sluice_ollama_lists_add (self->result.lists, look->base, name,
                           elsewhere ? SLUICE_OLLAMA_ELSEWHERE : SLUICE_OLLAMA_HERE);
  if (elsewhere || look->foreign)
    return;
  found = g_new (SluiceFound, 1);
  *found = (SluiceFound){ g_strdup (look->base), g_steal_pointer (&name) };
  g_ptr_array_add (self->result.found, found);
}

/* FALSE if it is no list. */
static gboolean
read_list (SluiceFinder *self, const Look *look)
{
  SluiceJsonValue root, models, entry;
  SluiceJsonIter iter;

  if (!sluice_json_check ((const char *) look->list->data, look->list->len, SLUICE_JSON_FLAGS_NONE, &root, NULL))
    return FALSE;
  models = sluice_json_get (root, "models");
  if (models.type != SLUICE_JSON_ARRAY)
    return FALSE;
  sluice_json_iter_init (&iter, models);
  while (sluice_json_iter_next (&iter, NULL, &entry))
    add_model (self, look, entry);
  return TRUE;
}

static void
report (SluiceFinder *self)
{
  SluiceFinderFunc func = self->func;

  self->func = NULL;
  g_clear_handle_id (&self->timeout, g_source_remove);
  self->refs++;
  if (func != NULL)
    func (&self->result, self->user_data);
  finder_unref (self);
}

static void
look_free (Look *look)
{
  finder_unref (look->finder);
  g_clear_object (&look->stream);
  g_object_unref (look->message);
  g_byte_array_unref (look->list);
  g_free (look->base);
  g_free (look);
}

/* What a whole answer says. A server that has no such list is no Ollama; one that is in trouble may be one. */
static gboolean
is_answer (SluiceFinder *self, const Look *look)
{
  guint status = soup_message_get_status (look->message);

  return status < 500 && (status != 200 || read_list (self, look));
}

/* The server has answered, or has not. Frees @look. @error (nullable): of the transport */
static void
end_look (Look *look, const GError *error)
{
  SluiceFinder *self = look->finder;

  if (self->func != NULL)
    {
      if (error == NULL && is_answer (self, look))
        g_ptr_array_add (self->result.answered, g_strdup (look->base));
      /* where nobody listens nobody offers anything */
      else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED))
        self->result.complete = FALSE;
      if (look->foreign)
        g_message ("the models of %s are not offered, since another user runs it; configure those that you trust",
                   look->base);
      if (--self->n_asked == 0)
        report (self);
    }
  look_free (look);
}

static void on_bytes (GObject *source, GAsyncResult *result, gpointer data);

static void
read_on (Look *look)
{
  g_input_stream_read_bytes_async (look->stream, READ_BYTES, G_PRIORITY_DEFAULT, look->finder->cancellable, on_bytes,
                                   look);
}

/* Whoever listens there may send without an end. */
static void
on_bytes (GObject *source, GAsyncResult *result, gpointer data)
{
  Look *look = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = g_input_stream_read_bytes_finish (G_INPUT_STREAM (source), result, &error);
  gsize length = bytes != NULL ? g_bytes_get_size (bytes) : 0;

  if (length > 0 && look->list->len + length > MAX_LIST_BYTES)
    g_set_error (&error, SLUICE_ERROR, SLUICE_ERROR_UPSTREAM_ANSWER, "the list is too long");
  if (error != NULL || length == 0)
    {
      end_look (look, error);
      return;
    }
  g_byte_array_append (look->list, g_bytes_get_data (bytes, NULL), (guint) length);
  read_on (look);
}

static void
on_head (GObject *source, GAsyncResult *result, gpointer data)
{
  Look *look = data;
  g_autoptr (GError) error = NULL;

  look->stream = soup_session_send_finish (SOUP_SESSION (source), result, &error);
  if (look->stream == NULL)
    end_look (look, error);
  else
    read_on (look);
}

static gboolean
on_timeout (gpointer data)
{
  SluiceFinder *self = data;

  self->timeout = 0;
  if (self->n_asked > 0)
    self->result.complete = FALSE;
  self->refs++;
  report (self);
  g_cancellable_cancel (self->cancellable);
  finder_unref (self);
  return G_SOURCE_REMOVE;
}

/* Any program may take a port of loopback before Ollama does: what a stranger offers is not taken (DESIGN 7). */
static void
on_network_event (SoupMessage *message, GSocketClientEvent event, GIOStream *stream, gpointer data)
{
  Look *look = data;
  g_autoptr (SluicePeerFinder) peers = NULL;
  GSocket *socket;
  SluicePeer peer;

  if (event != G_SOCKET_CLIENT_CONNECTED || !G_IS_SOCKET_CONNECTION (stream))
    return;
  socket = g_socket_connection_get_socket (G_SOCKET_CONNECTION (stream));
  peers = sluice_peer_finder_new ();
  peer = sluice_peer_finder_find_listener (peers, g_socket_get_fd (socket));
  look->foreign = peer.loopback && peer.uid_known && peer.uid != getuid () && peer.uid >= FIRST_PERSON;
}

static void
ask (SluiceFinder *self, const char *base)
{
  g_autoptr (GUri) uri = g_uri_parse (base, G_URI_FLAGS_NONE, NULL);
  g_autofree char *address = g_strconcat (base, "/api/tags", NULL);
  g_autoptr (SoupMessage) message = NULL;
  Look *look;

  if (uri == NULL || g_uri_get_host (uri) == NULL || !sluice_host_is_private (g_uri_get_host (uri)))
    return;
  message = soup_message_new (SOUP_METHOD_GET, address);
  if (message == NULL)
    return;

  soup_message_add_flags (message, SOUP_MESSAGE_NO_REDIRECT);
  soup_message_headers_append (soup_message_get_request_headers (message), "Accept-Encoding", "identity");
  look = g_new (Look, 1);
  *look = (Look){ self, g_strdup (base), g_object_ref (message), NULL, g_byte_array_new (), FALSE };
  self->refs++;
  self->n_asked++;
  g_signal_connect (message, "network-event", G_CALLBACK (on_network_event), look);
  soup_session_send_async (self->session, message, G_PRIORITY_DEFAULT, self->cancellable, on_head, look);
}

SluiceFinder *
sluice_finder_new (GPtrArray *bases, guint wait_ms, SluiceFinderFunc func, gpointer user_data)
{
  SluiceFinder *self = g_new0 (SluiceFinder, 1);

  self->refs = 1;
  self->func = func;
  self->user_data = user_data;
  self->result.found = g_ptr_array_new_with_free_func (found_free);
  self->result.answered = g_ptr_array_new_with_free_func (g_free);
  self->result.lists = sluice_ollama_lists_new ();
  self->result.complete = TRUE;
  self->cancellable = g_cancellable_new ();
  self->session = soup_session_new_with_options ("timeout", wait_ms / 1000 + 1, NULL);
  soup_session_remove_feature_by_type (self->session, SOUP_TYPE_CONTENT_DECODER);
  soup_session_set_proxy_resolver (self->session, NULL);
  for (guint i = 0; i < bases->len; i++)
    ask (self, g_ptr_array_index (bases, i));
  /* without an address to ask the answer still comes from the loop */
  self->timeout = g_timeout_add (self->n_asked > 0 ? wait_ms : 0, on_timeout, self);
  self->result.n_asked = self->n_asked;
  return self;
}
