// A turn's prompt while it is being prepared: what can be read before the turn is stored need not
// wait for that. One thread sets it, another says what comes next, in either order. Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace dramatis::conversation {

class TurnPrompt;

template <class Prompt>
class PendingOf {
 public:
  // Once.
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

using PendingPrompt = PendingOf<std::shared_ptr<TurnPrompt>>;

}  // namespace dramatis::conversation
