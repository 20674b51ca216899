#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a provider can do wrong: each time the client gets a clear error, and the row is settled or released."""

import contextlib
import json
import threading
import time

from harness import (OPEN, PRICES, RELEASED, SETTLED, TIME_FACTOR, UPSTREAM_KEY, Gateway, Recorder, Upstream, World,
                     chat_body, check, check_equal, check_in, make_config, model_entry, run_tests, wait_until)

GARBLED = (502,)
ANY_STATE = (SETTLED, RELEASED)

# name, mode, expected statuses of a plain request (200: it must work), states its attempt may have.
# Released only where the provider certainly did not bill.
FAULTS = [
    ('reset-before', 'reset-before', (502, 503), ANY_STATE),
    ('reset-head', 'reset-head', GARBLED, (SETTLED,)),
    ('reset-mid', 'reset-mid', GARBLED, (SETTLED,)),
    ('close-before', 'close-before', (502, 503), ANY_STATE),
    ('cut-border', 'cut-border', GARBLED, (SETTLED,)),
    ('cut-inside', 'cut-inside', GARBLED, (SETTLED,)),
    ('bad-chunk', 'bad-chunk', GARBLED, (SETTLED,)),
    ('length-long', 'length-long', GARBLED, (SETTLED,)),
    ('length-short', 'length-short', GARBLED, (SETTLED,)),
    ('garbage', 'garbage', GARBLED, (SETTLED,)),
    ('continue-flood', 'continue-flood', (200, 502), ANY_STATE),
    ('huge-headers', 'huge-headers', (200, 502), ANY_STATE),
    ('html', 'html', GARBLED, (SETTLED,)),
    ('not-json', 'not-json', GARBLED, (SETTLED,)),
    ('half-json', 'half-json', GARBLED, (SETTLED,)),
    ('empty', 'empty', GARBLED, (SETTLED,)),
    ('gzip', 'gzip', (200, 502), (SETTLED,)),
    ('gzip-bad', 'gzip-bad', GARBLED, (SETTLED,)),
    ('error-200', 'error-200', tuple(range(400, 600)), ANY_STATE),
    ('redirect', 'redirect:status=302,to=http://127.0.0.1:9/v1', GARBLED, ANY_STATE),
    ('bad-request', 'status:status=400', (400,), (RELEASED,)),
    ('bad-key', 'status:status=401', (401,), (RELEASED,)),
    ('no-money', 'status:status=402', (429, 402), (RELEASED,)),
    ('forbidden', 'status:status=403', (403,), (RELEASED,)),
    ('absent', 'status:status=404', (404,), (RELEASED,)),
    ('too-large', 'status:status=413', (413,), (RELEASED,)),
    ('unprocessable', 'status:status=422', (400, 422), (RELEASED,)),
    ('rate-limit', 'rate-limit:retry=7', (429,), (RELEASED,)),
    ('rate-limit-date', 'rate-limit:retry=date', (429,), (RELEASED,)),
    ('rate-limit-odd', 'rate-limit:retry=-1', (429,), (RELEASED,)),
    ('failed', 'status:status=500', (500, 502), (SETTLED,)),
    ('unavailable', 'status:status=503', (503,), ANY_STATE),
    ('overloaded', 'status:status=529', (503, 529), ANY_STATE),
    ('odd-status', 'status:status=999', GARBLED, ANY_STATE),
    ('no-usage', 'no-usage', (200,), (SETTLED,)),
    ('drip', 'drip', (200,), (SETTLED,)),
    ('plain', 'plain', (200,), (SETTLED,)),
]
LIMIT = 8 * 1024 * 1024


@contextlib.contextmanager
def setup():
    with Upstream() as upstream:
        entries = [model_entry(name, upstream.base, f'fake:{mode}', provider='openai', extra=PRICES)
                   for name, mode, *_ in FAULTS]
        entries += [model_entry(f'olla-{name}', upstream.ollama_base, f'fake:{mode}', provider='ollama')
                    for name, mode, *_ in FAULTS]
        entries += [
            model_entry('refuses', 'http://127.0.0.1:1/v1', 'fake', provider='openai', extra=PRICES),
            model_entry('no-such-host', 'http://absent.invalid/v1', 'fake', provider='openai', extra=PRICES),
            model_entry('bomb', upstream.base, 'fake:gzip-bomb:mb=64'),
            model_entry('big', upstream.base, f'fake:big:bytes={LIMIT * 2}'),
            model_entry('wrong-key', upstream.base, 'fake:status:status=401', provider='openai', extra=PRICES),
            model_entry('stale', upstream.base, 'fake', provider='openai', extra=PRICES),
        ]
        with Gateway(make_config(entries, settings={'max_answer_bytes': LIMIT})) as gateway:
            yield World(gateway, upstream)


