#include "services/conversation/turns/recovery.h"

#include "absl/strings/str_cat.h"
#include "services/conversation/model/turn_error.h"
#include "services/conversation/turns/turn_end.h"
#include "shared/call/call_metadata.h"
#include "shared/log/log_scope.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

constexpr int kTurnsAtOnce = 32;

}  // namespace

absl::StatusOr<int> Recovery::Recover(bool any_lease) {
  DRAMATIS_ASSIGN_OR_RETURN(const int sessions, RecoverSessions(any_lease));
  DRAMATIS_ASSIGN_OR_RETURN(const int rooms, RecoverRooms(any_lease));
  return sessions + rooms;
}

absl::StatusOr<int> Recovery::RecoverSessions(bool any_lease) {
  int taken = 0;
  while (true) {
    DRAMATIS_ASSIGN_OR_RETURN(
        const std::vector<TurnJob> jobs,
        tools_.turns.TakeOver(
            worker_.NewLease(), tools_.leases.Now(), any_lease,
            [this](const std::string& turn_id) { return live_turns_.Find(turn_id) != nullptr; },
            kTurnsAtOnce));
    for (const TurnJob& job : jobs)
      Take(job);
    taken += static_cast<int>(jobs.size());
    if (static_cast<int>(jobs.size()) < kTurnsAtOnce) return taken;
  }
}

absl::StatusOr<int> Recovery::RecoverRooms(bool any_lease) {
  int taken = 0;
  while (true) {
    DRAMATIS_ASSIGN_OR_RETURN(
        const std::vector<WaitingTurn> due,
        tools_.turns.ListDueTurns(tools_.leases.Now(), any_lease, kTurnsAtOnce));
    int now_taken = 0;
    for (const WaitingTurn& turn : due) {
      DRAMATIS_ASSIGN_OR_RETURN(const bool claimed, Claim(turn, any_lease));
      if (claimed) ++now_taken;
    }
    taken += now_taken;
    // Where none could be claimed the next look would see the same.
    if (now_taken == 0 || static_cast<int>(due.size()) < kTurnsAtOnce) return taken;
  }
}

absl::StatusOr<bool> Recovery::Claim(const WaitingTurn& turn, bool any_lease) {
  if (live_turns_.Find(turn.turn_id) != nullptr) return false;
  DRAMATIS_ASSIGN_OR_RETURN(
      const std::optional<TurnJob> job,
      tools_.turns.ClaimTurn(turn, worker_.NewLease(), tools_.leases.Now(), any_lease));
  if (job.has_value()) Take(*job);
  return job.has_value();
}

CallContext Recovery::CallOf(const std::string& turn_id) const {
  CallContext call;
  call.correlation_id = absl::StrCat("turn-", turn_id);
  call.traceparent = NewTraceparent(tools_.ids);
  return call;
}

void Recovery::Take(const TurnJob& job) {
  const CallContext call = CallOf(job.turn.turn_id);
  const LogScope scope(call);
  if (job.turn.interruptions < kMaxInterruptions || job.turn.cancel_requested) {
    if (job.room == nullptr || job.turn.attempt > 1) {
      tools_.logger.Info("turn taken over",
                         {{"turn_id", job.turn.turn_id}, {"attempt", job.turn.attempt}});
    }
    worker_.Run(job, call);
    return;
  }
  TurnEnd end;
  end.turn = job.turn.fenced();
  end.in_room = job.turn.in_room();
  end.state = TurnState::kFailed;
  end.persona_id = job.turn.persona_id;
  end.text = job.turn.text;
  end.error = SerializeError(Error(
      absl::StatusCode::kUnavailable, v1::ERROR_REASON_TURN_ABANDONED,
      absl::StrCat("the turn was interrupted ", job.turn.interruptions, " times and given up")));
  end.now = tools_.clock.Now();
  if (FallsBack(job)) FallBack(tools_.ids.NewId(), end);
  const absl::StatusOr<EndedTurn> ended = StoreTurnEnd(tools_, job, end);
  if (ended.ok() && ended->next.has_value()) worker_.Next(*ended->next);
  tools_.logger.Warning("turn given up", {{"turn_id", job.turn.turn_id}, {"stored", ended.ok()}});
}

}  // namespace dramatis::conversation
