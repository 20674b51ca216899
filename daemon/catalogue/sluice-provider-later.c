/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "catalogue/sluice-provider-private.h"

#include <string.h>

/* Texts and no pointers: nothing is relocated, so that the table takes no memory until somebody looks into it. */
typedef struct {
  char id[26];
  char name[38];
} Later;

/*
 * Sorted by id. What LiteLLM has under two names is here under both. A row moves to the other table, with address and
 * variables, when it can be asked.
 */
static const Later table[] = {
  { "302ai", "302.AI" },
  { "abacus", "Abacus" },
  { "abliteration", "abliteration.ai" },
  { "ai21", "AI21 Labs (Jamba)" },
  { "ai21_chat", "AI21 Labs (Jamba)" },
  { "aibadgr", "AI Badgr" },
  { "aihubmix", "AIHubMix" },
  { "aiml", "AI/ML API" },
  { "aiohttp_openai", "OpenAI" },
  { "aleph_alpha", "Aleph Alpha" },
  { "alibaba_coding_plan", "Alibaba Coding Plan" },
  { "alibaba_coding_plan_cn", "Alibaba Coding Plan (China)" },
  { "alibaba_token_plan", "Alibaba Token Plan" },
  { "alibaba_token_plan_cn", "Alibaba Token Plan (China)" },
  { "amazon_nova", "Amazon Nova API" },
  { "ambient", "Ambient" },
  { "anthropic", "Anthropic" },
  { "anthropic_aws", "Claude platform on AWS" },
  { "anthropic_text", "Anthropic" },
  { "anyapi", "AnyAPI" },
  { "anyscale", "Anyscale Endpoints" },
  { "apertis", "Apertis (Stima)" },
  { "arcee_ai", "Arcee AI" },
  { "assemblyai", "AssemblyAI LLM Gateway" },
  { "atomic_chat", "Atomic Chat" },
  { "auriko", "Auriko" },
  { "auto_router", "Routing by meaning" },
  { "avian", "Avian" },
  { "aws_polly", "AWS Polly" },
  { "azure", "Azure OpenAI" },
  { "azure_ai", "Azure AI Foundry models" },
  { "azure_text", "Azure OpenAI" },
  { "bailing", "Bailing" },
  { "baseten", "Baseten Model APIs" },
  { "bedrock", "AWS Bedrock" },
  { "bedrock_mantle", "AWS Bedrock Mantle" },
  { "berget", "Berget.AI" },
  { "black_forest_labs", "Black Forest Labs" },
  { "byteplus", "BytePlus ModelArk" },
  { "bytez", "Bytez" },
  { "charity_engine", "Charity Engine" },
  { "chatgpt", "ChatGPT subscription" },
  { "chutes", "Chutes" },
  { "clarifai", "Clarifai" },
  { "claudinio", "Claudinio" },
  { "cloudferro_sherlock", "CloudFerro Sherlock" },
  { "cloudflare", "Cloudflare Workers AI" },
  { "cloudflare_ai_gateway", "Cloudflare AI Gateway" },
  { "codestral", "Mistral Codestral" },
  { "cognition", "Cognition" },
  { "cohere", "Cohere" },
  { "cohere_chat", "Cohere" },
  { "cometapi", "CometAPI" },
  { "compactifai", "CompactifAI" },
  { "cortecs", "Cortecs" },
  { "crof", "CrofAI" },
  { "crusoe", "Crusoe Managed Inference" },
  { "darkbloom", "Darkbloom" },
  { "dashscope", "Alibaba DashScope (international)" },
  { "dashscope_cn", "Alibaba DashScope (China)" },
  { "databricks", "Databricks Model Serving" },
  { "datarobot", "DataRobot" },
  { "deepbricks", "DeepBricks" },
  { "deepgram", "Deepgram" },
  { "deepinfra", "DeepInfra" },
  { "dinference", "DInference" },
  { "docker_model_runner", "Docker Model Runner" },
  { "doubleword", "Doubleword" },
  { "drun", "D.Run (China)" },
  { "elevenlabs", "ElevenLabs" },
  { "ember_cloud", "Ember Cloud" },
  { "empower", "Empower" },
  { "evroc", "evroc" },
  { "fal_ai", "fal.ai" },
  { "fastrouter", "FastRouter" },
  { "featherless_ai", "Featherless AI" },
  { "freemodel", "FreeModel" },
  { "friendliai", "FriendliAI" },
  { "frogbot", "FrogBot" },
  { "galadriel", "Galadriel" },
  { "gdc", "GDC" },
  { "gemini", "Google AI Studio" },
  { "gigachat", "GigaChat" },
  { "github", "GitHub Models" },
  { "github_copilot", "GitHub Copilot" },
  { "gitlab", "GitLab Duo" },
  { "gmi", "GMI Cloud" },
  { "gpt4all", "GPT4All desktop server" },
  { "gradient_ai", "DigitalOcean Gradient AI" },
  { "helicone", "Helicone AI Gateway" },
  { "heroku", "Heroku Inference" },
  { "hpc_ai", "HPC-AI" },
  { "huggingface", "Hugging Face Inference Providers" },
  { "hyperbolic", "Hyperbolic" },
  { "iflowcn", "iFlow" },
  { "inception", "Inception" },
  { "inceptron", "Inceptron" },
  { "inference_net", "Inference.net" },
  { "infinity", "Infinity embedding server" },
  { "io_net", "io.net Intelligence" },
  { "jan", "Jan" },
  { "jiekou", "Jiekou.AI" },
  { "jina_ai", "Jina AI" },
  { "kilo", "Kilo Gateway" },
  { "kimi_for_coding", "Kimi for Coding plan" },
  { "kling", "Kling" },
  { "kluster_ai", "kluster.ai" },
  { "koboldcpp", "KoboldCpp" },
  { "krutrim", "Krutrim Cloud" },
  { "kuae_cloud_coding_plan", "KUAE Cloud Coding Plan" },
  { "lambda_ai", "Lambda Inference" },
  { "langflow", "Langflow" },
  { "langgraph", "LangGraph server" },
  { "lemonade", "Lemonade Server" },
  { "lemonfox_ai", "Lemonfox" },
  { "lepton", "Lepton AI" },
  { "libertai", "LibertAI" },
  { "lightning_ai", "Lightning AI" },
  { "lilac", "Lilac" },
  { "lingyi", "01.AI (Lingyi Wanwu)" },
  { "llamagate", "LlamaGate" },
  { "llmgateway", "LLM Gateway" },
  { "llmtr", "LLMTR" },
  { "lmdeploy", "LMDeploy api_server" },
  { "localai", "LocalAI" },
  { "lucidquery", "LucidQuery" },
  { "manus", "Manus" },
  { "maritalk", "Maritaca AI (MariTalk)" },
  { "matterai", "MatterAI" },
  { "meganova", "Meganova" },
  { "meituan", "Meituan" },
  { "merge_gateway", "Merge Gateway" },
  { "meta", "Meta" },
  { "meta_llama", "Meta Llama API" },
  { "minimax", "MiniMax" },
  { "minimax_cn", "MiniMax (China)" },
  { "minimax_cn_coding_plan", "MiniMax Token Plan" },
  { "minimax_coding_plan", "MiniMax Token Plan" },
  { "mixlayer", "Mixlayer" },
  { "mlx_lm", "mlx_lm.server" },
  { "moark", "Moark" },
  { "modal", "Modal deployments" },
  { "modelscope", "ModelScope" },
  { "monsterapi", "MonsterAPI" },
  { "moonshot", "Moonshot AI (Kimi)" },
  { "moonshot_cn", "Moonshot AI (China)" },
  { "morph", "Morph" },
  { "nano-gpt", "NanoGPT" },
  { "ncompass", "nCompass" },
  { "nearai", "NEAR AI Cloud" },
  { "nebius", "Nebius Token Factory" },
  { "neon", "Neon" },
  { "neosantara", "Neosantara" },
  { "neuralwatt", "Neuralwatt" },
  { "nextbit", "Nextbit" },
  { "nlp_cloud", "NLP Cloud" },
  { "nomic", "Nomic Atlas" },
  { "novita", "Novita AI" },
  { "nscale", "Nscale" },
  { "oci", "Oracle OCI Generative AI" },
  { "ollama_cloud", "Ollama Cloud" },
  { "ollama_openai", "Ollama (OpenAI layer)" },
  { "oobabooga", "text-generation-webui" },
  { "opencode_go", "OpenCode Go" },
  { "opencode_zen", "OpenCode Zen" },
  { "orcarouter", "OrcaRouter" },
  { "ovhcloud", "OVHcloud AI Endpoints" },
  { "palm", "Google PaLM" },
  { "parasail", "Parasail" },
  { "perplexity_agent", "Perplexity Agent API" },
  { "petals", "Petals" },
  { "pinstripes", "Pinstripes" },
  { "poe", "Poe" },
  { "poolside", "Poolside" },
  { "predibase", "Predibase" },
  { "privatemode_ai", "Privatemode AI (local proxy)" },
  { "publicai", "PublicAI" },
  { "qihang_ai", "QiHang" },
  { "qiniu_ai", "Qiniu" },
  { "ragflow", "RAGFlow" },
  { "recraft", "Recraft" },
  { "regolo_ai", "Regolo AI" },
  { "reka", "Reka AI" },
  { "replicate", "Replicate" },
  { "requesty", "Requesty" },
  { "routing_run", "routing.run" },
  { "runwayml", "Runway" },
  { "sagemaker", "AWS SageMaker endpoints" },
  { "sagemaker_chat", "AWS SageMaker endpoints" },
  { "sagemaker_nova", "AWS SageMaker endpoints" },
  { "sakana", "Sakana AI" },
  { "salad_cloud", "Salad AI Gateway" },
  { "sambanova", "SambaNova" },
  { "sap", "SAP AI Core" },
  { "sarvam", "Sarvam AI" },
  { "scaleway", "Scaleway Generative APIs" },
  { "scx-ai", "SCX.ai" },
  { "segmind", "Segmind" },
  { "sglang", "SGLang server" },
  { "siliconflow", "SiliconFlow (global)" },
  { "siliconflow_cn", "SiliconFlow (China)" },
  { "snowflake", "Snowflake Cortex" },
  { "stability", "Stability AI" },
  { "stackit", "STACKIT" },
  { "stepfun", "StepFun" },
  { "stepfun_plan", "StepFun AI" },
  { "subconscious", "Subconscious" },
  { "submodel", "submodel" },
  { "synthetic", "Synthetic" },
  { "tabbyapi", "TabbyAPI" },
  { "tencent", "Tencent" },
  { "tencent_coding_plan", "Tencent Coding Plan (China)" },
  { "tencent_tokenhub", "Tencent TokenHub" },
  { "tensormesh", "Tensormesh" },
  { "text-completion-codestral", "Mistral Codestral" },
  { "text-completion-inception", "Inception" },
  { "the_grid_ai", "The Grid AI" },
  { "tinfoil", "Tinfoil" },
  { "topaz", "Topaz Labs" },
  { "triton", "NVIDIA Triton Inference Server" },
  { "umans_ai", "Umans AI" },
  { "umans_ai_coding_plan", "Umans AI Coding Plan" },
  { "upstage", "Upstage Solar" },
  { "v0", "Vercel v0" },
  { "veniceai", "Venice AI" },
  { "vercel_ai_gateway", "Vercel AI Gateway" },
  { "vertex_ai", "Google Vertex AI" },
  { "vertex_ai_beta", "Google Vertex AI" },
  { "vidu", "Vidu" },
  { "vivgrid", "Vivgrid" },
  { "volcengine", "Volcengine Ark (Doubao)" },
  { "voyage", "Voyage AI" },
  { "vultr", "Vultr" },
  { "wafer", "Wafer" },
  { "wandb", "Weights and Biases Inference" },
  { "watsonx", "IBM watsonx.ai" },
  { "watsonx_text", "IBM watsonx.ai" },
  { "xiaomi_mimo", "Xiaomi MiMo" },
  { "xiaomi_token_plan_ams", "Xiaomi Token Plan (Europe)" },
  { "xiaomi_token_plan_cn", "Xiaomi Token Plan (China)" },
  { "xiaomi_token_plan_sgp", "Xiaomi Token Plan (Singapore)" },
  { "xinference", "Xorbits Inference" },
  { "xpersona", "Xpersona" },
  { "zai", "Z.AI" },
  { "zai_coding_plan", "Z.AI Coding Plan" },
  { "zeldoc", "Zeldoc" },
  { "zenmux", "ZenMux" },
  { "zhipuai", "Zhipu AI (BigModel)" },
  { "zhipuai_coding_plan", "Zhipu AI Coding Plan" },
};

