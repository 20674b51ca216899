#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The house's own lint: what compiler and clang-format do not see.

  check-source.py [--root DIR] [--binary FILE]... [--list] [FILE...]

Without FILE everything under --root is read. Each rule is one TAP test; a breach is a diagnostic line
`file:line: rule: what`. A comment `nocheck: rule, reason` switches one rule off on its line (on line 1 for rules about
a whole file, on the line of its name for a rule about a function). Standard library only.
"""

import argparse
import os
import re
import subprocess
import sys

RULES = {
    'spdx': 'each source says its licence in its first lines',
    'file-end': 'text files end in one newline and have no CR',
    'trailing-blank': 'no blanks at line ends, no tabs',
    'line-length': 'lines of code have at most 120 columns',
    'words': 'the project speaks of itself only, and names no machine',
    'marks': 'no marks of unfinished work',
    'header-guard': 'headers have #pragma once and no guard macros',
    'function-length': 'functions have at most 80 lines',
    'file-length': 'files have at most 700 lines, tests 1,000',
    'room': 'a room includes only the rooms of its row in daemon/meson.build, and uses only its libraries',
    'error-text': 'error texts begin in lower case and end without full stop or newline',
    'forbidden': 'no forbidden functions, no goto',
    'sync-call': 'nothing blocks in http, upstream and router',
    'sql-text': 'SQL is never put together at run time',
    'static-variable': 'no mutable static or global variables',
    'money-float': 'no floating point where money or tokens are counted',
    'nocheck': 'a nocheck comment names a rule and gives a reason',
    'binary': 'no forbidden symbols in the binaries',
}

LINE_MAX = 120
FUNCTION_MAX = 80
FILE_MAX = 700
TEST_FILE_MAX = 1000

SKIP_DIRS = {'.git', 'node_modules', '__pycache__', 'subprojects'}
CODE_ENDS = ('.c', '.h')
SOURCE_ENDS = CODE_ENDS + ('.py', '.sh', '.mjs', '.js', '.css')
MEASURED_ENDS = SOURCE_ENDS + ('.build',)
TEXT_ENDS = MEASURED_ENDS + ('.md', '.xml', '.ui', '.yaml', '.yml', '.json', '.txt', '.sql', '.in', '.service',
                             '.socket', '.desktop')
TEXT_NAMES = {'NOTICE', 'meson_options.txt', '.gitignore', '.clang-format', '.editorconfig'}
SCRIPT_NAMES = {'.ci/run'}

# Split, so that this file does not breach its own rule.
BANNED_WORDS = ['co-authored' '-by', 'generated ' 'by an? ', 'written ' 'by an? (?:ai|llm|model|machine)\\b',
                'ai-' 'generated', 'as an ' 'ai\\b', 'chat' 'gpt wrote', 'vibe' '[- ]cod', 'this ' 'workplace',
                'the ' 'brief\\b', 'sub-?' 'agent', 'coding ' 'session']
BANNED_PLACES = ['/wo' 'rk/', '/ro' 'ot/', '/t' 'mp/', '/ho' 'me/', 'registry\\.' 'npmjs', 'deb\\.' 'debian\\.org',
                 'files\\.' 'pythonhosted', 'pypi\\.' 'org', 'crates\\.' 'io\\b', 'proxy\\.' 'golang']
WORDS = re.compile('|'.join(BANNED_WORDS + BANNED_PLACES), re.I)
MARKS = re.compile(r'\b(TO' r'DO|FIX' r'ME|X' r'XX|HA' r'CK)\b')

SOUP_UNUSED = 'libsoup parts with open CVEs, which the design leaves out'
FORBIDDEN = [
    (r'soup_multipart_\w+', SOUP_UNUSED),
    (r'soup_websocket_\w+', SOUP_UNUSED),
    (r'soup_server_add_websocket_handler', SOUP_UNUSED),
    (r'soup_session_websocket_\w+', SOUP_UNUSED),
    (r'soup_cookies?_\w+', SOUP_UNUSED),
    (r'soup_cache_\w+', SOUP_UNUSED),
    (r'soup_auth_\w+', SOUP_UNUSED),
    (r'soup_content_sniffer\w*', SOUP_UNUSED),
    (r'soup_form_decode_multipart', SOUP_UNUSED),
    (r'g?_?system', 'runs a shell'),
    (r'popen', 'runs a shell'),
    (r'strcpy', 'unbounded; use g_strdup or a GString'),
    (r'strcat', 'unbounded; use a GString'),
    (r'v?sprintf', 'unbounded; use g_snprintf'),
    (r'gets', 'unbounded'),
    (r'g_error', 'aborts; set a GError or log a critical'),
]
FORBIDDEN_CALL = re.compile(r'(?<![\w.>])(?:' + '|'.join(f'(?P<r{i}>{p})' for i, (p, _) in enumerate(FORBIDDEN)) +
                            r')\s*\(')
FORBIDDEN_SYMBOL = re.compile(r'(?:' + '|'.join(p for p, _ in FORBIDDEN) + r')$')
SETENV = re.compile(r'(?<!\w)(?:g_setenv|setenv|putenv|g_unsetenv|unsetenv|clearenv)\s*\(')
SYNC_ROOMS = ('http', 'upstream', 'router')

# Message argument of each function, counted from 0; whether it is a prefix.
ERROR_CALLS = {
    'g_set_error': (3, False), 'g_set_error_literal': (3, False), 'g_error_new': (2, False),
    'g_error_new_literal': (2, False), 'g_prefix_error': (1, True), 'g_prefix_error_literal': (1, True),
    'g_propagate_prefixed_error': (2, True),
}
PROPER_NAMES = {'Ollama', 'Content', 'Transfer', 'Host', 'Origin', 'Authorization'}

EXTERNAL = {'soup_dep': '<libsoup/', 'sqlite_dep': '<sqlite3.h', 'yaml_dep': '<yaml.h', 'json_dep': '<json-glib/'}

MONEY_FILE = re.compile(r'money|price|cost|budget|spend|decimal|usage|ledger')
FLOAT = re.compile(r'\b(?:g?float|g?double|strto[fd]|g_ascii_strtod|g_strtod|g_ascii_dtostr|atof|sqlite3_column_double|'
                   r'sqlite3_bind_double|(?<![\w.])\d+\.\d+[fFlL]?)\b')


def mask(text):
    """Two copies of @text of the same length: without comments and texts, and without comments only."""
    token = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)

    def blank(match, keep):
        found = match.group()
        if found[0] in '"\'':
            return found if keep else found[0] + ' ' * (len(found) - 2) + found[-1]
        return re.sub(r'[^\n]', ' ', found)

    return (token.sub(lambda m: blank(m, False), text), token.sub(lambda m: blank(m, True), text))


class Source:
    """One file, with its comments and texts masked."""

    def __init__(self, root, name):
        self.name = name
        self.root = root
        with open(os.path.join(root, name), 'rb') as file:
            self.bytes = file.read()
        self.text = self.bytes.decode('utf-8', 'replace')
        self.lines = self.text.split('\n')
        self.is_code = name.endswith(CODE_ENDS)
        self.is_source = name.endswith(SOURCE_ENDS) or name in SCRIPT_NAMES
        self.is_test = name.startswith('tests/')
        parts = name.split('/')
        self.room = parts[1] if parts[0] == 'daemon' and len(parts) > 2 else None
        self.code, self.texts = mask(self.text) if self.is_code else (self.text, self.text)

    def line_of(self, offset):
        return self.text.count('\n', 0, offset) + 1


class Lint:
    def __init__(self, root):
        self.root = root
        self.breaches = {rule: [] for rule in RULES}
        self.rooms = read_rooms(os.path.join(root, 'daemon', 'meson.build'))

    def breach(self, rule, source, line, what):
        here = source.lines[line - 1] if 0 < line <= len(source.lines) else ''
        match = re.search(r'nocheck: *([\w-]+), *\S', here)
        if match is None or match.group(1) != rule:
            self.breaches[rule].append(f'{source.name}:{line}: {rule}: {what}')

    def check(self, source):
        for function in TEXT_CHECKS + (CODE_CHECKS if source.is_code else []):
            function(self, source)


def read_rooms(path):
    """The rows of the table `rooms`: name -> (rooms, libraries). No file, no rooms."""
    try:
        with open(path, encoding='utf-8') as file:
            text = file.read()
    except OSError:
        return {}
    start = text.find('rooms = [')
    end = text.find('\n]', start)
    rows = re.findall(r"\[\s*'([\w-]+)',\s*\[([^\]]*)\],\s*\[([^\]]*)\]", text[start:end]) if start >= 0 else []
    return {name: (set(re.findall(r"'([\w-]+)'", above)), set(re.findall(r'\w+', libraries)))
            for name, above, libraries in rows}


# Every text file

def check_spdx(lint, source):
    if not source.is_source:
        return
    wanted = 'SPDX-License-Identifier: GPL-3.0-or-later'
    if source.is_code and source.lines[0] != f'/* {wanted} */':
        lint.breach('spdx', source, 1, f'the first line is not /* {wanted} */')
    elif not any(wanted in line for line in source.lines[:3]):
        lint.breach('spdx', source, 1, f'no {wanted} in the first three lines')


def check_ends(lint, source):
    if b'\r' in source.bytes and 'fuzz' not in source.name:
        lint.breach('file-end', source, source.bytes[:source.bytes.index(b'\r')].count(b'\n') + 1, 'a CR')
    if source.bytes and not source.bytes.endswith(b'\n'):
        lint.breach('file-end', source, len(source.lines), 'no newline at the end')
    elif source.bytes.endswith(b'\n\n'):
        lint.breach('file-end', source, len(source.lines) - 1, 'empty lines at the end')


def check_lines(lint, source):
    measured = source.name.endswith(MEASURED_ENDS) or source.name in SCRIPT_NAMES
    for number, line in enumerate(source.lines, 1):
        if line != line.rstrip():
            lint.breach('trailing-blank', source, number, 'blanks at the end of the line')
        if measured and '\t' in line:
            lint.breach('trailing-blank', source, number, 'a tab')
        if measured and len(line) > LINE_MAX:
            lint.breach('line-length', source, number, f'{len(line)} columns')
        match = WORDS.search(line)
        if match is not None:
            lint.breach('words', source, number, f'"{match.group()}"')
        match = MARKS.search(line)
        if match is not None and not source.name.startswith('tests/lint/'):
            lint.breach('marks', source, number, match.group())


def check_nochecks(lint, source):
    if not source.is_source or source.name.startswith('tests/lint/'):
        return
    for number, line in enumerate(source.lines, 1):
        match = re.search(r'nocheck\b(?:: *([\w-]+)(, *\w+)?)?', line)
        if match is None:
            continue
        if match.group(1) not in RULES:
            lint.breach('nocheck', source, number, f'no rule named "{match.group(1)}"')
        elif match.group(2) is None:
            lint.breach('nocheck', source, number, 'no reason given')


# C

def check_guard(lint, source):
    if not source.name.endswith('.h'):
        return
    if not re.search(r'^#pragma once$', source.code, re.M):
        lint.breach('header-guard', source, 1, 'no #pragma once')
    match = re.search(r'^#ifndef (\w+_H_*)\s*\n#define \1', source.code, re.M)
    if match is not None:
        lint.breach('header-guard', source, source.line_of(match.start()), f'guard macro {match.group(1)}')


def functions(source):
    """(name, line of the name, lines of the body) of each function whose braces stand in column 0."""
    lines = source.code.split('\n')
    start = None
    for number, line in enumerate(lines, 1):
        if line.rstrip() == '{':
            start = number
        elif line.startswith('}') and start is not None:
            for above in range(start - 1, max(0, start - 30), -1):
                match = re.match(r'(\w+) \(', lines[above - 1])
                if match is not None:
                    yield match.group(1), above, number - start + 1
                    break
            start = None


def check_lengths(lint, source):
    for name, line, length in functions(source):
        if length > FUNCTION_MAX:
            lint.breach('function-length', source, line, f'{name} has {length} lines')
    most = TEST_FILE_MAX if source.is_test else FILE_MAX
    length = len(source.lines) - 1
    if length > most:
        lint.breach('file-length', source, 1, f'{length} lines')


def check_rooms(lint, source):
    if source.room is None or source.room not in lint.rooms:
        if source.room is not None:
            lint.breach('room', source, 1, f'{source.room} has no row in daemon/meson.build')
        return
    above, libraries = lint.rooms[source.room]
    for match in re.finditer(r'^[ \t]*#[ \t]*include[ \t]+(["<])([^">\n]+)', source.texts, re.M):
        line = source.line_of(match.start())
        name = match.group(2)
        if match.group(1) == '<':
            for library, header in EXTERNAL.items():
                if ('<' + name).startswith(header) and library not in libraries:
                    lint.breach('room', source, line, f'{source.room} does not use {library}')
            continue
        room = name.split('/')[0] if '/' in name else source.room
        if room == '..' or (room != source.room and room not in above):
            lint.breach('room', source, line, f'{source.room} may not include {name}')
        elif room != source.room and name.endswith('-private.h'):
            lint.breach('room', source, line, f'{name} is private to {room}')


def arguments(text, start):
    """The arguments of the call whose opening parenthesis is at @start of @text (comments masked)."""
    depth, begin, found, index = 0, start + 1, [], start
    while index < len(text):
        char = text[index]
        if char in '"\'':
            index += 1
            while index < len(text) and text[index] != char:
                index += 2 if text[index] == '\\' else 1
        elif char in '([{':
            depth += 1
        elif char in ')]}':
            depth -= 1
            if depth == 0:
                found.append(text[begin:index].strip())
                return found
        elif char == ',' and depth == 1:
            found.append(text[begin:index].strip())
            begin = index + 1
        index += 1
    return found


def literal(argument):
    """The text of a string literal in its pieces, macros between them as one unknown word; None if it is none."""
    argument = re.sub(r'^(?:_|N_|Q_)\s*\((.*)\)$', r'\1', argument, flags=re.S)
    if not argument.startswith('"'):
        return None
    pieces = re.findall(r'"((?:\\.|[^"\\])*)"|(\w+)', argument)
    return ''.join(text if not word else '?' for text, word in pieces)


def error_text_fault(text, prefix):
    word = re.match(r'[A-Za-z]+', text)
    if word is not None and word.group()[0].isupper() and not re.match(r'[A-Z][A-Z\d]|[A-Z]\w*[A-Z]', text) \
       and word.group() not in PROPER_NAMES:
        return 'begins in upper case'
    if text.endswith('\\n'):
        return 'ends in a newline'
    if prefix and not text.endswith(': '):
        return 'a prefix ends in ": "'
    if not prefix and re.search(r'[.!]\s*$', text):
        return 'ends in a full stop'
    if not prefix and text != text.rstrip():
        return 'ends in a blank'
    return None


def check_error_texts(lint, source):
    for match in re.finditer(r'\b(' + '|'.join(ERROR_CALLS) + r')\s*\(', source.code):
        index, prefix = ERROR_CALLS[match.group(1)]
        found = arguments(source.texts, match.end() - 1)
        text = literal(found[index]) if len(found) > index else None
        fault = error_text_fault(text, prefix) if text is not None else None
        if fault is not None:
            lint.breach('error-text', source, source.line_of(match.start()), f'"{text}" {fault}')


def check_forbidden(lint, source):
    for match in FORBIDDEN_CALL.finditer(source.code):
        index = next(i for i in range(len(FORBIDDEN)) if match.group(f'r{i}') is not None)
        if source.is_test and FORBIDDEN[index][0] == 'g_error':
            continue  # a test ends with it
        lint.breach('forbidden', source, source.line_of(match.start()),
                    f'{match.group(f"r{index}")}: {FORBIDDEN[index][1]}')
    for match in re.finditer(r'\bgoto\b', source.code):
        lint.breach('forbidden', source, source.line_of(match.start()), 'goto: use automatic cleanup')
    if not source.is_test and source.name != 'daemon/main.c':
        for match in SETENV.finditer(source.code):
            lint.breach('forbidden', source, source.line_of(match.start()),
                        'the environment is changed in main.c only, before the threads start')
    if source.room in SYNC_ROOMS:
        for match in re.finditer(r'\b\w+_sync\s*\(', source.code):
            lint.breach('sync-call', source, source.line_of(match.start()), match.group().rstrip('( '))


def is_constant(argument, source):
    if literal(argument) is not None or re.fullmatch(r'[A-Z][A-Z\d_]*', argument):
        return True
    return re.fullmatch(r'\w+', argument) is not None and \
        re.search(r'\bstatic const char (?:\*const )?' + argument + r'\b', source.code) is not None


def check_sql(lint, source):
    for match in re.finditer(r'\b(sqlite3_exec|sqlite3_v?mprintf|sqlite3_snprintf)\s*\(', source.code):
        found = arguments(source.texts, match.end() - 1)
        texts = found[1:2] if match.group(1) == 'sqlite3_exec' else found
        if not texts or not all(is_constant(text, source) for text in texts):
            lint.breach('sql-text', source, source.line_of(match.start()),
                        f'{match.group(1)} with more than a literal; prepare and bind')


def is_mutable(declaration):
    """Whether `TYPE NAME` without its value may be written to. GLib's own idioms, written once, do not count."""
    if re.search(r'\bGParamSpec\s*\*|\bguint\s+\w*signals\s*\[|\b(?:GPrivate|GOnce|GQuark|GSourceFuncs)\b',
                 declaration):
        return False
    last = declaration.rsplit('*', 1)[-1]
    return re.search(r'\bconst(?:expr)?\b', last) is None


