#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes, keys, refusals and headers, on the real binary with a provider behind it."""

import base64
import contextlib
import http.client
import json
import re
import struct

from harness import (MASTER_KEY, PRICES, Gateway, Recorder, Upstream, World, chat_body, check, check_equal, check_in,
                     make_config, model_entry, run_tests)

LIMIT = 256 * 1024
WRONG = 'sk-wrong-key-000000'


def signed(key):
    """As the SDKs of AWS sign, with @key in place of their access key."""
    return (f'AWS4-HMAC-SHA256 Credential={key}/20260102/us-east-1/bedrock/aws4_request, '
            f'SignedHeaders=host;x-amz-date, Signature={"0" * 64}')


@contextlib.contextmanager
def setup():
    with Upstream() as upstream:
        config = make_config([
            model_entry('local', upstream.base, 'fake', info='id: local-id'),
            model_entry('paid', upstream.base, 'fake', provider='openai', extra=PRICES, info='id: paid-id'),
            model_entry('with/slash', upstream.base, 'fake'),
            model_entry('vectors', upstream.base, 'fake:embed:floats=8'),
            model_entry('olla', upstream.ollama_base, 'fake', provider='ollama'),
        ], settings={'max_body_bytes': LIMIT})
        with Gateway(config) as gateway:
            yield World(gateway, upstream)


# What works

def test_chat(world):
    answer = world.gateway.chat('local', 'echo these four words').expect(200)
    body = answer.json()
    check_equal(body['object'], 'chat.completion', 'object')
    check_equal(body['model'], 'local', 'the model is named as the client named it')
    check_equal(body['choices'][0]['message']['content'], 'echo these four words', 'content')
    check_equal(body['choices'][0]['finish_reason'], 'stop', 'finish_reason')
    check_equal(body['usage']['completion_tokens'], 4, 'completion_tokens')
    check_in('application/json', answer.headers['content-type'])


def test_what_the_upstream_sees(world):
    world.upstream.reset()
    world.gateway.chat('local', 'x', user='someone', x_unknown={'kept': [1, 2]}, caching=True,
                       headers={'Cookie': 'a=b', 'X-Secret': 'c'}).expect(200)
    seen = world.upstream.log()[-1]
    sent = json.loads(seen['body'])
    check_equal(sent['model'], 'fake', 'model')
    check_equal(sent['x_unknown'], {'kept': [1, 2]}, 'a member nobody knows')
    check('caching' not in sent, 'a member of ours went upstream')
    check_equal(seen['headers']['authorization'], 'Bearer sk-upstream-secret', 'key')
    check('cookie' not in seen['headers'] and 'x-secret' not in seen['headers'], 'client headers went upstream')
    check(MASTER_KEY not in json.dumps(seen), 'our key went upstream')
    check_equal(seen['path'], '/v1/chat/completions', 'path')


def test_numbers_and_order_pass_unchanged(world):
    world.upstream.reset()
    body = (b'{"temperature":0.10,"model" : "local", "seed":12345678901234567890,\n "messages":[{"role":"user",'
            b'"content":"\\u00e9\\ud83d\\ude00"}],"logit_bias":{"1":-0.0}}')
    world.gateway.post('/v1/chat/completions', body).expect(200)
    check_equal(world.upstream.log()[-1]['body'].encode(), body.replace(b'"local"', b'"fake"'), 'body upstream')


def test_completions(world):
    body = world.gateway.post('/v1/completions', {'model': 'local', 'prompt': 'one two'}).expect(200).json()
    check_equal(body['object'], 'text_completion', 'object')
    check_equal(body['choices'][0]['text'], 'one two', 'text')
    check_equal(body['model'], 'local', 'model')


def test_embeddings(world):
    body = world.gateway.post('/v1/embeddings', {'model': 'vectors', 'input': ['a', 'b']}).expect(200).json()
    check_equal(body['object'], 'list', 'object')
    check_equal([item['index'] for item in body['data']], [0, 1], 'indexes')
    check_equal([len(item['embedding']) for item in body['data']], [8, 8], 'lengths')
    check('prompt_tokens' in body['usage'], f'usage: {body["usage"]}')


