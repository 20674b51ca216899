#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Streams: framing, usage, failures early and midway, clients that leave or do not read, and time limits."""

import contextlib
import json
import socket
import threading
import time

from harness import (PRICES, TIME_FACTOR, Gateway, Recorder, Upstream, chat_body, check, check_equal, check_in,
                     check_plain_events, make_config, model_entry, run_tests, wait_until)

IDLE_MS = 700
FIRST_MS = 900
TOTAL_MS = 2500
SLACK_MS = 1500 * TIME_FACTOR
MODES = {
    'plain': 'fake', 'slow-stream': 'fake:stream:events=1000,ms=50,size=20', 'endless': 'fake:endless:size=1000',
    'error-mid': 'fake:error-mid', 'reset-mid': 'fake:reset-mid', 'cut-border': 'fake:cut-border',
    'cut-inside': 'fake:cut-inside', 'cut-end': 'fake:cut-end', 'bad-chunk': 'fake:bad-chunk',
    'no-done': 'fake:no-done', 'status-503': 'fake:status-503', 'reset-before': 'fake:reset-before',
    'error-200': 'fake:error-200', 'stall': 'fake:stall', 'stall-head': 'fake:stall-head',
    'stall-mid': 'fake:stall-mid', 'no-usage': 'fake:no-usage', 'usage-in-choice': 'fake:usage-in-choice',
    'always-usage': 'fake:always-usage', 'crlf': 'fake:crlf', 'cr': 'fake:cr', 'comments': 'fake:comments',
    'no-space': 'fake:no-space', 'bom': 'fake:bom', 'split-data': 'fake:split-data', 'drip': 'fake:drip',
    'huge-line': 'fake:huge-line:bytes=3000000', 'tool': 'fake:tool', 'reasoning': 'fake:reasoning',
    'error-first': 'fake:error-at-once:status=429', 'error-second': 'fake:error-at-once:n=1,status=429',
    'error-third': 'fake:error-at-once:n=2', 'junk-first': 'fake:junk-at-once', 'junk-second': 'fake:junk-at-once:n=1',
    'continue-endless': 'fake:continue-endless', 'headers-endless': 'fake:headers-endless',
    'extension-endless': 'fake:extension-endless', 'trailers-endless': 'fake:trailers-endless',
}
ENDLESS = ('continue-endless', 'headers-endless', 'extension-endless', 'trailers-endless')
AT_ONCE = {'error-first': (429, 500), 'error-second': (429, 500), 'error-third': (500, 500), 'junk-first': (502, 502),
           'junk-second': (502, 502)}


class World:
    def __init__(self, gateway, upstream):
        self.gateway = gateway
        self.upstream = upstream

    def stream(self, model, text='hello big world', **members):
        return self.gateway.chat(model, text, stream=True, **members)

    @contextlib.contextmanager
    def open(self, model, text='hello big world', timeout=10.0):
        """A stream read by hand."""
        with self.gateway.raw(timeout) as raw:
            body = json.dumps(chat_body(model, text, stream=True)).encode()
            raw.send(self.gateway.wire('POST', '/v1/chat/completions', body))
            yield raw


@contextlib.contextmanager
def setup():
    with Upstream() as upstream:
        entries = [model_entry(name, upstream.base, mode) for name, mode in MODES.items()]
        entries += [model_entry(f'olla-{name}', upstream.ollama_base, MODES[name], provider='ollama')
                    for name in ('plain', 'slow-stream', 'reset-mid', 'no-done', 'stall-mid', 'no-usage', *AT_ONCE)]
        entries.append(model_entry('paid', upstream.base, 'fake', provider='openai', extra=PRICES))
        entries.append(model_entry('refuses', 'http://127.0.0.1:1/v1', 'fake'))
        with Gateway(make_config(entries)) as gateway:
            yield World(gateway, upstream)


def texts(events):
    """What the chunks say, joined."""
    chunks = [json.loads(event) for event in events if event != '[DONE]']
    return ''.join(choice['delta'].get('content') or '' for chunk in chunks for choice in chunk.get('choices', []))


def check_failed_midway(answer):
    """One error event at the end, never [DONE]."""
    answer.expect(200)
    check(not answer.cut, 'our own stream ends as its framing says')
    events = answer.events()
    check('[DONE]' not in events, 'a stream that failed says [DONE]')
    errors = [event for event in events if 'error' in json.loads(event)]
    check_equal(len(errors), 1, 'error events')
    check(events[-1] == errors[0], 'something comes behind the error')
    error = json.loads(errors[0])['error']
    check(error['message'] and isinstance(error['code'], str), f'error: {error}')


