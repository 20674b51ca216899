/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a caller asks of the ledger's thread, and the queue it waits in.
 */
#pragma once

#include "ledger/sluice-ledger.h"

G_BEGIN_DECLS

typedef enum {
  SLUICE_LEDGER_JOB_RESERVE,
  SLUICE_LEDGER_JOB_FINISH,
  SLUICE_LEDGER_JOB_SETTING,
  SLUICE_LEDGER_JOB_RELEASE, /* made by the thread itself: undo a reservation whose commit failed */
} SluiceLedgerJobKind;

typedef struct _SluiceLedgerJob SluiceLedgerJob;

struct _SluiceLedgerJob {
  SluiceLedgerJob *next; /* (nullable): in whichever list it is */
  SluiceLedgerJobKind kind;
  SluiceLedgerResult result;
  SluiceExchangeRecord *record; /* (owned) (nullable): %NULL for a setting */
  char *name;                   /* (owned) (nullable): of a setting */
  char *value;                  /* (owned) (nullable): its new value, %NULL to remove it */
  char *actor;                  /* (owned) (nullable): who changes it */
  SluiceInbox *inbox;           /* (owned) (nullable) */
  SluiceLedgerFunc func;        /* (nullable) */
  gpointer user_data;           /* unowned */
};

/* Copies @record; takes a reference to @inbox. */
SluiceLedgerJob *sluice_ledger_job_new (SluiceLedgerJobKind kind,
                                        const SluiceExchangeRecord *record,
                                        SluiceInbox *inbox,
                                        SluiceLedgerFunc func,
                                        gpointer user_data);
/* Writes a setting; without @value (nullable) removes it. Copies the texts. @actor, @inbox and @func are nullable. */
SluiceLedgerJob *sluice_ledger_job_new_setting (const char *name,
                                                const char *value,
                                                const char *actor,
                                                SluiceInbox *inbox,
                                                SluiceLedgerFunc func,
                                                gpointer user_data);
void sluice_ledger_job_free (SluiceLedgerJob *self);

/* Tells the caller through its inbox. (transfer full) for @self. */
void sluice_ledger_job_answer (SluiceLedgerJob *self, SluiceLedgerResult result);

/* A job of @kind with the record of @self, which loses it, and nobody to tell. (transfer full) */
SluiceLedgerJob *sluice_ledger_job_detach (SluiceLedgerJob *self, SluiceLedgerJobKind kind);

/* Whether money hangs on it, so that no bound may drop it. */
gboolean sluice_ledger_job_is_paid (const SluiceLedgerJob *self);

/* A list of jobs in order. Zeroes are the empty list. */
typedef struct {
  SluiceLedgerJob *first;
  SluiceLedgerJob *last;
} SluiceLedgerJobs;

/* (transfer full) for @job. */
void sluice_ledger_jobs_append (SluiceLedgerJobs *self, SluiceLedgerJob *job);

/* (transfer full) (nullable) */
SluiceLedgerJob *sluice_ledger_jobs_take_first (SluiceLedgerJobs *self);

/* Many threads put, one takes. */
typedef struct _SluiceLedgerQueue SluiceLedgerQueue;

SluiceLedgerQueue *sluice_ledger_queue_new (void);
void sluice_ledger_queue_free (SluiceLedgerQueue *self);

/* Any thread. (transfer full) for @job, if the result is %TRUE; %FALSE once the queue is stopped. */
gboolean sluice_ledger_queue_put (SluiceLedgerQueue *self, SluiceLedgerJob *job);

typedef struct {
  SluiceLedgerJobs jobs; /* (owned): all that waited */
  gboolean poked;
  gboolean pinged;
  gboolean stopped; /* and nothing will come any more */
} SluiceLedgerTaken;

/*
 * Waits until there is a job, a poke, a ping, a stop, or @until, in g_get_monotonic_time(): waiting knows no other
 * clock. The taker's thread only.
 */
SluiceLedgerTaken sluice_ledger_queue_take (SluiceLedgerQueue *self, gint64 until);

/* A glance. The taker's thread. */
gboolean sluice_ledger_queue_is_empty (SluiceLedgerQueue *self);

/* Any thread. */
void sluice_ledger_queue_poke (SluiceLedgerQueue *self);
void sluice_ledger_queue_ping (SluiceLedgerQueue *self);
void sluice_ledger_queue_stop (SluiceLedgerQueue *self);

G_END_DECLS
