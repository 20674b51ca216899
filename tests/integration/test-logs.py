#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the daemon says: plain lines on standard error, fields in the journal, and never a secret."""

import contextlib
import ctypes
import os
import re
import signal
import socket
import struct
import subprocess
import tempfile

from harness import (MASTER_KEY, UPSTREAM_KEY, Gateway, Skip, Upstream, check, check_equal, check_in, make_config,
                     model_entry, program, run_tests, wait_until)

JOURNAL = '/run/systemd/journal'
CLONE_NEWNS, MS_BIND, MS_REC, MS_PRIVATE = 0x20000, 4096, 16384, 1 << 18
PROMPT = 'canary-prompt-7c1d'


def config(upstream, base=None):
    return make_config([
        model_entry('local', upstream.base, 'fake', info='id: local-id'),
        model_entry('broken', upstream.base, 'fake:error:status=500', info='id: broken-id'),
        model_entry('nobody', base or 'http://127.0.0.1:9/v1', 'fake', info='id: nobody-id'),
    ])


def ask_all(gateway):
    gateway.chat('local', PROMPT).expect(200)
    gateway.chat('local', PROMPT, stream=True).expect(200)
    gateway.chat('broken', PROMPT)
    gateway.chat('nobody', PROMPT)
    gateway.chat('no such\nmodel\x1b[31m', PROMPT)
    gateway.get('/v1/models').expect(200)
    gateway.get('/v1/models', {'Authorization': 'Bearer sk-canary-wrong'}).expect(401)


def check_clean(text):
    for secret in (MASTER_KEY, UPSTREAM_KEY, PROMPT, 'sk-canary-wrong', 'Bearer'):
        check(secret not in text, f'{secret} is in the log')
    check('\x1b' not in text, 'a control byte is in the log')


def test_quiet_without_debug(upstream):
    with Gateway(config(upstream)) as gateway:
        before = gateway.log()
        for line in before.splitlines():
            # there is no bus here, which is said once
            check('config.yaml' in line or line.startswith('listening on http://') or 'session bus' in line,
                  f'unexpected: {line!r}')
        ask_all(gateway)
        gateway.stop()
        rest = [line for line in gateway.log()[len(before):].splitlines() if 'stopping, ' not in line]
        # what concerns the owner may be said, but nothing for each request
        check(len(rest) <= 4, f'said: {rest}')
        check_clean(gateway.log())


def test_debug_lines(upstream):
    with Gateway(config(upstream), arguments=['--debug', 'all']) as gateway:
        answer = gateway.chat('local', PROMPT).expect(200)
        request = answer.headers['x-request-id']
        ask_all(gateway)
        gateway.stop()
        text = gateway.log()
        check_clean(text)
        for topic in ('config', 'http', 'router', 'upstream', 'ledger'):
            check(re.search(f'^debug {topic}: ', text, re.M) is not None, f'nothing about {topic}')
        mine = [line for line in text.splitlines() if f'request={request}' in line]
        finished = [line for line in mine if line.startswith('debug http: ')]
        check_equal(len(finished), 1, f'lines of one request in {mine}')
        for part in ('group=local', 'status=200', 'attempts=1', 'duration='):
            check_in(part, finished[0], 'the line of a request')
        attempts = [line for line in mine if line.startswith('debug upstream: ')]
        check_equal(len(attempts), 1, f'attempts of one request in {mine}')
        for part in ('deployment=local-id', 'provider=hosted_vllm', 'status=200', 'prompt-tokens='):
            check_in(part, attempts[0], 'the line of an attempt')
        check_in('deployment=nobody-id', text, 'an attempt that failed')
        check_in('nothing listens there', text, 'why it failed')


def test_only_the_topics_asked_for(upstream):
    with Gateway(config(upstream), arguments=['--debug', 'http,router']) as gateway:
        ask_all(gateway)
        gateway.stop()
        found = set(re.findall(r'^debug (\w+): ', gateway.log(), re.M))
        check_equal(found, {'http', 'router'}, 'topics')


