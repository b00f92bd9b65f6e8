// A bounded thread pool for blocking work: a full queue refuses at once instead of growing.
// Thread-safe.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

namespace dramatis {

class Executor {
 public:
  // At most `threads` workers, each of which is made when there is a task and nobody to run it, and
  // stays; and at most `queue` waiting tasks.
  Executor(int threads, int queue);
  // Runs what is queued, then ends.
  ~Executor();

  // Runs `task` on a worker, in the log scope (shared/log/log_scope.h) of the caller. False, and
  // nothing is run, if the queue is full, Stop was called, or the system gives not even one thread.
  [[nodiscard]] bool TryPost(std::function<void()> task);
  // The same past the queue's limit, for work that was accepted before and must end (a turn's last
  // write). False only after Stop, or without any thread.
  bool Post(std::function<void()> task);
  // Whether the first task in the queue has waited for `time`: there is more work than is done, and
  // what can still be refused had better be.
  bool IsBehind(std::chrono::steady_clock::duration time) const;
  // Refuses further tasks, waits for the ones queued and running.
  void Stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dramatis
