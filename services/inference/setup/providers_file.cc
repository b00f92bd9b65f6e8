#include "services/inference/setup/providers_file.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <set>
#include <utility>

#include <yaml-cpp/yaml.h>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "services/inference/providers/base_url.h"
#include "services/inference/settings/known_providers.h"

namespace dramatis::inference {
namespace {

constexpr size_t kMostProviders = 100;
constexpr size_t kMostModels = 1000;
constexpr size_t kLongestText = 2000;
constexpr int kMostConcurrent = 100'000;

// As in `provider/model` and in metrics.
bool IsProviderName(const std::string& name) {
  constexpr size_t kLongest = 32;
  return !name.empty() && name.size() <= kLongest && name.front() != '-' &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-' || c == '_';
         });
}

std::string Encoded(const std::string& text) {
  std::string out;
  for (const unsigned char c : text) {
    if (absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      out += static_cast<char>(c);
    } else {
      constexpr char kHex[] = "0123456789ABCDEF";
      out += {'%', kHex[c >> 4], kHex[c & 0xF]};
    }
  }
  return out;
}

// Where no URL is named: of whoever made the API, or of Bedrock in a region.
std::string MakersUrl(Api api, const std::string& region) {
  const bool anthropic = api == Api::kAnthropic;
  if (!region.empty() && anthropic) {
    return absl::StrCat("https://bedrock-runtime.", region, ".amazonaws.com/anthropic");
  }
  if (!region.empty()) return absl::StrCat("https://bedrock-mantle.", region, ".api.aws/openai/v1");
  return anthropic ? "https://api.anthropic.com" : "https://api.openai.com/v1";
}

// Reads one provider; what is wrong goes to `problems`.
class EntryReader {
 public:
  EntryReader(const YAML::Node& node, size_t number, std::vector<std::string>& problems)
      : node_(node), where_(absl::StrCat("provider ", number)), problems_(problems) {}

  ProviderEntry Read() {
    ProviderEntry entry;
    if (!node_.IsMap()) {
      Problem("", "must be a mapping with `name`");
      return entry;
    }
    ProviderConfig& config = entry.config;
    config.name = Text("name");
    if (IsProviderName(config.name)) {
      where_ = config.name;
    } else {
      Problem("name", "must be 1 to 32 of a-z, 0-9, - and _");
    }
    CheckKeys();
    ReadServer(config);
    entry.secret = Text("secret");
    ReadModels(config);
    ReadQuery(config);
    config.max_concurrent = ReadMaxConcurrent();
    return entry;
  }

 private:
  void Problem(const std::string& field, const std::string& what) {
    problems_.push_back(absl::StrCat(where_, ": ", field, field.empty() ? "" : " ", what));
  }

  void CheckKeys() {
    static const std::set<std::string> known = {"name",   "dialect", "baseUrl",
                                                "auth",   "secret",  "region",
                                                "models", "query",   "maxConcurrent"};
    for (const auto& member : node_) {
      const std::string key = member.first.IsScalar() ? member.first.Scalar() : "";
      if (!known.contains(key)) {
        Problem("",
                "has a field that is not known; there are name, dialect, baseUrl, auth, "
                "secret, region, models, query and maxConcurrent");
      }
    }
  }

  // Empty where it is not there.
  std::string Text(const char* field) {
    const YAML::Node value = node_[field];
    if (!value || value.IsNull()) return "";
    if (value.IsScalar() && value.Scalar().size() <= kLongestText) return value.Scalar();
    Problem(field, "must be a text");
    return "";
  }

  template <typename T>
  T Word(const char* field, T fallback, const std::vector<std::pair<std::string, T>>& words) {
    const std::string text = Text(field);
    if (text.empty()) return fallback;
    std::string all;
    for (const auto& [word, meaning] : words) {
      if (text == word) return meaning;
      absl::StrAppend(&all, all.empty() ? "" : ", ", word);
    }
    Problem(field, absl::StrCat("must be one of ", all));
    return fallback;
  }

