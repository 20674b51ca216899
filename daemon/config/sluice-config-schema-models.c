/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/sluice-config-schema-private.h"

static const char *const mode_words[] = {
  "chat", "completion", "embedding", "image_generation", "audio_transcription", "audio_speech", "rerank", "moderation",
  "realtime", "batch", "ocr", "responses", NULL,
};
static const char *const tier_words[] = { "free", "paid", NULL };
static const char *const environment_words[] = { "development", "staging", "production", NULL };

static const SluiceKey model_item_keys[] = {
  KEY ("model_name", STRING, USED),
  KEY ("litellm_params", MAP, USED, VITAL, PARAMS),
  KEY ("model_info", MAP, USED, VITAL),
  KEY ("rpm", INT, PENDING, COUNT),
  KEY ("tpm", INT, PENDING, COUNT),
};

const SluiceSchemaTable sluice_schema_model_item = SLUICE_SCHEMA_TABLE (model_item_keys);

/* What a model costs can stand beside its address or beside its description: the rows are the same in both. */
#define PRICE_KEYS \
  KEY ("input_cost_per_token", NUMBER, USED), \
  KEY ("output_cost_per_token", NUMBER, USED), \
  KEY ("input_cost_per_second", NUMBER, PENDING, PRICE), \
  KEY ("output_cost_per_second", NUMBER, PENDING, PRICE), \
  KEY ("input_cost_per_pixel", NUMBER, PENDING, PRICE), \
  KEY ("output_cost_per_pixel", NUMBER, PENDING, PRICE), \
  KEY ("output_cost_per_image", NUMBER, PENDING, PRICE), \
  KEY ("output_cost_per_reasoning_token", NUMBER, PENDING, PRICE), \
  KEY ("input_cost_per_audio_token", NUMBER, PENDING, PRICE), \
  KEY ("output_cost_per_audio_token", NUMBER, PENDING, PRICE), \
  KEY ("cache_creation_input_token_cost", NUMBER, PENDING, PRICE), \
  KEY ("cache_read_input_token_cost", NUMBER, PENDING, PRICE), \
  KEY ("cache_creation_input_token_cost_above_200k_tokens", NUMBER, PENDING, PRICE), \
  KEY ("cache_read_input_token_cost_above_200k_tokens", NUMBER, PENDING, PRICE), \
  KEY ("input_cost_per_token_above_200k_tokens", NUMBER, PENDING, PRICE), \
  KEY ("output_cost_per_token_above_200k_tokens", NUMBER, PENDING, PRICE), \
  KEY ("input_cost_per_token_priority", NUMBER, PENDING, PRICE), \
  KEY ("output_cost_per_token_priority", NUMBER, PENDING, PRICE), \
  KEY ("cache_read_input_token_cost_priority", NUMBER, PENDING, PRICE), \
  KEY ("input_cost_per_token_flex", NUMBER, PENDING, PRICE), \
  KEY ("output_cost_per_token_flex", NUMBER, PENDING, PRICE), \
  KEY ("cache_read_input_token_cost_flex", NUMBER, PENDING, PRICE)

