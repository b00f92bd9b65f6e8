// What a request in OpenAI's shape asks for, in our words. Pure functions.
//
//   absl::StatusOr<Asked> asked = ReadChat(request, /*session_headers=*/false);
//   asked->messages.back()   // the user's newest line
//
// What is refused names its field: UNSUPPORTED_PARAMETER where it is something that no persona does
// here, VALIDATION_FAILED where it is malformed.
#pragma once

#include <string>
#include <vector>

#include "dramatis/openai/v1/openai.pb.h"
#include "dramatis/prompt/v1/prompt.pb.h"

#include "absl/status/statusor.h"

namespace dramatis::conversation {

struct Asked {
  // A persona's id or name, or `plain/<provider>/<model>`.
  std::string model;
  // What system lines before the first other line say; empty where there are none.
  std::string instructions;
  // The chat in time order, neighbours of one role merged, without lines that say nothing; ends
  // with one of ROLE_USER.
  std::vector<dramatis::prompt::v1::PromptMessage> messages;
  // The user's newest line alone, and its field.
  std::string newest;
  std::string newest_field;
  // Only what the request says.
  dramatis::prompt::v1::ModelParameters parameters;
  // The session in which the newest line is said; empty for none.
  std::string session_id;
};

// `session_headers`: the chat's id in a header is taken for a session where the request names none.
absl::StatusOr<Asked> ReadChat(const openai::v1::ChatCompletionRequest& request,
                               bool session_headers);
absl::StatusOr<Asked> ReadResponse(const openai::v1::ResponseRequest& request,
                                   bool session_headers);

}  // namespace dramatis::conversation
