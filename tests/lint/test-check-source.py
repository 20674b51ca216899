#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of check-source.py: each rule finds what it must, where it is, and leaves alone what is right."""

import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SPDX = '/* SPDX-License-Identifier: GPL-3.0-or-later */\n'
MESON = '''rooms = [
  ['shared', [], [glib_dep]],
  ['ledger', ['shared'], [sqlite_dep]],
  ['http', ['shared', 'ledger'],
   [soup_dep, json_dep]],
]
'''


def lines(count):
    return ''.join(f'  g_print ("{i}");\n' for i in range(count))


def body(text):
    text = '\n'.join('  ' + line.strip() for line in text.split('\n'))
    return f'{SPDX}void\nf (void)\n{{\n{text}\n}}\n'


# (what, file, contents, expected breaches as "line: rule")
CASES = [
    ('clean file', 'daemon/http/a.c', SPDX + '#include "shared/b.h"\n#include "a.h"\n#include <libsoup/soup.h>\n', []),
    ('no licence', 'daemon/http/a.c', '#include "a.h"\n', ['1: spdx']),
    ('licence of a script after its first line', 'tests/a.sh',
     '#!/bin/sh\n# SPDX-License-Identifier: GPL-3.0-or-later\n', []),
    ('script without licence', 'tests/a.py', 'pass\n', ['1: spdx']),
    ('no newline at the end', 'README.md', 'text', ['1: file-end']),
    ('empty lines at the end', 'README.md', 'text\n\n', ['2: file-end']),
    ('CR', 'README.md', 'one\ntwo\r\n', ['2: file-end', '2: trailing-blank']),
    ('trailing blank', 'README.md', 'one\ntwo \n', ['2: trailing-blank']),
    ('tab', 'daemon/http/a.c', SPDX + '\tint x;\n', ['2: trailing-blank']),
    ('120 columns', 'daemon/http/a.c', SPDX + '/*' + 'x' * 116 + '*/\n', []),
    ('121 columns', 'daemon/http/a.c', SPDX + '/*' + 'x' * 117 + '*/\n', ['2: line-length']),
    ('long lines of prose', 'README.md', 'x' * 300 + '\n', []),
    ('machine path', 'README.md', 'see /wo' 'rk/x\n', ['1: words']),
    ('how it was made', 'NOTICE', 'Co-authored' '-by: x\n', ['1: words']),
    ('unfinished', 'daemon/http/a.c', SPDX + '/* TO' 'DO: more */\n', ['2: marks']),
    ('header', 'daemon/http/a.h', SPDX + '#pragma once\n', []),
    ('header without guard', 'daemon/http/a.h', SPDX + 'int f (void);\n', ['1: header-guard']),
    ('header with a macro', 'daemon/http/a.h', SPDX + '#pragma once\n#ifndef A_H\n#define A_H\n#endif\n',
     ['3: header-guard']),
    ('function of 80 lines', 'daemon/http/a.c', f'{SPDX}void\nf (void)\n{{\n{lines(78)}}}\n', []),
    ('function of 81 lines', 'daemon/http/a.c', f'{SPDX}void\nf (void)\n{{\n{lines(79)}}}\n', ['3: function-length']),
    ('long function excused', 'daemon/http/a.c',
     f'{SPDX}void\nf (void) /* nocheck: function-length, a table */\n{{\n{lines(79)}}}\n', []),
    ('file of 701 lines', 'daemon/http/a.c', SPDX + '\n' * 699 + '/* */\n', ['1: file-length']),
    ('test file of 1,000 lines', 'tests/unit/a.c', SPDX + '\n' * 998 + '/* */\n', []),
    ('test file of 1,001 lines', 'tests/unit/a.c', SPDX + '\n' * 999 + '/* */\n', ['1: file-length']),
    ('room outside the row', 'daemon/ledger/a.c', SPDX + '#include "http/b.h"\n', ['2: room']),
    ('library outside the row', 'daemon/ledger/a.c', SPDX + '#include <sqlite3.h>\n#include <libsoup/soup.h>\n',
     ['3: room']),
    ('room of a row in two lines', 'daemon/http/a.c',
     SPDX + '#include "ledger/b.h"\n#include <json-glib/json-glib.h>\n', []),
    ('private header of another room', 'daemon/http/a.c', SPDX + '#include "ledger/b-private.h"\n', ['2: room']),
    ('way around', 'daemon/ledger/a.c', SPDX + '#include "../http/b.h"\n', ['2: room']),
    ('include in a comment', 'daemon/ledger/a.c', SPDX + '/*\n#include "http/b.h"\n*/\n', []),
    ('room without a row', 'daemon/attic/a.c', SPDX, ['1: room']),
    ('the composition root may all', 'daemon/sluice-daemon.c', SPDX + '#include "http/b.h"\n', []),
    ('good error texts', 'daemon/http/a.c',
     body('g_set_error (error, D, C, "cannot open \\"%s\\": %s", a, b (c, ")"));\n'
          'g_set_error_literal (error, D, C, "HTTP is spoken here");\n'
          'g_prefix_error (error, "reading %s: ", x);\n'
          'g_set_error (error, D, C, "SQLite says " "%s", x);\n'
          'g_set_error_literal (error, D, C, text);'), []),
    ('error in upper case', 'daemon/http/a.c', body('g_set_error (error, D, C, "Cannot open");'), ['5: error-text']),
    ('error in upper case, in pieces', 'daemon/http/a.c',
     body('g_set_error (error,\n  D,\n  C,\n  "cannot "\n  "open.");'), ['5: error-text']),
    ('error with newline', 'daemon/http/a.c', body('x = g_error_new (D, C, "no\\n");'), ['5: error-text']),
    ('error with a full stop', 'daemon/http/a.c', body('x = g_error_new_literal (D, C, "no.");'), ['5: error-text']),
    ('prefix without colon', 'daemon/http/a.c', body('g_prefix_error (error, "reading");'), ['5: error-text']),
    ('propagated prefix', 'daemon/http/a.c', body('g_propagate_prefixed_error (error, e, "Reading: ");'),
     ['5: error-text']),
    ('libsoup part left out', 'daemon/http/a.c', body('soup_multipart_new ("x");'), ['5: forbidden']),
    ('libsoup part used', 'daemon/http/a.c', body('soup_session_new ();'), []),
    ('shell', 'daemon/http/a.c', body('system ("x");'), ['5: forbidden']),
    ('no shell', 'daemon/http/a.c', body('x_system (1); x.system (1); /* system (1) */ y = "system (1)";'), []),
    ('sprintf', 'daemon/http/a.c', body('sprintf (a, "x"); g_snprintf (a, 1, "x");'), ['5: forbidden']),
    ('g_error', 'daemon/http/a.c', body('g_error ("x"); g_error_free (x);'), ['5: forbidden']),
    ('goto', 'daemon/http/a.c', body('goto out;'), ['5: forbidden']),
    ('setenv in a room', 'daemon/http/a.c', body('g_setenv ("A", "b", TRUE);'), ['5: forbidden']),
    ('setenv in main.c', 'daemon/main.c', body('g_setenv ("A", "b", TRUE);'), []),
    ('setenv in a test', 'tests/unit/a.c', body('g_setenv ("A", "b", TRUE);'), []),
    ('blocking call', 'daemon/http/a.c', body('g_dbus_connection_call_sync (x);'), ['5: sync-call']),
    ('blocking call elsewhere', 'daemon/ledger/a.c', body('x_sync (x); fsync (1);'), []),
    ('SQL literals', 'daemon/ledger/a.c', body('sqlite3_exec (db, "COM" "MIT", NULL, NULL, NULL);'), []),
    ('SQL constant', 'daemon/ledger/a.c',
     SPDX + 'static const char schema[] = "x";\nvoid\nf (void)\n{\n  sqlite3_exec (db, schema, 0, 0, 0);\n}\n', []),
    ('SQL at run time', 'daemon/ledger/a.c', body('sqlite3_exec (db, text, NULL, NULL, NULL);'), ['5: sql-text']),
    ('SQL formatted', 'daemon/ledger/a.c', body('x = sqlite3_mprintf ("%s", text);'), ['5: sql-text']),
    ('constants', 'daemon/http/a.c',
     SPDX + 'static const Row rows[] = { 1, 2 };\nstatic const char *const names[] = { "a" };\n'
     'const Dialect dialect = {\n  1\n};\nstatic int f (void);\nstatic GParamSpec *properties[3];\n'
     'static guint signals[2];\nstruct _A;\ntypedef struct\n{\n  int x;\n} A;\n'
     'static void\ng (A *a,\n   int b)\n{\n}\n', []),
    ('static variable', 'daemon/http/a.c', SPDX + 'static int count;\n', ['2: static-variable']),
    ('static variable of a function', 'daemon/http/a.c', body('static gboolean done = FALSE;'),
     ['5: static-variable']),
    ('pointers that may change', 'daemon/http/a.c', SPDX + 'static const char *names[] = { "a" };\n',
     ['2: static-variable']),
    ('global', 'daemon/http/a.c', SPDX + '\nint count = 0;\n', ['3: static-variable']),
    ('static variable excused', 'daemon/http/a.c',
     SPDX + 'static int count; /* nocheck: static-variable, counts once */\n', []),
    ('float for money', 'daemon/shared/sluice-money.c', body('double x = 1.5;'), ['5: money-float', '5: money-float']),
    ('float in the ledger', 'daemon/ledger/a.c', body('x = sqlite3_column_double (s, 1);'), ['5: money-float']),
    ('float elsewhere', 'daemon/http/a.c', body('double x = 1.5;'), []),
    ('excuse without reason', 'daemon/http/a.c', body('goto out; /* nocheck: forbidden */'),
     ['5: forbidden', '5: nocheck']),
    ('excuse for another rule', 'daemon/http/a.c', body('goto out; /* nocheck: sync-call, why not */'),
     ['5: forbidden']),
    ('excuse for no rule', 'daemon/http/a.c', body('x (); /* nocheck: nothing, why not */'), ['5: nocheck']),
]

