/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "upstream/sluice-stream-watch.h"

struct _SluiceStreamWatch {
  GObject parent_instance;

  SluicePoller *poller;
  SluicePolled polled;
  GSocket *socket; /* (owned) (nullable): in the poller */
  GSource *source; /* (owned) (nullable): where there is no plain socket */
  void (*func) (gpointer user_data);
  gpointer user_data;
};

G_DEFINE_FINAL_TYPE (SluiceStreamWatch, sluice_stream_watch, G_TYPE_OBJECT)

static void
sluice_stream_watch_finalize (GObject *object)
{
  SluiceStreamWatch *self = SLUICE_STREAM_WATCH (object);

  g_assert (self->socket == NULL && self->source == NULL);
  G_OBJECT_CLASS (sluice_stream_watch_parent_class)->finalize (object);
}

static void
sluice_stream_watch_class_init (SluiceStreamWatchClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sluice_stream_watch_finalize;
}

static void
sluice_stream_watch_init (SluiceStreamWatch *self)
{
}

/* Returns: (transfer full) (nullable): the socket that all bytes of @stream come from; %NULL under TLS. */
static GSocket *
dup_socket (GInputStream *stream)
{
  GSocket *socket = NULL;

  while (G_IS_FILTER_INPUT_STREAM (stream))
    stream = g_filter_input_stream_get_base_stream (G_FILTER_INPUT_STREAM (stream));
  if (g_object_class_find_property (G_OBJECT_GET_CLASS (stream), "socket") != NULL)
    g_object_get (stream, "socket", &socket, NULL);
  return socket;
}

static void
on_polled (SluicePolled *polled, guint32 events)
{
  SluiceStreamWatch *self = SLUICE_STREAM_WATCH (polled->owner);

  self->func (self->user_data);
}

static gboolean
on_source (GObject *stream, gpointer data)
{
  SluiceStreamWatch *self = data;

  g_source_set_ready_time (self->source, -1);
  self->func (self->user_data);
  return G_SOURCE_CONTINUE;
}

/*
 * One source for the whole stream: one for each read costs ten wake-ups of the loop an event, as GLib signals
 * each source that comes or goes.
 */
static void
watch_by_source (SluiceStreamWatch *self, GInputStream *stream)
{
  self->source = g_pollable_input_stream_create_source (G_POLLABLE_INPUT_STREAM (stream), NULL);
  g_source_set_callback (self->source, G_SOURCE_FUNC (on_source), g_object_ref (self), g_object_unref);
  g_source_attach (self->source, g_main_context_get_thread_default ());
}

SluiceStreamWatch *
sluice_stream_watch_new (SluicePoller *poller,
                         GInputStream *stream,
                         void (*func) (gpointer user_data),
                         gpointer user_data)
{
  SluiceStreamWatch *self = g_object_new (SLUICE_TYPE_STREAM_WATCH, NULL);
  g_autoptr (GSocket) socket = dup_socket (stream);

  self->poller = poller;
  self->polled = (SluicePolled){ on_polled, G_OBJECT (self) };
  self->func = func;
  self->user_data = user_data;
  if (socket != NULL && sluice_poller_add (poller, g_socket_get_fd (socket), &self->polled))
    self->socket = g_steal_pointer (&socket);
  else
    watch_by_source (self, stream);
  return self;
}

void
sluice_stream_watch_repeat (SluiceStreamWatch *self)
{
  if (self->socket != NULL)
    sluice_poller_repeat (self->poller, &self->polled);
  else if (self->source != NULL)
    g_source_set_ready_time (self->source, 0);
}

void
sluice_stream_watch_stop (SluiceStreamWatch *self)
{
  if (self->socket != NULL)
    /* libsoup closes it when a body ends with its connection; the number may be another socket's by now */
    sluice_poller_remove (self->poller, g_socket_is_closed (self->socket) ? -1 : g_socket_get_fd (self->socket),
                          &self->polled);
  g_clear_object (&self->socket);
  if (self->source != NULL)
    g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
}
