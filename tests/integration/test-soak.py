#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The long suite: many connections, many streams, many requests; descriptors, memory and rows afterwards.

Sizes come from the environment, with what is promised as defaults: SOAK_CLIENTS, SOAK_CONNECTIONS, SOAK_CONNECTS,
SOAK_STREAMS, SOAK_SECONDS, SOAK_LARGE, SOAK_REQUESTS; SOAK_WARM is what comes before the first two. Memory is that of a
build without sanitizers.
"""

import contextlib
import errno
import io
import json
import os
import re
import resource
import selectors
import socket
import time

from harness import (TIME_FACTOR, Gateway, Skip, Upstream, chat_body, check, check_equal, make_config, model_entry,
                     read_answer, run_tests, wait_until)
from kill_load import check_whole

MIB = 1024 * 1024
WAVE = 500
FLAT = 2 * MIB  # what memory may differ by and still count as the same
EVENT_MS = 200
DESCRIPTORS = 64
LARGE_BYTES = 150_000
LARGE_PEAK = 256 * MIB
LARGE_DELAY_MS = 3000
MANY_CONNECTIONS = 8
MANY_RSS = 25 * MIB
READ_BYTES = 64 * 1024


def size_of(name, default):
    return int(os.environ.get(f'SOAK_{name}', default))


def mib(count):
    return f'{count / MIB:.1f} MiB'


# The load: any number of clients in one thread

def plain_end(data):
    """Where the answer at the beginning of @data ends, by its own framing; 0 while it has not."""
    head = data.find(b'\r\n\r\n') + 4
    if head < 4:
        return 0
    length = re.search(rb'\r\ncontent-length: *(\d+)', data[:head], re.IGNORECASE)
    if length is not None:
        end = head + int(length.group(1))
        return end if len(data) >= end else 0
    # no event of the fake provider ends like this, and read_whole() looks closer
    return len(data) if data.endswith(b'0\r\n\r\n') else 0


def judge_plain(data):
    return None if data.startswith(b'HTTP/1.1 200 ') else f'not answered well: {bytes(data[:300])!r}'


class Client:
    """Asks @asks times over one connection. Afterwards it stays, idle, or waits for the end (@closes)."""

    def __init__(self, load, request, asks, closes):
        self.load = load
        self.request = request
        self.asks = asks
        self.closes = closes
        self.sent = 0
        self.data = bytearray()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        status = self.socket.connect_ex(('127.0.0.1', load.port))
        check(status in (0, errno.EINPROGRESS), f'cannot connect: {os.strerror(status)}')
        load.selector.register(self.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, self)

    def write(self):
        self.sent += self.socket.send(memoryview(self.request)[self.sent:])
        if self.sent == len(self.request):
            self.load.selector.modify(self.socket, selectors.EVENT_READ, self)

    def ask(self):
        self.sent = 0
        try:
            self.write()
        except BlockingIOError:
            pass
        if self.sent < len(self.request):
            self.load.selector.modify(self.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, self)

    def read(self):
        piece = self.socket.recv(READ_BYTES)
        if piece == b'':
            if self.asks > 0 or self.data:
                self.load.fail(self, f'closed after {len(self.data)} bytes: {bytes(self.data[-200:])!r}')
            else:
                self.load.finish(self)
            return
        self.data += piece
        if self.asks == 0:
            self.load.fail(self, f'bytes behind the answer: {bytes(self.data[:200])!r}')
            return
        end = plain_end(self.data)
        if end == 0:
            return
        self.load.take(self, self.data[:end])
        del self.data[:end]
        self.asks -= 1
        if self.asks > 0:
            self.ask()
        elif not self.closes:
            self.load.rest(self)

    def on_ready(self, mask):
        try:
            if mask & selectors.EVENT_WRITE:
                self.write()
            if mask & selectors.EVENT_READ:
                self.read()
        except BlockingIOError:
            pass
        except OSError as error:
            self.load.fail(self, f'{error} (answer: {bytes(self.data[:200])!r})')


class Load:
    """Clients of one port. @judge looks at each answer and says what is wrong with it, or None."""

    def __init__(self, port, judge=judge_plain):
        self.port = port
        self.judge = judge
        self.selector = selectors.DefaultSelector()
        self.busy = set()
        self.idle = set()
        self.answers = 0
        self.begun_at_first = 0  # how many had begun to send when the first answer came
        self.errors = []

    def add(self, count, request, asks=1, closes=False):
        for _ in range(count):
            self.busy.add(Client(self, request, asks, closes))

    def take(self, client, data):
        if self.answers == 0:
            self.begun_at_first = sum(1 for other in self.busy if other.sent > 0)
        wrong = self.judge(data)
        if wrong is not None:
            self.errors.append(wrong)
        self.answers += 1

    def rest(self, client):
        self.busy.discard(client)
        self.idle.add(client)

    def finish(self, client):
        self.selector.unregister(client.socket)
        client.socket.close()
        if client in self.idle:
            self.idle.discard(client)
            self.errors.append('an idle connection was closed')
        self.busy.discard(client)

    def fail(self, client, text):
        self.errors.append(text)
        self.finish(client)

    def run(self, seconds):
        """Until no client is busy or the time is over."""
        deadline = time.monotonic() + seconds
        while self.busy and time.monotonic() < deadline:
            for key, mask in self.selector.select(0.1):
                # an earlier one of the batch may have ended it
                if key.fd >= 0 and key.fileobj.fileno() >= 0:
                    key.data.on_ready(mask)

    def check(self, answers):
        """That all have their answer and nothing went wrong."""
        check(not self.errors, f'{len(self.errors)} errors, {self.answers} answers; the first: {self.errors[:3]}')
        check(not self.busy, f'{len(self.busy)} clients wait still, {self.answers} have answers')
        check_equal(self.answers, answers, 'answers')

    def leave(self):
        """All at once, whatever they do."""
        for client in self.busy | self.idle:
            self.selector.unregister(client.socket)
            client.socket.close()
        self.busy.clear()
        self.idle.clear()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.leave()
        self.selector.close()


def chat_request(gateway, model, text='hello big world', headers=(), **members):
    body = json.dumps(chat_body(model, text, **members)).encode()
    return gateway.wire('POST', '/v1/chat/completions', body, headers)


def need_descriptors(count):
    """The clients are in this process."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY and hard < count + 100:
        raise Skip(f'{count} connections need more than {hard} descriptors')
    wanted = max(count + 100, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@contextlib.contextmanager
def world(mode='fake', preexec=None):
    """A gateway of its own, so that the memory of one test is no other's. Its model is `local`."""
    with Upstream() as upstream:
        config = make_config([model_entry('local', upstream.base, mode)])
        with Gateway(config, preexec=preexec) as gateway:
            yield gateway


def peak(gateway):
    with open(f'/proc/{gateway.pid}/status', encoding='ascii') as stream:
        return int(re.search(r'VmHWM:\s+(\d+)', stream.read()).group(1)) * 1024


def check_rows(gateway, count):
    """That @count exchanges are there, finished well, each with one settled attempt, and the sums agree."""
    def settled():
        row = gateway.rows('SELECT count(*) AS n FROM exchange JOIN attempt ON exchange_id = exchange.id WHERE '
                           'exchange.status = 200 AND exchange.finished_us IS NOT NULL AND attempt.state = 1')[0]
        return row['n'] == count
    wait_until(settled, 10, f'{count} settled rows', 0.2)
    check_equal(gateway.rows('SELECT count(*) AS n FROM exchange'), [{'n': count}], 'exchanges')
    check_whole(gateway)


def check_descriptors(gateway, before, what):
    wait_until(lambda: gateway.fds() <= before, 10, f'{what}: no more than {before} descriptors', 0.05)


def settle(gateway, seconds=3.0):
    """Gives it the time to notice that it is idle, for what is given back only then."""
    deadline = time.monotonic() + seconds
    before = gateway.cpu()
    while time.monotonic() < deadline:
        time.sleep(1.0)
        if (now := gateway.cpu()) - before < 0.02:
            return
        before = now


def warm_up(gateway):
    """Fills the ledger's page cache, which is bounded and would look like growth. Returns how many requests it took."""
    asks = size_of('WARM', 40_000) // MANY_CONNECTIONS
    with Load(gateway.port) as load:
        load.add(MANY_CONNECTIONS, chat_request(gateway, 'local'), asks=asks)
        load.run(200 * TIME_FACTOR)
        load.check(asks * MANY_CONNECTIONS)
    return asks * MANY_CONNECTIONS


def run_waves(total, closes):
    """Waves of clients: each asks once; all leave when all have their answer. Compares with the first wave's end."""
    need_descriptors(WAVE)
    with world() as gateway:
        warm = warm_up(gateway)
        idle, idle_fds = gateway.rss(), gateway.fds()
        request = chat_request(gateway, 'local', headers=['Connection: close'] if closes else ())
        left, first, first_fds, highest, began = total, 0, 0, 0, time.monotonic()
        while left > 0:
            count = min(WAVE, left)
            with Load(gateway.port) as load:
                load.add(count, request, closes=closes)
                load.run(60 * TIME_FACTOR)
                load.check(count)
                highest = max(highest, gateway.fds())
            left -= count
            if first == 0:
                # what stays are idle connections to the provider, which later waves use again
                wait_until(lambda: gateway.fds() < WAVE // 2, 10, 'the clients\' descriptors closed', 0.05)
                settle(gateway)
                first, first_fds = gateway.rss(), gateway.fds()
        seconds = time.monotonic() - began
        check_descriptors(gateway, first_fds, 'after the last wave')
        print(f'# {total} connections in {seconds:.1f} s; descriptors: {idle_fds} before, {first_fds} after the first '
              f'wave, {highest} at most, {gateway.fds()} at the end')
        settle(gateway)
        last = gateway.rss()
        print(f'# RSS: {mib(idle)} before, {mib(first)} after the first wave, {mib(last)} at the end')
        check(last <= first + FLAT, f'RSS grew from {mib(first)} to {mib(last)}')
        check_rows(gateway, warm + total)


def test_clients_that_leave_while_idle():
    run_waves(size_of('CLIENTS', 10_000), closes=False)


def test_connections_without_keep_alive():
    run_waves(size_of('CONNECTIONS', 20_000), closes=True)


def limit_descriptors():
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))