BINARIES = [
    ('clean binary', '#include <stdio.h>\nint main (void) { return puts ("x"); }\n', True),
    ('binary with a shell', '#include <stdlib.h>\nint main (void) { return system ("x"); }\n', False),
]


def write(root, name, contents):
    path = os.path.join(root, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w', encoding='utf-8', newline='') as file:
        file.write(contents)
    return path


def run(root, *arguments):
    return subprocess.run([sys.executable, os.path.join(HERE, 'check-source.py'), '--root', root, *arguments],
                          capture_output=True, text=True, check=False)


def case(name, contents, expected):
    with tempfile.TemporaryDirectory() as root:
        write(root, 'daemon/meson.build', MESON)
        write(root, name, contents)
        result = run(root)
    found = re.findall(r'^# ' + re.escape(name) + r':(\d+: [\w-]+): ', result.stdout, re.M)
    status = 1 if expected else 0
    if sorted(found) == sorted(expected) and result.returncode == status:
        return []
    return [f'expected {expected}, status {status}', f'found {found}, status {result.returncode}',
            *result.stderr.split('\n')]


def binary_case(source, good):
    compiler = os.environ.get('CC', 'cc').split()
    with tempfile.TemporaryDirectory() as root:
        path = write(root, 'x/a.c', source)
        program = os.path.join(root, 'a.out')
        subprocess.run([*compiler, '-w', '-o', program, path], check=True)
        os.unlink(path)
        result = run(root, '--binary', program)
    line = re.search(r'^(not )?ok \d+ - binary', result.stdout, re.M)
    return [] if line and (line.group(1) is None) == good else result.stdout.split('\n')


def main():
    tests = [(what, lambda c=c: case(*c)) for what, *c in CASES] + \
            [(what, lambda c=c: binary_case(*c)) for what, *c in BINARIES]
    print(f'1..{len(tests)}')
    failed = 0
    for number, (what, function) in enumerate(tests, 1):
        problems = function()
        for line in problems:
            print(f'# {line}')
        failed += bool(problems)
        print(f'{"not " if problems else ""}ok {number} - {what}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
