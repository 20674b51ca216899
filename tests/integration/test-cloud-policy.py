#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cloud policy `off`: not one packet, look-up or probe leaves for a cloud, whatever is asked and however the way there
is set up; `explicit` and `fallback` beside it. The kernel's own account (strace) says what left."""

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
import threading

from bus_client import NAME, PATH, Bus
from harness import (MASTER_KEY, PRICES, RELEASED, Gateway, Recorder, Skip, Upstream, check, check_equal, check_in,
                     make_config, model_entry, run_tests, wait_until)
from ollama_list import OllamaList

REFUSED = (403, 'cloud_policy')
# by provider or by its model's name, at loopback, and by address
CLOUD_AT = {'openai': 'openai', 'deepseek': 'deepseek', 'relay': 'litellm_proxy'}
CLOUD_TAGS = {'tag-size': 'x:120b-cloud', 'tag': 'x:cloud'}
CLOUD_NAMES = {'by-name': 'http://cloud.example/v1', 'by-address': 'http://192.0.2.7/v1',
               'by-tls': 'https://192.0.2.8/v1'}


def cloud_entries(port):
    """Every kind of cloud deployment; those that have an address of their own lead to @port."""
    base = f'http://127.0.0.1:{port}'
    return [
        *(model_entry(name, f'{base}/v1', 'fake', provider=provider, extra=PRICES)
          for name, provider in CLOUD_AT.items()),
        *(model_entry(name, base, model, provider='ollama') for name, model in CLOUD_TAGS.items()),
        *(model_entry(name, address, 'fake') for name, address in CLOUD_NAMES.items()),
        model_entry('said-so', f'{base}/v1', 'fake', info='local: false'),
        # its usual address, which the catalogue knows
        f"  - model_name: 'usual'\n    litellm_params:\n      model: openai/gpt-4o\n      api_key: 'sk-test-usual'",
    ]


ALL_CLOUD = [*CLOUD_AT, *CLOUD_TAGS, *CLOUD_NAMES, 'said-so', 'usual']


def config(upstream, port, policy, more=''):
    entries = [model_entry('local', upstream.base, 'fake'), *cloud_entries(port)]
    return make_config(entries, settings={'cloud_policy': policy} if policy else None, more=more)


def proxied(port):
    address = f'http://127.0.0.1:{port}'
    return {name: address for lower in ('http_proxy', 'https_proxy', 'all_proxy') for name in (lower, lower.upper())}


def ask_everything(gateway, name):
    """Each route, plain and as a stream."""
    yield gateway.chat(name)
    yield gateway.chat(name, stream=True)
    yield gateway.post('/v1/completions', {'model': name, 'prompt': 'a'})
    yield gateway.post('/v1/embeddings', {'model': name, 'input': 'a'})


def check_refused(answer, name):
    answer.expect(REFUSED[0])
    error = answer.error()
    check_equal(error['code'], REFUSED[1], f'{name}: code')
    check(re.search('cloud', error['message'], re.IGNORECASE), f'{name}: the message does not say it: {error}')


# strace

@contextlib.contextmanager
def traced(text, **options):
    """A gateway whose network calls are written down. Yields it and a function that reads them, for after its end."""
    program = shutil.which('strace')
    if program is None:
        raise Skip('no strace on this machine')
    if subprocess.run([program, '-qq', '-o', os.devnull, 'true'], capture_output=True, check=False).returncode != 0:
        raise Skip('tracing is not permitted here')
    with tempfile.TemporaryDirectory(prefix='sluice-trace-') as directory:
        path = os.path.join(directory, 'trace')
        # -D: the daemon stays our child
        wrapper = f'{program} -D -f -qq -e trace=network,openat -e signal=none -s 64 -o {path}'
        environment = dict(options.pop('environment', {}))
        # LeakSanitizer traces too, and only one can
        environment['ASAN_OPTIONS'] = os.environ.get('ASAN_OPTIONS', '') + ':detect_leaks=0'
        gateway = Gateway(text, environment=environment, start=False, **options)
        before = os.environ.get('SLUICED_WRAPPER')
        os.environ['SLUICED_WRAPPER'] = wrapper
        try:
            gateway.launch()
        finally:
            if before is None:
                del os.environ['SLUICED_WRAPPER']
            else:
                os.environ['SLUICED_WRAPPER'] = before
        with gateway:
            gateway.await_start()
            yield gateway, lambda: open(path, encoding='utf-8', errors='replace').read()