def test_few_descriptors():
    count = size_of('CONNECTS', 500)
    need_descriptors(count)
    with world(preexec=limit_descriptors) as gateway:
        gateway.chat('local').expect(200)
        before = gateway.fds()
        worst = 0.0
        for silent in (True, False, True):
            request = chat_request(gateway, 'local')
            with Load(gateway.port) as load:
                # the silent ones send half a header line
                load.add(count, b'POST /v1/chat' if silent else request)
                # those beyond the limit wait; nothing is promised to them but that they do no harm
                load.run(1.0)
                taken, answers = gateway.fds(), load.answers
            began = time.monotonic()
            gateway.chat('local', timeout=20).expect(200)
            seconds = time.monotonic() - began
            worst = max(worst, seconds)
            print(f'# {count} {"silent" if silent else "asking"} clients, {taken} descriptors, {answers} answers; '
                  f'next request after {seconds * 1000:.0f} ms')
            # connections to the upstream stay open for a minute, as many as there were clients at a time
            check_descriptors(gateway, before + 2 + 16, 'after the clients left')
        check(worst <= TIME_FACTOR, f'the next request took {worst:.2f} s')


def judge_stream(events):
    """The judge of streams: whole by their framing, and with each of @events."""
    def judge(data):
        if not data.startswith(b'HTTP/1.1 200 '):
            return judge_plain(data)
        stream = io.BytesIO(data)
        answer = read_answer(stream)
        found = answer.events()
        stamped = sum(1 for event in found if 't=' in event)
        whole = not answer.cut and stream.read() == b'' and found[-1:] == ['[DONE]'] and b'"error"' not in answer.body
        return None if whole and stamped == events else f'{stamped} events of {events}, the end: {answer.body[-200:]!r}'
    return judge


