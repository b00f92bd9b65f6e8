// The request of OpenAI's chat completions, which many servers speak
// (https://platform.openai.com/docs/api-reference/chat). How its answer is read:
// providers/openai_stream.h. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "dramatis/prompt/v1/prompt.pb.h"

#include "services/inference/prompt/packing.h"
#include "services/inference/providers/dialect.h"

namespace dramatis::inference {

// How a request is written for a model and a server.
struct WireOptions {
  // The model's name at the provider.
  std::string model;
  // The limit's newer name, `max_completion_tokens`, is tried before the older one, `max_tokens`.
  bool newer_limit = false;
  // What the model is known not to take.
  Dialect dialect = {};
};

// Everything but model and messages, in the order in which it is written: what is set and the model
// is not known to refuse. Of the limit's two names the first that it takes.
std::vector<OptionalField> OptionalFields(const prompt::v1::ModelParameters& parameters,
                                          const WireOptions& options);

// The body of POST /chat/completions: streamed, with usage, unless the dialect says otherwise.
std::string ChatRequestJson(const PackedPrompt& prompt,
                            const prompt::v1::ModelParameters& parameters,
                            const WireOptions& options);

}  // namespace dramatis::inference
