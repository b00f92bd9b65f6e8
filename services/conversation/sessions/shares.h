// Links to a session's state at one moment, for people without an account. Thread-safe; blocks.
#pragma once

#include "dramatis/conversation/v1/shares.pb.h"

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/conversation/model/share_store.h"
#include "services/conversation/model/turn_tools.h"
#include "services/conversation/transcripts/transcripts.h"
#include "shared/call/call.h"

namespace dramatis::conversation {

class Shares {
 public:
  Shares(const TurnTools& tools, ShareStore& store, Transcripts& transcripts)
      : tools_(tools), store_(store), transcripts_(transcripts) {}

  // The link is in the first answer only: what is kept, also with an Idempotency-Key, does not open
  // it.
  absl::StatusOr<Idempotent<v1::Share>> Create(const CallContext& call,
                                               const v1::ShareHistoryRequest& request);
  absl::StatusOr<v1::ListSharesResponse> List(const CallContext& call,
                                              const v1::ListSharesRequest& request);
  absl::Status Delete(const CallContext& call, const v1::DeleteShareRequest& request);
  // For anybody. NOT_FOUND.
  absl::StatusOr<v1::SharedConversation> Get(const v1::GetSharedRequest& request);

 private:
  const TurnTools tools_;
  ShareStore& store_;
  Transcripts& transcripts_;
};

}  // namespace dramatis::conversation
