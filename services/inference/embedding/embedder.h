// Turns texts into vectors whose cosine says how near their meanings are. Asynchronous: no thread
// is held while a provider computes.
//
//   embedder.Embed({"I am a nurse."}, deadline, [](absl::StatusOr<Embedded> embedded) { ... });
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/inference/catalogue/catalogue.h"
#include "services/inference/prompt/tokens.h"

namespace dramatis::inference {

// Components, of length 1 together, or all zero where the text has no word that is known.
using Vector = std::vector<float>;
// At length 1; all zero where it has none, or is not finite.
void Normalize(Vector& vector);

// What became of some texts.
struct Embedded {
  std::vector<Vector> vectors;  // one for each text, in their order, all of one size
  // Unset where the embedder did not count.
  std::optional<TokenCounts> tokens;
};

// Thread-safe.
class Embedder {
 public:
  virtual ~Embedder() = default;
  // As `table/<hash>` or `openai/text-embedding-3-small`. Vectors are comparable where it is the
  // same.
  virtual std::string name() const = 0;
  // Components of a vector; 0 where none has been made yet.
  virtual int dimensions() const = 0;
  // What a call costs; all zero where it calls nobody.
  virtual Prices prices() const = 0;
  // It calls a provider: what that costs has to be reserved.
  virtual bool remote() const = 0;

  using Done = std::function<void(absl::StatusOr<Embedded>)>;
  // `done` is called once, from any thread, also from this one before Embed returns. Errors:
  // PROVIDER_FAILED, PROVIDER_TIMEOUT, PROVIDER_UNAUTHORIZED.
  virtual void Embed(std::vector<std::string> texts, absl::Time deadline, Done done) = 0;
};

}  // namespace dramatis::inference
