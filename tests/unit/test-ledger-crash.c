/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The ledger's promises under SIGKILL and on a full disk, each in a child process. The parent has no thread while it
 * forks.
 */
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger/sluice-ledger.h"
#include "shared/sluice-error.h"
#include "test-ledger-support.h"

#define N_KILLS 40
#define N_OUTSTANDING 6

typedef struct {
  char *directory;
  SluiceClock *clock;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->directory = test_directory ();
  f->clock = sluice_clock_new ();
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_object_unref (f->clock);
  test_remove_directory (f->directory);
  g_free (f->directory);
}

/* Valgrind follows a fork, but a killed child of it says nothing sensible. */
static gboolean
skip_under_valgrind (void)
{
  const char *preload = g_getenv ("LD_PRELOAD");

  if (preload == NULL || strstr (preload, "vgpreload") == NULL)
    return FALSE;
  g_test_skip ("forks and kills; not under valgrind");
  return TRUE;
}

static SluiceLedger *
open_ledger (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  SluiceLedgerOptions options = { .directory = f->directory };
  SluiceLedger *ledger = sluice_ledger_new (&options, f->clock, &error);

  g_assert_no_error (error);
  return ledger;
}

/* The child */

typedef struct {
  SluiceLedger *ledger;
  GMainContext *context;
  SluiceInbox *inbox;
  int fd;
  guint n_results[3]; /* by SluiceLedgerResult */
} Child;

static void
child_init (Child *child, Fixture *f, int fd)
{
  *child = (Child){ .fd = fd };
  child->context = g_main_context_new ();
  g_main_context_push_thread_default (child->context);
  child->inbox = sluice_inbox_new (child->context);
  child->ledger = open_ledger (f);
}

static void
child_say (Child *child, gint64 word)
{
  if (write (child->fd, &word, sizeof word) != sizeof word)
    _exit (3);
}

typedef struct {
  Child *child;
  SluiceExchangeRecord *record;
} Request;

static void begin_request (Child *child);

static void
on_finished (SluiceLedgerResult result, gpointer data)
{
  Request *request = data;
  Child *child = request->child;

  if (result != SLUICE_LEDGER_COMMITTED)
    _exit (4);
  child_say (child, request->record->id);
  sluice_exchange_record_free (request->record);
  g_free (request);
  begin_request (child);
}

static void
on_reserved (SluiceLedgerResult result, gpointer data)
{
  Request *request = data;
  SluiceAttemptRecord *attempt = g_ptr_array_index (request->record->attempts, 0);

  if (result != SLUICE_LEDGER_COMMITTED)
    _exit (5);
  child_say (request->child, -request->record->id);
  attempt->state = SLUICE_ATTEMPT_SETTLED;
  attempt->cost_nano_usd = 3000;
  request->record->status = 200;
  request->record->finished_us = TEST_NOW + 3500;
  sluice_ledger_finish (request->child->ledger, request->record, request->child->inbox, on_finished, request);
}

/* Every other one is paid. */
static void
begin_request (Child *child)
{
  Request *request = g_new (Request, 1);
  gint64 id = sluice_ledger_next_id (child->ledger);

  *request = (Request){ child, id % 2 == 0 ? test_open_record (id) : test_record (id, FALSE) };
  if (id % 2 == 0)
    sluice_ledger_reserve (child->ledger, request->record, child->inbox, on_reserved, request);
  else
    sluice_ledger_finish (child->ledger, request->record, child->inbox, on_finished, request);
}

static void
serve_until_killed (Fixture *f, int fd)
{
  Child child;

  child_init (&child, f, fd);
  for (guint i = 0; i < N_OUTSTANDING; i++)
    begin_request (&child);
  for (;;)
    g_main_context_iteration (child.context, TRUE);
}

static void
on_only_reserved (SluiceLedgerResult result, gpointer data)
{
  child_say (data, result == SLUICE_LEDGER_COMMITTED ? 1 : 0);
}

static void
reserve_only (Fixture *f, int fd)
{
  g_autoptr (SluiceExchangeRecord) record = NULL;
  Child child;

  child_init (&child, f, fd);
  record = test_open_record (sluice_ledger_next_id (child.ledger));
  sluice_ledger_reserve (child.ledger, record, child.inbox, on_only_reserved, &child);
  for (;;)
    g_main_context_iteration (child.context, TRUE);
}

static void
hold_lock (Fixture *f, int fd)
{
  Child child;

  child_init (&child, f, fd);
  child_say (&child, 1);
  for (;;)
    pause ();
}

/* The parent */

typedef void (*ChildFunc) (Fixture *f, int fd);

static pid_t
start_child (Fixture *f, ChildFunc func, int *fd)
{
  int fds[2];
  pid_t pid;

  g_assert_no_errno (pipe (fds));
  pid = fork ();
  g_assert_no_errno (pid);
  if (pid == 0)
    {
      close (fds[0]);
      func (f, fds[1]);
      _exit (0);
    }
  close (fds[1]);
  *fd = fds[0];
  return pid;
}

static gboolean
read_word (int fd, gint64 *word)
{
  return read (fd, word, sizeof *word) == sizeof *word;
}

