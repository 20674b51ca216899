#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys and prompts stay where they belong: planted ones, and a look at every place that they must not reach."""

import contextlib
import json
import os
import pty
import shutil
import signal
import sqlite3
import stat
import subprocess
import tempfile

from bus_client import NAME, PATH, Bus
from harness import (Gateway, Skip, TIME_FACTOR, Upstream, chat_body, check, check_equal, check_in, clean_environment,
                     make_config, program, run_tests, wait_until)

# Planted, each with a part that stands nowhere else.
MASTER = 'sk-canary-master-51a7'
IN_FILE = 'sk-canary-file-62b8'
STORED = 'sk-canary-stored-73c9'
HANDED = 'sk-canary-handed-84da'
VARIABLE = 'sk-canary-variable-95eb'
IN_FILES_VARIABLES = 'sk-canary-overlay-a6fc'
WRONG = 'sk-canary-wrong-b70d'
DEPLOYMENT = 'sk-canary-deployment-c81e'
PROMPT = 'canary-prompt-d92f'
ALL = (MASTER, IN_FILE, STORED, HANDED, VARIABLE, IN_FILES_VARIABLES, WRONG, DEPLOYMENT, PROMPT)

# How a provider may fail, and quote what it was sent.
FAILURES = ('echo-key', 'echo-key:status=400', 'echo-key:status=403', 'echo-key:status=429', 'echo-key:status=500',
            'echo-key:status=302', 'echo-key-200', 'echo-key-text', 'echo-key-text:bytes=1980',
            'echo-key-text:bytes=1970', 'echo-key-mid', 'status-401', 'html', 'not-json', 'half-json', 'empty',
            'error-200', 'error-mid', 'cut-border', 'reset-before', 'reset-mid', 'garbage', 'bad-chunk', 'redirect')


def entry(name, provider, base, upstream='fake', extra=(), info=()):
    """An item of model_list without a key."""
    lines = [f"  - model_name: '{name}'", '    litellm_params:', f"      model: '{provider}/{upstream}'",
             f"      api_base: '{base}'", *(f'      {line}' for line in extra)]
    if info:
        lines += ['    model_info:', *(f'      {line}' for line in info)]
    return '\n'.join(lines)


def command(gateway, *arguments, key=None, status=0):
    """Runs sluiced with the gateway's directories, the key on its standard input; what it says."""
    with tempfile.TemporaryFile() as file:
        file.write((key or '').encode())
        file.seek(0)
        result = subprocess.run([program('SLUICED'), *arguments], env=gateway.environment, stdin=file, check=False,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=20 * TIME_FACTOR)
    said = result.stdout.decode()
    check_equal(result.returncode, status, f'status of {arguments} ({said})')
    check_clean(said, f'what {arguments[0]} prints')
    return said


@contextlib.contextmanager
def place():
    """The directories of a gateway that is not started."""
    gateway = Gateway(None, start=False)
    try:
        yield gateway
    finally:
        gateway.clean()


def store(gateway, target, key):
    return command(gateway, '--set-credential', target, key=key + '\n')


def store_for_deployment(gateway, name, host, key):
    """A row as the bus would write it."""
    connection = sqlite3.connect(os.path.join(gateway.data, 'credentials.db'))
    with contextlib.closing(connection), connection:
        connection.execute("INSERT INTO credential (kind, name, host, secret, created_us, changed_us)"
                           " VALUES ('deployment', ?, ?, ?, 0, 0)", (name, host, key))


def deployments_stored(gateway):
    with contextlib.closing(sqlite3.connect(os.path.join(gateway.data, 'credentials.db'))) as connection:
        return [row[0] for row in connection.execute("SELECT name FROM credential WHERE kind = 'deployment'")]


@contextlib.contextmanager
def credentials_directory(**files):
    """What LoadCredential= makes of @files."""
    directory = tempfile.mkdtemp(prefix='sluice-credentials-')
    try:
        for name, content in files.items():
            path = os.path.join(directory, name)
            with open(path, 'w', encoding='utf-8') as file:
                file.write(content)
            os.chmod(path, 0o400)
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def received(gateway, upstream, model):
    """The key that the provider gets for a request, or None."""
    upstream.reset()
    gateway.chat(model).expect(200)
    value = upstream.log()[-1]['headers'].get('authorization')
    return value.removeprefix('Bearer ') if value is not None else None


