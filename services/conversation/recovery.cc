#include "services/conversation/recovery.h"

#include "absl/strings/str_cat.h"
#include "services/conversation/turn_error.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

constexpr int kTurnsAtOnce = 32;

}  // namespace

absl::StatusOr<int> Recovery::Recover(bool any_lease) {
  int taken = 0;
  while (true) {
    const absl::Time now = tools_.clock.Now();
    DRAMATIS_ASSIGN_OR_RETURN(
        const std::vector<TurnJob> jobs,
        tools_.store.TakeOver(
            worker_.NewLease(now), now, any_lease,
            [this](const std::string& turn_id) { return live_turns_.Find(turn_id) != nullptr; },
            kTurnsAtOnce));
    for (const TurnJob& job : jobs)
      Take(job);
    taken += static_cast<int>(jobs.size());
    if (static_cast<int>(jobs.size()) < kTurnsAtOnce) return taken;
  }
}

void Recovery::Take(const TurnJob& job) {
  if (job.turn.interruptions < kMaxInterruptions || job.turn.cancel_requested) {
    tools_.logger.Info("turn taken over",
                       {{"turn_id", job.turn.turn_id}, {"attempt", job.turn.attempt}});
    CallContext call;
    call.correlation_id = absl::StrCat("turn-", job.turn.turn_id);
    worker_.Run(job, call);
    return;
  }
  TurnEnd end;
  end.turn = job.turn.fenced();
  end.state = TurnState::kFailed;
  end.persona_id = job.turn.persona_id;
  end.text = job.turn.text;
  end.error = SerializeError(Error(
      absl::StatusCode::kUnavailable, v1::ERROR_REASON_TURN_ABANDONED,
      absl::StrCat("the turn was interrupted ", job.turn.interruptions, " times and given up")));
  end.now = tools_.clock.Now();
  const absl::StatusOr<EndResult> ended = tools_.store.EndTurn(end);
  tools_.logger.Warning("turn given up", {{"turn_id", job.turn.turn_id}, {"stored", ended.ok()}});
}

}  // namespace dramatis::conversation
