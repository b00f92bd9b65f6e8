// API keys on SQLite and PostgreSQL. Thread-safe.
#pragma once

#include <optional>
#include <string>

#include "services/memory/model/key_store.h"
#include "shared/sql/database.h"
#include "shared/time/clock.h"

namespace dramatis::memory {

class SqlKeyStore : public KeyStore {
 public:
  // `database` is migrated. The clock dates the uses of Idempotency-Keys.
  SqlKeyStore(sql::Database& database, const Clock& clock) : database_(database), clock_(clock) {}

  absl::StatusOr<KeyRow> Find(const std::string& user_id, const std::string& key_id) override;
  absl::StatusOr<KeyPage> List(const std::string& user_id,
                               const std::optional<KeyPosition>& after,
                               int limit) override;
  absl::StatusOr<v1::Key> Create(const CallContext& call,
                                 const v1::CreateKeyRequest& request,
                                 const KeyRow& row,
                                 const std::string& secret_hash,
                                 const v1::Key& answer,
                                 const v1::Key& replay) override;
  absl::Status Update(const KeyRow& row) override;
  absl::StatusOr<v1::Key> Rotate(const CallContext& call,
                                 const v1::RotateKeyRequest& request,
                                 const KeyRow& row,
                                 const std::string& secret_hash,
                                 absl::Time old_end,
                                 const v1::Key& answer,
                                 const v1::Key& replay) override;
  absl::Status Delete(const std::string& user_id,
                      const std::string& key_id,
                      std::optional<int> version) override;
  absl::StatusOr<std::optional<KeyRow>> LookUp(const std::string& secret_hash,
                                               absl::Time now) override;
  absl::Status NoteUse(const KeyRow& row, absl::Time when) override;
  absl::StatusOr<bool> HasAny() override;

 private:
  // Runs `write` once for the claim; `answer`, or `replay` of the first time.
  template <class Write>
  absl::StatusOr<v1::Key> Once(const CallContext& call,
                               const char* method,
                               const google::protobuf::Message& request,
                               const v1::Key& answer,
                               const v1::Key& replay,
                               Write write);

  sql::Database& database_;
  const Clock& clock_;
};

}  // namespace dramatis::memory