static void
kill_child (pid_t pid)
{
  int status;

  g_assert_no_errno (kill (pid, SIGKILL));
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFSIGNALED (status));
  g_assert_cmpint (WTERMSIG (status), ==, SIGKILL);
}

static void
test_reserved_then_killed (Fixture *f, gconstpointer data)
{
  SluiceLedger *ledger;
  gint64 word = 0;
  int fd;
  pid_t pid;

  if (skip_under_valgrind ())
    return;

  pid = start_child (f, reserve_only, &fd);
  g_assert_true (read_word (fd, &word));
  g_assert_cmpint (word, ==, 1);
  kill_child (pid);
  close (fd);

  ledger = open_ledger (f);
  g_assert_cmpint (sluice_ledger_next_id (ledger), ==, 2);
  g_object_unref (ledger);
  test_assert_ask (f->directory,
                   "SELECT e.status || '|' || e.error || '|' || a.state || '|' || a.estimated || '|' || a.cost_nano_usd"
                   " || '|' || a.error FROM exchange e JOIN attempt a ON exchange_id = id",
                   "500|interrupted|1|1|5000|interrupted");
  test_assert_ask (f->directory, "SELECT sum (exchanges) FROM sum WHERE status_class = 5", "1");
  test_assert_ask (f->directory, "SELECT sum (cost_nano_usd) || '|' || sum (estimated) FROM sum", "5000|1");
}

/* Reads what the child says for @wait_ms, from its first word on or from its start; kills it; reads the rest. */
static void
collect (pid_t pid, int fd, gboolean from_first, int wait_ms, GHashTable *finished, GHashTable *reserved)
{
  struct pollfd first = { .fd = fd, .events = POLLIN };
  gboolean killed = FALSE;
  gint64 end;
  gint64 word;

  if (from_first)
    g_assert_cmpint (poll (&first, 1, -1), ==, 1);
  end = g_get_monotonic_time () + wait_ms * 1000;

  for (;;)
    {
      gint64 left = (end - g_get_monotonic_time ()) / 1000;
      struct pollfd poller = { .fd = fd, .events = POLLIN };

      if (!killed && (left <= 0 || poll (&poller, 1, (int) left) == 0))
        {
          kill_child (pid);
          killed = TRUE;
        }
      if (!read_word (fd, &word))
        break;
      g_hash_table_add (word > 0 ? finished : reserved, GSIZE_TO_POINTER ((gsize) ABS (word)));
    }
  g_assert_true (killed);
}