def test_embeddings_in_base64(world):
    body = world.gateway.post('/v1/embeddings', {'model': 'vectors', 'input': 'a', 'encoding_format': 'base64'})
    data = base64.b64decode(body.expect(200).json()['data'][0]['embedding'], validate=True)
    check_equal(len(struct.unpack('<8f', data)), 8, 'floats')


def test_ollama_wire(world):
    world.upstream.reset()
    body = world.gateway.chat('olla', 'over its own wire').expect(200).json()
    check_equal(body['choices'][0]['message']['content'], 'over its own wire', 'content')
    check_equal(body['model'], 'olla', 'model')
    check_equal(body['usage']['completion_tokens'], 4, 'completion_tokens')
    check_equal(world.upstream.log()[-1]['path'], '/api/chat', 'path upstream')
    body = world.gateway.post('/v1/embeddings', {'model': 'olla', 'input': ['a', 'b']}).expect(200).json()
    check_equal(len(body['data']), 2, 'vectors')


def test_models(world):
    body = world.gateway.get('/v1/models').expect(200).json()
    check_equal(body['object'], 'list', 'object')
    check_equal([item['id'] for item in body['data']], ['local', 'paid', 'with/slash', 'vectors', 'olla'], 'ids')
    check(all(item['object'] == 'model' and isinstance(item['created'], int) and item['owned_by']
              for item in body['data']), f'fields: {body["data"]}')
    check_equal(world.gateway.get('/v1/models/local').expect(200).json()['id'], 'local', 'id')
    check_equal(world.gateway.get('/models/with/slash').expect(200).json()['id'], 'with/slash', 'id with a slash')
    check_equal(world.gateway.get('/v1/models/with%2Fslash').expect(200).json()['id'], 'with/slash', 'escaped id')
    check_equal(world.gateway.get('/v1/models/absent').expect(404).error()['code'], 'model_not_found', 'code')


def test_path_variants(world):
    chat = chat_body('ignored-by-path')
    for prefix in ('/engines/local', '/v1/engines/local', '/openai/deployments/local'):
        world.gateway.post(f'{prefix}/chat/completions', chat).expect(200)
        world.gateway.post(f'{prefix}/completions', {'prompt': 'a'}).expect(200)
    for prefix in ('/engines/vectors', '/openai/deployments/vectors'):
        world.gateway.post(f'{prefix}/embeddings', {'input': 'a'}).expect(200)
    world.gateway.post('/openai/deployments/local/chat/completions?api-version=2024-10-21', chat).expect(200)
    world.gateway.chat('local', path='/chat/completions').expect(200)
    world.gateway.post('/completions', {'model': 'local', 'prompt': 'a'}).expect(200)
    world.gateway.post('/embeddings', {'model': 'vectors', 'input': 'a'}).expect(200)
    world.gateway.get('/models').expect(200)
    world.gateway.get('/models/local').expect(200)


def test_health_and_root(world):
    for path in ('/health/liveliness', '/health/liveness', '/health/readiness', '/'):
        world.gateway.request('GET', path, headers={'Authorization': None}).expect(200)
    check('json' in world.gateway.get('/health/readiness').headers['content-type'], 'readiness is JSON')


# Keys

def test_key_in_every_header(world):
    basic = base64.b64encode(f'user:{MASTER_KEY}'.encode()).decode()
    for name, value in (('Authorization', f'Bearer {MASTER_KEY}'), ('Authorization', f'bearer {MASTER_KEY}'),
                        ('Authorization', f'Basic {basic}'), ('Authorization', signed(MASTER_KEY)),
                        ('x-litellm-api-key', MASTER_KEY),
                        ('x-litellm-api-key', f'Bearer {MASTER_KEY}'), ('api-key', MASTER_KEY),
                        ('x-api-key', MASTER_KEY), ('x-goog-api-key', MASTER_KEY),
                        ('Ocp-Apim-Subscription-Key', MASTER_KEY)):
        headers = {'Authorization': None, name: value}
        for expected, wire in ((200, headers), (401, {n: v and v.replace(MASTER_KEY, WRONG).replace(
                basic, base64.b64encode(f'user:{WRONG}'.encode()).decode()) for n, v in headers.items()})):
            status = world.gateway.chat('local', headers=wire).status
            check(status == expected, f'{name}: {value[:7]}…: status {status}, expected {expected}')


