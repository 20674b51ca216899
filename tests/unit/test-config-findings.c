/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test-config-support.h"

#include "time-factor.h"

static const char *
get_default (const SluiceConfigModel *model, const char *name)
{
  for (guint i = 0; i < model->defaults->len; i++)
    {
      const SluiceConfigDefault *value = &g_array_index (model->defaults, SluiceConfigDefault, i);

      if (g_str_equal (value->name, name))
        return value->json;
    }
  return NULL;
}

typedef struct {
  const char *yaml;
  SluiceFindingLevel level;
  guint line;
  guint column;
  const char *path; /* (nullable) */
  const char *words;
} FindingRow;

#define ERROR SLUICE_FINDING_ERROR
#define WARNING SLUICE_FINDING_WARNING

static const FindingRow finding_rows[] = {
  { "", WARNING, 0, 0, NULL, "empty" },
  { "# x\n---\n", WARNING, 0, 0, NULL, "empty" },
  { "- a\n", ERROR, 1, 1, NULL, "not a list" },
  { "model_lst:\n", WARNING, 1, 1, "model_lst", "unknown key, did you mean 'model_list'?" },
  { "zzzzzz: 1\n", WARNING, 1, 1, "zzzzzz", "unknown key, it has no effect" },
  { "model_list: {}\n", ERROR, 1, 13, "model_list", "takes a list, not a map" },
  { "model_list:\n  - 5\n", ERROR, 2, 5, "model_list[0]", "takes a map" },
  { "model_list:\n  - litellm_params: {model: a}\n", ERROR, 2, 5, "model_list[0].model_name", "missing" },
  { "model_list:\n  - model_name: a\n", ERROR, 2, 5, "model_list[0].litellm_params", "missing" },
  { "model_list:\n  - model_name: a\n    litellm_params: {}\n", ERROR, 3, 21, "model_list[0].litellm_params.model",
    "missing" },
  { "model_list:\n  - model_name: ''\n    litellm_params: {model: x}\n", ERROR, 2, 17, "model_list[0].model_name",
    "missing" },
  { "model_list:\n  - model_name: 12\n    litellm_params: {model: x}\n", ERROR, 2, 17, "model_list[0].model_name",
    "takes a text, not a whole number: put it in quotes" },
  { "model_list:\n  - model_name: a\n    litellm_params: [x]\n", ERROR, 3, 21, "model_list[0].litellm_params",
    "takes a map, not a list" },
  { "model_list:\n  - model_name: a\n    litelm_params: {}\n    litellm_params: {model: x}\n", ERROR, 3, 5,
    "model_list[0].litelm_params", "did you mean 'litellm_params'?" },
  { ITEM "      api_bse: http://x\n", ERROR, 5, 7, "model_list[0].litellm_params.api_bse",
    "unknown key, did you mean 'api_base'? it is not sent to the provider" },
  { ITEM "      baseurl: http://x\n", ERROR, 5, 7, "model_list[0].litellm_params.baseurl", "did you mean 'base_url'?" },
  { ITEM "      API-KEY: x\n", ERROR, 5, 7, "model_list[0].litellm_params.API-KEY", "did you mean 'api_key'?" },
  { ITEM "      custom_llm_provder: x\n", ERROR, 5, 7, "model_list[0].litellm_params.custom_llm_provder",
    "did you mean 'custom_llm_provider'?" },
  { ITEM "      litelm_credential_name: x\n", ERROR, 5, 7, "model_list[0].litellm_params.litelm_credential_name",
    "did you mean 'litellm_credential_name'?" },
  { ITEM "      api_type: azure\n", WARNING, 5, 7, "model_list[0].litellm_params", "'api_type' has no effect yet" },
  { ITEM "    model-info: {local: no}\n", ERROR, 5, 5, "model_list[0].model-info", "did you mean 'model_info'?" },
  { ITEM "    modelinfo: {}\n", ERROR, 5, 5, "model_list[0].modelinfo", "did you mean 'model_info'?" },
  { ITEM "    model_infos: {}\n", ERROR, 5, 5, "model_list[0].model_infos", "did you mean 'model_info'?" },
  { ITEM "    model_info: {locl: no}\n", ERROR, 5, 18, "model_list[0].model_info.locl", "did you mean 'local'?" },
  { ITEM "    model_info: {loacl: 'no'}\n", ERROR, 5, 18, "model_list[0].model_info.loacl", "did you mean 'local'?" },
  { ITEM "    model_info: {Local: off}\n", ERROR, 5, 18, "model_list[0].model_info.Local", "did you mean 'local'?" },
  { ITEM "    model_info: {is_local: true}\n", ERROR, 5, 18, "model_list[0].model_info.is_local", "you mean 'local'?" },
  { ITEM "    model_info: {locale: en}\n", WARNING, 5, 18, "model_list[0].model_info.locale", "did you mean 'local'?" },
  { ITEM "    model_info: {global: true}\n", WARNING, 5, 18, "model_list[0].model_info.global", "unknown key" },
  { ITEM "      local: no\n", ERROR, 5, 7, "model_list[0].litellm_params.local", "belongs to model_info" },
  { ITEM "    api_key: x\n", ERROR, 5, 5, "model_list[0].api_key",
    "belongs to litellm_params, here it has no effect" },
  { ITEM "      router_settings: {}\n", WARNING, 5, 7, "model_list[0].litellm_params.router_settings",
    "belongs to the top level, here it is not sent to the provider" },
  { ITEM "      model_info: {}\n", ERROR, 5, 7, "model_list[0].litellm_params.model_info", "belongs to the item" },
  { "num_retries: 2\n", WARNING, 1, 1, "num_retries", "belongs to router_settings" },
  { ITEM "      temprature: 1\n", WARNING, 5, 7, "model_list[0].litellm_params.temprature",
    "did you mean 'temperature'? it is sent to the provider as it is" },
  { ITEM "      zzzzzz: 1\n", WARNING, 5, 7, "model_list[0].litellm_params.zzzzzz",
    "unknown key, it is sent to the provider as it is" },
  { ITEM "      rpm: 5\n      weight: 3\n      rpm2zz: 1\n", WARNING, 5, 7, "model_list[0].litellm_params",
    "'rpm', 'weight' have no effect yet" },
  { ITEM "      rpm: many\n", WARNING, 5, 12, "model_list[0].litellm_params.rpm", "takes a whole number, not a text" },
  { ITEM "      api_base: localhost:8000\n", ERROR, 5, 17, "model_list[0].litellm_params.api_base", "http://" },
  { ITEM "      api_base: 5\n", ERROR, 5, 17, "model_list[0].litellm_params.api_base", "takes a text" },
  { ITEM "      api_base: 'http://u:secret@h/'\n", ERROR, 5, 17, "model_list[0].litellm_params.api_base", "user name" },
  { ITEM "      api_key: 'secret '\n", ERROR, 5, 16, "model_list[0].litellm_params.api_key", "blank" },
  { ITEM "      input_cost_per_token: 2.5\n", ERROR, 5, 29, "model_list[0].litellm_params.input_cost_per_token",
    "not of a million" },
  { ITEM "      input_cost_per_token: -1\n", ERROR, 5, 29, "model_list[0].litellm_params.input_cost_per_token",
    "takes dollars" },
  { ITEM "      input_cost_per_token: cheap\n", ERROR, 5, 29, "model_list[0].litellm_params.input_cost_per_token",
    "takes a number, not a text" },
  { ITEM "      timeout: -3\n", ERROR, 5, 16, "model_list[0].litellm_params.timeout", "takes seconds" },
  { ITEM "      timeout: 1e300\n", ERROR, 5, 16, "model_list[0].litellm_params.timeout", "takes seconds" },
  { ITEM "      temperature: .nan\n", ERROR, 5, 20, "model_list[0].litellm_params.temperature", "JSON" },
  { ITEM "      model: b\n", ERROR, 5, 7, "model_list[0].litellm_params.model", "on line 4" },
  { ITEM "    model_info: {local: maybe}\n", ERROR, 5, 25, "model_list[0].model_info.local", "takes true or false" },
  { ITEM "    model_info: {max_tokens: 0}\n", ERROR, 5, 30, "model_list[0].model_info.max_tokens", "from 1" },
  { ITEM "    model_info: {id: [1]}\n", ERROR, 5, 22, "model_list[0].model_info.id", "a text or a whole number" },
  { ITEM "    model_info: {max_tokns: 5}\n", WARNING, 5, 18, "model_list[0].model_info.max_tokns", "'max_tokens'" },
  { ITEM "    model_info: {zzzzz: 5, mode: chat}\n", WARNING, 5, 18, "model_list[0].model_info",
    "'zzzzz', 'mode' have no effect yet" },
  { ITEM "    rpm: 5\n", WARNING, 5, 5, "model_list[0]", "'rpm' has no effect yet" },
  { ITEM "      organization: [a, 5]\n", ERROR, 5, 25, "model_list[0].litellm_params.organization", "list of texts" },
  { ITEM "      api_key: os.environ/NOT_SET\n", WARNING, 5, 16, "model_list[0].litellm_params.api_key",
    "the variable 'NOT_SET' is not set: set it in $XDG_CONFIG_HOME/sluice/environment" },
  { ITEM "      api_key: os.environ/sk-oops\n", WARNING, 5, 16, "model_list[0].litellm_params.api_key",
    "takes the name of a variable" },
  { ITEM "      stop: [os.environ/NOT_SET]\n", WARNING, 5, 14, "model_list[0].litellm_params.stop[0]", "'NOT_SET'" },
  { "general_settings:\n  master_key: secret\n", ERROR, 2, 15, "general_settings.master_key", "must begin with 'sk-'" },
  { "general_settings:\n  master_key: sk-\n", ERROR, 2, 15, "general_settings.master_key", "must begin with 'sk-'" },
  { "general_settings:\n  master_key: 'sk-a b'\n", ERROR, 2, 15, "general_settings.master_key", "blank" },
  { "general_settings:\n  master_key: sk-1234\n", WARNING, 2, 15, "general_settings.master_key", "tutorial" },
  { "general_settings:\n  mastr_key: sk-1234\n", ERROR, 2, 3, "general_settings.mastr_key", "'master_key'" },
  { "general_settings:\n  store_model_in_db: true\n", WARNING, 2, 3, "general_settings", "no effect yet" },
  { "litellm_settings:\n  drop_params: true\n  num_retries: 2\n", WARNING, 2, 3, "litellm_settings",
    "'drop_params', 'num_retries' have no effect yet" },
  { "litellm_settings: yes\n", ERROR, 1, 19, "litellm_settings", "takes a map, not true or false" },
  { "router_settings: {routing_stratgy: x}\n", WARNING, 1, 19, "router_settings.routing_stratgy",
    "'routing_strategy'" },
  { "include: [a.yaml]\n", ERROR, 1, 11, "include[0]", "only a file can include" },
  { "include: a.yaml\n", ERROR, 1, 10, "include", "takes a list, not a text" },
  { "credential_list: [{credential_name: a}]\n", ERROR, 1, 19, "credential_list[0].credential_values", "missing" },
  { "credential_list: [{credential_values: {}}]\n", ERROR, 1, 19, "credential_list[0].credential_name", "missing" },
  { "credential_list: [a]\n", ERROR, 1, 19, "credential_list[0]", "takes a map" },
  { "credential_list: [{credential_name: a, credential_values: {api_kye: x}}]\n", ERROR, 1, 60,
    "credential_list[0].credential_values.api_kye", "did you mean 'api_key'?" },
  { "credential_list: [{credential_name: a, credential_values: {}}, {credential_name: a, credential_values: {}}]\n",
    ERROR, 1, 82, "credential_list[1]", "another credential has this name" },
  { ITEM "      litellm_credential_name: azure-x\n"
         "credential_list: [{credential_name: azure, credential_values: {}}]\n", ERROR, 5, 32,
    "model_list[0].litellm_params.litellm_credential_name", "did you mean 'azure'?" },
  { ITEM "      litellm_credential_name: zzzzz\n", ERROR, 5, 32, "model_list[0].litellm_params.litellm_credential_name",
    "no item of 'credential_list' has this name: add one" },
  { "environment_variables: {'A B': c}\n", ERROR, 1, 25, "environment_variables.A...", "letters" },
  { "environment_variables: {A: [c]}\n", ERROR, 1, 28, "environment_variables.A", "takes a text, not a list" },
  { "sluice_settings: {max_connectons: 5}\n", WARNING, 1, 19, "sluice_settings.max_connectons", "'max_connections'" },
  { "sluice_settings: {max_connections: 5}\n", ERROR, 1, 36, "sluice_settings.max_connections",
    "takes a whole number from 16 to 65536" },
  { "sluice_settings: {max_connections: many}\n", ERROR, 1, 36, "sluice_settings.max_connections", "not this text" },
  { "sluice_settings: {keyless_access: [a]}\n", ERROR, 1, 35, "sluice_settings.keyless_access", "true or false" },
  { "sluice_settings: {durability: maybe}\n", ERROR, 1, 31, "sluice_settings.durability", "'process' or 'power-loss'" },
  { "sluice_settings: {allowed_hosts: [a, 5]}\n", ERROR, 1, 34, "sluice_settings.allowed_hosts", "a list of texts" },
  { "sluice_settings: {host: localhost}\n", ERROR, 1, 25, "sluice_settings.host", "takes an IP address, not a name" },
  { "sluice_settings: {host: '127.0.0.1:4000'}\n", ERROR, 1, 25, "sluice_settings.host", "without a port" },
  { "sluice_settings: {host: 5}\n", ERROR, 1, 25, "sluice_settings.host", "takes an IP address" },
  { "sluice_settings:\n  allowed_hosts:\n  - a.example\n  - '*.example'\n", ERROR, 4, 5,
    "sluice_settings.allowed_hosts[1]", "no '*'" },
  { "sluice_settings: {cors_origins: ['https://a', '*']}\n", ERROR, 1, 47, "sluice_settings.cors_origins[1]",
    "no '*'" },
  { "sluice_settings: {cors_origins: 'https://a, https://b/'}\n", ERROR, 1, 33, "sluice_settings.cors_origins",
    "no '/' at the end" },
  { "sluice_settings: {cloud_policy: on}\n", ERROR, 1, 33, "sluice_settings.cloud_policy",
    "takes 'off', 'explicit' or 'fallback'" },
  { "sluice_settings: {exit_on_idle_minutes: 10081}\n", ERROR, 1, 41, "sluice_settings.exit_on_idle_minutes",
    "from 0 to 10080" },
};

