# SPDX-License-Identifier: GPL-3.0-or-later
"""What the integration tests stand on: a gateway and a provider as real processes, and a TAP runner.

Standard library only, for the system's Python 3.11. The programs come from the environment:
SLUICED, FAKE_PROVIDER. See tests/README.md.
"""

import contextlib
import http.client
import json
import os
import re
import select
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback

MASTER_KEY = 'sk-integration-0d4f3a'
UPSTREAM_KEY = 'sk-upstream-secret'

# attempt.state
OPEN, SETTLED, RELEASED = range(3)

# everything takes so much longer, under a sanitizer for example
TIME_FACTOR = float(os.environ.get('TEST_TIME_FACTOR', '1'))
START_SECONDS = 20 * TIME_FACTOR
PROXY_VARIABLES = ('http_proxy', 'https_proxy', 'all_proxy', 'no_proxy')


class Skip(Exception):
    """Raised by a test that cannot run here; its text says why."""


def wait_until(condition, seconds=5.0, what='the condition', step=0.01):
    """Asks until @condition returns something true, and returns that."""
    deadline = time.monotonic() + seconds * TIME_FACTOR
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f'{what} did not come true within {seconds * TIME_FACTOR} s (last: {value!r})')
        time.sleep(step)


def check(condition, message='check failed'):
    if not condition:
        raise AssertionError(message)


def check_equal(found, expected, what='value'):
    if found != expected:
        raise AssertionError(f'{what}: found {found!r}, expected {expected!r}')


def check_in(part, whole, what='text'):
    if part not in whole:
        raise AssertionError(f'{what}: {part!r} is not in {whole!r}')


class Answer:
    """One HTTP answer, read whole. Header names are in lower case."""

    def __init__(self, status, headers, body, cut=False):
        self.status = status
        self.headers = headers
        self.body = body
        self.cut = cut  # ended before its framing said so

    def json(self):
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise AssertionError(f'status {self.status}, no JSON ({error}): {self.body[:300]!r}') from error

    def error(self):
        """The member `error`, its shape checked: message, type, param, code, and nothing but JSON around it."""
        error = self.json().get('error')
        check(isinstance(error, dict), f'no error object: {self.body[:300]!r}')
        check(isinstance(error.get('message'), str) and error['message'] != '', f'no message: {error!r}')
        check(isinstance(error.get('code'), str), f'code is no string: {error!r}')
        check('type' in error and 'param' in error, f'members missing: {error!r}')
        return error

    def expect(self, status):
        check(self.status == status, f'status {self.status}, expected {status}: {self.body[:300]!r}')
        return self

    def events(self):
        return parse_events(self.body)


def parse_events(body):
    """The data of each server-sent event, in order, as every client must be able to read it."""
    text = body.decode('utf-8').removeprefix('\ufeff').replace('\r\n', '\n').replace('\r', '\n')
    check(text.endswith('\n\n') or text == '', f'the last event is not ended: {text[-80:]!r}')
    found = []
    for block in text.split('\n\n'):
        lines = [line[len('data:'):].removeprefix(' ') for line in block.split('\n') if line.startswith('data:')]
        if lines:
            found.append('\n'.join(lines))
    return found


def check_plain_events(body):
    """That each event is one line `data: …` and an empty line, and nothing else comes."""
    for block in body.decode('utf-8').removesuffix('\n\n').split('\n\n'):
        check(block.startswith('data: ') and '\n' not in block and '\r' not in block, f'not a plain event: {block!r}')


def read_answer(stream):
    """Reads one answer from a binary file, by its own framing. None if nothing came at all."""
    line = stream.readline()
    if line == b'':
        return None
    match = re.match(rb'HTTP/1\.[01] (\d{3})', line)
    check(match is not None, f'no status line: {line!r}')
    headers = {}
    while (line := stream.readline()) not in (b'\r\n', b'\n', b''):
        name, _, value = line.decode('latin-1').partition(':')
        headers[name.strip().lower()] = value.strip()
    status = int(match.group(1))
    if status in (204, 304) or 100 <= status < 200:
        return Answer(status, headers, b'')
    if headers.get('transfer-encoding', '').lower() == 'chunked':
        body, whole = read_chunks(stream)
        return Answer(status, headers, body, cut=not whole)
    if 'content-length' in headers:
        length = int(headers['content-length'])
        body = stream.read(length)
        return Answer(status, headers, body, cut=len(body) < length)
    return Answer(status, headers, stream.read())


