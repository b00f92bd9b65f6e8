// Later: functions that run after a while, measured by a monotonic clock. A step of the wall clock
// (NTP, a resumed machine, an operator) neither stops a timer nor fires it early.
//
//   timer.After(absl::Seconds(1), [&] { executor.Post([&] { Checkpoint(); }); });
//
// Work that comes again and again belongs into a table of jobs: shared/executor/periodic.h.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace dramatis {

// Timers as an interface, so that tests say when later is. Thread-safe.
class Timers {
 public:
  virtual ~Timers() = default;
  // Runs `task` once after `delay`, on the timers' own thread: it must return at once. Tasks that
  // still wait when the timers end are dropped.
  virtual void After(absl::Duration delay, std::function<void()> task) = 0;
};

// Timers on one thread of their own.
class Timer : public Timers {
 public:
  Timer();
  // As Stop.
  ~Timer() override;
  // No effect after Stop.
  void After(absl::Duration delay, std::function<void()> task) override;
  // Drops what waits; returns when no task runs. Not to be called by a task.
  void Stop();

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;

  void Work();

  // The standard library's, since Abseil's condition variables wait by the wall clock.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::multimap<SteadyTime, std::function<void()>> waiting_;  // guarded by mutex_
  bool stopped_ = false;                                      // guarded by mutex_
  absl::Mutex join_mutex_;
  std::thread thread_ ABSL_GUARDED_BY(join_mutex_);
};

// A wait that somebody else may end, measured by a monotonic clock. Thread-safe.
//
//   while (!ending.WaitFor(absl::Seconds(1))) LookAround();     // one thread
//   ending.End();                                               // another one
class Ending {
 public:
  // True as soon as End was called, false after `delay`.
  bool WaitFor(absl::Duration delay);
  bool ended() const;
  // For good; any number of times.
  void End();

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool ended_ = false;  // guarded by mutex_
};

}  // namespace dramatis
