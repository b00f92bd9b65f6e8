// What has been said: the caller's sessions, and the messages in them. Thread-safe; blocks.
#pragma once

#include <string>
#include <vector>

#include "dramatis/conversation/v1/conversation.pb.h"

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/conversation/model/store.h"
#include "services/conversation/model/turn_tools.h"
#include "services/conversation/transcripts/transcripts.h"
#include "shared/call/call.h"

namespace dramatis::conversation {

class History {
 public:
  History(const TurnTools& tools, Transcripts& transcripts)
      : tools_(tools), transcripts_(transcripts) {}

  // A page of messages; none for an unknown session.
  absl::StatusOr<v1::GetChatHistoryResponse> Messages(const CallContext& call,
                                                      const v1::GetChatHistoryRequest& request);
  absl::StatusOr<v1::ListHistoryResponse> List(const CallContext& call,
                                               const v1::ListHistoryRequest& request);
  absl::StatusOr<v1::GetHistoryResponse> Get(const CallContext& call,
                                             const v1::GetHistoryRequest& request);
  absl::Status Delete(const CallContext& call, const v1::DeleteHistoryRequest& request);

 private:
  struct Page {
    std::vector<MessageRow> messages;
    std::string next_token;
  };
  absl::StatusOr<Page> ReadPage(const CallContext& call,
                                const std::string& conversation_id,
                                bool descending,
                                int size,
                                const std::string& token);

  const TurnTools tools_;
  Transcripts& transcripts_;
};

}  // namespace dramatis::conversation
