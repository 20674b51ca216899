#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Providers that refuse, fail or talk for long, with many clients at once. STORM_SECONDS: how long (0.5; 60
in the suite faults)."""

import concurrent.futures
import contextlib
import json
import os
import time

from harness import (PRICES, RELEASED, SETTLED, TIME_FACTOR, Gateway, Upstream, World, check, check_equal, make_config,
                     model_entry, run_tests, wait_until)
from kill_load import check_whole

SECONDS = float(os.environ.get('STORM_SECONDS', '0.5'))
LONG = SECONDS > 10
CLIENTS = 100 if LONG else 20


@contextlib.contextmanager
def setup():
    with Upstream() as upstream:
        paid = {'provider': 'openai', 'extra': PRICES}
        entries = [
            model_entry('good', upstream.base, 'fake', **paid),
            model_entry('busy', upstream.base, 'fake:rate-limit:retry=1', **paid),
            model_entry('overloaded', upstream.base, 'fake:status:status=529', **paid),
            model_entry('flapping', upstream.base, 'fake:flaky:n=2,status=500', **paid),
            model_entry('pair', upstream.base, 'fake:flaky:n=2,status=503', **paid),
            model_entry('pair', upstream.base, 'fake', **paid),
            model_entry('million', upstream.base, f'fake:endless:events={1_000_000 if LONG else 50_000}', **paid),
            model_entry('bomb', upstream.base, f'fake:gzip-bomb:mb={1024 if LONG else 128}', **paid),
            model_entry('headers', upstream.base, 'fake:huge-headers:n=20000', **paid),
            model_entry('interim', upstream.base, 'fake:continue-flood:n=1000000', **paid),
            model_entry('line', upstream.base, 'fake:huge-line:bytes=100000000', **paid),
            model_entry('drip', upstream.base, 'fake:drip:bytes=1,ms=3', **paid),
            *(model_entry(f'retry-{number}', upstream.base, f'fake:rate-limit:retry={value}', **paid)
              for number, value in enumerate(RETRY_AFTER)),
        ]
        with Gateway(make_config(entries)) as gateway:
            yield World(gateway, upstream)


RETRY_AFTER = ('0', '-1', '1000000000000', '1.5', 'soon', '9' * 40, 'date', '0x10', '+5', '7')


def storm(world, model, seconds=SECONDS):
    """Many clients that ask again at once. Returns their answers' statuses."""
    deadline = time.monotonic() + seconds

    def ask_on(number):
        statuses = []
        while time.monotonic() < deadline:
            answer = world.gateway.chat(model, stream=bool(number % 2))
            if answer.status != 200:
                answer.error()
            statuses.append(answer.status)
        return statuses

    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        return [status for statuses in pool.map(ask_on, range(CLIENTS)) for status in statuses]


def check_storm(world, model, status, states):
    world.upstream.reset()
    rows = len(world.gateway.exchanges())
    statuses = storm(world, model)
    check_equal(set(statuses), {status}, 'statuses')
    # no retries are configured; cool-downs may make it fewer
    check(world.upstream.requests() <= len(statuses), f'{world.upstream.requests()} calls for {len(statuses)} requests')
    exchanges = world.gateway.exchanges()[rows:]
    check_equal(len(exchanges), len(statuses), 'rows')
    check(all(row['finished_us'] for row in exchanges), 'rows that are not finished')
    attempts = [attempt for row in exchanges for attempt in row['attempts']]
    check_equal({attempt['state'] for attempt in attempts} - states, set(), 'states of attempts')
    released = [attempt for attempt in attempts if attempt['state'] == RELEASED]
    check(not any(attempt['cost_nano_usd'] for attempt in released), 'released ones cost')
    time.sleep(0.1)
    cpu = world.gateway.cpu()
    time.sleep(0.3)
    check(world.gateway.cpu() - cpu < 0.15 * TIME_FACTOR, 'it turns in circles afterwards')
    world.gateway.chat('good').expect(200)


def test_storm_of_refusals(world):
    check_storm(world, 'busy', 429, {RELEASED})


def test_storm_of_overload(world):
    check_storm(world, 'overloaded', 503, {RELEASED, SETTLED})


