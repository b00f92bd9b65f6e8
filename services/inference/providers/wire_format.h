// How the requests of one kind of API are written, and its answers read. What is the same for all,
// connections, credentials, refusals, is in providers/http_provider.h.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dramatis/prompt/v1/prompt.pb.h"

#include "services/inference/catalogue/catalogue.h"
#include "services/inference/prompt/packing.h"
#include "services/inference/providers/answer_stream.h"
#include "services/inference/providers/dialect.h"

namespace dramatis::inference {

// How a request is written for a model and a server.
struct WireOptions {
  ModelFacts model;
  // OpenAI's limit by its newer name, `max_completion_tokens`, is tried before the older one,
  // `max_tokens`.
  bool newer_limit = false;
  // What the model is known not to take.
  Dialect dialect = {};
  // Tokens of the limit beside what EffortFor keeps for thinking.
  int more_tokens = 0;
};

// Thread-safe.
class WireFormat {
 public:
  virtual ~WireFormat() = default;
  // What follows the base URL.
  virtual std::string_view path() const = 0;
  // Headers besides those of every JSON request and the credentials, `Name: value`.
  virtual std::vector<std::string> Headers(const prompt::v1::ModelParameters& parameters,
                                           const WireOptions& options) const = 0;
  // Everything that may be left out, in the order in which it is written: what is set and the model
  // is not known to refuse.
  virtual std::vector<OptionalField> Fields(const prompt::v1::ModelParameters& parameters,
                                            const WireOptions& options) const = 0;
  // The body.
  virtual std::string Body(const PackedPrompt& prompt,
                           const prompt::v1::ModelParameters& parameters,
                           const WireOptions& options) const = 0;
  // Reads one answer.
  virtual std::unique_ptr<AnswerStream> MakeStream() const = 0;
};

}  // namespace dramatis::inference
