/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/sluice-config.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ITEM "model_list:\n  - model_name: m\n    litellm_params:\n      model: ollama/x\n"
#define MAIN "include: [a.yaml]\n" ITEM

typedef struct {
  char *directory;
  GHashTable *environment;
  GPtrArray *findings;
  GPtrArray *files;
  SluiceConfig *config;
} Fixture;

static char *
path_of (Fixture *f, const char *name)
{
  return g_build_filename (f->directory, name, NULL);
}

static void
fixture_set_up (Fixture *f, gconstpointer data)
{
  f->directory = g_dir_make_tmp ("sluice-config-XXXXXX", NULL);
  g_assert_nonnull (f->directory);
  f->environment = g_hash_table_new (g_str_hash, g_str_equal);
  f->findings = g_ptr_array_new_with_free_func ((GDestroyNotify) sluice_finding_free);
  f->files = g_ptr_array_new_with_free_func (g_free);
}

static void
fixture_tear_down (Fixture *f, gconstpointer data)
{
  static const char *const names[] = { "main.yaml", "a.yaml", "b.yaml" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = path_of (f, names[i]);

      unlink (path);
    }
  g_rmdir (f->directory);
  g_free (f->directory);
  g_clear_pointer (&f->config, sluice_config_unref);
  g_hash_table_unref (f->environment);
  g_ptr_array_unref (f->findings);
  g_ptr_array_unref (f->files);
}

