// What is known of models: how much they read, what they cost.
//
//   const std::optional<ModelFacts> facts = KnownModel("gpt-4o-mini");
//   absl::StatusOr<ModelFacts> own = ParseModelSpec("llama3.1:8b@8192@0.05/0.08");
//
// Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "services/inference/prompt/tokens.h"

namespace dramatis::inference {

// US dollars per million tokens, which is micros per token; 0 where unknown.
struct Prices {
  double input = 0;
  double output = 0;
  double cached = 0;   // of prompt tokens read from the provider's cache
  double written = 0;  // of prompt tokens written to it
  bool operator==(const Prices&) const = default;
};

struct ModelFacts {
  // As the provider calls it, without the provider's name.
  std::string name;
  // Tokens of prompt and answer together.
  int window_tokens = 0;
  Prices prices;
};

// The window taken for a model nobody said anything about.
inline constexpr int kUnknownWindow = 32768;

// A model of OpenAI's published catalogue (https://platform.openai.com/docs/models and
// https://openai.com/api/pricing), also under a dated name such as `gpt-4o-mini-2024-07-18`. What
// an operator pays may differ: DRAMATIS_OPENAI_MODELS says it for good.
std::optional<ModelFacts> KnownModel(const std::string& name);

// One entry of DRAMATIS_OPENAI_MODELS: `name`, `name@window` or `name@window@input/output` or
// `name@window@input/output/cached`, prices in US dollars per million tokens. What the entry leaves
// out comes from KnownModel, else from kUnknownWindow and no price. INVALID_ARGUMENT if malformed.
absl::StatusOr<ModelFacts> ParseModelSpec(const std::string& spec);

// Millionths of a US dollar, rounded. Cached and written tokens cost the input price where no price
// of their own is known.
int64_t CostMicros(const Prices& prices, const TokenCounts& tokens);

}  // namespace dramatis::inference
