#include "services/conversation/sql/archives/user_data.h"

#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "services/conversation/model/room_closing.h"
#include "services/conversation/model/room_views.h"
#include "services/conversation/sql/archives/past_sessions.h"
#include "services/conversation/sql/archives/records.h"
#include "services/conversation/sql/memory_outbox.h"
#include "services/conversation/sql/message_rows.h"
#include "services/conversation/sql/rooms/rooms.h"
#include "services/conversation/sql/rooms/rows.h"
#include "services/conversation/sql/rows.h"
#include "services/conversation/sql/search.h"
#include "services/conversation/sql/turn_rows.h"
#include "shared/ids/ids.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/text/text.h"

namespace dramatis::conversation {
namespace {

using sql::Rows;
using sql::Statement;
using sql::Transaction;

// Of one line, and of one page.
constexpr int kMessagesInLine = 500;
constexpr int kLinesInPage = 100;
constexpr size_t kBytesInPage = size_t{1} << 20;

constexpr Statement kNextSession = {"select " SESSION_COLUMNS R"(
  from conversations
  where conversation_id in (
      select conversation_id
      from user_conversations
      where user_id = $1 and conversation_id >= $2
      order by conversation_id
      limit 64)
    and conversation_id >= $2 and kind = 'session' and not temporary
  order by conversation_id
  limit 1)"};

// Where the 64 above were temporary ones all: the last of them.
constexpr Statement kLastLooked = {R"(
  select max(conversation_id), count(*)
  from (
    select conversation_id
    from user_conversations
    where user_id = $1 and conversation_id >= $2
    order by conversation_id
    limit 64) looked)"};

constexpr Statement kNextRoom = {R"(
  select conversation_id
  from conversations
  where user_id = $1 and kind = 'room' and deleted_at is null and conversation_id >= $2
  union
  select conversation_id
  from participants
  where user_id = $1 and conversation_id >= $2
  order by conversation_id
  limit 1)"};

constexpr SqlText kTurnsOfMessages = {"select ", kTurnNames, R"(, manifest
  from turns
  where conversation_id = $1 and trigger_sequence >= $2 and trigger_sequence <= $3
    and state in ('done', 'failed', 'cancelled')
  order by trigger_sequence, alternative, turn_id)"};

constexpr Statement kHasTurn = {"select 1 from turns where turn_id = $1 limit 1"};
constexpr Statement kHasConversation = {"select 1 from conversations where conversation_id = $1"};

constexpr Statement kSetManifest = {
    "update turns set manifest = $3 where conversation_id = $1 and turn_id = $2"};

constexpr Statement kLengthen = {R"(
  update conversations
  set last_sequence = $3
  where conversation_id = $1 and user_id = $2)"};

// Where a page begins: in which kind of conversations, in which of them, after which message.
struct Place {
  bool rooms = false;
  std::string conversation_id;  // this one or a later one
  int sequence = 0;

