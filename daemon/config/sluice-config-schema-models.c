/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/sluice-config-schema-private.h"

static const SluiceKey model_item_keys[] = {
  { "model_name", STRING, USED },
  { "litellm_params", MAP, USED },
  { "model_info", MAP, USED },
  { "rpm", INT, PENDING },
  { "tpm", INT, PENDING },
};

const SluiceSchemaTable sluice_schema_model_item = SLUICE_SCHEMA_TABLE (model_item_keys);

/* What a model costs can stand beside its address or beside its description: the rows are the same in both. */
#define PRICE_KEYS \
  { "input_cost_per_token", NUMBER, USED }, \
  { "output_cost_per_token", NUMBER, USED }, \
  { "input_cost_per_second", NUMBER, PENDING }, \
  { "output_cost_per_second", NUMBER, PENDING }, \
  { "input_cost_per_pixel", NUMBER, PENDING }, \
  { "output_cost_per_pixel", NUMBER, PENDING }, \
  { "output_cost_per_image", NUMBER, PENDING }, \
  { "output_cost_per_reasoning_token", NUMBER, PENDING }, \
  { "input_cost_per_audio_token", NUMBER, PENDING }, \
  { "output_cost_per_audio_token", NUMBER, PENDING }, \
  { "cache_creation_input_token_cost", NUMBER, PENDING }, \
  { "cache_read_input_token_cost", NUMBER, PENDING }, \
  { "cache_creation_input_token_cost_above_200k_tokens", NUMBER, PENDING }, \
  { "cache_read_input_token_cost_above_200k_tokens", NUMBER, PENDING }, \
  { "input_cost_per_token_above_200k_tokens", NUMBER, PENDING }, \
  { "output_cost_per_token_above_200k_tokens", NUMBER, PENDING }, \
  { "input_cost_per_token_priority", NUMBER, PENDING }, \
  { "output_cost_per_token_priority", NUMBER, PENDING }, \
  { "cache_read_input_token_cost_priority", NUMBER, PENDING }, \
  { "input_cost_per_token_flex", NUMBER, PENDING }, \
  { "output_cost_per_token_flex", NUMBER, PENDING }, \
  { "cache_read_input_token_cost_flex", NUMBER, PENDING }

