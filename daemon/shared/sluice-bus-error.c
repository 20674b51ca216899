/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/sluice-bus-error.h"

#include "shared/sluice-error.h"
#include "shared/sluice-names.h"

#define ERROR_PREFIX SLUICE_BUS_NAME ".Error."

static const char *const names[SLUICE_N_ERRORS] = {
  [SLUICE_ERROR_FAILED] = ERROR_PREFIX "Failed",
  [SLUICE_ERROR_INVALID_REQUEST] = ERROR_PREFIX "InvalidRequest",
  [SLUICE_ERROR_INVALID_JSON] = ERROR_PREFIX "InvalidJson",
  [SLUICE_ERROR_MODEL_MISSING] = ERROR_PREFIX "ModelMissing",
  [SLUICE_ERROR_MODEL_UNKNOWN] = ERROR_PREFIX "ModelUnknown",
  [SLUICE_ERROR_MODEL_NOT_FOUND] = ERROR_PREFIX "ModelNotFound",
  [SLUICE_ERROR_KEY_MISSING] = ERROR_PREFIX "KeyMissing",
  [SLUICE_ERROR_KEY_UNKNOWN] = ERROR_PREFIX "KeyUnknown",
  [SLUICE_ERROR_KEY_CONFLICT] = ERROR_PREFIX "KeyConflict",
  [SLUICE_ERROR_FORBIDDEN] = ERROR_PREFIX "Forbidden",
  [SLUICE_ERROR_CLOUD_POLICY] = ERROR_PREFIX "CloudPolicy",
  [SLUICE_ERROR_UNLISTED] = ERROR_PREFIX "Unlisted",
  [SLUICE_ERROR_ROUTE_UNKNOWN] = ERROR_PREFIX "RouteUnknown",
  [SLUICE_ERROR_METHOD_NOT_ALLOWED] = ERROR_PREFIX "MethodNotAllowed",
  [SLUICE_ERROR_REQUEST_TIMEOUT] = ERROR_PREFIX "RequestTimeout",
  [SLUICE_ERROR_LENGTH_REQUIRED] = ERROR_PREFIX "LengthRequired",
  [SLUICE_ERROR_BODY_TOO_LARGE] = ERROR_PREFIX "TooLarge",
  [SLUICE_ERROR_MEDIA_TYPE] = ERROR_PREFIX "MediaTypeUnsupported",
  [SLUICE_ERROR_EXPECTATION] = ERROR_PREFIX "ExpectationFailed",
  [SLUICE_ERROR_MISDIRECTED] = ERROR_PREFIX "Misdirected",
  [SLUICE_ERROR_HEADERS_TOO_LARGE] = ERROR_PREFIX "HeadersTooLarge",
  [SLUICE_ERROR_RATE_LIMITED] = ERROR_PREFIX "RateLimited",
  [SLUICE_ERROR_CLIENT_GONE] = ERROR_PREFIX "ClientGone",
  [SLUICE_ERROR_NOT_IMPLEMENTED] = ERROR_PREFIX "NotImplemented",
  [SLUICE_ERROR_UPSTREAM_ANSWER] = ERROR_PREFIX "UpstreamAnswer",
  [SLUICE_ERROR_UPSTREAM_UNREACHABLE] = ERROR_PREFIX "UpstreamUnreachable",
  [SLUICE_ERROR_UPSTREAM_TIMEOUT] = ERROR_PREFIX "UpstreamTimeout",
  [SLUICE_ERROR_UPSTREAM_REFUSED] = ERROR_PREFIX "UpstreamRefused",
  [SLUICE_ERROR_OVERLOADED] = ERROR_PREFIX "Overloaded",
  [SLUICE_ERROR_LEDGER_UNAVAILABLE] = ERROR_PREFIX "LedgerUnavailable",
  [SLUICE_ERROR_BUDGET_UNENFORCED] = ERROR_PREFIX "BudgetUnenforced",
  [SLUICE_ERROR_SHUTTING_DOWN] = ERROR_PREFIX "ShuttingDown",
  [SLUICE_ERROR_CONFIG] = ERROR_PREFIX "ConfigInvalid",
  [SLUICE_ERROR_LOCKED] = ERROR_PREFIX "Locked",
  [SLUICE_ERROR_ADDRESS] = ERROR_PREFIX "AddressUnavailable",
  [SLUICE_ERROR_STORAGE] = ERROR_PREFIX "StorageUnavailable",
};

const char *
sluice_bus_error_name (const GError *error)
{
  const char *name = NULL;

  if (error != NULL && error->domain == SLUICE_ERROR && error->code >= 0 && error->code < SLUICE_N_ERRORS)
    name = names[error->code];
  return name != NULL ? name : names[SLUICE_ERROR_FAILED];
}

void
sluice_bus_errors_register (void)
{
  for (int code = 0; code < SLUICE_N_ERRORS; code++)
    if (names[code] != NULL)
      g_dbus_error_register_error (SLUICE_ERROR, code, names[code]);
}
