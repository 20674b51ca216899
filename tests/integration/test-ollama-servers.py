# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of Ollama servers without a line of configuration, and of those that start later than we do."""

import contextlib
import os
import socket

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


def test_what_a_late_server_passes_on():
    """With a configuration: as soon as its list can be had, what it passes on is cloud."""
    port = free_port()
    entries = [model_entry('fixed', f'http://127.0.0.1:{port}', 'copy', provider='ollama'),
               model_entry('plain', f'http://127.0.0.1:{port}', 'plain', provider='ollama')]
    with Gateway(make_config(entries, settings={'cloud_policy': 'off'})) as gateway:
        gateway.chat('plain').expect(503)
        with OllamaList(port) as ollama:
            wait_until(lambda: gateway.chat('fixed').status == 403, 20, 'the model that is passed on is refused')
            gateway.chat('plain').expect(200)
            ollama.asked.clear()
            gateway.chat('fixed').expect(403)
            check_equal(ollama.asked, [], 'what Ollama was asked')


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
