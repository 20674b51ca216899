# SPDX-License-Identifier: GPL-3.0-or-later
"""SIGKILL under load, for the short test among the ledger's and for the long suite."""

import http.client
import random
import threading
import time

from harness import PRICES, check_equal, make_config, model_entry, wait_until

WORKERS = 4


def kill_config(upstream):
    return make_config([
        model_entry('local', upstream.base, 'fake'),
        model_entry('paid', upstream.base, 'fake', provider='openai', extra=PRICES),
    ])


def check_whole(gateway):
    """What must hold in every database at rest."""
    check_equal(gateway.rows('PRAGMA integrity_check'), [{'integrity_check': 'ok'}], 'integrity')
    check_equal(gateway.rows('PRAGMA foreign_key_check'), [], 'references')
    check_equal(gateway.rows('SELECT count(*) AS n FROM attempt WHERE state = 0'), [{'n': 0}], 'open attempts')
    sums = gateway.rows('SELECT coalesce(sum(exchanges), 0) AS exchanges, coalesce(sum(attempts), 0) AS attempts, '
                        'sum(cost_nano_usd) AS cost, sum(completion_tokens) AS tokens FROM "sum"')[0]
    rows = gateway.rows('SELECT (SELECT count(*) FROM exchange) AS exchanges, count(*) AS attempts, '
                        'sum(cost_nano_usd) AS cost, sum(completion_tokens) AS tokens FROM attempt')[0]
    check_equal(sums, rows, 'sums and rows')


class Load:
    """Clients that ask until the gateway dies. Each request has a name, which goes with it all the way: as the call id
    into the ledger, as `user` to the provider."""

    def __init__(self, gateway, round_number):
        self.gateway = gateway
        self.whole = []  # names of the answers that came whole
        self.threads = [threading.Thread(target=self._ask_on, args=(f'{round_number}-{worker}',))
                        for worker in range(WORKERS)]
        for thread in self.threads:
            thread.start()

    def _ask_on(self, prefix):
        index = 0
        while True:
            name = f'{prefix}-{index}'
            try:
                answer = self.gateway.chat(('local', 'paid')[index % 2], headers={'x-litellm-call-id': name},
                                           user=name, stream=index % 3 == 0)
            except (OSError, http.client.HTTPException):
                return
            if answer.status == 200 and not answer.cut and (index % 3 or b'[DONE]' in answer.body):
                self.whole.append(name)
            index += 1

    def join(self):
        for thread in self.threads:
            thread.join()


def check_answers(gateway, names):
    counts = {row['call_id']: row['n'] for row in gateway.rows(
        'SELECT call_id, count(*) AS n FROM exchange JOIN attempt ON exchange_id = exchange.id WHERE exchange.status = '
        '200 AND exchange.finished_us IS NOT NULL AND attempt.state = 1 GROUP BY call_id')}
    wrong = {name: counts.get(name, 0) for name in names if counts.get(name) != 1}
    check_equal(wrong, {}, f'answers without exactly one settled row, of {len(names)}')


def check_billable(gateway, upstream):
    """Every billable request that reached the provider has a row."""
    known = {row['call_id'] for row in gateway.rows(
        'SELECT call_id FROM exchange JOIN attempt ON exchange_id = exchange.id WHERE billable = 1')}
    # odd numbers are billable, see above
    seen = [entry['tag'] for entry in upstream.log() if int(entry['tag'].rsplit('-', 1)[1]) % 2]
    check_equal([name for name in seen if name not in known], [], f'requests without a row, of {len(seen)}')


def kill_rounds(gateway, upstream, rounds, answers=20, longest=0.3):
    """Kills @gateway @rounds times, each time after @answers answers and up to @longest seconds more."""
    total = 0
    upstream.reset()
    for number in range(rounds):
        load = Load(gateway, number)
        wait_until(lambda l=load: len(l.whole) >= answers, 10, f'{answers} answers')
        time.sleep(random.random() * longest)
        gateway.kill()
        load.join()
        gateway.restart()
        check_answers(gateway, load.whole)
        check_whole(gateway)
        total += len(load.whole)
    check_billable(gateway, upstream)
    return total