  std::string Text() const {
    return absl::StrCat(rooms ? "r" : "s", "\n", conversation_id, "\n", sequence);
  }
  void GoBeyond() {
    conversation_id += '!';  // before every other id that is greater
    sequence = 0;
  }
};

absl::StatusOr<Place> PlaceOf(const std::string& after) {
  if (after.empty()) return Place();
  const std::vector<std::string> parts = absl::StrSplit(after, '\n');
  Place place;
  if (parts.size() != 3 || !absl::SimpleAtoi(parts[2], &place.sequence)) {
    return absl::InvalidArgumentError("after is not a place in an export");
  }
  place.rooms = parts[0] == "r";
  place.conversation_id = parts[1];
  return place;
}

// The messages of the conversation after `place`, which moves behind them.
absl::StatusOr<std::vector<MessageRow>> NextMessages(Transaction& tx,
                                                     const std::string& conversation_id,
                                                     Place& place) {
  DRAMATIS_ASSIGN_OR_RETURN(std::vector<MessageRow> messages,
                            SelectMessages(tx, {.conversation_id = conversation_id,
                                                .descending = false,
                                                .beyond_sequence = place.sequence,
                                                .limit = kMessagesInLine}));
  // At most a page's bytes in a line, and at least one message.
  size_t bytes = 0;
  for (size_t i = 0; i < messages.size(); ++i) {
    bytes += messages[i].content.size();
    if (i > 0 && bytes > kBytesInPage) messages.resize(i);
  }
  place.conversation_id = conversation_id;
  if (messages.empty()) {
    place.GoBeyond();
  } else {
    place.sequence = messages.back().sequence;
  }
  return messages;
}

absl::StatusOr<std::string> IdBefore(Transaction& tx, const std::string& id, int sequence) {
  if (sequence <= 0) return std::string();
  DRAMATIS_ASSIGN_OR_RETURN(const std::vector<MessageRow> before,
                            SelectMessages(tx, {.conversation_id = id,
                                                .descending = false,
                                                .beyond_sequence = sequence - 1,
                                                .limit = 1}));
  return before.empty() ? std::string() : before.front().message_id;
}

// The answers of models to these messages.
absl::StatusOr<google::protobuf::RepeatedPtrField<v1::ArchivedTurn>> TurnsOf(
    Transaction& tx,
    const std::string& conversation_id,
    int first,
    const std::vector<MessageRow>& messages) {
  google::protobuf::RepeatedPtrField<v1::ArchivedTurn> turns;
  if (messages.empty()) return turns;
  DRAMATIS_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Execute(kTurnsOfMessages, {conversation_id, first, messages.back().sequence}));
  for (const sql::Row& row : rows)
    *turns.Add() = ToRecord(ToTurnRow(row), row.Blob(CountOf(kTurnColumns)));
  return turns;
}

// False where there are no more sessions.
absl::StatusOr<bool> ExportSession(Transaction& tx,
                                   const std::string& user_id,
                                   Place& place,
                                   UserPage& page) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows,
                            tx.Execute(kNextSession, {user_id, place.conversation_id}));
  if (rows.empty()) {
    DRAMATIS_ASSIGN_OR_RETURN(const Rows looked,
                              tx.Execute(kLastLooked, {user_id, place.conversation_id}));
    if (looked.front().Int64(1) == 0) return false;
    place.conversation_id = looked.front().Text(0);
    place.GoBeyond();
    return true;
  }
  const SessionRow session = ToSession(rows.front());
  if (session.conversation_id != place.conversation_id) place.sequence = 0;
  const int first = place.sequence + 1;
  DRAMATIS_ASSIGN_OR_RETURN(const std::string before,
                            IdBefore(tx, session.conversation_id, place.sequence));
  DRAMATIS_ASSIGN_OR_RETURN(const std::vector<MessageRow> messages,
                            NextMessages(tx, session.conversation_id, place));
  if (messages.empty() && first > 1) return true;
  v1::UserRecord record;
  v1::ArchivedSession& archived = *record.mutable_session();
  archived = ToRecord(session);
  archived.set_first_sequence(first);
  archived.set_after_message_id(before);
  for (const MessageRow& message : messages)
    *archived.add_messages() = ToRecord(message, user_id);
  DRAMATIS_ASSIGN_OR_RETURN(*archived.mutable_turns(),
                            TurnsOf(tx, session.conversation_id, first, messages));
  page.lines.push_back(RecordLine(record));
  return true;
}

absl::StatusOr<bool> ExportRoom(Transaction& tx,
                                const std::string& user_id,
                                Place& place,
                                UserPage& page) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows,
                            tx.Execute(kNextRoom, {user_id, place.conversation_id}));
  if (rows.empty()) return false;
  const std::string id = rows.front().Text(0);
  if (id != place.conversation_id) place.sequence = 0;
  DRAMATIS_ASSIGN_OR_RETURN(const std::optional<Room> room, SelectRoom(tx, id));
  const int first = place.sequence + 1;
  DRAMATIS_ASSIGN_OR_RETURN(const std::string before, IdBefore(tx, id, place.sequence));
  DRAMATIS_ASSIGN_OR_RETURN(const std::vector<MessageRow> messages, NextMessages(tx, id, place));
  if (!room.has_value() || (messages.empty() && first > 1)) {
    if (!room.has_value()) {
      place.conversation_id = id;
      place.GoBeyond();
    }
    return true;
  }
  v1::UserRecord record;
  v1::ArchivedRoom& archived = *record.mutable_room();
  archived = ToRecord(*room, user_id);
  archived.set_first_sequence(first);
  archived.set_after_message_id(before);
  for (const MessageRow& message : messages) {
    v1::ArchivedMessage said = ToRecord(message, user_id);
    // What others have said in a room of others is theirs; how others' words came about is hidden.
    if (!archived.own() && !said.own()) continue;
    if (!said.own()) {
      said.clear_turn_id();
      said.clear_model();
      said.clear_finish_reason();
      said.clear_turn_reason();
      said.clear_retrieval();
      said.clear_usage();
      said.clear_original_content();
      if (said.hidden()) said.clear_content();
    }
    *archived.add_messages() = std::move(said);
  }
  if (archived.own()) {
    DRAMATIS_ASSIGN_OR_RETURN(const auto turns, TurnsOf(tx, id, first, messages));
    for (const v1::ArchivedTurn& turn : turns) {
      const ParticipantRow* const speaker = FindParticipant(*room, turn.persona_id());
      if (speaker != nullptr && speaker->user_id == user_id) *archived.add_turns() = turn;
    }
  }
  page.lines.push_back(RecordLine(record));
  return true;
}

