/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "upstream/sluice-upstream-private.h"

#include "attempt-record.h"
#include "upstream-server.h"

#define PER_SESSION SLUICE_SESSION_MAX_IN_FLIGHT

static SluiceUpstream *
upstream_new (void)
{
  g_autoptr (SluiceClock) clock = sluice_clock_new_manual (0, 0);

  return sluice_upstream_new (clock, NULL);
}

/* One session takes so many requests, then the next one is opened; the first free one is used again. */
static void
test_slots (void)
{
  g_autoptr (SluiceUpstream) upstream = upstream_new ();
  SluiceSessionSlot *slots[PER_SESSION + 1];

  for (guint i = 0; i <= PER_SESSION; i++)
    slots[i] = sluice_upstream_take_slot (upstream, TRUE);
  for (guint i = 1; i < PER_SESSION; i++)
    g_assert_true (slots[i] == slots[0]);
  g_assert_true (slots[PER_SESSION] != slots[0]);
  g_assert_cmpuint (upstream->slots->len, ==, 2);
  g_assert_cmpuint (slots[0]->in_flight, ==, PER_SESSION);
  sluice_upstream_give_slot (upstream, slots[0]);
  g_assert_true (sluice_upstream_take_slot (upstream, TRUE) == slots[0]);
}

/* Local models are never asked through a proxy, nor with the sessions of others. */
static void
test_direct (void)
{
  g_autoptr (SluiceUpstream) upstream = upstream_new ();
  SluiceSessionSlot *direct = sluice_upstream_take_slot (upstream, TRUE);
  SluiceSessionSlot *other = sluice_upstream_take_slot (upstream, FALSE);

  g_assert_true (direct != other);
  g_assert_true (direct->direct);
  g_assert_false (other->direct);
  g_assert_null (soup_session_get_proxy_resolver (direct->session));
  g_assert_true (sluice_upstream_take_slot (upstream, FALSE) == other);
}

/* Our deadlines only, and none of libsoup's features that keep something. */
static void
test_session (void)
{
  g_autoptr (SluiceUpstream) upstream = upstream_new ();
  SoupSession *session = sluice_upstream_take_slot (upstream, FALSE)->session;

  g_assert_cmpuint (soup_session_get_timeout (session), ==, 0);
  g_assert_null (soup_session_get_feature (session, g_type_from_name ("SoupAuthManager")));
  g_assert_null (soup_session_get_feature (session, SOUP_TYPE_COOKIE_JAR));
  g_assert_null (soup_session_get_feature (session, SOUP_TYPE_CACHE));
}

/* A burst's sessions are given back by the ticks that follow, the first two stay warm. */
static void
test_tick_gives_back (void)
{
  g_autoptr (SluiceUpstream) upstream = upstream_new ();
  SluiceSessionSlot *slots[4 * PER_SESSION];

  g_assert_false (sluice_upstream_is_busy (upstream));
  for (guint i = 0; i < G_N_ELEMENTS (slots); i++)
    slots[i] = sluice_upstream_take_slot (upstream, TRUE);
  g_assert_cmpuint (upstream->slots->len, ==, 4);
  g_assert_true (sluice_upstream_is_busy (upstream));
  sluice_upstream_tick (upstream);
  g_assert_cmpuint (upstream->slots->len, ==, 4);

  for (guint i = 0; i < G_N_ELEMENTS (slots); i++)
    sluice_upstream_give_slot (upstream, slots[i]);
  sluice_upstream_tick (upstream);
  g_assert_cmpuint (upstream->slots->len, ==, 2);
  g_assert_false (sluice_upstream_is_busy (upstream));
}

/* More requests at once than one session takes: all are answered. */
static void
test_burst (void)
{
  Server *server = server_new ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
  Record records[2 * PER_SESSION + 3] = { 0 };
  Record owner;

  record_init (&owner);
  for (guint i = 0; i < G_N_ELEMENTS (records); i++)
    {
      records[i].clock = owner.clock;
      records[i].upstream = owner.upstream;
      records[i].data = g_string_new (NULL);
      record_start (&records[i],
                    sluice_deployment_new_found ("m", sluice_provider_find ("ollama"), "m", server->base),
                    SLUICE_OPERATION_CHAT, "{}", FALSE);
    }
  g_assert_cmpuint (owner.upstream->slots->len, ==, 3);
  for (guint i = 0; i < G_N_ELEMENTS (records); i++)
    {
      RUN_UNTIL (record_is_over (&records[i]));
      g_assert_no_error (records[i].error);
      g_assert_cmpuint (records[i].n_answers, ==, 1);
      record_reset (&records[i]);
      g_string_free (records[i].data, TRUE);
    }
  RUN_UNTIL (server->n_requests == G_N_ELEMENTS (records));
  sluice_upstream_tick (owner.upstream);
  g_assert_cmpuint (owner.upstream->slots->len, ==, 2);
  g_assert_false (sluice_upstream_is_busy (owner.upstream));
  record_clear (&owner);
  server_free (server);
}

/* One tick ends those that are late, and only those. */
static void
test_tick_ends_the_late (void)
{
  Record record, late;

  record_init (&record);
  late = record;
  late.data = g_string_new (NULL);
  record_start (&late, sluice_deployment_new_found ("m", sluice_provider_find ("mock"), "slow-600000", ""),
                SLUICE_OPERATION_CHAT, "{}", FALSE);
  sluice_clock_advance (record.clock, 1000);
  record_start (&record, sluice_deployment_new_found ("m", sluice_provider_find ("mock"), "slow-600000", ""),
                SLUICE_OPERATION_CHAT, "{}", FALSE);
  sluice_clock_advance (record.clock, TOTAL_MS * G_GINT64_CONSTANT (1000) - 1000);
  record.attempt->phase_deadline = G_MAXINT64;
  sluice_upstream_tick (record.upstream);
  g_assert_cmpuint (late.n_ends, ==, 1);
  g_assert_error (late.error, SLUICE_ERROR, SLUICE_ERROR_UPSTREAM_TIMEOUT);
  g_assert_false (record_is_over (&record));
  record_reset (&late);
  g_string_free (late.data, TRUE);
  record_clear (&record);
}

/* Attempts under way end with it, without a word. */
static void
test_free_while_busy (void)
{
  Server *server = server_new ("");
  Record record;

  record_init (&record);
  record_start (&record, sluice_deployment_new_found ("m", sluice_provider_find ("ollama"), "m", server->base),
                SLUICE_OPERATION_CHAT, "{}", FALSE);
  RUN_UNTIL (server->n_requests == 1);
  sluice_upstream_free (record.upstream);
  RUN_UNTIL (server->n_open == 0);
  g_assert_false (record_is_over (&record));
  g_assert_cmpint (record.deployment->in_flight, ==, 0);
  record_reset (&record);
  g_object_unref (record.clock);
  g_string_free (record.data, TRUE);
  server_free (server);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/upstream/slots", test_slots);
  g_test_add_func ("/upstream/direct", test_direct);
  g_test_add_func ("/upstream/session", test_session);
  g_test_add_func ("/upstream/tick-gives-back", test_tick_gives_back);
  g_test_add_func ("/upstream/tick-ends-the-late", test_tick_ends_the_late);
  g_test_add_func ("/upstream/burst", test_burst);
  g_test_add_func ("/upstream/free-while-busy", test_free_while_busy);
  return g_test_run ();
}