def test_wrong_key(world):
    world.upstream.reset()
    answer = world.gateway.chat('local', headers={'Authorization': f'Bearer {WRONG}'}).expect(401)
    check_equal(answer.error()['type'], 'token_not_found_in_db', 'type')
    check(WRONG not in answer.body.decode(), 'the key is in the answer')
    check_equal(world.gateway.chat('local', headers={'Authorization': None}).expect(401).error()['type'], 'auth_error',
                'type without a key')
    world.gateway.chat('local', headers={'Authorization': 'Bearer not-one-of-ours'}).expect(401)
    world.gateway.request('GET', '/v1/models', headers={'Authorization': None}).expect(401)
    check_equal(world.upstream.requests(), 0, 'requests upstream')


def test_two_keys(world):
    world.gateway.chat('local', headers={'x-api-key': MASTER_KEY}).expect(200)
    world.gateway.chat('local', headers={'x-api-key': WRONG}).expect(400).error()
    # the one header that decides alone, so that Authorization may carry something else
    both = {'x-litellm-api-key': MASTER_KEY, 'Authorization': f'Bearer {WRONG}'}
    world.gateway.chat('local', headers=both).expect(200)
    world.gateway.chat('local', headers={'x-litellm-api-key': WRONG}).expect(401)


def test_one_header_twice(world):
    with world.gateway.raw(timeout=5) as raw:
        raw.send(f'GET /v1/models HTTP/1.1\r\nHost: 127.0.0.1:{world.gateway.port}\r\nAuthorization: Bearer {WRONG}\r\n'
                 f'Authorization: Bearer {MASTER_KEY}\r\n\r\n'.encode())
        raw.answer().expect(400)


def test_without_a_key(world):
    """This computer needs none, for local models; what was relayed does."""
    entries = [model_entry('local', world.upstream.base, 'fake'),
               model_entry('paid', world.upstream.base, 'fake', provider='openai', extra=PRICES)]
    with Gateway(make_config(entries, key=None)) as gateway:
        bare = {'Authorization': ''}
        gateway.chat('local', headers=bare).expect(200)
        gateway.chat('paid', headers=bare).expect(403).error()
        for name in ('X-Forwarded-For', 'X-Forwarded-Port', 'Via', 'X-Real-IP', 'Forwarded'):
            gateway.chat('local', headers={**bare, name: '1.1 somewhere'}).expect(401)
    with Gateway(make_config(entries, key=None, settings={'keyless_cloud_access': True})) as gateway:
        gateway.chat('paid', headers={'Authorization': ''}).expect(200)


def test_refusal_before_the_body(world):
    with world.gateway.raw(timeout=5) as raw:
        raw.send(f'POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:{world.gateway.port}\r\nAuthorization: Bearer '
                 f'{WRONG}\r\nContent-Type: application/json\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n'
                 .encode())
        check_equal(raw.answer().expect(401).status, 401, 'status')


# What is refused

def test_unknown_model(world):
    error = world.gateway.chat('absent').expect(400).error()
    check_equal((error['type'], error['code']), ('None', '400'), 'type and code')
    check_equal(error['param'], 'model', 'param')
    check_in('absent', error['message'])
    check_in('/v1/models', error['message'])


def test_model_missing(world):
    for body in ({'messages': []}, {'model': None, 'messages': []}, {'model': 3, 'messages': []},
                 {'model': '', 'messages': []}):
        check_equal(world.gateway.post('/v1/chat/completions', body).expect(400).error()['param'], 'model', 'param')


def test_broken_json(world):
    world.upstream.reset()
    deep = b'{"model":"local","messages":' + b'[' * 70 + b']' * 70 + b'}'
    for body in (b'{', b'', b'[]', b'"x"', b'null', b'{"model":"local"', b'{"model":"local"}{}', b"{'model':'local'}",
                 b'{"model":"local",}', b'\xef\xbb\xbf{"model":"local"}', b'{"model":"local","a":"\xff"}',
                 b'{"model":"local","a":"\n"}', b'{"model":"local","a":01}', b'{"model":"local","a":0x10}',
                 b'{"model":"local","a":NaN}', b'{"model":"local","a":"\\ud800"}', deep, b'[' * 100000):
        answer = world.gateway.post('/v1/chat/completions', body)
        check(answer.status == 400, f'status {answer.status} for {body[:40]!r}')
        answer.error()
    check_equal(world.upstream.requests(), 0, 'requests upstream')