/* What callers hold on to is made of a row when it is first asked for, and stays. */
static const SluiceProvider *made[G_N_ELEMENTS (table)];

guint
sluice_providers_later_count (void)
{
  return G_N_ELEMENTS (table);
}

const char *
sluice_providers_later_get_id (guint index)
{
  g_return_val_if_fail (index < G_N_ELEMENTS (table), NULL);

  return table[index].id;
}

static const SluiceProvider *
make (guint index)
{
  const SluiceProvider *row = g_atomic_pointer_get (&made[index]);
  SluiceProvider *fresh;

  if (row != NULL)
    return row;

  fresh = g_new0 (SluiceProvider, 1);
  fresh->id = table[index].id;
  fresh->name = table[index].name;
  fresh->dialect = "none";
  fresh->wire_pending = TRUE;
  if (g_atomic_pointer_compare_and_exchange (&made[index], NULL, fresh))
    return fresh;
  g_free (fresh);
  return g_atomic_pointer_get (&made[index]);
}

const SluiceProvider *
sluice_providers_later_find (const char *id, gsize length)
{
  guint begin = 0;
  guint end = G_N_ELEMENTS (table);

  if (length >= sizeof table[0].id)
    return NULL;

  while (begin < end)
    {
      guint middle = begin + (end - begin) / 2;
      int order = strncmp (id, table[middle].id, length);

      if (order == 0 && table[middle].id[length] == '\0')
        return make (middle);
      if (order > 0)
        begin = middle + 1;
      else
        end = middle;
    }
  return NULL;
}