def read(path):
    with open(path, 'rb') as file:
        return file.read()


def check_clean(content, where, allowed=()):
    if isinstance(content, str):
        content = content.encode()
    for canary in ALL:
        check(canary in allowed or canary.encode() not in content, f'{canary} is in {where}')


def check_files(directory, allowed):
    """Every file below @directory, whole. @allowed: what may be in which, by the end of its name."""
    for folder, _, names in os.walk(directory):
        for name in names:
            path = os.path.join(folder, name)
            if stat.S_ISREG(os.lstat(path).st_mode):
                check_clean(read(path), path, next((keys for end, keys in allowed.items() if path.endswith(end)), ()))


# Where a key comes from

def test_order_of_sources():
    """Each source is taken away after the provider has got its key."""
    with Upstream() as upstream, credentials_directory(openai=HANDED + '\n') as handed:
        host = f'http://127.0.0.1:{upstream.port}'
        models = [entry('own', 'openai', upstream.base, extra=[f'api_key: {IN_FILE}'], info=['id: own-id']),
                  entry('plain', 'openai', upstream.base, info=['id: plain-id']),
                  entry('other', 'openai', upstream.base, upstream='fake:plain', info=['id: other-id'])]
        with Gateway(make_config(models, key=MASTER), key=MASTER, start=False,
                     environment={'CREDENTIALS_DIRECTORY': handed, 'OPENAI_API_KEY': VARIABLE}) as gateway:
            check_equal(store(gateway, f'openai@{host}', STORED),
                        f'stored a key for openai at {host}, ending in ...73c9\n', 'said')
            store_for_deployment(gateway, 'plain-id', host, DEPLOYMENT)
            gateway.start()
            found = [received(gateway, upstream, name) for name in ('own', 'plain', 'other')]
            check_equal(found, [IN_FILE, DEPLOYMENT, STORED], 'keys of own, plain and other')

            # a command while the daemon runs; it is seen when the keys are read again
            command(gateway, '--clear-credential', 'openai')
            check_equal(received(gateway, upstream, 'other'), STORED, 'key until then')
            gateway.stop()
            gateway.restart()
            check_equal(received(gateway, upstream, 'other'), HANDED, 'key after clearing')

            gateway.stop()
            os.unlink(os.path.join(handed, 'openai'))
            gateway.restart()
            check_equal(received(gateway, upstream, 'other'), VARIABLE, 'key without the file')

            gateway.stop()
            del gateway.environment['OPENAI_API_KEY']
            gateway.restart()
            check_equal(received(gateway, upstream, 'other'), None, 'key without anything')
            check_equal(received(gateway, upstream, 'own'), IN_FILE, 'key of the file')


def test_a_key_stays_with_its_host():
    with Upstream() as first, Upstream() as second:
        hosts = [f'http://127.0.0.1:{upstream.port}' for upstream in (first, second)]

        def config(base):
            return make_config([entry('moves', 'openai', base, info=['id: moves-id']),
                                entry('by-name', 'openai', f'http://localhost:{first.port}/v1')], key=MASTER)

        with Gateway(config(first.base), key=MASTER, start=False) as gateway:
            store(gateway, f'openai@{hosts[0]}', STORED)
            store_for_deployment(gateway, 'moves-id', hosts[0], DEPLOYMENT)
            gateway.start()
            check_equal(received(gateway, first, 'moves'), DEPLOYMENT, 'key at its host')
            check_equal(received(gateway, first, 'by-name'), None, 'key under another name of the host')
            check_in(f"sluiced --set-credential 'openai@http://localhost:{first.port}'", gateway.log(), 'the warning')
            check_equal(deployments_stored(gateway), ['moves-id'], 'stored for deployments')

            gateway.write_config('opnai/'.join(config(second.base).rsplit('openai/', 1)))
            os.kill(gateway.pid, signal.SIGHUP)
            wait_until(lambda: 'the old configuration stays' in gateway.log(), what='the refusal')
            check_equal(deployments_stored(gateway), ['moves-id'], 'stored after a refused file')

            # another one beside it, which does not get far, may not touch what this one uses
            beside = os.path.join(gateway.directory, 'beside.yaml')
            with open(beside, 'w', encoding='utf-8') as file:
                file.write(config(second.base))
            second_start = subprocess.run([program('SLUICED'), '--port', '0', '--config', beside],
                                          env=gateway.environment, capture_output=True, timeout=20, check=False)
            check(second_start.returncode != 0, 'two at once')
            check_in('another sluiced', second_start.stderr.decode())
            check_equal(deployments_stored(gateway), ['moves-id'], 'stored after a start that was refused')

            gateway.stop()
            gateway.write_config(config(second.base))
            gateway.restart()
            check_equal(received(gateway, second, 'moves'), None, 'key at another host')
            log = gateway.log()
            check_in('moves-id', log, 'the warning')
            check_in('is dropped', log, 'the warning')
            check_in(hosts[1], log, 'the warning')
            check_clean(log, 'the log')
            wait_until(lambda: deployments_stored(gateway) == [], what='the key is dropped')
            check(DEPLOYMENT.encode() not in read(os.path.join(gateway.data, 'credentials.db')), 'a trace is left')

            gateway.stop()
            gateway.write_config(config(first.base))
            gateway.restart()
            check_equal(received(gateway, first, 'moves'), STORED, 'key after coming back')


