# SPDX-License-Identifier: GPL-3.0-or-later
"""config.yaml as people have it, broken in all ways, and what the gateway makes of it."""

import concurrent.futures
import contextlib
import os
import re
import socket
import subprocess
import tempfile
import time

import config_mutations
from harness import (TIME_FACTOR, Gateway, Skip, Upstream, check, check_equal, check_in, clean_environment, make_config,
                     model_entry, program, run_tests)

SEED = 20261125
MUTATIONS = 300
OLLAMA_PORT = 11434
TUTORIAL_KEY = 'sk-1234'

FINDING = re.compile(r'^(?P<file>[^:]+)(?::(?P<line>\d+):(?P<column>\d+))?: (?P<level>error|warning): '
                     r'(?:(?P<path>[^ :]+): )?(?P<text>.+)$')


class Checked:
    """What --check-config said about a file."""

    def __init__(self, status, text, seconds):
        self.status = status
        self.text = text
        self.seconds = seconds
        self.findings = [FINDING.match(line) for line in text.splitlines()]

    def said(self):
        """The texts without their places."""
        return {(match['path'], match['text']) for match in self.findings}

    def at(self, line):
        return [match for match in self.findings if match['line'] == str(line)]


def check_file(directory, text, environment=None):
    path = os.path.join(directory, 'config.yaml')
    with open(path, 'wb') as file:
        file.write(text)
    wrapper = os.environ.get('SLUICED_WRAPPER', '').split()
    began = time.monotonic()
    done = subprocess.run([*wrapper, program('SLUICED'), '--check-config', 'config.yaml'], cwd=directory,
                          env={**clean_environment(), 'HOME': directory, **(environment or {})},
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=20 * TIME_FACTOR, check=False)
    checked = Checked(done.returncode, done.stderr.decode('utf-8'), time.monotonic() - began)
    for line, match in zip(checked.text.splitlines(), checked.findings, strict=True):
        check(match is not None, f'no finding: {line!r}')
    return checked


@contextlib.contextmanager
def folder():
    with tempfile.TemporaryDirectory(prefix='sluice-config-') as directory:
        yield directory


def ask_tutorial(gateway, upstream):
    answer = gateway.chat('qwen3-local', 'over the hills').expect(200).json()
    check_equal(answer['model'], 'qwen3-local', 'model')
    check(answer['choices'][0]['message']['content'] != '', 'an empty answer')
    check(any(entry['path'] == '/api/chat' for entry in upstream.log()), 'the provider was not asked')
    names = [model['id'] for model in gateway.get('/v1/models').expect(200).json()['data']]
    check_equal(names, ['qwen3-local', 'claude-cloud', 'gpt-cloud'], 'models')
    # listed, and said to be not there yet
    gateway.chat('claude-cloud').expect(501).error()


def need_port(port):
    try:
        with socket.create_server(('127.0.0.1', port)):
            pass
    except OSError as error:
        raise Skip(f'port {port} is taken: {error}') from error


def test_tutorial_unchanged():
    """The file byte for byte, on the port that Ollama has."""
    with contextlib.ExitStack() as stack:
        need_port(OLLAMA_PORT)
        try:
            upstream = stack.enter_context(Upstream('--port', str(OLLAMA_PORT)))
        except AssertionError:
            need_port(OLLAMA_PORT)  # somebody was faster
            raise
        gateway = stack.enter_context(Gateway(config_mutations.tutorial(), key=TUTORIAL_KEY))
        ask_tutorial(gateway, upstream)


def test_tutorial_elsewhere():
    """The same with the address in a variable, for both forms of fallbacks."""
    for fallbacks in (config_mutations.FALLBACKS_LIST, config_mutations.FALLBACKS_MAP):
        text = config_mutations.tutorial(fallbacks=fallbacks).replace('      api_base: http://localhost:11434\n', '')
        with Upstream() as upstream, Gateway(text, key=TUTORIAL_KEY,
                                             environment={'OLLAMA_API_BASE': upstream.ollama_base}) as gateway:
            ask_tutorial(gateway, upstream)
            log = gateway.log()
            for words in ("'DATABASE_URL' is not set", 'SQLite', 'no Redis is asked', 'key from a tutorial',
                          "'ANTHROPIC_API_KEY' is not set", 'status 501'):
                check_in(words, log, 'log')
            check(': error:' not in log, f'an error in {log}')


