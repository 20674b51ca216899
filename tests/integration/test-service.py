#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""As a service: what the manager is told, sockets it passes, leaving when idle and being woken, on the real binary."""

import contextlib
import http.client
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from harness import (TIME_FACTOR, Gateway, Process, Raw, Skip, Upstream, check, check_equal, check_in,
                     clean_environment, make_config, model_entry, program, run_tests, wait_until)

# A program that knows its own number before it becomes the daemon: LISTEN_PID and WATCHDOG_PID need it.
HELPER = '''
import fcntl, os, sys
numbers, names = sys.argv[1].split(','), sys.argv[2]
high = [fcntl.fcntl(int(number), fcntl.F_DUPFD, 100) for number in numbers]
for target, number in enumerate(high, 3):
    os.dup2(number, target)
    os.close(number)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(numbers)), LISTEN_FDNAMES=names)
os.execv(sys.argv[3], sys.argv[3:])
'''

CYCLES = 24
CLIENTS = 4
IDLE_SECONDS = 0.2
STEPS = 12
STEP_SECONDS = 0.003
BURST_SECONDS = 0.06


def config_for(upstream):
    return make_config([model_entry('local', upstream.base, 'fake'),
                        model_entry('slow', upstream.base, 'fake:slow:first=1500')])


class Manager:
    """The side of a service manager that is told things."""

    def __init__(self, abstract=False):
        self.directory = tempfile.mkdtemp(prefix='sluice-manager-')
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        name = f'sluice-test-{os.getpid()}-{os.path.basename(self.directory)}'
        self.name = f'@{name}' if abstract else os.path.join(self.directory, 'notify')
        self.socket.bind('\0' + name if abstract else self.name)
        self.seen = []

    def poll(self, seconds=0.0):
        """What has come so far, each as a dictionary."""
        while select.select([self.socket], [], [], seconds)[0]:
            text = self.socket.recv(4096).decode()
            self.seen.append(dict(line.split('=', 1) for line in text.splitlines()))
            seconds = 0.0
        return self.seen

    def wait_for(self, name, seconds=5.0, count=1):
        def found():
            messages = [message for message in self.poll(0.01) if name in message]
            return messages[-1] if len(messages) >= count else None
        return wait_until(found, seconds, f'{count} times {name}, seen {self.seen}')

    def close(self):
        self.socket.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()


class Sockets:
    """What socket units would hold: TCP on loopback and a Unix socket, from first to last of a test."""

    def __init__(self, directory, host='127.0.0.1', with_unix=True):
        self.tcp = socket.create_server((host, 0), backlog=1024)
        self.port = self.tcp.getsockname()[1]
        self.all = [self.tcp]
        self.names = ['http']
        if with_unix:
            self.path = os.path.join(directory, 'http.sock')
            self.unix = socket.socket(socket.AF_UNIX)
            self.unix.bind(self.path)
            self.unix.listen(1024)
            self.all.append(self.unix)
            self.names.append('http')

    def close(self):
        for one in self.all:
            one.close()


class Service(Gateway):
    """sluiced, started as a manager does: with sockets and a place to tell things to."""

    def __init__(self, config, sockets=None, manager=None, watchdog_us=None, **options):
        self.sockets = sockets
        environment = options.pop('environment', {})
        if manager is not None:
            environment['NOTIFY_SOCKET'] = manager.name
        if watchdog_us is not None:
            environment['WATCHDOG_USEC'] = str(watchdog_us)
        super().__init__(config, environment=environment, **options)

    def launch(self):
        arguments = [program('SLUICED'), *self.arguments]
        if self.config_path is not None:
            arguments += ['--config', self.config_path]
        arguments = os.environ.get('SLUICED_WRAPPER', '').split() + arguments
        if arguments[0] != program('SLUICED'):
            arguments[0] = shutil.which(arguments[0])
        if self.sockets is None:
            self.process = Process([*arguments, '--port', '0'], self.environment, self.directory)
            return
        numbers = [one.fileno() for one in self.sockets.all]
        helper = [sys.executable, '-S', '-c', HELPER, ','.join(map(str, numbers)), ':'.join(self.sockets.names)]
        self.process = Process([*helper, *arguments], self.environment, self.directory, pass_fds=numbers)


def get(port, path='/v1/models', headers=None, timeout=20.0 * TIME_FACTOR):
    connection = http.client.HTTPConnection('127.0.0.1', port, timeout=timeout)
    try:
        connection.request('GET', path, headers={'Authorization': 'Bearer sk-integration-0d4f3a', **(headers or {})})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


