#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where nothing may go: a proxy does not see local models, a redirect's second address does not see our key."""

import contextlib

from harness import (Gateway, Recorder, Upstream, check, check_equal, make_config, model_entry, run_tests)


class World:
    def __init__(self, upstream):
        self.upstream = upstream


@contextlib.contextmanager
def setup():
    with Upstream() as upstream:
        yield World(upstream)


def proxied(recorder):
    address = f'http://127.0.0.1:{recorder.port}'
    names = ('http_proxy', 'https_proxy', 'all_proxy')
    return {name: address for lower in names for name in (lower, lower.upper())}


def check_local(world, base, provider):
    world.upstream.reset()
    with Recorder() as recorder:
        config = make_config([model_entry('here', base, 'fake', provider=provider)])
        with Gateway(config, environment=proxied(recorder)) as gateway:
            gateway.chat('here').expect(200)
            gateway.chat('here', stream=True).expect(200)
            gateway.post('/v1/embeddings', {'model': 'here', 'input': 'a'}).expect(200)
        check_equal((recorder.connections, recorder.received), (0, b''), 'what the proxy saw')
    asked = [row['path'] for row in world.upstream.log() if row['path'] != '/api/tags']
    check_equal(len(asked), 3, 'requests at the provider')


def test_proxy_sees_no_local_openai_server(world):
    check_local(world, world.upstream.base, 'hosted_vllm')


def test_proxy_sees_no_ollama(world):
    check_local(world, world.upstream.ollama_base, 'ollama')


def test_proxy_sees_nothing_by_name_either(world):
    check_local(world, world.upstream.base.replace('127.0.0.1', 'localhost'), 'hosted_vllm')


def test_proxy_sees_nothing_of_a_local_server_that_is_down(world):
    del world
    with Recorder() as recorder:
        config = make_config([model_entry('down', 'http://127.0.0.1:1/v1', 'fake')])
        with Gateway(config, environment=proxied(recorder)) as gateway:
            gateway.chat('down').expect(503)
        check_equal(recorder.connections, 0, 'connections to the proxy')


def test_proxy_sees_nothing_at_start(world):
    del world
    # without a model the daemon looks for local servers
    with Recorder() as recorder:
        with Gateway(None, environment=proxied(recorder), key=None) as gateway:
            gateway.get('/v1/models').expect(200)
            gateway.chat('mock/echo').expect(200)
        check_equal(recorder.connections, 0, 'connections to the proxy')


def test_recorder_would_see_it(world):
    del world
    with Recorder() as recorder:
        with Gateway(make_config([model_entry('there', f'http://127.0.0.1:{recorder.port}/v1', 'fake')])) as gateway:
            gateway.chat('there').expect(502)
        check(recorder.connections >= 1 and b'sk-upstream-secret' in recorder.received, 'the recorder sees nothing')


def check_redirect(world, provider, base, status, **members):
    with Recorder() as second:
        mode = f'fake:redirect:status={status},to=http://127.0.0.1:{second.port}/v1/chat/completions'
        with Gateway(make_config([model_entry('moved', base, mode, provider=provider)])) as gateway:
            gateway.chat('moved', **members).expect(502).error()
        check_equal((second.connections, second.received), (0, b''), f'{status}: what the second address saw')


def test_redirects_are_not_followed(world):
    for status in (301, 302, 303, 307, 308):
        check_redirect(world, 'openai', world.upstream.base, status)


def test_redirects_are_not_followed_in_streams(world):
    for status in (302, 307):
        check_redirect(world, 'openai', world.upstream.base, status, stream=True)


def test_redirects_are_not_followed_from_ollama(world):
    for status in (302, 307):
        check_redirect(world, 'ollama', world.upstream.ollama_base, status)


if __name__ == '__main__':
    run_tests(globals(), setup=setup)