def check_settled(world, name, states):
    def finished():
        found = world.gateway.exchanges()
        return found[-1] if found and found[-1]['finished_us'] else None
    exchange = wait_until(finished, 3, 'the row finished')
    check_equal(exchange['group'], name, 'the newest row')
    check_equal(len(exchange['attempts']), 1, 'attempts')
    state = exchange['attempts'][0]['state']
    check(state in states and state != OPEN, f'state {state}, expected one of {states}')
    if state == RELEASED:
        check_equal(exchange['attempts'][0]['cost_nano_usd'], 0, 'cost of a released attempt')
    return exchange


def check_fault(world, name, statuses, states):
    """One plain request."""
    began = time.monotonic()
    answer = world.gateway.chat(name, timeout=10)
    check(answer.status in statuses, f'status {answer.status}, expected {statuses}: {answer.body[:200]!r}')
    check(not answer.cut, 'our own answer is cut')
    check(time.monotonic() - began < 8, 'it took too long')
    if answer.status == 200:
        check(answer.json()['choices'], 'no choices')
    else:
        error = answer.error()
        check(UPSTREAM_KEY not in answer.body.decode(), 'the upstream key is in the answer')
        check_equal(error['code'] in (str(answer.status), 'rate_limit_exceeded', 'insufficient_quota',
                                      'model_not_found', 'invalid_api_key') or bool(error['code']), True, 'code')
    exchange = check_settled(world, name, states)
    check_equal(exchange['status'], answer.status, 'status in the row')
    wait_until(lambda: world.upstream.stats()['requests_open'] == 0, 1, 'the upstream freed')
    return answer


def check_stream_fault(world, name, statuses, states):
    """One stream: a fault is a JSON error with a status, or one error event and never [DONE]."""
    answer = world.gateway.chat(name, 'one two three four five', stream=True, timeout=10)
    check(not answer.cut, 'our own answer is cut')
    if answer.status != 200:
        check(200 not in statuses or len(statuses) > 1, f'status {answer.status}: {answer.body[:200]!r}')
        answer.error()
    else:
        events = answer.events()
        failed = any('error' in json.loads(event) for event in events if event != '[DONE]')
        check(failed != ('[DONE]' in events), f'error event: {failed}, last event {events[-1:]}')
        check(not failed or statuses != (200,), f'failed: {events[-1]}')
        # with a wrong length the end marker came all the same: the protocol's own end decides
        check(failed or 200 in statuses
              or name in ('length-short', 'length-long', 'html', 'not-json', 'half-json', 'gzip-bad'),
              'a broken stream counts as whole')
    check_settled(world, name, ANY_STATE if answer.status == 200 else states)
    wait_until(lambda: world.upstream.stats()['requests_open'] == 0, 1, 'the upstream freed')


def make_tests():
    made = {}
    for name, _, statuses, states in FAULTS:
        made[f'test_{name}'] = lambda world, a=(name, statuses, states): check_fault(world, *a)
        made[f'test_{name}_in_a_stream'] = lambda world, a=(name, statuses, states): check_stream_fault(world, *a)
        # a local server bills nothing, so its attempts may be either
        made[f'test_{name}_from_ollama'] = \
            lambda world, a=(f'olla-{name}', statuses, ANY_STATE): check_fault(world, *a)
    for name, function in made.items():
        function.__name__ = name
    return made


globals().update(make_tests())