# What the manager is told

def test_ready_and_stopping(upstream):
    for abstract in (False, True):
        with Manager(abstract) as manager, Service(config_for(upstream), manager=manager) as gateway:
            ready = manager.wait_for('READY')
            # ready means ready: a connection at once is served
            check_equal(gateway.get('/health/readiness').status, 200, 'status')
            check_in('http://127.0.0.1:', ready['STATUS'], 'status')
            check(all('WATCHDOG' not in message for message in manager.seen), 'a pulse that nobody asked for')
            gateway.stop()
            stopping = manager.wait_for('STOPPING')
            check(int(stopping['EXTEND_TIMEOUT_USEC']) > 10_000_000, f'the drain is shorter: {stopping}')
            check_equal(sum('READY' in message for message in manager.poll()), 1, 'READY')


def test_not_ready_before_listening(upstream):
    taken = socket.create_server(('127.0.0.1', 0))
    with Manager() as manager, taken:
        gateway = Service(config_for(upstream), manager=manager, start=False)
        gateway.arguments = ['--port', str(taken.getsockname()[1])]
        gateway.launch = lambda: setattr(gateway, 'process', Process(
            [program('SLUICED'), '--config', gateway.config_path, *gateway.arguments], gateway.environment,
            gateway.directory))
        gateway.launch()
        check(gateway.process.wait(10 * TIME_FACTOR) not in (0, None), 'it started on a port that is taken')
        check_equal(manager.poll(0.05), [], 'messages')
        gateway.clean()


def test_watchdog(upstream):
    with Manager() as manager, Service(config_for(upstream), manager=manager, watchdog_us=400_000) as gateway:
        manager.wait_for('WATCHDOG', count=5)
        # with the main loop stopped there is none
        os.kill(gateway.pid, signal.SIGSTOP)
        time.sleep(0.3)
        manager.poll()
        before = len(manager.seen)
        time.sleep(0.5)
        check_equal(len(manager.poll()), before, 'messages while stopped')
        os.kill(gateway.pid, signal.SIGCONT)
        manager.wait_for('WATCHDOG', count=before + 2)


def ledger_thread(pid):
    for task in os.listdir(f'/proc/{pid}/task'):
        with open(f'/proc/{pid}/task/{task}/comm', encoding='ascii') as file:
            if file.read().strip() == 'ledger':
                return int(task)
    raise AssertionError('no thread of the ledger')


def test_watchdog_needs_the_ledger(upstream):
    """A writer that is held at the disk: a lock on the database that does not go away keeps it busy."""
    with Manager() as manager, Service(config_for(upstream), manager=manager, watchdog_us=200_000) as gateway:
        manager.wait_for('WATCHDOG', count=3)
        frozen = freeze(gateway)
        if frozen is None:
            raise Skip('no cgroup and no tracing here to hold one thread')
        with frozen:
            time.sleep(0.4 * TIME_FACTOR)
            manager.poll()
            before = len(manager.seen)
            time.sleep(0.6)
            check_equal(len(manager.poll()), before, 'pulses without a ledger')
            check_equal(gateway.get('/health/liveliness').status, 200, 'the rest lives')
        manager.wait_for('WATCHDOG', count=before + 2)
        check_in('watchdog gets no sign of life', gateway.log(), 'log')


def freeze(gateway):
    """Holds the ledger's thread alone, by tracing it. None where that is not allowed."""
    import ctypes  # pylint: disable=import-outside-toplevel
    libc = ctypes.CDLL(None, use_errno=True)
    seize, interrupt, detach = 0x4206, 0x4207, 17
    task = ledger_thread(gateway.pid)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    libc.ptrace.restype = ctypes.c_long
    if libc.ptrace(seize, task, None, None) != 0 or libc.ptrace(interrupt, task, None, None) != 0:
        return None

    @contextlib.contextmanager
    def held():
        try:
            yield
        finally:
            libc.ptrace(detach, task, None, None)
    return held()


def test_variables_are_gone(upstream):
    """They are for the daemon, not for what it may start: the environment as the process sees it has none left."""
    with Manager() as manager, tempfile.TemporaryDirectory() as directory:
        sockets = Sockets(directory)
        with Service(config_for(upstream), sockets, manager, watchdog_us=60_000_000) as gateway:
            manager.wait_for('READY')
            # the first block that the process was started with still shows them; nothing that is started later has them
            for number in (3, 4):
                with open(f'/proc/{gateway.pid}/fdinfo/{number}', encoding='ascii') as file:
                    flags = int(re.search(r'flags:\s*(\d+)', file.read()).group(1), 8)
                check(flags & os.O_CLOEXEC, f'descriptor {number} is not close-on-exec')
        sockets.close()