def last_attempt(world, status, seconds=3.0):
    attempts = world.gateway.last_exchange(status, seconds)['attempts']
    check_equal(len(attempts), 1, 'attempts')
    return attempts[0]


def wait_for_upstream(world, seconds=1.0):
    wait_until(lambda: world.upstream.stats()['requests_open'] == 0, seconds, 'the upstream freed')


# Framing and usage

def test_framing(world):
    answer = world.stream('plain', 'echo these four words').expect(200)
    check(answer.headers['content-type'].startswith('text/event-stream'), answer.headers['content-type'])
    check_equal(answer.headers['cache-control'], 'no-store', 'cache-control')
    check_plain_events(answer.body)
    events = answer.events()
    check_equal(events[-1], '[DONE]', 'last event')
    check_equal(events.count('[DONE]'), 1, 'end marks')
    chunks = [json.loads(event) for event in events[:-1]]
    check_equal({chunk['object'] for chunk in chunks}, {'chat.completion.chunk'}, 'object')
    check_equal({chunk['model'] for chunk in chunks}, {'plain'}, 'model')
    check_equal(len({(chunk['id'], chunk['created']) for chunk in chunks}), 1, 'ids')
    check_equal(chunks[0]['choices'][0]['delta'].get('role'), 'assistant', 'role')
    check_equal(texts(events), 'echo these four words', 'content')
    check_equal([c['choices'][0].get('finish_reason') for c in chunks][-1], 'stop', 'finish_reason')


def test_usage_is_asked_for_and_hidden(world):
    world.upstream.reset()
    events = world.stream('plain', 'one two three').expect(200).events()
    sent = json.loads(world.upstream.log()[-1]['body'])
    check_equal(sent['stream_options'], {'include_usage': True}, 'stream_options upstream')
    check(all(event == '[DONE]' or not json.loads(event).get('usage') for event in events), 'usage is not hidden')
    check(all(event == '[DONE]' or json.loads(event)['choices'] for event in events), 'a chunk without choices')
    check_equal(last_attempt(world, 200)['completion_tokens'], 3, 'tokens in the ledger')


def test_usage_that_was_asked_for(world):
    events = world.stream('plain', 'one two three', stream_options={'include_usage': True}).expect(200).events()
    chunk = json.loads(events[-2])
    check_equal(chunk['choices'], [], 'choices of the usage chunk')
    check_equal(chunk['usage']['completion_tokens'], 3, 'completion_tokens')


def test_usage_not_wanted_is_still_asked_for(world):
    world.upstream.reset()
    events = world.stream('plain', 'a b', stream_options={'include_usage': False}).expect(200).events()
    check(json.loads(world.upstream.log()[-1]['body'])['stream_options']['include_usage'], 'not asked for')
    check(all(event == '[DONE]' or not json.loads(event).get('usage') for event in events), 'usage is not hidden')


def test_usage_that_comes_in_other_ways(world):
    for model in ('always-usage', 'usage-in-choice'):
        events = world.stream(model, 'a b').expect(200).events()
        check(all(event == '[DONE]' or json.loads(event)['choices'] for event in events), f'{model}: a usage chunk')
        check(all(event == '[DONE]' or not json.loads(event).get('usage') for event in events), f'{model}: usage')
        check_equal(last_attempt(world, 200)['completion_tokens'], 2, f'{model}: tokens in the ledger')


def test_who_asks_for_usage_gets_it_once_and_as_in_the_row(world):
    for model in ('plain', 'always-usage', 'usage-in-choice', 'no-usage', 'olla-plain', 'olla-no-usage'):
        events = world.stream(model, 'a b c d', stream_options={'include_usage': True}).expect(200).events()
        check_equal(events[-1], '[DONE]', f'{model}: last event')
        chunks = [json.loads(event) for event in events[:-1]]
        check_equal([bool(chunk.get('usage')) for chunk in chunks], [False] * (len(chunks) - 1) + [True],
                    f'{model}: chunks with usage')
        check_equal(chunks[-1]['choices'], [], f'{model}: choices of the usage chunk')
        check_equal(len({(c['id'], c['object'], c['created'], c['model']) for c in chunks}), 1, f'{model}: heads')
        attempt = last_attempt(world, 200)
        check_equal(bool(attempt['estimated']), model.endswith('no-usage'), f'{model}: estimated')
        usage = chunks[-1]['usage']
        check_equal((usage['prompt_tokens'], usage['completion_tokens']),
                    (attempt['prompt_tokens'], attempt['completion_tokens']), f'{model}: counts')
        check_equal(usage['total_tokens'], attempt['prompt_tokens'] + attempt['completion_tokens'], f'{model}: total')
        check(attempt['completion_tokens'] > 0 and attempt['prompt_tokens'] > 0, f'{model}: {attempt}')


