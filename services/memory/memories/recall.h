// What matters about a user for one turn, on the way of every turn: one read transaction, and no
// more than one statement for a user of whom nothing is kept.
//
//   parts: profile/ada   "The user's name is Ada. About them: mathematician, two cats."
//          goal/0190..   "Goal: read 12 books, 50 % done."       the ten newest
//          memory/0190.. "Ada's cats are called Byron and Babbage."      best match first
//          journal/0190. "The user's journal of 2026-11-20, mood calm: A day at sea. We met."
//          goal/0190..                                           the others
//          memory/0190.. "Ada moved to London in March."         the newest
//
// That is also the order in which parts matter: whoever has less room takes them from the
// beginning. Goals and entries that the user keeps from personas are never among them.
//
// Thread-safe.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "dramatis/memory/v1/memory.pb.h"

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/memory/goals/goals.h"
#include "services/memory/model/store.h"
#include "shared/call/call.h"

namespace dramatis::memory {

// What a profile tells a persona, in sentences; empty where it tells nothing. Defaults are not
// worth telling. Pure.
std::string DescribeProfile(const v1::Profile& profile);

// What an entry tells a persona, in one line: its day in the user's zone, its mood, its title, and
// the beginning of its content up to the end of a sentence. Pure.
std::string DescribeEntry(const JournalRow& entry, const absl::TimeZone& zone);

// The parts of a recollection in order, whole ones only, as many as `budget_bytes` holds. Goals and
// the journal have a quarter of it each at most, set aside before memories have the rest. One that
// does not fit is left out, a smaller one after it may still fit. Pure.
v1::RecallResponse ChooseParts(const Recollection& recollection,
                               const std::vector<GoalBrief>& goals,
                               int budget_bytes);

class Recall {
 public:
  // Finds the user's active goals that are shared with personas, newest first.
  using SharedGoals =
      std::function<absl::StatusOr<std::vector<GoalBrief>>(const std::string& user_id)>;

  // Adds to the matches those that the question means.
  using Fuse =
      std::function<absl::StatusOr<std::vector<ScoredMemory>>(const CallContext& call,
                                                              const MemorySearch& search,
                                                              const std::string& question,
                                                              std::vector<ScoredMemory> matches)>;

  // `fuse` may be null: memories are found by their words only.
  Recall(Store& store, SharedGoals goals, Fuse fuse = nullptr)
      : store_(store), goals_(std::move(goals)), fuse_(std::move(fuse)) {}

  // A failed read is an error, never an empty answer.
  absl::StatusOr<v1::RecallResponse> ForTurn(const CallContext& call,
                                             const v1::RecallRequest& request);

 private:
  Store& store_;
  const SharedGoals goals_;
  const Fuse fuse_;
};

}  // namespace dramatis::memory
