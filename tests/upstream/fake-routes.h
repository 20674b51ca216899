/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "fake-connection.h"

/* Looks at the request of @connection and composes its answer, or sets `delayed` and the timer. */
void fake_routes_answer (FakeConnection *connection);

/* Composes an answer that was delayed. */
void fake_routes_compose (FakeConnection *connection);