def test_our_key_in_their_words(world):
    words = json.dumps({'error': {'message': f'bad key {UPSTREAM_KEY}.', 'param': UPSTREAM_KEY}}).encode()
    page = f'<html><body>{UPSTREAM_KEY} failed</body></html>'.encode()
    chunk = b'{"choices":[{"index":0,"delta":{"content":"a"}}]}'
    for status, kind, body, stream in ((b'400 Bad', b'application/json', words, False),
                                       (b'500 Bad', b'text/html', page, False),
                                       (b'200 OK', b'application/json', words, False),
                                       (b'200 OK', b'text/event-stream', b'data: ' + words + b'\n\n', True),
                                       (b'200 OK', b'text/event-stream',
                                        b'data: ' + chunk + b'\n\n' + b': ' * 70000 + b'\n\ndata: ' + words + b'\n\n',
                                        True)):
        with Recorder(b'HTTP/1.1 ' + status + b'\r\nContent-Type: ' + kind + b'\r\nConnection: close\r\n\r\n'
                      + body) as upstream:
            entry = model_entry('tells', f'http://127.0.0.1:{upstream.port}/v1')
            with Gateway(make_config([entry])) as gateway:
                answer = gateway.chat('tells', stream=stream)
                check(UPSTREAM_KEY.encode() not in answer.body, f'the key is in the answer: {answer.body[:300]!r}')
                check_in('***', answer.body.decode(), f'{status}, {kind}')
                check(UPSTREAM_KEY not in gateway.log(), 'the key is in the log')


def test_whole_answer_without_usage_is_estimated(world):
    for name in ('no-usage', 'olla-no-usage'):
        usage = world.gateway.chat(name, 'x' * 3000).expect(200).json()['usage']
        attempt = check_settled(world, name, (SETTLED,))['attempts'][0]
        check(attempt['estimated'], f'{name}: not marked as estimated')
        check(attempt['completion_tokens'] >= 1000 and attempt['prompt_tokens'] >= 1000, f'{name}: {attempt}')
        check_equal((usage['prompt_tokens'], usage['completion_tokens'], usage['total_tokens']),
                    (attempt['prompt_tokens'], attempt['completion_tokens'],
                     attempt['prompt_tokens'] + attempt['completion_tokens']), f'{name}: what the answer says')


def test_vectors_without_usage_are_estimated(world):
    answer = world.gateway.post('/v1/embeddings', {'model': 'no-usage', 'input': 'x' * 300}).expect(200)
    attempt = check_settled(world, 'no-usage', (SETTLED,))['attempts'][0]
    check((attempt['estimated'], attempt['completion_tokens']) == (1, 0) and attempt['prompt_tokens'] >= 100,
          f'{attempt}')
    check_equal(answer.json()['usage'],
                {'prompt_tokens': attempt['prompt_tokens'], 'total_tokens': attempt['prompt_tokens']}, 'usage')


def test_odd_counts(world):
    """Prices are 1,000 and 2,000 nano-dollars a token; what cannot be a count is estimated from two bytes."""
    head = '{"id":"c","created":1,"model":"odd","choices":['
    for written, counted, estimated in (('2', 2, 0), ('12.0', 12, 0), ('1.2e1', 12, 0), ('2.5', 3, 0), ('-1', 1, 1),
                                        ('-0.5', 1, 1), ('1000000001', 1, 1), ('1e300', 1, 1)):
        usage = f'"usage":{{"prompt_tokens":3,"completion_tokens":{written},"total_tokens":5}}}}'
        whole = head + '{"index":0,"message":{"content":"hi"}}],' + usage
        events = (f'data: {head}{{"index":0,"delta":{{"content":"hi"}}}}]}}\n\ndata: {head}],{usage}\n\n'
                  'data: [DONE]\n\n')
        for kind, body, stream in (('application/json', whole, False), ('text/event-stream', events, True)):
            with Recorder(f'HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n{body}'.encode()) \
                    as upstream:
                entry = model_entry('odd', f'http://127.0.0.1:{upstream.port}/v1', provider='openai', extra=PRICES)
                with Gateway(make_config([entry])) as gateway:
                    answer = gateway.chat('odd', stream=stream, stream_options={'include_usage': True}).expect(200)
                    said = json.loads(answer.events()[-2]) if stream else answer.json()
                    attempt = gateway.last_exchange(200)['attempts'][0]
                    check_equal((attempt['prompt_tokens'], attempt['completion_tokens'], attempt['estimated'],
                                 attempt['cost_nano_usd']), (3, counted, estimated, 3000 + 2000 * counted),
                                f'{written}, stream {stream}')
                    check_equal(json.dumps(said['usage']['completion_tokens']), str(counted),
                                f'{written}: said, stream {stream}')
                    check_equal(said['usage']['total_tokens'], 3 + counted, f'{written}: total, stream {stream}')