def test_streams():
    count = size_of('STREAMS', 1000)
    seconds = size_of('SECONDS', 60)
    events = seconds * 1000 // EVENT_MS
    need_descriptors(count)
    with world(f'fake:stream:events={events},ms={EVENT_MS},size=20') as gateway:
        idle, cpu = gateway.rss(), gateway.cpu()
        with Load(gateway.port, judge_stream(events)) as load:
            load.add(count, chat_request(gateway, 'local', stream=True))
            load.run(seconds / 3)
            third = gateway.rss()
            load.run(seconds * 0.6)
            late = gateway.rss()
            still = len(load.busy)
            load.run(seconds * 0.5 + 60 * TIME_FACTOR)
            print(f'# {count} streams of {events} events: {(third - idle) / 1000 / count:.1f} kB a stream, '
                  f'CPU {(gateway.cpu() - cpu) / (count * events) * 1e6:.1f} us an event')
            print(f'# RSS: {mib(idle)} idle, {mib(third)} at a third, {mib(late)} near the end ({still} open), '
                  f'{mib(gateway.rss())} behind it')
            load.check(count)
        check_equal(still, count, 'streams open near the end')
        check(late <= third + FLAT, f'RSS grew from {mib(third)} to {mib(late)} while the streams ran')
        check_rows(gateway, count)


