#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two promises of the ledger when the daemon dies at every point of a request: at each call of the kernel that
moves bytes, and at each failing allocation. Long. FAULT_STEP: every which allocation (7)."""

import http.client
import os
import re
import shutil
import subprocess
import tempfile

from failing import failing
from harness import PRICES, Gateway, Skip, Upstream, check, make_config, model_entry, run_tests
from kill_load import check_answers, check_billable, check_whole

STEP = int(os.environ.get('FAULT_STEP', '7'))
CALLS = ('pwrite64', 'fdatasync', 'sendto', 'sendmsg', 'writev', 'write', 'recvfrom', 'recvmsg', 'connect', 'ftruncate')


def config(upstream):
    entries = [model_entry('local', upstream.base, 'fake'),
               model_entry('paid', upstream.base, 'fake', provider='openai', extra=PRICES)]
    # a sync for each commit, so that there is one to die in
    return make_config(entries, settings={'durability': 'power-loss', 'workers': 1})


def ask(gateway, turn):
    """One request of each kind. Odd numbers are billable: check_billable() goes by that. Returns the names of what came
    whole."""
    whole = []
    for index in range(4):
        name = f'{turn}-{index}'
        try:
            answer = gateway.chat(('local', 'paid')[index % 2], stream=index >= 2, user=name,
                                  headers={'x-litellm-call-id': name}, timeout=10)
        except (OSError, http.client.HTTPException):
            continue
        if answer.headers.get('x-sluice-ledger') == 'pending':
            # the ledger had no memory, and said so: what is free goes on, and this promise does not hold for it
            continue
        if answer.status == 200 and not answer.cut and (index < 2 or b'[DONE]' in answer.body):
            whole.append(name)
    return whole


def check_after_death(gateway, upstream, whole):
    gateway.restart()
    check_answers(gateway, whole)
    check_whole(gateway)
    check_billable(gateway, upstream)
    gateway.stop()


def launch_traced(gateway, call, number, directory):
    """Starts it so that it dies in a thread's @number-th @call. Returns whether it listens."""
    strace = shutil.which('strace')
    os.environ['SLUICED_WRAPPER'] = (f'{strace} -D -f -qq -o {directory}/trace -e trace={call} '
                                     f'-e inject={call}:signal=KILL:when={number}')
    try:
        gateway.port = None
        gateway.launch()
    finally:
        del os.environ['SLUICED_WRAPPER']
    try:
        gateway.await_start()
    except AssertionError:
        check(gateway.process.wait(5) == -9, f'it ended by itself: {gateway.log()}')
        return False
    return True


def kill_at(upstream, call, number, directory):
    """Returns whether it died."""
    upstream.reset()
    gateway = Gateway(config(upstream), start=False)
    try:
        whole = ask(gateway, number) if launch_traced(gateway, call, number, directory) else []
        died = gateway.process.process.poll() is not None or gateway.process.wait(0.05) is not None
        if not died:
            return False
        check_after_death(gateway, upstream, whole)
        return True
    except AssertionError as error:
        raise AssertionError(f'{call} {number}: {error}') from error
    finally:
        gateway.clean()


def test_kill_at_every_call(upstream):
    strace = shutil.which('strace')
    if strace is None or subprocess.run([strace, '-qq', '-o', os.devnull, 'true'], check=False).returncode != 0:
        raise Skip('no strace here')
    with tempfile.TemporaryDirectory(prefix='sluice-calls-') as directory:
        for call in CALLS:
            number = 1
            while number < 400 and kill_at(upstream, call, number, directory):
                # where it is one long row of the same, not each
                number += 1 if number < 40 else 7
            print(f'# {call}: died at {number - 1}')


def test_allocation_that_fails(upstream):
    """GLib ends the process when it gets no memory, by design: then the ledger must be as after a kill."""
    with failing() as control:
        deaths = survived = 0
        gateway = None
        try:
            for number in range(1, 5000, STEP):
                if gateway is None:
                    upstream.reset()
                    gateway = Gateway(config(upstream), environment=control.environment)
                before = control.failures
                control.set(allocation=number)
                whole = ask(gateway, number)
                control.set()
                if gateway.process.process.poll() is not None or gateway.process.wait(0.02) is not None:
                    deaths += 1
                    # GLib leaves with 1 when a module of GIO cannot be loaded again: the words are the loader's
                    check(re.search('allocat|memory|shared object', gateway.log())
                          or gateway.process.process.returncode < 0,
                          f'it ended with {gateway.process.process.returncode}: {gateway.log()[-300:]}')
                    check_after_death(gateway, upstream, whole)
                    gateway.clean()
                    gateway = None
                elif control.failures == before:
                    break
                else:
                    survived += 1
            print(f'# {deaths} ended it, {survived} did not, up to allocation {number}')
            if gateway is not None:
                gateway.stop()
        finally:
            if gateway is not None:
                gateway.clean()


test_kill_at_every_call.seconds = 900
test_allocation_that_fails.seconds = 900

if __name__ == '__main__':
    run_tests(globals(), setup=Upstream)