@contextlib.contextmanager
def canned(bodies, provider='openai', path='/v1'):
    """A gateway with a model for each of @bodies, which is all that its upstream ever says."""
    with contextlib.ExitStack() as stack:
        entries = []
        for name, body in bodies.items():
            kind = ('text/event-stream' if body.startswith('data:') else
                    'application/x-ndjson' if '\n' in body else 'application/json')
            head = f'HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n'
            upstream = stack.enter_context(Recorder((head + body).encode()))
            base = f'http://127.0.0.1:{upstream.port}{path}'
            entries.append(model_entry(name, base, provider=provider, extra=PRICES))
        yield stack.enter_context(Gateway(make_config(entries)))


def chunk(content='', usage=None, **choice):
    body = {'id': 'c', 'object': 'chat.completion.chunk', 'created': 1, 'model': 'up',
            'choices': [{'index': 0, 'delta': {'content': content}, **choice}]}
    return f'data: {json.dumps(body | ({"usage": usage} if usage else {}))}\n\n'


def counts(prompt, completion, total):
    return {'prompt_tokens': prompt, 'completion_tokens': completion, 'total_tokens': total}


DONE = 'data: [DONE]\n\n'
# what is reported beside six bytes of text; what the client reads and the row says of it
TOLD = {
    'plain': (counts(7, 3, 10) | {'cost': 1}, counts(7, 3, 10) | {'cost': 1}, 0),
    'null': (counts(7, None, 10), counts(7, 3, 10), 0),
    'no-total': ({'prompt_tokens': 7, 'completion_tokens': 3}, counts(7, 3, 10), 0),
    'wrong-total': (counts(7, 3, 9), counts(7, 3, 10), 0),
    'counted-apart': (counts(7, 3, 12), {**counts(7, 5, 12), 'completion_tokens_details': {'reasoning_tokens': 2}}, 0),
    'fractions': (counts(2.5, 3.0, 5.5), counts(3, 3, 6), 0),
    'other-names': ({'input_tokens': 7, 'output_tokens': 3, 'cache_read_input_tokens': 4},
                    counts(11, 3, 14) | {'prompt_tokens_details': {'cached_tokens': 4}}, 0),
    'parts-beside': (counts(7, 3, 10) | {'prompt_tokens_details': {'cached_tokens': 20},
                                         'completion_tokens_details': {'reasoning_tokens': 9}},
                     counts(27, 12, 39) | {'prompt_tokens_details': {'cached_tokens': 20},
                                           'completion_tokens_details': {'reasoning_tokens': 9}}, 0),
    'total-only': ({'total_tokens': 10}, counts(8, 2, 10), 1),
    'nothing-for-text': (counts(7, 0, 7), counts(7, 2, 9), 1),
}


def check_told(gateway, name, usage, told, estimated):
    attempt = gateway.last_exchange(200)['attempts'][0]
    check_equal(json.dumps(usage, sort_keys=True), json.dumps(told, sort_keys=True), f'{name}: usage')
    check_equal((attempt['prompt_tokens'], attempt['completion_tokens'], attempt['cached_tokens'],
                 attempt['reasoning_tokens'], attempt['estimated']),
                (told['prompt_tokens'], told.get('completion_tokens', 0),
                 told.get('prompt_tokens_details', {}).get('cached_tokens', 0),
                 told.get('completion_tokens_details', {}).get('reasoning_tokens', 0), estimated), f'{name}: row')
    check_equal(attempt['cost_nano_usd'],
                1000 * told['prompt_tokens'] + 2000 * told.get('completion_tokens', 0), f'{name}: cost')