def test_body_over_the_limit_before_it_is_sent(world):
    head = world.gateway.wire('POST', '/v1/chat/completions',
                              headers=['Content-Type: application/json', f'Content-Length: {LIMIT + 1}'])
    with world.gateway.raw(timeout=5) as raw:
        raw.send(head)
        error = raw.answer().expect(413).error()
        check_in('max_body_bytes', error['message'], 'the setting that would allow it')
        check(raw.at_end(), 'the connection stays open')


def test_body_at_the_limit(world):
    body = json.dumps(chat_body('local', 'x' * 100)).encode()
    body = body[:-1] + b' ' * (LIMIT - len(body)) + b'}'
    check_equal(len(body), LIMIT, 'length')
    world.gateway.post('/v1/chat/completions', body).expect(200)


def test_chunked_body_over_the_limit(world):
    head = world.gateway.wire('POST', '/v1/chat/completions',
                              headers=['Content-Type: application/json', 'Transfer-Encoding: chunked'])
    with world.gateway.raw(timeout=10) as raw:
        raw.send(head)
        chunk = b'10000\r\n' + b' ' * 0x10000 + b'\r\n'
        for _ in range(64):
            if not raw.send(chunk):
                break
        answer = raw.answer()
        check(answer is not None and answer.status == 413, f'answer: {answer and answer.status}')


def test_chunked_body(world):
    body = json.dumps(chat_body('local')).encode()
    chunks = b''.join(b'%x\r\n%b\r\n' % (len(body[i:i + 7]), body[i:i + 7]) for i in range(0, len(body), 7))
    head = world.gateway.wire('POST', '/v1/chat/completions',
                              headers=['Content-Type: application/json', 'Transfer-Encoding: chunked'])
    with world.gateway.raw() as raw:
        raw.send(head + chunks + b'0\r\n\r\n')
        raw.answer().expect(200)
        check(raw.at_end(), 'a chunked request is the last on its connection')


def test_no_length(world):
    with world.gateway.raw() as raw:
        raw.send(world.gateway.wire('POST', '/v1/chat/completions', headers=['Content-Type: application/json']))
        raw.answer().expect(411).error()


def test_content_type(world):
    body = json.dumps(chat_body('local')).encode()
    for kind in ('text/plain', 'application/x-www-form-urlencoded', 'text/plain; application/json'):
        world.gateway.post('/v1/chat/completions', body, headers={'Content-Type': kind}).expect(415).error()
    for kind in ('application/json', 'application/json; charset=utf-8', 'Application/JSON'):
        world.gateway.post('/v1/chat/completions', body, headers={'Content-Type': kind}).expect(200)
    world.gateway.post('/v1/chat/completions', body, headers={'Content-Encoding': 'gzip'}).expect(415).error()


def test_foreign_host(world):
    port = world.gateway.port
    for host, status in (('evil.example', 421), (f'evil.example:{port}', 421), ('0.0.0.0', 421), ('', 421),
                         ('localhost.evil.example', 421), (f'localhost:{port}', 200), (f'127.0.0.1:{port}', 200),
                         (f'[::1]:{port}', 200), (f'LocalHost:{port}', 200)):
        with world.gateway.raw() as raw:
            raw.send(f'GET /v1/models HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {MASTER_KEY}\r\n\r\n'.encode())
            answer = raw.answer()
            check(answer is not None and (answer.status == status or (host == '' and answer.status == 400)),
                  f'Host {host!r}: {answer and answer.status}, expected {status}')


def test_foreign_origin(world):
    for headers in ({'Origin': 'http://evil.example'}, {'Origin': 'null'}, {'Sec-Fetch-Site': 'cross-site'},
                    {'Origin': 'http://evil.example', 'Sec-Fetch-Site': 'cross-site'}):
        error = world.gateway.chat('local', headers=headers).expect(403).error()
        check_in('cors_origins', error['message'], 'the setting that would allow it')
    answer = world.gateway.request('OPTIONS', '/v1/chat/completions',
                                   headers={'Origin': 'http://evil.example', 'Access-Control-Request-Method': 'POST',
                                            'Authorization': None})
    check(answer.status >= 400, f'preflight: {answer.status}')
    check(not any(name.startswith('access-control-') for name in answer.headers), f'CORS headers: {answer.headers}')


