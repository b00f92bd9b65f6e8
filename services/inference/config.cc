#include "services/inference/config.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <curl/curl.h>

#include "absl/strings/str_cat.h"
#include "services/inference/providers/api_key.h"

namespace dramatis::inference {
namespace {

constexpr char kOpenAiUrl[] = "https://api.openai.com/v1";
// Offered of OpenAI's own models where DRAMATIS_OPENAI_MODELS does not say.
constexpr const char* kOpenAiModels[] = {"gpt-4o-mini", "gpt-4o", "gpt-4.1-mini", "gpt-4.1"};

std::vector<ModelFacts> ReadModels(Settings& settings, const OpenAiConfig& openai) {
  constexpr char kVariable[] = "DRAMATIS_OPENAI_MODELS";
  std::vector<ModelFacts> models;
  for (const std::string& spec : settings.List(kVariable)) {
    absl::StatusOr<ModelFacts> model = ParseModelSpec(spec);
    if (model.ok()) {
      models.push_back(*std::move(model));
    } else {
      settings.Problem(kVariable, std::string(model.status().message()));
    }
  }
  if (!models.empty()) return models;
  for (const char* const name : kOpenAiModels) {
    models.push_back(*KnownModel(name));
    if (!openai.IsOpenAi()) break;  // of a server that we know nothing about, only the default
  }
  return models;
}

HttpTimeouts ReadTimeouts(Settings& settings) {
  constexpr absl::Duration kLeast = absl::Milliseconds(1);
  constexpr absl::Duration kMost = absl::Minutes(30);
  const HttpTimeouts defaults;
  HttpTimeouts timeouts;
  timeouts.connect =
      settings.Duration("DRAMATIS_OPENAI_CONNECT_TIMEOUT", defaults.connect, kLeast, kMost);
  // Where it is set, it is for every server.
  constexpr char kFirstByte[] = "DRAMATIS_OPENAI_FIRST_BYTE_TIMEOUT";
  const bool set = !settings.Text(kFirstByte).empty();
  timeouts.first_byte = settings.Duration(kFirstByte, defaults.first_byte, kLeast, kMost);
  timeouts.private_first_byte = set ? timeouts.first_byte : defaults.private_first_byte;
  timeouts.idle = settings.Duration("DRAMATIS_OPENAI_IDLE_TIMEOUT", defaults.idle, kLeast, kMost);
  return timeouts;
}

std::optional<OpenAiConfig> ReadOpenAi(Settings& settings) {
  OpenAiConfig openai;
  const std::string url = settings.Text("OPENAI_BASE_URL");
  openai.key = {.file = settings.Text("OPENAI_API_KEY_FILE"),
                .value = settings.Secret("OPENAI_API_KEY")};
  openai.timeouts = ReadTimeouts(settings);
  const bool any_model = settings.List("DRAMATIS_OPENAI_MODELS").empty();
  if (url.empty() && openai.key.value.empty() && openai.key.file.empty()) return std::nullopt;
  if (!IsHeaderSafe(openai.key.value)) {
    settings.Problem("OPENAI_API_KEY", "must be visible ASCII characters");
  }
  const std::optional<std::string> base = NormalBaseUrl(url.empty() ? kOpenAiUrl : url);
  if (!base.has_value()) {
    settings.Problem("OPENAI_BASE_URL",
                     "must be an http or https URL without credentials, query and fragment");
  }
  openai.base_url = base.value_or(kOpenAiUrl);
  openai.models = ReadModels(settings, openai);
  openai.any_model = any_model && !openai.IsOpenAi();
  return openai;
}

bool Exists(const std::string& name, const std::optional<OpenAiConfig>& openai) {
  if (name == "local" || name == "local/retrieval") return true;
  if (!openai.has_value()) return false;
  if (name == "openai") return true;
  constexpr std::string_view kPrefix = "openai/";
  if (!name.starts_with(kPrefix) || name.size() == kPrefix.size()) return false;
  return openai->any_model ||
         std::any_of(openai->models.begin(), openai->models.end(), [&](const ModelFacts& model) {
           return model.name == name.substr(kPrefix.size());
         });
}

std::vector<std::string> ReadChain(Settings& settings, const std::optional<OpenAiConfig>& openai) {
  constexpr char kVariable[] = "DRAMATIS_MODEL";
  std::vector<std::string> chain =
      settings.List(kVariable, openai.has_value() ? "openai" : "local");
  if (chain.empty()) chain.emplace_back(openai.has_value() ? "openai" : "local");
  for (const std::string& name : chain) {
    if (Exists(name, openai)) continue;
    settings.Problem(kVariable, "names a model that no provider of this deployment has");
  }
  return chain;
}

}  // namespace

Config Config::From(Settings& settings) {
  Config config;
  config.openai = ReadOpenAi(settings);
  config.chain = ReadChain(settings, config.openai);
  constexpr absl::Duration kMostDelay = absl::Seconds(10);
  config.local_delay = settings.Duration("DRAMATIS_LOCAL_DELAY", absl::ZeroDuration(),
                                         absl::ZeroDuration(), kMostDelay);
  config.ca_file = settings.Text("SSL_CERT_FILE");
  return config;
}

std::optional<std::string> NormalBaseUrl(const std::string& url) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(curl_url(), &curl_url_cleanup);
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return std::nullopt;
  const auto part = [&](CURLUPart which) {
    char* text = nullptr;
    std::string copy;
    if (curl_url_get(parsed.get(), which, &text, 0) == CURLUE_OK) copy = text;
    curl_free(text);
    return copy;
  };
  const std::string scheme = part(CURLUPART_SCHEME);
  const bool good = (scheme == "http" || scheme == "https") && !part(CURLUPART_HOST).empty() &&
                    part(CURLUPART_USER).empty() && part(CURLUPART_PASSWORD).empty() &&
                    part(CURLUPART_QUERY).empty() && part(CURLUPART_FRAGMENT).empty();
  if (!good) return std::nullopt;
  std::string base = part(CURLUPART_URL);
  while (!base.empty() && base.back() == '/')
    base.pop_back();
  return base;
}

}  // namespace dramatis::inference