def read_chunks(stream):
    body = b''
    while True:
        line = stream.readline()
        if not re.fullmatch(rb'[0-9a-fA-F]+\r\n', line):
            return body, False
        size = int(line, 16)
        if size == 0:
            return body, stream.readline() == b'\r\n'
        data = stream.read(size)
        body += data
        if len(data) < size or stream.read(2) != b'\r\n':
            return body, False


class Raw:
    """A bare connection, for what http.client would not send."""

    def __init__(self, port, timeout=10.0):
        self.socket = socket.create_connection(('127.0.0.1', port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile('rb')

    def send(self, data, bytewise=False):
        """Sends what the other side takes; False if it closed meanwhile."""
        try:
            if bytewise:
                for index in range(len(data)):
                    self.socket.sendall(data[index:index + 1])
            else:
                self.socket.sendall(data)
        except OSError:
            return False
        return True

    def answer(self):
        """The next answer; None at the end of the connection."""
        try:
            return read_answer(self.file)
        except ConnectionError:
            return None
        except TimeoutError as error:
            raise AssertionError(f'nothing came for {self.socket.gettimeout()} s') from error

    def at_end(self, seconds=5.0):
        """Whether the other side closes within @seconds without sending more."""
        self.socket.settimeout(seconds)
        try:
            return self.file.read(1) == b''
        except TimeoutError:
            return False
        except OSError:
            return True

    def reset(self):
        """Closes with a reset, as a killed client's kernel may."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self.close()

    def close(self):
        self.file.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()


class Process:
    """A program with its standard error kept in a file, so that it never blocks on a full pipe."""

    running = []  # what run_tests() ends at last, whatever a test left

    def __init__(self, arguments, environment, directory, **options):
        self.log_path = os.path.join(directory, 'stderr')
        with open(self.log_path, 'wb') as log:
            self.process = subprocess.Popen(arguments, env=environment, stdin=subprocess.PIPE,
                                            stdout=options.pop('stdout', log), stderr=log, **options)
        Process.running.append((self, directory))

    def log(self):
        with open(self.log_path, encoding='utf-8', errors='replace') as file:
            return file.read()

    def wait(self, seconds):
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def end(self):
        """For clean-up: ends it whatever it does."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()


class Upstream:
    """The fake provider. A deployment's model name chooses how it answers (fake-provider --list)."""

    def __init__(self, *arguments):
        self.directory = tempfile.mkdtemp(prefix='sluice-upstream-')
        self.process = None
        try:
            self.process = Process([program('FAKE_PROVIDER'), '--port', '0', *arguments], clean_environment(),
                                   self.directory, stdout=subprocess.PIPE)
            line = read_line(self.process.process.stdout, START_SECONDS)
            match = re.search(r'(\d+)\s*$', line)
            check(match is not None, f'the provider did not start: {line!r} {self.process.log()}')
            self.port = int(match.group(1))
        except BaseException:
            self.stop()
            raise

    @property
    def base(self):
        return f'http://127.0.0.1:{self.port}/v1'

    @property
    def ollama_base(self):
        return f'http://127.0.0.1:{self.port}'

    def _ask(self, method, path):
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=10)
        try:
            connection.request(method, path, body=b'' if method == 'POST' else None)
            return connection.getresponse().read()
        finally:
            connection.close()

    def log(self):
        """The requests seen, oldest first: method, path, headers, body, model, status, ended, aborted …"""
        return [json.loads(line) for line in self._ask('GET', '/_fake/log').splitlines()]

    def stats(self):
        return json.loads(self._ask('GET', '/_fake/stats'))

    def reset(self):
        self._ask('POST', '/_fake/reset')

    def requests(self):
        """How many requests came that cost a provider something; to look at its list of models does not."""
        return self.stats()['requests'] - sum(row['path'] == '/api/tags' for row in self.log())

    def stop(self):
        if self.process is not None:
            self.process.end()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.stop()


class Recorder:
    """A listener that answers always the same and remembers every byte: a proxy, a redirect's second address."""

    def __init__(self, answer=b'HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'):
        self.answer = answer
        self.socket = socket.create_server(('127.0.0.1', 0))
        self.port = self.socket.getsockname()[1]
        self.connections = 0
        self.received = b''
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            with connection:
                connection.settimeout(0.5)
                with contextlib.suppress(OSError):
                    self.received += connection.recv(65536)
                    connection.sendall(self.answer)
                    # closing with bytes unread would be a reset
                    connection.shutdown(socket.SHUT_WR)
                    while more := connection.recv(65536):
                        self.received += more

    def stop(self):
        # shutdown, because closing alone does not wake accept
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(5)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.stop()


class Gateway:
    """sluiced with directories of its own. @config is the text of config.yaml, or None for none.

    @environment is laid over a clean one; @data is an existing data directory to use instead of a new one; @start False
    leaves the start to start().
    """

    def __init__(self, config=None, arguments=(), environment=None, key=MASTER_KEY, data=None, start=True,
                 preexec=None):
        self.key = key
        self.arguments = list(arguments)
        self.preexec = preexec
        self.directory = tempfile.mkdtemp(prefix='sluice-test-')
        self.process = None
        self.port = None
        self.config_path = None
        self.environment = clean_environment()
        for name, folder in (('XDG_CONFIG_HOME', 'config'), ('XDG_DATA_HOME', 'data'), ('XDG_RUNTIME_DIR', 'run'),
                             ('XDG_STATE_HOME', 'state'), ('XDG_CACHE_HOME', 'cache'), ('HOME', 'home')):
            path = os.path.join(self.directory, folder)
            os.mkdir(path, 0o700)
            self.environment[name] = path
        if data is not None:
            self.environment['XDG_DATA_HOME'] = data
        self.environment.update(environment or {})
        if config is not None:
            self.write_config(config)
        if start:
            try:
                self.start()
            except BaseException:
                self.clean()
                raise

    @property
    def data(self):
        return os.path.join(self.environment['XDG_DATA_HOME'], 'sluice')

    @property
    def pid(self):
        return self.process.process.pid

    def write_config(self, text):
        folder = os.path.join(self.environment['XDG_CONFIG_HOME'], 'sluice')
        os.makedirs(folder, 0o700, exist_ok=True)
        self.config_path = os.path.join(folder, 'config.yaml')
        with open(self.config_path, 'w', encoding='utf-8') as file:
            file.write(text)

    def launch(self):
        """Starts the program without waiting for it to be ready."""
        arguments = [program('SLUICED'), '--port', '0', *self.arguments]
        if self.config_path is not None:
            arguments += ['--config', self.config_path]
        wrapper = os.environ.get('SLUICED_WRAPPER', '').split()
        self.process = Process(wrapper + arguments, self.environment, self.directory, preexec_fn=self.preexec)

    def start(self):
        self.launch()
        self.await_start()

    def await_start(self):
        """After launch(): until it listens."""
        deadline = time.monotonic() + START_SECONDS
        while self.port is None:
            match = re.search(r'listening on http://127\.0\.0\.1:(\d+)', self.log())
            if match is not None:
                self.port = int(match.group(1))
            elif self.process.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f'the gateway did not start (status {self.process.process.poll()}):\n{self.log()}')
            else:
                time.sleep(0.005)

    def restart(self):
        """After kill() or stop(): the same directories, a new process, perhaps another port."""
        self.process.end()
        self.port = None
        self.start()

    def log(self):
        return self.process.log()

    # Asking

    def headers(self, more=None):
        headers = {'Authorization': f'Bearer {self.key}'} if self.key is not None else {}
        headers.update(more or {})
        return {name: value for name, value in headers.items() if value is not None}

    def request(self, method, path, body=None, headers=None, timeout=20.0):
        """@body: an object (sent as JSON) or bytes. @headers: over the usual ones; None removes one."""
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        headers = self.headers(headers)
        if body is not None and not any(name.lower() == 'content-type' for name in headers):
            headers['Content-Type'] = 'application/json'
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=timeout)
        try:
            connection.request(method, path, body=body, headers=headers)
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            try:
                return Answer(response.status, names, response.read())
            except http.client.IncompleteRead as error:
                return Answer(response.status, names, error.partial, cut=True)
        finally:
            connection.close()

    def get(self, path, headers=None):
        return self.request('GET', path, headers=headers)

    def post(self, path, body, headers=None, timeout=20.0):
        return self.request('POST', path, body, headers, timeout)

    def chat(self, model, text='hello big world', path='/v1/chat/completions', headers=None, timeout=20.0, **members):
        return self.post(path, chat_body(model, text, **members), headers, timeout)

    def raw(self, timeout=10.0):
        return Raw(self.port, timeout)

    def wire(self, method, path, body=b'', headers=()):
        """The bytes of a good request. @headers: further lines."""
        lines = [f'{method} {path} HTTP/1.1', f'Host: 127.0.0.1:{self.port}']
        if self.key is not None:
            lines.append(f'Authorization: Bearer {self.key}')
        if body:
            lines += ['Content-Type: application/json', f'Content-Length: {len(body)}']
        return ('\r\n'.join([*lines, *headers]) + '\r\n\r\n').encode('latin-1') + body

    # What it wrote down

    def rows(self, sql, parameters=()):
        """Rows of sluice.db as dictionaries, read-only."""
        path = os.path.join(self.data, 'sluice.db')
        connection = sqlite3.connect(f'file:{path}?mode=ro', uri=True, timeout=5)
        try:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(sql, parameters)]
        finally:
            connection.close()

    def exchanges(self):
        """Every exchange, oldest first, each with the names of its subjects and its attempts under `attempts`."""
        names = '(SELECT name FROM subject WHERE id = {0}_id) AS "{0}"'.format
        # in this order: an exchange that is seen has its attempts by then
        found = self.rows(f'SELECT *, {names("account")}, {names("group")} FROM exchange ORDER BY id')
        attempts = self.rows(f'SELECT *, {names("deployment")}, {names("provider")} FROM attempt ORDER BY ordinal')
        by_exchange = {exchange['id']: exchange.setdefault('attempts', []) for exchange in found}
        for row in attempts:
            by_exchange.get(row['exchange_id'], []).append(row)
        return found

    def last_exchange(self, status, seconds=3.0):
        """Waits until the newest exchange is finished with @status, and returns it."""
        def finished():
            found = self.exchanges()
            return found[-1] if found and found[-1]['finished_us'] and found[-1]['status'] == status else None
        return wait_until(finished, seconds, f'an exchange with status {status}')

    # The process

    def fds(self):
        return len(os.listdir(f'/proc/{self.pid}/fd'))

    def threads(self):
        return len(os.listdir(f'/proc/{self.pid}/task'))

    def _memory(self, file, name):
        with open(f'/proc/{self.pid}/{file}', encoding='ascii') as stream:
            for line in stream:
                if line.startswith(name + ':'):
                    return int(line.split()[1]) * 1024
        raise AssertionError(f'no {name} in {file}')

    def rss(self):
        """Bytes."""
        return self._memory('status', 'VmRSS')

    def pss(self):
        """Bytes."""
        return self._memory('smaps_rollup', 'Pss')

    def cpu(self):
        """Seconds, user and system."""
        with open(f'/proc/{self.pid}/stat', encoding='ascii') as stream:
            fields = stream.read().rsplit(')', 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')

    def kill(self):
        self.process.process.send_signal(signal.SIGKILL)
        self.process.process.wait()

    def stop(self, seconds=20.0):
        """Ends it as a service manager would and checks that it went well."""
        if self.process.process.poll() is None:
            self.process.process.send_signal(signal.SIGTERM)
        status = self.process.wait(seconds * TIME_FACTOR)
        check(status == 0, f'the gateway ended with status {status}:\n{self.log()[-2000:]}')

    def clean(self):
        if self.process is not None:
            self.process.end()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, *unused):
        try:
            if kind is None and self.process.process.returncode is None:
                self.stop()
            elif kind is not None and self.process is not None:
                if (status := self.process.process.poll()) is not None:
                    print(f'# sluiced ended with status {status}')
                for line in self.log().splitlines()[-15:]:
                    print(f'# sluiced: {line}')
        finally:
            self.clean()