static const SluiceKey litellm_params_keys[] = {
  { "model", STRING, USED },
  { "custom_llm_provider", STRING, USED },
  { "api_base", STRING, USED },
  { "base_url", STRING, USED },
  { "api_key", STRING, USED },
  { "api_version", STRING, USED },
  { "region_name", STRING, USED },
  { "aws_region_name", STRING, USED },
  { "vertex_location", STRING, USED },
  { "watsonx_region_name", STRING, USED },
  { "organization", STRING_OR_LIST, USED },
  { "mock_response", STRING_OR_MAP, USED },
  PRICE_KEYS,
  { "timeout", NUMBER, USED },
  { "request_timeout", NUMBER, USED },
  { "stream_timeout", NUMBER, USED },
  { "rpm", INT, PENDING },
  { "tpm", INT, PENDING },
  { "itpm", INT, PENDING },
  { "otpm", INT, PENDING },
  { "max_parallel_requests", INT, PENDING },
  { "max_retries", INT, PENDING },
  { "num_retries", INT, PENDING },
  { "order", INT, PENDING },
  { "weight", NUMBER, PENDING },
  { "cooldown_time", NUMBER, PENDING },
  { "max_budget", NUMBER, PENDING },
  { "tags", LIST, PENDING },
  { "tag_regex", LIST, PENDING },
  { "additional_drop_params", LIST, PENDING },
  { "allowed_openai_params", LIST, PENDING },
  { "configurable_clientside_auth_params", LIST, PENDING },
  { "drop_params", BOOL, PENDING },
  { "use_in_pass_through", BOOL, PENDING },
  { "use_litellm_proxy", BOOL, PENDING },
  { "merge_reasoning_content_in_choices", BOOL, PENDING },
  { "stream", BOOL, PENDING },
  { "extra_headers", MAP, PENDING },
  { "headers", MAP, PENDING },
  { "extra_body", MAP, PENDING },
  { "budget_duration", ANY, PENDING },
  { "litellm_credential_name", STRING, USED },
  { "silent_model", STRING, PENDING },
  { "auto_router_config_path", STRING, PENDING },
  { "auto_router_default_model", STRING, PENDING },
  { "auto_router_embedding_model", STRING, PENDING },
  { "vertex_project", STRING, PENDING },
  { "aws_access_key_id", STRING, PENDING },
  { "aws_secret_access_key", STRING, PENDING },
  { "aws_session_token", STRING, PENDING },
  { "aws_role_name", STRING, PENDING },
  { "aws_session_name", STRING, PENDING },
  { "aws_profile_name", STRING, PENDING },
  { "aws_web_identity_token", STRING, PENDING },
  { "aws_bedrock_runtime_endpoint", STRING, PENDING },
  { "azure_ad_token", STRING, PENDING },
  { "tenant_id", STRING, PENDING },
  { "client_id", STRING, PENDING },
  { "client_secret", STRING, PENDING },
  { "auto_router_config", ANY, PENDING },
  { "vertex_credentials", ANY, PENDING },
  { "temperature", ANY, PARAMETER },
  { "top_p", ANY, PARAMETER },
  { "top_k", ANY, PARAMETER },
  { "min_p", ANY, PARAMETER },
  { "n", ANY, PARAMETER },
  { "max_tokens", ANY, PARAMETER },
  { "max_completion_tokens", ANY, PARAMETER },
  { "stop", ANY, PARAMETER },
  { "seed", ANY, PARAMETER },
  { "presence_penalty", ANY, PARAMETER },
  { "frequency_penalty", ANY, PARAMETER },
  { "repetition_penalty", ANY, PARAMETER },
  { "repeat_penalty", ANY, PARAMETER },
  { "logit_bias", ANY, PARAMETER },
  { "logprobs", ANY, PARAMETER },
  { "top_logprobs", ANY, PARAMETER },
  { "response_format", ANY, PARAMETER },
  { "tools", ANY, PARAMETER },
  { "tool_choice", ANY, PARAMETER },
  { "parallel_tool_calls", ANY, PARAMETER },
  { "reasoning_effort", ANY, PARAMETER },
  { "reasoning", ANY, PARAMETER },
  { "thinking", ANY, PARAMETER },
  { "verbosity", ANY, PARAMETER },
  { "modalities", ANY, PARAMETER },
  { "audio", ANY, PARAMETER },
  { "prediction", ANY, PARAMETER },
  { "service_tier", ANY, PARAMETER },
  { "store", ANY, PARAMETER },
  { "stream_options", ANY, PARAMETER },
  { "user", ANY, PARAMETER },
  { "metadata", ANY, PARAMETER },
  { "safety_identifier", ANY, PARAMETER },
  { "prompt_cache_key", ANY, PARAMETER },
  { "prompt_cache_retention", ANY, PARAMETER },
  { "web_search_options", ANY, PARAMETER },
  { "functions", ANY, PARAMETER },
  { "function_call", ANY, PARAMETER },
  { "dimensions", ANY, PARAMETER },
  { "encoding_format", ANY, PARAMETER },
  { "input_type", ANY, PARAMETER },
  { "suffix", ANY, PARAMETER },
  { "echo", ANY, PARAMETER },
  { "best_of", ANY, PARAMETER },
  { "num_ctx", ANY, PARAMETER },
  { "num_predict", ANY, PARAMETER },
  { "num_keep", ANY, PARAMETER },
  { "num_gpu", ANY, PARAMETER },
  { "num_thread", ANY, PARAMETER },
  { "keep_alive", ANY, PARAMETER },
  { "mirostat", ANY, PARAMETER },
  { "mirostat_eta", ANY, PARAMETER },
  { "mirostat_tau", ANY, PARAMETER },
  { "repeat_last_n", ANY, PARAMETER },
  { "tfs_z", ANY, PARAMETER },
  { "typical_p", ANY, PARAMETER },
  { "think", ANY, PARAMETER },
  { "format", ANY, PARAMETER },
  { "chat_template_kwargs", ANY, PARAMETER },
  { "guided_json", ANY, PARAMETER },
  { "guided_regex", ANY, PARAMETER },
  { "guided_choice", ANY, PARAMETER },
  { "guided_grammar", ANY, PARAMETER },
  { "structured_outputs", ANY, PARAMETER },
  { "stop_token_ids", ANY, PARAMETER },
  { "min_tokens", ANY, PARAMETER },
  { "ignore_eos", ANY, PARAMETER },
  { "skip_special_tokens", ANY, PARAMETER },
  { "length_penalty", ANY, PARAMETER },
  { "truncate_prompt_tokens", ANY, PARAMETER },
  { "voice", ANY, PARAMETER },
  { "speed", ANY, PARAMETER },
  { "size", ANY, PARAMETER },
  { "quality", ANY, PARAMETER },
  { "style", ANY, PARAMETER },
};

