#include "services/conversation/sql/rooms/events.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/conversation/model/room_names.h"
#include "services/conversation/model/turn_error.h"
#include "services/conversation/sql/rooms/rows.h"
#include "services/conversation/sql/turn_rows.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

using sql::Bytes;
using sql::Rows;
using sql::Statement;
using sql::Transaction;
using sql::Value;

constexpr Statement kEvents = {R"(
  select sequence, kind, subject, state, persona_id, version, detail, created_at
  from events
  where conversation_id = $1 and sequence > $2
  order by sequence
  limit $3)"};

constexpr SqlText kMessagesBetween = {"select ", kMessageNames, R"(
  from messages
  where conversation_id = $1 and sequence >= $2 and sequence <= $3)"};

constexpr SqlText kRunningTurns = {"select ", kTurnNames, R"(
  from turns
  where conversation_id = $1 and state = 'running'
  order by turn_id)"};

constexpr Statement kTurnError = {R"(
  select error
  from turns
  where conversation_id = $1 and turn_id = $2 and state in ('failed', 'cancelled'))"};

constexpr Statement kEventKey = {R"(
  select event_key
  from conversations
  where conversation_id = $1 and kind = 'room' and deleted_at is null)"};

// Whoever comes second finds the first one's.
constexpr Statement kSetEventKey = {R"(
  update conversations
  set event_key = $2
  where conversation_id = $1 and event_key is null)"};

constexpr char kLastEvents[] = R"(
  select conversation_id, last_event
  from conversations
  where kind = 'room' and deleted_at is null and conversation_id in ()";

// How many rooms one statement asks about: few different texts.
constexpr size_t kFewRooms = 8;
constexpr size_t kManyRooms = 200;

EventRow ToEventRow(const sql::Row& row) {
  EventRow event;
  event.sequence = row.Int64(0);
  event.kind = EventKindOf(row.Text(1));
  event.subject = row.Text(2);
  if (event.kind == EventKind::kTurn) event.turn_state = TurnStateOf(row.Text(3));
  if (event.kind == EventKind::kState) event.status = RoomStatusOf(row.Text(3));
  event.persona_id = row.Text(4);
  event.version = row.Int(5);
  event.reason = row.Text(6);
  event.created_at = row.Time(7);
  return event;
}

std::vector<RoomEvent> ToEvents(const Rows& rows) {
  std::vector<RoomEvent> events;
  events.reserve(rows.size());
  for (const sql::Row& row : rows)
    events.push_back({.row = ToEventRow(row), .message = nullptr, .error_code = ""});
  return events;
}

// Numbers of messages as runs of neighbours, from and to: new messages are one, edits are spread.
std::vector<std::pair<int, int>> Runs(const std::set<int>& sequences) {
  std::vector<std::pair<int, int>> runs;
  for (const int sequence : sequences) {
    if (!runs.empty() && runs.back().second + 1 == sequence) {
      runs.back().second = sequence;
    } else {
      runs.emplace_back(sequence, sequence);
    }
  }
  return runs;
}

std::optional<int> MessageOf(const EventRow& row) {
  int sequence = 0;
  if (row.kind != EventKind::kMessage || !absl::SimpleAtoi(row.subject, &sequence)) {
    return std::nullopt;
  }
  return sequence;
}

absl::Status AddMessages(Transaction& tx,
                         const std::string& conversation_id,
                         std::vector<RoomEvent>& events) {
  std::set<int> sequences;
  for (const RoomEvent& event : events) {
    if (const std::optional<int> sequence = MessageOf(event.row); sequence.has_value()) {
      sequences.insert(*sequence);
    }
  }
  std::map<int, std::shared_ptr<const MessageRow>> messages;
  for (const auto& [from, to] : Runs(sequences)) {
    DRAMATIS_ASSIGN_OR_RETURN(const Rows rows,
                              tx.Execute(kMessagesBetween, {conversation_id, from, to}));
    for (MessageRow& message : ToMessageRows(rows)) {
      const int sequence = message.sequence;
      messages[sequence] = std::make_shared<const MessageRow>(std::move(message));
    }
  }
  for (RoomEvent& event : events) {
    const std::optional<int> sequence = MessageOf(event.row);
    if (!sequence.has_value()) continue;
    event.message = messages[*sequence];
    if (event.message == nullptr) return InternalError("an event without its message");
  }
  return absl::OkStatus();
}