def test_glib_variable(upstream):
    with Gateway(config(upstream), environment={'G_MESSAGES_DEBUG': 'sluice-ledger GLib'}) as gateway:
        ask_all(gateway)
        gateway.stop()
        check_equal(set(re.findall(r'^debug (\w+): ', gateway.log(), re.M)), {'ledger'}, 'topics')


def run_once(*arguments):
    with tempfile.TemporaryDirectory() as home:
        environment = {'HOME': home, 'XDG_DATA_HOME': home, 'XDG_CONFIG_HOME': home, 'XDG_RUNTIME_DIR': home}
        return subprocess.run([program('SLUICED'), *arguments], capture_output=True, text=True, check=False,
                              env=environment, timeout=60)


def test_topics_on_the_command_line(_):
    result = run_once('--debug', 'help')
    check_equal(result.returncode, 0, 'status of help')
    for topic in ('all', 'config', 'http', 'router', 'upstream', 'ledger', 'bus', 'secrets'):
        check(re.search(rf'^  {topic} ', result.stdout, re.M) is not None, f'{topic} is not listed')
    result = run_once('--debug', 'http,htp\n')
    check_equal(result.returncode, 78, 'status of an unknown topic')
    check_in("'htp\\x0a' is no topic", result.stderr, 'error')
    check_in('ledger', result.stderr, 'error')


def parse_entry(data):
    """One datagram of the journal's native protocol."""
    fields = {}
    while data:
        line, _, data = data.partition(b'\n')
        name, equals, value = line.partition(b'=')
        if not equals:
            size = struct.unpack('<Q', data[:8])[0]
            value, data = data[8:8 + size], data[8 + size + 1:]
        fields[name.decode()] = value.decode()
    return fields


class Journal:
    """Stands in for systemd's socket, seen by one process only: in a mount name space of its own."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix='sluice-journal-')
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(os.path.join(self.directory, 'socket'))
        self.socket.settimeout(5)
        self.entries = []

    def enter(self):
        """In the child, before the program: its view of the socket's folder is ours."""
        libc = ctypes.CDLL(None, use_errno=True)
        made = libc.unshare(CLONE_NEWNS) == 0 and libc.mount(None, b'/', None, MS_REC | MS_PRIVATE, None) == 0
        if made and not os.path.isdir(JOURNAL):
            made = libc.mount(b'tmpfs', b'/run', b'tmpfs', 0, None) == 0
            if made:
                os.makedirs(JOURNAL)
        if not made or libc.mount(self.directory.encode(), JOURNAL.encode(), None, MS_BIND, None) != 0:
            os._exit(97)

    def read(self):
        self.entries.append(parse_entry(self.socket.recv(1 << 20)))
        return self.entries[-1]

    def read_until(self, condition):
        """The first entry for which @condition holds."""
        for entry in self.entries:
            if condition(entry):
                return entry
        while True:
            try:
                entry = self.read()
            except TimeoutError as error:
                raise AssertionError(f'not in the journal; there were {self.entries[-5:]}') from error
            if condition(entry):
                return entry

    def close(self):
        self.socket.close()
        os.unlink(os.path.join(self.directory, 'socket'))
        os.rmdir(self.directory)


@contextlib.contextmanager
def gateway_in_journal(text, *arguments):
    with contextlib.closing(Journal()) as journal:
        gateway = Gateway(text, arguments=arguments, start=False, preexec=journal.enter)
        try:
            # the harness opens the same file for the process
            path = os.path.join(gateway.directory, 'stderr')
            with open(path, 'wb') as file:
                state = os.fstat(file.fileno())
            gateway.environment['JOURNAL_STREAM'] = f'{state.st_dev}:{state.st_ino}'
            gateway.launch()
            if gateway.process.wait(0.2) == 97:
                raise Skip('needs the right to mount')
            yield gateway, journal
        finally:
            gateway.clean()


