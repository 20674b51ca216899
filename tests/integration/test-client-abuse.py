#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a client can do to a gateway, and that another client does not notice. ABUSE_SECONDS: how long random bytes come
(1; 60 in the suite faults)."""

import contextlib
import json
import os
import random
import resource
import select
import socket
import struct
import threading
import time

from harness import (MASTER_KEY, TIME_FACTOR, Gateway, Upstream, World, chat_body, check, check_equal, make_config,
                     model_entry, run_tests, wait_until)

SECONDS = int(os.environ.get('ABUSE_SECONDS', '1'))
MIB = 1024 * 1024
SANITIZED = TIME_FACTOR > 1
RATE = 50 * MIB  # of random bytes, on each of two connections
SETTINGS = {'header_timeout_ms': 1500, 'body_idle_timeout_ms': 1500, 'slow_client_timeout_ms': 2500,
            'max_body_bytes': 2 * MIB}
LIMIT = SETTINGS['max_body_bytes']


@contextlib.contextmanager
def setup():
    with Upstream() as upstream:
        entries = [model_entry('local', upstream.base, 'fake'),
                   model_entry('endless', upstream.base, 'fake:endless:size=1000'),
                   model_entry('steady', upstream.base, 'fake:stream:events=10000,ms=20')]
        with Gateway(make_config(entries, settings=SETTINGS)) as gateway:
            yield World(gateway, upstream)


class GoodClient:
    """Asks again and again beside the abuse, on a connection of its own each time; and reads one steady stream."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.seconds = []
        self.wrong = []
        self.over = threading.Event()
        self.threads = [threading.Thread(target=function, daemon=True) for function in (self._ask, self._read)]

    def _ask(self):
        while not self.over.is_set():
            began = time.monotonic()
            try:
                answer = self.gateway.chat('local', timeout=10)
                if answer.status != 200:
                    self.wrong.append((answer.status, answer.body))
            except OSError as error:
                self.wrong.append(repr(error))
            self.seconds.append(time.monotonic() - began)
            self.over.wait(0.005)

    def _read(self):
        with self.gateway.raw(timeout=5) as raw:
            body = json.dumps(chat_body('steady', stream=True)).encode()
            raw.send(self.gateway.wire('POST', '/v1/chat/completions', body))
            try:
                while not self.over.is_set():
                    if b'"error"' in raw.file.readline():
                        self.wrong.append('the steady stream failed')
                        return
            except OSError as error:
                self.wrong.append(f'the steady stream: {error!r}')

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        wait_until(lambda: len(self.seconds) >= 5, 5, 'the good client')
        self.seconds.clear()
        return self

    def __exit__(self, kind, *unused):
        if kind is None:
            wait_until(lambda: len(self.seconds) >= 20, 10, 'twenty good answers')
        self.over.set()
        for thread in self.threads:
            thread.join(15)
        if kind is None:
            check_equal(self.wrong, [], 'what went wrong for a good client')
            nearly_all = sorted(self.seconds)[int(len(self.seconds) * 0.99) - 1]
            # the machine itself may be busy; what this looks for takes seconds
            check(nearly_all < 1.0 * TIME_FACTOR, f'99 % of {len(self.seconds)} within {nearly_all * 1000:.0f} ms')


def is_answered(gateway):
    """A refusal, or a connection closed under the request, is no answer yet."""
    try:
        return gateway.chat('local').status == 200
    except OSError:
        return False


def connect(world, count):
    return [socket.create_connection(('127.0.0.1', world.gateway.port), timeout=10) for _ in range(count)]


def close(sockets):
    for it in sockets:
        it.close()


def await_ends(sockets, seconds):
    """That the gateway closes each of @sockets within @seconds."""
    left = set(sockets)
    deadline = time.monotonic() + seconds * TIME_FACTOR
    while left and time.monotonic() < deadline:
        for it in select.select(list(left), [], [], 0.1)[0]:
            with contextlib.suppress(OSError):
                if it.recv(65536) != b'':
                    continue
            left.discard(it)
    check(not left, f'{len(left)} of {len(sockets)} connections are still open')


def head(world, *lines):
    return world.gateway.wire('POST', '/v1/chat/completions', headers=['Content-Type: application/json', *lines])


def raise_limit(count):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(count, hard), hard))


# C1 to C3: slow clients

