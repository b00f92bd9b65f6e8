// The use cases behind GetStatus and ListModels: which providers and models there are. Neither
// calls a provider. Thread-safe.
#pragma once

#include "dramatis/inference/v1/inference.pb.h"

#include "absl/status/statusor.h"
#include "services/inference/routing/router.h"
#include "shared/call/call.h"

namespace dramatis::inference {

class Models {
 public:
  // `router` outlives it.
  explicit Models(const Router& router) : router_(router) {}

  // Admins are also told why a provider failed last.
  absl::StatusOr<v1::GetStatusResponse> GetStatus(const Identity& identity) const;
  absl::StatusOr<v1::ListModelsResponse> List() const;

 private:
  const Router& router_;
};

}  // namespace dramatis::inference
