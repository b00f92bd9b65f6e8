#include <algorithm>
#include <memory>
#include <utility>

#include "dramatis/conversation/v1/conversation.pb.h"

#include "absl/strings/str_cat.h"
#include "services/conversation/model/room_views.h"
#include "services/conversation/model/turn_error.h"
#include "services/conversation/sql/once.h"
#include "services/conversation/sql/rooms/rows.h"
#include "services/conversation/sql/turn_rows.h"
#include "services/conversation/sql/turn_store.h"
#include "services/conversation/turn_taking/turn_taking.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

using sql::Bytes;
using sql::Rows;
using sql::Statement;
using sql::Transaction;

// A turn that has not begun keeps its due time, also with `any_lease`.
constexpr Statement kSelectDueTurns = {R"(
  select conversation_id, turn_id, lease_expires_at
  from turns
  where state in ('pending', 'running') and session_id = ''
    and (lease_expires_at <= $1 or ($2 and not (state = 'pending' and attempt = 0)))
    and (state = 'running' or cancel_requested or not exists (
      select 1
      from turns other
      where other.conversation_id = turns.conversation_id and other.persona_id = turns.persona_id
        and other.state in ('pending', 'running') and other.state = 'running'))
  order by lease_expires_at, turn_id
  limit $3)"};

constexpr SqlText kClaim = {kTakeTurn, R"( and session_id = ''
    and (lease_expires_at <= $6 or ($7 and not (state = 'pending' and attempt = 0))
      or (state = 'pending' and cancel_requested))
    and (state = 'running' or cancel_requested or not exists (
      select 1
      from turns other
      where other.conversation_id = turns.conversation_id and other.persona_id = turns.persona_id
        and other.state in ('pending', 'running') and other.state = 'running'))
  returning )",
                            kTurnNames};

constexpr Statement kSelectOpenOfPersona = {R"(
  select turn_id, state, attempt
  from turns
  where conversation_id = $1 and persona_id = $2 and state in ('pending', 'running')
  order by turn_id)"};

constexpr Statement kSelectAnswering = {R"(
  select turn_id, state = 'done' or reply_message_id <> ''
  from turns
  where conversation_id = $1 and persona_id = $2 and trigger_message_id = $3)"};

constexpr Statement kMarkRequested = {R"(
  update turns
  set trigger_message_id = $3, trigger_sequence = $4, requested = $5, score = $6, depth = 0,
    payer_id = $7, payer_key = $8
  where conversation_id = $1 and turn_id = $2)"};

constexpr Statement kSelectWaiting = {R"(
  select turn_id, lease_expires_at
  from turns
  where conversation_id = $1 and state in ('pending', 'running') and state = 'pending')"};

constexpr SqlText kSelectReplied = {"select ", kTurnNames, R"(, manifest
  from turns
  where conversation_id = $1 and turn_id = (
    select turn_id
    from messages
    where conversation_id = $1 and message_id = $2 and turn_id <> ''))"};

// TurnScore.reason of a serialized one.
std::string ReasonOf(const std::string& score) {
  v1::TurnScore parsed;
  return parsed.ParseFromString(score) ? parsed.reason() : "";
}

absl::Status AppendRunningEvent(Transaction& tx, const TurnRow& turn, absl::Time now) {
  return AppendEvent(
      tx, turn.conversation_id,
      TurnEvent(turn.turn_id, turn.persona_id, TurnState::kRunning, now, ReasonOf(turn.score)));
}

// Who takes a turn over or begins it, with what it needs.
absl::StatusOr<TurnJob> RoomJobOf(Transaction& tx, Room room, TurnRow turn) {
  TurnJob job;
  DRAMATIS_ASSIGN_OR_RETURN(const std::optional<MessageRow> message,
                            SelectMessage(tx, turn.conversation_id, turn.trigger_message_id));
  if (message.has_value() && !message->hidden) job.message = message->content;
  job.room = std::make_shared<const Room>(std::move(room));
  job.turn = std::move(turn);
  return job;
}

// Whether the turn answers a message that was taken back before anybody heard it.
absl::StatusOr<bool> AnswersHidden(Transaction& tx, const TurnRow& turn) {
  if (turn.requested || turn.attempt > 1) return false;
  DRAMATIS_ASSIGN_OR_RETURN(const std::optional<MessageRow> message,
                            SelectMessage(tx, turn.conversation_id, turn.trigger_message_id));
  return message.has_value() && message->hidden;
}