static gboolean
row_matches (const FindingRow *row, const SluiceFinding *found)
{
  return found->level == row->level && found->line == row->line && found->column == row->column &&
         g_strcmp0 (found->path, row->path) == 0 && strstr (found->message, row->words) != NULL;
}

/* What a value may be; that it has no effect yet makes each of these a warning, in a file that is read. */
static const FindingRow value_rows[] = {
  { "router_settings: {routing_strategy: simple-shufle}\n", WARNING, 1, 37, "router_settings.routing_strategy",
    "did you mean 'simple-shuffle'?" },
  { "router_settings: {num_retries: -1}\n", WARNING, 1, 32, "router_settings.num_retries",
    "takes a whole number from 0 to 100" },
  { "router_settings: {timeout: 0}\n", WARNING, 1, 28, "router_settings.timeout", "takes a number above 0" },
  { "router_settings: {timeout: .nan}\n", WARNING, 1, 28, "router_settings.timeout", "takes a number above 0" },
  { "router_settings: {timeout: 1e300}\n", WARNING, 1, 28, "router_settings.timeout", "at most 31536000" },
  { "router_settings: {allowed_fails: 99999999999999999999}\n", WARNING, 1, 34, "router_settings.allowed_fails",
    "takes a whole number, not a number" },
  { "router_settings: {retry_policy: {TimeoutErorRetries: 1}}\n", WARNING, 1, 34,
    "router_settings.retry_policy.TimeoutErorRetries", "did you mean 'TimeoutErrorRetries'?" },
  { "router_settings: {retry_policy: {TimeoutErrorRetries: many}}\n", WARNING, 1, 55,
    "router_settings.retry_policy.TimeoutErrorRetries", "takes a whole number" },
  { "router_settings: {model_group_retry_policy: {chat: [1]}}\n", WARNING, 1, 52,
    "router_settings.model_group_retry_policy.chat", "takes a map, not a list" },
  { "router_settings: {optional_pre_call_checks: [prompt_cachin]}\n", WARNING, 1, 46,
    "router_settings.optional_pre_call_checks[0]", "did you mean 'prompt_caching'?" },
  { ITEM "router_settings: {fallbacks: {m: n}}\n", WARNING, 5, 34, "router_settings.fallbacks.m", "takes a list" },
  { ITEM "router_settings: {fallbacks: {mm: [m]}}\n", WARNING, 5, 31, "router_settings.fallbacks.mm",
    "did you mean 'm'?" },
  { ITEM "litellm_settings: {fallbacks: [{m: [zzzzzz]}]}\n", WARNING, 5, 37, "litellm_settings.fallbacks[0].m[0]",
    "no model of 'model_list' has this name" },
  { ITEM "litellm_settings: {fallbacks: [{m: [m], n: [m]}]}\n", WARNING, 5, 32, "litellm_settings.fallbacks[0]",
    "one key each" },
  { ITEM "litellm_settings: {default_fallbacks: [5]}\n", WARNING, 5, 40, "litellm_settings.default_fallbacks[0]",
    "put it in quotes" },
  { ITEM "router_settings: {model_group_alias: {a: mn}}\n", WARNING, 5, 42, "router_settings.model_group_alias.a",
    "did you mean 'm'?" },
  { "router_settings: {model_group_alias: {a: [m]}}\n", ERROR, 1, 42, "router_settings.model_group_alias.a",
    "takes the name of a group" },
  { "router_settings: {model_group_alias: {a: {hiden: true}}}\n", WARNING, 1, 43,
    "router_settings.model_group_alias.a.hiden", "did you mean 'hidden'?" },
  { "litellm_settings: {cache_params: {type: rediss}}\n", WARNING, 1, 41, "litellm_settings.cache_params.type",
    "did you mean 'redis'?" },
  { "litellm_settings: {cache_params: {similarity_threshold: 1.5}}\n", WARNING, 1, 57,
    "litellm_settings.cache_params.similarity_threshold", "takes a number from 0 to 1" },
  { "litellm_settings: {cache: true}\n", WARNING, 1, 20, "litellm_settings.cache", "no Redis is asked" },
  { "litellm_settings: {budget_duration: 30}\n", WARNING, 1, 37, "litellm_settings.budget_duration", "takes a text" },
  { "litellm_settings: {budget_duration: 30 days}\n", WARNING, 1, 37, "litellm_settings.budget_duration", "'30d'" },
  { "general_settings: {database_url: os.environ/NOT_SET}\n", WARNING, 1, 20, "general_settings.database_url",
    "SQLite" },
  { "general_settings: {alerting: [slak]}\n", WARNING, 1, 31, "general_settings.alerting[0]",
    "did you mean 'slack'?" },
  { "general_settings: {pass_through_endpoints: [{paht: /x}]}\n", WARNING, 1, 46,
    "general_settings.pass_through_endpoints[0].paht", "did you mean 'path'?" },
  { ITEM "      input_cost_per_second: -1\n", WARNING, 5, 30, "model_list[0].litellm_params.input_cost_per_second",
    "from 0" },
  { ITEM "    model_info: {mode: chatt}\n", WARNING, 5, 24, "model_list[0].model_info.mode", "did you mean 'chat'?" },
};

