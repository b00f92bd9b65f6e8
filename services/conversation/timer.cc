#include "services/conversation/timer.h"

#include <utility>

#include "absl/time/clock.h"

namespace dramatis::conversation {

Timer::Timer() {
  const absl::MutexLock lock(&join_mutex_);
  thread_ = std::thread([this] { Work(); });
}

Timer::~Timer() {
  Stop();
}

void Timer::After(absl::Duration delay, std::function<void()> task) {
  const absl::MutexLock lock(&mutex_);
  if (stopped_) return;
  waiting_.emplace(absl::Now() + delay, std::move(task));
  changed_.Signal();
}

void Timer::Stop() {
  std::multimap<absl::Time, std::function<void()>> dropped;
  {
    const absl::MutexLock lock(&mutex_);
    stopped_ = true;
    dropped.swap(waiting_);
    changed_.Signal();
  }
  const absl::MutexLock lock(&join_mutex_);
  if (thread_.joinable()) thread_.join();
}

void Timer::Work() {
  while (true) {
    std::function<void()> task;
    {
      const absl::MutexLock lock(&mutex_);
      while (!stopped_ && (waiting_.empty() || waiting_.begin()->first > absl::Now())) {
        changed_.WaitWithDeadline(
            &mutex_, waiting_.empty() ? absl::InfiniteFuture() : waiting_.begin()->first);
      }
      if (stopped_) return;
      task = std::move(waiting_.begin()->second);
      waiting_.erase(waiting_.begin());
    }
    task();
  }
}

}  // namespace dramatis::conversation