def outgoing(trace, ports):
    """Lines of @trace that speak to anybody but @ports on loopback, or look up a name."""
    found = []
    for line in trace.splitlines():
        if re.search(r'openat\(.*"(/etc/resolv\.conf|/etc/hosts|/etc/nsswitch\.conf|/etc/host\.conf)"', line):
            found.append(line)
        elif re.search(r'\b(connect|sendto|sendmsg|sendmmsg)\(', line):
            if 'AF_UNIX' in line and re.search(r'nscd|resolve|dbus|avahi', line):
                found.append(line)
            elif re.search(r'sa_family=AF_INET6?\b', line) and not any(
                    re.search(rf'port=htons\({port}\).*("127\.0\.0\.1"|"::1")', line) for port in ports):
                found.append(line)
    return found


def test_off_sends_nothing(upstream):
    upstream.reset()
    with Recorder() as cloud, traced(config(upstream, cloud.port, 'off')) as (gateway, trace):
        for name in ALL_CLOUD:
            for answer in ask_everything(gateway, name):
                check_refused(answer, name)
        gateway.get('/v1/models').expect(200)
        gateway.get('/health/readiness').expect(200)
        gateway.chat('local').expect(200)
        gateway.stop()
        check_equal((cloud.connections, cloud.received), (0, b''), 'what the cloud saw')
        check_equal(outgoing(trace(), [upstream.port]), [], 'what left')
        check(f'htons({upstream.port})' in trace(), 'the trace shows nothing at all')
    check_equal(upstream.requests(), 1, 'requests at the local server')


def test_off_sends_nothing_to_a_proxy(upstream):
    upstream.reset()
    with Recorder() as cloud, Recorder() as proxy, \
            traced(config(upstream, cloud.port, 'off'), environment=proxied(proxy.port)) as (gateway, trace):
        for name in ALL_CLOUD:
            for answer in ask_everything(gateway, name):
                check_refused(answer, name)
        gateway.chat('local').expect(200)
        gateway.stop()
        check_equal((cloud.connections, proxy.connections, proxy.received), (0, 0, b''), 'what cloud and proxy saw')
        check_equal(outgoing(trace(), [upstream.port]), [], 'what left')


def test_trace_would_show_it(upstream):
    """The same with the policy that allows it: the look-up, the address and the proxy are all seen."""
    with Recorder() as cloud:
        with traced(config(upstream, cloud.port, 'fallback')) as (gateway, trace):
            for name in ('openai', 'tag', 'by-name'):
                check(gateway.chat(name).status in (502, 503), name)
            gateway.stop()
            left = outgoing(trace(), [upstream.port])
        check(cloud.connections >= 2, f'{cloud.connections} connections at the cloud')
        check(any(f'htons({cloud.port})' in line for line in left), f'no connection in the trace: {left}')
        check(any('/etc/' in line or 'htons(53)' in line for line in left), f'no look-up in the trace: {left}')
    with Recorder() as proxy:
        with Gateway(config(upstream, 1, 'fallback'), environment=proxied(proxy.port)) as gateway:
            gateway.chat('by-name').expect(502)
        check(proxy.connections >= 1 and b'cloud.example' in proxy.received, 'the proxy sees nothing')


# The contract

def test_off_is_read_as_people_write_it(upstream):
    for text in ('off', "'off'", '"off"'):
        with Recorder() as cloud:
            plain = config(upstream, cloud.port, None, more=f'sluice_settings:\n  cloud_policy: {text}\n')
            with Gateway(plain) as gateway:
                check_refused(gateway.chat('openai'), text)
                gateway.chat('local').expect(200)
            check_equal(cloud.connections, 0, f'{text}: connections at the cloud')


