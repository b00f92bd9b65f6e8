#include "shared/sql/lease_clock.h"

#include "shared/status/macros.h"

namespace dramatis::sql {
namespace {

// clock_timestamp() is the time of the call, not of the transaction's beginning.
constexpr Statement kNow = {
    "select cast(floor(extract(epoch from clock_timestamp()) * 1000000) as bigint)"};
// A reading that took longer says too little, unless there is none.
constexpr absl::Duration kQuick = absl::Milliseconds(500);

}  // namespace

absl::StatusOr<absl::Time> DatabaseTime(Transaction& tx, absl::Time otherwise) {
  if (tx.engine() == Engine::kSqlite) return otherwise;
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kNow, {}));
  return rows.at(0).Time(0);
}

absl::Status LeaseClock::Refresh() {
  if (database_.engine() == Engine::kSqlite) return absl::OkStatus();
  absl::Time before;
  absl::Time after;
  DRAMATIS_ASSIGN_OR_RETURN(const absl::Time there, database_.Read([&](Transaction& tx) {
    // Not while it waits for a connection.
    before = steady_.Now();
    absl::StatusOr<absl::Time> time = DatabaseTime(tx, before);
    after = steady_.Now();
    return time;
  }));
  if (after - before > kQuick && read_) return absl::OkStatus();
  ahead_ = absl::ToInt64Microseconds(there - (before + (after - before) / 2));
  read_ = true;
  return absl::OkStatus();
}

}  // namespace dramatis::sql