def test_usage_of_a_text_completion(world):
    body = {'model': 'no-usage', 'prompt': 'a b c d', 'stream': True, 'stream_options': {'include_usage': True}}
    events = world.gateway.post('/v1/completions', body).expect(200).events()
    chunk = json.loads(events[-2])
    check_equal((chunk['object'], chunk['choices']), ('text_completion', []), 'the usage chunk')
    check_equal(chunk['usage']['completion_tokens'], last_attempt(world, 200)['completion_tokens'], 'completion_tokens')


def test_no_usage_is_estimated(world):
    world.stream('no-usage', 'a b c d e f').expect(200)
    attempt = last_attempt(world, 200)
    check(attempt['estimated'] and attempt['completion_tokens'] > 0, f'attempt {attempt}')


def test_every_way_to_write_events(world):
    for model in ('crlf', 'cr', 'comments', 'no-space', 'bom', 'split-data', 'drip', 'olla-plain'):
        events = world.stream(model, 'echo these four words').expect(200).events()
        check_equal(events[-1], '[DONE]', f'{model}: last event')
        check_equal(texts(events), 'echo these four words', f'{model}: content')


def test_tools_and_reasoning_pass(world):
    tools = [{'type': 'function', 'function': {'name': 'get_time', 'parameters': {'type': 'object'}}}]
    body = world.stream('tool', tools=tools).expect(200).body.decode()
    check_in('get_time', body)
    check_in('"tool_calls"', body)
    check_in('reasoning_content', world.stream('reasoning').expect(200).body.decode())


def test_text_completion_stream(world):
    answer = world.gateway.post('/v1/completions', {'model': 'plain', 'prompt': 'one two', 'stream': True}).expect(200)
    events = answer.events()
    check_equal(events[-1], '[DONE]', 'last event')
    chunks = [json.loads(event) for event in events[:-1]]
    check_equal(''.join(c['choices'][0]['text'] or '' for c in chunks if c['choices']), 'one two', 'text')


def test_a_stream_of_nothing_is_whole(world):
    with Recorder(b'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n'
                  b'data: [DONE]\n\n') as upstream:
        entry = model_entry('nothing', f'http://127.0.0.1:{upstream.port}/v1')
        with Gateway(make_config([entry])) as gateway:
            answer = gateway.chat('nothing', stream=True).expect(200)
            check_in('text/event-stream', answer.headers['content-type'], 'type')
            check_equal(answer.events(), ['[DONE]'], 'events')
            check_equal(gateway.last_exchange(200)['error'], None, 'error in the row')


def test_events_come_as_they_are_made(world):
    with world.open('slow-stream') as raw:
        began = time.monotonic()
        while b't=' not in raw.file.readline():
            pass
        check(time.monotonic() - began < 1.0, 'the first event waited for more')


def test_keep_alive_after_a_stream(world):
    with world.gateway.raw() as raw:
        for index in range(3):
            body = json.dumps(chat_body('plain', f'number {index}', stream=True)).encode()
            raw.send(world.gateway.wire('POST', '/v1/chat/completions', body))
            check_equal(texts(raw.answer().expect(200).events()), f'number {index}', 'content')


# Failures

def test_early_error_is_an_answer(world):
    for model, status in (('status-503', 503), ('reset-before', 502), ('refuses', 503), ('error-200', 500)):
        answer = world.stream(model)
        check(answer.status >= 400, f'{model}: status {answer.status}')
        check(answer.status == status or model in ('reset-before', 'error-200'), f'{model}: status {answer.status}')
        check_in('application/json', answer.headers['content-type'], model)
        answer.error()


def test_error_midway(world):
    for model in ('error-mid', 'reset-mid', 'cut-border', 'cut-inside', 'bad-chunk', 'no-done', 'olla-reset-mid',
                  'olla-no-done'):
        try:
            check_failed_midway(world.stream(model, 'one two three four five six'))
        except AssertionError as error:
            raise AssertionError(f'{model}: {error}') from error
        exchange = world.gateway.exchanges()[-1]
        check(exchange['error'], f'{model}: no error in the row: {exchange}')