def test_usage_told_is_that_of_the_row(world):
    bodies = {}
    for name, (reported, _, _) in TOLD.items():
        bodies[name] = json.dumps({'id': 'c', 'model': name, 'choices': [{'message': {'content': '123456'}}],
                                   'usage': reported})
        bodies[f'{name}-stream'] = chunk('123456') + chunk('', reported) + DONE
    with canned(bodies) as gateway:
        for name, (_, told, estimated) in TOLD.items():
            check_told(gateway, name, gateway.chat(name).expect(200).json()['usage'], told, estimated)
            name = f'{name}-stream'
            events = gateway.chat(name, stream=True, stream_options={'include_usage': True}).expect(200).events()
            check_told(gateway, name, json.loads(events[-2])['usage'], told, estimated)


def test_usage_told_of_vectors(world):
    told = {'prompt_tokens': 5, 'total_tokens': 5}
    reports = {'plain': told, 'null': {'prompt_tokens': None, 'total_tokens': 5}, 'total-only': {'total_tokens': 5},
               'no-total': {'prompt_tokens': 5}, 'fractions': {'prompt_tokens': 4.5, 'total_tokens': 4.5}}
    with canned({name: json.dumps({'data': [{'embedding': [1], 'index': 0}], 'model': name, 'usage': usage})
                 for name, usage in reports.items()}) as gateway:
        for name in reports:
            answer = gateway.post('/v1/embeddings', {'model': name, 'input': 'x'}).expect(200)
            check_told(gateway, name, answer.json()['usage'], told, 0)


def test_text_behind_the_last_report_costs(world):
    early = chunk('', counts(7, 0, 7)) + chunk('x' * 3000)
    later = chunk('123', counts(7, 1, 8)) + chunk('x' * 3000)
    with canned({'early': early + DONE, 'later': later + DONE, 'early-cut': early, 'later-cut': later}) as gateway:
        for name, completion in (('early', 1000), ('later', 1001), ('early-cut', 1000), ('later-cut', 1001)):
            events = gateway.chat(name, stream=True, stream_options={'include_usage': True}).expect(200).events()
            if not name.endswith('cut'):
                check_told(gateway, name, json.loads(events[-2])['usage'], counts(7, completion, 7 + completion), 1)
            attempt = gateway.last_exchange(502 if name.endswith('cut') else 200)['attempts'][0]
            check_equal((attempt['prompt_tokens'], attempt['completion_tokens'], attempt['estimated']),
                        (7, completion, 1), name)


def test_error_in_a_choice_of_a_stream(world):
    failed = chunk('', finish_reason='error', error={'code': 502, 'message': 'boom'})
    with canned({'midway': chunk('123') + chunk('x' * 5000) + failed + DONE, 'first': failed + DONE}) as gateway:
        check_equal(gateway.chat('first', stream=True).expect(502).error()['message'], 'boom', 'message')
        answer = gateway.chat('midway', stream=True)
        if answer.status == 200:
            events = [json.loads(event) for event in answer.events()]
            check_equal([event['error']['message'] for event in events if 'error' in event], ['boom'], 'errors')
            check('error' in events[-1], 'something comes behind the error')
        else:
            answer.expect(502)
        exchange = gateway.last_exchange(502)
        check(exchange['error'] and exchange['attempts'][0]['completion_tokens'] >= 1600, f'{exchange}')


def test_half_an_answer_of_ollama(world):
    """Whole, but not done; and a stream with blanks between its lines, which are no lines."""
    text = {'role': 'assistant', 'content': '123456'}
    lines = (json.dumps({'message': text, 'done': False}),
             json.dumps({'message': text, 'done': True, 'prompt_eval_count': 7, 'eval_count': 3}))
    with canned({'half': lines[0], 'blanks': ' \t\n\n' + lines[0] + '\n  \r\n' + lines[1] + '\n \n'},
                provider='ollama_chat', path='') as gateway:
        gateway.chat('half').expect(502).error()
        attempt = gateway.last_exchange(502)['attempts'][0]
        check_equal((attempt['state'], attempt['completion_tokens'], attempt['estimated']), (SETTLED, 2, 1), 'the row')
        events = gateway.chat('blanks', stream=True).expect(200).events()
        check_equal(events[-1], '[DONE]', 'last event')
        check_equal(gateway.last_exchange(200)['attempts'][0]['completion_tokens'], 3, 'tokens in the ledger')


