// Cuts connections to a server that has stopped to answer, as a machine that hangs or a network
// that swallows packets does: the driver would wait for ever, since the server's own time-outs need
// a server that works.
//
//   Watchdog watchdog(absl::Seconds(5));
//   Watchdog::Guard guard(watchdog, socket);   // beside the connection
//   guard.Start(); ... wait for the server ... guard.Stop();
//
// Thread-safe; one Guard is used by one thread at a time.
#pragma once

#include <chrono>
#include <set>
#include <thread>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "shared/time/timer.h"

namespace dramatis::sql {

class Watchdog {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;

  // Cuts who waits for longer than `patience`, and at most half as long again.
  explicit Watchdog(absl::Duration patience);
  // Every guard is gone.
  ~Watchdog();

  class Guard {
   public:
    // Must go before `socket` is closed.
    Guard(Watchdog& watchdog, int socket);
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

    void Start();
    void Stop();

   private:
    friend class Watchdog;
    void CutIfLate(SteadyTime now);

    Watchdog& watchdog_;
    const int socket_;
    absl::Mutex mutex_;
    SteadyTime deadline_ ABSL_GUARDED_BY(mutex_) = SteadyTime::max();
  };

 private:
  void Watch();

  const absl::Duration patience_;
  Ending ending_;
  absl::Mutex mutex_;
  std::set<Guard*> guards_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace dramatis::sql
