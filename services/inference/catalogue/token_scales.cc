#include "services/inference/catalogue/token_scales.h"

#include <algorithm>

namespace dramatis::inference {

double TokenScales::FactorOf(const std::string& model) const {
  const absl::MutexLock lock(&mutex_);
  const auto found = scales_.find(model);
  const bool known = found != scales_.end() && found->second.reports >= kLeastReports;
  return known ? found->second.mean : 1;
}

void TokenScales::Learn(const std::string& model, double ours, int theirs) {
  constexpr double kLeastTokens = 100;
  // The last twenty or so count.
  constexpr int kMemory = 20;
  if (ours < kLeastTokens) return;
  const double ratio = theirs / ours;
  if (ratio < kLeast || ratio > kMost) return;
  const absl::MutexLock lock(&mutex_);
  if (scales_.size() >= kMostModels && !scales_.contains(model)) return;
  Scale& scale = scales_[model];
  scale.reports = std::min(scale.reports + 1, kMemory);
  scale.mean += (ratio - scale.mean) / scale.reports;
}

}  // namespace dramatis::inference