static void
check_rows (Fixture *f, const FindingRow *rows, guint n_rows)
{
  for (guint i = 0; i < n_rows; i++)
    {
      guint n_matching = 0;

      load (f, rows[i].yaml);
      for (guint j = 0; j < f->findings->len; j++)
        n_matching += row_matches (&rows[i], finding (f, j)) ? 1 : 0;
      if (n_matching != 1)
        g_test_message ("row %u: %s", i, rows[i].words);
      g_assert_cmpuint (n_matching, ==, 1);
      g_assert_cmpstr (finding (f, 0)->file, ==, "config.yaml");
    }
}

static void
test_findings (Fixture *f, gconstpointer data)
{
  check_rows (f, finding_rows, G_N_ELEMENTS (finding_rows));
}

static void
test_values (Fixture *f, gconstpointer data)
{
  check_rows (f, value_rows, G_N_ELEMENTS (value_rows));
}

/* Both forms of fallbacks, and values at the ends of their ranges, are taken without a word but that of no effect. */
static void
test_good_values (Fixture *f, gconstpointer data)
{
  static const char *const texts[] = {
    ITEM "litellm_settings: {fallbacks: {m: [m]}}\n",
    ITEM "litellm_settings: {fallbacks: [{m: [m]}, {'*': [m]}]}\n",
    ITEM "router_settings: {fallbacks: [{ollama/x: [m]}], num_retries: 0, timeout: 0.001, cooldown_time: 0}\n",
    "router_settings: {timeout: '31536000', num_retries: '100', routing_strategy: least-busy}\n",
    "litellm_settings: {budget_duration: 1mo, cache_params: {similarity_threshold: 1.0, type: local}}\n",
    "litellm_settings: {callbacks: prometheus, success_callback: [a, b]}\n",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_assert_nonnull (load (f, texts[i]));
      g_assert_cmpuint (f->findings->len, ==, 1);
      g_assert_nonnull (strstr (finding (f, 0)->message, "no effect yet"));
      g_assert_null (sluice_config_get_unenforced_budget (f->config));
    }
}