// Answers of models, unless there is one of that id: it is somebody's.
template <class Archived>
absl::Status InsertTurns(Transaction& tx, const SessionRow& session, const Archived& archived) {
  for (const v1::ArchivedTurn& record : archived.turns()) {
    DRAMATIS_ASSIGN_OR_RETURN(const Rows there, tx.Execute(kHasTurn, {record.turn_id()}));
    if (!there.empty()) continue;
    const TurnRow turn = ToTurnRow(record, session);
    DRAMATIS_RETURN_IF_ERROR(InsertTurn(tx, turn));
    if (!record.has_manifest()) continue;
    DRAMATIS_RETURN_IF_ERROR(
        tx.Execute(kSetManifest, {turn.conversation_id, turn.turn_id,
                                  sql::Bytes{record.manifest().SerializeAsString()}})
            .status());
  }
  return absl::OkStatus();
}

// More of a session that an earlier line began; whether there was more.
absl::StatusOr<bool> LengthenSession(Transaction& tx,
                                     const SessionRow& session,
                                     const v1::ArchivedSession& archived) {
  const int before = archived.first_sequence() - 1;
  DRAMATIS_ASSIGN_OR_RETURN(const std::optional<SessionRow> there,
                            SelectSession(tx, session.conversation_id));
  if (!there.has_value() || there->last_sequence != before || archived.messages().empty()) {
    return false;
  }
  DRAMATIS_ASSIGN_OR_RETURN(const std::string id, IdBefore(tx, session.conversation_id, before));
  if (id != archived.after_message_id()) return false;
  int sequence = before;
  for (const v1::ArchivedMessage& said : archived.messages()) {
    MessageRow message = ToMessageRow(said);
    message.sequence = ++sequence;
    message.user_id = message.persona_id.empty() ? session.user_id : "";
    DRAMATIS_RETURN_IF_ERROR(AppendToSession(tx, session, message));
  }
  DRAMATIS_RETURN_IF_ERROR(
      tx.Execute(kLengthen, {session.conversation_id, session.user_id, sequence}).status());
  SessionRow row = session;
  row.last_sequence = sequence;
  DRAMATIS_RETURN_IF_ERROR(
      UpdateListEntry(tx, row, archived.messages(archived.messages_size() - 1).content()));
  return true;
}

absl::Status ImportSession(Transaction& tx,
                           const ImportingUser& user,
                           const v1::ArchivedSession& archived,
                           UserImport& import) {
  PastSession past;
  past.row = ToSessionRow(archived, user.user_id);
  const auto note = [&](bool made) {
    if (made) import.counts["messages"] += archived.messages_size();
  };
  if (archived.first_sequence() > 1) {
    DRAMATIS_ASSIGN_OR_RETURN(const bool longer, LengthenSession(tx, past.row, archived));
    note(longer);
    return longer ? InsertTurns(tx, past.row, archived) : absl::OkStatus();
  }
  for (const v1::ArchivedMessage& said : archived.messages())
    past.messages.push_back(ToMessageRow(said));
  DRAMATIS_ASSIGN_OR_RETURN(const bool made, InsertPastSession(tx, past));
  import.Count("sessions", made);
  note(made);
  return made ? InsertTurns(tx, past.row, archived) : absl::OkStatus();
}

