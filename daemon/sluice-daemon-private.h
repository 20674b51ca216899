/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of the composition root share: -daemon.c makes the parts, starts and stops them; -config.c reads the
 * configuration again; -look.c looks for what Ollama has and puts all in force; -state.c tells others how things are,
 * and does what they ask; -service.c is the service manager's side.
 */
#pragma once

#include "bus/sluice-bus.h"
#include "sluice-daemon.h"
#include "sluice-finder.h"
#include "sluice-idle.h"

G_BEGIN_DECLS

/* Somebody who asked for a reading. */
typedef struct {
  SluiceDaemonFunc done; /* (nullable) */
  gpointer user_data;
} SluiceDaemonReload;

struct _SluiceDaemon {
  GObject parent_instance;

  SluiceClock *clock;        /* (owned) */
  SluiceInbox *inbox;        /* (owned) (nullable): of the ledger's answers; %NULL at the end */
  SluiceLedger *ledger;      /* (owned) (nullable) */
  SluiceFront *front;        /* (owned) (nullable) */
  SluiceFinder *finder;      /* (owned) (nullable): a look at Ollama servers is under way */
  SluiceOllamaLists *lists;  /* (owned) (nullable): what the servers said that are in force */
  guint n_servers;           /* that were asked at the last look */
  guint n_missing;           /* servers whose list could not be read at the last look */
  gint64 looked_us;          /* monotonic: when it began */
  guint look_source;         /* the next look at them */
  guint look_again_s;
  GCancellable *cancellable; /* (owned): of readings */
  gboolean announced;        /* it is served */

  /* the configuration */
  SluiceConfigSource *source; /* (owned) */
  SluiceConfig *config;       /* (owned): what is served */
  SluiceRouter *router;       /* (owned) (nullable): of the configuration; %NULL if it names no model */
  GPtrArray *findings;        /* (owned) (element-type SluiceFinding): of the last reading */
  GPtrArray *files;           /* (owned) (element-type filename): of the last reading */
  char *config_error;         /* (owned) (nullable): the first error of the last reading */
  gboolean half_written;      /* the last reading met a file that somebody was writing */
  guint retry_source;         /* then the next try */
  gboolean usable;            /* a configuration was read that could be used */
  GPtrArray *found;           /* (owned) (element-type SluiceDeployment): without a configuration, by the last look */
  GArray *reading_for; /* (owned) (nullable) (element-type SluiceDaemonReload): who waits for the reading under way;
                          %NULL if none is */
  GArray *waiting;     /* (owned) (element-type SluiceDaemonReload): who came meanwhile */

  SluiceLog *log; /* (nullable): the caller's */
  gboolean topics_chosen;

  /* what others are told */
  SluiceBusRoot *root; /* (owned) (nullable) */
  SluiceBus *bus;      /* (owned) (nullable) */
  GQueue policies;     /* (element-type PolicyCall): those that the ledger has not answered */
  SluiceCloudPolicy stored_policy; /* what was chosen at run time */
  gboolean policy_stored;

  /* the service manager */
  SluiceNotify *notify; /* (nullable): the caller's */
  GPtrArray *inherited; /* (owned) (nullable) (element-type SluiceInherited): until the front has them */
  SluiceIdle *idle;     /* (owned) (nullable) */
  gint64 idle_us;       /* 0: stays; -1: as the setting says */

  SluiceDaemonLeave leave; /* (nullable): when it has asked */
  gpointer leave_data;

  gboolean stopping;
  gint64 drain_ms; /* -1: as the setting says */
  gint64 drain_deadline;
  guint drain_source;
  void (*done) (gpointer user_data);
  gpointer done_data;
};

/* Asks the owner to stop the daemon; once. @error (nullable): why that is no good end. */
void sluice_daemon_ask_to_leave (SluiceDaemon *self, const GError *error);

/* -config.c: notes what was read, and takes its configuration if there is one. Returns whether there is. */
gboolean sluice_daemon_take_reading (SluiceDaemon *self, SluiceConfigReading *reading);

/* How the last reading went, for the figures and, with @words (nullable), as an event of the log. The front is
 * there. */
void sluice_daemon_note_reading (SluiceDaemon *self, const char *words);

/* sluice_settings.debug, as it is now. */
void sluice_daemon_choose_topics (SluiceDaemon *self);

/* -look.c: puts the last reading in force, after a look at the Ollama servers that are concerned; until then the one
 * before is served. Ends the reading. */
void sluice_daemon_serve (SluiceDaemon *self);

/* What the servers say is wanted again, by a request or because the cloud was switched off: looks at them, but not more
 * often than once a second. */
void sluice_daemon_look_soon (gpointer daemon);

/* If a server's list is missing, or the cloud is off: no reading is under way, and none begins by itself. */
void sluice_daemon_look_again_later (SluiceDaemon *self);

/* Ends a look under way and forgets the next one. */
void sluice_daemon_stop_looking (SluiceDaemon *self);

/* -config.c */
void sluice_daemon_watch_files (SluiceDaemon *self);

/* Forgets the next try to read. */
void sluice_daemon_stop_retrying (SluiceDaemon *self);

/* Answers those who wait for the reading under way, and begins the next if somebody came meanwhile. */
void sluice_daemon_finish_reading (SluiceDaemon *self);

/* Answers everybody who waits: there is no reading any more. */
void sluice_daemon_drop_readings (SluiceDaemon *self);

/* -daemon.c: begins to serve, if that was not done. */
void sluice_daemon_announce (SluiceDaemon *self);

/* -state.c: tells the bus and the service manager; call it whenever the state, its reasons or the policy may have
 * changed. */
void sluice_daemon_publish (SluiceDaemon *self);
/* How it is, in one line for people; the front is there. (transfer full) */
char *sluice_daemon_dup_status (SluiceDaemon *self);

void sluice_daemon_load_policy (SluiceDaemon *self);
SluiceCloudPolicy sluice_daemon_get_policy (SluiceDaemon *self);
void sluice_daemon_join_bus (SluiceDaemon *self);
void sluice_daemon_leave_bus (SluiceDaemon *self);

/* -service.c: it is served: tells the manager, begins the pulse, and to look for idleness. */
void sluice_daemon_begin_service (SluiceDaemon *self);
void sluice_daemon_end_service (SluiceDaemon *self);

G_END_DECLS