static const SluiceKey litellm_params_keys[] = {
  KEY ("model", STRING, USED),
  KEY ("custom_llm_provider", STRING, USED, VITAL),
  KEY ("api_base", STRING, USED, VITAL, .keeps_unset = TRUE),
  KEY ("base_url", STRING, USED, VITAL, .keeps_unset = TRUE),
  KEY ("api_key", STRING, USED, VITAL),
  KEY ("api_version", STRING, USED),
  KEY ("api_type", STRING, PENDING),
  KEY ("region_name", STRING, USED),
  KEY ("aws_region_name", STRING, USED),
  KEY ("vertex_location", STRING, USED),
  KEY ("watsonx_region_name", STRING, USED),
  KEY ("organization", STRING_OR_LIST, USED),
  KEY ("mock_response", STRING_OR_MAP, USED),
  PRICE_KEYS,
  KEY ("timeout", NUMBER, USED),
  KEY ("request_timeout", NUMBER, USED),
  KEY ("stream_timeout", NUMBER, USED),
  KEY ("rpm", INT, PENDING, COUNT),
  KEY ("tpm", INT, PENDING, COUNT),
  KEY ("itpm", INT, PENDING, COUNT),
  KEY ("otpm", INT, PENDING, COUNT),
  KEY ("max_parallel_requests", INT, PENDING, RANGE (1, 1000000)),
  KEY ("max_retries", INT, PENDING, RETRIES),
  KEY ("num_retries", INT, PENDING, RETRIES),
  KEY ("order", INT, PENDING, RANGE (0, 1000000)),
  KEY ("weight", NUMBER, PENDING, RANGE (0, 1000000000)),
  KEY ("cooldown_time", NUMBER, PENDING, SECONDS_OR_0),
  KEY ("max_budget", NUMBER, PENDING, BUDGET),
  KEY ("tags", LIST, PENDING, TEXTS),
  KEY ("tag_regex", LIST, PENDING, TEXTS),
  KEY ("additional_drop_params", LIST, PENDING, TEXTS),
  KEY ("allowed_openai_params", LIST, PENDING, TEXTS),
  KEY ("configurable_clientside_auth_params", LIST, PENDING),
  KEY ("drop_params", BOOL, PENDING),
  KEY ("use_in_pass_through", BOOL, PENDING),
  KEY ("use_litellm_proxy", BOOL, PENDING),
  KEY ("merge_reasoning_content_in_choices", BOOL, PENDING),
  KEY ("stream", BOOL, PENDING),
  KEY ("extra_headers", MAP, PENDING, NAMES),
  KEY ("headers", MAP, PENDING, NAMES),
  KEY ("extra_body", MAP, PENDING),
  KEY ("budget_duration", STRING, PENDING, DURATION),
  KEY ("litellm_credential_name", STRING, USED, VITAL),
  KEY ("silent_model", STRING, PENDING, GROUP),
  KEY ("auto_router_config_path", STRING, PENDING),
  KEY ("auto_router_default_model", STRING, PENDING, GROUP),
  KEY ("auto_router_embedding_model", STRING, PENDING, GROUP),
  KEY ("vertex_project", STRING, PENDING),
  KEY ("aws_access_key_id", STRING, PENDING),
  KEY ("aws_secret_access_key", STRING, PENDING),
  KEY ("aws_session_token", STRING, PENDING),
  KEY ("aws_role_name", STRING, PENDING),
  KEY ("aws_session_name", STRING, PENDING),
  KEY ("aws_profile_name", STRING, PENDING),
  KEY ("aws_web_identity_token", STRING, PENDING),
  KEY ("aws_bedrock_runtime_endpoint", STRING, PENDING),
  KEY ("azure_ad_token", STRING, PENDING),
  KEY ("tenant_id", STRING, PENDING),
  KEY ("client_id", STRING, PENDING),
  KEY ("client_secret", STRING, PENDING),
  KEY ("auto_router_config", ANY, PENDING),
  KEY ("vertex_credentials", ANY, PENDING),
  KEY ("temperature", ANY, PARAMETER),
  KEY ("top_p", ANY, PARAMETER),
  KEY ("top_k", ANY, PARAMETER),
  KEY ("min_p", ANY, PARAMETER),
  KEY ("n", ANY, PARAMETER),
  KEY ("max_tokens", ANY, PARAMETER),
  KEY ("max_completion_tokens", ANY, PARAMETER),
  KEY ("stop", ANY, PARAMETER),
  KEY ("seed", ANY, PARAMETER),
  KEY ("presence_penalty", ANY, PARAMETER),
  KEY ("frequency_penalty", ANY, PARAMETER),
  KEY ("repetition_penalty", ANY, PARAMETER),
  KEY ("repeat_penalty", ANY, PARAMETER),
  KEY ("logit_bias", ANY, PARAMETER, NAMES),
  KEY ("logprobs", ANY, PARAMETER),
  KEY ("top_logprobs", ANY, PARAMETER),
  KEY ("response_format", ANY, PARAMETER),
  KEY ("tools", ANY, PARAMETER),
  KEY ("tool_choice", ANY, PARAMETER),
  KEY ("parallel_tool_calls", ANY, PARAMETER),
  KEY ("reasoning_effort", ANY, PARAMETER),
  KEY ("reasoning", ANY, PARAMETER),
  KEY ("thinking", ANY, PARAMETER),
  KEY ("verbosity", ANY, PARAMETER),
  KEY ("modalities", ANY, PARAMETER),
  KEY ("audio", ANY, PARAMETER),
  KEY ("prediction", ANY, PARAMETER),
  KEY ("service_tier", ANY, PARAMETER),
  KEY ("store", ANY, PARAMETER),
  KEY ("stream_options", ANY, PARAMETER),
  KEY ("user", ANY, PARAMETER),
  KEY ("metadata", ANY, PARAMETER, NAMES),
  KEY ("safety_identifier", ANY, PARAMETER),
  KEY ("prompt_cache_key", ANY, PARAMETER),
  KEY ("prompt_cache_retention", ANY, PARAMETER),
  KEY ("web_search_options", ANY, PARAMETER),
  KEY ("functions", ANY, PARAMETER),
  KEY ("function_call", ANY, PARAMETER),
  KEY ("dimensions", ANY, PARAMETER),
  KEY ("encoding_format", ANY, PARAMETER),
  KEY ("input_type", ANY, PARAMETER),
  KEY ("suffix", ANY, PARAMETER),
  KEY ("echo", ANY, PARAMETER),
  KEY ("best_of", ANY, PARAMETER),
  KEY ("num_ctx", ANY, PARAMETER),
  KEY ("num_predict", ANY, PARAMETER),
  KEY ("num_keep", ANY, PARAMETER),
  KEY ("num_gpu", ANY, PARAMETER),
  KEY ("num_thread", ANY, PARAMETER),
  KEY ("keep_alive", ANY, PARAMETER),
  KEY ("mirostat", ANY, PARAMETER),
  KEY ("mirostat_eta", ANY, PARAMETER),
  KEY ("mirostat_tau", ANY, PARAMETER),
  KEY ("repeat_last_n", ANY, PARAMETER),
  KEY ("tfs_z", ANY, PARAMETER),
  KEY ("typical_p", ANY, PARAMETER),
  KEY ("think", ANY, PARAMETER),
  KEY ("format", ANY, PARAMETER),
  KEY ("chat_template_kwargs", ANY, PARAMETER),
  KEY ("guided_json", ANY, PARAMETER),
  KEY ("guided_regex", ANY, PARAMETER),
  KEY ("guided_choice", ANY, PARAMETER),
  KEY ("guided_grammar", ANY, PARAMETER),
  KEY ("structured_outputs", ANY, PARAMETER),
  KEY ("stop_token_ids", ANY, PARAMETER),
  KEY ("min_tokens", ANY, PARAMETER),
  KEY ("ignore_eos", ANY, PARAMETER),
  KEY ("skip_special_tokens", ANY, PARAMETER),
  KEY ("length_penalty", ANY, PARAMETER),
  KEY ("truncate_prompt_tokens", ANY, PARAMETER),
  KEY ("voice", ANY, PARAMETER),
  KEY ("speed", ANY, PARAMETER),
  KEY ("size", ANY, PARAMETER),
  KEY ("quality", ANY, PARAMETER),
  KEY ("style", ANY, PARAMETER),
};

