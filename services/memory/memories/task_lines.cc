#include "services/memory/memories/task_lines.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "shared/status/errors.h"
#include "shared/text/graphemes.h"

namespace dramatis::memory {
namespace {

// Bytes of text in one call, at first and at the least.
constexpr size_t kMostBytes = size_t{24} * 1024;
constexpr size_t kLeastBytes = size_t{1} * 1024;
constexpr size_t kMostOfOthers = 500;

std::string SpeakerOf(const v1::ConversationMessage& message) {
  if (!message.name().empty()) return message.name();
  return message.from_user() ? "User" : "Other";
}

// Adds lines until the next one does not fit `bytes`, one at least. How many.
int AddLines(const ConversationMessages& messages,
             size_t bytes,
             bool cut_others,
             inference::v1::RunTaskRequest& request) {
  size_t left = bytes;
  for (const v1::ConversationMessage& message : messages) {
    const size_t most = cut_others && !message.from_user() ? std::min(kMostOfOthers, bytes) : bytes;
    const std::string text(FirstGraphemeBytes(message.text(), most));
    if (request.lines_size() > 0 && text.size() > left) break;
    left -= std::min(left, text.size());
    inference::v1::RunTaskRequest::Line& line = *request.add_lines();
    line.set_speaker(SpeakerOf(message));
    line.set_from_user(message.from_user());
    line.set_text(text);
  }
  return request.lines_size();
}

}  // namespace

absl::Status CheckOrder(const ConversationMessages& messages, int after) {
  std::vector<FieldViolation> violations;
  for (int i = 0; i < messages.size(); ++i) {
    if (messages[i].sequence() <= after) {
      violations.push_back({absl::StrCat("messages[", i, "].sequence"),
                            absl::StrCat("must be greater than ", after)});
    }
    after = std::max(after, messages[i].sequence());
  }
  return violations.empty() ? absl::OkStatus() : FieldErrors(violations);
}

absl::StatusOr<TaskOutcome> RunOnWhatFits(InferencePeer& inference,
                                          IdSource& ids,
                                          const CallContext& call,
                                          const std::string& key_prefix,
                                          inference::v1::RunTaskRequest request,
                                          const ConversationMessages& messages,
                                          bool cut_others) {
  for (size_t bytes = kMostBytes;; bytes /= 2) {
    request.clear_lines();
    request.set_task_key(absl::StrCat(key_prefix, ":", ids.NewId()));
    const int taken = AddLines(messages, bytes, cut_others, request);
    absl::StatusOr<inference::v1::RunTaskResponse> response = inference.RunTask(call, request);
    if (response.ok()) return TaskOutcome{.response = *std::move(response), .taken = taken};
    const bool smaller_helps = GetReason(response.status()) == "CONTEXT_TOO_LARGE";
    if (!smaller_helps || bytes <= kLeastBytes) return std::move(response).status();
  }
}

}  // namespace dramatis::memory
