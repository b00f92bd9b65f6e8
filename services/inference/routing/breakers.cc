#include "services/inference/routing/breakers.h"

#include <algorithm>

namespace dramatis::inference {

Breaker& Breakers::Of(const std::string& model) {
  const absl::MutexLock lock(&mutex_);
  const auto found = breakers_.find(model);
  if (found != breakers_.end()) return *found->second;
  if (breakers_.size() >= kMostModels) return shared_;
  return *breakers_.emplace(model, std::make_unique<Breaker>(clock_)).first->second;
}

bool Breakers::AllOpen() const {
  const absl::MutexLock lock(&mutex_);
  return !breakers_.empty() &&
         std::all_of(breakers_.begin(), breakers_.end(), [](const auto& breaker) {
           return breaker.second->RetryAfter() > absl::ZeroDuration();
         });
}

}  // namespace dramatis::inference