const SluiceSchemaTable sluice_schema_litellm_params = SLUICE_SCHEMA_TABLE (litellm_params_keys);

static const SluiceKey model_info_keys[] = {
  KEY ("id", STRING_OR_INT, USED),
  KEY ("local", BOOL, USED, VITAL),
  KEY ("max_tokens", INT, USED),
  KEY ("max_output_tokens", INT, USED),
  PRICE_KEYS,
  KEY ("max_input_tokens", INT, PENDING, RANGE (1, 1000000000)),
  KEY ("max_budget", NUMBER, PENDING, BUDGET),
  KEY ("budget_duration", STRING, PENDING, DURATION),
  KEY ("mode", STRING, PENDING, WORD (mode_words), OTHERWISE ("chat")),
  KEY ("base_model", STRING, PENDING),
  KEY ("team_id", STRING, PENDING),
  KEY ("team_public_model_name", STRING, PENDING),
  KEY ("health_check_model", STRING, PENDING),
  KEY ("health_check_voice", STRING, PENDING),
  KEY ("tier", STRING, PENDING, WORD (tier_words)),
  KEY ("litellm_provider", STRING, PENDING),
  KEY ("supports_function_calling", BOOL, PENDING),
  KEY ("supports_vision", BOOL, PENDING),
  KEY ("supports_response_schema", BOOL, PENDING),
  KEY ("supports_reasoning", BOOL, PENDING),
  KEY ("supports_prompt_caching", BOOL, PENDING),
  KEY ("supports_audio_input", BOOL, PENDING),
  KEY ("supports_audio_output", BOOL, PENDING),
  KEY ("supports_pdf_input", BOOL, PENDING),
  KEY ("supports_tool_choice", BOOL, PENDING),
  KEY ("supports_parallel_function_calling", BOOL, PENDING),
  KEY ("supports_system_messages", BOOL, PENDING),
  KEY ("supports_web_search", BOOL, PENDING),
  KEY ("supports_assistant_prefill", BOOL, PENDING),
  KEY ("disable_background_health_check", BOOL, PENDING),
  KEY ("db_model", BOOL, PENDING),
  KEY ("access_groups", LIST, PENDING, TEXTS),
  KEY ("supported_environments", LIST, PENDING, WORD_LIST (environment_words)),
  KEY ("custom_tokenizer", MAP, PENDING),
  KEY ("allowed_fails_policy", MAP, PENDING, SECTION (FAILS_POLICY)),
  KEY ("health_check_timeout", NUMBER, PENDING, SECONDS),
  KEY ("health_check_max_tokens", NUMBER, PENDING, RANGE (1, 1000000000)),
  KEY ("health_check_max_tokens_reasoning", NUMBER, PENDING, RANGE (1, 1000000000)),
  KEY ("health_check_max_tokens_non_reasoning", NUMBER, PENDING, RANGE (1, 1000000000)),
  KEY ("allowed_fails", NUMBER, PENDING, COUNT),
  KEY ("cooldown_time", NUMBER, PENDING, SECONDS_OR_0),
  KEY ("version", ANY, PENDING),
  KEY ("created_at", ANY, PENDING),
  KEY ("updated_at", ANY, PENDING),
};

