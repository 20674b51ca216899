#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The root interface on the session bus, as scripts see it, and what hostile callers can do."""

import contextlib
import json
import os
import re
import subprocess
import threading
import time
import xml.etree.ElementTree as ElementTree

from bus_client import ERRORS, NAME, PATH, Bus, Client
from harness import (TIME_FACTOR, Gateway, Upstream, check, check_equal, check_in, make_config, model_entry, run_tests,
                     wait_until)

XML = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'data', 'dbus', NAME + '.xml')
ROOT = (NAME, PATH, NAME)
SECRETS = ('sk-integration-0d4f3a', 'sk-upstream-secret')
PROPERTIES = 'org.freedesktop.DBus.Properties'


@contextlib.contextmanager
def gateway_on(bus, config=None, **options):
    environment = {'DBUS_SESSION_BUS_ADDRESS': bus.address, **options.pop('environment', {})}
    with Gateway(config if config is not None else make_config([]), environment=environment, **options) as gateway:
        wait_for_state(bus, 'running')
        yield gateway


def get(bus, name):
    status, out, _ = bus.busctl('--json=short', 'get-property', *ROOT, name)
    return json.loads(out)['data'] if status == 0 else None


def wait_for_state(bus, state):
    wait_until(lambda: get(bus, 'State') == state, 10, f'state {state}', step=0.05)


def call(bus, method, *arguments):
    """Through busctl: its output, or the complaint after 'Call failed: '."""
    status, out, complaint = bus.busctl('call', *ROOT, method, *arguments)
    return out if status == 0 else complaint.removeprefix('Call failed: ')


def members(interface):
    """What an interface offers, without its descriptions."""
    found = {}
    for member in interface:
        if member.tag == 'property':
            found['property', member.get('name')] = (
                member.get('type'), member.get('access'), [(a.get('name'), a.get('value')) for a in member])
        elif member.tag in ('method', 'signal'):
            found[member.tag, member.get('name')] = [
                (a.get('name'), a.get('type'), a.get('direction')) for a in member if a.tag == 'arg']
    return found


def test_introspection_is_the_xml():
    with Bus() as bus, gateway_on(bus):
        status, out, _ = bus.run('gdbus', 'introspect', '--session', '--dest', NAME, '--object-path', PATH, '--xml')
        check_equal(status, 0, 'status of gdbus')
        found = next(i for i in ElementTree.fromstring(out) if i.get('name') == NAME)
        wanted = ElementTree.parse(XML).getroot().find('interface')
        check_equal(members(found), members(wanted), 'the interface')
        status, out, _ = bus.busctl('introspect', *ROOT)
        check_equal(status, 0, 'status of busctl')
        for _, name in members(wanted):
            check_in(f'.{name} ', out, 'what busctl lists')


def test_every_member_is_described():
    with open(XML, encoding='utf-8') as file:
        text = file.read()
    for member in ElementTree.fromstring(text.encode()).find('interface'):
        found = re.search(rf'<!--\s+{member.get("name")}:\n(.*?)-->', text, re.S)
        check(found is not None and len(found.group(1)) > 60, f'{member.get("name")} is not described')
        for argument in member.findall('arg'):
            check_in(f'@{argument.get("name")}:', found.group(1), member.get('name'))


def test_reading():
    with Bus() as bus, gateway_on(bus) as gateway:
        status, out, _ = bus.gdbus(PROPERTIES + '.GetAll', NAME)
        check_equal(status, 0, 'status of gdbus')
        for part in ("'State': <'running'>", "'ApiRevision': <uint32 1>", "'CloudPolicy': <'fallback'>"):
            check_in(part, out, 'GetAll')
        for member in ElementTree.parse(XML).getroot().find('interface').findall('property'):
            value = get(bus, member.get('name'))
            check(value is not None, f'busctl cannot read {member.get("name")}')
            status, out, _ = bus.gdbus(PROPERTIES + '.Get', NAME, member.get('name'))
            check_equal(status, 0, f'status of gdbus for {member.get("name")}')
        check_in(f'http://127.0.0.1:{gateway.port}', get(bus, 'Addresses'), 'addresses')
        check(abs(get(bus, 'StartTime') / 1e6 - time.time()) < 60, 'StartTime is not in microseconds of now')
        status, _, complaint = bus.busctl('set-property', *ROOT, 'State', 's', 'running')
        check(status != 0 and 'not writable' in complaint, f'a property was set: {complaint}')


