#include "shared/sql/connection_pool.h"

#include <algorithm>

namespace dramatis::sql {

ConnectionPool::ConnectionPool(int most, Make make) : most_(most), make_(std::move(make)) {}

ConnectionPool::~ConnectionPool() = default;

absl::StatusOr<ConnectionPool::Lease> ConnectionPool::Take(absl::Time deadline) {
  Waiter waiter;
  {
    const absl::MutexLock lock(&mutex_);
    if (!idle_.empty()) {
      // The one used last: its caches are warm, and those not needed stay unused.
      Lease lease(*this, std::move(idle_.back()));
      idle_.pop_back();
      return lease;
    }
    if (count_ < most_) {
      ++count_;
      waiter.granted = true;
    } else {
      waiters_.push_back(&waiter);
      while (!waiter.granted && !waiter.ready.WaitWithDeadline(&mutex_, deadline)) {
      }
      if (!waiter.granted) {
        waiters_.erase(std::find(waiters_.begin(), waiters_.end(), &waiter));
        return DatabaseUnavailable("no free connection");
      }
    }
  }
  if (waiter.connection != nullptr) return Lease(*this, std::move(waiter.connection));
  return MakeLease();
}

absl::StatusOr<ConnectionPool::Lease> ConnectionPool::MakeLease() {
  absl::StatusOr<std::unique_ptr<Connection>> made = make_();
  if (made.ok()) return Lease(*this, *std::move(made));
  // Who waits first gets the place, and tries to connect by itself.
  const absl::MutexLock lock(&mutex_);
  Grant(nullptr);
  return made.status();
}

void ConnectionPool::GiveBack(std::unique_ptr<Connection> connection) {
  std::unique_ptr<Connection> unusable;  // closed after the lock is released
  if (!connection->usable()) unusable = std::move(connection);
  const absl::MutexLock lock(&mutex_);
  Grant(std::move(connection));
}

void ConnectionPool::Grant(std::unique_ptr<Connection> connection) {
  if (!waiters_.empty()) {
    Waiter* waiter = waiters_.front();
    waiters_.pop_front();
    waiter->granted = true;
    waiter->connection = std::move(connection);
    waiter->ready.Signal();
  } else if (connection != nullptr) {
    idle_.push_back(std::move(connection));
  } else {
    --count_;
  }
}

void ConnectionPool::DropIdle() {
  std::vector<std::unique_ptr<Connection>> dropped;
  const absl::MutexLock lock(&mutex_);
  dropped.swap(idle_);
  count_ -= static_cast<int>(dropped.size());
}

}  // namespace dramatis::sql
