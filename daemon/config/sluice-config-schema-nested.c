/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/sluice-config-schema-private.h"

static const char *const cache_words[] = {
  "local", "redis", "redis-semantic", "s3", "gcs", "azure-blob", "disk", "qdrant-semantic", NULL,
};
static const char *const cache_mode_words[] = { "default_on", "default_off", NULL };
static const char *const quantization_words[] = { "binary", "scalar", "product", NULL };
static const char *const call_words[] = {
  "completion", "acompletion", "text_completion", "atext_completion", "embedding", "aembedding", "transcription",
  "atranscription", "rerank", "arerank", "responses", "aresponses", NULL,
};

static const SluiceKey cache_params_keys[] = {
  KEY ("type", STRING, CHECKED, WORD (cache_words), OTHERWISE ("redis")),
  KEY ("mode", STRING, CHECKED, WORD (cache_mode_words), OTHERWISE ("default_on")),
  KEY ("ttl", NUMBER, CHECKED, SECONDS),
  KEY ("namespace", STRING, CHECKED),
  KEY ("supported_call_types", LIST, CHECKED, WORD_LIST (call_words)),
  KEY ("default_in_memory_ttl", NUMBER, CHECKED, SECONDS),
  KEY ("default_in_redis_ttl", NUMBER, CHECKED, SECONDS),
  KEY ("default_redis_ttl", NUMBER, CHECKED, SECONDS),
  KEY ("host", STRING, CHECKED),
  KEY ("port", INT, CHECKED, RANGE (1, 65535)),
  KEY ("password", STRING_OR_INT, CHECKED),
  KEY ("username", STRING, CHECKED),
  KEY ("db", INT, CHECKED, RANGE (0, 1000000)),
  KEY ("url", STRING, CHECKED),
  KEY ("ssl", BOOL, CHECKED),
  KEY ("ssl_cert_reqs", ANY, CHECKED),
  KEY ("ssl_check_hostname", BOOL, CHECKED),
  KEY ("ssl_ca_certs", STRING, CHECKED),
  KEY ("max_connections", INT, CHECKED, RANGE (1, 1000000)),
  KEY ("redis_flush_size", INT, CHECKED, RANGE (1, 1000000)),
  KEY ("socket_timeout", NUMBER, CHECKED, SECONDS),
  KEY ("redis_startup_nodes", LIST, CHECKED),
  KEY ("service_name", STRING, CHECKED),
  KEY ("sentinel_nodes", LIST, CHECKED),
  KEY ("sentinel_password", STRING_OR_INT, CHECKED),
  KEY ("gcp_service_account", STRING, CHECKED),
  KEY ("gcp_ssl_ca_certs", STRING, CHECKED),
  KEY ("similarity_threshold", NUMBER, CHECKED, RANGE (0, 1)),
  KEY ("redis_semantic_cache_embedding_model", STRING, CHECKED),
  KEY ("redis_semantic_cache_index_name", STRING, CHECKED),
  KEY ("qdrant_api_base", STRING, CHECKED),
  KEY ("qdrant_api_key", STRING, CHECKED),
  KEY ("qdrant_collection_name", STRING, CHECKED),
  KEY ("qdrant_quantization_config", STRING, CHECKED, WORD (quantization_words)),
  KEY ("qdrant_semantic_cache_embedding_model", STRING, CHECKED),
  KEY ("qdrant_semantic_cache_vector_size", INT, CHECKED, RANGE (1, 1000000)),
  KEY ("s3_bucket_name", STRING, CHECKED),
  KEY ("s3_region_name", STRING, CHECKED),
  KEY ("s3_api_version", STRING, CHECKED),
  KEY ("s3_use_ssl", BOOL, CHECKED),
  KEY ("s3_verify", ANY, CHECKED),
  KEY ("s3_endpoint_url", STRING, CHECKED),
  KEY ("s3_aws_access_key_id", STRING, CHECKED),
  KEY ("s3_aws_secret_access_key", STRING, CHECKED),
  KEY ("s3_aws_session_token", STRING, CHECKED),
  KEY ("s3_config", ANY, CHECKED),
  KEY ("s3_path", STRING, CHECKED),
  KEY ("gcs_bucket_name", STRING, CHECKED),
  KEY ("gcs_path_service_account", STRING, CHECKED),
  KEY ("gcs_path", STRING, CHECKED),
  KEY ("azure_account_url", STRING, CHECKED),
  KEY ("azure_blob_container", STRING, CHECKED),
  KEY ("disk_cache_dir", STRING, CHECKED),
};

const SluiceSchemaTable sluice_schema_cache_params = SLUICE_SCHEMA_TABLE (cache_params_keys);

static const SluiceKey retry_policy_keys[] = {
  KEY ("BadRequestErrorRetries", INT, CHECKED, RETRIES),
  KEY ("AuthenticationErrorRetries", INT, CHECKED, RETRIES),
  KEY ("TimeoutErrorRetries", INT, CHECKED, RETRIES),
  KEY ("RateLimitErrorRetries", INT, CHECKED, RETRIES),
  KEY ("ContentPolicyViolationErrorRetries", INT, CHECKED, RETRIES),
  KEY ("InternalServerErrorRetries", INT, CHECKED, RETRIES),
};

