// What was used: tokens and cost by user, model, persona, key or day, for admins and of oneself,
// and of one answer.
//
//   absl::StatusOr<v1::ListUsageResponse> usage = usage_report.List(call, request);
//
// Who may ask what, the steps of the call have checked. Thread-safe.
#pragma once

#include "dramatis/inference/v1/inference.pb.h"
#include "dramatis/inference/v1/usage.pb.h"

#include "absl/status/statusor.h"
#include "services/inference/usage/budgets.h"
#include "services/inference/usage/store.h"
#include "shared/call/call.h"
#include "shared/time/clock.h"

namespace dramatis::inference {

class Usage {
 public:
  // References outlive the object.
  Usage(Store& store, const Budgets& budgets, const Clock& clock)
      : store_(store), budgets_(budgets), clock_(clock) {}

  // INVALID_ARGUMENT for an empty or reversed range, INVALID_CURSOR, UNAVAILABLE.
  absl::StatusOr<v1::ListUsageResponse> List(const CallContext& call,
                                             const v1::ListUsageRequest& request);
  // The caller's own, and the budget. The same errors.
  absl::StatusOr<v1::ListOwnUsageResponse> ListOwn(const CallContext& call,
                                                   const v1::ListOwnUsageRequest& request);
  // Of one answer, whose row may be on its way: waits for it, at most `patience`. NOT_FOUND,
  // UNAVAILABLE. Blocks.
  absl::StatusOr<v1::GetUsageResponse> Get(const v1::GetUsageRequest& request,
                                           absl::Duration patience = absl::Seconds(2)) const;

 private:
  Store& store_;
  const Budgets& budgets_;
  const Clock& clock_;
};

}  // namespace dramatis::inference
