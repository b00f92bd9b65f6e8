// What memory keeps of API keys, and the promises of whoever keeps it: as those of model/store.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dramatis/memory/v1/keys.pb.h"

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "shared/call/call.h"

namespace dramatis::memory {

// The most keys of a user.
inline constexpr int kKeyQuota = 100;

// A key at its current version.
struct KeyRow {
  std::string user_id;
  std::string key_id;
  // The fields that are the user's to set.
  v1::Key definition;
  std::string prefix;
  std::string last_four;
  int version = 1;
  absl::Time create_time;
  absl::Time update_time;
  std::optional<absl::Time> last_used;
};

struct KeyPage {
  std::vector<KeyRow> keys;
  // There are more after the last one.
  bool more = false;
};

// Where a page of keys begins: after this one.
struct KeyPosition {
  absl::Time create_time;
  std::string key_id;
};

class KeyStore {
 public:
  virtual ~KeyStore() = default;

  // NOT_FOUND.
  virtual absl::StatusOr<KeyRow> Find(const std::string& user_id, const std::string& key_id) = 0;
  // Newest first.
  virtual absl::StatusOr<KeyPage> List(const std::string& user_id,
                                       const std::optional<KeyPosition>& after,
                                       int limit) = 0;
  // Adds a key that the secret of this hash opens, and gives `answer` back; where the call's
  // Idempotency-Key came before with this request, `replay` of that first time, and marks the call.
  // KEY_QUOTA_EXCEEDED; IDEMPOTENCY_KEY_REUSED.
  virtual absl::StatusOr<v1::Key> Create(const CallContext& call,
                                         const v1::CreateKeyRequest& request,
                                         const KeyRow& row,
                                         const std::string& secret_hash,
                                         const v1::Key& answer,
                                         const v1::Key& replay) = 0;
  // Writes the version after `row.version` if that still is the current one; ABORTED, CONFLICT if
  // it is not, or if the key is gone.
  virtual absl::Status Update(const KeyRow& row) = 0;
  // The same, and from now on the secret of this hash opens the key, those so far only until
  // `old_end`. Replays as Create does.
  virtual absl::StatusOr<v1::Key> Rotate(const CallContext& call,
                                         const v1::RotateKeyRequest& request,
                                         const KeyRow& row,
                                         const std::string& secret_hash,
                                         absl::Time old_end,
                                         const v1::Key& answer,
                                         const v1::Key& replay) = 0;
  // Revokes the key for good, whatever its version where `version` is unset. NOT_FOUND; ABORTED,
  // CONFLICT if the version is another.
  virtual absl::Status Delete(const std::string& user_id,
                              const std::string& key_id,
                              std::optional<int> version) = 0;

  // Whose key the secret of this hash opens at `now`; nullopt for nobody's.
  virtual absl::StatusOr<std::optional<KeyRow>> LookUp(const std::string& secret_hash,
                                                       absl::Time now) = 0;
  // Notes that the key was used then.
  virtual absl::Status NoteUse(const KeyRow& row, absl::Time when) = 0;
  // Whether anybody has a key.
  virtual absl::StatusOr<bool> HasAny() = 0;
};

}  // namespace dramatis::memory
