// A store of keys in memory, for this service's tests: keeps the promises of model/key_store.h, one
// caller at a time, but those of Idempotency-Keys.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "dramatis/memory/v1/memory.pb.h"

#include "services/memory/model/key_store.h"
#include "services/memory/model/versions.h"
#include "shared/status/errors.h"

namespace dramatis::memory {

class FakeKeyStore : public KeyStore {
 public:
  // How often a use was noted.
  int noted_uses = 0;

  absl::StatusOr<KeyRow> Find(const std::string& user_id, const std::string& key_id) override {
    const auto found = keys_.find({user_id, key_id});
    if (found == keys_.end()) return NotFoundError("key");
    return found->second;
  }
  absl::StatusOr<KeyPage> List(const std::string& user_id,
                               const std::optional<KeyPosition>& after,
                               int limit) override {
    KeyPage page;
    for (auto key = keys_.rbegin(); key != keys_.rend(); ++key) {
      const KeyRow& row = key->second;
      if (row.user_id != user_id || (after.has_value() && row.key_id >= after->key_id)) continue;
      page.more = page.keys.size() == static_cast<size_t>(limit);
      if (page.more) break;
      page.keys.push_back(row);
    }
    return page;
  }
  absl::StatusOr<v1::Key> Create(const CallContext&,
                                 const v1::CreateKeyRequest&,
                                 const KeyRow& row,
                                 const std::string& secret_hash,
                                 const v1::Key& answer,
                                 const v1::Key&) override {
    if (keys_.size() >= static_cast<size_t>(kKeyQuota)) {
      return Error(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_KEY_QUOTA_EXCEEDED,
                   "you have as many keys as are allowed");
    }
    keys_[{row.user_id, row.key_id}] = row;
    secrets_[secret_hash] = {{row.user_id, row.key_id}, absl::InfiniteFuture()};
    return answer;
  }
  absl::Status Update(const KeyRow& row) override {
    const auto found = keys_.find({row.user_id, row.key_id});
    if (found == keys_.end() || found->second.version != row.version) return ChangedMeanwhile();
    found->second = row;
    ++found->second.version;
    return absl::OkStatus();
  }
  absl::StatusOr<v1::Key> Rotate(const CallContext&,
                                 const v1::RotateKeyRequest&,
                                 const KeyRow& row,
                                 const std::string& secret_hash,
                                 absl::Time old_end,
                                 const v1::Key& answer,
                                 const v1::Key&) override {
    if (absl::Status status = Update(row); !status.ok()) return status;
    for (auto& [hash, secret] : secrets_) {
      if (secret.first.second == row.key_id) secret.second = std::min(secret.second, old_end);
    }
    secrets_[secret_hash] = {{row.user_id, row.key_id}, absl::InfiniteFuture()};
    return answer;
  }
  absl::Status Delete(const std::string& user_id,
                      const std::string& key_id,
                      std::optional<int> version) override {
    const auto found = keys_.find({user_id, key_id});
    if (found == keys_.end()) return NotFoundError("key");
    if (version.value_or(found->second.version) != found->second.version) return ChangedMeanwhile();
    keys_.erase(found);
    return absl::OkStatus();
  }
  absl::StatusOr<std::optional<KeyRow>> LookUp(const std::string& secret_hash,
                                               absl::Time now) override {
    const auto secret = secrets_.find(secret_hash);
    if (secret == secrets_.end() || secret->second.second <= now) return std::nullopt;
    const auto found = keys_.find(secret->second.first);
    if (found == keys_.end()) return std::nullopt;
    return found->second;
  }
  absl::Status NoteUse(const KeyRow& row, absl::Time when) override {
    ++noted_uses;
    keys_[{row.user_id, row.key_id}].last_used = when;
    return absl::OkStatus();
  }
  absl::StatusOr<bool> HasAny() override { return !keys_.empty(); }

 private:
  using Name = std::pair<std::string, std::string>;
  std::map<Name, KeyRow> keys_;
  std::map<std::string, std::pair<Name, absl::Time>> secrets_;
};

}  // namespace dramatis::memory