# Sockets that were passed

def test_inherited_sockets(upstream):
    with Manager() as manager, tempfile.TemporaryDirectory() as directory:
        sockets = Sockets(directory)
        with Service(config_for(upstream), sockets, manager, arguments=['--workers', '2']) as gateway:
            check_equal(gateway.port, sockets.port, 'port')
            manager.wait_for('READY')
            check_equal(get(sockets.port)[0], 200, 'status')
            # the Host check knows the port that we were given, and no other
            status, _ = get(sockets.port, headers={'Host': f'localhost:{sockets.port}'})
            check_equal(status, 200, 'our port in Host')
            status, _ = get(sockets.port, headers={'Host': f'localhost:{sockets.port ^ 1}'})
            check_equal(status, 421, 'another port in Host')
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(sockets.path)
                client.sendall(b'GET /health/liveliness HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
                check_in(b'200 OK', client.makefile('rb').read(), 'answer')
            own = os.path.join(gateway.environment['XDG_RUNTIME_DIR'], 'sluice', 'http.sock')
            check(not os.path.exists(own), 'a second Unix socket')
            gateway.stop()
            check(os.path.exists(sockets.path), "the manager's socket was removed")
            check('listening on http://[::1]' not in gateway.log(), 'a socket of its own')
            # and it goes on with the next one
            result = []
            waiting = threading.Thread(target=lambda: result.append(get(sockets.port)), daemon=True)
            waiting.start()
            gateway.restart()
            waiting.join(20 * TIME_FACTOR)
            check_equal([status for status, _ in result], [200], 'who waited')
        sockets.close()


def test_many_names(upstream):
    """Only TCP is passed: then the Unix socket is our own, and we stay when idle."""
    with tempfile.TemporaryDirectory() as directory:
        sockets = Sockets(directory, with_unix=False)
        with Service(config_for(upstream), sockets, arguments=['--exit-on-idle', '0.001']) as gateway:
            own = os.path.join(gateway.environment['XDG_RUNTIME_DIR'], 'sluice', 'http.sock')
            check(os.path.exists(own), 'no Unix socket')
            check_in('stays when idle', gateway.log(), 'log')
            time.sleep(0.3)
            check(gateway.process.process.poll() is None, 'it left')
            check_equal(get(sockets.port)[0], 200, 'status')
        sockets.close()


def expect_refusal(upstream, sockets, why, settings=None):
    config = make_config([model_entry('local', upstream.base, 'fake')], settings=settings)
    gateway = Service(config, sockets, start=False)
    try:
        gateway.launch()
        status = gateway.process.wait(10 * TIME_FACTOR)
        check(status not in (0, None), f'it started: {gateway.log()}')
        check_in(why, gateway.log(), 'log')
        check(gateway.log().count('\n') <= 2, f'more than one line: {gateway.log()}')
    finally:
        gateway.clean()


def test_refused_sockets(upstream):
    with tempfile.TemporaryDirectory() as directory:
        everybody = Sockets(directory, host='0.0.0.0', with_unix=False)
        expect_refusal(upstream, everybody, f'listens on http://0.0.0.0:{everybody.port}, which others can reach')
        config = make_config([model_entry('local', upstream.base, 'fake')], settings={'host': '0.0.0.0'})
        gateway = Service(config, everybody, start=False)
        try:
            gateway.launch()
            wait_until(lambda: f'listening on http://0.0.0.0:{everybody.port}' in gateway.log(), 20)
            check_equal(get(everybody.port)[0], 200, 'status')
        finally:
            gateway.clean()
        everybody.close()

        deaf = Sockets(directory, with_unix=False)
        deaf.tcp.close()
        deaf.tcp = socket.socket()
        deaf.tcp.bind(('127.0.0.1', 0))
        deaf.all = [deaf.tcp]
        expect_refusal(upstream, deaf, 'does not listen')
        deaf.close()
        datagrams = Sockets(directory, with_unix=False)
        datagrams.all.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        datagrams.names.append('odd')
        expect_refusal(upstream, datagrams, "('odd') from the service manager is no stream socket")
        datagrams.close()


# Leaving, and being woken

class Activator:
    """Starts the daemon whenever somebody waits at its sockets, as a service manager does."""

    def __init__(self, gateway, sockets):
        self.gateway = gateway
        self.sockets = sockets
        self.starts = 0
        self.statuses = []
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while not self.stopping.is_set():
            if not select.select(self.sockets.all, [], [], 0.02)[0]:
                continue
            self.starts += 1
            self.gateway.launch()
            process = self.gateway.process
            while process.process.poll() is None and not self.stopping.is_set():
                time.sleep(0.002)
            if self.stopping.is_set():
                process.process.send_signal(signal.SIGTERM)
                process.wait(20 * TIME_FACTOR)
            self.statuses.append(process.process.returncode)

    def stop(self):
        self.stopping.set()
        self.thread.join(30 * TIME_FACTOR)


def ask_once(sockets, number):
    """One request on a connection of its own; whether the answer was the right one."""
    if number % 3:
        status, body = get(sockets.port, timeout=15 * TIME_FACTOR)
        return status == 200 and b'"object":"list"' in body
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(15 * TIME_FACTOR)
        client.connect(sockets.path)
        client.sendall(b'GET /v1/models HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n'
                       b'Authorization: Bearer sk-integration-0d4f3a\r\n\r\n')
        return b'200 OK' in client.makefile('rb').read()


def hammer(sockets, state, barrier, until):
    """One client of several. Each round: quiet for about the idle time, then many connections, one after the other."""
    number = 0
    while True:
        # whether there is another round is decided once for all
        barrier.wait(60 * TIME_FACTOR)
        if state['over']:
            return
        # from a little before the moment of leaving to well after it, in steps that the rounds go through
        time.sleep(IDLE_SECONDS * TIME_FACTOR + (state['round'] % STEPS - 2) * STEP_SECONDS)
        ends = time.monotonic() + BURST_SECONDS
        while time.monotonic() < ends:
            number += 1
            try:
                if ask_once(sockets, number):
                    state['answers'] += 1
                else:
                    state['failures'].append(f'round {state["round"]}: a bad answer')
            except OSError as error:
                state['failures'].append(f'round {state["round"]}: {error!r}')
        state['over'] = state['over'] or until()
        if barrier.wait(60 * TIME_FACTOR) == 0:
            state['round'] += 1


def test_idle_and_woken_without_a_refusal(upstream):
    with tempfile.TemporaryDirectory() as directory:
        sockets = Sockets(directory)
        gateway = Service(config_for(upstream), sockets, start=False,
                          arguments=['--exit-on-idle', str(IDLE_SECONDS * TIME_FACTOR / 60)])
        activator = Activator(gateway, sockets)
        state = {'answers': 0, 'failures': [], 'round': 0, 'over': False}
        deadline = time.monotonic() + 80 * TIME_FACTOR
        barrier = threading.Barrier(CLIENTS)
        clients = [threading.Thread(target=hammer, daemon=True,
                                    args=(sockets, state, barrier,
                                          lambda: activator.starts > CYCLES or time.monotonic() > deadline))
                   for _ in range(CLIENTS)]
        try:
            for client in clients:
                client.start()
            for client in clients:
                client.join(100 * TIME_FACTOR)
            activator.stop()
        finally:
            gateway.clean()
            sockets.close()
        print(f'# {state["round"]} rounds, {activator.starts} starts, {state["answers"]} answers, '
              f'{len(state["failures"])} failures')
        check_equal(state['failures'], [], 'refused or broken')
        check(activator.starts > CYCLES, f'only {activator.starts} starts')
        check_equal(set(activator.statuses), {0}, 'exit statuses')


test_idle_and_woken_without_a_refusal.seconds = 120


def test_probes_do_not_keep_it_awake(upstream):
    with tempfile.TemporaryDirectory() as directory, Manager() as manager:
        sockets = Sockets(directory)
        with Service(config_for(upstream), sockets, manager, arguments=['--exit-on-idle', '0.01']) as gateway:
            began = time.monotonic()
            while gateway.process.process.poll() is None:
                check(time.monotonic() - began < 10 * TIME_FACTOR, 'probes keep it awake')
                # a backlog that nobody serves any more keeps the probe: not longer than this
                with contextlib.suppress(OSError):
                    check_equal(get(sockets.port, '/health/liveliness', timeout=0.5)[0], 200, 'probe')
                time.sleep(0.05)
            check(time.monotonic() - began >= 0.55, 'it left too early')
            check_equal(gateway.process.process.returncode, 0, 'status')
            manager.wait_for('STOPPING')
        sockets.close()


def test_work_keeps_it_awake(upstream):
    """A request that takes longer than the idle time is served whole, and the time counts from its end."""
    with tempfile.TemporaryDirectory() as directory:
        sockets = Sockets(directory)
        with Service(config_for(upstream), sockets, arguments=['--exit-on-idle', '0.008']) as gateway:
            answer = gateway.chat('slow').expect(200)
            ended = time.monotonic()
            check(answer.json()['choices'], 'no answer')
            check_equal(gateway.process.wait(10 * TIME_FACTOR), 0, 'status')
            check(time.monotonic() - ended >= 0.4, 'the time did not count from the end')
            check_equal(len(gateway.exchanges()), 1, 'rows')
        sockets.close()


def test_half_a_request_keeps_it_awake(upstream):
    """Who has connected and not said what for is waited for."""
    with tempfile.TemporaryDirectory() as directory:
        sockets = Sockets(directory)
        with Service(config_for(upstream), sockets, arguments=['--exit-on-idle', '0.005']) as gateway:
            with Raw(gateway.port) as raw:
                raw.send(b'GET /v1/models HTTP/1.1\r\nHost: localhost\r\n')
                time.sleep(1.5)
                check(gateway.process.process.poll() is None, 'it left')
                raw.send(b'Authorization: Bearer sk-integration-0d4f3a\r\n\r\n')
                raw.answer().expect(200)
            check_equal(gateway.process.wait(10 * TIME_FACTOR), 0, 'status')
        sockets.close()


def test_without_sockets_it_stays(upstream):
    with Service(config_for(upstream), arguments=['--exit-on-idle', '0.001']) as gateway:
        time.sleep(0.4)
        check_equal(gateway.get('/v1/models').status, 200, 'status')
    for wrong in ('-1', 'nan', 'inf', '1e300', 'soon'):
        gateway = Service(config_for(upstream), arguments=['--exit-on-idle', wrong], start=False)
        try:
            gateway.launch()
            check(gateway.process.wait(10 * TIME_FACTOR) not in (0, None), f'took {wrong}')
        finally:
            gateway.clean()


# By the real tool

def test_systemd_socket_activate(upstream):
    tool = shutil.which('systemd-socket-activate')
    if tool is None:
        raise Skip('no systemd-socket-activate here')
    with Manager() as manager, tempfile.TemporaryDirectory() as directory:
        with socket.create_server(('127.0.0.1', 0)) as probe:
            port = probe.getsockname()[1]
        path = os.path.join(directory, 'http.sock')
        gateway = Gateway(config_for(upstream), start=False)
        environment = {**gateway.environment, 'NOTIFY_SOCKET': manager.name}
        arguments = [tool, '-l', f'127.0.0.1:{port}', '-l', path, '--fdname=http:http',
                     *(f'--setenv={name}={value}' for name, value in environment.items()),
                     program('SLUICED'), '--config', gateway.config_path, '--exit-on-idle', '0.01']
        process = Process(arguments, {**clean_environment(), 'PATH': os.environ['PATH']}, directory)
        try:
            wait_until(lambda: 'Listening on' in process.log(), 5, 'the tool listens')
            time.sleep(0.2)
            check_equal(manager.poll(), [], 'nothing runs before the first request')
            check('sluice' not in process.log().replace(directory, ''), 'it runs already')
            check_equal(get(port)[0], 200, 'status of the first request')
            manager.wait_for('READY')
            check_equal(process.wait(20 * TIME_FACTOR), 0, 'status when idle')
            manager.wait_for('STOPPING')
        finally:
            process.end()
            gateway.clean()



def test_places_that_are_none(_):
    """A relative place would be another database wherever one stands."""
    for places in ({'XDG_DATA_HOME': 'here'}, {'XDG_CONFIG_HOME': 'here'}, {'HOME': 'here'}, {'HOME': ''}):
        for arguments in (['--port', '0'], ['--set-credential', 'openai']):
            environment = {name: value for name, value in clean_environment().items() if not name.startswith('XDG_')}
            done = subprocess.run([program('SLUICED'), *arguments], env={**environment, **places}, cwd='/',
                                  input=b'sk-test-nowhere', capture_output=True, timeout=20 * TIME_FACTOR, check=False)
            check_equal(done.returncode, 78, f'status with {places}')
            check_in('absolute', done.stderr.decode())


if __name__ == '__main__':
    run_tests(globals(), setup=Upstream)
