#include "shared/executor/executor.h"

#include <chrono>
#include <deque>
#include <system_error>
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
    std::chrono::steady_clock::time_point queued;
  };

  State(int most_threads, int queue, QueueDelay::Duration most_delay)
      : threads(static_cast<size_t>(most_threads)),
        limit(threads + static_cast<size_t>(queue)),
        delay(most_delay) {}

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
        const auto now = std::chrono::steady_clock::now();
        delay.Note(now - task.queued, now);
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

  bool full() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) { return tasks.size() + running >= limit; }

  bool Refuses() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    const auto now = std::chrono::steady_clock::now();
    return delay.Refuses(tasks.empty() ? QueueDelay::Duration() : now - tasks.front().queued, now);
  }

  // False where there is nobody to run it.
  bool Push(std::function<void()> task) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    if (idle.empty() && workers.size() < threads && !AddWorker() && workers.empty()) return false;
    tasks.push_back({std::move(task), LogScope::Current(), std::chrono::steady_clock::now()});
    if (idle.empty()) return true;
    // Whoever ran last: its stack, its memory and its processor are still warm.
    idle.back()->Signal();
    idle.pop_back();
    return true;
  }

  // False where the system gives no thread: those that are there go on alone.
  bool AddWorker() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    try {
      workers.emplace_back([this] { Work(); });
      return true;
    } catch (const std::system_error&) {
      return false;
    }
  }

  const size_t threads;  // at most
  const size_t limit;    // of tasks queued and running
  absl::Mutex mutex;
  std::deque<Task> tasks ABSL_GUARDED_BY(mutex);
  std::vector<absl::CondVar*> idle ABSL_GUARDED_BY(mutex);  // of the workers, the latest last
  size_t running ABSL_GUARDED_BY(mutex) = 0;
  QueueDelay delay ABSL_GUARDED_BY(mutex);
  std::vector<std::thread> workers ABSL_GUARDED_BY(mutex);
  bool stopped ABSL_GUARDED_BY(mutex) = false;
  // Held while joining, so that each of several callers of Stop returns after the end.
  absl::Mutex join_mutex ABSL_ACQUIRED_BEFORE(mutex);
};

Executor::Executor(int threads, int queue, QueueDelay::Duration delay)
    : state_(std::make_unique<State>(threads, queue, delay)) {}

Executor::~Executor() {
  Stop();
}

bool Executor::TryPost(std::function<void()> task) {
  const absl::MutexLock lock(&state_->mutex);
  if (state_->stopped || state_->full()) return false;
  return state_->Push(std::move(task));
}

bool Executor::TryBegin(std::function<void()> task) {
  const absl::MutexLock lock(&state_->mutex);
  if (state_->stopped || state_->full() || state_->Refuses()) return false;
  return state_->Push(std::move(task));
}

bool Executor::Post(std::function<void()> task) {
  const absl::MutexLock lock(&state_->mutex);
  if (state_->stopped) return false;
  return state_->Push(std::move(task));
}

bool Executor::Refuses() {
  const absl::MutexLock lock(&state_->mutex);
  return state_->Refuses();
}

void Executor::Stop() {
  const absl::MutexLock joining(&state_->join_mutex);
  std::vector<std::thread> workers;
  {
    const absl::MutexLock lock(&state_->mutex);
    state_->stopped = true;
    workers.swap(state_->workers);
    for (absl::CondVar* const worker : state_->idle)
      worker->Signal();
  }
  for (std::thread& worker : workers)
    worker.join();
}

}  // namespace dramatis
