/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/sluice-config-private.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define INCLUDES_MAX 32
#define WAIT_MS 5000 /* for a pipe that is given as the file */

static void
document_free (SluiceConfigDocument *self)
{
  g_free (self->name);
  g_free (self->path);
  g_free (self->text);
  g_clear_pointer (&self->yaml, sluice_yaml_free);
  g_free (self);
}

GPtrArray *
sluice_config_documents_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) document_free);
}

SluiceConfigDocument *
sluice_config_document_new (const char *name, const char *path)
{
  SluiceConfigDocument *self = g_new0 (SluiceConfigDocument, 1);

  self->name = g_strdup (name);
  self->path = g_strdup (path);
  return self;
}

/* Why @fd cannot be read, or 0. A file that others name must be one: a device or a pipe may never end. */
static int
check_kind (int fd, gboolean plain_only, SluiceConfigDocument *document)
{
  struct stat status;

  if (fstat (fd, &status) != 0)
    return errno;
  if (S_ISDIR (status.st_mode))
    return EISDIR;
  if (plain_only && !S_ISREG (status.st_mode))
    return ENOTSUP;

  document->device = status.st_dev;
  document->inode = status.st_ino;
  return 0;
}

/* At most one byte more than @limit, so that a device or a huge file costs no more. Returns 0 or why not. */
static int
read_bytes (int fd, gsize limit, SluiceConfigDocument *document)
{
  struct pollfd wait = { .fd = fd, .events = POLLIN };

  document->text = g_malloc (limit + 1);
  while (document->length <= limit)
    {
      ssize_t n_read = read (fd, document->text + document->length, limit + 1 - document->length);

      if (n_read == 0)
        return 0;
      if (n_read > 0)
        document->length += (gsize) n_read;
      else if (errno == EAGAIN && poll (&wait, 1, WAIT_MS) == 0)
        return ETIMEDOUT;
      else if (errno != EINTR && errno != EAGAIN)
        return errno;
    }
  return 0;
}

int
sluice_config_document_read (SluiceConfigDocument *self, gsize limit, gboolean plain_only)
{
  /* without waiting for whoever may write into a pipe */
  int fd = open (self->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  int error = 0;

  if (fd < 0)
    return errno;

  error = check_kind (fd, plain_only, self);
  if (error == 0)
    error = read_bytes (fd, limit, self);
  close (fd);
  return error;
}

static const char *
describe_error (int error)
{
  return error == ENOTSUP ? "a file is wanted here, not a pipe or a device" : g_strerror (error);
}

/* Whether the file is one of @documents already. */
static gboolean
is_read_already (GPtrArray *documents, const SluiceConfigDocument *document)
{
  for (guint i = 0; i < documents->len; i++)
    {
      const SluiceConfigDocument *other = g_ptr_array_index (documents, i);

      if (other->device == document->device && other->inode == document->inode)
        return TRUE;
    }
  return FALSE;
}

static guint
count_values (GPtrArray *documents, gsize *n_bytes)
{
  guint n_values = 0;

  *n_bytes = 0;
  for (guint i = 0; i < documents->len; i++)
    {
      const SluiceConfigDocument *document = g_ptr_array_index (documents, i);
      const SluiceYamlNode *root = sluice_yaml_get_root (document->yaml);

      n_values += root != NULL ? root->size : 0;
      *n_bytes += document->length;
    }
  return n_values;
}

/* Reads the file that @node of the main file names. Returns whether all went well. */
static gboolean
include (SluiceConfigReader *self, const SluiceYamlNode *node, GPtrArray *files)
{
  const SluiceConfigDocument *main_file = g_ptr_array_index (self->documents, 0);
  g_autofree char *folder = g_path_get_dirname (main_file->path);
  g_autofree char *path = g_path_is_absolute (node->text) || g_str_equal (folder, ".")
                            ? g_strdup (node->text)
                            : g_build_filename (folder, node->text, NULL);
  g_autofree char *name = g_filename_display_name (path);
  SluiceConfigDocument *document = sluice_config_document_new (name, path);
  gsize n_bytes;
  int error;

  count_values (self->documents, &n_bytes);
  if (files != NULL)
    g_ptr_array_add (files, g_strdup (path));
  error = sluice_config_document_read (document, SLUICE_YAML_MAX_BYTES - n_bytes, TRUE);
  if (error != 0)
    sluice_config_reader_error (self, node, "this file cannot be included: %s", describe_error (error));
  else if (is_read_already (self->documents, document))
    sluice_config_reader_error (self, node, "this file is read already: remove this line");
  else if (document->length + n_bytes > SLUICE_YAML_MAX_BYTES)
    sluice_config_reader_error (self, node, "with this file the configuration has more than %d bytes",
                                SLUICE_YAML_MAX_BYTES);
  else
    {
      sluice_finding_sink_set_file (self->sink, name);
      document->yaml = sluice_yaml_parse (document->text, document->length, self->sink);
      sluice_finding_sink_set_file (self->sink, main_file->name);
    }
  if (document->yaml == NULL)
    {
      document_free (document);
      return FALSE;
    }

  g_ptr_array_add (self->documents, document);
  if (count_values (self->documents, &n_bytes) <= SLUICE_YAML_MAX_NODES)
    return TRUE;
  sluice_config_reader_error (self, node, "with this file the configuration has more than %d values",
                              SLUICE_YAML_MAX_NODES);
  return FALSE;
}

static gboolean
include_item (SluiceConfigReader *self, const SluiceYamlNode *node, GPtrArray *files)
{
  const SluiceConfigDocument *main_file = g_ptr_array_index (self->documents, 0);

  if (node->type != SLUICE_YAML_STRING || *node->text == '\0')
    sluice_config_reader_error (self, node, "takes the name of a file, not %s",
                                node->type == SLUICE_YAML_STRING ? "an empty text"
                                                                 : sluice_yaml_describe_type (node->type));
  else if (g_str_has_prefix (node->text, "os.environ/"))
    sluice_config_reader_error (self, node, "takes the name of a file: variables are not looked up here");
  else if (main_file->path == NULL)
    sluice_config_reader_error (self, node, "only a file can include others");
  else if (self->documents->len > INCLUDES_MAX)
    sluice_config_reader_error (self, node, "more than %d files: put them together", INCLUDES_MAX);
  else
    return include (self, node, files);
  return FALSE;
}

void
sluice_config_read_includes (SluiceConfigReader *self, GPtrArray *files)
{
  const SluiceConfigDocument *main_file = g_ptr_array_index (self->documents, 0);
  const SluiceYamlNode *list = sluice_yaml_get (sluice_yaml_get_root (main_file->yaml), "include");
  gsize before = sluice_yaml_path_push_key (self->path, "include");

  /* another type is found by the schema */
  for (guint i = 0; list != NULL && list->type == SLUICE_YAML_LIST && i < list->items->len; i++)
    {
      gsize item = sluice_yaml_path_push_index (self->path, i);

      if (!include_item (self, g_ptr_array_index (list->items, i), files))
        self->incomplete = TRUE;
      g_string_truncate (self->path, item);
      if (self->documents->len > INCLUDES_MAX + 1)
        break;
    }
  g_string_truncate (self->path, before);
}