def test_policy_with_a_mistake_is_refused(upstream):
    gateway = Gateway(config(upstream, 1, 'offf'), start=False)
    try:
        gateway.launch()
        status = gateway.process.wait(5)
        check(status not in (None, 0), f'it ended with {status}')
        check_in('cloud_policy', gateway.log(), 'what it says')
    finally:
        gateway.clean()


def test_refused_request_costs_nothing(upstream):
    with Recorder() as cloud, Gateway(config(upstream, cloud.port, 'off')) as gateway:
        check_refused(gateway.chat('openai'), 'openai')
        check_equal([row for row in gateway.exchanges() if row['attempts']], [], 'attempts in the ledger')


def test_what_is_said_to_be_local_is(upstream):
    entries = [model_entry('mine', upstream.base, 'fake', provider='openai', info='local: true'),
               model_entry('mine-tag', upstream.ollama_base, 'fake:cloud', provider='ollama', info='local: true')]
    with Gateway(make_config(entries, settings={'cloud_policy': 'off'})) as gateway:
        upstream.reset()  # its list of models was looked at
        gateway.chat('mine').expect(200)
    check_equal(upstream.requests(), 1, 'requests at the local server')


def test_models_that_ollama_passes_on(_):
    """By its list, not by their names; and names that only look like others."""
    with OllamaList() as ollama:
        entries = [model_entry('fixed', ollama.base, 'copy', provider='ollama'),
                   model_entry('plain', ollama.base, 'plain', provider='ollama'),
                   model_entry('ol/*', ollama.base, '*', provider='ollama')]
        with Gateway(make_config(entries, settings={'cloud_policy': 'off'})) as gateway:
            gateway.chat('plain').expect(200)
            gateway.chat('ol/plain').expect(200)
            for name in ('fixed', 'ol/copy', 'ol/copy:latest', 'ol/Copy ', 'ol/x:120b-cloud', 'ol/x:120b-cloud ',
                         'ol/x:cloud\n', 'ol/x:120b-CLOUD', 'ol/x: cloud', 'ol/x:cloud\u00a0', 'ol/x:cloud\u0085'):
                check_refused(gateway.chat(name), name)
        check_equal(ollama.asked, ['plain', 'plain'], 'what Ollama was asked')


@contextlib.contextmanager
def held_ledger(gateway):
    """Lets the next write of the ledger's thread take two seconds."""
    program = shutil.which('strace')
    if program is None:
        raise Skip('no strace on this machine')
    tasks = f'/proc/{gateway.pid}/task'
    names = {task: open(os.path.join(tasks, task, 'comm'), encoding='ascii').read().strip()
             for task in os.listdir(tasks)}
    ledger = [task for task, name in names.items() if name == 'ledger']
    check_equal(len(ledger), 1, f'threads that write: {names}')
    with tempfile.TemporaryDirectory(prefix='sluice-trace-') as directory:
        process = subprocess.Popen([program, '-qq', '-p', ledger[0], '-o', os.path.join(directory, 'trace'),
                                    '-e', 'trace=pwrite64', '-e', 'inject=pwrite64:delay_enter=2s:when=1'])
        try:
            def traced_or_ended():
                with open(os.path.join(tasks, ledger[0], 'status'), encoding='ascii') as status:
                    return re.search(r'TracerPid:\t[1-9]', status.read()) or process.poll() is not None
            wait_until(traced_or_ended, 5, 'the tracer')
            if process.poll() is not None:
                raise Skip('tracing is not permitted here')
            yield
        finally:
            process.terminate()
            process.wait()


