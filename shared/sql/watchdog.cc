#include "shared/sql/watchdog.h"

#include <sys/socket.h>

#include "absl/time/clock.h"

namespace dramatis::sql {

Watchdog::Watchdog(absl::Duration patience) : patience_(patience), thread_([this] { Watch(); }) {}

Watchdog::~Watchdog() {
  {
    const absl::MutexLock lock(&mutex_);
    ended_ = true;
  }
  thread_.join();
}

void Watchdog::Watch() {
  const absl::MutexLock lock(&mutex_);
  while (!mutex_.AwaitWithTimeout(absl::Condition(&ended_), patience_ / 2)) {
    const absl::Time now = absl::Now();
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
  deadline_ = absl::Now() + watchdog_.patience_;
}

void Watchdog::Guard::Stop() {
  const absl::MutexLock lock(&mutex_);
  deadline_ = absl::InfiniteFuture();
}

void Watchdog::Guard::CutIfLate(absl::Time now) {
  const absl::MutexLock lock(&mutex_);
  if (now < deadline_) return;
  // Wakes the driver, which finds the connection closed.
  shutdown(socket_, SHUT_RDWR);
  deadline_ = absl::InfiniteFuture();
}

}  // namespace dramatis::sql
