// The texts of OpenAI's chat completions, and of Anthropic's Messages where they are streamed, as
// they go over the wire.
// https://platform.openai.com/docs/api-reference/chat
// https://docs.anthropic.com/en/api/messages-streaming
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace dramatis::provider_double {

// What the double reads of a request.
struct CompletionRequest {
  std::string model;
  bool stream = false;
  bool include_usage = false;
  std::string newest_message;
  int prompt_tokens = 0;            // bytes of all messages / 4
  std::vector<std::string> fields;  // its members' names
  // The messages are system, then user, then alternating, ending with user.
  bool alternates = false;
};

// INVALID_ARGUMENT where a real server would answer 400.
absl::StatusOr<CompletionRequest> ParseCompletionRequest(const std::string& body);

// Words with the white space before them; joined they are the text.
std::vector<std::string> Words(std::string_view text);

enum class Dialect { kOpenAi, kAnthropic };

// The lines of one answer's stream, each with its empty line.
class ChunkWriter {
 public:
  ChunkWriter(Dialect dialect, const std::string& id, const std::string& model, int prompt_tokens);
  // The first: no text yet.
  std::string Role() const;
  std::string Token(std::string_view text) const;
  // Of Anthropic with the usage.
  std::string Finish(const std::string& reason, int completion_tokens) const;
  // Of OpenAI alone.
  std::string Usage(int completion_tokens) const;
  std::string Done() const;

 private:
  const Dialect dialect_;
  const int prompt_tokens_;
  std::string head_;
};

// The whole answer to a request without `stream`.
std::string CompletionBody(const std::string& id,
                           const std::string& model,
                           const std::string& text,
                           const std::string& finish_reason,
                           int prompt_tokens,
                           int completion_tokens,
                           bool usage);
std::string ErrorBody(int status, const std::string& message);
// 400: the model does not take the field.
std::string RefusalBody(const std::string& field);
std::string ModelsBody();

}  // namespace dramatis::provider_double