def test_findings():
    config = make_config([]) + 'litellm_setings:\n  drop_params: true\n'
    with Bus() as bus, gateway_on(bus, config) as gateway:
        status, out, _ = bus.busctl('--json=short', 'call', *ROOT, 'ConfigFindings', 'a{sv}', '0')
        check_equal(status, 0, 'status')
        finding = {name: value['data'] for name, value in json.loads(out)['data'][0][-1].items()}
        check_equal(finding['level'], 'warning')
        check_equal(finding['file'], gateway.config_path)
        check(finding['line'] > 1 and finding['column'] == 1, f'no place: {finding}')
        check_in('litellm_settings', finding['message'])
        status, out, _ = bus.gdbus(NAME + '.ConfigFindings', '{}')
        check_in("'level': <'warning'>", out)


def test_policy_is_kept():
    with Bus() as bus, gateway_on(bus) as gateway:
        check_equal(call(bus, 'SetCloudPolicy', 'sa{sv}', 'off', '0'), '')
        check_equal(get(bus, 'CloudPolicy'), 'off')
        check_equal([(row['name'], row['value']) for row in gateway.rows('SELECT * FROM setting')],
                    [('cloud_policy', '"off"')])
        check_equal(bus.gdbus(NAME + '.SetCloudFallback', 'true', '{}'), (0, '()', ''))
        check_equal(get(bus, 'CloudPolicy'), 'off')
        gateway.kill()
        gateway.restart()
        wait_for_state(bus, 'running')
        check_equal(get(bus, 'CloudPolicy'), 'off')
        check_equal(bus.gdbus(NAME + '.SetCloudPolicy', 'explicit', '{}'), (0, '()', ''))
        check_equal(call(bus, 'SetCloudFallback', 'ba{sv}', 'true', '0'), '')
        check_equal((get(bus, 'CloudPolicy'), get(bus, 'CloudFallback')), ('fallback', True))
        audit = gateway.rows('SELECT actor, action, object, detail FROM audit ORDER BY id')
        check_equal([(row['action'], row['object'], row['detail']) for row in audit],
                    [('setting-changed', 'setting cloud_policy', '{"before":null,"after":"off"}'),
                     ('setting-changed', 'setting cloud_policy', '{"before":"off","after":"explicit"}'),
                     ('setting-changed', 'setting cloud_policy', '{"before":"explicit","after":"fallback"}')])
        check(all(row['actor'].startswith(':') for row in audit), f'actors: {audit}')


def test_wrong_arguments():
    large = 'x' * (1024 * 1024)
    with Bus() as bus, gateway_on(bus), Client(bus) as client:
        invalid, untyped = ERRORS + 'InvalidRequest', 'org.freedesktop.DBus.Error.InvalidArgs'
        for method, signature, values, wanted in (
                ('SetCloudPolicy', 'sa{sv}', ('on', {}), invalid),
                ('SetCloudPolicy', 'sa{sv}', ("off'; DROP TABLE setting; --", {}), invalid),
                ('SetCloudPolicy', 'sa{sv}', ('%s%n\x1b[31m\r\n', {}), invalid),
                ('SetCloudPolicy', 'sa{sv}', ('off', {'reason': ('s', 'x')}), invalid),
                ('SetCloudPolicy', 's', ('off',), untyped),
                ('SetCloudPolicy', 'ia{sv}', (1, {}), untyped),
                ('SetCloudPolicy', '', (), untyped),
                ('SetCloudPolicy', 'sa{sv}', (large, {}), ERRORS + 'TooLarge'),
                ('SetCloudPolicy', 'sa{sv}', ('off', {large: ('s', large)}), ERRORS + 'TooLarge'),
                ('SetCloudFallback', 'da{sv}', (float('nan'), {}), untyped),
                ('ConfigFindings', 'a{sv}', ({f'k{i}': ('u', i) for i in range(5000)},), invalid),
                ('Reload', 'a{ss}', ({'a': 'b'},), untyped),
                ('Drain', 'a{sv}', ({'timeout-ms': ('d', float('nan'))},), invalid),
                ('Drain', 'a{sv}', ({'timeout-ms': ('u', 0xffffffff)},), invalid),
                ('Nothing', '', (), 'org.freedesktop.DBus.Error.UnknownMethod')):
            error, text = client.call(method, signature, values)
            check_equal(error, wanted, f'{method} {signature}')
            check(text != '' and len(text) < 300, f'the text has {len(text)} characters')
        check_equal((get(bus, 'State'), get(bus, 'CloudPolicy')), ('running', 'fallback'))


