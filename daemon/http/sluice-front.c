/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "http/sluice-front.h"

#include <string.h>
#include <sys/resource.h>

#include "http/sluice-acceptor.h"
#include "shared/sluice-activation.h"
#include "shared/sluice-names.h"

#define MAX_DEFAULT_WORKERS 4

/* Files, event descriptors, listeners. */
#define OWN_DESCRIPTORS 32
#define MIN_CONNECTIONS 8

struct _SluiceFront {
  SluiceWorkerShared shared; /* clock and ledger are (owned) */
  GPtrArray *workers;        /* (owned) (element-type SluiceWorker) */
  SluiceAcceptor *acceptor;  /* (owned) (nullable) */
  GPtrArray *addresses;      /* (owned) (element-type utf8) */
  guint port;
  SluiceUnlistedCall unlisted; /* its inbox is (owned) */
  SluiceInboxFunc unlisted_func;
  gpointer unlisted_data; /* unowned */
  gint cloud_policy; /* atomic: a SluiceCloudPolicy, read by the workers */
  gboolean port_inherited; /* host and port are those of sockets that we were given */
  guint n_own;             /* listeners that nobody else holds */
};

/* Each client may need a connection to an upstream: without descriptors kept back for those, accepting would starve
 * them. */
static guint
affordable_connections (const SluiceSettings *settings)
{
  struct rlimit limit;
  gint64 affordable = settings->max_connections;

  if (getrlimit (RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
    affordable = ((gint64) limit.rlim_cur - OWN_DESCRIPTORS) / 2;
  return (guint) CLAMP (affordable, MIN_CONNECTIONS, settings->max_connections);
}

static gboolean
listen_on (SluiceFront *self, const char *host, guint port, GError **error)
{
  guint bound = sluice_acceptor_listen (self->acceptor, host, port, error);

  if (bound == 0)
    return FALSE;
  self->port = bound;
  self->n_own++;
  g_ptr_array_add (self->addresses, strchr (host, ':') != NULL ? g_strdup_printf ("http://[%s]:%u", host, bound)
                                                               : g_strdup_printf ("http://%s:%u", host, bound));
  return TRUE;
}

/* Takes what a service manager opened for us. @has_unix (out): whether a Unix socket was among it. */
static gboolean
take_inherited (SluiceFront *self,
                const SluiceSettings *settings,
                GPtrArray *inherited,
                gboolean *has_unix,
                GError **error)
{
  *has_unix = FALSE;
  if (!sluice_activation_check (inherited, settings->host, error))
    return FALSE;
  for (guint i = 0; i < inherited->len; i++)
    {
      const SluiceInherited *one = g_ptr_array_index (inherited, i);
      guint port;
      g_autofree char *address = sluice_inherited_describe (one, &port);

      sluice_acceptor_take (self->acceptor, one->socket);
      if (port == 0)
        {
          *has_unix = TRUE;
          continue;
        }
      self->port = port;
      self->port_inherited = TRUE;
      g_ptr_array_add (self->addresses, g_steal_pointer (&address));
    }
  if (self->port_inherited && settings->port != 0 && settings->port != SLUICE_DEFAULT_PORT
      && settings->port != self->port)
    g_warning ("port %" G_GINT64_FORMAT " has no effect: port %u is " SLUICE_FRONT_HOLDER
               " ('systemctl --user edit sluice.socket' changes it)",
               settings->port, self->port);
  return TRUE;
}

static gboolean
listen_tcp (SluiceFront *self, const SluiceSettings *settings, GError **error)
{
  const char *host = settings->host != NULL ? settings->host : "127.0.0.1";
  g_autoptr (GError) v6_error = NULL;

  if (!listen_on (self, host, (guint) settings->port, error))
    return FALSE;
  /* a kernel without IPv6 is no reason not to start; a port that another program holds is */
  if (settings->host == NULL && g_file_test ("/proc/net/if_inet6", G_FILE_TEST_EXISTS)
      && !listen_on (self, "::1", self->port, &v6_error) && settings->port != 0)
    g_warning ("%s", v6_error->message);
  return TRUE;
}

static gboolean
listen_all (SluiceFront *self, const SluiceSettings *settings, const SluiceFrontSockets *sockets, GError **error)
{
  gboolean has_unix = FALSE;

  if (sockets->inherited != NULL && !take_inherited (self, settings, sockets->inherited, &has_unix, error))
    return FALSE;
  if (!self->port_inherited && !listen_tcp (self, settings, error))
    return FALSE;
  if (has_unix || sockets->path == NULL)
    return TRUE;
  self->n_own++;
  return sluice_acceptor_listen_unix (self->acceptor, sockets->path, error);
}

static gboolean
start_workers (SluiceFront *self, SluiceSnapshot *snapshot, GError **error)
{
  guint count = (guint) snapshot->settings->workers;

  if (count == 0)
    count = MIN (g_get_num_processors (), MAX_DEFAULT_WORKERS);
  for (guint i = 0; i < count; i++)
    {
      SluiceWorker *worker = sluice_worker_new (i, snapshot, &self->shared, error);

      if (worker == NULL)
        return FALSE;
      g_ptr_array_add (self->workers, worker);
    }
  return TRUE;
}

SluiceFront *
sluice_front_new (SluiceConfig *config,
                  SluiceRouter *router,
                  const char *config_error,
                  const SluiceFrontSockets *sockets,
                  SluiceLedger *ledger,
                  SluiceClock *clock,
                  GError **error)
{
  g_autoptr (SluiceFront) self = g_new0 (SluiceFront, 1);
  g_autoptr (SluiceSnapshot) snapshot = NULL;
  const SluiceSettings *settings = sluice_config_get_settings (config);

  self->shared.clock = g_object_ref (clock);
  self->shared.ledger = g_object_ref (ledger);
  self->shared.budget = sluice_body_budget_new ((gsize) settings->body_budget_bytes);
  self->shared.answers = sluice_body_budget_new ((gsize) settings->body_budget_bytes);
  self->shared.metrics = sluice_metrics_new (clock);
  self->cloud_policy = SLUICE_CLOUD_FALLBACK;
  self->shared.cloud_policy = &self->cloud_policy;
  self->shared.unlisted = &self->unlisted;
  self->workers = g_ptr_array_new_with_free_func ((GDestroyNotify) sluice_worker_stop);
  self->addresses = g_ptr_array_new_with_free_func (g_free);
  self->acceptor = sluice_acceptor_new (self->workers, affordable_connections (settings));
  if (!listen_all (self, settings, sockets, error))
    return NULL;

  snapshot = sluice_snapshot_new (config, router, config_error, self->port);
  if (!start_workers (self, snapshot, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
sluice_front_start (SluiceFront *self)
{
  sluice_acceptor_start (self->acceptor);
}

void
sluice_front_set_config (SluiceFront *self, SluiceConfig *config, SluiceRouter *router, const char *config_error)
{
  g_autoptr (SluiceSnapshot) snapshot = sluice_snapshot_new (config, router, config_error, self->port);

  for (guint i = 0; i < self->workers->len; i++)
    sluice_worker_set_snapshot (g_ptr_array_index (self->workers, i), snapshot);
}

void
sluice_front_set_cloud_policy (SluiceFront *self, SluiceCloudPolicy policy)
{
  g_atomic_int_set (&self->cloud_policy, (gint) policy);
  for (guint i = 0; policy == SLUICE_CLOUD_OFF && i < self->workers->len; i++)
    sluice_worker_leave_cloud (g_ptr_array_index (self->workers, i));
}

static void
on_unlisted (gpointer data)
{
  SluiceFront *self = data;

  g_atomic_int_set (&self->unlisted.asked, FALSE);
  self->unlisted_func (self->unlisted_data);
}

void
sluice_front_watch_unlisted (SluiceFront *self, SluiceInbox *inbox, SluiceInboxFunc func, gpointer user_data)
{
  self->unlisted_func = func;
  self->unlisted_data = user_data;
  self->unlisted.func = on_unlisted;
  self->unlisted.data = self;
  self->unlisted.inbox = sluice_inbox_ref (inbox);
}

void
sluice_front_note_lists (SluiceFront *self, gint64 stale_us)
{
  atomic_store_explicit (&self->unlisted.stale_us, stale_us, memory_order_relaxed);
}

void
sluice_front_note_reading (SluiceFront *self, gboolean used, guint errors, guint warnings)
{
  sluice_metrics_note_reading (self->shared.metrics, used, errors, warnings);
}

GPtrArray *
sluice_front_get_addresses (SluiceFront *self)
{
  return self->addresses;
}

const char *
sluice_front_get_holder (SluiceFront *self)
{
  return self->port_inherited ? SLUICE_FRONT_HOLDER : NULL;
}

gboolean
sluice_front_can_leave (SluiceFront *self)
{
  return self->port_inherited && self->n_own == 0;
}

void
sluice_front_get_work (SluiceFront *self, SluiceWork *work)
{
  *work = (SluiceWork){ 0 };
  for (guint i = 0; i < self->workers->len; i++)
    sluice_worker_add_work (g_ptr_array_index (self->workers, i), work);
}

gboolean
sluice_front_rest (SluiceFront *self, gint64 since_us)
{
  SluiceWork work;

  if (self->acceptor == NULL)
    return TRUE;
  sluice_acceptor_pause (self->acceptor);
  sluice_front_get_work (self, &work);
  if (work.n_working == 0 && work.n_new == 0 && work.last_work_us <= since_us
      && !sluice_acceptor_has_waiting (self->acceptor))
    return TRUE;
  sluice_acceptor_start (self->acceptor);
  return FALSE;
}

void
sluice_front_drain (SluiceFront *self)
{
  g_clear_pointer (&self->acceptor, sluice_acceptor_free);
  for (guint i = 0; i < self->workers->len; i++)
    sluice_worker_drain (g_ptr_array_index (self->workers, i));
}

guint
sluice_front_get_n_exchanges (SluiceFront *self)
{
  guint total = 0;

  for (guint i = 0; i < self->workers->len; i++)
    total += sluice_worker_get_n_exchanges (g_ptr_array_index (self->workers, i));
  return total;
}

void
sluice_front_free (SluiceFront *self)
{
  g_clear_pointer (&self->acceptor, sluice_acceptor_free);
  g_ptr_array_unref (self->workers);
  g_ptr_array_unref (self->addresses);
  sluice_metrics_free (self->shared.metrics);
  g_clear_pointer (&self->unlisted.inbox, sluice_inbox_unref);
  sluice_body_budget_free (self->shared.budget);
  sluice_body_budget_free (self->shared.answers);
  g_object_unref (self->shared.ledger);
  g_object_unref (self->shared.clock);
  g_free (self);
}
