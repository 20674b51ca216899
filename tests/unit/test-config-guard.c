/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test-config-support.h"

#include "time-factor.h"

#define PARAMS(more) ITEM "      " more "\n"

static const struct {
  const char *yaml;
  const char *path; /* %NULL: no budget */
} budget_rows[] = {
  { ITEM, NULL },
  { "litellm_settings: {max_budget: 10}\n", "litellm_settings.max_budget" },
  { "litellm_settings: {max_budget: ten}\n", "litellm_settings.max_budget" }, /* what is not understood limits too */
  { "litellm_settings: {max_budget: os.environ/NOT_SET}\n", "litellm_settings.max_budget" },
  { "litellm_settings: {max_budget: }\n", NULL },
  { "litellm_settings: {max_budgt: 10}\n", "litellm_settings.max_budgt" }, /* it was meant */
  { "litellm_settings: {max_bdgt: os.environ/NOT_SET}\n", "litellm_settings.max_bdgt" },
  { "litellm_settings: {MAX_BUDGET: 10}\n", "litellm_settings.MAX_BUDGET" },
  { "litellm_settings: {budget: 10}\n", "litellm_settings.budget" },
  { "general_settings: {max_budget: 10}\n", "general_settings.max_budget" },
  { "litellm_settings: {max_user_budget: 1, max_budget: 10}\n", "litellm_settings.max_user_budget" },
  { "litellm_settings: {tag_budget_config: {a: {max_budget: 1}}}\n",
    "litellm_settings.tag_budget_config.a.max_budget" },
  { "litellm_settings: {tag_budget_config: {a: {budget_limit: 1, time_period: 1d}}}\n",
    "litellm_settings.tag_budget_config.a.budget_limit" },
  { "litellm_settings: {tag_budget_config: [{a: {max_budget: 1}}]}\n",
    "litellm_settings.tag_budget_config[0].a.max_budget" },
  { "litellm_settings: {tag_budget_config: [a]}\n", "litellm_settings.tag_budget_config" },
  { "litellm_settings: {tag_budget_config: 5}\n", "litellm_settings.tag_budget_config" },
  { "litellm_settings: {tag_budget_config: {a: 5}}\n", "litellm_settings.tag_budget_config" },
  { "litellm_settings: {default_team_params: {max_budget: 1}}\n", "litellm_settings.default_team_params.max_budget" },
  { "litellm_settings: {default_team_params: {team_member_budget: 1}}\n",
    "litellm_settings.default_team_params.team_member_budget" },
  { "litellm_settings: {default_key_generate_params: {model_max_budget: {m: {budget_limit: 1}}}}\n",
    "litellm_settings.default_key_generate_params.model_max_budget.m.budget_limit" },
  { "litellm_settings: {default_key_generate_param: {max_budget: 1}}\n",
    "litellm_settings.default_key_generate_param.max_budget" },
  { "litellm_settings: {default_team_settings: [{team_id: x, max_budget: 1}]}\n",
    "litellm_settings.default_team_settings[0].max_budget" },
  { "router_settings: {provider_budget_config: {openai: {budget_limit: 1, time_period: 1d}}}\n",
    "router_settings.provider_budget_config.openai.budget_limit" },
  { "router_settings: {provider_budget_config: [openai]}\n", "router_settings.provider_budget_config" },
  { "router_settings: {provider_budget_config: {openai: 5}}\n", "router_settings.provider_budget_config" },
  { "router_settings: {provider_budget_confg: 5}\n", "router_settings.provider_budget_confg" },
  { "router_settings: {provider_bugdet_config: 5}\n", "router_settings.provider_bugdet_config" },
  { "router_seting: {provider_budget_config: 5}\n", "router_seting.provider_budget_config" },
  { "litellm_settings: {provider_budget_config: 5}\n", "litellm_settings.provider_budget_config" },
  { "provider_budget_config: 5\n", "provider_budget_config" },
  { "litellm_setings: {max_budget: 5}\n", "litellm_setings.max_budget" },
  { "general_settings: {litellm_settings: {max_budget: 5}}\n", "general_settings.litellm_settings.max_budget" },
  { "sluice_settings: {max_budget: 5}\n", "sluice_settings.max_budget" },
  { "x: &a {max_budget: 1}\nlitellm_settings: {<<: *a}\n", "x.max_budget" },
  { "environment_variables: {MAX_BUDGET: '5'}\n", "environment_variables.MAX_BUDGET" },
  { "router_settings: {default_litellm_params: {max_budget: 1}}\n",
    "router_settings.default_litellm_params.max_budget" },
  { PARAMS ("max_budget: 1"), "model_list[0].litellm_params.max_budget" },
  { PARAMS ("litellm_settings: {max_budget: 1}"), "model_list[0].litellm_params.litellm_settings.max_budget" },
  { PARAMS ("litellm_setings: {max_budget: 1}"), "model_list[0].litellm_params.litellm_setings.max_budget" },
  { PARAMS ("monthly_budget: 1"), "model_list[0].litellm_params.monthly_budget" },
  { PARAMS ("provider_budget_config: {a: {budget_limit: 1}}"), "model_list[0].litellm_params.provider_budget_config" },
  { "env: {MAX_BUDGET: '5'}\n", "env.MAX_BUDGET" },
  { "callback_settings: {otel: {max_budget: 1}}\n", "callback_settings.otel.max_budget" },
  { ITEM "    model_info: {max_budget: 1}\n", "model_list[0].model_info.max_budget" },
  { ITEM "    max_budget: 1\n", "model_list[0].max_budget" },
  /* no limits on what is spent */
  { "litellm_settings: {default_key_generate_params: {soft_budget: 1}}\n", NULL },
  { "litellm_settings: {max_ui_session_budget: 1, budget_duration: 30d, internal_user_budget_duration: 1d}\n", NULL },
  { "litellm_settings: {prometheus_initialize_budget_metrics: true, default_team_settings: [{max_budget: }]}\n", NULL },
  { "general_settings: {proxy_budget_rescheduler_min_time: 5, proxy_budget_rescheduler_max_time: 6}\n", NULL },
  { "general_settings: {disable_budget_reservation: true, disable_reset_budget: true, budget_reset_at: x}\n", NULL },
  { "general_settings: {alerting_args: {budget_alert_ttl: 5}, alert_to_webhook_url: {budget_alerts: x}}\n", NULL },
  { "environment_variables: {PROXY_BUDGET_RESCHEDULER_MIN_TIME: '5', LOW_THINKING_BUDGET: '1'}\n", NULL },
  { "sluice_settings: {body_budget_bytes: 1000000, body_budget_wait_ms: 5}\n", NULL },
  { PARAMS ("thinking: {type: enabled, budget_tokens: 1024, budget: 5}"), NULL },
  { PARAMS ("thinking_budget: 5\n      reasoning_budget: 5\n      budget_tokens: 5"), NULL },
  { PARAMS ("extra_body: {generationConfig: {thinkingConfig: {thinkingBudget: 0}}}"), NULL },
  { PARAMS ("metadata: {budget_code: x}\n      extra_headers: {X-Budget: y}\n      s3_bucket: b"), NULL },
  { PARAMS ("metadata: {max_budget: 1}\n      thinking: {max_budget: 1}\n      own: {a: [{max_budget: 1}]}"), NULL },
  { PARAMS ("tools: [{function: {parameters: {properties: {budget: {type: number}, max_budget: {}}}}}]"), NULL },
  { PARAMS ("response_format: {json_schema: {schema: {properties: {budget: {type: number}}}}}"), NULL },
  { PARAMS ("functions: [{parameters: {properties: {budget: 1}}}]\n      tool_choice: {budget: 1}"), NULL },
  { PARAMS ("extra_headers: {max_budget: x}\n      default_headers: {max_budget: x}"), NULL },
  { PARAMS ("extra_body: {think_budget: 1, compute_budget: 1, max_budget: 1}\n      think_budget: 5"), NULL },
  { "router_settings: {default_litellm_params: {metadata: {budget: 1}}}\n", NULL },
  { "guardrails: [{guardrail_name: a, litellm_params: {competitor_intent_config: {budget: 1}}}]\n", NULL },
  { "mcp_servers: {budget: {url: x, env: {MAX_BUDGET: '3'}, extra_headers: {budget: 1}}}\n", NULL },
  { "callback_settings: {datadog_cost_management: {budget_name: x}, budget_log: {a: b}}\n", NULL },
  { "environment_variables: {DEFAULT_SOFT_BUDGET: '5', SOFT_BUDGET_USD: '1'}\n", NULL },
  { ITEM "router_settings: {model_group_alias: {budget: m, low-budget: m}, fallbacks: [{budget: [m]}]}\n", NULL },
};