def times_of_chats(gateway, seconds):
    """Milliseconds of each of the answers that fit into @seconds."""
    found = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.monotonic()
        gateway.chat('m').expect(200)
        found.append((time.monotonic() - began) * 1000)
    return sorted(found)


def test_flood():
    with Bus() as bus, Upstream() as upstream:
        config = make_config([model_entry('m', upstream.base)])
        with gateway_on(bus, config) as gateway, Client(bus) as client:
            calm = times_of_chats(gateway, 0.5)
            before = gateway.rss()
            data = b''.join(client.message('ConfigFindings', 'a{sv}', ({},)) for _ in range(10000))
            results = {}

            def read():
                for _ in range(10000):
                    _, error, _ = client.receive()
                    results[error] = results.get(error, 0) + 1

            sender = threading.Thread(target=client.socket.sendall, args=(data,), daemon=True)
            reader = threading.Thread(target=read, daemon=True)
            began = time.monotonic()
            sender.start()
            reader.start()
            busy = []
            while reader.is_alive() or not busy:
                busy += times_of_chats(gateway, 0.05)
            took = time.monotonic() - began
            busy.sort()
            check(set(results) <= {None, ERRORS + 'RateLimited'}, f'answers: {results}')
            check_equal(sum(results.values()), 10000, 'answers')
            check(results[None] <= 50 * (took + 1) + 1, f'{results[None]} calls went through in {took:.2f} s')
            print(f'# 10000 calls in {took:.2f} s: {results}; p99 {calm[len(calm) * 99 // 100]:.1f} ms calm, '
                  f'{busy[len(busy) * 99 // 100]:.1f} ms under the flood')
            check(busy[len(busy) * 99 // 100] < 20 * calm[len(calm) * 99 // 100] + 100, 'HTTP suffers from the flood')
            # a sanitizer keeps what was freed
            check(TIME_FACTOR > 1 or gateway.rss() - before < 64 * 1024 * 1024, 'memory grew by the flood')
            # others are served meanwhile and afterwards
            check_equal(get(bus, 'State'), 'running')


def test_callers_that_leave():
    with Bus() as bus, gateway_on(bus) as gateway:
        def come_and_go():
            with Client(bus) as client:
                for _ in range(3):
                    client.send('SetCloudPolicy', 'sa{sv}', ('explicit', {}))
                client.socket.sendall(client.message('Reload', 'a{sv}', ({},))[:-9])
        for _ in range(20):
            come_and_go()
        before = gateway.fds()
        for _ in range(100):
            come_and_go()
        wait_until(lambda: get(bus, 'CloudPolicy') == 'explicit', 5, 'the policy')
        check(gateway.fds() <= before + 2, f'{gateway.fds()} descriptors, {before} before')


def test_name_taken():
    with Bus() as bus, gateway_on(bus) as first:
        second = Gateway(make_config([]), environment={'DBUS_SESSION_BUS_ADDRESS': bus.address}, start=False)
        try:
            second.launch()
            check_equal(second.process.wait(20), 1, 'status of the second')
            check_in(f'belongs to process {first.pid}: stop it first', second.log())
        finally:
            second.clean()
        first.get('/health/liveliness').expect(200)


def test_bus_dies():
    with Bus() as bus, gateway_on(bus) as gateway:
        check_equal(call(bus, 'SetCloudPolicy', 'sa{sv}', 'off', '0'), '')
        for _ in range(2):
            bus.stop()
            gateway.get('/health/liveliness').expect(200)
            wait_until(lambda: 'not on the session bus' in gateway.log(), 5, 'a warning')
            os.unlink(bus.address.removeprefix('unix:path='))
            bus.start()
            wait_for_state(bus, 'running')
            check_equal(get(bus, 'CloudPolicy'), 'off')
        check_equal(gateway.log().count('HTTP goes on without'), 2, 'warnings')


def test_no_bus():
    with Gateway(make_config([])) as gateway:
        wait_until(lambda: 'not on the session bus' in gateway.log(), 5, 'a warning')
        gateway.get('/health/liveliness').expect(200)


def test_degraded():
    with Bus() as bus, gateway_on(bus) as gateway:
        check_equal(call(bus, 'SetCloudPolicy', 'sa{sv}', 'explicit', '0'), '')
        path = os.path.join(gateway.data, 'sluice.db')
        os.rename(path, path + '.aside')
        os.mkdir(path)
        wait_until(lambda: 'LedgerUnavailable' in bus.gdbus(NAME + '.SetCloudPolicy', 'off', '{}')[2], 5, 'a refusal',
                   step=0.2)
        wait_for_state(bus, 'degraded')
        check_in('ledger-unavailable: ', get(bus, 'StateReasons')[0], 'reasons')
        policy = get(bus, 'CloudPolicy')
        check_in('stays as it was', call(bus, 'SetCloudPolicy', 'sa{sv}', 'fallback', '0'))
        check_equal(get(bus, 'CloudPolicy'), policy)
        os.rmdir(path)
        os.rename(path + '.aside', path)
        wait_for_state(bus, 'running')
        check_equal(get(bus, 'StateReasons'), [])
        check_equal(call(bus, 'SetCloudPolicy', 'sa{sv}', 'fallback', '0'), '')


def test_drain():
    with Bus() as bus, gateway_on(bus) as gateway:
        check_in("unknown option 'timeout'", call(bus, 'Drain', 'a{sv}', '1', 'timeout', 'u', '5'))
        check_equal(call(bus, 'Drain', 'a{sv}', '1', 'timeout-ms', 'u', '1000'), '')
        check_equal(gateway.process.wait(20), 0, 'status')
        check(get(bus, 'State') is None, 'somebody is still there')


def test_drain_waits():
    with Bus() as bus, Upstream() as upstream:
        config = make_config([model_entry('m', upstream.base, 'fake:slow:first=700')])
        with gateway_on(bus, config) as gateway:
            answers = []
            asker = threading.Thread(target=lambda: answers.append(gateway.chat('m')), daemon=True)
            asker.start()
            wait_until(lambda: upstream.requests() == 1, 5, 'the request')
            check_equal(bus.gdbus(NAME + '.Drain', '{}'), (0, '()', ''))
            check_equal(get(bus, 'State'), 'draining')
            # a second one neither cuts it short nor fails
            check_equal(call(bus, 'Drain', 'a{sv}', '1', 'timeout-ms', 'u', '0'), '')
            asker.join(10)
            check_equal([answer.status for answer in answers], [200], 'the answer in flight')
            check_equal(gateway.process.wait(20), 0, 'status')


def test_no_secrets():
    with Bus() as bus, Upstream() as upstream:
        config = make_config([model_entry('m', upstream.base)]) + 'nonsense: sk-integration-0d4f3a\n'
        path = os.path.join(bus.directory, 'overheard')

        def overheard():
            with open(path, encoding='utf-8', errors='replace') as file:
                return file.read()
        with open(path, 'wb') as file:
            monitor = subprocess.Popen(['stdbuf', '-oL', 'dbus-monitor', '--session'], env=bus.environment,
                                       stdin=subprocess.DEVNULL, stdout=file)
        try:
            wait_until(lambda: 'member=NameLost' in overheard(), 10, 'the monitor')
            with gateway_on(bus, config) as gateway:
                gateway.chat('m').expect(200)
                call(bus, 'ConfigFindings', 'a{sv}', '0')
                call(bus, 'Reload', 'a{sv}', '0')
                bus.gdbus(PROPERTIES + '.GetAll', NAME)
                call(bus, 'SetCloudPolicy', 'sa{sv}', 'off', '0')
        finally:
            monitor.terminate()
            monitor.wait(10)
        seen = overheard()
        check_in('member=ConfigFindings', seen, 'what was overheard')
        check_in('nonsense', seen, 'what was overheard')
        for secret in SECRETS:
            check(secret not in seen, f'{secret} was on the bus')


run_tests(globals())
