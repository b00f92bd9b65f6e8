// The use cases behind GetStatus and ListModels: which providers and models there are. Neither
// calls a provider. Thread-safe.
#pragma once

#include <string>
#include <vector>

#include "dramatis/inference/v1/inference.pb.h"

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/inference/routing/router.h"
#include "shared/call/call.h"

namespace dramatis::inference {

// A model that its provider does not serve after a day, `YYYY-MM-DD`.
struct EndingModel {
  std::string model;  // `provider/model`
  std::string until;
};

class Models {
 public:
  // How long before a model's end it is told of.
  static constexpr absl::Duration kNotice = absl::Hours(24 * 90);

  // `router` outlives it.
  explicit Models(const Router& router) : router_(router) {}

  // Admins are also told why a provider failed last.
  absl::StatusOr<v1::GetStatusResponse> GetStatus(const Identity& identity) const;
  absl::StatusOr<v1::ListModelsResponse> List() const;
  // The models that are set up and end before `now` and kNotice, or have ended.
  std::vector<EndingModel> Ending(absl::Time now) const;

 private:
  const Router& router_;
};

}  // namespace dramatis::inference