def test_error_in_the_first_read(world):
    # error, end mark and end of the connection come in one piece: an answer if nothing was sent by then, else an event
    for model, statuses in AT_ONCE.items():
        for name, status in zip((model, f'olla-{model}'), statuses):
            for _ in range(5):
                answer = world.stream(name, 'one two three')
                if answer.status == 200:
                    check('first' not in name, f'{name}: status 200: {answer.body[:200]!r}')
                    check_failed_midway(answer)
                else:
                    check_equal(answer.status, status, name)
                    check(answer.error()['message'], name)
            exchange = world.gateway.exchanges()[-1]
            check_equal((exchange['error'] is not None, exchange['status']), (True, status), f'{name}: the row')
    check_equal(world.gateway.chat('plain').status, 200, 'the daemon afterwards')


def test_end_mark_is_enough(world):
    # everything came, only the last chunk of the framing did not
    events = world.stream('cut-end', 'one two').expect(200).events()
    check_equal((events[-1], texts(events)), ('[DONE]', 'one two'), 'end and content')


def test_line_over_the_limit(world):
    answer = world.stream('huge-line')
    if answer.status == 200:
        check_failed_midway(answer)
    else:
        answer.expect(502).error()
    wait_for_upstream(world)


# Clients that leave or do not read

def check_left(world, model, leave):
    world.upstream.reset()
    with world.open(model) as raw:
        check_in(b'200', raw.file.readline())
        while raw.file.readline() != b'\r\n':
            pass
        raw.file.readline()
        leave(raw)
        wait_for_upstream(world)
    exchange = world.gateway.last_exchange(499)
    check_equal(len(exchange['attempts']), 1, 'attempts')
    check(exchange['finished_us'] > 0, 'the row is not finished')
    check(world.upstream.log()[-1]['aborted'], 'the upstream was not aborted')


def test_client_leaves(world):
    for model in ('slow-stream', 'olla-slow-stream'):
        check_left(world, model, lambda raw: raw.close())


def test_text_behind_an_early_usage_costs_who_leaves(world):
    with socket.create_server(('127.0.0.1', 0)) as server:
        entry = model_entry('early', f'http://127.0.0.1:{server.getsockname()[1]}/v1', provider='openai', extra=PRICES)
        with Gateway(make_config([entry])) as gateway, World(gateway, None).open('early') as raw:
            upstream, _ = server.accept()
            with upstream:
                upstream.recv(65536)
                usage = {'prompt_tokens': 7, 'completion_tokens': 0, 'total_tokens': 7}
                chunks = [{'choices': [{'delta': {'content': ''}}], 'usage': usage},
                          {'choices': [{'delta': {'content': 'x' * 3000}}]}]
                upstream.sendall(b'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n'
                                 + b''.join(b'data: %s\n\n' % json.dumps(chunk).encode() for chunk in chunks))
                while b'xxx' not in raw.file.readline():
                    pass
                raw.close()
                attempt = gateway.last_exchange(499)['attempts'][0]
    check_equal((attempt['prompt_tokens'], attempt['completion_tokens'], attempt['estimated'],
                 attempt['cost_nano_usd']), (7, 1000, 1, 2007000), 'the row')


def test_client_leaves_by_reset(world):
    check_left(world, 'slow-stream', lambda raw: raw.reset())


def test_client_half_closes(world):
    check_left(world, 'slow-stream', lambda raw: raw.socket.shutdown(1))


def test_client_leaves_before_the_first_byte(world):
    for stream in (True, False):
        world.upstream.reset()
        body = json.dumps(chat_body('stall', stream=stream)).encode()
        with world.gateway.raw() as raw:
            raw.send(world.gateway.wire('POST', '/v1/chat/completions', body))
            wait_until(lambda: world.upstream.stats()['requests_open'] == 1, 3, 'the request upstream')
        wait_for_upstream(world)
        world.gateway.last_exchange(499)


def test_client_leaves_with_its_request(world):
    """The request and the end of the client's side come in one event: nothing of it may run on upstream."""
    world.upstream.reset()
    for turn in range(60):
        with socket.create_connection(('127.0.0.1', world.gateway.port)) as client:
            time.sleep(0.005)
            body = json.dumps(chat_body('stall', stream=bool(turn % 2))).encode()
            client.sendall(world.gateway.wire('POST', '/v1/chat/completions', body))
            if turn % 3 == 0:
                client.shutdown(socket.SHUT_WR)
    wait_for_upstream(world)


