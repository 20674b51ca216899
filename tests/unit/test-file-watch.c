/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sluice-file-watch.h"

#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "time-factor.h"

#define WAIT_US (10 * G_USEC_PER_SEC * time_factor ())

typedef struct {
  char *top; /* (owned): a directory without links on the way to it */
  GPtrArray *places;
  SluiceFileWatch *watch;
  guint n_calls;
} Fixture;

static void
on_changed (gpointer data)
{
  Fixture *fixture = data;

  fixture->n_calls++;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autofree char *name = g_dir_make_tmp ("sluice-XXXXXX", NULL);

  fixture->top = realpath (name, NULL);
  g_assert_nonnull (fixture->top);
  fixture->places = g_ptr_array_new_with_free_func (g_free);
  fixture->watch = sluice_file_watch_new (on_changed, fixture);
}

static void
remove_all (const char *path)
{
  g_autoptr (GDir) directory = NULL;
  const char *name;

  if (!g_file_test (path, G_FILE_TEST_IS_SYMLINK))
    directory = g_dir_open (path, 0, NULL);
  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      remove_all (child);
    }
  g_remove (path);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_clear_pointer (&fixture->watch, sluice_file_watch_free);
  g_ptr_array_unref (fixture->places);
  remove_all (fixture->top);
  free (fixture->top);
}

static char *
at (Fixture *fixture, const char *name)
{
  return g_build_filename (fixture->top, name, NULL);
}

static void
write_file (Fixture *fixture, const char *name, const char *text)
{
  g_autofree char *path = at (fixture, name);
  g_autoptr (GError) error = NULL;

  g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, &error);
  g_assert_no_error (error);
}

static void
make_directory (Fixture *fixture, const char *name)
{
  g_autofree char *path = at (fixture, name);

  g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
}

static void
make_link (Fixture *fixture, const char *target, const char *name)
{
  g_autofree char *path = at (fixture, name);

  g_assert_cmpint (symlink (target, path), ==, 0);
}

static void
move (Fixture *fixture, const char *from, const char *to)
{
  g_autofree char *old = at (fixture, from);
  g_autofree char *new = at (fixture, to);

  g_assert_cmpint (g_rename (old, new), ==, 0);
}

static void
resolve (Fixture *fixture, const char *name)
{
  g_autofree char *path = at (fixture, name);

  g_ptr_array_set_size (fixture->places, 0);
  sluice_file_watch_resolve (path, fixture->places);
}

/* The places are @names below the top, and the top; "" for the directory that it is in. */
static void
expect_places (Fixture *fixture, const char *const *names)
{
  for (guint i = 0; names[i] != NULL; i++)
    {
      g_autofree char *path = *names[i] != '\0' ? at (fixture, names[i]) : g_strdup (fixture->top);

      g_test_message ("%s", path);
      g_assert_true (g_ptr_array_find_with_equal_func (fixture->places, path, g_str_equal, NULL));
    }
  g_assert_cmpuint (fixture->places->len, ==, g_strv_length ((char **) names));
}

static void
test_plain (Fixture *fixture, gconstpointer data)
{
  write_file (fixture, "file", "x");
  resolve (fixture, "file");
  expect_places (fixture, (const char *const[]){ "file", "", NULL });
  resolve (fixture, ".//x/../file/");
  expect_places (fixture, (const char *const[]){ "x", "", NULL });
  resolve (fixture, "././/file");
  expect_places (fixture, (const char *const[]){ "file", "", NULL });
  /* once more adds nothing */
  sluice_file_watch_resolve (g_ptr_array_index (fixture->places, 0), fixture->places);
  g_assert_cmpuint (fixture->places->len, ==, 2);
}

static void
test_relative (Fixture *fixture, gconstpointer data)
{
  g_autofree char *before = g_get_current_dir ();

  write_file (fixture, "file", "x");
  g_assert_cmpint (g_chdir (fixture->top), ==, 0);
  sluice_file_watch_resolve ("file", fixture->places);
  g_assert_cmpint (g_chdir (before), ==, 0);
  expect_places (fixture, (const char *const[]){ "file", "", NULL });
}

