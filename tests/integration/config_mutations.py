# SPDX-License-Identifier: GPL-3.0-or-later
"""A configuration as people have it, and what becomes of it under fingers and storms.

mutations (seed) gives the same list for the same seed. Each says what must be found, as far as that follows from what
was done; what a random cut or swap does to the meaning nobody knows beforehand.
"""

import dataclasses
import random
import re

MODELS = '''\
model_list:
  - model_name: qwen3-local
    litellm_params:
      model: ollama/qwen3:8b
      api_base: {ollama}

  - model_name: claude-cloud
    litellm_params:
      model: anthropic/claude-sonnet-4-5
      api_key: os.environ/ANTHROPIC_API_KEY

  - model_name: gpt-cloud
    litellm_params:
      model: openai/gpt-4o-mini
      api_key: os.environ/OPENAI_API_KEY

litellm_settings:
  drop_params: true
  cache: true
  cache_params:
    type: redis
    host: localhost
    port: 6379
'''

FALLBACKS_LIST = '''\
  fallbacks:
    - qwen3-local: [gpt-cloud]
    - gpt-cloud: [claude-cloud]
'''

FALLBACKS_MAP = '''\
  fallbacks:
    qwen3-local: [gpt-cloud]
    gpt-cloud:
      - claude-cloud
'''

GENERAL = '''\

router_settings:
  routing_strategy: simple-shuffle
  num_retries: 2
  timeout: 30

general_settings:
  master_key: sk-1234
  database_url: os.environ/DATABASE_URL
'''


def tutorial(ollama='http://localhost:11434', fallbacks=FALLBACKS_LIST):
    """The file; @fallbacks in one of both forms."""
    return MODELS.format(ollama=ollama) + fallbacks + GENERAL


SNIPPET = '''\
model_list:
  - model_name: gpt-4o
    litellm_params:
      model: openai/gpt-4o
      api_key: os.environ/OPENAI_API_KEY
      rpm: 6
  - model_name: gpt-4o
    litellm_params:
      model: openai/gpt-4o-eu
      api_key: os.environ/OPENAI_API_KEY
router_settings:
  routing_strategy: simple-shuffle
  num_retries: 2
'''


@dataclasses.dataclass
class Mutation:
    name: str
    text: bytes
    line: int = 0        # where a finding must stand; 0 for anywhere
    words: tuple = ()    # one finding must hold all of these
    changes: bool = False  # the meaning changes for certain: there must be a finding that the original has not
    error: bool = False  # it must be refused
    column: int = 0      # of that finding, if it says so
    path: str = ''       # an expression that its path is, if it says so


def _with_line(lines, index, line):
    return ('\n'.join([*lines[:index], line, *lines[index + 1:]]) + '\n').encode()


def _key_of(line):
    """The place of the key in @line, or None."""
    return re.match(r'^(?:\s*(?:- )?)([A-Za-z_0-9-]+)(?=:( |$))', line)


def _is_name(key):
    """Whether @key is chosen by the author: any other is as good."""
    return key in ('qwen3-local', 'gpt-cloud')


def _typos(rng, lines):
    for index, line in enumerate(lines):
        match = _key_of(line)
        if match is None:
            continue
        key = match.group(1)
        place = rng.randrange(1, len(key))
        other = rng.choice([letter for letter in 'abcdefghijklmnopqrstuvwxyz' if letter not in key])
        forms = {'drop': key[:place] + key[place + 1:], 'double': key[:place] + key[place] + key[place:],
                 'wrong': key[:place] + other + key[place + 1:]}
        for form, typo in forms.items():
            new = line[:match.start(1)] + typo + line[match.end(1):]
            words = ('did you mean', f"'{key}'")
            # the nearest of "fallback" may be another kind of them
            if key in ('timeout', 'host', 'port', 'type', 'cache', 'model') or _is_name(key):
                words = ('did you mean',) if _is_name(key) else ()
            yield Mutation(f'{form} letter of {key} in line {index + 1}', _with_line(lines, index, new), index + 1,
                           words, changes=True)


def _indents(lines):
    for index, line in enumerate(lines):
        if not line.strip():
            continue
        for by in (-2, -1, 1, 2):
            if by < 0 and not line.startswith(' ' * -by):
                continue
            new = ' ' * by + line if by > 0 else line[-by:]
            # no line of the file is the only one of its block
            yield Mutation(f'line {index + 1} indented by {by:+}', _with_line(lines, index, new), changes=True)


def _values(lines):
    """Wrong types; what is written must be told about where the key stands."""
    bad = {'model_name': '[a]', 'litellm_params': 'text', 'model': '{a: b}', 'api_base': '5', 'api_key': '[a]',
           'drop_params': 'perhaps', 'cache': '[]', 'type': 'rediss', 'port': 'many', 'routing_strategy': 'shuffle',
           'num_retries': '-1', 'timeout': '.nan', 'master_key': 'password', 'database_url': '{a: b}',
           'model_list': '{}', 'litellm_settings': '[]', 'router_settings': 'text', 'general_settings': '5',
           'fallbacks': 'text', 'cache_params': '[1]'}
    huge = {'port': '9' * 40, 'num_retries': '1e99', 'timeout': '1e400', 'cache_params': '9' * 5000}
    for kind, table in (('bad', bad), ('huge', huge)):
        for index, line in enumerate(lines):
            match = _key_of(line)
            if match is None or match.group(1) not in table:
                continue
            new = f'{line[:match.end(1)]}: {table[match.group(1)]}'
            yield Mutation(f'{kind} value of {match.group(1)} in line {index + 1}', _with_line(lines, index, new),
                           0 if line.endswith(':') else index + 1, changes=True)
            if kind == 'bad':
                yield Mutation(f'null for {match.group(1)} in line {index + 1}',
                               _with_line(lines, index, line[:match.end(1)] + ': null'))