def test_refused_connection(world):
    answer = world.gateway.chat('refuses').expect(503)
    check_equal(answer.error()['type'], 'api_connection_error', 'type')
    check_settled(world, 'refuses', (RELEASED,))


def test_unknown_host(world):
    world.gateway.chat('no-such-host').expect(503).error()
    check_settled(world, 'no-such-host', (RELEASED,))


def test_retry_after_reaches_the_client(world):
    answer = world.gateway.chat('rate-limit').expect(429)
    check_equal(answer.headers['retry-after'], '7', 'Retry-After')


def test_packed_bomb(world):
    before = world.gateway.rss()
    world.gateway.chat('bomb').expect(502).error()
    grown = world.gateway.rss() - before
    check(grown < 3 * LIMIT, f'memory grew by {grown}')


def test_answer_over_the_limit(world):
    error = world.gateway.chat('big').expect(502).error()
    check_in('max_answer_bytes', error['message'], 'the setting that would allow it')


def ask_and_not_read(gateway, raw, name):
    raw.send(gateway.wire('POST', '/v1/chat/completions', json.dumps(chat_body(name)).encode()))


def test_answers_that_nobody_reads(world):
    # each of them fits, all together do not: they take turns, and others go on
    size = 12_000_000
    entries = [model_entry('large', world.upstream.base, f'fake:big:bytes={size}'),
               model_entry('small', world.upstream.base, 'fake')]
    settings = {'body_budget_bytes': 16 * 1024 * 1024, 'body_budget_wait_ms': 60000}
    with Gateway(make_config(entries, settings=settings)) as gateway, contextlib.ExitStack() as stack:
        before = gateway.rss()
        raws = [stack.enter_context(gateway.raw()) for _ in range(10)]
        for raw in raws:
            ask_and_not_read(gateway, raw, 'large')
        wait_until(lambda: len(gateway.exchanges()) == 1, 5, 'one answer whole')
        for _ in range(50):
            gateway.chat('small').expect(200)
        grown = gateway.rss() - before
        check(grown < 60_000_000 * TIME_FACTOR, f'memory grew by {grown}')
        sizes = []
        readers = [threading.Thread(target=lambda r=raw: sizes.append(len(r.answer().expect(200).body)))
                   for raw in raws]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        check(len(sizes) == len(raws) and min(sizes) > size, f'answers in their turn: {sizes}')
        gateway.chat('large').expect(200)


def test_an_answer_that_finds_no_room(world):
    entries = [model_entry('large', world.upstream.base, 'fake:big:bytes=12000000', provider='openai', extra=PRICES)]
    settings = {'body_budget_bytes': 16 * 1024 * 1024, 'body_budget_wait_ms': 300}
    with Gateway(make_config(entries, settings=settings)) as gateway, gateway.raw() as raw:
        ask_and_not_read(gateway, raw, 'large')
        wait_until(lambda: gateway.exchanges() and gateway.exchanges()[0]['finished_us'], 5, 'one answer whole')
        check_in('body_budget_bytes', gateway.chat('large').expect(503).error()['message'], 'the setting')
        attempt = gateway.last_exchange(503)['attempts'][0]
        check_equal((attempt['state'], attempt['estimated']), (SETTLED, 1), 'what was generated is paid for')
        raw.answer().expect(200)
        gateway.chat('large').expect(200)


def test_others_are_served_meanwhile(world):
    for name, *_ in FAULTS:
        world.gateway.chat(name, timeout=10)
    check_equal(world.gateway.chat('plain').status, 200, 'a good upstream after bad ones')


def test_no_descriptor_is_lost(world):
    for _ in range(2):
        for name in ('reset-mid', 'garbage', 'bad-chunk', 'refuses'):
            world.gateway.chat(name, timeout=10)
    wait_until(lambda: world.upstream.stats()['requests_open'] == 0, 3, 'the upstream freed')
    before = world.gateway.fds()
    for _ in range(10):
        for name in ('reset-mid', 'garbage', 'bad-chunk', 'refuses', 'cut-border'):
            world.gateway.chat(name, timeout=10)
    wait_until(lambda: world.gateway.fds() <= before + 3, 3, 'descriptors back')


if __name__ == '__main__':
    run_tests(globals(), setup=setup)
