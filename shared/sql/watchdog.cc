#include "shared/sql/watchdog.h"

#include <sys/socket.h>

namespace dramatis::sql {

Watchdog::Watchdog(absl::Duration patience) : patience_(patience), thread_([this] { Watch(); }) {}

Watchdog::~Watchdog() {
  ending_.End();
  thread_.join();
}

void Watchdog::Watch() {
  // By the monotonic clock: a step of the wall clock cuts nobody and keeps nobody waiting.
  while (!ending_.WaitFor(patience_ / 2)) {
    // Held while they are cut: a guard goes before its socket does, and waits for this.
    const absl::MutexLock lock(&mutex_);
    const SteadyTime now = std::chrono::steady_clock::now();
    for (Guard* guard : guards_)
      guard->CutIfLate(now);
  }
}

Watchdog::Guard::Guard(Watchdog& watchdog, int socket) : watchdog_(watchdog), socket_(socket) {
  const absl::MutexLock lock(&watchdog_.mutex_);
  watchdog_.guards_.insert(this);
}

Watchdog::Guard::~Guard() {
  const absl::MutexLock lock(&watchdog_.mutex_);
  watchdog_.guards_.erase(this);
}

void Watchdog::Guard::Start() {
  const absl::MutexLock lock(&mutex_);
  deadline_ = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(watchdog_.patience_);
}

void Watchdog::Guard::Stop() {
  const absl::MutexLock lock(&mutex_);
  deadline_ = SteadyTime::max();
}

void Watchdog::Guard::CutIfLate(SteadyTime now) {
  const absl::MutexLock lock(&mutex_);
  if (now < deadline_) return;
  // Wakes the driver, which finds the connection closed.
  shutdown(socket_, SHUT_RDWR);
  deadline_ = SteadyTime::max();
}

}  // namespace dramatis::sql
