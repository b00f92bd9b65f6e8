#include "services/conversation/sql/rooms/rooms.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "services/conversation/model/room_closing.h"
#include "services/conversation/model/room_views.h"
#include "services/conversation/sql/memory_outbox.h"
#include "services/conversation/sql/once.h"
#include "services/conversation/sql/rooms/rows.h"
#include "services/conversation/sql/search.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

using sql::Bytes;
using sql::Rows;
using sql::Statement;
using sql::Transaction;

// Then UpdateRoomRow fills in the rest.
constexpr Statement kInsertRoom = {R"(
  insert into conversations (conversation_id, user_id, session_id, persona_id, persona_name, title,
    title_given, metadata, created_at, last_activity_at, expires_at, ttl, hold_expires_at,
    last_sequence, active_turn_id, kind)
  values ($1, $2, '', $3, '', '', $4, $5, $6, $6, 0, 0, 0, 0, '', 'room'))"};

constexpr Statement kDeleteRoom = {
    "update conversations set deleted_at = $2 where conversation_id = $1"};

constexpr Statement kDeleteMember = {
    "delete from room_members where user_id = $1 and conversation_id = $2"};

// Called after the event of its going.
constexpr Statement kNoteRemoval = {R"(
  update participants
  set removed_event = (select last_event from conversations where conversation_id = $1)
  where conversation_id = $1 and participant_id = $2)"};

constexpr Statement kSelectOverdue = {R"(
  select conversation_id
  from conversations
  where closes_at is not null and closes_at <= $1 and status in ('active', 'paused')
    and deleted_at is null
  order by closes_at
  limit $2)"};

constexpr Statement kSelectHolds = {R"(
  select conversation_id
  from conversations
  where kind = 'room' and hold_expires_at > 0 and hold_expires_at < $1
  order by hold_expires_at
  limit $2)"};

constexpr Statement kMarkMasks = {
    "update conversations set masks_due = true where conversation_id = $1"};

constexpr Statement kSelectMasksDue = {
    "select conversation_id from conversations where masks_due order by conversation_id limit $1"};

constexpr Statement kNoteMasks = {R"(
  update conversations
  set masks_due = false
  where conversation_id = $1 and version = $2)"};

constexpr Statement kSetRoomHold = {R"(
  update conversations
  set hold_expires_at = $3
  where conversation_id = $1 and version = $2)"};

// Whether two states of a room show the same, but for what every write moves.
bool SameState(const RoomRow& a, const RoomRow& b) {
  const auto shown = [](const RoomRow& row) {
    return std::make_tuple(row.title, row.topic, row.description, row.goal, row.topic_tags,
                           row.visibility, row.constraints.SerializeAsString(),
                           row.settings.SerializeAsString(), row.status, row.close_reason);
  };
  return shown(a) == shown(b);
}

// Whether the same words find them, for the same people.
bool FoundAlike(const RoomRow& a, const RoomRow& b) {
  return std::tie(a.title, a.topic, a.description, a.visibility) ==
         std::tie(b.title, b.topic, b.description, b.visibility);
}

bool SameParticipant(const ParticipantRow& a, const ParticipantRow& b) {
  const auto shown = [](const ParticipantRow& row) {
    return std::make_tuple(row.brought_by, row.name, row.role, row.revealed, row.facts,
                           row.joined_at, row.left_at, row.removed_sequence);
  };
  return shown(a) == shown(b);
}

