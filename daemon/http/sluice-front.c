/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "http/sluice-front.h"

#include <string.h>
#include <sys/resource.h>

#include "http/sluice-acceptor.h"

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
  gint cloud_policy; /* atomic: a SluiceCloudPolicy, read by the workers */
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
  g_ptr_array_add (self->addresses, strchr (host, ':') != NULL ? g_strdup_printf ("http://[%s]:%u", host, bound)
                                                               : g_strdup_printf ("http://%s:%u", host, bound));
  return TRUE;
}

static gboolean
listen_all (SluiceFront *self, const SluiceSettings *settings, const char *socket_path, GError **error)
{
  g_autoptr (GError) v6_error = NULL;

  if (settings->host != NULL && !listen_on (self, settings->host, (guint) settings->port, error))
    return FALSE;
  if (settings->host == NULL)
    {
      if (!listen_on (self, "127.0.0.1", (guint) settings->port, error))
        return FALSE;
      /* a kernel without IPv6 is no reason not to start; a port that another program holds is */
      if (g_file_test ("/proc/net/if_inet6", G_FILE_TEST_EXISTS) && !listen_on (self, "::1", self->port, &v6_error))
        {
          if (settings->port != 0)
            g_warning ("%s", v6_error->message);
        }
    }
  return socket_path == NULL || sluice_acceptor_listen_unix (self->acceptor, socket_path, error);
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
                  const char *socket_path,
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
  self->cloud_policy = SLUICE_CLOUD_FALLBACK;
  self->shared.cloud_policy = &self->cloud_policy;
  self->workers = g_ptr_array_new_with_free_func ((GDestroyNotify) sluice_worker_stop);
  self->addresses = g_ptr_array_new_with_free_func (g_free);
  self->acceptor = sluice_acceptor_new (self->workers, affordable_connections (settings));
  if (!listen_all (self, settings, socket_path, error))
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
}

GPtrArray *
sluice_front_get_addresses (SluiceFront *self)
{
  return self->addresses;
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
  sluice_body_budget_free (self->shared.budget);
  g_object_unref (self->shared.ledger);
  g_object_unref (self->shared.clock);
  g_free (self);
}
