#include "services/inference/config.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "services/inference/catalogue/catalogue.h"
#include "services/inference/embedding/table_embedder.h"
#include "services/inference/providers/base_url.h"
#include "services/inference/settings/known_providers.h"
#include "services/inference/setup/providers_file.h"
#include "services/inference/usage/ledger.h"
#include "shared/aws/settings.h"
#include "shared/config/watched_file.h"
#include "shared/http_client/web.h"
#include "shared/secrets/secret_store.h"
#include "shared/time/clock.h"

namespace dramatis::inference {
namespace {

constexpr char kFileVariable[] = "DRAMATIS_PROVIDERS_FILE";
constexpr char kModelVariable[] = "DRAMATIS_MODEL";

std::string Owned(std::string_view text) {
  return std::string(text);
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

// Reads the secrets that settings refer to, and keeps where they are read from.
class SecretReader {
 public:
  explicit SecretReader(Settings& settings) : settings_(settings) {}

  // What `file:`, `aws-secretsmanager:` or `env:` of a provider in the file refers to.
  KeySource OfFile(const std::string& provider, const std::string& secret) {
    const auto problem = [&](const std::string& what) {
      settings_.Problem(kFileVariable, absl::StrCat(provider, ": secret ", what));
      return KeySource();
    };
    if (secret.empty()) return {};
    constexpr std::string_view kEnvironment = "env:";
    if (secrets::IsSecretReference(secret)) {
      absl::StatusOr<std::string> value = Read(secret);
      if (!value.ok()) return problem(std::string(value.status().message()));
      return {.reference = secret, .value = *std::move(value)};
    }
    if (!secret.starts_with(kEnvironment)) {
      return problem("must begin with file:, aws-secretsmanager: or env:");
    }
    if (settings_.Text("DRAMATIS_ENVIRONMENT", "local") != "local") {
      return problem(
          "may be env: in the environment local only; put it into a file and write "
          "file: and its path");
    }
    const std::string value = settings_.Text(secret.substr(kEnvironment.size()));
    if (value.empty()) return problem("names a variable that is not set");
    if (!secrets::IsHeaderSafe(value)) return problem("must be visible ASCII characters");
    return {.value = value};
  }

  // Of a variable: a reference, a file that `<name>_FILE` names, or, in `local`, the secret itself.
  KeySource OfVariable(const std::string& name) {
    const std::string text = settings_.Text(name);
    if (secrets::IsSecretReference(text)) {
      absl::StatusOr<std::string> value = Read(text);
      if (value.ok()) return {.reference = text, .value = *std::move(value)};
      settings_.Problem(name, std::string(value.status().message()));
      return {.reference = text};
    }
    const std::string file = settings_.Text(name + "_FILE");
    KeySource source = {.reference = file.empty() ? "" : "file:" + file,
                        .value = settings_.Secret(name)};
    if (!secrets::IsHeaderSafe(source.value)) {
      settings_.Problem(name, "must be visible ASCII characters");
    }
    return source;
  }

  const secrets::SecretSettings& settings() const { return found_; }

 private:
  absl::StatusOr<std::string> Read(const std::string& reference) {
    if (store_ == nullptr || (!with_aws_ && secrets::IsAwsSecretReference(reference))) {
      with_aws_ = secrets::IsAwsSecretReference(reference);
      found_ = secrets::ReadSecretSettings(settings_, with_aws_);
      store_ = std::make_unique<secrets::SecretStore>(found_, clock_, SendWebRequest);
    }
    return store_->Read(reference);
  }

  Settings& settings_;
  const SystemClock clock_;
  bool with_aws_ = false;
  secrets::SecretSettings found_;
  std::unique_ptr<secrets::SecretStore> store_;
};

struct FileProviders {
  std::vector<ProviderConfig> providers;
  // What a broken file was to say is not known: its own mistakes are told, what follows from them
  // is not.
  bool is_valid = true;
};

FileProviders ReadFile(Settings& settings, SecretReader& secret_reader) {
  const std::string path = settings.Text(kFileVariable);
  if (path.empty()) return {};
  const absl::StatusOr<std::string> text = WatchedFile(path).Read();
  if (!text.ok()) {
    settings.Problem(kFileVariable, absl::StrCat("cannot be used: ", text.status().message()));
    return {.providers = {}, .is_valid = false};
  }
  ProvidersFile file = ParseProvidersFile(*text);
  for (const std::string& problem : file.problems)
    settings.Problem(kFileVariable, problem);
  FileProviders read = {.providers = {}, .is_valid = file.problems.empty()};
  for (ProviderEntry& entry : file.entries) {
    if (entry.config.name == "local") {
      settings.Problem(kFileVariable, "local: is the built-in model's name");
      read.is_valid = false;
      continue;
    }
    entry.config.key = secret_reader.OfFile(entry.config.name, entry.secret);
    read.providers.push_back(std::move(entry.config));
  }
  return read;
}

// The server's address: the variable's, or the one that is known. Nullopt where there is none.
std::optional<std::string> ReadUrl(Settings& settings, const KnownProvider& known) {
  std::string own = known.url_variable.empty() ? "" : settings.Text(Owned(known.url_variable));
  if (own.empty()) {
    if (known.url.find("{region}") == std::string_view::npos) return Owned(known.url);
    const std::string region = settings.Text("AWS_REGION");
    const bool is_region = !region.empty() && std::all_of(region.begin(), region.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
    if (!is_region) {
      settings.Problem("AWS_REGION", absl::StrCat("must name a region, as eu-central-1, where ",
                                                  Owned(known.key_variable), " is set"));
      return std::nullopt;
    }
    return absl::StrReplaceAll(Owned(known.url), {{"{region}", region}});
  }
  if (known.name == "ollama") own = OllamaUrl(own);
  std::optional<std::string> base = NormalBaseUrl(own);
  if (!base.has_value()) {
    settings.Problem(Owned(known.url_variable),
                     "must be an http or https URL without credentials, query and fragment");
    return std::nullopt;
  }
  if (!base->ends_with(known.url_suffix)) *base += known.url_suffix;
  return base;
}

std::vector<ModelSpec> ReadModels(Settings& settings, const KnownProvider& known) {
  std::vector<ModelSpec> models;
  constexpr char kVariable[] = "DRAMATIS_OPENAI_MODELS";
  if (known.name != "openai") return models;
  for (const std::string& spec : settings.List(kVariable)) {
    absl::StatusOr<ModelSpec> model = ParseModelSpec(spec);
    if (model.ok()) {
      models.push_back(*std::move(model));
    } else {
      settings.Problem(kVariable, std::string(model.status().message()));
    }
  }
  return models;
}

std::optional<ProviderConfig> ReadKnown(Settings& settings,
                                        const KnownProvider& known,
                                        SecretReader& secret_reader) {
  ProviderConfig config;
  const std::string key = Owned(known.key_variable);
  if (!key.empty()) config.key = secret_reader.OfVariable(key);
  std::vector<ModelSpec> models = ReadModels(settings, known);
  if (known.name == "openai") config.timeouts = ReadTimeouts(settings);
  const bool own_url =
      !known.url_variable.empty() && !settings.Text(Owned(known.url_variable)).empty();
  const bool has_key = !config.key.value.empty() || !config.key.reference.empty();
  if (!has_key && !own_url) return std::nullopt;
  if (!own_url && known.url.empty()) {
    settings.Problem(Owned(known.url_variable), absl::StrCat("must be set where ", key, " is"));
    return std::nullopt;
  }
  config.name = Owned(known.name);
  config.api = known.api;
  config.auth = known.auth;
  config.base_url = ReadUrl(settings, known).value_or("http://127.0.0.1:1");
  // Another server than the one we know: its models are its own.
  const bool elsewhere = own_url && !known.url.empty() && config.base_url != known.url;
  config.description = Owned(known.description);
  if (elsewhere) {
    config.description = known.api == Api::kAnthropic
                             ? "A server that speaks Anthropic's Messages"
                             : "A server that speaks OpenAI's chat completions";
  }
  config.catalogue = {config.name};
  config.any_model = (known.any_model || elsewhere) && models.empty();
  config.models = std::move(models);
  if (config.models.empty() && !known.models.empty()) {
    for (const auto& name : absl::StrSplit(Owned(known.models), ',')) {
      config.models.push_back({.name = std::string(name)});
      if (elsewhere) break;  // of a server that we know nothing about, only the default
    }
  }
  return config;
}

// Makes the models that DRAMATIS_MODEL names those of their providers. Who runs the deployment may
// name what is offered, what the catalogue knows, and where names are the operator's own, anything.
class ChainReader {
 public:
  ChainReader(Settings& settings, Config& config, const std::vector<std::string>& open)
      : settings_(settings), config_(config), open_(open) {}

  // `is_checked`: whether all providers are known that may be named.
  void Read(bool is_checked) {
    std::vector<std::string> names = settings_.List(kModelVariable);
    if (!is_checked) return;
    if (names.empty()) names = {Default()};
    for (size_t i = 0; i < names.size(); ++i)
      Check(names[i], i + 1);
    config_.chain = std::move(names);
  }

 private:
  // A provider without a default model cannot be the default.
  std::string Default() {
    for (const ProviderConfig& provider : config_.providers) {
      if (provider.api == Api::kLocal || !provider.models.empty()) return provider.name;
    }
    if (!config_.providers.empty()) {
      settings_.Problem(kModelVariable,
                        absl::StrCat("must name a model of ", config_.providers.front().name,
                                     ", as ", config_.providers.front().name, "/<model>"));
    }
    return "local";
  }

  void Check(const std::string& name, size_t number) {
    const auto problem = [&](const std::string& what) {
      settings_.Problem(kModelVariable, absl::StrCat("names, as number ", number, ", ", what));
    };
    const size_t slash = name.find('/');
    const std::string model = slash == std::string::npos ? "" : name.substr(slash + 1);
    const bool names_nothing = slash != std::string::npos && model.empty();
    if (name == "local" || name == "local/retrieval") return;
    const auto found =
        std::find_if(config_.providers.begin(), config_.providers.end(),
                     [&](const ProviderConfig& p) { return p.name == name.substr(0, slash); });
    if (found == config_.providers.end() || names_nothing) {
      return problem(absl::StrCat("a provider that is not set up; there are ",
                                  absl::StrJoin(config_.providers, "",
                                                [](std::string* out, const ProviderConfig& p) {
                                                  absl::StrAppend(out, p.name, ", ");
                                                }),
                                  "local"));
    }
    if (Has(*found, model)) return;
    const std::string why = model.empty()
                                ? "no default model: name one as " + found->name + "/<model>"
                                : std::string("no such model among those that it is set up with");
    problem(absl::StrCat("a model of the provider ", found->name, ", which has ", why));
  }

  bool Has(ProviderConfig& provider, const std::string& model) const {
    if (provider.api == Api::kLocal) return model.empty() || model == "retrieval";
    if (model.empty()) return !provider.models.empty();
    if (provider.any_model) return true;
    if (std::any_of(provider.models.begin(), provider.models.end(),
                    [&](const ModelSpec& spec) { return spec.name == model; })) {
      return true;
    }
    const bool own_names = std::find(open_.begin(), open_.end(), provider.name) != open_.end();
    const bool may = own_names || (IsDefaultOffer(provider) &&
                                   Catalogue().Find(provider.catalogue, model).has_value());
    if (may) provider.models.push_back({.name = model});
    return may;
  }

  // The models are our choice, not the operator's.
  static bool IsDefaultOffer(const ProviderConfig& provider) {
    for (const KnownProvider& known : KnownProviders()) {
      if (known.name != provider.name) continue;
      const std::string first = Owned(known.models.substr(0, known.models.find(',')));
      return !provider.models.empty() && provider.models.front() == ModelSpec{.name = first} &&
             provider.models.size() > 1;
    }
    return false;
  }

  Settings& settings_;
  Config& config_;
  const std::vector<std::string>& open_;
};

void ReadEmbedder(Settings& settings, Config& config, bool is_checked) {
  constexpr char kVariable[] = "DRAMATIS_EMBEDDER";
  const std::string text = settings.Text(kVariable);
  if (text.empty()) return;
  constexpr std::string_view kTable = "table:";
  if (text.starts_with(kTable)) {
    config.embedder_table = text.substr(kTable.size());
    const absl::StatusOr<std::unique_ptr<Embedder>> table = OpenTable(config.embedder_table);
    if (!table.ok()) settings.Problem(kVariable, std::string(table.status().message()));
    return;
  }
  const size_t slash = text.find('/');
  config.embedder_provider = text.substr(0, slash);
  config.embedder_model = slash == std::string::npos ? "" : text.substr(slash + 1);
  const bool exists = std::any_of(
      config.providers.begin(), config.providers.end(), [&](const ProviderConfig& provider) {
        return provider.name == config.embedder_provider && provider.api == Api::kOpenAi &&
               provider.auth != Auth::kSigV4;
      });
  if ((!exists && is_checked) || config.embedder_model.empty()) {
    settings.Problem(kVariable,
                     "must be table: and a file, or a provider that is set up and speaks OpenAI's "
                     "API, a slash and its model, as openai/text-embedding-3-small");
  }
}

// A whole number that is not negative; nullopt where it is unset.
std::optional<int64_t> ReadAmount(Settings& settings, const char* variable) {
  const std::string text = settings.Text(variable);
  if (text.empty()) return std::nullopt;
  constexpr int64_t kMost = 9'007'199'254'740'991;  // JSON's numbers hold it exactly
  int64_t amount = 0;
  if (!absl::SimpleAtoi(text, &amount) || amount < 0 || amount > kMost) {
    settings.Problem(variable, "must be a whole number from 0 to 9007199254740991");
    return std::nullopt;
  }
  return amount;
}

// Of whoever signs requests: nobody else reads these variables.
std::optional<aws::CredentialSettings> ReadAws(Settings& settings, const Config& config) {
  const auto signs = std::find_if(config.providers.begin(), config.providers.end(),
                                  [](const ProviderConfig& p) { return p.auth == Auth::kSigV4; });
  if (signs == config.providers.end()) return std::nullopt;
  return aws::ReadCredentialSettings(settings, signs->region);
}

}  // namespace

Config Config::From(Settings& settings) {
  Config config;
  SecretReader secret_reader(settings);
  FileProviders file = ReadFile(settings, secret_reader);
  config.providers = std::move(file.providers);
  std::vector<std::string> open;  // whose models' names are the operator's own
  for (const KnownProvider& known : KnownProviders()) {
    std::optional<ProviderConfig> provider = ReadKnown(settings, known, secret_reader);
    if (!provider.has_value()) continue;
    const bool twice =
        std::any_of(config.providers.begin(), config.providers.end(),
                    [&](const ProviderConfig& other) { return other.name == provider->name; });
    if (twice) {
      settings.Problem(kFileVariable,
                       absl::StrCat(provider->name, ": is also set up by ",
                                    Owned(known.key_variable.empty() ? known.url_variable
                                                                     : known.key_variable)));
      continue;
    }
    if (known.own_names) open.push_back(provider->name);
    config.providers.push_back(*std::move(provider));
  }
  const SystemClock clock;
  config.models_file = settings.Text("DRAMATIS_MODELS_FILE");
  if (const absl::Status read = Catalogue(config.models_file, clock).Reload(); !read.ok()) {
    settings.Problem("DRAMATIS_MODELS_FILE", std::string(read.message()));
  }
  for (const std::string& path : settings.List("DRAMATIS_TOKEN_RANKS")) {
    if (const absl::Status read = config.vocabularies.Read(path); !read.ok()) {
      settings.Problem("DRAMATIS_TOKEN_RANKS", std::string(read.message()));
    }
  }
  ChainReader(settings, config, open).Read(/*is_checked=*/file.is_valid);
  config.restart_broken =
      settings.Choice("DRAMATIS_ON_BROKEN_STREAM", "stop", {"stop", "restart"}) == "restart";
  constexpr char kHedgeAfter[] = "DRAMATIS_HEDGE_AFTER";
  if (settings.Text(kHedgeAfter, "off") != "off") {
    constexpr absl::Duration kSoonest = absl::Milliseconds(10);
    constexpr absl::Duration kLatest = absl::Minutes(5);
    config.hedge_after = settings.Duration(kHedgeAfter, kLatest, kSoonest, kLatest);
  }
  constexpr absl::Duration kMostDelay = absl::Seconds(10);
  config.local_delay = settings.Duration("DRAMATIS_LOCAL_DELAY", absl::ZeroDuration(),
                                         absl::ZeroDuration(), kMostDelay);
  config.ca_file = settings.Text("SSL_CERT_FILE");
  ReadEmbedder(settings, config, /*is_checked=*/file.is_valid);
  config.limits.user = {ReadAmount(settings, "DRAMATIS_MONTHLY_BUDGET_MICROS"),
                        ReadAmount(settings, "DRAMATIS_TOKENS_PER_MINUTE")};
  constexpr absl::Duration kLeastLease = absl::Seconds(1);
  constexpr absl::Duration kMostLease = absl::Hours(1);
  config.reservation_lease =
      settings.Duration("DRAMATIS_RESERVATION_LEASE", Ledger::kLease, kLeastLease, kMostLease);
  config.limits.deployment_monthly_micros =
      ReadAmount(settings, "DRAMATIS_DEPLOYMENT_BUDGET_MICROS");
  config.secret_settings = secret_reader.settings();
  config.aws = ReadAws(settings, config);
  return config;
}

}  // namespace dramatis::inference