// Stores the participants that changed, each with its event. Whether there were any.
absl::StatusOr<bool> StoreParticipants(Transaction& tx,
                                       const Room& before,
                                       const Room& after,
                                       absl::Time now) {
  bool changed = false;
  const std::string& id = after.row.conversation_id;
  for (const ParticipantRow& participant : after.participants) {
    const ParticipantRow* const old = FindParticipant(before, participant.persona_id);
    if (old != nullptr && SameParticipant(*old, participant)) continue;
    changed = true;
    DRAMATIS_RETURN_IF_ERROR(UpsertParticipant(tx, id, participant));
    if (!participant.present()) {
      DRAMATIS_RETURN_IF_ERROR(
          StopTurns(tx, id, v1::ERROR_REASON_NOT_PARTICIPANT, now, participant.persona_id));
    }
    DRAMATIS_RETURN_IF_ERROR(
        AppendEvent(tx, id, EventOf(EventKind::kParticipant, participant.persona_id, now)));
    if (participant.removed() && !participant.removed_event.has_value()) {
      DRAMATIS_RETURN_IF_ERROR(
          tx.Execute(kNoteRemoval,
                     {id, ParticipantId(ParticipantKind::kPersona, participant.persona_id)})
              .status());
    }
  }
  return changed;
}

// Persona is to learn whose types the room hides, or hid.
absl::Status MarkMasks(Transaction& tx, const RoomRow& before, const RoomRow& after) {
  if (!before.settings.ambiguous() && !after.settings.ambiguous()) return absl::OkStatus();
  return tx.Execute(kMarkMasks, {after.conversation_id}).status();
}

absl::Status StoreChange(Transaction& tx, const Room& before, Room& after, absl::Time now) {
  DRAMATIS_ASSIGN_OR_RETURN(const bool moved, StoreParticipants(tx, before, after, now));
  const bool changed = !SameState(before.row, after.row);
  if (!moved && !changed) return absl::OkStatus();
  ++after.row.version;
  after.row.updated_at = now;
  DRAMATIS_RETURN_IF_ERROR(UpdateRoomRow(tx, after.row));
  DRAMATIS_RETURN_IF_ERROR(MarkMasks(tx, before.row, after.row));
  if (!changed) return absl::OkStatus();
  if (!FoundAlike(before.row, after.row)) {
    DRAMATIS_RETURN_IF_ERROR(IndexTitle(tx, after.row));
    DRAMATIS_RETURN_IF_ERROR(IndexReaders(tx, after.row));
  }
  if (after.row.status != before.row.status && after.row.status != RoomStatus::kActive) {
    DRAMATIS_RETURN_IF_ERROR(StopTurns(
        tx, after.row.conversation_id,
        after.row.closed() ? v1::ERROR_REASON_CONVERSATION_CLOSED : v1::ERROR_REASON_INVALID_STATE,
        now));
  }
  return AppendStateEvent(tx, after.row, now);
}
absl::Status Reveal(Transaction& tx,
                    Room& room,
                    const std::string& persona_id,
                    const std::string& message_id,
                    absl::Time now) {
  const auto participant =
      std::find_if(room.participants.begin(), room.participants.end(),
                   [&](const ParticipantRow& row) { return row.persona_id == persona_id; });
  if (participant == room.participants.end()) return NotFoundError("participant");
  if (!IsHidden(room, *participant)) return absl::OkStatus();
  const std::string& id = room.row.conversation_id;
  participant->revealed = true;
  ++room.row.version;
  DRAMATIS_RETURN_IF_ERROR(UpsertParticipant(tx, id, *participant));
  DRAMATIS_RETURN_IF_ERROR(MarkMasks(tx, room.row, room.row));
  DRAMATIS_RETURN_IF_ERROR(AppendEvent(tx, id, EventOf(EventKind::kParticipant, persona_id, now)));
  MessageRow message;
  message.message_id = message_id;
  message.persona_id = persona_id;
  message.user_id = participant->user_id;
  message.type = RoomMessageType::kReveal;
  message.content = RevealText(*participant);
  message.created_at = now;
  return AppendMessage(tx, room.row, message);
}

absl::StatusOr<std::vector<std::string>> Ids(absl::StatusOr<Rows> rows) {
  if (!rows.ok()) return std::move(rows).status();
  std::vector<std::string> ids;
  for (const sql::Row& row : *rows)
    ids.push_back(row.Text(0));
  return ids;
}

}  // namespace