static void
assert_all_there (Fixture *f, GHashTable *finished, GHashTable *reserved)
{
  g_autofree char *path = g_build_filename (f->directory, SLUICE_DATABASE_FILE, NULL);
  sqlite3 *db = NULL;
  sqlite3_stmt *statement = NULL;
  guint n_finished = 0;
  guint n_reserved = 0;

  g_assert_cmpint (sqlite3_open_v2 (path, &db, SQLITE_OPEN_READONLY, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_prepare_v2 (db, "SELECT id, e.status, estimated, cost_nano_usd FROM exchange e"
                                       " JOIN attempt ON exchange_id = id WHERE e.finished_us NOT NULL AND state = 1",
                                       -1, &statement, NULL), ==, SQLITE_OK);
  while (sqlite3_step (statement) == SQLITE_ROW)
    {
      gpointer id = GSIZE_TO_POINTER ((gsize) sqlite3_column_int64 (statement, 0));
      gboolean is_whole = sqlite3_column_int (statement, 1) == 200;

      if (g_hash_table_contains (finished, id))
        {
          g_assert_true (is_whole);
          n_finished++;
        }
      if (g_hash_table_contains (reserved, id))
        {
          g_assert_cmpint (sqlite3_column_int (statement, 2), ==, is_whole ? 0 : 1);
          g_assert_cmpint (sqlite3_column_int64 (statement, 3), ==, is_whole ? 3000 : 5000);
          n_reserved++;
        }
    }
  g_assert_cmpint (sqlite3_finalize (statement), ==, SQLITE_OK);
  sqlite3_close (db);
  g_assert_cmpuint (n_finished, ==, g_hash_table_size (finished));
  g_assert_cmpuint (n_reserved, ==, g_hash_table_size (reserved));

  test_assert_ask (f->directory, "SELECT count(*) FROM exchange WHERE finished_us IS NULL", "0");
  test_assert_ask (f->directory, "SELECT count(*) FROM attempt WHERE state = 0", "0");
  test_assert_ask (f->directory, "SELECT (SELECT count(*) FROM exchange) - (SELECT sum (exchanges) FROM sum)", "0");
  test_assert_ask (f->directory,
                   "SELECT (SELECT sum (cost_nano_usd) FROM attempt) - (SELECT sum (cost_nano_usd) FROM sum)",
                   "0");
}

static void
test_killed_again_and_again (Fixture *f, gconstpointer data)
{
  g_autoptr (GHashTable) finished = g_hash_table_new (NULL, NULL);
  g_autoptr (GHashTable) reserved = g_hash_table_new (NULL, NULL);

  if (skip_under_valgrind ())
    return;

  for (guint i = 0; i < N_KILLS; i++)
    {
      int fd;
      pid_t pid = start_child (f, serve_until_killed, &fd);

      /* every fourth while it opens the database, or soon after */
      collect (pid, fd, i % 4 != 0, g_test_rand_int_range (0, 25), finished, reserved);
      close (fd);
      g_object_unref (open_ledger (f));
    }
  g_test_message ("%u finished, %u reserved", g_hash_table_size (finished), g_hash_table_size (reserved));
  g_assert_cmpuint (g_hash_table_size (finished), >, 0);
  assert_all_there (f, finished, reserved);
  test_assert_ask (f->directory, "PRAGMA integrity_check", "ok");
}

static void
test_second_daemon (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  SluiceLedgerOptions options = { .directory = f->directory };
  g_autofree char *wanted = NULL;
  gint64 word;
  int fd;
  pid_t pid;

  if (skip_under_valgrind ())
    return;

  pid = start_child (f, hold_lock, &fd);
  wanted = g_strdup_printf ("pid %d,", (int) pid);
  g_assert_true (read_word (fd, &word));
  g_assert_null (sluice_ledger_new (&options, f->clock, &error));
  g_assert_error (error, SLUICE_ERROR, SLUICE_ERROR_LOCKED);
  g_assert_nonnull (strstr (error->message, wanted));
  kill_child (pid);
  close (fd);

  /* the lock goes with its holder */
  g_object_unref (open_ledger (f));
}

static void
note (SluiceLedgerResult result, gpointer data)
{
  Child *child = data;

  child->n_results[result]++;
}

static void
submit_and_wait (Child *child, gboolean reserve)
{
  gint64 id = sluice_ledger_next_id (child->ledger);
  g_autoptr (SluiceExchangeRecord) record = reserve ? test_open_record (id) : test_record (id, FALSE);
  guint before = child->n_results[0] + child->n_results[1] + child->n_results[2];

  if (reserve)
    sluice_ledger_reserve (child->ledger, record, child->inbox, note, child);
  else
    sluice_ledger_finish (child->ledger, record, child->inbox, note, child);
  while (child->n_results[0] + child->n_results[1] + child->n_results[2] == before)
    g_main_context_iteration (child->context, TRUE);
}

static void
limit_files (rlim_t bytes)
{
  struct rlimit limit;

  g_assert_no_errno (getrlimit (RLIMIT_FSIZE, &limit));
  limit.rlim_cur = MIN (bytes, limit.rlim_max);
  g_assert_no_errno (setrlimit (RLIMIT_FSIZE, &limit));
}

static void
fill_disk (Fixture *f, int fd)
{
  g_autofree char *reason = NULL;
  Child child;

  signal (SIGXFSZ, SIG_IGN);
  child_init (&child, f, fd);
  submit_and_wait (&child, FALSE);
  limit_files (200 * 1024);
  for (guint i = 0; child.n_results[SLUICE_LEDGER_PENDING] < 10; i++)
    {
      g_assert_cmpuint (i, <, 20000);
      submit_and_wait (&child, FALSE);
    }
  submit_and_wait (&child, TRUE);
  g_assert_cmpuint (child.n_results[SLUICE_LEDGER_REFUSED], ==, 1);
  g_assert_cmpint (sluice_ledger_get_state (child.ledger), ==, SLUICE_LEDGER_DEGRADED);
  reason = sluice_ledger_dup_reason (child.ledger);
  g_assert_nonnull (reason);

  limit_files (RLIM_INFINITY);
  sluice_ledger_poke (child.ledger);
  while (sluice_ledger_get_state (child.ledger) == SLUICE_LEDGER_DEGRADED)
    g_usleep (1000);
  submit_and_wait (&child, TRUE);
  g_assert_cmpuint (child.n_results[SLUICE_LEDGER_REFUSED], ==, 1);
  sluice_ledger_stop (child.ledger);
  child_say (&child, child.n_results[SLUICE_LEDGER_COMMITTED] + child.n_results[SLUICE_LEDGER_PENDING]);
}

static void
test_disk_full (Fixture *f, gconstpointer data)
{
  g_autofree char *wanted = NULL;
  gint64 word = 0;
  int status;
  int fd;
  pid_t pid;

  if (skip_under_valgrind ())
    return;

  pid = start_child (f, fill_disk, &fd);
  g_assert_true (read_word (fd, &word));
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFEXITED (status) && WEXITSTATUS (status) == 0);
  close (fd);
  wanted = g_strdup_printf ("%" G_GINT64_FORMAT, word);
  test_assert_ask (f->directory, "SELECT count(*) FROM exchange", wanted);
  test_assert_ask (f->directory, "PRAGMA integrity_check", "ok");
}

int
main (int argc, char *argv[])
{
  test_ledger_init (&argc, &argv);
#define ADD(name, func) g_test_add ("/ledger-crash/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("reserved-then-killed", test_reserved_then_killed);
  ADD ("killed-again-and-again", test_killed_again_and_again);
  ADD ("second-daemon", test_second_daemon);
  ADD ("disk-full", test_disk_full);
#undef ADD
  return g_test_run ();
}
