/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the ledger writes: plain data, filled by the exchange and handed over. The rows' meaning is in the schema.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  SLUICE_SUBJECT_KEY = 1,
  SLUICE_SUBJECT_USER,
  SLUICE_SUBJECT_TEAM,
  SLUICE_SUBJECT_MEMBER,
  SLUICE_SUBJECT_ORGANIZATION,
  SLUICE_SUBJECT_CUSTOMER,
  SLUICE_SUBJECT_TAG,
  SLUICE_SUBJECT_APPLICATION,
  SLUICE_SUBJECT_DEPLOYMENT,
  SLUICE_SUBJECT_PROVIDER,
  SLUICE_SUBJECT_GLOBAL,
  SLUICE_SUBJECT_GROUP,
} SluiceSubjectKind;

typedef enum {
  SLUICE_ATTEMPT_OPEN,
  SLUICE_ATTEMPT_SETTLED,  /* its cost is final */
  SLUICE_ATTEMPT_RELEASED, /* the provider certainly did not bill */
} SluiceAttemptState;

/* One upstream call. */
typedef struct {
  char *deployment; /* (owned): deployment id */
  char *provider;   /* (owned) */
  char *model;      /* (owned): the upstream's name */
  SluiceAttemptState state;
  gboolean billable; /* not local: may cost money */
  gboolean reserved; /* sluice_ledger_reserve() committed it */
  gboolean estimated; /* the figures are ours, not the provider's */
  guint status;      /* upstream's HTTP status; 0 if none came */
  guint resends;     /* how often the connection was found stale and the request sent again */
  gint64 started_us;
  gint64 first_byte_us; /* 0 if none came */
  gint64 finished_us;
  gint64 prompt_tokens;
  gint64 completion_tokens;
  gint64 cached_tokens;
  gint64 cache_write_tokens;
  gint64 reasoning_tokens;
  gint64 audio_tokens;
  gint64 estimate_nano_usd; /* what was reserved */
  gint64 cost_nano_usd;
  char *price_source; /* (owned) (nullable): "config", "catalogue"; %NULL: no price known */
  char *price_version; /* (owned) (nullable): of the catalogue */
  char *error;        /* (owned) (nullable): short machine word, never an upstream's text */
} SluiceAttemptRecord;

SluiceAttemptRecord *sluice_attempt_record_new (void);
void sluice_attempt_record_free (SluiceAttemptRecord *self);

/* One client request. */
typedef struct {
  gint64 id;        /* sluice_ledger_next_id () */
  char *request_id; /* (owned): of sluice_request_id_new (), by which rows are found to be old; a second exchange with
                     * the same one is REFUSED */
  char *call_id;    /* (owned) (nullable): the client's */
  SluiceSubjectKind account_kind;
  char *account;   /* (owned): name of the subject that asked, e.g. "this-computer" */
  char *customer;  /* (owned) (nullable): end user */
  char **tags;     /* (owned) (nullable): names; twice the same counts once */
  char *group;     /* (owned): the model that was asked for */
  char *operation; /* (owned): sluice_operation_name () */
  gboolean stream;
  guint status; /* our answer's status; 499 if the client left; 0 while open */
  char *error;  /* (owned) (nullable): short machine word */
  gint64 received_us;
  gint64 first_byte_us;
  gint64 finished_us;
  gint64 request_bytes;
  gint64 response_bytes;
  GPtrArray *attempts; /* (owned) (element-type SluiceAttemptRecord) */
} SluiceExchangeRecord;

SluiceExchangeRecord *sluice_exchange_record_new (void);
void sluice_exchange_record_free (SluiceExchangeRecord *self);

/* A deep copy: reserve and finish take what they need at the call, so the caller may go on changing its record. */
SluiceExchangeRecord *sluice_exchange_record_copy (const SluiceExchangeRecord *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SluiceAttemptRecord, sluice_attempt_record_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SluiceExchangeRecord, sluice_exchange_record_free)

G_END_DECLS
