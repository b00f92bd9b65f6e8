// What matters about a user for one turn, on the way of every turn: one read transaction, and no
// full-text query for a user without memories.
//
//   parts: profile/ada   "The user's name is Ada. About them: mathematician, two cats."
//          memory/0190.. "Ada's cats are called Byron and Babbage."      best match first,
//          memory/0190.. "Ada moved to London in March."                 then the newest
//
// Thread-safe.
#pragma once

#include <string>

#include "dramatis/memory/v1/memory.pb.h"

#include "absl/status/statusor.h"
#include "services/memory/store.h"
#include "shared/call/call.h"

namespace dramatis::memory {

// What a profile tells a persona, in sentences; empty where it tells nothing. Defaults are not
// worth telling. Pure.
std::string DescribeProfile(const v1::Profile& profile);

// The parts of a recollection in order, whole ones only, as many as `budget_bytes` holds. One that
// does not fit is left out, a smaller one after it may still fit. Pure.
v1::RecallResponse ChooseParts(const Recollection& recollection, int budget_bytes);

class Recall {
 public:
  explicit Recall(Store& store) : store_(store) {}

  // A failed read is an error, never an empty answer.
  absl::StatusOr<v1::RecallResponse> ForTurn(const CallContext& call,
                                             const v1::RecallRequest& request);

 private:
  Store& store_;
};

}  // namespace dramatis::memory
