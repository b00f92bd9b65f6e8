#include "shared/sql/pooled_database.h"

#include <optional>
#include <random>
#include <utility>

#include "absl/time/clock.h"
#include "shared/sql/migrations.h"
#include "shared/status/macros.h"

namespace dramatis::sql {
namespace {

constexpr int kMostRuns = 6;

constexpr Statement kPing = {"select 1", "select count(*) from sqlite_master"};

// Full jitter: writers that met shall not meet again. From 5 ms, doubled each time.
absl::Duration WaitAfter(int run) {
  thread_local std::minstd_rand random{std::random_device{}()};
  std::uniform_real_distribution<double> fraction(0, 1);
  return absl::Milliseconds(5) * static_cast<double>(1 << run) * fraction(random);
}

}  // namespace

absl::Status PooledDatabase::RunTransaction(
    Mode mode, const std::function<absl::Status(Transaction&)>& function) {
  const auto access_of = [mode] {
    if (mode == Mode::kRead) return Access::kRead;
    return mode == Mode::kWrite ? Access::kWrite : Access::kWriteSoon;
  };
  const Access access = access_of();
  return RunOn(PoolFor(access), access, function);
}

absl::Status PooledDatabase::RunOn(ConnectionPool& pool,
                                   Access access,
                                   const std::function<absl::Status(Transaction&)>& function) {
  for (int run = 1;; ++run) {
    absl::Status status;
    Failure failure = Failure::kNone;
    {
      DRAMATIS_ASSIGN_OR_RETURN(ConnectionPool::Lease lease, pool.Take(absl::Now() + timeout_));
      status = lease->Run(access, function);
      failure = lease->failure();
    }
    if (failure == Failure::kLost || failure == Failure::kInDoubt) pool.DropIdle();
    if (status.ok()) return status;
    if (failure == Failure::kConflict) {
      if (run == kMostRuns) return DatabaseConflict();
      if (access == Access::kRead) access = Access::kSnapshot;
      absl::SleepFor(WaitAfter(run));
    } else if (failure != Failure::kLost || run > 1) {
      // A cut connection is tried once more: the next one is new.
      return status;
    }
  }
}

absl::StatusOr<std::vector<std::string>> PooledDatabase::Migrate(
    const std::vector<Migration>& migrations) {
  // Each step is a transaction of its own that takes the lock and looks at what is applied, so that
  // several processes may migrate at once.
  std::vector<std::string> names;
  while (true) {
    std::optional<std::string> applied;
    DRAMATIS_RETURN_IF_ERROR(
        RunOn(PoolFor(Access::kWrite), Access::kWrite, [&](Transaction& tx) -> absl::Status {
          DRAMATIS_RETURN_IF_ERROR(PrepareMigration(tx));
          DRAMATIS_ASSIGN_OR_RETURN(applied,
                                    ApplyNextMigration(migrations, static_cast<Connection&>(tx)));
          return absl::OkStatus();
        }));
    if (!applied.has_value()) return names;
    names.push_back(*std::move(applied));
  }
}

absl::StatusOr<SchemaState> PooledDatabase::CheckSchema(const std::vector<Migration>& migrations) {
  return Read([&](Transaction& tx) { return ReadSchemaState(migrations, tx); });
}

absl::Status PooledDatabase::Ping() {
  return Read([](Transaction& tx) { return tx.Execute(kPing, {}).status(); });
}

}  // namespace dramatis::sql
