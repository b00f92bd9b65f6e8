#include "services/conversation/turns/turns.h"

#include <optional>
#include <utility>

#include "services/conversation/model/session_views.h"
#include "services/conversation/model/turn_access.h"
#include "services/conversation/rooms/rooms.h"
#include "services/conversation/turns/cursor.h"
#include "shared/call/access.h"
#include "shared/ids/ids.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {

absl::StatusOr<v1::Turn> Turns::Get(const CallContext& call, const std::string& turn_id) {
  DRAMATIS_ASSIGN_OR_RETURN(const Found found, Find(call, turn_id, Who::kOwnerOrAdmin));
  const TurnRow& row = found.row;
  v1::Turn turn = ToTurn(row);
  if (found.room.has_value() && !MaySeeUsage(*found.room, call.identity, row.persona_id)) {
    turn.clear_usage();
  }
  if (!row.open()) return turn;
  if (const std::shared_ptr<LiveTurn> live = live_turns_.Find(turn_id); live != nullptr) {
    turn.set_text(live->text().Text());
  }
  return turn;
}

absl::StatusOr<std::shared_ptr<LiveTurn>> Turns::Follow(const CallContext& call,
                                                        const std::string& turn_id) {
  std::shared_ptr<LiveTurn> live = live_turns_.Find(turn_id);
  if (live != nullptr && !live->facts().session_id.empty()) {
    if (!call.identity.MayManage(live->facts().user_id)) return NotFoundError("turn");
    return live;
  }
  DRAMATIS_ASSIGN_OR_RETURN(const Found found, Find(call, turn_id, Who::kOwnerOrAdmin));
  return live != nullptr ? live : Open(found.row);
}

absl::StatusOr<std::unique_ptr<TurnEvents>> Turns::Stream(const CallContext& call,
                                                          const v1::StreamTurnRequest& request) {
  std::optional<LiveCursor> position;
  bool seen_end = false;
  if (!request.cursor().empty()) {
    const std::optional<TurnCursor> cursor = ParseCursor(request.cursor());
    if (!cursor.has_value() || cursor->turn_id != request.turn_id()) return CursorError("cursor");
    position = cursor->position;
    seen_end = cursor->end;
  }
  DRAMATIS_ASSIGN_OR_RETURN(std::shared_ptr<LiveTurn> live, Follow(call, request.turn_id()));
  bool with_usage = true;
  if (live->facts().session_id.empty()) {
    DRAMATIS_ASSIGN_OR_RETURN(const Found found, Find(call, request.turn_id(), Who::kOwnerOrAdmin));
    with_usage =
        !found.room.has_value() || MaySeeUsage(*found.room, call.identity, found.row.persona_id);
  }
  return std::make_unique<TurnEvents>(std::move(live), position, with_usage, seen_end);
}

absl::StatusOr<Idempotent<Turns::Cancelling>> Turns::Cancel(const CallContext& call,
                                                            const v1::CancelTurnRequest& request) {
  const std::string& turn_id = request.turn_id();
  DRAMATIS_ASSIGN_OR_RETURN(const Found found, Find(call, turn_id, Who::kOwner));
  const TurnRow& row = found.row;
  if (found.room.has_value()) {
    DRAMATIS_RETURN_IF_ERROR(MayDirect(*found.room, call.identity, row.persona_id));
  }
  if (!row.open() && call.idempotency_key.empty()) {
    return Idempotent<Cancelling>{.result = {.turn = Open(row), .replayed = std::nullopt}};
  }
  // In the row first: whoever runs the turn, now or after a crash, will see it.
  DRAMATIS_ASSIGN_OR_RETURN(
      const Idempotent<std::string> asked,
      tools_.turns.RequestCancel(row, tools_.clock.Now(), {call, "CancelTurn", request}));
  Idempotent<Cancelling> cancelling{.result = {}, .replayed = asked.replayed};
  if (!asked.result.empty()) {
    if (cancelling.result.replayed.emplace().ParseFromString(asked.result)) return cancelling;
    return InternalError("the stored answer of a cancellation cannot be read");
  }
  // One that waits for its time is run for its end.
  if (row.in_room() && row.state == TurnState::kPending) {
    DRAMATIS_RETURN_IF_ERROR(
        recovery_.Claim({row.conversation_id, row.turn_id, row.lease.expires_at}).status());
  }
  if (row.queued()) replicas_.Look(turn_id);
  std::shared_ptr<LiveTurn> live = live_turns_.Find(turn_id);
  if (!asked.replayed) worker_.Cancel(turn_id);
  cancelling.result.turn = live != nullptr ? live : Open(row);
  return cancelling;
}

