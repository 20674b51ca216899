# SPDX-License-Identifier: GPL-3.0-or-later
"""What a slip of the pen in config.yaml may not do: lose a budget or a lock, send or show a secret."""

import contextlib
import os
import socket
import subprocess
import tempfile

from harness import (TIME_FACTOR, Gateway, Upstream, check, check_equal, check_in, clean_environment, make_config,
                     model_entry, program, run_tests)

BUDGETS = (
    'litellm_settings:\n  max_budget: os.environ/NOT_SET\n',
    'litellm_setings:\n  max_budget: 5\n',
    'provider_budget_confg: {openai: 5}\n',
    'litellm_settings:\n  tag_budget_config: {a: {budget_limit: 1, time_period: 1d}}\n',
    'litellm_settings:\n  default_key_generate_params: {model_max_budget: {a: {budget_limit: 1, time_period: 1d}}}\n',
    'sluice_settings:\n  max_budget: 5\n',
)

LOCKS = (
    'sluice_settings:\n  cloud_polcy: off\n',
    'sluice_setings:\n  cloud_policy: off\n',
    'cloud_policy: off\n',
    'litellm_settings:\n  cloud_policy: off\n',
    'sluice_settings:\n  keyless_acess: false\n',
    'sluice_settings:\n  master_key: sk-planted\n',
    'litellm_setings:\n  master_key: sk-planted\n',
    'general:\n  master_key: sk-planted\n',
    'general_settings: {master_key:sk-planted}\n',
    'general_settings: {master_key=sk-planted}\n',
    'general_settings: {master_key "sk-planted"}\n',
    'general_settings:\n  "master_key: sk-planted": 1\n',
)

# of one model: where its prompts go, and whether that counts as local
PLACES = (
    'api_bse: http://127.0.0.1:1',
    'baseurl: http://127.0.0.1:1',
    'custom_llm_provder: hosted_vllm',
    'api_kye: sk-planted',
    'litelm_credential_name: planted',
)

INFOS = (
    'model_info: {locl: false}',
    'model_info: {loacl: false}',
    'model_info: {Local: "no"}',
    'model_info: {is_local: false}',
    'model-info: {local: false}',
    'modelinfo: {local: false}',
    'model_infos: {local: false}',
)

# a blank that is none, and a line that became part of the one above
UNSEEN = (
    'general_settings:\n\u00a0 master_key: sk-planted\n',
    'general_settings:\n  \u00a0master_key: sk-planted\n',
    'general_settings:\n\u2003master_key: sk-planted\n',
    'general_settings:\n  master\u200b_key: sk-planted\n',
    'general_settings:\n  completion_model: m\n    master_key:sk-planted\n',
)

# what a model is asked with, and names, are no configuration
DATA = (
    'tools: [{type: function, function: {name: f, parameters: {type: object, properties: {budget: {type: number}, '
    'general_settings: {type: string}}}}}]',
    'response_format: {type: json_schema, json_schema: {name: p, schema: {type: object, properties: {max_budget: '
    '{type: number}, master_key: {type: string}}, required: [max_budget]}}}',
    'extra_headers: {max_budget: x}',
    'extra_body: {think_budget: 1, compute_budget: 1}',
    'metadata: {max_budget: 1}',
)

NO_BUDGETS = """\
environment_variables: {DEFAULT_SOFT_BUDGET: '5'}
mcp_servers: {a: {url: 'http://127.0.0.1:1', env: {MAX_BUDGET: '5'}}}
callback_settings: {datadog_cost_management: {budget_name: x}}
"""

# refused or not: nothing of them is shown
SECRETS = (
    *UNSEEN,
    *(text for text in LOCKS if 'planted' in text),
    'environment_variables:\n  "OPENAI_API_KEY=sk-planted":\n',
    'environment_variables: {OPENAI_API_KEY:sk-planted, x: [1]}\n',
    'environment_variables:\n  export OPENAI_API_KEY planted: x\n',
    'environment_variables:\n  - OPENAI_API_KEY=planted\n',
    'sk-planted: 1\nsk-planted: 2\n',
    'general_settings:\n  ? sk-planted\n',
    'general_settings:\n  master_key: {sk-planted: [planted]}\n',
    'litellm_settings:\n  cache_params: {password:planted, "url planted": x}\n',
    'router_settings:\n  redis_password: [planted]\n  fallbacks: [{"a:planted": 5}]\n',
    'credential_list: [{credential_name: a, credential_values: {api_key:sk-planted}}]\n',
    'zzzzz: {"api_key:sk-planted": 1, "a b=planted": {password:planted}}\n',
)


def check_file(text):
    with tempfile.TemporaryDirectory(prefix='sluice-config-') as directory:
        with open(os.path.join(directory, 'config.yaml'), 'w', encoding='utf-8') as file:
            file.write(text)
        return subprocess.run([*os.environ.get('SLUICED_WRAPPER', '').split(), program('SLUICED'), '--check-config',
                               'config.yaml'], cwd=directory, env={**clean_environment(), 'HOME': directory},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20 * TIME_FACTOR,
                              check=False)


def test_budgets():
    """Wherever it stands, and however it is written: calls that cost money are refused."""
    with Upstream() as upstream:
        entries = [model_entry('paid', upstream.base, provider='openai'), model_entry('local', upstream.base)]
        for more in ('', *BUDGETS):
            upstream.reset()
            with Gateway(make_config(entries, more=more)) as gateway:
                gateway.chat('local').expect(200)
                answer = gateway.chat('paid')
                if not more:
                    answer.expect(200)
                    continue
                check_equal(answer.expect(503).error()['code'], 'budget_unenforced', f'code for {more!r}')
                check_equal(upstream.requests(), 1, f'requests for {more!r}')


