#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Providers behind TLS: what is wrong with one is refused before a byte of the request leaves, and said.

The daemon runs in a mount namespace in which an authority of this test is trusted besides the real ones, so that each
certificate is refused for its own fault only. Without that right only those run that need no trust.
"""

import contextlib
import json
import os
import shutil
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time
import warnings

from harness import (PRICES, RELEASED, TIME_FACTOR, UPSTREAM_KEY, Gateway, Skip, check, check_equal, make_config,
                     model_entry, run_tests, wait_until)

BUNDLE = '/etc/ssl/certs/ca-certificates.crt'
HANDSHAKE_MS = 1200
ANSWER = {'id': 'x', 'object': 'chat.completion', 'created': 1, 'model': 'fake', 'choices': [
    {'index': 0, 'message': {'role': 'assistant', 'content': 'safely'}, 'finish_reason': 'stop'}],
    'usage': {'prompt_tokens': 1, 'completion_tokens': 1, 'total_tokens': 2}}


class Authority:
    """Makes certificates with the openssl program, each in a file with its key."""

    def __init__(self, directory):
        self.directory = directory
        self.path = os.path.join(directory, 'ca.pem')
        self.key = os.path.join(directory, 'ca.key')
        self._run('req', '-x509', *self._new_key(self.key), '-days', '2', '-subj', '/CN=Sluice test authority',
                  '-out', self.path)

    @staticmethod
    def _run(*arguments):
        made = subprocess.run(['openssl', *arguments], capture_output=True, text=True, check=False)
        check(made.returncode == 0, made.stderr)

    @staticmethod
    def _new_key(path):
        return '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', path

    def issue(self, name, names, begin=None, end=None, self_signed=False):
        """@names: a subjectAltName. @begin, @end: YYYYMMDDHHMMSSZ, or from today for two days."""
        key, path = (os.path.join(self.directory, f'{name}.{kind}') for kind in ('key', 'pem'))
        extension = f'subjectAltName={names}'
        if self_signed:
            self._run('req', '-x509', *self._new_key(key), '-days', '2', '-subj', '/CN=localhost', '-addext', extension,
                      '-out', path)
        else:
            request, config = (os.path.join(self.directory, f'{name}.{kind}') for kind in ('csr', 'cnf'))
            self._run('req', '-new', *self._new_key(key), '-subj', '/CN=localhost', '-out', request)
            with open(config, 'w', encoding='ascii') as file:
                file.write(self._configuration(name, extension))
            dates = ['-startdate', begin, '-enddate', end] if begin else ['-days', '2']
            self._run('ca', '-batch', '-notext', '-config', config, *dates, '-in', request, '-out', path)
        with open(path, 'a', encoding='ascii') as file, open(key, encoding='ascii') as source:
            file.write(source.read())
        return path

    def _configuration(self, name, extension):
        database = os.path.join(self.directory, f'{name}.index')
        with open(database, 'w', encoding='ascii'):
            pass
        return (f'[ca]\ndefault_ca=it\n[it]\ndatabase={database}\nnew_certs_dir={self.directory}\nrand_serial=yes\n'
                f'certificate={self.path}\nprivate_key={self.key}\ndefault_md=sha256\npolicy=any\n'
                f'x509_extensions=more\n[any]\ncommonName=supplied\n[more]\n{extension}\n')


class TlsServer:
    """Answers each connection with one chat completion, if the handshake gets that far. @act: for a raw connection
    instead of a handshake."""

    def __init__(self, certificate=None, oldest=None, act=None):
        self.context = None
        self.act = act
        self.received = b''
        self.connections = 0
        if certificate is not None:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate)
            if oldest is not None:
                self.context.set_ciphers('ALL:@SECLEVEL=0')
                with warnings.catch_warnings():
                    warnings.simplefilter('ignore', DeprecationWarning)
                    self.context.minimum_version = self.context.maximum_version = oldest
        self.socket = socket.create_server(('127.0.0.1', 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection):
        connection.settimeout(10)
        with connection, contextlib.suppress(OSError):
            if self.act is not None:
                self.act(connection)
                return
            with self.context.wrap_socket(connection, server_side=True) as secure:
                while data := secure.recv(65536):
                    self.received += data
                    if self.received.endswith(b'}'):
                        body = json.dumps(ANSWER).encode()
                        secure.sendall(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n'
                                       b'Content-Length: %d\r\n\r\n' % len(body) + body)
                        return

    def stop(self):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.stop()


def reset(connection):
    connection.recv(4096)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))


def reset_midway(connection):
    connection.recv(4096)
    connection.sendall(b'\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03')
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))


def close_early(connection):
    connection.recv(4096)


def speak_plainly(connection):
    connection.recv(4096)
    connection.sendall(b'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n')


def alert(connection):
    connection.recv(4096)
    connection.sendall(b'\x15\x03\x03\x00\x02\x02\x28')


def say_nothing(connection):
    while connection.recv(4096):
        pass


class World:
    def __init__(self, directory):
        self.directory = directory
        self.trust = Authority(directory)
        self.wrapper = None

    def make_wrapper(self):
        """A program that runs its arguments with the authority trusted; None without the right to."""
        bundle = os.path.join(self.directory, 'bundle.crt')
        with open(bundle, 'wb') as file:
            for path in (BUNDLE, self.trust.path):
                with contextlib.suppress(FileNotFoundError), open(path, 'rb') as source:
                    file.write(source.read())
        path = os.path.join(self.directory, 'trusting')
        with open(path, 'w', encoding='ascii') as file:
            file.write(f'#!/bin/sh\nexec unshare -m sh -c \'mount --bind "{bundle}" {BUNDLE} && exec "$@"\' - "$@"\n')
        os.chmod(path, 0o700)
        tried = subprocess.run([path, 'true'], capture_output=True, check=False)
        return path if tried.returncode == 0 else None

    @contextlib.contextmanager
    def gateway(self, server, host='localhost', trusting=True, **settings):
        if trusting and self.wrapper is None:
            raise Skip('needs the right to mount')
        config = make_config([model_entry('tls', f'https://{host}:{server.port}/v1', 'fake', provider='openai',
                                          extra=PRICES)], settings=settings)
        # LeakSanitizer cannot always walk the thread-local data of the loaded TLS module, and then ends the process
        environment = {'ASAN_OPTIONS': os.environ.get('ASAN_OPTIONS', '') + ':detect_leaks=0'}
        gateway = Gateway(config, environment=environment, start=False)
        before = os.environ.get('SLUICED_WRAPPER', '')
        os.environ['SLUICED_WRAPPER'] = f'{self.wrapper or ""} {before}' if trusting else before
        try:
            gateway.launch()
        finally:
            os.environ['SLUICED_WRAPPER'] = before
        with gateway:
            gateway.await_start()
            yield gateway


@contextlib.contextmanager
def setup():
    if shutil.which('openssl') is None:
        raise AssertionError('the openssl program is missing')
    with tempfile.TemporaryDirectory(prefix='sluice-tls-') as directory:
        world = World(directory)
        world.wrapper = world.make_wrapper()
        yield world


def check_nothing_left(gateway, server):
    check(server.connections >= 1, 'nobody came')
    check_equal(server.received, b'', 'what the server was told')

    def finished():
        found = gateway.exchanges()
        return found if found and all(row['finished_us'] for row in found) else None
    for exchange in wait_until(finished, 3, 'the rows finished'):
        check_equal([row['state'] for row in exchange['attempts']], [RELEASED], 'attempts')


def check_refused(world, server, words, statuses=(502, 503), **options):
    """Plain and as a stream: an error that says why in one of @words, and no byte of the request at the server."""
    with world.gateway(server, **options) as gateway:
        for stream in (False, True):
            began = time.monotonic()
            answer = gateway.chat('tls', stream=stream, timeout=15)
            took = time.monotonic() - began
            check(answer.status in statuses, f'status {answer.status}: {answer.body[:300]!r}')
            message = answer.error()['message']
            check(any(word in message.lower() for word in words), f'the reason is missing: {message!r}')
            check(UPSTREAM_KEY not in answer.body.decode() + gateway.log(), 'the upstream key is told')
            check(took < 5 * TIME_FACTOR, f'it took {took:.1f} s')
        check_nothing_left(gateway, server)


def test_good_certificate_works(world):
    with TlsServer(world.trust.issue('good', 'DNS:localhost,IP:127.0.0.1')) as server:
        for host in ('localhost', '127.0.0.1'):
            with world.gateway(server, host) as gateway:
                content = gateway.chat('tls').expect(200).json()['choices'][0]['message']['content']
                check_equal(content, 'safely', 'content')
        check(UPSTREAM_KEY.encode() in server.received, 'the key did not come')


def test_unknown_authority(world):
    with TlsServer(world.trust.issue('unknown', 'DNS:localhost')) as server:
        check_refused(world, server, ('authority that this machine does not trust',), trusting=False)


def test_self_signed(world):
    certificate = world.trust.issue('self', 'DNS:localhost', self_signed=True)
    with TlsServer(certificate) as server:
        check_refused(world, server, ('authority that this machine does not trust',), trusting=False)


def test_wrong_name(world):
    with TlsServer(world.trust.issue('name', 'DNS:other.example')) as server:
        check_refused(world, server, ('for another name',))


def test_wrong_address(world):
    with TlsServer(world.trust.issue('address', 'DNS:localhost')) as server:
        check_refused(world, server, ('for another name',), host='127.0.0.1')


def test_expired(world):
    with TlsServer(world.trust.issue('expired', 'DNS:localhost', '20200101000000Z', '20200601000000Z')) as server:
        check_refused(world, server, ('expired',))


def test_not_yet_valid(world):
    with TlsServer(world.trust.issue('future', 'DNS:localhost', '20990101000000Z', '20990601000000Z')) as server:
        check_refused(world, server, ('not valid yet',))


def test_old_protocol(world):
    with TlsServer(world.trust.issue('old', 'DNS:localhost'), oldest=ssl.TLSVersion.TLSv1) as server:
        check_refused(world, server, ('version',))


def test_handshake_that_breaks(world):
    for act in (reset, reset_midway, close_early, speak_plainly, alert):
        with TlsServer(act=act) as server:
            try:
                check_refused(world, server, ('tls',), trusting=False)
            except AssertionError as error:
                raise AssertionError(f'{act.__name__}: {error}') from error


def test_handshake_that_never_ends(world):
    with TlsServer(act=say_nothing) as server:
        check_refused(world, server, ('connecting took too long',), trusting=False, connect_timeout_ms=HANDSHAKE_MS)


if __name__ == '__main__':
    run_tests(globals(), setup=setup)