def check_variables(lint, source):
    if source.is_test or not source.name.endswith('.c'):
        return
    code = re.sub(r'^[ \t]*#(?:[^\n]*\\\n)*[^\n]*', lambda m: re.sub(r'[^\n]', ' ', m.group()), source.code, flags=re.M)
    # A declaration without a parenthesis is no function; a column-0 word without `static` is a global.
    local = r'^[ \t]*static\s+([^;={}()]*?)\s*(?:=|;)'
    outer = (r'^((?!static\b|typedef\b|__extension__\b|extern\b|struct\s+\w+;|return\b|case\b|default\b|G_)'
             r'[A-Za-z_][^;={}()]*?\w[\w\[\]]*)\s*(?:=|;)')
    for match in re.finditer(f'{local}|{outer}', code, re.M):
        declaration = match.group(1) or match.group(2)
        if re.search(r'[\w\]]\s*$', declaration) and len(declaration.split()) > 1 and is_mutable(declaration):
            name = re.findall(r'\w+', re.sub(r'\[.*', '', declaration, flags=re.S))[-1]
            start = match.start() + len(match.group()) - len(match.group().lstrip())
            lint.breach('static-variable', source, source.line_of(start), name)


def check_money(lint, source):
    base = os.path.basename(source.name)
    if source.is_test or not (source.room == 'ledger' or MONEY_FILE.search(base)):
        return
    for match in FLOAT.finditer(source.code):
        lint.breach('money-float', source, source.line_of(match.start()), match.group())


