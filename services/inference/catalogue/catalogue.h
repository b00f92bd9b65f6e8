// What is known of models: how much they read, what they cost, what they take. Facts are data:
// models.json, which generate_models.py makes from a published table and which is compiled in, and
// what the operator's own file of the same form says instead (DRAMATIS_MODELS_FILE).
//
//   Catalogue catalogue("/etc/dramatis/models.json", clock);
//   catalogue.Reload();                                             // at start: says what is wrong
//   std::optional<ModelFacts> facts = catalogue.Find({"openai"}, "gpt-4o-mini");
//   const int64_t micros = CostMicros(facts->prices, tokens);
//
// The file is read again when it has changed, looked at no more than every 5 s; one that cannot be
// read then leaves what was known. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/stat.h>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "services/inference/prompt/token_counter.h"
#include "services/inference/prompt/tokens.h"
#include "shared/time/clock.h"

namespace dramatis::inference {

// US dollars per million tokens, which is micros per token; 0 where unknown.
struct Prices {
  double input = 0;
  double output = 0;
  double cached = 0;   // of prompt tokens read from the provider's cache
  double written = 0;  // of prompt tokens written to it
  bool operator==(const Prices&) const = default;
};

// Whether a model thinks before it answers, which is paid for and counts towards its limit.
enum class Thinking {
  kUnknown,
  kNever,
  kOptional,  // it can be told not to
  kAlways,
};

struct ModelFacts {
  // As the provider calls it, without the provider's name.
  std::string name;
  // Tokens of prompt and answer together.
  int window_tokens = 0;
  Prices prices = {};
  // Most tokens of an answer; 0 where unknown.
  int max_output_tokens = 0;
  // It takes temperature and top_p; where nothing is known, it may.
  bool sampling = true;
  Thinking thinking = Thinking::kUnknown;
  // `YYYY-MM-DD` after which the provider no longer serves it; empty where none is known.
  std::string deprecated = {};
  // Its vocabulary, where the operator gave it.
  std::shared_ptr<const TokenCounter> counter = nullptr;
  // What its provider has counted of what we did.
  double tokens_factor = 1;

  TokenMeter meter() const { return {.counter = counter.get(), .factor = tokens_factor}; }
  bool operator==(const ModelFacts&) const = default;
};

// The window taken for a model nobody said anything about.
inline constexpr int kUnknownWindow = 32768;

// Facts by provider and model. Immutable.
class ModelTable {
 public:
  // Of a document in the form of models.json. INVALID_ARGUMENT, which says where it is malformed.
  static absl::StatusOr<ModelTable> Parse(std::string_view text);
  // Null where the provider has no such model.
  const ModelFacts* Find(const std::string& provider, const std::string& model) const;

 private:
  absl::flat_hash_map<std::string, ModelFacts> models_;  // by `provider/model`
};

class Catalogue {
 public:
  // Only what is compiled in.
  Catalogue();
  // `file` is the operator's; empty for none. `clock` outlives the catalogue.
  Catalogue(std::string file, const Clock& clock) : file_(std::move(file)), clock_(clock) {}

  // Reads the operator's file now. INVALID_ARGUMENT where it cannot be read or is malformed.
  absl::Status Reload();

  // What the first of `providers` that has the model says of it, the operator's file first; also
  // under a dated name such as `gpt-4o-mini-2024-07-18`, and under the name of a Bedrock inference
  // profile such as `eu.anthropic.claude-opus-5-5`.
  std::optional<ModelFacts> Find(const std::vector<std::string>& providers,
                                 const std::string& model) const;

 private:
  struct Own {
    ModelTable table;
    timespec modified = {};
  };
  absl::Status Read() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ReadIfChanged() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string file_;
  const Clock& clock_;
  mutable absl::Mutex mutex_;
  mutable Own own_ ABSL_GUARDED_BY(mutex_);
  mutable absl::Time looked_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

// A model that an operator names, and what they say of it; the rest comes from the catalogue.
struct ModelSpec {
  std::string name;
  std::optional<int> window_tokens = std::nullopt;
  std::optional<Prices> prices = std::nullopt;
  bool operator==(const ModelSpec&) const = default;
};

// One entry of DRAMATIS_OPENAI_MODELS: `name`, `name@window` or `name@window@input/output` or
// `name@window@input/output/cached`, prices in US dollars per million tokens. INVALID_ARGUMENT if
// malformed.
absl::StatusOr<ModelSpec> ParseModelSpec(const std::string& spec);

// What is known of a model: what the spec says, else the catalogue, else kUnknownWindow, no price
// and nothing else.
ModelFacts Describe(const ModelSpec& spec,
                    const Catalogue& catalogue,
                    const std::vector<std::string>& providers);

// Millionths of a US dollar, rounded. Cached and written tokens cost the input price where no price
// of their own is known.
int64_t CostMicros(const Prices& prices, const TokenCounts& tokens);

}  // namespace dramatis::inference