static void
test_missing (Fixture *fixture, gconstpointer data)
{
  resolve (fixture, "a/b/file");
  expect_places (fixture, (const char *const[]){ "a", "", NULL });
  make_directory (fixture, "a");
  resolve (fixture, "a/b/file");
  expect_places (fixture, (const char *const[]){ "a/b", "a", NULL });
  /* a file in the place of a directory */
  write_file (fixture, "a/b", "x");
  resolve (fixture, "a/b/file");
  expect_places (fixture, (const char *const[]){ "a/b", "a", NULL });
}

static void
test_links (Fixture *fixture, gconstpointer data)
{
  make_directory (fixture, "real");
  write_file (fixture, "real/file", "x");
  make_link (fixture, "real", "data");
  make_link (fixture, "data/file", "file");
  resolve (fixture, "file");
  expect_places (fixture, (const char *const[]){ "file", "data", "real/file", "real", "", NULL });
  /* to the top again, and by its full name */
  make_directory (fixture, "other");
  make_link (fixture, "../real", "other/up");
  resolve (fixture, "other/up/file");
  expect_places (fixture, (const char *const[]){ "other/up", "other", "real/file", "real", NULL });
  make_link (fixture, fixture->top, "other/full");
  resolve (fixture, "other/full/real/file");
  expect_places (fixture, (const char *const[]){ "other/full", "other", "real/file", "real", NULL });
}

static void
test_links_to_nothing (Fixture *fixture, gconstpointer data)
{
  make_link (fixture, "nowhere/file", "link");
  resolve (fixture, "link");
  expect_places (fixture, (const char *const[]){ "link", "nowhere", "", NULL });
  make_link (fixture, "two", "one");
  make_link (fixture, "one", "two");
  resolve (fixture, "one");
  expect_places (fixture, (const char *const[]){ "one", "two", "", NULL });
  make_link (fixture, "grow/grow", "grow");
  resolve (fixture, "grow");
  expect_places (fixture, (const char *const[]){ "grow", "", NULL });
  g_ptr_array_set_size (fixture->places, 0);
  sluice_file_watch_resolve ("/proc/self/fd/0", fixture->places);
  g_assert_cmpuint (fixture->places->len, ==, 0);
  sluice_file_watch_resolve ("/", fixture->places);
  sluice_file_watch_resolve ("/../..", fixture->places);
  g_assert_cmpuint (fixture->places->len, ==, 0);
}

/* Watches what @name leads to, as it is now. */
static void
watch (Fixture *fixture, const char *name)
{
  g_autofree char *description = NULL;

  resolve (fixture, name);
  description = sluice_file_watch_describe (fixture->places);
  sluice_file_watch_set_files (fixture->watch, fixture->places, description);
}