def test_other_wires_and_keyless():
    """A key for a local server goes there and nowhere else; who has none gets none."""
    with Upstream() as upstream:
        models = [entry('olla', 'ollama', upstream.ollama_base), entry('vllm', 'hosted_vllm', upstream.base),
                  entry('llama', 'llama_cpp', upstream.base), entry('echo', 'mock', 'http://127.0.0.1:9')]
        with Gateway(make_config(models, key=MASTER), key=MASTER, start=False) as gateway:
            store(gateway, f'vllm@127.0.0.1:{upstream.port}', STORED)
            gateway.start()
            check_equal(received(gateway, upstream, 'vllm'), STORED, 'key of vllm')
            check_equal(received(gateway, upstream, 'llama'), None, 'key of llama_cpp')
            check_equal(received(gateway, upstream, 'olla'), None, 'key of ollama')


# Files and commands

def test_modes_and_traces():
    with Gateway(None, start=False, preexec=lambda: os.umask(0)) as gateway:
        previous = os.umask(0)
        try:
            store(gateway, 'openai', STORED)
        finally:
            os.umask(previous)
        path = os.path.join(gateway.data, 'credentials.db')
        check_equal(stat.S_IMODE(os.stat(path).st_mode), 0o600, 'mode of credentials.db')
        check_equal(stat.S_IMODE(os.stat(gateway.data).st_mode), 0o700, 'mode of the directory')
        check_in(STORED.encode(), read(path), 'credentials.db')
        store(gateway, 'openai', HANDED)
        check(STORED.encode() not in read(path), 'the replaced key is in credentials.db')
        check_equal(command(gateway, '--clear-credential', 'openai'), 'cleared the key stored for openai\n', 'said')
        check_clean(read(path), path)
        command(gateway, '--clear-credential', 'openai', status=1)
        check_equal(os.listdir(gateway.data), ['credentials.db'], 'files')
        gateway.start()
        for folder, names, files in os.walk(gateway.data):
            for name in names + files:
                mode = stat.S_IMODE(os.stat(os.path.join(folder, name)).st_mode)
                check(mode & 0o077 == 0, f'mode of {name}: {mode:o}')


def test_commands_refuse():
    with place() as gateway:
        check_in("did you mean 'openai'", command(gateway, '--set-credential', 'opnai', key=STORED, status=1))
        check_in('openai_like@HOST', command(gateway, '--set-credential', 'openai_like', key=STORED, status=1))
        check_in('is empty', command(gateway, '--set-credential', 'openai', key='\n', status=1))
        check_in('byte 22', command(gateway, '--set-credential', 'openai', key=STORED + '\n' + STORED, status=1))
        said = command(gateway, '--set-credential', STORED, key='x', status=1)
        check_in('should be replaced', said)
        main, side = pty.openpty()
        try:
            result = subprocess.run([program('SLUICED'), '--set-credential', 'openai'], env=gateway.environment,
                                    stdin=side, capture_output=True, check=False, timeout=20 * TIME_FACTOR)
        finally:
            os.close(main)
            os.close(side)
        check_equal(result.returncode, 1, 'status at a terminal')
        check_in(b'--set-credential openai < FILE', result.stderr, 'what it says')
        check(not os.path.exists(gateway.data), 'a refused command made something')


