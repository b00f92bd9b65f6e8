// Group commit: writers that wait for the one connection that may write run in one transaction,
// each in a part of its own, and wait for the disk once. Who comes first leads: it runs its own
// write, then, with all that came meanwhile, the next leader runs those
// (https://sqlite.org/lang_savepoint.html is what a part is made of).
//
//   GroupCommit commits(timeout, [&](const auto& write, Disk) { return RunOn(pool, write); });
//   absl::Status stored = commits.Run([](Transaction& tx) { return tx.Execute(...).status(); });
//
// A group waits for the disk where one of its writes does.
//
// A write that fails is undone alone; one whose transaction could not be begun or committed fails
// with all of its group. A write may run on another writer's thread, while its own waits.
//
// Thread-safe.
#pragma once

#include <deque>
#include <functional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "shared/sql/database.h"

namespace dramatis::sql {

class GroupCommit {
 public:
  using Write = std::function<absl::Status(Transaction&)>;
  // Whether a commit waits until the disk has it.
  enum class Disk { kWaits, kSoon };
  // Runs one function in one transaction of a Connection, and commits where it returns OK.
  using RunTransaction = std::function<absl::Status(const Write&, Disk)>;

  GroupCommit(absl::Duration timeout, RunTransaction run)
      : timeout_(timeout), run_(std::move(run)) {}

  // Returns when the write is committed or undone. UNAVAILABLE where others wrote for longer than
  // the time-out. What the write throws is thrown here.
  absl::Status Run(const Write& write, Disk disk = Disk::kWaits);

 private:
  struct Member;
  using Group = std::vector<Member*>;

  // The group that this member leads, itself first; empty where another led it to its end.
  Group Join(Member& member);
  void RunGroup(const Group& group);
  void RunAlone(Member& member);
  void RunTogether(const Group& group);
  // Lets the members go on, and the next one lead.
  void Leave(const Group& group);

  const absl::Duration timeout_;
  const RunTransaction run_;
  absl::Mutex mutex_;
  bool led_ ABSL_GUARDED_BY(mutex_) = false;  // somebody leads
  std::deque<Member*> waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dramatis::sql