def snippet_with(first, last, change):
    """The load-balancing snippet with @change made to its lines @first to @last."""
    lines = config_mutations.SNIPPET.split('\n')
    lines[first - 1:last] = [change(line) for line in lines[first - 1:last]]
    return '\n'.join(lines).encode()


def test_wrong_indentation():
    """Line, column and what to change, for each way in which the snippet is pasted wrongly."""
    rows = [
        ((7, 7, lambda line: ' ' + line), '7:4', 'indented by 3, the list item on line 2 by 2'),
        ((7, 7, lambda line: '  ' + line), '7:5', 'indented by 4, the list item on line 2 by 2'),
        ((7, 7, lambda line: line[1:]), '7:2', 'indented by 1, the list item on line 2 by 2'),
        ((7, 10, lambda line: line[2:]), '7:1', 'indented by 0, the list item on line 2 by 2'),
        ((7, 10, lambda line: ' ' + line), '7:4', 'indented by 3, the list item on line 2 by 2'),
        ((7, 7, lambda line: line.replace('- ', '-')), '7:3', "a blank is missing after the '-'"),
        ((7, 7, lambda line: line.replace('- ', '  ')), '7:5', "put '- ' before it if it begins the next item"),
        ((4, 6, lambda line: line[4:]), '4:3', 'indented by 2, the keys of the list item on line 2 by 4'),
        ((4, 6, lambda line: line[2:]), '4:5', 'belongs to litellm_params'),
        ((5, 5, lambda line: ' ' + line), '5:15', 'indented by 7, the key on line 4 by 6'),
        ((3, 3, lambda line: line[2:]), '3:3', 'indented by 2, the keys of the list item on line 2 by 4'),
        ((3, 3, lambda line: ' ' + line), '3:20', 'indented by 5, the key on line 2 by 4'),
        ((3, 3, lambda line: line.replace(':', '')), '4:12', "a ':' is missing after a key (it begins on line 3)"),
        ((4, 4, lambda line: line.replace(': ', ':')), '5:14', "a blank is missing after the ':' on line 4"),
        ((11, 13, lambda line: '  ' + line), '11:3', 'indented by 2, the keys of the list item on line 7 by 4'),
        ((11, 13, lambda line: '    ' + line), '11:5', 'belongs to the top level'),
        ((11, 13, lambda line: '      ' + line), '11:7', 'belongs to the top level'),
        ((13, 13, lambda line: line[2:]), '13:1', 'belongs to router_settings'),
        ((13, 13, lambda line: line[1:]), '13:2', 'indented by 1, the key on line 12 by 2'),
    ]
    with folder() as directory:
        for change, place, words in rows:
            checked = check_file(directory, snippet_with(*change))
            found = [match for match in checked.findings if f"{match['line']}:{match['column']}" == place]
            check(any(words in match['text'] for match in found), f'{place} {words!r} is not in:\n{checked.text}')


def judge(mutation, before, checked):
    """What is wrong with how @mutation was taken, or None."""
    if checked.status not in (0, 1):
        return f'status {checked.status}'
    if checked.seconds > 1.0 * TIME_FACTOR:
        return f'took {checked.seconds:.2f} s'
    if (checked.status == 1) != any(match['level'] == 'error' for match in checked.findings):
        return f'status {checked.status} does not fit the findings'
    if mutation.error and checked.status != 1:
        return 'not refused'
    if mutation.changes and not checked.said() - before.said():
        return 'means something else, and nothing is said'
    if mutation.line and not [match for match in checked.at(mutation.line) if match['path'] is not None
                              and all(word in match['text'] for word in mutation.words)
                              and mutation.column in (0, int(match['column']))
                              and re.fullmatch(mutation.path or '.*', match['path'])]:
        return f'no finding on line {mutation.line} with its path and {mutation.words!r}'
    return None


def test_mutations():
    wanted = config_mutations.mutations(SEED, MUTATIONS)
    check_equal(len(wanted), MUTATIONS, 'mutations')

    def run(mutation):
        with folder() as directory:
            return check_file(directory, mutation.text)

    with folder() as directory:
        before = check_file(directory, config_mutations.tutorial().encode())
    check_equal(before.status, 0, 'status of the file as it is')
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        results = list(pool.map(run, wanted))
    faults = [f'{mutation.name}: {fault}\n{checked.text[:600]}'
              for mutation, checked in zip(wanted, results, strict=True) if (fault := judge(mutation, before, checked))]
    print(f'# {MUTATIONS} files in {time.monotonic() - began:.1f} s, the slowest '
          f'{max(result.seconds for result in results):.2f} s, {sum(result.status for result in results)} refused',
          flush=True)
    check(not faults, f'{len(faults)} of {MUTATIONS}:\n' + '\n'.join(faults[:12]))