static void
test_budgets (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (budget_rows); i++)
    {
      guint n_said = 0;

      g_test_message ("%s", budget_rows[i].yaml);
      g_assert_nonnull (load (f, budget_rows[i].yaml));
      g_assert_cmpstr (sluice_config_get_unenforced_budget (f->config), ==, budget_rows[i].path);
      for (guint j = 0; j < f->findings->len; j++)
        n_said += strstr (finding (f, j)->message, "remove this key") != NULL
                  && g_strcmp0 (finding (f, j)->path, budget_rows[i].path) == 0;
      g_assert_cmpuint (n_said, ==, budget_rows[i].path != NULL ? 1 : 0);
    }
  load (f, "litellm_settings: {max_budget: 10}\n");
  g_assert_cmpuint (f->findings->len, ==, 1);
}

typedef struct {
  const char *yaml;
  const char *path;
  const char *words; /* of the only error */
} ErrorRow;

static void
check_errors (Fixture *f, const ErrorRow *rows, guint n_rows)
{
  for (guint i = 0; i < n_rows; i++)
    {
      g_test_message ("%s", rows[i].yaml);
      g_assert_null (load (f, rows[i].yaml));
      g_assert_cmpuint (sluice_findings_count (f->findings, SLUICE_FINDING_ERROR), ==, 1);
      for (guint j = 0; j < f->findings->len; j++)
        {
          if (finding (f, j)->level != SLUICE_FINDING_ERROR)
            continue;
          g_assert_cmpstr (finding (f, j)->path, ==, rows[i].path);
          g_assert_nonnull (strstr (finding (f, j)->message, rows[i].words));
        }
    }
}

