#include "services/inference/settings/known_providers.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace dramatis::inference {

const std::vector<KnownProvider>& KnownProviders() {
  constexpr std::string_view kGpt =
      "gpt-6-luna,gpt-6-sol,gpt-6.1-terra,gpt-4o-mini,gpt-4o,gpt-4.1-mini,gpt-4.1";
  constexpr std::string_view kClaude = "claude-sonnet-5-5,claude-haiku-5-5,claude-opus-5-5";
  constexpr std::string_view kGemini = "gemini-3.5-flash,gemini-3.5-flash-lite,gemini-3.8-flash";
  constexpr std::string_view kGroq = "openai/gpt-oss-120b,openai/gpt-oss-20b";
  constexpr std::string_view kMistral =
      "mistral-small-latest,mistral-medium-latest,mistral-large-latest";
  // clang-format off
  static const auto& providers = *new std::vector<KnownProvider>{
      {"openai", "OpenAI", "OPENAI_API_KEY", "OPENAI_BASE_URL", "https://api.openai.com/v1", "",
       Api::kOpenAi, Auth::kBearer, kGpt, false, false,
       "the key of an OpenAI-compatible server", "the OpenAI-compatible server"},
      {"anthropic", "Anthropic", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "https://api.anthropic.com", "",
       Api::kAnthropic, Auth::kXApiKey, kClaude, false, false,
       "Anthropic's key", "another server that speaks Anthropic's Messages"},
      {"gemini", "Google Gemini", "GEMINI_API_KEY", "", "https://generativelanguage.googleapis.com/v1beta/openai", "",
       Api::kOpenAi, Auth::kBearer, kGemini, false, false,
       "Google Gemini's key", ""},
      {"groq", "Groq", "GROQ_API_KEY", "", "https://api.groq.com/openai/v1", "",
       Api::kOpenAi, Auth::kBearer, kGroq, false, true,
       "Groq's key", ""},
      {"mistral", "Mistral", "MISTRAL_API_KEY", "", "https://api.mistral.ai/v1", "",
       Api::kOpenAi, Auth::kBearer, kMistral, false, false,
       "Mistral's key", ""},
      {"openrouter", "OpenRouter", "OPENROUTER_API_KEY", "", "https://openrouter.ai/api/v1", "",
       Api::kOpenAi, Auth::kBearer, "openrouter/auto", false, true,
       "OpenRouter's key", ""},
      {"azure", "Azure OpenAI", "AZURE_OPENAI_API_KEY", "AZURE_OPENAI_ENDPOINT", "", "/openai/v1",
       Api::kOpenAi, Auth::kApiKey, "", false, true,
       "Azure OpenAI's key", "the Azure resource, as https://name.openai.azure.com"},
      {"bedrock", "Claude on Amazon Bedrock", "AWS_BEARER_TOKEN_BEDROCK", "", "https://bedrock-runtime.{region}.amazonaws.com/anthropic", "",
       Api::kAnthropic, Auth::kBearer, "", false, true,
       "a key of Amazon Bedrock, for Claude there", ""},
      {"ollama", "Ollama", "", "OLLAMA_HOST", "", "/v1",
       Api::kOpenAi, Auth::kBearer, "", true, true,
       "", "an Ollama server, as 127.0.0.1:11434"},
  };
  // clang-format on
  return providers;
}

std::string_view CatalogueOf(std::string_view url) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kHosts = {
      {{"://api.openai.com/", "openai"},
       {"://api.anthropic.com/", "anthropic"},
       {"://generativelanguage.googleapis.com/", "gemini"},
       {"://api.groq.com/", "groq"},
       {"://api.mistral.ai/", "mistral"},
       {"://api.deepseek.com/", "deepseek"},
       {"://api.x.ai/", "xai"},
       {".openai.azure.com/", "azure"},
       {"://bedrock-", "bedrock"},
       {".services.ai.azure.com/", "azure"}}};
  const std::string whole = absl::StrCat(absl::string_view(url.data(), url.size()), "/");
  for (const auto& [host, provider] : kHosts) {
    if (absl::StrContains(whole, absl::string_view(host.data(), host.size()))) return provider;
  }
  return "";
}

std::string OllamaUrl(std::string_view host) {
  std::string url(host);
  if (!absl::StrContains(url, "://")) url = "http://" + url;
  while (!url.empty() && url.back() == '/')
    url.pop_back();
  const size_t begin = url.find("://") + 3;
  constexpr std::string_view kAny = "0.0.0.0";
  if (url.compare(begin, kAny.size(), kAny) == 0) url.replace(begin, kAny.size(), "127.0.0.1");
  const size_t end = std::min(url.find('/', begin), url.size());
  const std::string authority = url.substr(begin, end - begin);
  const size_t colon = authority.rfind(':');
  const bool has_port =
      colon != std::string::npos && authority.find(']', colon) == std::string::npos;
  if (!has_port) url.insert(end, ":11434");
  return url;
}

}  // namespace dramatis::inference
