// What conversation keeps of shares: sessions as they were at one moment, which whoever has the
// link may read. As in model/store.h each function is one transaction.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/conversation/model/store.h"

namespace dramatis::conversation {

// Most shares of one session.
inline constexpr int kMaxShares = 100;

struct ShareRow {
  std::string user_id;
  std::string share_id;
  std::string conversation_id;
  std::string token_hash;  // SHA-256 in hexadecimal
  absl::Time created_at;
  std::optional<absl::Time> expires_at;
};

class ShareStore {
 public:
  virtual ~ShareStore() = default;

  // Keeps the session's messages as they are. NOT_FOUND where it is gone; RESOURCE_EXHAUSTED for
  // more than kMaxShares.
  virtual absl::StatusOr<Idempotent<ShareRow>> CreateShare(const ShareRow& share,
                                                           const Answering<ShareRow>& once) = 0;
  // The session's shares, the first one first.
  virtual absl::StatusOr<std::vector<ShareRow>> ListShares(const std::string& user_id,
                                                           const std::string& conversation_id) = 0;
  // Revokes a share of the session. NOT_FOUND.
  virtual absl::Status DeleteShare(const std::string& user_id,
                                   const std::string& conversation_id,
                                   const std::string& share_id) = 0;
  // What was shared under this token, serialized dramatis.conversation.v1.SharedConversation;
  // nullopt where nothing was, or is any more at `now`.
  virtual absl::StatusOr<std::optional<std::string>> FindShared(const std::string& token_hash,
                                                                absl::Time now) = 0;
};

}  // namespace dramatis::conversation