static gboolean
on_time (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

static void
run_for (guint ms)
{
  gboolean over = FALSE;

  g_timeout_add (ms, on_time, &over);
  while (!over)
    g_main_context_iteration (NULL, TRUE);
}

/* One call comes for what was done. */
static void
expect_call (Fixture *fixture)
{
  gint64 end = g_get_monotonic_time () + WAIT_US;

  while (fixture->n_calls == 0 && g_get_monotonic_time () < end)
    run_for (10);
  g_assert_cmpuint (fixture->n_calls, ==, 1);
  fixture->n_calls = 0;
}

static void
test_changes (Fixture *fixture, gconstpointer data)
{
  make_directory (fixture, "one");
  write_file (fixture, "one/file", "x");
  make_link (fixture, "one", "data");
  make_link (fixture, "data/file", "file");
  watch (fixture, "file");
  run_for (300);
  g_assert_cmpuint (fixture->n_calls, ==, 0);
  /* what the last link leads to */
  write_file (fixture, "one/file", "y");
  expect_call (fixture);
  watch (fixture, "file");
  /* a link in the middle, replaced at once */
  make_directory (fixture, "two");
  write_file (fixture, "two/file", "z");
  make_link (fixture, "two", "data.new");
  move (fixture, "data.new", "data");
  expect_call (fixture);
  watch (fixture, "file");
  /* what it leads to now */
  write_file (fixture, "two/file", "w");
  expect_call (fixture);
  watch (fixture, "file");
  /* the directory moved away */
  move (fixture, "two", "three");
  expect_call (fixture);
  watch (fixture, "file");
  make_directory (fixture, "two");
  expect_call (fixture);
  watch (fixture, "file");
  write_file (fixture, "two/file", "v");
  expect_call (fixture);
}

static void
test_rights (Fixture *fixture, gconstpointer data)
{
  g_autofree char *directory = at (fixture, "one");

  make_directory (fixture, "one");
  write_file (fixture, "one/file", "x");
  watch (fixture, "one/file");
  g_assert_cmpint (g_chmod (directory, 0), ==, 0);
  expect_call (fixture);
  watch (fixture, "one/file");
  g_assert_cmpint (g_chmod (directory, 0700), ==, 0);
  expect_call (fixture);
}

/* What is not among the places says nothing. */
static void
test_others (Fixture *fixture, gconstpointer data)
{
  make_directory (fixture, "one");
  write_file (fixture, "one/file", "x");
  watch (fixture, "one/file");
  write_file (fixture, "one/other", "x");
  write_file (fixture, "other", "x");
  run_for (400);
  g_assert_cmpuint (fixture->n_calls, ==, 0);
}

/* Between the reading and the watch. */
static void
test_description (Fixture *fixture, gconstpointer data)
{
  g_autofree char *description = NULL;

  write_file (fixture, "file", "x");
  resolve (fixture, "file");
  description = sluice_file_watch_describe (fixture->places);
  write_file (fixture, "file", "another");
  sluice_file_watch_set_files (fixture->watch, fixture->places, description);
  expect_call (fixture);
  /* a comparison that is overtaken says nothing */
  sluice_file_watch_set_files (fixture->watch, fixture->places, description);
  watch (fixture, "file");
  run_for (400);
  g_assert_cmpuint (fixture->n_calls, ==, 0);
}

/* Never quiet: it is told all the same. */
static void
test_steady (Fixture *fixture, gconstpointer data)
{
  gint64 began = g_get_monotonic_time ();

  write_file (fixture, "file", "x");
  watch (fixture, "file");
  while (fixture->n_calls == 0 && g_get_monotonic_time () - began < WAIT_US)
    {
      write_file (fixture, "file", "y");
      run_for (50);
    }
  g_assert_cmpuint (fixture->n_calls, ==, 1);
}

static void
test_freed (Fixture *fixture, gconstpointer data)
{
  write_file (fixture, "file", "x");
  resolve (fixture, "file");
  sluice_file_watch_set_files (fixture->watch, fixture->places, "");
  write_file (fixture, "file", "y");
  run_for (50);
  g_clear_pointer (&fixture->watch, sluice_file_watch_free);
  run_for (400);
  g_assert_cmpuint (fixture->n_calls, ==, 0);
}

int
main (int argc, char *argv[])
{
  static const struct {
    const char *name;
    void (*test) (Fixture *fixture, gconstpointer data);
  } tests[] = {
    { "/file-watch/plain", test_plain },
    { "/file-watch/relative", test_relative },
    { "/file-watch/missing", test_missing },
    { "/file-watch/links", test_links },
    { "/file-watch/links-to-nothing", test_links_to_nothing },
    { "/file-watch/changes", test_changes },
    { "/file-watch/rights", test_rights },
    { "/file-watch/others", test_others },
    { "/file-watch/description", test_description },
    { "/file-watch/steady", test_steady },
    { "/file-watch/freed", test_freed },
  };

  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].name, Fixture, NULL, set_up, tests[i].test, tear_down);
  return g_test_run ();
}
