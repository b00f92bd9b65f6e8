// Connections shared by threads: made when first needed, lent to one thread at a time, in the order
// in which threads asked. Thread-safe.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "shared/sql/connection.h"

namespace dramatis::sql {

class ConnectionPool {
 public:
  using Make = std::function<absl::StatusOr<std::unique_ptr<Connection>>()>;

  // A connection on loan; given back when it goes, thrown away if it has become unusable.
  class Lease {
   public:
    Lease(ConnectionPool& pool, std::unique_ptr<Connection> connection)
        : pool_(&pool), connection_(std::move(connection)) {}
    Lease(Lease&& other) noexcept : pool_(other.pool_), connection_(std::move(other.connection_)) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (connection_ != nullptr) pool_->GiveBack(std::move(connection_));
    }
    Connection& operator*() { return *connection_; }
    Connection* operator->() { return connection_.get(); }

   private:
    ConnectionPool* pool_;
    std::unique_ptr<Connection> connection_;
  };

  // At most `most` connections at a time, made by `make`.
  ConnectionPool(int most, Make make);
  // Every lease has been given back.
  ~ConnectionPool();

  // Waits for a connection until `deadline`, then UNAVAILABLE.
  absl::StatusOr<Lease> Take(absl::Time deadline);
  // Throws away the connections that nobody uses: after one of them was found cut, the others are
  // suspect.
  void DropIdle();

 private:
  struct Waiter {
    absl::CondVar ready;
    bool granted = false;
    std::unique_ptr<Connection> connection;  // null with `granted`: the right to make one
  };

  void GiveBack(std::unique_ptr<Connection> connection);
  // Hands a connection, or with null the right to make one, to who has waited longest.
  void Grant(std::unique_ptr<Connection> connection) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<Lease> MakeLease();

  const int most_;
  const Make make_;
  absl::Mutex mutex_;
  int count_ ABSL_GUARDED_BY(mutex_) = 0;  // lent, idle and being made
  std::vector<std::unique_ptr<Connection>> idle_ ABSL_GUARDED_BY(mutex_);
  std::deque<Waiter*> waiters_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dramatis::sql
