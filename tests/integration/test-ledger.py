#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is written down: one row per answer, before and after a crash, and without a disk to write to."""

import concurrent.futures
import contextlib
import http.client
import os
import sqlite3
import stat
import threading

from harness import (MASTER_KEY, OPEN, PRICES, SETTLED, UPSTREAM_KEY, Gateway, Upstream, check, check_equal, check_in,
                     make_config, model_entry, run_tests, wait_until)
from kill_load import check_whole, kill_config, kill_rounds
from small_disk import fill, small_disk

VERSION_1 = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'store', 'version-1.sql')


def config(upstream, **settings):
    return make_config([
        model_entry('local', upstream.base, 'fake', info='id: local-id'),
        model_entry('paid', upstream.base, 'fake', provider='openai', extra=PRICES, info='id: paid-id'),
        model_entry('paid-stall', upstream.base, 'fake:stall', provider='openai', extra=PRICES),
        model_entry('vectors', upstream.base, 'fake:embed:floats=8'),
    ], settings=settings)


def ask_mixed(gateway, index):
    """One request of several kinds; its status."""
    kind = index % 4
    if kind == 0:
        return gateway.chat('local', f'number {index}').status
    if kind == 1:
        return gateway.chat('paid', f'number {index}').status
    if kind == 2:
        return gateway.post('/v1/embeddings', {'model': 'vectors', 'input': 'a'}).status
    return gateway.chat('paid', f'number {index}', stream=True).status


def test_one_row_per_answer(upstream):
    with Gateway(config(upstream)) as gateway:
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(lambda index: ask_mixed(gateway, index), range(120)))
        check_equal(statuses, [200] * 120, 'statuses')
        # no waiting: the last bytes of an answer go out when its row is there
        exchanges = gateway.exchanges()
        check_equal(len(exchanges), 120, 'exchanges')
        check_equal(len({exchange['request_id'] for exchange in exchanges}), 120, 'request ids')
        for exchange in exchanges:
            check_equal([attempt['state'] for attempt in exchange['attempts']], [SETTLED], 'attempts')
            check_equal((exchange['status'], bool(exchange['finished_us'])), (200, True), 'status and end')
        check_whole(gateway)


def test_row_is_there_when_the_answer_ends(upstream):
    with Gateway(config(upstream)) as gateway:
        for count in range(1, 41):
            check_equal(ask_mixed(gateway, count), 200, 'status')
            finished = gateway.rows('SELECT count(*) AS n FROM exchange WHERE finished_us > 0')
            check_equal(finished, [{'n': count}], 'finished rows')


def test_what_the_row_says(upstream):
    with Gateway(config(upstream)) as gateway:
        answer = gateway.chat('paid', 'one two three', headers={'x-litellm-call-id': 'my-call'}).expect(200)
        usage = answer.json()['usage']
        exchange = gateway.last_exchange(200)
        attempt = exchange['attempts'][0]
        check_equal(exchange['call_id'], 'my-call', 'call id')
        check_equal(exchange['group'], 'paid', 'group')
        check_equal(exchange['stream'], 0, 'stream')
        check(exchange['received_us'] <= exchange['first_byte_us'] <= exchange['finished_us'], 'instants')
        check_equal(attempt['deployment'], 'paid-id', 'deployment')
        check_equal((attempt['provider'], attempt['model']), ('openai', 'fake'), 'provider and model')
        check_equal((attempt['billable'], attempt['estimated'], attempt['status']), (1, 0, 200), 'flags and status')
        check_equal(attempt['prompt_tokens'], usage['prompt_tokens'], 'prompt tokens')
        check_equal(attempt['completion_tokens'], 3, 'completion tokens')
        check_equal(attempt['cost_nano_usd'], usage['prompt_tokens'] * 1000 + 3 * 2000, 'cost')
        check_equal(attempt['price_source'], 'config', 'source of the price')
        gateway.chat('local', 'one').expect(200)
        attempt = gateway.last_exchange(200)['attempts'][0]
        check_equal((attempt['billable'], attempt['cost_nano_usd']), (0, 0), 'a local model')


