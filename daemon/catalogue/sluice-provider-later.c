/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "catalogue/sluice-provider-private.h"

/* A row moves to the other table, with address and variables, when its wire is spoken. */
#define LATER(provider_id, provider_name) \
  { .id = provider_id, .name = provider_name, .dialect = "none", .wire_pending = TRUE }

const SluiceProvider sluice_providers_later[] = {
  LATER ("azure", "Azure OpenAI"),
  LATER ("azure_ai", "Azure AI Foundry models"),
  LATER ("anthropic", "Anthropic"),
  LATER ("anthropic_aws", "Claude platform on AWS"),
  LATER ("gemini", "Google AI Studio"),
  LATER ("vertex_ai", "Google Vertex AI"),
  LATER ("bedrock", "AWS Bedrock"),
  LATER ("sagemaker", "AWS SageMaker endpoints"),
  LATER ("cohere", "Cohere"),
  LATER ("watsonx", "IBM watsonx.ai"),
  LATER ("oci", "Oracle OCI Generative AI"),
  LATER ("sap", "SAP AI Core"),
  LATER ("triton", "NVIDIA Triton Inference Server"),
  LATER ("langgraph", "LangGraph server"),
  LATER ("perplexity_agent", "Perplexity Agent API"),
  LATER ("chatgpt", "ChatGPT subscription"),
  LATER ("kimi_for_coding", "Kimi for Coding plan"),
  LATER ("bytez", "Bytez"),
  LATER ("replicate", "Replicate"),
  LATER ("predibase", "Predibase"),
  LATER ("nlp_cloud", "NLP Cloud"),
  LATER ("petals", "Petals"),
  LATER ("aleph_alpha", "Aleph Alpha"),
  LATER ("gigachat", "GigaChat"),
  LATER ("manus", "Manus"),
  LATER ("nomic", "Nomic Atlas"),
  LATER ("deepgram", "Deepgram"),
  LATER ("elevenlabs", "ElevenLabs"),
  LATER ("aws_polly", "AWS Polly"),
  LATER ("stability", "Stability AI"),
  LATER ("black_forest_labs", "Black Forest Labs"),
  LATER ("fal_ai", "fal.ai"),
  LATER ("runwayml", "Runway"),
  LATER ("topaz", "Topaz Labs"),
  LATER ("segmind", "Segmind"),
  LATER ("reka", "Reka AI"),
  LATER ("freemodel", "FreeModel"),
  LATER ("minimax_cn_coding_plan", "MiniMax Token Plan"),
  LATER ("minimax_coding_plan", "MiniMax Token Plan"),
  LATER ("vivgrid", "Vivgrid"),
  LATER ("anthropic_text", "Anthropic"),
  LATER ("azure_text", "Azure OpenAI"),
  LATER ("vertex_ai_beta", "Google Vertex AI"),
  LATER ("cohere_chat", "Cohere"),
  LATER ("sagemaker_chat", "AWS SageMaker endpoints"),
  LATER ("watsonx_text", "IBM watsonx.ai"),
  LATER ("auto_router", "Routing by meaning"),
};

const guint sluice_n_providers_later = G_N_ELEMENTS (sluice_providers_later);