/* All at once, and in the order of the file. */
static void
test_many_findings (Fixture *f, gconstpointer data)
{
  g_assert_null (load (f, "sluice_settings: {port: x}\nmodel_lst: []\n" ITEM "      timeout: -1\n      api_base: x\n"
                          "general_settings: {master_key: x}\n"));
  g_assert_cmpuint (f->findings->len, ==, 5);
  for (guint i = 1; i < f->findings->len; i++)
    g_assert_cmpuint (finding (f, i)->line, >, finding (f, i - 1)->line);
}

/* No finding repeats a value that may be a secret. */
static void
test_no_secrets (Fixture *f, gconstpointer data)
{
  static const char *const texts[] = {
    ITEM "      api_key: [SECRET]\n",
    ITEM "      api_key: 'SECRET SECRET '\n",
    ITEM "      api_kye: SECRET\n",
    ITEM "      api_base: http://u:SECRET@h\n",
    ITEM "      api_base: os.environ/S\n",
    ITEM "      timeout: os.environ/S\n",
    ITEM "      input_cost_per_token: os.environ/S\n",
    ITEM "      api_key: os.environ/sk-SECRET\n",
    ITEM "      aws_secret_access_key: SECRET\n",
    ITEM "    model_info: {local: os.environ/S, max_tokens: os.environ/S}\n",
    "general_settings: {master_key: SECRET, database_url: SECRET}\n",
    "sluice_settings: {port: os.environ/S}\n",
    "environment_variables: {X: [SECRET]}\n",
    "model_list: SECRET\n",
    "SECRET\n",
    "a: 'SECRET\n",
    "a: SECRET: b\n",
    "a: @SECRET\n",
    "a: !SECRET b\n",
    "a: *SECRET\n",
    "environment_variables: {'A=SECRET': x}\n",
    "environment_variables: {A:SECRET}\n",
    "environment_variables: {export A SECRET: x}\n",
    "general_settings: {master_key:sk-SECRET}\n",
    "general_settings: {master_key sk-SECRET}\n",
    "general_settings: {master_key=SECRET: }\n",
    "general_settings: {'master_key: SECRET': 1}\n",
    "general_settings: {sk-SECRET: 1}\n",
    "general_settings: {? sk-SECRET, ? 'SECRET:x'\n",
    "general_settings: {master_key: {sk-SECRET: [x]}}\n",
    "general_settings: {'pass:SECRET': {a: 1}, 'pass:SECRET': 2}\n",
    "sk-SECRET: 1\nsk-SECRET: 2\n",
    "litellm_settings: {max_budget: {sk-SECRET: 1}, 'max_budget SECRET': 5}\n",
    "litellm_settings: {fallbacks: {'m:SECRET': 5, sk-SECRET: [x]}}\n",
    "router_settings: {model_group_alias: {'m:SECRET': , sk-SECRET: [x]}, fallbacks: {m: ['m:SECRE']}}\n",
    "router_settings: {redis_password: [SECRET], provider_budget_config: {openai:SECRET}}\n",
    "zzzzz: {api_key:SECRET, 'x y=SECRET': {master_key: SECRET, 'master_key:SECRET': 1}}\n",
    "litellm_settings: {cache_params: {password:SECRET, 'url=SECRET': x}}\n",
    "credential_list: [{credential_name: a, credential_values: {api_key:SECRET, 'api_base: SECRET': x}}]\n",
    "credential_list: [{credential_name: SECRET, credential_values: {}}, {credential_name: SECRET, credential_values: "
    "{}}]\n",
    "sluice_settings: {port:SECRET, cloud_policy: SECRET, keyless_access: SECRET, host: [SECRET]}\n",
    ITEM "      api_base: [SECRET]\n      organization: {SECRET: 1}\n    model_info: {id:SECRET}\n",
    "model_list: [{model_name: m, litellm_params: {model: ollama/x, api_key:SECRET, extra_body: {api_key:SECRET}}}]\n",
    "include: [SECRET]\n",
  };

  g_hash_table_insert (f->environment, (gpointer) "S", (gpointer) "SECRET");
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      load (f, texts[i]);
      g_assert_cmpuint (f->findings->len, >, 0);
      for (guint j = 0; j < f->findings->len; j++)
        {
          g_autofree char *line = sluice_finding_to_string (finding (f, j));

          g_assert_null (strstr (line, "SECRET"));
        }
      for (guint j = 0; f->config != NULL && j < sluice_config_get_n_models (f->config); j++)
        g_assert_null (get_default (sluice_config_get_model (f->config, j), "api_kye"));
    }
}