static void
write_file (Fixture *f, const char *name, const char *text)
{
  g_autofree char *path = path_of (f, name);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static SluiceConfig *
load (Fixture *f)
{
  g_autofree char *path = path_of (f, "main.yaml");

  g_clear_pointer (&f->config, sluice_config_unref);
  g_ptr_array_set_size (f->findings, 0);
  g_ptr_array_set_size (f->files, 0);
  f->config = sluice_config_load_full (path, f->environment, f->findings, f->files);
  for (guint i = 0; i < f->findings->len; i++)
    {
      g_autofree char *line = sluice_finding_to_string (g_ptr_array_index (f->findings, i));

      g_test_message ("%s", line);
    }
  g_assert_cmpstr (g_ptr_array_index (f->files, 0), ==, path);
  return f->config;
}

/* The only finding, which stands in the file @name. */
static void
assert_finding (Fixture *f, const char *name, guint line, guint column, const char *path, const char *words)
{
  g_autofree char *file = path_of (f, name);
  const SluiceFinding *finding;

  g_assert_cmpuint (f->findings->len, ==, 1);
  finding = g_ptr_array_index (f->findings, 0);
  g_assert_cmpstr (finding->file, ==, file);
  g_assert_cmpuint (finding->line, ==, line);
  g_assert_cmpuint (finding->column, ==, column);
  g_assert_cmpstr (finding->path, ==, path);
  g_assert_nonnull (strstr (finding->message, words));
}

/* Lists are put together, in order; a variable and a credential of one file serve the other. */
static void
test_lists (Fixture *f, gconstpointer data)
{
  g_autofree char *included = path_of (f, "a.yaml");
  const SluiceConfigModel *model;

  write_file (f, "main.yaml", MAIN "      litellm_credential_name: c\nenvironment_variables: {V: sk-v}\n");
  write_file (f, "a.yaml", "model_list:\n"
                           "  - {model_name: n, litellm_params: {model: ollama/y, api_key: os.environ/V}}\n"
                           "credential_list: [{credential_name: c, credential_values: {api_key: sk-c}}]\n"
                           "general_settings: {master_key: sk-0f3a9b}\n");
  g_assert_nonnull (load (f));
  g_assert_cmpuint (f->findings->len, ==, 0);
  g_assert_cmpuint (sluice_config_get_n_models (f->config), ==, 2);
  g_assert_cmpstr (sluice_config_get_model (f->config, 0)->api_key, ==, "sk-c");
  model = sluice_config_get_model (f->config, 1);
  g_assert_cmpstr (model->api_key, ==, "sk-v");
  g_assert_cmpstr (model->file, ==, included);
  g_assert_cmpstr (model->path, ==, "model_list[0]");
  g_assert_cmpuint (model->line, ==, 2);
  g_assert_cmpstr (sluice_config_get_master_key (f->config), ==, "sk-0f3a9b");
  g_assert_cmpuint (g_strv_length ((char **) sluice_config_get_files (f->config)), ==, 2);
  g_assert_cmpstr (sluice_config_get_files (f->config)[1], ==, included);
  g_assert_cmpuint (f->files->len, ==, 2);
  g_assert_cmpstr (g_ptr_array_index (f->files, 1), ==, included);
}

/* A map of an included file stands instead of the main file's, which is told. */
static void
test_maps (Fixture *f, gconstpointer data)
{
  write_file (f, "main.yaml", MAIN "sluice_settings: {port: 1, workers: 1}\n");
  write_file (f, "a.yaml", "sluice_settings: {port: 2}\n");
  g_assert_nonnull (load (f));
  assert_finding (f, "main.yaml", 6, 1, "sluice_settings", "a.yaml replaces this one");
  g_assert_cmpint (sluice_config_get_settings (f->config)->port, ==, 2);
  g_assert_cmpint (sluice_config_get_settings (f->config)->workers, ==, 0);
}

static void
test_places (Fixture *f, gconstpointer data)
{
  write_file (f, "main.yaml", MAIN);
  write_file (f, "a.yaml", "\nsluice_settings: {prot: 2}\n");
  g_assert_nonnull (load (f));
  assert_finding (f, "a.yaml", 2, 19, "sluice_settings.prot", "did you mean 'port'?");

  write_file (f, "a.yaml", "a:\n\tb: 1\n");
  g_assert_null (load (f));
  assert_finding (f, "a.yaml", 2, 1, "a", "tab");

  write_file (f, "a.yaml", "include: [b.yaml]\n");
  g_assert_nonnull (load (f));
  assert_finding (f, "a.yaml", 1, 1, "include", "no effect");
  g_assert_cmpuint (f->files->len, ==, 2);
}

static void
test_blank_file (Fixture *f, gconstpointer data)
{
  static const char *const blank[] = { "", "# x\n\n", "---\n", "{}\n", "~\n" };
  g_autofree char *main_file = path_of (f, "main.yaml");
  g_autofree char *included = path_of (f, "a.yaml");

  write_file (f, "main.yaml", MAIN);
  for (guint i = 0; i < G_N_ELEMENTS (blank); i++)
    {
      write_file (f, "a.yaml", blank[i]);
      g_assert_cmpstr (sluice_config_get_blank_file (load (f)), ==, included);
      g_assert_false (sluice_config_is_blank (f->config));
    }
  write_file (f, "a.yaml", "general_settings:\n");
  g_assert_null (sluice_config_get_blank_file (load (f)));
  write_file (f, "main.yaml", "# x\n");
  g_assert_cmpstr (sluice_config_get_blank_file (load (f)), ==, main_file);
  g_assert_true (sluice_config_is_blank (f->config));
}

static void
test_missing (Fixture *f, gconstpointer data)
{
  g_autofree char *included = path_of (f, "a.yaml");

  /* the credential may stand in the file that is not there */
  write_file (f, "main.yaml", MAIN "      litellm_credential_name: c\n");
  g_assert_null (load (f));
  assert_finding (f, "main.yaml", 1, 11, "include[0]", "cannot be included");
  g_assert_cmpuint (f->files->len, ==, 2);
  g_assert_cmpstr (g_ptr_array_index (f->files, 1), ==, included);
}

static void
test_kinds (Fixture *f, gconstpointer data)
{
  g_autofree char *fifo = path_of (f, "a.yaml");

  write_file (f, "main.yaml", MAIN);
  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  g_assert_null (load (f));
  assert_finding (f, "main.yaml", 1, 11, "include[0]", "not a pipe or a device");

  write_file (f, "main.yaml", "include: [/dev/zero]\n");
  g_assert_null (load (f));
  assert_finding (f, "main.yaml", 1, 11, "include[0]", "not a pipe or a device");

  write_file (f, "main.yaml", "include: [.]\n");
  g_assert_null (load (f));
  assert_finding (f, "main.yaml", 1, 11, "include[0]", "directory");

  write_file (f, "main.yaml", "include: [main.yaml]\n");
  g_assert_null (load (f));
  assert_finding (f, "main.yaml", 1, 11, "include[0]", "read already");

  write_file (f, "main.yaml", "include: [5]\n");
  g_assert_null (load (f));
  assert_finding (f, "main.yaml", 1, 11, "include[0]", "the name of a file, not a whole number");
}

/* The main file may be a pipe, but none that nobody writes to is waited for. */
static void
test_main_pipe (Fixture *f, gconstpointer data)
{
  g_autofree char *fifo = path_of (f, "main.yaml");

  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  load (f);
  g_assert_cmpuint (f->findings->len, ==, 1);
}

static void
test_limits (Fixture *f, gconstpointer data)
{
  g_autoptr (GString) many = g_string_new ("guardrails: [");

  write_file (f, "main.yaml", "include: [a.yaml, b.yaml]\n");
  for (guint i = 0; i < 60000; i++)
    g_string_append (many, "a,");
  g_string_append (many, "a]\n");
  write_file (f, "a.yaml", many->str);
  write_file (f, "b.yaml", many->str);
  g_assert_null (load (f));
  g_assert_true (sluice_findings_have_error (f->findings));
  g_assert_nonnull (strstr (((SluiceFinding *) g_ptr_array_index (f->findings, 0))->message, "values"));

  g_string_assign (many, "# ");
  for (guint i = 0; i < 600000; i++)
    g_string_append_c (many, 'x');
  write_file (f, "a.yaml", many->str);
  write_file (f, "b.yaml", many->str);
  g_assert_null (load (f));
  g_assert_nonnull (strstr (((SluiceFinding *) g_ptr_array_index (f->findings, 0))->message, "bytes"));
}

static void
test_same_id (Fixture *f, gconstpointer data)
{
  write_file (f, "main.yaml", MAIN "    model_info: {id: a}\n");
  write_file (f, "a.yaml", "model_list: [{model_name: n, litellm_params: {model: ollama/y}, model_info: {id: a}}]\n");
  g_assert_null (load (f));
  assert_finding (f, "a.yaml", 1, 14, "model_list[0]", "on line 3 of ");
}

int
main (int argc, char *argv[])
{
  static const struct {
    const char *path;
    void (*func) (Fixture *f, gconstpointer data);
  } tests[] = {
    { "/config-files/lists", test_lists },         { "/config-files/maps", test_maps },
    { "/config-files/places", test_places },       { "/config-files/missing", test_missing },
    { "/config-files/kinds", test_kinds },         { "/config-files/main-pipe", test_main_pipe },
    { "/config-files/limits", test_limits },       { "/config-files/same-id", test_same_id },
    { "/config-files/blank-file", test_blank_file },
  };

  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, Fixture, NULL, fixture_set_up, tests[i].func, fixture_tear_down);
  return g_test_run ();
}