def test_journal(upstream):
    with gateway_in_journal(config(upstream), '--debug', 'http') as (gateway, journal):
        started = journal.read_until(lambda entry: entry['MESSAGE'].startswith('listening on http://127'))
        check_equal(started['PRIORITY'], '5', 'priority')
        check_equal(started['GLIB_DOMAIN'], 'sluice-daemon', 'domain')
        check_equal(started['SYSLOG_IDENTIFIER'], 'sluiced', 'identifier')
        check(re.fullmatch(r'[0-9a-f]{32}', started['MESSAGE_ID']) is not None, 'message id')
        gateway.port = int(started['SLUICE_ADDRESS'].rsplit(':', 1)[1])
        answer = gateway.chat('local', PROMPT).expect(200)
        request = answer.headers['x-request-id']
        entry = journal.read_until(lambda entry: entry.get('SLUICE_REQUEST_ID') == request)
        check_equal(entry['PRIORITY'], '7', 'priority')
        check_equal((entry['SLUICE_MODEL_GROUP'], entry['SLUICE_STATUS']), ('local', '200'), 'fields')
        check(int(entry['SLUICE_DURATION_US']) > 0, 'duration')

        gateway.write_config('model_list: [\n')
        gateway.process.process.send_signal(signal.SIGHUP)
        refused = journal.read_until(lambda entry: entry['MESSAGE'] == 'the old configuration stays')
        check_equal(refused['PRIORITY'], '4', 'priority')
        check(int(refused['SLUICE_ERRORS']) >= 1, 'errors')
        gateway.write_config(config(upstream))
        gateway.process.process.send_signal(signal.SIGHUP)
        read = journal.read_until(lambda entry: entry['MESSAGE'] == 'the configuration was read again')
        check_equal(read['SLUICE_ERRORS'], '0', 'errors')
        check(len({started['MESSAGE_ID'], refused['MESSAGE_ID'], read['MESSAGE_ID']}) == 3, 'message ids differ')
        gateway.stop()
        journal.read_until(lambda entry: entry['MESSAGE'].startswith('stopping, '))
        check_clean(repr(journal.entries))
        # the words about the broken file are for people and stay on the stream
        for line in gateway.log().splitlines():
            check('config.yaml' in line, f'on standard error: {line!r}')


def test_not_the_journals_stream(upstream):
    """A terminal or a file took the stream's place: then people read there."""
    with Gateway(config(upstream), environment={'JOURNAL_STREAM': '1:2'}) as gateway:
        check_in('listening on', gateway.log(), 'standard error')


def test_standard_error_that_nobody_reads(upstream):
    """The reader of a pipe is gone: saying something must neither end nor stop the daemon."""
    with Gateway(config(upstream), start=False, arguments=['--debug', 'all']) as gateway:
        gateway.start()
        gateway.stop()
        reader, writer = os.pipe()
        os.close(reader)
        environment = dict(gateway.environment)
        with subprocess.Popen([program('SLUICED'), '--port', '0', '--debug', 'all', '--config', gateway.config_path],
                              env=environment, stderr=writer, stdin=subprocess.DEVNULL) as process:
            os.close(writer)
            path = os.path.join(environment['XDG_RUNTIME_DIR'], 'sluice', 'http.sock')

            def answers():
                check_equal(process.poll(), None, 'status')
                with socket.socket(socket.AF_UNIX) as client, contextlib.suppress(OSError):
                    client.settimeout(5)
                    client.connect(path)
                    client.sendall(b'GET /health/liveliness HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
                    return client.recv(100).startswith(b'HTTP/1.1 200')
                return False

            wait_until(answers, 10, 'an answer')
            process.send_signal(signal.SIGTERM)
            check_equal(process.wait(20), 0, 'status')


def test_topics_of_the_configuration(upstream):
    """sluice_settings.debug chooses them, at the start and when the file is read again; --debug stands above it."""
    text = config(upstream)
    more = text.replace('sluice_settings:', 'sluice_settings:\n  debug: [http]') if 'sluice_settings:' in text \
        else text + 'sluice_settings:\n  debug: [http]\n'
    with Gateway(text) as gateway:
        gateway.get('/v1/models').expect(200)
        check('debug http' not in gateway.log(), 'a line without a topic')
        gateway.write_config(more)
        gateway.process.process.send_signal(signal.SIGHUP)
        wait_until(lambda: 'was read again' in gateway.log(), 5, 'the reading')
        gateway.get('/v1/models').expect(200)
        wait_until(lambda: 'debug http' in gateway.log(), 5, 'a line for the request')


if __name__ == '__main__':
    run_tests(globals(), setup=Upstream)