def test_faulty_files_are_not_used():
    """The daemon does not start, says what to do and leaves the file as it is."""
    def newer(path):
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute('PRAGMA user_version = 7')

    def garbage(path):
        with open(path, 'wb') as file:
            file.write(b'openai: ' + STORED.encode() + b'\n' + b'x' * 5000)

    for change, words in ((lambda path: os.chmod(path, 0o640), 'chmod 600'), (newer, 'newer version'),
                          (garbage, 'is no database')):
        with Gateway(None, start=False) as gateway:
            store(gateway, 'openai', STORED)
            path = os.path.join(gateway.data, 'credentials.db')
            change(path)
            before = read(path)
            gateway.launch()
            status = gateway.process.wait(20 * TIME_FACTOR)
            check_equal(status, 78, f'status with {words} ({gateway.log()})')
            check_in(words, gateway.log(), 'the message')
            check_in(path, gateway.log(), 'the message')
            check_clean(gateway.log(), 'the message')
            check_equal(read(path), before, 'the file')
            said = command(gateway, '--set-credential', 'openai', key=HANDED, status=1)
            check_in(words, said, 'what the command says')
            check_equal(read(path), before, 'the file')


def test_mistakes_beside_keys():
    """Findings quote what is wrong, never the key in the same line or in a wrong place."""
    config = f"""model_list:
  - model_name: one
    litellm_params: {{model: openai/a, api_keey: {IN_FILE}, api_key: [{IN_FILE}, {STORED}]}}
  - model_name: two
    litellm_params:
      model: openai/a
      api_key: {IN_FILE} {STORED}
      api_base: http://user:{HANDED}@127.0.0.1/v1
  - model_name: three
    litellm_params: {{model: opnai/a, api_key: {IN_FILE}}}
general_settings: {{master_keey: {MASTER}, master_key: [{MASTER}]}}
environment_variables: {{OPENAI_API_KEY: {{a: {IN_FILES_VARIABLES}}}}}
sluice_settings: {{port: {WRONG}}}
"""
    broken = (config, config.replace('general_settings:', '  general_settings:'),
              f'model_list:\n  - litellm_params: {{model: openai/a, api_key: {IN_FILE}\n', f'api_key: {IN_FILE}\n',
              f'{IN_FILE}\n', f'model_list: &a\n  - *b\n  - api_key: "{IN_FILE}\n',
              f'general_settings:\n\t{MASTER}: x\n')
    with place() as gateway:
        path = os.path.join(gateway.directory, 'mistakes.yaml')
        quoted = []
        for text in broken:
            with open(path, 'w', encoding='utf-8') as file:
                file.write(text)
            result = subprocess.run([program('SLUICED'), '--check-config', path], env=gateway.environment, check=False,
                                    capture_output=True, timeout=20 * TIME_FACTOR)
            check_equal(len(result.stderr) + len(result.stdout) > 0, True, 'findings')
            said = result.stderr + result.stdout
            quoted += [f'{canary} in {line.decode()}' for line in said.splitlines() for canary in ALL
                       if canary.encode() in line]
        check(not quoted, '\n'.join(quoted))


# Everything at once

