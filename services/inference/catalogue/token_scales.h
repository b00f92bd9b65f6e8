// How a provider's counts of prompts' tokens compare to ours, by model: what its usage reports
// teach.
//
//   scales.Learn("llama3", /*ours=*/1000, /*theirs=*/1180);
//   scales.FactorOf("llama3")    // 1.18, once there are a few
//
// In memory. Thread-safe.
#pragma once

#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace dramatis::inference {

class TokenScales {
 public:
  // Models that are remembered: their names may be users' to choose.
  static constexpr size_t kMostModels = 256;
  // Reports before they count: one prompt may be of an odd kind.
  static constexpr int kLeastReports = 3;
  // A provider that counts less or more than so much of what we do counts something else. Source
  // code has some 0.56 of our estimate.
  static constexpr double kLeast = 0.45;
  static constexpr double kMost = 3;

  // 1 where nothing is known.
  double FactorOf(const std::string& model) const;
  // Short prompts, where what a provider adds weighs most, teach nothing.
  void Learn(const std::string& model, double ours, int theirs);

 private:
  struct Scale {
    double mean = 1;
    int reports = 0;
  };

  mutable absl::Mutex mutex_;
  std::map<std::string, Scale> scales_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dramatis::inference