def test_billable_attempt_is_written_before_it_is_sent(upstream):
    upstream.reset()
    with Gateway(config(upstream, first_byte_timeout_ms=3000)) as gateway:
        thread = threading.Thread(target=lambda: gateway.chat('paid-stall', max_tokens=100))
        thread.start()
        wait_until(lambda: upstream.stats()['requests_open'] == 1, 3, 'the request upstream')
        exchange = gateway.exchanges()[-1]
        check_equal((exchange['status'], exchange['finished_us']), (0, None), 'an open exchange')
        check_equal(exchange['attempts'][0]['state'], OPEN, 'state')
        check(exchange['attempts'][0]['estimate_nano_usd'] >= 100 * 2000, 'the estimate covers max_tokens')
        thread.join()


def test_crash_settles_at_the_estimate(upstream):
    upstream.reset()
    with Gateway(config(upstream)) as gateway:
        gateway.chat('paid').expect(200)

        def ask():
            with contextlib.suppress(OSError, http.client.HTTPException):
                gateway.chat('paid-stall', max_tokens=100)

        thread = threading.Thread(target=ask)
        thread.start()
        wait_until(lambda: upstream.stats()['requests_open'] == 1, 3, 'the request upstream')
        gateway.kill()
        thread.join()
        gateway.restart()
        exchanges = gateway.exchanges()
        check_equal(len(exchanges), 2, 'exchanges')
        attempt = exchanges[1]['attempts'][0]
        check_equal((attempt['state'], attempt['estimated']), (SETTLED, 1), 'state and mark')
        check_equal(attempt['cost_nano_usd'], attempt['estimate_nano_usd'], 'cost')
        check(attempt['cost_nano_usd'] > 0, 'the estimate is nothing')
        check_equal(exchanges[1]['error'], 'interrupted', 'error')
        check_whole(gateway)


def test_kill_under_load(upstream):
    """The short form of the suite `kill`."""
    with Gateway(kill_config(upstream)) as gateway:
        kill_rounds(gateway, upstream, rounds=3, answers=60)


def test_modes_of_files(upstream):
    with Gateway(config(upstream)) as gateway:
        gateway.chat('local').expect(200)
        check_equal(oct(stat.S_IMODE(os.stat(gateway.data).st_mode)), '0o700', 'the directory')
        names = os.listdir(gateway.data)
        check('sluice.db' in names and 'sluice.lock' in names, f'files: {names}')
        for name in names:
            mode = stat.S_IMODE(os.stat(os.path.join(gateway.data, name)).st_mode)
            check(mode & 0o077 == 0, f'{name}: {mode:o}')


def test_no_secret_is_written(upstream):
    with Gateway(config(upstream)) as gateway:
        gateway.chat('paid').expect(200)
        gateway.chat('paid', headers={'Authorization': 'Bearer sk-not-a-known-one'}).expect(401)
        gateway.stop()
        for name in os.listdir(gateway.data):
            with open(os.path.join(gateway.data, name), 'rb') as file:
                contents = file.read()
            for secret in (MASTER_KEY, UPSTREAM_KEY, 'sk-not-a-known-one'):
                check(secret.encode() not in contents, f'{secret} is in {name}')
                check(secret not in gateway.log(), f'{secret} is in the log')


def test_second_daemon(upstream):
    with Gateway(config(upstream)) as first:
        second = Gateway(config(upstream), data=first.environment['XDG_DATA_HOME'], start=False)
        try:
            second.launch()
            status = second.process.wait(10)
            check(status not in (None, 0), f'the second ended with {status}')
            check_in(str(first.pid), second.log(), 'the message names the first')
        finally:
            second.clean()
        first.chat('local').expect(200)
        check_equal(len(first.exchanges()), 1, 'rows')


def test_stop_and_start_keep_rows(upstream):
    with Gateway(config(upstream)) as gateway:
        gateway.chat('local').expect(200)
        gateway.stop()
        gateway.restart()
        gateway.chat('local').expect(200)
        check_equal(len(gateway.exchanges()), 2, 'rows')
        check_whole(gateway)


def test_stop_lets_requests_finish(upstream):
    entries = [model_entry('slow', upstream.base, 'fake:slow:first=700')]
    with Gateway(make_config(entries)) as gateway:
        answers = []
        thread = threading.Thread(target=lambda: answers.append(gateway.chat('slow', 'to the end')))
        upstream.reset()
        thread.start()
        wait_until(lambda: upstream.stats()['requests_open'] == 1, 3, 'the request upstream')
        gateway.stop()
        thread.join()
        answers[0].expect(200)
        check_equal([row['status'] for row in gateway.exchanges()], [200], 'rows')


