#include "services/conversation/sql/rooms/rows.h"

#include <algorithm>
#include <utility>

#include "dramatis/conversation/v1/conversation.pb.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "services/conversation/model/room_closing.h"
#include "services/conversation/model/turn_error.h"
#include "services/conversation/sql/rows.h"
#include "services/conversation/sql/search.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/text/text.h"

namespace dramatis::conversation {
namespace {

using sql::Bytes;
using sql::Rows;
using sql::Statement;
using sql::Transaction;
using sql::Value;

#define ROOM_COLUMNS                                                                             \
  "conversation_id, user_id, persona_id, title, topic, description, goal, topic_tags, "          \
  "visibility, constraints, settings, status, close_reason, version, last_sequence, characters," \
  " last_event, created_at, updated_at, last_activity_at, ended_at, closes_at, hold_expires_at," \
  " deleted_at"

constexpr Statement kSelectRoom = {"select " ROOM_COLUMNS
                                   " from conversations"
                                   " where conversation_id = $1 and kind = 'room'"
                                   " and deleted_at is null"};
constexpr Statement kSelectAnyRoom = {"select " ROOM_COLUMNS
                                      " from conversations"
                                      " where conversation_id = $1 and kind = 'room'"};
// A write, so that both engines make others wait.
constexpr Statement kLockRoom = {
    "update conversations set last_event = last_event"
    " where conversation_id = $1 and kind = 'room'"
    " and deleted_at is null returning " ROOM_COLUMNS};

constexpr Statement kSelectOverdueRoom = {R"(
  select 1
  from conversations
  where conversation_id = $1 and closes_at is not null and closes_at <= $2
    and status in ('active', 'paused') and kind = 'room' and deleted_at is null)"};

constexpr char kSelectRooms[] =
    "select " ROOM_COLUMNS " from conversations where kind = 'room' and conversation_id in (";

#define PARTICIPANT_COLUMNS                                                                     \
  "conversation_id, ref_id, user_id, brought_by, name, type, role, revealed, facts, position, " \
  "joined_at, left_at, removed_sequence, removed_event"

constexpr Statement kSelectParticipants = {"select " PARTICIPANT_COLUMNS
                                           " from participants where conversation_id = $1"
                                           " order by position, participant_id"};
constexpr char kSelectParticipantsOf[] =
    "select " PARTICIPANT_COLUMNS " from participants where conversation_id in (";

constexpr Statement kUpdateRoom = {R"(
  update conversations
  set title = $2, topic = $3, description = $4, goal = $5, topic_tags = $6, visibility = $7,
    constraints = $8, settings = $9, status = $10, close_reason = $11, version = $12,
    last_sequence = $13, characters = $14, updated_at = $15, last_activity_at = $16,
    ended_at = $17, closes_at = $18, hold_expires_at = $19
  where conversation_id = $1)"};

constexpr Statement kUpsertParticipant = {R"(
  insert into participants (conversation_id, participant_id, kind, ref_id, user_id, brought_by,
    name, type, role, revealed, facts, position, joined_at, left_at, removed_sequence,
    removed_event)
  values ($1, $2, 'persona', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
  on conflict (conversation_id, participant_id) do update
  set brought_by = excluded.brought_by, name = excluded.name, role = excluded.role, revealed = excluded.revealed,
    facts = excluded.facts, joined_at = excluded.joined_at, left_at = excluded.left_at,
    removed_sequence = excluded.removed_sequence, removed_event = excluded.removed_event)"};

constexpr Statement kInsertMember = {R"(
  insert into room_members (user_id, conversation_id)
  values ($1, $2)
  on conflict (user_id, conversation_id) do nothing)"};

constexpr Statement kNextEvent = {R"(
  update conversations
  set last_event = last_event + 1
  where conversation_id = $1
  returning last_event)"};

constexpr Statement kInsertEvent = {R"(
  insert into events (conversation_id, sequence, kind, subject, state, persona_id, version, detail,
    created_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9))"};

// The fence goes up: whoever runs the turn can write no more.
constexpr Statement kStopTurns = {R"(
  update turns
  set state = 'cancelled', fence = fence + 1, finish_reason = 'cancelled', text = '', error = $2,
    updated_at = $3
  where conversation_id = $1 and state in ('pending', 'running')
    and ($4 = '' or persona_id = $4)
  returning turn_id, persona_id)"};

// Each tag between line breaks, so that one is found by what stands around it.
std::string JoinTags(const std::vector<std::string>& tags) {
  return tags.empty() ? "" : absl::StrCat("\n", absl::StrJoin(tags, "\n"), "\n");
}

RoomRow ToRoomRow(const sql::Row& row) {
  RoomRow room;
  room.conversation_id = row.Text(0);
  room.user_id = row.Text(1);
  room.persona_id = row.Text(2);
  room.title = row.Text(3);
  room.topic = row.Text(4);
  room.description = row.Text(5);
  room.goal = row.Text(6);
  room.topic_tags = absl::StrSplit(row.Text(7), '\n', absl::SkipEmpty());
  room.visibility = VisibilityOf(row.Text(8));
  room.constraints.ParseFromString(row.Blob(9));
  room.settings.ParseFromString(row.Blob(10));
  room.status = RoomStatusOf(row.Text(11));
  room.close_reason = row.Text(12);
  room.version = row.Int(13);
  room.last_sequence = row.Int(14);
  room.characters = row.Int(15);
  room.last_event = row.Int64(16);
  room.created_at = row.Time(17);
  room.updated_at = row.Time(18);
  room.last_message_at = row.Time(19);
  room.closed_at = row.OptionalTime(20);
  room.closes_at = row.OptionalTime(21);
  room.hold_expires_at = row.Time(22);
  room.deleted = !row.IsNull(23);  // SQLite 3.40 returns 1 for `is not null` after an update
  return room;
}

ParticipantRow ToParticipantRow(const sql::Row& row) {
  ParticipantRow participant;
  participant.persona_id = row.Text(1);
  participant.user_id = row.Text(2);
  participant.brought_by = row.Text(3);
  participant.name = row.Text(4);
  participant.kind = PersonaKindOf(row.Text(5));
  participant.role = RoleOf(row.Text(6));
  participant.revealed = row.Bool(7);
  participant.facts = row.Blob(8);
  participant.position = row.Int(9);
  participant.joined_at = row.Time(10);
  participant.left_at = row.OptionalTime(11);
  if (!row.IsNull(12)) participant.removed_sequence = row.Int(12);
  if (!row.IsNull(13)) participant.removed_event = row.Int64(13);
  return participant;
}

absl::StatusOr<Room> WithParticipants(Transaction& tx, const sql::Row& row) {
  Room room{.row = ToRoomRow(row), .participants = {}};
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows,
                            tx.Execute(kSelectParticipants, {room.row.conversation_id}));
  for (const sql::Row& participant : rows)
    room.participants.push_back(ToParticipantRow(participant));
  return room;
}

absl::StatusOr<std::optional<Room>> Select(Transaction& tx,
                                           const Statement& statement,
                                           const std::string& conversation_id) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, tx.Execute(statement, {conversation_id}));
  if (rows.empty()) return std::nullopt;
  return WithParticipants(tx, rows.front());
}