/* A file that uses most of what the format knows: warnings only. */
static void
test_broad_file (Fixture *f, gconstpointer data)
{
  g_assert_nonnull (
    load (f,
          "environment_variables:\n"
          "  REDIS_HOST: 127.0.0.1\n"
          "credential_list:\n"
          "  - credential_name: az\n"
          "    credential_values: {api_base: os.environ/AZ_BASE, api_key: os.environ/AZ_KEY, "
          "api_version: \"2024-10-21\"}\n"
          "    credential_info: {custom_llm_provider: azure}\n"
          "model_list:\n"
          "  - model_name: chat\n"
          "    litellm_params: {model: azure/gpt4o-eu, litellm_credential_name: az, weight: 3, rpm: 600, timeout: 60, "
          "stream_timeout: 20}\n"
          "    model_info: {id: az-eu, base_model: azure/gpt-4o, access_groups: [general]}\n"
          "  - model_name: chat\n"
          "    litellm_params: {model: openai/gpt-4o, api_key: os.environ/OPENAI_API_KEY, weight: 1, rpm: 200}\n"
          "  - model_name: local\n"
          "    litellm_params: {model: ollama_chat/llama3.1, api_base: \"http://127.0.0.1:11434\", "
          "input_cost_per_token: 0, output_cost_per_token: 0}\n"
          "  - model_name: \"openai/*\"\n"
          "    litellm_params: {model: \"openai/*\", api_key: os.environ/OPENAI_API_KEY}\n"
          "    model_info: {health_check_model: openai/gpt-4o-mini}\n"
          "litellm_settings:\n"
          "  drop_params: true\n"
          "  num_retries: 2\n"
          "  request_timeout: 600\n"
          "  default_fallbacks: [local]\n"
          "  context_window_fallbacks: [{chat: [openai/gpt-4.1]}]\n"
          "  cache: true\n"
          "  cache_params: {type: local, ttl: 300, mode: default_on}\n"
          "  callbacks: [prometheus]\n"
          "router_settings:\n"
          "  routing_strategy: simple-shuffle\n"
          "  enable_pre_call_checks: true\n"
          "  cooldown_time: 30\n"
          "  allowed_fails_policy: {RateLimitErrorAllowedFails: 5, TimeoutErrorAllowedFails: 3}\n"
          "  retry_policy: {BadRequestErrorRetries: 0, TimeoutErrorRetries: 1}\n"
          "  fallbacks: [{chat: [local]}]\n"
          "  model_group_alias: {gpt-4: chat, hidden-name: {model: local, hidden: true}}\n"
          "general_settings:\n"
          "  master_key: os.environ/LITELLM_MASTER_KEY\n"
          "  background_health_checks: true\n"
          "  health_check_interval: 300\n"
          "  store_prompts_in_spend_logs: false\n"
          "  maximum_spend_logs_retention_period: 30d\n"));
  g_assert_cmpuint (sluice_config_get_n_models (f->config), ==, 4);
  g_assert_cmpint (sluice_config_get_model (f->config, 2)->input_femto, ==, 0);
  g_assert_cmpint (sluice_config_get_model (f->config, 0)->timeout_ms, ==, 60000);
  /* 5 unset variables, one for each of 5 sections, and the cache's own */
  g_assert_cmpuint (f->findings->len, ==, 11);
}

