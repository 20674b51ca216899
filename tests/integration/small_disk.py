# SPDX-License-Identifier: GPL-3.0-or-later
"""File systems of a few MiB, for disks that are full or read-only."""

import contextlib
import os
import shutil
import subprocess
import tempfile

from harness import Skip, check_equal


@contextlib.contextmanager
def small_disk(size):
    """A file system of @size bytes."""
    path = tempfile.mkdtemp(prefix='sluice-disk-')
    try:
        made = subprocess.run(['mount', '-t', 'tmpfs', '-o', f'size={size},mode=0700', 'tmpfs', path],
                              capture_output=True, check=False)
        if made.returncode != 0:
            raise Skip('needs the right to mount')
        try:
            yield path
        finally:
            subprocess.run(['umount', '-l', path], check=False)
    finally:
        shutil.rmtree(path, ignore_errors=True)


def remount(path, how):
    """@how: ro or rw."""
    made = subprocess.run(['mount', '-o', f'remount,{how}', path], capture_output=True, check=False)
    check_equal(made.returncode, 0, f'remount: {made.stderr}')


def fill(path):
    """Takes all space there is."""
    with open(os.path.join(path, 'filler'), 'wb', buffering=0) as file:
        with contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))
