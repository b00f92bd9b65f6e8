// A bounded thread pool for blocking work: a full queue refuses at once instead of growing, and new
// work is refused while more comes than is done (shared/executor/queue_delay.h). Thread-safe.
#pragma once

#include <functional>
#include <memory>

#include "shared/executor/queue_delay.h"

namespace dramatis {

class Executor {
 public:
  // At most `threads` workers, each of which is made when there is a task and nobody to run it, and
  // stays; and at most `queue` waiting tasks. `delay`: how long tasks may wait for a thread before
  // new work is refused, where the queue stands.
  Executor(int threads, int queue, QueueDelay::Duration delay = QueueDelay::kNever);
  // Runs what is queued, then ends.
  ~Executor();

  // Runs `task` on a worker, in the log scope (shared/log/log_scope.h) of the caller. False, and
  // nothing is run, if the queue is full, Stop was called, or the system gives not even one thread.
  [[nodiscard]] bool TryPost(std::function<void()> task);
  // The same for work that nobody has begun yet; false as well while Refuses.
  [[nodiscard]] bool TryBegin(std::function<void()> task);
  // The same past the queue's limit, for work that was accepted before and must end (a turn's last
  // write). False only after Stop, or without any thread.
  bool Post(std::function<void()> task);
  // Whether there is more work than is done: what would make more of it, and has not begun, had
  // better be refused. Cheap.
  bool Refuses();
  // Refuses further tasks, waits for the ones queued and running.
  void Stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dramatis