absl::Status EndUnheard(Transaction& tx, const TurnRow& turn, absl::Time now) {
  TurnEnd end;
  end.turn = turn.fenced();
  end.state = TurnState::kCancelled;
  end.persona_id = turn.persona_id;
  end.finish_reason = "cancelled";
  end.error = SerializeError(Error(absl::StatusCode::kFailedPrecondition,
                                   v1::ERROR_REASON_MESSAGE_HIDDEN, "the message was hidden"));
  end.now = now;
  DRAMATIS_RETURN_IF_ERROR(WriteTurnEnd(tx, end).status());
  return AppendEvent(tx, turn.conversation_id,
                     TurnEvent(turn.turn_id, turn.persona_id, TurnState::kCancelled, now));
}

absl::StatusOr<std::optional<TurnJob>> ClaimIn(
    Transaction& tx, const WaitingTurn& turn, const Lease& lease, absl::Time now, bool any_lease) {
  // The room's lock makes everybody else who wants a turn in it wait.
  absl::StatusOr<Room> room = LockRoomAt(tx, turn.conversation_id, now);
  if (absl::IsNotFound(room.status())) return std::nullopt;
  if (!room.ok()) return std::move(room).status();
  DRAMATIS_ASSIGN_OR_RETURN(const Rows taken,
                            tx.Execute(kClaim, {turn.conversation_id, turn.turn_id, lease.owner,
                                                lease.address, lease.expires_at, now, any_lease}));
  if (taken.empty()) return std::nullopt;
  TurnRow row = ToTurnRow(taken.front());
  DRAMATIS_ASSIGN_OR_RETURN(const bool unheard, AnswersHidden(tx, row));
  if (unheard) {
    DRAMATIS_RETURN_IF_ERROR(EndUnheard(tx, row, now));
    return std::nullopt;
  }
  DRAMATIS_RETURN_IF_ERROR(AppendRunningEvent(tx, row, now));
  return RoomJobOf(tx, *std::move(room), std::move(row));
}

absl::Status TurnInProgress(const std::string& turn_id) {
  return Error(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_TURN_IN_PROGRESS,
               "the persona is speaking", {{"turn_id", turn_id}});
}

// The message that a requested turn answers: its id and number, both zero in a room without any.
absl::StatusOr<MessageRow> FindTrigger(Transaction& tx,
                                       const RoomRow& room,
                                       const std::string& message_id) {
  if (message_id.empty()) {
    DRAMATIS_ASSIGN_OR_RETURN(
        std::vector<MessageRow> newest,
        SelectRecentMessages(tx, room.conversation_id, room.last_sequence + 1, 1));
    return newest.empty() ? MessageRow() : std::move(newest.front());
  }
  DRAMATIS_ASSIGN_OR_RETURN(std::optional<MessageRow> found,
                            SelectMessage(tx, room.conversation_id, message_id));
  if (found.has_value() && !found->hidden) return *std::move(found);
  return FieldErrors(
      {{"trigger_message_id", "must be a message of this conversation that can be read"}});
}

// The persona's turn that is to begin: the one that answers this message, or else one that waits
// for its time, or else none. TURN_IN_PROGRESS, ALREADY_ANSWERED.
absl::StatusOr<std::string> FindToBegin(Transaction& tx,
                                        const std::string& conversation_id,
                                        const std::string& persona_id,
                                        const std::string& trigger_message_id) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows open,
                            tx.Execute(kSelectOpenOfPersona, {conversation_id, persona_id}));
  std::string waiting;
  for (const sql::Row& row : open) {
    if (row.Text(1) == "running") return TurnInProgress(row.Text(0));
    if (row.Int(2) == 0) waiting = row.Text(0);
  }
  DRAMATIS_ASSIGN_OR_RETURN(
      const Rows answering,
      tx.Execute(kSelectAnswering, {conversation_id, persona_id, trigger_message_id}));
  if (answering.empty()) return waiting;
  const bool answered = answering.front().Bool(1);
  if (!answered) return answering.front().Text(0);
  return Error(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_ALREADY_ANSWERED,
               "the persona has answered that message", {{"turn_id", answering.front().Text(0)}});
}