def test_large_requests_in_flight():
    count = size_of('LARGE', 1500)
    need_descriptors(count)
    with world(f'fake:slow:first={LARGE_DELAY_MS}') as gateway:
        # the last message is what comes back
        request = chat_request(gateway, 'local', messages=[{'role': 'system', 'content': 'a' * LARGE_BYTES},
                                                           {'role': 'user', 'content': 'hello'}])
        idle, began = gateway.rss(), time.monotonic()
        with Load(gateway.port) as load:
            load.add(count, request)
            load.run(150 * TIME_FACTOR)
            print(f'# {count} requests of {LARGE_BYTES} bytes: {load.answers} answers in '
                  f'{time.monotonic() - began:.1f} s, {load.begun_at_first} under way at the first answer')
            print(f'# RSS: {mib(idle)} idle, {mib(peak(gateway))} at most, {mib(gateway.rss())} at the end')
            load.check(count)
        check_equal(load.begun_at_first, count, 'requests under way at once')
        check(peak(gateway) <= LARGE_PEAK, f'RSS was {mib(peak(gateway))}, allowed {mib(LARGE_PEAK)}')
        check_rows(gateway, count)


def test_many_requests():
    count = size_of('REQUESTS', 100_000)
    half = count // 2 // MANY_CONNECTIONS
    with world() as gateway:
        request = chat_request(gateway, 'local')
        idle, cpu, began = gateway.rss(), gateway.cpu(), time.monotonic()
        levels = []
        for _ in range(2):
            with Load(gateway.port) as load:
                load.add(MANY_CONNECTIONS, request, asks=half)
                load.run(300 * TIME_FACTOR)
                load.check(half * MANY_CONNECTIONS)
            levels.append(gateway.rss())
        done = 2 * half * MANY_CONNECTIONS
        print(f'# {done} requests in {time.monotonic() - began:.1f} s, '
              f'CPU {(gateway.cpu() - cpu) / done * 1e6:.0f} us a request')
        print(f'# RSS: {mib(idle)} idle, {mib(levels[0])} after half, {mib(levels[1])} at the end')
        check(levels[1] <= MANY_RSS, f'RSS {mib(levels[1])}, allowed {mib(MANY_RSS)}')
        check(levels[1] <= levels[0] + FLAT, f'RSS grew from {mib(levels[0])} to {mib(levels[1])}')
        check_rows(gateway, done)


test_streams.seconds = 2 * size_of('SECONDS', 60) + 180
test_many_requests.seconds = 700

if __name__ == '__main__':
    # meson's filling of memory would make every page resident that is only set aside
    for name in ('MALLOC_PERTURB_', 'MALLOC_CHECK_'):
        os.environ.pop(name, None)
    run_tests(globals(), seconds=300)
