#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two promises of the ledger under SIGKILL, the long form. KILL_ROUNDS: how often (200)."""

import os

from harness import Gateway, Upstream, run_tests
from kill_load import kill_config, kill_rounds


def test_kill_again_and_again():
    with Upstream() as upstream, Gateway(kill_config(upstream)) as gateway:
        rounds = int(os.environ.get('KILL_ROUNDS', '200'))
        total = kill_rounds(gateway, upstream, rounds)
        print(f'# {rounds} kills, {total} whole answers, each with its row')


test_kill_again_and_again.seconds = 900

if __name__ == '__main__':
    run_tests(globals())