absl::Status AddErrors(Transaction& tx,
                       const std::string& conversation_id,
                       std::vector<RoomEvent>& events) {
  for (RoomEvent& event : events) {
    const bool ended =
        event.row.kind == EventKind::kTurn && (event.row.turn_state == TurnState::kFailed ||
                                               event.row.turn_state == TurnState::kCancelled);
    if (!ended) continue;
    DRAMATIS_ASSIGN_OR_RETURN(const Rows rows,
                              tx.Execute(kTurnError, {conversation_id, event.row.subject}));
    const std::string error = rows.empty() ? "" : rows.front().Blob(0);
    if (!error.empty()) event.error_code = GetReason(ParseError(error));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::optional<RoomSnapshot>> SqlRoomEventStore::ReadEvents(
    const std::string& conversation_id, int64_t after, int limit) {
  return database_.Read([&](Transaction& tx) -> absl::StatusOr<std::optional<RoomSnapshot>> {
    DRAMATIS_ASSIGN_OR_RETURN(std::optional<Room> room, SelectRoom(tx, conversation_id));
    if (!room.has_value()) return std::nullopt;
    RoomSnapshot snapshot{.room = *std::move(room), .events = {}, .running = {}};
    DRAMATIS_ASSIGN_OR_RETURN(const Rows events,
                              tx.Execute(kEvents, {conversation_id, after, limit}));
    snapshot.events = ToEvents(events);
    DRAMATIS_RETURN_IF_ERROR(AddMessages(tx, conversation_id, snapshot.events));
    DRAMATIS_RETURN_IF_ERROR(AddErrors(tx, conversation_id, snapshot.events));
    DRAMATIS_ASSIGN_OR_RETURN(const Rows turns, tx.Execute(kRunningTurns, {conversation_id}));
    for (const sql::Row& turn : turns)
      snapshot.running.push_back(ToTurnRow(turn));
    return snapshot;
  });
}

absl::StatusOr<std::map<std::string, int64_t>> SqlRoomEventStore::LastEvents(
    const std::vector<std::string>& conversation_ids) {
  return database_.Read([&](Transaction& tx) -> absl::StatusOr<std::map<std::string, int64_t>> {
    std::map<std::string, int64_t> last;
    size_t next = 0;
    while (next < conversation_ids.size()) {
      const size_t left = conversation_ids.size() - next;
      const size_t size = left <= kFewRooms ? kFewRooms : kManyRooms;
      const size_t end = next + std::min(left, size);
      std::vector<Value> ids(conversation_ids.begin() + static_cast<ptrdiff_t>(next),
                             conversation_ids.begin() + static_cast<ptrdiff_t>(end));
      ids.resize(size, ids.back());
      std::vector<std::string> names;
      for (size_t i = 1; i <= size; ++i)
        names.push_back(absl::StrCat("$", i));
      DRAMATIS_ASSIGN_OR_RETURN(
          const Rows rows,
          tx.ExecuteText(absl::StrCat(kLastEvents, absl::StrJoin(names, ", "), ")"), ids));
      for (const sql::Row& row : rows)
        last[row.Text(0)] = row.Int64(1);
      next = end;
    }
    return last;
  });
}

absl::StatusOr<std::string> SqlRoomEventStore::EventKey(const std::string& conversation_id,
                                                        const std::string& fresh) {
  const auto read = [&](Transaction& tx) -> absl::StatusOr<std::string> {
    DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kEventKey, {conversation_id}));
    if (rows.empty()) return NotFoundError("conversation");
    return rows.front().Blob(0);
  };
  DRAMATIS_ASSIGN_OR_RETURN(std::string key, database_.Read(read));
  if (!key.empty()) return key;
  return database_.Write([&](Transaction& tx) -> absl::StatusOr<std::string> {
    DRAMATIS_RETURN_IF_ERROR(tx.Execute(kSetEventKey, {conversation_id, Bytes{fresh}}).status());
    return read(tx);
  });
}

}  // namespace dramatis::conversation