def clean_environment():
    """Ours without keys, proxies, bus and whatever else would make a run differ from the next one."""
    dropped = ('LITELLM_', 'OPENAI_', 'OLLAMA_', 'ANTHROPIC_', 'SLUICE_', 'XDG_', 'NOTIFY_', 'LISTEN_')
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith(dropped) and name.lower() not in PROXY_VARIABLES
                   and name not in ('DATABASE_URL', 'DBUS_SESSION_BUS_ADDRESS')}
    environment.update({'LC_ALL': 'C.UTF-8', 'TZ': 'UTC', 'GIO_USE_VFS': 'local',
                        'GSETTINGS_BACKEND': 'memory'})
    return environment


def program(variable):
    path = os.environ.get(variable, '')
    check(os.access(path, os.X_OK), f'{variable} does not name a program: {path!r}')
    return path


def read_line(stream, seconds):
    """One line of a pipe, or what came of it."""
    ready, _, _ = select.select([stream], [], [], seconds)
    return stream.readline().decode('utf-8', 'replace') if ready else ''


def chat_body(model, text='hello big world', **members):
    return {'model': model, 'messages': [{'role': 'user', 'content': text}], **members}


def model_entry(name, base, upstream=None, provider='hosted_vllm', extra='', info=''):
    """One item of model_list. @provider hosted_vllm on loopback is local; openai is billable.

    @upstream is the provider's model, which chooses the fake provider's mode. @extra and @info are further
    lines of litellm_params and model_info.
    """
    lines = [f"  - model_name: '{name}'", '    litellm_params:', f"      model: '{provider}/{upstream or name}'",
             f"      api_base: '{base}'", f"      api_key: '{UPSTREAM_KEY}'",
             *(f'      {line}' for line in extra.split('\n') if line)]
    if info:
        lines += ['    model_info:', *(f'      {line}' for line in info.split('\n') if line)]
    return '\n'.join(lines)


