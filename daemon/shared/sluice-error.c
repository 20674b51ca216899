/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/sluice-error.h"

G_DEFINE_QUARK (sluice-error-quark, sluice_error)

static const SluiceErrorFace faces[] = {
  [SLUICE_ERROR_FAILED] = { 500, "internal_server_error", NULL, NULL, TRUE },
  [SLUICE_ERROR_INVALID_REQUEST] = { 400, "invalid_request_error", NULL, NULL, FALSE },
  [SLUICE_ERROR_INVALID_JSON] = { 400, "invalid_request_error", NULL, NULL, FALSE },
  [SLUICE_ERROR_MODEL_MISSING] = { 400, "invalid_request_error", NULL, "model", FALSE },
  /* the word and the code that LiteLLM's clients know (http-surface.md 1.4) */
  [SLUICE_ERROR_MODEL_UNKNOWN] = { 400, "None", NULL, "model", FALSE },
  [SLUICE_ERROR_MODEL_NOT_FOUND] = { 404, "invalid_request_error", "model_not_found", "model", FALSE },
  [SLUICE_ERROR_KEY_MISSING] = { 401, "auth_error", NULL, NULL, FALSE },
  [SLUICE_ERROR_KEY_UNKNOWN] = { 401, "token_not_found_in_db", NULL, NULL, FALSE },
  [SLUICE_ERROR_KEY_CONFLICT] = { 400, "invalid_request_error", NULL, NULL, FALSE },
  [SLUICE_ERROR_FORBIDDEN] = { 403, "permission_error", NULL, NULL, FALSE },
  [SLUICE_ERROR_CLOUD_POLICY] = { 403, "permission_error", "cloud_policy", NULL, FALSE },
  [SLUICE_ERROR_UNLISTED] = { 503, "service_unavailable_error", "unlisted_model", NULL, TRUE },
  [SLUICE_ERROR_ROUTE_UNKNOWN] = { 404, "not_found_error", NULL, NULL, FALSE },
  [SLUICE_ERROR_METHOD_NOT_ALLOWED] = { 405, "invalid_request_error", NULL, NULL, FALSE },
  [SLUICE_ERROR_REQUEST_TIMEOUT] = { 408, "timeout_error", NULL, NULL, TRUE },
  [SLUICE_ERROR_LENGTH_REQUIRED] = { 411, "invalid_request_error", NULL, NULL, FALSE },
  [SLUICE_ERROR_BODY_TOO_LARGE] = { 413, "invalid_request_error", NULL, NULL, FALSE },
  [SLUICE_ERROR_MEDIA_TYPE] = { 415, "invalid_request_error", NULL, NULL, FALSE },
  [SLUICE_ERROR_EXPECTATION] = { 417, "invalid_request_error", NULL, NULL, FALSE },
  [SLUICE_ERROR_MISDIRECTED] = { 421, "invalid_request_error", NULL, NULL, FALSE },
  [SLUICE_ERROR_HEADERS_TOO_LARGE] = { 431, "invalid_request_error", NULL, NULL, FALSE },
  [SLUICE_ERROR_RATE_LIMITED] = { 429, "rate_limit_error", NULL, NULL, TRUE },
  [SLUICE_ERROR_CLIENT_GONE] = { 499, "client_closed_request", NULL, NULL, FALSE },
  [SLUICE_ERROR_NOT_IMPLEMENTED] = { 501, "not_implemented_error", NULL, NULL, FALSE },
  [SLUICE_ERROR_UPSTREAM_ANSWER] = { 502, "server_error", NULL, NULL, TRUE },
  [SLUICE_ERROR_UPSTREAM_UNREACHABLE] = { 503, "api_connection_error", NULL, NULL, TRUE },
  [SLUICE_ERROR_UPSTREAM_TIMEOUT] = { 504, "timeout_error", NULL, NULL, TRUE },
  [SLUICE_ERROR_UPSTREAM_REFUSED] = { 502, "server_error", NULL, NULL, FALSE },
  [SLUICE_ERROR_OVERLOADED] = { 503, "service_unavailable_error", NULL, NULL, TRUE },
  [SLUICE_ERROR_LEDGER_UNAVAILABLE] = { 503, "service_unavailable_error", "ledger_unavailable", NULL, TRUE },
  [SLUICE_ERROR_BUDGET_UNENFORCED] = { 503, "service_unavailable_error", "budget_unenforced", NULL, FALSE },
  [SLUICE_ERROR_SHUTTING_DOWN] = { 503, "service_unavailable_error", "shutting_down", NULL, TRUE },
  [SLUICE_ERROR_CONFIG] = { 503, "service_unavailable_error", "config_error", NULL, FALSE },
  [SLUICE_ERROR_LOCKED] = { 503, "service_unavailable_error", NULL, NULL, FALSE },
  [SLUICE_ERROR_ADDRESS] = { 503, "service_unavailable_error", NULL, NULL, FALSE },
  [SLUICE_ERROR_STORAGE] = { 503, "service_unavailable_error", NULL, NULL, TRUE },
};

G_STATIC_ASSERT (G_N_ELEMENTS (faces) == SLUICE_N_ERRORS);

const SluiceErrorFace *
sluice_error_face (const GError *error)
{
  if (error == NULL || error->domain != SLUICE_ERROR || error->code < 0 || error->code >= SLUICE_N_ERRORS)
    return &faces[SLUICE_ERROR_FAILED];

  return &faces[error->code];
}
