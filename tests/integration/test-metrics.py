#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""/metrics: the text format by its rules, figures that agree with the ledger, bounds, and who may read it."""

import concurrent.futures
import contextlib
import decimal
import os
import re
import signal
import socket
import threading

from harness import (MASTER_KEY, PRICES, UPSTREAM_KEY, Gateway, Skip, Upstream, check, check_equal, check_in,
                     make_config, model_entry, run_tests, wait_until)

HOSTILE = 'we"ird \\ name {x="1"}'
SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)')


def config(upstream, key=MASTER_KEY, more=(), **settings):
    return make_config([
        model_entry('local', upstream.base, 'fake', info='id: local-id'),
        model_entry('paid', upstream.base, 'fake', provider='openai', extra=PRICES, info='id: paid-id'),
        model_entry('broken', upstream.base, 'fake:error:status=500', info='id: broken-id'),
        model_entry('stall', upstream.base, 'fake:stall'),
        model_entry(HOSTILE, upstream.base, 'fake', info='id: hostile-id'),
        *more,
    ], key=key, settings=settings)


def parse_labels(text):
    labels, at = {}, 0
    while at < len(text):
        match = LABEL.match(text, at)
        check(match is not None, f'labels: {text!r} at {at}')
        check(match.group(1) not in labels, f'a label twice: {text!r}')
        labels[match.group(1)] = re.sub(r'\\(.)', lambda m: '\n' if m.group(1) == 'n' else m.group(1), match.group(2))
        at = match.end()
    return labels


class Page:
    """What a scrape brought, checked by the rules of the format."""

    def __init__(self, text):
        self.types, self.samples, self.order = {}, {}, []
        helped, family = set(), None
        check(text.endswith('\n'), 'the last line is not ended')
        for line in text.split('\n')[:-1]:
            if line.startswith('# HELP '):
                family = line.split(' ')[2]
                check(family not in helped, f'HELP twice: {family}')
                check(len(line.split(' ', 3)[3]) > 5, f'no help: {line!r}')
                helped.add(family)
            elif line.startswith('# TYPE '):
                _, _, name, kind = line.split(' ')
                check(name == family and name not in self.types, f'TYPE: {line!r} after {family}')
                check(kind in ('counter', 'gauge', 'histogram'), line)
                self.types[name] = kind
            else:
                self.add(line, family)
        check_equal(helped, set(self.types), 'families')
        self.check_families()

    def add(self, line, family):
        match = SAMPLE.fullmatch(line)
        check(match is not None, f'no sample: {line!r}')
        name, labels, value = match.group(1), parse_labels(match.group(2) or ''), match.group(3)
        base = re.sub('_(bucket|sum|count)$', '', name) if self.types.get(family) == 'histogram' else name
        check_equal(base, family, 'a sample stands in its family')
        key = (name, tuple(sorted(labels.items())))
        check(key not in self.samples, f'twice: {line!r}')
        check(re.fullmatch(r'-?\d+(\.\d+)?', value) is not None, f'value: {line!r}')
        self.samples[key] = decimal.Decimal(value)

    def check_families(self):
        for name, kind in self.types.items():
            if kind == 'counter':
                check(name.endswith('_total'), f'a counter: {name}')
            if kind == 'histogram':
                self.check_histogram(name)
        for (name, _), value in self.samples.items():
            check(value >= 0, f'below zero: {name}')

    def check_histogram(self, name):
        series = {}
        for (sample, labels), value in self.samples.items():
            if sample == name + '_bucket':
                rest = tuple(pair for pair in labels if pair[0] != 'le')
                bound = dict(labels)['le']
                series.setdefault(rest, []).append((float(bound.replace('+Inf', 'inf')), value))
        for rest, buckets in series.items():
            check_equal(buckets, sorted(buckets), f'order of {name}')
            values = [value for _, value in buckets]
            check_equal(values, sorted(values), f'{name} is cumulative')
            check_equal(buckets[-1][0], float('inf'), f'last bucket of {name}')
            check_equal(self.samples[(name + '_count', rest)], values[-1], f'count of {name}')
            check((name + '_sum', rest) in self.samples, f'sum of {name}')

    def sum(self, name, **labels):
        found = [value for (sample, pairs), value in self.samples.items()
                 if sample == name and set(labels.items()) <= set(pairs)]
        return sum(found, decimal.Decimal(0))

    def labels(self, name, label):
        return {dict(pairs).get(label) for sample, pairs in self.samples if sample == name}