// "$1, $2, ...": as many as there are values.
std::string Placeholders(size_t count) {
  std::vector<std::string> names;
  for (size_t i = 1; i <= count; ++i)
    names.push_back(absl::StrCat("$", i));
  return absl::StrJoin(names, ", ");
}

// The name under which an event keeps what it says of a turn or of the room.
const char* StateOf(const EventRow& event) {
  switch (event.kind) {
    case EventKind::kTurn:
      return NameOf(event.turn_state);
    case EventKind::kState:
      return NameOf(event.status);
    case EventKind::kMessage:
    case EventKind::kParticipant:
      return "";
  }
  return "";
}

}  // namespace

absl::StatusOr<std::optional<Room>> SelectRoom(Transaction& tx,
                                               const std::string& conversation_id) {
  return Select(tx, kSelectRoom, conversation_id);
}

absl::StatusOr<std::optional<Room>> SelectAnyRoom(Transaction& tx,
                                                  const std::string& conversation_id) {
  return Select(tx, kSelectAnyRoom, conversation_id);
}

absl::StatusOr<std::vector<Room>> SelectRooms(Transaction& tx,
                                              const std::vector<std::string>& conversation_ids) {
  std::vector<Room> rooms;
  if (conversation_ids.empty()) return rooms;
  const std::string in = absl::StrCat(Placeholders(conversation_ids.size()), ")");
  const std::vector<Value> ids(conversation_ids.begin(), conversation_ids.end());
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, tx.ExecuteText(absl::StrCat(kSelectRooms, in), ids));
  DRAMATIS_ASSIGN_OR_RETURN(
      const Rows participants,
      tx.ExecuteText(absl::StrCat(kSelectParticipantsOf, in, " order by position, participant_id"),
                     ids));
  for (const std::string& id : conversation_ids) {
    const auto row = std::find_if(rows.begin(), rows.end(), [&](const sql::Row& candidate) {
      return candidate.Text(0) == id;
    });
    if (row == rows.end()) continue;
    Room room{.row = ToRoomRow(*row), .participants = {}};
    for (const sql::Row& participant : participants) {
      if (participant.Text(0) == id) room.participants.push_back(ToParticipantRow(participant));
    }
    rooms.push_back(std::move(room));
  }
  return rooms;
}

