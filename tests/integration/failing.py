# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls of the C library that fail when a test says so (failing.c, FAILING in the environment)."""

import contextlib
import mmap
import os
import struct
import tempfile

from harness import Skip, program

SIZE = 24


class Failing:
    """What a gateway that is made with our environment is told."""

    def __init__(self, directory):
        path = os.path.join(directory, 'failing')
        with open(path, 'wb') as file:
            file.write(bytes(SIZE))
        with open(path, 'r+b') as file:
            self.memory = mmap.mmap(file.fileno(), SIZE)
        self.environment = {'LD_PRELOAD': program('FAILING'), 'FAILING_CONTROL': path}

    def set(self, write=0, sync=0, allocation=0):
        """@write, @sync: an errno, or 0 for none. @allocation: which one fails from now on, 1 for the next."""
        struct.pack_into('=iiq', self.memory, 0, write, sync, allocation)

    @property
    def failures(self):
        """How many calls have failed so far."""
        return struct.unpack_from('=q', self.memory, 16)[0]


@contextlib.contextmanager
def failing():
    with open(program('SLUICED'), 'rb') as file:
        content = file.read()
    if b'libasan.so' in content or b'libtsan.so' in content:
        raise Skip('a sanitizer wants to be loaded first')
    with tempfile.TemporaryDirectory(prefix='sluice-failing-') as directory:
        yield Failing(directory)