def test_unknown_route_and_method(world):
    world.gateway.get('/v1/nothing').expect(404).error()
    world.gateway.get('/v1/chat/completions').expect(405).error()
    world.gateway.request('DELETE', '/v1/models').expect(405).error()


# Headers

def test_response_headers(world):
    answer = world.gateway.chat('paid', headers={'x-litellm-call-id': 'call-of-the-client'}).expect(200)
    headers = answer.headers
    check_equal(headers['x-litellm-call-id'], 'call-of-the-client', 'call id')
    check_equal(headers['x-litellm-model-id'], 'paid-id', 'model id')
    check_equal(headers['x-litellm-model-group'], 'paid', 'model group')
    check_equal(headers['x-litellm-model-api-base'].rstrip('/'), world.upstream.base, 'api base')
    check_equal(headers['x-litellm-attempted-retries'], '0', 'retries')
    check(re.fullmatch(r'\d+(\.\d+)*\S*', headers['x-litellm-version']), f'version {headers["x-litellm-version"]}')
    for name in ('x-litellm-response-duration-ms', 'x-litellm-overhead-duration-ms'):
        check(float(headers[name]) >= 0, name)
    check_in('dur=', headers['server-timing'], 'Server-Timing')
    check_equal(headers['x-content-type-options'], 'nosniff', 'nosniff')
    usage = answer.json()['usage']
    cost = usage['prompt_tokens'] * 1e-6 + usage['completion_tokens'] * 2e-6
    said = headers['x-litellm-response-cost']
    check(abs(float(said) - cost) <= 1.001e-9, f'cost {said}, not {cost}')
    check('sk-upstream-secret' not in json.dumps(headers), 'the upstream key is in a header')


def test_call_id_is_made(world):
    ids = [world.gateway.chat('local').headers['x-litellm-call-id'] for _ in range(2)]
    check(ids[0] != ids[1] and len(ids[0]) >= 16, f'ids {ids}')


def test_error_headers(world):
    answer = world.gateway.chat('absent', headers={'x-litellm-call-id': 'mine'}).expect(400)
    check_equal(answer.headers['x-litellm-call-id'], 'mine', 'call id')
    check_equal(answer.headers['x-should-retry'], 'false', 'x-should-retry')


def test_hostile_call_id_is_not_reflected_raw(world):
    with world.gateway.raw() as raw:
        raw.send(world.gateway.wire('GET', '/v1/models', headers=['x-litellm-call-id: a\x01b']))
        answer = raw.answer()
        check('\x01' not in json.dumps(answer.headers, ensure_ascii=False), f'{answer.headers}')


def test_range_is_ignored(world):
    answer = world.gateway.request('GET', '/v1/models', headers={'Range': 'bytes=0-1,2-3'}).expect(200)
    check_equal(len(answer.json()['data']), 5, 'models')


def test_head_has_no_body(world):
    for path, headers in (('/nope', ()), ('/v1/models', ('Authorization: Bearer sk-test-wrong-0001',)),
                          ('/v1/chat/completions', ()), ('/v1/models/nope', ()), ('/v1/models', ())):
        with world.gateway.raw() as raw:
            raw.send(world.gateway.wire('HEAD', path, headers=['Connection: close', *headers]))
            raw.socket.settimeout(5)
            answer = raw.file.read()
        check(answer.startswith(b'HTTP/1.1 ') and answer.endswith(b'\r\n\r\n'), f'{path}: {answer}')


def test_media_types_in_any_case(_):
    """RFC 9110 8.3.1."""
    sse = b'data: {"choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
    lines = b'{"message":{"role":"assistant","content":"hi"},"done":false}\n{"done":true,"done_reason":"stop"}\n'
    for provider, kind, body in (('hosted_vllm', b'Text/Event-Stream; Charset=UTF-8', sse),
                                 ('hosted_vllm', b'TEXT/EVENT-STREAM', sse),
                                 ('ollama', b'Application/X-NDJSON', lines), ('ollama', b'application/jsonl', lines)):
        head = b'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: ' + kind + b'\r\n\r\n'
        with Recorder(head + body) as upstream:
            base = f'http://127.0.0.1:{upstream.port}'
            with Gateway(make_config([model_entry('m', base, 'm', provider=provider)])) as gateway:
                events = gateway.chat('m', stream=True).expect(200).events()
        texts = [json.loads(event)['choices'][0]['delta'].get('content', '') for event in events[:-1]]
        check_equal((''.join(texts), events[-1]), ('hi', '[DONE]'), str(kind))


