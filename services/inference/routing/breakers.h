// A breaker for each model of a provider: one that is overloaded says nothing of the others.
//
//   Breaker& breaker = breakers.Of("gpt-4o");
//
// Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "services/inference/routing/breaker.h"
#include "shared/time/clock.h"

namespace dramatis::inference {

class Breakers {
 public:
  // Models with a breaker of their own: names of models may be users' to choose. Those beyond share
  // one.
  static constexpr size_t kMostModels = 256;

  // `clock` outlives the breakers.
  explicit Breakers(const Clock& clock) : clock_(clock), shared_(clock) {}

  // Valid as long as the breakers.
  Breaker& Of(const std::string& model);
  // Some model was asked for, and none of those that were may be called now.
  bool AllOpen() const;

 private:
  const Clock& clock_;
  mutable absl::Mutex mutex_;
  std::map<std::string, std::unique_ptr<Breaker>> breakers_ ABSL_GUARDED_BY(mutex_);
  Breaker shared_;
};

}  // namespace dramatis::inference
