// The time by which leases are given and found expired: the database's, so that hosts whose clocks
// differ agree on it. Of an embedded database, which one process has open, that process's own.
//
//   LeaseClock leases(database, steady);        // `steady`: a clock that does not step
//   absl::Status read = leases.Refresh();       // at the start, and every kLeaseClockRefresh
//   lease.expires_at = leases.Now() + absl::Seconds(15);
//
// Now is the steady clock and how far the database's was ahead of it when that was last read, right
// to half of that reading's round trip. Until the first reading it is the steady clock.
//
// Thread-safe; only Refresh blocks.
#pragma once

#include <atomic>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "shared/sql/database.h"
#include "shared/time/clock.h"

namespace dramatis::sql {

// Soon enough to follow a database that has moved to another host.
inline constexpr absl::Duration kLeaseClockRefresh = absl::Seconds(5);

// What time it is at the database; `otherwise` where it has no clock but ours.
absl::StatusOr<absl::Time> DatabaseTime(Transaction& tx, absl::Time otherwise);

class LeaseClock : public Clock {
 public:
  LeaseClock(Database& database, const Clock& steady) : database_(database), steady_(steady) {}

  absl::Time Now() const override { return steady_.Now() + absl::Microseconds(ahead_.load()); }
  // Reads the database's clock. Where it cannot be read, or not quickly, the last reading stays.
  absl::Status Refresh();

 private:
  Database& database_;
  const Clock& steady_;
  std::atomic<int64_t> ahead_ = 0;  // microseconds
  std::atomic<bool> read_ = false;
};

}  // namespace dramatis::sql