absl::StatusOr<TurnJob> StartRequested(Transaction& tx, const RequestedTurn& request) {
  const std::string& id = request.conversation_id;
  DRAMATIS_ASSIGN_OR_RETURN(Room room, LockRoomAt(tx, id, request.now));
  DRAMATIS_RETURN_IF_ERROR(request.check(room));
  DRAMATIS_ASSIGN_OR_RETURN(const MessageRow trigger,
                            FindTrigger(tx, room.row, request.trigger_message_id));
  DRAMATIS_ASSIGN_OR_RETURN(std::string turn_id,
                            FindToBegin(tx, id, request.persona_id, trigger.message_id));
  if (turn_id.empty()) {
    turn_id = request.turn_id;
    TurnRow row;
    row.conversation_id = id;
    row.turn_id = turn_id;
    row.user_id = room.row.user_id;
    row.persona_id = request.persona_id;
    row.trigger_message_id = trigger.message_id;
    row.trigger_sequence = trigger.sequence;
    row.state = TurnState::kPending;
    row.attempt = 0;
    row.fence = 0;
    row.lease.expires_at = row.created_at = row.updated_at = request.now;
    DRAMATIS_RETURN_IF_ERROR(InsertTurn(tx, row));
  }
  const std::string payer_id =
      request.payer.user_id == room.row.user_id ? "" : request.payer.user_id;
  v1::TurnScore score;
  score.set_reason(kRequested);
  DRAMATIS_RETURN_IF_ERROR(
      tx.Execute(kMarkRequested, {id, turn_id, trigger.message_id, trigger.sequence, true,
                                  Bytes{score.SerializeAsString()}, payer_id, request.payer.key})
          .status());
  TurnRow named;
  named.conversation_id = id;
  named.turn_id = turn_id;
  DRAMATIS_ASSIGN_OR_RETURN(std::optional<TurnRow> begun,
                            BeginAgain(tx, named, request.lease, request.now, /*any=*/true));
  if (!begun.has_value()) return InternalError("a turn that may begin does not");
  DRAMATIS_RETURN_IF_ERROR(AppendRunningEvent(tx, *begun, request.now));
  return RoomJobOf(tx, std::move(room), *std::move(begun));
}

// The reply, and the turns that answer it: whoever paid for it pays for them. Whether a model is to
// pick who does.
absl::StatusOr<bool> AppendReply(Transaction& tx,
                                 const TurnEnd& end,
                                 const AnsweredMessage& answered,
                                 const TurnPlanner& plan,
                                 Room& room) {
  const ParticipantRow* const persona = FindParticipant(room, end.persona_id);
  if (persona == nullptr) return InternalError("a reply of nobody");
  MessageRow message = ReplyOf(end);
  message.user_id = persona->user_id;
  message.usage = end.usage;
  message.turn_reason = ReasonOf(answered.score);
  DRAMATIS_RETURN_IF_ERROR(AppendMessage(tx, room.row, message));
  if (room.row.closed() || !plan) return false;
  DRAMATIS_ASSIGN_OR_RETURN(
      const std::vector<MessageRow> recent,
      SelectRecentMessages(tx, room.row.conversation_id, message.sequence, kRecentMessages));
  DRAMATIS_ASSIGN_OR_RETURN(
      const std::vector<PlannedTurnRow> turns,
      PlanTurns(tx, room, message, plan(room, recent, message), answered.payer, end.now));
  return std::any_of(turns.begin(), turns.end(),
                     [](const PlannedTurnRow& turn) { return turn.model_picks; });
}

}  // namespace

absl::StatusOr<EndedTurn> EndInRoom(Transaction& tx, const TurnEnd& end, const TurnPlanner& plan) {
  const std::string& id = end.turn.conversation_id;
  absl::StatusOr<Room> room = LockRoomAt(tx, id, end.now);
  if (absl::IsNotFound(room.status())) return EndedTurn{.result = EndResult::kLost, .waiting = {}};
  if (!room.ok()) return std::move(room).status();
  DRAMATIS_ASSIGN_OR_RETURN(const std::optional<AnsweredMessage> answered, WriteTurnEnd(tx, end));
  if (!answered.has_value()) return EndedTurn{.result = EndResult::kLost, .waiting = {}};
  EndedTurn result;
  if (!end.message_id.empty()) {
    DRAMATIS_ASSIGN_OR_RETURN(const bool picks, AppendReply(tx, end, *answered, plan, *room));
    if (picks) result.waiting.push_back({id, "", end.now});
  }
  DRAMATIS_RETURN_IF_ERROR(
      AppendEvent(tx, id, TurnEvent(end.turn.turn_id, end.persona_id, end.state, end.now)));
  DRAMATIS_ASSIGN_OR_RETURN(const Rows waiting, tx.Execute(kSelectWaiting, {id}));
  for (const sql::Row& row : waiting)
    result.waiting.push_back({id, row.Text(0), row.Time(1)});
  return result;
}

