// A turn's prompt while it is being prepared: what can be asked before the turn is stored need not
// wait for that. One thread sets it, another says what comes next, in either order. Thread-safe.
#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "dramatis/inference/v1/inference.pb.h"

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

namespace dramatis::conversation {

class PendingPrompt {
 public:
  using Prompt = absl::StatusOr<dramatis::inference::v1::StreamGenerateRequest>;

  // The prompt, or why there is none. Once.
  void Set(Prompt prompt) {
    std::function<void(Prompt)> next;
    {
      const absl::MutexLock lock(&mutex_);
      if (!next_) {
        prompt_ = std::move(prompt);
        return;
      }
      next = std::move(next_);
    }
    next(std::move(prompt));
  }

  // Calls `next` with it: now where it is there, else from Set. Once.
  void Then(std::function<void(Prompt)> next) {
    std::optional<Prompt> prompt;
    {
      const absl::MutexLock lock(&mutex_);
      if (!prompt_.has_value()) {
        next_ = std::move(next);
        return;
      }
      prompt = std::move(prompt_);
    }
    next(*std::move(prompt));
  }

 private:
  absl::Mutex mutex_;
  std::optional<Prompt> prompt_ ABSL_GUARDED_BY(mutex_);
  std::function<void(Prompt)> next_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dramatis::conversation