def test_off_while_a_reservation_is_written(upstream):
    """What waits for the ledger when the cloud is switched off is not sent when the ledger is ready."""
    entries = [model_entry('paid', upstream.base, 'fake', provider='openai', extra=PRICES),
               model_entry('local', upstream.base, 'fake')]
    with Bus() as bus, Gateway(make_config(entries), environment={'DBUS_SESSION_BUS_ADDRESS': bus.address}) as gateway:
        bus.wait_for_gateway()
        gateway.chat('local').expect(200)
        upstream.reset()
        answers = []
        with held_ledger(gateway):
            waiting = threading.Thread(target=lambda: answers.append(gateway.chat('paid')))
            waiting.start()
            wait_until(lambda: figure(gateway, 'litellm_in_flight_requests') == 1, 5, 'the request waits')
            switching = threading.Thread(
                target=lambda: bus.busctl('call', NAME, PATH, NAME, 'SetCloudPolicy', 'sa{sv}', 'off', '0'))
            switching.start()
            wait_until(lambda: figure(gateway, r'sluice_cloud_policy\{policy="off"\}') == 1, 1.5, 'the cloud is off')
            check_equal(answers, [], 'the first one is still waiting')
            waiting.join()
            switching.join()
        check_refused(answers[0], 'paid')
        check_equal(upstream.requests(), 0, 'requests at the cloud')
        row = gateway.exchanges()[-1]
        check_equal((row['status'], [attempt['state'] for attempt in row['attempts']]), (403, [RELEASED]), 'its row')


def figure(gateway, name):
    match = re.search(f'^{name} (\\d+)$', gateway.get('/metrics').body.decode(), re.MULTILINE)
    return int(match.group(1)) if match else None


def test_mixed_group(upstream):
    """Off and explicit take the local member only, though the cloud one is there."""
    for policy in ('off', 'explicit'):
        upstream.reset()
        with Recorder() as cloud:
            entries = [model_entry('mixed', f'http://127.0.0.1:{cloud.port}/v1', 'fake', provider='openai'),
                       model_entry('mixed', upstream.base, 'fake')]
            with Gateway(make_config(entries, settings={'cloud_policy': policy})) as gateway:
                for index in range(20):
                    gateway.chat('mixed', stream=bool(index % 2)).expect(200)
            check_equal((cloud.connections, upstream.requests()), (0, 20), f'{policy}: cloud and local')


def test_explicit_and_fallback_reach_a_group_without_a_local_member(upstream):
    for policy in ('explicit', 'fallback', None):
        upstream.reset()
        entries = [model_entry('only', upstream.base, 'fake', provider='openai', extra=PRICES)]
        settings = {'cloud_policy': policy} if policy else None
        with Gateway(make_config(entries, settings=settings)) as gateway:
            gateway.chat('only').expect(200)
        check_equal(upstream.requests(), 1, f'{policy}: requests')


def test_local_member_that_is_down_is_not_replaced(upstream):
    for policy in ('off', 'explicit'):
        with Recorder() as cloud:
            entries = [model_entry('mixed', f'http://127.0.0.1:{cloud.port}/v1', 'fake', provider='openai'),
                       model_entry('mixed', 'http://127.0.0.1:1/v1', 'fake')]
            with Gateway(make_config(entries, settings={'cloud_policy': policy})) as gateway:
                for _ in range(4):
                    check(gateway.chat('mixed').status in (403, 502, 503), 'an answer from nowhere')
            check_equal(cloud.connections, 0, f'{policy}: connections at the cloud')


def test_nothing_at_start(upstream):
    """No model list, no probe, no test of a key before anybody asks, and none while nothing happens."""
    del upstream
    with Recorder() as cloud, Recorder() as proxy:
        entries = cloud_entries(cloud.port)
        with traced(make_config(entries, settings={'cloud_policy': 'off'}),
                    environment={**proxied(proxy.port), 'OPENAI_API_KEY': 'sk-test-environment'}) as (gateway, trace):
            for _ in range(20):
                gateway.get('/v1/models', headers={'Authorization': f'Bearer {MASTER_KEY}'}).expect(200)
            wait_until(lambda: gateway.threads() >= 3, 3, 'all threads')
            gateway.stop()
            # 11434: whether Ollama runs here may be asked
            check_equal(outgoing(trace(), [11434]), [], 'what left')
        check_equal((cloud.connections, proxy.connections), (0, 0), 'connections at cloud and proxy')


if __name__ == '__main__':
    run_tests(globals(), setup=Upstream)
