#include "services/conversation/sessions/alternatives.h"

#include <optional>
#include <utility>
#include <vector>

#include "services/conversation/model/session_views.h"
#include "services/conversation/model/turn_row.h"
#include "shared/call/access.h"
#include "shared/ids/ids.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {

absl::StatusOr<Idempotent<std::shared_ptr<LiveTurn>>> Alternatives::Regenerate(
    const CallContext& call, const v1::RegenerateTurnRequest& request) {
  DRAMATIS_RETURN_IF_ERROR(worker_.Ready());
  // Whether the answer is streamed does not make it another request.
  v1::RegenerateTurnRequest hashed = request;
  hashed.clear_stream();
  DRAMATIS_ASSIGN_OR_RETURN(TurnRow turn, Find(call, request.turn_id(), /*reads=*/false));
  const AnotherAnswer another{.turn = std::move(turn),
                              .turn_id = tools_.ids.NewId(),
                              .model = request.model(),
                              .payer_key = PackKey(call.identity.key.get()),
                              .lease = worker_.NewLease(),
                              .now = tools_.clock.Now()};
  DRAMATIS_ASSIGN_OR_RETURN(
      const Idempotent<StartedTurn> started,
      tools_.turns.StartAlternative(another, {call, "RegenerateTurn", hashed}));
  if (started.result.job.has_value()) {
    return Idempotent<std::shared_ptr<LiveTurn>>{.result = worker_.Run(*started.result.job, call),
                                                 .replayed = false};
  }
  DRAMATIS_ASSIGN_OR_RETURN(std::shared_ptr<LiveTurn> live,
                            turns_.Follow(call, started.result.turn_id));
  return Idempotent<std::shared_ptr<LiveTurn>>{.result = std::move(live), .replayed = true};
}

absl::StatusOr<v1::ListAlternativesResponse> Alternatives::List(
    const CallContext& call, const v1::ListAlternativesRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(const TurnRow asked, Find(call, request.turn_id(), /*reads=*/true));
  DRAMATIS_ASSIGN_OR_RETURN(const std::vector<TurnRow> turns, tools_.turns.ListAlternatives(asked));
  v1::ListAlternativesResponse response;
  for (const TurnRow& turn : turns) {
    *response.add_alternatives() = ToTurn(turn);
    if (turn.reply_counts) response.set_selected_turn_id(turn.turn_id);
  }
  return response;
}

absl::StatusOr<Idempotent<v1::Turn>> Alternatives::Select(
    const CallContext& call, const v1::SelectAlternativeRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(const TurnRow asked, Find(call, request.turn_id(), /*reads=*/false));
  const auto show = [](const TurnRow& turn) { return ToTurn(turn); };
  DRAMATIS_ASSIGN_OR_RETURN(
      const Idempotent<TurnRow> selected,
      tools_.turns.SelectAlternative(asked, tools_.clock.Now(),
                                     {{call, "SelectAlternative", request}, show}));
  return FirstAnswer(selected, show);
}

absl::StatusOr<TurnRow> Alternatives::Find(const CallContext& call,
                                           const std::string& turn_id,
                                           bool reads) {
  if (!IsUuid(turn_id)) return NotFoundError("turn");
  DRAMATIS_ASSIGN_OR_RETURN(std::optional<TurnRow> turn, tools_.turns.FindTurn(turn_id));
  if (!turn.has_value()) return NotFoundError("turn");
  // Nobody learns here what there is in a room.
  if (turn->in_room()) return FieldErrors({{"turn_id", "must be a turn of a session"}});
  const bool visible = turn->user_id == call.identity.user_id || (reads && call.identity.IsAdmin());
  if (!visible) return NotFoundError("turn");
  DRAMATIS_RETURN_IF_ERROR(CheckPersona(call.identity, turn->persona_id));
  return *std::move(turn);
}

}  // namespace dramatis::conversation
