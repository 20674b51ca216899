#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile framing: each payload on a fresh connection, behind a good request, and byte by byte.

Each payload asks for a model that does not exist and, where it tries to smuggle, hides a request for one that does.
So whatever reaches the provider was smuggled, and an answer that names the absent model says that the payload was
taken for a request.
"""

import contextlib
import json
import time

from harness import (MASTER_KEY, TIME_FACTOR, Gateway, Upstream, World, check, check_equal, check_in, make_config,
                     model_entry, run_tests, wait_until)

HEADER_MS = 1200
BODY_MS = 1200
BYTEWISE_MAX = 3000

REFUSED = 'refused'   # an error or the end, never an answer to the request itself; then the end
LAST = 'last'         # may be answered, once; then the end
SERVED = 'served'     # answered, and the connection goes on
SILENT = 'silent'     # incomplete: nothing, or 408, and the end when the time is over

BODY = b'{"model":"absent","messages":[]}'
SMUGGLED_BODY = b'{"model":"local","messages":[{"role":"user","content":"smuggled"}]}'


def smuggled(port):
    return head(port, f'Content-Length: {len(SMUGGLED_BODY)}') + SMUGGLED_BODY


def head(port, *lines, first='POST /v1/chat/completions HTTP/1.1', host=True, key=True):
    """A head; @lines go behind the usual ones and may hold any bytes (latin-1)."""
    usual = [first]
    if host:
        usual.append(f'Host: 127.0.0.1:{port}')
    if key:
        usual.append(f'Authorization: Bearer {MASTER_KEY}')
    usual.append('Content-Type: application/json')
    return '\r\n'.join([*usual, *lines, '', '']).encode('latin-1')


LENGTH = f'Content-Length: {len(BODY)}'
CHUNKED = 'Transfer-Encoding: chunked'
OLD = 'POST /v1/chat/completions HTTP/1.0'
CHUNK = b'%x\r\n%b\r\n' % (len(BODY), BODY)
END = b'0\r\n\r\n'


def lengths(*values):
    return [f'Content-Length: {value}' for value in values]


# name -> (outcome, function of the port that makes the bytes)
PAYLOADS = {
    # what is right
    'good length': (SERVED, lambda p: head(p, LENGTH) + BODY),
    'good chunks': (LAST, lambda p: head(p, CHUNKED) + CHUNK + END),
    'good trailer': (LAST, lambda p: head(p, CHUNKED) + CHUNK + b'0\r\nX-T: 1\r\n\r\n'),
    'expect continue': (SERVED, lambda p: head(p, LENGTH, 'Expect: 100-continue') + BODY),
    'expect continue in capitals': (SERVED, lambda p: head(p, LENGTH, 'Expect: 100-CONTINUE') + BODY),
    'expect continue in HTTP/1.0': (LAST, lambda p: head(p, LENGTH, 'Expect: 100-continue', first=OLD) + BODY),
    'expect something else': (REFUSED, lambda p: head(p, LENGTH, 'Expect: 200-ok') + BODY + smuggled(p)),
    'close asked for': (LAST, lambda p: head(p, LENGTH, 'Connection: close') + BODY),
    # lengths
    'length and chunked': (REFUSED, lambda p: head(p, LENGTH, CHUNKED) + CHUNK + END + smuggled(p)),
    'chunked and length': (REFUSED, lambda p: head(p, CHUNKED, 'Content-Length: 4') + CHUNK + END + smuggled(p)),
    'chunked and length 0': (REFUSED, lambda p: head(p, 'Content-Length: 0', CHUNKED) + END + smuggled(p)),
    'two lengths': (REFUSED, lambda p: head(p, *lengths(len(BODY), len(BODY) + 10)) + BODY + smuggled(p)),
    'two equal lengths': (REFUSED, lambda p: head(p, *lengths(len(BODY), len(BODY))) + BODY + smuggled(p)),
    'length list': (REFUSED, lambda p: head(p, f'Content-Length: {len(BODY)}, {len(BODY)}') + BODY + smuggled(p)),
    'length with plus': (REFUSED, lambda p: head(p, f'Content-Length: +{len(BODY)}') + BODY + smuggled(p)),
    'length negative': (REFUSED, lambda p: head(p, 'Content-Length: -1') + BODY + smuggled(p)),
    'length hexadecimal': (REFUSED, lambda p: head(p, f'Content-Length: 0x{len(BODY):x}') + BODY + smuggled(p)),
    'length with blank inside': (REFUSED, lambda p: head(p, 'Content-Length: 3 2') + BODY + smuggled(p)),
    'length fraction': (REFUSED, lambda p: head(p, f'Content-Length: {len(BODY)}.0') + BODY + smuggled(p)),
    'length empty': (REFUSED, lambda p: head(p, 'Content-Length:') + BODY + smuggled(p)),
    'length 2^64 and five': (REFUSED, lambda p: head(p, f'Content-Length: {2 ** 64 + 5}') + BODY + smuggled(p)),
    'length 2^63': (REFUSED, lambda p: head(p, f'Content-Length: {2 ** 63}') + BODY),
    'length of 400 digits': (REFUSED, lambda p: head(p, 'Content-Length: ' + '0' * 398 + '32') + BODY + smuggled(p)),
    'length with letters': (REFUSED, lambda p: head(p, f'Content-Length: {len(BODY)}abc') + BODY + smuggled(p)),
    'blank before the colon': (REFUSED, lambda p: head(p, f'Content-Length : {len(BODY)}') + BODY + smuggled(p)),
    'tab before the colon': (REFUSED, lambda p: head(p, f'Content-Length\t: {len(BODY)}') + BODY + smuggled(p)),
    'length with vertical tab': (REFUSED, lambda p: head(p, f'Content-Length: \v{len(BODY)}') + BODY + smuggled(p)),
    'no length': (REFUSED, lambda p: head(p) + BODY + smuggled(p)),
    # codings
    'coding identity': (REFUSED, lambda p: head(p, 'Transfer-Encoding: identity') + BODY + smuggled(p)),
    'coding gzip and chunked': (REFUSED, lambda p: head(p, 'Transfer-Encoding: gzip, chunked') + CHUNK + END +
                                smuggled(p)),
    'coding chunked and identity': (REFUSED, lambda p: head(p, 'Transfer-Encoding: chunked, identity') + CHUNK + END +
                                    smuggled(p)),
    'coding unknown': (REFUSED, lambda p: head(p, 'Transfer-Encoding: xchunked') + CHUNK + END + smuggled(p)),
    'coding twice': (REFUSED, lambda p: head(p, CHUNKED, CHUNKED) + CHUNK + END + smuggled(p)),
    'coding chunked twice in a list': (REFUSED, lambda p: head(p, 'Transfer-Encoding: chunked, chunked') + CHUNK + END +
                                       smuggled(p)),
    'coding with blank before the colon': (REFUSED, lambda p: head(p, 'Transfer-Encoding : chunked') + CHUNK + END +
                                           smuggled(p)),
    'coding with vertical tab': (REFUSED, lambda p: head(p, 'Transfer-Encoding: \vchunked') + CHUNK + END +
                                 smuggled(p)),
    'coding quoted': (REFUSED, lambda p: head(p, 'Transfer-Encoding: "chunked"') + CHUNK + END + smuggled(p)),
    'coding empty': (REFUSED, lambda p: head(p, 'Transfer-Encoding:') + CHUNK + END + smuggled(p)),
    'coding on a folded line': (REFUSED, lambda p: head(p, 'Transfer-Encoding:\r\n chunked') + CHUNK + END +
                                smuggled(p)),
    'chunked in HTTP/1.0': (LAST, lambda p: head(p, CHUNKED, first=OLD) + CHUNK + END +
                            smuggled(p)),
    # chunks: libsoup reads them, so they may pass, but nothing may come behind them
    'chunk line ended by LF': (LAST, lambda p: head(p, CHUNKED) + CHUNK.replace(b'\r\n', b'\n', 1) + END + smuggled(p)),
    'chunk data ended by LF': (LAST, lambda p: head(p, CHUNKED) + b'%x\r\n%b\n' % (len(BODY), BODY) + END +
                               smuggled(p)),
    'chunk size with 0x': (LAST, lambda p: head(p, CHUNKED) + b'0x' + CHUNK + END + smuggled(p)),
    'chunk size with plus': (LAST, lambda p: head(p, CHUNKED) + b'+' + CHUNK + END + smuggled(p)),
    'chunk size negative': (LAST, lambda p: head(p, CHUNKED) + b'-1\r\n' + BODY + END + smuggled(p)),
    'chunk size no number': (LAST, lambda p: head(p, CHUNKED) + b'zz\r\n' + BODY + END + smuggled(p)),
    'chunk size empty': (LAST, lambda p: head(p, CHUNKED) + b'\r\n' + BODY + END + smuggled(p)),
    'chunk size 2^64 and more': (LAST, lambda p: head(p, CHUNKED) + b'10000000000000020\r\n' + BODY + END +
                                 smuggled(p)),
    'chunk size with blanks': (LAST, lambda p: head(p, CHUNKED) + b'  ' + CHUNK + END + smuggled(p)),
    'chunk extension': (LAST, lambda p: head(p, CHUNKED) + CHUNK.replace(b'\r\n', b';a=b\r\n', 1) + END + smuggled(p)),
    'chunk extension with LF': (LAST, lambda p: head(p, CHUNKED) + CHUNK.replace(b'\r\n', b';a=\nb\r\n', 1) + END +
                                smuggled(p)),
    'chunk longer than said': (LAST, lambda p: head(p, CHUNKED) + b'5\r\n' + BODY + b'\r\n' + END + smuggled(p)),
    'last chunk of many noughts': (LAST, lambda p: head(p, CHUNKED) + CHUNK + b'0' * 30 + b'\r\n\r\n' + smuggled(p)),
    'trailer with a length': (LAST, lambda p: head(p, CHUNKED) + CHUNK + b'0\r\nContent-Length: 5\r\n\r\n' +
                              smuggled(p)),
    'more behind chunks': (LAST, lambda p: head(p, CHUNKED) + CHUNK + END + smuggled(p)),
    # request line
    'LF in the request line': (REFUSED, lambda p: head(p, LENGTH, first='POST /v1/chat\nX: HTTP/1.1') + BODY),
    'no version': (REFUSED, lambda p: head(p, LENGTH, first='POST /v1/chat/completions') + BODY + smuggled(p)),
    'HTTP/2.0': (REFUSED, lambda p: head(p, LENGTH, first='POST /v1/chat/completions HTTP/2.0') + BODY + smuggled(p)),
    'HTTP/1.11': (REFUSED, lambda p: head(p, LENGTH, first='POST /v1/chat/completions HTTP/1.11') + BODY),
    'preface of HTTP/2': (REFUSED, lambda p: b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    'unknown method': (REFUSED, lambda p: head(p, LENGTH, first='FROB /v1/chat/completions HTTP/1.1') + BODY),
    'CONNECT': (REFUSED, lambda p: head(p, first='CONNECT 127.0.0.1:9 HTTP/1.1')),
    'TRACE': (REFUSED, lambda p: head(p, first='TRACE /v1/chat/completions HTTP/1.1')),
    'control byte in the path': (REFUSED, lambda p: head(p, LENGTH, first='POST /v1/chat\x01 HTTP/1.1') + BODY),
    'raw UTF-8 in the path': (REFUSED, lambda p: head(p, LENGTH, first='POST /v1/ch\xc3\xa4t HTTP/1.1') + BODY),
    'escaped NUL in the path': (REFUSED, lambda p: head(p, LENGTH, first='POST /v1/chat%00/completions HTTP/1.1') +
                                BODY),
    'dots in the path': (REFUSED, lambda p: head(p, LENGTH, first='POST /v1/../../v1/secret HTTP/1.1') + BODY),
    'foreign absolute target': (REFUSED, lambda p: head(
        p, LENGTH, first='POST http://evil.example/v1/chat/completions HTTP/1.1') + BODY),
    'long request line': (REFUSED, lambda p: head(p, LENGTH, first=f'POST /{"a" * 9000} HTTP/1.1') + BODY),
    'TLS greeting': (REFUSED, lambda p: b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' + bytes(range(256)) +
                     b'\r\n\r\n'),
    # Host
    'no host': (REFUSED, lambda p: head(p, LENGTH, host=False) + BODY),
    'two hosts': (REFUSED, lambda p: head(p, LENGTH, 'Host: evil.example') + BODY),
    'two equal hosts': (REFUSED, lambda p: head(p, LENGTH, f'Host: 127.0.0.1:{p}') + BODY),
    'foreign host': (REFUSED, lambda p: head(p, LENGTH, 'Host: evil.example', host=False) + BODY),
    'host with user': (REFUSED, lambda p: head(p, LENGTH, f'Host: evil@127.0.0.1:{p}', host=False) + BODY),
    # headers
    'NUL in a value': (REFUSED, lambda p: head(p, LENGTH, 'X-A: a\0b') + BODY + smuggled(p)),
    'control byte in a value': (REFUSED, lambda p: head(p, LENGTH, 'X-A: a\x01b') + BODY),
    'bare CR in a value': (REFUSED, lambda p: head(p, LENGTH, 'X-A: a\rX-B: b') + BODY),
    'blank in a name': (REFUSED, lambda p: head(p, LENGTH, 'X A: b') + BODY),
    'many headers': (REFUSED, lambda p: head(p, LENGTH, *(f'X-{i}: 1' for i in range(200))) + BODY),
    'big header': (REFUSED, lambda p: head(p, LENGTH, 'X-A: ' + 'a' * 70000) + BODY),
    'coded body': (REFUSED, lambda p: head(p, LENGTH, 'Content-Encoding: gzip') + BODY),
    'upgrade': (LAST, lambda p: head(p, LENGTH, 'Connection: Upgrade', 'Upgrade: websocket',
                                     'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==') +
                BODY + smuggled(p)),
    'two keys': (REFUSED, lambda p: head(p, LENGTH, 'Authorization: Bearer sk-another') + BODY),
    # what is not whole
    'half a request line': (SILENT, lambda p: b'POST /v1/cha'),
    'half the headers': (SILENT, lambda p: head(p, LENGTH)[:-20]),
    'half the body': (SILENT, lambda p: head(p, LENGTH) + BODY[:10]),
    'half a chunk': (SILENT, lambda p: head(p, CHUNKED) + CHUNK[:10]),
    'no last chunk': (SILENT, lambda p: head(p, CHUNKED) + CHUNK),
    'more length than body': (SILENT, lambda p: head(p, f'Content-Length: {len(BODY) + 9}') + BODY),
}


@contextlib.contextmanager
def setup():
    with Upstream() as upstream:
        config = make_config([model_entry('local', upstream.base, 'fake')],
                             settings={'header_timeout_ms': HEADER_MS, 'body_idle_timeout_ms': BODY_MS})
        with Gateway(config) as gateway:
            yield World(gateway, upstream)


def check_outcome(raw, outcome):
    answer = raw.answer()
    while answer is not None and answer.status == 100:
        answer = raw.answer()
    taken = answer is not None and b'absent' in answer.body
    if outcome == SERVED:
        check(taken, f'not served: {answer and (answer.status, answer.body)}')
        return
    if outcome == SILENT:
        check(answer is None or answer.status == 408, f'answered {answer and (answer.status, answer.body)}')
    elif outcome == REFUSED:
        check(not taken, f'taken for a request: {answer and answer.status}')
        check(answer is None or 400 <= answer.status < 600, f'status {answer and answer.status}')
    else:
        check(answer is None or 400 <= answer.status < 600, f'status {answer and answer.status}')
    check(raw.at_end(6 * TIME_FACTOR), 'the connection stays open, or a second answer came')


def check_next_is_served(world):
    began = time.monotonic()
    world.gateway.get('/v1/models').expect(200)
    took = time.monotonic() - began
    check(took < TIME_FACTOR, f'the next good request took {took:.2f} s')


def check_variant(world, outcome, payload, behind_good, bytewise):
    with world.gateway.raw(timeout=8) as raw:
        if behind_good:
            raw.send(world.gateway.wire('GET', '/v1/models'))
            raw.answer().expect(200)
        raw.send(payload, bytewise)
        check_outcome(raw, outcome)
    check_next_is_served(world)


def check_payload(world, outcome, make):
    payload = make(world.gateway.port)
    before = world.upstream.requests()
    for name, behind_good, bytewise in (('fresh', False, False), ('behind a good one', True, False),
                                        ('byte by byte', False, True)):
        if bytewise and len(payload) > BYTEWISE_MAX:
            continue
        try:
            check_variant(world, outcome, payload, behind_good, bytewise)
        except AssertionError as error:
            raise AssertionError(f'{name}: {error}') from error
    check_equal(world.upstream.requests(), before, 'requests that reached the provider')


def make_tests():
    made = {}
    for name, (outcome, make) in PAYLOADS.items():
        function = lambda world, a=(outcome, make): check_payload(world, *a)
        function.__name__ = 'test_' + name.replace(' ', '_')
        made[function.__name__] = function
    return made


globals().update(make_tests())


def test_unknown_expectation_says_what_to_do(world):
    for first in ('POST /v1/chat/completions HTTP/1.1', OLD):
        for lines in (['Expect: 200-ok'], ['Expect:'], ['Expect: 100-continue, x'],
                      ['Expect: 100-continue', 'expect: x']):
            with world.gateway.raw() as raw:
                raw.send(head(world.gateway.port, LENGTH, *lines, first=first))
                error = raw.answer().expect(417).error()
                check_in('without the header Expect', error['message'], f'{lines}')
                check(raw.at_end(), f'{lines}: the connection stays open')


def test_continue_is_awaited(world):
    with world.gateway.raw() as raw:
        for _ in range(2):
            raw.send(head(world.gateway.port, LENGTH, 'Expect: 100-continue'))
            raw.answer().expect(100)
            raw.send(BODY)
            check_in('absent', raw.answer().expect(400).error()['message'])


def test_no_continue_in_http_1_0(world):
    # 100 would come before the body is read, so before the answer
    with world.gateway.raw() as raw:
        raw.send(head(world.gateway.port, LENGTH, 'Expect: 100-continue', first=OLD))
        raw.send(BODY)
        check_in('absent', raw.answer().expect(400).error()['message'])
        check(raw.at_end(), 'the connection stays open')


def test_there_are_enough(world):
    check(len(PAYLOADS) >= 60, f'{len(PAYLOADS)} payloads')
    body = json.dumps({'model': 'local', 'messages': [{'role': 'user', 'content': 'x'}]}).encode()
    with world.gateway.raw() as raw:
        raw.send(world.gateway.wire('POST', '/v1/chat/completions', body))
        raw.answer().expect(200)


def test_nothing_is_left_behind(world):
    before = world.gateway.fds()
    for _, make in PAYLOADS.values():
        if len(make(0)) < BYTEWISE_MAX:
            with world.gateway.raw() as raw:
                raw.send(make(world.gateway.port))
                raw.reset()
    wait_until(lambda: world.gateway.fds() <= before + 4, 5, 'descriptors back')
    check_next_is_served(world)


if __name__ == '__main__':
    run_tests(globals(), setup=setup)
