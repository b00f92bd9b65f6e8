// A conversation's messages as a task of inference takes them.
#pragma once

#include <string>

#include "dramatis/inference/v1/tasks.pb.h"
#include "dramatis/memory/v1/remembering.pb.h"

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/memory/model/peers.h"
#include "shared/call/call.h"
#include "shared/ids/ids.h"

namespace dramatis::memory {

using ConversationMessages = google::protobuf::RepeatedPtrField<v1::ConversationMessage>;

// OK, or FieldErrors naming each message whose number is not greater than the one before it, the
// first one's not greater than `after`.
absl::Status CheckOrder(const ConversationMessages& messages, int after);

struct TaskOutcome {
  inference::v1::RunTaskResponse response;
  // How many of the messages it is of, from the first.
  int taken = 0;
};

// Runs `request` with as many of the first messages as one call takes: some kilobytes, and less
// where the model's window is smaller. A message that is too long by itself is cut at its end;
// with `cut_others`, what others said is cut to what makes the user's lines understood. Each try
// has a key of its own, `<prefix>:<id>`, since each is paid for. Errors: those of the peer.
// `messages` is not empty.
absl::StatusOr<TaskOutcome> RunOnWhatFits(InferencePeer& inference,
                                          IdSource& ids,
                                          const CallContext& call,
                                          const std::string& key_prefix,
                                          inference::v1::RunTaskRequest request,
                                          const ConversationMessages& messages,
                                          bool cut_others);

}  // namespace dramatis::memory
