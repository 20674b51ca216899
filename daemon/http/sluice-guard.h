/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The first door: everything that can be told from the head of a request, before a byte of its body is read (DESIGN
 * 3, 7).
 */
#pragma once

#include <libsoup/soup.h>

#include "http/sluice-peer.h"
#include "http/sluice-routes.h"
#include "http/sluice-snapshot.h"

G_BEGIN_DECLS

/* What the head said. */
typedef struct {
  const SluiceRoute *route;
  char *path_model; /* (owned) (nullable): a model named in the path */
  char *call_id;    /* (owned) (nullable): x-litellm-call-id, if it can be echoed */
  char *customer;   /* (owned) (nullable): x-litellm-customer-id or -end-user-id */
  char *origin;     /* (owned) (nullable): an Origin that is allowed */
  SluiceIdentity identity;
  gint64 length; /* of the body; -1: chunked */
  gboolean head; /* HEAD: no body in the answer */
  gboolean preflight; /* OPTIONS from an allowed origin: answer 204 and the CORS headers */
} SluiceGuardResult;

/*
 * Refuses or fills @result. Errors: SLUICE_ERROR_MISDIRECTED, _FORBIDDEN, _ROUTE_UNKNOWN, _METHOD_NOT_ALLOWED,
 * _KEY_*, _CONFIG, _MEDIA_TYPE, _LENGTH_REQUIRED, _BODY_TOO_LARGE; each names the setting that would allow it. @result
 * is cleared by the caller either way.
 */
gboolean sluice_guard_check (SoupServerMessage *message,
                             const SluicePeer *peer,
                             SluiceSnapshot *snapshot,
                             SluiceGuardResult *result,
                             GError **error);
void sluice_guard_result_clear (SluiceGuardResult *result);

G_END_DECLS
