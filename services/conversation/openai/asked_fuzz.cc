// The bodies of /v1/responses and /v1/chat/completions, as JSON: whatever is in them is refused, or
// a chat that ends with the user's line and whose roles take turns.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "google/protobuf/util/json_util.h"
#include "services/conversation/openai/asked.h"

namespace dramatis::conversation {
namespace {

void Check(const absl::StatusOr<Asked>& asked) {
  if (!asked.ok()) return;
  if (asked->messages.empty() || asked->newest.empty() || asked->newest_field.empty()) std::abort();
  if (asked->messages.back().role() != prompt::v1::ROLE_USER) std::abort();
  for (size_t i = 1; i < asked->messages.size(); ++i) {
    if (asked->messages[i].role() == asked->messages[i - 1].role()) std::abort();
  }
}

template <class Request>
bool Parse(const std::string& json, Request& request) {
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  return google::protobuf::util::JsonStringToMessage(json, &request, options).ok();
}

}  // namespace
}  // namespace dramatis::conversation

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace conversation = dramatis::conversation;
  namespace openai = dramatis::openai;
  const std::string json(reinterpret_cast<const char*>(data), size);
  openai::v1::ResponseRequest response;
  openai::v1::ChatCompletionRequest chat;
  for (const bool headers : {false, true}) {
    if (conversation::Parse(json, response)) {
      conversation::Check(conversation::ReadResponse(response, headers));
    }
    if (conversation::Parse(json, chat)) conversation::Check(conversation::ReadChat(chat, headers));
  }
  return 0;
}
