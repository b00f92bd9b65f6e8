#include "services/conversation/turns.h"

#include <optional>
#include <utility>

#include "services/conversation/cursor.h"
#include "services/conversation/responses.h"
#include "shared/ids/ids.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {

absl::StatusOr<v1::Turn> Turns::Get(const CallContext& call, const std::string& turn_id) {
  DRAMATIS_ASSIGN_OR_RETURN(const TurnRow row, Find(call, turn_id, Who::kOwnerOrAdmin));
  v1::Turn turn = ToTurn(row);
  if (!row.open()) return turn;
  if (const std::shared_ptr<LiveTurn> live = live_turns_.Find(turn_id); live != nullptr) {
    turn.set_text(live->text().Text());
  }
  return turn;
}

absl::StatusOr<std::shared_ptr<LiveTurn>> Turns::Follow(const CallContext& call,
                                                        const std::string& turn_id) {
  if (std::shared_ptr<LiveTurn> live = live_turns_.Find(turn_id); live != nullptr) {
    if (!call.identity.MayManage(live->facts().user_id)) return NotFoundError("turn");
    return live;
  }
  DRAMATIS_ASSIGN_OR_RETURN(const TurnRow row, Find(call, turn_id, Who::kOwnerOrAdmin));
  return Open(row);
}

absl::StatusOr<std::unique_ptr<TurnEvents>> Turns::Stream(const CallContext& call,
                                                          const v1::StreamTurnRequest& request) {
  std::optional<LiveCursor> position;
  if (!request.cursor().empty()) {
    const std::optional<TurnCursor> cursor = ParseCursor(request.cursor());
    if (!cursor.has_value() || cursor->turn_id != request.turn_id()) return CursorError("cursor");
    position = cursor->position;
  }
  DRAMATIS_ASSIGN_OR_RETURN(std::shared_ptr<LiveTurn> live, Follow(call, request.turn_id()));
  return std::make_unique<TurnEvents>(std::move(live), position);
}

absl::StatusOr<std::shared_ptr<LiveTurn>> Turns::Cancel(const CallContext& call,
                                                        const std::string& turn_id) {
  DRAMATIS_ASSIGN_OR_RETURN(const TurnRow row, Find(call, turn_id, Who::kOwner));
  if (!row.open()) return Open(row);
  // In the row first: whoever runs the turn, now or after a crash, will see it.
  DRAMATIS_RETURN_IF_ERROR(tools_.store.RequestCancel(row, tools_.clock.Now()));
  std::shared_ptr<LiveTurn> live = live_turns_.Find(turn_id);
  worker_.Cancel(turn_id);
  return live != nullptr ? live : Open(row);
}

absl::StatusOr<Idempotent<v1::Turn>> Turns::Retry(const CallContext& call,
                                                  const v1::RetryTurnRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(const TurnRow row, Find(call, request.turn_id(), Who::kOwner));
  DRAMATIS_RETURN_IF_ERROR(worker_.Ready());
  const absl::Time now = tools_.clock.Now();
  DRAMATIS_ASSIGN_OR_RETURN(
      Idempotent<RetriedTurn> retried,
      tools_.store.RetryTurn(row, worker_.NewLease(now), now,
                             [](const TurnRow& turn) { return ToTurn(turn).SerializeAsString(); },
                             {call, "RetryTurn", request}));
  if (retried.result.job.has_value()) worker_.Run(*retried.result.job, call);
  Idempotent<v1::Turn> answer{.result = {}, .replayed = retried.replayed};
  if (!answer.result.ParseFromString(retried.result.answer)) {
    return InternalError("the stored answer of a retry cannot be read");
  }
  return answer;
}

absl::StatusOr<TurnRow> Turns::Find(const CallContext& call, const std::string& turn_id, Who who) {
  if (!IsUuid(turn_id)) return NotFoundError("turn");
  DRAMATIS_ASSIGN_OR_RETURN(std::optional<TurnRow> row, tools_.store.FindTurn(turn_id));
  const bool visible = row.has_value() && (call.identity.user_id == row->user_id ||
                                           (who == Who::kOwnerOrAdmin && call.identity.IsAdmin()));
  if (!visible) return NotFoundError("turn");
  return *std::move(row);
}

std::shared_ptr<LiveTurn> Turns::Open(const TurnRow& row) {
  if (row.open()) return replicas_.Follow(row);
  auto ended = std::make_shared<LiveTurn>(FactsOf(row), row.attempt, row.text);
  ended->Finish(OutcomeOf(row));
  return ended;
}

}  // namespace dramatis::conversation
