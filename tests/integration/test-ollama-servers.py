# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of Ollama servers without a line of configuration, and of those that start later than we do."""

import contextlib
import os
import re
import signal
import socket
import time

from bus_client import NAME, PATH, Bus
from harness import Gateway, Skip, check, check_equal, check_in, make_config, model_entry, run_tests, wait_until
from ollama_list import OllamaList

STRANGER = 54321


def free_port():
    """One that nobody listens at; somebody else may take it, which is not seen in practice."""
    with contextlib.closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def offered(gateway):
    return sorted(row['id'] for row in gateway.get('/v1/models').expect(200).json()['data'])


def test_offered_without_a_configuration():
    with OllamaList() as ollama, Gateway(environment={'OLLAMA_API_BASE': f'{ollama.base}/'}, key=None) as gateway:
        check_in('ollama/plain:latest', offered(gateway))
        check('ollama/copy:latest' not in offered(gateway), 'what runs elsewhere is offered')
        gateway.chat('ollama/plain:latest').expect(200)
        check_equal(ollama.asked, ['plain:latest'], 'what Ollama was asked')


def test_server_that_starts_later_is_found():
    port = free_port()
    with Gateway(environment={'OLLAMA_API_BASE': f'http://127.0.0.1:{port}'}, key=None) as gateway:
        check('ollama/plain:latest' not in offered(gateway), 'who is it?')
        with OllamaList(port):
            wait_until(lambda: 'ollama/plain:latest' in offered(gateway), 20, 'the models are offered')
            gateway.chat('ollama/plain:latest').expect(200)


def off(*entries):
    return make_config(entries, settings={'cloud_policy': 'off'})


def becomes(gateway, model, status):
    wait_until(lambda: gateway.chat(model).status == status, 20, f'{status} for {model}')


def test_what_a_late_server_passes_on():
    """Until it has said what it runs itself nothing is sent to it while the cloud is off."""
    port = free_port()
    base = f'http://127.0.0.1:{port}'
    with Gateway(off(model_entry('fixed', base, 'copy', provider='ollama'),
                     model_entry('plain', base, 'plain', provider='ollama'))) as gateway:
        check_equal(gateway.chat('plain').expect(503).error()['code'], 'unlisted_model', 'code')
        with OllamaList(port) as ollama:
            becomes(gateway, 'plain', 200)
            gateway.chat('fixed').expect(403)
            check_equal(set(ollama.asked), {'plain'}, 'what Ollama was asked')


def test_slow_list():
    """At the start nothing is known; at a reload what was known still holds."""
    with OllamaList() as ollama:
        ollama.ready.clear()
        with Gateway(off(model_entry('ol/*', ollama.base, '*', provider='ollama'))) as gateway:
            gateway.chat('ol/copy').expect(503)
            gateway.chat('ol/plain').expect(503)
            check_equal(ollama.asked, [], 'what Ollama was asked before its list')
            ollama.ready.set()
            becomes(gateway, 'ol/plain', 200)
            gateway.chat('ol/copy').expect(403)

            ollama.ready.clear()
            before = gateway.log().count('read again')
            os.kill(gateway.pid, signal.SIGHUP)
            wait_until(lambda: gateway.log().count('read again') > before, 10, 'the reading')
            for _ in range(20):
                gateway.chat('ol/copy').expect(403)
                gateway.chat('ol/plain').expect(200)
                time.sleep(0.1)
            check_equal(set(ollama.asked), {'plain'}, 'what Ollama was asked')


def test_model_that_comes_later():
    """Pulled while we run: the list is read again when it is asked for."""
    with OllamaList() as ollama:
        with Gateway(off(model_entry('ol/*', ollama.base, '*', provider='ollama'))) as gateway:
            gateway.chat('ol/new').expect(503)
            ollama.models = [*ollama.models, {'name': 'new:latest'},
                             {'name': 'far', 'remote_host': 'https://ollama.com'}]
            becomes(gateway, 'ol/new', 200)
            gateway.chat('ol/far').expect(403)
            check_equal(set(ollama.asked), {'new'}, 'what Ollama was asked')


def test_other_ways_to_say_it():
    """The same model by its full name, by a wildcard that says no provider, and in OpenAI's form."""
    with OllamaList() as ollama:
        names = ('library/copy', 'registry.ollama.ai/library/copy', 'LIBRARY/Copy:latest')
        entries = [model_entry(f'm{index}', ollama.base, name, provider='ollama') for index, name in enumerate(names)]
        entries += [model_entry('ol/*', ollama.base, '*', provider='ollama'),
                    model_entry('v1', ollama.base + '/v1', 'copy'),
                    model_entry('tag', ollama.base + '/v1', 'x:120b-cloud'),
                    model_entry('fine', ollama.base + '/v1', 'plain')]
        with Gateway(off(*entries)) as gateway:
            for name in ('m0', 'm1', 'm2', *(f'ol/{name}' for name in names), 'v1', 'tag'):
                check_equal(gateway.chat(name).expect(403).error()['code'], 'cloud_policy', name)
            gateway.chat('fine').expect(200)
            check_equal(ollama.asked, ['plain'], 'what Ollama was asked')
        ollama.asked.clear()
        anything = f"  - model_name: '*'\n    litellm_params:\n      model: '*'\n      api_base: '{ollama.base}'"
        with Gateway(off(anything)) as gateway:
            gateway.chat('ollama/plain').expect(200)
            gateway.chat('ollama/copy').expect(403)
            check_equal(ollama.asked, ['plain'], 'what Ollama was asked')


REMOTE = {'remote_host': 'https://ollama.com'}


