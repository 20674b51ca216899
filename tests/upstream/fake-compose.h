/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "fake-mode.h"

/* One function for each way to answer; the table in fake-mode.c says what they do. Each writes what goes out at once
 * and pushes steps for the rest. */

void fake_compose_plain (FakeConnection *self, const FakeMode *mode, const FakeParams *params);
void fake_compose_big (FakeConnection *self, const FakeMode *mode, const FakeParams *params);
void fake_compose_drip (FakeConnection *self, const FakeMode *mode, const FakeParams *params);
void fake_compose_stall (FakeConnection *self, const FakeMode *mode, const FakeParams *params);
void fake_compose_stall_head (FakeConnection *self, const FakeMode *mode, const FakeParams *params);
void fake_compose_stall_mid (FakeConnection *self, const FakeMode *mode, const FakeParams *params);
void fake_compose_reset_before (FakeConnection *self, const FakeMode *mode, const FakeParams *params);
void fake_compose_reset_head (FakeConnection *self, const FakeMode *mode, const FakeParams *params);
void fake_compose_reset_mid (FakeConnection *self, const FakeMode *mode, const FakeParams *params);
void fake_compose_close_before (FakeConnection *self, const FakeMode *mode, const FakeParams *params);
void fake_compose_cut_border (FakeConnection *self, const FakeMode *mode, const FakeParams *params);
void fake_compose_cut_end (FakeConnection *self, const FakeMode *mode, const FakeParams *params);
void fake_compose_cut_inside (FakeConnection *self, const FakeMode *mode, const FakeParams *params);
void fake_compose_bad_chunk (FakeConnection *self, const FakeMode *mode, const FakeParams *params);
void fake_compose_length_long (FakeConnection *self, const FakeMode *mode, const FakeParams *params);
void fake_compose_length_short (FakeConnection *self, const FakeMode *mode, const FakeParams *params);
void fake_compose_garbage (FakeConnection *self, const FakeMode *mode, const FakeParams *params);
void fake_compose_continue_flood (FakeConnection *self, const FakeMode *mode, const FakeParams *params);
void fake_compose_huge_headers (FakeConnection *self, const FakeMode *mode, const FakeParams *params);
void fake_compose_huge_line (FakeConnection *self, const FakeMode *mode, const FakeParams *params);
void fake_compose_status (FakeConnection *self, const FakeMode *mode, const FakeParams *params);
void fake_compose_redirect (FakeConnection *self, const FakeMode *mode, const FakeParams *params);
void fake_compose_error_mid (FakeConnection *self, const FakeMode *mode, const FakeParams *params);
void fake_compose_error_200 (FakeConnection *self, const FakeMode *mode, const FakeParams *params);
void fake_compose_echo_key (FakeConnection *self, const FakeMode *mode, const FakeParams *params);
void fake_compose_echo_key_text (FakeConnection *self, const FakeMode *mode, const FakeParams *params);
void fake_compose_echo_key_mid (FakeConnection *self, const FakeMode *mode, const FakeParams *params);
void fake_compose_html (FakeConnection *self, const FakeMode *mode, const FakeParams *params);
void fake_compose_not_json (FakeConnection *self, const FakeMode *mode, const FakeParams *params);
void fake_compose_half_json (FakeConnection *self, const FakeMode *mode, const FakeParams *params);
void fake_compose_empty (FakeConnection *self, const FakeMode *mode, const FakeParams *params);
void fake_compose_gzip (FakeConnection *self, const FakeMode *mode, const FakeParams *params);
void fake_compose_gzip_bad (FakeConnection *self, const FakeMode *mode, const FakeParams *params);
void fake_compose_gzip_bomb (FakeConnection *self, const FakeMode *mode, const FakeParams *params);
void fake_compose_length (FakeConnection *self, const FakeMode *mode, const FakeParams *params);
void fake_compose_flaky (FakeConnection *self, const FakeMode *mode, const FakeParams *params);
void fake_compose_first (FakeConnection *self, const FakeMode *mode, const FakeParams *params);
void fake_compose_error_at_once (FakeConnection *self, const FakeMode *mode, const FakeParams *params);
void fake_compose_junk_at_once (FakeConnection *self, const FakeMode *mode, const FakeParams *params);
void fake_compose_continue_endless (FakeConnection *self, const FakeMode *mode, const FakeParams *params);
void fake_compose_headers_endless (FakeConnection *self, const FakeMode *mode, const FakeParams *params);
void fake_compose_extension_endless (FakeConnection *self, const FakeMode *mode, const FakeParams *params);
void fake_compose_trailers_endless (FakeConnection *self, const FakeMode *mode, const FakeParams *params);