const SluiceSchemaTable sluice_schema_retry_policy = SLUICE_SCHEMA_TABLE (retry_policy_keys);

static const SluiceKey fails_policy_keys[] = {
  KEY ("BadRequestErrorAllowedFails", INT, CHECKED, COUNT),
  KEY ("AuthenticationErrorAllowedFails", INT, CHECKED, COUNT),
  KEY ("TimeoutErrorAllowedFails", INT, CHECKED, COUNT),
  KEY ("RateLimitErrorAllowedFails", INT, CHECKED, COUNT),
  KEY ("ContentPolicyViolationErrorAllowedFails", INT, CHECKED, COUNT),
  KEY ("InternalServerErrorAllowedFails", INT, CHECKED, COUNT),
  KEY ("ServiceUnavailableErrorAllowedFails", INT, CHECKED, COUNT),
  KEY ("BadGatewayErrorAllowedFails", INT, CHECKED, COUNT),
  KEY ("NotFoundErrorAllowedFails", INT, CHECKED, COUNT),
};

const SluiceSchemaTable sluice_schema_fails_policy = SLUICE_SCHEMA_TABLE (fails_policy_keys);

static const SluiceKey strategy_args_keys[] = {
  KEY ("ttl", NUMBER, CHECKED, SECONDS, OTHERWISE ("3600")),
  KEY ("lowest_latency_buffer", NUMBER, CHECKED, RANGE (0, 1000), OTHERWISE ("0")),
  KEY ("max_latency_list_size", INT, CHECKED, RANGE (1, 100000), OTHERWISE ("10")),
  KEY ("rpm", INT, CHECKED, COUNT),
  KEY ("tpm", INT, CHECKED, COUNT),
};

const SluiceSchemaTable sluice_schema_strategy_args = SLUICE_SCHEMA_TABLE (strategy_args_keys);

static const SluiceKey budget_keys[] = {
  KEY ("budget_limit", NUMBER, CHECKED, BUDGET),
  KEY ("max_budget", NUMBER, CHECKED, BUDGET),
  KEY ("time_period", STRING, CHECKED, DURATION),
  KEY ("budget_duration", STRING, CHECKED, DURATION),
};

const SluiceSchemaTable sluice_schema_budget = SLUICE_SCHEMA_TABLE (budget_keys);

static const SluiceKey key_params_keys[] = {
  KEY ("max_budget", NUMBER, CHECKED, BUDGET),
  KEY ("model_max_budget", MAP, CHECKED, SECTION_MAP (BUDGET), .is_budget = TRUE),
  KEY ("team_member_budget", NUMBER, CHECKED, BUDGET),
  KEY ("soft_budget", NUMBER, CHECKED, PRICE),
  KEY ("budget_duration", STRING, CHECKED, DURATION),
  KEY ("duration", STRING, CHECKED, DURATION),
  KEY ("models", LIST, CHECKED, TEXTS),
  KEY ("user_role", STRING, CHECKED),
  KEY ("teams", LIST, CHECKED),
  KEY ("available_teams", LIST, CHECKED),
  KEY ("team_id", STRING, CHECKED),
  KEY ("tpm_limit", INT, CHECKED, COUNT),
  KEY ("rpm_limit", INT, CHECKED, COUNT),
  KEY ("max_parallel_requests", INT, CHECKED, RANGE (1, 1000000)),
  KEY ("team_member_permissions", LIST, CHECKED, TEXTS),
  KEY ("metadata", MAP, CHECKED, NAMES),
  KEY ("key_alias", STRING, CHECKED),
  KEY ("aliases", MAP, CHECKED, NAMES),
  KEY ("config", MAP, CHECKED),
  KEY ("permissions", MAP, CHECKED),
  KEY ("tags", LIST, CHECKED, TEXTS),
};

const SluiceSchemaTable sluice_schema_key_params = SLUICE_SCHEMA_TABLE (key_params_keys);

static const SluiceKey pass_through_keys[] = {
  KEY ("id", STRING_OR_INT, CHECKED),
  KEY ("path", STRING, CHECKED),
  KEY ("target", STRING, CHECKED),
  KEY ("headers", MAP, CHECKED, NAMES),
  KEY ("forward_headers", BOOL, CHECKED, OTHERWISE ("false")),
  KEY ("include_subpath", BOOL, CHECKED, OTHERWISE ("false")),
  KEY ("methods", LIST, CHECKED, TEXTS),
  KEY ("default_query_params", MAP, CHECKED),
  KEY ("auth", BOOL, CHECKED, OTHERWISE ("false")),
  KEY ("cost_per_request", NUMBER, CHECKED, PRICE, OTHERWISE ("0")),
  KEY ("guardrails", ANY, CHECKED),
};

const SluiceSchemaTable sluice_schema_pass_through = SLUICE_SCHEMA_TABLE (pass_through_keys);
