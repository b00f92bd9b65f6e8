// Lets so many in at once; whoever has to wait waits in a queue of its own user, and the users take
// turns: one who asks for a hundred does not keep another from being next.
//
//   FairGate gate(8);
//   const FairGate::Ticket ticket = gate.Wait(user, [] { ... });   // called at once, or by a Leave
//   gate.Leave();                                                  // by each that was let in
//   if (gate.Forget(ticket)) ... it will not be called ...
//
// Thread-safe. What is called is called without a lock held.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace dramatis::inference {

class FairGate {
 public:
  using Ticket = int64_t;

  explicit FairGate(int most) : free_(most) {}

  Ticket Wait(const std::string& user, std::function<void()> enter);
  void Leave();
  // False where it was let in already, or is unknown.
  bool Forget(Ticket ticket);

  // How many wait.
  int waiting() const;

 private:
  struct Waiter {
    Ticket ticket;
    std::function<void()> enter;
  };

  mutable absl::Mutex mutex_;
  int free_ ABSL_GUARDED_BY(mutex_);
  Ticket next_ ABSL_GUARDED_BY(mutex_) = 1;
  std::map<std::string, std::deque<Waiter>> queues_ ABSL_GUARDED_BY(mutex_);  // none is empty
  std::deque<std::string> turns_ ABSL_GUARDED_BY(mutex_);                     // users who wait
};

}  // namespace dramatis::inference
