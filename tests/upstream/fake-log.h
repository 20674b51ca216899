/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "fake-request.h"

/* What the provider saw: counters, and the last requests. The oldest are dropped (and counted) when there are too many
 * or they hold too much. One thread. */

#define FAKE_LOG_MODES 96

typedef struct {
  guint64 requests;
  guint64 answered;
  guint64 aborted; /* the client left before its answer was out */
  guint64 requests_open;
  guint64 connections_accepted;
  guint64 connections_open;
  guint64 connections_open_max;
  guint64 bytes_in;
  guint64 bytes_out;
  guint64 events; /* of streams */
  guint64 dropped; /* log entries */
  guint64 by_mode[FAKE_LOG_MODES];
} FakeStats;

typedef struct _FakeLog FakeLog;

/* @capacity: requests kept; 0 keeps none. */
FakeLog *fake_log_new (guint capacity);
void fake_log_free (FakeLog *self);

/* (unowned): whoever does something counts it here. */
FakeStats *fake_log_stats (FakeLog *self);

/* Notes a request that has come whole. @mode: a static name. Returns: its number, for fake_log_end(); 0 if none is
 * kept. */
guint64 fake_log_add (FakeLog *self, const FakeRequest *request, guint64 connection, guint64 id, const char *mode);

/* Notes how it ended. @status: what was sent, 0 for none. */
void fake_log_end (FakeLog *self, guint64 number, guint status, gboolean aborted);

/* Appends one JSON object a line for each entry with a number > @since and, if not NULL, the tag @tag. */
void fake_log_print (FakeLog *self, GString *out, guint64 since, const char *tag);

/* Appends one JSON object. @mode_name: of an index of by_mode. */
void fake_log_print_stats (FakeLog *self, GString *out, const char *(*mode_name) (guint index));

/* Forgets entries and counters; what is open stays counted. */
void fake_log_reset (FakeLog *self);

/* Appends @slice as a JSON string. Bytes that are no UTF-8 become U+FFFD. */
void fake_json_append_string (GString *out, FakeSlice slice);