absl::StatusOr<TurnJob> RetryInRoom(Transaction& tx,
                                    const TurnRow& turn,
                                    const Lease& lease,
                                    absl::Time now,
                                    const std::function<absl::Status(const Room& room)>& check) {
  DRAMATIS_ASSIGN_OR_RETURN(Room room, LockRoomAt(tx, turn.conversation_id, now));
  DRAMATIS_RETURN_IF_ERROR(check(room));
  DRAMATIS_ASSIGN_OR_RETURN(
      const Rows open, tx.Execute(kSelectOpenOfPersona, {turn.conversation_id, turn.persona_id}));
  for (const sql::Row& row : open) {
    if (row.Text(1) == "running") return TurnInProgress(row.Text(0));
  }
  DRAMATIS_ASSIGN_OR_RETURN(std::optional<TurnRow> begun,
                            BeginAgain(tx, turn, lease, now, /*any=*/false));
  if (!begun.has_value()) return NotFailed();
  DRAMATIS_RETURN_IF_ERROR(AppendRunningEvent(tx, *begun, now));
  return RoomJobOf(tx, std::move(room), *std::move(begun));
}

absl::StatusOr<std::vector<WaitingTurn>> SqlTurnStore::ListDueTurns(absl::Time now,
                                                                    bool any_lease,
                                                                    int limit) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, database_.Read([&](Transaction& tx) {
    return tx.Execute(kSelectDueTurns, {now, any_lease, limit});
  }));
  std::vector<WaitingTurn> turns;
  turns.reserve(rows.size());
  for (const sql::Row& row : rows)
    turns.push_back({row.Text(0), row.Text(1), row.Time(2)});
  return turns;
}

absl::StatusOr<std::optional<TurnJob>> SqlTurnStore::ClaimTurn(const WaitingTurn& turn,
                                                               const Lease& lease,
                                                               absl::Time now,
                                                               bool any_lease) {
  auto claimed =
      database_.Write([&](Transaction& tx) { return ClaimIn(tx, turn, lease, now, any_lease); });
  if (claimed.ok()) feed_.Changed(turn.conversation_id);
  return claimed;
}

absl::StatusOr<Idempotent<StartedRoomTurn>> SqlTurnStore::StartRequestedTurn(
    const RequestedTurn& request, const Idempotency& idempotency) {
  const auto claim = ClaimOf(idempotency);
  auto started = WriteToRoom(
      database_, feed_, request.conversation_id, request.now,
      [&](Transaction& tx) -> absl::StatusOr<Idempotent<StartedRoomTurn>> {
        DRAMATIS_ASSIGN_OR_RETURN(std::optional<std::string> replay,
                                  ClaimIdempotencyKey(tx, claim, request.now));
        if (replay.has_value()) {
          return Idempotent<StartedRoomTurn>{
              .result = {.turn_id = *std::move(replay), .job = std::nullopt}, .replayed = true};
        }
        DRAMATIS_ASSIGN_OR_RETURN(TurnJob job, StartRequested(tx, request));
        StartedRoomTurn result{.turn_id = job.turn.turn_id, .job = std::move(job)};
        DRAMATIS_RETURN_IF_ERROR(RecordIdempotentResponse(tx, claim, result.turn_id));
        return Idempotent<StartedRoomTurn>{.result = std::move(result), .replayed = false};
      });
  if (started.ok() && !started->replayed) feed_.Changed(request.conversation_id);
  return started;
}

absl::StatusOr<std::optional<RepliedTurn>> SqlTurnStore::FindRepliedTurn(
    const std::string& conversation_id, const std::string& message_id) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, database_.Read([&](Transaction& tx) {
    return tx.Execute(kSelectReplied, {conversation_id, message_id});
  }));
  if (rows.empty()) return std::nullopt;
  constexpr int kManifest = CountOf(kTurnColumns);
  return RepliedTurn{.turn = ToTurnRow(rows.front()), .manifest = rows.front().Blob(kManifest)};
}

}  // namespace dramatis::conversation