class Answers:
    """Asks, and looks at whatever comes back."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.count = 0

    def look(self, answer, what, prompt=False):
        self.count += 1
        # an answer that echoes the prompt is what the client asked for
        allowed = (PROMPT,) if prompt else ()
        check_clean(answer.body, f'the answer to {what}', allowed)
        check_clean(json.dumps(answer.headers), f'the headers of {what}')
        return answer

    def chat(self, model, **members):
        stream = members.get('stream', False)
        answer = self.gateway.chat(model, PROMPT, **members)
        return self.look(answer, f'{model}, stream {stream}', prompt=True)


def all_config(upstream):
    models = []
    sources = (('file', 'openai', [f'api_key: {IN_FILE}']), ('stored', 'openai', []), ('handed', 'groq', []),
               ('variable', 'mistral', []), ('overlay', 'deepseek', []))
    for source, provider, extra in sources:
        models.append(entry(f'{source}-good', provider, upstream.base, extra=extra))
        models += [entry(f'{source}-{mode}', provider, upstream.base, f'fake:{mode}', extra) for mode in FAILURES]
    models.append(entry('olla', 'ollama', upstream.ollama_base, 'fake:echo-key', [f'api_key: {IN_FILE}']))
    more = f'environment_variables:\n  DEEPSEEK_API_KEY: {IN_FILES_VARIABLES}\n'
    return make_config(models, key=MASTER, more=more), [source[0] for source in sources]


def ask_wrongly(answers):
    gateway = answers.gateway
    for headers in ({'Authorization': f'Bearer {WRONG}'}, {'Authorization': WRONG}, {'x-api-key': WRONG},
                    {'x-api-key': WRONG, 'api-key': MASTER}, {'Authorization': f'Basic {WRONG}'},
                    {'X-Litellm-Api-Key': WRONG}, {'Authorization': f'Bearer {MASTER}x'}):
        answers.look(gateway.chat('file-good', PROMPT, headers={'Authorization': None, **headers}), f'key in {headers}')
    for path in (f'/v1/{WRONG}', f'/v1/models?key={WRONG}', f'/{PROMPT}', f'/v1/chat/completions?api_key={WRONG}'):
        answers.look(gateway.get(path, headers={'Authorization': None}), path)
    for body in (b'{"model":"file-good","messages":[{"content":"' + PROMPT.encode(), b'"' + PROMPT.encode() + b'"',
                 json.dumps(chat_body('file-good', PROMPT, api_key=WRONG)).encode(),
                 json.dumps(chat_body('file-good', PROMPT, api_base=f'http://{WRONG}')).encode()):
        answers.look(gateway.post('/v1/chat/completions', body), 'a bad body')
    with gateway.raw() as raw:
        raw.send(f'GET / HTTP/1.1\r\nHost: {WRONG}\r\nAuthorization: Bearer {WRONG}\r\n\r\n'.encode())
        answers.look(raw.answer(), 'a foreign host')


def check_process(gateway):
    proc = f'/proc/{gateway.pid}'
    check_clean(read(f'{proc}/cmdline'), 'the process list')
    # of a process that must not be dumped only root may read it
    with contextlib.suppress(PermissionError):
        check_clean(read(f'{proc}/environ'), 'the environment', allowed=(VARIABLE,))
    for task in os.listdir(f'{proc}/task'):
        check_clean(read(f'{proc}/task/{task}/comm'), 'the names of threads')
    limits = read(f'{proc}/limits').decode()
    line = next(line for line in limits.splitlines() if line.startswith('Max core file size'))
    check_equal(line.split()[4:6], ['1', '1'], 'limits of core files')


def check_upstream(upstream, sources):
    """The provider sees the key of its deployment, nobody else's, none of ours and none of clients."""
    keys = {'file': IN_FILE, 'stored': STORED, 'handed': HANDED, 'variable': VARIABLE, 'overlay': IN_FILES_VARIABLES}
    # a look at the list of models takes no key
    seen = [row for row in upstream.log() if row['path'] != '/api/tags']
    for row in seen:
        used = [key for key in keys.values() if key in json.dumps(row['headers'])]
        check(len(used) == 1, f'keys at the provider: {used} in {row["headers"]}')
        for canary in (MASTER, WRONG):
            check(canary not in json.dumps(row), f'{canary} reached the provider')
    for source in sources:
        count = sum(keys[source] in row['headers'].get('authorization', '') for row in seen)
        check(count >= len(FAILURES), f'{count} requests with the key {source}')


@contextlib.contextmanager
def overheard(bus):
    """Yields what reads all that went over the bus until then."""
    with tempfile.NamedTemporaryFile() as heard:
        monitor = subprocess.Popen(['dbus-monitor', '--address', bus.address], stdout=heard, stderr=heard,
                                   env=bus.environment)
        try:
            wait_until(lambda: os.path.getsize(heard.name) > 0, what='the monitor')
            yield lambda: read(heard.name).decode(errors='replace')
        finally:
            monitor.terminate()
            monitor.wait()