PRICES = 'input_cost_per_token: 0.000001\noutput_cost_per_token: 0.000002'


def make_config(entries, settings=None, key=MASTER_KEY, more=''):
    """The text of config.yaml. @settings: of sluice_settings, by name."""
    lines = ['model_list:' if entries else 'model_list: []', *entries]
    if key is not None:
        lines += ['general_settings:', f"  master_key: '{key}'"]
    # one attempt each, so that the number of upstream requests says something
    lines += ['router_settings:', '  num_retries: 0']
    if settings:
        lines += ['sluice_settings:', *(f'  {name}: {json.dumps(value)}' for name, value in settings.items())]
    return '\n'.join(lines) + '\n' + more


class World:
    """What the tests of a file share: one gateway in front of one provider."""

    def __init__(self, gateway, upstream):
        self.gateway = gateway
        self.upstream = upstream


# The runner

def _run_one(function, result):
    try:
        function()
        result.append(None)
    except BaseException as error:  # pylint: disable=broad-except
        result.append(error)


def _diagnose(error):
    if isinstance(error, AssertionError):
        place = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in place if not frame.filename.endswith('harness.py')] or place
        # one that did not end in time has no place
        return [*(f'line {frame.lineno}: {frame.line}' for frame in own[-1:]), *str(error).split('\n')]
    return traceback.format_exception(error)