def test_slow_reader(world):
    world.upstream.reset()
    before = world.gateway.rss()
    with world.open('endless') as raw:
        raw.socket.recv(1000)
        sent = []

        def upstream_stands_still():
            sent.append(world.upstream.stats()['bytes_out'])
            # the answers to these questions count too
            return len(sent) > 5 and sent[-1] - sent[-5] < 8192

        wait_until(upstream_stands_still, 8, 'the upstream slowed', step=0.1)
        # kernel buffers on both sides, ours in between
        check(sent[-1] < 24 * 1024 * 1024, f'{sent[-1]} bytes were taken from the upstream')
        grown = world.gateway.rss() - before
        # AddressSanitizer keeps what is freed for a while
        check(grown < (4 if TIME_FACTOR == 1 else 64) * 1024 * 1024, f'memory grew by {grown} bytes')
        # it goes on when the client reads again
        had = 0
        while had < sent[-1] // 4:
            had += len(raw.socket.recv(1 << 20))
        wait_until(lambda: world.upstream.stats()['bytes_out'] > sent[-1] + 65536, 5, 'the upstream going on')
        check_equal(world.gateway.get('/v1/models').status, 200, 'others are served meanwhile')
    wait_for_upstream(world)


# Time limits, in a gateway with short ones

def limited(world, **settings):
    names = ('stall', 'stall-head', 'stall-mid', 'slow-stream', 'drip')
    entries = [model_entry(name, world.upstream.base, MODES[name]) for name in names]
    entries.append(model_entry('olla-stall-mid', world.upstream.ollama_base, MODES['stall-mid'], provider='ollama'))
    return Gateway(make_config(entries, settings=settings))


def took(function):
    began = time.monotonic()
    answer = function()
    return answer, (time.monotonic() - began) * 1000


def test_first_byte_limit(world):
    with limited(world, first_byte_timeout_ms=FIRST_MS) as gateway:
        for model, stream in (('stall', True), ('stall', False), ('stall-head', True), ('stall-head', False)):
            answer, ms = took(lambda m=model, s=stream: gateway.chat(m, stream=s))
            answer.expect(504).error()
            check(FIRST_MS * 0.9 <= ms < FIRST_MS + SLACK_MS, f'{model} stream={stream}: {ms:.0f} ms')
            wait_for_upstream(world)


def test_idle_limit(world):
    with limited(world, stream_idle_timeout_ms=IDLE_MS) as gateway:
        for model in ('stall-mid', 'olla-stall-mid'):
            answer, ms = took(lambda m=model: gateway.chat(m, 'one two three four five', stream=True))
            check_failed_midway(answer)
            check(IDLE_MS * 0.9 <= ms < IDLE_MS + SLACK_MS, f'{model}: {ms:.0f} ms')
            wait_for_upstream(world)


def test_total_limit(world):
    with limited(world, total_timeout_ms=TOTAL_MS) as gateway:
        answer, ms = took(lambda: gateway.chat('slow-stream', stream=True))
        check_failed_midway(answer)
        check(TOTAL_MS * 0.9 <= ms < TOTAL_MS + SLACK_MS, f'{ms:.0f} ms')
        wait_for_upstream(world)


def test_what_never_ends_holds_nobody_up(world):
    # one worker: while it reads what should be small, others are answered, and it can be stopped
    entries = [model_entry(name, world.upstream.base, MODES[name]) for name in ('plain', *ENDLESS)]
    settings = {'first_byte_timeout_ms': 1000, 'total_timeout_ms': TOTAL_MS, 'drain_timeout_ms': 1000}
    with Gateway(make_config(entries, settings=settings), arguments=['--workers', '1']) as gateway:
        for name in ENDLESS:
            for stream in (False, True):
                answers = []
                asker = threading.Thread(target=lambda n=name, s=stream, a=answers: a.append(gateway.chat(n, stream=s)))
                asker.start()
                wait_until(lambda a=answers: a or world.upstream.stats()['requests_open'] > 0, 3, 'the upstream asked')
                _, ms = took(lambda: gateway.chat('plain').expect(200))
                check(ms < 1000 * TIME_FACTOR, f'{name}: another request took {ms:.0f} ms')
                asker.join(TOTAL_MS / 1000 + 5 * TIME_FACTOR)
                check(answers and answers[0].status in (502, 504), f'{name}: {answers}')
                wait_for_upstream(world, 3)
        with gateway.raw() as raw:
            raw.send(gateway.wire('POST', '/v1/chat/completions', json.dumps(chat_body('extension-endless')).encode()))
            _, ms = took(gateway.stop)
        check(ms < 3000 * TIME_FACTOR, f'stopping took {ms:.0f} ms')


def test_slow_client_limit(world):
    entries = [model_entry('endless', world.upstream.base, MODES['endless'])]
    with Gateway(make_config(entries, settings={'slow_client_timeout_ms': 1000})) as gateway:
        with World(gateway, world.upstream).open('endless') as raw:
            raw.socket.recv(1000)
            wait_for_upstream(world, seconds=8)


if __name__ == '__main__':
    run_tests(globals(), setup=setup)