absl::Status InsertRoom(Transaction& tx, const Room& room) {
  const RoomRow& row = room.row;
  DRAMATIS_RETURN_IF_ERROR(tx.Execute(kInsertRoom, {row.conversation_id, row.user_id,
                                                    row.persona_id, true, Bytes{}, row.created_at})
                               .status());
  DRAMATIS_RETURN_IF_ERROR(UpdateRoomRow(tx, row));
  DRAMATIS_RETURN_IF_ERROR(IndexTitle(tx, row));
  for (const ParticipantRow& participant : room.participants) {
    DRAMATIS_RETURN_IF_ERROR(UpsertParticipant(tx, row.conversation_id, participant));
  }
  return MarkMasks(tx, row, row);
}

absl::StatusOr<Idempotent<Room>> SqlRoomStore::CreateRoom(const Room& room,
                                                          const std::vector<MessageRow>& greetings,
                                                          const Answering<Room>& once) {
  return database_.Write(
      Once(once, room.row.created_at, [&](Transaction& tx) -> absl::StatusOr<Room> {
        DRAMATIS_RETURN_IF_ERROR(InsertRoom(tx, room));
        Room made = room;
        for (MessageRow greeting : greetings) {
          if (!made.row.closed()) DRAMATIS_RETURN_IF_ERROR(AppendMessage(tx, made.row, greeting));
        }
        return made;
      }));
}

absl::StatusOr<std::optional<Room>> SqlRoomStore::FindRoom(const std::string& conversation_id) {
  return database_.Read([&](Transaction& tx) { return SelectRoom(tx, conversation_id); });
}

absl::StatusOr<Idempotent<Room>> SqlRoomStore::ChangeRoom(const std::string& conversation_id,
                                                          absl::Time now,
                                                          const RoomChange& change,
                                                          const Answering<Room>& once) {
  auto changed = WriteToRoom(database_, feed_, conversation_id, now,
                             Once(once, now, [&](Transaction& tx) -> absl::StatusOr<Room> {
                               DRAMATIS_ASSIGN_OR_RETURN(const Room before,
                                                         LockRoomAt(tx, conversation_id, now));
                               Room after = before;
                               DRAMATIS_RETURN_IF_ERROR(change(after));
                               DRAMATIS_RETURN_IF_ERROR(StoreChange(tx, before, after, now));
                               return after;
                             }));
  if (changed.ok() && !changed->replayed) feed_.Changed(conversation_id);
  return changed;
}

absl::StatusOr<Room> SqlRoomStore::DeleteRoom(
    const std::string& conversation_id,
    absl::Time now,
    const std::function<absl::Status(const Room& room)>& check) {
  auto deleted = WriteToRoom(
      database_, feed_, conversation_id, now, [&](Transaction& tx) -> absl::StatusOr<Room> {
        DRAMATIS_ASSIGN_OR_RETURN(Room room, LockRoomAt(tx, conversation_id, now));
        DRAMATIS_RETURN_IF_ERROR(check(room));
        if (!room.row.closed()) {
          CloseRoom(room.row, RoomStatus::kTerminated, "", now);
          ++room.row.version;
          DRAMATIS_RETURN_IF_ERROR(UpdateRoomRow(tx, room.row));
          DRAMATIS_RETURN_IF_ERROR(
              StopTurns(tx, conversation_id, v1::ERROR_REASON_CONVERSATION_CLOSED, now));
          DRAMATIS_RETURN_IF_ERROR(AppendStateEvent(tx, room.row, now));
        }
        DRAMATIS_RETURN_IF_ERROR(tx.Execute(kDeleteRoom, {conversation_id, now}).status());
        DRAMATIS_RETURN_IF_ERROR(ForgetIndex(tx, conversation_id));
        DRAMATIS_RETURN_IF_ERROR(MarkMasks(tx, room.row, room.row));
        room.row.deleted = true;
        for (const ParticipantRow& participant : room.participants) {
          DRAMATIS_RETURN_IF_ERROR(
              tx.Execute(kDeleteMember, {participant.user_id, conversation_id}).status());
        }
        DRAMATIS_RETURN_IF_ERROR(NoteForgottenConversation(tx, room.row.user_id, conversation_id));
        return room;
      });
  if (deleted.ok()) feed_.Changed(conversation_id);
  return deleted;
}