def test_flapping(world):
    """Every second call fails: each answer has its own attempt, and what failed is not billed twice."""
    rows = len(world.gateway.exchanges())
    world.upstream.reset()
    statuses = storm(world, 'flapping')
    check(set(statuses) <= {200, 500, 502}, f'statuses {set(statuses)}')
    check(200 in statuses and len(set(statuses)) > 1, 'it does not flap')
    exchanges = world.gateway.exchanges()[rows:]
    check_equal(sorted(row['status'] for row in exchanges), sorted(statuses), 'statuses in the rows')
    check_equal(sum(len(row['attempts']) for row in exchanges), world.upstream.requests(), 'attempts and calls')
    for row in exchanges:
        check_equal([attempt['state'] for attempt in row['attempts']], [SETTLED], 'attempts of one')


def test_pair_with_one_that_flaps(world):
    """A group whose second member works: no client notices, in what order ever, and each call has one attempt."""
    rows = len(world.gateway.exchanges())
    world.upstream.reset()
    statuses = storm(world, 'pair')
    check_equal(set(statuses), {200}, 'statuses')
    exchanges = world.gateway.exchanges()[rows:]
    attempts = [attempt for row in exchanges for attempt in row['attempts']]
    check_equal(len(attempts), world.upstream.requests(), 'attempts and calls')
    check(len(attempts) > len(exchanges), 'nothing has flapped')
    for row in exchanges:
        good = [attempt for attempt in row['attempts'] if attempt['status'] == 200]
        check_equal((len(good), row['attempts'][-1]['status']), (1, 200), 'good attempts of one request, the last')
    check_whole(world.gateway)


def test_every_way_to_say_when(world):
    for number, value in enumerate(RETRY_AFTER):
        for stream in (False, True):
            answer = world.gateway.chat(f'retry-{number}', stream=stream).expect(429)
            answer.error()
            told = answer.headers.get('retry-after')
            # passed on as it came, or left out
            check(told in (None, value) or value == 'date', f'{value!r} became Retry-After: {told!r}')


def test_many_events(world):
    before = world.gateway.rss()
    answer = world.gateway.chat('million', stream=True, timeout=200).expect(200)
    check(not answer.cut and answer.body.endswith(b'data: [DONE]\n\n'), f'the end: {answer.body[-100:]!r}')
    check(TIME_FACTOR > 1 or world.gateway.rss() - before < 8 * 1024 * 1024, 'memory grew')


test_many_events.seconds = 240


def test_floods(world):
    """20 MB of headers, a million interim answers, a line of 100 MB: each ends early, as an error."""
    before = world.gateway.rss()
    for model in ('headers', 'interim', 'line'):
        for stream in (False, True):
            answer = world.gateway.chat(model, stream=stream, timeout=30)
            if answer.status == 200:
                events = answer.events()
                check('[DONE]' not in events and 'error' in json.loads(events[-1]), f'{model}: {events[-1][:100]}')
            else:
                answer.expect(502).error()
            wait_until(lambda: world.upstream.stats()['requests_open'] == 0, 1, f'{model}: the upstream freed')
    check(TIME_FACTOR > 1 or world.gateway.rss() - before < 100 * 1024 * 1024, 'memory grew')


def test_bomb(world):
    before, began = world.gateway.rss(), time.monotonic()
    world.gateway.chat('bomb', timeout=60).expect(502).error()
    check(time.monotonic() - began < 20 * TIME_FACTOR, 'it unpacks for long')
    check(TIME_FACTOR > 1 or world.gateway.rss() - before < 150 * 1024 * 1024, 'memory grew')


def test_drip_beside_others(world):
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        drips = [pool.submit(world.gateway.chat, 'drip', 'a', stream=bool(index % 2), timeout=60)
                 for index in range(12)]
        wait_until(lambda: world.upstream.stats()['requests_open'] >= 6, 5, 'drips')
        for _ in range(20):
            began = time.monotonic()
            world.gateway.chat('good').expect(200)
            check(time.monotonic() - began < 0.5 * TIME_FACTOR, 'others wait')
        for drip in drips:
            answer = drip.result().expect(200)
            check(b'[DONE]' in answer.body or json.loads(answer.body)['choices'], 'the whole answer')


def test_nothing_is_left(world):
    wait_until(lambda: world.upstream.stats()['requests_open'] == 0, 3, 'the upstream freed')
    check_equal(world.gateway.rows('SELECT count(*) AS n FROM attempt WHERE state = 0'), [{'n': 0}], 'open attempts')
    check_whole(world.gateway)


if __name__ == '__main__':
    run_tests(globals(), seconds=30 + 2 * SECONDS, setup=setup)