def test_half_open_connections(world):
    raise_limit(2000)
    with GoodClient(world.gateway):
        sockets = connect(world, 400)
        for index, it in enumerate(sockets):
            it.sendall(head(world, 'Content-Length: 5')[:10 + index % 80])
        began = time.monotonic()
        # a few bytes now and then do not buy time
        while time.monotonic() - began < 1.0:
            for it in sockets[::7]:
                with contextlib.suppress(OSError):
                    it.sendall(b'a')
            time.sleep(0.1)
        await_ends(sockets, SETTINGS['header_timeout_ms'] / 1000 + 3)
        close(sockets)


def test_slow_bodies(world):
    before = world.gateway.rss()
    with GoodClient(world.gateway):
        sockets = connect(world, 100)
        for it in sockets:
            it.sendall(head(world, 'Content-Length: 600000') + b' ' * 1000)
        await_ends(sockets, SETTINGS['body_idle_timeout_ms'] / 1000 + 4)
        close(sockets)
    grown = world.gateway.rss() - before
    check(SANITIZED or grown < 100 * MIB, f'memory grew by {grown} for 100 clients')


def test_slow_readers(world):
    world.upstream.reset()
    before = world.gateway.rss()
    body = json.dumps(chat_body('endless', stream=True)).encode()
    request = world.gateway.wire('POST', '/v1/chat/completions', body)
    with GoodClient(world.gateway):
        sockets = connect(world, 30)
        for it in sockets:
            it.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
            it.sendall(request)
        wait_until(lambda: sum(entry['model'].startswith('fake:endless') for entry in world.upstream.log()) >= 30, 5,
                   'the streams')
        grown = 0
        deadline = time.monotonic() + 1.5
        while time.monotonic() < deadline:
            grown = max(grown, world.gateway.rss() - before)
            time.sleep(0.05)
        check(SANITIZED or grown < 30 * MIB, f'memory grew by {grown} for 30 clients')
        # the steady stream stays
        wait_until(lambda: world.upstream.stats()['requests_open'] <= 2, 8, 'the upstream freed')
        close(sockets)


# C4: descriptors

def test_few_descriptors(world):
    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    config = make_config([model_entry('local', world.upstream.base, 'fake')])
    with Gateway(config, preexec=limit) as gateway:
        gateway.chat('local').expect(200)
        before = gateway.fds()
        sockets = []
        for _ in range(200):
            with contextlib.suppress(OSError):
                sockets.append(socket.create_connection(('127.0.0.1', gateway.port), timeout=2))
        time.sleep(0.2)
        cpu = gateway.cpu()
        time.sleep(0.5)
        check(gateway.cpu() - cpu < 0.25 * TIME_FACTOR, 'it turns in circles while it has no descriptor')
        close(sockets)
        began = time.monotonic()
        wait_until(lambda: is_answered(gateway), 1, 'the next request')
        check(time.monotonic() - began < TIME_FACTOR, 'the next request waits')
        wait_until(lambda: gateway.fds() <= before + 3, 5, 'descriptors back')


# C5, C6, C11, C12: bodies

def test_large_bodies(world):
    before = world.gateway.rss()
    with GoodClient(world.gateway):
        for _ in range(20):
            with world.gateway.raw() as raw:
                raw.send(head(world, f'Content-Length: {LIMIT + 1}'))
                raw.answer().expect(413).error()
            with world.gateway.raw() as raw:
                raw.send(head(world, 'Transfer-Encoding: chunked'))
                chunk = b'40000\r\n' + b' ' * 0x40000 + b'\r\n'
                sent = 0
                while sent < 64 and raw.send(chunk):
                    sent += 1
                answer = raw.answer()
                check(answer is None or answer.status == 413, f'endless chunks: {answer and answer.status}')
                check(sent < 64, 'it reads without end')
    grown = world.gateway.rss() - before
    check(SANITIZED or grown < 16 * MIB, f'memory grew by {grown}')


def test_packed_bodies(world):
    body = json.dumps(chat_body('local')).encode()
    for coding in ('gzip', 'deflate', 'br', 'zstd', 'compress', 'x-gzip', 'gzip, gzip', 'identity, gzip', 'GZIP'):
        world.gateway.post('/v1/chat/completions', body, headers={'Content-Encoding': coding}).expect(415).error()


