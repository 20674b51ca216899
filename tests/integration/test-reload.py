#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration is read again: by signal and by itself, under load, and with mistakes in it."""

import errno
import fcntl
import os
import signal
import tempfile
import threading
import time

from harness import (TIME_FACTOR, Gateway, Skip, Upstream, check, check_equal, check_in, make_config, model_entry,
                     run_tests, wait_until)

RELOADS = int(os.environ.get('RELOADS', '200'))


class World:
    def __init__(self):
        self.upstream = Upstream()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.upstream.stop()


def config(world, *names, settings=None):
    return make_config([model_entry(name, world.upstream.base, 'fake') for name in names], settings)


def hang_up(gateway, said):
    """SIGHUP, until the log has a further line with @said."""
    before = gateway.log().count(said)
    os.kill(gateway.pid, signal.SIGHUP)
    wait_until(lambda: gateway.log().count(said) > before, what=f'"{said}" in the log')


def models(gateway):
    return [model['id'] for model in gateway.get('/v1/models').expect(200).json()['data']]


def test_signal(world):
    with Gateway(config(world, 'one')) as gateway:
        check_equal(models(gateway), ['one'])
        gateway.write_config(config(world, 'one', 'two'))
        hang_up(gateway, 'the configuration was read again')
        check_equal(models(gateway), ['one', 'two'])
        gateway.chat('two').expect(200)


def test_by_itself(world):
    with Gateway(config(world, 'one')) as gateway:
        gateway.write_config(config(world, 'three'))
        wait_until(lambda: models(gateway) == ['three'], what='the changed file')
        # as editors do it: a new file takes the old one's place
        put_file(gateway.config_path, config(world, 'four'))
        wait_until(lambda: models(gateway) == ['four'], what='the replaced file')


def test_broken_file_keeps_the_old_one(world):
    with Gateway(config(world, 'one')) as gateway:
        gateway.write_config('model_list:\n  - model_name: [\n')
        hang_up(gateway, 'the old configuration stays')
        check_in('config.yaml:', gateway.log())
        gateway.chat('one').expect(200)
        check_equal(gateway.get('/health/readiness').expect(200).json()['status'], 'healthy')
        gateway.write_config(config(world, 'two'))
        hang_up(gateway, 'the configuration was read again')
        check_equal(models(gateway), ['two'])


def test_removed_file(world):
    with Gateway(config(world, 'one')) as gateway:
        os.remove(gateway.config_path)
        hang_up(gateway, 'the old configuration stays')
        gateway.chat('one').expect(200)


def test_file_comes_later(world):
    """Without --config the usual file need not be there, and is taken up when it comes."""
    with Gateway(None, key=None) as gateway:
        check('mock/echo' in models(gateway), 'nothing is configured')
        path = gateway.config_path
        gateway.write_config(make_config([model_entry('later', world.upstream.base, 'fake')], key=None))
        gateway.config_path, written = path, gateway.config_path
        hang_up(gateway, 'the configuration was read again')
        check_equal(models(gateway), ['later'])
        os.remove(written)
        # with the file its key would go: whoever asks needs it still
        hang_up(gateway, 'the old configuration stays')
        check_in('this file is gone', gateway.log())
        check_equal(models(gateway), ['later'])
        gateway.config_path, written = None, gateway.config_path
        gateway.restart()
        check('mock/echo' in models(gateway), 'nothing is configured again')


def usual(text, prepare, **options):
    """Started without --config; @prepare gets the directory that the file is in, and a place elsewhere."""
    gateway = Gateway(text, start=False, **options)
    folder = os.path.dirname(gateway.config_path)
    elsewhere = os.path.join(gateway.directory, 'elsewhere')
    os.mkdir(elsewhere)
    prepare(folder, elsewhere)
    gateway.config_path = None
    return gateway


def put_link(target, path):
    """In one step, as those do who know what they do."""
    os.symlink(target, path + '.new')
    os.replace(path + '.new', path)