static void
test_hostile (Fixture *f, gconstpointer data)
{
  static const char *const heads[] = {
    "model_list:\n", ITEM, "litellm_settings:\n", "sluice_settings:\n", "environment_variables:\n", "", "model_list: [",
  };
  static const struct {
    const char *before;
    const char *after;
  } pieces[] = {
    { "  - {k", ": 1}\n" }, { "      k", ": 1\n" }, { "  k", ": 1\n" }, { "  k", ": x\n" },
    { "  K", ": os.environ/NOT_SET\n" }, { "k", ": 1\n" }, { "[", "," },
  };

  for (guint i = 0; i < G_N_ELEMENTS (heads); i++)
    {
      g_autoptr (GString) text = g_string_new (heads[i]);
      gint64 before;

      for (guint j = 0; j < 30000; j++)
        g_string_append_printf (text, "%s%u%s", pieces[i].before, j, pieces[i].after);
      before = processor_us ();
      g_clear_pointer (&f->config, sluice_config_unref);
      g_ptr_array_set_size (f->findings, 0);
      f->config = sluice_config_parse ("f", text->str, text->len, f->environment, f->findings);
      g_test_message ("%s: %" G_GINT64_FORMAT " us", heads[i], processor_us () - before);
      g_assert_cmpint (processor_us () - before, <, HOSTILE_LIMIT_US);
      g_assert_cmpuint (f->findings->len, <=, 202);
      g_assert_cmpuint (f->findings->len, >, 0);
    }
}