absl::StatusOr<v1::Turn> Turns::Cancelled(const CallContext& call,
                                          const v1::CancelTurnRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(v1::Turn turn, Get(call, request.turn_id()));
  if (!call.idempotency_key.empty()) {
    DRAMATIS_RETURN_IF_ERROR(
        tools_.turns.NoteCancelled({call, "CancelTurn", request}, turn.SerializeAsString()));
  }
  return turn;
}

absl::StatusOr<Idempotent<v1::Turn>> Turns::Retry(const CallContext& call,
                                                  const v1::RetryTurnRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(const Found found, Find(call, request.turn_id(), Who::kOwner));
  DRAMATIS_RETURN_IF_ERROR(worker_.Ready());
  DRAMATIS_ASSIGN_OR_RETURN(const Idempotent<RetriedTurn> retried, RetryIn(call, request, found));
  if (retried.result.job.has_value()) worker_.Run(*retried.result.job, call);
  Idempotent<v1::Turn> answer{.result = {}, .replayed = retried.replayed};
  if (!answer.result.ParseFromString(retried.result.answer)) {
    return InternalError("the stored answer of a retry cannot be read");
  }
  return answer;
}

absl::StatusOr<Idempotent<RetriedTurn>> Turns::RetryIn(const CallContext& call,
                                                       const v1::RetryTurnRequest& request,
                                                       const Found& found) {
  const absl::Time now = tools_.clock.Now();
  const auto answer = [](const TurnRow& turn) { return ToTurn(turn).SerializeAsString(); };
  const Idempotency idempotency{call, "RetryTurn", request};
  const auto check = [&](const Room& room) {
    return MayHaveSpeak(room, call.identity, found.row.persona_id);
  };
  return tools_.turns.RetryTurn(found.row, worker_.NewLease(), now, check, answer, idempotency);
}

absl::StatusOr<Turns::Found> Turns::Find(const CallContext& call,
                                         const std::string& turn_id,
                                         Who who) {
  if (!IsUuid(turn_id)) return NotFoundError("turn");
  DRAMATIS_ASSIGN_OR_RETURN(std::optional<TurnRow> row, tools_.turns.FindTurn(turn_id));
  if (!row.has_value()) return NotFoundError("turn");
  if (row->in_room()) return FindInRoom(call, *std::move(row));
  const bool visible = call.identity.user_id == row->user_id ||
                       (who == Who::kOwnerOrAdmin && call.identity.IsAdmin());
  if (!visible) return NotFoundError("turn");
  DRAMATIS_RETURN_IF_ERROR(CheckPersona(call.identity, row->persona_id));
  return Found{.row = *std::move(row), .room = std::nullopt};
}

absl::StatusOr<Turns::Found> Turns::FindInRoom(const CallContext& call, TurnRow row) {
  // A replica follows the turn for somebody whom it has asked already.
  if (call.identity.role == AccessRole::kService && call.identity.user_id == row.user_id) {
    return Found{.row = std::move(row), .room = std::nullopt};
  }
  absl::StatusOr<Room> room = FindViewable(rooms_, call.identity, row.conversation_id);
  if (absl::IsNotFound(room.status())) return NotFoundError("turn");
  if (!room.ok()) return std::move(room).status();
  DRAMATIS_RETURN_IF_ERROR(MaySeeTurn(*room, call.identity, row));
  return Found{.row = std::move(row), .room = *std::move(room)};
}

std::shared_ptr<LiveTurn> Turns::Open(const TurnRow& row) {
  if (row.open()) return replicas_.Follow(row);
  auto ended = std::make_shared<LiveTurn>(FactsOf(row), row.attempt, row.text);
  ended->Finish(OutcomeOf(row));
  return ended;
}

}  // namespace dramatis::conversation
