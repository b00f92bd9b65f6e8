#include "shared/sql/group_commit.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "absl/time/clock.h"
#include "shared/sql/connection.h"
#include "shared/status/macros.h"

namespace dramatis::sql {
namespace {

// Enough to share the disk's answer, few enough that the first need not wait long for the last.
constexpr size_t kMostMembers = 32;

}  // namespace

// One write and its thread, which waits.
struct GroupCommit::Member {
  Member(const Write& w, Disk d) : write(w), disk(d) {}
  const Write& write;
  const Disk disk;
  absl::Status status;
  std::exception_ptr thrown;
  // Guarded by the mutex.
  enum class State { kWaiting, kTaken, kLeads, kDone } state = State::kWaiting;
  absl::CondVar changed;
};

absl::Status GroupCommit::Run(const Write& write, Disk disk) {
  Member member(write, disk);
  if (const Group group = Join(member); !group.empty()) RunGroup(group);
  if (member.thrown != nullptr) std::rethrow_exception(member.thrown);
  return std::move(member.status);
}

GroupCommit::Group GroupCommit::Join(Member& member) {
  using State = Member::State;
  const absl::Time deadline = absl::Now() + timeout_;
  const absl::MutexLock lock(&mutex_);
  waiting_.push_back(&member);
  if (!std::exchange(led_, true)) member.state = State::kLeads;
  while (member.state == State::kWaiting) {
    const bool late = member.changed.WaitWithDeadline(&mutex_, deadline);
    if (late && member.state == State::kWaiting) {
      waiting_.erase(std::find(waiting_.begin(), waiting_.end(), &member));
      member.status = DatabaseUnavailable("others write for too long");
      return {};
    }
  }
  // Once taken it is run, however late.
  while (member.state == State::kTaken)
    member.changed.Wait(&mutex_);
  if (member.state == State::kDone) return {};
  const auto end =
      waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(waiting_.size(), kMostMembers));
  Group group(waiting_.begin(), end);
  waiting_.erase(waiting_.begin(), end);
  for (Member* taken : group)
    taken->state = State::kTaken;
  return group;
}

// Without the lock: nobody else touches members that were taken, and their threads wait.
void GroupCommit::RunGroup(const Group& group) {
  if (group.size() == 1) {
    RunAlone(*group.front());
  } else {
    RunTogether(group);
  }
  Leave(group);
}

void GroupCommit::RunAlone(Member& member) {
  try {
    member.status = run_(member.write, member.disk);
  } catch (...) {
    member.thrown = std::current_exception();
  }
}

void GroupCommit::RunTogether(const Group& group) {
  const bool waits = std::any_of(group.begin(), group.end(),
                                 [](const Member* member) { return member->disk == Disk::kWaits; });
  const auto write_all = [&](Transaction& tx) -> absl::Status {
    auto& connection = static_cast<Connection&>(tx);
    for (Member* member : group) {
      member->thrown = nullptr;
      try {
        DRAMATIS_RETURN_IF_ERROR(connection.RunPart(member->write, member->status));
      } catch (...) {
        member->thrown = std::current_exception();
      }
    }
    return absl::OkStatus();
  };
  const absl::Status committed = run_(write_all, waits ? Disk::kWaits : Disk::kSoon);
  if (committed.ok()) return;
  for (Member* member : group) {
    if (member->status.ok()) member->status = committed;
  }
}

void GroupCommit::Leave(const Group& group) {
  const absl::MutexLock lock(&mutex_);
  for (Member* member : group) {
    member->state = Member::State::kDone;
    // Under the lock: once it is released a member returns, and is no more.
    member->changed.Signal();
  }
  led_ = !waiting_.empty();
  if (!led_) return;
  waiting_.front()->state = Member::State::kLeads;
  waiting_.front()->changed.Signal();
}

}  // namespace dramatis::sql