static const ErrorRow guard_rows[] = {
  { "sluice_settings: {cloud_polcy: off}\n", "sluice_settings.cloud_polcy", "did you mean 'cloud_policy'?" },
  { "sluice_settings: {Cloud-Policy: off}\n", "sluice_settings.Cloud-Policy", "did you mean 'cloud_policy'?" },
  { "sluice_settings: {keyless_acess: no}\n", "sluice_settings.keyless_acess", "did you mean 'keyless_access'?" },
  { "sluice_settings: {keyless_clod_access: no}\n", "sluice_settings.keyless_clod_access", "'keyless_cloud_access'?" },
  { "litellm_settings: {require_auth_for_metrics_endpont: true}\n", "litellm_settings.require_auth_for_metrics_endpont",
    "did you mean 'require_auth_for_metrics_endpoint'?" },
  { "general_settings: {mastr_key: x}\n", "general_settings.mastr_key", "did you mean 'master_key'?" },
  { "general_settings: {MASTER_KEY: x}\n", "general_settings.MASTER_KEY", "did you mean 'master_key'?" },
  { "general_setings: {master_key: x}\n", "general_setings", "did you mean 'general_settings'?" },
  { "sluice_setings: {cloud_policy: off}\n", "sluice_setings", "did you mean 'sluice_settings'?" },
  { "cloud_policy: off\n", "cloud_policy", "belongs to sluice_settings, here it has no effect" },
  { "cloud_polcy: off\n", "cloud_polcy", "did you mean 'cloud_policy', which belongs to sluice_settings?" },
  { "litellm_settings: {cloud_policy: off}\n", "litellm_settings.cloud_policy", "belongs to sluice_settings" },
  { "general_settings: {cloud_policy: off}\n", "general_settings.cloud_policy", "belongs to sluice_settings" },
  { "general: {master_key: x}\n", "general.master_key", "belongs to general_settings" },
  { "litellm_setings: {master_key: x}\n", "litellm_setings.master_key", "belongs to general_settings" },
  { "litellm_setings: {require_auth_for_metrics_endpoint: yes}\n", "litellm_setings.require_auth_for_metrics_endpoint",
    "belongs to litellm_settings" },
  { "sluice_settings: {master_key: x}\n", "sluice_settings.master_key", "belongs to general_settings" },
  { "zzzzz: {a: [{keyless_access: no}]}\n", "zzzzz.a[0].keyless_access", "belongs to sluice_settings" },
  { "litellm_settings: {general_settings: {master_key: x}}\n", "litellm_settings.general_settings",
    "belongs to the top level" },
  { "litellm_settings: {sluice_settngs: {cloud_policy: off}}\n", "litellm_settings.sluice_settngs",
    "'sluice_settings', which belongs to the top level?" },
  { "router_settings: {model_group_alias: {master_key: x}}\n", "router_settings.model_group_alias.master_key",
    "belongs to general_settings" },
  { PARAMS ("master_key: x"), "model_list[0].litellm_params.master_key", "belongs to general_settings" },
  { PARAMS ("mastr_key: x"), "model_list[0].litellm_params.mastr_key", "'master_key', which belongs to" },
  { PARAMS ("general_settings: {master_key: x}"), "model_list[0].litellm_params.general_settings",
    "belongs to the top level" },
  { ITEM "    cloud_policy: off\n", "model_list[0].cloud_policy", "belongs to sluice_settings" },
};