const SluiceSchemaTable sluice_schema_model_info = SLUICE_SCHEMA_TABLE (model_info_keys);

static const SluiceKey credential_keys[] = {
  KEY ("credential_name", STRING, USED),
  KEY ("credential_values", MAP, USED),
  KEY ("credential_info", MAP, USED),
};

const SluiceSchemaTable sluice_schema_credential = SLUICE_SCHEMA_TABLE (credential_keys);

static const SluiceKey credential_values_keys[] = {
  KEY ("api_base", STRING, USED, VITAL, .keeps_unset = TRUE),
  KEY ("base_url", STRING, USED, VITAL, .keeps_unset = TRUE),
  KEY ("api_key", STRING, USED, VITAL),
  KEY ("api_version", STRING, USED),
  KEY ("api_type", STRING, PENDING),
  KEY ("organization", STRING_OR_LIST, USED),
  KEY ("region_name", STRING, USED),
  KEY ("aws_region_name", STRING, USED),
  KEY ("vertex_location", STRING, USED),
  KEY ("watsonx_region_name", STRING, USED),
  KEY ("vertex_project", STRING, PENDING),
  KEY ("vertex_credentials", ANY, PENDING),
  KEY ("aws_access_key_id", STRING, PENDING),
  KEY ("aws_secret_access_key", STRING, PENDING),
  KEY ("aws_session_token", STRING, PENDING),
  KEY ("aws_role_name", STRING, PENDING),
  KEY ("aws_session_name", STRING, PENDING),
  KEY ("aws_profile_name", STRING, PENDING),
  KEY ("aws_web_identity_token", STRING, PENDING),
  KEY ("aws_bedrock_runtime_endpoint", STRING, PENDING),
  KEY ("azure_ad_token", STRING, PENDING),
  KEY ("tenant_id", STRING, PENDING),
  KEY ("client_id", STRING, PENDING),
  KEY ("client_secret", STRING, PENDING),
};

const SluiceSchemaTable sluice_schema_credential_values = SLUICE_SCHEMA_TABLE (credential_values_keys);