def scrape(gateway, headers=None):
    answer = gateway.get('/metrics', headers).expect(200)
    check_equal(answer.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8', 'type')
    return Page(answer.body.decode())


TOTAL = 'litellm_proxy_total_requests_metric_total'
FAILED = 'litellm_proxy_failed_requests_metric_total'
MODELS = ('local', 'paid', 'broken', HOSTILE)


def test_nothing_yet(upstream):
    with Gateway(config(upstream)) as gateway:
        page = scrape(gateway)
        check_equal(page.sum('sluice_build_info'), 1, 'build info')
        check_equal(page.sum('sluice_config_usable'), 1, 'configuration')
        check_equal(page.sum('sluice_ledger_ok'), 1, 'ledger')
        check_equal(page.sum('sluice_connections'), 1, 'connections')
        check_equal(page.sum('litellm_in_flight_requests'), 0, 'requests')
        check_equal(page.sum('sluice_models'), 5, 'models')
        check_equal(page.sum('sluice_cloud_policy'), 1, 'one policy holds')
        check(0 < page.sum('sluice_uptime_seconds') < 60, 'uptime')
        check_equal(scrape(gateway).sum(TOTAL, route='/metrics'), 1, 'the scrape before')
        gateway.request('HEAD', '/metrics').expect(200)
        gateway.post('/metrics', {}).expect(405)


def ask(gateway, index):
    model = MODELS[index % len(MODELS)]
    return gateway.chat(model, f'number {index}', stream=index % 3 == 0).status


def test_agrees_with_the_ledger(upstream):
    with Gateway(config(upstream), arguments=['--workers', '3']) as gateway:
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            asked = [pool.submit(ask, gateway, index) for index in range(160)]
            while any(not future.done() for future in asked):
                scrape(gateway)
        for future in asked:
            future.result()
        # no waiting: an answer that was received whole is counted
        page = scrape(gateway)
        exchanges = gateway.exchanges()
        check_equal(len(exchanges), 160, 'rows')
        for model in MODELS:
            rows = [row for row in exchanges if row['group'] == model]
            attempts = [attempt for row in rows for attempt in row['attempts']]
            check_equal(page.sum(TOTAL, requested_model=model), len(rows), f'requests for {model}')
            for status in {row['status'] for row in rows}:
                check_equal(page.sum(TOTAL, requested_model=model, status_code=str(status)),
                            sum(row['status'] == status for row in rows), f'{status} of {model}')
            check_equal(page.sum(FAILED, requested_model=model), sum(row['status'] >= 400 for row in rows), 'failures')
            deployment = 'litellm_deployment_{}_total'.format
            check_equal(page.sum(deployment('total_requests'), requested_model=model), len(attempts), 'attempts')
            check_equal(page.sum(deployment('failure_responses'), requested_model=model),
                        sum(attempt['error'] is not None for attempt in attempts), 'failed attempts')
            for name, column in (('input', 'prompt_tokens'), ('output', 'completion_tokens')):
                check_equal(page.sum(f'litellm_{name}_tokens_metric_total', requested_model=model),
                            sum(attempt[column] for attempt in attempts), f'{name} tokens of {model}')
            spend = sum(attempt['cost_nano_usd'] for attempt in attempts)
            check_equal(page.sum('litellm_spend_metric_total', requested_model=model),
                        decimal.Decimal(spend).scaleb(-9), f'spend of {model}')
            good = sum(row['status'] == 200 for row in rows)
            for name in ('request_total_latency', 'llm_api_latency'):
                check_equal(page.sum(f'litellm_{name}_metric_count', requested_model=model), good, name)
            check_equal(page.sum('litellm_llm_api_time_to_first_token_metric_count', requested_model=model),
                        sum(row['status'] == 200 and row['stream'] for row in rows), 'streams')
            check_equal(page.sum('litellm_overhead_latency_metric_count', model_group=model), good, 'overhead')
        check(page.sum('litellm_spend_metric_total', model_id='paid-id') > 0, 'nothing was spent')
        total = page.sum('litellm_request_total_latency_metric_sum')
        parts = page.sum('litellm_llm_api_latency_metric_sum') + page.sum('litellm_overhead_latency_metric_sum')
        check(abs(total - parts) < decimal.Decimal('0.001'), f'{total} s are not {parts} s')


def test_names_of_clients_are_no_series(upstream):
    with Gateway(config(upstream)) as gateway:
        before = len(scrape(gateway).samples)
        for index in range(300):
            gateway.chat(f'made-up-{index}').expect(400)
            gateway.get(f'/v1/models/made-up-{index}').expect(404)
            gateway.get(f'/made-up-{index}').expect(404)
            gateway.get('/v1/models', {'Authorization': f'Bearer sk-made-up-{index}'}).expect(401)
        page = scrape(gateway)
        check(len(page.samples) < before + 20, f'{len(page.samples)} series, {before} before')
        check_equal(page.sum(TOTAL, requested_model='unknown', status_code='400'), 300, 'unknown models')
        check_equal(page.sum(FAILED, exception_class='token_not_found_in_db'), 300, 'unknown keys')
        check('made-up' not in repr(page.samples), 'a name of a client is a label')


def test_mock_names_are_no_series(_):
    with Gateway(None, key=None) as gateway:
        for index in range(50):
            gateway.chat(f'mock/made-up-{index}').expect(400)
        gateway.chat('mock/echo').expect(200)
        page = scrape(gateway)
        check('made-up' not in repr(page.samples), 'a name of a client is a label')
        check_equal(page.sum(TOTAL, requested_model='unknown', status_code='400') > 0, True, 'counted all the same')


def test_names_that_meet_a_wildcard_are_one_series(upstream):
    wildcard = model_entry('any/*', upstream.base, '*', extra=PRICES, info='id: any-id')
    with Gateway(config(upstream, more=[wildcard])) as gateway:
        statuses = [gateway.chat(f'any/made-up-{index}').status for index in range(30)]
        page = scrape(gateway)
        check('made-up' not in repr(page.samples), 'a name of a client is a label')
        check_equal(page.sum(TOTAL, requested_model='any/*'), 30, 'requests')
        check_equal(page.sum(TOTAL, requested_model='any/*', status_code='200'), statuses.count(200), 'good ones')
        check_equal(page.sum('litellm_deployment_total_requests_total', model_id='any-id'), 30, 'attempts')
        check_equal(len(page.labels('litellm_deployment_total_requests_total', 'litellm_model_name')), 1, 'models')


def test_no_secrets(upstream):
    with Gateway(config(upstream)) as gateway:
        gateway.chat('paid', 'canary-prompt').expect(200)
        text = gateway.get('/metrics').body.decode()
        for secret in (MASTER_KEY, UPSTREAM_KEY, 'canary-prompt'):
            check(secret not in text, f'{secret} is on the page')


def test_key_for_everybody(upstream):
    with Gateway(config(upstream) + 'litellm_settings: {require_auth_for_metrics_endpoint: true}\n') as gateway:
        gateway.get('/metrics', {'Authorization': None}).expect(401)
        gateway.get('/metrics').expect(200)


def test_who_may_read(upstream):
    with Gateway(config(upstream)) as gateway:
        none = {'Authorization': None}
        gateway.get('/metrics').expect(200)
        # a process of the same user, whatever keys there are
        gateway.get('/metrics', none).expect(200)
        gateway.get('/v1/models', none).expect(401)
        gateway.get('/metrics', {'Authorization': 'Bearer sk-wrong'}).expect(401)
        gateway.get('/metrics', {**none, 'X-Forwarded-For': '10.0.0.1'}).expect(401)
        gateway.get('/metrics', {**none, 'Origin': 'http://evil.example'}).expect(403)
        gateway.get('/metrics', {**none, 'Sec-Fetch-Site': 'cross-site'}).expect(403)
        gateway.get('/metrics', {**none, 'Host': 'evil.example'}).expect(421)
        path = os.path.join(gateway.environment['XDG_RUNTIME_DIR'], 'sluice', 'http.sock')
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(5)
            client.connect(path)
            client.sendall(b'GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
            check(client.recv(100).startswith(b'HTTP/1.1 200'), 'over the Unix socket')


def ask_as_other_user(port, headers=''):
    """The status that a process of nobody gets."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setuid(65534)
            with socket.create_connection(('127.0.0.1', port), timeout=5) as client:
                client.sendall(f'GET /metrics HTTP/1.1\r\nHost: localhost:{port}\r\n{headers}\r\n'.encode())
                os.write(writer, client.recv(12)[9:12])
        finally:
            os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader, 'rb') as file:
        return file.read().decode()


def test_other_users_need_a_key(upstream):
    if os.getuid() != 0:
        raise Skip('needs the right to become another user')
    with Gateway(config(upstream)) as gateway:
        check_equal(ask_as_other_user(gateway.port), '401', 'without a key')
        check_equal(ask_as_other_user(gateway.port, f'Authorization: Bearer {MASTER_KEY}\r\n'), '200', 'with the key')


def test_in_flight_and_connections(upstream):
    with Gateway(config(upstream, first_byte_timeout_ms=20000, drain_timeout_ms=100)) as gateway:
        threads = []
        for _ in range(5):
            threads.append(threading.Thread(target=lambda: gateway.chat('stall'), daemon=True))
            threads[-1].start()
        wait_until(lambda: scrape(gateway).sum('litellm_in_flight_requests') == 5, 5, 'five under way')
        check(scrape(gateway).sum('sluice_connections') >= 6, 'connections')


def test_configuration_is_watched(upstream):
    with Gateway(config(upstream)) as gateway:
        page = scrape(gateway)
        check_equal(page.sum('sluice_config_readings_total', result='used'), 1, 'readings')
        gateway.write_config('model_list: [\n')
        gateway.process.process.send_signal(signal.SIGHUP)
        wait_until(lambda: scrape(gateway).sum('sluice_config_readings_total', result='refused') > 0, 5, 'a refusal')
        page = scrape(gateway)
        check(page.sum('sluice_config_findings', level='error') > 0, 'errors')
        check_equal(page.sum('sluice_config_usable'), 1, 'the old one is served')


def test_served_without_a_configuration(_):
    """As a service, with a file that cannot be used: that is when somebody watches."""
    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as notify:
        gateway = Gateway('model_list: [\n', start=False)
        notify.bind(os.path.join(gateway.directory, 'notify'))
        gateway.environment['NOTIFY_SOCKET'] = notify.getsockname()
        with gateway:
            gateway.start()
            gateway.chat('x').expect(503)
            page = scrape(gateway, {'Authorization': None})
            check_equal(page.sum('sluice_config_usable'), 0, 'configuration')
            check_in('the configuration cannot be used', gateway.log(), 'log')


def test_scrapes_that_are_given_up(upstream):
    """Clients that ask and leave, on few and many connections, leave nothing behind."""
    with Gateway(config(upstream), arguments=['--workers', '4']) as gateway:
        scrape(gateway)
        before = gateway.fds()
        for index in range(200):
            with gateway.raw() as raw:
                raw.send(gateway.wire('GET', '/metrics') * (1 + index % 3))
                if index % 2:
                    raw.reset()
        gateway.chat('local').expect(200)
        wait_until(lambda: gateway.fds() <= before + 2, 5, 'descriptors are given back')
        scrape(gateway)


if __name__ == '__main__':
    run_tests(globals(), setup=Upstream)