def put_file(path, text):
    with open(path + '.new', 'w', encoding='utf-8') as file:
        file.write(text)
    os.replace(path + '.new', path)


def link_file(folder, elsewhere):
    os.rename(folder + '/config.yaml', elsewhere + '/config.yaml')
    os.symlink(elsewhere + '/config.yaml', folder + '/config.yaml')


def link_to_nothing(folder, elsewhere):
    link_file(folder, elsewhere)
    os.remove(elsewhere + '/config.yaml')


def link_to_itself(folder, elsewhere):
    del elsewhere
    put_link('config.yaml', folder + '/config.yaml')


def link_folder_to_nothing(folder, elsewhere):
    os.rename(folder, elsewhere + '/sluice')
    os.symlink('nowhere', folder)


def make_folder(folder, elsewhere):
    del elsewhere
    os.remove(folder + '/config.yaml')
    os.mkdir(folder + '/config.yaml')


def test_unreachable_is_not_absent(world):
    """What is there and cannot be read stops the start: without it nobody would be asked for a key."""
    for prepare in (link_to_nothing, link_to_itself, link_folder_to_nothing, make_folder):
        gateway = usual(config(world, 'one'), prepare)
        try:
            gateway.launch()
            check_equal(gateway.process.wait(10 * TIME_FACTOR), 78, prepare.__name__)
            check_in('config.yaml', gateway.log())
        finally:
            gateway.clean()


def test_empty_folder_behind_a_link(world):
    """That is no file: nothing is configured."""
    def prepare(folder, elsewhere):
        os.remove(folder + '/config.yaml')
        os.rename(folder, elsewhere + '/sluice')
        os.symlink(elsewhere + '/sluice', folder)

    with usual(config(world, 'one'), prepare, key=None) as gateway:
        gateway.start()
        check('mock/echo' in models(gateway), 'nothing is configured')


def test_link_that_breaks(world):
    with usual(config(world, 'one'), link_file) as gateway:
        gateway.start()
        os.remove(gateway.directory + '/elsewhere/config.yaml')
        hang_up(gateway, 'the old configuration stays')
        gateway.get('/v1/models', headers={'Authorization': None}).expect(401)
        check_equal(models(gateway), ['one'])
        put_file(gateway.directory + '/elsewhere/config.yaml', config(world, 'two'))
        wait_until(lambda: models(gateway) == ['two'], what='the file that came back')


def test_behind_links(world):
    """As a volume of Kubernetes has it, and as a directory of dot files."""
    def prepare(folder, elsewhere):
        os.rename(folder, elsewhere + '/sluice')
        os.symlink(elsewhere + '/sluice', folder)
        os.mkdir(folder + '/..1')
        os.rename(folder + '/config.yaml', folder + '/..1/config.yaml')
        os.symlink('..1', folder + '/..data')
        os.symlink('..data/config.yaml', folder + '/config.yaml')

    with usual(config(world, 'one'), prepare) as gateway:
        gateway.start()
        folder = gateway.directory + '/elsewhere/sluice'
        put_file(folder + '/..1/config.yaml', config(world, 'two'))
        wait_until(lambda: models(gateway) == ['two'], what='the file behind the links')
        os.mkdir(folder + '/..2')
        put_file(folder + '/..2/config.yaml', config(world, 'three'))
        put_link('..2', folder + '/..data')
        wait_until(lambda: models(gateway) == ['three'], what='the link in the middle')
        put_file(folder + '/..2/config.yaml', config(world, 'four'))
        wait_until(lambda: models(gateway) == ['four'], what='the file behind the new link')
        os.rename(folder, folder + '.old')
        os.mkdir(folder)
        put_file(folder + '/config.yaml', config(world, 'five'))
        wait_until(lambda: models(gateway) == ['five'], what='the other directory')