static const ErrorRow joined_rows[] = {
  { "general_settings: {master_key:sk-SECRET}\n", "general_settings.master_key...",
    "a blank is missing after the colon of 'master_key'" },
  { "general_settings: {master_key sk-SECRET}\n", "general_settings.master_key...",
    "'master_key' and its value are one text here" },
  { "general_settings: {master_key=SECRET: }\n", "general_settings.master_key...", "are one text here" },
  { "general_settings: {'master_key: SECRET': 1}\n", "general_settings.master_key...", "are one text here" },
  { "zzzzz: {'master_key:SECRET': 1}\n", "zzzzz.master_key...", "a blank is missing" },
  { "router_settings: {model_group_alias: {'cloud_policy:off': x}}\n",
    "router_settings.model_group_alias.cloud_policy...", "a blank is missing" },
  { "litellm_settings: {drop_params:true}\n", "litellm_settings.drop_params...", "'drop_params'" },
  { "litellm_settings: {something:true}\n", "litellm_settings.something...", "a blank is missing" },
  { "litellm_settings: {'something:true': 5}\n", "litellm_settings.something...", "a blank is missing" },
  { "litellm_settings: {cache_params: {password:SECRET}}\n", "litellm_settings.cache_params.password...",
    "a blank is missing" },
  { "model_list: [{model_name: m, litellm_params: {model: ollama/x, api_key:SECRET}}]\n",
    "model_list[0].litellm_params.api_key...", "a blank is missing after the colon of 'api_key'" },
  { PARAMS ("extra_body: {api_key:SECRET}"), "model_list[0].litellm_params.extra_body.api_key...", "is missing" },
  { "environment_variables: {'KEY=SECRET': x}\n", "environment_variables.KEY...", "'KEY' and its value" },
  { "environment_variables: {KEY:SECRET}\n", "environment_variables.KEY...", "a blank is missing" },
  { "zzzzz:\n  master_key:sk-SECRET\n", "zzzzz", "a blank is missing after the colon of 'master_key'" },
  { "general_settings:\n  completion_model: m\n    master_key:sk-SECRET\n", "general_settings.completion_model",
    "this text goes on in further lines, where 'master_key:' is no key" },
  { "zzzzz:\n  host: h\n\n    Cloud-Policy:SECRET\n", "zzzzz.host", "'Cloud-Policy:' is no key" },
  { PARAMS ("own_one: x\n        y\n        max_budget:5"), "model_list[0].litellm_params.own_one", "'max_budget:'" },
  { "zzzzz:\n  max_budget:5\n  a:b\n", "zzzzz", "'max_budget:'" },
  { "zzzzz:\n  - a\n   keyless_access:off\n", "zzzzz[0]", "'keyless_access:'" },
  { "zzzzz:\n  max_budget:5\n", "zzzzz", "a blank is missing after the colon of 'max_budget'" },
  { "zzzzz:\n  - cloud_policy=off\n", "zzzzz[0]", "'cloud_policy'" },
  { "environment_variables: {export KEY: x}\n", "environment_variables.export...", "the name of a variable" },
};