TEXT_CHECKS = [check_spdx, check_ends, check_lines, check_nochecks]
CODE_CHECKS = [check_guard, check_lengths, check_rooms, check_error_texts, check_forbidden, check_sql,
               check_variables, check_money]


def check_binary(lint, path):
    result = subprocess.run(['nm', '-D', '--undefined-only', path], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        lint.breaches['binary'].append(f'{path}: {result.stderr.strip() or "nm failed"}')
        return
    for line in result.stdout.split('\n'):
        symbol = line.split()[-1].split('@')[0] if line.split() else ''
        plain = re.sub(r'^__(\w+)_chk$', r'\1', symbol)
        if FORBIDDEN_SYMBOL.match(plain):
            lint.breaches['binary'].append(f'{os.path.basename(path)}: binary: uses {symbol}')


def is_text(name):
    return name.endswith(TEXT_ENDS) or name in SCRIPT_NAMES or os.path.basename(name) in TEXT_NAMES


def find_files(root):
    for folder, folders, names in os.walk(root):
        relative = os.path.relpath(folder, root)
        folders[:] = sorted(f for f in folders if f not in SKIP_DIRS and not f.startswith('_') and
                            not (relative == '.' and f.startswith('build')))
        for name in sorted(names):
            path = os.path.normpath(os.path.join(relative, name))
            # recorded and generated data is not ours to format
            if is_text(path) and name != 'package-lock.json' and '/samples/' not in path and \
               not path.startswith('data/catalogue/') and not os.path.islink(os.path.join(root, path)):
                yield path


def report(lint, binaries):
    failed = 0
    print(f'1..{len(RULES)}')
    for number, (rule, what) in enumerate(RULES.items(), 1):
        breaches = lint.breaches[rule]
        if rule == 'binary' and not binaries:
            print(f'ok {number} - {rule} # SKIP no binary given')
            continue
        for line in breaches:
            print(f'# {line}')
        failed += bool(breaches)
        print(f'{"not " if breaches else ""}ok {number} - {rule}: {what}')
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description='Checks the sources; output is TAP.')
    parser.add_argument('--root', default=os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    parser.add_argument('--binary', action='append', default=[], help='a program whose imports are checked')
    parser.add_argument('--list', action='store_true', help='print the rules')
    parser.add_argument('files', nargs='*', help='relative to the root')
    options = parser.parse_args()
    if options.list:
        for rule, what in RULES.items():
            print(f'{rule:16} {what}')
        return 0
    lint = Lint(options.root)
    for name in options.files or find_files(options.root):
        lint.check(Source(options.root, name))
    for path in options.binary:
        check_binary(lint, path)
    return report(lint, options.binary)


if __name__ == '__main__':
    sys.exit(main())
