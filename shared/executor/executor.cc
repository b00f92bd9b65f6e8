#include "shared/executor/executor.h"

#include <deque>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "shared/log/log_scope.h"

namespace dramatis {

struct Executor::State {
  struct Task {
    std::function<void()> run;
    SharedLogIds log_ids;
  };

  State(int threads, int queue)
      : limit(static_cast<size_t>(threads) + static_cast<size_t>(queue)) {}

  void Work() {
    absl::CondVar wake;
    while (true) {
      Task task;
      {
        const absl::MutexLock lock(&mutex);
        AwaitNews(wake);
        if (tasks.empty()) return;  // stopped, and nothing is left
        task = std::move(tasks.front());
        tasks.pop_front();
        ++running;
      }
      {
        const LogScope scope(std::move(task.log_ids));
        task.run();
        task.run = nullptr;  // what it holds goes before its place is free
      }
      const absl::MutexLock lock(&mutex);
      --running;
    }
  }

  void AwaitNews(absl::CondVar& wake) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    while (tasks.empty() && !stopped) {
      idle.push_back(&wake);
      wake.Wait(&mutex);
      std::erase(idle, &wake);  // where it woke by itself
    }
  }

  void Push(std::function<void()> task) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    tasks.push_back({std::move(task), LogScope::Current()});
    if (idle.empty()) return;
    // Whoever ran last: its stack, its memory and its processor are still warm.
    idle.back()->Signal();
    idle.pop_back();
  }

  const size_t limit;  // of tasks queued and running
  absl::Mutex mutex;
  std::deque<Task> tasks ABSL_GUARDED_BY(mutex);
  std::vector<absl::CondVar*> idle ABSL_GUARDED_BY(mutex);  // of the workers, the latest last
  size_t running ABSL_GUARDED_BY(mutex) = 0;
  bool stopped ABSL_GUARDED_BY(mutex) = false;
  // Held while joining, so that each of several callers of Stop returns after the end.
  absl::Mutex join_mutex;
  std::vector<std::thread> workers ABSL_GUARDED_BY(join_mutex);
};

Executor::Executor(int threads, int queue) : state_(std::make_unique<State>(threads, queue)) {
  const absl::MutexLock lock(&state_->join_mutex);
  for (int i = 0; i < threads; ++i) {
    state_->workers.emplace_back([state = state_.get()] { state->Work(); });
  }
}

Executor::~Executor() {
  Stop();
}

bool Executor::TryPost(std::function<void()> task) {
  const absl::MutexLock lock(&state_->mutex);
  if (state_->stopped || state_->tasks.size() + state_->running >= state_->limit) return false;
  state_->Push(std::move(task));
  return true;
}

bool Executor::Post(std::function<void()> task) {
  const absl::MutexLock lock(&state_->mutex);
  if (state_->stopped) return false;
  state_->Push(std::move(task));
  return true;
}

void Executor::Stop() {
  {
    const absl::MutexLock lock(&state_->mutex);
    state_->stopped = true;
    for (absl::CondVar* const worker : state_->idle)
      worker->Signal();
  }
  const absl::MutexLock lock(&state_->join_mutex);
  for (std::thread& worker : state_->workers)
    worker.join();
  state_->workers.clear();
}

}  // namespace dramatis