def test_included_file_behind_a_link(world):
    with Gateway(config(world, 'one'), start=False) as gateway:
        folder = os.path.dirname(gateway.config_path)
        os.mkdir(folder + '/real')
        put_file(folder + '/real/more.yaml', config(world, 'one'))
        os.symlink('real/more.yaml', folder + '/more.yaml')
        gateway.write_config('include:\n  - more.yaml\n')
        gateway.start()
        put_file(folder + '/real/more.yaml', config(world, 'two'))
        wait_until(lambda: models(gateway) == ['two'], what='the included file')


def test_never_quiet(world):
    """A file that changes all the time is read all the same."""
    with Gateway(config(world, 'one')) as gateway:
        turn = iter(range(1000000))

        def write_and_ask():
            gateway.write_config(config(world, 'two') + f'# {next(turn)}\n')
            return models(gateway) == ['two']

        wait_until(write_and_ask, what='the file that is never quiet')


def test_fixed_settings_say_so(world):
    with Gateway(config(world, 'one')) as gateway:
        gateway.write_config(config(world, 'one', settings={'workers': 3, 'max_body_bytes': 4096}))
        hang_up(gateway, 'the configuration was read again')
        check_in('sluice_settings.workers takes effect at the next start', gateway.log())
        gateway.chat('one', text='x' * 5000).expect(413)


def test_command_line_stands_above(world):
    with Gateway(config(world, 'one'), arguments=['--cors-origins', 'http://app.example']) as gateway:
        gateway.write_config(config(world, 'two', settings={'cors_origins': ['http://other.example']}))
        hang_up(gateway, 'the configuration was read again')
        gateway.request('OPTIONS', '/v1/models', headers={'Origin': 'http://app.example'}).expect(204)
        gateway.request('OPTIONS', '/v1/models', headers={'Origin': 'http://other.example'}).expect(403)


def test_master_key_changes(world):
    with Gateway(config(world, 'one')) as gateway:
        entries = [model_entry('one', world.upstream.base, 'fake')]
        gateway.write_config(make_config(entries, key='sk-test-another-key-0001'))
        hang_up(gateway, 'the configuration was read again')
        gateway.chat('one').expect(401)
        gateway.key = 'sk-test-another-key-0001'
        gateway.chat('one').expect(200)


def test_stream_goes_on(world):
    """A request keeps the configuration that it began with."""
    text = make_config([model_entry('slow', world.upstream.base, 'stream:events=10,ms=60')])
    with Gateway(text) as gateway:
        result = []
        thread = threading.Thread(target=lambda: result.append(gateway.chat('slow', stream=True)))
        thread.start()
        wait_until(lambda: any(seen['model'].startswith('stream:') for seen in world.upstream.log()), what='the stream')
        gateway.write_config(config(world, 'one'))
        hang_up(gateway, 'the configuration was read again')
        thread.join()
        result[0].expect(200)
        check_in(b'[DONE]', result[0].body)
        check_equal(models(gateway), ['one'])


def test_idle_connection_outlives_its_configuration(world):
    """It keeps the limits that it began with, and nothing else of the configuration that is gone."""
    with Gateway(config(world, 'one', settings={'keepalive_timeout_ms': 1500})) as gateway, gateway.raw() as raw:
        raw.send(gateway.wire('GET', '/v1/models'))
        raw.answer().expect(200)
        for turn in range(3):
            gateway.write_config(config(world, 'one', f'more-{turn}', settings={'keepalive_timeout_ms': 60000}))
            hang_up(gateway, 'the configuration was read again')
            # each worker looks at its connections once a second
            gateway.chat('one').expect(200)
        check(raw.at_end(5 * TIME_FACTOR), 'the limit that it began with is forgotten')


def test_emptied_file_keeps_the_old_one(world):
    """Half-way through being written over it is empty, and its key would be gone."""
    with Gateway(config(world, 'one')) as gateway:
        for text in ('', '\n', '# nothing\n', '---\n', '{}\n', '---\n# nothing\n...\n'):
            gateway.write_config(text)
            hang_up(gateway, 'the old configuration stays')
            check_in('this file is empty now', gateway.log())
            gateway.chat('one').expect(200)
            gateway.chat('one', headers={'Authorization': None}).expect(401)


