// The use cases of API keys. A key belongs to its user; anybody else, admins too, is told that
// there is none. Thread-safe.
#pragma once

#include <string>

#include "dramatis/memory/v1/keys.pb.h"

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/memory/model/key_store.h"
#include "shared/call/call.h"
#include "shared/ids/ids.h"
#include "shared/time/clock.h"

namespace dramatis::memory {

class Keys {
 public:
  // `environment` is a part of every secret.
  Keys(KeyStore& store, const Clock& clock, IdSource& ids, std::string environment)
      : store_(store), clock_(clock), ids_(ids), environment_(std::move(environment)) {}

  // INVALID_CURSOR.
  absl::StatusOr<v1::ListKeysResponse> List(const CallContext& call,
                                            const v1::ListKeysRequest& request);
  // INSUFFICIENT_SCOPE for more than the caller may do; PERMISSION_DENIED for a caller with a key
  // that has limits of its own; KEY_QUOTA_EXCEEDED, IDEMPOTENCY_KEY_REUSED.
  absl::StatusOr<v1::Key> Create(const CallContext& call, const v1::CreateKeyRequest& request);
  // NOT_FOUND.
  absl::StatusOr<v1::Key> Get(const CallContext& call, const v1::GetKeyRequest& request);
  // Changes the fields that the mask names, or those that are set where it is empty. NOT_FOUND,
  // ETAG_MISMATCH; as Create.
  absl::StatusOr<v1::Key> Update(const CallContext& call, const v1::UpdateKeyRequest& request);
  // NOT_FOUND, ETAG_MISMATCH.
  absl::Status Delete(const CallContext& call, const v1::DeleteKeyRequest& request);
  // NOT_FOUND; as Create.
  absl::StatusOr<v1::Key> Rotate(const CallContext& call, const v1::RotateKeyRequest& request);

  // For the gateway: whose key it is, if it is one.
  absl::StatusOr<v1::LookUpKeyResponse> LookUp(const v1::LookUpKeyRequest& request);

 private:
  // What the caller may not give away.
  absl::Status CheckGiver(const CallContext& call, const v1::Key& key);
  absl::Status CheckExpiry(const v1::Key& key) const;
  absl::StatusOr<v1::Key> TryUpdate(const CallContext& call, const v1::UpdateKeyRequest& request);
  absl::StatusOr<v1::Key> TryRotate(const CallContext& call, const v1::RotateKeyRequest& request);
  absl::Status TryDelete(const CallContext& call, const std::string& key_id);

  KeyStore& store_;
  const Clock& clock_;
  IdSource& ids_;
  const std::string environment_;
};

}  // namespace dramatis::memory