def test_locks():
    for text in LOCKS:
        done = check_file('model_list: []\n' + text)
        check_equal(done.returncode, 1, f'status for {text!r}')
        check(any(': error: ' in line for line in done.stderr.splitlines()), f'no error in {done.stderr}')


def test_places():
    models = 'model_list:\n  - model_name: a\n    litellm_params:\n      model: openai/a\n'
    for text in (*(f'      {place}' for place in PLACES), *(f'    {info}' for info in INFOS)):
        done = check_file(f'{models}{text}\n')
        check_equal(done.returncode, 1, f'status for {text!r}')
        check_in(": error: model_list[0].", done.stderr)
        check_in("did you mean '", done.stderr)
        check('planted' not in done.stderr, f'{text!r} is shown:\n{done.stderr}')
    check_equal(check_file(f'{models}    model_info: {{locale: en}}\n').returncode, 0, 'status')


def test_unseen():
    for text in UNSEEN:
        done = check_file('model_list: []\n' + text)
        check_equal(done.returncode, 1, f'status for {text!r}')
        check_in('master_key', done.stderr)


def test_data():
    """It takes no paid call away."""
    with Upstream() as upstream:
        entry = model_entry('paid', upstream.base, provider='openai', extra='\n'.join(DATA))
        with Gateway(make_config([entry], more=NO_BUDGETS)) as gateway:
            gateway.chat('paid').expect(200)
            check('budgets are not enforced' not in gateway.log(), gateway.log())


def test_secrets():
    for text in SECRETS:
        done = check_file('model_list: []\n' + text)
        check(done.stderr != '', f'nothing is said of {text!r}')
        check('planted' not in done.stderr + done.stdout, f'{text!r} is shown:\n{done.stderr}')


def test_secrets_of_a_service():
    """It answers with its first finding: not with what stands in the file."""
    text = """\
model_list:
  - {model_name: a, litellm_params: {model: hosted_vllm/a, api_key:sk-planted}}
general_settings: {master_key:sk-planted}
"""
    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as notify:
        gateway = Gateway(text, key=None, start=False)
        notify.bind(os.path.join(gateway.directory, 'notify'))
        gateway.environment['NOTIFY_SOCKET'] = notify.getsockname()
        with gateway:
            gateway.start()
            answer = gateway.chat('a').expect(503)
            check_in("a blank is missing after the colon of 'api_key'", answer.error()['message'])
            check(b'planted' not in answer.body and 'planted' not in gateway.log(), f'a key is shown: {gateway.log()}')


def test_settings_among_parameters():
    """What belongs to another section goes to no provider."""
    secret = 'postgresql://user:planted@db/x'
    extra = f'database_url: {secret}\nredis_password: planted\nallowed_hosts: [planted]\nmetadata: {{a: b}}\nown_one: 1'
    with Upstream() as upstream, Gateway(make_config([model_entry('m', upstream.base, extra=extra)])) as gateway:
        gateway.chat('m').expect(200)
        [entry] = upstream.log()
        check('planted' not in str(entry), f'it was sent: {entry}')
        check_in('own_one', str(entry), 'what was sent')
        check_in('belongs to general_settings, here it is not sent to the provider', gateway.log())
        check('planted' not in gateway.log(), 'a value is shown')
    done = check_file('model_list:\n' + model_entry('m', 'http://127.0.0.1:1', extra='master_key: sk-planted') + '\n')
    check_equal(done.returncode, 1, 'status')
    check_in('belongs to general_settings', done.stderr)


def test_empty_master_key():
    done = check_file('model_list: []\ngeneral_settings:\n  master_key: # sk-1\n')
    check_equal(done.returncode, 0, 'status')
    check_in('config.yaml:3:14: warning: general_settings.master_key: nothing stands behind this key', done.stderr)



def test_address_that_is_not_set():
    """A key that is for a machine in the house does not go to the provider's usual address."""
    lines = ["  - model_name: '{0}'", '    litellm_params:', '      model: openai/llama', '      api_key: sk-planted',
             '      {1}: os.environ/{2}']
    entries = ['\n'.join(lines).format(f'{name}-{variable}', name, variable)
               for name in ('api_base', 'base_url') for variable in ('NOT_SET', 'EMPTY')]
    entries += ["  - model_name: 'by-credential'\n    litellm_params: {model: openai/llama, "
                "litellm_credential_name: house}",
                "  - model_name: 'any/*'\n    litellm_params: {model: 'openai/*', api_base: os.environ/NOT_SET}"]
    more = 'credential_list:\n  - credential_name: house\n    credential_values: {api_base: os.environ/NOT_SET}\n'
    with Upstream() as usual, Gateway(make_config(entries, more=more), environment={
            'EMPTY': '', 'OPENAI_BASE_URL': usual.base, 'OPENAI_API_KEY': 'sk-test-usual'}) as gateway:
        check_equal(gateway.get('/v1/models').expect(200).json()['data'], [], 'models')
        for name in ('api_base-NOT_SET', 'base_url-EMPTY', 'by-credential', 'any/llama'):
            gateway.chat(name).expect(400)
        check_equal(usual.log(), [], 'what went to the usual address')
        check_equal(gateway.log().count('goes nowhere else'), len(entries), 'how often it is said')


def test_lock_that_is_not_set():
    done = check_file('model_list: []\nsluice_settings:\n  cloud_policy: os.environ/NOT_SET\n')
    check_equal(done.returncode, 1, 'status')
    check_in('sluice_settings.cloud_policy: without its variable', done.stderr)
    done = check_file('model_list: []\ngeneral_settings:\n  master_key: os.environ/NOT_SET\n')
    check_equal(done.returncode, 0, 'status')


if __name__ == '__main__':
    run_tests(globals())