absl::StatusOr<Room> LockRoom(Transaction& tx, const std::string& conversation_id) {
  DRAMATIS_ASSIGN_OR_RETURN(std::optional<Room> room, Select(tx, kLockRoom, conversation_id));
  if (!room.has_value()) return NotFoundError("conversation");
  return *std::move(room);
}

absl::StatusOr<Room> LockRoomAt(Transaction& tx,
                                const std::string& conversation_id,
                                absl::Time now) {
  DRAMATIS_ASSIGN_OR_RETURN(Room room, LockRoom(tx, conversation_id));
  if (!CloseIfDue(room.row, now)) return room;
  DRAMATIS_RETURN_IF_ERROR(UpdateRoomRow(tx, room.row));
  DRAMATIS_RETURN_IF_ERROR(
      StopTurns(tx, conversation_id, v1::ERROR_REASON_CONVERSATION_CLOSED, now));
  DRAMATIS_RETURN_IF_ERROR(AppendStateEvent(tx, room.row, now));
  return room;
}

void CloseOverdue(sql::Database& database,
                  RoomFeed& feed,
                  const std::string& conversation_id,
                  absl::Time now) {
  const absl::StatusOr<Rows> overdue = database.Read(
      [&](Transaction& tx) { return tx.Execute(kSelectOverdueRoom, {conversation_id, now}); });
  if (!overdue.ok() || overdue->empty()) return;
  const absl::Status closed = database.Write(
      [&](Transaction& tx) { return LockRoomAt(tx, conversation_id, now).status(); });
  if (closed.ok()) feed.Changed(conversation_id);
}

absl::Status UpdateRoomRow(Transaction& tx, const RoomRow& row) {
  return tx
      .Execute(
          kUpdateRoom,
          {row.conversation_id, row.title, row.topic, row.description, row.goal,
           JoinTags(row.topic_tags), NameOf(row.visibility),
           Bytes{row.constraints.SerializeAsString()}, Bytes{row.settings.SerializeAsString()},
           NameOf(row.status), row.close_reason, row.version, row.last_sequence, row.characters,
           row.updated_at, row.last_message_at, row.closed_at, row.closes_at, row.hold_expires_at})
      .status();
}

