/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Loaded in front of a daemon under test: calls of the C library that fail when the test says so. The test and we share
 * the file named in FAILING_CONTROL.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct {
  _Atomic int32_t write_error; /* errno of pwrite, 0 for none */
  _Atomic int32_t sync_error;  /* of fsync and fdatasync */
  _Atomic int64_t allocations; /* which one fails from here: 1 is the next; 0 or less for none */
  _Atomic int64_t failures;    /* how many calls have failed so far */
} Control;

extern void *__libc_malloc (size_t size);
extern void *__libc_calloc (size_t n, size_t size);
extern void *__libc_realloc (void *old, size_t size);

static Control *control; /* nocheck: static-variable, one process with one control */

__attribute__ ((constructor)) static void
open_control (void)
{
  const char *path = getenv ("FAILING_CONTROL");
  int fd = path != NULL ? open (path, O_RDWR | O_CLOEXEC) : -1;
  void *shared;

  if (fd < 0)
    return;
  shared = mmap (NULL, sizeof (Control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close (fd);
  if (shared != MAP_FAILED)
    control = shared;
}

static int
fails (int32_t error)
{
  if (error == 0)
    return 0;
  atomic_fetch_add (&control->failures, 1);
  errno = error;
  return 1;
}

static int
allocation_fails (void)
{
  if (control == NULL || atomic_load (&control->allocations) <= 0)
    return 0;
  return atomic_fetch_sub (&control->allocations, 1) == 1 && fails (ENOMEM);
}

ssize_t
pwrite64 (int fd, const void *bytes, size_t length, off64_t offset)
{
  ssize_t (*real) (int, const void *, size_t, off64_t) = dlsym (RTLD_NEXT, "pwrite64");

  return control != NULL && fails (control->write_error) ? -1 : real (fd, bytes, length, offset);
}

ssize_t
pwrite (int fd, const void *bytes, size_t length, off_t offset)
{
  return pwrite64 (fd, bytes, length, offset);
}

int
fsync (int fd)
{
  int (*real) (int) = dlsym (RTLD_NEXT, "fsync");

  return control != NULL && fails (control->sync_error) ? -1 : real (fd);
}

int
fdatasync (int fd)
{
  int (*real) (int) = dlsym (RTLD_NEXT, "fdatasync");

  return control != NULL && fails (control->sync_error) ? -1 : real (fd);
}

void *
malloc (size_t size)
{
  return allocation_fails () ? NULL : __libc_malloc (size);
}

void *
calloc (size_t n, size_t size)
{
  return allocation_fails () ? NULL : __libc_calloc (n, size);
}

void *
realloc (void *old, size_t size)
{
  return allocation_fails () ? NULL : __libc_realloc (old, size);
}