static const ErrorRow invisible_rows[] = {
  { "general_settings:\n\u00a0 master_key: SECRET\n", "...",
    "this key holds U+00A0, a blank that YAML does not take for one: replace it, did you mean 'master_key'?" },
  { "general_settings:\n  \u00a0master_key: SECRET\n", "general_settings....", "did you mean 'master_key'?" },
  { "sluice_settings:\n\u3000cloud_policy: off\n", "...", "U+3000, a blank that YAML does not take for one" },
  { "sluice_settings: {cloud_policy\u2003: off}\n", "sluice_settings.cloud_policy...", "mean 'cloud_policy'?" },
  { "sluice_settings: {cloud\u200bpolicy: off}\n", "sluice_settings.cloud...",
    "U+200B, a character that nobody sees: remove it, did you mean 'cloud_policy'?" },
  { "litellm_settings: {\"max_budget\\uFEFF\": 1}\n", "litellm_settings.max_budget...", "mean 'max_budget'?" },
  { "\"model_list\\_\": []\n", "model_list...", "U+00A0" },
  { "zzzzz: {\"a\\Nb\": 1}\n", "zzzzz.a...", "U+0085, a blank" },
  { "zzzzz: {\"a\\Lb\": 1}\n", "zzzzz.a...", "U+2028" },
  { "zzzzz: {a\u00adb: 1}\n", "zzzzz.a...", "U+00AD, a character that nobody sees" },
  { "zzzzz: {a\u202fb: 1}\n", "zzzzz.a...", "U+202F" },
  { "zzzzz: {a\u205fb: 1}\n", "zzzzz.a...", "U+205F" },
  { "zzzzz: {a\u2060b: 1}\n", "zzzzz.a...", "U+2060" },
  { ITEM "router_settings: {model_group_alias: {my\u00a0gpt: m}}\n", "router_settings.model_group_alias.my...",
    "replace it" },
  { PARAMS ("metadata: {my\u00a0team: m}"), "model_list[0].litellm_params.metadata.my...", "U+00A0" },
  { PARAMS ("api_base\u00a0: x"), "model_list[0].litellm_params.api_base...", "did you mean 'api_base'?" },
};

static void
test_invisible (Fixture *f, gconstpointer data)
{
  check_errors (f, invisible_rows, G_N_ELEMENTS (invisible_rows));
  g_assert_nonnull (load (f, ITEM "zzzzz: {a: \"x\u00a0y\", a b: 1, \u00e9t\u00e9: 1, \U0001f980: 1}\n"));
  load (f, "general_settings:\n  \u00a0master_key: x\n");
  g_assert_cmpuint (finding (f, 0)->line, ==, 2);
  g_assert_cmpuint (finding (f, 0)->column, ==, 3);
}

static void
test_guards (Fixture *f, gconstpointer data)
{
  check_errors (f, guard_rows, G_N_ELEMENTS (guard_rows));
}

static void
test_joined (Fixture *f, gconstpointer data)
{
  check_errors (f, joined_rows, G_N_ELEMENTS (joined_rows));
}

/* Names that are near a guarded one, or look like two, where they mean something else. */
static void
test_no_false_alarm (Fixture *f, gconstpointer data)
{
  static const char *const texts[] = {
    "environment_variables: {MASTER_KEY: x, CLOUD_POLICY: y, LITELLM_SALT_KEY: z}\n",
    PARAMS ("metadata: {user_key: x, cluster_key: y, 'team:blue': 1}\n      user_key: x"),
    PARAMS ("extra_headers: {X-Master-Key: x, master_key: x}\n      metadata: {'master_key:a': 1, mastr_key: x}"),
    PARAMS ("extra_body: {master_key: x, s: a\n        master_key:x}"),
    PARAMS ("tools: [{parameters: {properties: {master_key: {type: string}, general_settings: {type: string}}}}]"),
    "zzzzz: {description: 'a\n    master_key:x'}\nyyyyy: the one\n  with a key:value\n  and model_list:x in it\n",
    ITEM "router_settings: {model_group_alias: {'llama3:8b': m, 'a=b': m}, fallbacks: [{'llama3:8b': [m]}]}\n",
    "litellm_settings: {tag_budget_config: {'product:chat': {max_budget: 1}}}\n",
    "x: &g {master_key: sk-9f86d081884c7d65}\ngeneral_settings: *g\n",
    "x: &g {keyless_access: no}\nsluice_settings:\n  <<: *g\n  cloud_policy: off\n",
    "zzzzz: {description: 'master_key: is told by nobody', url: 'http://h/?master_key=1'}\n",
    "callback_settings: {otel: {message_logging: no}}\nzzzzz: {key: x, policy: y, access: z}\n",
    "general_settings: {master_key: sk-9f86d081884c7d65}\nsluice_settings: {cloud_policy: off, keyless_access: no}\n",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_test_message ("%s", texts[i]);
      g_assert_nonnull (load (f, texts[i]));
    }
}