absl::Status UpsertParticipant(Transaction& tx,
                               const std::string& conversation_id,
                               const ParticipantRow& participant) {
  DRAMATIS_RETURN_IF_ERROR(
      tx.Execute(
            kUpsertParticipant,
            {conversation_id, ParticipantId(ParticipantKind::kPersona, participant.persona_id),
             participant.persona_id, participant.user_id, participant.brought_by, participant.name,
             NameOf(participant.kind), NameOf(participant.role), participant.revealed,
             Bytes{participant.facts}, participant.position, participant.joined_at,
             participant.left_at, participant.removed_sequence, participant.removed_event})
          .status());
  if (!participant.stands_for_owner()) return absl::OkStatus();
  return tx.Execute(kInsertMember, {participant.user_id, conversation_id}).status();
}

absl::Status AppendEvent(Transaction& tx,
                         const std::string& conversation_id,
                         const EventRow& event) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows next, tx.Execute(kNextEvent, {conversation_id}));
  if (next.empty()) return InternalError("an event without its conversation");
  return tx
      .Execute(kInsertEvent,
               {conversation_id, next.front().Int64(0), NameOf(event.kind), event.subject,
                StateOf(event), event.persona_id, event.version, event.reason, event.created_at})
      .status();
}

EventRow EventOf(EventKind kind, const std::string& subject, absl::Time now) {
  EventRow event;
  event.kind = kind;
  event.subject = subject;
  event.created_at = now;
  return event;
}

EventRow TurnEvent(const std::string& turn_id,
                   const std::string& persona_id,
                   TurnState state,
                   absl::Time now,
                   const std::string& reason) {
  EventRow event = EventOf(EventKind::kTurn, turn_id, now);
  event.turn_state = state;
  event.persona_id = persona_id;
  event.reason = reason;
  return event;
}

absl::Status AppendStateEvent(Transaction& tx, const RoomRow& row, absl::Time now) {
  EventRow event = EventOf(EventKind::kState, "", now);
  event.status = row.status;
  event.version = row.version;
  event.reason = row.close_reason;
  return AppendEvent(tx, row.conversation_id, event);
}

absl::Status AppendMessage(Transaction& tx, RoomRow& row, MessageRow& message) {
  message.sequence = ++row.last_sequence;
  row.characters += static_cast<int>(CodePoints(message.content));
  row.updated_at = row.last_message_at = message.created_at;
  SetClosesAt(row);
  const bool closed = CloseIfReached(row, message.content, message.created_at);
  DRAMATIS_RETURN_IF_ERROR(InsertMessage(tx, row.conversation_id, message));
  DRAMATIS_RETURN_IF_ERROR(IndexMessage(tx, row.conversation_id, message.sequence));
  DRAMATIS_RETURN_IF_ERROR(UpdateRoomRow(tx, row));
  DRAMATIS_RETURN_IF_ERROR(AppendEvent(
      tx, row.conversation_id,
      EventOf(EventKind::kMessage, absl::StrCat(message.sequence), message.created_at)));
  if (!closed) return absl::OkStatus();
  DRAMATIS_RETURN_IF_ERROR(
      StopTurns(tx, row.conversation_id, v1::ERROR_REASON_CONVERSATION_CLOSED, message.created_at));
  return AppendStateEvent(tx, row, message.created_at);
}

absl::Status StopTurns(Transaction& tx,
                       const std::string& conversation_id,
                       v1::ErrorReason reason,
                       absl::Time now,
                       const std::string& persona_id) {
  DRAMATIS_ASSIGN_OR_RETURN(
      const Rows stopped,
      tx.Execute(kStopTurns, {conversation_id,
                              Bytes{SerializeError(Error(absl::StatusCode::kFailedPrecondition,
                                                         reason, "the turn was stopped"))},
                              now, persona_id}));
  for (const sql::Row& turn : stopped) {
    DRAMATIS_RETURN_IF_ERROR(AppendEvent(
        tx, conversation_id, TurnEvent(turn.Text(0), turn.Text(1), TurnState::kCancelled, now)));
  }
  return absl::OkStatus();
}

}  // namespace dramatis::conversation
