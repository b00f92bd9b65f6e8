#include "shared/sql/backfill.h"

#include <utility>

#include "shared/status/macros.h"

namespace dramatis::sql {
namespace {

constexpr absl::Duration kPause = absl::Seconds(1);

constexpr Statement kSelectPlace = {R"(
  select first_key, second_key, done
  from backfills
  where name = $1)"};

constexpr Statement kNotePlace = {R"(
  insert into backfills (name, first_key, second_key, done)
  values ($1, $2, $3, $4)
  on conflict (name) do update set first_key = $2, second_key = $3, done = $4)"};

// Whether it is done.
absl::StatusOr<bool> DoBatch(Transaction& tx, const Backfill& backfill) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kSelectPlace, {backfill.name}));
  if (!rows.empty() && rows.front().Bool(2)) return true;
  BackfillKey key;
  if (!rows.empty()) key = {.first = rows.front().Text(0), .second = rows.front().Text(1)};
  DRAMATIS_ASSIGN_OR_RETURN(const std::optional<BackfillKey> last, backfill.step(tx, key));
  const bool done = !last.has_value();
  if (!done) key = *last;
  DRAMATIS_RETURN_IF_ERROR(
      tx.Execute(kNotePlace, {backfill.name, key.first, key.second, done}).status());
  return done;
}

absl::StatusOr<bool> IsDone(Database& database, const Backfill& backfill) {
  return database.Read([&](Transaction& tx) -> absl::StatusOr<bool> {
    DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kSelectPlace, {backfill.name}));
    return !rows.empty() && rows.front().Bool(2);
  });
}

}  // namespace

absl::Status RunBackfill(Database& database,
                         const Backfill& backfill,
                         const std::function<bool()>& stopped) {
  DRAMATIS_ASSIGN_OR_RETURN(bool done, IsDone(database, backfill));
  while (!done && !stopped()) {
    DRAMATIS_ASSIGN_OR_RETURN(
        done, database.Write([&](Transaction& tx) { return DoBatch(tx, backfill); }));
  }
  return absl::OkStatus();
}

void BackfillThread::Start() {
  thread_ = std::thread([this] { Run(); });
}

void BackfillThread::Stop() {
  if (!stopped_.HasBeenNotified()) stopped_.Notify();
  if (thread_.joinable()) thread_.join();
}

void BackfillThread::Run() {
  for (const Backfill& backfill : backfills_) {
    while (!stopped_.HasBeenNotified()) {
      const absl::Status done =
          RunBackfill(database_, backfill, [this] { return stopped_.HasBeenNotified(); });
      if (done.ok()) break;
      logger_.Warning(
          "rows could not be brought up to date",
          {{"backfill", backfill.name}, {"code", absl::StatusCodeToString(done.code())}});
      stopped_.WaitForNotificationWithTimeout(kPause);
    }
  }
}

}  // namespace dramatis::sql
