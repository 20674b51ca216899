#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A web page in a real browser against the gateway of the person who looks at it: nothing of it may reach a model.

The gateway has no master key, so that processes of the same user are served without one: the browser is such a
process, and only what makes its requests those of a page keeps them out. The same page against a server that is open
to everybody shows that each attack leaves the browser.
"""

import contextlib
import os
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'integration'))

# pylint: disable=wrong-import-position
from browser import OpenServer, Pages, Rebinder, browse, find_browser  # noqa: E402
from harness import (MASTER_KEY, Gateway, Upstream, check, check_equal, make_config, model_entry,  # noqa: E402
                     run_tests)

REBOUND = ('rebound-get', 'rebound-post', 'rebound-post-plain', 'rebound-post-key')


class World:
    def __init__(self, upstream, pages):
        self.upstream = upstream
        self.pages = pages

    def page(self, host, name, **query):
        return f'http://{host}:{self.pages.port}/{name}?{urllib.parse.urlencode(query)}'

    def attack(self, port, *flags):
        """Lets the page do everything to 127.0.0.1:@port. Returns what it learnt, by attack."""
        self.pages.reports.clear()
        report = self.page('evil.example', 'report', **{'from': 'rebound'})
        rebound = f'http://rebound.example:{port}/rebound.html?{urllib.parse.urlencode({"report": report})}'
        with Rebinder(port) as rebinder:
            address = self.page('evil.example', 'attack.html', target=f'127.0.0.1:{port}', rebound=rebound)
            with browse(address, *flags):
                learnt = {**self.pages.wait('attack'), **self.pages.wait('rebound')}
            check(rebinder.forwarded >= 1, 'nothing went to the name that had moved')
        return learnt


@contextlib.contextmanager
def setup():
    with Upstream() as upstream, Pages() as pages:
        yield World(upstream, pages)


def keyless(world, **settings):
    return Gateway(make_config([model_entry('local', world.upstream.base, 'fake')], key=None, settings=settings),
                   key=None)


def check_shut(world, *flags):
    world.upstream.reset()
    with keyless(world) as gateway:
        learnt = world.attack(gateway.port, *flags)
        check_equal(world.upstream.requests(), 0, 'requests at the provider')
        check_equal(gateway.exchanges(), [], 'rows in the ledger')
        gateway.chat('local').expect(200)
        check_equal(world.upstream.requests(), 1, 'requests at the provider after one without a page')
    return learnt


def test_every_attack_leaves_the_browser(world):
    find_browser()
    with OpenServer() as server:
        learnt = world.attack(server.port)
        check_equal(sorted(set(learnt) - server.arrived), [], 'attacks that did not arrive at an open server')
        check(len(learnt) >= 30, f'{len(learnt)} attacks')
        check_equal(learnt['cors-json'], 'readable 200', 'what a page reads from an open server')


def test_nothing_gets_in(world):
    find_browser()
    learnt = check_shut(world)
    readable = {name: what for name, what in learnt.items() if what.startswith('readable') and name not in REBOUND}
    check_equal(readable, {}, 'what the page could read')
    check_equal({learnt[name] for name in ('event-source', 'web-socket', 'image', 'script', 'style')}, {'blocked'},
                'what became of connections and resources')
    check_equal({learnt[name] for name in REBOUND}, {'readable 421'}, 'a name that was made to point here')


def test_nothing_gets_in_from_a_public_page(world):
    find_browser()
    learnt = check_shut(world, f'--ip-address-space-overrides=127.0.0.1:{world.pages.port}=public')
    readable = [name for name, what in learnt.items() if what.startswith('readable') and name not in REBOUND]
    check_equal(readable, [], 'what the page could read')
    # the browser's own wall, behind which only navigations and beacons get as far as ours
    check_equal((learnt['no-cors'], learnt['web-socket']), ('blocked', 'blocked'), 'that the page counts as public')


def test_nothing_gets_in_from_another_configured_origin(world):
    find_browser()
    world.upstream.reset()
    with keyless(world, cors_origins=[f'http://friend.example:{world.pages.port}']) as gateway:
        world.attack(gateway.port)
        check_equal((world.upstream.requests(), gateway.exchanges()), (0, []), 'provider and ledger')


def test_preflights_say_nothing(world):
    with keyless(world) as gateway:
        for origin in ('http://evil.example', 'null', 'http://localhost:3000', f'http://127.0.0.1:{gateway.port}',
                       'file://', 'https://evil.example:443'):
            answer = gateway.request('OPTIONS', '/v1/chat/completions', headers={
                'Origin': origin, 'Access-Control-Request-Method': 'POST',
                'Access-Control-Request-Headers': 'content-type,authorization',
                'Access-Control-Request-Private-Network': 'true', 'Sec-Fetch-Site': 'cross-site'})
            answer.expect(403)
            told = [name for name in answer.headers if name.startswith('access-control-')]
            check_equal(told, [], f'{origin}: CORS headers')


def test_configured_origin_works_with_a_key(world):
    find_browser()
    world.upstream.reset()
    origin = f'http://friend.example:{world.pages.port}'
    config = make_config([model_entry('local', world.upstream.base, 'fake')], settings={'cors_origins': [origin]})
    with Gateway(config) as gateway:
        world.pages.reports.clear()
        with browse(world.page('friend.example', 'friend.html', target=f'127.0.0.1:{gateway.port}', key=MASTER_KEY)):
            learnt = world.pages.wait('friend')
        check_equal({name: answer['status'] for name, answer in learnt.items()},
                    {'key': 200, 'stream': 200, 'wrong': 401, 'none': 401}, 'what the page could read')
        check('from a friend' in learnt['key']['text'], f'answer: {learnt["key"]}')
        check('[DONE]' in learnt['stream']['text'], f'stream: {learnt["stream"]}')
        check_equal(world.upstream.requests(), 2, 'requests at the provider')


def test_configured_origin_still_needs_a_key(world):
    find_browser()
    world.upstream.reset()
    with keyless(world, cors_origins=[f'http://friend.example:{world.pages.port}']) as gateway:
        world.pages.reports.clear()
        with browse(world.page('friend.example', 'friend.html', target=f'127.0.0.1:{gateway.port}', key='none')):
            learnt = world.pages.wait('friend')
        check_equal({name: answer['status'] for name, answer in learnt.items()},
                    {'key': 401, 'stream': 401, 'wrong': 401, 'none': 401}, 'what the page could read')
        check_equal((world.upstream.requests(), gateway.exchanges()), (0, []), 'provider and ledger')


if __name__ == '__main__':
    run_tests(globals(), seconds=60, setup=setup)