# Connections

def test_keep_alive(world):
    connection = http.client.HTTPConnection('127.0.0.1', world.gateway.port, timeout=10)
    sockets = set()
    for index in range(20):
        connection.request('POST', '/v1/chat/completions', json.dumps(chat_body('local', f'number {index}')),
                           world.gateway.headers({'Content-Type': 'application/json'}))
        response = connection.getresponse()
        check_equal(json.loads(response.read())['choices'][0]['message']['content'], f'number {index}', 'content')
        sockets.add(connection.sock and connection.sock.fileno())
    check_equal(len(sockets), 1, 'connections used')
    connection.close()


def test_pipelined(world):
    bodies = [json.dumps(chat_body('local', f'number {index}')).encode() for index in range(10)]
    with world.gateway.raw() as raw:
        raw.send(b''.join(world.gateway.wire('POST', '/v1/chat/completions', body) for body in bodies))
        for index in range(10):
            content = raw.answer().expect(200).json()['choices'][0]['message']['content']
            check_equal(content, f'number {index}', 'answers in order')


def test_http_1_0(world):
    with world.gateway.raw() as raw:
        raw.send(f'GET /v1/models HTTP/1.0\r\nHost: localhost\r\nAuthorization: Bearer {MASTER_KEY}\r\n\r\n'.encode())
        raw.answer().expect(200)
        check(raw.at_end(), 'an HTTP/1.0 connection stays open')


def test_query_of_an_address_is_not_shown(world):
    """A key may stand there; and a path is put behind the address."""
    base = world.upstream.base + '?api-key=planted'
    config = make_config([model_entry('by-file', base, 'fake'),
                          model_entry('by-variable', '', 'fake', provider='hosted_vllm'),
                          model_entry('nobody', 'http://127.0.0.1:9/v1?api-key=planted', 'fake')])
    with Gateway(config, environment={'HOSTED_VLLM_API_BASE': base}) as gateway:
        for model, status in (('by-file', 200), ('by-variable', 200), ('nobody', 503)):
            answer = gateway.chat(model).expect(status)
            check('planted' not in str(answer.headers) + answer.body.decode(), f'{model}: {answer.headers}')
        check_in("without its '?'", gateway.log())
        check('planted' not in gateway.log(), gateway.log())


def test_mock_provider_of_an_empty_configuration(_):
    with Gateway(None, key=None) as gateway:
        for model in ('mock/', 'mock/nope', 'mock/error-99', 'mock/error-600', 'mock/error-abc', 'mock/slow--5'):
            for stream in (False, True):
                error = gateway.chat(model, stream=stream).expect(400).error()
                check_in('mock/slow-<0 to 600000', error['message'], model)
        for status in (400, 418, 503, 599):
            gateway.chat(f'mock/error-{status}').expect(status).error()
        long = 'x' * 3_000_000
        events = gateway.chat('mock/echo', long, stream=True).expect(200).events()
        chunks = [json.loads(event) for event in events[:-1]]
        check_equal(events[-1], '[DONE]', 'the end of a long stream')
        check(''.join(chunk['choices'][0]['delta'].get('content', '') for chunk in chunks) == long, 'the text of it')
        check_equal(len({chunk['id'] for chunk in chunks}), 1, 'ids')
        data = gateway.post('/v1/embeddings', {'model': 'mock/echo', 'input': ['a', 'b'],
                                               'encoding_format': 'base64'}).expect(200).json()['data']
        check_equal([item['index'] for item in data], [0, 1], 'vectors')
        check_equal(struct.unpack('<3f', base64.b64decode(data[1]['embedding'])), (0.25, -0.5, 0.75), 'a vector')


if __name__ == '__main__':
    run_tests(globals(), setup=setup)
