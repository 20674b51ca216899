/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The one error domain. Each code knows how it looks to an HTTP client: status, "type" and "code" of the error
 * body (reference http-surface.md 1.4, wire-formats.md 14). Messages are lower case, without a full stop, and say
 * what to do.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define SLUICE_ERROR (sluice_error_quark ())

typedef enum {
  SLUICE_ERROR_FAILED,
  SLUICE_ERROR_INVALID_REQUEST,
  SLUICE_ERROR_INVALID_JSON,
  SLUICE_ERROR_MODEL_MISSING,
  SLUICE_ERROR_MODEL_UNKNOWN,
  SLUICE_ERROR_MODEL_NOT_FOUND,
  SLUICE_ERROR_KEY_MISSING,
  SLUICE_ERROR_KEY_UNKNOWN,
  SLUICE_ERROR_KEY_CONFLICT,
  SLUICE_ERROR_FORBIDDEN,
  SLUICE_ERROR_CLOUD_POLICY,
  SLUICE_ERROR_UNLISTED,
  SLUICE_ERROR_ROUTE_UNKNOWN,
  SLUICE_ERROR_METHOD_NOT_ALLOWED,
  SLUICE_ERROR_REQUEST_TIMEOUT,
  SLUICE_ERROR_LENGTH_REQUIRED,
  SLUICE_ERROR_BODY_TOO_LARGE,
  SLUICE_ERROR_MEDIA_TYPE,
  SLUICE_ERROR_EXPECTATION,
  SLUICE_ERROR_MISDIRECTED,
  SLUICE_ERROR_HEADERS_TOO_LARGE,
  SLUICE_ERROR_RATE_LIMITED,
  SLUICE_ERROR_CLIENT_GONE,
  SLUICE_ERROR_NOT_IMPLEMENTED,
  SLUICE_ERROR_UPSTREAM_ANSWER,
  SLUICE_ERROR_UPSTREAM_UNREACHABLE,
  SLUICE_ERROR_UPSTREAM_TIMEOUT,
  SLUICE_ERROR_UPSTREAM_REFUSED,
  SLUICE_ERROR_OVERLOADED,
  SLUICE_ERROR_LEDGER_UNAVAILABLE,
  SLUICE_ERROR_BUDGET_UNENFORCED,
  SLUICE_ERROR_SHUTTING_DOWN,
  SLUICE_ERROR_CONFIG,
  SLUICE_ERROR_LOCKED,
  SLUICE_ERROR_ADDRESS,
  SLUICE_ERROR_STORAGE,
  SLUICE_N_ERRORS,
} SluiceError;

/**
 * SluiceErrorFace:
 * @status: HTTP status
 * @type: the "type" of the error body
 * @code: (nullable): the "code" of the error body; %NULL for the status as text, as LiteLLM writes it
 * @param: (nullable): the "param" of the error body
 * @retry: whether the clients' libraries should try again (header x-should-retry)
 *
 * How an error looks over HTTP.
 */
typedef struct {
  guint status;
  const char *type;
  const char *code;
  const char *param;
  gboolean retry;
} SluiceErrorFace;

GQuark sluice_error_quark (void);

/* The face of @error; errors of other domains look like SLUICE_ERROR_FAILED. Never %NULL. */
const SluiceErrorFace *sluice_error_face (const GError *error);

G_END_DECLS