absl::StatusOr<Idempotent<Room>> SqlRoomStore::RevealParticipant(
    const std::string& conversation_id,
    const std::string& persona_id,
    const std::string& message_id,
    absl::Time now,
    const std::function<absl::Status(const Room& room)>& check,
    const Answering<Room>& once) {
  auto revealed =
      WriteToRoom(database_, feed_, conversation_id, now,
                  Once(once, now, [&](Transaction& tx) -> absl::StatusOr<Room> {
                    DRAMATIS_ASSIGN_OR_RETURN(Room room, LockRoomAt(tx, conversation_id, now));
                    DRAMATIS_RETURN_IF_ERROR(check(room));
                    DRAMATIS_RETURN_IF_ERROR(Reveal(tx, room, persona_id, message_id, now));
                    return room;
                  }));
  if (revealed.ok() && !revealed->replayed) feed_.Changed(conversation_id);
  return revealed;
}

absl::StatusOr<std::vector<std::string>> SqlRoomStore::CloseOverdueRooms(absl::Time now,
                                                                         int limit) {
  DRAMATIS_ASSIGN_OR_RETURN(std::vector<std::string> ids, database_.Read([&](Transaction& tx) {
    return Ids(tx.Execute(kSelectOverdue, {now, limit}));
  }));
  for (const std::string& id : ids) {
    const absl::Status closed =
        database_.Write([&](Transaction& tx) { return LockRoomAt(tx, id, now).status(); });
    if (absl::IsNotFound(closed)) continue;  // deleted since
    DRAMATIS_RETURN_IF_ERROR(closed);
    feed_.Changed(id);
  }
  return ids;
}

absl::StatusOr<std::vector<Room>> SqlRoomStore::ListHolds(absl::Time before, int limit) {
  return database_.Read([&](Transaction& tx) -> absl::StatusOr<std::vector<Room>> {
    DRAMATIS_ASSIGN_OR_RETURN(const std::vector<std::string> ids,
                              Ids(tx.Execute(kSelectHolds, {before, limit})));
    std::vector<Room> rooms;
    for (const std::string& id : ids) {
      DRAMATIS_ASSIGN_OR_RETURN(std::optional<Room> room, SelectAnyRoom(tx, id));
      if (room.has_value()) rooms.push_back(*std::move(room));
    }
    return rooms;
  });
}

absl::StatusOr<std::vector<Room>> SqlRoomStore::ListMasksDue(int limit) {
  return database_.Read([&](Transaction& tx) -> absl::StatusOr<std::vector<Room>> {
    DRAMATIS_ASSIGN_OR_RETURN(const std::vector<std::string> ids,
                              Ids(tx.Execute(kSelectMasksDue, {limit})));
    std::vector<Room> rooms;
    for (const std::string& id : ids) {
      DRAMATIS_ASSIGN_OR_RETURN(std::optional<Room> room, SelectAnyRoom(tx, id));
      if (room.has_value()) rooms.push_back(*std::move(room));
    }
    return rooms;
  });
}

absl::Status SqlRoomStore::NoteMasks(const std::string& conversation_id, int version) {
  return database_.Write(
      [&](Transaction& tx) { return tx.Execute(kNoteMasks, {conversation_id, version}).status(); });
}

absl::Status SqlRoomStore::SetRoomHold(const std::string& conversation_id,
                                       int version,
                                       absl::Time expires_at) {
  return database_.Write([&](Transaction& tx) {
    return tx.Execute(kSetRoomHold, {conversation_id, version, expires_at}).status();
  });
}

}  // namespace dramatis::conversation
