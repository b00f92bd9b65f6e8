// The use cases of memories: what personas remember about a user. A memory belongs to its user;
// anybody else, admins too, is told that there is none. Thread-safe.
#pragma once

#include "dramatis/memory/v1/memory.pb.h"

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/memory/model/store.h"
#include "shared/call/call.h"
#include "shared/ids/ids.h"
#include "shared/time/clock.h"

namespace dramatis::memory {

// The memory as its user sees it.
v1::Memory Present(const MemoryRow& row);

class Memories {
 public:
  // `quota`: the most memories a user may have.
  Memories(Store& store, const Clock& clock, IdSource& ids, int quota)
      : store_(store), clock_(clock), ids_(ids), quota_(quota) {}

  // MEMORY_QUOTA_EXCEEDED, IDEMPOTENCY_KEY_REUSED.
  absl::StatusOr<v1::Memory> Create(const CallContext& call,
                                    const v1::CreateMemoryRequest& request);
  // INVALID_CURSOR.
  absl::StatusOr<v1::ListMemoriesResponse> List(const CallContext& call,
                                                const v1::ListMemoriesRequest& request);
  // NOT_FOUND.
  absl::StatusOr<v1::Memory> Get(const CallContext& call, const v1::GetMemoryRequest& request);
  // Changes the fields that the mask names, or those that are set where it is empty. NOT_FOUND,
  // ETAG_MISMATCH.
  absl::StatusOr<v1::Memory> Update(const CallContext& call,
                                    const v1::UpdateMemoryRequest& request);
  // NOT_FOUND, ETAG_MISMATCH.
  absl::Status Delete(const CallContext& call, const v1::DeleteMemoryRequest& request);
  absl::StatusOr<v1::SearchMemoriesResponse> Search(const CallContext& call,
                                                    const v1::SearchMemoriesRequest& request);

 private:
  absl::StatusOr<v1::Memory> TryUpdate(const CallContext& call,
                                       const v1::UpdateMemoryRequest& request);
  absl::Status TryDelete(const CallContext& call, const std::string& memory_id);

  Store& store_;
  const Clock& clock_;
  IdSource& ids_;
  const int quota_;
};

}  // namespace dramatis::memory