def ask_over_the_bus(bus, gateway):
    """Everything that the bus says, also about a file that has keys in wrong places."""
    text = read(gateway.config_path).decode()
    for wrong in (f'model_list: [{{api_key: {IN_FILE}}}]\nmodel_list: {MASTER}\n',
                  text + f'{IN_FILE}: {STORED}\nlitellm_settings: {{api_key:{IN_FILE}}}\n',
                  text.replace('model_list:', f'  {MASTER}: [', 1), f'{{{IN_FILE}', text):
        with open(gateway.config_path, 'w', encoding='utf-8') as file:
            file.write(wrong)
        bus.busctl('call', NAME, PATH, NAME, 'Reload', 'a{sv}', '0')
        bus.busctl('call', NAME, PATH, NAME, 'ConfigFindings', 'a{sv}', '0')
        bus.busctl('introspect', NAME, PATH)
    check_equal(bus.busctl('call', NAME, PATH, NAME, 'SetCloudPolicy', 'sa{sv}', 'explicit', '0')[0], 0, 'status')
    bus.busctl('call', NAME, PATH, NAME, 'SetCloudPolicy', 'sa{sv}', IN_FILE[:-2], '0')


def test_planted_everywhere():
    with Upstream() as upstream, credentials_directory(groq=HANDED) as handed, Bus() as bus, overheard(bus) as heard:
        config, sources = all_config(upstream)
        environment = {'CREDENTIALS_DIRECTORY': handed, 'MISTRAL_API_KEY': VARIABLE, 'G_MESSAGES_DEBUG': 'all',
                       'DBUS_SESSION_BUS_ADDRESS': bus.address}
        with Gateway(config, key=MASTER, environment=environment, start=False) as gateway:
            store(gateway, f'openai@http://127.0.0.1:{upstream.port}', STORED)
            gateway.start()
            answers = Answers(gateway)
            for source in sources:
                answers.chat(f'{source}-good').expect(200)
                answers.chat(f'{source}-good', stream=True).expect(200)
                for mode in FAILURES:
                    for stream in (False, True):
                        answers.chat(f'{source}-{mode}', stream=stream)
            answers.chat('olla')
            answers.chat('olla', stream=True)
            ask_wrongly(answers)
            for path in ('/', '/health', '/health/readiness', '/v1/models', '/v1/model/info', '/metrics'):
                answers.look(gateway.get(path), path)
            check(answers.count > len(FAILURES) * len(sources) * 2, f'{answers.count} answers')

            check_process(gateway)
            check_upstream(upstream, sources)
            check_clean(gateway.log(), 'the log')
            allowed = {'/config/sluice/config.yaml': (MASTER, IN_FILE, IN_FILES_VARIABLES),
                       '/credentials.db': (STORED,)}
            check(os.path.exists(os.path.join(gateway.data, 'sluice.db-wal')), 'no log of the database to look at')
            check_files(gateway.directory, allowed)
            bus.wait_for_gateway()
            ask_over_the_bus(bus, gateway)
            gateway.stop()
            check_files(gateway.directory, allowed)
            check_clean(gateway.log(), 'the log')
            check_in('ConfigFindings', heard(), 'what went over the bus')
            check_clean(heard().replace(IN_FILE[:-2], ''), 'what went over the bus')
test_planted_everywhere.seconds = 90.0


def test_no_core():
    """Not even when it is told to: the kernel does not write one."""
    with Upstream() as upstream, Gateway(make_config([entry('own', 'openai', upstream.base,
                                                            extra=[f'api_key: {IN_FILE}'])], key=MASTER),
                                         key=MASTER) as gateway:
        if os.environ.get('SLUICED_WRAPPER'):
            raise Skip('another program stands in front of the daemon')
        gateway.chat('own', PROMPT).expect(200)
        os.kill(gateway.pid, signal.SIGABRT)
        _, status = os.waitpid(gateway.pid, 0)
        gateway.process.process.returncode = -signal.SIGABRT
        check(os.WIFSIGNALED(status), f'status {status}')
        check(not os.WCOREDUMP(status), 'a core was written')


def test_clean_environment():
    """What the tests above stand on: nothing of these keys comes from outside."""
    check_clean('\n'.join(clean_environment().values()), 'the environment of the tests')


run_tests(globals())