def test_emptied_included_file_keeps_the_old_one(world):
    """The lock may stand there."""
    text = make_config([model_entry('one', world.upstream.base, 'fake')], key=None, more='include: [lock.yaml]\n')
    with Gateway(text, start=False) as gateway:
        lock = os.path.join(os.path.dirname(gateway.config_path), 'lock.yaml')
        put_file(lock, f'general_settings: {{master_key: {gateway.key}}}\n')
        gateway.start()
        gateway.chat('one', headers={'Authorization': None}).expect(401)
        for text in ('', '# nothing\n'):
            put_file(lock, text)
            hang_up(gateway, 'the old configuration stays')
            gateway.chat('one').expect(200)
            gateway.chat('one', headers={'Authorization': None}).expect(401)
        check_in('lock.yaml: error: this file is empty now', gateway.log())


def leases():
    """Whether the kernel says of a file who has it open, where the tests are."""
    with tempfile.NamedTemporaryFile() as file:
        reader = os.open(file.name, os.O_RDONLY)
        try:
            fcntl.fcntl(reader, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        except OSError as error:
            return error.errno == errno.EAGAIN
        finally:
            os.close(reader)
    return False


def test_half_a_file_is_not_taken(world):
    """A slow writer: the first half would be a sound file without a master key."""
    if not leases():
        raise Skip('no leases on this file system')
    with Gateway(config(world, 'one')) as gateway:
        first, second = config(world, 'two').split('general_settings')
        with open(gateway.config_path, 'w', encoding='utf-8') as file:
            file.write(first)
            file.flush()
            wait_until(lambda: 'open for writing' in gateway.log(), 15, 'it says why nothing changes')
            for _ in range(20):
                gateway.chat('one').expect(200)
                gateway.chat('one', headers={'Authorization': None}).expect(401)
                time.sleep(0.1)
            file.write('general_settings' + second)
        wait_until(lambda: models(gateway) == ['two'], 10, 'the whole file')
        gateway.chat('two', headers={'Authorization': None}).expect(401)
        check_equal(gateway.log().count('open for writing'), 1, 'how often it is said')


def test_half_an_included_file_is_not_taken(world):
    if not leases():
        raise Skip('no leases on this file system')
    with Gateway(config(world, 'one') + 'include: [more.yaml]\n', start=False) as gateway:
        more = os.path.join(os.path.dirname(gateway.config_path), 'more.yaml')
        with open(more, 'w', encoding='utf-8') as file:
            file.write("litellm_settings:\n  drop_params: true\n")
        gateway.start()
        with open(more, 'w', encoding='utf-8') as file:
            file.write('litellm_settings:\n')
            file.flush()
            wait_until(lambda: 'open for writing' in gateway.log(), 15, 'it says why nothing changes')
            file.write('  num_retries: 1\n')
        wait_until(lambda: 'read again' in gateway.log(), 10, 'the whole file')


def test_the_last_reading_wins(world):
    """A long file that is still read does not come into force after a short one that was asked for later."""
    many = config(world, *(f'old-{i}' for i in range(2500)))
    with Gateway(config(world, 'one')) as gateway:
        for turn in range(3):
            put_file(gateway.config_path, many)
            os.kill(gateway.pid, signal.SIGHUP)
            put_file(gateway.config_path, config(world, f'new-{turn}'))
            os.kill(gateway.pid, signal.SIGHUP)
            wait_until(lambda turn=turn: models(gateway) == [f'new-{turn}'], 10, 'the last file')
            # what was being read meanwhile is over by the time that another reading is
            hang_up(gateway, 'the configuration was read again')
            check_equal(models(gateway), [f'new-{turn}'])


def ask_until(gateway, stop, failures, counts):
    while not stop.is_set():
        try:
            answer = gateway.chat('both')
            counts.append(answer.status)
            if answer.status != 200:
                failures.append((answer.status, answer.body[:200]))
        except OSError as error:
            failures.append(repr(error))
        # each leaves its row in the ledger's cache, which grows up to its bound: that is not what is measured here
        stop.wait(0.002)


def test_under_load(world):
    texts = [config(world, 'both', 'one'), config(world, 'two', 'both'), 'model_list: {\n']
    with Gateway(texts[0]) as gateway:
        failures, counts, stop = [], [], threading.Event()
        threads = [threading.Thread(target=ask_until, args=(gateway, stop, failures, counts)) for _ in range(4)]
        for thread in threads:
            thread.start()
        marks = []
        try:
            for i in range(RELOADS):
                kind = i % 3
                put_file(gateway.config_path, texts[kind])
                # the watch may read it as well: one or two lines
                hang_up(gateway, 'the old configuration stays' if kind == 2 else 'the configuration was read again')
                if i in (RELOADS // 4, RELOADS - 1):
                    marks.append((gateway.fds(), gateway.rss()))
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        check_equal(failures, [], 'failed requests')
        check(len(counts) >= RELOADS, f'only {len(counts)} requests')
        print(f'# {len(counts)} requests, {RELOADS} reloads, descriptors and RSS: {marks}')
        check(marks[1][0] <= marks[0][0] + 8, f'descriptors grow: {marks}')
        # the address sanitizer keeps what was freed
        check(TIME_FACTOR > 1 or marks[1][1] <= marks[0][1] + 3 * 1024 * 1024, f'memory grows: {marks}')


def as_service(directory):
    """A socket of the service manager that nobody reads: what makes the daemon a service."""
    return {'NOTIFY_SOCKET': os.path.join(directory, 'nobody')}


def test_config_error_as_a_service(world):
    gateway = Gateway('model_list:\n  - model_nme: x\n    litellm_params: [\n', start=False)
    gateway.environment.update(as_service(gateway.directory))
    with gateway:
        gateway.start()
        answer = gateway.chat('one').expect(503)
        check_equal(answer.json()['error']['code'], 'config_error')
        check_in('config.yaml:', answer.json()['error']['message'])
        gateway.get('/v1/models').expect(503)
        gateway.get('/health/liveliness').expect(200)
        ready = gateway.get('/health/readiness').expect(503).json()
        check_equal(ready['status'], 'config-error')
        gateway.write_config(config(world, 'one'))
        hang_up(gateway, 'the configuration was read again')
        gateway.chat('one').expect(200)
        gateway.get('/health/readiness').expect(200)


def test_half_a_file_at_the_start(world):
    """A service that starts while somebody writes has no open door until the lock is there."""
    if not leases():
        raise Skip('no leases on this file system')
    first, second = config(world, 'one').split('general_settings')
    gateway = Gateway(first, start=False)
    gateway.environment.update(as_service(gateway.directory))
    with gateway, open(gateway.config_path, 'a', encoding='utf-8') as file:
        gateway.start()
        answer = gateway.chat('one', headers={'Authorization': None}).expect(503)
        check_in('open for writing', answer.json()['error']['message'])
        file.write('general_settings' + second)
        file.close()
        wait_until(lambda: gateway.chat('one').status == 200, 10, 'the whole file')
        gateway.chat('one', headers={'Authorization': None}).expect(401)


def test_config_error_on_a_terminal(world):
    del world
    gateway = Gateway('model_list: 5\n', start=False)
    try:
        gateway.launch()
        check_equal(gateway.process.wait(10), 78)
        check_in('config.yaml:1:', gateway.log())
    finally:
        gateway.clean()


def test_stop_while_reading(world):
    for _ in range(5):
        with Gateway(config(world, 'one')) as gateway:
            for _ in range(20):
                os.kill(gateway.pid, signal.SIGHUP)
            gateway.stop()


if __name__ == '__main__':
    # meson's filling of memory would make every page resident that is only set aside
    for variable in ('MALLOC_PERTURB_', 'MALLOC_CHECK_'):
        os.environ.pop(variable, None)
    run_tests(globals(), setup=World)