def _syntax(lines):
    for index, line in enumerate(lines):
        match = _key_of(line)
        if match is None:
            continue
        yield Mutation(f'no colon in line {index + 1}',
                       _with_line(lines, index, line[:match.end(1)] + line[match.end(1) + 1:]), changes=True)
        if line.startswith(' '):
            yield Mutation(f'tab in line {index + 1}', _with_line(lines, index, '\t' + line.lstrip(' ')), index + 1,
                           ('tab',), error=True)
        value = line[match.end(1) + 1:].strip()
        for kind, mark in (('quote', '"'), ('bracket', '[')):
            yield Mutation(f'open {kind} in line {index + 1}',
                           _with_line(lines, index, f'{line[:match.end(1)]}: {mark}{value}'), error=True)
        twice = [*lines[:index + 1], line.replace('- ', '  ', 1), *lines[index + 1:]]
        yield Mutation(f'second key of line {index + 1}', ('\n'.join(twice) + '\n').encode(), changes=True)


def _joined(lines):
    """Key and value in one piece, as the blank after the colon is forgotten in a flow map: nothing is set by it."""
    for index, line in enumerate(lines):
        match = _key_of(line)
        value = line[match.end(1) + 1:].strip() if match is not None else ''
        if not value or _is_name(match.group(1)):
            continue
        for mark in (':', '='):
            yield Mutation(f'key and value of line {index + 1} with {mark!r}',
                           _with_line(lines, index, f'{line[:match.start(1)]}"{match.group(1)}{mark}{value}":'),
                           index + 1, (f"'{match.group(1)}'",), changes=True, error=True)


def _providers(rng, lines):
    """A provider that is misspelt by one letter: the model would be missing, so it is refused with what was meant."""
    for index, line in enumerate(lines):
        match = re.match(r'^(\s*model: )([a-z_]+)(/.*)$', line)
        if match is None:
            continue
        provider = match.group(2)
        place = rng.randrange(1, len(provider) - 1)
        other = rng.choice([letter for letter in 'abcdefghijklmnopqrstuvwxyz' if letter not in provider])
        forms = {'drop': provider[:place] + provider[place + 1:], 'upper': provider.capitalize(),
                 'double': provider[:place] + provider[place] + provider[place:],
                 'wrong': provider[:place] + other + provider[place + 1:]}
        for form, typo in forms.items():
            yield Mutation(f'{form} letter of the provider in line {index + 1}',
                           _with_line(lines, index, match.group(1) + typo + match.group(3)), index + 1,
                           ('unknown provider', f"did you mean '{provider}'?"), changes=True, error=True,
                           column=match.end(1) + 1, path=r'model_list\[\d\]\.litellm_params\.model')


def _storms(rng, text):
    lists = ''.join(f'x{i}: &x{i} [{", ".join([f"*x{i - 1}"] * 9)}]\n' for i in range(1, 12))
    maps = ''.join(f'y{i}: &y{i} {{a: *y{i - 1}, b: *y{i - 1}}}\n' for i in range(1, 40))
    yield Mutation('bomb of lists', ('x0: &x0 [a]\n' + lists + text).encode(), error=True)
    yield Mutation('bomb of maps', ('y0: &y0 {a: b}\n' + maps + text).encode(), error=True)
    yield Mutation('alias of itself', (text + 'z: &z [*z]\n').encode(), error=True)
    yield Mutation('unknown alias', (text + 'z: *nobody\n').encode(), error=True)
    yield Mutation('deep lists', (text + 'z: ' + '[' * 20000 + '\n').encode(), error=True)
    yield Mutation('deep maps', (text + 'z: ' + '{a: ' * 20000 + '\n').encode(), error=True)
    yield Mutation('many keys', (text + ''.join(f'key{i}: 1\n' for i in range(20000))).encode(), error=True)
    yield Mutation('long line', (text + 'z: ' + 'x' * 900000 + '\n').encode())
    yield Mutation('too long', (text + '# ' + 'x' * 1100000 + '\n').encode(), error=True)
    yield Mutation('tag', (text + 'z: !!python/object/apply:os.system ["true"]\n').encode(), error=True)
    yield Mutation('second document', (text + '---\na: b\n').encode(), error=True)
    yield Mutation('empty', b'')
    yield Mutation('zeros', b'\0' * 4096, error=True)
    yield Mutation('utf-16', text.encode('utf-16'), error=True)
    yield Mutation('includes itself', ('include: [config.yaml]\n' + text).encode(), error=True)
    yield Mutation('includes a device', ('include: [/dev/zero]\n' + text).encode(), error=True)
    for number in range(8):
        yield Mutation(f'noise {number}', rng.randbytes(rng.randrange(1, 3000)))
    for number in range(12):
        place = rng.randrange(len(text))
        yield Mutation(f'byte {place} changed', text.encode()[:place] + rng.randbytes(1) + text.encode()[place + 1:])
    for number in range(12):
        place = rng.randrange(len(text))
        yield Mutation(f'cut at {place}', text.encode()[:place])


def mutations(seed, count):
    """@count of them: of each kind about as many, the storms and the providers all."""
    rng = random.Random(seed)
    text = tutorial()
    lines = text.rstrip('\n').split('\n')
    storms = list(_storms(rng, text))
    # that with the fewest first: the others take its share
    kinds = [list(_joined(lines)), list(_typos(rng, lines)), list(_indents(lines)), list(_values(lines)),
             list(_syntax(lines))]
    chosen = storms + list(_providers(rng, lines))
    for number, kind in enumerate(kinds):
        rng.shuffle(kind)
        left = (count - len(chosen)) // (len(kinds) - number)
        chosen = chosen + kind[:left]
    return chosen