/* What belongs elsewhere is not sent to a provider; what a model can be asked with is. */
static void
test_params_of_others (Fixture *f, gconstpointer data)
{
  static const char *const others[][2] = {
    { "database_url", "general_settings" },  { "litellm_license", "general_settings" },
    { "redis_password", "router_settings" }, { "cache_params", "litellm_settings" },
    { "allowed_hosts", "sluice_settings" },  { "environment_variables", "the top level" },
  };
  const SluiceConfigModel *model;

  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      g_autofree char *text = g_strdup_printf (ITEM "      %s: SECRET\n", others[i][0]);

      model = sluice_config_get_model (load (f, text), 0);
      g_assert_cmpuint (model->defaults->len, ==, 0);
      g_assert_cmpuint (f->findings->len, ==, 1);
      g_assert_nonnull (strstr (finding (f, 0)->message, others[i][1]));
      g_assert_nonnull (strstr (finding (f, 0)->message, "it is not sent to the provider"));
    }
  model = sluice_config_get_model (load (f, PARAMS ("metadata: {a: b}\n      temperature: 1\n      own_one: 2\n"
                                                    "      timeout: 5\n      max_retries: 1\n      num_retries: 2\n"
                                                    "      drop_params: true\n      api_key: k")), 0);
  g_assert_cmpuint (model->defaults->len, ==, 3);
  g_assert_cmpint (model->timeout_ms, ==, 5000);
  g_assert_cmpstr (model->api_key, ==, "k");
}

/* Each name is looked at once, and what is compared is bounded. */
static void
test_hostile (Fixture *f, gconstpointer data)
{
  static const struct {
    const char *head;
    const char *before;
    const char *after;
    const char *tail;
  } rows[] = {
    { "zzzzz:\n", "  master_k", ": 1\n", "" },
    { "zzzzz:\n", "  max_budget_", ": 1\n", "" },
    { "zzzzz:\n", "  b_u_d_g_e_t_b_u_", ": 1\n", "" },
    { "", "general_settin", ": 1\n", "" },
    { "zzzzz: {", "master_key:x", ",\n", "}" },
    { "zzzzz:\n", "  \u00a0master_k", ": 1\n", "" },
    { "zzzzz: a\n", "  master_ke:", " x   \n", "" },
    { "zzzzz: a\n  b", "      \t          ", "", "c\n" },
    { "zzzzz: [", "{cloud_polcy: 1, x", ": {max_budget: 1}},\n", "]" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GString) text = g_string_new (rows[i].head);
      gint64 before;

      for (guint j = 0; j < 20000; j++)
        g_string_append_printf (text, "%s%u%s", rows[i].before, j, rows[i].after);
      g_string_append (text, rows[i].tail);
      before = processor_us ();
      load (f, text->str);
      g_test_message ("%s: %" G_GINT64_FORMAT " us", rows[i].before, processor_us () - before);
      g_assert_cmpint (processor_us () - before, <, HOSTILE_LIMIT_US);
      g_assert_cmpuint (f->findings->len, >, 0);
      g_assert_cmpuint (f->findings->len, <=, 202);
    }
}

int
main (int argc, char *argv[])
{
  static const ConfigTest tests[] = {
    { "/config-guard/budgets", test_budgets },
    { "/config-guard/guards", test_guards },
    { "/config-guard/joined", test_joined },
    { "/config-guard/invisible", test_invisible },
    { "/config-guard/no-false-alarm", test_no_false_alarm },
    { "/config-guard/params-of-others", test_params_of_others },
    { "/config-guard/hostile", test_hostile },
  };

  return run_config_tests (&argc, &argv, tests, G_N_ELEMENTS (tests));
}