def test_expectation_with_a_bad_key(world):
    for key in ('sk-wrong', ''):
        with world.gateway.raw() as raw:
            raw.send(f'POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:{world.gateway.port}\r\n'
                     f'Authorization: Bearer {key}\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n'
                     'Expect: 100-continue\r\n\r\n'.encode())
            check_equal(raw.answer().status, 401, 'the first answer')
            check(raw.at_end(), 'it waits for the body')


# C7: JSON. name -> body (bytes), and whether it may be taken

def in_chat(text):
    return b'{"model":"local","messages":[{"role":"user","content":"a"}],' + text + b'}'


def nested(depth):
    return b'"a":' + b'[' * depth + b']' * depth


JSON_BODIES = {
    'depth 65': (in_chat(nested(65)), False),
    'depth of objects': (in_chat(b'"a":' + b'{"a":' * 5000 + b'1' + b'}' * 5000), False),
    'depth 10^6': (b'[' * 1000000, False),
    'depth 10^6 of objects': (b'{"a":' * 300000, False),
    'many keys': (in_chat(b','.join(b'"k%d":1' % i for i in range(120000))), None),
    'key of 1 MB': (in_chat(b'"' + b'k' * MIB + b'":1'), None),
    'text of 1 MB without end': (b'{"model":"local","a":"' + b'a' * MIB, False),
    'not UTF-8': (in_chat(b'"a":"\xc3\x28"'), False),
    'UTF-8 too long': (in_chat(b'"a":"\xc0\xaf"'), False),
    'surrogate in UTF-8': (in_chat(b'"a":"\xed\xa0\x80"'), False),
    'above U+10FFFF': (in_chat(b'"a":"\xf4\x90\x80\x80"'), False),
    'UTF-16': (in_chat(b'"a":1').decode().encode('utf-16'), False),
    'byte order mark': (b'\xef\xbb\xbf' + in_chat(b'"a":1'), False),
    'NUL byte': (in_chat(b'"a":"\0"'), False),
    'NUL behind': (in_chat(b'"a":1') + b'\0', False),
    'escaped NUL in model': (b'{"model":"lo\\u0000cal","messages":[]}', False),
    'escaped NUL elsewhere': (in_chat(b'"a":"\\u0000"'), None),
    'half a surrogate': (in_chat(b'"a":"\\ud800"'), False),
    'surrogates the wrong way': (in_chat(b'"a":"\\udc00\\ud800"'), False),
    'half an escape': (in_chat(b'"a":"\\u12"'), False),
    'unknown escape': (in_chat(b'"a":"\\x41"'), False),
    'control byte': (in_chat(b'"a":"\x01"'), False),
    '1e400': (in_chat(b'"temperature":1e400'), None),
    'number of 100 kB': (in_chat(b'"temperature":' + b'9' * 100000), None),
    '2^63 tokens': (in_chat(b'"max_tokens":9223372036854775808'), None),
    '2^64 tokens': (in_chat(b'"max_tokens":18446744073709551616'), None),
    'less than no tokens': (in_chat(b'"max_tokens":-1'), None),
    'half a token': (in_chat(b'"max_tokens":0.5'), None),
    'tokens as text': (in_chat(b'"max_tokens":"many"'), None),
    'model twice': (b'{"model":"absent","model":"local","messages":[]}', False),
    'stream twice': (in_chat(b'"stream":true,"stream":false'), None),
    'stream as a number': (in_chat(b'"stream":1'), None),
    'stream as text': (in_chat(b'"stream":"yes"'), None),
    'model as a list': (b'{"model":["local"],"messages":[]}', False),
    'two documents': (in_chat(b'"a":1') * 2, False),
    'comment': (in_chat(b'"a":1 /* */'), False),
    'single quotes': (b"{'model':'local'}", False),
    'comma at the end': (in_chat(b'"a":1,'), False),
    'only blanks': (b' ' * 100000, False),
    'NaN': (in_chat(b'"a":NaN'), False),
    'plus': (in_chat(b'"a":+1'), False),
    'nought in front': (in_chat(b'"a":01'), False),
}


