/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Listening sockets that a service manager opened for us: sd_listen_fds(3) without its library. Main thread, before
 * anything is started.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The first descriptor that is passed; for tests another one may be. */
#define SLUICE_ACTIVATION_FIRST 3

typedef struct {
  GSocket *socket; /* (owned): a listening stream socket of family INET, INET6 or UNIX, close-on-exec */
  char *name;      /* (owned): FileDescriptorName of the unit, or "unknown" */
} SluiceInherited;

/*
 * The sockets that LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES of @environment (as of g_get_environ()) tell of; they are
 * ours from now on. Empty if there are none or if they are meant for another process. Errors: SLUICE_ERROR_ADDRESS for
 * a descriptor that is no listening TCP or Unix socket; the others are closed then. The caller takes the variables out
 * of the environment: see sluice_activation_variables(). (element-type SluiceInherited) (transfer full)
 */
GPtrArray *sluice_activation_take (char **environment, int first, GError **error);

/* The variables' names. (transfer none) (array zero-terminated=1) */
const char *const *sluice_activation_variables (void);

/*
 * Whether we may serve on them: TCP on loopback addresses only, unless @host (nullable, the setting) is the very
 * address; and all TCP sockets on one port, because Host headers are checked against it. Errors: SLUICE_ERROR_ADDRESS.
 */
gboolean sluice_activation_check (GPtrArray *sockets, const char *host, GError **error);

/* Its address for people: "http://127.0.0.1:4000", or the path of a Unix socket. @port (out) (optional): 0 for Unix. */
char *sluice_inherited_describe (const SluiceInherited *self, guint *port);

void sluice_inherited_free (SluiceInherited *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SluiceInherited, sluice_inherited_free)

G_END_DECLS