const SluiceSchemaTable sluice_schema_litellm_params = SLUICE_SCHEMA_TABLE (litellm_params_keys);

static const SluiceKey model_info_keys[] = {
  { "id", STRING_OR_INT, USED },
  { "local", BOOL, USED },
  { "max_tokens", INT, USED },
  { "max_output_tokens", INT, USED },
  PRICE_KEYS,
  { "max_input_tokens", INT, PENDING },
  { "mode", STRING, PENDING },
  { "base_model", STRING, PENDING },
  { "team_id", STRING, PENDING },
  { "team_public_model_name", STRING, PENDING },
  { "health_check_model", STRING, PENDING },
  { "health_check_voice", STRING, PENDING },
  { "tier", STRING, PENDING },
  { "litellm_provider", STRING, PENDING },
  { "supports_function_calling", BOOL, PENDING },
  { "supports_vision", BOOL, PENDING },
  { "supports_response_schema", BOOL, PENDING },
  { "supports_reasoning", BOOL, PENDING },
  { "supports_prompt_caching", BOOL, PENDING },
  { "supports_audio_input", BOOL, PENDING },
  { "supports_audio_output", BOOL, PENDING },
  { "supports_pdf_input", BOOL, PENDING },
  { "supports_tool_choice", BOOL, PENDING },
  { "supports_parallel_function_calling", BOOL, PENDING },
  { "supports_system_messages", BOOL, PENDING },
  { "supports_web_search", BOOL, PENDING },
  { "supports_assistant_prefill", BOOL, PENDING },
  { "disable_background_health_check", BOOL, PENDING },
  { "db_model", BOOL, PENDING },
  { "access_groups", LIST, PENDING },
  { "supported_environments", LIST, PENDING },
  { "custom_tokenizer", MAP, PENDING },
  { "allowed_fails_policy", MAP, PENDING },
  { "health_check_timeout", NUMBER, PENDING },
  { "health_check_max_tokens", NUMBER, PENDING },
  { "health_check_max_tokens_reasoning", NUMBER, PENDING },
  { "health_check_max_tokens_non_reasoning", NUMBER, PENDING },
  { "allowed_fails", NUMBER, PENDING },
  { "cooldown_time", NUMBER, PENDING },
  { "version", ANY, PENDING },
  { "created_at", ANY, PENDING },
  { "updated_at", ANY, PENDING },
};

const SluiceSchemaTable sluice_schema_model_info = SLUICE_SCHEMA_TABLE (model_info_keys);

static const SluiceKey credential_keys[] = {
  { "credential_name", STRING, USED },
  { "credential_values", MAP, USED },
  { "credential_info", MAP, USED },
};

const SluiceSchemaTable sluice_schema_credential = SLUICE_SCHEMA_TABLE (credential_keys);

static const SluiceKey credential_values_keys[] = {
  { "api_base", STRING, USED },
  { "base_url", STRING, USED },
  { "api_key", STRING, USED },
  { "api_version", STRING, USED },
  { "organization", STRING_OR_LIST, USED },
  { "region_name", STRING, USED },
  { "aws_region_name", STRING, USED },
  { "vertex_location", STRING, USED },
  { "watsonx_region_name", STRING, USED },
  { "vertex_project", STRING, PENDING },
  { "vertex_credentials", ANY, PENDING },
  { "aws_access_key_id", STRING, PENDING },
  { "aws_secret_access_key", STRING, PENDING },
  { "aws_session_token", STRING, PENDING },
  { "aws_role_name", STRING, PENDING },
  { "aws_session_name", STRING, PENDING },
  { "aws_profile_name", STRING, PENDING },
  { "aws_web_identity_token", STRING, PENDING },
  { "aws_bedrock_runtime_endpoint", STRING, PENDING },
  { "azure_ad_token", STRING, PENDING },
  { "tenant_id", STRING, PENDING },
  { "client_id", STRING, PENDING },
  { "client_secret", STRING, PENDING },
};

const SluiceSchemaTable sluice_schema_credential_values = SLUICE_SCHEMA_TABLE (credential_values_keys);
