// The chat completions format of OpenAI and of the many servers that speak it
// (https://platform.openai.com/docs/api-reference/chat): the request's JSON, and the chunks of a
// streamed answer. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dramatis/prompt/v1/prompt.pb.h"

#include "absl/status/statusor.h"
#include "services/inference/packing.h"
#include "services/inference/tokens.h"

namespace dramatis::inference {

// How a request is written for a model and a server.
struct WireOptions {
  // The model's name at the provider.
  std::string model;
  // OpenAI itself calls the limit `max_completion_tokens` and refuses the older `max_tokens` for
  // its reasoning models; compatible servers know the older one.
  bool max_completion_tokens = false;
  // Leave temperature, top_p and stop out.
  bool fixed_sampling = false;
};

// The body of POST /chat/completions: streamed, with usage.
std::string ChatRequestJson(const PackedPrompt& prompt,
                            const prompt::v1::ModelParameters& parameters,
                            const WireOptions& options);

// What one chunk of an answer says.
struct ChatChunk {
  std::string text;                  // more of the answer, whole code points
  std::string finish_reason;         // set on the last chunk of text
  std::optional<TokenCounts> usage;  // where the chunk has it
};

// Reads the data of one event other than `[DONE]`. INVALID_ARGUMENT where it is not a chunk;
// UNAVAILABLE where the provider says that it failed.
absl::StatusOr<ChatChunk> ParseChatChunk(std::string_view json);

}  // namespace dramatis::inference