test_mutations.seconds = 60.0


def test_include():
    with folder() as directory:
        with open(os.path.join(directory, 'more.yaml'), 'w', encoding='utf-8') as file:
            file.write('model_list:\n  - model_name: more\n    litellm_params: {model: mock/echo, api_kye: x}\n')
        checked = check_file(directory, b'include: [more.yaml]\nmodel_list: []\n')
        check_equal(checked.status, 1, 'status')
        check_in('more.yaml:3:40: error: model_list[0].litellm_params.api_kye: unknown key, did you mean',
                 checked.text)

        os.mkfifo(os.path.join(directory, 'pipe'))
        checked = check_file(directory, b'include: [pipe, none.yaml]\n')
        check_equal(checked.status, 1, 'status')
        check_in('config.yaml:1:11: error: include[0]:', checked.text)
        check_in('config.yaml:1:17: error: include[1]:', checked.text)


def test_wildcards():
    with Upstream() as upstream:
        entries = [model_entry('lab/*', upstream.base, upstream='*'), model_entry('plain', upstream.base)]
        with Gateway(make_config(entries)) as gateway:
            names = [model['id'] for model in gateway.get('/v1/models').expect(200).json()['data']]
            check_equal(names, ['plain'], 'models that are listed')
            for name in ('lab/one', 'lab/two', 'lab/a/b'):
                check_equal(gateway.chat(name).expect(200).json()['model'], name, 'model')
            check_equal([entry['model'] for entry in upstream.log()], ['one', 'two', 'a/b'], 'models of the provider')
            check(gateway.chat('other/one').status in (400, 404), 'a name that meets nothing')
            groups = {exchange['group'] for exchange in gateway.exchanges()}
            check('lab/*' in groups and not any(str(group).startswith('lab/o') for group in groups),
                  f'names that clients invent are groups: {groups}')


def test_settings_of_the_environment():
    with folder() as directory:
        checked = check_file(directory, b'model_list: []\n', {'SLUICE_MAX_CONNECTIONS': 'many', 'SLUICE_PROT': '1'})
        check_equal(checked.status, 1, 'status')
        check_in('the variable SLUICE_MAX_CONNECTIONS takes a whole number from 16 to 65536', checked.text)
        check_in('the variable SLUICE_PROT sets nothing, did you mean SLUICE_PORT?', checked.text)


def test_misspelt_provider():
    """Refused on a terminal, with the place of the value; a key in the wrong place is not repeated."""
    text = 'model_list:\n  - model_name: m\n    litellm_params:\n      model: olama/llama3\n'
    with folder() as directory:
        checked = check_file(directory, text.encode())
        check_equal(checked.text, "config.yaml:4:14: error: model_list[0].litellm_params.model: unknown provider "
                                  "'olama', did you mean 'ollama'?\n", 'what is said')
        check_equal(checked.status, 1, 'status')
        done = subprocess.run([program('SLUICED'), '--port', '0', '--config', 'config.yaml'], cwd=directory,
                              env={**clean_environment(), 'HOME': directory}, stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=20 * TIME_FACTOR, check=False)
        check_equal(done.returncode, 78, 'status of the start')
        check_in("did you mean 'ollama'?", done.stderr.decode(), 'what is said')

        checked = check_file(directory, text.replace('olama', 'nobody').encode())
        check_equal(checked.status, 0, 'status with a provider that is like none')
        check_in("config.yaml:4:14: warning: model_list[0].litellm_params.model: unknown provider 'nobody'",
                 checked.text)
        checked = check_file(directory, (text + '      custom_llm_provider: sk-planted-secret\n').encode())
        check_in('config.yaml:5:28: warning: model_list[0].litellm_params.custom_llm_provider: ', checked.text)
        check('planted' not in checked.text, f'a key is repeated: {checked.text}')