def run_tests(namespace, seconds=30.0, setup=None):
    """Runs the functions test_* of @namespace in the order of their text; prints TAP and ends the process.

    @setup is a context manager whose value each function gets. A function may have an attribute `seconds`.
    """
    wanted = sys.argv[1:]
    tests = sorted((value for name, value in namespace.items() if name.startswith('test_') and callable(value)),
                   key=lambda function: function.__code__.co_firstlineno)
    tests = [test for test in tests if not wanted or test.__name__ in wanted]
    print(f'1..{len(tests)}', flush=True)
    failed = 0
    with contextlib.ExitStack() as stack:
        try:
            arguments = (stack.enter_context(setup()),) if setup is not None else ()
        except AssertionError as error:
            print(f'Bail out! {str(error)}'.replace('\n', ' | '), flush=True)
            sys.exit(1)
        for number, test in enumerate(tests, 1):
            name = test.__name__.removeprefix('test_').replace('_', ' ')
            limit = getattr(test, 'seconds', seconds) * TIME_FACTOR
            result = []
            thread = threading.Thread(target=_run_one, args=(lambda t=test: t(*arguments), result), daemon=True)
            began = time.monotonic()
            thread.start()
            thread.join(limit)
            error = result[0] if result else AssertionError(f'not finished within {limit} s')
            if isinstance(error, Skip):
                print(f'ok {number} - {name} # SKIP {error}', flush=True)
                continue
            if error is not None:
                failed += 1
                for line in ''.join(f'{line}\n' for line in _diagnose(error)).splitlines():
                    print(f'# {line}')
            print(f'{"not " if error is not None else ""}ok {number} - {name} ({time.monotonic() - began:.2f} s)',
                  flush=True)
    sys.stdout.flush()
    for process, directory in Process.running:
        process.end()
        shutil.rmtree(directory, ignore_errors=True)
    # threads of tests that hang must not keep this process
    os._exit(1 if failed or not tests else 0)