def test_model_that_moves():
    """Local at first, then a name for one of the cloud: known some seconds later, whatever the file looks like."""
    with OllamaList() as ollama:
        entries = [model_entry('plain', ollama.base, 'plain', provider='ollama'),
                   model_entry('ol/*', ollama.base, '*', provider='ollama')]
        with Gateway(off(*entries)) as gateway:
            gateway.chat('plain').expect(200)
            gateway.write_config('model_list: [')
            wait_until(lambda: 'the old configuration stays' in gateway.log(), 10, 'the refusal')
            ollama.models = [{'name': 'plain', **REMOTE}]
            becomes(gateway, 'plain', 403)
            gateway.chat('ol/plain').expect(403)
            ollama.models = [{'name': 'plain'}]
            becomes(gateway, 'plain', 200)
            check_equal(gateway.log().count('the old configuration stays'), 1, 'how often the file was read')


def test_switched_off_later():
    """What is passed on, and by which servers, is asked when the cloud is switched off."""
    with OllamaList() as ollama, Bus() as bus:
        entries = [model_entry('plain', ollama.base, 'plain', provider='ollama'),
                   model_entry('form', ollama.base + '/v1', 'form'),
                   model_entry('copy', ollama.base + '/v1/', 'copy', provider='lm_studio')]
        with Gateway(make_config(entries), environment={'DBUS_SESSION_BUS_ADDRESS': bus.address}) as gateway:
            bus.wait_for_gateway()
            ollama.models = [{'name': 'plain', **REMOTE}, {'name': 'form', **REMOTE}, {'name': 'copy', **REMOTE}]
            check_equal(bus.busctl('call', NAME, PATH, NAME, 'SetCloudPolicy', 'sa{sv}', 'off', '0')[0], 0, 'status')
            for name in ('plain', 'form', 'copy'):
                becomes(gateway, name, 403)
            ollama.asked.clear()
            for name in ('plain', 'form', 'copy'):
                gateway.chat(name).expect(403)
            check_equal(ollama.asked, [], 'what Ollama was asked')


def test_only_the_other_form():
    """No item speaks Ollama's own wire, and its host has another name."""
    with OllamaList() as ollama:
        base = ollama.base.replace('127.0.0.1', 'localhost')
        entries = [model_entry(provider, f'{base}//v1', 'copy', provider=provider)
                   for provider in ('hosted_vllm', 'lm_studio', 'llamafile', 'openai_like')]
        entries.append(model_entry('fine', f'{base}/v1', 'plain'))
        with Gateway(off(*entries)) as gateway:
            for provider in ('hosted_vllm', 'lm_studio', 'llamafile', 'openai_like'):
                gateway.chat(provider).expect(403)
            gateway.chat('fine').expect(200)
            check_equal(ollama.asked, ['plain'], 'what Ollama was asked')


def test_long_list():
    with OllamaList() as ollama:
        ollama.models = [*({'name': f'm{index}'} for index in range(3000)), {'name': 'far', **REMOTE}, {'name': 'near'}]
        with Gateway(off(model_entry('ol/*', ollama.base, '*', provider='ollama'))) as gateway:
            gateway.chat('ol/far').expect(403)
            gateway.chat('ol/near').expect(200)


def test_list_without_an_end():
    """Whoever listens there costs us neither memory nor the other models."""
    with OllamaList() as ollama, OllamaList() as fine:
        ollama.endless = True
        entries = [model_entry('plain', ollama.base, 'plain', provider='ollama'),
                   model_entry('other', fine.base, 'plain', provider='ollama')]
        with Gateway(off(*entries)) as gateway:
            gateway.chat('other').expect(200)
            gateway.chat('plain').expect(503)
            wait_until(lambda: ollama.lists >= 3, 20, 'some looks')
            with open(f'/proc/{gateway.pid}/status', encoding='ascii') as status:
                peak = int(re.search(r'VmHWM:\s+(\d+)', status.read()).group(1))
            check(peak < 100_000 or 'libasan' in open(f'/proc/{gateway.pid}/maps', encoding='ascii').read(),
                  f'{peak} kB at most')


def test_server_in_trouble():
    """Slower than a start waits, or not ready: looked at again."""
    with OllamaList() as ollama:
        ollama.delay = 1.2
        with Gateway(off(model_entry('plain', ollama.base, 'plain', provider='ollama'))) as gateway:
            gateway.chat('plain').expect(503)
            becomes(gateway, 'plain', 200)
    with OllamaList() as ollama:
        ollama.status = 500
        with Gateway(environment={'OLLAMA_API_BASE': ollama.base}, key=None) as gateway:
            check('ollama/plain:latest' not in offered(gateway), 'what a 500 says')
            ollama.status = 200
            wait_until(lambda: 'ollama/plain:latest' in offered(gateway), 20, 'the models are offered')


def test_who_says_that_it_is_local():
    """model_info.local stands above the list."""
    with OllamaList() as ollama:
        entries = [model_entry('mine', ollama.base, 'not-listed', provider='ollama', info='local: true')]
        with Gateway(off(*entries)) as gateway:
            gateway.chat('mine').expect(200)


def test_server_of_another_user_is_not_offered():
    """The port may be taken by anybody on this machine."""
    if os.geteuid() != 0:
        raise Skip('only root makes sockets of others')
    os.seteuid(STRANGER)
    try:
        ollama = OllamaList()
    finally:
        os.seteuid(0)
    with ollama, Gateway(environment={'OLLAMA_API_BASE': ollama.base}, key=None) as gateway:
        check('ollama/plain:latest' not in offered(gateway), 'a stranger is trusted')
        check_in('another user', gateway.log())
        # who writes it down wants it
        gateway.write_config(make_config([model_entry('mine', ollama.base, 'plain', provider='ollama')], key=None))
        gateway.arguments = []
        gateway.restart()
        gateway.chat('mine').expect(200)


if __name__ == '__main__':
    run_tests(globals())