/* Many names that refer to many others: what is compared for a good text is bounded. */
static void
test_hostile_names (Fixture *f, gconstpointer data)
{
  g_autoptr (GString) text = g_string_new ("credential_list:\n");
  gint64 before;

  for (guint i = 0; i < 4000; i++)
    g_string_append_printf (text, "  - {credential_name: c%u, credential_values: {}}\n", i);
  g_string_append (text, "model_list:\n");
  for (guint i = 0; i < 4000; i++)
    g_string_append_printf (text, "  - {model_name: m%u, litellm_params: {model: x, litellm_credential_name: z%u}}\n",
                            i, i);
  g_string_append (text, "litellm_settings: {default_fallbacks: [");
  for (guint i = 0; i < 20000; i++)
    g_string_append_printf (text, "n%u,", i);
  g_string_append (text, "]}\n");
  before = processor_us ();
  f->config = sluice_config_parse ("f", text->str, text->len, f->environment, f->findings);
  g_assert_cmpint (processor_us () - before, <, HOSTILE_LIMIT_US);
  g_assert_null (f->config);
  g_assert_cmpuint (f->findings->len, <=, 202);
}

int
main (int argc, char *argv[])
{
  static const ConfigTest tests[] = {
    { "/config/findings", test_findings },
    { "/config/values", test_values },
    { "/config/good-values", test_good_values },
    { "/config/many-findings", test_many_findings },
    { "/config/no-secrets", test_no_secrets },
    { "/config/broad-file", test_broad_file },
    { "/config/hostile", test_hostile },
    { "/config/hostile-names", test_hostile_names },
  };

  return run_config_tests (&argc, &argv, tests, G_N_ELEMENTS (tests));
}