  void ReadServer(ProviderConfig& config) {
    config.api = Word<Api>(
        "dialect", Api::kOpenAi,
        {{"openai", Api::kOpenAi}, {"anthropic", Api::kAnthropic}, {"local", Api::kLocal}});
    const bool anthropic = config.api == Api::kAnthropic;
    config.description = anthropic ? "A server that speaks Anthropic's Messages"
                                   : "A server that speaks OpenAI's chat completions";
    config.auth = Word<Auth>("auth", anthropic ? Auth::kXApiKey : Auth::kBearer,
                             {{"bearer", Auth::kBearer},
                              {"x-api-key", Auth::kXApiKey},
                              {"api-key", Auth::kApiKey},
                              {"sigv4", Auth::kSigV4}});
    config.region = ReadRegion(config.auth);
    const std::string url = Text("baseUrl");
    if (config.api == Api::kLocal) {
      config.description = "";
      if (!url.empty()) Problem("baseUrl", "is not for the dialect local");
      return;
    }
    const std::optional<std::string> base =
        NormalBaseUrl(url.empty() ? MakersUrl(config.api, config.region) : url);
    if (base.has_value()) {
      config.base_url = *base;
    } else {
      Problem("baseUrl", "must be an http or https URL without credentials, query and fragment");
    }
    const std::string_view known = CatalogueOf(config.base_url);
    config.catalogue = {config.name,
                        known.empty() ? (anthropic ? "anthropic" : "openai") : std::string(known)};
  }

  std::string ReadRegion(Auth auth) {
    std::string region = Text("region");
    const bool good = std::all_of(region.begin(), region.end(), [](unsigned char c) {
      return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-';
    });
    if (!good) {
      Problem("region", "must be a region of AWS, as eu-central-1");
      return "";
    }
    if (region.empty() && auth == Auth::kSigV4)
      Problem("region", "must be set where auth is sigv4");
    return region;
  }

  void ReadModels(ProviderConfig& config) {
    const YAML::Node models = node_["models"];
    config.any_model = !models || models.IsNull();
    if (config.any_model) return;
    if (!models.IsSequence() || models.size() == 0 || models.size() > kMostModels) {
      return Problem("models", "must be a list of names");
    }
    for (const YAML::Node& model : models) {
      const absl::StatusOr<ModelSpec> spec =
          ParseModelSpec(model.IsScalar() ? model.Scalar() : std::string());
      if (!spec.ok()) return Problem("models", std::string(spec.status().message()));
      config.models.push_back(*spec);
    }
  }

  void ReadQuery(ProviderConfig& config) {
    const YAML::Node query = node_["query"];
    if (!query || query.IsNull()) return;
    if (!query.IsMap()) return Problem("query", "must be a mapping of texts");
    for (const auto& member : query) {
      if (!member.first.IsScalar() || !member.second.IsScalar()) {
        return Problem("query", "must be a mapping of texts");
      }
      absl::StrAppend(&config.query, config.query.empty() ? "" : "&",
                      Encoded(member.first.Scalar()), "=", Encoded(member.second.Scalar()));
    }
  }

  int ReadMaxConcurrent() {
    const std::string text = Text("maxConcurrent");
    int most = 0;
    if (text.empty()) return 0;
    if (absl::SimpleAtoi(text, &most) && most >= 1 && most <= kMostConcurrent) return most;
    Problem("maxConcurrent", absl::StrCat("must be a whole number from 1 to ", kMostConcurrent));
    return 0;
  }

  const YAML::Node node_;
  std::string where_;
  std::vector<std::string>& problems_;
};

void ReadEntries(const YAML::Node& root, ProvidersFile& file) {
  if (!root.IsMap() || root.size() != 1 || !root["providers"] || !root["providers"].IsSequence()) {
    file.problems.emplace_back("must be a mapping with the one field `providers`, a list");
    return;
  }
  const YAML::Node list = root["providers"];
  if (list.size() > kMostProviders) {
    file.problems.emplace_back("has more than 100 providers");
    return;
  }
  std::set<std::string> names;
  for (size_t i = 0; i < list.size(); ++i) {
    ProviderEntry entry = EntryReader(list[i], i + 1, file.problems).Read();
    if (!entry.config.name.empty() && !names.insert(entry.config.name).second) {
      file.problems.push_back(absl::StrCat(entry.config.name, ": is there twice"));
    }
    file.entries.push_back(std::move(entry));
  }
}

}  // namespace

ProvidersFile ParseProvidersFile(std::string_view yaml) {
  ProvidersFile file;
  try {
    ReadEntries(YAML::Load(std::string(yaml)), file);
  } catch (const YAML::Exception& error) {
    file.entries.clear();
    file.problems.push_back(absl::StrCat("is not YAML, at line ", error.mark.line + 1));
  }
  return file;
}

}  // namespace dramatis::inference
