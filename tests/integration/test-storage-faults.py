#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks and files that go wrong: what may cost money is refused, what was answered is in the ledger, sums are right,
and the daemon says what is the matter and never crashes. DISK_FLIPS, DISK_CUTS: how many broken files are tried."""

import concurrent.futures
import contextlib
import errno
import json
import os
import random
import resource
import sqlite3
import tempfile
import threading
import time

from failing import failing
from harness import (PRICES, TIME_FACTOR, Gateway, Upstream, check, check_equal, check_in, make_config, model_entry,
                     run_tests, wait_until)
from kill_load import check_whole
from small_disk import fill, remount, small_disk

FLIPS = int(os.environ.get('DISK_FLIPS', '40'))
CUTS = int(os.environ.get('DISK_CUTS', '20'))
OFF_FLIPS = FLIPS


def config(upstream, **settings):
    entries = [model_entry('local', upstream.base, 'fake'),
               model_entry('paid', upstream.base, 'fake', provider='openai', extra=PRICES),
               model_entry('steady', upstream.base, 'fake:stream:events=2000,ms=20'),
               model_entry('paid-steady', upstream.base, 'fake:stream:events=2000,ms=20', provider='openai',
                           extra=PRICES)]
    return make_config(entries, settings=settings)


def is_degraded(gateway):
    return 'degraded' in gateway.get('/health/readiness').body.decode()


def check_degrades_and_recovers(gateway, upstream, repair):
    """The disk has just gone wrong; @repair mends it."""
    answered = []
    for index in range(3000):
        answer = gateway.chat('local', headers={'x-litellm-call-id': f'local-{index}'})
        check_equal(answer.status, 200, 'a free request')
        answered.append(f'local-{index}')
        if answer.headers.get('x-sluice-ledger') == 'pending':
            break
    check_equal(answer.headers.get('x-sluice-ledger'), 'pending', 'x-sluice-ledger')
    upstream.reset()
    for stream in (False, True):
        check_equal(gateway.chat('paid', stream=stream).expect(503).error()['code'], 'ledger_unavailable', 'code')
    check_equal(upstream.requests(), 0, 'a billable request went out unrecorded')
    check(is_degraded(gateway), 'health does not say degraded')
    stream = gateway.chat('local', stream=True, headers={'x-litellm-call-id': 'stream'}).expect(200)
    check_equal(stream.events()[-1], '[DONE]', 'a free stream')
    check_equal(stream.headers.get('x-sluice-ledger'), 'pending', 'x-sluice-ledger of a stream')
    repair()
    wait_until(lambda: not is_degraded(gateway), 5, 'recovery', step=0.05)
    gateway.chat('paid', headers={'x-litellm-call-id': 'paid-after'}).expect(200)
    wait_until(lambda: not gateway.rows('SELECT 1 FROM exchange WHERE finished_us IS NULL'), 3, 'rows finished')
    for name in (*answered, 'stream', 'paid-after'):
        found = gateway.rows('SELECT count(*) AS n FROM exchange JOIN attempt ON exchange_id = exchange.id '
                             'WHERE call_id = ? AND attempt.state = 1', (name,))
        check_equal(found, [{'n': 1}], f'settled rows of {name}')
    check_whole(gateway)


# E3, E4: no room, errors of writing and syncing

def test_limit_on_file_sizes(upstream):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (400 * 1024, resource.RLIM_INFINITY))
    with Gateway(config(upstream), preexec=limit) as gateway:
        check_degrades_and_recovers(gateway, upstream, lambda: resource.prlimit(
            gateway.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)))


def check_failing(upstream, settings, **errors):
    with failing() as control, Gateway(config(upstream, **settings), environment=control.environment) as gateway:
        gateway.chat('paid').expect(200)
        check_equal(control.failures, 0, 'failures at the start')
        control.set(**errors)
        check_degrades_and_recovers(gateway, upstream, control.set)
        check(control.failures > 0, 'nothing has failed')
        gateway.stop()


def test_no_space_left(upstream):
    check_failing(upstream, {}, write=errno.ENOSPC)


def test_quota_is_used_up(upstream):
    check_failing(upstream, {}, write=errno.EDQUOT)


def test_write_error(upstream):
    check_failing(upstream, {}, write=errno.EIO)


def test_sync_error(upstream):
    check_failing(upstream, {'durability': 'power-loss'}, sync=errno.EIO)


def test_stream_that_ends_while_nothing_can_be_written(upstream):
    """Its head is gone when the disk fails: a comment in front of the end says that its row is only in memory."""
    entries = [model_entry('paid', upstream.base, 'fake:stream:events=20,ms=40', provider='openai', extra=PRICES)]
    with failing() as control, Gateway(make_config(entries), environment=control.environment) as gateway:
        answers = []
        thread = threading.Thread(target=lambda: answers.append(gateway.chat('paid', stream=True)))
        thread.start()
        wait_until(lambda: gateway.rows('SELECT 1 FROM attempt'), 5, 'the reservation')
        control.set(write=errno.EIO)
        thread.join()
        check_equal(answers[0].events()[-1], '[DONE]', 'the end')
        check_equal(answers[0].headers.get('x-sluice-ledger'), None, 'x-sluice-ledger, too early')
        check(answers[0].body.endswith(b': x-sluice-ledger: pending\n\ndata: [DONE]\n\n'), answers[0].body[-200:])
        control.set()
        wait_until(lambda: not is_degraded(gateway), 5, 'recovery', step=0.05)
        check_whole(gateway)


def test_write_error_in_the_middle_of_streams(upstream):
    """Streams that are under way end as they should; what they cost is booked when that is possible again."""
    with failing() as control, Gateway(config(upstream), environment=control.environment) as gateway:
        answers = []

        def ask(model, index):
            answers.append(gateway.chat(model, stream=True, timeout=20, headers={'x-litellm-call-id': f's-{index}'}))

        threads = [threading.Thread(target=ask, args=(('local', 'paid')[index % 2], index)) for index in range(10)]
        for thread in threads:
            thread.start()
        control.set(write=errno.EIO)
        time.sleep(0.3)
        control.set()
        for thread in threads:
            thread.join()
        check_equal(len(answers), len(threads), 'answers')
        for answer in answers:
            if answer.status == 200:
                check(not answer.cut, 'a cut answer')
                last = answer.events()[-1]
                check(last == '[DONE]' or 'error' in json.loads(last), f'last event: {last}')
            else:
                check_equal(answer.expect(503).error()['code'], 'ledger_unavailable', 'code')
        wait_until(lambda: not is_degraded(gateway), 5, 'recovery', step=0.05)
        wait_until(lambda: not gateway.rows('SELECT 1 FROM attempt WHERE state = 0'), 3, 'attempts closed')
        check_whole(gateway)


# E5: files

@contextlib.contextmanager
def filled(upstream):
    """A stopped gateway with some rows, and the bytes of its database."""
    with Gateway(config(upstream)) as gateway:
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda index: gateway.chat(('local', 'paid')[index % 2]).expect(200), range(60)))
        check_whole(gateway)
        gateway.stop()
        path = os.path.join(gateway.data, 'sluice.db')
        with open(path, 'rb') as file:
            yield gateway, path, file.read()


def serve_or_refuse(gateway):
    """Starts it. Returns whether it serves; if not, it has said why and ended by itself."""
    gateway.process.end()
    gateway.port = None
    gateway.launch()
    try:
        gateway.await_start()
    except AssertionError:
        status = gateway.process.wait(5)
        check(status is not None and 0 < status < 128, f'it ended with {status}: {gateway.log()[-500:]}')
        check_in('sluice', gateway.log(), 'what it says')
        return False
    return True


def put(path, content):
    for suffix in ('-wal', '-shm', '-journal'):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path + suffix)
    for name in os.listdir(os.path.dirname(path)):
        # what an earlier try has moved aside
        if name.startswith('sluice.db') and name != 'sluice.db':
            os.unlink(os.path.join(os.path.dirname(path), name))
    with open(path, 'wb') as file:
        file.write(content)


def check_survives(gateway, what):
    """Whatever it makes of its files: it serves and accounts, or it refuses; it does not crash."""
    if not serve_or_refuse(gateway):
        return 'refused'
    try:
        statuses = {gateway.chat(model, stream=stream).status
                    for model in ('local', 'paid') for stream in (False, True)}
        # with the damaged file it is lost whether the cloud was switched off
        lost = 'the cloud was switched off is lost' in gateway.log()
        check(statuses <= ({200, 503, 403} if lost else {200, 503}), f'statuses {statuses}')
        gateway.get('/health/liveliness')
        gateway.stop()
    except (AssertionError, OSError) as error:
        raise AssertionError(f'{what}: {error}: {gateway.log()[-800:]}') from error
    return 'cloud off' if 403 in statuses else 'served' if statuses == {200} else 'degraded'


def count(outcomes):
    print('# ' + ', '.join(f'{outcomes.count(it)} {it}' for it in sorted(set(outcomes))))


def test_database_that_is_cut(upstream):
    chance = random.Random(1)
    with filled(upstream) as (gateway, path, content):
        outcomes = []
        places = [0, 1, 15, 16, 99, 100, 4095, 4096, 4097, len(content) - 1, len(content) - 4096]
        places += [chance.randrange(len(content)) for _ in range(CUTS)]
        for place in places[:CUTS]:
            put(path, content[:place])
            outcomes.append(check_survives(gateway, f'cut at {place}'))
        count(outcomes)


def test_database_with_other_bytes(upstream):
    seed = int(os.environ.get('DISK_SEED', '7'))
    chance = random.Random(seed)
    with filled(upstream) as (gateway, path, content):
        outcomes = []
        for number in range(FLIPS):
            broken = bytearray(content)
            # half of them where the schema and the roots of the trees are
            place = chance.randrange(len(content) if number % 2 else 8192)
            broken[place] ^= 1 << chance.randrange(8)
            put(path, bytes(broken))
            outcomes.append(check_survives(gateway, f'bit of byte {place}'))
        count(outcomes)


def test_off_is_not_forgotten(upstream):
    """Whatever happens to the file: who has switched the cloud off does not find it open."""
    chance = random.Random(11)
    with filled(upstream) as (gateway, path, content):
        with contextlib.closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("INSERT INTO setting (name, value, changed_us) VALUES ('cloud_policy', '\"off\"', 1)")
        with open(path, 'rb') as file:
            content = file.read()
        outcomes = []
        for number in range(OFF_FLIPS):
            broken = bytearray(content)
            for _ in range(1 << number % 12):
                broken[chance.randrange(len(content) if number % 2 else 8192)] ^= 1 << chance.randrange(8)
            put(path, bytes(broken[:chance.randrange(len(broken))] if number % 10 == 9 else broken))
            if not serve_or_refuse(gateway):
                outcomes.append('refused')
                continue
            upstream.reset()
            status = gateway.chat('paid').status
            check(status in (403, 503) and upstream.requests() == 0, f'{number}: {status}: {gateway.log()[-600:]}')
            outcomes.append('lost' if 'is lost' in gateway.log() else 'kept')
        count(outcomes)


test_off_is_not_forgotten.seconds = 30 + OFF_FLIPS
test_database_that_is_cut.seconds = 30 + CUTS
test_database_with_other_bytes.seconds = 30 + FLIPS


def test_log_that_is_missing_or_broken(upstream):
    """After a kill the newest rows are in the write-ahead log."""
    chance = random.Random(3)
    for what in ('missing', 'empty', 'cut', 'bits', 'index missing', 'index of another'):
        with Gateway(config(upstream)) as gateway:
            for index in range(20):
                gateway.chat(('local', 'paid')[index % 2]).expect(200)
            gateway.kill()
            log = os.path.join(gateway.data, 'sluice.db-wal')
            index = os.path.join(gateway.data, 'sluice.db-shm')
            check(os.path.getsize(log) > 0, 'no log')
            if what == 'missing':
                os.unlink(log)
            elif what == 'index missing':
                os.unlink(index)
            elif what == 'index of another':
                with open(index, 'r+b') as file:
                    file.write(chance.randbytes(os.path.getsize(index)))
            else:
                with open(log, 'r+b') as file:
                    content = bytearray(file.read())
                    for _ in range(20):
                        content[chance.randrange(len(content))] ^= 16
                    file.seek(0)
                    file.write(content if what == 'bits' else b'')
                    file.truncate({'empty': 0, 'cut': len(content) // 2, 'bits': len(content)}[what])
            if not serve_or_refuse(gateway):
                continue
            for model in ('local', 'paid'):
                gateway.chat(model).expect(200)
            check_whole(gateway)
            if what.startswith('index'):
                check(len(gateway.exchanges()) == 22, f'{what}: {len(gateway.exchanges())} rows')


def test_read_only_file_system(upstream):
    with small_disk(8 * 1024 * 1024) as disk:
        with Gateway(config(upstream), data=disk) as gateway:
            gateway.chat('paid').expect(200)
            gateway.stop()
            remount(disk, 'ro')
            check(not serve_or_refuse(gateway), 'it serves from a file system that it cannot write')
            check_in(disk, gateway.log(), 'the place in what it says')
            remount(disk, 'rw')
            check(serve_or_refuse(gateway), 'it does not start again')
            gateway.chat('paid').expect(200)
            check_equal(len(gateway.exchanges()), 2, 'rows')


def test_full_disk_at_the_start(upstream):
    with small_disk(1024 * 1024) as disk:
        os.mkdir(os.path.join(disk, 'sluice'), 0o700)
        fill(disk)
        with Gateway(config(upstream), data=disk, start=False) as gateway:
            gateway.launch()
            status = gateway.process.wait(10 * TIME_FACTOR)
            if status is None:
                gateway.await_start()
                upstream.reset()
                gateway.chat('paid').expect(503)
                check_equal(upstream.requests(), 0, 'a billable request went out unrecorded')
                gateway.stop()
            else:
                check(0 < status < 128, f'it ended with {status}')
                check_in('sluice', gateway.log(), 'what it says')


def test_no_directory_can_be_made(upstream):
    with tempfile.TemporaryDirectory(prefix='sluice-data-') as directory:
        # a file where the directory should be: root may write everywhere else
        with open(os.path.join(directory, 'sluice'), 'wb'):
            pass
        gateway = Gateway(config(upstream), data=directory, start=False)
        try:
            gateway.launch()
            status = gateway.process.wait(10)
            check(status is not None and 0 < status < 128, f'it ended with {status}')
            check_in(os.path.join(directory, 'sluice'), gateway.log(), 'the place in what it says')
        finally:
            gateway.clean()


def test_file_of_something_else(upstream):
    """A database of another program in our place is not touched."""
    with Gateway(config(upstream)) as gateway:
        gateway.stop()
        path = os.path.join(gateway.data, 'sluice.db')
        os.unlink(path)
        connection = sqlite3.connect(path)
        connection.execute('PRAGMA application_id = 4711')
        connection.execute('CREATE TABLE precious (it TEXT)')
        connection.execute("INSERT INTO precious VALUES ('keep me')")
        connection.commit()
        connection.close()
        serve_or_refuse(gateway)
        kept = []
        for name in os.listdir(gateway.data):
            with open(os.path.join(gateway.data, name), 'rb') as file:
                if b'keep me' in file.read():
                    kept.append(name)
        check(kept, f'it is gone: {os.listdir(gateway.data)}')


# E8: the end

def test_stop_during_many_streams(upstream):
    count_of, drain_ms = 100, 700
    with Gateway(config(upstream, drain_timeout_ms=drain_ms)) as gateway:
        upstream.reset()
        answers = []

        def ask(index):
            answers.append(gateway.chat(('steady', 'paid-steady')[index % 2], stream=True, timeout=30))

        threads = [threading.Thread(target=ask, args=(index,)) for index in range(count_of)]
        for thread in threads:
            thread.start()
        wait_until(lambda: upstream.stats()['requests_open'] == count_of, 10, 'the streams upstream')
        time.sleep(0.2)
        began = time.monotonic()
        gateway.stop()
        took = time.monotonic() - began
        for thread in threads:
            thread.join()
        check(drain_ms / 1000 * 0.8 < took < drain_ms / 1000 + 2 * TIME_FACTOR, f'it took {took:.2f} s')
        for answer in answers:
            answer.expect(200)
            check(not answer.cut, 'a stream ends without its framing')
            events = answer.events()
            check('[DONE]' not in events, 'a stream that was cancelled says [DONE]')
            check('error' in json.loads(events[-1]), f'last event: {events[-1]}')
        wait_until(lambda: upstream.stats()['requests_open'] == 0, 1, 'the upstream freed')
        rows = gateway.exchanges()
        unfinished = [row for row in rows if not row['finished_us']]
        check_equal((len(rows), unfinished), (count_of, []), 'rows, unfinished')
        check_equal({len(row['attempts']) for row in rows}, {1}, 'attempts of each')
        check_equal({attempt['state'] for row in rows for attempt in row['attempts']}, {1}, 'states')
        costs = [attempt['cost_nano_usd'] for row in rows for attempt in row['attempts'] if attempt['billable']]
        check(len(costs) == count_of // 2 and min(costs) > 0, f'costs of what was generated: {costs[:5]}')
        check_whole(gateway)


if __name__ == '__main__':
    run_tests(globals(), setup=Upstream)