def test_json(world):
    wrong = []
    for name, (body, taken) in JSON_BODIES.items():
        began = time.monotonic()
        answer = world.gateway.post('/v1/chat/completions', body)
        took = time.monotonic() - began
        allowed = {False: (400,), None: (200, 400)}[taken]
        if answer.status not in allowed:
            wrong.append(f'{name}: status {answer.status}, expected {allowed}: {answer.body[:100]!r}')
        elif answer.status == 400:
            answer.error()
        # generous: a busy machine, and Python writes these bodies too
        if took > 0.5 * TIME_FACTOR:
            wrong.append(f'{name}: {took * 1000:.0f} ms')
    check(not wrong, '\n'.join(wrong))


# C8 to C10: many

def test_pipelined(world):
    count = 10000
    request = world.gateway.wire('GET', '/v1/models')
    before = world.gateway.rss()
    with GoodClient(world.gateway), world.gateway.raw(timeout=30) as raw:
        raw.file.close()
        raw.file = raw.socket.makefile('rb', buffering=1 << 20)
        writer = threading.Thread(target=lambda: raw.send(request * count), daemon=True)
        writer.start()
        # nobody reads for a moment: the gateway must not read and answer on without end
        time.sleep(0.4)
        grown = world.gateway.rss() - before
        check(SANITIZED or grown < 16 * MIB, f'memory grew by {grown}')
        for _ in range(count):
            raw.answer().expect(200)
        writer.join()


def test_connections_that_are_reset(world):
    world.gateway.chat('local').expect(200)
    before, memory = world.gateway.fds(), world.gateway.rss()
    linger = struct.pack('ii', 1, 0)
    request = world.gateway.wire('GET', '/v1/models')
    for index in range(10000):
        it = socket.create_connection(('127.0.0.1', world.gateway.port), timeout=10)
        it.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        if index % 3:
            it.send(request[:index % len(request)])
        it.close()
    wait_until(lambda: world.gateway.fds() <= before + 4, 5, 'descriptors back')
    grown = world.gateway.rss() - memory
    # a busy gateway has many of them at once, which the heap remembers; 5 kB lost with each would be 50 MB
    check(SANITIZED or grown < 48 * MIB, f'memory grew by {grown}')
    world.gateway.chat('local').expect(200)


def test_random_bytes(world):
    """100 MB/s on two connections at a time; the gateway closes them, and others come."""
    seed = int(os.environ.get('ABUSE_SEED', time.time_ns() % 10 ** 9))
    print(f'# ABUSE_SEED={seed}')
    before, memory = world.gateway.fds(), world.gateway.rss()
    began = time.monotonic()
    deadline = began + SECONDS
    sent = [0, 0]

    def throw(number):
        chance = random.Random(seed + number)
        starts = (b'', b'POST /v1/chat/completions HTTP/1.1\r\n', head(world, 'Content-Length: 1000000'),
                  head(world, 'Transfer-Encoding: chunked'), b'GET / HTTP/1.1\r\nHost: localhost\r\nX: ')
        blocks = [chance.randbytes(65536) for _ in range(16)]
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), \
                    socket.create_connection(('127.0.0.1', world.gateway.port), timeout=5) as it:
                it.sendall(chance.choice(starts))
                for _ in range(chance.randrange(1, 40)):
                    sent[number] += it.send(chance.choice(blocks))
            time.sleep(max(0, began + sent[number] / RATE - time.monotonic()))

    with GoodClient(world.gateway):
        threads = [threading.Thread(target=throw, args=(number,)) for number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    print(f'# {sum(sent) / MIB:.0f} MiB in {SECONDS} s')
    wait_until(lambda: world.gateway.fds() <= before + 4, 8, 'descriptors back')
    grown = world.gateway.rss() - memory
    check(SANITIZED or grown < 32 * MIB, f'memory grew by {grown}')


test_random_bytes.seconds = 30 + SECONDS


def test_everybody_is_gone(world):
    """After all that: the rows are finished, the provider is free, the daemon is what it was."""
    wait_until(lambda: world.upstream.stats()['requests_open'] == 0, 8, 'the upstream freed')
    wait_until(lambda: not world.gateway.rows('SELECT 1 FROM exchange WHERE finished_us IS NULL'), 5, 'rows finished')
    check_equal(world.gateway.rows('SELECT count(*) AS n FROM attempt WHERE state = 0'), [{'n': 0}], 'open attempts')
    check(MASTER_KEY not in world.gateway.log(), 'the key is in the log')


if __name__ == '__main__':
    run_tests(globals(), setup=setup)
