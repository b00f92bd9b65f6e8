#include "shared/time/timer.h"

#include <algorithm>
#include <utility>

namespace dramatis {
namespace {

using SteadyClock = std::chrono::steady_clock;

// `delay` from now, clamped to what the clock can say.
SteadyClock::time_point Later(absl::Duration delay) {
  constexpr absl::Duration kLongest = absl::Hours(24 * 365 * 10);
  return SteadyClock::now() +
         absl::ToChronoNanoseconds(std::clamp(delay, absl::ZeroDuration(), kLongest));
}

}  // namespace

Timer::Timer() {
  const absl::MutexLock lock(&join_mutex_);
  thread_ = std::thread([this] { Work(); });
}

Timer::~Timer() {
  Stop();
}

void Timer::After(absl::Duration delay, std::function<void()> task) {
  const std::scoped_lock lock(mutex_);
  if (stopped_) return;
  waiting_.emplace(Later(delay), std::move(task));
  changed_.notify_one();
}

void Timer::Stop() {
  std::multimap<SteadyTime, std::function<void()>> dropped;
  {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
    dropped.swap(waiting_);
    changed_.notify_one();
  }
  const absl::MutexLock lock(&join_mutex_);
  if (thread_.joinable()) thread_.join();
}

void Timer::Work() {
  std::unique_lock lock(mutex_);
  while (!stopped_) {
    if (waiting_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const auto first = waiting_.begin();
    if (const SteadyTime due = first->first; due > SteadyClock::now()) {
      changed_.wait_until(lock, due);
      continue;
    }
    std::function<void()> task = std::move(first->second);
    waiting_.erase(first);
    lock.unlock();
    task();
    task = nullptr;  // what it holds goes outside the lock
    lock.lock();
  }
}

bool Ending::WaitFor(absl::Duration delay) {
  std::unique_lock lock(mutex_);
  return changed_.wait_until(lock, Later(delay), [this] { return ended_; });
}

bool Ending::ended() const {
  const std::scoped_lock lock(mutex_);
  return ended_;
}

void Ending::End() {
  const std::scoped_lock lock(mutex_);
  ended_ = true;
  // Under the lock: who wakes may destroy this once it is released.
  changed_.notify_all();
}

}  // namespace dramatis