def test_broken_database_is_moved_aside(upstream):
    with Gateway(config(upstream)) as gateway:
        gateway.chat('local').expect(200)
        gateway.stop()
        path = os.path.join(gateway.data, 'sluice.db')
        junk = b'this is no database, but somebody may want it back' * 200
        for suffix in ('-wal', '-shm'):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path + suffix)
        with open(path, 'wb') as file:
            file.write(junk)
        gateway.restart()
        gateway.chat('local').expect(200)
        # whoever had switched the cloud off must not find it open
        check_in('cloud_policy', gateway.chat('paid').expect(403).body.decode())
        check_equal(len(gateway.exchanges()), 1, 'rows in the new one')
        check_equal(gateway.rows('SELECT value FROM setting'), [{'value': '"off"'}], 'settings')
        kept = [name for name in os.listdir(gateway.data) if name.startswith('sluice.db') and name != 'sluice.db']
        contents = [open(os.path.join(gateway.data, name), 'rb').read() for name in kept]
        check(junk in contents, f'the old one is gone: {kept}')
        check_in('sluice.db', gateway.log(), 'the log says so')


def test_newer_database_is_refused(upstream):
    with Gateway(config(upstream)) as gateway:
        gateway.stop()
        connection = sqlite3.connect(os.path.join(gateway.data, 'sluice.db'))
        connection.execute('PRAGMA user_version = 999')
        connection.close()
        gateway.launch()
        status = gateway.process.wait(10)
        check(status not in (None, 0), f'it ended with {status}')
        check_in('version', gateway.log())
        # nothing is moved aside or begun anew; reading alone leaves SQLite's own empty companions
        check_equal([n for n in os.listdir(gateway.data)
                     if n.startswith('sluice.db') and not n.endswith(('-wal', '-shm'))], ['sluice.db'], 'files')


def test_older_database_is_brought_up(upstream):
    with Gateway(config(upstream)) as gateway:
        gateway.stop()
        path = os.path.join(gateway.data, 'sluice.db')
        for suffix in ('', '-wal', '-shm'):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path + suffix)
        connection = sqlite3.connect(path)
        with open(VERSION_1, encoding='utf-8') as script:
            connection.executescript(script.read())
        connection.close()
        gateway.restart()
        gateway.chat('paid').expect(200)
        rows = gateway.exchanges()
        check_equal([row['status'] for row in rows], [200, 200, 200, 500, 200], 'statuses, the open one finished')
        copies = [name for name in os.listdir(gateway.data) if name.startswith('sluice.db.version-1-')]
        check_equal(len(copies), 1, 'copies of the old one')
        old = sqlite3.connect(os.path.join(gateway.data, copies[0]))
        check_equal(old.execute('SELECT count(*) FROM exchange').fetchone()[0], 4, 'rows in the copy')
        old.close()


def is_degraded(gateway):
    return 'degraded' in gateway.get('/health/readiness').body.decode()


def test_full_disk(upstream):
    with small_disk(4 * 1024 * 1024) as disk, Gateway(config(upstream), data=disk) as gateway:
        gateway.chat('paid').expect(200)
        check(not is_degraded(gateway), 'degraded at the start')
        fill(disk)
        # what is already allocated may still take some rows
        for _ in range(3000):
            answer = gateway.chat('local').expect(200)
            if answer.headers.get('x-sluice-ledger') == 'pending':
                break
        check_equal(answer.headers.get('x-sluice-ledger'), 'pending', 'x-sluice-ledger')
        upstream.reset()
        error = gateway.chat('paid').expect(503).error()
        check_equal(error['code'], 'ledger_unavailable', 'code')
        check_equal(upstream.requests(), 0, 'a billable request went out unrecorded')
        check(is_degraded(gateway), 'health does not say degraded')
        for _ in range(20):
            gateway.chat('local').expect(200)
        os.unlink(os.path.join(disk, 'filler'))
        wait_until(lambda: not is_degraded(gateway), 5, 'recovery', step=0.1)
        gateway.chat('paid').expect(200)
        pending = gateway.rows('SELECT count(*) AS n FROM exchange WHERE finished_us IS NULL')
        check_equal(pending, [{'n': 0}], 'open rows')
        local = [row for row in gateway.exchanges() if row['group'] == 'local']
        check_equal(len({row['request_id'] for row in local}), len(local), 'rows twice')
        check(len(local) >= 21, f'{len(local)} rows of local requests')
        check_whole(gateway)


if __name__ == '__main__':
    run_tests(globals(), setup=Upstream)
