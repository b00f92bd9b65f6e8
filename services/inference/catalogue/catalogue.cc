#include "services/inference/catalogue/catalogue.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>

#include <boost/json.hpp>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "embedded/models_json.h"
#include "shared/config/watched_file.h"
#include "shared/status/macros.h"

namespace dramatis::inference {
namespace {

namespace json = boost::json;

constexpr absl::Duration kLookAgain = absl::Seconds(5);
constexpr int kLeastWindow = 256;
constexpr int kMostWindow = 100'000'000;
constexpr double kMostMicros = 1e15;  // for a million tokens
constexpr double kMicrosPerDollar = 1e6;

absl::Status Malformed(const std::string& where, const char* what) {
  return absl::InvalidArgumentError(absl::StrCat(where, " ", what));
}

// A number of `entry`, 0 where it is not there; false where it is something else.
bool ReadNumber(
    const json::object& entry, json::string_view key, double least, double most, double& number) {
  const json::value* const value = entry.if_contains(key);
  if (value == nullptr) return true;
  boost::system::error_code error;
  number = value->to_number<double>(error);
  return !error && number >= least && number <= most;
}

bool ReadThinking(const json::object& entry, Thinking& thinking) {
  const json::value* const value = entry.if_contains("thinking");
  if (value == nullptr) return true;
  constexpr std::array<std::pair<std::string_view, Thinking>, 3> kWords = {
      {{"never", Thinking::kNever},
       {"optional", Thinking::kOptional},
       {"always", Thinking::kAlways}}};
  for (const auto& [word, meaning] : kWords) {
    if (!value->is_string() || std::string_view(value->as_string()) != word) continue;
    thinking = meaning;
    return true;
  }
  return false;
}

absl::StatusOr<ModelFacts> ReadModel(const std::string& name, const json::value& value) {
  const json::object* const entry = value.if_object();
  if (entry == nullptr) return Malformed(name, "must be an object");
  static constexpr std::array<std::string_view, 9> kKeys = {
      "window",        "output",   "inputMicros", "outputMicros", "cachedMicros",
      "writtenMicros", "sampling", "thinking",    "deprecated"};
  for (const auto& member : *entry) {
    const std::string key = member.key();
    if (std::find(kKeys.begin(), kKeys.end(), key) == kKeys.end()) {
      return Malformed(absl::StrCat(name, ".", key), "is not known");
    }
  }
  ModelFacts facts;
  facts.name = name;
  double window = kUnknownWindow;
  double output = 0;
  if (!ReadNumber(*entry, "window", kLeastWindow, kMostWindow, window)) {
    return Malformed(name + ".window", "must be a number of tokens from 256 on");
  }
  if (!ReadNumber(*entry, "output", 0, kMostWindow, output)) {
    return Malformed(name + ".output", "must be a number of tokens");
  }
  facts.window_tokens = static_cast<int>(window);
  facts.max_output_tokens = static_cast<int>(output);
  const std::array<std::pair<json::string_view, double*>, 4> prices = {
      {{"inputMicros", &facts.prices.input},
       {"outputMicros", &facts.prices.output},
       {"cachedMicros", &facts.prices.cached},
       {"writtenMicros", &facts.prices.written}}};
  for (const auto& [key, price] : prices) {
    if (!ReadNumber(*entry, key, 0, kMostMicros, *price)) {
      return Malformed(absl::StrCat(name, ".", std::string(key)),
                       "must be micros for a million tokens");
    }
    *price /= kMicrosPerDollar;
  }
  if (const json::value* const sampling = entry->if_contains("sampling")) {
    if (!sampling->is_bool()) return Malformed(name + ".sampling", "must be true or false");
    facts.sampling = sampling->as_bool();
  }
  if (!ReadThinking(*entry, facts.thinking)) {
    return Malformed(name + ".thinking", "must be never, optional or always");
  }
  if (const json::value* const date = entry->if_contains("deprecated")) {
    if (!date->is_string()) return Malformed(name + ".deprecated", "must be a date");
    facts.deprecated = std::string(date->as_string());
  }
  return facts;
}

// What is compiled in, parsed when it is first asked for.
const ModelTable& BuiltIn() {
  static const auto& table = *[] {
    std::string text;
    for (const std::string_view piece : embedded::models_json())
      text += piece;
    absl::StatusOr<ModelTable> parsed = ModelTable::Parse(text);
    return new ModelTable(parsed.ok() ? *std::move(parsed) : ModelTable());
  }();
  return table;
}

// `gpt-4o` for `gpt-4o-2024-08-06`; a name without a date as it is.
std::string_view WithoutDate(std::string_view name) {
  constexpr std::string_view kShape = "-dddd-dd-dd";
  if (name.size() <= kShape.size()) return name;
  const std::string_view tail = name.substr(name.size() - kShape.size());
  const bool dated = std::equal(tail.begin(), tail.end(), kShape.begin(), [](char c, char shape) {
    return shape == '-' ? c == '-' : absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
  return dated ? name.substr(0, name.size() - kShape.size()) : name;
}

// `anthropic.claude-opus-5-5` for `eu.anthropic.claude-opus-5-5`.
std::string_view WithoutProfile(std::string_view name) {
  for (const std::string_view profile :
       {"us.", "eu.", "apac.", "jp.", "au.", "ca.", "us-gov.", "global."}) {
    if (name.starts_with(profile)) return name.substr(profile.size());
  }
  return name;
}

const ModelFacts* FindUnder(const ModelTable& table,
                            const std::vector<std::string>& providers,
                            const std::string& model) {
  // A dated model with facts of its own before its family.
  const std::array<std::string, 3> names = {model, std::string(WithoutProfile(model)),
                                            std::string(WithoutDate(model))};
  for (const std::string& provider : providers) {
    for (const std::string& name : names) {
      if (const ModelFacts* const facts = table.Find(provider, name)) return facts;
    }
  }
  return nullptr;
}

bool ParsePrices(const std::string& text, Prices& prices) {
  const std::vector<std::string> parts = absl::StrSplit(text, '/');
  if (parts.size() < 2 || parts.size() > 3) return false;
  std::array<double*, 3> fields = {&prices.input, &prices.output, &prices.cached};
  prices.cached = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    double& price = *fields.at(i);
    if (!absl::SimpleAtod(parts[i], &price) || !std::isfinite(price) || price < 0) return false;
  }
  return true;
}

bool ParseWindow(const std::string& text, int& window) {
  return absl::SimpleAtoi(text, &window) && window >= kLeastWindow && window <= kMostWindow;
}

}  // namespace

absl::StatusOr<ModelTable> ModelTable::Parse(std::string_view text) {
  boost::system::error_code error;
  json::monotonic_resource memory;
  const json::value root = json::parse({text.data(), text.size()}, error, &memory);
  if (error) return absl::InvalidArgumentError("is not JSON");
  const json::object* const object = root.if_object();
  const json::value* const providers =
      object == nullptr ? nullptr : object->if_contains("providers");
  if (providers == nullptr || !providers->is_object()) {
    return absl::InvalidArgumentError("must be an object with `providers`");
  }
  ModelTable table;
  for (const auto& provider : providers->as_object()) {
    const std::string name = provider.key();
    const json::object* const models = provider.value().if_object();
    if (models == nullptr) return Malformed(name, "must be an object");
    for (const auto& model : *models) {
      DRAMATIS_ASSIGN_OR_RETURN(ModelFacts facts, ReadModel(model.key(), model.value()));
      table.models_.insert_or_assign(absl::StrCat(name, "/", facts.name), std::move(facts));
    }
  }
  return table;
}

const ModelFacts* ModelTable::Find(const std::string& provider, const std::string& model) const {
  const auto found = models_.find(absl::StrCat(provider, "/", model));
  return found == models_.end() ? nullptr : &found->second;
}

Catalogue::Catalogue()
    : Catalogue("", [&]() -> const Clock& {
        static const auto& clock = *new SystemClock();
        return clock;
      }()) {}

absl::Status Catalogue::Reload() {
  const absl::MutexLock lock(&mutex_);
  return file_.empty() ? absl::OkStatus() : Read();
}

absl::Status Catalogue::Read() const {
  looked_ = clock_.Now();
  struct stat facts = {};
  constexpr int kMostMebibytes = 16;
  const absl::StatusOr<std::string> text = WatchedFile(file_).Read(kMostMebibytes);
  if (stat(file_.c_str(), &facts) != 0 || !text.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("cannot be used: ", text.status().message()));
  }
  own_.modified = facts.st_mtim;  // also of one that is malformed: it is not read at every call
  DRAMATIS_ASSIGN_OR_RETURN(own_.table, ModelTable::Parse(*text));
  return absl::OkStatus();
}

void Catalogue::ReadIfChanged() const {
  const absl::Time now = clock_.Now();
  if (now - looked_ < kLookAgain) return;
  looked_ = now;
  struct stat facts = {};
  if (stat(file_.c_str(), &facts) != 0) return;
  if (facts.st_mtim.tv_sec == own_.modified.tv_sec &&
      facts.st_mtim.tv_nsec == own_.modified.tv_nsec) {
    return;
  }
  // A file that is being written is read whole once its time changes again.
  Read().IgnoreError();
}

std::optional<ModelFacts> Catalogue::Find(const std::vector<std::string>& providers,
                                          const std::string& model) const {
  std::optional<ModelFacts> found;
  if (!file_.empty()) {
    const absl::MutexLock lock(&mutex_);
    ReadIfChanged();
    if (const ModelFacts* const facts = FindUnder(own_.table, providers, model)) found = *facts;
  }
  if (!found.has_value()) {
    if (const ModelFacts* const facts = FindUnder(BuiltIn(), providers, model)) found = *facts;
  }
  if (found.has_value()) found->name = model;
  return found;
}

absl::StatusOr<ModelSpec> ParseModelSpec(const std::string& spec) {
  ModelSpec model = {.name = spec};
  std::string& name = model.name;
  // Takes `@...` off the end; from the right, since a name may hold `@` itself, as
  // `@cf/meta/llama-3-8b` does.
  const auto take = [&]() -> std::optional<std::string> {
    const size_t at = name.rfind('@');
    if (at == std::string::npos || at == 0) return std::nullopt;
    std::string taken = name.substr(at + 1);
    name.resize(at);
    return taken;
  };
  std::optional<std::string> window = take();
  std::optional<std::string> prices;
  if (window.has_value() && window->find('/') != std::string::npos) {
    prices = std::move(window);
    window = take();
  }
  if (window.has_value()) model.window_tokens.emplace();
  if (prices.has_value()) model.prices.emplace();
  const bool good = !name.empty() && (window.has_value() || !prices.has_value()) &&
                    (!window.has_value() || ParseWindow(*window, *model.window_tokens)) &&
                    (!prices.has_value() || ParsePrices(*prices, *model.prices));
  if (!good) {
    return absl::InvalidArgumentError(
        "must be name, name@window or name@window@input/output[/cached]");
  }
  return model;
}

ModelFacts Describe(const ModelSpec& spec,
                    const Catalogue& catalogue,
                    const std::vector<std::string>& providers) {
  ModelFacts facts = catalogue.Find(providers, spec.name)
                         .value_or(ModelFacts{.name = spec.name, .window_tokens = kUnknownWindow});
  if (spec.window_tokens.has_value()) facts.window_tokens = *spec.window_tokens;
  if (spec.prices.has_value()) facts.prices = *spec.prices;
  return facts;
}

int64_t CostMicros(const Prices& prices, const TokenCounts& tokens) {
  const int input = std::max(0, tokens.input_tokens);
  const int cached = std::clamp(tokens.cached_tokens, 0, input);
  const int written = std::clamp(tokens.written_tokens, 0, input - cached);
  const auto or_input = [&](double price) { return price > 0 ? price : prices.input; };
  // Dollars per million tokens are millionths of a dollar per token.
  const double micros = prices.input * (input - cached - written) +
                        or_input(prices.cached) * cached + or_input(prices.written) * written +
                        prices.output * std::max(0, tokens.output_tokens);
  constexpr double kMost = 9e15;  // whole numbers that a double holds exactly
  return static_cast<int64_t>(std::clamp(std::round(micros), 0.0, kMost));
}

}  // namespace dramatis::inference
