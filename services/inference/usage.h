// What was used, for admins: tokens and cost by user, model, persona or day.
//
//   absl::StatusOr<v1::ListUsageResponse> usage = usage_report.List(request);
//
// The caller is an admin: the call adapter has checked. Thread-safe.
#pragma once

#include "dramatis/inference/v1/usage.pb.h"

#include "absl/status/statusor.h"
#include "services/inference/store.h"
#include "shared/time/clock.h"

namespace dramatis::inference {

class Usage {
 public:
  // References outlive the object.
  Usage(Store& store, const Clock& clock) : store_(store), clock_(clock) {}

  // INVALID_ARGUMENT for an empty or reversed range, INVALID_CURSOR, UNAVAILABLE.
  absl::StatusOr<v1::ListUsageResponse> List(const v1::ListUsageRequest& request);

 private:
  Store& store_;
  const Clock& clock_;
};

}  // namespace dramatis::inference
