/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every well-known string of the project, so that none is spelled twice.
 */
#pragma once

#define SLUICE_NAME "sluice"
#define SLUICE_BUS_NAME "io.github.sluice.Gateway1"
#define SLUICE_OBJECT_PATH "/io/github/sluice/Gateway1"

#define SLUICE_DEFAULT_PORT 4000

/* Files below $XDG_CONFIG_HOME/sluice, $XDG_DATA_HOME/sluice and $XDG_RUNTIME_DIR/sluice. */
#define SLUICE_DIR_NAME "sluice"
#define SLUICE_CONFIG_FILE "config.yaml"
#define SLUICE_ENVIRONMENT_FILE "environment"
#define SLUICE_DATABASE_FILE "sluice.db"
#define SLUICE_CREDENTIALS_FILE "credentials.db"
#define SLUICE_LOCK_FILE "sluice.lock"
#define SLUICE_HTTP_SOCKET "http.sock"

/* "SLCE": marks sluice.db as ours (PRAGMA application_id). */
#define SLUICE_APPLICATION_ID 0x534c4345

/* "SLCR": the same of credentials.db. */
#define SLUICE_CREDENTIALS_APPLICATION_ID 0x534c4352
