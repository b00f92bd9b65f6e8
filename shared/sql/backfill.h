// Brings rows up to date with what is computed from them, where a migration cannot: in batches of
// one transaction each, beside the service's work, once for each database. Where it has come to is
// kept in a table that a migration of the service makes:
//
//   create table backfills (
//     name text not null primary key, first_key text not null, second_key text not null,
//     done boolean not null);
//
//   BackfillThread backfills(database, logger, {{"memory_words_2", &ReindexMemories}});
//   backfills.Start();
//
// Each step may run more than once, also in two processes at a time: it must be idempotent. What is
// written meanwhile is expected to be up to date.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/notification.h"
#include "shared/log/log.h"
#include "shared/sql/database.h"

namespace dramatis::sql {

// Of the last row that was looked at; empty before the first.
struct BackfillKey {
  std::string first;
  std::string second;
};

struct Backfill {
  // Another name is another backfill.
  std::string name;
  // Brings a batch of rows after the key up to date: the last one's key, or nullopt where there was
  // none.
  std::function<absl::StatusOr<std::optional<BackfillKey>>(Transaction&, const BackfillKey&)> step;
};

// Does what is left of it, in the calling thread; returns early where `stopped` says so.
absl::Status RunBackfill(
    Database& database, const Backfill& backfill, const std::function<bool()>& stopped = [] {
      return false;
    });

// Runs backfills one after the other on a thread of its own; tries again while the database cannot
// be reached. Thread-safe.
class BackfillThread {
 public:
  // References outlive it.
  BackfillThread(Database& database, Logger& logger, std::vector<Backfill> backfills)
      : database_(database), logger_(logger), backfills_(std::move(backfills)) {}
  ~BackfillThread() { Stop(); }
  BackfillThread(const BackfillThread&) = delete;
  BackfillThread& operator=(const BackfillThread&) = delete;

  void Start();
  // Waits for the batch under way. What is left is done after the next start.
  void Stop();

 private:
  void Run();

  Database& database_;
  Logger& logger_;
  const std::vector<Backfill> backfills_;
  absl::Notification stopped_;
  std::thread thread_;
};

}  // namespace dramatis::sql
