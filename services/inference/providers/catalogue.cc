#include "services/inference/providers/catalogue.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace dramatis::inference {
namespace {

struct Entry {
  std::string_view name;
  int window_tokens;
  Prices prices;
};

constexpr std::array<Entry, 14> kOpenAiModels = {{
    {"gpt-4o-2024-05-13", 128'000, {5.00, 15.00, 0}},
    {"gpt-4o-mini", 128'000, {0.15, 0.60, 0.075}},
    {"gpt-4o", 128'000, {2.50, 10.00, 1.25}},
    {"gpt-4.1", 1'047'576, {2.00, 8.00, 0.50}},
    {"gpt-4.1-mini", 1'047'576, {0.40, 1.60, 0.10}},
    {"gpt-4.1-nano", 1'047'576, {0.10, 0.40, 0.025}},
    {"gpt-4-turbo", 128'000, {10.00, 30.00, 0}},
    {"gpt-3.5-turbo", 16'385, {0.50, 1.50, 0}},
    {"gpt-5", 400'000, {1.25, 10.00, 0.125}},
    {"gpt-5-mini", 400'000, {0.25, 2.00, 0.025}},
    {"gpt-5-nano", 400'000, {0.05, 0.40, 0.005}},
    {"o1", 200'000, {15.00, 60.00, 7.50}},
    {"o3-mini", 200'000, {1.10, 4.40, 0.55}},
    {"o4-mini", 200'000, {1.10, 4.40, 0.275}},
}};

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
  constexpr int kLeastWindow = 256;
  constexpr int kMostWindow = 100'000'000;
  return absl::SimpleAtoi(text, &window) && window >= kLeastWindow && window <= kMostWindow;
}

}  // namespace

std::optional<ModelFacts> KnownModel(const std::string& name) {
  const auto named = [](std::string_view wanted) {
    return std::find_if(kOpenAiModels.begin(), kOpenAiModels.end(),
                        [&](const Entry& entry) { return entry.name == wanted; });
  };
  // A dated model with facts of its own before its family.
  auto found = named(name);
  if (found == kOpenAiModels.end()) found = named(WithoutDate(name));
  if (found == kOpenAiModels.end()) return std::nullopt;
  return ModelFacts{.name = name, .window_tokens = found->window_tokens, .prices = found->prices};
}

absl::StatusOr<ModelFacts> ParseModelSpec(const std::string& spec) {
  std::string name = spec;
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
  ModelFacts facts = KnownModel(name).value_or(
      ModelFacts{.name = name, .window_tokens = kUnknownWindow, .prices = {}});
  const bool good = !name.empty() && (window.has_value() || !prices.has_value()) &&
                    (!window.has_value() || ParseWindow(*window, facts.window_tokens)) &&
                    (!prices.has_value() || ParsePrices(*prices, facts.prices));
  if (!good) {
    return absl::InvalidArgumentError(
        "must be name, name@window or name@window@input/output[/cached]");
  }
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
