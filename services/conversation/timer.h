// Runs functions later, on one thread of its own: for the heartbeat of turns and for trying again.
//
//   timer.After(absl::Seconds(1), [&] { executor.Post([&] { Checkpoint(); }); });
//
// Tasks must return at once. Thread-safe.
#pragma once

#include <functional>
#include <map>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace dramatis::conversation {

class Timer {
 public:
  Timer();
  ~Timer();
  // No effect after Stop.
  void After(absl::Duration delay, std::function<void()> task);
  // Drops what waits; returns when no task runs. Not to be called by a task.
  void Stop();

 private:
  void Work();

  absl::Mutex mutex_;
  absl::CondVar changed_;
  std::multimap<absl::Time, std::function<void()>> waiting_ ABSL_GUARDED_BY(mutex_);
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Mutex join_mutex_;
  std::thread thread_ ABSL_GUARDED_BY(join_mutex_);
};

}  // namespace dramatis::conversation