def test_addresses_and_origins():
    """What cannot be listened on, or never be met, is found before anything starts; it names its place."""
    text = """\
model_list: []
sluice_settings:
  host: %s
  allowed_hosts:
    - gateway.example
    - %s
  cors_origins: ['https://app.example', '%s']
"""
    rows = [
        (('localhost', '"*.example"', 'https://app.example/'), ('not a name', "no '*'", "no '/' at the end")),
        (('127.0.0.1:4000', 'http://gateway.example', '*'), ('without a port', 'without a scheme', "no '*'")),
        (('"[::1]"', '10.0.0.0/8', 'null'), ('without brackets', 'nor a network', 'tells nobody apart')),
        (('http://127.0.0.1', '"fd00::1"', 'https://a:b@app.example'), ('not a URL', 'in brackets', 'no password')),
    ]
    with folder() as directory:
        for values, words in rows:
            checked = check_file(directory, (text % values).encode())
            check_equal(checked.status, 1, 'status')
            for place, path, word in zip(('3:9', '6:7', '7:41'), ('host', 'allowed_hosts[1]', 'cors_origins[1]'), words,
                                         strict=True):
                check(any(f"{match['line']}:{match['column']}" == place and match['level'] == 'error'
                          and match['path'] == f'sluice_settings.{path}' and word in match['text']
                          for match in checked.findings), f'{place} {word!r} is not in:\n{checked.text}')
        checked = check_file(directory, (text % ('127.0.0.2', 'gateway.example:4000', 'tauri://localhost')).encode())
        check_equal((checked.status, checked.text), (0, ''), 'what can be used')
        checked = check_file(directory, b'model_list: []\n', {'SLUICE_HOST': 'localhost', 'LITELLM_CORS_ORIGINS': '*'})
        check_equal(checked.status, 1, 'status')
        check_in('the variable SLUICE_HOST takes an IP address', checked.text)
        check_in('the variable LITELLM_CORS_ORIGINS takes whole origins', checked.text)

        with open(os.path.join(directory, 'config.yaml'), 'w', encoding='utf-8') as file:
            file.write('sluice_settings: {host: localhost}\n')
        for arguments in (['--config', 'config.yaml'], ['--host', 'localhost'], ['--cors-origins', 'null']):
            done = subprocess.run([program('SLUICED'), '--port', '0', *arguments], cwd=directory, check=False,
                                  env={**clean_environment(), 'HOME': directory}, stdin=subprocess.DEVNULL,
                                  capture_output=True, timeout=20 * TIME_FACTOR)
            check_equal(done.returncode, 78, f'status with {arguments}')
            check_in(' takes ', done.stderr.decode(), 'what is said')


def test_providers_that_cannot_be_asked():
    """They are listed and say so when they are called; a bare name has the provider that it is known for."""
    pending = {'zephyr': 'huggingface/org/zephyr', 'claude': 'claude-3-opus', 'command': 'command-r-plus',
               'gemini': 'gemini-2.5-pro', 'azure': 'azure/x'}
    names = {'zephyr': 'huggingface', 'claude': 'anthropic', 'command': 'cohere', 'gemini': 'vertex_ai',
             'azure': 'azure'}
    with Upstream() as upstream:
        entries = [f'  - model_name: {group}\n    litellm_params: {{model: {model}, api_base: "{upstream.base}"}}\n'
                   for group, model in [*pending.items(), ('plain', 'gpt-4o'), ('none', "'gpt-oss:20b'")]]
        entries.append('  - model_name: echo\n    litellm_params: {model: o3-mini, mock_response: hello}\n')
        with Gateway(make_config(entries)) as gateway:
            listed = [model['id'] for model in gateway.get('/v1/models').expect(200).json()['data']]
            check_equal(listed, [*pending, 'plain', 'echo'], 'models that are listed')
            for group, provider in names.items():
                check_in(f"the provider '{provider}' cannot be asked for chat yet",
                         gateway.chat(group).expect(501).error()['message'], group)
            check_equal(upstream.log(), [], 'what was sent for those that cannot be asked')
            gateway.chat('plain').expect(200)
            check_equal([entry['model'] for entry in upstream.log()], ['gpt-4o'], 'models of the provider')
            gateway.chat('echo').expect(200)
            check_equal(gateway.log().count('cannot be asked yet'), len(pending), 'warnings')
            check_in('the model names no provider', gateway.log(), 'log')


if __name__ == '__main__':
    run_tests(globals())