absl::Status AppendToRoom(Transaction& tx,
                          Room& room,
                          const v1::ArchivedRoom& archived,
                          const std::string& user_id) {
  for (const v1::ArchivedMessage& said : archived.messages()) {
    MessageRow message = ToMessageRow(said);
    message.sequence = ++room.row.last_sequence;
    message.user_id = said.own() ? user_id : "";
    if (message.persona_id.empty()) message.persona_id = room.row.persona_id;
    room.row.characters += static_cast<int>(CodePoints(message.content));
    room.row.last_message_at = message.created_at;
    DRAMATIS_RETURN_IF_ERROR(InsertMessage(tx, room.row.conversation_id, message));
    if (!message.hidden) {
      DRAMATIS_RETURN_IF_ERROR(IndexMessage(tx, room.row.conversation_id, message.sequence));
    }
  }
  return absl::OkStatus();
}

absl::Status ImportRoom(Transaction& tx,
                        const ImportingUser& user,
                        const v1::ArchivedRoom& archived,
                        UserImport& import) {
  const std::string& id = archived.conversation_id();
  if (!archived.own()) {
    import.LeaveOut(absl::StrCat("room ", archived.title()), "it is somebody else's");
    return absl::OkStatus();
  }
  // Ids of sessions are made of their users and names: no room may take one before its user comes.
  constexpr size_t kVersionPlace = 14;
  if (!IsUuid(id) || id[kVersionPlace] != '7') {
    import.LeaveOut(absl::StrCat("room ", archived.title()), "its id is not a room's");
    return absl::OkStatus();
  }
  Room room = ToRoom(archived, user.user_id, user.now);
  SetClosesAt(room.row);
  if (archived.first_sequence() > 1) {
    DRAMATIS_ASSIGN_OR_RETURN(std::optional<Room> there, SelectRoom(tx, id));
    if (!there.has_value() || there->row.user_id != user.user_id ||
        there->row.last_sequence != archived.first_sequence() - 1) {
      return absl::OkStatus();
    }
    DRAMATIS_ASSIGN_OR_RETURN(const std::string before, IdBefore(tx, id, there->row.last_sequence));
    if (before != archived.after_message_id()) return absl::OkStatus();
    room.row = there->row;
  } else {
    DRAMATIS_ASSIGN_OR_RETURN(const Rows there, tx.Execute(kHasConversation, {id}));
    import.Count("rooms", there.empty());
    if (!there.empty()) return absl::OkStatus();
    DRAMATIS_RETURN_IF_ERROR(InsertRoom(tx, room));
  }
  import.counts["messages"] += archived.messages_size();
  DRAMATIS_RETURN_IF_ERROR(AppendToRoom(tx, room, archived, user.user_id));
  DRAMATIS_RETURN_IF_ERROR(UpdateRoomRow(tx, room.row));
  SessionRow place;  // a turn of a room has no session
  place.conversation_id = id;
  place.user_id = user.user_id;
  return InsertTurns(tx, place, archived);
}

}  // namespace

absl::StatusOr<UserPage> ExportUser(Transaction& tx,
                                    const std::string& user_id,
                                    const std::string& after) {
  DRAMATIS_ASSIGN_OR_RETURN(Place place, PlaceOf(after));
  UserPage page;
  size_t bytes = 0;
  while (page.lines.size() < kLinesInPage && bytes < kBytesInPage) {
    const size_t before = page.lines.size();
    DRAMATIS_ASSIGN_OR_RETURN(const bool more, place.rooms
                                                   ? ExportRoom(tx, user_id, place, page)
                                                   : ExportSession(tx, user_id, place, page));
    if (page.lines.size() > before) bytes += page.lines.back().size();
    if (more) continue;
    if (place.rooms) return page;
    place = Place{.rooms = true, .conversation_id = "", .sequence = 0};
  }
  page.next = place.Text();
  return page;
}

absl::StatusOr<UserImport> ImportUser(Transaction& tx,
                                      const ImportingUser& user,
                                      const std::vector<std::string>& lines) {
  UserImport import;
  for (const std::string& line : lines) {
    const absl::StatusOr<v1::UserRecord> record = ReadRecord<v1::UserRecord>(line);
    if (!record.ok()) {
      import.LeaveOut("a conversation", std::string(record.status().message()));
    } else if (record->has_session()) {
      DRAMATIS_RETURN_IF_ERROR(ImportSession(tx, user, record->session(), import));
    } else if (record->has_room()) {
      DRAMATIS_RETURN_IF_ERROR(ImportRoom(tx, user, record->room(), import));
    } else {
      import.LeaveOut("a line of conversation.jsonl", "this version does not know what it is");
    }
  }
  return import;
}

}  // namespace dramatis::conversation
