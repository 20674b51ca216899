/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "fake-connection.h"

/* How an answer goes wrong, or right. A model's name chooses: "fake" and any name that is no mode's is plain;
 * "MODE", "MODE:key=value,...", "fake:MODE" and "fake:MODE:key=value,..." are the mode MODE; "status-503" is short for
 * "status:status=503". A request whose path begins with /_mode/NAME takes its mode from there. */

typedef struct {
  guint64 bytes;
  guint64 events;
  guint64 n;
  guint ms;
  guint first; /* ms in front of the first byte, in every mode */
  guint size;
  guint status;
  guint floats;
  guint mb;
  gboolean events_given;
  FakeSlice to;
  FakeSlice retry;
} FakeParams;

typedef struct _FakeMode FakeMode;

typedef void (*FakeCompose) (FakeConnection *connection, const FakeMode *mode, const FakeParams *params);

struct _FakeMode {
  const char *name;
  FakeCompose compose;
  guint style;          /* FakeStyle */
  const char *defaults; /* (nullable): parameters, as in a model's name */
  const char *description;
};

/* Returns: (nullable): the mode that @model asks for; NULL if it names one that does not exist, or a parameter that
 * does not. */
const FakeMode *fake_mode_find (FakeSlice model, FakeParams *params);

guint fake_mode_index (const FakeMode *mode);

/* Returns: (nullable): NULL behind the last one. */
const char *fake_mode_name (guint index);

/* Appends the table for people. */
void fake_mode_print_list (GString *out);
