// Tells the log that a persona's text is longer than a model has room for: once for each version of
// a persona and each model.
//
//   notices.Note(packed.manifest, "openai/llama3.1:8b");
//
// Thread-safe.
#pragma once

#include <set>
#include <string>
#include <utility>

#include "dramatis/prompt/v1/prompt.pb.h"

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "shared/log/log.h"

namespace dramatis::inference {

class CutNotices {
 public:
  // What is remembered; beyond it something is told again.
  static constexpr size_t kMostNoted = 4096;

  explicit CutNotices(Logger& logger) : logger_(logger) {}
  void Note(const prompt::v1::PromptManifest& manifest, const std::string& model);

 private:
  Logger& logger_;
  absl::Mutex mutex_;
  std::set<std::pair<std::string, std::string>> noted_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dramatis::inference
